//! Best common ancestors, descent, and how far two commits are apart.
//!
//! Two colours flow down from the tips, the latest commit first, until everything left is below a common ancestor.

use alloc::vec::Vec;

use super::queue::{DateQueue, Marks};
use super::{CommitGraph, CommitIndex, Revisions, WalkOptions};
use crate::{ObjectId, ObjectSource, ReadError};

/// Reachable from the one side.
const ONE: u8 = 1;
/// Reachable from the other side.
const OTHER: u8 = 2;
/// Below a common ancestor.
const STALE: u8 = 4;
/// A common ancestor that was noted.
const NOTED: u8 = 8;
/// One place in the queue; the bits from here on count them: at most one for each change of the three flags, and one.
const PLACE: u8 = 16;

/// All merge bases of `one` with the others, as a merge of the others would see them: `git merge-base --all`,
/// in its order. Empty where the histories have nothing in common.
pub fn merge_bases(
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
    one: &ObjectId,
    others: &[ObjectId],
) -> Result<Vec<ObjectId>, ReadError> {
    let one = graph.load(source, one)?;
    let others = load_all(graph, source, others)?;
    let bases = bases_of(graph, source, one, &others, &mut Vec::new())?;
    Ok(bases.into_iter().map(|base| *graph.id(base)).collect())
}

/// The best common ancestors of all the commits together, without those that another of them descends from:
/// `git merge-base --octopus --all`.
pub fn octopus_bases(
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
    commits: &[ObjectId],
) -> Result<Vec<ObjectId>, ReadError> {
    let Some((first, rest)) = commits.split_first() else { return Ok(Vec::new()) };
    let mut bases = Vec::from([*first]);
    for commit in rest {
        let mut next = Vec::new();
        for base in &bases {
            for found in merge_bases(graph, source, commit, &[*base])? {
                if !next.contains(&found) {
                    next.push(found);
                }
            }
        }
        bases = next;
    }
    independent(graph, source, &bases)
}

/// The commits that cannot be reached from any other of them, in their order: `git merge-base --independent`.
pub fn independent(
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
    commits: &[ObjectId],
) -> Result<Vec<ObjectId>, ReadError> {
    let mut distinct = Vec::new();
    for commit in load_all(graph, source, commits)? {
        if !distinct.contains(&commit) {
            distinct.push(commit);
        }
    }
    let kept = without_ancestors(graph, source, &distinct, &mut Vec::new())?;
    Ok(kept.into_iter().map(|commit| *graph.id(commit)).collect())
}

/// Whether `ancestor` is reachable from `descendant`; a commit is from itself.
pub fn is_ancestor(
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
    ancestor: &ObjectId,
    descendant: &ObjectId,
) -> Result<bool, ReadError> {
    let (ancestor, descendant) = (graph.load(source, ancestor)?, graph.load(source, descendant)?);
    if ancestor == descendant {
        return Ok(true);
    }
    if let (Some(low), Some(high)) = (graph.generation(ancestor), graph.generation(descendant))
        && low >= high
    {
        return Ok(false);
    }
    let mut paint = Paint::default();
    paint.run(graph, source, ancestor, &[descendant], &mut Vec::new())?;
    Ok(paint.marks.has(ancestor, OTHER))
}

/// How many commits `left` has that `right` has not, and the other way round: `git rev-list --left-right --count`.
pub fn ahead_behind(
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
    left: &ObjectId,
    right: &ObjectId,
) -> Result<(u64, u64), ReadError> {
    let revisions = Revisions::symmetric(graph, source, left, right)?;
    let mut walk = revisions.walk(WalkOptions::default());
    let mut counts = (0, 0);
    while let Some(commit) = walk.next(graph, source)? {
        if walk.is_left(commit) {
            counts.0 += 1;
        } else {
            counts.1 += 1;
        }
    }
    Ok(counts)
}

fn load_all(
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
    ids: &[ObjectId],
) -> Result<Vec<CommitIndex>, ReadError> {
    ids.iter().map(|id| graph.load(source, id)).collect()
}

/// All merge bases, the latest first; appends what was read to `read`.
pub(super) fn bases_of(
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
    one: CommitIndex,
    others: &[CommitIndex],
    read: &mut Vec<CommitIndex>,
) -> Result<Vec<CommitIndex>, ReadError> {
    if others.contains(&one) {
        return Ok([one].into());
    }
    let mut paint = Paint::default();
    let mut bases = paint.run(graph, source, one, others, read)?;
    bases.retain(|base| !paint.marks.has(*base, STALE));
    // Both sorts are stable: equal dates stay in the order in which the paint met them.
    crate::sort::sort_by_key(&mut bases, |base| core::cmp::Reverse(graph.time(*base)));
    if bases.len() > 1 {
        bases = without_ancestors(graph, source, &bases, read)?;
    }
    Ok(bases)
}

/// Drops each commit that another one descends from.
fn without_ancestors(
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
    commits: &[CommitIndex],
    read: &mut Vec<CommitIndex>,
) -> Result<Vec<CommitIndex>, ReadError> {
    let mut kept: Vec<_> = commits.into();
    for commit in commits {
        let others: Vec<_> = kept.iter().copied().filter(|other| other != commit).collect();
        if others.len() == kept.len() || others.is_empty() {
            continue;
        }
        let mut paint = Paint::default();
        paint.run(graph, source, *commit, &others, read)?;
        let is_redundant =
            |kept: &CommitIndex| paint.marks.has(*kept, if kept == commit { OTHER } else { ONE });
        kept.retain(|kept| !is_redundant(kept));
    }
    Ok(kept)
}

/// The two colours.
#[derive(Default)]
struct Paint {
    marks: Marks,
    queue: DateQueue,
    /// Places in the queue whose commits are not stale.
    fresh: usize,
}

impl Paint {
    /// Lets the colours flow; returns common ancestors as they were met, some of which may have become stale since.
    fn run(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        one: CommitIndex,
        others: &[CommitIndex],
        read: &mut Vec<CommitIndex>,
    ) -> Result<Vec<CommitIndex>, ReadError> {
        let mut found = Vec::new();
        self.marks = Marks::with_length(graph.len());
        self.add(graph, one, ONE);
        for other in others {
            if !self.marks.has(*other, OTHER) {
                self.add(graph, *other, OTHER);
            }
        }
        let mut parents = Vec::new();
        while self.fresh > 0 {
            let Some(queued) = self.queue.pop() else { break };
            let commit = queued.commit;
            let mark = self.marks.at(commit);
            *mark -= PLACE;
            self.fresh -= usize::from(*mark & STALE == 0);
            let mut colours = *mark & (ONE | OTHER | STALE);
            if colours == ONE | OTHER {
                if *mark & NOTED == 0 {
                    *mark |= NOTED;
                    found.push(commit);
                }
                colours |= STALE;
            }
            parents.clear();
            parents.extend(graph.parents(commit));
            for parent in &parents {
                if self.marks.of(*parent) & colours != colours {
                    graph.load_index(source, *parent)?;
                    read.push(*parent);
                    self.add(graph, *parent, colours);
                }
            }
        }
        Ok(found)
    }

    /// Gives a commit colours and one more place in the queue.
    fn add(&mut self, graph: &CommitGraph, commit: CommitIndex, colours: u8) {
        let mark = self.marks.at(commit);
        if *mark & STALE == 0 && colours & STALE != 0 {
            self.fresh -= usize::from(*mark / PLACE);
        }
        *mark = (*mark | colours) + PLACE;
        self.fresh += usize::from(*mark & STALE == 0);
        self.queue.push(graph.time(commit), commit);
    }
}
