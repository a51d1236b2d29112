//! The graph: lanes on a canvas, and beside them a list of commits of which only what is seen is in the page.

use std::f64::consts::TAU;
use std::ops::Range;

use leptos::html;
use leptos::prelude::*;
use web_sys::{CanvasRenderingContext2d, CssStyleDeclaration, HtmlCanvasElement};

use crate::io::{clock, resize};
use crate::model::lanes::{Row, RowLines};
use crate::model::text;
use crate::state::history::History;
use crate::state::store::Store;
use crate::view::canvas;

/// Pixels from one row to the next; the style sheet has the same figure.
const ROW_PX: f64 = 28.0;
/// Pixels from one lane to the next.
const LANE_PX: f64 = 14.0;
/// Lanes that are drawn; those beyond share the last.
const LANES_MAX: u32 = 24;
/// Rows beyond what is seen that are kept ready, so that a screen reader finds neighbours.
const ROWS_AHEAD: u32 = 4;
/// A browser does not scroll further than this many pixels; longer histories scroll in larger steps.
const SCROLL_PX_MAX: f64 = 8_000_000.0;
const COLOURS: usize = 8;

/// The graph and its commits.
#[component]
pub fn GraphList() -> impl IntoView {
    let store = expect_context::<Store>();
    let list = NodeRef::<html::Div>::new();
    let canvas = NodeRef::<html::Canvas>::new();
    let (top, height) = (RwSignal::new(0.0_f64), RwSignal::new(600.0_f64));
    let count = Memo::new(move |_| store.history().ids.len() as Row);
    let seen = Memo::new(move |_| seen_rows(top.get(), height.get(), count.get()));
    let selected = Memo::new(move |_| {
        let link = store.link.get();
        let id = govc_engine::git::ObjectId::from_hex(link.commit?.as_bytes()).ok()?;
        store.history().rows.get(&id).copied()
    });
    let measure = move || {
        if let Some(element) = list.get_untracked() {
            top.set(f64::from(element.scroll_top()));
            height.set(f64::from(element.client_height()).max(ROW_PX));
        }
    };
    Effect::new(move |_| {
        if let Some(element) = list.get() {
            resize::watch(&element, measure);
        }
    });
    let choose = move |row: Row| {
        let id = store.history().ids.get(row as usize).map(ToString::to_string);
        store.show(false, |link| link.commit = id);
        if let Some(element) = list.get_untracked() {
            bring_into_view(&element, row, count.get_untracked());
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let last = count.get_untracked().saturating_sub(1);
        let page = (height.get_untracked() / ROW_PX) as Row;
        let at = selected.get_untracked();
        let Some(next) = row_after(&event.key(), at, page, last) else { return };
        event.prevent_default();
        choose(next);
    };
    // As wide as what is seen needs, in steps, so that texts do not jitter while scrolling.
    let lanes_px = Memo::new(move |_| {
        let history = store.history();
        let seen = history.lanes.window(&history.graph, seen.get());
        let widest = seen
            .iter()
            .flat_map(|row| row.lines.iter().map(|line| line.from.max(line.to)).chain([row.lane]))
            .max();
        f64::from((widest.unwrap_or(0) + 1).next_multiple_of(4).min(LANES_MAX)) * LANE_PX + LANE_PX
    });
    Effect::new(move |_| {
        let (history, rows, selected) = (store.history(), seen.get(), selected.get());
        if let Some(canvas) = canvas.get() {
            draw(&canvas, &history, rows, (lanes_px.get(), top.get(), height.get()), selected);
        }
    });
    view! {
        <h2 id="graph-title">"Commits "<span class="count">{move || count.get()}</span></h2>
        <div class="graph" node_ref=list tabindex="0" role="listbox" aria-labelledby="graph-title"
            aria-activedescendant=move || selected.get().map(|row| format!("row-{row}"))
            on:scroll=move |_| measure() on:keydown=on_key>
            <div class="sheet" style:height=move || format!("{}px", sheet_px(count.get()))>
                <canvas node_ref=canvas aria-hidden="true" style:width=move || format!("{}px", lanes_px.get())
                    style:height=move || format!("{}px", height.get())
                    style:top=move || format!("{}px", top.get())></canvas>
                <For each=move || seen.get() key=move |row| (*row, store.rows.get()) let:row>
                    <CommitRow row count selected choose top lanes=lanes_px/>
                </For>
            </div>
        </div>
    }
}

#[component]
fn CommitRow(
    row: Row,
    count: Memo<Row>,
    selected: Memo<Option<Row>>,
    choose: impl Fn(Row) + Copy + 'static,
    top: RwSignal<f64>,
    lanes: Memo<f64>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let history = store.history();
    let (subject, author, date) = history
        .ids
        .get(row as usize)
        .and_then(|id| {
            store
                .read(|repository| {
                    repository
                        .read_commit(id, |commit| {
                            let author = commit.author();
                            (commit.message.to_string(), author.name.to_string(), author.time)
                        })
                        .ok()
                })
                .flatten()
        })
        .unwrap_or_default();
    let heads = history.heads.get(&row).cloned().unwrap_or_default();
    let date = clock::day_text(date.saturating_mul(1000));
    let place = move || format!("{}px", row_top(row, top.get(), count.get()));
    view! {
        <div class="row" id=format!("row-{row}") role="option" style:top=place style:padding-left=move || format!("{}px", lanes.get())
            aria-setsize=move || count.get() aria-posinset=row + 1
            aria-selected=move || (selected.get() == Some(row)).to_string() on:click=move |_| choose(row)>
            {heads.into_iter().take(3).map(|name| view! { <span class="head">{text::shown_line(&name)}</span> }).collect_view()}
            <span class="subject">{text::shown_line(&subject)}</span>
            <span class="author">{text::shown_line(&author)}</span>
            <time>{date}</time>
        </div>
    }
}

/// Scrolls so that a row is seen, to the middle where it was not.
fn bring_into_view(list: &web_sys::HtmlDivElement, row: Row, count: Row) {
    let (place, top) = (scroll_of(row, count), f64::from(list.scroll_top()));
    let room = f64::from(list.client_height()) - 2.0 * ROW_PX;
    if place < top || place > top + room * scroll_step(count) / ROW_PX {
        list.set_scroll_top((place - room / 2.0).max(0.0) as i32);
    }
}

/// Where a key leads in a list whose last row is `last`.
fn row_after(key: &str, at: Option<Row>, page: Row, last: Row) -> Option<Row> {
    let next = match key {
        "ArrowDown" => at.map_or(0, |at| at + 1),
        "ArrowUp" => at.unwrap_or(0).saturating_sub(1),
        "PageDown" => at.unwrap_or(0) + page,
        "PageUp" => at.unwrap_or(0).saturating_sub(page),
        "Home" => 0,
        "End" => last,
        _ => return None,
    };
    Some(next.min(last))
}

/// How far the sheet scrolls for the list to move by one row.
fn scroll_step(count: Row) -> f64 {
    (SCROLL_PX_MAX / f64::from(count.max(1))).min(ROW_PX)
}

fn sheet_px(count: Row) -> f64 {
    f64::from(count) * scroll_step(count) + ROW_PX
}

fn scroll_of(row: Row, count: Row) -> f64 {
    f64::from(row) * scroll_step(count)
}

/// Where a row stands on the sheet while it is scrolled to `top`.
fn row_top(row: Row, top: f64, count: Row) -> f64 {
    top + (f64::from(row) - top / scroll_step(count)) * ROW_PX
}

fn seen_rows(top: f64, height: f64, count: Row) -> Range<Row> {
    let first = ((top / scroll_step(count)) as Row).saturating_sub(ROWS_AHEAD);
    let end = first + (height / ROW_PX) as Row + 2 * ROWS_AHEAD + 2;
    first.min(count)..end.min(count)
}

fn draw(
    canvas: &HtmlCanvasElement,
    history: &History,
    rows: Range<Row>,
    (width, top, height): (f64, f64, f64),
    selected: Option<Row>,
) {
    let Some((context, style)) = canvas::prepared(canvas, width, height) else { return };
    let colours = colours(&style);
    context.set_line_width(2.0);
    let count = history.ids.len() as Row;
    let y = |row: Row| row_top(row, top, count) - top + ROW_PX / 2.0;
    for (row, shown) in rows.clone().zip(history.lanes.window(&history.graph, rows)) {
        lines(&context, &shown, y(row), &colours);
        let x = lane_x(shown.lane);
        context.set_fill_style_str(colour(&colours, shown.lane));
        context.begin_path();
        let radius = if selected == Some(row) { 6.0 } else { 4.0 };
        let _ = context.arc(x, y(row), radius, 0.0, TAU);
        context.fill();
    }
}

fn lines(context: &CanvasRenderingContext2d, shown: &RowLines, y: f64, colours: &[String]) {
    for line in &shown.lines {
        let (from, to) = (lane_x(line.from), lane_x(line.to));
        context.set_stroke_style_str(colour(colours, line.from.max(line.to)));
        context.begin_path();
        context.move_to(from, y);
        if from == to {
            context.line_to(to, y + ROW_PX);
        } else {
            context.bezier_curve_to(from, y + ROW_PX * 0.6, to, y + ROW_PX * 0.4, to, y + ROW_PX);
        }
        context.stroke();
    }
}

fn lane_x(lane: u32) -> f64 {
    f64::from(lane.min(LANES_MAX - 1)) * LANE_PX + LANE_PX
}

fn colour(colours: &[String], lane: u32) -> &str {
    colours.get(lane as usize % COLOURS).map_or("gray", String::as_str)
}

/// The lanes' colours, which the style sheet sets for light and dark.
fn colours(style: &CssStyleDeclaration) -> Vec<String> {
    (0..COLOURS).map(|at| style.get_property_value(&format!("--lane-{at}")).unwrap_or_default()).collect()
}
