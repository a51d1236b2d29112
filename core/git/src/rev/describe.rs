//! A name for a commit from the nearest tag it descends from: `v1.2-14-g2414721`, the same text as `git describe`.
//!
//! Of the tags that a walk by date meets first, the one wins that leaves the fewest commits out. Knows no work tree.

use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use bstr::BString;

use super::queue::DateQueue;
use super::{CommitGraph, CommitIndex, RefLookup};
use crate::glob::matches_name;
use crate::id::Prefix;
use crate::object::TagRef;
use crate::store::IdMap;
use crate::{Kind, ObjectId, ObjectSource, ReadError};

/// Most tags that are weighed against each other: each has a bit of its own. Git's own number.
const CANDIDATES_MAX: usize = 27;
/// Fewest digits of an abbreviated id.
const DIGITS_MIN: usize = 4;
/// Digits where nobody asks for a number and the repository is not large.
const DIGITS_USUAL: usize = 7;

/// How a commit is described.
#[derive(Clone, Debug)]
pub struct DescribeOptions {
    /// Whether tags without an object of their own count too (`--tags`).
    pub all_tags: bool,
    /// Whether the number of commits and the id follow also where the commit itself is tagged (`--long`).
    pub long: bool,
    /// Digits of ids, at least 4; as many as it takes are added. 0 leaves number and id away; `None`: 7, or more in
    /// a large repository.
    pub digits: Option<u32>,
    /// Whether only a tag of the commit itself will do (`--exact-match`).
    pub exact: bool,
    /// Whether of merges only the first parent is followed.
    pub first_parent: bool,
    /// How many tags are weighed against each other, at most 27; 0 as `exact`.
    pub candidates: usize,
    /// Whether a commit that no tag describes goes by its id (`--always`).
    pub always: bool,
    /// Patterns of which a tag's name has to match one, if there are any; `*` matches slashes too.
    pub matching: Vec<BString>,
    /// Patterns of which a tag's name may match none.
    pub excluding: Vec<BString>,
}

impl Default for DescribeOptions {
    fn default() -> Self {
        Self {
            all_tags: false,
            long: false,
            digits: None,
            exact: false,
            first_parent: false,
            candidates: 10,
            always: false,
            matching: Vec::new(),
            excluding: Vec::new(),
        }
    }
}

/// Why a commit has no description.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DescribeError {
    /// No tag is asked for that could describe anything.
    NoTags,
    /// The commit itself is not tagged.
    NotExact(ObjectId),
    /// The commit descends from none of the tags.
    NoneReachable {
        /// The commit.
        commit: ObjectId,
        /// Whether tags without an object of their own would describe it.
        has_lightweight: bool,
    },
    /// An object cannot be read.
    Read(ReadError),
}

impl fmt::Display for DescribeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTags => f.write_str("there is no such tag: create one, or ask for always"),
            Self::NotExact(commit) => write!(f, "no tag points to {commit} itself"),
            Self::NoneReachable { commit, has_lightweight: true } => {
                write!(f, "no annotated tag describes {commit}, but others do: ask for all tags")
            }
            Self::NoneReachable { commit, .. } => {
                write!(f, "no tag describes {commit}: create one, or ask for always")
            }
            Self::Read(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for DescribeError {}

impl From<ReadError> for DescribeError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// A tag that a commit may be called by.
struct Name {
    /// Below `refs/tags/`.
    path: BString,
    /// For an annotated tag: what it tags, when it was made, and what it calls itself.
    annotation: Option<(ObjectId, i64, BString)>,
}

/// A tag that was met on the way.
struct Met<'a> {
    name: &'a Name,
    depth: usize,
    within: u32,
}

/// A commit was put on the queue. The bits above it say which tags reach a commit.
const SEEN: u32 = 1;

