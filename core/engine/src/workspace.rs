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
pub struct Changes {
    by_path: Arc<NameMap<RepoPath, Staged>>,
    /// Bytes of all contents that are not in the store yet.
    content_bytes: u64,
}

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }

    /// Replaces the change of a path; what was staged below it goes, and a removal above it stays as it is.
    pub fn set(&mut self, path: RepoPath, staged: Staged) {
        if matches!(staged, Staged::Remove) {
            let below: Vec<RepoPath> = below(&self.by_path, &path).map(|(path, _)| path.clone()).collect();
            below.iter().for_each(|path| drop(self.take(path)));
        }
        self.content_bytes += content_bytes(&staged);
        let before = Arc::make_mut(&mut self.by_path).insert(path, staged);
        self.content_bytes -= before.as_ref().map_or(0, content_bytes);
    }

    /// Forgets the change of a path and of everything below it; returns whether there was one.
    pub fn unset(&mut self, path: &RepoPath) -> bool {
        let paths: Vec<RepoPath> =
            below(&self.by_path, path).map(|(path, _)| path.clone()).chain([path.clone()]).collect();
        paths.iter().filter(|path| self.take(path).is_some()).count() > 0
    }

    fn take(&mut self, path: &RepoPath) -> Option<Staged> {
        let staged = Arc::make_mut(&mut self.by_path).remove(path)?;
        self.content_bytes -= content_bytes(&staged);
        Some(staged)
    }

    /// The change of exactly this path.
    pub fn own(&self, path: &RepoPath) -> Option<&Staged> {
        self.by_path.get(path)
    }

    /// Whether something below a path changes.
    pub fn has_below(&self, path: &RepoPath) -> bool {
        below(&self.by_path, path).next().is_some()
    }

    /// The changes below a path that put something there, in order.
    pub fn put_below(&self, path: &RepoPath) -> impl Iterator<Item = (&RepoPath, &Staged)> {
        below(&self.by_path, path).filter(|(_, staged)| !matches!(staged, Staged::Remove))
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
            .filter_map(|at| RepoPath::new(&bytes[..at]).ok().and_then(|above| self.by_path.get(&above)))
            .find(|staged| matches!(staged, Staged::Remove))
    }

    /// All changes, in the order of paths.
    pub fn iter(&self) -> impl Iterator<Item = (&RepoPath, &Staged)> {
        self.by_path.iter()
    }

    /// Bytes of all contents that are not in the store yet.
    pub const fn content_bytes(&self) -> u64 {
        self.content_bytes
    }

    /// Writes the contents as blobs and returns the edits that make the changes.
    pub fn write_blobs(&self, store: &mut dyn ObjectSink) -> Vec<(&RepoPath, PathEdit)> {
        let mut edits = Vec::with_capacity(self.by_path.len());
        for (path, staged) in self.by_path.iter() {
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

fn content_bytes(staged: &Staged) -> u64 {
    if let Staged::Put(_, bytes) = staged { bytes.len() as u64 } else { 0 }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_contents_are_those_of_all_that_is_staged() {
        let mut changes = Changes::default();
        let path = |path: &str| RepoPath::new(path).unwrap();
        let put = |length: usize| Staged::Put(Mode::FILE, std::vec![0; length].into());
        let mut check = |expected: u64, work: &mut dyn FnMut(&mut Changes)| {
            work(&mut changes);
            let staged: u64 = changes.iter().map(|(_, staged)| content_bytes(staged)).sum();
            assert_eq!((changes.content_bytes(), staged), (expected, expected));
        };
        check(3, &mut |changes| changes.set(path("a/b"), put(3)));
        check(8, &mut |changes| changes.set(path("a/c"), put(5)));
        check(12, &mut |changes| changes.set(path("a/b"), put(7)));
        check(12, &mut |changes| changes.set(path("d"), Staged::Link(Mode::FILE, ObjectId::NULL)));
        check(5, &mut |changes| assert!(changes.unset(&path("a/b"))));
        check(5, &mut |changes| assert!(!changes.unset(&path("a/b"))));
        check(0, &mut |changes| changes.set(path("a"), Staged::Remove));
    }
}
