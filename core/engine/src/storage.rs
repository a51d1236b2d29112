//! What a storage has to keep next: one pack of the objects that it lacks, then the refs that moved. Memory leads,
//! storage follows.
//!
//! The order is objects before refs, so that no ref that is kept names an object that is not. Which objects are lacking
//! follows from the refs alone: what the new ones reach and the kept ones do not. So nothing goes wrong where a storage
//! lost what no ref of its reached, which is what `git gc` does, and what neither a ref nor the kept log reaches is not kept.

use alloc::string::String;
use alloc::vec::Vec;

use govc_git::name_map::NameMap;
use govc_git::object::CommitLinks;
use govc_git::pack::zlib::Level;
use govc_git::pack::{Pack, PackIndex, PackItem, PackSources, PackWriter, WriteOptions};
use govc_git::refs::{RefDelta, RefName, RefTarget};
use govc_git::sort::sort;
use govc_git::store::{IdMap, Overlay};
use govc_git::transport::select::{Selection, SelectionRequest};
use govc_git::{Kind, ObjectId, ObjectSource};

use crate::Repository;
use crate::error::{Error, Result};
use crate::kept_log::{Kept, OWN_REFS, direct};

/// Links that are looked at in one step of the selection; any number is right.
const SELECTION_STEP: usize = 4096;

