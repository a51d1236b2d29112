//! The editor, an element of its own: `editor/editor.js`.

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Event;

/// The text of the editor that tells of a change.
pub fn text(event: &Event) -> Option<String> {
    Reflect::get(&event.target()?.unchecked_into(), &"value".into()).ok()?.as_string()
}

/// Whether the editor is there; it is loaded beside the app.
pub fn is_loaded() -> bool {
    let found = || -> Result<bool, JsValue> {
        let registry = Reflect::get(&js_sys::global(), &"customElements".into())?;
        let look_up: Function = Reflect::get(&registry, &"get".into())?.dyn_into()?;
        Ok(look_up.call1(&registry, &"govc-editor".into())?.is_function())
    };
    found().unwrap_or(false)
}
