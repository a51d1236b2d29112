//! What a storage has to keep next: one pack of new objects, then the refs that moved. Memory leads, storage follows.
//!
//! The order is objects before refs, so that no ref that is kept names an object that is not.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use govc_git::pack::zlib::Level;
use govc_git::pack::{Pack, PackItem, PackReceiver, PackSources, PackWriter, WriteOptions};
use govc_git::refs::{RefDelta, RefName};

use crate::Repository;
use crate::error::Result;

/// Everything that changed since the last batch that was kept.
pub struct PendingBatch {
    pack: Option<Pack>,
    refs: Vec<(RefDelta, String)>,
    objects_end: usize,
    operations_end: usize,
}

/// How far a storage has kept up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Persisted {
    objects: usize,
    operations: usize,
}

impl PendingBatch {
    /// The new objects, if there are any.
    pub fn pack(&self) -> Option<&Pack> {
        self.pack.as_ref()
    }

    /// Each ref that moved, from what is kept to what it is, with the last operation's description.
    pub fn refs(&self) -> &[(RefDelta, String)] {
        &self.refs
    }
}

impl Repository {
    /// Packs what is new and joins the moves of each ref into one.
    pub fn pending_batch(&self) -> Result<PendingBatch> {
        let new = self.store.new_objects();
        let objects: Vec<PackItem> = new
            .since(self.persisted.objects)
            .iter()
            .map(|(id, _)| PackItem { id: *id, name_hash: 0 })
            .collect();
        let pack = if objects.is_empty() { None } else { Some(self.pack_new(objects)?) };
        let operations = &self.log.all()[self.persisted.operations..];
        let mut moved: BTreeMap<RefName, (RefDelta, String)> = BTreeMap::new();
        for operation in operations {
            for delta in &operation.deltas {
                let entry = moved.entry(delta.name.clone()).or_insert_with(|| (delta.clone(), String::new()));
                entry.0.after.clone_from(&delta.after);
                entry.1.clone_from(&operation.description);
            }
        }
        let refs = moved.into_values().filter(|(delta, _)| delta.before != delta.after).collect();
        Ok(PendingBatch { pack, refs, objects_end: new.len(), operations_end: self.log.all().len() })
    }

    /// Notes that a batch is kept.
    pub fn mark_persisted(&mut self, batch: &PendingBatch) {
        self.persisted = Persisted { objects: batch.objects_end, operations: batch.operations_end };
    }

    /// Notes that a storage holds everything so far: what was loaded from it.
    pub(crate) fn mark_loaded(&mut self) {
        self.persisted =
            Persisted { objects: self.store.new_objects().len(), operations: self.log.all().len() };
    }

    /// A pack without deltas, quick to write: git's own gc makes it small.
    fn pack_new(&self, objects: Vec<PackItem>) -> Result<Pack> {
        let options =
            WriteOptions { deltas: false, reuse: false, level: Level::Fastest, ..WriteOptions::default() };
        let sources = PackSources { objects: &self.store, packs: &[] };
        let mut writer = PackWriter::new(objects, Vec::new(), options);
        let mut receiver = PackReceiver::new(self.limits);
        while let Some(chunk) = writer.next_chunk(&sources)? {
            receiver.push(&chunk)?;
        }
        Ok(receiver.end()?.finish(&self.store)?)
    }
}
