//! Which removed file became which added one, with git's choices: equal ids first, then equal names, then every pair.
//!
//! Works on plain lists, so that a merge can bring its own. Ties go to the earlier path: lists are in git's order,
//! by the bytes of the path. Deterministic: no step follows the order of a hash table.

use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use bstr::{BStr, BString};

use super::directory::split;
use super::similarity::{Fingerprints, Score};
use super::{Side, blob_size};
use crate::ObjectId;
use crate::name_map::NameMap;
use crate::store::{IdMap, ObjectSource, ReadError};

/// Where copies may come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Copies {
    /// Copies are not looked for.
    #[default]
    Never,
    /// From files that changed too (git's `-C`).
    FromChanged,
    /// From any file (git's `--find-copies-harder`).
    FromAny,
}

/// How renames are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenameOptions {
    /// How similar both files must be; [`Score::MAX`] finds only equal ones.
    pub threshold: Score,
    /// Edited renames are looked for as long as sources times destinations is at most the square of this; 0 is no bound.
    pub limit: u32,
    /// Where copies may come from.
    pub copies: Copies,
    /// Whether a file without content may be a rename of another.
    pub empty_files: bool,
    /// Whether files that alone have their name on each side are tried first. Never done when looking for copies.
    pub names_first: bool,
}

impl RenameOptions {
    /// What `git merge` does.
    pub const MERGE: Self = Self { limit: 7000, empty_files: false, ..Self::DIFF };
    /// What `git diff -M` does.
    pub const DIFF: Self = Self {
        threshold: Score::from_percent(50),
        limit: 1000,
        copies: Copies::Never,
        empty_files: true,
        names_first: true,
    };
}

impl Default for RenameOptions {
    fn default() -> Self {
        Self::DIFF
    }
}

/// What became of a source at its own path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is gone: a rename takes it.
    Removed,
    /// It changed: only copies can come from it.
    Modified,
    /// It is as it was: only copies can come from it.
    Unchanged,
}

/// A file of the old tree that others may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'a> {
    /// Its path.
    pub path: &'a BStr,
    /// What it is.
    pub side: Side,
    /// Whether it stays.
    pub fate: Fate,
}

/// A file that is only in the new tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination<'a> {
    /// Its path.
    pub path: &'a BStr,
    /// What it is.
    pub side: Side,
}

/// What a merge knows about paths, to save it comparisons whose outcome it will not use.
pub trait Relevance {
    /// Whether it matters where this source went. Equal files are paired all the same, as that costs nothing.
    fn matters(&self, source: &BStr) -> bool;

    /// Learns of a pair as soon as it is found.
    fn pair(&mut self, source: &BStr, destination: &BStr);

    /// The directory that most files of this one went to, by the pairs that are equal.
    fn likely_directory(&self, directory: &BStr) -> Option<BString>;

    /// Learns of the sources without a partner before each is compared with everything; some may not matter any more.
    fn before_content(&mut self, sources: &mut dyn Iterator<Item = &BStr>);
}

/// A source and what came from it, as places in the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Place in the list of sources. With copies, several pairs may have the same.
    pub source: usize,
    /// Place in the list of destinations.
    pub destination: usize,
    /// How similar both are.
    pub score: Score,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renames {
    /// The pairs, in the order of their destinations.
    pub pairs: Vec<Pair>,
    /// Where there were too many files to compare them all: the limit that would have sufficed.
    pub limit_needed: Option<u32>,
}

