//! The commits that were seen, in memory: a second walk reads no object.
//!
//! A commit never changes, so nothing here goes stale. A commit is first *interned* (its id has a number), and *loaded*
//! when a walk comes to it. The graph knows no refs and no trees; which commits hide their parents is told at its start.

use alloc::vec::Vec;

use crate::object::CommitLinks;
use crate::store::{IdMap, IdPlaces};
use crate::{ObjectId, ObjectSource, ReadError};

/// The number of a commit in its graph; means nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitIndex(pub(super) u32);

impl CommitIndex {
    /// The number, below [`CommitGraph::len`]: for tables beside a graph.
    pub const fn position(self) -> usize {
        self.0 as usize
    }
}

/// No commit, in the place of a parent.
const NONE: u32 = u32::MAX;
/// In the place of the first parent: the commit was named and not read.
const NOT_LOADED: u32 = u32::MAX - 1;
/// In the place of the second parent: the rest of the parents is a run in `more_parents` that starts at the other bits.
/// In that run: this is the last of them.
const RUN: u32 = 1 << 31;
/// In the place of a generation number: it is being computed.
const ON_PATH: u32 = u32::MAX;
/// Commits in one graph: numbers must stay below [`RUN`].
const COMMITS_MAX: usize = (1 << 31) - 2;

/// What is kept of a commit beside its id.
#[derive(Clone, Copy)]
struct Node {
    tree: ObjectId,
    generation: u32,
    time: u64,
    first_parent: u32,
    second_parent: u32,
}

/// The commits that were seen.
#[derive(Clone, Default)]
pub struct CommitGraph {
    places: IdPlaces,
    /// By place.
    nodes: Vec<Node>,
    more_parents: Vec<u32>,
    shallow: IdMap<()>,
    scratch: Vec<ObjectId>,
}

impl CommitGraph {
    /// Starts with no commit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts with no commit; those of `shallow` will have no parents, whatever they say: a shallow clone's boundary.
    pub fn with_shallow(shallow: impl IntoIterator<Item = ObjectId>) -> Self {
        Self { shallow: shallow.into_iter().map(|id| (id, ())).collect(), ..Self::default() }
    }

    /// Number of commits that were named, read or not.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no commit was named.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Bytes of memory behind the graph.
    pub fn memory_bytes(&self) -> usize {
        self.places.memory_bytes()
            + self.nodes.capacity() * size_of::<Node>()
            + self.more_parents.capacity() * size_of::<u32>()
    }

    /// Whether this commit hides its parents.
    pub fn is_shallow(&self, id: &ObjectId) -> bool {
        self.shallow.contains_key(id)
    }

    /// The number of a commit that was named before.
    pub fn find(&self, id: &ObjectId) -> Option<CommitIndex> {
        self.places.find(id).map(|at| CommitIndex(at as u32))
    }

    /// The number of a commit, which is read unless it was before.
    pub fn load(&mut self, source: &dyn ObjectSource, id: &ObjectId) -> Result<CommitIndex, ReadError> {
        if let Some(index) = self.find(id) {
            self.load_index(source, index)?;
            return Ok(index);
        }
        let links = self.read(source, id)?;
        let index = self.intern(id);
        self.fill(index, links);
        Ok(index)
    }

    /// Reads a commit that was named, unless it was read before.
    pub fn load_index(&mut self, source: &dyn ObjectSource, index: CommitIndex) -> Result<(), ReadError> {
        if !self.is_loaded(index) {
            let id = self.places.ids()[index.position()];
            let links = self.read(source, &id)?;
            self.fill(index, links);
        }
        Ok(())
    }

    /// Whether the commit was read: only then are its tree, time and parents known.
    pub fn is_loaded(&self, index: CommitIndex) -> bool {
        self.nodes[index.position()].first_parent != NOT_LOADED
    }

    /// The id of a commit.
    pub fn id(&self, index: CommitIndex) -> &ObjectId {
        &self.places.ids()[index.position()]
    }

