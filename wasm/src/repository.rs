//! The class behind `Repository`: realities, tags, revisions, the log of operations, figures.

use govc_engine::git::ObjectId;
use govc_engine::git::object::Signature;
use govc_engine::git::refs::{RefDelta, RefName, RefTarget};
use govc_engine::{Author, Env};
use wasm_bindgen::prelude::*;

use crate::decode;
use crate::error::thrown;
use crate::packed::PackedWriter;

/// A repository in this module's memory.
#[wasm_bindgen]
pub struct Repository {
    pub(crate) engine: govc_engine::Repository,
    author: Author,
}

#[wasm_bindgen]
impl Repository {
    /// An empty repository. `author` is a git identity line; the limits are in the order of `Limits` in api.d.ts, 0 for the default.
    #[wasm_bindgen(constructor)]
    pub fn new(main: &[u8], author: &[u8], limits: &[f64]) -> Result<Self, JsValue> {
        let mut engine = govc_engine::Repository::new(main, decode::limits(limits)).map_err(thrown)?;
        if let Some(most) = limits.get(4).filter(|most| **most >= 1.0) {
            engine.set_operations_max(*most as usize);
        }
        let Signature { name, email, offset_minutes, .. } = decode::identity(author);
        Ok(Self { engine, author: Author { name, email, offset_minutes } })
    }

    /// A repository of its own with the same content.
    pub fn copy(&mut self) -> Self {
        Self { engine: self.engine.copy(), author: self.author.clone() }
    }

    /// The name of the main reality.
    #[wasm_bindgen(js_name = mainName)]
    pub fn main_name(&self) -> Result<Vec<u8>, JsValue> {
        Ok(self.engine.main().map_err(thrown)?.short().to_vec())
    }

    /// Makes a reality main, where main is what is expected.
    #[wasm_bindgen(js_name = setMain)]
    pub fn set_main(
        &mut self,
        reality: &[u8],
        expected: Option<Box<[u8]>>,
        now_ms: f64,
    ) -> Result<(), JsValue> {
        let (reality, env) = (self.reality(reality)?, self.env(now_ms));
        self.engine.set_main(&reality, expected.as_deref(), &env).map_err(thrown)
    }

    /// Throws where there is no such reality.
    #[wasm_bindgen(js_name = checkReality)]
    pub fn check_reality(&self, name: &[u8]) -> Result<(), JsValue> {
        self.reality(name).map(drop)
    }

    /// Creates realities at a commit, or before any where `from` is missing; `names` are joined by newlines.
    #[wasm_bindgen(js_name = createRealities)]
    pub fn create_realities(
        &mut self,
        names: &[u8],
        from: Option<String>,
        now_ms: f64,
    ) -> Result<(), JsValue> {
        let names: Vec<&[u8]> = names.split(|byte| *byte == b'\n').collect();
        let from = from.as_deref().map(decode::id).transpose().map_err(thrown)?;
        let env = self.env(now_ms);
        self.engine.create_realities(&names, from, &env).map_err(thrown)
    }

    /// Forks a reality with what it has staged.
    pub fn fork(&mut self, from: &[u8], name: &[u8], now_ms: f64) -> Result<(), JsValue> {
        let (from, env) = (self.reality(from)?, self.env(now_ms));
        self.engine.fork(&from, name, &env).map_err(thrown)
    }

    /// Names of realities, joined by newlines.
    #[wasm_bindgen(js_name = listRealities)]
    pub fn list_realities(&self, pattern: Option<Box<[u8]>>) -> Vec<u8> {
        let names = self.engine.list_realities(pattern.as_deref());
        names.iter().map(|name| name.short().as_ref()).collect::<Vec<&[u8]>>().join(&b'\n')
    }

    /// Deletes realities; `names` are joined by newlines.
    #[wasm_bindgen(js_name = deleteRealities)]
    pub fn delete_realities(&mut self, names: &[u8], now_ms: f64) -> Result<(), JsValue> {
        let env = self.env(now_ms);
        let names: Vec<RefName> =
            names.split(|byte| *byte == b'\n').map(|name| self.reality(name)).collect::<Result<_, _>>()?;
        self.engine.delete_realities(&names, &env).map_err(thrown)
    }

    /// Creates a tag; the id that it points to.
    pub fn tag(
        &mut self,
        name: &[u8],
        target: &str,
        message: Option<Box<[u8]>>,
        now_ms: f64,
    ) -> Result<String, JsValue> {
        let (target, env) = (decode::id(target).map_err(thrown)?, self.env(now_ms));
        let id = self.engine.tag(name, target, message.as_deref(), &env).map_err(thrown)?;
        Ok(id.to_string())
    }

    /// Takes back the last operation: its position in the log, or 0.
    pub fn undo(&mut self, now_ms: f64) -> Result<f64, JsValue> {
        let env = self.env(now_ms);
        Ok(self.engine.undo(&env).map_err(thrown)?.unwrap_or(0) as f64)
    }

    /// Does the last undone operation again: its position in the log, or 0.
    pub fn redo(&mut self, now_ms: f64) -> Result<f64, JsValue> {
        let env = self.env(now_ms);
        Ok(self.engine.redo(&env).map_err(thrown)?.unwrap_or(0) as f64)
    }

    /// Operations from the id `start` on, or from the oldest that the log holds, at most `count`.
    pub fn operations(&self, start: f64, count: u32) -> Vec<u8> {
        let since = self.engine.operations_since(start as u64);
        let some = &since[..since.len().min(count as usize)];
        let mut out = PackedWriter::new();
        out.list(some.iter(), |out, operation| {
            out.f64(operation.id as f64);
            out.bytes(operation.kind.name().as_bytes());
            out.bytes(operation.description.as_bytes());
            out.f64(operation.time_ms as f64);
            out.list(operation.deltas.iter(), write_delta);
        });
        out.finish()
    }

    /// Figures, in the order of `RepositoryStats` in stats.ts.
    pub fn stats(&self) -> Vec<f64> {
        let stats = self.engine.stats();
        [
            stats.objects,
            stats.object_bytes,
            stats.memory_bytes,
            stats.realities,
            stats.commits,
            stats.operations,
        ]
        .map(|figure| figure as f64)
        .into()
    }
}

impl Repository {
    /// The ref of an existing reality.
    pub(crate) fn reality(&self, name: &[u8]) -> Result<RefName, JsValue> {
        self.engine.reality(name).map_err(thrown)
    }

    /// What a command at this moment needs.
    pub(crate) fn env(&self, now_ms: f64) -> Env {
        Env { now_ms: now_ms as i64, author: self.author.clone() }
    }
}

/// A ref: its name, and its targets before and after.
pub(crate) fn write_delta(out: &mut PackedWriter, delta: &RefDelta) {
    out.bytes(delta.name.as_ref());
    out.bytes(target(delta.before.as_ref()).as_bytes());
    out.bytes(target(delta.after.as_ref()).as_bytes());
}

/// A ref's target as the API shows it: an id, or `ref: ` and a name.
pub(crate) fn target(target: Option<&RefTarget>) -> String {
    target.map(ToString::to_string).unwrap_or_default()
}

/// An optional id as hex.
pub(crate) fn hex(id: Option<ObjectId>) -> Option<String> {
    id.map(|id| id.to_string())
}
