//! From staged changes to a commit: write the trees along the changed paths, write the commit, move the ref.
//!
//! A commit costs what its paths' trees cost. What a failed commit wrote is taken back.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bstr::{BString, ByteSlice};
use govc_git::edit::{EditedPaths, edit_tree_noting};
use govc_git::object::{Commit, Signature};
use govc_git::refs::{NewValue, RefName, RefUpdate};
use govc_git::{Kind, ObjectId, ObjectSink};

use crate::error::{Error, ErrorCode, Result};
use crate::operation::OperationKind;
use crate::realities::with_newline;
use crate::repository::expected;
use crate::workspace::{Changes, PendingKind, PickKind, Picked, Workspace};
use crate::{Env, Repository};

/// What a commit says beside its changes.
#[derive(Clone, Debug, Default)]
pub struct CommitRequest {
    /// The message; a final newline is added where there is none.
    pub message: BString,
    /// Who wrote the change; the environment's author where `None`.
    pub author: Option<Signature>,
    /// Who records it; the author where `None`.
    pub committer: Option<Signature>,
    /// Whether a commit that changes nothing is wanted.
    pub allow_empty: bool,
}

/// A commit whose objects are written and whose ref has not moved yet.
#[derive(Clone, Debug)]
pub struct PreparedCommit {
    reality: RefName,
    before: Option<ObjectId>,
    kind: OperationKind,
    commit: Commit,
    /// The paths that it changes from `before`.
    edited: EditedPaths,
}

impl PreparedCommit {
    /// A commit to put on `before`.
    pub(crate) fn new(
        reality: &RefName,
        before: Option<ObjectId>,
        kind: OperationKind,
        commit: Commit,
    ) -> Self {
        Self { reality: reality.clone(), before, kind, commit, edited: EditedPaths::unknown() }
    }

    /// Takes along which paths it changes from `before`.
    pub(crate) fn with_edited(mut self, edited: EditedPaths) -> Self {
        self.edited = edited;
        self
    }

    /// The bytes that a signature is made over.
    pub fn payload(&self) -> Vec<u8> {
        self.commit.write()
    }

    /// Adds an armoured signature as git's `gpgsig` header.
    pub fn sign(&mut self, signature: &[u8]) {
        let signature = signature.trim_end_with(|byte| byte == '\n');
        self.commit.extra_headers.push(("gpgsig".into(), signature.into()));
    }
}

impl Repository {
    /// Commits what a reality has staged, and the merge that was recorded there.
    pub fn commit(&mut self, reality: &RefName, request: CommitRequest, env: &Env) -> Result<ObjectId> {
        let prepared = self.prepare_commit(reality, request, env)?;
        self.finish_commit(prepared, env)
    }

    /// Writes the objects of a commit of what is staged, up to a signature.
    pub fn prepare_commit(
        &mut self,
        reality: &RefName,
        request: CommitRequest,
        env: &Env,
    ) -> Result<PreparedCommit> {
        let head = self.head(reality)?;
        let workspace = self.workspaces.get(reality).cloned().unwrap_or_default();
        check_resolved(&workspace)?;
        let pending = workspace.merge.map(|merge| merge.kind);
        if let Some(PendingKind::Rebase(_)) = pending {
            let message = "a rebase has stopped here: go on with rebaseContinue(), or discard() what is staged to give it up";
            return Err(Error::new(ErrorCode::Rejected, message).with("reality", reality.short()));
        }
        let base = self.tree_of(head)?;
        let (tree, edited) = self.write_tree(base, &workspace.changes)?;
        let mut parents: Vec<ObjectId> = head.into_iter().collect();
        match pending {
            Some(PendingKind::Merge(theirs)) => parents.push(theirs),
            _ => check_changed(reality, base, tree, &request)?,
        }
        let prepared = match pending {
            Some(PendingKind::Pick(kind, picked)) => {
                prepare_picked(reality, *picked, kind, tree, head, request, env)
            }
            _ => prepare(reality, head, tree, parents, request, env),
        };
        Ok(prepared?.with_edited(edited))
    }

    /// Moves the ref to a prepared commit, unless the reality has moved meanwhile.
    pub fn finish_commit(&mut self, prepared: PreparedCommit, env: &Env) -> Result<ObjectId> {
        let PreparedCommit { reality, before, kind, commit, edited } = prepared;
        if commit.tree == ObjectId::EMPTY_TREE {
            // It is known without being written; a pack of the commit brings it along.
            self.store.write(Kind::Tree, &[]);
        }
        let id = self.store.write(Kind::Commit, &commit.write());
        let title = commit.message.lines().next().unwrap_or_default();
        // Joined as bytes: through the formatting engine this took as long as hashing the commit.
        let said = [kind.name().as_bytes(), b" ", reality.short(), b": ", title].concat();
        let description = String::from_utf8_lossy(&said).into_owned();
        let update = RefUpdate { name: reality.clone(), expected: expected(before), new: NewValue::Set(id) };
        self.record(kind, description, env, &[update])?;
        self.recent.remember_edited(self.log.end() - 1, edited);
        self.workspaces.remove(&reality);
        Ok(id)
    }