/// Finds renames, and copies where asked for. Blobs are read only where ids and names do not settle it.
pub fn detect(
    blobs: &dyn ObjectSource,
    sources: &[Source<'_>],
    destinations: &[Destination<'_>],
    options: &RenameOptions,
    mut relevance: Option<&mut dyn Relevance>,
    fingerprints: &mut Fingerprints,
) -> Result<Renames, ReadError> {
    let mut detection = Detection::new(blobs, sources, destinations, options, fingerprints);
    if detection.sources_left.is_empty() || detection.destinations_left.is_empty() {
        return Ok(Renames::default());
    }
    detection.pair_equal();
    detection.tell(&mut relevance);
    let mut limit_needed = None;
    if options.threshold < Score::MAX {
        if options.copies == Copies::Never {
            detection.drop_paired(None);
            if options.names_first {
                detection.pair_by_name(relevance.as_deref())?;
                detection.tell(&mut relevance);
            }
            if let Some(relevance) = &mut relevance {
                detection.drop_paired(Some(&**relevance));
                relevance.before_content(&mut detection.sources_left.iter().map(|at| sources[*at].path));
            }
            detection.drop_paired(relevance.as_deref());
        }
        limit_needed = detection.pair_by_content()?;
        detection.tell(&mut relevance);
    }
    let pairs = detection.found.iter().enumerate();
    let pair = |(destination, found): (usize, &Option<(usize, Score)>)| {
        found.map(|(source, score)| Pair { source, destination, score })
    };
    Ok(Renames { pairs: pairs.filter_map(pair).collect(), limit_needed })
}

/// Most files with the same content that are looked at for one destination, as many as git looks at.
const EQUAL_SOURCES_MAX: usize = 101;

/// Best sources that are remembered for each destination, as many as git remembers.
const CANDIDATES_MAX: usize = 4;

/// How well a source fits a destination.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    source: usize,
    destination: usize,
    score: Score,
    same_name: bool,
}

impl Candidate {
    /// Smaller is better.
    fn rank(&self) -> Reverse<(Score, bool)> {
        Reverse((self.score, self.same_name))
    }
}

/// A search under way.
struct Detection<'a> {
    blobs: &'a dyn ObjectSource,
    sources: &'a [Source<'a>],
    destinations: &'a [Destination<'a>],
    options: &'a RenameOptions,
    fingerprints: &'a mut Fingerprints,
    /// Sources that may still be taken, in the order of the list.
    sources_left: Vec<usize>,
    /// Destinations that may be paired, in the order of the list; those that are, stay.
    destinations_left: Vec<usize>,
    /// By source: whether something came from it, or it stays.
    used: Vec<bool>,
    /// By destination: the source and the score.
    found: Vec<Option<(usize, Score)>>,
    /// By destination: whether the merge knows of its pair.
    told: Vec<bool>,
    /// By source and by destination: the size of the blob, in bytes, once it is known.
    sizes: (Vec<Option<u64>>, Vec<Option<u64>>),
}

