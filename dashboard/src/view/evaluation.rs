//! A test of one's own in the compared realities: who is better than main, and how sure that is.

use std::time::Duration;

use govc_engine::git::path::RepoPath;
use leptos::ev;
use leptos::prelude::*;

use crate::action::evaluate::{Plan, Row, Told, message, told};
use crate::io::editor;
use crate::io::worker::Running;
use crate::model::text;
use crate::state::store::{Progress, Store};
use crate::view::merge::MergePlan;

/// The Worker, which lies beside the app.
const WORKER: &str = "worker/evaluate.js";
/// Which files of main are offered as tests.
const TESTS: &[u8] = b"tests/*.js";
/// How many of them.
const TESTS_MAX: usize = 20;
/// Where a test begins.
const EXAMPLE: &str = "// A number: what it is worth. It may be async, and may throw.\nexport default (reality) => {\n  return reality.list().length;\n};\n";

/// Writes a test, runs it in the compared realities, shows what came out.
#[component]
pub fn Evaluation(compared: Memo<Vec<String>>) -> impl IntoView {
    let store = expect_context::<Store>();
    let (code, samples, higher) =
        (RwSignal::new(EXAMPLE.to_owned()), RwSignal::new(5_u32), RwSignal::new(true));
    let rows = RwSignal::new(Vec::<Row>::new());
    let running = StoredValue::new_local(None::<Running>);
    let is_running = RwSignal::new(false);
    // Later, because the Worker's own message may ask for it, and what hears it must not go while it hears.
    let stop = move || {
        is_running.set(false);
        store.progress.set(None);
        set_timeout(move || drop(running.try_set_value(None)), Duration::ZERO);
    };
    on_cleanup(stop);
    let hear = move |data: wasm_bindgen::JsValue| match told(&data) {
        Told::Progress(done, total) => {
            store.progress.set(Some(Progress { phase: "Runs".into(), done, total: Some(total) }));
        }
        Told::Rows(found) => {
            rows.set(found);
            stop();
        }
        Told::Failure(failure) => {
            store.tell(failure, true);
            stop();
        }
    };
    let run = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let plan = Plan {
            names: compared.get_untracked(),
            code: code.get_untracked(),
            samples: samples.get_untracked(),
            is_higher_better: higher.get_untracked(),
        };
        let Some(Ok(message)) = store.look(|repository| message(repository, &plan)) else { return };
        let failed = move || {
            store.tell("the test could not be run: see the console".into(), true);
            stop();
        };
        running.set_value(Running::start(WORKER, &message, hear, failed));
        is_running.set(true);
    };
    let own = Memo::new(move |_| own_test(&code.get()));
    let typed = move |event: ev::Event| code.set(editor::text(&event).unwrap_or_default());
    view! {
        <h3>"Evaluate"</h3>
        <TestFiles code/>
        <govc-editor class="test" label="The test" prop:path="test.js" prop:value=move || code.get() on:change=typed></govc-editor>
        <form class="controls" on:submit=run>
            <label>"Runs of each "<input type="number" min="1" max="1000" prop:value=samples
                on:input:target=move |event| samples.set(event.target().value().parse().unwrap_or(1))/></label>
            <Show when=move || !own.get() fallback=|| view! { <span>"The test says which is better."</span> }>
                <label><input class="check" type="checkbox" prop:checked=higher on:change=move |_| higher.update(|higher| *higher = !*higher)/>" More is better"</label>
            </Show>
            <button class="strong" disabled=move || is_running.get() || compared.get().is_empty()>"Evaluate"</button>
            <Show when=move || is_running.get()><button type="button" on:click=move |_| stop()>"Stop"</button></Show>
        </form>
        {move || (!rows.get().is_empty()).then(|| view! { <Outcome rows=rows.get()/> })}
    }
}

/// Whether a test says itself which score is better.
fn own_test(code: &str) -> bool {
    code.lines().any(|line| line.starts_with("export const better"))
}

