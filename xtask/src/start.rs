//! The main job: the site, whose first page is a whole repository, served on the loopback interface.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use crate::step::{self, program, root};
use crate::{dashboard, history, npm, site};

/// Builds the package, packs a history, serves the page until it is interrupted.
pub fn run() -> Result<()> {
    npm::build()?;
    prepare()?;
    println!("\nThe site is ready. Open the address below; Ctrl-C ends it.\n");
    step::run(&mut program("node", ".", &["www/serve.mjs"]))
}

/// Packs what was built and fills `www/dist` with the site: its pages, the package as npm would install it, the
/// dashboard, and a history. Says where the packed package lies.
pub fn prepare() -> Result<PathBuf> {
    let packed = npm::pack()?;
    let folder = root().join("www/dist");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let package = folder.join("govc");
    fs::create_dir_all(&package)?;
    step::run(program("tar", "www/dist/govc", &["-xzf"]).arg(&packed).arg("--strip-components=1"))?;
    site::build()?;
    dashboard::build()?;
    history::pack_into(&folder)?;
    Ok(packed)
}
