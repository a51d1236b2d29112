//! Packs in and out, and what a storage holds.

use govc_engine::git::limits::Limits;
use govc_engine::git::pack::{Pack, PackReceiver, PackResolver};
use govc_engine::git::refs::{RefName, RefTarget};
use govc_engine::git::{Kind, Object};
use govc_engine::{Error, ErrorCode, Result};
use wasm_bindgen::prelude::*;

use crate::decode;
use crate::error::thrown;
use crate::history::ids;
use crate::repository::Repository;

/// A pack on its way in.
#[wasm_bindgen]
pub struct PackImport {
    stage: Option<Stage>,
}

enum Stage {
    Receiving(Box<PackReceiver>),
    Resolving(Box<PackResolver>),
}

#[wasm_bindgen]
impl PackImport {
    /// Waits for the first byte.
    #[wasm_bindgen(constructor)]
    pub fn new(repository: &Repository) -> Self {
        let limits: Limits = *repository.engine.limits();
        Self { stage: Some(Stage::Receiving(Box::new(PackReceiver::new(limits)))) }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) -> std::result::Result<(), JsValue> {
        match &mut self.stage {
            Some(Stage::Receiving(receiver)) => receiver.push(bytes).map_err(|error| thrown(error.into())),
            _ => Err(thrown(out_of_order())),
        }
    }

    /// No byte follows.
    pub fn end(&mut self) -> std::result::Result<(), JsValue> {
        let Some(Stage::Receiving(receiver)) = self.stage.take() else { return Err(thrown(out_of_order())) };
        let resolver = receiver.end().map_err(|error| thrown(error.into()))?;
        self.stage = Some(Stage::Resolving(Box::new(resolver)));
        Ok(())
    }

    /// Resolves deltas until about `budget` bytes are unfolded: objects done, objects in all, 1 where nothing is left.
    pub fn step(&mut self, repository: &Repository, budget: f64) -> std::result::Result<Vec<f64>, JsValue> {
        let Some(Stage::Resolving(resolver)) = &mut self.stage else { return Err(thrown(out_of_order())) };
        let progress =
            resolver.step(repository.engine.store(), budget as u64).map_err(|error| thrown(error.into()))?;
        let finished = if resolver.is_done() { 1.0 } else { 0.0 };
        Ok(vec![progress.done as f64, progress.total as f64, finished])
    }
}

impl PackImport {
    fn finish(&mut self, repository: &Repository) -> Result<Pack> {
        match self.stage.take() {
            Some(Stage::Resolving(resolver)) => Ok(resolver.finish(repository.engine.store())?),
            _ => Err(out_of_order()),
        }
    }
}

fn out_of_order() -> Error {
    Error::new(ErrorCode::InvalidArgument, "this pack was taken in already, or its bytes have not ended")
}

#[wasm_bindgen]
impl Repository {
    /// Adds a resolved pack, which nothing points at yet.
    #[wasm_bindgen(js_name = admitImport)]
    pub fn admit_import(&mut self, import: &mut PackImport) -> std::result::Result<(), JsValue> {
        let pack = import.finish(self).map_err(thrown)?;
        self.engine.load_pack(pack).map_err(thrown)
    }

    /// Moves refs to what the pack that was added last has brought; the number of its objects.
    #[wasm_bindgen(js_name = finishImport)]
    pub fn finish_import(&mut self, refs: &[u8], now_ms: f64) -> std::result::Result<f64, JsValue> {
        let fields = decode::fields(refs).map_err(thrown)?;
        let mut targets = Vec::with_capacity(fields.len() / 2);
        for pair in fields.chunks_exact(2) {
            targets.push((pair[0], decode::id_bytes(pair[1]).map_err(thrown)?));
        }
        let env = self.env(now_ms);
        Ok(self.engine.import_refs(&targets, &env).map_err(thrown)? as f64)
    }

    /// Takes back the pack that was added last, before anything points at it.
    #[wasm_bindgen(js_name = dropNewestPack)]
    pub fn drop_newest_pack(&mut self) {
        self.engine.drop_newest_pack();
    }

