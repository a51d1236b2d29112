//! Three-way merge with the results of git's own strategy (`ort`).
//!
//! `text` merges the lines of one file. Nothing here knows refs, realities or a work tree.

mod lines;
pub mod text;
