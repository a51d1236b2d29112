//! Which commit each line of a file comes from, as `git blame` says it: through merges and renames of whole files.
//!
//! Ranges of lines wait at commits, the latest first; each commit passes on to its parents what it shares with them and
//! keeps the rest. What waits and what was found never exceeds the lines of the file. Knows nothing of lines that moved
//! within or between files.

use alloc::vec::Vec;

use bstr::{BStr, BString, ByteSlice};

use crate::ObjectId;
use crate::diff::binary::{TEXT_BYTES_MAX, TEXT_LINES_MAX};
use crate::diff::change::{Algorithm, Change};
use crate::diff::hunk::TextDiff;
use crate::diff::rename::{self, Destination, Fate, RenameOptions, Source};
use crate::diff::similarity::Fingerprints;
use crate::diff::tree::{TreeDiff, same_type};
use crate::diff::{DiffError, Side};
use crate::limits::{LimitExceeded, Limits};
use crate::object::EntryKind;
use crate::rev::queue::DateQueue;
use crate::rev::{CommitGraph, CommitIndex};
use crate::search;
use crate::sort::sort_by_key;
use crate::store::{IdMap, ObjectSource, ReadError};

/// Lines that one commit brought. Lines count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlameRange {
    /// The commit that brought them.
    pub commit: ObjectId,
    /// The path of the file in that commit.
    pub path: BString,
    /// The first of them in the file of that commit.
    pub origin: u32,
    /// The first of them in the file that was asked about.
    pub line: u32,
    /// How many they are.
    pub count: u32,
}

/// Lines that stand together both in the file of a commit and in the file that was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    origin: u32,
    line: u32,
    count: u32,
}

/// A file in a commit, with the lines that come from there or from before.
#[derive(Clone, Debug)]
struct Origin {
    /// Place in the list of paths.
    path: u32,
    place: Place,
    runs: Vec<Run>,
}

/// What a path leads to in a commit.
#[derive(Clone, Debug)]
struct Place {
    /// The trees on the way, the root first.
    trees: Vec<ObjectId>,
    side: Side,
}

/// A search under way.
pub struct Blame {
    paths: Vec<BString>,
    queue: DateQueue,
    /// By commit: what waits there. Each commit with something is in the queue once.
    waiting: IdMap<Vec<Origin>>,
    found: Vec<(CommitIndex, u32, Run)>,
    fingerprints: Fingerprints,
    limits: Limits,
    lines: u32,
    lines_found: u32,
    /// Files of commits that were looked at.
    steps: u64,
}

impl Blame {
    /// Begins with the file at `path` in `commit`; `None` where there is no file.
    pub fn new(
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        commit: &ObjectId,
        path: &BStr,
        limits: &Limits,
    ) -> Result<Option<Self>, DiffError> {
        let commit = graph.load(source, commit)?;
        let place = find(source, graph.tree(commit), path, None)?;
        let Some(place) = place.filter(|place| place.side.mode.kind() != EntryKind::Submodule) else {
            return Ok(None);
        };
        let bytes = source.read_blob(&place.side.id)?;
        check_size(&bytes)?;
        let newlines = bytes.iter().filter(|byte| **byte == b'\n').count();
        let lines = newlines as u32 + u32::from(bytes.last().is_some_and(|byte| *byte != b'\n'));
        let mut blame = Self {
            paths: Vec::from([path.into()]),
            queue: DateQueue::default(),
            waiting: IdMap::default(),
            found: Vec::new(),
            fingerprints: Fingerprints::new(),
            limits: *limits,
            lines,
            lines_found: 0,
            steps: 0,
        };
        if lines > 0 {
            blame.hand_over(graph, commit, 0, place, Vec::from([Run { origin: 0, line: 0, count: lines }]));
        }
        Ok(Some(blame))
    }

