//! Commits reachable from tips and not from hidden ones, in git's order, one at a time.
//!
//! A walk keeps its own flags, so many may go over one graph. It can be left and taken up again at any commit, also
//! after an object was missing. It knows no refs and no expressions. Commits and order equal `git rev-list`.

use alloc::vec::Vec;

use super::paths::PathSet;
use super::queue::{DateQueue, Marks, Queued};
use super::{CommitGraph, CommitIndex, Order, Role, WalkOptions, topological};
use crate::name_map::NameMap;
use crate::object::CommitRef;
use crate::{ObjectId, ObjectSource, ReadError};

/// What a piece of work on a walk led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next commit.
    Commit(CommitIndex),
    /// The budget is used up and there is more to do.
    Pending,
    /// There are no more commits.
    Done,
}

/// On the list or was: never put there again.
const SEEN: u8 = 1;
/// Not to be shown, nor its ancestors.
const HIDDEN: u8 = 2;
/// Its parents were put on the list.
const EXPANDED: u8 = 4;
/// Changes nothing at the paths.
const SAME: u8 = 8;
/// Named as hidden by the caller: its descendants' merges still count it as a side of theirs.
const BOTTOM: u8 = 16;
/// Reachable from the left side.
const LEFT: u8 = 32;
/// Read by this walk. Git hides ancestors at once only as far as it has read them; so must we, to end where it ends.
const READ: u8 = 64;
/// In the queue.
const QUEUED: u8 = 128;

/// Hidden commits in a row that are looked at after all seems said: dates may lie. Git's own number.
const SLOP: u32 = 5;

/// A walk over history.
pub struct Walk {
    options: WalkOptions,
    paths: PathSet,
    marks: Marks,
    queue: DateQueue,
    /// Queued commits that are not hidden.
    queue_shown: usize,
    /// Merges that took the state of one parent at the paths, with that parent.
    simplified: NameMap<CommitIndex, CommitIndex>,
    phase: Phase,
    skip: u64,
    left: u64,
}

/// How far a walk is.
enum Phase {
    /// Nothing was read.
    Start,
    /// Commits are shown as they are found.
    Streaming,
    /// All commits are looked at before the first is shown.
    Limiting { list: Vec<CommitIndex>, time: u64, slop: u32 },
    /// The commits that are left, last first.
    Listed { list: Vec<CommitIndex> },
}

impl Walk {
    /// Prepares a walk; nothing is read yet.
    pub fn new(options: WalkOptions) -> Self {
        Self {
            paths: PathSet::new(&options.paths),
            marks: Marks::default(),
            queue: DateQueue::default(),
            queue_shown: 0,
            simplified: NameMap::new(),
            phase: Phase::Start,
            skip: options.skip,
            left: options.limit.unwrap_or(u64::MAX),
            options,
        }
    }

    /// The next commit. After an error the walk is where it was, and may be tried again.
    pub fn next(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
    ) -> Result<Option<CommitIndex>, ReadError> {
        loop {
            match self.step(graph, source, usize::MAX)? {
                Step::Commit(commit) => return Ok(Some(commit)),
                Step::Done => return Ok(None),
                Step::Pending => {}
            }
        }
    }

    /// Works until a commit is found or about `budget` commits were looked at.
    pub fn step(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        budget: usize,
    ) -> Result<Step, ReadError> {
        if self.left == 0 {
            return Ok(Step::Done);
        }
        for _ in 0..budget {
            let found = match &mut self.phase {
                Phase::Start => {
                    self.start(graph, source)?;
                    continue;
                }
                Phase::Limiting { .. } => {
                    self.limit_one(graph, source)?;
                    continue;
                }
                Phase::Streaming => self.stream_one(graph, source)?,
                Phase::Listed { list } => list.last().copied(),
            };
            let Some(commit) = found else { return Ok(Step::Done) };
            let shown = self.is_shown(graph, source, commit);
            match &mut self.phase {
                Phase::Listed { list } if shown.is_ok() => drop(list.pop()),
                _ => {}
            }
            if !shown? {
                continue;
            }
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            self.left -= 1;
            return Ok(Step::Commit(commit));
        }
        Ok(Step::Pending)
    }