    /// Adds a pack that a storage holds; without its index, it is indexed here.
    #[wasm_bindgen(js_name = loadPack)]
    pub fn load_pack(&mut self, bytes: Vec<u8>, index: Option<Vec<u8>>) -> std::result::Result<(), JsValue> {
        let limits = *self.engine.limits();
        let pack = match index {
            Some(index) => Pack::open(bytes, index, limits),
            None => index_pack(&bytes, &self.engine, limits),
        };
        let pack = pack.map_err(|error| thrown(error.into()))?;
        self.engine.load_pack(pack).map_err(thrown)
    }

    /// Adds an object that a storage holds in git's loose form; it is checked when it is read.
    #[wasm_bindgen(js_name = loadLoose)]
    pub fn load_loose(&mut self, id: &str, compressed: Box<[u8]>) -> std::result::Result<(), JsValue> {
        self.engine.load_loose(decode::id(id).map_err(thrown)?, compressed).map_err(thrown)
    }

    /// Adds an object that a storage holds, by its kind and content.
    #[wasm_bindgen(js_name = loadObject)]
    pub fn load_object(&mut self, id: &str, kind: &str, bytes: &[u8]) -> std::result::Result<(), JsValue> {
        let id = decode::id(id).map_err(thrown)?;
        let kind = Kind::from_name(kind.as_bytes()).ok_or_else(|| {
            thrown(
                Error::new(ErrorCode::InvalidArgument, "no kind of object has this name").with("kind", kind),
            )
        })?;
        self.engine.load_object(id, Object { kind, bytes: bytes.into() }).map_err(thrown)
    }

    /// Sets the refs that a storage holds: lines of name, NUL, and an id or `ref: ` and a name.
    #[wasm_bindgen(js_name = loadRefs)]
    pub fn load_refs(&mut self, lines: &[u8]) -> std::result::Result<(), JsValue> {
        let refs = stored_refs(lines).map_err(thrown)?;
        self.engine.load_refs(refs).map_err(thrown)
    }
}

/// A pack on its way out.
#[wasm_bindgen]
pub struct PackExport(govc_engine::PackExport);

#[wasm_bindgen]
impl PackExport {
    /// Begins a pack of what `wants` (without them, all refs) reach and `haves` do not; ids joined without anything between.
    #[wasm_bindgen(constructor)]
    pub fn new(
        repository: &Repository,
        wants: Option<String>,
        haves: &str,
    ) -> std::result::Result<Self, JsValue> {
        let wants = wants.as_deref().map(ids).transpose().map_err(thrown)?;
        let haves = ids(haves).map_err(thrown)?;
        Ok(Self(repository.engine.export(wants, haves).map_err(thrown)?))
    }

    /// The next bytes; nothing after the last.
    pub fn next(&mut self, repository: &Repository) -> std::result::Result<Option<Vec<u8>>, JsValue> {
        repository.engine.export_chunk(&mut self.0).map_err(thrown)
    }
}

fn index_pack(
    bytes: &[u8],
    engine: &govc_engine::Repository,
    limits: Limits,
) -> std::result::Result<Pack, govc_engine::git::pack::PackError> {
    let mut receiver = PackReceiver::new(limits);
    receiver.push(bytes)?;
    receiver.end()?.finish(engine.store())
}

/// Refs from lines of name, NUL, and an id or `ref: ` and a name.
pub(crate) fn stored_refs(lines: &[u8]) -> Result<Vec<(RefName, RefTarget)>> {
    lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(stored_ref).collect()
}

fn stored_ref(line: &[u8]) -> Result<(RefName, RefTarget)> {
    let at = line.iter().position(|byte| *byte == 0).unwrap_or(line.len());
    let name = RefName::new(&line[..at])?;
    let target = line.get(at + 1..).unwrap_or_default();
    let target = match target.strip_prefix(b"ref: ") {
        Some(name) => RefTarget::Symbolic(RefName::new(name)?),
        None => RefTarget::Direct(decode::id_bytes(target)?),
    };
    Ok((name, target))
}
