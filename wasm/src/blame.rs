//! Blame in steps.

use wasm_bindgen::prelude::*;

use crate::decode;
use crate::error::thrown;
use crate::packed::PackedWriter;
use crate::repository::Repository;

/// A search for the commits behind a file's lines.
#[wasm_bindgen]
pub struct Blame(govc_engine::Blame);

#[wasm_bindgen]
impl Blame {
    /// Begins with a file of a commit.
    #[wasm_bindgen(constructor)]
    pub fn new(repository: &Repository, commit: &str, path: &[u8]) -> Result<Self, JsValue> {
        let commit = decode::id(commit).map_err(thrown)?;
        Ok(Self(repository.engine.blame(&commit, path).map_err(thrown)?))
    }

    /// Looks at up to `most` further commits: lines found, lines in all, 1 where nothing is left.
    pub fn step(&mut self, repository: &Repository, most: u32) -> Result<Vec<f64>, JsValue> {
        let finished = repository.engine.blame_step(&mut self.0, most as usize).map_err(thrown)?;
        let (found, total) = self.0.progress();
        Ok(vec![found.into(), total.into(), if finished { 1.0 } else { 0.0 }])
    }

    /// What was found, by line: commit, path there, first line there, first line here, count.
    pub fn ranges(self, repository: &Repository) -> Vec<u8> {
        let mut out = PackedWriter::new();
        out.list(repository.engine.blame_ranges(self.0).iter(), |out, range| {
            out.id(Some(range.commit));
            out.bytes(&range.path);
            out.u32(range.origin);
            out.u32(range.line);
            out.u32(range.count);
        });
        out.finish()
    }
}
