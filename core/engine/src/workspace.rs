//! What a reality has changed and not yet committed: a map of paths over its head, shared by forks until one writes.

use alloc::sync::Arc;
use alloc::vec::Vec;

use govc_git::edit::PathEdit;
use govc_git::name_map::NameMap;
use govc_git::object::Mode;
use govc_git::path::RepoPath;
use govc_git::store::ObjectSink;
use govc_git::{Kind, ObjectId};

/// A change of one path that is not in the store yet.
#[derive(Clone, Debug)]
pub enum Staged {
    /// New content.
    Put(Mode, Arc<[u8]>),
    /// An object that exists, under this path.
    Link(Mode, ObjectId),
    /// Gone, with everything below.
    Remove,
}

impl Staged {
    /// The same content with another mode.
    pub fn with_mode(self, mode: Mode) -> Self {
        match self {
            Self::Put(_, bytes) => Self::Put(mode, bytes),
            Self::Link(_, id) => Self::Link(mode, id),
            Self::Remove => Self::Remove,
        }
    }
}

/// Changes over a head. A clone costs O(1).
#[derive(Clone, Debug, Default)]
pub struct Changes(Arc<NameMap<RepoPath, Staged>>);

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Replaces the change of a path; what was staged below it goes, and a removal above it stays as it is.
    pub fn set(&mut self, path: RepoPath, staged: Staged) {
        let map = Arc::make_mut(&mut self.0);
        if matches!(staged, Staged::Remove) {
            let below: Vec<RepoPath> = below(map, &path).map(|(path, _)| path.clone()).collect();
            below.iter().for_each(|path| drop(map.remove(path)));
        }
        map.insert(path, staged);
    }

    /// Forgets the change of a path and of everything below it; returns whether there was one.
    pub fn unset(&mut self, path: &RepoPath) -> bool {
        let map = Arc::make_mut(&mut self.0);
        let paths: Vec<RepoPath> =
            below(map, path).map(|(path, _)| path.clone()).chain([path.clone()]).collect();
        paths.iter().filter(|path| map.remove(path).is_some()).count() > 0
    }

    /// The change of exactly this path.
    pub fn own(&self, path: &RepoPath) -> Option<&Staged> {
        self.0.get(path)
    }

    /// Whether something below a path changes.
    pub fn has_below(&self, path: &RepoPath) -> bool {
        below(&self.0, path).next().is_some()
    }

    /// The changes below a path that put something there, in order.
    pub fn put_below(&self, path: &RepoPath) -> impl Iterator<Item = (&RepoPath, &Staged)> {
        below(&self.0, path).filter(|(_, staged)| !matches!(staged, Staged::Remove))
    }

    /// The change that decides what is at `path`: its own, or the removal of a directory above it.
    pub fn decisive(&self, path: &RepoPath) -> Option<&Staged> {
        self.own(path).or_else(|| self.removal_above(path))
    }

    /// The removal of a directory above `path`.
    pub fn removal_above(&self, path: &RepoPath) -> Option<&Staged> {
        let bytes: &[u8] = path.as_bstr();
        let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        slashes
            .filter_map(|at| RepoPath::new(&bytes[..at]).ok().and_then(|above| self.0.get(&above)))
            .find(|staged| matches!(staged, Staged::Remove))
    }

    /// All changes, in the order of paths.
    pub fn iter(&self) -> impl Iterator<Item = (&RepoPath, &Staged)> {
        self.0.iter()
    }

    /// Bytes of all contents that are not in the store yet.
    pub fn content_bytes(&self) -> u64 {
        let bytes = |staged: &Staged| if let Staged::Put(_, bytes) = staged { bytes.len() as u64 } else { 0 };
        self.0.iter().map(|(_, staged)| bytes(staged)).sum()
    }

    /// Writes the contents as blobs and returns the edits that make the changes.
    pub fn write_blobs(&self, store: &mut dyn ObjectSink) -> Vec<(&RepoPath, PathEdit)> {
        let mut edits = Vec::with_capacity(self.0.len());
        for (path, staged) in self.0.iter() {
            let edit = match staged {
                Staged::Put(mode, bytes) => PathEdit::Put(*mode, store.write(Kind::Blob, bytes)),
                Staged::Link(mode, id) => PathEdit::Put(*mode, *id),
                Staged::Remove => PathEdit::Remove,
            };
            edits.push((path, edit));
        }
        edits
    }
}

fn below<'a>(
    map: &'a NameMap<RepoPath, Staged>,
    path: &RepoPath,
) -> impl Iterator<Item = (&'a RepoPath, &'a Staged)> + use<'a> {
    let path = path.clone();
    map.range_from(core::ops::Bound::Excluded(&path)).take_while(move |(other, _)| other.is_below(&path))
}

/// The uncommitted state of one reality.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// Staged changes.
    pub changes: Changes,
    /// A merge whose conflicts were recorded and that is not committed yet.
    pub merge: Option<PendingMerge>,
}

/// A recorded merge: the next commit has a second parent.
#[derive(Clone, Debug)]
pub struct PendingMerge {
    /// The other side.
    pub theirs: ObjectId,
    /// What is still open.
    pub conflicts: Vec<govc_git::merge::Conflict>,
}
