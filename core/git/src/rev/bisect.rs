//! Which commit to test next, when some are good and one that descends from them is bad: git's choice.
//!
//! Each commit between is weighed by how many it reaches, itself included; the one that is nearest to half of all tells
//! most. Knows no test and no verdict: who asks keeps what was found.

use alloc::vec::Vec;

use bstr::BString;

use super::merge_base::merge_bases;
use super::{CommitGraph, CommitIndex, Role, Tip, Walk, WalkOptions};
use crate::{ObjectId, ObjectSource, ReadError};

/// Not weighed yet.
const UNKNOWN: u32 = u32::MAX;

/// Where the first bad commit is looked for.
#[derive(Clone, Debug)]
pub struct BisectOptions {
    /// A commit that is bad.
    pub bad: ObjectId,
    /// Commits that are good.
    pub good: Vec<ObjectId>,
    /// Commits of which nothing can be told. Where there are some, all commits are weighed.
    pub skipped: Vec<ObjectId>,
    /// Whether of merges only the first parent counts.
    pub first_parent: bool,
    /// Only commits that changed one of these files or directories come into question; all where it is empty.
    pub paths: Vec<BString>,
}

/// A commit that may be tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// The commit.
    pub commit: CommitIndex,
    /// How many of the commits in question it reaches, itself included.
    pub reaches: u32,
}

/// The commits in question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bisected {
    /// The best first: one, or all where commits were skipped.
    pub best: Vec<Weighed>,
    /// How many commits are in question, the bad one included.
    pub all: u32,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BisectStep {
    /// Test this merge base of the bad commit and a good one first.
    TestBase(ObjectId),
    /// The bad commit is a merge base: what is bad there is good in a good commit that came later.
    Fixed(ObjectId),
    /// Test this commit.
    Test {
        /// The commit.
        commit: ObjectId,
        /// How many commits are in question, the bad one included.
        all: u32,
        /// How many of them the best one reaches, itself included.
        reaches: u32,
    },
    /// The first bad commit.
    Found(ObjectId),
    /// One of these is the first bad commit; all but the last were skipped.
    OneOf(Vec<ObjectId>),
    /// No commit is in question: the bad one is good as well, or nothing between changed the paths.
    Nothing,
}

/// What merge bases of the bad commit and the good ones ask for first, if anything: a good commit on another line of
/// history says nothing of the bad one until their common ancestor is known to be good. A skipped one is let pass.
pub fn check_bases(
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
    options: &BisectOptions,
) -> Result<Option<BisectStep>, ReadError> {
    let BisectOptions { bad, good, skipped, .. } = options;
    for base in merge_bases(graph, source, bad, good)? {
        if good.contains(&base) {
            continue;
        }
        if base == *bad {
            return Ok(Some(BisectStep::Fixed(base)));
        }
        if !skipped.contains(&base) {
            return Ok(Some(BisectStep::TestBase(base)));
        }
    }
    Ok(None)
}

/// The search for the commits that halve what is in question.
pub struct Bisection {
    walk: Walk,
    first_parent: bool,
    weigh_all: bool,
    /// Commits in question, the oldest first.
    list: Vec<CommitIndex>,
    /// By number of the commit.
    weights: Vec<u32>,
    /// By number of the commit: the merge whose ancestors were counted last.
    counted_for: Vec<u32>,
    all: u32,
    phase: Phase,
}

#[derive(Clone, Copy)]
enum Phase {
    Walk,
    /// Merges are weighed by counting, from this place in the list on.
    Merges(usize),
    Lines,
}

impl Bisection {
    /// Prepares a search; nothing is read yet.
    pub fn new(options: &BisectOptions) -> Self {
        let hidden = options.good.iter().map(|id| Tip { id: *id, role: Role::Hidden });
        let tips = hidden.chain([Tip { id: options.bad, role: Role::Shown }]).collect();
        let (first_parent, paths) = (options.first_parent, options.paths.clone());
        Self {
            walk: Walk::new(WalkOptions { tips, first_parent, paths, ..WalkOptions::default() }),
            first_parent,
            weigh_all: !options.skipped.is_empty(),
            list: Vec::new(),
            weights: Vec::new(),
            counted_for: Vec::new(),
            all: 0,
            phase: Phase::Walk,
        }
    }

