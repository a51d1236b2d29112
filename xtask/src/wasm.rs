//! Builds wasm modules and their glue: those of the package into `wasm/pkg`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::step::{cargo, program, root, run, target_folder};
use crate::{imports, setup, split};

/// A module of the package: the crate that it is made of, and the name of its glue.
const MODULES: [(&str, &str); 2] = [("govc-wasm", "govc"), ("govc-wasm-formats", "govc_formats")];

/// Builds each module and its glue.
///
/// One kind of glue, for the web, serves Node too: the Node entry gives it the module's bytes.
pub fn build() -> Result<()> {
    let folder = root().join("wasm/pkg");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    // The entries say where a module lies; the glue must not, or every bundler would ship it for `govc/slim`.
    let modules: Result<Vec<_>> =
        MODULES.iter().map(|(package, name)| build_module(&folder, package, name, false)).collect();
    imports::check(&modules?)?;
    split_engine(&folder)?;
    for name in ["govc", "govc_deferred", "govc_formats"] {
        optimize(&folder.join(format!("{name}_bg.wasm")))?;
    }
    Ok(())
}

/// Rewrites a module as a smaller and faster one that does the same.
pub fn optimize(module: &Path) -> Result<()> {
    setup::node_modules("wasm")?;
    // The stack lies lowest in memory, so that no address computed from a valid one falls below 1,024, as the last flag asks.
    run(program("node", "wasm", &["node_modules/binaryen/bin/wasm-opt", "-Os", "--low-memory-unused"])
        .arg(module)
        .arg("-o")
        .arg(module))
}

/// Leaves the engine's module in two parts, with glue that knows of both.
fn split_engine(folder: &Path) -> Result<()> {
    let whole = folder.join("govc_bg.wasm");
    let split::Split { first, deferred } = split::split(&fs::read(&whole)?)?;
    fs::write(whole, first)?;
    fs::write(folder.join("govc_deferred_bg.wasm"), deferred)?;
    let (glue, declarations) = (folder.join("govc.js"), folder.join("govc.d.ts"));
    fs::write(&glue, split::glue(&fs::read_to_string(&glue)?)?)?;
    Ok(fs::write(&declarations, split::declarations(&fs::read_to_string(&declarations)?))?)
}

/// Builds a module and its glue, which looks for the module beside itself if `finds_module`; the module's bytes.
pub fn build_module(folder: &Path, package: &str, name: &str, finds_module: bool) -> Result<Vec<u8>> {
    setup::target(setup::WASM)?;
    // Flags from the environment would replace those of .cargo/config.toml, and with them SIMD.
    run(cargo(&["build", "--package", package, "--profile", "wasm", "--target", setup::WASM])
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS"))?;
    let built = target_folder()?
        .join(setup::WASM)
        .join("wasm")
        .join(package.replace('-', "_"))
        .with_extension("wasm");
    println!("\n> wasm-bindgen {name}");
    Bindgen::new()
        .input_path(&built)
        .out_name(name)
        .web(true)?
        .typescript(true)
        .omit_default_module_path(!finds_module)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)
        .with_context(|| format!("wasm-bindgen on {}", built.display()))?;
    Ok(fs::read(folder.join(format!("{name}_bg.wasm")))?)
}