    /// The tree of a loaded commit.
    pub fn tree(&self, index: CommitIndex) -> &ObjectId {
        debug_assert!(self.is_loaded(index));
        &self.nodes[index.position()].tree
    }

    /// The committer's time of a loaded commit, as [`CommitLinks::time`].
    pub fn time(&self, index: CommitIndex) -> u64 {
        debug_assert!(self.is_loaded(index));
        self.nodes[index.position()].time
    }

    /// The parents of a loaded commit, in their order.
    pub fn parents(&self, index: CommitIndex) -> Parents<'_> {
        let node = &self.nodes[index.position()];
        debug_assert!(self.is_loaded(index));
        if node.second_parent == NONE || node.second_parent & RUN == 0 {
            return Parents { next: node.first_parent, after: node.second_parent, run: &[] };
        }
        let start = (node.second_parent & !RUN) as usize;
        let run = &self.more_parents[start..];
        let length = run.iter().position(|parent| parent & RUN != 0).map_or(run.len(), |last| last + 1);
        Parents { next: node.first_parent, after: NONE, run: &run[..length] }
    }

    /// The generation number, if it was computed: 1 for a root, else one more than the largest of the parents.
    pub fn generation(&self, index: CommitIndex) -> Option<u32> {
        match self.nodes[index.position()].generation {
            0 | ON_PATH => None,
            generation => Some(generation),
        }
    }

    /// Computes the generation number of a commit and of all its ancestors, which are read.
    pub fn load_generation(
        &mut self,
        source: &dyn ObjectSource,
        index: CommitIndex,
    ) -> Result<u32, ReadError> {
        let mut stack = Vec::from([index]);
        while let Some(top) = stack.last().copied() {
            if let Err(error) = self.load_index(source, top) {
                let unfinished = stack.iter().filter(|commit| self.generation(**commit).is_none());
                for commit in unfinished.copied().collect::<Vec<_>>() {
                    self.nodes[commit.position()].generation = 0;
                }
                return Err(error);
            }
            let mut largest = 0;
            let before = stack.len();
            for parent in self.parents(top) {
                match self.nodes[parent.position()].generation {
                    0 if parent != top => stack.push(parent),
                    // Only a forged store holds a commit that is its own ancestor; the link counts for nothing.
                    0 | ON_PATH => {}
                    generation => largest = largest.max(generation),
                }
            }
            let finished = stack.len() == before;
            self.nodes[top.position()].generation = if finished { largest + 1 } else { ON_PATH };
            if finished {
                stack.pop();
            }
        }
        Ok(self.nodes[index.position()].generation)
    }

    /// Reads the links of a commit; its parents are left in `scratch`.
    fn read(&mut self, source: &dyn ObjectSource, id: &ObjectId) -> Result<CommitLinks, ReadError> {
        let bytes = source.read_commit(id)?;
        let corrupt = |error| ReadError::corrupt(*id, error);
        let links = CommitLinks::parse(&bytes, &mut self.scratch).map_err(corrupt)?;
        if !self.shallow.is_empty() && self.is_shallow(id) {
            self.scratch.clear();
        }
        Ok(links)
    }

    fn intern(&mut self, id: &ObjectId) -> CommitIndex {
        if let Some(index) = self.find(id) {
            return index;
        }
        let at = self.nodes.len();
        assert!(at < COMMITS_MAX, "2^31 commits do not fit in memory");
        if at == self.nodes.capacity() {
            // By a quarter: doubling would leave a third of the memory unused on average.
            self.places.reserve_exact((at / 4).max(16));
            self.nodes.reserve_exact((at / 4).max(16));
        }
        self.places.add(*id);
        self.nodes.push(Node {
            tree: ObjectId::NULL,
            generation: 0,
            time: 0,
            first_parent: NOT_LOADED,
            second_parent: NONE,
        });
        CommitIndex(at as u32)
    }

    /// Records what was read, with the parents in `scratch`.
    fn fill(&mut self, index: CommitIndex, links: CommitLinks) {
        let parents = core::mem::take(&mut self.scratch);
        let first_parent = parents.first().map_or(NONE, |id| self.intern(id).0);
        let second_parent = match parents.as_slice() {
            [] | [_] => NONE,
            [_, second] => self.intern(second).0,
            [_, rest @ ..] => {
                let start = self.more_parents.len() as u32;
                for id in rest {
                    let parent = self.intern(id).0;
                    self.more_parents.push(parent);
                }
                *self.more_parents.last_mut().expect("because at least two were pushed") |= RUN;
                start | RUN
            }
        };
        let node = &mut self.nodes[index.position()];
        *node = Node { tree: links.tree, time: links.time, first_parent, second_parent, ..*node };
        self.scratch = parents;
    }
}

