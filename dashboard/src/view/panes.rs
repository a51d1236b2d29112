//! A text in conflict in three panes: ours, the result, theirs, and what it was before on demand. Parts stand beside each
//! other; each conflict has its own choices, and the result can be written by hand.

use leptos::prelude::*;

use crate::io::{editor, focus};
use crate::model::conflict::{Choice, Origin, Part, TextConflict, typed};
use crate::model::hunks::{Cell, Kind, side_by_side};
use crate::model::text;
use crate::view::conflicts::{Resolving, place_id};

/// Lines of an unchanged part that stay beside a conflict.
const CONTEXT_LINES: usize = 3;
/// Lines of a part that are shown in a pane; the rest is counted.
const LINES_MAX: usize = 2000;
/// Lines that a field is high at most.
const FIELD_LINES_MAX: usize = 24;
/// Parts that are laid out around the one at hand, in steps.
const WINDOW_PARTS: usize = 200;

/// Choices of a conflict: word, key, what it is.
const CHOICES: &[(&str, &str, Choice)] = &[
    ("Take ours", "o", Choice::Ours),
    ("Take theirs", "t", Choice::Theirs),
    ("Both, ours first", "b", Choice::OursTheirs),
    ("Both, theirs first", "Shift+B", Choice::TheirsOurs),
];

/// The panes, in the order in which they stand; the first is shown on demand.
const PANES: [(&str, &str); 4] =
    [("base", "Before"), ("ours", "Ours"), ("result", "Result"), ("theirs", "Theirs")];

/// What the rows share.
#[derive(Clone, Copy)]
struct Layout {
    at: usize,
    path: StoredValue<String>,
    with_base: RwSignal<bool>,
}

/// The text of the path at this place.
#[component]
pub fn TextPanes(at: usize, path: String) -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let layout = Layout { at, path: StoredValue::new(path), with_base: RwSignal::new(false) };
    let (pane, is_whole) = (RwSignal::new("result"), RwSignal::new(false));
    Effect::new(move |_| {
        if !layout.with_base.get() && pane.get_untracked() == "base" {
            pane.set("result");
        }
    });
    let rows = StoredValue::new(rows(resolving, at));
    let window = Memo::new(move |_| {
        let block = resolving.part.get().unwrap_or(0) / WINDOW_PARTS * WINDOW_PARTS;
        block.saturating_sub(WINDOW_PARTS / 4)..block + WINDOW_PARTS * 5 / 4
    });
    let shown = move || {
        rows.with_value(|rows| {
            rows.iter().take(window.get().end).skip(window.get().start).cloned().collect::<Vec<_>>()
        })
    };
    let outside = move || rows.with_value(|rows| rows.len().saturating_sub(shown().len()));
    view! {
        <Toolbar layout is_whole/>
        <Show when=move || !is_whole.get() fallback=move || view! { <WholeEditor layout/> }>
            <PaneTabs layout pane/>
            <div class="panes" id="panes" role="region" aria-label="Ours, result and theirs" data-pane=move || pane.get()
                class:with-base=move || layout.with_base.get()>
                <div class="pane-names" aria-hidden="true">
                    {PANES.iter().map(|(name, word)| view! {
                        <div class=format!("cell {name}")><strong>{*word}</strong>" "<span class="count">{move || whose(resolving, name)}</span></div>
                    }).collect_view()}
                </div>
                <For each=shown key=|row| row.part let:row>
                    <PartRow layout row/>
                </For>
                <Show when=move || { outside() > 0 }>
                    <p class="more">{move || format!("and {} more parts: go to the next conflict to see them", outside())}</p>
                </Show>
            </div>
        </Show>
    }
}

/// Whose a pane is.
fn whose(resolving: Resolving, pane: &str) -> String {
    match pane {
        "ours" => text::shown_line(&resolving.reality.get()),
        "theirs" => text::shown_line(&resolving.theirs.get()),
        _ => String::new(),
    }
}

/// A part where it stands: the first line of each side, and which of how many conflicts it is.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    part: usize,
    content: Part,
    /// First lines, from 1, of base, ours and theirs.
    starts: [u32; 3],
    /// Its number among the conflicts, and how many there are.
    number: Option<(usize, usize)>,
    is_first: bool,
    is_last: bool,
}

