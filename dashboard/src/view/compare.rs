//! Realities side by side: what each changed since main, where they agree, and two of them line by line.

use std::collections::HashMap;

use govc_engine::Repository;
use govc_engine::git::ObjectId;
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::io::{clock, focus};
use crate::model::compare::{Change, Line, lines};
use crate::model::link::COMPARED_MAX;
use crate::model::text;
use crate::state::difference::{FileLine, between, line_counts, tree_of};
use crate::state::store::Store;
use crate::view::diff::DiffList;
use crate::view::evaluation::Evaluation;
use crate::view::find::{Find, More, found};
use crate::view::merge::MergePlan;

/// Files that are listed; the rest is counted.
const FILES_MAX: usize = 300;
/// Realities that are offered; the filter finds the others.
const OFFERED_MAX: usize = 50;

/// Lines removed and added between two contents, as far as they are counted; nothing where one is no text.
type Counts = RwSignal<HashMap<Sides, Option<(u32, u32)>>>;
/// The old and the new content.
type Sides = (Option<ObjectId>, Option<ObjectId>);

/// The view of several realities.
#[component]
pub fn CompareView() -> impl IntoView {
    let store = expect_context::<Store>();
    let compared = Memo::new(move |_| store.link.get().compared);
    let table = Memo::new(move |_| {
        let compared = compared.get();
        store.read(|repository| {
            compared.iter().map(|name| changes(repository, name)).collect::<Result<Vec<_>, _>>()
        })
    });
    view! {
        <section class="side" aria-labelledby="choose-title"><Choice compared/></section>
        <section class="compared" aria-labelledby="compare-title">
            <h2 id="compare-title">"What each changed since it left main"</h2>
            {move || match table.get() {
                None => ().into_any(),
                Some(Err(message)) => view! { <p class="failure">{message}</p> }.into_any(),
                Some(Ok(all)) if all.is_empty() => view! { <p class="empty">"Choose realities to compare."</p> }.into_any(),
                Some(Ok(all)) => view! { <Table names=compared.get() all/> }.into_any(),
            }}
            <Evaluation compared/>
        </section>
        <section class="detail" aria-live="polite" aria-label="What is chosen in the table"><Detail compared table/></section>
    }
}

/// What a reality changed since it left main.
fn changes(repository: &Repository, name: &str) -> Result<Vec<FileLine>, String> {
    let found = || {
        let main = repository.head(&repository.main()?)?;
        let own = repository.head(&repository.reality(name.as_bytes())?)?;
        let base = match (main, own) {
            (Some(main), Some(own)) => repository.merge_base(&main, &own)?,
            _ => None,
        };
        between(repository, &tree_of(repository, base)?, &tree_of(repository, own)?)
    };
    found().map_err(|error: govc_engine::Error| error.to_string())
}

fn change(file: &FileLine) -> (String, Change, String) {
    let change = match file.letter {
        'A' | 'C' => Change::Added,
        'D' => Change::Removed,
        'R' => Change::Renamed,
        _ => Change::Modified,
    };
    (file.path.clone(), change, file.sides.1.map(|id| id.to_string()).unwrap_or_default())
}

/// Counts lines while the browser has time, until the repository changes.
async fn count(store: Store, wanted: Vec<Sides>, counts: Counts) {
    let version = store.version.get_untracked();
    let mut slice_end = clock::ticks_ms() + clock::SLICE_MS;
    let mut found = HashMap::new();
    for sides in wanted {
        let Some(counted) = store.look(|repository| line_counts(repository, &sides).ok().flatten()) else {
            return;
        };
        found.insert(sides, counted);
        if clock::ticks_ms() > slice_end {
            counts.try_update(|counts| counts.extend(found.drain()));
            clock::next_turn().await;
            slice_end = clock::ticks_ms() + clock::SLICE_MS;
            if store.version.get_untracked() != version || counts.is_disposed() {
                return;
            }
        }
    }
    // Whoever asked may be gone.
    counts.try_update(|counts| counts.extend(found));
}

