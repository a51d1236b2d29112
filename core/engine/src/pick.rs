//! The change of one commit, put on a reality or taken back there, with the results of `git cherry-pick` and `git revert`.
//!
//! What a refused pick wrote is never kept. Knows nothing of rows of commits.

use alloc::format;
use alloc::vec::Vec;

use bstr::ByteSlice;
use govc_git::merge::{Conflict, TreeMerge, merge_trees};
use govc_git::object::CommitRef;
use govc_git::refs::RefName;
use govc_git::store::{ObjectStore, Overlay};
use govc_git::{ObjectId, ObjectSource};

use crate::commit::{CommitRequest, PreparedCommit, check_changed, prepare_picked, subject};
use crate::error::{Error, ErrorCode, Result};
use crate::merge::{MergeRequest, conflict_error};
pub use crate::workspace::{PendingKind, PickKind, Picked};
use crate::{Env, Repository};

/// How a change is taken over.
#[derive(Clone, Debug, Default)]
pub struct PickRequest {
    /// Which parent of a merge its change is counted from, 1 for the first. A commit of one parent needs none.
    pub mainline: Option<u32>,
    /// How the change is merged.
    pub merge: MergeRequest,
    /// What the commit says; git's message where it is empty, the picked commit's author where a pick names none.
    /// With `allow_empty` a commit that changes nothing is made.
    pub commit: CommitRequest,
}

impl Repository {
    /// Writes the objects of a commit that puts the change of `commit` on a reality or takes it back there, up to a
    /// signature. A merge without a chosen parent and a change that is there already are refused; so is a conflict, unless
    /// `record`: then it is staged, and `None` is returned.
    pub fn prepare_pick(
        &mut self,
        reality: &RefName,
        commit: &ObjectId,
        kind: PickKind,
        request: PickRequest,
        record: bool,
        env: &Env,
    ) -> Result<Option<PreparedCommit>> {
        self.check_clean(reality)?;
        let picked = self.picked(commit, request.mainline)?;
        let head = self.head(reality)?;
        let base = self.tree_of(head)?;
        let mut overlay = Overlay::new(&self.store);
        let merge = self.pick_over(&mut overlay, reality, &base, &picked, kind, &request.merge)?;
        let written = overlay.into_new();
        if !merge.clean && !record {
            let verb = if kind == PickKind::Apply { "picking" } else { "reverting" };
            let work = format_args!("{verb} {} on '{}'", picked.id, reality.short());
            let advice = "pass a resolver, or conflicts: 'record' to resolve them in the reality";
            return Err(conflict_error(work, reality, &merge.conflicts, advice).with("commit", picked.id));
        }
        if merge.clean {
            check_changed(reality, base, merge.tree, &request.commit)?;
        }
        self.ensure_room(written.body_bytes())?;
        self.store.absorb(&written);
        if !merge.clean {
            self.record_pending(reality, PendingKind::Pick(kind, picked.into()), merge, env)?;
            return Ok(None);
        }
        prepare_picked(reality, picked, kind, merge.tree, head, request.commit, env).map(Some)
    }

    /// The conflicts that a pick would meet; none where it would go through.
    pub fn pick_conflicts(
        &self,
        reality: &RefName,
        commit: &ObjectId,
        kind: PickKind,
        request: &PickRequest,
    ) -> Result<Vec<Conflict>> {
        let picked = self.picked(commit, request.mainline)?;
        let base = self.tree_of(self.head(reality)?)?;
        let mut overlay = Overlay::new(&self.store);
        Ok(self.pick_over(&mut overlay, reality, &base, &picked, kind, &request.merge)?.conflicts)
    }

    /// Makes the state that a pick would commit readable until the next preview; `None` where it would conflict.
    pub fn preview_pick(
        &mut self,
        reality: &RefName,
        commit: &ObjectId,
        kind: PickKind,
        request: &PickRequest,
    ) -> Result<Option<ObjectId>> {
        let picked = self.picked(commit, request.mainline)?;
        let base = self.tree_of(self.head(reality)?)?;
        let mut overlay = Overlay::new(&self.store);
        let merge = self.pick_over(&mut overlay, reality, &base, &picked, kind, &request.merge)?;
        let written = overlay.into_new();
        self.store.preview(written);
        Ok(merge.clean.then_some(merge.tree))
    }

    /// Merges the change of a commit into a tree that stands for a reality.
    pub(crate) fn pick_over(
        &self,
        store: &mut dyn ObjectStore,
        reality: &RefName,
        onto: &ObjectId,
        picked: &Picked,
        kind: PickKind,
        request: &MergeRequest,
    ) -> Result<TreeMerge> {
        let parent = match &picked.parent {
            Some(parent) => self.peel_to_tree(parent)?,
            None => ObjectId::EMPTY_TREE,
        };
        let (base, theirs) = match kind {
            PickKind::Apply => (&parent, &picked.tree),
            PickKind::Revert => (&picked.tree, &parent),
        };
        let mut options = self.merge_options(request);
        // As git names them, in the paths of files that give way to a directory too.
        let (hex, subject) = (picked.id.to_hex(), subject(&picked.message).as_bstr());
        let name = format!("{} ({subject})", hex[..7].as_bstr());
        options.labels.ours = reality.short().into();
        options.labels.theirs =
            if kind == PickKind::Apply { name.into() } else { format!("parent of {name}").into() };
        Ok(merge_trees(store, base, onto, theirs, &options)?)
    }

    /// Reads a commit whose change is to be taken over.
    pub(crate) fn picked(&self, commit: &ObjectId, mainline: Option<u32>) -> Result<Picked> {
        let id = self.commit_at(commit)?;
        let bytes = self.store.read_commit(&id)?;
        let commit = CommitRef::parse(&bytes).map_err(|error| Error::corrupt(&id, error))?;
        // A shallow commit hides its parents.
        let parents = if self.shallow.contains(&id) { &[][..] } else { &commit.parents };
        let refused = |message| {
            Err(Error::new(ErrorCode::InvalidArgument, message)
                .with("commit", id)
                .with_number("parents", parents.len() as u64))
        };
        let parent = match (parents, mainline) {
            ([_, _, ..], None) => {
                return refused(format!(
                    "{id} is a merge: pass mainline, the number of the parent (from 1) that its change is counted from"
                ));
            }
            // Git takes any number for a commit without parents.
            ([], _) => None,
            ([parent], None | Some(1)) => Some(*parent),
            ([_, _, ..], Some(number)) => {
                match (number as usize).checked_sub(1).and_then(|at| parents.get(at)) {
                    Some(parent) => Some(*parent),
                    None => return refused(format!("{id} has no parent {number}: it has {}", parents.len())),
                }
            }
            ([_], Some(_)) => return refused(format!("{id} is no merge: leave mainline out")),
        };
        let encoding = commit.extra_header("encoding").map(|value| ("encoding".into(), value.into()));
        Ok(Picked {
            id,
            tree: commit.tree,
            parent,
            is_merge: parents.len() > 1,
            author: commit.author().to_owned(),
            extra_headers: encoding.into_iter().collect(),
            message: told(commit.message).into(),
        })
    }
}

/// What git takes over of a message: from the first line that is not blank to the first NUL.
fn told(message: &[u8]) -> &[u8] {
    let mut rest = &message[..message.find_byte(0).unwrap_or(message.len())];
    while let Some(end) = rest.find_byte(b'\n').filter(|end| rest[..*end].trim_ascii().is_empty()) {
        rest = &rest[end + 1..];
    }
    rest
}
