//! What refs were at a moment, found without going over the log or over history each time.
//!
//! Two indexes, brought up to date when somebody asks: by ref, the places in the log of operations where it moved; by
//! the tip of a line of first parents, the commits that are the latest at some moment. Knows no realities.

use alloc::vec::Vec;

use govc_git::name_map::NameMap;
use govc_git::refs::{RefName, RefTarget};
use govc_git::rev::{CommitGraph, CommitIndex};
use govc_git::store::IdMap;
use govc_git::{ObjectId, ObjectSource, ReadError};

use crate::operation::OperationLog;

/// Lines of first parents that are kept; each takes at most 16 bytes a commit.
const LINES_MAX: usize = 64;

/// The indexes. A clock that goes back stands still here: an operation is no earlier than the one before it.
#[derive(Debug, Default)]
pub struct Timeline {
    /// The operation that `times` begins with.
    first: u64,
    /// By operation, the latest time up to it, in milliseconds.
    times: Vec<i64>,
    /// By ref, the positions of its deltas in the log.
    moves: NameMap<RefName, Vec<u64>>,
    /// By tip: times, falling, and the commits that have them.
    lines: IdMap<Vec<(u64, CommitIndex)>>,
}

/// What a log says of a ref at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// The log had begun, and this is what the ref was: perhaps nothing.
    Was(Option<RefTarget>),
    /// The log had not begun. This is where the ref was first, as far as the log knows.
    Before(Option<RefTarget>),
}

impl Timeline {
    /// What a ref was at a moment, in milliseconds since the epoch; `current` is what it is.
    pub fn value_at(
        &mut self,
        log: &OperationLog,
        name: &RefName,
        time_ms: i64,
        current: Option<&RefTarget>,
    ) -> Known {
        self.catch_up(log);
        let moves = self.moves.get(name).map_or(&[][..], Vec::as_slice);
        let delta = |position: &u64| log.delta(*position).map(|(_, delta)| delta);
        let operations = self.times.partition_point(|time| *time <= time_ms);
        let Some(last) = operations.checked_sub(1).and_then(|last| log.all().get(last)) else {
            let first = moves.first().and_then(delta);
            let start = first.map_or(current, |first| first.before.as_ref().or(first.after.as_ref()));
            return Known::Before(start.cloned());
        };
        let end = last.end_delta();
        let moved = moves.partition_point(|position| *position < end);
        let value = match moved.checked_sub(1).map(|last| &moves[last]) {
            Some(last) => delta(last).and_then(|delta| delta.after.as_ref()),
            None => moves.first().and_then(delta).map_or(current, |first| first.before.as_ref()),
        };
        Known::Was(value.cloned())
    }

    /// The commit nearest to `tip` on its line of first parents that was made at or before a moment, in seconds since
    /// the epoch: `git rev-list -1 --first-parent --before`.
    pub fn commit_at(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        tip: &ObjectId,
        time: u64,
    ) -> Result<Option<ObjectId>, ReadError> {
        if !self.lines.contains_key(tip) {
            if self.lines.len() >= LINES_MAX {
                self.lines.clear();
            }
            self.lines.insert(*tip, line(graph, source, tip)?);
        }
        let line = self.lines.get(tip).map_or(&[][..], Vec::as_slice);
        let at = line.partition_point(|(made, _)| *made > time);
        Ok(line.get(at).map(|(_, commit)| *graph.id(*commit)))
    }

    fn catch_up(&mut self, log: &OperationLog) {
        if self.first != log.first_id() {
            // The log dropped its oldest operations, or was loaded.
            self.first = log.first_id();
            self.times.clear();
            self.moves.clear();
        }
        let mut latest = self.times.last().copied().unwrap_or(i64::MIN);
        for operation in log.all().iter().skip(self.times.len()) {
            latest = latest.max(operation.time_ms);
            self.times.push(latest);
            for (position, delta) in (operation.first_delta..).zip(&operation.deltas) {
                match self.moves.get_mut(&delta.name) {
                    Some(moves) => moves.push(position),
                    None => drop(self.moves.insert(delta.name.clone(), Vec::from([position]))),
                }
            }
        }
    }
}

/// The commits of a line of first parents that no later one of the line is older than or as old as, with their times.
fn line(
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
    tip: &ObjectId,
) -> Result<Vec<(u64, CommitIndex)>, ReadError> {
    let mut line: Vec<(u64, CommitIndex)> = Vec::new();
    let mut next = Some(graph.load(source, tip)?);
    let mut steps = 0;
    // A line is no longer than all commits that are known; only a forged store has one that meets itself.
    while let Some(commit) = next.filter(|_| steps <= graph.len()) {
        steps += 1;
        graph.load_index(source, commit)?;
        let time = graph.time(commit);
        if line.last().is_none_or(|(earliest, _)| time < *earliest) {
            line.push((time, commit));
        }
        next = graph.parents(commit).next();
    }
    Ok(line)
}
