//! Merges of realities: previewed over objects that nobody keeps, then committed, recorded or refused.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use bstr::BString;
use govc_git::ObjectId;
use govc_git::diff::Side;
use govc_git::merge::{
    AttributeSource, BranchLabels, Conflict, MergeOptions, NamedDrivers, Resolver, TreeMerge, merge_commits,
};
use govc_git::path::RepoPath;
use govc_git::refs::{NewValue, RefDelta, RefName, RefUpdate};
use govc_git::store::{MemoryStore, Overlay};

use crate::commit::{CommitRequest, PreparedCommit, prepare};
use crate::error::{Error, ErrorCode, Result};
use crate::operation::OperationKind;
use crate::repository::expected;
pub use crate::workspace::MergeRequest;
use crate::workspace::{Changes, PendingKind, PendingMerge, Staged, Workspace};
use crate::{Env, Repository};

/// Whether a merge may move a reality along instead of making a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FastForward {
    /// Where it can.
    #[default]
    Allow,
    /// Never: there is always a merge commit.
    Never,
    /// Only so: anything else is refused.
    Only,
}

/// What merging into a reality came to.
#[derive(Debug)]
pub enum Merged {
    /// Theirs was in ours already.
    UpToDate,
    /// The reality was moved along to theirs.
    FastForward,
    /// A merge commit is ready to be finished, perhaps signed first.
    Ready(Box<PreparedCommit>),
    /// The merge is staged with conflicts, to be resolved and committed.
    Recorded(Vec<Conflict>),
}

/// A merge into a reality: its tree, and what it came to.
#[derive(Debug)]
pub struct MergeOutcome {
    /// The merged tree.
    pub tree: ObjectId,
    /// What it came to.
    pub merged: Merged,
}

impl Resolver for MergeRequest {
    fn resolve(&self, conflict: &Conflict, _sides: [Option<&[u8]>; 3]) -> Option<Vec<u8>> {
        self.decided.get(&conflict.path).cloned()
    }
}

impl Repository {
    /// Merges two commits without moving anything. The merged trees and files are kept, as `git merge-tree` keeps them, or
    /// readable until the next preview.
    pub fn merge_tree(
        &mut self,
        ours: &ObjectId,
        theirs: &ObjectId,
        request: &MergeRequest,
        keep: bool,
    ) -> Result<TreeMerge> {
        let (ours, theirs) = (self.commit_at(ours)?, self.commit_at(theirs)?);
        let (merge, written) = self.merge_over(&ours, &theirs, request)?;
        if keep {
            self.ensure_room(written.body_bytes())?;
            self.store.absorb(&written);
        } else {
            self.store.preview(written);
        }
        Ok(merge)
    }

    /// Merges a commit into a reality. Where conflicts are left, they are staged if `record`, and refused if not.
    pub fn merge(
        &mut self,
        into: &RefName,
        theirs: &ObjectId,
        request: &MergeRequest,
        (fast_forward, record): (FastForward, bool),
        commit: CommitRequest,
        env: &Env,
    ) -> Result<MergeOutcome> {
        self.check_clean(into)?;
        let theirs = self.commit_at(theirs)?;
        let Some(ours) = self.head(into)? else { return self.move_along(into, None, theirs, env) };
        if self.is_ancestor(&theirs, &ours)? {
            return Ok(MergeOutcome { tree: self.tree_of(Some(ours))?, merged: Merged::UpToDate });
        }
        if fast_forward != FastForward::Never && self.is_ancestor(&ours, &theirs)? {
            return self.move_along(into, Some(ours), theirs, env);
        }
        if fast_forward == FastForward::Only {
            let message = format!("'{}' has moved on its own: it cannot only be moved along", into.short());
            return Err(Error::new(ErrorCode::Rejected, message).with("reality", into.short()));
        }
        let (merge, written) = self.merge_over(&ours, &theirs, request)?;
        if !merge.clean && !record {
            let advice = "pass a resolver, or conflicts: 'record' to resolve them in the reality";
            let work = format_args!("merging into '{}'", into.short());
            return Err(conflict_error(work, into, &merge.conflicts, advice));
        }
        self.ensure_room(written.body_bytes())?;
        self.store.absorb(&written);
        if !merge.clean {
            return self.record_merge(into, theirs, merge, env);
        }
        let commit = with_message(commit, into, &request.theirs);
        let prepared = prepare(into, Some(ours), merge.tree, [ours, theirs].into(), commit, env)?;
        Ok(MergeOutcome { tree: merge.tree, merged: Merged::Ready(Box::new(prepared)) })
    }

