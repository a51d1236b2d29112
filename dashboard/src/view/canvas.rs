//! A canvas made ready to draw on.

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, CssStyleDeclaration, HtmlCanvasElement};

/// Gives a canvas this size in the page's pixels, as fine as the screen is, and clears it; what to draw with, and the
/// style sheet's values for it.
pub fn prepared(
    canvas: &HtmlCanvasElement,
    width: f64,
    height: f64,
) -> Option<(CanvasRenderingContext2d, CssStyleDeclaration)> {
    let window = web_sys::window()?;
    let ratio = window.device_pixel_ratio().max(1.0);
    canvas.set_width((width * ratio) as u32);
    canvas.set_height((height * ratio) as u32);
    let context = canvas.get_context("2d").ok()??.dyn_into::<CanvasRenderingContext2d>().ok()?;
    // Failing to scale leaves a coarse picture, nothing worse.
    let _ = context.scale(ratio, ratio);
    Some((context, window.get_computed_style(canvas).ok()??))
}
