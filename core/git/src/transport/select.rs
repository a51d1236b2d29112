//! Which objects go into a pack: those of the commits that the other side lacks, and what they changed.
//!
//! A tree is compared with the trees of the parents at the same path. What is equal there travels with the parent or is
//! had already, so a fetch costs what changed. An object that merely moved may be sent once more; none is left out.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::filter::Filter;
use super::ls_refs::ServedRefs;
use super::missing::{IdSet, MissingCommits};
use crate::limits::{LimitExceeded, Limits};
use crate::object::{EntryKind, EntryRef, TagRef, TreeRef, compare_names};
use crate::pack::{PackItem, name_hash};
use crate::path::PATH_BYTES_MAX;
use crate::rev::{CommitGraph, CommitIndex};
use crate::store::IdMap;
use crate::{Kind, ObjectId, ObjectSource, ReadError};

/// What to select.
#[derive(Clone, Default)]
pub struct SelectionRequest {
    /// Objects to send with all they reach.
    pub wants: Vec<ObjectId>,
    /// Objects that the other side has with all they reach. Those that are not here say nothing.
    pub haves: Vec<ObjectId>,
    /// Commits that have no parents as far as the wants go.
    pub wanted_cuts: Vec<ObjectId>,
    /// Commits that have no parents as far as the haves go.
    pub had_cuts: Vec<ObjectId>,
    /// What to leave out.
    pub filter: Filter,
    /// Look whether every blob is here and is a blob.
    pub checks_blobs: bool,
    /// Read the whole trees of the haves: where history is cut, what changed cannot be seen from parents alone.
    pub reads_had_trees: bool,
}

/// Selects objects, step by step.
pub struct Selection {
    graph: CommitGraph,
    missing: MissingCommits,
    filter: Filter,
    checks_blobs: bool,
    tree_depth_max: u32,
    phase: Phase,
    /// No commit that was met is had: then no tree needs to be compared.
    is_whole: bool,
    reads_had_trees: bool,
    /// Trees of the haves, to be read.
    had_trees: Vec<ObjectId>,
    /// Wanted trees, and the trees of the commits that were found.
    trees: Vec<TreeToWalk>,
    frames: Vec<Frame>,
    /// The path of the entry that is looked at.
    path: Vec<u8>,
    /// What was selected or must not be, with the depth at which it was met.
    taken: IdMap<u32>,
    objects: Vec<PackItem>,
    bases: Vec<PackItem>,
    base_ids: IdSet,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Commits,
    HadTrees,
    Trees,
    Complete,
}

/// A tree to walk, of a commit or wanted for itself.
struct TreeToWalk {
    id: ObjectId,
    commit: Option<CommitIndex>,
}

/// A tree that is being walked.
struct Frame {
    id: ObjectId,
    tree: Cursor,
    depth: u32,
    /// How much of the path leads here, its last slash included.
    path_bytes: usize,
    /// The trees of the parents at this path.
    bases: Vec<Cursor>,
}

/// A place in the bytes of a tree.
struct Cursor {
    bytes: Arc<[u8]>,
    offset: usize,
}

