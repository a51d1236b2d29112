//! Functions that take any bytes and must neither panic, nor hang, nor break a law that holds for all inputs.
//!
//! Each target stands in one file of `targets`: `run` takes the bytes, `seeds` gives inputs worth starting from.
//! `cargo xtask fuzz` searches for inputs that break one, guided by coverage; `cargo test` runs the inputs that once
//! did, and a few thousand mutations of the seeds. Knows no clock and writes nothing.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a target fails by panicking")]

mod mutate;
mod pieces;
mod sample;
mod targets;

pub use mutate::Mutator;
pub use targets::{TARGETS, Target};
