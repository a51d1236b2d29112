//! The root object: objects, refs, workspaces and the log of operations. Commands are in the other files.
//!
//! Every ref moves through [`Repository::record`] and nowhere else.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use govc_git::ObjectId;
use govc_git::limits::{LimitExceeded, Limits};
use govc_git::merge::NamedDrivers;
use govc_git::name_map::NameMap;
use govc_git::refs::{Expected, NewValue, RefDelta, RefName, RefStore, RefTarget, RefUpdate};
use govc_git::rev::CommitGraph;

use crate::Env;
use crate::error::{Error, ErrorCode, Result};
use crate::kept_log::KeptLog;
use crate::operation::{Operation, OperationKind, OperationLog};
use crate::recent::RecentEvents;
use crate::storage::Persisted;
use crate::store::Store;
use crate::timeline::Timeline;
use crate::workspace::{Restaged, Workspace};

/// Most operations that a log holds unless another number is asked for.
pub const OPERATIONS_MAX_DEFAULT: usize = 1 << 20;
/// Fewest that may be asked for.
const OPERATIONS_MAX_LEAST: usize = 16;

/// A git repository in memory.
pub struct Repository {
    pub(crate) store: Store,
    pub(crate) refs: RefStore,
    /// Uncommitted state, for the realities that have some.
    pub(crate) workspaces: NameMap<RefName, Workspace>,
    /// Realities without a commit, which git has no ref for.
    pub(crate) unborn: NameMap<RefName, ()>,
    pub(crate) log: OperationLog,
    pub(crate) recent: RecentEvents,
    /// Commits that were seen; grows while reading, hence the cell.
    pub(crate) graph: RefCell<CommitGraph>,
    /// What refs were at a moment; grows when somebody asks.
    pub(crate) timeline: RefCell<Timeline>,
    pub(crate) persisted: Persisted,
    /// The log as a storage keeps it, where it does.
    pub(crate) kept_log: Option<KeptLog>,
    /// Refs of the storage that are this engine's own, and nobody's to see.
    pub(crate) own_refs: NameMap<RefName, RefTarget>,
    /// Most operations that the log holds.
    pub(crate) operations_max: usize,
    /// What operations did to what is staged; of those before this repository was opened, nothing.
    pub(crate) restaged: Vec<Restaged>,
    /// Commits whose parents are not here, nor meant to be.
    pub(crate) shallow: Vec<ObjectId>,
    pub(crate) limits: Limits,
    /// Who knows merge drivers beside git's own.
    pub(crate) merge_drivers: Option<Box<dyn NamedDrivers>>,
}

impl Repository {
    /// An empty repository whose main reality is called `main`, by any name that git takes for a branch.
    pub fn new(main: &[u8], limits: Limits) -> Result<Self> {
        let main = RefName::branch(main)?;
        let mut refs = RefStore::new();
        refs.update(&[RefUpdate {
            name: RefName::head(),
            expected: Expected::Missing,
            new: NewValue::Symbolic(main.clone()),
        }])?;
        let unborn = NameMap::from_iter([(main, ())]);
        Ok(Self::over(Store::new(limits), refs, unborn, limits))
    }

    /// A repository of its own with the same objects, refs and uncommitted changes, and a log that begins anew. Objects
    /// are shared, so that it costs a step for each ref.
    #[must_use]
    pub fn copy(&mut self) -> Self {
        let mut copy = Self::over(self.store.copy(), self.refs.clone(), self.unborn.clone(), self.limits);
        copy.workspaces = self.workspaces.clone();
        copy.operations_max = self.operations_max;
        copy.shallow = self.shallow.clone();
        copy
    }

    fn over(store: Store, refs: RefStore, unborn: NameMap<RefName, ()>, limits: Limits) -> Self {
        Self {
            store,
            refs,
            workspaces: NameMap::new(),
            unborn,
            log: OperationLog::default(),
            recent: RecentEvents::default(),
            graph: RefCell::default(),
            timeline: RefCell::default(),
            persisted: Persisted::default(),
            kept_log: None,
            own_refs: NameMap::new(),
            operations_max: OPERATIONS_MAX_DEFAULT,
            restaged: Vec::new(),
            shallow: Vec::new(),
            limits,
            merge_drivers: None,
        }
    }

    /// All objects.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// All refs.
    pub fn refs(&self) -> &RefStore {
        &self.refs
    }

    /// The commits at which history is cut: their parents are not here, nor meant to be.
    pub fn shallow(&self) -> &[ObjectId] {
        &self.shallow
    }

    /// The bounds in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The operations from an id on, the oldest first; the log may have dropped those before.
    pub fn operations_since(&self, id: u64) -> &[Operation] {
        self.log.since(id)
    }

    /// All operations that the log holds, the oldest first.
    pub fn operations(&self) -> &[Operation] {
        self.log.all()
    }

    /// The operation that [`Self::undo`] takes back.
    pub fn next_undo(&self) -> Option<&Operation> {
        self.log.next_undo()
    }

    /// The operation that [`Self::redo`] does again.
    pub fn next_redo(&self) -> Option<&Operation> {
        self.log.next_redo()
    }

    /// Sets how many operations the log holds at most; at least 16. When there are more, the oldest quarter goes.
    pub fn set_operations_max(&mut self, operations_max: usize) {
        self.operations_max = operations_max.max(OPERATIONS_MAX_LEAST);
        self.prune_log();
    }

