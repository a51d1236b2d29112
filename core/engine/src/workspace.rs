//! What a reality has changed and not yet committed: a map of paths over its head, shared by forks until one writes.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bstr::BString;
use govc_git::diff::rename::RenameOptions;
use govc_git::edit::PathEdit;
use govc_git::merge::text::Favor;
use govc_git::name_map::NameMap;
use govc_git::object::{Mode, Signature};
use govc_git::path::RepoPath;
use govc_git::refs::RefName;
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

    /// Whether these are the same changes: not only equal, but the ones that were cloned.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.by_path, &other.by_path) || self.is_empty() && other.is_empty()
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

/// How two states are merged.
#[derive(Clone, Debug, Default)]
pub struct MergeRequest {
    /// Which side wins where both changed the same lines.
    pub favor: Favor,
    /// How renames are found; `None` ignores them.
    pub renames: Option<RenameOptions>,
    /// What conflict markers call our side.
    pub ours: BString,
    /// What conflict markers call their side.
    pub theirs: BString,
    /// Contents that settle conflicts, by path.
    pub decided: NameMap<BString, Vec<u8>>,
    /// Whether all files are merged by their lines, whatever `.gitattributes` say.
    pub ignores_attributes: bool,
}

/// What an operation did to what a reality has staged, for undo and redo.
#[derive(Clone, Debug)]
pub struct Restaged {
    /// The operation.
    pub operation: u64,
    /// The reality.
    pub reality: RefName,
    /// What was staged before it.
    pub before: Option<Workspace>,
    /// What was staged after it.
    pub after: Option<Workspace>,
}

/// Work that conflicts have stopped: what is staged is what it left.
#[derive(Clone, Debug)]
pub struct PendingMerge {
    /// What was to be done.
    pub kind: PendingKind,
    /// What is still open.
    pub conflicts: Vec<govc_git::merge::Conflict>,
}

/// What conflicts have stopped, and what has to be done once they are resolved.
#[derive(Clone, Debug)]
pub enum PendingKind {
    /// A merge with this commit: the next commit has it as its second parent.
    Merge(ObjectId),
    /// A commit's change, taken over or back: the next commit says so, and is by its author.
    Pick(PickKind, Box<Picked>),
    /// A rebase: it has to be continued.
    Rebase(Box<Rebasing>),
    /// A stash that was brought back: nothing.
    Stash,
}

/// Which way a change is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickKind {
    /// As it is: cherry-pick.
    Apply,
    /// Taken back: revert.
    Revert,
}

/// A commit whose change is taken over.
#[derive(Clone, Debug)]
pub struct Picked {
    /// The commit.
    pub id: ObjectId,
    /// Its state.
    pub tree: ObjectId,
    /// What the change is counted from; `None` for a commit without a parent.
    pub parent: Option<ObjectId>,
    /// Whether it has several parents.
    pub is_merge: bool,
    /// Who wrote it.
    pub author: Signature,
    /// The headers that go along: the encoding that author and message are in.
    pub extra_headers: Vec<(BString, BString)>,
    /// The message, without blank lines before it.
    pub message: BString,
}

/// A rebase on its way.
#[derive(Clone, Debug)]
pub struct Rebasing {
    /// Where the reality was, and is until all is done.
    pub head: ObjectId,
    /// What its commits are put on.
    pub onto: ObjectId,
    /// The last commit that was put there.
    pub tip: ObjectId,
    /// The commits to put there, the next one last; while it is stopped, the last is the one that conflicts.
    pub rest: Vec<Picked>,
    /// How they are merged.
    pub request: MergeRequest,
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
