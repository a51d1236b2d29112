//! Errors on their way out: a plain object `{ code, message, details }`, which `wasm/js/errors.ts` makes a `GovcError`.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

/// The value to throw for a failure with this `code` of the API.
pub fn failure(code: &str, message: &str, details: &[(&str, &str)]) -> JsValue {
    let failure = Object::new();
    set(&failure, "code", &JsValue::from_str(code));
    set(&failure, "message", &JsValue::from_str(message));
    let facts = Object::new();
    for (name, value) in details {
        set(&facts, name, &JsValue::from_str(value));
    }
    set(&failure, "details", &facts);
    failure.into()
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // A fresh plain object takes any property; `expect` would bring JavaScript's values in debug form into the module.
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}
