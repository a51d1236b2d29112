//! The commits of a reality, put on another commit one by one, as `git rebase --no-fork-point` does: all or nothing.

use alloc::format;
use alloc::vec::Vec;

use govc_git::diff::patch_id::{PatchId, PatchPart, patch_id};
use govc_git::limits::LimitExceeded;
use govc_git::merge::TreeMerge;
use govc_git::object::Commit;
use govc_git::refs::{NewValue, RefName, RefUpdate};
use govc_git::rev::{Order, WalkOptions};
use govc_git::store::{IdMap, MemoryStore, Overlay};
use govc_git::{Kind, ObjectId, ObjectSink, ObjectSource};

use crate::commit::check_resolved;
use crate::error::{Error, ErrorCode, Result};
use crate::merge::{MergeRequest, conflict_error};
use crate::operation::OperationKind;
use crate::pick::{PickKind, Picked};
use crate::repository::expected;
use crate::workspace::{PendingKind, Rebasing};
use crate::{Env, Repository};

/// Most commits that one rebase puts elsewhere or compares with. Beyond, a merge is what is wanted.
const REBASE_COMMITS_MAX: usize = 100_000;

impl Repository {
    /// Puts the commits that a reality has and `onto` has not on `onto`; the new head. Merges are left out, and so are
    /// commits whose change `onto` has already or that change nothing any more. One operation, or none where the
    /// reality stays as it is. A conflict leaves everything as it was, unless `record`: then it is staged, and `None`
    /// is returned.
    pub fn rebase(
        &mut self,
        reality: &RefName,
        onto: &ObjectId,
        request: MergeRequest,
        record: bool,
        env: &Env,
    ) -> Result<Option<ObjectId>> {
        let (rebasing, written, stopped) = self.rebase_over(reality, onto, request, env)?;
        self.finish_rebase(reality, rebasing, written, stopped, record, env)
    }

    /// Goes on with a rebase whose conflicts were recorded and are resolved; the new head, or `None` where it stops again.
    pub fn rebase_continue(&mut self, reality: &RefName, env: &Env) -> Result<Option<ObjectId>> {
        let (rebasing, written, stopped) = self.rebase_resumed(reality, env)?;
        self.finish_rebase(reality, rebasing, written, stopped, true, env)
    }

    /// Makes the commit that a rebase would end at readable until the next preview, without keeping it; `None` where
    /// it would stop. Without `onto`, one that has stopped and would be continued.
    pub fn preview_rebase(
        &mut self,
        reality: &RefName,
        onto: Option<&ObjectId>,
        request: MergeRequest,
        env: &Env,
    ) -> Result<Option<ObjectId>> {
        let (rebasing, written, stopped) = match onto {
            Some(onto) => self.rebase_over(reality, onto, request, env)?,
            None => self.rebase_resumed(reality, env)?,
        };
        self.store.preview(written);
        Ok(stopped.is_none().then_some(rebasing.tip))
    }

    /// How far a rebase gets from its start.
    fn rebase_over(
        &self,
        reality: &RefName,
        onto: &ObjectId,
        request: MergeRequest,
        env: &Env,
    ) -> Result<(Rebasing, MemoryStore, Option<TreeMerge>)> {
        self.check_clean(reality)?;
        let onto = self.commit_at(onto)?;
        let Some(head) = self.head(reality)? else {
            let message = format!("'{}' has no commit yet", reality.short());
            return Err(Error::new(ErrorCode::NotFound, message).with("reality", reality.short()));
        };
        let mut rest = self.commits_to_move(&head, &onto)?;
        rest.reverse();
        let mut overlay = Overlay::new(&self.store);
        let mut rebasing = Rebasing { head, onto, tip: onto, rest, request };
        let stopped = self.put_all(&mut overlay, reality, &mut rebasing, env)?;
        Ok((rebasing, overlay.into_new(), stopped))
    }