    /// Looks at up to `commits` further commits; whether all lines are found.
    pub fn step(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        commits: usize,
    ) -> Result<bool, DiffError> {
        for _ in 0..commits {
            let Some(queued) = self.queue.pop() else { break };
            let waiting = self.waiting.get_mut(graph.id(queued.commit)).map(core::mem::take);
            for origin in waiting.unwrap_or_default() {
                self.steps += 1;
                self.pass_on(graph, source, queued.commit, origin)?;
            }
        }
        // No line comes to a commit twice, but where a forged store has one that is its own ancestor.
        let allowed = u64::from(self.lines) * graph.len() as u64;
        if self.steps > allowed {
            return Err(LimitExceeded { limit: "blame_steps_max", allowed, found: u64::MAX }.into());
        }
        Ok(self.queue.peek().is_none())
    }

    /// How many lines the file has.
    pub fn lines(&self) -> u32 {
        self.lines
    }

    /// How many of them are found.
    pub fn lines_found(&self) -> u32 {
        self.lines_found
    }

    /// What was found, in the order of the lines; neighbours that stood together in their commit are one.
    pub fn into_ranges(mut self, graph: &CommitGraph) -> Vec<BlameRange> {
        sort_by_key(&mut self.found, |(_, _, run)| run.line);
        let mut ranges: Vec<BlameRange> = Vec::new();
        let mut before = None;
        for (commit, path, run) in self.found {
            match ranges.last_mut() {
                Some(last) if before == Some((commit, path)) && last.origin + last.count == run.origin => {
                    last.count += run.count;
                }
                _ => ranges.push(BlameRange {
                    commit: *graph.id(commit),
                    path: self.paths[path as usize].clone(),
                    origin: run.origin,
                    line: run.line,
                    count: run.count,
                }),
            }
            before = Some((commit, path));
        }
        ranges
    }

    /// Passes the lines of a file to the parents that have them; the commit brought what is left.
    fn pass_on(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        commit: CommitIndex,
        mut origin: Origin,
    ) -> Result<(), DiffError> {
        let parents: Vec<CommitIndex> = graph.parents(commit).collect();
        let mut sources: Vec<Option<(u32, Place)>> = Vec::with_capacity(parents.len());
        for parent in &parents {
            graph.load_index(source, *parent)?;
            let path = self.paths[origin.path as usize].as_bstr();
            let found = find(source, graph.tree(*parent), path, Some(&origin.place))?;
            // A file that was a link before, or the other way round, comes from nowhere.
            let found = found.filter(|found| same_type(found.side.mode, origin.place.side.mode));
            if let Some(whole) = found.as_ref().filter(|found| found.side.id == origin.place.side.id) {
                self.hand_over(graph, *parent, origin.path, whole.clone(), origin.runs);
                return Ok(());
            }
            sources.push(found.map(|found| (origin.path, found)));
        }
        for (at, parent) in parents.iter().enumerate() {
            if sources[at].is_none() {
                sources[at] = self.before_rename(graph, source, *parent, &origin)?;
                if let Some((path, whole)) =
                    sources[at].as_ref().filter(|(_, found)| found.side.id == origin.place.side.id)
                {
                    self.hand_over(graph, *parent, *path, whole.clone(), origin.runs);
                    return Ok(());
                }
            }
        }
        let mut compared: Vec<ObjectId> = Vec::new();
        for (parent, found) in parents.iter().zip(sources) {
            let Some((path, place)) = found else { continue };
            // What one parent did not have, another with the same content has not either.
            if compared.contains(&place.side.id) {
                continue;
            }
            compared.push(place.side.id);
            let passed = share(source, &place.side.id, &origin.place.side.id, &mut origin.runs)?;
            self.hand_over(graph, *parent, path, place, passed);
            if origin.runs.is_empty() {
                return Ok(());
            }
        }
        for run in origin.runs {
            self.lines_found += run.count;
            self.found.push((commit, origin.path, run));
        }
        Ok(())
    }

