//! Makes ready what the builds and tests need: compile targets, node modules, a browser.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::step::{program, read, root, run};

/// The target of the npm package's module.
pub const WASM: &str = "wasm32-unknown-unknown";
/// A target without an operating system: what builds for it needs no std.
pub const BARE: &str = "thumbv7em-none-eabihf";

/// The oldest Node that the package and its tests support.
const NODE_MAJOR_MIN: u32 = 20;

/// Adds a compile target unless it is there.
pub fn target(name: &str) -> Result<()> {
    let sysroot = read(&mut program("rustc", ".", &["--print", "sysroot"]))?;
    if PathBuf::from(sysroot.trim()).join("lib/rustlib").join(name).is_dir() {
        return Ok(());
    }
    run(&mut program("rustup", ".", &["target", "add", name])).with_context(|| {
        format!("the Rust target {name} is missing: install it with `rustup target add {name}`")
    })
}

/// Installs what the lockfile in `folder` names, unless that has been done since the lockfile changed.
pub fn node_modules(folder: &str) -> Result<()> {
    node()?;
    let lock = root().join(folder).join("package-lock.json");
    let done = root().join(folder).join("node_modules/.package-lock.json");
    let changed =
        fs::metadata(&lock).with_context(|| format!("{} is missing", lock.display()))?.modified()?;
    if fs::metadata(done).and_then(|file| file.modified()).is_ok_and(|done| done >= changed) {
        return Ok(());
    }
    run(&mut program("npm", folder, &["ci", "--no-audit", "--no-fund"]))
}

fn node() -> Result<()> {
    let missing =
        || format!("Node {NODE_MAJOR_MIN} or newer with npm is missing: install it and put it on PATH");
    let version = read(&mut program("node", ".", &["--version"])).with_context(missing)?;
    let major =
        version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR_MIN) {
        bail!("Node {} is too old: {NODE_MAJOR_MIN} or newer is needed", version.trim());
    }
    read(&mut program("npm", ".", &["--version"])).with_context(missing)?;
    Ok(())
}

/// A Chromium to test in: from the variable CHROMIUM or from PATH, else installed where this may be done.
pub fn chromium() -> Result<PathBuf> {
    if let Some(found) = find_chromium() {
        return Ok(found);
    }
    let root_user = read(&mut program("id", ".", &["-u"])).is_ok_and(|id| id.trim() == "0");
    if root_user && read(&mut program("apt-get", ".", &["--version"])).is_ok() {
        run(&mut program("apt-get", ".", &["update", "-q"]))?;
        run(program("apt-get", ".", &["install", "-y", "-q", "--no-install-recommends", "chromium"])
            .env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    find_chromium()
        .context("a browser is missing: install Chromium and put it on PATH, or name it in CHROMIUM")
}

fn find_chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Some(PathBuf::from(named));
    }
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|candidate| candidate.is_file())
}
