//! What a storage has to keep next: one pack of the objects that it lacks, then the refs that moved. Memory leads,
//! storage follows.
//!
//! The order is objects before refs, so that no ref that is kept names an object that is not. Which objects are lacking
//! follows from the refs alone: what the new ones reach and the kept ones do not. So nothing goes wrong where a storage
//! lost what no ref of its reached, which is what `git gc` does, and what no ref reaches is not kept.

use alloc::string::String;
use alloc::vec::Vec;

use govc_git::name_map::NameMap;
use govc_git::object::CommitLinks;
use govc_git::pack::zlib::Level;
use govc_git::pack::{Pack, PackIndex, PackItem, PackSources, PackWriter, WriteOptions};
use govc_git::refs::{RefDelta, RefName, RefTarget};
use govc_git::sort::sort;
use govc_git::store::IdMap;
use govc_git::transport::select::{Selection, SelectionRequest};
use govc_git::{Kind, ObjectId, ObjectSource};

use crate::Repository;
use crate::error::{Error, Result};

/// Links that are looked at in one step of the selection; any number is right.
const SELECTION_STEP: usize = 4096;

/// Everything that changed since the last batch that was kept.
pub struct PendingBatch {
    pack: Option<PendingPack>,
    needs: Vec<ObjectId>,
    refs: Vec<(RefDelta, String)>,
    operations_end: usize,
}

/// The objects of a batch.
pub struct PendingPack {
    /// The bytes of the `.pack` file, in pieces.
    pub chunks: Vec<Vec<u8>>,
    /// Its index, which knows its checksum.
    pub index: PackIndex,
}

/// How far a storage has kept up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Persisted {
    operations: usize,
    /// What the storage holds, as far as it was told.
    pub(crate) refs: NameMap<RefName, RefTarget>,
}

impl PendingBatch {
    /// The objects that the storage lacks, if there are any.
    pub fn pack(&self) -> Option<&PendingPack> {
        self.pack.as_ref()
    }

    /// What the pack and the refs stand on and the storage should have.
    pub fn needs(&self) -> &[ObjectId] {
        &self.needs
    }

    /// Each ref that moved, from what is kept to what it is, with the last operation's description.
    pub fn refs(&self) -> &[(RefDelta, String)] {
        &self.refs
    }
}

impl Persisted {
    /// Notes what the storage holds of a ref.
    pub(crate) fn note(&mut self, name: &RefName, target: Option<RefTarget>) {
        match target {
            Some(target) => drop(self.refs.insert(name.clone(), target)),
            None => drop(self.refs.remove(name)),
        }
    }
}

impl Repository {
    /// Joins the moves of each ref into one and packs what they need. The storage lacks what it kept at the tips `gone`.
    pub fn pending_batch(&self, gone: &[ObjectId]) -> Result<PendingBatch> {
        let mut reasons: NameMap<RefName, String> = NameMap::new();
        if self.persisted.refs.is_empty() {
            // A storage that holds nothing lacks what no operation moved, too.
            reasons = self.refs.iter().map(|(name, _)| (name.clone(), String::from("create"))).collect();
        }
        for operation in &self.log.all()[self.persisted.operations..] {
            for delta in &operation.deltas {
                let reason = reasons.get_or_insert_with(delta.name.clone(), String::new);
                reason.clone_from(&operation.description);
            }
        }
        let refs: Vec<(RefDelta, String)> = reasons
            .into_entries()
            .map(|(name, reason)| {
                let before = self.persisted.refs.get(&name).cloned();
                let after = self.refs.get(name.as_ref()).cloned();
                (RefDelta { name, before, after }, reason)
            })
            .filter(|(delta, _)| delta.before != delta.after)
            .collect();
        let wants = distinct(refs.iter().filter_map(|(delta, _)| direct(delta.after.as_ref())));
        let mut haves = self.kept_tips();
        haves.retain(|id| !gone.contains(id));
        let selected = self.lacking(wants.clone(), haves)?;
        let needs = self.needs(&wants, &selected)?;
        let pack = if selected.is_empty() { None } else { Some(self.pack_of(selected)?) };
        Ok(PendingBatch { pack, needs, refs, operations_end: self.log.all().len() })
    }