    /// Lets lines wait at a commit.
    fn hand_over(
        &mut self,
        graph: &CommitGraph,
        to: CommitIndex,
        path: u32,
        place: Place,
        mut runs: Vec<Run>,
    ) {
        if runs.is_empty() {
            return;
        }
        let waiting = self.waiting.get_or_insert_with(*graph.id(to), Vec::new);
        if waiting.is_empty() {
            self.queue.push(graph.time(to), to);
        }
        match waiting.iter_mut().find(|origin| origin.path == path) {
            None => waiting.push(Origin { path, place, runs }),
            Some(origin) => {
                origin.runs.append(&mut runs);
                sort_by_key(&mut origin.runs, |run| (run.line, run.origin));
                origin.runs.dedup_by(|next, run| {
                    let joins = run.line + run.count == next.line && run.origin + run.count == next.origin;
                    if joins {
                        run.count += next.count;
                    }
                    joins
                });
            }
        }
    }

    /// The file of `parent` that became the one at the origin's path, which `parent` has not.
    fn before_rename(
        &mut self,
        graph: &CommitGraph,
        source: &dyn ObjectSource,
        parent: CommitIndex,
        origin: &Origin,
    ) -> Result<Option<(u32, Place)>, DiffError> {
        let path = self.paths[origin.path as usize].as_bstr();
        let root = origin.place.trees.first();
        let mut diff = TreeDiff::new(source, Some(graph.tree(parent)), root, &self.limits)?;
        let mut removed: Vec<(BString, Side)> = Vec::new();
        let mut is_new = false;
        while let Some(change) = diff.next_change()? {
            match (change.old, change.new) {
                (Some(side), None) => removed.push((change.path.into(), side)),
                (None, Some(_)) => is_new |= change.path == path,
                _ => {}
            }
        }
        if !is_new {
            return Ok(None);
        }
        let mut sources = Vec::with_capacity(removed.len());
        for (path, side) in &removed {
            sources.push(Source { path: path.as_bstr(), side: *side, fate: Fate::Removed });
        }
        let destinations = [Destination { path, side: origin.place.side }];
        let options = RenameOptions::DIFF;
        let found = rename::detect(source, &sources, &destinations, &options, None, &mut self.fingerprints)?;
        let Some(pair) = found.pairs.first() else { return Ok(None) };
        let old_path = sources[pair.source].path;
        let Some(place) = find(source, graph.tree(parent), old_path, None)? else { return Ok(None) };
        let at = match self.paths.iter().position(|path| path == old_path) {
            Some(at) => at,
            None => {
                self.paths.push(old_path.into());
                self.paths.len() - 1
            }
        };
        Ok(Some((at as u32, place)))
    }
}

