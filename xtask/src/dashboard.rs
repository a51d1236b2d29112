//! Builds the dashboard into `www/dist/app`.

use std::fs;

use anyhow::{Context, Result};

use crate::step::{program, root, run};
use crate::{setup, wasm};

/// Files that go along as they are.
const FILES: &[&str] = &["index.html", "start.js", "style.css"];

/// Builds module, glue and editor and puts the page beside them.
pub fn build() -> Result<()> {
    let folder = root().join("www/dist/app");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    wasm::build_module(&folder, "govc-dashboard", "govc_dashboard", true)?;
    wasm::optimize(&folder.join("govc_dashboard_bg.wasm"))?;
    for name in FILES {
        let source = root().join("dashboard").join(name);
        fs::copy(&source, folder.join(name)).with_context(|| format!("copy of {}", source.display()))?;
    }
    setup::node_modules("dashboard")?;
    run(program("node", "dashboard", &["editor/build.mjs"]).arg(&folder))
}