#[component]
fn Choice(compared: Memo<Vec<String>>) -> impl IntoView {
    let store = expect_context::<Store>();
    let wanted = RwSignal::new(String::new());
    let offered = Memo::new(move |_| found(store.realities(), &wanted.get()));
    let count = Memo::new(move |_| offered.with(Vec::len));
    let toggle = move |name: String| {
        store.show(true, |link| match link.compared.iter().position(|other| *other == name) {
            Some(at) => drop(link.compared.remove(at)),
            None if link.compared.len() < COMPARED_MAX => link.compared.push(name),
            None => {}
        });
    };
    view! {
        <h2 id="choose-title">"Compare "<span class="count">{move || format!("{} of at most {COMPARED_MAX}", compared.get().len())}</span></h2>
        <Find wanted/>
        <ul class="realities">
            <For each=move || offered.get().into_iter().take(OFFERED_MAX) key=Clone::clone let:name>
                {
                    let (own, other) = (name.clone(), name.clone());
                    view! {
                        <li><label class="reality"><input type="checkbox" prop:checked=move || compared.get().contains(&own)
                            on:change=move |_| toggle(other.clone())/>" "{text::shown_line(&name)}</label></li>
                    }
                }
            </For>
        </ul>
        <More count shown_max=OFFERED_MAX/>
    }
}

/// Files by reality: each cell says what became of the file, how many lines that took, and who made the same of it.
#[component]
fn Table(names: Vec<String>, all: Vec<Vec<FileLine>>) -> impl IntoView {
    let store = expect_context::<Store>();
    let changes: Vec<Vec<_>> = all.iter().map(|files| files.iter().map(change).collect()).collect();
    let mut lines = lines(&changes);
    let more = lines.len().saturating_sub(FILES_MAX);
    lines.truncate(FILES_MAX);
    let sides_of = |at: usize, path: &str| {
        let files: &[FileLine] = &all[at];
        files.iter().find(|file| file.path == path).map(|file| file.sides).unwrap_or_default()
    };
    let with_sides = |line: Line| {
        let sides = (0..names.len()).map(|at| sides_of(at, &line.path)).collect::<Vec<_>>();
        (line, sides)
    };
    let lines: Vec<(Line, Vec<Sides>)> = lines.into_iter().map(with_sides).collect();
    let counts = Counts::default();
    let wanted =
        lines.iter().flat_map(|(_, sides)| sides.iter().copied().filter(|sides| *sides != (None, None)));
    spawn_local(count(store, wanted.collect(), counts));
    let first = lines
        .iter()
        .enumerate()
        .find_map(|(row, (line, _))| Some((row, line.cells.iter().position(Option::is_some)?)));
    let here = RwSignal::new(first.unwrap_or_default());
    let only_lines = StoredValue::new(lines.iter().map(|(line, _)| line.clone()).collect::<Vec<_>>());
    let step = move |event: ev::KeyboardEvent| {
        if let Some((row, column)) =
            only_lines.with_value(|lines| moved(lines, here.get_untracked(), &event.key()))
        {
            event.prevent_default();
            here.set((row, column));
            focus::on(format!("cell-{row}-{column}"));
        }
    };
    let names = StoredValue::new(names);
    let heading = move |name: String| {
        let own = name.clone();
        let choose = move |_| store.show(true, |link| (link.reality, link.path) = (Some(own.clone()), None));
        view! { <th scope="col"><button class="cell-button" on:click=choose>{text::shown_line(&name)}</button></th> }
    };
    view! {
        <div class="scroll">
            <table class="matrix" role="grid" aria-label="Files by reality" on:keydown=step>
                <thead><tr><th scope="col">"File"</th>{names.get_value().into_iter().map(heading).collect_view()}</tr></thead>
                <tbody>
                    {lines.into_iter().enumerate().map(|(row, (line, sides))| view! { <FileRow row line sides names counts here/> }).collect_view()}
                </tbody>
            </table>
        </div>
        {(more > 0).then(|| view! { <p class="more">{format!("and {more} more files")}</p> })}
    }
}

/// Where an arrow leads in the table: to the next cell that holds something.
fn moved(lines: &[Line], (row, column): (usize, usize), key: &str) -> Option<(usize, usize)> {
    let holds = |row: &usize| lines[*row].cells.get(column).is_some_and(Option::is_some);
    match key {
        "ArrowRight" | "ArrowLeft" => Some((row, lines.get(row)?.next(column, key == "ArrowRight")?)),
        "ArrowDown" => Some(((row + 1..lines.len()).find(holds)?, column)),
        "ArrowUp" => Some(((0..row).rev().find(holds)?, column)),
        _ => None,
    }
}

