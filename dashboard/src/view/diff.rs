//! Files that differ, each with its lines beside each other once it is opened.

use leptos::prelude::*;

use crate::model::hunks::{Cell, Pair};
use crate::model::text;
use crate::state::difference::{FileLine, Laid, laid_out};
use crate::state::store::Store;

/// Files that are listed; the rest is counted.
const FILES_MAX: usize = 300;
/// With no more files than this, each is open from the start.
const OPEN_MAX: usize = 3;

/// The list of files that differ.
#[component]
pub fn DiffList(files: Vec<FileLine>) -> impl IntoView {
    let count = files.len();
    let is_open = count <= OPEN_MAX;
    view! {
        <p class="count">{match count { 0 => "No file differs".to_owned(), 1 => "1 file".to_owned(), _ => format!("{count} files") }}</p>
        {files.into_iter().take(FILES_MAX).map(|file| view! { <FileDiff file is_open/> }).collect_view()}
        {(count > FILES_MAX).then(|| view! { <p class="more">{format!("and {} more", count - FILES_MAX)}</p> })}
    }
}

#[component]
fn FileDiff(file: FileLine, is_open: bool) -> impl IntoView {
    let store = expect_context::<Store>();
    let opened = RwSignal::new(is_open);
    let name = match &file.from {
        Some(from) => format!("{} \u{2192} {}", text::shown_line(from), text::shown_line(&file.path)),
        None => text::shown_line(&file.path),
    };
    let (sides, path) = (file.sides, text::shown_line(&file.path));
    view! {
        <details class="file" open=is_open on:toggle=move |_| opened.set(true)>
            <summary><span class=format!("letter letter-{}", file.letter) title=word(file.letter)>{file.letter.to_string()}</span>" "{name}</summary>
            <Show when=move || opened.get()>
                {let path = path.clone(); move || match store.read(|repository| laid_out(repository, &sides)) {
                    Some(Ok(Laid::Text(hunks, left))) => view! { <Hunks hunks left name=path.clone()/> }.into_any(),
                    Some(Ok(Laid::Binary)) => view! { <p class="more">"Not a text"</p> }.into_any(),
                    Some(Err(error)) => view! { <p class="failure">{error.to_string()}</p> }.into_any(),
                    None => ().into_any(),
                }}
            </Show>
        </details>
    }
}

fn word(letter: char) -> &'static str {
    match letter {
        'A' => "added",
        'D' => "removed",
        'R' => "renamed",
        'C' => "copied",
        'T' => "type changed",
        _ => "modified",
    }
}

#[component]
fn Hunks(hunks: Vec<Vec<Pair>>, left: usize, name: String) -> impl IntoView {
    view! {
        <div class="hunks" tabindex="0" role="region" aria-label=format!("Changed lines of {name}")>
            {hunks.into_iter().map(|pairs| view! {
                <table class="hunk"><tbody>
                    {pairs.into_iter().map(|pair| view! {
                        <tr>{side(pair.old, "removed", pair.is_context)}{side(pair.new, "added", pair.is_context)}</tr>
                    }).collect_view()}
                </tbody></table>
            }).collect_view()}
        </div>
        {(left > 0).then(|| view! { <p class="more">{format!("and {left} more lines")}</p> })}
    }
}

fn side(cell: Option<Cell>, kind: &'static str, is_context: bool) -> impl IntoView {
    let Some(cell) = cell else {
        return view! { <td class="number"></td><td class="nothing"></td> }.into_any();
    };
    let (changed, text) = (cell.changed, cell.text);
    let part = |range: std::ops::Range<usize>| text::shown(text.get(range).unwrap_or_default()).into_owned();
    let sign = match (is_context, kind) {
        (true, _) => "",
        (_, "added") => "added: ",
        _ => "removed: ",
    };
    view! {
        <td class="number">{cell.number}</td>
        <td class=if is_context { "" } else { kind }>
            <span class="spoken">{sign}</span>{part(0..changed.start)}<mark>{part(changed.clone())}</mark>{part(changed.end..text.len())}
        </td>
    }
    .into_any()
}
