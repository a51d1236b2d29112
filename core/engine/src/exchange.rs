//! Packs in: an import is one operation that brings objects and moves refs, or nothing.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use bstr::BStr;
use govc_git::id::hasher::object_id_checked;
use govc_git::pack::Pack;
use govc_git::refs::{Expected, NewValue, RefName, RefTarget, RefUpdate};
use govc_git::rev::CommitGraph;
use govc_git::{Object, ObjectId, ObjectSource};

use crate::error::{Error, ErrorCode, Result};
use crate::kept_log::OWN_REFS;
use crate::operation::OperationKind;
use crate::{Env, Repository};

impl Repository {
    /// Adds a resolved pack and points refs at what it brought. A name without `refs/` is a reality's; `HEAD` chooses
    /// the main reality among the refs with its id. Where main has no commit yet, an imported reality becomes main.
    pub fn import(&mut self, pack: Pack, refs: &[(&[u8], ObjectId)], env: &Env) -> Result<u64> {
        self.load_pack(pack)?;
        self.import_refs(refs, env).inspect_err(|_| self.drop_newest_pack())
    }

    /// Points refs at what the pack that was added last has brought; the number of its objects.
    pub fn import_refs(&mut self, refs: &[(&[u8], ObjectId)], env: &Env) -> Result<u64> {
        let objects = self.store.packs().last().map_or(0, |pack| pack.len() as u64);
        let updates = self.import_updates(refs)?;
        let description = format!("import {objects} objects");
        self.record(OperationKind::Import, description, env, &updates)?;
        Ok(objects)
    }

    /// Takes back the pack that was added last: what it brought was refused before a ref pointed at it.
    pub fn drop_newest_pack(&mut self) {
        self.store.drop_newest_pack();
    }

    fn import_updates(&self, refs: &[(&[u8], ObjectId)]) -> Result<Vec<RefUpdate>> {
        let mut updates: Vec<RefUpdate> = Vec::with_capacity(refs.len() + 1);
        for (name, id) in refs.iter().filter(|(name, _)| *name != b"HEAD") {
            if !self.store.contains(id) {
                let message =
                    format!("ref '{}' names object {id}, which the pack does not hold", BStr::new(name));
                return Err(Error::new(ErrorCode::NotFound, message)
                    .with("ref", BStr::new(name))
                    .with("id", id));
            }
            if name.starts_with(OWN_REFS) {
                let message = format!("'{}' is among the refs that govc keeps for itself", BStr::new(name));
                return Err(Error::new(ErrorCode::InvalidName, message).with("ref", BStr::new(name)));
            }
            let name = if name.starts_with(b"refs/") { RefName::new(name)? } else { RefName::branch(name)? };
            updates.push(RefUpdate { name, expected: Expected::Any, new: NewValue::Set(*id) });
        }
        let head = refs.iter().find(|(name, _)| *name == b"HEAD").map(|(_, id)| *id);
        if let Some(main) = self.imported_main(head, &updates) {
            updates.push(RefUpdate {
                name: RefName::head(),
                expected: Expected::Any,
                new: NewValue::Symbolic(main),
            });
        }
        Ok(updates)
    }

    /// The imported reality that becomes main, where main is without a commit and stays so.
    fn imported_main(&self, head: Option<ObjectId>, updates: &[RefUpdate]) -> Option<RefName> {
        let main = self.main_ref()?;
        let branches = || updates.iter().filter(|update| update.name.branch_name().is_some());
        if self.refs.get(main.as_ref()).is_some() || branches().any(|update| update.name == main) {
            return None;
        }
        let usual = |update: &&RefUpdate| {
            update.name.branch_name().is_some_and(|name| name == "main" || name == "master")
        };
        let at_head = |update: &&RefUpdate| head.is_some_and(|id| update.new == NewValue::Set(id));
        let chosen = branches()
            .filter(at_head)
            .find(usual)
            .or_else(|| branches().find(at_head))
            .or_else(|| branches().find(usual))
            .or_else(|| branches().next());
        chosen.map(|update| update.name.clone())
    }

    /// Adds a pack that a storage holds.
    pub fn load_pack(&mut self, pack: Pack) -> Result<()> {
        self.ensure_room(pack.memory_bytes() as u64)?;
        self.store.add_pack(pack);
        Ok(())
    }

    /// Adds a loose object that a storage holds, as its file; it is checked when it is read.
    pub fn load_loose(&mut self, id: ObjectId, file: Box<[u8]>) -> Result<()> {
        self.ensure_room(file.len() as u64)?;
        self.store.add_loose(id, file);
        Ok(())
    }

    /// Adds an object that a storage holds, once its id is that of its bytes.
    pub fn load_object(&mut self, id: ObjectId, object: Object) -> Result<()> {
        self.ensure_room(object.bytes.len() as u64)?;
        let found =
            object_id_checked(object.kind, &object.bytes).map_err(|error| Error::corrupt(&id, error))?;
        if found != id {
            return Err(Error::corrupt(&id, format!("its bytes have the id {found}")));
        }
        self.store.insert(id, object);
        Ok(())
    }

    /// Sets the commits whose parents a storage lacks on purpose: there history ends. Comes before anything is walked.
    pub fn load_shallow(&mut self, shallow: Vec<ObjectId>) {
        *self.graph.borrow_mut() = CommitGraph::with_shallow(shallow.iter().copied());
        self.shallow = shallow;
    }

    /// Sets the refs that a storage holds. This is where the repository begins: it is no operation, and not undone.
    pub fn load_refs(&mut self, refs: Vec<(RefName, RefTarget)>) -> Result<()> {
        let update = |(name, target)| RefUpdate {
            name,
            expected: Expected::Any,
            new: match target {
                RefTarget::Direct(id) => NewValue::Set(id),
                RefTarget::Symbolic(target) => NewValue::Symbolic(target),
            },
        };
        let (own, refs): (Vec<_>, Vec<_>) =
            refs.into_iter().partition(|(name, _)| name.as_bstr().starts_with(OWN_REFS));
        self.own_refs = own.into_iter().collect();
        let updates: Vec<RefUpdate> = refs.iter().cloned().map(update).collect();
        self.unborn.clear();
        let deltas = self.refs.update(&updates)?;
        self.settle(&deltas);
        if let Some(main) = self.main_ref().filter(|main| self.refs.get(main.as_ref()).is_none()) {
            self.unborn.insert(main, ());
        }
        self.mark_loaded(refs.into_iter());
        Ok(())
    }
}
