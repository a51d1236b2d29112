//! Events: what the log of operations says about realities. Each move of a reality is one, found at its position in the
//! log when somebody asks; nothing is kept for them beside the log.
//!
//! A reality that moves over several commits at once (a push, a fast-forward, an import) does so in one event. Tags, the
//! choice of main, refs that are no realities and realities without a commit make no events.

use bstr::{BStr, ByteSlice};
use govc_git::ObjectId;
use govc_git::diff::tree::TreeDiff;
use govc_git::glob::Globs;
use govc_git::refs::{RefDelta, RefTarget};

use crate::Repository;
use crate::error::Result;
use crate::operation::{Operation, OperationKind};

/// What happened to a reality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// It has new commits: by a commit, a cherry-pick, a revert, a rebase, a push or an import.
    Commit,
    /// Another reality was merged into it, by a merge commit or by moving it along.
    Merge,
    /// It moved to another state without a new commit: by a rollback, or because a move was undone.
    Rollback,
    /// It came to be.
    Created,
    /// It is gone.
    Deleted,
    /// A merge into it left conflicts, which are staged there to be resolved; it did not move.
    Conflict,
}

impl EventKind {
    /// Its bit in a set of kinds.
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A move of a reality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Where it stands in the log: positions grow, not each has an event.
    pub position: u64,
    /// What happened.
    pub kind: EventKind,
    /// The reality's name.
    pub reality: &'a BStr,
    /// Its commit before; `None` where it had none.
    pub before: Option<ObjectId>,
    /// Its commit after; `None` where it has none any more.
    pub after: Option<ObjectId>,
    /// The tree that a merge with conflicts staged; `None` for all other kinds, and where it is not known any more.
    pub staged: Option<ObjectId>,
    /// The operation's description.
    pub description: &'a str,
    /// Whether files came, changed or went, or were staged: not where a name alone came or went.
    pub has_changes: bool,
    /// Whether a rule did it.
    pub by_rule: bool,
}

impl<'a> Event<'a> {
    fn new(position: u64, operation: &'a Operation, delta: &'a RefDelta) -> Option<Self> {
        let (before, after) = (direct(delta.before.as_ref())?, direct(delta.after.as_ref())?);
        if before == after && operation.kind != OperationKind::Conflict {
            return None;
        }
        let kind = kind_of(operation, before, after);
        let by_name = operation.origin == OperationKind::Create || operation.origin == OperationKind::Delete;
        Some(Self {
            position,
            kind,
            reality: delta.name.branch_name()?,
            before,
            after,
            staged: None,
            description: &operation.description,
            by_rule: operation.kind == OperationKind::Rule,
            has_changes: before != after && kind != EventKind::Deleted && !by_name,
        })
    }
}

fn kind_of(operation: &Operation, before: Option<ObjectId>, after: Option<ObjectId>) -> EventKind {
    let is_undone = operation.kind == OperationKind::Undo;
    match operation.origin {
        OperationKind::Conflict => EventKind::Conflict,
        OperationKind::Create
        | OperationKind::Delete
        | OperationKind::Push
        | OperationKind::Import
        | OperationKind::Follow
        | OperationKind::Restore => match (before, after) {
            (None, _) => EventKind::Created,
            (_, None) => EventKind::Deleted,
            _ if is_undone || operation.origin == OperationKind::Restore => EventKind::Rollback,
            _ => EventKind::Commit,
        },
        _ if is_undone => EventKind::Rollback,
        OperationKind::Rollback | OperationKind::Rule => EventKind::Rollback,
        OperationKind::Merge => EventKind::Merge,
        OperationKind::Commit
        | OperationKind::CherryPick
        | OperationKind::Revert
        | OperationKind::Rebase
        | OperationKind::Stash
        | OperationKind::Unstash
        | OperationKind::DropStash
        | OperationKind::Tag
        | OperationKind::SetMain
        | OperationKind::Undo
        | OperationKind::Redo => EventKind::Commit,
    }
}

/// The commit that a ref leads to by itself, `Some(None)` where there is no ref; `None` where it leads to another ref.
fn direct(target: Option<&RefTarget>) -> Option<Option<ObjectId>> {
    match target {
        None => Some(None),
        Some(RefTarget::Direct(id)) => Some(Some(*id)),
        Some(RefTarget::Symbolic(_)) => None,
    }
}

impl Repository {
    /// The position of the first event that the log holds.
    pub fn events_start(&self) -> u64 {
        self.log.start()
    }

    /// The position behind the last event there can be.
    pub fn events_end(&self) -> u64 {
        self.log.end()
    }

    /// The event at a position.
    pub fn event(&self, position: u64) -> Option<Event<'_>> {
        let (operation, delta) = self.log.delta(position)?;
        let mut event = Event::new(position, operation, delta)?;
        if event.kind == EventKind::Conflict {
            event.staged = self.recent.staged(position);
            event.has_changes = event.staged.is_some();
        }
        Some(event)
    }

    /// Whether an event changed a file that patterns mean.
    pub(crate) fn event_matches(&self, event: &Event<'_>, globs: &Globs) -> Result<bool> {
        let mut found = false;
        self.each_changed_path(event, &mut |path| {
            found = globs.matches(path);
            !found
        })?;
        Ok(found)
    }

    /// Hands over the paths that an event changed, until `visit` wants no more.
    pub(crate) fn each_changed_path(
        &self,
        event: &Event<'_>,
        visit: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<()> {
        if let Some(mut paths) = self.recent.edited(event.position) {
            paths.all(visit);
        } else if event.has_changes {
            let old = self.tree_of(event.before)?;
            let new = event.staged.map_or_else(|| self.tree_of(event.after), Ok)?;
            let mut diff = TreeDiff::new(&self.store, Some(&old), Some(&new), &self.limits)?;
            while let Some(change) = diff.next_change()? {
                if !visit(change.path.as_bytes()) {
                    break;
                }
            }
        }
        Ok(())
    }
}
