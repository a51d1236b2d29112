//! What `Reality` and `Snapshot` do: reading, staging, committing.

use wasm_bindgen::prelude::*;

use crate::commit::PreparedCommit;
use crate::decode;
use crate::error::thrown;
use crate::packed::PackedWriter;
use crate::repository::{Repository, hex};
use crate::transaction::Transaction;

#[wasm_bindgen]
impl Repository {
    /// The newest commit of a reality.
    pub fn head(&self, reality: &[u8]) -> Result<Option<String>, JsValue> {
        let reality = self.reality(reality)?;
        Ok(hex(self.engine.head(&reality).map_err(thrown)?))
    }

    /// The newest commit of a reality, if there is such a reality.
    #[wasm_bindgen(js_name = checkedHead)]
    pub fn checked_head(&self, name: &[u8]) -> Option<String> {
        self.engine.reality(name).and_then(|reality| self.engine.head(&reality)).ok().and_then(hex)
    }

    /// What a reality shows at a path.
    pub fn read(&self, reality: &[u8], path: &[u8]) -> Result<Vec<u8>, JsValue> {
        let (reality, path) = (self.reality(reality)?, decode::path(path).map_err(thrown)?);
        Ok(self.engine.read(&reality, &path).map_err(thrown)?.to_vec())
    }

    /// Whether a reality shows a file at a path.
    pub fn has(&self, reality: &[u8], path: &[u8]) -> Result<bool, JsValue> {
        let (reality, path) = (self.reality(reality)?, decode::path(path).map_err(thrown)?);
        self.engine.has(&reality, &path).map_err(thrown)
    }

    /// Paths that a reality shows, joined by NUL.
    pub fn list(&self, reality: &[u8], pattern: Option<Box<[u8]>>) -> Result<Vec<u8>, JsValue> {
        let reality = self.reality(reality)?;
        Ok(joined(&self.engine.list(&reality, pattern.as_deref()).map_err(thrown)?))
    }

    /// Stages content; mode 0 keeps what is there.
    pub fn write(&mut self, reality: &[u8], path: &[u8], content: &[u8], mode: u32) -> Result<(), JsValue> {
        let (reality, path) = (self.reality(reality)?, decode::path(path).map_err(thrown)?);
        self.engine.write(&reality, path, decode::mode(mode), decode::content(content)).map_err(thrown)
    }

    /// Stages a removal.
    pub fn remove(&mut self, reality: &[u8], path: &[u8]) -> Result<(), JsValue> {
        let (reality, path) = (self.reality(reality)?, decode::path(path).map_err(thrown)?);
        self.engine.remove(&reality, path).map_err(thrown)
    }

    /// Stages what a patch makes of a reality; flag 1 takes it back, 2 merges where it can.
    #[wasm_bindgen(js_name = applyPatch)]
    pub fn apply_patch(
        &mut self,
        reality: &[u8],
        text: &[u8],
        strip: u32,
        flags: u32,
    ) -> Result<(), JsValue> {
        let reality = self.reality(reality)?;
        self.engine.apply_patch(&reality, text, strip, flags & 1 != 0, flags & 2 != 0).map_err(thrown)
    }

    /// Forgets what is staged, at a path or everywhere.
    pub fn discard(&mut self, reality: &[u8], path: Option<Box<[u8]>>) -> Result<(), JsValue> {
        let reality = self.reality(reality)?;
        let path = path.map(|path| decode::path(&path)).transpose().map_err(thrown)?;
        self.engine.discard(&reality, path.as_ref()).map_err(thrown)
    }

    /// Commits what is staged; `details` as in `decode::commit_request`.
    pub fn commit(&mut self, reality: &[u8], details: &[u8], now_ms: f64) -> Result<String, JsValue> {
        let (reality, env) = (self.reality(reality)?, self.env(now_ms));
        Ok(self.engine.commit(&reality, decode::commit_request(details), &env).map_err(thrown)?.to_string())
    }

    /// Commits these changes alone.
    pub fn apply(
        &mut self,
        reality: &[u8],
        changes: &Transaction,
        details: &[u8],
        now_ms: f64,
    ) -> Result<String, JsValue> {
        let (reality, env) = (self.reality(reality)?, self.env(now_ms));
        let request = decode::commit_request(details);
        Ok(self.engine.apply(&reality, changes.0.changes(), request, &env).map_err(thrown)?.to_string())
    }

    /// Writes a commit of what is staged up to its signature.
    #[wasm_bindgen(js_name = prepareCommit)]
    pub fn prepare_commit(
        &mut self,
        reality: &[u8],
        details: &[u8],
        now_ms: f64,
    ) -> Result<PreparedCommit, JsValue> {
        let (reality, env) = (self.reality(reality)?, self.env(now_ms));
        let request = decode::commit_request(details);
        Ok(PreparedCommit(self.engine.prepare_commit(&reality, request, &env).map_err(thrown)?))
    }

    /// Moves a reality to another commit.
    pub fn rollback(
        &mut self,
        reality: &[u8],
        to: &str,
        reason: Option<String>,
        now_ms: f64,
    ) -> Result<(), JsValue> {
        let (reality, env) = (self.reality(reality)?, self.env(now_ms));
        let to = decode::id(to).map_err(thrown)?;
        self.engine.rollback(&reality, to, reason.as_deref(), &env).map_err(thrown)
    }

    /// The content of a file in a tree or commit.
    #[wasm_bindgen(js_name = readAt)]
    pub fn read_at(&self, state: &str, path: &[u8]) -> Result<Vec<u8>, JsValue> {
        let tree = self.tree(state)?;
        Ok(self.engine.read_file(&tree, path).map_err(thrown)?.to_vec())
    }

    /// Whether a tree or commit has a file at a path.
    #[wasm_bindgen(js_name = hasAt)]
    pub fn has_at(&self, state: &str, path: &[u8]) -> Result<bool, JsValue> {
        self.engine.has_file(&self.tree(state)?, path).map_err(thrown)
    }

    /// The regular files of a tree or commit, each with its path and its content's id; `patterns` are joined by NUL.
    #[wasm_bindgen(js_name = filesAt)]
    pub fn files_at(&self, state: &str, patterns: &[u8]) -> Result<Vec<u8>, JsValue> {
        let globs = (!patterns.is_empty()).then(|| decode::globs(patterns));
        let files = self.engine.files(&self.tree(state)?, globs.as_ref()).map_err(thrown)?;
        let mut out = PackedWriter::new();
        out.list(files.iter(), |out, (path, id)| {
            out.bytes(path);
            out.id(Some(*id));
        });
        Ok(out.finish())
    }

    /// Paths of a tree or commit, joined by NUL.
    #[wasm_bindgen(js_name = listAt)]
    pub fn list_at(&self, state: &str, pattern: Option<Box<[u8]>>) -> Result<Vec<u8>, JsValue> {
        Ok(joined(&self.engine.list_files(&self.tree(state)?, pattern.as_deref()).map_err(thrown)?))
    }
}

impl Repository {
    /// The tree of a tree, commit or tag, by its id.
    pub(crate) fn tree(&self, state: &str) -> Result<govc_engine::git::ObjectId, JsValue> {
        let id = decode::id(state).map_err(thrown)?;
        self.engine.peel_to_tree(&id).map_err(thrown)
    }
}

fn joined(paths: &[impl AsRef<[u8]>]) -> Vec<u8> {
    paths.iter().map(AsRef::as_ref).collect::<Vec<&[u8]>>().join(&0)
}
