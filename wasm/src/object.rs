//! Git objects without a repository.

use govc_engine::git::Kind;
use govc_engine::git::id::hasher;
use govc_engine::{Error, ErrorCode};
use wasm_bindgen::prelude::*;

use crate::error::thrown;

/// The id that git gives an object of this kind and content.
#[wasm_bindgen(js_name = hashObject)]
pub fn hash_object(kind: &str, content: &[u8]) -> Result<String, JsValue> {
    let kind = Kind::from_name(kind.as_bytes()).ok_or_else(|| {
        thrown(Error::new(ErrorCode::InvalidArgument, "no kind of object has this name").with("kind", kind))
    })?;
    Ok(hasher::object_id(kind, content).to_string())
}