    /// Commits changes in one step; what the reality has staged stays staged, but for these paths.
    pub fn apply(
        &mut self,
        reality: &RefName,
        changes: &Changes,
        request: CommitRequest,
        env: &Env,
    ) -> Result<ObjectId> {
        let head = self.head(reality)?;
        let base = self.tree_of(head)?;
        let (tree, edited) = self.write_tree(base, changes)?;
        check_changed(reality, base, tree, &request)?;
        let staged = self.workspaces.remove(reality);
        let prepared = prepare(reality, head, tree, head.into_iter().collect(), request, env);
        let result = prepared.and_then(|prepared| self.finish_commit(prepared.with_edited(edited), env));
        if let Some(mut workspace) = staged {
            if result.is_ok() {
                for (path, _) in changes.iter() {
                    workspace.changes.unset(path);
                }
            }
            self.workspaces.insert(reality.clone(), workspace);
        }
        result
    }

    /// Writes the trees that `changes` make of `base`, and says which paths that changes; takes back what it wrote where they
    /// cannot be made.
    pub(crate) fn write_tree(
        &mut self,
        base: ObjectId,
        changes: &Changes,
    ) -> Result<(ObjectId, EditedPaths)> {
        self.ensure_room(changes.content_bytes())?;
        let mark = self.store.mark();
        let edits = changes.write_blobs(&mut self.store);
        let mut edited = EditedPaths::default();
        match edit_tree_noting(&mut self.store, &base, &edits, &mut edited) {
            Ok(tree) => Ok((tree, edited)),
            Err(error) => {
                self.store.forget_since(mark);
                Err(error.into())
            }
        }
    }
}

/// Refuses work that still has open conflicts.
pub(crate) fn check_resolved(workspace: &Workspace) -> Result<()> {
    let conflicts = workspace.merge.as_ref().map_or(&[][..], |merge| &merge.conflicts);
    if conflicts.is_empty() {
        return Ok(());
    }
    let paths = conflicts.iter().map(|conflict| conflict.path.to_string());
    let message = "there are open conflicts: resolve each path, then commit";
    Err(Error::new(ErrorCode::Conflict, message).with_list("paths", paths))
}

/// Builds the commit object; `parents` beyond `before` make it a merge.
pub(crate) fn prepare(
    reality: &RefName,
    before: Option<ObjectId>,
    tree: ObjectId,
    parents: Vec<ObjectId>,
    request: CommitRequest,
    env: &Env,
) -> Result<PreparedCommit> {
    let kind = if parents.len() > 1 { OperationKind::Merge } else { OperationKind::Commit };
    let author = request.author.unwrap_or_else(|| env.signature());
    let committer = request.committer.unwrap_or_else(|| author.clone());
    let message = with_newline(&request.message)?;
    let commit = Commit { tree, parents, author, committer, extra_headers: Vec::new(), message };
    Ok(PreparedCommit::new(reality, before, kind, commit))
}

/// The commit that a pick makes, ready to be signed.
pub(crate) fn prepare_picked(
    reality: &RefName,
    picked: Picked,
    kind: PickKind,
    tree: ObjectId,
    head: Option<ObjectId>,
    request: CommitRequest,
    env: &Env,
) -> Result<PreparedCommit> {
    let commit = new_commit(picked, kind, tree, head, request, env)?;
    let kind = match kind {
        PickKind::Apply => OperationKind::CherryPick,
        PickKind::Revert => OperationKind::Revert,
    };
    Ok(PreparedCommit::new(reality, head, kind, commit))
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

/// The first line.
pub(crate) fn subject(message: &[u8]) -> &[u8] {
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

/// Refuses a commit of the same tree, unless it is wanted.
pub(crate) fn check_changed(
    reality: &RefName,
    base: ObjectId,
    tree: ObjectId,
    request: &CommitRequest,
) -> Result<()> {
    if tree != base || request.allow_empty {
        return Ok(());
    }
    let reality = reality.short();
    let message = format!("nothing changed in '{reality}': write something first, or pass allowEmpty");
    Err(Error::new(ErrorCode::InvalidArgument, message).with("reality", reality))
}
