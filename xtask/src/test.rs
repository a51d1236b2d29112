//! Everything that CI runs: the gate, then the packed package in throw-away projects and in a browser.

use std::fs;

use anyhow::Result;

use crate::step::{self, program, root};
use crate::{check, setup, start};

/// Folders with tests for Node's own runner.
const FOLDERS: &[&str] = &["tests/npm", "tests/web", "wasm/test"];

/// Runs it all.
pub fn run() -> Result<()> {
    check::run()?;
    setup::node_modules("tests")?;
    let chromium = setup::chromium()?;
    let packed = start::prepare()?;
    // What hangs fails; no file takes minutes.
    let mut command = program("node", ".", &["--test", "--test-reporter=spec", "--test-timeout=600000"]);
    command.args(test_files()?);
    step::run(command.env("GOVC_PACKED", &packed).env("CHROMIUM", &chromium))
}

fn test_files() -> Result<Vec<String>> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        for entry in fs::read_dir(root().join(folder))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".test.mjs") {
                files.push(format!("{folder}/{name}"));
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}