    /// Takes back the last operation that was not taken back yet; its id.
    pub fn undo(&mut self, env: &Env) -> Result<Option<u64>> {
        let Some(operation) = self.log.next_undo() else { return Ok(None) };
        let (id, description) = (operation.id, format!("undo {}: {}", operation.id, operation.description));
        let updates: Vec<RefUpdate> =
            operation.deltas.iter().map(|delta| RefUpdate::from(&delta.inverse())).collect();
        self.restage_as(id, false, true)?;
        let deltas = self.refs.update(&updates)?;
        self.settle(&deltas);
        self.log.append_undo(description, env.now_ms, deltas);
        self.prune_log();
        self.restage_as(id, false, false)?;
        Ok(Some(id))
    }

    /// Does the last undone operation again; its id.
    pub fn redo(&mut self, env: &Env) -> Result<Option<u64>> {
        let Some(operation) = self.log.next_redo() else { return Ok(None) };
        let (id, description) = (operation.id, format!("redo {}: {}", operation.id, operation.description));
        let updates: Vec<RefUpdate> = operation.deltas.iter().map(RefUpdate::from).collect();
        self.restage_as(id, true, true)?;
        let deltas = self.refs.update(&updates)?;
        self.settle(&deltas);
        self.log.append_redo(description, env.now_ms, deltas);
        self.prune_log();
        self.restage_as(id, true, false)?;
        Ok(Some(id))
    }

    /// Puts what is staged as it was before (or after, where `redo`) an operation that moved it; refused where it was
    /// changed since. Nothing is done where `check` alone is asked for.
    fn restage_as(&mut self, operation: u64, redo: bool, check: bool) -> Result<()> {
        let Some(restaged) = self.restaged.iter().find(|restaged| restaged.operation == operation) else {
            return Ok(());
        };
        let Restaged { reality, before, after, .. } = restaged.clone();
        let (now, then) = if redo { (before, after) } else { (after, before) };
        let changes = |workspace: Option<&Workspace>| workspace.map(|workspace| workspace.changes.clone());
        let (now, found) = (changes(now.as_ref()), changes(self.workspaces.get(&reality)));
        if !found.unwrap_or_default().is_same(&now.unwrap_or_default()) {
            let message =
                format!("'{}' has staged changes since: commit or discard them first", reality.short());
            return Err(Error::new(ErrorCode::Rejected, message).with("reality", reality.short()));
        }
        match then {
            _ if check => {}
            Some(then) => drop(self.workspaces.insert(reality, then)),
            None => drop(self.workspaces.remove(&reality)),
        }
        Ok(())
    }

    /// Moves refs, all or none, and logs why.
    pub(crate) fn record(
        &mut self,
        kind: OperationKind,
        description: String,
        env: &Env,
        updates: &[RefUpdate],
    ) -> Result<u64> {
        let deltas = self.refs.update(updates)?;
        Ok(self.log_moved(kind, description, env, deltas))
    }

    /// Logs refs that have moved already.
    pub(crate) fn log_moved(
        &mut self,
        kind: OperationKind,
        description: String,
        env: &Env,
        deltas: Vec<RefDelta>,
    ) -> u64 {
        self.settle(&deltas);
        let id = self.log.append(kind, description, env.now_ms, deltas);
        self.prune_log();
        id
    }

    /// Keeps what is remembered beside the refs in step with them.
    pub(crate) fn settle(&mut self, deltas: &[RefDelta]) {
        let main = self.main_ref();
        for delta in deltas {
            let name = &delta.name;
            match &delta.after {
                Some(RefTarget::Direct(_)) if self.unborn.is_empty() => {}
                Some(RefTarget::Direct(_)) => drop(self.unborn.remove(name)),
                Some(RefTarget::Symbolic(target)) => {
                    if self.refs.get(target.as_ref()).is_none() {
                        self.unborn.insert(target.clone(), ());
                    }
                }
                // The main reality outlives its ref: it is unborn again.
                None if main.as_ref() == Some(name) => drop(self.unborn.insert(name.clone(), ())),
                None => drop(self.workspaces.remove(name)),
            }
        }
    }

    /// The ref that `HEAD` leads to, where it is symbolic.
    pub(crate) fn main_ref(&self) -> Option<RefName> {
        match self.refs.head() {
            Some(RefTarget::Symbolic(name)) => Some(name.clone()),
            _ => None,
        }
    }

    /// The tree of a commit; the empty tree for no commit.
    pub(crate) fn tree_of(&self, commit: Option<ObjectId>) -> Result<ObjectId> {
        match commit {
            Some(id) => self.peel_to_tree(&id),
            None => Ok(ObjectId::EMPTY_TREE),
        }
    }

    /// Refuses `bytes` more than the repository may hold, before the allocator would have to.
    pub fn ensure_room(&self, bytes: u64) -> Result<()> {
        let (found, allowed) = (self.store.memory_bytes() + bytes, self.limits.memory_bytes_max);
        if found > allowed {
            return Err(LimitExceeded { limit: "memory_bytes_max", allowed, found }.into());
        }
        Ok(())
    }
}

/// What a ref must be for `value` to be its object.
pub(crate) fn expected(value: Option<ObjectId>) -> Expected {
    value.map_or(Expected::Missing, Expected::Value)
}

impl Error {
    pub(crate) fn exists(what: &str, name: impl core::fmt::Display) -> Self {
        Self::new(ErrorCode::AlreadyExists, format!("{what} '{name}' exists already")).with("name", name)
    }
}
