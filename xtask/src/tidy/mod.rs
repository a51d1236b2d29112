//! What no compiler checks: arrows between crates and modules, lengths, headers, words, forgotten files.
//!
//! Heuristics over lines, for code that rustfmt has formatted. It reads files and changes none.

mod arrows;
mod lengths;
mod source;
mod table;
mod text;

use anyhow::{Result, bail};

use crate::step::root;
use source::Source;

/// One rule broken: where and how.
struct Finding {
    path: String,
    line: usize,
    what: String,
}

/// Runs all rules; prints each finding; fails if there is one.
pub fn run() -> Result<()> {
    println!("\n> tidy");
    let sources = source::all()?;
    let mut findings = Vec::new();
    arrows::check(&sources, &mut findings)?;
    lengths::check(&sources, &mut findings)?;
    text::check(&sources, &mut findings);
    forgotten_tests(&sources, &mut findings);
    licences(&sources, &mut findings);
    for Finding { path, line, what } in &findings {
        eprintln!("{path}:{line}: {what}");
    }
    if !findings.is_empty() {
        bail!("tidy: {} findings in {} files", findings.len(), sources.len());
    }
    println!("  {} files are tidy", sources.len());
    Ok(())
}

/// Every Rust file of `tests/` must be named in its Cargo.toml, or it is never run.
fn forgotten_tests(sources: &[Source], findings: &mut Vec<Finding>) {
    let Some(manifest) = sources.iter().find(|source| source.path == "tests/Cargo.toml") else { return };
    for source in sources {
        let Some(inside) = source.path.strip_prefix("tests/").filter(|path| path.ends_with(".rs")) else {
            continue;
        };
        let is_module = inside.starts_with("support/") || inside.matches('/').count() > 1;
        if !is_module && !manifest.text.contains(&format!("\"{inside}\"")) {
            findings.push(source.finding(1, "is not listed in tests/Cargo.toml: it never runs"));
        }
    }
}

fn licences(sources: &[Source], findings: &mut Vec<Finding>) {
    if !root().join("LICENSE").is_file() {
        findings.push(Finding { path: "LICENSE".into(), line: 1, what: "is missing".into() });
    }
    for source in sources {
        let crate_manifest = source.path.ends_with("/Cargo.toml");
        if crate_manifest && !source.text.contains("license.workspace = true") {
            findings.push(source.finding(1, "has no `license.workspace = true`"));
        }
        if source.path.ends_with("package.json") && !source.text.contains("\"license\": \"Apache-2.0\"") {
            findings.push(source.finding(1, "names no licence"));
        }
    }
}
