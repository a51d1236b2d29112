//! Reading: files of a tree, files of a tree under uncommitted changes, staging and discarding.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bstr::{BStr, BString};
use govc_git::glob::{Glob, Globs};
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
            _ => Err(Error::no_path(BStr::new(path))),
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

    /// The regular files of a tree with their contents' ids, in git's order; only those that patterns mean, if there are any.
    pub fn files(&self, tree: &ObjectId, globs: Option<&Globs>) -> Result<Vec<(BString, ObjectId)>> {
        let mut files = Vec::new();
        visit_paths(&self.store, tree, &self.limits, |path, entry| {
            if entry.mode.is_regular() && globs.is_none_or(|globs| globs.matches(path)) {
                files.push((path.into(), entry.id));
            }
            Visit::Continue
        })?;
        Ok(files)
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
        let changes = self.workspaces.get(reality).map(|workspace| &workspace.changes);
        self.ensure_room(changes.map_or(0, Changes::content_bytes) + content.len() as u64)?;
        let mode = match mode {
            Some(mode) => mode,
            None => self.usual_mode(head, changes, &path)?,
        };
        self.stage(reality, |repository, changes| {
            repository.stage_content(head, changes, path, Staged::Put(mode, content))
        })
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
        self.stage(reality, |repository, changes| repository.stage_removal(tree, changes, path))
    }

    /// Changes what is staged. `work` fails before it changes anything.
    pub(crate) fn stage(
        &mut self,
        reality: &RefName,
        work: impl FnOnce(&Self, &mut Changes) -> Result<()>,
    ) -> Result<()> {
        // Taken out, so that nobody shares them but forks: else each change would copy all.
        let staged =
            self.workspaces.get_mut(reality).map(|workspace| core::mem::take(&mut workspace.changes));
        let mut changes = staged.unwrap_or_default();
        let result = work(self, &mut changes);
        if !changes.is_empty() {
            self.workspaces.get_or_insert_with(reality.clone(), Default::default).changes = changes;
        }
        result
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
        let in_tree = changes.removal_above(&path).is_none()
            && find_path(&self.store, &tree, path.as_bstr())?.is_some();
        let is_shown = match changes.own(&path) {
            Some(Staged::Remove) => changes.put_below(&path).next().is_some(),
            Some(_) => true,
            None if changes.has_below(&path) => !self.entries_below(tree, changes, &path)?.is_empty(),
            None => in_tree,
        };
        if !is_shown {
            return Err(Error::no_path(path));
        }
        changes.unset(&path);
        if in_tree {
            changes.set(path, Staged::Remove);
        }
        Ok(())
    }

    /// Stages content over a commit, in the place of what was there; a directory makes room only once it was removed.
    pub(crate) fn stage_content(
        &self,
        head: Option<ObjectId>,
        changes: &mut Changes,
        path: RepoPath,
        staged: Staged,
    ) -> Result<()> {
        if matches!(changes.own(&path), Some(Staged::Remove)) {
            // From here on the change of the path itself no longer says what becomes of the directory.
            for (below, _) in self.tree_below(&self.tree_of(head)?, &path)? {
                if changes.own(&below).is_none() {
                    changes.set(below, Staged::Remove);
                }
            }
        }
        changes.set(path, staged);
        Ok(())
    }

    /// What lies below a directory when `changes` lie over `tree`: files and submodules.
    pub(crate) fn entries_below(
        &self,
        tree: ObjectId,
        changes: &Changes,
        path: &RepoPath,
    ) -> Result<Vec<(RepoPath, Staged)>> {
        let mut entries: Vec<(RepoPath, Staged)> = Vec::new();
        for (below, TreeEntry { mode, id }) in self.tree_below(&tree, path)? {
            if changes.decisive(&below).is_none() {
                entries.push((below, Staged::Link(mode, id)));
            }
        }
        entries.extend(changes.put_below(path).map(|(path, staged)| (path.clone(), staged.clone())));
        Ok(entries)
    }

    /// The files and submodules that a tree has below a directory; none where there is no directory.
    fn tree_below(&self, tree: &ObjectId, path: &RepoPath) -> Result<Vec<(RepoPath, TreeEntry)>> {
        let directory = match find_path(&self.store, tree, path.as_bstr())? {
            Some(TreeEntry { mode, id }) if mode.is_directory() => id,
            _ => return Ok(Vec::new()),
        };
        let mut found: Vec<(BString, TreeEntry)> = Vec::new();
        visit_paths(&self.store, &directory, &self.limits, |name, entry| {
            if !entry.mode.is_directory() {
                found.push((bstr::concat([path.as_bstr(), BStr::new("/"), name]).into(), entry));
            }
            Visit::Continue
        })?;
        found.into_iter().map(|(path, entry)| Ok((RepoPath::new(&path)?, entry))).collect()
    }
}

/// Whether an entry has content that can be read: not a directory, not a submodule.
fn is_file(mode: Mode) -> bool {
    !matches!(mode.kind(), EntryKind::Directory | EntryKind::Submodule)
}
