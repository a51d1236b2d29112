//! The list of realities, how each stands to main, and what can be done with the chosen one.

use std::collections::HashMap;

use govc_engine::git::ObjectId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::action::standing::{COUNT_MAX, Summary, work_out};
use crate::action::{fork, rewind};
use crate::io::clock;
use crate::model::link::{Link, View};
use crate::model::text;
use crate::state::conflicts::AllRecorded;
use crate::state::store::Store;
use crate::view::find::{Find, More, found};
use crate::view::merge::MergePlan;

/// Realities that are listed; the filter finds the others.
const SHOWN_MAX: usize = 200;

/// Realities by name, with a filter.
#[component]
pub fn RealityList() -> impl IntoView {
    let store = expect_context::<Store>();
    let wanted = RwSignal::new(String::new());
    let names = Memo::new(move |_| found(store.realities(), &wanted.get()));
    let count = Memo::new(move |_| names.with(Vec::len));
    let summaries = RwSignal::new(HashMap::<String, Summary>::new());
    Effect::new(move |_| {
        store.version.track();
        let shown = names.get().into_iter().take(SHOWN_MAX).collect();
        spawn_local(work_out(store, shown, summaries));
    });
    let chosen = move || store.link.get().reality;
    view! {
        <h2 id="realities-title">"Realities "<span class="count">{count}</span></h2>
        <Find wanted/>
        <ul class="realities">
            <For each=move || names.get().into_iter().take(SHOWN_MAX) key=Clone::clone let:name>
                {
                    let (own, other, told) = (name.clone(), name.clone(), name.clone());
                    view! {
                        <li><button class="reality" aria-pressed=move || (chosen().as_ref() == Some(&own)).to_string()
                            on:click=move |_| choose(store, &other)>
                            <span class="name">{text::shown_line(&name)}</span>
                            <span class="standing">{move || summaries.with(|known| known.get(&told).map(standing))}</span>
                        </button></li>
                    }
                }
            </For>
        </ul>
        <More count shown_max=SHOWN_MAX/>
        <Show when=move || chosen().is_some()><Actions/></Show>
    }
}

/// One line: who and when, how far from main, whether it merges.
fn standing(summary: &Summary) -> String {
    let count =
        |count: usize| if count > COUNT_MAX { format!("over {COUNT_MAX}") } else { count.to_string() };
    let day = clock::day_text(summary.time_ms);
    let mut words = vec![format!("{}, {day}", text::shown_line(&summary.author))];
    if summary.ahead + summary.behind > 0 {
        words.push(format!("{} ahead, {} behind", count(summary.ahead), count(summary.behind)));
    }
    match summary.merges {
        Some(true) => words.push("merges cleanly".to_owned()),
        Some(false) => words.push("conflicts with main".to_owned()),
        None => {}
    }
    words.join(" \u{b7} ")
}

fn choose(store: Store, name: &str) {
    let head = store.read(|repository| {
        let reality = repository.reality(name.as_bytes()).ok()?;
        repository.head(&reality).ok().flatten()
    });
    store.show(true, |link| {
        link.reality = Some(name.to_owned());
        link.commit = head.flatten().map(|id| id.to_string());
    });
}

/// Forks, merges, rolls back and deletes the chosen reality.
#[component]
fn Actions() -> impl IntoView {
    let store = expect_context::<Store>();
    let chosen = Memo::new(move |_| store.link.get().reality.unwrap_or_default());
    let main = Memo::new(move |_| store.main());
    let roll_back = move |_| {
        let Some(to) =
            store.link.get_untracked().commit.and_then(|id| ObjectId::from_hex(id.as_bytes()).ok())
        else {
            return;
        };
        store.command(|repository, env| rewind::rollback(repository, env, &chosen.get_untracked(), to));
    };
    let delete = move |_| {
        let name = chosen.get_untracked();
        if store.command(|repository, env| rewind::delete(repository, env, &name)).is_some() {
            store.show(true, |link| link.reality = None);
        }
    };
    let recorded = expect_context::<AllRecorded>();
    let waits = move || recorded.with(|all| all.contains_key(&chosen.get()));
    let is_main = move || chosen.get() == main.get();
    view! {
        <div class="actions" role="group" aria-label="What to do with the chosen reality">
            <ForkForm chosen/>
            <p class="controls">
                <button on:click=roll_back disabled=move || store.link.get().commit.is_none()>"Roll back to the chosen commit"</button>
                <Show when=move || !is_main()><button on:click=delete>"Delete"</button></Show>
            </p>
            <Show when=waits>
                <p><a class="go" href=move || Link { view: View::Conflicts, reality: Some(chosen.get()), ..Link::default() }.to_text()>
                    "A merge waits here for decisions"</a></p>
            </Show>
            <Show when=move || !is_main()><MergePlan from=chosen into=main/></Show>
        </div>
    }
}

#[component]
fn ForkForm(chosen: Memo<String>) -> impl IntoView {
    let store = expect_context::<Store>();
    let (name, count) = (RwSignal::new("idea".to_owned()), RwSignal::new(1_u32));
    let fork_it = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let names = fork::names(&name.get_untracked(), count.get_untracked());
        let begun = clock::ticks_ms();
        if store
            .command(|repository, env| fork::run(repository, env, &chosen.get_untracked(), &names))
            .is_some()
        {
            store.tell(format!("Forked {} in {:.2} ms", names.len(), clock::ticks_ms() - begun), false);
        }
    };
    view! {
        <form class="controls" on:submit=fork_it>
            <label>"Fork as "<input required prop:value=name on:input:target=move |event| name.set(event.target().value())/></label>
            <label>"times "<input type="number" min="1" max=fork::FORKS_MAX prop:value=count
                on:input:target=move |event| count.set(event.target().value().parse().unwrap_or(1))/></label>
            <button>"Fork"</button>
        </form>
    }
}
