//! What a work tree asks without a repository: which files patterns name, and which paths may be written.

use govc_engine::git::glob::Globs;
use wasm_bindgen::prelude::*;

use crate::decode;
use crate::error::thrown;

/// Patterns in gitignore's dialect.
#[wasm_bindgen]
pub struct Patterns(Globs);

#[wasm_bindgen]
impl Patterns {
    /// Compiles patterns that are joined by NUL.
    #[wasm_bindgen(constructor)]
    pub fn new(patterns: &[u8]) -> Self {
        Self(decode::globs(patterns))
    }

    /// Whether the file at `path` is meant, by its own path or because of a directory above it.
    pub fn matches(&self, path: &[u8]) -> bool {
        self.0.matches(path)
    }

    /// What the last pattern that names `path` itself says.
    pub fn decide(&self, path: &[u8], directory: bool) -> Option<bool> {
        self.0.decide(path, directory)
    }
}

/// Refuses a path that no tree may hold.
#[wasm_bindgen(js_name = checkPath)]
pub fn check_path(path: &[u8]) -> Result<(), JsValue> {
    decode::path(path).map(drop).map_err(thrown)
}