    /// How far a rebase gets with what is staged in the place of the commit that stopped it.
    fn rebase_resumed(
        &self,
        reality: &RefName,
        env: &Env,
    ) -> Result<(Rebasing, MemoryStore, Option<TreeMerge>)> {
        let workspace = self.workspaces.get(reality).cloned().unwrap_or_default();
        check_resolved(&workspace)?;
        let Some(PendingKind::Rebase(rebasing)) = workspace.merge.map(|merge| merge.kind) else {
            let message = format!("no rebase has stopped in '{}'", reality.short());
            return Err(Error::new(ErrorCode::InvalidArgument, message).with("reality", reality.short()));
        };
        let mut rebasing = *rebasing;
        if self.head(reality)? != Some(rebasing.head) {
            let message =
                format!("'{}' has moved since: discard() what is staged, then rebase anew", reality.short());
            return Err(Error::new(ErrorCode::Stale, message).with("reality", reality.short()));
        }
        let mut overlay = Overlay::new(&self.store);
        let tree = self.shown_tree(&mut overlay, reality)?;
        if let Some(commit) = rebasing.rest.pop()
            && tree != overlay.peel_to_tree(&rebasing.tip)?
        {
            rebasing.tip = overlay.write(Kind::Commit, &moved(commit, tree, rebasing.tip, env));
        }
        let stopped = self.put_all(&mut overlay, reality, &mut rebasing, env)?;
        Ok((rebasing, overlay.into_new(), stopped))
    }

    /// Puts the commits that are left where they go; the conflicts of the one that does not fit.
    fn put_all(
        &self,
        overlay: &mut Overlay<'_>,
        reality: &RefName,
        rebasing: &mut Rebasing,
        env: &Env,
    ) -> Result<Option<TreeMerge>> {
        while let Some(commit) = rebasing.rest.last() {
            match self.put_on(overlay, reality, &rebasing.tip, commit, &rebasing.request, env)? {
                Ok(tip) => rebasing.tip = tip,
                Err(merge) => return Ok(Some(merge)),
            }
            rebasing.rest.pop();
        }
        Ok(None)
    }

    fn finish_rebase(
        &mut self,
        reality: &RefName,
        rebasing: Rebasing,
        written: MemoryStore,
        stopped: Option<TreeMerge>,
        record: bool,
        env: &Env,
    ) -> Result<Option<ObjectId>> {
        let Rebasing { head, onto, tip, .. } = rebasing;
        if let (Some(merge), false, Some(commit)) = (&stopped, record, rebasing.rest.last()) {
            let work = format_args!("rebasing {} of '{}'", commit.id, reality.short());
            let advice = "pass conflicts: 'record' to resolve them in the reality, or merge instead";
            return Err(conflict_error(work, reality, &merge.conflicts, advice).with("commit", commit.id));
        }
        if tip != head || stopped.is_some() {
            self.ensure_room(written.body_bytes())?;
            self.store.absorb(&written);
        }
        if let Some(merge) = stopped {
            self.record_pending(reality, PendingKind::Rebase(rebasing.into()), merge, env)?;
            return Ok(None);
        }
        if tip != head {
            let description = format!("rebase {} onto {onto}", reality.short());
            let update =
                RefUpdate { name: reality.clone(), expected: expected(Some(head)), new: NewValue::Set(tip) };
            self.record(OperationKind::Rebase, description, env, &[update])?;
        }
        self.workspaces.remove(reality);
        Ok(Some(tip))
    }

    /// Puts one commit on `tip`; the new tip, which is the old one where nothing is left of the change, or the conflicts.
    fn put_on(
        &self,
        overlay: &mut Overlay<'_>,
        reality: &RefName,
        tip: &ObjectId,
        commit: &Picked,
        request: &MergeRequest,
        env: &Env,
    ) -> Result<core::result::Result<ObjectId, TreeMerge>> {
        if commit.parent.as_ref() == Some(tip) {
            return Ok(Ok(commit.id));
        }
        let tip_tree = overlay.peel_to_tree(tip)?;
        let merge = self.pick_over(overlay, reality, &tip_tree, commit, PickKind::Apply, request)?;
        if !merge.clean {
            return Ok(Err(merge));
        }
        let parent_tree =
            commit.parent.map_or(Ok(ObjectId::EMPTY_TREE), |parent| self.peel_to_tree(&parent))?;
        if merge.tree == tip_tree && commit.tree != parent_tree {
            return Ok(Ok(*tip));
        }
        Ok(Ok(overlay.write(Kind::Commit, &moved(commit.clone(), merge.tree, *tip, env))))
    }

