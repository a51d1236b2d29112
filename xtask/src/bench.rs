//! Measures the npm package on Node beside isomorphic-git and native git; what is measured is in `tests/perf`.

use anyhow::Result;

use crate::step::{self, program, target_folder};
use crate::{npm, setup};

/// Builds the package, measures, prints a table in Markdown, and leaves all figures in `bench.json` beside what cargo
/// builds.
pub fn run() -> Result<()> {
    npm::build()?;
    setup::node_modules("tests/perf")?;
    let results = target_folder()?.join("bench.json");
    let path = results.to_string_lossy().into_owned();
    step::run(&mut program("node", "tests/perf", &["--expose-gc", "bench.mjs", &path]))?;
    println!("\nall figures: {}", results.display());
    Ok(())
}