fn rows(resolving: Resolving, at: usize) -> Vec<Row> {
    let parts = resolving.path(at, |path| path.text.as_ref().map(|text| text.parts().to_vec()));
    let parts = parts.flatten().unwrap_or_default();
    let conflicts = parts.iter().filter(|part| part.origin == Origin::Conflict).count();
    let (mut starts, mut number, count) = ([1; 3], 0, parts.len());
    let line_count = |text: &[u8]| text.split_inclusive(|byte| *byte == b'\n').count() as u32;
    let row = |(part, content): (usize, Part)| {
        let here = starts;
        for (start, text) in starts.iter_mut().zip([&content.base, &content.ours, &content.theirs]) {
            *start += line_count(text);
        }
        let is_conflict = content.origin == Origin::Conflict;
        number += usize::from(is_conflict);
        let number = is_conflict.then_some((number, conflicts));
        Row { part, content, starts: here, number, is_first: part == 0, is_last: part + 1 == count }
    };
    parts.into_iter().enumerate().map(row).collect()
}

#[component]
fn Toolbar(layout: Layout, is_whole: RwSignal<bool>) -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let at = layout.at;
    let left = Memo::new(move |_| {
        let count = |text: &TextConflict| text.conflicts().count();
        resolving.path(at, |path| (path.left(), path.text.as_ref().map_or(0, count))).unwrap_or_default()
    });
    let all = move |word: &'static str, choice: Choice| {
        let change = move |text: &mut TextConflict| text.choose_all(Some(&choice));
        resolving.decide(at, word, |resolution| resolution.write(at, change));
    };
    view! {
        <p class="controls toolbar">
            <button on:click=move |_| resolving.go(false) aria-keyshortcuts="p Alt+ArrowUp">"Previous"<kbd aria-hidden="true">"p"</kbd></button>
            <button on:click=move |_| resolving.go(true) aria-keyshortcuts="n Alt+ArrowDown">"Next"<kbd aria-hidden="true">"n"</kbd></button>
            <span class="count">{move || format!("{} of {} left in this file", left.get().0, left.get().1)}</span>
            <button on:click=move |_| all("Took ours everywhere.", Choice::Ours)>"Ours in all conflicts"</button>
            <button on:click=move |_| all("Took theirs everywhere.", Choice::Theirs)>"Theirs in all conflicts"</button>
            <button aria-pressed=move || layout.with_base.get().to_string()
                on:click=move |_| layout.with_base.update(|base| *base = !*base)>"Show what it was before"</button>
            <button aria-pressed=move || is_whole.get().to_string()
                on:click=move |_| is_whole.update(|whole| *whole = !*whole)>"Write the whole result"</button>
        </p>
    }
}

/// On a narrow screen one pane is seen at a time.
#[component]
fn PaneTabs(layout: Layout, pane: RwSignal<&'static str>) -> impl IntoView {
    let shown = move || PANES.iter().filter(move |(name, _)| *name != "base" || layout.with_base.get());
    let step = move |event: leptos::ev::KeyboardEvent| {
        let names: Vec<&str> = shown().map(|(name, _)| *name).collect();
        let here = names.iter().position(|name| *name == pane.get_untracked()).unwrap_or(0);
        let next = match event.key().as_str() {
            "ArrowRight" => here + 1,
            "ArrowLeft" => here + names.len() - 1,
            _ => return,
        };
        let next = names[next % names.len()];
        event.prevent_default();
        pane.set(next);
        focus::on(format!("pane-{next}"));
    };
    view! {
        <div class="pane-tabs" role="tablist" aria-label="Panes" on:keydown=step>
            {move || shown().map(|(name, word)| view! {
                <button role="tab" id=format!("pane-{name}") aria-controls="panes" aria-selected=move || (pane.get() == *name).to_string()
                    tabindex=move || if pane.get() == *name { 0 } else { -1 } on:click=move |_| pane.set(name)>{*word}</button>
            }).collect_view()}
        </div>
    }
}

#[component]
fn PartRow(layout: Layout, row: Row) -> impl IntoView {
    match row.number {
        Some(_) => view! { <ConflictRow layout row/> }.into_any(),
        None => view! { <QuietRow layout row/> }.into_any(),
    }
}