    /// Whether a commit that was shown is reachable from the left side of `a...b`.
    pub fn is_left(&self, commit: CommitIndex) -> bool {
        self.marks.has(commit, LEFT)
    }

    /// Whether a commit is known to be hidden. Complete for the parents of shown commits once the walk is done.
    pub fn is_hidden(&self, commit: CommitIndex) -> bool {
        self.marks.has(commit, HIDDEN)
    }

    /// Looks at all commits before any is shown, about `budget` of them; whether that is done. Then [`Self::listed`] are
    /// those that are left.
    pub(super) fn limit(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        budget: usize,
    ) -> Result<bool, ReadError> {
        for _ in 0..budget {
            match self.phase {
                Phase::Start => self.start(graph, source)?,
                Phase::Limiting { .. } => self.limit_one(graph, source)?,
                Phase::Streaming | Phase::Listed { .. } => return Ok(true),
            }
        }
        Ok(matches!(self.phase, Phase::Listed { .. }))
    }

    /// The commits that are left to be shown, last first, with those that change nothing at the paths.
    pub(super) fn listed(&self) -> &[CommitIndex] {
        if let Phase::Listed { list } = &self.phase { list } else { &[] }
    }

    /// Whether a commit changes nothing at the paths.
    pub(super) fn is_same(&self, commit: CommitIndex) -> bool {
        self.marks.has(commit, SAME)
    }