    /// What the refs of the storage lead to, as far as it was told.
    pub fn kept_tips(&self) -> Vec<ObjectId> {
        distinct(self.persisted.refs.iter().filter_map(|(_, target)| direct(Some(target))))
    }

    /// Notes that a batch is kept.
    pub fn mark_persisted(&mut self, batch: &PendingBatch) {
        for (delta, _) in &batch.refs {
            self.persisted.note(&delta.name, delta.after.clone());
        }
        self.persisted.operations = batch.operations_end;
    }

    /// Notes that the storage lost everything: the next batch is all there is.
    pub fn mark_lost(&mut self) {
        self.persisted = Persisted::default();
    }

    /// Notes that a storage holds these refs and everything so far: what was loaded from it.
    pub(crate) fn mark_loaded(&mut self, refs: impl Iterator<Item = (RefName, RefTarget)>) {
        self.persisted = Persisted { operations: self.log.all().len(), refs: refs.collect() };
    }

    /// One pack of what all packs hold, each object once, reachable or not; no refs.
    pub fn joined_packs(&self) -> Result<PendingBatch> {
        let ids = distinct(self.store.packs().iter().flat_map(Pack::ids));
        let items = ids.into_iter().map(|id| PackItem { id, name_hash: 0 }).collect();
        let pack = Some(self.pack_of(items)?);
        Ok(PendingBatch { pack, needs: Vec::new(), refs: Vec::new(), operations_end: 0 })
    }

    /// What `wants` reach and `haves` do not.
    fn lacking(&self, mut wants: Vec<ObjectId>, haves: Vec<ObjectId>) -> Result<Vec<PackItem>> {
        let had: IdMap<()> = haves.iter().map(|id| (*id, ())).collect();
        wants.retain(|id| !had.contains_key(id));
        if wants.is_empty() {
            return Ok(Vec::new());
        }
        let request = SelectionRequest {
            wants,
            haves,
            wanted_cuts: self.shallow.clone(),
            had_cuts: self.shallow.clone(),
            ..SelectionRequest::default()
        };
        let graph = self.graph.borrow().clone();
        let mut selection = Selection::new(&request, graph, &self.store, &self.limits)?;
        while !selection.step(&self.store, SELECTION_STEP)? {}
        Ok(selection.into_parts().0)
    }

    /// The wants and the parents of commits that are not in the pack.
    fn needs(&self, wants: &[ObjectId], selected: &[PackItem]) -> Result<Vec<ObjectId>> {
        let packed: IdMap<()> = selected.iter().map(|item| (item.id, ())).collect();
        let mut needs = wants.to_vec();
        let mut parents = Vec::new();
        for item in selected {
            if self.store.header(&item.id)?.0 == Kind::Commit && !self.shallow.contains(&item.id) {
                let bytes = self.store.read(&item.id)?.bytes;
                parents.clear();
                CommitLinks::parse(&bytes, &mut parents).map_err(|error| Error::corrupt(&item.id, error))?;
                needs.extend_from_slice(&parents);
            }
        }
        Ok(distinct(needs.into_iter().filter(|id| !packed.contains_key(id))))
    }

    /// A pack without new deltas, quick to write: git's own gc makes it small.
    fn pack_of(&self, objects: Vec<PackItem>) -> Result<PendingPack> {
        let options =
            WriteOptions { deltas: false, index: true, level: Level::Fastest, ..WriteOptions::default() };
        let packs: Vec<&Pack> = self.store.packs().iter().collect();
        let sources = PackSources { objects: &self.store, packs: &packs };
        let mut writer = PackWriter::new(objects, Vec::new(), options);
        let mut chunks = Vec::new();
        while let Some(chunk) = writer.next_chunk(&sources)? {
            chunks.push(chunk);
        }
        let index = writer.into_index().expect("because it was asked for and the last chunk has come");
        Ok(PendingPack { chunks, index })
    }
}

/// The object that a ref leads to by itself.
fn direct(target: Option<&RefTarget>) -> Option<ObjectId> {
    match target {
        Some(RefTarget::Direct(id)) => Some(*id),
        _ => None,
    }
}

/// Each id once, in order of their bytes.
fn distinct(ids: impl Iterator<Item = ObjectId>) -> Vec<ObjectId> {
    let mut ids: Vec<ObjectId> = ids.collect();
    sort(&mut ids);
    ids.dedup();
    ids
}
