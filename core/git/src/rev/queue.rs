//! Commits in git's order of dates: the latest first, and of equal ones the first that came.

use alloc::collections::BinaryHeap;
use core::cmp::Ordering;

use super::CommitIndex;

/// A commit in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queued {
    pub(super) time: u64,
    came: u64,
    pub(crate) commit: CommitIndex,
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> Ordering {
        self.time.cmp(&other.time).then(other.came.cmp(&self.came))
    }
}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Commits by date.
#[derive(Clone, Debug, Default)]
pub(crate) struct DateQueue {
    heap: BinaryHeap<Queued>,
    came: u64,
}

impl DateQueue {
    pub(crate) fn push(&mut self, time: u64, commit: CommitIndex) {
        self.heap.push(Queued { time, came: self.came, commit });
        self.came += 1;
    }

    /// Puts what was just popped back into its place.
    pub(super) fn push_back(&mut self, queued: Queued) {
        self.heap.push(queued);
    }

    pub(crate) fn pop(&mut self) -> Option<Queued> {
        self.heap.pop()
    }

    /// What is in the queue, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = CommitIndex> {
        self.heap.iter().map(|queued| queued.commit)
    }

    pub(crate) fn peek(&self) -> Option<&Queued> {
        self.heap.peek()
    }
}

/// Eight flags for each commit of a graph that may still grow.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks(alloc::vec::Vec<u8>);

impl Marks {
    pub(super) fn with_length(length: usize) -> Self {
        Self(alloc::vec![0; length])
    }

    pub(super) fn of(&self, commit: CommitIndex) -> u8 {
        self.0.get(commit.position()).copied().unwrap_or(0)
    }

    pub(super) fn has(&self, commit: CommitIndex, mark: u8) -> bool {
        self.of(commit) & mark != 0
    }

    pub(super) fn at(&mut self, commit: CommitIndex) -> &mut u8 {
        if commit.position() >= self.0.len() {
            self.0.resize((commit.position() + 1).next_power_of_two(), 0);
        }
        &mut self.0[commit.position()]
    }

    pub(super) fn add(&mut self, commit: CommitIndex, mark: u8) {
        *self.at(commit) |= mark;
    }
}
