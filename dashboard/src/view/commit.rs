//! The chosen commit: what it says and what it changed.

use govc_engine::Repository;
use govc_engine::git::ObjectId;
use leptos::prelude::*;

use crate::model::text;
use crate::state::difference::{FileLine, of_commit};
use crate::state::store::Store;
use crate::view::diff::DiffList;

#[derive(Clone, Debug, PartialEq)]
struct Shown {
    id: String,
    message: String,
    author: String,
    parents: Vec<String>,
    files: Vec<FileLine>,
}

/// Message, author, parents and files of the chosen commit.
#[component]
pub fn CommitPanel() -> impl IntoView {
    let store = expect_context::<Store>();
    let shown = Memo::new(move |_| {
        let id = ObjectId::from_hex(store.link.get().commit?.as_bytes()).ok()?;
        store.read(|repository| shown(repository, &id)).flatten()
    });
    view! {
        {move || match shown.get() {
            None => view! { <p class="empty">"Choose a commit to see what it changed."</p> }.into_any(),
            Some(shown) => view! {
                <h2>{text::shown_line(&shown.message)}</h2>
                <pre class="message">{text::shown(&shown.message).into_owned()}</pre>
                <dl>
                    <dt>"Commit"</dt><dd><code>{shown.id.clone()}</code></dd>
                    <dt>"Author"</dt><dd>{text::shown_line(&shown.author)}</dd>
                    <dt>"Parents"</dt><dd>{shown.parents.iter().map(|id| {
                        let id = id.clone();
                        let label = id[..10].to_owned();
                        view! { <button class="parent" on:click=move |_| store.show(true, |link| link.commit = Some(id.clone()))>{label}</button> }
                    }).collect_view()}</dd>
                </dl>
                <DiffList files=shown.files/>
            }.into_any(),
        }}
    }
}

fn shown(repository: &Repository, id: &ObjectId) -> Option<Shown> {
    let files = of_commit(repository, id).ok()?;
    let shown = repository.read_commit(id, |commit| {
        let author = commit.author();
        Shown {
            id: id.to_string(),
            message: commit.message.to_string(),
            author: format!("{} <{}>", author.name, author.email),
            parents: commit.parents.iter().map(ToString::to_string).collect(),
            files,
        }
    });
    shown.ok()
}