    /// The conflicts that a recorded merge left open.
    pub fn conflicts(&self, reality: &RefName) -> Result<Vec<Conflict>> {
        self.head(reality)?;
        let merge = self.workspaces.get(reality).and_then(|workspace| workspace.merge.as_ref());
        Ok(merge.map(|merge| merge.conflicts.clone()).unwrap_or_default())
    }

    /// Settles a recorded conflict: stages content at its path, or the path's removal.
    pub fn resolve_conflict(
        &mut self,
        reality: &RefName,
        path: &RepoPath,
        content: Option<&[u8]>,
    ) -> Result<()> {
        let open = self.conflicts(reality)?;
        if !open.iter().any(|conflict| conflict.path == path.as_bstr()) {
            let message = format!("no conflict is open at '{path}' in '{}'", reality.short());
            return Err(Error::new(ErrorCode::NotFound, message)
                .with("path", path)
                .with("reality", reality.short()));
        }
        match content {
            Some(content) => self.write(reality, path.clone(), None, content.into())?,
            // What the merge removed already needs no removal.
            None if self.has(reality, path)? => self.remove(reality, path.clone())?,
            None => {}
        }
        if let Some(merge) = self.workspaces.get_mut(reality).and_then(|workspace| workspace.merge.as_mut()) {
            merge.conflicts.retain(|conflict| conflict.path != path.as_bstr());
        }
        Ok(())
    }

    /// The realities with a recorded merge that is not committed yet: the commit that is merged in, and what is open.
    pub fn pending_merges(&self) -> impl Iterator<Item = (&RefName, ObjectId, &[Conflict])> {
        self.workspaces.iter().filter_map(|(name, workspace)| match workspace.merge.as_ref()? {
            PendingMerge { kind: PendingKind::Merge(theirs), conflicts } => {
                Some((name, *theirs, &conflicts[..]))
            }
            _ => None,
        })
    }

    /// Stages an object under a path with its mode, or the path's removal: what one side of a conflict holds. The conflict
    /// stays open. Nothing is done where nothing is there to be removed.
    pub fn stage_side(&mut self, reality: &RefName, path: &RepoPath, side: Option<Side>) -> Result<()> {
        let head = self.head(reality)?;
        if let Some(side) = side {
            return self.stage(reality, |repository, changes| {
                repository.stage_content(head, changes, path.clone(), Staged::Link(side.mode, side.id))
            });
        }
        if self.has(reality, path)? { self.remove(reality, path.clone()) } else { Ok(()) }
    }

    /// Settles the recorded conflicts of a reality with what is staged at their paths, as `git add` does.
    pub fn settle_conflicts(&mut self, reality: &RefName) -> Result<()> {
        self.head(reality)?;
        if let Some(merge) = self.workspaces.get_mut(reality).and_then(|workspace| workspace.merge.as_mut()) {
            merge.conflicts.clear();
        }
        Ok(())
    }

    fn merge_over(
        &self,
        ours: &ObjectId,
        theirs: &ObjectId,
        request: &MergeRequest,
    ) -> Result<(TreeMerge, MemoryStore)> {
        let mut overlay = Overlay::new(&self.store);
        let options = self.merge_options(request);
        let merge = merge_commits(&mut overlay, &mut *self.graph.borrow_mut(), ours, theirs, &options)?;
        Ok((merge, overlay.into_new()))
    }

    /// Sets who knows merge drivers beside git's own, by the value of the attribute `merge`.
    pub fn set_merge_drivers(&mut self, drivers: Box<dyn NamedDrivers>) {
        self.merge_drivers = Some(drivers);
    }

    /// What core/git is told about a merge.
    pub(crate) fn merge_options<'a>(&'a self, request: &'a MergeRequest) -> MergeOptions<'a> {
        MergeOptions {
            labels: BranchLabels { ours: request.ours.clone(), base: None, theirs: request.theirs.clone() },
            favor: request.favor,
            renames: request.renames,
            resolver: Some(request),
            attributes: match request.ignores_attributes {
                true => AttributeSource::Nowhere,
                false => AttributeSource::Ours,
            },
            drivers: self.merge_drivers.as_deref(),
            limits: self.limits,
            ..MergeOptions::default()
        }
    }

