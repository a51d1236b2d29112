//! Where the keyboard is: brings the focus to an element once it is drawn.

use leptos::prelude::{document, request_animation_frame};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

/// Brings the focus to the element with this id, after the next change of the page.
pub fn on(id: String) {
    request_animation_frame(move || {
        if let Some(element) = document().get_element_by_id(&id) {
            focus(&element);
        }
    });
}

/// Brings the focus into the field of text inside the element with this id.
pub fn inside(id: String) {
    request_animation_frame(move || {
        let element = document().get_element_by_id(&id);
        let field =
            |element: Element| element.query_selector("[contenteditable=true], textarea").ok().flatten();
        if let Some(field) = element.and_then(field) {
            focus(&field);
        }
    });
}

/// Whether what a key is pressed in takes text.
pub fn is_in_text(event: &Event) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|element| {
        let closest = element.closest("[contenteditable=true], textarea, input:not([type=checkbox]), select");
        closest.ok().flatten().is_some()
    })
}

/// Whether the focus came by key. Where it came with the mouse, the page must not move before the button is let go.
pub fn is_by_key(event: &Event) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|element| element.matches(":focus-visible").unwrap_or(false))
}

fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        // What cannot have the focus leaves it where it is.
        let _ = element.focus();
    }
}
