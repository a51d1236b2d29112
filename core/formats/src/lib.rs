//! JSON, YAML and TOML as text: where a document breaks, what stands where, how values are written, and merges by key.
//!
//! Bytes go in, places and bytes come out. Knows no git, no path, no schema, and keeps nothing between two calls. Nothing
//! recurses deeper than `DEPTH_MAX`, and no document is longer than `DOCUMENT_BYTES_MAX`.
//!
//! Modules, foundations first; a module uses only those above it: `text`, `tree`, `json`, `toml`, `yaml`, `document`, `write`, `value`,
//! `shape`, `sections`, `merge`.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod document;
mod json;
mod merge;
mod sections;
mod shape;
mod text;
mod toml;
mod tree;
mod value;
mod write;
mod yaml;

pub use document::{AsJson, Format, check, locate, to_json};
pub use merge::{Merged, merge};
pub use text::{DEPTH_MAX, DOCUMENT_BYTES_MAX, PROBLEMS_MAX, Problem, place};
pub use value::Favor;
pub use write::write;