/// The tests that main holds: the one whose path the link names is taken.
#[component]
fn TestFiles(code: RwSignal<String>) -> impl IntoView {
    let store = expect_context::<Store>();
    let paths = Memo::new(move |_| {
        let found = store.read(|repository| repository.list(&repository.main()?, Some(TESTS)).map(names));
        found.and_then(Result::ok).unwrap_or_default()
    });
    let chosen = Memo::new(move |_| store.link.get().path.filter(|path| paths.get().contains(path)));
    Effect::new(move |_| {
        let Some(path) = chosen.get() else { return };
        let text = store.look(|repository| {
            let bytes = repository.read(&repository.main()?, &RepoPath::new(path.as_bytes())?)?;
            Ok::<_, govc_engine::Error>(String::from_utf8_lossy(&bytes).into_owned())
        });
        if let Some(Ok(text)) = text {
            code.set(text);
        }
    });
    view! {
        <Show when=move || !paths.get().is_empty()>
            <p class="controls">"Tests in main: "
                <For each=move || paths.get() key=Clone::clone let:path>
                    {
                        let (own, other) = (path.clone(), path.clone());
                        view! {
                            <button aria-pressed=move || (chosen.get().as_ref() == Some(&own)).to_string()
                                on:click=move |_| store.show(true, |link| link.path = Some(other.clone()))>{text::shown_line(&path)}</button>
                        }
                    }
                </For>
            </p>
        </Show>
    }
}

/// The names of the first paths.
fn names<T: ToString>(paths: Vec<T>) -> Vec<String> {
    paths.iter().take(TESTS_MAX).map(ToString::to_string).collect()
}

/// Who is better, with a way to merge it.
#[component]
fn Outcome(rows: Vec<Row>) -> impl IntoView {
    let main = rows[0].name.clone();
    let winner = rows.iter().find(|row| row.is_winner).map(|row| row.name.clone());
    let verdict = match &winner {
        Some(name) => format!("{} is better than {main}.", text::shown_line(name)),
        None => "No difference was found.".to_owned(),
    };
    view! {
        <p role="status"><strong>{verdict}</strong></p>
        {winner.map(|winner| view! { <MergePlan from=Signal::stored(winner) into=Signal::stored(main)/> })}
        <Ranking rows title=String::new()/>
    }
}

/// Ranked, each with its interval beside main's.
#[component]
pub fn Ranking(rows: Vec<Row>, title: String) -> impl IntoView {
    let ends =
        rows.iter().filter_map(|row| row.difference).flat_map(|(_, low, high)| [low.abs(), high.abs()]);
    let reach = ends.filter(|end| end.is_finite()).fold(f64::MIN_POSITIVE, f64::max);
    view! {
        <table class="matrix ranking">
            {(!title.is_empty()).then(|| view! { <caption>{text::shown_line(&title)}</caption> })}
            <thead><tr><th scope="col">"Reality"</th><th scope="col">"Score"</th><th scope="col">"Beside main, 95 %"</th><th scope="col">"Verdict"</th></tr></thead>
            <tbody>{rows.into_iter().map(|row| view! {
                <tr class:winner=row.is_winner>
                    <th scope="row">{text::shown_line(&row.name)}{row.is_winner.then_some(" (winner)")}</th>
                    <td>{row.score.map(figure)}</td>
                    <td>{row.difference.map(|(difference, low, high)| view! { <Interval difference low high reach/> })}</td>
                    <td>{if row.error.is_empty() { row.verdict } else { text::shown_line(&row.error) }}</td>
                </tr>
            }).collect_view()}</tbody>
        </table>
    }
}

/// Four digits that matter.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 10.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// An interval on a line whose middle is main and whose ends are the furthest of all intervals.
#[component]
fn Interval(difference: f64, low: f64, high: f64, reach: f64) -> impl IntoView {
    let place = |value: f64| 50.0 + (value / reach).clamp(-1.0, 1.0) * 48.0;
    let percent = |place: f64| format!("{place:.2}%");
    view! {
        <div class="interval" aria-hidden="true">
            <span class="zero"></span>
            <span class="range" style:left=percent(place(low)) style:width=percent(place(high) - place(low))></span>
            <span class="dot" style:left=percent(place(difference))></span>
        </div>
        <span class="count">{format!("{difference:+.3} ({low:+.3} to {high:+.3})")}</span>
    }
}
