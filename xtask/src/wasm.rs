//! Builds the wasm module and its glue into `wasm/pkg`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::step::{cargo, root, run, target_folder};
use crate::{imports, setup};

/// The module after the glue was made for it.
pub fn module() -> PathBuf {
    root().join("wasm/pkg/govc_bg.wasm")
}

/// Builds module and glue.
///
/// One kind of glue, for the web, serves Node too: the Node entry gives it the module's bytes.
pub fn build() -> Result<()> {
    setup::target(setup::WASM)?;
    // Flags from the environment would replace those of .cargo/config.toml, and with them SIMD.
    run(cargo(&["build", "--package", "govc-wasm", "--profile", "wasm", "--target", setup::WASM])
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS"))?;
    let built = target_folder()?.join(setup::WASM).join("wasm/govc_wasm.wasm");
    let folder = root().join("wasm/pkg");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    println!("\n> wasm-bindgen");
    Bindgen::new()
        .input_path(&built)
        .out_name("govc")
        .web(true)?
        .typescript(true)
        // The entries say where the module lies; the glue must not, or every bundler would ship it for `govc/slim`.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&folder)
        .with_context(|| format!("wasm-bindgen on {}", built.display()))?;
    imports::check(&fs::read(module())?)
}
