//! Git objects without a repository.

use govc_git::Kind;
use govc_git::id::hasher;
use wasm_bindgen::prelude::*;

use crate::error;

/// The id that git gives an object of this kind and content.
#[wasm_bindgen(js_name = hashObject)]
pub fn hash_object(kind: &str, content: &[u8]) -> Result<String, JsValue> {
    let kind = Kind::from_name(kind.as_bytes()).ok_or_else(|| {
        error::failure("InvalidArgument", "no kind of object has this name", &[("kind", kind)])
    })?;
    Ok(hasher::object_id(kind, content).to_string())
}
