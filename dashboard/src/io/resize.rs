//! Tells when an element has another size.

use leptos::prelude::on_cleanup;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, ResizeObserver};

/// Calls `changed` now and whenever the element's size changes, until the component that asks is gone.
pub fn watch(element: &Element, changed: impl Fn() + 'static) {
    let told = Closure::<dyn Fn()>::new(changed);
    // Without an observer the first size stays.
    let Ok(observer) = ResizeObserver::new(told.as_ref().unchecked_ref()) else { return };
    observer.observe(element);
    let held = send_wrapper::SendWrapper::new((observer, told));
    on_cleanup(move || held.0.disconnect());
}