impl Selection {
    /// Starts; the graph may be warm. Reads the wants and haves, and commits, trees and tags only as they are named.
    pub fn new(
        request: &SelectionRequest,
        graph: CommitGraph,
        source: &dyn ObjectSource,
        limits: &Limits,
    ) -> Result<Self, ReadError> {
        let mut selection = Self {
            graph,
            missing: MissingCommits::new(),
            filter: request.filter,
            checks_blobs: request.checks_blobs,
            tree_depth_max: limits.tree_depth_max,
            phase: Phase::Commits,
            is_whole: false,
            reads_had_trees: request.reads_had_trees,
            had_trees: Vec::new(),
            trees: Vec::new(),
            frames: Vec::new(),
            path: Vec::new(),
            taken: IdMap::default(),
            objects: Vec::new(),
            bases: Vec::new(),
            base_ids: IdSet::default(),
        };
        selection.missing.wanted_cuts = request.wanted_cuts.iter().map(|id| (*id, ())).collect();
        selection.missing.had_cuts = request.had_cuts.iter().map(|id| (*id, ())).collect();
        for id in &request.haves {
            match selection.add_have(source, id) {
                Ok(()) => {}
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error),
            }
        }
        for id in &request.wants {
            selection.add_want(source, id)?;
        }
        Ok(selection)
    }

    /// Looks at no more than about `budget` commits or tree entries; `true` when all is selected.
    pub fn step(&mut self, source: &dyn ObjectSource, budget: usize) -> Result<bool, ReadError> {
        match self.phase {
            Phase::Commits => {
                if self.missing.step(&mut self.graph, source, budget)? {
                    self.list_commits();
                    self.phase = Phase::HadTrees;
                }
            }
            Phase::HadTrees => {
                for _ in 0..budget {
                    let Some(id) = self.had_trees.pop() else {
                        self.phase = Phase::Trees;
                        break;
                    };
                    self.mark_had_tree(source, &id)?;
                }
            }
            Phase::Trees => {
                let mut left = budget;
                while left > 0 && self.phase == Phase::Trees {
                    left -= 1;
                    match self.frames.last_mut() {
                        Some(_) => self.step_frame(source)?,
                        None => self.start_tree(source)?,
                    }
                }
            }
            Phase::Complete => {}
        }
        Ok(self.phase == Phase::Complete)
    }

    /// What was selected so far: commits, about newest first, then trees and blobs in the order of the walk.
    pub fn objects(&self) -> &[PackItem] {
        &self.objects
    }

    /// What the other side has and deltas may stand on.
    pub fn bases(&self) -> &[PackItem] {
        &self.bases
    }

    /// What was selected, and what the other side has and deltas may stand on.
    pub fn into_parts(self) -> (Vec<PackItem>, Vec<PackItem>) {
        (self.objects, self.bases)
    }

    /// Adds the annotated tags whose object was selected, once all is selected.
    pub fn include_tags(&mut self, source: &dyn ObjectSource, refs: &ServedRefs) {
        let selected: IdSet = self.objects.iter().map(|object| (object.id, ())).collect();
        for served in refs.refs().iter().filter(|served| served.name.starts_with(b"refs/tags/")) {
            // A tag that cannot be followed is simply not included.
            let Ok((_, peeled)) = source.peel_tags(&served.id) else { continue };
            if peeled == served.id || !selected.contains_key(&peeled) {
                continue;
            }
            let mut id = served.id;
            while id != peeled {
                let Ok(target) = tag_target(source, &id) else { break };
                self.take(id, 0, 0);
                id = target;
            }
        }
    }

    fn add_have(&mut self, source: &dyn ObjectSource, id: &ObjectId) -> Result<(), ReadError> {
        let (_, peeled) = source.peel_tags(id)?;
        let mut id = *id;
        while id != peeled {
            self.taken.insert(id, 0);
            id = tag_target(source, &id)?;
        }
        match source.header(&id)?.0 {
            Kind::Commit => {
                self.missing.have(&mut self.graph, source, &id)?;
                if self.reads_had_trees
                    && let Some(index) = self.graph.find(&id)
                {
                    self.had_trees.push(*self.graph.tree(index));
                }
                Ok(())
            }
            _ => {
                self.taken.insert(id, 0);
                Ok(())
            }
        }
    }

    fn add_want(&mut self, source: &dyn ObjectSource, id: &ObjectId) -> Result<(), ReadError> {
        let (_, peeled) = source.peel_tags(id)?;
        let mut id = *id;
        while id != peeled {
            let target = tag_target(source, &id)?;
            self.take(id, 0, 0);
            id = target;
        }
        match source.header(&id)?.0 {
            Kind::Commit => self.missing.want(&mut self.graph, source, &id)?,
            Kind::Tree => {
                self.take(id, 0, 0);
                self.trees.push(TreeToWalk { id, commit: None });
            }
            _ => self.take(id, 0, 0),
        }
        Ok(())
    }

    fn take(&mut self, id: ObjectId, depth: u32, name_hash: u32) {
        if self.taken.insert(id, depth).is_none() {
            self.objects.push(PackItem { id, name_hash });
        }
    }

    /// Notes what a tree of the other side holds. What is not here, or cannot be read, says nothing.
    fn mark_had_tree(&mut self, source: &dyn ObjectSource, id: &ObjectId) -> Result<(), ReadError> {
        if self.taken.insert(*id, 0).is_some() {
            return Ok(());
        }
        let Ok(bytes) = source.read_tree(id) else { return Ok(()) };
        for entry in TreeRef::new(&bytes).iter().map_while(Result::ok) {
            match entry.mode.kind() {
                EntryKind::Submodule => {}
                EntryKind::Directory => self.had_trees.push(entry.id),
                _ => drop(self.taken.insert(entry.id, 0)),
            }
        }
        Ok(())
    }

    fn list_commits(&mut self) {
        self.is_whole = self.missing.is_whole();
        let takes_commits = self.filter.takes_kind(Kind::Commit);
        let found: Vec<CommitIndex> = self.missing.found().collect();
        // The walk takes trees from the back: the newest first.
        let before = self.trees.len();
        for index in found {
            if takes_commits {
                self.objects.push(PackItem { id: *self.graph.id(index), name_hash: 0 });
            }
            self.trees.push(TreeToWalk { id: *self.graph.tree(index), commit: Some(index) });
        }
        self.trees[before..].reverse();
    }

    /// Takes up the next tree of a commit, or ends.
    fn start_tree(&mut self, source: &dyn ObjectSource) -> Result<(), ReadError> {
        let Some(next) = self.trees.pop() else {
            self.phase = Phase::Complete;
            return Ok(());
        };
        let Some(index) = next.commit else { return self.push_frame(source, &next.id, 0, Vec::new()) };
        if self.taken.contains_key(&next.id) && self.filter.tree_depth.is_none() {
            return Ok(());
        }
        let bases = self.parent_trees(index);
        if bases.contains(&next.id) || !self.filter.takes_depth(0) {
            return Ok(());
        }
        let is_new = self.note_tree(next.id, 0, 0);
        bases.iter().for_each(|id| self.note_base(*id, 0));
        if is_new && self.filter.descends(0) {
            let bases = bases.iter().filter_map(|id| Cursor::read(source, id)).collect();
            self.push_frame(source, &next.id, 0, bases)?;
        }
        Ok(())
    }

    /// The trees of the parents that the other side has or will get. Without any common history there is nothing to
    /// compare with that the table of what was taken does not know.
    fn parent_trees(&self, index: CommitIndex) -> Vec<ObjectId> {
        if self.is_whole || self.missing.wanted_cuts.contains_key(self.graph.id(index)) {
            return Vec::new();
        }
        let known = self.graph.parents(index).filter(|parent| self.graph.is_loaded(*parent));
        let travels = known.filter(|parent| self.missing.is_had(*parent) || self.missing.is_found(*parent));
        travels.map(|parent| *self.graph.tree(parent)).collect()
    }

    fn push_frame(
        &mut self,
        source: &dyn ObjectSource,
        id: &ObjectId,
        depth: u32,
        bases: Vec<Cursor>,
    ) -> Result<(), ReadError> {
        if depth > self.tree_depth_max {
            let allowed = u64::from(self.tree_depth_max);
            let limit = LimitExceeded { limit: "tree_depth_max", allowed, found: u64::from(depth) };
            return Err(ReadError::limit(*id, limit));
        }
        let tree = Cursor { bytes: source.read_tree(id)?, offset: 0 };
        match depth {
            0 => self.path.clear(),
            _ => self.path.push(b'/'),
        }
        self.frames.push(Frame { id: *id, tree, depth, path_bytes: self.path.len(), bases });
        Ok(())
    }

    /// Looks at the next entry of the innermost tree.
    fn step_frame(&mut self, source: &dyn ObjectSource) -> Result<(), ReadError> {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let bytes = frame.tree.bytes.clone();
        let depth = frame.depth + 1;
        let mut entries = TreeRef::new(bytes.get(frame.tree.offset..).unwrap_or_default()).iter();
        let Some(entry) = entries.next() else {
            self.frames.pop();
            return Ok(());
        };
        let entry = entry.map_err(|error| ReadError::corrupt(frame.id, error))?;
        frame.tree.offset += entries.offset();
        let kind = match entry.mode.kind() {
            EntryKind::Submodule => return Ok(()),
            EntryKind::Directory => Kind::Tree,
            _ => Kind::Blob,
        };
        if !self.filter.takes_depth(depth) || (kind == Kind::Blob && !self.filter.takes_blobs()) {
            return Ok(());
        }
        let met = self.taken.get(&entry.id);
        if met.is_some_and(|met| self.filter.tree_depth.is_none() || kind == Kind::Blob || *met <= depth) {
            return Ok(());
        }
        let mut same_name: Vec<ObjectId> = Vec::new();
        for base in &mut frame.bases {
            if let Some((id, is_directory)) = base.find(&entry) {
                if id == entry.id {
                    return Ok(());
                }
                if is_directory == (kind == Kind::Tree) {
                    same_name.push(id);
                }
            }
        }
        // What lies too deep to be a path anywhere gets no hash worth its name.
        self.path.truncate(frame.path_bytes);
        if self.path.len() + entry.name.len() < PATH_BYTES_MAX {
            self.path.extend_from_slice(entry.name);
        }
        let name_hash = name_hash(&self.path);
        same_name.iter().for_each(|id| self.note_base(*id, name_hash));
        match kind {
            Kind::Tree => {
                if self.note_tree(entry.id, depth, name_hash) && self.filter.descends(depth) {
                    let bases = same_name.iter().filter_map(|id| Cursor::read(source, id)).collect();
                    self.push_frame(source, &entry.id, depth, bases)?;
                }
            }
            _ => self.take_blob(source, &entry.id, depth, name_hash)?,
        }
        Ok(())
    }

    fn take_blob(
        &mut self,
        source: &dyn ObjectSource,
        id: &ObjectId,
        depth: u32,
        name_hash: u32,
    ) -> Result<(), ReadError> {
        if self.checks_blobs || self.filter.blob_bytes.is_some() {
            let (kind, bytes) = source.header(id)?;
            if kind != Kind::Blob {
                return Err(ReadError::wrong_kind(*id, Kind::Blob, kind));
            }
            if self.filter.blob_bytes.is_some_and(|limit| bytes >= limit) {
                return Ok(());
            }
        }
        self.take(*id, depth, name_hash);
        Ok(())
    }

    /// Takes a tree; `false` where it was walked before from at least as near to the root.
    fn note_tree(&mut self, id: ObjectId, depth: u32, name_hash: u32) -> bool {
        match self.taken.insert(id, depth) {
            None => {
                if self.filter.takes_kind(Kind::Tree) {
                    self.objects.push(PackItem { id, name_hash });
                }
                true
            }
            Some(met) if met > depth => true,
            Some(met) => {
                self.taken.insert(id, met);
                false
            }
        }
    }

    fn note_base(&mut self, id: ObjectId, name_hash: u32) {
        if self.base_ids.insert(id, ()).is_none() {
            self.bases.push(PackItem { id, name_hash });
        }
    }
}

