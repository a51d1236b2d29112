//! Time, and the way back to the browser between slices of long work.

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// How long a slice of work may take before the browser gets its turn, in milliseconds.
pub const SLICE_MS: f64 = 8.0;

/// Milliseconds since the epoch.
pub fn now_ms() -> i64 {
    js_sys::Date::now() as i64
}

/// Milliseconds since the page began, in fractions.
pub fn ticks_ms() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}

/// Comes back when the browser has drawn and has seen what the user did.
pub async fn next_turn() {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            // A timer that cannot be set leaves the work waiting, which is all that can be done then.
            let _ = window.set_timeout_with_callback(&resolve);
        }
    });
    let _: Result<JsValue, JsValue> = JsFuture::from(promise).await;
}

/// The day of a moment, in milliseconds since the epoch, as people here write it.
pub fn day_text(time_ms: i64) -> String {
    String::from(date(time_ms).to_locale_date_string("default", &JsValue::UNDEFINED))
}

/// The time of day of a moment.
pub fn time_text(time_ms: i64) -> String {
    String::from(date(time_ms).to_locale_time_string("default"))
}

/// Day and time of a moment.
pub fn moment_text(time_ms: i64) -> String {
    String::from(date(time_ms).to_locale_string("default", &JsValue::UNDEFINED))
}

fn date(time_ms: i64) -> js_sys::Date {
    js_sys::Date::new(&(time_ms as f64).into())
}
