//! Staged changes put aside and brought back, in git's own form: a commit of the state whose parents are the commit that it
//! lies over and a commit of the index. Here both hold the same, for there is one staging.
//!
//! `refs/stash` is the newest, as in git, whose reflog lists the others; here each keeps a ref of its own below
//! `refs/stashes/`, so that undo, fetch and push know them too.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use bstr::{BString, ByteSlice};
use govc_git::edit::edit_tree;
use govc_git::merge::{Conflict, merge_trees};
use govc_git::object::{Commit, CommitRef};
use govc_git::path::RepoPath;
use govc_git::refs::{Expected, NewValue, RefDelta, RefName, RefUpdate};
use govc_git::store::Overlay;
use govc_git::{Kind, ObjectId, ObjectSink, ObjectSource};

use crate::error::{Error, ErrorCode, Result};
use crate::merge::{MergeRequest, conflict_error};
use crate::operation::OperationKind;
use crate::repository::expected;
use crate::workspace::{Changes, PendingKind, PendingMerge, Restaged, Workspace};
use crate::{Env, Repository};

const NEWEST: &[u8] = b"refs/stash";
/// Operations whose undo can put back what was staged; of older ones, only refs move.
const RESTAGED_MAX: usize = 1_000;
const FOLDER: &[u8] = b"refs/stashes/";

impl Repository {
    /// Puts aside what a reality has staged; the stash. Without a message it says what it lies over, as git does.
    pub fn stash(&mut self, reality: &RefName, message: &[u8], env: &Env) -> Result<ObjectId> {
        self.check_not_pending(reality)?;
        let head = self.head(reality)?;
        let changes = self.staged(reality);
        let Some(head) = head.filter(|_| !changes.is_empty()) else {
            let message = format!(
                "'{}' has nothing staged over a commit: there is nothing to put aside",
                reality.short()
            );
            return Err(Error::new(ErrorCode::InvalidArgument, message).with("reality", reality.short()));
        };
        let (tree, _) = self.write_tree(self.tree_of(Some(head))?, &changes)?;
        let title = self
            .read_commit(&head, |commit| BString::from(commit.message.lines().next().unwrap_or_default()))?;
        let over = format!("{}: {} {title}", reality.short(), &head.to_string()[..7]);
        let said = match message.trim_ascii() {
            b"" => format!("WIP on {over}"),
            message => format!("On {}: {}", reality.short(), message.as_bstr()),
        };
        let index = self.stash_commit(tree, [head].into(), format!("index on {over}"), env);
        let stash = self.stash_commit(tree, [head, index].into(), said.clone(), env);
        let (mut updates, last) = self.adopt_newest()?;
        updates.push(RefUpdate {
            name: numbered(last + 1)?,
            expected: Expected::Missing,
            new: NewValue::Set(stash),
        });
        updates.push(self.newest_to(NewValue::Set(stash))?);
        self.restage(OperationKind::Stash, said, reality, None, env, &updates)?;
        Ok(stash)
    }

    /// All stashes, the newest first.
    pub fn stashes(&self) -> Vec<ObjectId> {
        let mut numbered: Vec<(u64, ObjectId)> = self.numbered_stashes();
        numbered.reverse();
        let mut ids: Vec<ObjectId> = numbered.into_iter().map(|(_, id)| id).collect();
        // One that git made.
        if let Some(newest) = self.newest_stash().filter(|newest| ids.first() != Some(newest)) {
            ids.insert(0, newest);
        }
        ids
    }

    /// Merges the stash at a place in [`Self::stashes`] into what a reality shows, and stages that; with `drop`, the stash
    /// goes where nothing conflicts. Conflicts are staged if `record`, and refused if not.
    pub fn unstash(
        &mut self,
        reality: &RefName,
        which: usize,
        (drop, record): (bool, bool),
        request: &MergeRequest,
        env: &Env,
    ) -> Result<Vec<Conflict>> {
        self.check_not_pending(reality)?;
        let stash = self.stash_at(which)?;
        let bytes = self.store.read_commit(&stash)?;
        let commit = CommitRef::parse(&bytes).map_err(|error| Error::corrupt(&stash, error))?;
        let Some(over) = commit.parents.first() else {
            return Err(
                Error::new(ErrorCode::InvalidArgument, format!("{stash} is no stash")).with("id", stash)
            );
        };
        let (over, theirs) = (self.peel_to_tree(over)?, commit.tree);
        let mut overlay = Overlay::new(&self.store);
        let ours = self.shown_tree(&mut overlay, reality)?;
        let mut options = self.merge_options(request);
        options.labels.ours = "Updated upstream".into();
        options.labels.base = Some("Stash base".into());
        options.labels.theirs = "Stashed changes".into();
        let mut merge = merge_trees(&mut overlay, &over, &ours, &theirs, &options)?;
        if let Some(untracked) = commit.parents.get(2).filter(|_| merge.clean) {
            let untracked = self.peel_to_tree(untracked)?;
            merge = merge_trees(&mut overlay, &ObjectId::EMPTY_TREE, &merge.tree, &untracked, &options)?;
        }
        let written = overlay.into_new();
        if !merge.clean && !record {
            let work = format_args!("bringing {stash} back to '{}'", reality.short());
            let advice = "pass conflicts: 'record' to resolve them in the reality";
            return Err(conflict_error(work, reality, &merge.conflicts, advice));
        }
        self.ensure_room(written.body_bytes())?;
        self.store.absorb(&written);
        let changes = self.changes_to(reality, &merge.tree)?;
        let conflicts = merge.conflicts;
        let merge =
            (!merge.clean).then(|| PendingMerge { kind: PendingKind::Stash, conflicts: conflicts.clone() });
        let updates = if drop && merge.is_none() { self.drop_updates(&stash)? } else { Vec::new() };
        let description = format!("unstash {stash}");
        let after = Workspace { changes, merge };
        self.restage(OperationKind::Unstash, description, reality, Some(after), env, &updates)?;
        Ok(conflicts)
    }