impl Cursor {
    /// The tree as something to compare with; a tree that is not here is none.
    fn read(source: &dyn ObjectSource, id: &ObjectId) -> Option<Self> {
        Some(Self { bytes: source.read_tree(id).ok()?, offset: 0 })
    }

    /// The entry of the same name, if the cursor, which only goes forward, meets it. In a tree that is not sorted it may
    /// miss it, and more is sent.
    fn find(&mut self, wanted: &EntryRef<'_>) -> Option<(ObjectId, bool)> {
        loop {
            let mut entries = TreeRef::new(self.bytes.get(self.offset..)?).iter();
            let entry = entries.next()?.ok()?;
            let (is_directory, wanted_is) = (entry.mode.is_directory(), wanted.mode.is_directory());
            match compare_names(entry.name, is_directory, wanted.name, wanted_is) {
                Ordering::Less => self.offset += entries.offset(),
                Ordering::Equal => return Some((entry.id, is_directory)),
                Ordering::Greater => return None,
            }
        }
    }
}

fn tag_target(source: &dyn ObjectSource, id: &ObjectId) -> Result<ObjectId, ReadError> {
    let bytes = source.read_kind(id, Kind::Tag)?;
    Ok(TagRef::parse(&bytes).map_err(|error| ReadError::corrupt(*id, error))?.target)
}
