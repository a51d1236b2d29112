//! Copies a link to what is seen, with the repository in it where it is small.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use crate::action::share::with_repository;
use crate::io::location;
use crate::state::store::Store;

/// The button.
#[component]
pub fn Share() -> impl IntoView {
    let store = expect_context::<Store>();
    let share = move |_| {
        let link = store.link.get_untracked();
        // Who follows a link to a step plays it.
        let is_played = link.scenario.is_some();
        let whole = if is_played {
            None
        } else {
            store.look(|repository| with_repository(repository, &link).ok().flatten()).flatten()
        };
        let told = match &whole {
            Some(_) => "Copied a link to this view, with the repository in it",
            None if is_played => "Copied a link to this step",
            None => "Copied a link to this view; the repository is too large to be in it",
        };
        let fragment = whole.unwrap_or_else(|| link.to_text());
        spawn_local(async move {
            if copied(&location::address(&fragment)).await {
                store.tell(told.to_owned(), false);
            } else {
                location::set_fragment(&fragment, false);
                store.tell("The browser does not let a page copy: copy the address above".to_owned(), true);
            }
        });
    };
    view! { <button on:click=share>"Share"</button> }
}

/// Whether the text could be put where one pastes from.
async fn copied(text: &str) -> bool {
    let Some(window) = web_sys::window() else { return false };
    // Missing where the page did not come over a connection that the browser trusts.
    if !window.is_secure_context() {
        return false;
    }
    JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok()
}
