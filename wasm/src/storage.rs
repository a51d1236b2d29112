//! What a storage has to keep next.

use wasm_bindgen::prelude::*;

use crate::error::thrown;
use crate::packed::PackedWriter;
use crate::repository::{Repository, target};

/// Everything that changed since the last batch that was kept.
#[wasm_bindgen]
pub struct PendingBatch(govc_engine::PendingBatch);

#[wasm_bindgen]
impl PendingBatch {
    /// Gathers it.
    #[wasm_bindgen(constructor)]
    pub fn new(repository: &Repository) -> Result<Self, JsValue> {
        Ok(Self(repository.engine.pending_batch().map_err(thrown)?))
    }

    /// The bytes of the pack; empty where no object is new.
    pub fn pack(&self) -> Vec<u8> {
        self.0.pack().map_or_else(Vec::new, |pack| pack.pack_bytes().flatten().copied().collect())
    }

    /// The bytes of the pack's index.
    pub fn index(&self) -> Vec<u8> {
        self.0.pack().map_or_else(Vec::new, |pack| pack.index_bytes().to_vec())
    }

    /// The hash that names the pack's files.
    pub fn checksum(&self) -> String {
        self.0.pack().map_or_else(String::new, |pack| pack.checksum().to_string())
    }

    /// Refs that moved: name, before, after, and the reason.
    pub fn refs(&self) -> Vec<u8> {
        let mut out = PackedWriter::new();
        out.list(self.0.refs().iter(), |out, (delta, reason)| {
            out.bytes(delta.name.as_ref());
            out.bytes(target(delta.before.as_ref()).as_bytes());
            out.bytes(target(delta.after.as_ref()).as_bytes());
            out.bytes(reason.as_bytes());
        });
        out.finish()
    }
}

#[wasm_bindgen]
impl Repository {
    /// Notes that a batch is kept.
    #[wasm_bindgen(js_name = markPersisted)]
    pub fn mark_persisted(&mut self, batch: &PendingBatch) {
        self.engine.mark_persisted(&batch.0);
    }
}
