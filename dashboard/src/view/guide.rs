//! A scenario beside the view: what happens in its step, the calls that were made, what they told, and the way on and back.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::action::scenario::{Played, Printed, message, told};
use crate::io::worker::Running;
use crate::model::link::{Link, View};
use crate::model::scenario::Place;
use crate::model::text;
use crate::state::load;
use crate::state::store::{Progress, Store};
use crate::view::evaluation::Ranking;

/// The Worker, which lies beside the app.
const WORKER: &str = "worker/scenario.js";

/// The panel, where the link names a step of a scenario.
#[component]
pub fn Guide() -> impl IntoView {
    let store = expect_context::<Store>();
    let place = Memo::new(move |_| store.link.get().scenario);
    view! { <Show when=move || place.get().is_some()><Walk place/></Show> }
}

/// Plays the step that is named, and shows it.
#[component]
fn Walk(place: Memo<Option<Place>>) -> impl IntoView {
    let store = expect_context::<Store>();
    let played = RwSignal::new(None::<Played>);
    // Whether the view goes where the step points: not where a link says what to see.
    let is_led = StoredValue::new(is_bare(&store.link.get_untracked()));
    let worker = StoredValue::new_local(None::<Running>);
    on_cleanup(move || {
        store.progress.set(None);
        // Later, because the Worker's own message may be what ends it.
        set_timeout(move || drop(worker.try_set_value(None)), Duration::ZERO);
    });
    let arrive = move |step: Played| {
        store.progress.set(None);
        // Left meanwhile.
        let Some(is_led_there) = is_led.try_get_value() else { return };
        if is_led_there {
            let link = Link { scenario: place.get_untracked(), ..step.show.clone() };
            store.show(false, |seen| *seen = link);
        }
        is_led.set_value(false);
        played.set(Some(step));
    };
    let hear = move |data: wasm_bindgen::JsValue| {
        let found = told(&data);
        spawn_local(async move {
            let opened = match found {
                Ok((step, _)) if !is_at(&step, place.try_get_untracked().flatten()) => return,
                Ok((step, stored)) => load::stored(store, stored.packs, stored.refs).await.map(|()| step),
                Err(failure) => Err(failure),
            };
            match opened {
                Ok(step) => arrive(step),
                Err(failure) => {
                    store.progress.set(None);
                    store.tell(failure, true);
                }
            }
        });
    };
    let play = move |place: Place| {
        let progress = Progress { phase: "Playing step".into(), done: place.step.into(), total: None };
        store.progress.set(Some(progress));
        let message = message(place);
        let failed = move || store.tell("the scenario could not be played: see the console".into(), true);
        worker.update_value(|worker| match worker {
            Some(running) => running.post(&message),
            None => *worker = Running::start(WORKER, &message, hear, failed),
        });
    };
    Effect::new(move |_| {
        let Some(wanted) = place.get() else { return };
        if !played.with_untracked(|step| step.as_ref().is_some_and(|step| is_at(step, Some(wanted)))) {
            play(wanted);
        }
    });
    let go = move |to: Place| {
        is_led.set_value(true);
        if place.get_untracked() == Some(to) {
            return play(to);
        }
        store.show(true, |link| link.scenario = Some(to));
    };
    view! {
        <aside class="guide" aria-labelledby="guide-title">
            <Header place played/>
            <Way place played go=Callback::new(go)/>
            {move || played.get().map(|step| view! { <Step step/> })}
        </aside>
    }
}

/// Whether a link says nothing of what to see.
fn is_bare(link: &Link) -> bool {
    *link == Link { view: link.view, scenario: link.scenario, ..Link::default() }
}

fn is_at(step: &Played, place: Option<Place>) -> bool {
    place.is_some_and(|place| step.name == place.scenario.name && step.step == place.step)
}

#[component]
fn Header(place: Memo<Option<Place>>, played: RwSignal<Option<Played>>) -> impl IntoView {
    let title = move || place.get().map(|place| place.scenario.title);
    let at = move || {
        let step = played.get()?;
        Some(format!("Step {} of {}: {}", step.step, step.steps, step.title))
    };
    view! {
        <p class="scenario">{title}</p>
        <h2 id="guide-title" aria-live="polite">{at}</h2>
    }
}

/// Back, on, from the start, and away.
#[component]
fn Way(place: Memo<Option<Place>>, played: RwSignal<Option<Played>>, go: Callback<Place>) -> impl IntoView {
    let store = expect_context::<Store>();
    let next = NodeRef::<html::Button>::new();
    Effect::new(move |_| {
        if let Some(button) = next.get() {
            // What was pressed to come here is gone; from here one goes on by the same key.
            let _ = button.focus();
        }
    });
    let is_last = move || played.get().is_some_and(|step| step.step >= step.steps);
    let by = move |steps: i64| {
        let Some(place) = place.get_untracked() else { return };
        let step = i64::from(place.step) + steps;
        go.run(Place { step: step.max(1) as u32, ..place });
    };
    let leave = move || {
        store.show(true, |link| {
            *link = Link { view: View::Playground, reality: Some(store.main()), ..Link::default() }
        });
    };
    let on = move |_| {
        if is_last() {
            leave()
        } else if played.with_untracked(Option::is_some) {
            by(1)
        }
    };
    let is_first = move || place.get().is_none_or(|place| place.step == 1);
    view! {
        <p class="controls way">
            <button class="strong" node_ref=next on:click=on>{move || if is_last() { "Go on by yourself" } else { "Next" }}</button>
            <button aria-disabled=move || is_first().to_string() on:click=move |_| if !is_first() { by(-1) }>"Back"</button>
            <button on:click=move |_| by(-99)>"Restart"</button>
            <button on:click=move |_| leave()>"Leave"</button>
        </p>
    }
}

#[component]
fn Step(step: Played) -> impl IntoView {
    let code = step.code.clone();
    view! {
        <p>{step.text}</p>
        <h3>"The calls that were made"</h3>
        <govc-editor readonly class="calls" label="The calls that were made" prop:path="step.js" prop:value=code></govc-editor>
        {(!step.printed.is_empty()).then(|| view! { <h3>"What they told"</h3> })}
        {step.printed.into_iter().map(|printed| view! { <Told printed/> }).collect_view()}
        <p class="more"><a href=format!("worker/scenarios/{}.js", step.name) target="_blank" rel="noopener">"The whole script"</a></p>
    }
}

#[component]
fn Told(printed: Printed) -> impl IntoView {
    match printed {
        Printed::Text(words) => view! { <pre class="printed">{text::shown(&words).into_owned()}</pre> }.into_any(),
        Printed::Ranking(title, rows) => view! { <div class="wide" tabindex="0" role="group" aria-label="Ranking"><Ranking rows title/></div> }.into_any(),
        Printed::Table(title, head, rows) => view! {
            <div class="wide" tabindex="0" role="group" aria-label="Table">
                <table class="matrix">
                    {(!title.is_empty()).then(|| view! { <caption>{text::shown_line(&title)}</caption> })}
                    <thead><tr>{head.iter().map(|name| view! { <th scope="col">{text::shown_line(name)}</th> }).collect_view()}</tr></thead>
                    <tbody>{rows.iter().map(|row| view! {
                        <tr>{row.iter().map(|cell| view! { <td>{text::shown_line(cell)}</td> }).collect_view()}</tr>
                    }).collect_view()}</tbody>
                </table>
            </div>
        }.into_any(),
    }
}
