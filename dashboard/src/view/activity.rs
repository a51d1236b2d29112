//! What happened in this repository, the newest first, as it happens.

use govc_engine::Repository;
use leptos::prelude::*;

use crate::io::clock;
use crate::model::text;
use crate::state::store::Store;

/// Operations that are listed.
const SHOWN_MAX: usize = 300;

#[derive(Clone, Debug, PartialEq)]
struct Shown {
    id: u64,
    kind: &'static str,
    description: String,
    time_ms: i64,
    refs: usize,
}

/// The log of operations.
#[component]
pub fn ActivityView() -> impl IntoView {
    let store = expect_context::<Store>();
    let all = Memo::new(move |_| store.read(shown).unwrap_or_default());
    view! {
        <section class="activity" aria-labelledby="activity-title">
            <h2 id="activity-title">"What happened here"</h2>
            <p class="more">"Undo takes the newest back; each is a move of realities, with its reason."</p>
            <ol class="operations" aria-live="polite">
                <For each=move || all.get() key=|operation| operation.id let:operation>
                    <li>
                        <span class="kind">{operation.kind}</span>
                        <span class="subject">{text::shown_line(&operation.description)}</span>
                        <span class="count">{if operation.refs == 1 { "1 ref".to_owned() } else { format!("{} refs", operation.refs) }}</span>
                        <time>{clock::time_text(operation.time_ms)}</time>
                    </li>
                </For>
            </ol>
        </section>
    }
}

fn shown(repository: &Repository) -> Vec<Shown> {
    let newest = repository.operations().iter().rev().take(SHOWN_MAX);
    let shown = newest.map(|operation| Shown {
        id: operation.id,
        kind: operation.kind.name(),
        description: operation.description.clone(),
        time_ms: operation.time_ms,
        refs: operation.deltas.len(),
    });
    shown.collect()
}
