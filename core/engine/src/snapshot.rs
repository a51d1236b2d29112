//! Reading: files of a tree, files of a tree under uncommitted changes, staging and discarding.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bstr::BString;
use govc_git::glob::Glob;
use govc_git::object::{EntryKind, Mode};
use govc_git::path::RepoPath;
use govc_git::refs::RefName;
use govc_git::store::{TreeEntry, Visit, find_path, visit_paths};
use govc_git::{ObjectId, ObjectSource};

use crate::Repository;
use crate::error::{Error, Result};
use crate::workspace::{Changes, Staged};

impl Repository {
    /// The content of a blob.
    pub fn read_blob(&self, id: &ObjectId) -> Result<Arc<[u8]>> {
        Ok(self.store.read_blob(id)?)
    }

    /// The content of a file in a tree.
    pub fn read_file(&self, tree: &ObjectId, path: &[u8]) -> Result<Arc<[u8]>> {
        match find_path(&self.store, tree, path)? {
            Some(TreeEntry { mode, id }) if is_file(mode) => Ok(self.store.read_blob(&id)?),
            _ => Err(Error::no_path(bstr::BStr::new(path))),
        }
    }

    /// Whether a tree has a file at a path.
    pub fn has_file(&self, tree: &ObjectId, path: &[u8]) -> Result<bool> {
        Ok(find_path(&self.store, tree, path)?.is_some_and(|entry| is_file(entry.mode)))
    }

    /// The paths of all files of a tree that a pattern means, in git's order.
    pub fn list_files(&self, tree: &ObjectId, pattern: Option<&[u8]>) -> Result<Vec<BString>> {
        let glob = pattern.map(Glob::new);
        let mut paths = Vec::new();
        visit_paths(&self.store, tree, &self.limits, |path, entry| {
            if is_file(entry.mode) && glob.as_ref().is_none_or(|glob| glob.matches(path)) {
                paths.push(path.into());
            }
            Visit::Continue
        })?;
        Ok(paths)
    }

    /// What a reality shows at a path, staged or committed.
    pub fn read(&self, reality: &RefName, path: &RepoPath) -> Result<Arc<[u8]>> {
        let tree = self.tree_of(self.head(reality)?)?;
        match self.workspaces.get(reality) {
            Some(workspace) => self.read_over(tree, &workspace.changes, path),
            None => self.read_file(&tree, path.as_bstr()),
        }
    }

    /// Whether a reality shows a file at a path.
    pub fn has(&self, reality: &RefName, path: &RepoPath) -> Result<bool> {
        let tree = self.tree_of(self.head(reality)?)?;
        match self.workspaces.get(reality).and_then(|workspace| workspace.changes.decisive(path)) {
            Some(staged) => Ok(!matches!(staged, Staged::Remove)),
            None => self.has_file(&tree, path.as_bstr()),
        }
    }

    /// The paths that a reality shows and a pattern means, in git's order.
    pub fn list(&self, reality: &RefName, pattern: Option<&[u8]>) -> Result<Vec<BString>> {
        let tree = self.tree_of(self.head(reality)?)?;
        let Some(workspace) = self.workspaces.get(reality).filter(|workspace| !workspace.changes.is_empty())
        else {
            return self.list_files(&tree, pattern);
        };
        let changes = &workspace.changes;
        let glob = pattern.map(Glob::new);
        let wanted = |path: &[u8]| glob.as_ref().is_none_or(|glob| glob.matches(path));
        let mut paths: Vec<BString> = Vec::new();
        for path in self.list_files(&tree, pattern)? {
            let removed = RepoPath::new(&path)
                .is_ok_and(|checked| matches!(changes.decisive(&checked), Some(Staged::Remove)));
            if !removed {
                paths.push(path);
            }
        }
        for (path, staged) in changes.iter() {
            if !matches!(staged, Staged::Remove) && wanted(path.as_bstr()) {
                paths.push(path.as_bstr().into());
            }
        }
        govc_git::sort::sort(&mut paths);
        paths.dedup();
        Ok(paths)
    }

