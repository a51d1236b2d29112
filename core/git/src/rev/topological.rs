//! Puts commits in an order in which no commit comes before one of its children.

use alloc::vec::Vec;

use super::queue::DateQueue;
use super::{CommitGraph, CommitIndex};

/// Sorts `commits` as git does: lines of history together, or, `by_date`, the latest first as far as children allow.
/// `parents` yields the parents that count, which may be fewer than the graph's.
pub(super) fn sort<P: Iterator<Item = CommitIndex>>(
    graph: &CommitGraph,
    commits: &[CommitIndex],
    by_date: bool,
    parents: impl Fn(CommitIndex) -> P,
) -> Vec<CommitIndex> {
    // 0: not among the commits or already out; n + 1: n children are not out yet.
    let mut waiting = alloc::vec![0u32; graph.len()];
    for commit in commits {
        waiting[commit.position()] = 1;
    }
    for commit in commits {
        for parent in parents(*commit) {
            let count = &mut waiting[parent.position()];
            *count += u32::from(*count > 0);
        }
    }
    let tips = commits.iter().copied().filter(|commit| waiting[commit.position()] == 1);
    let mut ready = if by_date {
        let mut queue = DateQueue::default();
        tips.for_each(|tip| queue.push(graph.time(tip), tip));
        Ready::Date(queue)
    } else {
        let mut stack: Vec<_> = tips.collect();
        stack.reverse();
        Ready::Stack(stack)
    };
    let mut sorted = Vec::with_capacity(commits.len());
    while let Some(commit) = ready.pop() {
        for parent in parents(commit) {
            let count = &mut waiting[parent.position()];
            if *count > 0 {
                *count -= 1;
                if *count == 1 {
                    ready.push(graph, parent);
                }
            }
        }
        waiting[commit.position()] = 0;
        sorted.push(commit);
    }
    sorted
}

/// Commits whose children are all out.
enum Ready {
    Stack(Vec<CommitIndex>),
    Date(DateQueue),
}

impl Ready {
    fn push(&mut self, graph: &CommitGraph, commit: CommitIndex) {
        match self {
            Self::Stack(stack) => stack.push(commit),
            Self::Date(queue) => queue.push(graph.time(commit), commit),
        }
    }

    fn pop(&mut self) -> Option<CommitIndex> {
        match self {
            Self::Stack(stack) => stack.pop(),
            Self::Date(queue) => queue.pop().map(|queued| queued.commit),
        }
    }
}