#[component]
fn FileRow(
    row: usize,
    line: Line,
    sides: Vec<Sides>,
    names: StoredValue<Vec<String>>,
    counts: Counts,
    here: RwSignal<(usize, usize)>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let agrees = line.agrees();
    let same: Vec<Option<usize>> = (0..line.cells.len()).map(|at| line.same_as(at)).collect();
    let name = move |at: usize| names.with_value(|names| names.get(at).cloned().unwrap_or_default());
    let path = line.path.clone();
    let cell = move |(at, cell): (usize, Option<(Change, String)>)| {
        let Some((change, _)) = cell else { return view! { <td></td> }.into_any() };
        let (sides, path, own) = (sides[at], path.clone(), path.clone());
        let is_chosen = move || {
            let link = store.link.get();
            link.path.as_ref() == Some(&own) && link.reality == Some(name(at))
        };
        let choose = move |_| {
            here.set((row, at));
            store.show(true, |link| (link.reality, link.path) = (Some(name(at)), Some(path.clone())));
        };
        let counted = move || match counts.with(|counts| counts.get(&sides).copied()) {
            Some(Some((removed, added))) => format!(" +{added} \u{2212}{removed}"),
            Some(None) => " no text".to_owned(),
            None => String::new(),
        };
        view! {
            <td><button class="cell-button" id=format!("cell-{row}-{at}") aria-pressed=move || is_chosen().to_string()
                tabindex=move || if here.get() == (row, at) { 0 } else { -1 } on:click=choose on:focus=move |_| here.set((row, at))>
                {word(change)}<span class="count">{counted}</span>
                {same[at].map(|other| view! { <span class="same">{format!("= {}", text::shown_line(&name(other)))}</span> })}
            </button></td>
        }
        .into_any()
    };
    view! {
        <tr class:disagree=!agrees>
            <th scope="row">{text::shown_line(&line.path)}{(!agrees).then_some(" (differs)")}</th>
            {line.cells.into_iter().enumerate().map(cell).collect_view()}
        </tr>
    }
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Modified => "changed",
        Change::Removed => "removed",
        Change::Renamed => "renamed",
    }
}

/// What is chosen in the table: what a reality made of a file, or its merge; else the first two beside each other.
#[component]
fn Detail(
    compared: Memo<Vec<String>>,
    table: Memo<Option<Result<Vec<Vec<FileLine>>, String>>>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let chosen = Memo::new(move |_| {
        let (link, compared) = (store.link.get(), compared.get());
        let at = compared.iter().position(|name| Some(name) == link.reality.as_ref())?;
        Some((at, compared[at].clone(), link.path))
    });
    let close = move |_| store.show(true, |link| (link.reality, link.path) = (None, None));
    let main = Memo::new(move |_| store.main());
    view! {
        {move || match chosen.get() {
            None => view! { <Pairwise compared/> }.into_any(),
            Some((at, name, path)) => {
                let file = |path: &String| {
                    let files = table.get()?.ok()?.into_iter().nth(at)?;
                    files.into_iter().find(|file| file.path == *path)
                };
                let files: Vec<FileLine> = path.as_ref().and_then(file).into_iter().collect();
                let is_main = name == main.get();
                let from = Signal::stored(name.clone());
                view! {
                    <h2>{text::shown_line(&name)}</h2>
                    <p class="controls"><button on:click=close>"The first two beside each other"</button></p>
                    {path.is_some().then(|| view! { <DiffList files/> })}
                    {(!is_main).then(|| view! { <MergePlan from into=main/> })}
                }.into_any()
            }
        }}
    }
}

/// The first two of the chosen realities, line by line.
#[component]
fn Pairwise(compared: Memo<Vec<String>>) -> impl IntoView {
    let store = expect_context::<Store>();
    let files = move || {
        let compared = compared.get();
        let [one, other, ..] = &compared[..] else { return None };
        store
            .read(|repository| {
                let tree = |name: &String| {
                    let head = repository.head(&repository.reality(name.as_bytes()).ok()?).ok()??;
                    repository.peel_to_tree(&head).ok()
                };
                between(repository, &tree(one)?, &tree(other)?).ok()
            })
            .flatten()
    };
    view! {
        {move || match files() {
            None => view! { <p class="empty">"Choose two realities to see them line by line."</p> }.into_any(),
            Some(files) => {
                let compared = compared.get();
                let title = format!("{} beside {}", text::shown_line(&compared[0]), text::shown_line(&compared[1]));
                view! { <h2>{title}</h2><DiffList files/> }.into_any()
            }
        }}
    }
}
