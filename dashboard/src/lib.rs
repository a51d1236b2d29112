//! The dashboard: realities, timelines and merges of a repository that lives in the tab.
//!
//! `model` is pure and tested natively; `io` alone speaks to the browser's interfaces beside the components that draw;
//! `state` holds the engine and what was read of it; `action` has a file a verb; `view` has the components.
//!
//! Modules, foundations first; a module uses only those above it: `model`, `io`, `state`, `action`, `view`, `app`.

pub mod model;

#[cfg(target_arch = "wasm32")]
mod action;
#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod io;
#[cfg(target_arch = "wasm32")]
mod state;
#[cfg(target_arch = "wasm32")]
mod view;
