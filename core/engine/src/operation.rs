//! The log of operations: each is one atomic set of ref changes with its reason. Undo, events and sync stand on it.
//!
//! Nothing moves a ref except through an operation. The log only grows; undoing appends the inverse. So a reader that is
//! behind needs no copy of what it has not seen: its position in the log is enough.

use alloc::string::String;
use alloc::vec::Vec;

use govc_git::refs::RefDelta;

/// Why refs moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OperationKind {
    /// A commit on one reality.
    Commit,
    /// A merge into a reality.
    Merge,
    /// A commit's change was taken over.
    CherryPick,
    /// A commit's change was taken back by a commit.
    Revert,
    /// A reality's commits were put on another commit.
    Rebase,
    /// Realities came to be.
    Create,
    /// A reality was deleted.
    Delete,
    /// A tag came to be.
    Tag,
    /// Another reality became main.
    SetMain,
    /// A reality moved back to an earlier state.
    Rollback,
    /// Objects and refs came in a pack or from a storage.
    Import,
    /// A git client pushed.
    Push,
    /// An operation was undone.
    Undo,
    /// An undone operation was done again.
    Redo,
}

impl OperationKind {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Merge => "merge",
            Self::CherryPick => "cherry-pick",
            Self::Revert => "revert",
            Self::Rebase => "rebase",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Tag => "tag",
            Self::SetMain => "set-main",
            Self::Rollback => "rollback",
            Self::Import => "import",
            Self::Push => "push",
            Self::Undo => "undo",
            Self::Redo => "redo",
        }
    }
}

/// One atomic change of the repository.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Position in the log, from 1.
    pub id: u64,
    /// Why.
    pub kind: OperationKind,
    /// Why what was undone or done again had been done; `kind` itself for all others.
    pub origin: OperationKind,
    /// How many refs all operations before this one moved: the position of its first delta.
    pub first_delta: u64,
    /// One line for people.
    pub description: String,
    /// Milliseconds since the epoch.
    pub time_ms: i64,
    /// What moved, each ref once.
    pub deltas: Vec<RefDelta>,
}

/// All operations of this repository, and which of them can be undone or redone next.
#[derive(Clone, Debug, Default)]
pub struct OperationLog {
    operations: Vec<Operation>,
    undoable: Vec<u64>,
    redoable: Vec<u64>,
}

impl OperationLog {
    /// Appends an operation that users made; what was undone before it cannot be redone any more.
    pub fn append(
        &mut self,
        kind: OperationKind,
        description: String,
        time_ms: i64,
        deltas: Vec<RefDelta>,
    ) -> u64 {
        let id = self.push(kind, kind, description, time_ms, deltas);
        self.undoable.push(id);
        self.redoable.clear();
        id
    }

    /// Appends what others did: it is not undone here, and what was undone here can still be redone.
    pub fn append_followed(&mut self, description: String, time_ms: i64, deltas: Vec<RefDelta>) {
        self.push(OperationKind::Import, OperationKind::Import, description, time_ms, deltas);
    }

    /// Appends the inverse of the operation that [`Self::next_undo`] named.
    pub fn append_undo(&mut self, description: String, time_ms: i64, deltas: Vec<RefDelta>) {
        let origin = self.next_undo().map_or(OperationKind::Undo, |operation| operation.kind);
        self.push(OperationKind::Undo, origin, description, time_ms, deltas);
        self.redoable.extend(self.undoable.pop());
    }

    /// Appends the operation that [`Self::next_redo`] named once more.
    pub fn append_redo(&mut self, description: String, time_ms: i64, deltas: Vec<RefDelta>) {
        let origin = self.next_redo().map_or(OperationKind::Redo, |operation| operation.kind);
        self.push(OperationKind::Redo, origin, description, time_ms, deltas);
        self.undoable.extend(self.redoable.pop());
    }

    /// The operation that undo takes back.
    pub fn next_undo(&self) -> Option<&Operation> {
        self.find(*self.undoable.last()?)
    }

    /// The operation that redo does again.
    pub fn next_redo(&self) -> Option<&Operation> {
        self.find(*self.redoable.last()?)
    }

    /// All operations, the oldest first.
    pub fn all(&self) -> &[Operation] {
        &self.operations
    }

    /// The position behind the last delta.
    pub fn end(&self) -> u64 {
        self.operations.last().map_or(0, |last| last.first_delta + last.deltas.len() as u64)
    }

    /// The delta at a position, and its operation.
    pub fn delta(&self, position: u64) -> Option<(&Operation, &RefDelta)> {
        let behind = self.operations.partition_point(|operation| operation.first_delta <= position);
        let operation = &self.operations[..behind].last()?;
        let at = usize::try_from(position - operation.first_delta).ok()?;
        Some((operation, operation.deltas.get(at)?))
    }

    fn find(&self, id: u64) -> Option<&Operation> {
        self.operations.get(usize::try_from(id).ok()?.checked_sub(1)?)
    }

    fn push(
        &mut self,
        kind: OperationKind,
        origin: OperationKind,
        description: String,
        time_ms: i64,
        deltas: Vec<RefDelta>,
    ) -> u64 {
        let (id, first_delta) = (self.operations.len() as u64 + 1, self.end());
        self.operations.push(Operation { id, kind, origin, first_delta, description, time_ms, deltas });
        id
    }
}
