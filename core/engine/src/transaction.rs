//! All or nothing: changes over the state at `begin`, which nobody sees before they are committed.
//!
//! A transaction remembers what it read and wrote. When the reality moved meanwhile, it is committed on the new state
//! where none of those paths moved, and is stale where one did.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;

use govc_git::ObjectId;
use govc_git::name_map::NameMap;
use govc_git::object::Mode;
use govc_git::path::RepoPath;
use govc_git::refs::RefName;

use crate::commit::{CommitRequest, PreparedCommit, check_changed, prepare};
use crate::error::{Error, ErrorCode, Result};
use crate::workspace::{Changes, Staged};
use crate::{Env, Repository};

/// Changes of a reality in the making.
pub struct Transaction {
    reality: RefName,
    base: Option<ObjectId>,
    changes: Changes,
    /// Paths that were read; reading is not a change, hence the cell.
    reads: RefCell<NameMap<RepoPath, ()>>,
}

impl Transaction {
    /// The changes so far.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The reality that the changes are of.
    pub(crate) fn reality(&self) -> &RefName {
        &self.reality
    }

    /// The commit that the changes are made over.
    pub fn base(&self) -> Option<ObjectId> {
        self.base
    }
}

impl Repository {
    /// Begins a transaction over a reality's newest commit; what it has staged is not part of it.
    pub fn begin(&self, reality: &RefName) -> Result<Transaction> {
        let base = self.head(reality)?;
        Ok(Transaction {
            reality: reality.clone(),
            base,
            changes: Changes::default(),
            reads: RefCell::default(),
        })
    }

    /// What the transaction sees at a path.
    pub fn read_in(&self, transaction: &Transaction, path: &RepoPath) -> Result<Arc<[u8]>> {
        transaction.reads.borrow_mut().insert(path.clone(), ());
        let tree = self.tree_of(transaction.base)?;
        self.read_over(tree, &transaction.changes, path)
    }

    /// Puts content at a path; without a mode, a file that can be run stays so.
    pub fn put_in(
        &self,
        transaction: &mut Transaction,
        path: RepoPath,
        mode: Option<Mode>,
        content: Arc<[u8]>,
    ) -> Result<()> {
        self.ensure_room(transaction.changes.content_bytes() + content.len() as u64)?;
        let mode = match mode {
            Some(mode) => mode,
            None => self.usual_mode(transaction.base, Some(&transaction.changes), &path)?,
        };
        self.stage_content(transaction.base, &mut transaction.changes, path, Staged::Put(mode, content))
    }

    /// Removes a file, or a directory with everything below it.
    pub fn remove_in(&self, transaction: &mut Transaction, path: RepoPath) -> Result<()> {
        let tree = self.tree_of(transaction.base)?;
        self.stage_removal(tree, &mut transaction.changes, path)
    }

    /// Moves a file, or a directory with everything below it; modes go with them. A file takes the place of a file.
    pub fn move_in(&self, transaction: &mut Transaction, from: RepoPath, to: RepoPath) -> Result<()> {
        let tree = self.tree_of(transaction.base)?;
        let changes = &mut transaction.changes;
        let below = self.entries_below(tree, changes, &from)?;
        let moved = if below.is_empty() {
            let (mode, content) = self.entry_over(tree, changes, &from)?;
            Vec::from([(to, content.with_mode(mode))])
        } else {
            if !self.entries_below(tree, changes, &to)?.is_empty() {
                return Err(Error::exists("directory", &to));
            }
            let renamed = |path: &RepoPath| {
                let rest = &path.as_bstr()[from.as_bstr().len()..];
                RepoPath::new(bstr::concat([to.as_bstr(), rest]))
            };
            let moved = below.into_iter().map(|(path, content)| Ok((renamed(&path)?, content)));
            moved.collect::<Result<_>>()?
        };
        self.stage_removal(tree, changes, from.clone())?;
        for (path, content) in moved {
            self.stage_content(transaction.base, changes, path, content)?;
        }
        transaction.reads.borrow_mut().insert(from, ());
        Ok(())
    }

    /// Writes the objects of the transaction's commit, on the reality's newest commit. Fails with `Stale` where a
    /// path that the transaction read or wrote has moved since it began.
    pub fn prepare_transaction(
        &mut self,
        transaction: &Transaction,
        request: CommitRequest,
        env: &Env,
    ) -> Result<PreparedCommit> {
        let reality = &transaction.reality;
        let head = self.head(reality)?;
        if head != transaction.base {
            self.check_fresh(transaction, head)?;
        }
        let base = self.tree_of(head)?;
        let (tree, edited) = self.write_tree(base, &transaction.changes)?;
        check_changed(reality, base, tree, &request)?;
        Ok(prepare(reality, head, tree, head.into_iter().collect(), request, env)?.with_edited(edited))
    }

    fn check_fresh(&self, transaction: &Transaction, head: Option<ObjectId>) -> Result<()> {
        let moved = self.changed_paths(self.tree_of(transaction.base)?, self.tree_of(head)?)?;
        let reads = transaction.reads.borrow();
        let touched = reads.keys().chain(transaction.changes.iter().map(|(path, _)| path));
        for path in touched {
            let overlaps = |other: &&RepoPath| *other == path || other.is_below(path) || path.is_below(other);
            if let Some(other) = moved.iter().find(overlaps) {
                let reality = transaction.reality.short();
                let message = format!(
                    "'{other}' has moved in '{reality}' since the transaction began: begin again and redo it"
                );
                return Err(Error::new(ErrorCode::Stale, message)
                    .with("path", other)
                    .with("reality", reality));
            }
        }
        Ok(())
    }
}
