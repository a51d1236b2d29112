//! The fast part of the gate: everything but the packaging matrix and the browser.

use anyhow::Result;

use crate::setup::{self, BARE, WASM};
use crate::step::{self, cargo};
use crate::{npm, size};

/// Crates that must build without std, each with the features that allow it.
const BARE_CRATES: &[&str] = &["govc-git"];

/// Format, lints, Rust tests, bare target, module, imports, types, size.
pub fn run() -> Result<()> {
    setup::target(WASM)?;
    setup::target(BARE)?;
    step::run(&mut cargo(&["fmt", "--all", "--check"]))?;
    step::run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--exclude",
        "govc-wasm",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    step::run(&mut cargo(&["clippy", "--package", "govc-wasm", "--target", WASM, "--", "-D", "warnings"]))?;
    step::run(&mut cargo(&["test", "--workspace", "--exclude", "govc-wasm"]))?;
    for name in BARE_CRATES {
        step::run(&mut cargo(&["build", "--package", name, "--no-default-features", "--target", BARE]))?;
    }
    npm::build()?;
    size::check()
}
