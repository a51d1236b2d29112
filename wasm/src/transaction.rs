//! What `Transaction` does.

use wasm_bindgen::prelude::*;

use crate::commit::PreparedCommit;
use crate::decode;
use crate::difference::packed_changes;
use crate::error::thrown;
use crate::repository::{Repository, hex};

/// Changes of a reality in the making.
#[wasm_bindgen]
pub struct Transaction(pub(crate) govc_engine::Transaction);

#[wasm_bindgen]
impl Repository {
    /// Begins a transaction over a reality's newest commit.
    pub fn begin(&self, reality: &[u8]) -> Result<Transaction, JsValue> {
        Ok(Transaction(self.engine.begin(&self.reality(reality)?).map_err(thrown)?))
    }

    /// Puts content at a path; mode 0 keeps what is there.
    #[wasm_bindgen(js_name = transactionPut)]
    pub fn transaction_put(
        &self,
        transaction: &mut Transaction,
        path: &[u8],
        content: &[u8],
        mode: u32,
    ) -> Result<(), JsValue> {
        let path = decode::path(path).map_err(thrown)?;
        self.engine
            .put_in(&mut transaction.0, path, decode::mode(mode), decode::content(content))
            .map_err(thrown)
    }

    /// Removes a file or a folder.
    #[wasm_bindgen(js_name = transactionRemove)]
    pub fn transaction_remove(&self, transaction: &mut Transaction, path: &[u8]) -> Result<(), JsValue> {
        let path = decode::path(path).map_err(thrown)?;
        self.engine.remove_in(&mut transaction.0, path).map_err(thrown)
    }

    /// Moves a file.
    #[wasm_bindgen(js_name = transactionMove)]
    pub fn transaction_move(
        &self,
        transaction: &mut Transaction,
        from: &[u8],
        to: &[u8],
    ) -> Result<(), JsValue> {
        let (from, to) = (decode::path(from).map_err(thrown)?, decode::path(to).map_err(thrown)?);
        self.engine.move_in(&mut transaction.0, from, to).map_err(thrown)
    }

    /// What the transaction sees at a path.
    #[wasm_bindgen(js_name = transactionRead)]
    pub fn transaction_read(&self, transaction: &Transaction, path: &[u8]) -> Result<Vec<u8>, JsValue> {
        let path = decode::path(path).map_err(thrown)?;
        Ok(self.engine.read_in(&transaction.0, &path).map_err(thrown)?.to_vec())
    }

    /// What the transaction changes.
    #[wasm_bindgen(js_name = transactionChanges)]
    pub fn transaction_changes(&self, transaction: &Transaction) -> Result<Vec<u8>, JsValue> {
        Ok(packed_changes(&self.engine.changes_in(&transaction.0).map_err(thrown)?))
    }

    /// Makes the would-be state readable, over what the transaction began at or on the newest commit; its tree.
    #[wasm_bindgen(js_name = transactionPreview)]
    pub fn transaction_preview(
        &mut self,
        transaction: &Transaction,
        on_newest: bool,
    ) -> Result<String, JsValue> {
        let tree = if on_newest {
            self.engine.preview_commit_of(&transaction.0)
        } else {
            self.engine.preview_in(&transaction.0)
        };
        Ok(tree.map_err(thrown)?.to_string())
    }

    /// The commit that the transaction began at.
    #[wasm_bindgen(js_name = transactionBase)]
    pub fn transaction_base(&self, transaction: &Transaction) -> Option<String> {
        hex(transaction.0.base())
    }

    /// Writes the transaction's commit up to its signature.
    #[wasm_bindgen(js_name = prepareTransaction)]
    pub fn prepare_transaction(
        &mut self,
        transaction: &Transaction,
        details: &[u8],
        now_ms: f64,
    ) -> Result<PreparedCommit, JsValue> {
        let (request, env) = (decode::commit_request(details), self.env(now_ms));
        Ok(PreparedCommit(self.engine.prepare_transaction(&transaction.0, request, &env).map_err(thrown)?))
    }
}