    /// Forgets the stash at a place in [`Self::stashes`].
    pub fn drop_stash(&mut self, which: usize, env: &Env) -> Result<()> {
        let stash = self.stash_at(which)?;
        let updates = self.drop_updates(&stash)?;
        self.record(OperationKind::DropStash, format!("drop stash {stash}"), env, &updates)?;
        Ok(())
    }

    /// The tree that a reality shows, with what is staged, written to `store`.
    pub(crate) fn shown_tree(&self, store: &mut Overlay<'_>, reality: &RefName) -> Result<ObjectId> {
        let base = self.tree_of(self.head(reality)?)?;
        let Some(workspace) = self.workspaces.get(reality) else { return Ok(base) };
        let edits: Vec<(&RepoPath, _)> = workspace.changes.write_blobs(store);
        Ok(edit_tree(store, &base, &edits)?)
    }

    /// Records an operation that replaces what a reality has staged.
    fn restage(
        &mut self,
        kind: OperationKind,
        description: alloc::string::String,
        reality: &RefName,
        after: Option<Workspace>,
        env: &Env,
        updates: &[RefUpdate],
    ) -> Result<()> {
        let operation = if updates.is_empty() {
            let here = self.refs.get(reality.as_ref()).cloned();
            let delta = RefDelta { name: reality.clone(), before: here.clone(), after: here };
            self.log_moved(kind, description, env, [delta].into())
        } else {
            self.record(kind, description, env, updates)?
        };
        let before = match after.clone() {
            Some(after) => self.workspaces.insert(reality.clone(), after),
            None => self.workspaces.remove(reality),
        };
        if self.restaged.len() == RESTAGED_MAX {
            self.restaged.remove(0);
        }
        self.restaged.push(Restaged { operation, reality: reality.clone(), before, after });
        Ok(())
    }

    fn stash_commit(
        &mut self,
        tree: ObjectId,
        parents: Vec<ObjectId>,
        message: alloc::string::String,
        env: &Env,
    ) -> ObjectId {
        let (author, committer) = (env.signature(), env.signature());
        let message = (message + "\n").into();
        let commit = Commit { tree, parents, author, committer, extra_headers: Vec::new(), message };
        self.store.write(Kind::Commit, &commit.write())
    }

    fn staged(&self, reality: &RefName) -> Changes {
        self.workspaces.get(reality).map(|workspace| workspace.changes.clone()).unwrap_or_default()
    }

    /// Stashes with a ref of their own, by its number.
    fn numbered_stashes(&self) -> Vec<(u64, ObjectId)> {
        let refs = self.refs.iter_prefix(FOLDER);
        let numbered = refs.filter_map(|(name, _)| {
            let number = name.as_bstr()[FOLDER.len()..].to_str().ok()?.parse().ok()?;
            Some((number, self.refs.resolve(name.as_bstr()).ok()??))
        });
        numbered.collect()
    }

    fn newest_stash(&self) -> Option<ObjectId> {
        self.refs.resolve(NEWEST).ok()?
    }

    fn newest_to(&self, new: NewValue) -> Result<RefUpdate> {
        Ok(RefUpdate { name: RefName::new(NEWEST)?, expected: expected(self.newest_stash()), new })
    }

    /// Gives a stash that git made a ref of its own; and the last number then.
    fn adopt_newest(&self) -> Result<(Vec<RefUpdate>, u64)> {
        let (all, numbered_all) = (self.stashes(), self.numbered_stashes());
        let last = numbered_all.last().map_or(0, |(number, _)| *number);
        if all.len() == numbered_all.len() {
            return Ok((Vec::new(), last));
        }
        let new = NewValue::Set(all[0]);
        Ok(([RefUpdate { name: numbered(last + 1)?, expected: Expected::Missing, new }].into(), last + 1))
    }

    fn drop_updates(&self, stash: &ObjectId) -> Result<Vec<RefUpdate>> {
        let mut updates = Vec::new();
        if let Some((number, id)) = self.numbered_stashes().iter().rev().find(|(_, id)| id == stash) {
            let expected = Expected::Value(*id);
            updates.push(RefUpdate { name: numbered(*number)?, expected, new: NewValue::Delete });
        }
        if self.newest_stash() == Some(*stash) {
            let next = self.stashes().get(1).copied();
            updates.push(self.newest_to(next.map_or(NewValue::Delete, NewValue::Set))?);
        }
        Ok(updates)
    }

    fn stash_at(&self, which: usize) -> Result<ObjectId> {
        self.stashes().get(which).copied().ok_or_else(|| {
            let message = format!("there is no stash {which}: the newest is 0");
            Error::new(ErrorCode::NotFound, message).with("which", which.to_string())
        })
    }
}

fn numbered(number: u64) -> Result<RefName> {
    // The order of the names is that of the numbers.
    Ok(RefName::new(format!("{}{number:08}", FOLDER.as_bstr()))?)
}