/// A part that needs no decision: what both hold, or what one side changed.
#[component]
fn QuietRow(layout: Layout, row: Row) -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let (at, part) = (layout.at, row.part);
    let is_unfolded = RwSignal::new(false);
    let written = Memo::new(move |_| {
        let text = |text: &TextConflict| text.choice(part).map(|_| text.text(part).into_owned());
        resolving.path(at, |path| path.text.as_ref().and_then(text)).flatten()
    });
    let class = match row.content.origin {
        Origin::Ours => "part by-ours",
        Origin::Theirs => "part by-theirs",
        _ => "part",
    };
    let word = match row.content.origin {
        Origin::Ours => Some("changed by ours alone"),
        Origin::Theirs => Some("changed by theirs alone"),
        _ => None,
    };
    view! {
        {move || {
            let written = written.get();
            let lines = row.content.ours.split_inclusive(|byte| *byte == b'\n').count();
            let head = if row.is_first { 0 } else { CONTEXT_LINES };
            let tail = if row.is_last { 0 } else { CONTEXT_LINES };
            let is_folded = row.content.origin == Origin::Both && written.is_none() && !is_unfolded.get() && lines > head + tail + 1;
            if !is_folded {
                let cells = cells(&row, written.as_deref(), 0..usize::MAX);
                return view! { <div class=class role="group" aria-label=word>{cells}</div> }.into_any();
            }
            let hidden = lines - head - tail;
            view! {
                {(head > 0).then(|| view! { <div class="part">{cells(&row, None, 0..head)}</div> })}
                <button class="fold" on:click=move |_| is_unfolded.set(true)>{format!("{hidden} lines that nobody has to decide")}</button>
                {(tail > 0).then(|| view! { <div class="part">{cells(&row, None, lines - tail..lines)}</div> })}
            }.into_any()
        }}
    }
}

/// What the panes hold of a quiet part, within these of its lines.
fn cells(row: &Row, written: Option<&[u8]>, range: std::ops::Range<usize>) -> impl IntoView + use<> {
    let Part { base, ours, theirs, merged, .. } = &row.content;
    let [base_start, our_start, their_start] = row.starts;
    let texts = [
        ("base", numbered(base, base_start)),
        ("ours", numbered(ours, our_start)),
        ("result", numbered(written.unwrap_or(merged), 0)),
        ("theirs", numbered(theirs, their_start)),
    ];
    let cell = |(pane, mut cells): (&'static str, Vec<Cell>)| {
        let end = range.end.min(cells.len());
        let cells: Vec<Cell> = cells.drain(range.start.min(end)..end).collect();
        view! { <div class=format!("cell {pane}")>{lines(cells)}</div> }
    };
    texts.map(cell).into_iter().collect_view()
}

/// A conflict: its sides, its choices, and what the result holds of it.
#[component]
fn ConflictRow(layout: Layout, row: Row) -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let (at, part) = (layout.at, row.part);
    let state = Memo::new(move |_| {
        let state = |text: &TextConflict, is_whole: bool| Stand {
            is_open: !is_whole && text.is_open(part),
            is_whole,
            choice: text.choice(part).cloned(),
        };
        resolving
            .path(at, |path| path.text.as_ref().map(|text| state(text, path.taken.is_some())))
            .flatten()
            .unwrap_or_default()
    });
    let is_active = Memo::new(move |_| resolving.part.get() == Some(part));
    let (number, count) = row.number.unwrap_or_default();
    let label = move || format!("Conflict {number} of {count}: {}", state.with(Stand::word));
    let [base_start, our_start, their_start] = row.starts;
    let (ours, theirs) = beside(&row.content, our_start, their_start);
    let base = numbered(&row.content.base, base_start);
    view! {
        <div class="part conflict" id=place_id(at, Some(part)) role="group" aria-label=label class:open=move || state.with(|stand| stand.is_open) class:whole-taken=move || state.with(|stand| stand.is_whole)
            class:active=move || is_active.get() tabindex=move || if is_active.get() { 0 } else { -1 }
            on:focusin=move |event| if focus::is_by_key(&event) { resolving.part.set(Some(part)) } on:click=move |_| resolving.part.set(Some(part))>
            <Choices at part state is_active label=Signal::derive(label)/>
            <div class="cell base" role="group" aria-label="Before">{lines(base)}</div>
            <div class="cell ours" role="group" aria-label="Ours">{lines(ours)}</div>
            <div class="cell result" role="group" aria-label="Result">
                <Result layout part is_active/>
            </div>
            <div class="cell theirs" role="group" aria-label="Theirs">{lines(theirs)}</div>
        </div>
    }
}

