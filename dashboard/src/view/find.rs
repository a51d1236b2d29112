//! Finding one of many by name: the field, what is found, and how many more there are.

use leptos::prelude::*;

use crate::model::text;
use crate::state::store::Store;

/// Of these names those that hold what is wanted, whatever the case of its letters.
pub fn found(names: Vec<String>, wanted: &str) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    names.into_iter().filter(|name| name.to_lowercase().contains(&wanted)).collect()
}

/// The field in which one writes what is wanted.
#[component]
pub fn Find(wanted: RwSignal<String>) -> impl IntoView {
    view! {
        <label class="filter">"Find "<input type="search" prop:value=wanted
            on:input:target=move |event| wanted.set(event.target().value())/></label>
    }
}

/// How many are found beyond those that are listed.
#[component]
pub fn More(count: Memo<usize>, shown_max: usize) -> impl IntoView {
    view! {
        <Show when=move || { count.get() > shown_max }>
            <p class="more">{move || format!("and {} more: find them by name", count.get() - shown_max)}</p>
        </Show>
    }
}

/// Files that are listed; the field finds the others.
const FILES_MAX: usize = 300;

/// Files that were found, with the field to find others; the chosen one is what is seen. `keep` adds a step to the browser's
/// way back.
#[component]
pub fn FileList(files: Memo<Vec<String>>, wanted: RwSignal<String>, keep: bool) -> impl IntoView {
    let store = expect_context::<Store>();
    let count = Memo::new(move |_| files.with(Vec::len));
    let path = move || store.link.get().path;
    view! {
        <Find wanted/>
        <ul class="paths">
            <For each=move || files.get().into_iter().take(FILES_MAX) key=Clone::clone let:file>
                {
                    let (own, other) = (file.clone(), file.clone());
                    view! {
                        <li><button class="reality" aria-pressed=move || (path().as_ref() == Some(&own)).to_string()
                            on:click=move |_| store.show(keep, |link| link.path = Some(other.clone()))>{text::shown_line(&file)}</button></li>
                    }
                }
            </For>
        </ul>
        <More count shown_max=FILES_MAX/>
    }
}
