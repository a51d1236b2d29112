//! Commits that wait for their signature: JavaScript signs between the two halves.

use wasm_bindgen::prelude::*;

use crate::error::thrown;
use crate::repository::Repository;

/// A commit that waits for its signature.
#[wasm_bindgen]
pub struct PreparedCommit(pub(crate) govc_engine::PreparedCommit);

#[wasm_bindgen]
impl PreparedCommit {
    /// The bytes that are signed.
    pub fn payload(&self) -> Vec<u8> {
        self.0.payload()
    }
}

#[wasm_bindgen]
impl Repository {
    /// Moves the reality to a prepared commit.
    #[wasm_bindgen(js_name = finishCommit)]
    pub fn finish_commit(
        &mut self,
        prepared: PreparedCommit,
        signature: Option<Box<[u8]>>,
        now_ms: f64,
    ) -> Result<String, JsValue> {
        let (mut prepared, env) = (prepared.0, self.env(now_ms));
        if let Some(signature) = signature {
            prepared.sign(&signature);
        }
        Ok(self.engine.finish_commit(prepared, &env).map_err(thrown)?.to_string())
    }
}
