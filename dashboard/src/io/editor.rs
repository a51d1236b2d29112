//! The editor, an element of its own: `editor/editor.js`.

use wasm_bindgen::JsCast;
use web_sys::Event;

/// The text of the editor that tells of a change.
pub fn text(event: &Event) -> Option<String> {
    js_sys::Reflect::get(&event.target()?.unchecked_into(), &"value".into()).ok()?.as_string()
}