/// How a conflict stands.
#[derive(Clone, Debug, Default, PartialEq)]
struct Stand {
    is_open: bool,
    /// Whether the path was taken as a whole, so that what is said here does not count.
    is_whole: bool,
    choice: Option<Choice>,
}

impl Stand {
    fn word(&self) -> &'static str {
        match &self.choice {
            _ if self.is_whole => "the file is taken as a whole",
            None => "open",
            Some(Choice::Edited(_)) if self.is_open => "written by hand, markers are left",
            Some(Choice::Edited(_)) => "written by hand",
            Some(Choice::Ours) => "ours",
            Some(Choice::Theirs) => "theirs",
            Some(Choice::OursTheirs) => "both, ours first",
            Some(Choice::TheirsOurs) => "both, theirs first",
        }
    }
}

#[component]
fn Choices(
    at: usize,
    part: usize,
    state: Memo<Stand>,
    is_active: Memo<bool>,
    label: Signal<String>,
) -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let tab = move || if is_active.get() { 0 } else { -1 };
    view! {
        <p class="controls choices">
            <strong>{label}</strong>
            {CHOICES.iter().map(|(word, key, choice)| view! {
                <button tabindex=tab aria-keyshortcuts=*key aria-pressed=move || (state.with(|stand| !stand.is_whole && stand.choice.as_ref() == Some(choice))).to_string()
                    on:click=move |_| resolving.choose(at, part, Some(choice.clone()))>{*word}<kbd aria-hidden="true">{key.trim_start_matches("Shift+")}</kbd></button>
            }).collect_view()}
            <button tabindex=tab aria-keyshortcuts="e" on:click=move |_| {
                resolving.part.set(Some(part));
                focus::inside(place_id(at, Some(part)));
            }>"Edit"<kbd aria-hidden="true">"e"</kbd></button>
            <button tabindex=tab aria-keyshortcuts="u" disabled=move || state.with(|stand| stand.is_whole || stand.choice.is_none())
                on:click=move |_| { resolving.choose(at, part, None); focus::on(place_id(at, Some(part))); }>"Open again"<kbd aria-hidden="true">"u"</kbd></button>
        </p>
    }
}

/// What the result holds of a conflict: a field in the one at hand, else lines.
#[component]
fn Result(layout: Layout, part: usize, is_active: Memo<bool>) -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let at = layout.at;
    let bytes = Memo::new(move |_| {
        let text = |text: &TextConflict| text.text(part).into_owned();
        resolving.path(at, |path| path.text.as_ref().map(text)).flatten().unwrap_or_default()
    });
    let value = Memo::new(move |_| String::from_utf8(bytes.get()).ok().map(|text| editable(&text)));
    let change = move |text: String| {
        let old = bytes.get_untracked();
        let mut written = typed(&old, &text);
        // The last line's end is not part of what is edited.
        if !written.is_empty() && (old.is_empty() || old.ends_with(b"\n")) {
            written = typed(&old, &format!("{text}\n"));
        }
        resolving.choose(at, part, Some(Choice::Edited(written)));
    };
    view! {
        <Show when=move || is_active.get() && value.with(Option::is_some) fallback=move || lines(numbered(&bytes.get(), 0))>
            <Field label="Result of this conflict" path=layout.path value=Signal::derive(move || value.get().unwrap_or_default()) change/>
        </Show>
    }
}

/// The whole result in one field.
#[component]
fn WholeEditor(layout: Layout) -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let at = layout.at;
    let bytes = Memo::new(move |_| {
        resolving.path(at, |path| path.text.as_ref().map(TextConflict::result)).flatten().unwrap_or_default()
    });
    let value = Memo::new(move |_| String::from_utf8(bytes.get()).ok().map(|text| one_line_end(&text)));
    let change = move |text: String| {
        let written = typed(&bytes.get_untracked(), &text);
        resolving.decide(at, "Edited.", |resolution| resolution.write(at, |own| own.edit(&written)));
    };
    view! {
        <Show when=move || value.with(Option::is_some)
            fallback=|| view! { <p class="empty">"It is no UTF-8: decide it conflict by conflict."</p> }>
            <div class="whole-result">
                <Field label="The whole result" path=layout.path value=Signal::derive(move || value.get().unwrap_or_default()) change/>
            </div>
        </Show>
    }
}

