//! A reality along time: drag to a moment, and the files show what they were.

use std::sync::Arc;
use std::time::Duration;

use govc_engine::git::ObjectId;
use leptos::prelude::*;

use crate::model::text;
use crate::state::difference::between;
use crate::state::moments::{Axis, Moments};
use crate::state::store::Store;
use crate::view::diff::DiffList;
use crate::view::files::Files;
use crate::view::scrubber::Scrubber;

/// How long a moment stays while playing.
const PLAY_STEP: Duration = Duration::from_millis(150);

/// Realities that are offered to choose from.
const OFFERED_MAX: usize = 1000;

/// The view of a moment.
#[component]
pub fn TimelineView() -> impl IntoView {
    let store = expect_context::<Store>();
    let axis = RwSignal::new(Axis::default());
    let reality = Memo::new(move |_| store.reality());
    let moments = Memo::new(move |_| {
        let (axis, reality, history) = (axis.get(), reality.get(), store.history());
        let moments = store.read(|repository| match axis {
            Axis::Operations => Moments::of_operations(repository, reality.as_bytes()),
            Axis::Commits => {
                let head = repository
                    .reality(reality.as_bytes())
                    .and_then(|name| repository.head(&name))
                    .ok()
                    .flatten();
                head.map(|head| Moments::of_commits(&history, head)).unwrap_or_default()
            }
        });
        Arc::new(moments.unwrap_or_default())
    });
    let at = Memo::new(move |_| {
        let moments = moments.get();
        store.link.get().moment.map_or(moments.times.len().checked_sub(1), |moment| moments.at(moment))
    });
    let go = move |place: usize| {
        let time = moments.get_untracked().times.get(place).copied();
        store.show(false, |link| link.moment = time);
    };
    let commit = Memo::new(move |_| moments.get().commits.get(at.get()?).copied().flatten());
    let reason = move || at.get().and_then(|at| moments.get().reasons.get(at).cloned());
    view! {
        <section class="timeline" aria-labelledby="timeline-title">
            <h2 id="timeline-title">"Timeline of "<RealityChoice reality/></h2>
            <Scrubber moments at go=Callback::new(go)/>
            <Controls moments at go=Callback::new(go) axis commit/>
            <Show when=move || reason().is_some()><p class="reason">{move || reason().map(|reason: String| text::shown_line(&reason))}</p></Show>
            <Headline commit/>
        </section>
        <Pinned/>
        <Files commit/>
    }
}

/// The reality that a view is about, to be changed.
#[component]
pub fn RealityChoice(reality: Memo<String>) -> impl IntoView {
    let store = expect_context::<Store>();
    view! {
        <select aria-label="Reality" prop:value=reality
            on:change:target=move |event| store.show(true, |link| link.reality = Some(event.target().value()))>
            {move || store.realities().into_iter().take(OFFERED_MAX).map(|name| {
                let shown = text::shown_line(&name);
                view! { <option value=name.clone() selected=move || reality.get() == name>{shown}</option> }
            }).collect_view()}
        </select>
    }
}

#[component]
fn Controls(
    moments: Memo<Arc<Moments>>,
    at: Memo<Option<usize>>,
    go: Callback<usize>,
    axis: RwSignal<Axis>,
    commit: Memo<Option<ObjectId>>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let playing = RwSignal::new(None::<IntervalHandle>);
    let stop = move || {
        if let Some(timer) = playing.get_untracked() {
            timer.clear();
            playing.set(None);
        }
    };
    let step = move |forward: bool| {
        let count = moments.get_untracked().times.len();
        let next = match at.get_untracked() {
            Some(at) if forward => Some(at + 1).filter(|next| *next < count),
            Some(at) => at.checked_sub(1),
            None => (forward && count > 0).then_some(0),
        };
        match next {
            Some(next) => go.run(next),
            None => stop(),
        }
    };
    let play = move |_| {
        if playing.get_untracked().is_some() {
            return stop();
        }
        if at.get_untracked().map(|at| at + 1) == Some(moments.get_untracked().times.len()) {
            go.run(0);
        }
        playing.set(set_interval_with_handle(move || step(true), PLAY_STEP).ok());
    };
    on_cleanup(stop);
    let pin = move |_| {
        let Some(commit) = commit.get_untracked() else { return };
        store.show(true, |link| {
            if link.pins.len() == 2 {
                link.pins.remove(0);
            }
            link.pins.push(commit.to_string());
        });
    };
    let other = move || if axis.get() == Axis::Commits { Axis::Operations } else { Axis::Commits };
    view! {
        <p class="controls">
            <button on:click=move |_| step(false)>"Earlier"</button>
            <button on:click=play>{move || if playing.get().is_some() { "Pause" } else { "Play" }}</button>
            <button on:click=move |_| step(true)>"Later"</button>
            <button on:click=pin disabled=move || commit.get().is_none()>"Pin this moment"</button>
            <button aria-pressed=move || (axis.get() == Axis::Operations).to_string() on:click=move |_| axis.set(other())>
                "By what happened here"</button>
            <span class="count">{move || format!("{} of {}", at.get().map_or(0, |at| at + 1), moments.get().times.len())}</span>
        </p>
    }
}

#[component]
fn Headline(commit: Memo<Option<ObjectId>>) -> impl IntoView {
    let store = expect_context::<Store>();
    let words = move || {
        let id = commit.get()?;
        let words =
            store.read(|repository| repository.read_commit(&id, |commit| commit.message.to_string()).ok());
        Some((id.to_string(), text::shown_line(&words.flatten()?)))
    };
    view! {
        {move || match words() {
            Some((id, subject)) => {
                let link = crate::model::link::Link { commit: Some(id.clone()), ..Default::default() };
                view! { <p class="headline"><a href=link.to_text()><code>{id[..10].to_owned()}</code></a>" "{subject}</p> }.into_any()
            }
            None => view! { <p class="empty">"There was no commit at this moment."</p> }.into_any(),
        }}
    }
}

/// The two pinned moments and what lies between them.
#[component]
fn Pinned() -> impl IntoView {
    let store = expect_context::<Store>();
    let pins = Memo::new(move |_| store.link.get().pins);
    let files = move || {
        let pins: Vec<ObjectId> =
            pins.get().iter().filter_map(|pin| ObjectId::from_hex(pin.as_bytes()).ok()).collect();
        let [old, new] = pins[..] else { return None };
        store
            .read(|repository| {
                let trees = (repository.peel_to_tree(&old).ok()?, repository.peel_to_tree(&new).ok()?);
                between(repository, &trees.0, &trees.1).ok()
            })
            .flatten()
    };
    view! {
        <Show when=move || !pins.get().is_empty()>
            <section class="pins" aria-labelledby="pins-title">
                <h2 id="pins-title">"Pinned"</h2>
                <p>{move || pins.get().iter().map(|pin| view! { <code>{pin[..10].to_owned()}</code>" " }).collect_view()}
                    <button on:click=move |_| store.show(true, |link| link.pins.clear())>"Unpin"</button></p>
                {move || match files() {
                    Some(files) => view! { <DiffList files/> }.into_any(),
                    None => view! { <p class="empty">"Pin a second moment to see what differs."</p> }.into_any(),
                }}
            </section>
        </Show>
    }
}
