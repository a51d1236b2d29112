//! The npm package: TypeScript over the module, bundled, declared, packed.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::step::{program, read, root, target_folder};
use crate::{setup, step, wasm};

/// Builds the package and packs it.
pub fn run() -> Result<()> {
    build()?;
    let packed = pack()?;
    println!("\npacked: {}", packed.display());
    Ok(())
}

/// Builds the package into `wasm/dist`: module, glue, JavaScript, declarations.
pub fn build() -> Result<()> {
    setup::node_modules("wasm")?;
    wasm::build()?;
    step::run(&mut program("node", "wasm", &["build.mjs"]))
}

/// Packs what was built, as npm would publish it.
pub fn pack() -> Result<PathBuf> {
    for name in ["LICENSE", "README.md"] {
        let source = root().join(name);
        if source.exists() {
            fs::copy(&source, root().join("wasm").join(name)).with_context(|| format!("copy of {name}"))?;
        }
    }
    let folder = target_folder()?.join("npm");
    fs::create_dir_all(&folder)?;
    let destination = folder.to_string_lossy().into_owned();
    let printed =
        read(&mut program("npm", "wasm", &["pack", "--silent", "--pack-destination", &destination]))?;
    let name = printed.lines().last().context("npm pack named no file")?;
    Ok(folder.join(name.trim()))
}
