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
    /// Staged changes were put aside.
    Stash,
    /// They were brought back.
    Unstash,
    /// Changes that were put aside were forgotten.
    DropStash,
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
    /// All refs went back to what they were after an earlier operation.
    Restore,
    /// A rule moved a reality back.
    Rule,
    /// A merge left conflicts staged in a reality: no ref moved.
    Conflict,
    /// What others did to the storage was taken over.
    Follow,
}

/// The furthest moment from the epoch: as far as JavaScript counts.
const TIME_MS_MAX: i64 = (1 << 53) - 1;

/// Kinds and their names in the kept log, in the order of the enum.
const KINDS: [(OperationKind, &str); 21] = [
    (OperationKind::Commit, "commit"),
    (OperationKind::Merge, "merge"),
    (OperationKind::CherryPick, "cherry-pick"),
    (OperationKind::Revert, "revert"),
    (OperationKind::Rebase, "rebase"),
    (OperationKind::Stash, "stash"),
    (OperationKind::Unstash, "unstash"),
    (OperationKind::DropStash, "drop-stash"),
    (OperationKind::Create, "create"),
    (OperationKind::Delete, "delete"),
    (OperationKind::Tag, "tag"),
    (OperationKind::SetMain, "set-main"),
    (OperationKind::Rollback, "rollback"),
    (OperationKind::Import, "import"),
    (OperationKind::Push, "push"),
    (OperationKind::Undo, "undo"),
    (OperationKind::Redo, "redo"),
    (OperationKind::Restore, "restore"),
    (OperationKind::Rule, "rule"),
    (OperationKind::Conflict, "conflict"),
    (OperationKind::Follow, "follow"),
];

impl OperationKind {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Follow => Self::Import.kept_name(),
            kind => kind.kept_name(),
        }
    }

    /// The name in a kept log.
    pub const fn kept_name(self) -> &'static str {
        KINDS[self as usize].1
    }

    /// The kind of a name in a kept log.
    pub fn from_kept_name(name: &[u8]) -> Option<Self> {
        KINDS.iter().find(|(_, known)| known.as_bytes() == name).map(|(kind, _)| *kind)
    }

    /// Whether what a ref was before lies in the history of what it is after, so that the ref alone keeps it.
    pub const fn keeps_history(self) -> bool {
        matches!(
            self,
            Self::Commit
                | Self::Merge
                | Self::CherryPick
                | Self::Revert
                | Self::Create
                | Self::Tag
                | Self::Conflict
        )
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
    /// What was undone or done again; its own id for all others.
    pub target: u64,
    /// How many refs all operations before this one moved: the position of its first delta.
    pub first_delta: u64,
    /// One line for people.
    pub description: String,
    /// Milliseconds since the epoch.
    pub time_ms: i64,
    /// What moved, each ref once.
    pub deltas: Vec<RefDelta>,
}

impl Operation {
    /// The position behind its last delta.
    pub fn end_delta(&self) -> u64 {
        self.first_delta + self.deltas.len() as u64
    }
}

/// The operations of this repository, and which of them can be undone or redone next. The oldest may have been dropped.
#[derive(Clone, Debug, Default)]
pub struct OperationLog {
    operations: Vec<Operation>,
    undoable: Vec<u64>,
    redoable: Vec<u64>,
    /// How many operations and deltas came before the first that is here.
    dropped: u64,
    dropped_deltas: u64,
}

impl OperationLog {
    /// An empty log that goes on after so many operations and deltas.
    pub(crate) fn after(dropped: u64, dropped_deltas: u64) -> Self {
        Self { dropped, dropped_deltas, ..Self::default() }
    }

    /// Appends an operation that users made; what was undone before it cannot be redone any more.
    pub fn append(
        &mut self,
        kind: OperationKind,
        description: String,
        time_ms: i64,
        deltas: Vec<RefDelta>,
    ) -> u64 {
        self.push(kind, kind, None, description, time_ms, deltas)
    }

    /// Appends what others did: it is not undone here, and what was undone here can still be redone.
    pub fn append_followed(&mut self, description: String, time_ms: i64, deltas: Vec<RefDelta>) {
        self.push(OperationKind::Follow, OperationKind::Follow, None, description, time_ms, deltas);
    }

    /// Appends the inverse of the operation that [`Self::next_undo`] named.
    pub fn append_undo(&mut self, description: String, time_ms: i64, deltas: Vec<RefDelta>) {
        let undone = self.next_undo().map(|operation| (operation.id, operation.kind));
        let (target, origin) = undone.unzip();
        let origin = origin.unwrap_or(OperationKind::Undo);
        self.push(OperationKind::Undo, origin, target, description, time_ms, deltas);
    }

