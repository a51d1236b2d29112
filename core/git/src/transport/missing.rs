//! Which commits the other side lacks: those that its wants reach and its haves do not.
//!
//! Two colours run down the history in the order of time. Each has its own places where history is cut, because what a
//! shallow client has and what it will have are cut differently.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::rev::{CommitGraph, CommitIndex};
use crate::store::IdMap;
use crate::{ObjectId, ObjectSource, ReadError};

/// Reached from a want.
const WANTED: u8 = 1;
/// Reached from a have: wins over [`WANTED`].
const HAD: u8 = 2;
/// In the queue.
const QUEUED: u8 = 4;
/// In the list of what was found.
const LISTED: u8 = 8;

/// A set of ids.
pub(super) type IdSet = IdMap<()>;

/// The walk of the two colours.
#[derive(Clone, Default)]
pub(super) struct MissingCommits {
    colours: Vec<u8>,
    queue: BinaryHeap<(u64, Reverse<CommitIndex>)>,
    /// Commits in the queue that are wanted and not had: the walk ends when there is none.
    open: usize,
    found: Vec<CommitIndex>,
    /// Where history is cut for what is wanted.
    pub(super) wanted_cuts: IdSet,
    /// Where history is cut for what is had.
    pub(super) had_cuts: IdSet,
    /// Commits before this second count as had.
    pub(super) since: Option<u64>,
}

impl MissingCommits {
    /// Starts with nothing wanted and nothing had.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a commit that is wanted.
    pub(super) fn want(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        id: &ObjectId,
    ) -> Result<(), ReadError> {
        let index = graph.load(source, id)?;
        self.colour(graph, index, WANTED);
        Ok(())
    }