/// Iterator over the parents of a commit.
#[derive(Clone, Debug)]
pub struct Parents<'a> {
    next: u32,
    after: u32,
    run: &'a [u32],
}

impl Iterator for Parents<'_> {
    type Item = CommitIndex;

    fn next(&mut self) -> Option<CommitIndex> {
        if self.next >= NOT_LOADED {
            return None;
        }
        let parent = CommitIndex(self.next & !RUN);
        self.next = self.after;
        self.after = NONE;
        if let [first, rest @ ..] = self.run {
            self.next = first & !RUN;
            self.run = rest;
        }
        Some(parent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use crate::{Kind, ObjectSink};
    use std::format;
    use std::string::String;

    fn commit(store: &mut MemoryStore, time: u64, parents: &[ObjectId]) -> ObjectId {
        let parents: String = parents.iter().map(|id| format!("parent {id}\n")).collect();
        let text = format!(
            "tree {}\n{parents}author A <a> 1 +0000\ncommitter A <a> {time} +0000\n\n",
            ObjectId::EMPTY_TREE
        );
        store.write(Kind::Commit, text.as_bytes())
    }

    #[test]
    fn any_number_of_parents_is_kept_in_order() {
        let mut store = MemoryStore::new();
        let roots: Vec<_> = (0..6).map(|time| commit(&mut store, time, &[])).collect();
        let mut graph = CommitGraph::new();
        for count in 0..=6 {
            let id = commit(&mut store, 100, &roots[..count]);
            let index = graph.load(&store, &id).unwrap();
            let parents: Vec<_> = graph.parents(index).map(|parent| *graph.id(parent)).collect();
            assert_eq!(parents, roots[..count]);
            assert_eq!((graph.time(index), *graph.tree(index)), (100, ObjectId::EMPTY_TREE));
            assert_eq!(graph.load_generation(&store, index), Ok(if count == 0 { 1 } else { 2 }));
        }
    }

    #[test]
    fn what_is_missing_is_named_and_may_come_later() {
        let mut store = MemoryStore::new();
        let root = commit(&mut MemoryStore::new(), 1, &[]);
        let tip = commit(&mut store, 2, &[root]);
        let mut graph = CommitGraph::new();
        let index = graph.load(&store, &tip).unwrap();
        assert_eq!(graph.load_generation(&store, index), Err(ReadError::missing(root)));
        assert_eq!(graph.load(&store, &root), Err(ReadError::missing(root)));
        assert_eq!(commit(&mut store, 1, &[]), root);
        assert_eq!(graph.load_generation(&store, index), Ok(2));
        let mut graph = CommitGraph::with_shallow([tip]);
        let index = graph.load(&store, &tip).unwrap();
        assert_eq!(graph.parents(index).count(), 0);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let mut store = MemoryStore::new();
        let mut tip = commit(&mut store, 0, &[]);
        for time in 1..20_000 {
            tip = commit(&mut store, time, &[tip]);
        }
        let mut graph = CommitGraph::new();
        let index = graph.load(&store, &tip).unwrap();
        assert_eq!(graph.load_generation(&store, index), Ok(20_000));
        let bytes = graph.memory_bytes() / graph.len();
        assert!(bytes <= 90, "{bytes} bytes a commit");
    }
}
