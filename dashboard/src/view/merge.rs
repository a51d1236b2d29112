//! What a merge would be before it is made, the merge, and the way to its conflicts.

use leptos::prelude::*;

use crate::action::merge::{self, Preview};
use crate::action::resolve;
use crate::io::focus;
use crate::model::link::View;
use crate::model::text;
use crate::state::store::Store;
use crate::view::diff::DiffList;

/// A button that shows what merging `from` into `into` would be; below it that, and the merge.
#[component]
pub fn MergePlan(#[prop(into)] from: Signal<String>, #[prop(into)] into: Signal<String>) -> impl IntoView {
    let store = expect_context::<Store>();
    let plan = RwSignal::new(None::<Preview>);
    Effect::new(move |_| {
        from.track();
        store.version.track();
        plan.set(None);
    });
    let look = move |_| match store
        .look(|repository| merge::preview(repository, &from.get_untracked(), &into.get_untracked(), true))
    {
        Some(Ok(preview)) => plan.set(Some(preview)),
        Some(Err(error)) => store.tell(error.to_string(), true),
        None => {}
    };
    let merge_it = move |_| merge::run(store, &from.get_untracked(), &into.get_untracked());
    let resolve_it = move |_| {
        let (from, into) = (from.get_untracked(), into.get_untracked());
        if store.command(|repository, env| resolve::record(repository, env, &from, &into)).is_some() {
            store.show(true, |link| {
                (link.view, link.reality, link.path) = (View::Conflicts, Some(into), None);
            });
            focus::on("conflicts-title".to_owned());
        }
    };
    view! {
        <p class="controls"><button on:click=look>{move || format!("Preview merge into {}", text::shown_line(&into.get()))}</button></p>
        {move || plan.get().map(|plan| match plan {
            Preview::UpToDate => view! { <p class="more">"There is nothing to merge."</p> }.into_any(),
            Preview::Conflicts(paths) => view! {
                <p class="failure">"These need a decision:"</p>
                <ul>{paths.iter().map(|path| view! { <li>{text::shown_line(path)}</li> }).collect_view()}</ul>
                <p class="controls"><button class="strong" on:click=resolve_it>"Resolve the conflicts"</button></p>
            }.into_any(),
            Preview::Clean(files) => view! {
                <p class="controls"><button class="strong" on:click=merge_it>"Merge"</button>
                    <span class="count">"One operation: Undo takes it back."</span></p>
                <DiffList files/>
            }.into_any(),
        })}
    }
}
