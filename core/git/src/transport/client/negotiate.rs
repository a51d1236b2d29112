//! Finds what both sides have in few words: the commits of this side, the newest first, until the other side knows one
//! on each way down. Git calls it `consecutive`.
//!
//! Reads commits alone. A commit that is not here, as at the end of a shallow history, is passed over.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::rev::{CommitGraph, CommitIndex};
use crate::{ObjectId, ObjectSource, ReadError, ReadProblem};

/// Was in the queue.
const SEEN: u8 = 1;
/// The other side has it, and all that it reaches.
const COMMON: u8 = 2;
/// A ref of the other side that is here: worth telling, and what it reaches is common.
const TOLD: u8 = 4;
/// Has left the queue.
const LEFT: u8 = 8;

/// Chooses the commits to name to a server.
#[derive(Clone, Default)]
pub struct Negotiator {
    marks: Vec<u8>,
    queue: BinaryHeap<(u64, Reverse<CommitIndex>)>,
    /// Commits in the queue that are not known to be common: without any, there is nothing left to say.
    open: usize,
}

impl Negotiator {
    /// Knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what a ref of this side leads to, as far as it is a commit.
    pub fn add_tip(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        id: &ObjectId,
    ) -> Result<(), ReadError> {
        self.add(graph, source, id, 0)
    }

    /// Adds a commit that is here and that a ref of the other side leads to.
    pub fn add_common(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        id: &ObjectId,
    ) -> Result<(), ReadError> {
        self.add(graph, source, id, TOLD)
    }

    /// The next commit to name; `None` where all that is left is common.
    pub fn next(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
    ) -> Result<Option<ObjectId>, ReadError> {
        while self.open > 0 {
            let Some((_, Reverse(index))) = self.queue.pop() else { break };
            let mark = self.mark(index);
            *mark |= LEFT;
            let mark = *mark;
            let is_common = mark & COMMON != 0;
            let ends_here = mark & (COMMON | TOLD) != 0;
            if !is_common {
                self.open -= 1;
            }
            let parents: Vec<CommitIndex> = graph.parents(index).collect();
            for parent in parents {
                match graph.load_index(source, parent) {
                    Ok(()) => self.enqueue(graph, parent, 0),
                    Err(error) if error.is_missing() => continue,
                    Err(error) => return Err(error),
                }
                if ends_here {
                    self.spread_common(graph, parent);
                }
            }
            if !is_common {
                return Ok(Some(*graph.id(index)));
            }
        }
        Ok(None)
    }

    /// Notes that the other side has a commit, and with it all that it reaches.
    pub fn acknowledge(&mut self, graph: &CommitGraph, id: &ObjectId) {
        if let Some(index) = graph.find(id) {
            self.spread_common(graph, index);
        }
    }

    fn add(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        id: &ObjectId,
        more: u8,
    ) -> Result<(), ReadError> {
        match graph.load(source, id) {
            Ok(index) => self.enqueue(graph, index, more),
            Err(error) => match error.problem() {
                ReadProblem::Missing(_) | ReadProblem::WrongKind { .. } => {}
                _ => return Err(error),
            },
        }
        Ok(())
    }

    fn mark(&mut self, index: CommitIndex) -> &mut u8 {
        let at = index.position();
        if self.marks.len() <= at {
            self.marks.resize(at + 1, 0);
        }
        &mut self.marks[at]
    }

    fn enqueue(&mut self, graph: &CommitGraph, index: CommitIndex, more: u8) {
        let mark = self.mark(index);
        *mark |= more;
        if *mark & SEEN != 0 {
            return;
        }
        *mark |= SEEN;
        if *mark & COMMON == 0 {
            self.open += 1;
        }
        self.queue.push((graph.time(index), Reverse(index)));
    }

    /// Marks a commit as common, and what it reaches as far as that was looked at.
    fn spread_common(&mut self, graph: &CommitGraph, index: CommitIndex) {
        let mut stack = Vec::from([index]);
        while let Some(index) = stack.pop() {
            let mark = self.mark(index);
            if *mark & COMMON != 0 {
                continue;
            }
            *mark |= COMMON;
            let mark = *mark;
            if mark & (SEEN | LEFT) == SEEN {
                self.open -= 1;
            }
            if mark & LEFT != 0 {
                stack.extend(graph.parents(index));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Commit, Signature};
    use crate::store::MemoryStore;
    use crate::{Kind, ObjectSink};

    /// A line of commits, the oldest first, and one beside its end.
    fn sample() -> (MemoryStore, Vec<ObjectId>, ObjectId) {
        let mut store = MemoryStore::new();
        let mut make = |parents: &[ObjectId], time: i64| {
            let who = Signature { name: "A".into(), email: "a@b".into(), time, offset_minutes: 0 };
            let commit = Commit {
                tree: ObjectId::EMPTY_TREE,
                parents: parents.to_vec(),
                author: who.clone(),
                committer: who,
                extra_headers: Vec::new(),
                message: "x\n".into(),
            };
            store.write(Kind::Commit, &commit.write())
        };
        let mut line: Vec<ObjectId> = Vec::new();
        for time in 0..20 {
            let parents: Vec<ObjectId> = line.last().copied().into_iter().collect();
            line.push(make(&parents, time * 10));
        }
        let beside = make(&line[15..16], 1000);
        (store, line, beside)
    }

    fn named(negotiator: &mut Negotiator, graph: &mut CommitGraph, store: &MemoryStore) -> Vec<ObjectId> {
        core::iter::from_fn(|| negotiator.next(graph, store).unwrap()).collect()
    }

    #[test]
    fn without_an_answer_everything_is_named_newest_first() {
        let (store, line, beside) = sample();
        let (mut graph, mut negotiator) = (CommitGraph::new(), Negotiator::new());
        for tip in [line[19], beside, ObjectId::EMPTY_BLOB] {
            negotiator.add_tip(&mut graph, &store, &tip).unwrap();
        }
        let expected: Vec<ObjectId> = core::iter::once(beside).chain(line.iter().rev().copied()).collect();
        assert_eq!(named(&mut negotiator, &mut graph, &store), expected);
    }

    #[test]
    fn what_is_common_is_not_looked_behind() {
        let (store, line, beside) = sample();
        let (mut graph, mut negotiator) = (CommitGraph::new(), Negotiator::new());
        negotiator.add_tip(&mut graph, &store, &line[19]).unwrap();
        negotiator.add_tip(&mut graph, &store, &beside).unwrap();
        negotiator.add_common(&mut graph, &store, &line[17]).unwrap();
        assert_eq!(named(&mut negotiator, &mut graph, &store), [beside, line[19], line[18], line[17]]);
        let (mut graph, mut negotiator) = (CommitGraph::new(), Negotiator::new());
        negotiator.add_tip(&mut graph, &store, &line[19]).unwrap();
        for at in [19, 18, 17] {
            assert_eq!(negotiator.next(&mut graph, &store).unwrap(), Some(line[at]));
        }
        negotiator.acknowledge(&graph, &line[18]);
        assert_eq!(negotiator.next(&mut graph, &store).unwrap(), None);
    }

    #[test]
    fn a_cut_history_ends_where_it_is_cut() {
        let (store, line, _) = sample();
        let mut graph = CommitGraph::with_shallow([line[18]]);
        let mut negotiator = Negotiator::new();
        negotiator.add_tip(&mut graph, &store, &line[19]).unwrap();
        assert_eq!(named(&mut negotiator, &mut graph, &store), [line[19], line[18]]);
    }
}
