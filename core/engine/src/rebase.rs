//! The commits of a reality, put on another commit one by one, as `git rebase --no-fork-point` does: all or nothing.

use alloc::format;
use alloc::vec::Vec;

use govc_git::diff::patch_id::{PatchId, PatchPart, patch_id};
use govc_git::limits::LimitExceeded;
use govc_git::object::Commit;
use govc_git::refs::{NewValue, RefName, RefUpdate};
use govc_git::rev::{Order, WalkOptions};
use govc_git::store::{IdMap, MemoryStore, Overlay};
use govc_git::{Kind, ObjectId, ObjectSink, ObjectSource};

use crate::error::{Error, ErrorCode, Result};
use crate::merge::{MergeRequest, conflict_error};
use crate::operation::OperationKind;
use crate::pick::{PickKind, Picked};
use crate::repository::expected;
use crate::{Env, Repository};

/// Most commits that one rebase puts elsewhere or compares with. Beyond, a merge is what is wanted.
const REBASE_COMMITS_MAX: usize = 100_000;

impl Repository {
    /// Puts the commits that a reality has and `onto` has not on `onto`; the new head. Merges are left out, and so are
    /// commits whose change `onto` has already or that change nothing any more. One operation, or none where the
    /// reality stays as it is; a conflict leaves everything as it was.
    pub fn rebase(
        &mut self,
        reality: &RefName,
        onto: &ObjectId,
        request: &MergeRequest,
        env: &Env,
    ) -> Result<ObjectId> {
        let (head, tip, written) = self.rebase_over(reality, onto, request, env)?;
        if tip != head {
            self.ensure_room(written.body_bytes())?;
            self.store.absorb(&written);
            let onto = self.commit_at(onto)?;
            let description = format!("rebase {} onto {onto}", reality.short());
            let update =
                RefUpdate { name: reality.clone(), expected: expected(Some(head)), new: NewValue::Set(tip) };
            self.record(OperationKind::Rebase, description, env, &[update])?;
        }
        Ok(tip)
    }

    /// Makes the commit that a rebase would end at readable until the next preview, without keeping it.
    pub fn preview_rebase(
        &mut self,
        reality: &RefName,
        onto: &ObjectId,
        request: &MergeRequest,
        env: &Env,
    ) -> Result<ObjectId> {
        let (_, tip, written) = self.rebase_over(reality, onto, request, env)?;
        self.store.preview(written);
        Ok(tip)
    }

    /// The head before, the head after, and the objects in between.
    fn rebase_over(
        &self,
        reality: &RefName,
        onto: &ObjectId,
        request: &MergeRequest,
        env: &Env,
    ) -> Result<(ObjectId, ObjectId, MemoryStore)> {
        self.check_clean(reality)?;
        let onto = self.commit_at(onto)?;
        let Some(head) = self.head(reality)? else {
            let message = format!("'{}' has no commit yet", reality.short());
            return Err(Error::new(ErrorCode::NotFound, message).with("reality", reality.short()));
        };
        let commits = self.commits_to_move(&head, &onto)?;
        let mut overlay = Overlay::new(&self.store);
        let mut tip = onto;
        for commit in commits {
            tip = self.put_on(&mut overlay, reality, &tip, commit, request, env)?;
        }
        Ok((head, tip, overlay.into_new()))
    }

    /// Puts one commit on `tip`; the new tip, which is the old one where nothing is left of the change.
    fn put_on(
        &self,
        overlay: &mut Overlay<'_>,
        reality: &RefName,
        tip: &ObjectId,
        commit: Picked,
        request: &MergeRequest,
        env: &Env,
    ) -> Result<ObjectId> {
        if commit.parent.as_ref() == Some(tip) {
            return Ok(commit.id);
        }
        let tip_tree = overlay.peel_to_tree(tip)?;
        let merge = self.pick_over(overlay, reality, &tip_tree, &commit, PickKind::Apply, request)?;
        if !merge.clean {
            let work = format_args!("rebasing {} of '{}'", commit.id, reality.short());
            let advice = "pass strategy 'ours' or 'theirs', or merge instead";
            return Err(conflict_error(work, reality, &merge.conflicts, advice).with("commit", commit.id));
        }
        let parent_tree =
            commit.parent.map_or(Ok(ObjectId::EMPTY_TREE), |parent| self.peel_to_tree(&parent))?;
        if merge.tree == tip_tree && commit.tree != parent_tree {
            return Ok(*tip);
        }
        let moved = Commit {
            tree: merge.tree,
            parents: Vec::from([*tip]),
            author: commit.author,
            committer: env.signature(),
            extra_headers: commit.extra_headers,
            message: commit.message,
        };
        Ok(overlay.write(Kind::Commit, &moved.write()))
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