/// What a path leads to from a root. `near` is what it leads to from another: what is the same there is not read again.
fn find(
    source: &dyn ObjectSource,
    root: &ObjectId,
    path: &BStr,
    near: Option<&Place>,
) -> Result<Option<Place>, ReadError> {
    let mut trees = Vec::with_capacity(near.map_or(4, |near| near.trees.len()));
    let mut tree = *root;
    let mut names = search::split(path, b'/').peekable();
    while let Some(name) = names.next() {
        let known = near.filter(|near| near.trees.get(trees.len()) == Some(&tree));
        if let Some(near) = known {
            trees.extend_from_slice(&near.trees[trees.len()..]);
            return Ok(Some(Place { trees, side: near.side }));
        }
        trees.push(tree);
        let Some(entry) = source.find_entry(&tree, name)? else { return Ok(None) };
        let side = Side { mode: entry.mode.canonical(), id: entry.id };
        match (names.peek().is_some(), side.mode.is_directory()) {
            (true, true) => tree = side.id,
            (false, false) => return Ok(Some(Place { trees, side })),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Takes out of `runs` the lines that an older blob has too, with their places there.
fn share(
    source: &dyn ObjectSource,
    old: &ObjectId,
    new: &ObjectId,
    runs: &mut Vec<Run>,
) -> Result<Vec<Run>, DiffError> {
    let (old, new) = (source.read_blob(old)?, source.read_blob(new)?);
    check_size(&old)?;
    let diff = TextDiff::for_blame(&old, &new, Algorithm::Myers);
    let changes = diff.changes();
    let (mut passed, mut kept) = (Vec::new(), Vec::new());
    for run in runs.iter() {
        split(*run, changes, &mut passed, &mut kept);
    }
    *runs = kept;
    Ok(passed)
}

/// Splits a run where changes begin and end.
fn split(run: Run, changes: &[Change], passed: &mut Vec<Run>, kept: &mut Vec<Run>) {
    let end = run.origin + run.count;
    let mut at = run.origin;
    let mut next = changes.partition_point(|change| change.after.end <= at);
    while at < end {
        let part =
            |until: u32, origin: u32| Run { origin, line: run.line + (at - run.origin), count: until - at };
        let change = changes.get(next);
        let until = match change {
            Some(change) if change.after.start <= at => {
                let until = change.after.end.min(end);
                if until > at {
                    kept.push(part(until, at));
                }
                next += 1;
                until
            }
            change => {
                let until = change.map_or(end, |change| change.after.start.min(end));
                // Between changes, both texts go on in step.
                let (before, after) = match next.checked_sub(1).map(|last| &changes[last]) {
                    Some(last) => (last.before.end, last.after.end),
                    None => (0, 0),
                };
                passed.push(part(until, before + (at - after)));
                until
            }
        };
        at = until;
    }
}

fn check_size(bytes: &[u8]) -> Result<(), LimitExceeded> {
    let (found, allowed) = (bytes.len() as u64, TEXT_BYTES_MAX as u64);
    if found >= allowed {
        return Err(LimitExceeded { limit: "text_bytes_max", allowed, found });
    }
    if !crate::diff::binary::has_few_lines(bytes) {
        let allowed = TEXT_LINES_MAX as u64;
        return Err(LimitExceeded { limit: "text_lines_max", allowed, found: u64::MAX });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Commit, Mode, Signature, TreeBuilder};
    use crate::store::{MemoryStore, Object};
    use crate::{Kind, ObjectSink};

    #[test]
    fn runs_are_split_where_changes_are() {
        // Lines 2 and 3 of the old text became 2 to 5 of the new one, and 8 is new.
        let changes = [Change { before: 2..4, after: 2..6 }, Change { before: 6..6, after: 8..9 }];
        let places = [0, 1, 100, 100, 100, 100, 4, 5, 100];
        let old_line = |line: u32| match places.get(line as usize) {
            Some(100) => None,
            Some(place) => Some(*place),
            None => Some(line - 3),
        };
        for origin in 0..12 {
            for count in 1..12 {
                let (mut passed, mut kept) = (Vec::new(), Vec::new());
                split(Run { origin, line: 100, count }, &changes, &mut passed, &mut kept);
                let mut seen = Vec::new();
                for run in &passed {
                    seen.extend((0..run.count).map(|at| (run.line + at, Some(run.origin + at))));
                }
                for run in &kept {
                    seen.extend((0..run.count).map(|at| (run.line + at, None)));
                    assert_eq!(run.line - 100, run.origin - origin);
                }
                seen.sort_unstable();
                let expected: Vec<_> = (0..count).map(|at| (100 + at, old_line(origin + at))).collect();
                assert_eq!(seen, expected, "{origin} {count}");
            }
        }
    }

    #[test]
    fn a_commit_that_is_its_own_ancestor_ends_in_an_error() {
        let mut store = MemoryStore::new();
        let blob = store.write(Kind::Blob, b"x\ny\n");
        let mut builder = TreeBuilder::new();
        builder.push(Mode::FILE, b"a", blob);
        let tree = store.write(Kind::Tree, &builder.write());
        let who = Signature { name: "A".into(), email: "a".into(), time: 0, offset_minutes: 0 };
        let forged = ObjectId::from_bytes([7; 20]);
        let commit = Commit {
            tree,
            parents: Vec::from([forged]),
            author: who.clone(),
            committer: who,
            extra_headers: Vec::new(),
            message: "m".into(),
        };
        store.insert(forged, Object { kind: Kind::Commit, bytes: commit.write().into() });
        let mut graph = CommitGraph::new();
        let limits = Limits::default();
        let mut blame = Blame::new(&mut graph, &store, &forged, BStr::new("a"), &limits).unwrap().unwrap();
        match blame.step(&mut graph, &store, 100) {
            Err(DiffError::Limit(LimitExceeded { limit, .. })) => assert_eq!(limit, "blame_steps_max"),
            other => panic!("{other:?}"),
        }
    }
}