impl<'a> Detection<'a> {
    fn new(
        blobs: &'a dyn ObjectSource,
        sources: &'a [Source<'a>],
        destinations: &'a [Destination<'a>],
        options: &'a RenameOptions,
        fingerprints: &'a mut Fingerprints,
    ) -> Self {
        let allowed = |side: &Side| options.empty_files || side.id != ObjectId::EMPTY_BLOB;
        let copies = options.copies != Copies::Never;
        let is_source =
            |source: &Source<'_>| allowed(&source.side) && (copies || source.fate == Fate::Removed);
        Self {
            blobs,
            sources,
            destinations,
            options,
            fingerprints,
            sources_left: (0..sources.len()).filter(|at| is_source(&sources[*at])).collect(),
            destinations_left: (0..destinations.len())
                .filter(|at| allowed(&destinations[*at].side))
                .collect(),
            used: sources.iter().map(|source| source.fate != Fate::Removed).collect(),
            found: vec![None; destinations.len()],
            told: vec![false; destinations.len()],
            sizes: (vec![None; sources.len()], vec![None; destinations.len()]),
        }
    }

    fn record(&mut self, source: usize, destination: usize, score: Score) {
        self.used[source] = true;
        self.found[destination] = Some((source, score));
    }

    /// Forgets sources that are taken, and those that do not matter.
    fn drop_paired(&mut self, relevance: Option<&dyn Relevance>) {
        let (used, sources) = (&self.used, self.sources);
        let matters = |at: usize| relevance.is_none_or(|relevance| relevance.matters(sources[at].path));
        self.sources_left.retain(|at| !used[*at] && matters(*at));
    }

    /// Pairs files with the same id: unused sources first, then those with the same name, then the earliest.
    fn pair_equal(&mut self) {
        let mut first: IdMap<usize> = IdMap::default();
        let mut after: Vec<Option<usize>> = vec![None; self.sources.len()];
        for at in self.sources_left.iter().rev() {
            after[*at] = first.insert(self.sources[*at].side.id, *at);
        }
        for place in 0..self.destinations_left.len() {
            let at = self.destinations_left[place];
            let destination = &self.destinations[at];
            let equal =
                core::iter::successors(first.get(&destination.side.id).copied(), |source| after[*source]);
            let mut best: Option<(usize, u8)> = None;
            let fits = |source: &usize| {
                let (a, b) = (self.sources[*source].side.mode, destination.side.mode);
                (a == b || a.is_regular() && b.is_regular())
                    && (!self.used[*source] || self.options.copies != Copies::Never)
            };
            for source in equal.filter(fits).take(EQUAL_SOURCES_MAX) {
                let same_name = split(self.sources[source].path).1 == split(destination.path).1;
                let score = u8::from(!self.used[source]) + u8::from(same_name);
                if best.is_none_or(|(_, best)| score > best) {
                    best = Some((source, score));
                }
                if score == 2 {
                    break;
                }
            }
            if let Some((source, _)) = best {
                self.record(source, at, Score::MAX);
            }
        }
    }

    /// Pairs files that alone have their name on each side, or whose directory is known to have gone somewhere,
    /// where they are much alike.
    fn pair_by_name(&mut self, relevance: Option<&dyn Relevance>) -> Result<(), ReadError> {
        let threshold = self.options.threshold.halfway_to_max();
        let (sources, destinations) = (self.sources, self.destinations);
        let unpaired: Vec<usize> =
            self.destinations_left.iter().copied().filter(|at| self.found[*at].is_none()).collect();
        let source_names = places_by_name(&self.sources_left, |at| sources[at].path);
        let destination_names = places_by_name(&unpaired, |at| destinations[at].path);
        let by_path: NameMap<&[u8], usize> = match relevance {
            Some(_) => unpaired.iter().map(|at| (destinations[*at].path.as_ref(), *at)).collect(),
            None => NameMap::new(),
        };
        for place in 0..self.sources_left.len() {
            let at = self.sources_left[place];
            let path = sources[at].path;
            if relevance.is_some_and(|relevance| !relevance.matters(path)) {
                continue;
            }
            let (directory, name) = split(path);
            let Some(there) = destination_names.get(name) else { continue };
            let destination = match (source_names.get(name), there) {
                (Some(Some(_)), Some(there)) => Some(*there),
                _ => relevance.and_then(|relevance| {
                    let mut path = relevance.likely_directory(directory.into())?;
                    path.push(b'/');
                    path.extend_from_slice(name);
                    by_path.get(&path[..]).copied()
                }),
            };
            let Some(destination) = destination.filter(|there| self.found[*there].is_none()) else {
                continue;
            };
            let score = self.score(at, destination, threshold)?;
            if score >= threshold {
                self.record(at, destination, score);
            }
        }
        Ok(())
    }

    /// Tells the merge of the pairs that it does not know yet.
    fn tell(&mut self, relevance: &mut Option<&mut dyn Relevance>) {
        let Some(relevance) = relevance else { return };
        for (at, found) in self.found.iter().enumerate() {
            if let Some((source, _)) = found
                && !core::mem::replace(&mut self.told[at], true)
            {
                relevance.pair(self.sources[*source].path, self.destinations[at].path);
            }
        }
    }

    /// Compares every source with every destination and pairs the most similar first.
    /// Returns the limit that would have sufficed where there are too many.
    fn pair_by_content(&mut self) -> Result<Option<u32>, ReadError> {
        let found = &self.found;
        let unpaired: Vec<usize> =
            self.destinations_left.iter().copied().filter(|at| found[*at].is_none()).collect();
        let mut limit_needed = None;
        if self.exceeds_limit(unpaired.len(), self.sources_left.len()) {
            limit_needed =
                Some(u32::try_from(unpaired.len().max(self.sources_left.len())).unwrap_or(u32::MAX));
            let changed = |at: &usize| self.sources[*at].fate != Fate::Unchanged;
            let sources_changed: Vec<usize> = self.sources_left.iter().copied().filter(changed).collect();
            if self.options.copies != Copies::FromAny
                || self.exceeds_limit(unpaired.len(), sources_changed.len())
            {
                return Ok(limit_needed);
            }
            self.sources_left = sources_changed;
        }
        let mut candidates = Vec::new();
        for destination in unpaired {
            self.push_candidates(destination, &mut candidates)?;
        }
        crate::sort::sort_by_key(&mut candidates, Candidate::rank);
        self.take_candidates(&candidates, false);
        if self.options.copies != Copies::Never {
            self.take_candidates(&candidates, true);
        }
        Ok(limit_needed)
    }

    fn exceeds_limit(&self, destinations: usize, sources: usize) -> bool {
        let limit = u64::from(self.options.limit);
        limit > 0 && destinations as u64 * sources as u64 > limit * limit
    }

    /// Appends the best sources of a destination, at most four, in the order in which git keeps them.
    fn push_candidates(&mut self, destination: usize, out: &mut Vec<Candidate>) -> Result<(), ReadError> {
        let start = out.len();
        for place in 0..self.sources_left.len() {
            let source = self.sources_left[place];
            let candidate = Candidate {
                source,
                destination,
                score: self.score(source, destination, self.options.threshold)?,
                same_name: split(self.sources[source].path).1 == split(self.destinations[destination].path).1,
            };
            if out.len() - start < CANDIDATES_MAX {
                out.push(candidate);
                continue;
            }
            // The first of the worst makes room. Even hopeless ones hold a place: ties depend on it.
            let best = &mut out[start..];
            let mut worst = 0;
            for at in 1..best.len() {
                if best[at].rank() > best[worst].rank() {
                    worst = at;
                }
            }
            if candidate.rank() < best[worst].rank() {
                best[worst] = candidate;
            }
        }
        Ok(())
    }

    /// Pairs from the best candidate down; those below the threshold never.
    fn take_candidates(&mut self, candidates: &[Candidate], copies: bool) {
        for candidate in candidates {
            if candidate.score < self.options.threshold {
                return;
            }
            if self.found[candidate.destination].is_none() && (copies || !self.used[candidate.source]) {
                self.record(candidate.source, candidate.destination, candidate.score);
            }
        }
    }

    fn score(&mut self, source: usize, destination: usize, threshold: Score) -> Result<Score, ReadError> {
        let (old, new) = (&self.sources[source].side, &self.destinations[destination].side);
        if !old.mode.is_regular() || !new.mode.is_regular() {
            return Ok(Score::MIN);
        }
        let old_size = size(self.blobs, &mut self.sizes.0[source], &old.id)?;
        let new_size = size(self.blobs, &mut self.sizes.1[destination], &new.id)?;
        self.fingerprints.score(self.blobs, (&old.id, old_size), (&new.id, new_size), threshold)
    }
}