    /// Adds a commit that the other side has. One that is not here says nothing.
    pub(super) fn have(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        id: &ObjectId,
    ) -> Result<(), ReadError> {
        match graph.load(source, id) {
            Ok(index) => self.colour(graph, index, HAD),
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Walks at most `budget` commits; `true` when the walk is complete.
    pub(super) fn step(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        budget: usize,
    ) -> Result<bool, ReadError> {
        for _ in 0..budget {
            let next = if self.open > 0 { self.queue.pop() } else { None };
            let Some((time, Reverse(index))) = next else {
                self.spread_had(graph);
                return Ok(true);
            };
            let colour = &mut self.colours[index.position()];
            *colour &= !QUEUED;
            if *colour & HAD == 0 {
                self.open -= 1;
                if self.since.is_some_and(|since| time < since) {
                    *colour |= HAD;
                } else if *colour & LISTED == 0 {
                    *colour |= LISTED;
                    self.found.push(index);
                }
            }
            let is_had = *colour & HAD != 0;
            self.spread(graph, source, index, is_had)?;
        }
        Ok(false)
    }

    /// The commits that were found: wanted and not had, about newest first.
    pub(super) fn found(&self) -> impl Iterator<Item = CommitIndex> + '_ {
        self.found.iter().copied().filter(|index| !self.is_had(*index))
    }

    /// Whether the other side has the commit, as far as the walk came.
    pub(super) fn is_had(&self, index: CommitIndex) -> bool {
        self.colours.get(index.position()).is_some_and(|colour| colour & HAD != 0)
    }

    /// Whether the commit is wanted and not had.
    pub(super) fn is_found(&self, index: CommitIndex) -> bool {
        self.colours.get(index.position()).is_some_and(|colour| colour & (HAD | LISTED) == LISTED)
    }

    /// Whether nothing that is had was met.
    pub(super) fn is_whole(&self) -> bool {
        self.colours.iter().all(|colour| colour & HAD == 0)
    }

    /// Hands the colour of a commit to its parents.
    fn spread(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        index: CommitIndex,
        is_had: bool,
    ) -> Result<(), ReadError> {
        let (cuts, colour) = if is_had { (&self.had_cuts, HAD) } else { (&self.wanted_cuts, WANTED) };
        if !cuts.is_empty() && cuts.contains_key(graph.id(index)) {
            return Ok(());
        }
        let parents: Vec<CommitIndex> = graph.parents(index).collect();
        for parent in parents {
            match graph.load_index(source, parent) {
                Ok(()) => self.colour(graph, parent, colour),
                // What lies behind a have need not be here.
                Err(error) if error.is_missing() && is_had => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn colour(&mut self, graph: &CommitGraph, index: CommitIndex, new: u8) {
        if self.colours.len() < graph.len() {
            self.colours.resize(graph.len(), 0);
        }
        let colour = &mut self.colours[index.position()];
        if *colour & (new | HAD) != 0 {
            return;
        }
        let was_open = *colour & QUEUED != 0;
        *colour |= new | QUEUED;
        if was_open {
            // Queued as wanted, and now known to be had.
            self.open -= 1;
            return;
        }
        if new == WANTED {
            self.open += 1;
        }
        self.queue.push((graph.time(index), Reverse(index)));
    }

    /// Hands [`HAD`] on through the commits that are known, reading none: clocks that ran wrong let a commit be listed
    /// before the have that reaches it was looked at.
    fn spread_had(&mut self, graph: &CommitGraph) {
        let mut stack: Vec<CommitIndex> = self.queue.drain().map(|(_, Reverse(index))| index).collect();
        stack.retain(|index| self.is_had(*index));
        while let Some(index) = stack.pop() {
            if !graph.is_loaded(index) || self.had_cuts.contains_key(graph.id(index)) {
                continue;
            }
            for parent in graph.parents(index) {
                if let Some(colour) = self.colours.get_mut(parent.position())
                    && *colour & WANTED != 0
                    && *colour & HAD == 0
                {
                    *colour |= HAD;
                    stack.push(parent);
                }
            }
        }
    }
}

/// Whether each of `wants` reaches one of `common`: then the client need not name more of what it has. Commits older
/// than all of `common` are not looked behind, so a wrong clock costs a round, not a wrong answer.
pub(super) fn all_reach(
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
    wants: &[ObjectId],
    common: &[ObjectId],
    cuts: &IdSet,
) -> Result<bool, ReadError> {
    const SEEN: u8 = 1;
    const REACHES: u8 = 2;
    let mut marks: Vec<u8> = Vec::new();
    let mut oldest = u64::MAX;
    for id in common {
        let index = graph.load(source, id)?;
        oldest = oldest.min(graph.time(index));
        // The parents of what is common are so too.
        let parents = if cuts.contains_key(id) { None } else { Some(graph.parents(index)) };
        let known: Vec<CommitIndex> = parents.into_iter().flatten().chain([index]).collect();
        marks.resize(graph.len().max(marks.len()), 0);
        known.iter().for_each(|known| marks[known.position()] = SEEN | REACHES);
    }
    for id in wants {
        let want = graph.load(source, id)?;
        let mut stack = Vec::from([want]);
        while let Some(top) = stack.last().copied() {
            marks.resize(graph.len().max(marks.len()), 0);
            let is_first_visit = marks[top.position()] & SEEN == 0;
            marks[top.position()] |= SEEN;
            let is_end = graph.time(top) < oldest || cuts.contains_key(graph.id(top));
            let parents: Vec<CommitIndex> = if is_end { Vec::new() } else { graph.parents(top).collect() };
            let mut reaches = marks[top.position()] & REACHES != 0;
            let before = stack.len();
            for parent in parents {
                match graph.load_index(source, parent) {
                    Ok(()) => {}
                    Err(error) if error.is_missing() => continue,
                    Err(error) => return Err(error),
                }
                marks.resize(graph.len().max(marks.len()), 0);
                let mark = marks[parent.position()];
                reaches |= mark & REACHES != 0;
                if is_first_visit && mark & SEEN == 0 {
                    stack.push(parent);
                }
            }
            if reaches {
                marks[top.position()] |= REACHES;
                stack.truncate(before);
            }
            if stack.len() == before {
                stack.pop();
            }
        }
        if marks[want.position()] & REACHES == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
