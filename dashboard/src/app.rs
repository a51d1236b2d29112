//! The start: mounts the frame, loads the repository that lies beside the page, follows its changes.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;

use crate::action::share;
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
        let fragment = location::fragment();
        let link = Link::parse(&fragment);
        // A scenario is left by its own button, not by a look at another view.
        let scenario = link.scenario.or_else(|| store.link.with_untracked(|link| link.scenario));
        store.link.set(Link { scenario, ..link });
        open_carried(store, &fragment);
    });
    // A scenario brings a repository of its own.
    if !open_carried(store, &location::fragment())
        && store.link.with_untracked(|link| link.scenario.is_none())
    {
        spawn_local(load::load(store, "../history"));
    }
    // Rows follow the repository: whoever began to read before a change gives up.
    Effect::new(move |_| {
        if store.version.get() > 0 {
            spawn_local(history::read(store));
        }
    });
    view! { <Frame/> }
}

/// Opens the repository that a link carries; whether it carries one.
fn open_carried(store: Store, fragment: &str) -> bool {
    match share::carried(fragment) {
        None => return false,
        Some(Ok(bytes)) => spawn_local(load::bundle(store, bytes, load::link_limits())),
        Some(Err(message)) => store.tell(message, true),
    }
    true
}
