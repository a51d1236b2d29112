//! The files that tidy reads: what git tracks or would track.

use std::fs;

use anyhow::{Context, Result};

use super::Finding;
use crate::step::{program, read, root};

/// Endings of the files that people write here.
const ENDINGS: &[&str] =
    &["rs", "ts", "mjs", "js", "html", "css", "toml", "json", "md", "txt", "sh", "yaml", "yml"];

/// A text file of the checkout.
pub struct Source {
    /// Relative to the root, with forward slashes.
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn finding(&self, line: usize, what: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, what: what.into() }
    }

    pub fn ending(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, ending)| ending)
    }

    /// Whether this is program text of ours, in whatever language.
    pub fn is_program(&self) -> bool {
        matches!(self.ending(), "rs" | "ts" | "mjs" | "js")
    }

    /// Whether nothing of it reaches a user.
    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.starts_with("wasm/test/")
            || self.path.ends_with("/tests.rs")
    }

    /// The lines that are built for users: those before the module of unit tests.
    pub fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let rust = self.ending() == "rs";
        let lines: Vec<&str> = self.text.lines().collect();
        let end = (0..lines.len())
            .find(|&at| {
                rust && lines[at] == "#[cfg(test)]"
                    && lines.get(at + 1).is_some_and(|next| next.starts_with("mod "))
                    && lines[at + 1].ends_with('{')
            })
            .unwrap_or(lines.len());
        lines.into_iter().take(end).enumerate().map(|(at, line)| (at + 1, line))
    }
}

/// All of them, in the order of their paths.
pub fn all() -> Result<Vec<Source>> {
    let listed = read(&mut program("git", ".", &["ls-files", "--cached", "--others", "--exclude-standard"]))
        .context("tidy reads what git tracks: it needs a checkout")?;
    let mut paths: Vec<&str> = listed.lines().filter(|path| is_written_here(path)).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut sources = Vec::new();
    for path in paths {
        // A file that was deleted and not yet committed is still listed.
        if let Ok(text) = fs::read_to_string(root().join(path)) {
            sources.push(Source { path: path.to_owned(), text });
        }
    }
    Ok(sources)
}

fn is_written_here(path: &str) -> bool {
    let generated = path.ends_with("package-lock.json") || path.starts_with("tests/cases/");
    !generated && ENDINGS.iter().any(|ending| path.rsplit_once('.').is_some_and(|(_, last)| last == *ending))
}