    /// Stages content at a path; without a mode, a file that can be run stays so.
    pub fn write(
        &mut self,
        reality: &RefName,
        path: RepoPath,
        mode: Option<Mode>,
        content: Arc<[u8]>,
    ) -> Result<()> {
        let head = self.head(reality)?;
        self.ensure_room(content.len() as u64)?;
        let mode = match mode {
            Some(mode) => mode,
            None => self.usual_mode(
                head,
                self.workspaces.get(reality).map(|workspace| &workspace.changes),
                &path,
            )?,
        };
        self.workspaces
            .get_or_insert_with(reality.clone(), Default::default)
            .changes
            .set(path, Staged::Put(mode, content));
        Ok(())
    }

    /// The mode of new content at `path` where none is given: a file that can be run stays so.
    pub(crate) fn usual_mode(
        &self,
        head: Option<ObjectId>,
        changes: Option<&Changes>,
        path: &RepoPath,
    ) -> Result<Mode> {
        let before = match changes.and_then(|changes| changes.decisive(path)) {
            Some(Staged::Put(mode, _) | Staged::Link(mode, _)) => Some(*mode),
            Some(Staged::Remove) => None,
            None => find_path(&self.store, &self.tree_of(head)?, path.as_bstr())?.map(|entry| entry.mode),
        };
        Ok(if before.is_some_and(|mode| mode.kind() == EntryKind::Executable) {
            Mode::EXECUTABLE
        } else {
            Mode::FILE
        })
    }

    /// Stages the removal of a file, or of a directory with everything below it.
    pub fn remove(&mut self, reality: &RefName, path: RepoPath) -> Result<()> {
        let tree = self.tree_of(self.head(reality)?)?;
        let mut changes =
            self.workspaces.get(reality).map(|workspace| workspace.changes.clone()).unwrap_or_default();
        self.stage_removal(tree, &mut changes, path)?;
        self.workspaces.get_or_insert_with(reality.clone(), Default::default).changes = changes;
        Ok(())
    }

    /// Forgets what is staged at a path and below it, or everything, a recorded merge included.
    pub fn discard(&mut self, reality: &RefName, path: Option<&RepoPath>) -> Result<()> {
        self.head(reality)?;
        match (path, self.workspaces.get_mut(reality)) {
            (Some(path), Some(workspace)) => drop(workspace.changes.unset(path)),
            _ => drop(self.workspaces.remove(reality)),
        }
        Ok(())
    }

    /// The file at `path` when `changes` lie over `tree`.
    pub(crate) fn read_over(&self, tree: ObjectId, changes: &Changes, path: &RepoPath) -> Result<Arc<[u8]>> {
        match self.entry_over(tree, changes, path)?.1 {
            Staged::Put(_, bytes) => Ok(bytes),
            Staged::Link(_, id) => Ok(self.store.read_blob(&id)?),
            Staged::Remove => Err(Error::no_path(path)),
        }
    }

    /// Mode and content at `path` when `changes` lie over `tree`.
    pub(crate) fn entry_over(
        &self,
        tree: ObjectId,
        changes: &Changes,
        path: &RepoPath,
    ) -> Result<(Mode, Staged)> {
        match changes.decisive(path) {
            Some(Staged::Remove) => Err(Error::no_path(path)),
            Some(staged @ (Staged::Put(mode, _) | Staged::Link(mode, _))) => Ok((*mode, staged.clone())),
            None => match find_path(&self.store, &tree, path.as_bstr())? {
                Some(TreeEntry { mode, id }) if is_file(mode) => Ok((mode, Staged::Link(mode, id))),
                _ => Err(Error::no_path(path)),
            },
        }
    }

    /// Stages a removal over `tree`; what neither the tree nor the changes have is not found.
    pub(crate) fn stage_removal(&self, tree: ObjectId, changes: &mut Changes, path: RepoPath) -> Result<()> {
        let in_tree = find_path(&self.store, &tree, path.as_bstr())?.is_some();
        let above_removed = matches!(changes.decisive(&path), Some(Staged::Remove));
        let staged = changes.unset(&path);
        if in_tree && !above_removed {
            changes.set(path, Staged::Remove);
            Ok(())
        } else if staged && !above_removed {
            Ok(())
        } else {
            Err(Error::no_path(path))
        }
    }
}

/// Whether an entry has content that can be read: not a directory, not a submodule.
fn is_file(mode: Mode) -> bool {
    !matches!(mode.kind(), EntryKind::Directory | EntryKind::Submodule)
}
