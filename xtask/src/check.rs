//! The fast part of the gate: everything but the packaging matrix and the browser.

use anyhow::Result;

use crate::setup::{self, BARE, WASM};
use crate::step::{self, cargo};
use crate::{npm, size, tidy};

/// Crates that must build without std, each with the features that allow it.
const BARE_CRATES: &[&str] = &["govc-git", "govc-formats", "govc-replication"];

/// Format, lints, Rust tests, bare target, module, imports, types, size.
pub fn run() -> Result<()> {
    setup::target(WASM)?;
    setup::target(BARE)?;
    step::run(&mut cargo(&["fmt", "--all", "--check"]))?;
    tidy::run()?;
    let product = ["--workspace", "--exclude", "govc-wasm", "--exclude", "xtask"];
    // Apart, so that what xtask's dependencies switch on in shared crates does not reach the product.
    let own = ["--package", "xtask"];
    let deny = ["--", "-D", "warnings"];
    step::run(cargo(&["clippy", "--all-targets"]).args(product).args(deny))?;
    step::run(cargo(&["clippy", "--all-targets"]).args(own).args(deny))?;
    step::run(cargo(&["clippy", "--package", "govc-wasm", "--target", WASM]).args(deny))?;
    step::run(cargo(&["clippy", "--package", "govc-dashboard", "--target", WASM]).args(deny))?;
    step::run(cargo(&["test"]).args(product))?;
    step::run(cargo(&["test"]).args(own))?;
    for name in BARE_CRATES {
        step::run(&mut cargo(&["build", "--package", name, "--no-default-features", "--target", BARE]))?;
    }
    npm::build()?;
    size::check()
}