    /// The parents that the walk follows.
    pub(super) fn parents<'a>(
        &'a self,
        graph: &'a CommitGraph,
        commit: CommitIndex,
    ) -> impl Iterator<Item = CommitIndex> + 'a {
        kept_parents(&self.simplified, graph, commit)
    }

    /// Takes commits for read that the search for the merge bases of `a...b` has read.
    pub(super) fn assume_read(&mut self, commits: impl IntoIterator<Item = CommitIndex>) {
        commits.into_iter().for_each(|commit| self.marks.add(commit, READ));
    }

    fn start(&mut self, graph: &mut CommitGraph, source: &dyn ObjectSource) -> Result<(), ReadError> {
        let tips: Vec<_> = self
            .options
            .tips
            .iter()
            .map(|tip| Ok((graph.load(source, &tip.id)?, tip.role)))
            .collect::<Result<_, ReadError>>()?;
        for (commit, role) in &tips {
            let mark = match role {
                Role::Shown => 0,
                Role::Left => LEFT,
                Role::Hidden => HIDDEN | BOTTOM,
            };
            self.marks.add(*commit, READ | mark);
        }
        let hides = tips.iter().any(|(_, role)| *role == Role::Hidden);
        for (commit, _) in tips {
            if self.marks.has(commit, HIDDEN) {
                self.hide_parents(graph, commit);
            }
            self.enqueue(graph, commit);
        }
        self.phase = if hides || self.options.order != Order::Time {
            Phase::Limiting { list: Vec::new(), time: u64::MAX, slop: SLOP }
        } else {
            Phase::Streaming
        };
        Ok(())
    }

    fn enqueue(&mut self, graph: &CommitGraph, commit: CommitIndex) {
        let mark = self.marks.at(commit);
        if *mark & SEEN == 0 {
            *mark |= SEEN | QUEUED;
            self.queue_shown += usize::from(*mark & HIDDEN == 0);
            self.queue.push(graph.time(commit), commit);
        }
    }

    fn pop(&mut self) -> Option<Queued> {
        let queued = self.queue.pop()?;
        let mark = self.marks.at(queued.commit);
        *mark &= !QUEUED;
        self.queue_shown -= usize::from(*mark & HIDDEN == 0);
        Some(queued)
    }

    fn push_back(&mut self, queued: Queued) {
        let mark = self.marks.at(queued.commit);
        *mark |= QUEUED;
        self.queue_shown += usize::from(*mark & HIDDEN == 0);
        self.queue.push_back(queued);
    }

    /// Looks at the latest commit in the queue, which is to be shown unless it is `None`.
    fn stream_one(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
    ) -> Result<Option<CommitIndex>, ReadError> {
        while let Some(queued) = self.pop() {
            if self.options.since.is_some_and(|since| queued.time < since) {
                continue;
            }
            if let Err(error) = self.expand(graph, source, queued.commit) {
                self.push_back(queued);
                return Err(error);
            }
            return Ok(Some(queued.commit));
        }
        Ok(None)
    }

    /// Looks at the latest commit in the queue and either lists or hides it; at the end, sorts the list.
    fn limit_one(&mut self, graph: &mut CommitGraph, source: &dyn ObjectSource) -> Result<(), ReadError> {
        let Some(queued) = self.pop() else {
            self.finish_list(graph);
            return Ok(());
        };
        if self.options.since.is_some_and(|since| queued.time < since) {
            self.marks.add(queued.commit, HIDDEN);
        }
        if let Err(error) = self.expand(graph, source, queued.commit) {
            self.push_back(queued);
            return Err(error);
        }
        let hidden = self.marks.has(queued.commit, HIDDEN);
        if hidden {
            self.hide_parents(graph, queued.commit);
        }
        let next_time = self.queue.peek().map(|next| next.time);
        let Phase::Limiting { list, time, slop } = &mut self.phase else { return Ok(()) };
        if !hidden {
            if self.options.until.is_none_or(|until| queued.time <= until) {
                *time = queued.time;
                list.push(queued.commit);
            }
            return Ok(());
        }
        *slop = match next_time {
            None => 0,
            Some(next) if *time <= next || self.queue_shown > 0 => SLOP,
            Some(_) => *slop - 1,
        };
        if *slop == 0 {
            self.finish_list(graph);
        }
        Ok(())
    }

    fn finish_list(&mut self, graph: &CommitGraph) {
        let Phase::Limiting { list, .. } = &mut self.phase else { return };
        let mut list = core::mem::take(list);
        if self.options.order != Order::Time {
            let by_date = self.options.order == Order::Date;
            let simplified = &self.simplified;
            list = topological::sort(graph, &list, by_date, |commit| kept_parents(simplified, graph, commit));
        }
        list.reverse();
        self.phase = Phase::Listed { list };
    }

    /// Puts the parents of a commit on the queue. Changes nothing where it fails.
    fn expand(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        commit: CommitIndex,
    ) -> Result<(), ReadError> {
        if self.marks.has(commit, EXPANDED) {
            return Ok(());
        }
        if self.marks.has(commit, HIDDEN) {
            self.marks.add(commit, EXPANDED);
            self.expand_hidden(graph, source, commit);
            return Ok(());
        }
        let simplified =
            if self.paths.is_empty() { None } else { Some(self.simplify(graph, source, commit)?) };
        let only = simplified.and_then(|(_, only)| only);
        let taken = if self.options.first_parent { 1 } else { usize::MAX };
        let parents: Vec<_> = match only {
            Some(parent) => [parent].into(),
            None => graph.parents(commit).take(taken).collect(),
        };
        for parent in &parents {
            graph.load_index(source, *parent)?;
            self.marks.add(*parent, READ);
        }
        self.marks.add(commit, EXPANDED);
        if let Some((same, only)) = simplified {
            self.marks.add(commit, if same { SAME } else { 0 });
            if let Some(parent) = only {
                self.simplified.insert(commit, parent);
            }
        }
        let left = self.marks.of(commit) & LEFT;
        for parent in parents {
            self.marks.add(parent, left);
            self.enqueue(graph, parent);
        }
        Ok(())
    }

    /// Hides the parents of a hidden commit and puts them on the queue; what is missing there hides nothing.
    fn expand_hidden(&mut self, graph: &mut CommitGraph, source: &dyn ObjectSource, commit: CommitIndex) {
        for parent in graph.parents(commit).collect::<Vec<_>>() {
            self.hide(parent);
            if graph.load_index(source, parent).is_err() {
                continue;
            }
            self.marks.add(parent, READ);
            self.hide_parents(graph, parent);
            self.enqueue(graph, parent);
        }
    }

    fn hide(&mut self, commit: CommitIndex) {
        let mark = self.marks.at(commit);
        if *mark & (HIDDEN | QUEUED) == QUEUED {
            self.queue_shown -= 1;
        }
        *mark |= HIDDEN;
    }

    /// Hides the ancestors of a hidden commit as far as this walk has read them.
    fn hide_parents(&mut self, graph: &CommitGraph, commit: CommitIndex) {
        let mut stack: Vec<_> = kept_parents(&self.simplified, graph, commit).collect();
        while let Some(parent) = stack.pop() {
            if self.marks.has(parent, HIDDEN) {
                continue;
            }
            self.hide(parent);
            if self.marks.has(parent, READ) {
                stack.extend(kept_parents(&self.simplified, graph, parent));
            }
        }
    }

    /// Whether a commit changes nothing at the paths, and the one parent to follow if it is a merge of that kind.
    fn simplify(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        commit: CommitIndex,
    ) -> Result<(bool, Option<CommitIndex>), ReadError> {
        let tree = *graph.tree(commit);
        let parents: Vec<_> = graph.parents(commit).collect();
        if parents.is_empty() {
            return Ok((self.paths.same(source, &tree, &ObjectId::EMPTY_TREE)?, None));
        }
        // Parents that are not hidden, or hidden by name, decide; the others do where there are no such.
        let (mut relevant, mut relevant_change, mut other_change) = (false, false, false);
        for (number, parent) in parents.into_iter().enumerate() {
            let is_relevant = self.marks.of(parent) & (HIDDEN | BOTTOM) != HIDDEN;
            relevant |= is_relevant;
            if number == 1 && self.options.first_parent {
                break;
            }
            graph.load_index(source, parent)?;
            self.marks.add(parent, READ);
            let parent_tree = *graph.tree(parent);
            match self.paths.same(source, &parent_tree, &tree)? {
                true if is_relevant => return Ok((true, Some(parent))),
                true => {}
                false if is_relevant => relevant_change = true,
                false => other_change = true,
            }
        }
        Ok((if relevant { !relevant_change } else { !other_change }, None))
    }

    fn is_shown(
        &self,
        graph: &CommitGraph,
        source: &dyn ObjectSource,
        commit: CommitIndex,
    ) -> Result<bool, ReadError> {
        if self.marks.of(commit) & (HIDDEN | SAME) != 0
            || self.options.until.is_some_and(|until| graph.time(commit) > until)
        {
            return Ok(false);
        }
        let Some(filter) = &self.options.filter else { return Ok(true) };
        let id = *graph.id(commit);
        let bytes = source.read_commit(&id)?;
        let parsed = CommitRef::parse(&bytes).map_err(|error| ReadError::corrupt(id, error))?;
        Ok(filter(&parsed))
    }
}

/// The parents that the walk follows: of a simplified merge the one that it took.
fn kept_parents<'a>(
    simplified: &NameMap<CommitIndex, CommitIndex>,
    graph: &'a CommitGraph,
    commit: CommitIndex,
) -> impl Iterator<Item = CommitIndex> + use<'a> {
    let only = simplified.get(&commit).copied();
    let all = only.is_none().then(|| graph.parents(commit));
    only.into_iter().chain(all.into_iter().flatten())
}