    /// Appends the operation that [`Self::next_redo`] named once more.
    pub fn append_redo(&mut self, description: String, time_ms: i64, deltas: Vec<RefDelta>) {
        let redone = self.next_redo().map(|operation| (operation.id, operation.kind));
        let (target, origin) = redone.unzip();
        let origin = origin.unwrap_or(OperationKind::Redo);
        self.push(OperationKind::Redo, origin, target, description, time_ms, deltas);
    }

    /// The operation that undo takes back.
    pub fn next_undo(&self) -> Option<&Operation> {
        self.find(*self.undoable.last()?)
    }

    /// The operation that redo does again.
    pub fn next_redo(&self) -> Option<&Operation> {
        self.find(*self.redoable.last()?)
    }

    /// All operations that are here, the oldest first.
    pub fn all(&self) -> &[Operation] {
        &self.operations
    }

    /// The operations from an id on.
    pub fn since(&self, id: u64) -> &[Operation] {
        let start = usize::try_from(id.saturating_sub(self.first_id())).unwrap_or(usize::MAX);
        &self.operations[start.min(self.operations.len())..]
    }

    /// The id of the oldest operation that is here, or of the next where none is.
    pub fn first_id(&self) -> u64 {
        self.dropped + 1
    }

    /// The id of the newest operation; 0 before the first.
    pub fn last_id(&self) -> u64 {
        self.dropped + self.operations.len() as u64
    }

    /// The position of the first delta that is here.
    pub fn start(&self) -> u64 {
        self.dropped_deltas
    }

    /// The position behind the last delta.
    pub fn end(&self) -> u64 {
        self.operations.last().map_or(self.dropped_deltas, Operation::end_delta)
    }

    /// The delta at a position, and its operation.
    pub fn delta(&self, position: u64) -> Option<(&Operation, &RefDelta)> {
        let behind = self.operations.partition_point(|operation| operation.first_delta <= position);
        let operation = &self.operations[..behind].last()?;
        let at = usize::try_from(position - operation.first_delta).ok()?;
        Some((operation, operation.deltas.get(at)?))
    }

    /// The operation of an id, where it is here.
    pub fn find(&self, id: u64) -> Option<&Operation> {
        self.operations.get(usize::try_from(id.checked_sub(self.first_id())?).ok()?)
    }

    /// Drops the oldest operations: what they did can no longer be undone, and their events are gone. Those that went.
    pub(crate) fn drop_oldest(&mut self, count: usize) -> Vec<Operation> {
        let count = count.min(self.operations.len());
        let start = self.operations.get(count).map_or(self.end(), |first| first.first_delta);
        let gone = self.operations.drain(..count).collect();
        self.dropped += count as u64;
        self.dropped_deltas = start;
        let first = self.first_id();
        self.undoable.retain(|id| *id >= first);
        self.redoable.retain(|id| *id >= first);
        gone
    }

    /// Appends an operation as it was kept: `target` is that of an undo or redo.
    pub(crate) fn push(
        &mut self,
        kind: OperationKind,
        origin: OperationKind,
        target: Option<u64>,
        description: String,
        time_ms: i64,
        deltas: Vec<RefDelta>,
    ) -> u64 {
        let (id, first_delta) = (self.last_id() + 1, self.end());
        let target = target.unwrap_or(id);
        let time_ms = time_ms.clamp(-TIME_MS_MAX, TIME_MS_MAX);
        match kind {
            OperationKind::Undo => move_last(&mut self.undoable, &mut self.redoable, target),
            OperationKind::Redo => move_last(&mut self.redoable, &mut self.undoable, target),
            // Nothing moved that is taken back here.
            OperationKind::Conflict | OperationKind::Follow => {}
            _ => {
                self.undoable.push(id);
                self.redoable.clear();
            }
        }
        self.operations.push(Operation {
            id,
            kind,
            origin,
            target,
            first_delta,
            description,
            time_ms,
            deltas,
        });
        id
    }
}

/// Moves an id from the end of one list to that of the other, where it stands there: it may have been dropped.
fn move_last(from: &mut Vec<u64>, to: &mut Vec<u64>, id: u64) {
    if from.last() == Some(&id) {
        to.extend(from.pop());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_in_the_order_of_the_enum() {
        for (at, (kind, name)) in KINDS.iter().enumerate() {
            assert_eq!((*kind as usize, kind.kept_name()), (at, *name));
            assert_eq!(OperationKind::from_kept_name(name.as_bytes()), Some(*kind));
        }
    }
}
