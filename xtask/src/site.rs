//! Builds the pages of the site into `www/dist`: documents, and a reference made of the package's declarations.

use anyhow::{Result, bail};

use crate::setup;
use crate::step::{program, root, run};

/// Builds the pages over what is there; needs the package (`cargo xtask npm`).
pub fn build() -> Result<()> {
    if !root().join("wasm/dist/types").is_dir() {
        bail!("the reference is made of the package's declarations: run `cargo xtask npm` first");
    }
    setup::node_modules("www")?;
    run(&mut program("node", ".", &["www/build.mjs"]))
}