    /// Looks at about `budget` commits; the commits to test, once they are known.
    pub fn step(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        budget: usize,
    ) -> Result<Option<Bisected>, ReadError> {
        let mut left = budget;
        loop {
            match self.phase {
                Phase::Walk => {
                    if !self.walk.limit(graph, source, left)? {
                        return Ok(None);
                    }
                    self.begin(graph);
                }
                Phase::Merges(at) => match self.weigh_merges(graph, at, left) {
                    Weighing::Half(commit) => return Ok(Some(self.only(commit))),
                    Weighing::Stopped => return Ok(None),
                    Weighing::Done => self.phase = Phase::Lines,
                },
                Phase::Lines => {
                    return Ok(Some(match self.weigh_lines(graph) {
                        Some(half) => self.only(half),
                        None => self.best(graph),
                    }));
                }
            }
            left = left.saturating_sub(self.list.len()).max(1);
        }
    }

    /// Whether a commit itself is in question: it is not where it changes nothing at the paths.
    fn counts(&self, commit: CommitIndex) -> bool {
        !self.walk.is_same(commit)
    }

    /// The parents of a commit that are between good and bad.
    fn parents<'a>(
        &'a self,
        graph: &'a CommitGraph,
        commit: CommitIndex,
    ) -> impl Iterator<Item = CommitIndex> + 'a {
        let most = if self.first_parent { 1 } else { usize::MAX };
        self.walk.parents(graph, commit).take(most).filter(|parent| !self.walk.is_hidden(*parent))
    }

    fn begin(&mut self, graph: &CommitGraph) {
        let list = self.walk.listed().iter().copied();
        self.list = list.filter(|commit| !self.walk.is_hidden(*commit)).collect();
        self.all = self.list.iter().filter(|commit| self.counts(**commit)).count() as u32;
        self.weights = alloc::vec![UNKNOWN; graph.len()];
        self.counted_for = alloc::vec![UNKNOWN; graph.len()];
        for at in 0..self.list.len() {
            let commit = self.list[at];
            if self.parents(graph, commit).next().is_none() {
                self.weights[commit.position()] = u32::from(self.counts(commit));
            }
        }
        self.phase = Phase::Merges(0);
    }

    fn weigh_merges(&mut self, graph: &CommitGraph, from: usize, mut left: usize) -> Weighing {
        for at in from..self.list.len() {
            let commit = self.list[at];
            if self.parents(graph, commit).nth(1).is_none() {
                continue;
            }
            if left == 0 {
                self.phase = Phase::Merges(at);
                return Weighing::Stopped;
            }
            let weight = self.count(graph, commit);
            self.weights[commit.position()] = weight;
            if self.is_half(commit) {
                return Weighing::Half(commit);
            }
            left = left.saturating_sub(weight as usize + 1);
        }
        Weighing::Done
    }

    /// How many commits in question a commit reaches.
    fn count(&mut self, graph: &CommitGraph, from: CommitIndex) -> u32 {
        let mut count = 0;
        let mut stack = Vec::from([from]);
        while let Some(commit) = stack.pop() {
            if core::mem::replace(&mut self.counted_for[commit.position()], from.0) == from.0 {
                continue;
            }
            count += u32::from(self.counts(commit));
            stack.extend(self.parents(graph, commit));
        }
        count
    }

    /// Weighs the commits of one parent, from the oldest on; one that is half of all, where one is met.
    fn weigh_lines(&mut self, graph: &CommitGraph) -> Option<CommitIndex> {
        let mut unknown: Vec<CommitIndex> = self.list.clone();
        // Lying dates put children before parents; then it takes more rounds.
        loop {
            let before = unknown.len();
            let mut later = Vec::new();
            for commit in unknown {
                if self.weights[commit.position()] != UNKNOWN {
                    continue;
                }
                let known = self.parents(graph, commit).map(|parent| self.weights[parent.position()]);
                let Some(weight) = known.into_iter().find(|weight| *weight != UNKNOWN) else {
                    later.push(commit);
                    continue;
                };
                self.weights[commit.position()] = weight + u32::from(self.counts(commit));
                if self.is_half(commit) {
                    return Some(commit);
                }
            }
            if later.is_empty() || later.len() == before {
                return None;
            }
            unknown = later;
        }
    }

    /// Whether a commit halves what is in question as well as any can, or nearly so among thousands.
    fn is_half(&self, commit: CommitIndex) -> bool {
        if self.weigh_all || !self.counts(commit) {
            return false;
        }
        let off = (2 * i64::from(self.weights[commit.position()]) - i64::from(self.all)).unsigned_abs();
        off <= 1 || off < u64::from(self.all) / 1024
    }

    fn weighed(&self, commit: CommitIndex) -> Weighed {
        Weighed { commit, reaches: self.weights[commit.position()] }
    }

    fn only(&self, commit: CommitIndex) -> Bisected {
        Bisected { best: Vec::from([self.weighed(commit)]), all: self.all }
    }

    /// Without a half: the first that comes nearest, or all in the order of how near they come.
    fn best(&self, graph: &CommitGraph) -> Bisected {
        let in_question = self.list.iter().copied().filter(|commit| {
            // Only in a forged store does a commit stay unknown: it is its own ancestor.
            self.counts(*commit) && self.weights[commit.position()] != UNKNOWN
        });
        let mut best: Vec<Weighed> = in_question.map(|commit| self.weighed(commit)).collect();
        let distance = |weighed: &Weighed| weighed.reaches.min(self.all.saturating_sub(weighed.reaches));
        if self.weigh_all {
            crate::sort::sort_by_key(&mut best, |weighed| {
                (core::cmp::Reverse(distance(weighed)), *graph.id(weighed.commit))
            });
        } else {
            let first = best.iter().copied().reduce(|a, b| if distance(&b) > distance(&a) { b } else { a });
            best = first.into_iter().collect();
        }
        Bisected { best, all: self.all }
    }
}

