//! The log of operations: each is one atomic set of ref changes with its reason. Undo, events and sync stand on it.
//!
//! Nothing moves a ref except through an operation. The log only grows; undoing appends the inverse.

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
        let id = self.push(kind, description, time_ms, deltas);
        self.undoable.push(id);
        self.redoable.clear();
        id
    }

    /// Appends the inverse of the operation that [`Self::next_undo`] named.
    pub fn append_undo(&mut self, description: String, time_ms: i64, deltas: Vec<RefDelta>) {
        self.push(OperationKind::Undo, description, time_ms, deltas);
        self.redoable.extend(self.undoable.pop());
    }

    /// Appends the operation that [`Self::next_redo`] named once more.
    pub fn append_redo(&mut self, description: String, time_ms: i64, deltas: Vec<RefDelta>) {
        self.push(OperationKind::Redo, description, time_ms, deltas);
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

    fn find(&self, id: u64) -> Option<&Operation> {
        self.operations.get(usize::try_from(id).ok()?.checked_sub(1)?)
    }

    fn push(&mut self, kind: OperationKind, description: String, time_ms: i64, deltas: Vec<RefDelta>) -> u64 {
        let id = self.operations.len() as u64 + 1;
        self.operations.push(Operation { id, kind, description, time_ms, deltas });
        id
    }
}
