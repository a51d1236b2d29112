//! The change of one commit, put on a reality or taken back there, with the results of `git cherry-pick` and `git revert`.
//!
//! What a refused pick wrote is never kept. Knows nothing of rows of commits.

use alloc::format;
use alloc::vec::Vec;

use bstr::{BString, ByteSlice};
use govc_git::merge::{Conflict, TreeMerge, merge_trees};
use govc_git::object::{Commit, CommitRef, Signature};
use govc_git::refs::RefName;
use govc_git::store::{ObjectStore, Overlay};
use govc_git::{ObjectId, ObjectSource};

use crate::commit::{CommitRequest, PreparedCommit, check_changed};
use crate::error::{Error, ErrorCode, Result};
use crate::merge::{MergeRequest, conflict_error};
use crate::operation::OperationKind;
use crate::realities::with_newline;
use crate::{Env, Repository};

/// Which way a change is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickKind {
    /// As it is: cherry-pick.
    Apply,
    /// Taken back: revert.
    Revert,
}

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

/// A commit whose change is taken over.
pub(crate) struct Picked {
    pub id: ObjectId,
    pub tree: ObjectId,
    /// What the change is counted from; `None` for a commit without a parent.
    pub parent: Option<ObjectId>,
    pub is_merge: bool,
    pub author: Signature,
    /// The headers that go along: the encoding that author and message are in.
    pub extra_headers: Vec<(BString, BString)>,
    /// The message, without blank lines before it.
    pub message: BString,
}

impl Repository {
    /// Writes the objects of a commit that puts the change of `commit` on a reality or takes it back there, up to a
    /// signature. A conflict, a merge without a chosen parent and a change that is there already are refused.
    pub fn prepare_pick(
        &mut self,
        reality: &RefName,
        commit: &ObjectId,
        kind: PickKind,
        request: PickRequest,
        env: &Env,
    ) -> Result<PreparedCommit> {
        self.check_clean(reality)?;
        let picked = self.picked(commit, request.mainline)?;
        let head = self.head(reality)?;
        let base = self.tree_of(head)?;
        let mut overlay = Overlay::new(&self.store);
        let merge = self.pick_over(&mut overlay, reality, &base, &picked, kind, &request.merge)?;
        let written = overlay.into_new();
        if !merge.clean {
            let verb = if kind == PickKind::Apply { "picking" } else { "reverting" };
            let work = format_args!("{verb} {} on '{}'", picked.id, reality.short());
            let advice = "pass a resolver, or strategy 'ours' or 'theirs'";
            return Err(conflict_error(work, reality, &merge.conflicts, advice).with("commit", picked.id));
        }
        check_changed(reality, base, merge.tree, &request.commit)?;
        self.ensure_room(written.body_bytes())?;
        self.store.absorb(&written);
        let commit = new_commit(picked, kind, merge.tree, head, request.commit, env)?;
        let kind = match kind {
            PickKind::Apply => OperationKind::CherryPick,
            PickKind::Revert => OperationKind::Revert,
        };
        Ok(PreparedCommit::new(reality, head, kind, commit))
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

/// The commit that a pick makes.
fn new_commit(
    picked: Picked,
    kind: PickKind,
    tree: ObjectId,
    head: Option<ObjectId>,
    request: CommitRequest,
    env: &Env,
) -> Result<Commit> {
    let usual_author = match kind {
        PickKind::Apply => picked.author.clone(),
        PickKind::Revert => env.signature(),
    };
    let (message, extra_headers) = match (request.message.trim_ascii().is_empty(), kind) {
        (false, _) => (with_newline(&request.message)?, Vec::new()),
        (true, PickKind::Apply) => (picked.message, picked.extra_headers),
        (true, PickKind::Revert) => (revert_message(&picked), picked.extra_headers),
    };
    Ok(Commit {
        tree,
        parents: head.into_iter().collect(),
        author: request.author.unwrap_or(usual_author),
        committer: request.committer.unwrap_or_else(|| env.signature()),
        extra_headers,
        message,
    })
}

/// What git takes over of a message: from the first line that is not blank to the first NUL.
fn told(message: &[u8]) -> &[u8] {
    let mut rest = &message[..message.find_byte(0).unwrap_or(message.len())];
    while let Some(end) = rest.find_byte(b'\n').filter(|end| rest[..*end].trim_ascii().is_empty()) {
        rest = &rest[end + 1..];
    }
    rest
}

/// The first line.
fn subject(message: &[u8]) -> &[u8] {
    &message[..message.find_byte(b'\n').unwrap_or(message.len())]
}

/// Git's message of a commit that takes another back.
fn revert_message(picked: &Picked) -> BString {
    let subject = subject(&picked.message);
    let reverted = subject.strip_prefix(b"Revert \"").filter(|rest| !rest.starts_with(b"Revert \""));
    let mut message: BString = match reverted {
        // What was taken back comes in again; its closing quote stands already.
        Some(rest) => bstr::concat([b"Reapply \"", rest]).into(),
        None => bstr::concat([b"Revert \"".as_slice(), subject, b"\""]).into(),
    };
    message.extend_from_slice(format!("\n\nThis reverts commit {}", picked.id).as_bytes());
    if let Some(parent) = picked.parent.filter(|_| picked.is_merge) {
        message.extend_from_slice(format!(", reversing\nchanges made to {parent}").as_bytes());
    }
    message.extend_from_slice(b".\n");
    message
}
