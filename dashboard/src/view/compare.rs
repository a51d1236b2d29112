//! Realities side by side: what each changed since main, where they agree, and two of them line by line.

use govc_engine::Repository;
use leptos::prelude::*;

use crate::model::compare::{Change, Line, lines};
use crate::model::link::COMPARED_MAX;
use crate::model::text;
use crate::state::difference::{FileLine, between, tree_of};
use crate::state::store::Store;
use crate::view::diff::DiffList;
use crate::view::evaluation::Evaluation;
use crate::view::find::{Find, More, found};

/// Files that are listed; the rest is counted.
const FILES_MAX: usize = 300;
/// Realities that are offered; the filter finds the others.
const OFFERED_MAX: usize = 50;

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
            <h2 id="compare-title">"What each changed since main"</h2>
            {move || match table.get() {
                None => ().into_any(),
                Some(Err(message)) => view! { <p class="failure">{message}</p> }.into_any(),
                Some(Ok(all)) if all.is_empty() => view! { <p class="empty">"Choose realities to compare."</p> }.into_any(),
                Some(Ok(all)) => view! { <Table names=compared.get() lines=lines(&all)/> }.into_any(),
            }}
            <Evaluation compared/>
        </section>
        <section class="detail" aria-label="The first beside the second"><Pairwise compared/></section>
    }
}

/// What a reality changed since it left main: path, how, and the new content's id.
fn changes(repository: &Repository, name: &str) -> Result<Vec<(String, Change, String)>, String> {
    let found = || {
        let main = repository.head(&repository.main()?)?;
        let own = repository.head(&repository.reality(name.as_bytes())?)?;
        let base = match (main, own) {
            (Some(main), Some(own)) => repository.merge_base(&main, &own)?,
            _ => None,
        };
        between(repository, &tree_of(repository, base)?, &tree_of(repository, own)?)
    };
    let files: Vec<FileLine> = found().map_err(|error: govc_engine::Error| error.to_string())?;
    let change = |file: FileLine| {
        let change = match file.letter {
            'A' | 'C' => Change::Added,
            'D' => Change::Removed,
            'R' => Change::Renamed,
            _ => Change::Modified,
        };
        (file.path, change, file.sides.1.map(|id| id.to_string()).unwrap_or_default())
    };
    Ok(files.into_iter().map(change).collect())
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

#[component]
fn Table(names: Vec<String>, lines: Vec<Line>) -> impl IntoView {
    let count = lines.len();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Files by reality">
            <table class="matrix">
                <thead><tr><th scope="col">"File"</th>{names.iter().map(|name| view! { <th scope="col">{text::shown_line(name)}</th> }).collect_view()}</tr></thead>
                <tbody>
                    {lines.into_iter().take(FILES_MAX).map(|line| {
                        let agrees = line.agrees();
                        view! {
                            <tr class:disagree=!agrees>
                                <th scope="row">{text::shown_line(&line.path)}{(!agrees).then_some(" (differs)")}</th>
                                {line.cells.into_iter().map(|cell| view! { <td>{cell.map(|(change, _)| word(change))}</td> }).collect_view()}
                            </tr>
                        }
                    }).collect_view()}
                </tbody>
            </table>
        </div>
        {(count > FILES_MAX).then(|| view! { <p class="more">{format!("and {} more files", count - FILES_MAX)}</p> })}
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
