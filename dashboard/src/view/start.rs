//! The invitation: what one can begin with, before one has chosen anything.

use govc_engine::git::limits::Limits;
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::io::files;
use crate::model::link::{Link, View};
use crate::model::scenario::{ALL, Place};
use crate::state::load;
use crate::state::store::Store;

/// What the playground shows at first.
#[component]
pub fn Start() -> impl IntoView {
    let store = expect_context::<Store>();
    let present = move || {
        let link = Link { view: View::Playground, reality: Some(store.main()), ..Link::default() };
        link.to_text()
    };
    view! {
        <section class="start" aria-labelledby="start-title">
            <h2 id="start-title">"A whole git repository, in this tab"</h2>
            <p>"Branches are realities here: fork a thousand, change anything, measure, merge the best, and take it all back. No server, no account; nothing leaves this page."</p>
            <h3 id="scenarios-title">"Walk through a story: five minutes, real calls"</h3>
            <ul class="cards" aria-labelledby="scenarios-title">
                {ALL.iter().map(|scenario| {
                    let link = Link { view: View::Playground, scenario: Some(Place::first(scenario)), ..Link::default() };
                    view! {
                        <li><a class="card" href=link.to_text()><strong>{scenario.title}</strong><span>{scenario.about}</span></a></li>
                    }
                }).collect_view()}
                <li><button class="card" on:click=move |_| load::empty(store)>
                    <strong>"Begin with nothing"</strong><span>"An empty repository: write a file, commit, fork, see where it leads."</span></button></li>
            </ul>
            <h3>"Or bring your own"</h3>
            <Open/>
            <p><a href=present>"Edit the files that are open here"</a></p>
        </section>
    }
}

/// Opens another repository in place of this one.
#[component]
pub fn Open() -> impl IntoView {
    let store = expect_context::<Store>();
    let bundle = move |event: ev::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        let Some((_, file)) = files::chosen(&input).into_iter().next() else { return };
        spawn_local(async move {
            match files::bytes(&file).await {
                Ok(bytes) => load::bundle(store, bytes, Limits::default()).await,
                Err(message) => store.tell(message, true),
            }
        });
    };
    let folder_input = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = folder_input.get() {
            // A browser that takes no folders takes a file.
            let _ = input.set_attribute("webkitdirectory", "");
        }
    });
    let folder = move |event: ev::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        let chosen = files::chosen(&input);
        spawn_local(async move {
            let mut read = Vec::with_capacity(chosen.len());
            for (path, file) in
                chosen.into_iter().filter(|(path, _)| !path.split('/').any(|part| part == ".git"))
            {
                match files::bytes(&file).await {
                    Ok(bytes) => read.push((path, bytes)),
                    Err(message) => return store.tell(message, true),
                }
            }
            load::folder(store, read).await;
        });
    };
    view! {
        <p class="controls"><label>"A bundle "<input type="file" accept=".bundle" on:change=bundle/></label></p>
        <p class="controls"><label>"A folder "<input type="file" node_ref=folder_input on:change=folder/></label></p>
    }
}
