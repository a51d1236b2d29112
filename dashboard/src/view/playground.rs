//! Playing: choose a reality, edit its files, see what is staged, commit.

use govc_engine::git::path::RepoPath;
use leptos::ev;
use leptos::prelude::*;

use crate::action::edit;
use crate::io::editor;
use crate::model::text;
use crate::state::difference::{FileLine, staged};
use crate::state::store::Store;
use crate::view::diff::DiffList;
use crate::view::find::{FileList, found};
use crate::view::start::{Open, Start};
use crate::view::timeline::RealityChoice;

/// The view in which one writes.
#[component]
pub fn PlaygroundView() -> impl IntoView {
    let store = expect_context::<Store>();
    let is_chosen = Memo::new(move |_| {
        store.link.with(|link| link.reality.is_some() || link.path.is_some() || link.scenario.is_some())
    });
    view! { <Show when=move || is_chosen.get() fallback=|| view! { <Start/> }><Desk/></Show> }
}

/// Files, the editor and what is staged.
#[component]
fn Desk() -> impl IntoView {
    let store = expect_context::<Store>();
    let reality = Memo::new(move |_| store.reality());
    view! {
        <section class="files" aria-labelledby="play-title">
            <h2 id="play-title">"Files of "<RealityChoice reality/></h2>
            <FileChoice reality/>
            <details class="file"><summary>"Open another repository"</summary><Open/></details>
        </section>
        <section class="content" aria-label="Editor"><Editor reality/></section>
        <section class="detail" aria-label="What is staged"><Staged reality/></section>
    }
}

#[component]
fn FileChoice(reality: Memo<String>) -> impl IntoView {
    let store = expect_context::<Store>();
    let (wanted, added) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let files = Memo::new(move |_| {
        store.staged.track();
        let reality = reality.get();
        let files = store.read(|repository| {
            repository.reality(reality.as_bytes()).and_then(|name| repository.list(&name, None)).ok()
        });
        let files = files.flatten().unwrap_or_default().iter().map(ToString::to_string).collect();
        found(files, &wanted.get())
    });
    let add = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let path = added.get_untracked();
        if store.stage(|repository| edit::write(repository, &reality.get_untracked(), &path, "")) {
            added.set(String::new());
            store.show(true, |link| link.path = Some(path));
        }
    };
    view! {
        <FileList files wanted keep=true/>
        <form class="controls" on:submit=add>
            <label>"New file "<input prop:value=added on:input:target=move |event| added.set(event.target().value())/></label>
            <button>"Add"</button>
        </form>
    }
}

#[component]
fn Editor(reality: Memo<String>) -> impl IntoView {
    let store = expect_context::<Store>();
    let path = Memo::new(move |_| store.link.get().path.unwrap_or_default());
    let content = Memo::new(move |_| {
        store.staged.track();
        let (reality, path) = (reality.get(), RepoPath::new(path.get().as_bytes()).ok()?);
        let bytes = store.read(|repository| {
            repository.reality(reality.as_bytes()).and_then(|name| repository.read(&name, &path)).ok()
        });
        Some(String::from_utf8(bytes.flatten()?.to_vec()).ok())
    });
    let typed = move |event: ev::Event| {
        if let Some(value) = editor::text(&event) {
            store.stage(|repository| {
                edit::write(repository, &reality.get_untracked(), &path.get_untracked(), &value)
            });
        }
    };
    let remove = move |_| {
        store.stage(|repository| edit::remove(repository, &reality.get_untracked(), &path.get_untracked()));
    };
    view! {
        <p class="controls">
            <strong>{move || text::shown_line(&path.get())}</strong>
            <Show when=move || content.get().is_some()><button on:click=remove>"Remove"</button></Show>
        </p>
        <Show when=move || matches!(content.get(), Some(Some(_)))
            fallback=move || view! { <p class="empty">{move || match content.get() {
                Some(None) => "Not a text",
                _ => "Choose a file to edit it.",
            }}</p> }>
            <govc-editor label="Content of the file" prop:path=move || path.get()
                prop:value=move || content.get().flatten().unwrap_or_default()
                on:change=typed></govc-editor>
        </Show>
    }
}

#[component]
fn Staged(reality: Memo<String>) -> impl IntoView {
    let store = expect_context::<Store>();
    let message = RwSignal::new(String::new());
    let files = Memo::new(move |_| {
        store.staged.track();
        let reality = reality.get();
        store.version.track();
        store.look(|repository| staged(repository, &reality).ok()).flatten().unwrap_or_default()
    });
    let commit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let (reality, words) = (reality.get_untracked(), message.get_untracked());
        if store.command(|repository, env| edit::commit(repository, env, &reality, &words)).is_some() {
            message.set(String::new());
            store.staged.update(|staged| *staged += 1);
        }
    };
    let discard = move |_| {
        store.stage(|repository| edit::discard(repository, &reality.get_untracked()));
    };
    view! {
        <h2>"Staged"</h2>
        <Show when=move || !files.get().is_empty()
            fallback=|| view! { <p class="empty">"Nothing. What you type is staged at once."</p> }>
            <form class="controls" on:submit=commit>
                <label>"Message "<input required prop:value=message on:input:target=move |event| message.set(event.target().value())/></label>
                <button class="strong">"Commit"</button>
                <button type="button" on:click=discard>"Discard"</button>
            </form>
            {move || { let files: Vec<FileLine> = files.get(); view! { <DiffList files/> } }}
        </Show>
    }
}