/// Everything that changed since the last batch that was kept.
pub struct PendingBatch {
    pack: Option<PendingPack>,
    needs: Vec<ObjectId>,
    refs: Vec<(RefDelta, String)>,
    operation: u64,
    log: Option<Kept>,
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
    /// The newest operation whose moves it was told of.
    operation: u64,
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
        let refs = self.moved();
        let mut haves = self.kept_ref_tips();
        haves.retain(|id| !gone.contains(id));
        let mut objects = Overlay::new(&self.store);
        let log = self.next_log(gone, &mut objects);
        let mut wants: Vec<ObjectId> = Vec::new();
        wants.extend(refs.iter().filter_map(|(delta, _)| direct(delta.after.as_ref())));
        if let Some(log) = &log {
            log.add_tips(&mut wants);
        }
        let wants = distinct(wants);
        let mut selected = self.lacking(wants.clone(), haves)?;
        let mut needs = self.needs(&wants, &selected)?;
        let mut moves = Vec::new();
        if let (Some(kept), Some(own)) = (&log, &self.kept_log) {
            let new = objects.new_objects();
            kept.add_own(&mut needs);
            needs.retain(|id| !new.contains(id));
            selected.extend(new.since(0).map(|(id, _)| PackItem { id: *id, name_hash: 0 }));
            // An entry is kept before the refs that it speaks of.
            moves.push((own.delta(kept), "log".into()));
        }
        moves.extend(refs);
        let pack = if selected.is_empty() { None } else { Some(self.pack_of(selected, &objects)?) };
        Ok(PendingBatch { pack, needs, refs: moves, operation: self.log.last_id(), log })
    }

    /// What the storage has to hold: what the refs lead to, and the log, as far as it was told.
    pub fn kept_tips(&self) -> Vec<ObjectId> {
        let mut tips = self.kept_ref_tips();
        if let Some(log) = &self.kept_log {
            log.kept.add_own(&mut tips);
            tips.extend(log.kept.head);
        }
        distinct(tips)
    }

    /// What refs of the storage lead to, and what its log keeps of what they led to.
    fn kept_ref_tips(&self) -> Vec<ObjectId> {
        let mut tips = Vec::new();
        if let Some(log) = &self.kept_log {
            log.kept.add_tips(&mut tips);
            tips.retain(|id| self.store.contains(id));
        }
        tips.extend(self.persisted.refs.iter().filter_map(|(_, target)| direct(Some(target))));
        distinct(tips)
    }

    /// Each ref that the storage does not hold as it is, with the last operation's description.
    fn moved(&self) -> Vec<(RefDelta, String)> {
        let mut reasons: NameMap<RefName, String> = NameMap::new();
        if self.persisted.refs.is_empty() || self.log.first_id() > self.persisted.operation + 1 {
            // A storage that holds nothing lacks what no operation moved, too; and the log may have dropped operations.
            for name in self.persisted.refs.keys().chain(self.refs.iter().map(|(name, _)| name)) {
                reasons.insert(name.clone(), String::from("create"));
            }
        }
        for operation in self.log.since(self.persisted.operation + 1) {
            for delta in &operation.deltas {
                let reason = reasons.get_or_insert_with(delta.name.clone(), String::new);
                reason.clone_from(&operation.description);
            }
        }
        let mut moved = Vec::new();
        for (name, reason) in reasons.into_entries() {
            let before = self.persisted.refs.get(&name).cloned();
            let after = self.refs.get(name.as_ref()).cloned();
            if before != after {
                moved.push((RefDelta { name, before, after }, reason));
            }
        }
        moved
    }

    /// Notes that a batch is kept.
    pub fn mark_persisted(&mut self, batch: &PendingBatch) {
        for (delta, _) in &batch.refs {
            if !delta.name.as_bstr().starts_with(OWN_REFS) {
                self.persisted.note(&delta.name, delta.after.clone());
            }
        }
        self.persisted.operation = batch.operation;
        if let (Some(log), Some(kept)) = (&mut self.kept_log, &batch.log) {
            log.kept = kept.clone();
        }
    }

    /// Notes that the storage lost everything: the next batch is all there is.
    pub fn mark_lost(&mut self) {
        self.persisted = Persisted::default();
        if let Some(log) = &mut self.kept_log {
            log.kept = Kept::new(None);
        }
    }

    /// Notes that a storage holds these refs and everything so far: what was loaded from it.
    pub(crate) fn mark_loaded(&mut self, refs: impl Iterator<Item = (RefName, RefTarget)>) {
        self.persisted = Persisted { operation: self.log.last_id(), refs: refs.collect() };
    }

    /// Notes that the moves of all operations so far are in the storage.
    pub(crate) fn mark_operations_kept(&mut self) {
        self.persisted.operation = self.log.last_id();
    }

    /// One pack of what all packs hold, each object once, reachable or not; no refs.
    pub fn joined_packs(&self) -> Result<PendingBatch> {
        let ids = distinct(self.store.packs().iter().flat_map(Pack::ids).collect());
        let items = ids.into_iter().map(|id| PackItem { id, name_hash: 0 }).collect();
        let pack = Some(self.pack_of(items, &self.store)?);
        Ok(PendingBatch { pack, needs: Vec::new(), refs: Vec::new(), operation: 0, log: None })
    }

    /// Drops the oldest operations where there are more than the repository keeps: a quarter, so that it is rare.
    pub(crate) fn prune_log(&mut self) {
        if self.log.all().len() > self.operations_max {
            self.log.drop_oldest(self.log.all().len() - self.operations_max / 4 * 3);
        }
    }

    fn next_log(&self, gone: &[ObjectId], objects: &mut Overlay<'_>) -> Option<Kept> {
        let own = self.kept_log.as_ref()?;
        let mut held = Vec::new();
        own.kept.add_own(&mut held);
        own.kept.add_tips(&mut held);
        let is_lost = held.iter().any(|id| gone.contains(id));
        let refs = self.all_refs();
        own.next(&self.log, &refs, is_lost, objects)
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
        needs.retain(|id| !packed.contains_key(id));
        Ok(distinct(needs))
    }

    /// A pack without new deltas, quick to write: git's own gc makes it small.
    fn pack_of(&self, objects: Vec<PackItem>, source: &dyn ObjectSource) -> Result<PendingPack> {
        let options =
            WriteOptions { deltas: false, index: true, level: Level::Fastest, ..WriteOptions::default() };
        let packs: Vec<&Pack> = self.store.packs().iter().collect();
        let sources = PackSources { objects: source, packs: &packs };
        let mut writer = PackWriter::new(objects, Vec::new(), options);
        let mut chunks = Vec::new();
        while let Some(chunk) = writer.next_chunk(&sources)? {
            chunks.push(chunk);
        }
        let index = writer.into_index().expect("because it was asked for and the last chunk has come");
        Ok(PendingPack { chunks, index })
    }
}

/// Each id once, in order of their bytes.
fn distinct(mut ids: Vec<ObjectId>) -> Vec<ObjectId> {
    sort(&mut ids);
    ids.dedup();
    ids
}
