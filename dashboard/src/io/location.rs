//! The address line: what is seen can be copied from it.

/// What stands after the address, with the `#`.
pub fn fragment() -> String {
    web_sys::window().and_then(|window| window.location().hash().ok()).unwrap_or_default()
}

/// The whole address, with another end after the `#`.
pub fn address(fragment: &str) -> String {
    let whole = web_sys::window().and_then(|window| window.location().href().ok()).unwrap_or_default();
    let page = whole.split('#').next().unwrap_or_default();
    format!("{page}{fragment}")
}

/// Puts it there; `keep` adds a step to the browser's way back, else the present step is changed.
pub fn set_fragment(text: &str, keep: bool) {
    let Some(history) = web_sys::window().and_then(|window| window.history().ok()) else { return };
    let nothing = wasm_bindgen::JsValue::NULL;
    // A browser that refuses (too many changes a second) leaves the address behind the view for a moment.
    let _ = if keep {
        history.push_state_with_url(&nothing, "", Some(text))
    } else {
        history.replace_state_with_url(&nothing, "", Some(text))
    };
}