/// Describes a commit.
pub fn describe(
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
    refs: &dyn RefLookup,
    commit: &ObjectId,
    options: &DescribeOptions,
    objects: u64,
) -> Result<BString, DescribeError> {
    let names = names(source, refs, options)?;
    if names.is_empty() && !options.always {
        return Err(DescribeError::NoTags);
    }
    let counts = |name: &&Name| options.all_tags || name.annotation.is_some();
    if let Some(name) = names.get(commit).filter(counts) {
        let tagged = name.annotation.as_ref().map_or(commit, |(id, ..)| id);
        return Ok(written(source, name, options, objects, options.long.then_some((0, tagged))));
    }
    let candidates = if options.exact { 0 } else { options.candidates.min(CANDIDATES_MAX) };
    if candidates == 0 {
        return Err(DescribeError::NotExact(*commit));
    }
    let start = graph.load(source, commit)?;
    let mut search = Search { marks: Vec::new(), queue: DateQueue::default(), seen: 0 };
    search.push(graph, start, 0);
    let mut met = search.meet(graph, source, &names, options, candidates)?;
    if met.is_empty() {
        if options.always {
            return Ok(abbreviated(source, commit, options, objects));
        }
        let has_lightweight = names.iter().any(|(id, name)| {
            name.annotation.is_none() && graph.find(id).is_some_and(|commit| *search.at(commit) & SEEN != 0)
        });
        return Err(DescribeError::NoneReachable { commit: *commit, has_lightweight });
    }
    // The sort is stable: of equally near ones the first that was met.
    crate::sort::sort_by_key(&mut met, |met| met.depth);
    let best = &mut met[0];
    search.finish(graph, source, best)?;
    let suffix = (options.digits != Some(0) || is_misnamed(best.name)).then_some((best.depth, commit));
    Ok(written(source, best.name, options, objects, suffix))
}

/// The tags that count, by the object that each leads to: of several the annotated one, of those the youngest.
fn names(
    source: &dyn ObjectSource,
    refs: &dyn RefLookup,
    options: &DescribeOptions,
) -> Result<IdMap<Name>, ReadError> {
    let mut tags = Vec::new();
    let any = |patterns: &[BString], name: &[u8]| patterns.iter().any(|pattern| matches_name(pattern, name));
    refs.visit(&mut |name, id| {
        if let Some(path) = name.strip_prefix(b"refs/tags/")
            && !any(&options.excluding, path)
            && (options.matching.is_empty() || any(&options.matching, path))
        {
            tags.push((BString::from(path), id));
        }
    });
    let mut names: IdMap<Name> = IdMap::default();
    for (path, id) in tags {
        let (_, end) = match source.peel_tags(&id) {
            Ok(peeled) => peeled,
            // Nothing that is here descends from what is not.
            Err(error) if error.is_missing() => continue,
            Err(error) => return Err(error),
        };
        let mut annotation = None;
        if end != id {
            let bytes = source.read_kind(&id, Kind::Tag)?;
            let tag = TagRef::parse(&bytes).map_err(|error| ReadError::corrupt(id, error))?;
            let time = tag.tagger().map_or(0, |tagger| tagger.time);
            annotation = Some((tag.target, time, tag.name.into()));
        }
        let wins = match (names.get(&end).map(|name| &name.annotation), &annotation) {
            (None, _) | (Some(None), Some(_)) => true,
            (Some(Some((_, before, _))), Some((_, time, _))) => before < time,
            (Some(_), None) => false,
        };
        if wins {
            names.insert(end, Name { path, annotation });
        }
    }
    Ok(names)
}

/// The walk from the commit to its tags.
struct Search {
    /// By number of the commit.
    marks: Vec<u32>,
    queue: DateQueue,
    /// Commits that came off the queue.
    seen: usize,
}

impl Search {
    fn at(&mut self, commit: CommitIndex) -> &mut u32 {
        if commit.position() >= self.marks.len() {
            self.marks.resize((commit.position() + 1).next_power_of_two(), 0);
        }
        &mut self.marks[commit.position()]
    }

    /// Puts a commit on the queue unless it was there, and gives it marks.
    fn push(&mut self, graph: &CommitGraph, commit: CommitIndex, marks: u32) {
        let own = self.at(commit);
        let is_new = *own & SEEN == 0;
        *own |= marks | SEEN;
        if is_new {
            self.queue.push(graph.time(commit), commit);
        }
    }

