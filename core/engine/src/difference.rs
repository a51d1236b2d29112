//! Differences: which files of two states differ, and what is staged.

use alloc::vec::Vec;

use govc_git::diff::rename::RenameOptions;
use govc_git::diff::{DiffOptions, FileChange, diff_trees};
use govc_git::edit::edit_tree;
use govc_git::path::RepoPath;
use govc_git::refs::RefName;
use govc_git::store::Overlay;
use govc_git::{ObjectId, ObjectSource};

use crate::Repository;
use crate::error::Result;
use crate::transaction::Transaction;
use crate::workspace::Changes;

impl Repository {
    /// The files that differ between two trees; renames are found where there are options for them.
    pub fn diff(
        &self,
        old: &ObjectId,
        new: &ObjectId,
        renames: Option<RenameOptions>,
    ) -> Result<Vec<FileChange>> {
        self.diff_in(&self.store, old, new, renames)
    }

    /// The files that a reality has staged.
    pub fn status(&self, reality: &RefName) -> Result<Vec<FileChange>> {
        let base = self.tree_of(self.head(reality)?)?;
        match self.workspaces.get(reality) {
            Some(workspace) => self.diff_staged(base, &workspace.changes),
            None => Ok(Vec::new()),
        }
    }

    /// The files that a transaction changes.
    pub fn changes_in(&self, transaction: &Transaction) -> Result<Vec<FileChange>> {
        self.diff_staged(self.tree_of(transaction.base())?, transaction.changes())
    }

    /// Makes the state that a reality would commit readable until the next preview; its tree.
    pub fn preview(&mut self, reality: &RefName) -> Result<ObjectId> {
        let base = self.tree_of(self.head(reality)?)?;
        let changes =
            self.workspaces.get(reality).map(|workspace| workspace.changes.clone()).unwrap_or_default();
        self.preview_over(base, &changes)
    }

    /// Makes the state that a transaction would commit readable until the next preview; its tree.
    pub fn preview_in(&mut self, transaction: &Transaction) -> Result<ObjectId> {
        self.preview_over(self.tree_of(transaction.base())?, transaction.changes())
    }

    /// Makes the state that a transaction would commit on the reality's newest commit readable until the next preview.
    pub fn preview_commit_of(&mut self, transaction: &Transaction) -> Result<ObjectId> {
        let head = self.head(transaction.reality())?;
        self.preview_over(self.tree_of(head)?, transaction.changes())
    }

    fn preview_over(&mut self, base: ObjectId, changes: &Changes) -> Result<ObjectId> {
        let mut overlay = Overlay::new(&self.store);
        let edits = changes.write_blobs(&mut overlay);
        let tree = edit_tree(&mut overlay, &base, &edits)?;
        let written = overlay.into_new();
        self.store.preview(written);
        Ok(tree)
    }

    fn diff_staged(&self, base: ObjectId, changes: &Changes) -> Result<Vec<FileChange>> {
        let mut overlay = Overlay::new(&self.store);
        let edits = changes.write_blobs(&mut overlay);
        let tree = edit_tree(&mut overlay, &base, &edits)?;
        self.diff_in(&overlay, &base, &tree, Some(RenameOptions::default()))
    }

    /// The paths that differ between two trees.
    pub(crate) fn changed_paths(&self, old: ObjectId, new: ObjectId) -> Result<Vec<RepoPath>> {
        let changes = self.diff_in(&self.store, &old, &new, None)?;
        Ok(changes.iter().filter_map(|change| RepoPath::new(&change.path).ok()).collect())
    }

    fn diff_in(
        &self,
        source: &dyn ObjectSource,
        old: &ObjectId,
        new: &ObjectId,
        renames: Option<RenameOptions>,
    ) -> Result<Vec<FileChange>> {
        Ok(diff_trees(source, Some(old), Some(new), &DiffOptions { renames }, &self.limits)?.files)
    }
}
