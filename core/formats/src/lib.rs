//! JSON, YAML and TOML as text: where a document breaks, what stands where, how values are written.
//!
//! Bytes go in, places and bytes come out. Knows no git, no path, no schema, and keeps nothing between two calls. Nothing
//! recurses deeper than `DEPTH_MAX`, and no document is longer than `DOCUMENT_BYTES_MAX`.
//!
//! Modules, foundations first; a module uses only those above it: `text`, `tree`, `json`, `toml`, `yaml`, `document`, `write`.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod document;
mod json;
mod text;
mod toml;
mod tree;
mod write;
mod yaml;

pub use document::{AsJson, Format, check, locate, to_json};
pub use text::{DEPTH_MAX, DOCUMENT_BYTES_MAX, PROBLEMS_MAX, Problem, place};
pub use write::write;
