//! What a storage has to keep next, and what it hands over in pieces.

use govc_engine::git::{ObjectId, limits::LimitExceeded};
use wasm_bindgen::prelude::*;

use crate::decode;
use crate::error::thrown;
use crate::exchange::stored_refs;
use crate::packed::PackedWriter;
use crate::repository::{Repository, write_delta};

/// Everything that changed since the last batch that was kept.
#[wasm_bindgen]
pub struct PendingBatch(govc_engine::PendingBatch);

#[wasm_bindgen]
impl PendingBatch {
    /// Gathers it. The storage lost what it kept at the tips `gone`: ids of 40 digits, nothing between.
    #[wasm_bindgen(constructor)]
    pub fn new(repository: &Repository, gone: &str) -> Result<Self, JsValue> {
        let gone = decode::ids(gone).map_err(thrown)?;
        Ok(Self(repository.engine.pending_batch(&gone).map_err(thrown)?))
    }

    /// One pack of what all packs of a repository hold, each object once; no refs.
    #[wasm_bindgen(js_name = joinedPacks)]
    pub fn joined_packs(repository: &Repository) -> Result<Self, JsValue> {
        Ok(Self(repository.engine.joined_packs().map_err(thrown)?))
    }

    /// What the storage should have already: ids of 40 digits, nothing between.
    pub fn needs(&self) -> String {
        joined(self.0.needs())
    }

    /// The bytes of the pack; empty where no object is new.
    pub fn pack(&self) -> Vec<u8> {
        self.0.pack().map_or_else(Vec::new, |pack| pack.chunks.concat())
    }

    /// The bytes of the pack's index.
    pub fn index(&self) -> Vec<u8> {
        self.0.pack().map_or_else(Vec::new, |pack| pack.index.bytes().to_vec())
    }

    /// The hash that names the pack's files.
    pub fn checksum(&self) -> String {
        self.0.pack().map_or_else(String::new, |pack| pack.index.pack_checksum().to_string())
    }

    /// Refs that moved: name, before, after, and the reason.
    pub fn refs(&self) -> Vec<u8> {
        let mut out = PackedWriter::new();
        out.list(self.0.refs().iter(), |out, (delta, reason)| {
            write_delta(out, delta);
            out.bytes(reason.as_bytes());
        });
        out.finish()
    }
}

/// A pack that a storage hands over in pieces.
#[wasm_bindgen]
pub struct PackLoad(Vec<u8>);

#[wasm_bindgen]
impl PackLoad {
    /// Makes room for `length` bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(repository: &Repository, length: f64) -> Result<Self, JsValue> {
        let found = length as u64;
        repository.engine.ensure_room(found).map_err(thrown)?;
        let mut bytes = Vec::new();
        let room = usize::try_from(found).ok().and_then(|length| bytes.try_reserve_exact(length).ok());
        let allowed = u64::from(u32::MAX);
        room.ok_or_else(|| thrown(LimitExceeded { limit: "memory_bytes_max", allowed, found }.into()))?;
        Ok(Self(bytes))
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Adds the pack to the repository; without its index, it is indexed here.
    pub fn finish(self, repository: &mut Repository, index: Option<Vec<u8>>) -> Result<(), JsValue> {
        repository.load_pack(self.0, index)
    }
}

fn joined(ids: &[ObjectId]) -> String {
    ids.iter().map(ToString::to_string).collect()
}

#[wasm_bindgen]
impl Repository {
    /// Sets the commits at which the history of a shallow clone ends: ids of 40 digits, nothing between.
    #[wasm_bindgen(js_name = loadShallow)]
    pub fn load_shallow(&mut self, ids: &str) -> Result<(), JsValue> {
        self.engine.load_shallow(decode::ids(ids).map_err(thrown)?);
        Ok(())
    }

    /// What the refs of the storage lead to: ids of 40 digits, nothing between.
    #[wasm_bindgen(js_name = keptTips)]
    pub fn kept_tips(&self) -> String {
        joined(&self.engine.kept_tips())
    }

    /// Notes that a batch is kept.
    #[wasm_bindgen(js_name = markPersisted)]
    pub fn mark_persisted(&mut self, batch: &PendingBatch) {
        self.engine.mark_persisted(&batch.0);
    }

    /// Notes that the storage lost everything.
    #[wasm_bindgen(js_name = markLost)]
    pub fn mark_lost(&mut self) {
        self.engine.mark_lost();
    }

    /// Takes over the refs that a storage holds by now, in the form of `loadRefs`: those that moved, then those that
    /// were changed here and there; each with what is here and what is there.
    #[wasm_bindgen(js_name = followRefs)]
    pub fn follow_refs(&mut self, lines: &[u8], now_ms: f64) -> Result<Vec<u8>, JsValue> {
        let (stored, env) = (stored_refs(lines).map_err(thrown)?, self.env(now_ms));
        let followed = self.engine.follow(stored, &env).map_err(thrown)?;
        let mut out = PackedWriter::new();
        out.list(followed.moved.iter(), write_delta);
        out.list(followed.diverged.iter(), write_delta);
        Ok(out.finish())
    }
}
