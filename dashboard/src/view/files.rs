//! The files of a state, and one of them.

use std::time::Duration;

use govc_engine::git::ObjectId;
use leptos::prelude::*;

use crate::model::text;
use crate::state::store::Store;
use crate::view::find::{FileList, found};

/// How long a moment has to stand still before its files are listed.
const SETTLE: Duration = Duration::from_millis(80);
/// Lines of a file that are shown.
const LINES_MAX: usize = 3000;

/// The files of a commit, with a filter, and the content of the chosen one.
#[component]
pub fn Files(commit: Memo<Option<ObjectId>>) -> impl IntoView {
    let store = expect_context::<Store>();
    let tree = Memo::new(move |_| {
        commit.get().and_then(|id| store.read(|repository| repository.peel_to_tree(&id).ok()).flatten())
    });
    // Listing takes longer than a frame where there are many files: it waits until the moment stands still.
    let settled = RwSignal::new(tree.get_untracked());
    let mut settle = debounce(SETTLE, move |tree| settled.set(tree));
    Effect::new(move |_| settle(tree.get()));
    let all = Memo::new(move |_| {
        let files = settled
            .get()
            .and_then(|tree| store.read(|repository| repository.list_files(&tree, None).ok()).flatten());
        files.unwrap_or_default().into_iter().map(|path| path.to_string()).collect::<Vec<_>>()
    });
    let wanted = RwSignal::new(String::new());
    let files = Memo::new(move |_| found(all.get(), &wanted.get()));
    let path = Memo::new(move |_| store.link.get().path);
    let content = Memo::new(move |_| {
        let (tree, path) = (tree.get()?, path.get()?);
        let bytes = store.read(|repository| repository.read_file(&tree, path.as_bytes()).ok()).flatten()?;
        Some(String::from_utf8(bytes.to_vec()).ok())
    });
    view! {
        <section class="files" aria-labelledby="files-title">
            <h2 id="files-title">"Files "<span class="count">{move || files.with(Vec::len)}</span></h2>
            <FileList files wanted keep=false/>
        </section>
        <section class="content" aria-label="Content">
            {move || match (path.get(), content.get()) {
                (None, _) => view! { <p class="empty">"Choose a file to see what it was."</p> }.into_any(),
                (Some(path), None) => view! { <p class="empty">{format!("{} was not there.", text::shown_line(&path))}</p> }.into_any(),
                (Some(_), Some(None)) => view! { <p class="empty">"Not a text"</p> }.into_any(),
                (Some(path), Some(Some(content))) => {
                    let lines = content.lines().take(LINES_MAX).collect::<Vec<_>>().join("\n");
                    view! { <h2>{text::shown_line(&path)}</h2><pre class="source" tabindex="0">{text::shown(&lines).into_owned()}</pre> }.into_any()
                }
            }}
        </section>
    }
}