    /// Refuses a reality where conflicts have stopped something.
    pub(crate) fn check_not_pending(&self, reality: &RefName) -> Result<()> {
        match self.workspaces.get(reality).and_then(|workspace| workspace.merge.as_ref()) {
            Some(_) => self.check_clean(reality),
            None => Ok(()),
        }
    }

    /// Stages what conflicts have left of something, and what it was.
    pub(crate) fn record_pending(
        &mut self,
        reality: &RefName,
        kind: PendingKind,
        merge: TreeMerge,
        env: &Env,
    ) -> Result<()> {
        let tree = merge.tree;
        let changes = self.changes_to(reality, &tree)?;
        let description =
            format!("conflict in {}: {} paths are open", reality.short(), merge.conflicts.len());
        let merge = Some(PendingMerge { kind, conflicts: merge.conflicts });
        self.workspaces.insert(reality.clone(), Workspace { changes, merge });
        let here = self.refs.get(reality.as_ref()).cloned();
        let delta = RefDelta { name: reality.clone(), before: here.clone(), after: here };
        self.log_moved(OperationKind::Conflict, description, env, [delta].into());
        self.recent.remember_staged(self.log.end() - 1, tree);
        Ok(())
    }

    /// Refuses a reality with staged changes.
    pub(crate) fn check_clean(&self, reality: &RefName) -> Result<()> {
        let Some(workspace) = self.workspaces.get(reality) else { return Ok(()) };
        if workspace.merge.is_none() && workspace.changes.is_empty() {
            return Ok(());
        }
        let message = format!("'{}' has staged changes: commit or discard them first", reality.short());
        Err(Error::new(ErrorCode::Rejected, message).with("reality", reality.short()))
    }

    fn move_along(
        &mut self,
        into: &RefName,
        ours: Option<ObjectId>,
        theirs: ObjectId,
        env: &Env,
    ) -> Result<MergeOutcome> {
        let update = RefUpdate { name: into.clone(), expected: expected(ours), new: NewValue::Set(theirs) };
        self.record(
            OperationKind::Merge,
            format!("merge {}: fast-forward to {theirs}", into.short()),
            env,
            &[update],
        )?;
        Ok(MergeOutcome { tree: self.tree_of(Some(theirs))?, merged: Merged::FastForward })
    }

    /// What a reality has to stage to show a tree that is in the store.
    pub(crate) fn changes_to(&self, reality: &RefName, tree: &ObjectId) -> Result<Changes> {
        let base = self.tree_of(self.head(reality)?)?;
        let mut changes = Changes::default();
        for change in self.diff(&base, tree, None)? {
            let path = RepoPath::new(&change.path)?;
            changes.set(path, change.new.map_or(Staged::Remove, |side| Staged::Link(side.mode, side.id)));
        }
        Ok(changes)
    }

    /// Stages what a merge with conflicts left: what differs from our side, with markers in conflicted files.
    fn record_merge(
        &mut self,
        into: &RefName,
        theirs: ObjectId,
        merge: TreeMerge,
        env: &Env,
    ) -> Result<MergeOutcome> {
        let (tree, conflicts) = (merge.tree, merge.conflicts.clone());
        self.record_pending(into, PendingKind::Merge(theirs), merge, env)?;
        Ok(MergeOutcome { tree, merged: Merged::Recorded(conflicts) })
    }
}

/// The refusal of what conflicts; `work` is what was tried, `advice` what to do.
pub(crate) fn conflict_error(
    work: fmt::Arguments<'_>,
    reality: &RefName,
    conflicts: &[Conflict],
    advice: &str,
) -> Error {
    let paths = || conflicts.iter().map(|conflict| conflict.path.to_string());
    let first = paths().next().unwrap_or_default();
    let more = match conflicts.len() {
        0 | 1 => alloc::string::String::new(),
        count => format!(" and {} more", count - 1),
    };
    let message = format!("{work} conflicts in '{first}'{more}: {advice}");
    let kinds = conflicts.iter().map(|conflict| conflict.kind);
    Error::new(ErrorCode::Conflict, message)
        .with("reality", reality.short())
        .with_list("paths", paths())
        .with_list("kinds", kinds)
}

/// Git's message where there is none.
fn with_message(mut commit: CommitRequest, into: &RefName, theirs: &BString) -> CommitRequest {
    if commit.message.trim_ascii().is_empty() {
        let name = into.short();
        commit.message = if name == "main" || name == "master" {
            format!("Merge branch '{theirs}'").into()
        } else {
            format!("Merge branch '{theirs}' into {name}").into()
        };
    }
    commit
}
