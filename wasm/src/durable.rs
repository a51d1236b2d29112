//! What survives a restart: the kept log, marks beside it, the way back to what all refs were.

use wasm_bindgen::prelude::*;

use crate::error::thrown;
use crate::packed::PackedWriter;
use crate::repository::{Repository, target};

#[wasm_bindgen]
impl Repository {
    /// Has the storage keep the log under a name; with `only_kept`, only where it does already. Whether it is kept now.
    #[wasm_bindgen(js_name = keepLog)]
    pub fn keep_log(&mut self, name: &[u8], only_kept: bool, now_ms: f64) -> Result<bool, JsValue> {
        let env = self.env(now_ms);
        self.engine.keep_log(name, only_kept, &env).map_err(thrown)
    }

    /// Whether the log is kept.
    #[wasm_bindgen(js_name = keepsLog)]
    pub fn keeps_log(&self) -> bool {
        self.engine.keeps_log()
    }

    /// The text of a mark.
    pub fn mark(&self, name: &str) -> Option<Vec<u8>> {
        self.engine.mark(name.as_bytes()).map(<[u8]>::to_vec)
    }

    /// Sets a mark, or removes it.
    #[wasm_bindgen(js_name = setMark)]
    pub fn set_mark(&mut self, name: &str, text: Option<Box<[u8]>>) -> Result<(), JsValue> {
        self.engine.set_mark(name.as_bytes(), text.as_deref()).map_err(thrown)
    }

    /// All refs after an operation: name and target each.
    #[wasm_bindgen(js_name = refsAt)]
    pub fn refs_at(&self, operation: f64) -> Result<Vec<u8>, JsValue> {
        let refs = self.engine.refs_at(operation as u64).map_err(thrown)?;
        let mut out = PackedWriter::new();
        out.list(refs.iter(), |out, (name, to)| {
            out.bytes(name.as_ref());
            out.bytes(target(Some(to)).as_bytes());
        });
        Ok(out.finish())
    }

    /// Moves all refs back to what they were after an operation: the id of that operation, or 0.
    pub fn restore(&mut self, operation: f64, now_ms: f64) -> Result<f64, JsValue> {
        let env = self.env(now_ms);
        Ok(self.engine.restore(operation as u64, &env).map_err(thrown)? as f64)
    }
}