    /// The commits that `head` has and `onto` has not, the oldest first, without merges and without those whose patch
    /// is among the commits that `onto` alone has.
    fn commits_to_move(&self, head: &ObjectId, onto: &ObjectId) -> Result<Vec<Picked>> {
        let mut commits = Vec::new();
        self.for_each_between(onto, head, &mut |commit| commits.push(commit))?;
        let mut upstream = Upstream { changes: Vec::new(), by_outline: IdMap::default() };
        if !commits.is_empty() {
            self.for_each_between(head, onto, &mut |commit| {
                upstream.changes.push((Change::of(&commit), None))
            })?;
        }
        // Patches are compared in full only where the files that they touch are the same.
        for (at, (change, _)) in upstream.changes.iter().enumerate() {
            if let Some(PatchId(outline)) = self.patch_of(change, PatchPart::Outline)? {
                upstream.by_outline.get_or_insert_with(outline, Vec::new).push(at);
            }
        }
        let mut kept = Vec::with_capacity(commits.len());
        for commit in commits.into_iter().rev() {
            if !self.is_upstream(&Change::of(&commit), &mut upstream)? {
                kept.push(commit);
            }
        }
        Ok(kept)
    }

    fn is_upstream(&self, change: &Change, upstream: &mut Upstream) -> Result<bool> {
        let Some(PatchId(outline)) = self.patch_of(change, PatchPart::Outline)? else { return Ok(false) };
        let Some(alike) = upstream.by_outline.get(&outline) else { return Ok(false) };
        let Some(patch) = self.patch_of(change, PatchPart::Whole)? else { return Ok(false) };
        for at in alike {
            let (theirs, known) = &mut upstream.changes[*at];
            let theirs = match known {
                Some(known) => *known,
                None => *known.insert(self.patch_of(theirs, PatchPart::Whole)?),
            };
            if theirs == Some(patch) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What identifies a change; `None` for one that changes nothing.
    fn patch_of(&self, change: &Change, part: PatchPart) -> Result<Option<PatchId>> {
        let parent = change.parent.map(|parent| self.peel_to_tree(&parent)).transpose()?;
        Ok(patch_id(&self.store, parent.as_ref(), &change.tree, part, &self.limits)?)
    }

    /// Shows the commits that `of` has and `not` has not, without merges, in git's topological order.
    fn for_each_between(&self, not: &ObjectId, of: &ObjectId, show: &mut dyn FnMut(Picked)) -> Result<()> {
        let options = WalkOptions { order: Order::Topological, ..WalkOptions::default() };
        let mut history = self.history(&[*of], &[*not], options)?;
        let ids = self.next_commits(&mut history, REBASE_COMMITS_MAX + 1)?;
        if ids.len() > REBASE_COMMITS_MAX {
            let (allowed, found) = (REBASE_COMMITS_MAX as u64, u64::MAX);
            return Err(LimitExceeded { limit: "rebase_commits_max", allowed, found }.into());
        }
        for id in ids {
            let commit = self.picked(&id, Some(1))?;
            if !commit.is_merge {
                show(commit);
            }
        }
        Ok(())
    }
}

/// The bytes of a commit that was put elsewhere.
fn moved(commit: Picked, tree: ObjectId, tip: ObjectId, env: &Env) -> Vec<u8> {
    let commit = Commit {
        tree,
        parents: Vec::from([tip]),
        author: commit.author,
        committer: env.signature(),
        extra_headers: commit.extra_headers,
        message: commit.message,
    };
    commit.write()
}

/// A state and the commit whose state was before it.
struct Change {
    tree: ObjectId,
    parent: Option<ObjectId>,
}

impl Change {
    fn of(commit: &Picked) -> Self {
        Self { tree: commit.tree, parent: commit.parent }
    }
}

/// The changes that are there already.
struct Upstream {
    /// Each with its patch id, once somebody asked for it.
    changes: Vec<(Change, Option<Option<PatchId>>)>,
    by_outline: IdMap<Vec<usize>>,
}
