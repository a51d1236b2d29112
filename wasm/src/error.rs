//! Errors on their way out: a plain object `{ code, message, details }`, which `wasm/js/errors.ts` makes a `GovcError`.

use govc_engine::{Detail, Error};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;

/// The value to throw for a failure of the engine.
pub fn thrown(error: Error) -> JsValue {
    let failure = Object::new();
    set(&failure, "code", &JsValue::from_str(error.code().name()));
    set(&failure, "message", &JsValue::from_str(error.message()));
    let details = Object::new();
    for (name, detail) in error.details() {
        let value = match detail {
            Detail::Text(text) => JsValue::from_str(text),
            Detail::Number(number) => JsValue::from_f64(*number as f64),
            Detail::List(texts) => texts.iter().map(|text| JsValue::from_str(text)).collect::<Array>().into(),
        };
        set(&details, name, &value);
    }
    set(&failure, "details", &details);
    failure.into()
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // A fresh plain object takes any property; `expect` would bring JavaScript's values in debug form into the module.
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}