fn size(blobs: &dyn ObjectSource, known: &mut Option<u64>, id: &ObjectId) -> Result<u64, ReadError> {
    if let Some(size) = *known {
        return Ok(size);
    }
    Ok(*known.insert(blob_size(blobs, id)?))
}

/// By last component of the path: the place of the only file with it, or `None` where there are several.
fn places_by_name<'p>(
    places: &[usize],
    path: impl Fn(usize) -> &'p BStr,
) -> NameMap<&'p [u8], Option<usize>> {
    let mut names = NameMap::new();
    for at in places {
        let name = split(path(*at)).1;
        let only = if names.contains_key(name) { None } else { Some(*at) };
        names.insert(name, only);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Mode;
    use crate::store::MemoryStore;
    use crate::{Kind, ObjectSink};
    use std::format;
    use std::string::String;

    /// Files of both trees by path and content, of which each letter is a line.
    #[derive(Default)]
    struct Case {
        store: MemoryStore,
        old: Vec<(String, Side)>,
        new: Vec<(String, Side)>,
    }

    impl Case {
        fn new(old: &[(&str, &str)], new: &[(&str, &str)]) -> Self {
            let mut case = Self::default();
            case.old = case.files(old);
            case.new = case.files(new);
            case
        }

        fn files(&mut self, files: &[(&str, &str)]) -> Vec<(String, Side)> {
            let mut side = |content: &str| {
                let text: String = content.chars().map(|letter| format!("line {letter}\n")).collect();
                Side { mode: Mode::FILE, id: self.store.write(Kind::Blob, text.as_bytes()) }
            };
            files.iter().map(|(path, content)| ((*path).into(), side(content))).collect()
        }

        fn detect(&self, options: &RenameOptions, relevance: Option<&mut dyn Relevance>) -> Renames {
            let sources: Vec<_> = self
                .old
                .iter()
                .map(|(path, side)| Source { path: path.as_str().into(), side: *side, fate: Fate::Removed })
                .collect();
            let destinations: Vec<_> = self
                .new
                .iter()
                .map(|(path, side)| Destination { path: path.as_str().into(), side: *side })
                .collect();
            let fingerprints = &mut Fingerprints::new();
            detect(&self.store, &sources, &destinations, options, relevance, fingerprints).unwrap()
        }

        fn pairs(&self, options: &RenameOptions, relevance: Option<&mut dyn Relevance>) -> Vec<String> {
            let pairs = self.detect(options, relevance).pairs.into_iter();
            let name = |pair: Pair| {
                let (old, new) = (&self.old[pair.source].0, &self.new[pair.destination].0);
                format!("{old} {new} {}", pair.score.percent())
            };
            pairs.map(name).collect()
        }
    }

    /// Sources that matter, a directory and where it went, and what was told.
    struct Known(&'static [&'static str], Option<(&'static str, &'static str)>, Vec<String>);

    impl Relevance for Known {
        fn matters(&self, source: &BStr) -> bool {
            self.0.iter().any(|known| *known == source)
        }
        fn pair(&mut self, source: &BStr, destination: &BStr) {
            self.2.push(format!("{source} {destination}"));
        }
        fn likely_directory(&self, directory: &BStr) -> Option<BString> {
            self.1.filter(|(old, _)| *old == directory).map(|(_, new)| new.into())
        }
        fn before_content(&mut self, sources: &mut dyn Iterator<Item = &BStr>) {
            self.2.extend(sources.map(|source| format!("{source} ?")));
        }
    }

    #[test]
    fn a_name_that_stands_alone_goes_before_a_better_content() {
        let case = Case::new(&[("a/f", "abcdefgh")], &[("b/f", "abcdefxy"), ("b/g", "abcdefgx")]);
        assert_eq!(case.pairs(&RenameOptions::DIFF, None), ["a/f b/f 75"]);
        let by_content = RenameOptions { names_first: false, ..RenameOptions::DIFF };
        assert_eq!(case.pairs(&by_content, None), ["a/f b/g 87"]);
    }

    #[test]
    fn sources_that_do_not_matter_are_paired_by_id_alone() {
        let case = Case::new(
            &[("a/f", "abcdefgh"), ("a/g", "ijklmnop"), ("a/same", "q")],
            &[("b/f", "abcdefgx"), ("b/g", "ijklmnox"), ("c", "q")],
        );
        let mut known = Known(&["a/g"], None, Vec::new());
        assert_eq!(case.pairs(&RenameOptions::MERGE, Some(&mut known)), ["a/g b/g 87", "a/same c 100"]);
        assert_eq!(known.2, ["a/same c", "a/g b/g"]);
    }

    #[test]
    fn a_directory_that_is_known_to_have_moved_finds_names_that_are_not_alone() {
        let case = Case::new(
            &[("a/mod", "abcdefgh"), ("a/same", "q"), ("x/mod", "ijklmnop")],
            &[("b/mod", "abcdefxy"), ("b/same", "q"), ("y/mod", "abcdefgz")],
        );
        let all = &["a/mod", "a/same", "x/mod"];
        assert_eq!(case.pairs(&RenameOptions::MERGE, None), ["a/same b/same 100", "a/mod y/mod 87"]);
        let mut known = Known(all, Some(("a", "b")), Vec::new());
        assert_eq!(
            case.pairs(&RenameOptions::MERGE, Some(&mut known)),
            ["a/mod b/mod 75", "a/same b/same 100"]
        );
        assert_eq!(known.2, ["a/same b/same", "a/mod b/mod", "x/mod ?"]);
    }

    #[test]
    fn among_equals_the_name_and_then_the_order_decides() {
        let case = Case::new(&[("a", "x"), ("b", "x"), ("d/c", "x")], &[("1", "x"), ("c", "x")]);
        assert_eq!(case.pairs(&RenameOptions::DIFF, None), ["a 1 100", "d/c c 100"]);
        let case = Case::new(&[("a", "abcd"), ("b", "abcd")], &[("c", "abcx"), ("d", "abcy")]);
        assert_eq!(case.pairs(&RenameOptions::DIFF, None), ["a c 75", "b d 75"]);
    }

    #[test]
    fn too_many_files_leave_equal_ones_and_names() {
        let case = Case::new(&[("a/f", "abcd"), ("g", "efgh"), ("h", "z")], &[("f", "abcx"), ("i", "efgx")]);
        let options = RenameOptions { limit: 1, ..RenameOptions::DIFF };
        assert_eq!(case.pairs(&options, None), ["a/f f 75"]);
        assert_eq!(case.detect(&options, None).limit_needed, Some(2));
        assert_eq!(case.pairs(&RenameOptions::DIFF, None), ["a/f f 75", "g i 75"]);
    }

    #[test]
    fn files_without_content_are_renames_only_where_asked_for() {
        let case = Case::new(&[("a", "")], &[("b", "")]);
        assert_eq!(case.pairs(&RenameOptions::DIFF, None), ["a b 100"]);
        assert_eq!(case.pairs(&RenameOptions::MERGE, None), [""; 0]);
    }
}
