//! What a panic leaves behind: its message, for the error that every later call of this instance throws.

use std::sync::Mutex;

use wasm_bindgen::prelude::*;

static MESSAGE: Mutex<Option<String>> = Mutex::new(None);

/// Runs once, when the module is instantiated.
#[wasm_bindgen(start)]
fn keep_the_message() {
    std::panic::set_hook(Box::new(|panic| {
        if let Ok(mut message) = MESSAGE.lock() {
            message.get_or_insert_with(|| panic.to_string());
        }
    }));
}

/// The message and place of the panic that ended this instance, if one did.
#[wasm_bindgen(js_name = panicMessage)]
pub fn panic_message() -> Option<String> {
    MESSAGE.lock().ok()?.clone()
}
