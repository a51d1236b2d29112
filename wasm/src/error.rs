//! Errors on their way out: a plain object `{ code, message, details }`, which `wasm/js/errors.ts` makes a `GovcError`.

use govc_engine::{Detail, Error};
use wasm_bindgen::prelude::*;

// In place of js-sys, whose support of promises would stay in the module.
#[wasm_bindgen]
extern "C" {
    type Object;
    #[wasm_bindgen(constructor)]
    fn new() -> Object;
    #[wasm_bindgen(js_namespace = Reflect, js_name = set)]
    fn set(object: &Object, name: &str, value: &JsValue);
    #[wasm_bindgen(js_namespace = Reflect, js_name = set)]
    fn set_text(object: &Object, name: &str, value: &str);
    #[wasm_bindgen(js_namespace = Reflect, js_name = set)]
    fn set_number(object: &Object, name: &str, value: f64);

    type Array;
    #[wasm_bindgen(constructor)]
    fn new() -> Array;
    #[wasm_bindgen(method)]
    fn push(this: &Array, text: &str);
}

/// The value to throw for a failure of the engine.
pub fn thrown(error: Error) -> JsValue {
    let failure = Object::new();
    set_text(&failure, "code", error.code().name());
    set_text(&failure, "message", error.message());
    let details = Object::new();
    for (name, detail) in error.details() {
        match detail {
            Detail::Text(text) => set_text(&details, name, text),
            Detail::Number(number) => set_number(&details, name, *number as f64),
            Detail::List(texts) => {
                let list = Array::new();
                texts.iter().for_each(|text| list.push(text));
                set(&details, name, &list);
            }
        }
    }
    set(&failure, "details", &details);
    failure.into()
}
