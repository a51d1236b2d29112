//! What a visitor loads: raw, gzip and brotli, and the budget for it, which is in `wasm/size.mjs`.

use anyhow::Result;

use crate::npm;
use crate::step::{self, program};

/// Builds the package and prints its weight.
pub fn run() -> Result<()> {
    npm::build()?;
    check()
}

/// Prints the weight of what was built; fails beyond the budget.
pub fn check() -> Result<()> {
    step::run(&mut program("node", "wasm", &["size.mjs"]))
}