enum Weighing {
    Half(CommitIndex),
    Stopped,
    Done,
}

impl Bisected {
    /// What to do now. Where the best commit was skipped, one is taken that is likely to be some way off from it.
    pub fn choose(&self, graph: &CommitGraph, options: &BisectOptions) -> BisectStep {
        let is_skipped = |weighed: &Weighed| options.skipped.contains(graph.id(weighed.commit));
        let Some(best) = self.best.first() else { return BisectStep::Nothing };
        let mut tried = Vec::new();
        let chosen = if is_skipped(best) {
            let (skipped, open): (Vec<Weighed>, Vec<Weighed>) =
                self.best.iter().copied().partition(|weighed| is_skipped(weighed));
            tried = skipped;
            skip_away(&open, |weighed| *graph.id(weighed.commit) == options.bad)
        } else {
            Some(*best)
        };
        let chosen = chosen.map(|chosen| *graph.id(chosen.commit));
        match chosen {
            Some(commit) if commit != options.bad => {
                BisectStep::Test { commit, all: self.all, reaches: best.reaches }
            }
            Some(bad) if tried.is_empty() => BisectStep::Found(bad),
            // Also where the bad commit itself was skipped.
            chosen => {
                let mut ids: Vec<ObjectId> = tried.iter().map(|weighed| *graph.id(weighed.commit)).collect();
                ids.extend(chosen);
                BisectStep::OneOf(ids)
            }
        }
    }
}

/// One of the commits that were not skipped: which one follows from their number, and is more likely a near one. The bad
/// commit is taken only where there is no other.
fn skip_away(open: &[Weighed], is_bad: impl Fn(&Weighed) -> bool) -> Option<Weighed> {
    let count = open.len() as u32;
    // The generator of random numbers that the C standard gives as its example.
    let number = count.wrapping_mul(1_103_515_245).wrapping_add(12345) / 65536 % 32768;
    let (part, root) = (u64::from(count) * u64::from(number) / 32768, u64::from(number.isqrt()));
    let at = (part * root / 181) as usize;
    let chosen = open.get(at).or(open.first())?;
    Some(*if !is_bad(chosen) || at >= open.len() {
        chosen
    } else {
        at.checked_sub(1).and_then(|before| open.get(before)).unwrap_or(&open[0])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use crate::{Kind, ObjectSink};
    use std::format;

    #[test]
    fn a_line_is_halved_until_its_culprit_is_found() {
        let mut store = MemoryStore::new();
        let mut line: Vec<ObjectId> = Vec::new();
        for time in 0..1000 {
            let parent = line.last().map_or_else(Default::default, |id| format!("parent {id}\n"));
            let tree = ObjectId::EMPTY_TREE;
            let text = format!("tree {tree}\n{parent}author A <a> 1 +0000\ncommitter A <a> {time} +0000\n\n");
            line.push(store.write(Kind::Commit, text.as_bytes()));
        }
        let mut graph = CommitGraph::new();
        for culprit in [1, 2, 500, 998, 999] {
            let mut options = BisectOptions {
                bad: line[999],
                good: [line[0]].into(),
                skipped: Vec::new(),
                first_parent: false,
                paths: Vec::new(),
            };
            for tests in 0.. {
                let mut search = Bisection::new(&options);
                let found = loop {
                    if let Some(found) = search.step(&mut graph, &store, 100).unwrap() {
                        break found;
                    }
                };
                match found.choose(&graph, &options) {
                    BisectStep::Test { commit, .. } => {
                        let at = line.iter().position(|id| *id == commit).unwrap();
                        if at < culprit { options.good.push(commit) } else { options.bad = commit }
                    }
                    step => {
                        assert_eq!(step, BisectStep::Found(line[culprit]));
                        assert!(tests <= 10, "{tests} tests");
                        break;
                    }
                }
            }
        }
    }
}