/// A field of text: the editor where it has been loaded, else a plain one.
#[component]
fn Field(
    label: &'static str,
    path: StoredValue<String>,
    value: Signal<String>,
    change: impl Fn(String) + Copy + Send + 'static,
) -> impl IntoView {
    let typed = move |event: leptos::ev::Event| {
        if let Some(text) = editor::text(&event).filter(|text| *text != value.get_untracked()) {
            change(text);
        }
    };
    let lines = move || value.with(|text| text.split('\n').count().clamp(2, FIELD_LINES_MAX));
    if editor::is_loaded() {
        let height = move || format!("calc({} * 1.25rem + 0.6rem)", lines());
        view! { <govc-editor label=label tab-leaves="" style:height=height prop:path=path.get_value() prop:value=value on:change=typed></govc-editor> }
            .into_any()
    } else {
        view! { <textarea class="source" aria-label=label rows=lines prop:value=value on:input=typed></textarea> }
            .into_any()
    }
}

/// As a field holds it: one kind of line end.
fn one_line_end(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// As above, and without the end of the last line.
fn editable(text: &str) -> String {
    let text = one_line_end(text);
    text.strip_suffix('\n').map(ToOwned::to_owned).unwrap_or(text)
}

/// The lines of both sides of a conflict, with the parts of lines in which they differ.
fn beside(part: &Part, our_start: u32, their_start: u32) -> (Vec<Cell>, Vec<Cell>) {
    // Where only one of them ends its lines as on Windows, that is seen.
    let is_crlf = |text: &[u8]| text.windows(2).any(|end| end == b"\r\n");
    let is_same_end = is_crlf(&part.ours) == is_crlf(&part.theirs);
    let (ours, theirs) = (line_texts(&part.ours, is_same_end), line_texts(&part.theirs, is_same_end));
    let kinds = ours.iter().map(|line| (Kind::Removed, line.as_str()));
    let lines: Vec<(Kind, &str)> =
        kinds.chain(theirs.iter().map(|line| (Kind::Added, line.as_str()))).collect();
    let pairs = side_by_side(our_start, their_start, &lines);
    let (old, new): (Vec<_>, Vec<_>) = pairs.into_iter().map(|pair| (pair.old, pair.new)).unzip();
    (old.into_iter().flatten().collect(), new.into_iter().flatten().collect())
}

/// The lines of a text, numbered; from 0 they have no numbers.
fn numbered(text: &[u8], start: u32) -> Vec<Cell> {
    let number = |at: usize| if start == 0 { 0 } else { start + at as u32 };
    let lines = line_texts(text, true).into_iter().enumerate();
    lines.map(|(at, text)| Cell { number: number(at), text, changed: 0..0 }).collect()
}

fn line_texts(text: &[u8], strip_cr: bool) -> Vec<String> {
    let line = |line: &[u8]| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").filter(|_| strip_cr).unwrap_or(line);
        String::from_utf8_lossy(line).into_owned()
    };
    text.split_inclusive(|byte| *byte == b'\n').map(line).collect()
}

/// Lines of a pane; foreign text, shown as text.
fn lines(cells: Vec<Cell>) -> impl IntoView {
    let left = cells.len().saturating_sub(LINES_MAX);
    if cells.is_empty() {
        return view! { <p class="nothing"><span class="spoken">"no lines"</span></p> }.into_any();
    }
    let line = |cell: Cell| {
        let part = |range: std::ops::Range<usize>| {
            text::shown(cell.text.get(range).unwrap_or_default()).into_owned()
        };
        let (start, end) = (cell.changed.start, cell.changed.end);
        let number = (cell.number > 0).then_some(cell.number);
        view! {
            <div class="line" data-number=number>{part(0..start)}<mark>{part(start..end)}</mark>{part(end..cell.text.len())}</div>
        }
    };
    view! {
        {cells.into_iter().take(LINES_MAX).map(line).collect_view()}
        {(left > 0).then(|| view! { <p class="more">{format!("and {left} more lines")}</p> })}
    }
    .into_any()
}
