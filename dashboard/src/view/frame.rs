//! The frame around every view: menu, progress, notices.

use leptos::prelude::*;

use crate::action::rewind;
use crate::model::link::View;
use crate::model::text;
use crate::state::conflicts::{AllRecorded, refresh};
use crate::state::store::Store;
use crate::view::activity::ActivityView;
use crate::view::commit::CommitPanel;
use crate::view::compare::CompareView;
use crate::view::conflicts::ConflictsView;
use crate::view::graph::GraphList;
use crate::view::guide::Guide;
use crate::view::playground::PlaygroundView;
use crate::view::realities::RealityList;
use crate::view::share::Share;
use crate::view::timeline::TimelineView;

/// The views that there are.
const VIEWS: &[View] =
    &[View::Realities, View::Timeline, View::Compare, View::Conflicts, View::Activity, View::Playground];

/// The whole page.
#[component]
pub fn Frame() -> impl IntoView {
    let store = expect_context::<Store>();
    let view = Memo::new(move |_| store.link.get().view);
    let recorded = AllRecorded::default();
    provide_context(recorded);
    Effect::new(move |_| {
        store.version.track();
        store.staged.track();
        refresh(store, recorded);
    });
    view! {
        <a class="skip" href="#main">"Skip to the content"</a>
        <header class="frame">
            <h1 class="mark">"govc"<span class="spoken">{move || format!(": {}", title(view.get()))}</span></h1>
            <nav aria-label="Views">
                {VIEWS.iter().copied().map(|view| view! { <MenuItem view/> }).collect_view()}
            </nav>
            <Rewind/>
            <Status/>
        </header>
        <Guide/>
        <main id="main" tabindex="-1" class=move || store.link.get().view.name()>
            {move || match view.get() {
                View::Activity => view! { <ActivityView/> }.into_any(),
                View::Compare => view! { <CompareView/> }.into_any(),
                View::Conflicts => view! { <ConflictsView/> }.into_any(),
                View::Playground => view! { <PlaygroundView/> }.into_any(),
                View::Timeline => view! { <TimelineView/> }.into_any(),
                _ => view! {
                    <section class="side" aria-labelledby="realities-title"><RealityList/></section>
                    <section class="history" aria-labelledby="graph-title"><GraphList/></section>
                    <section class="detail" aria-live="polite" aria-label="Chosen commit"><CommitPanel/></section>
                }.into_any(),
            }}
        </main>
        <div class="notice" role="alert">
            {move || store.notice.get().map(|notice| view! {
                <p class:failure=notice.is_failure>{notice.text}
                    <button on:click=move |_| store.notice.set(None)>"Close"</button></p>
            })}
        </div>
    }
}

#[component]
fn MenuItem(view: View) -> impl IntoView {
    let store = expect_context::<Store>();
    let current = move || (store.link.get().view == view).then_some("page");
    let recorded = expect_context::<AllRecorded>();
    let left = move || recorded.with(|all| all.values().map(|merge| merge.resolution.left()).sum::<usize>());
    let is_there =
        move || view != View::Conflicts || current().is_some() || recorded.with(|all| !all.is_empty());
    view! {
        <Show when=is_there>
            <a href=format!("#{}", view.name()) aria-current=current>{title(view)}
                {move || (view == View::Conflicts && left() > 0).then(|| format!(" ({})", left()))}</a>
        </Show>
    }
}

fn title(view: View) -> &'static str {
    match view {
        View::Realities => "Realities",
        View::Timeline => "Timeline",
        View::Compare => "Compare",
        View::Conflicts => "Conflicts",
        View::Activity => "Activity",
        View::Playground => "Playground",
    }
}

#[component]
fn Status() -> impl IntoView {
    let store = expect_context::<Store>();
    view! {
        <div class="status" role="status">
            {move || store.progress.get().map(|progress| {
                let text = match progress.total {
                    Some(total) => format!("{}: {} of {total}", progress.phase, progress.done),
                    None => format!("{}: {}", progress.phase, progress.done),
                };
                view! {
                    <span>{text}</span>
                    <progress max="1" value=progress.total.map(|total| progress.done as f64 / total.max(1) as f64)></progress>
                }
            })}
        </div>
    }
}

/// Undo and redo, for every operation.
#[component]
fn Rewind() -> impl IntoView {
    let store = expect_context::<Store>();
    let undo = move || store.read(rewind::undo_preview).flatten();
    let redo = move || store.read(rewind::redo_preview).flatten();
    let title = |what: Option<String>| what.map(|what| text::shown_line(&what));
    view! {
        <p class="controls">
            <button disabled=move || undo().is_none() title=move || title(undo())
                on:click=move |_| { store.command(rewind::undo); }>"Undo"</button>
            <button disabled=move || redo().is_none() title=move || title(redo())
                on:click=move |_| { store.command(rewind::redo); }>"Redo"</button>
            <Share/>
        </p>
    }
}