    fn push_parents(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        commit: CommitIndex,
        most: usize,
    ) -> Result<(), ReadError> {
        let marks = *self.at(commit);
        for parent in graph.parents(commit).take(most).collect::<Vec<_>>() {
            graph.load_index(source, parent)?;
            self.push(graph, parent, marks);
        }
        Ok(())
    }

    /// Walks until enough tags were met, or the nearest of them reaches all that is left.
    fn meet<'a>(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        names: &'a IdMap<Name>,
        options: &DescribeOptions,
        candidates: usize,
    ) -> Result<Vec<Met<'a>>, ReadError> {
        let mut met: Vec<Met<'a>> = Vec::new();
        let most = if options.first_parent { 1 } else { usize::MAX };
        while let Some(queued) = self.queue.pop() {
            let commit = queued.commit;
            let name = names.get(graph.id(commit));
            if let Some(name) = name.filter(|name| options.all_tags || name.annotation.is_some()) {
                if met.len() == candidates {
                    self.queue.push(queued.time, commit);
                    return Ok(met);
                }
                let within = SEEN << (met.len() + 1);
                met.push(Met { name, depth: self.seen, within });
                *self.at(commit) |= within;
            }
            self.seen += 1;
            let marks = *self.at(commit);
            for met in met.iter_mut().filter(|met| marks & met.within == 0) {
                met.depth += 1;
            }
            let is_annotated = met.iter().any(|met| met.name.annotation.is_some());
            if is_annotated && self.queue.peek().is_none() {
                let least = met.iter().map(|met| met.depth).min().unwrap_or(0);
                let nearest = met.iter().filter(|met| met.depth == least);
                let within = nearest.fold(0, |within, met| within | met.within);
                if marks & within == within {
                    return Ok(met);
                }
            }
            self.push_parents(graph, source, commit, most)?;
        }
        Ok(met)
    }

    /// Goes on until the tag reaches all that is left, to know how many commits it leaves out.
    fn finish(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        best: &mut Met<'_>,
    ) -> Result<(), ReadError> {
        while let Some(queued) = self.queue.pop() {
            if *self.at(queued.commit) & best.within == 0 {
                best.depth += 1;
            } else if self.queue.iter().all(|left| self.marks[left.position()] & best.within != 0) {
                break;
            }
            self.push_parents(graph, source, queued.commit, usize::MAX)?;
        }
        Ok(())
    }
}

/// Whether a tag calls itself something else than its ref does.
fn is_misnamed(name: &Name) -> bool {
    name.annotation.as_ref().is_some_and(|(_, _, own)| *own != name.path)
}

/// What a tag calls itself, with how far away it is and of what.
fn written(
    source: &dyn ObjectSource,
    name: &Name,
    options: &DescribeOptions,
    objects: u64,
    suffix: Option<(usize, &ObjectId)>,
) -> BString {
    let mut text = name.annotation.as_ref().map_or(&name.path, |(_, _, own)| own).clone();
    let tagged = name.annotation.as_ref().map(|(id, ..)| (0, id));
    if let Some((depth, id)) = suffix.or(tagged.filter(|_| is_misnamed(name))) {
        text.extend_from_slice(format!("-{depth}-g{}", abbreviated(source, id, options, objects)).as_bytes());
    }
    text
}

/// As many digits of an id as are asked for, or as it takes.
fn abbreviated(source: &dyn ObjectSource, id: &ObjectId, options: &DescribeOptions, objects: u64) -> BString {
    let hex = id.to_hex();
    // Among 2^n objects two are likely to share n / 2 bits.
    let likely = (u64::BITS - objects.leading_zeros()).div_ceil(2) as usize;
    let digits = match options.digits {
        Some(0) => hex.len(),
        Some(digits) => (digits as usize).max(DIGITS_MIN),
        None => likely.max(DIGITS_USUAL),
    };
    let is_alone = |digits: usize| {
        let mut found = Vec::new();
        if let Ok(prefix) = Prefix::from_hex(&hex[..digits]) {
            source.find_prefix(&prefix, 2, &mut found);
        }
        found.len() < 2
    };
    let digits = (digits..hex.len()).find(|digits| is_alone(*digits)).unwrap_or(hex.len());
    hex[..digits].into()
}
