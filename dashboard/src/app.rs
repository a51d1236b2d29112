//! The start: mounts the frame, loads the repository that lies beside the page, follows its changes.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;

use crate::io::location;
use crate::model::link::Link;
use crate::state::store::Store;
use crate::state::{history, load};
use crate::view::frame::Frame;

/// Called when the module has been loaded.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
    mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    let store = Store::new();
    provide_context(store);
    window_event_listener(leptos::ev::hashchange, move |_| {
        store.link.set(Link::parse(&location::fragment()))
    });
    spawn_local(load::load(store, "../history"));
    // Rows follow the repository: whoever began to read before a change gives up.
    Effect::new(move |_| {
        if store.version.get() > 0 {
            spawn_local(history::read(store));
        }
    });
    view! { <Frame/> }
}
