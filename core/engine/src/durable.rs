//! What survives a restart: the log that a storage keeps, marks beside it, and the way back to what all refs were.

use alloc::format;
use alloc::vec::Vec;

use govc_git::ObjectSource;
use govc_git::refs::{RefDelta, RefName, RefTarget, RefUpdate};

use crate::error::{Error, ErrorCode, Result};
use crate::kept_log::{KeptLog, Loaded, OWN_REFS, refs_before};
use crate::operation::OperationKind;
use crate::{Env, Repository};

impl Repository {
    /// Has the storage keep the log under a name from the next batch on. Where it keeps one already, the log goes on
    /// there: call this after the refs are loaded and before anything else happens. Refs that somebody else moved in the
    /// meantime are one operation. With `only_kept`, a log that is not kept yet is not begun. Whether there is one now.
    pub fn keep_log(&mut self, name: &[u8], only_kept: bool, env: &Env) -> Result<bool> {
        let name = RefName::new([OWN_REFS, b"log/", name].concat())?;
        if let Some(log) = &self.kept_log {
            return if log.name == name { Ok(true) } else { Err(other_log(&log.name)) };
        }
        match self.own_refs.get(&name) {
            None if only_kept => return Ok(false),
            None => self.kept_log = Some(KeptLog::new(name)),
            Some(RefTarget::Direct(head)) if self.log.all().is_empty() => {
                let loaded = KeptLog::load(name, *head, &self.store, self.operations_max)?;
                let Loaded { kept, log, refs, tags } = loaded;
                for (id, tag) in tags {
                    if !self.store.contains(&id) {
                        self.store.insert(id, tag);
                    }
                }
                (self.kept_log, self.log) = (Some(kept), log);
                let refs: Vec<(RefName, RefTarget)> = refs.into_entries().collect();
                let moved = deltas(&refs, &self.all_refs());
                if !moved.is_empty() {
                    let description = format!("import {} refs that moved outside", moved.len());
                    self.log.append_followed(description, env.now_ms, moved);
                }
                self.mark_operations_kept();
            }
            Some(_) => {
                let message =
                    format!("{name} holds a log that was not opened: open the repository with log: true");
                return Err(Error::new(ErrorCode::Rejected, message).with("ref", &name));
            }
        }
        Ok(true)
    }

    /// Whether a storage keeps the log, or will from the next batch on.
    pub fn keeps_log(&self) -> bool {
        self.kept_log.is_some()
    }

    /// A text that is kept beside the log.
    pub fn mark(&self, name: &[u8]) -> Option<&[u8]> {
        self.kept_log.as_ref()?.mark(name)
    }

    /// The names of all marks.
    pub fn marks(&self) -> Vec<&[u8]> {
        self.kept_log.iter().flat_map(|log| log.marks()).map(|name| name.as_slice()).collect()
    }

    /// Sets a text that is kept beside the log with the next batch, or removes it.
    pub fn set_mark(&mut self, name: &[u8], text: Option<&[u8]>) -> Result<()> {
        let message = "marks are kept beside the log, and this repository keeps none: open it with log: true";
        let log = self.kept_log.as_mut().ok_or_else(|| Error::new(ErrorCode::Rejected, message))?;
        log.set_mark(name, text)
    }

    /// What all refs were after an operation; 0 for before the first.
    pub fn refs_at(&self, operation: u64) -> Result<Vec<(RefName, RefTarget)>> {
        let (first, last) = (self.log.first_id(), self.log.last_id());
        if !(first - 1..=last).contains(&operation) {
            let message = match operation > last {
                true => format!("there is no operation {operation}: the last is {last}"),
                false => format!("operation {operation} was dropped: the log begins with {first}"),
            };
            return Err(Error::new(ErrorCode::NotFound, message).with_number("first", first));
        }
        let refs = self.all_refs();
        Ok(refs_before(&self.log, operation + 1, &refs).into_entries().collect())
    }

    /// Moves all refs back to what they were after an operation, as one operation; its id, 0 where nothing moved.
    pub fn restore(&mut self, operation: u64, env: &Env) -> Result<u64> {
        let then = self.refs_at(operation)?;
        for (name, target) in &then {
            if let RefTarget::Direct(id) = target
                && !self.store.contains(id)
            {
                let message = format!("{name} was at {id}, which is no longer here");
                return Err(Error::new(ErrorCode::NotFound, message).with("ref", name).with("id", id));
            }
        }
        let current = self.all_refs();
        let updates: Vec<RefUpdate> = deltas(&current, &then).iter().map(RefUpdate::from).collect();
        if updates.is_empty() {
            return Ok(0);
        }
        let description = format!("restore operation {operation}");
        let id = self.record(OperationKind::Restore, description, env, &updates)?;
        for update in &updates {
            self.workspaces.remove(&update.name);
        }
        Ok(id)
    }

    /// All refs as they are, in order of their names.
    pub(crate) fn all_refs(&self) -> Vec<(RefName, RefTarget)> {
        self.refs.iter().map(|(name, target)| (name.clone(), target.clone())).collect()
    }
}

/// The moves from one set of refs to another, both in order of their names.
fn deltas(before: &[(RefName, RefTarget)], after: &[(RefName, RefTarget)]) -> Vec<RefDelta> {
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    let mut deltas = Vec::new();
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => return deltas,
            (Some(_), None) => core::cmp::Ordering::Less,
            (None, Some(_)) => core::cmp::Ordering::Greater,
            (Some((old, _)), Some((new, _))) => old.cmp(new),
        };
        let old = before.next_if(|_| order.is_le());
        let new = after.next_if(|_| order.is_ge());
        if old.map(|(_, target)| target) != new.map(|(_, target)| target)
            && let Some((name, _)) = old.or(new)
        {
            let target = |side: Option<&(RefName, RefTarget)>| side.map(|(_, target)| target.clone());
            deltas.push(RefDelta { name: name.clone(), before: target(old), after: target(new) });
        }
    }
}

fn other_log(name: &RefName) -> Error {
    Error::new(ErrorCode::Rejected, format!("the log is kept at {name}: a repository keeps one"))
        .with("ref", name)
}
