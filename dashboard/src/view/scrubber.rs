//! The line of time: how dense its moments are, where one is, and ways to go elsewhere by pointer, wheel and key.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use web_sys::HtmlCanvasElement;

use crate::io::{clock, resize};
use crate::model::timeline::Scale;
use crate::state::moments::Moments;
use crate::view::canvas;

/// Pixels of the line from top to bottom; the style sheet has the same figure.
const HEIGHT_PX: f64 = 72.0;
/// Pixels of the part with the ticks' labels.
const LABELS_PX: f64 = 20.0;
/// Pixels of a bar of the density.
const BAR_PX: f64 = 3.0;
/// Pixels between ticks, at least.
const TICK_GAP_PX: f64 = 90.0;
/// How much nearer or further one turn of the wheel or one key goes.
const ZOOM: f64 = 1.3;

/// The line of time.
#[component]
pub fn Scrubber(moments: Memo<Arc<Moments>>, at: Memo<Option<usize>>, go: Callback<usize>) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    let scale = RwSignal::new(Scale::around(0, 0, 1.0));
    let fit = move || {
        let Some(element) = canvas.get_untracked() else { return };
        let width = f64::from(element.client_width());
        let times = &moments.get_untracked().times;
        if let (Some(first), Some(last)) = (times.first(), times.last()) {
            scale.set(Scale::around(*first, *last, width));
        }
    };
    Effect::new(move |_| {
        moments.track();
        if canvas.get().is_some() {
            fit();
        }
    });
    follow_width(canvas, scale);
    Effect::new(move |_| {
        if let Some(canvas) = canvas.get() {
            draw(&canvas, scale.get(), &moments.get(), at.get());
        }
    });
    let drag = move |event: &web_sys::PointerEvent| {
        let moment = scale.get_untracked().moment(f64::from(event.offset_x()));
        if let Some(place) = moments.get_untracked().at(moment) {
            go.run(place);
        }
    };
    let on_down = move |event: web_sys::PointerEvent| {
        if let Some(canvas) = canvas.get_untracked() {
            // Without capture the drag ends at the canvas's edge.
            let _ = canvas.set_pointer_capture(event.pointer_id());
        }
        drag(&event);
    };
    let on_move = move |event: web_sys::PointerEvent| {
        if event.buttons() & 1 != 0 {
            drag(&event);
        }
    };
    let on_wheel = move |event: web_sys::WheelEvent| {
        event.prevent_default();
        scale.update(|scale| *scale = wheeled(*scale, &event));
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let Some(last) = moments.get_untracked().times.len().checked_sub(1) else { return };
        let place = at.get_untracked().unwrap_or(0);
        let x = moments.get_untracked().times.get(place).map_or(0.0, |time| scale.get_untracked().x(*time));
        match key_meaning(&event.key(), place, last) {
            Some(Key::Go(next)) => go.run(next),
            Some(Key::Zoom(factor)) => scale.update(|scale| *scale = scale.zoomed(x, factor)),
            Some(Key::Fit) => fit(),
            None => return,
        }
        event.prevent_default();
    };
    let told = move || Some(clock::moment_text(moments.get().times.get(at.get()?).copied()?));
    view! {
        <canvas class="scrubber" node_ref=canvas tabindex="0" role="slider" aria-label="Moment" aria-valuemin="0"
            aria-valuemax=move || moments.get().times.len().saturating_sub(1)
            aria-valuenow=move || at.get().unwrap_or(0) aria-valuetext=told
            on:pointerdown=on_down on:pointermove=on_move on:wheel=on_wheel on:keydown=on_key></canvas>
        <p class="moment">{told}</p>
    }
}

/// Keeps the scale as wide as the canvas.
fn follow_width(canvas: NodeRef<html::Canvas>, scale: RwSignal<Scale>) {
    let widen = move || {
        if let Some(element) = canvas.get_untracked() {
            scale.update(|scale| *scale = scale.with_width(f64::from(element.client_width())));
        }
    };
    Effect::new(move |_| {
        if let Some(element) = canvas.get() {
            resize::watch(&element, widen);
        }
    });
}

/// Sideways the wheel moves along time, else nearer or further away.
fn wheeled(scale: Scale, event: &web_sys::WheelEvent) -> Scale {
    match (event.delta_x(), event.delta_y()) {
        (by, 0.0) => scale.panned(by),
        (_, by) => scale.zoomed(f64::from(event.offset_x()), if by > 0.0 { ZOOM } else { 1.0 / ZOOM }),
    }
}

/// What a key asks for.
enum Key {
    Go(usize),
    Zoom(f64),
    Fit,
}

fn key_meaning(key: &str, place: usize, last: usize) -> Option<Key> {
    let far = (last / 20).max(1);
    let next = match key {
        "ArrowRight" | "ArrowUp" => place + 1,
        "ArrowLeft" | "ArrowDown" => place.saturating_sub(1),
        "PageUp" => place + far,
        "PageDown" => place.saturating_sub(far),
        "Home" => 0,
        "End" => last,
        "+" => return Some(Key::Zoom(1.0 / ZOOM)),
        "-" => return Some(Key::Zoom(ZOOM)),
        "0" => return Some(Key::Fit),
        _ => return None,
    };
    Some(Key::Go(next.min(last)))
}

fn draw(element: &HtmlCanvasElement, scale: Scale, moments: &Moments, at: Option<usize>) {
    let width = f64::from(element.client_width());
    let Some((context, style)) = canvas::prepared(element, width, HEIGHT_PX) else { return };
    let colour = |name: &str| style.get_property_value(name).unwrap_or_default();
    let bars_px = HEIGHT_PX - LABELS_PX;
    let density = scale.density(&moments.times, BAR_PX);
    let most = f64::from(density.iter().copied().max().unwrap_or(0).max(1));
    context.set_fill_style_str(&colour("--trunk"));
    for (column, count) in density.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = ((f64::from(*count) / most).sqrt() * (bars_px - 6.0)).max(2.0);
        context.fill_rect(column as f64 * BAR_PX, bars_px - height, BAR_PX - 1.0, height);
    }
    context.set_fill_style_str(&colour("--soft"));
    context.set_font("12px system-ui, sans-serif");
    for tick in scale.ticks(TICK_GAP_PX) {
        context.fill_rect(tick.x, bars_px, 1.0, 4.0);
        // A label that cannot be written is missing, nothing worse.
        let _ = context.fill_text(&tick.label, tick.x + 3.0, HEIGHT_PX - 5.0);
    }
    if let Some(time) = at.and_then(|at| moments.times.get(at)) {
        context.set_fill_style_str(&colour("--focus"));
        context.fill_rect(scale.x(*time) - 1.0, 0.0, 2.0, HEIGHT_PX - LABELS_PX + 6.0);
    }
}
