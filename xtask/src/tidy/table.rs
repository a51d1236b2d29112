//! The little of TOML that xtask's own tables use: sections, `key = ["..."]`, `key = number`, comments.

use std::fs;

use anyhow::{Context, Result};

use crate::step::root;

/// A key of a section with its values, in the order of the file.
pub struct Row {
    pub section: String,
    pub key: String,
    pub values: Vec<String>,
}

/// Reads `xtask/NAME`.
pub fn read(name: &str) -> Result<Vec<Row>> {
    let text =
        fs::read_to_string(root().join("xtask").join(name)).with_context(|| format!("xtask/{name}"))?;
    parse(&text).with_context(|| format!("xtask/{name}"))
}

/// The rows of one section.
pub fn section<'a>(rows: &'a [Row], name: &'a str) -> impl Iterator<Item = &'a Row> {
    rows.iter().filter(move |row| row.section == name)
}

fn parse(text: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut section = String::new();
    let mut open: Option<Row> = None;
    for line in text.lines().map(|line| line.split('#').next().unwrap_or("").trim()) {
        let rest = match (&open, line.split_once('=')) {
            (Some(_), _) => line,
            (None, Some((key, rest))) => {
                let key = key.trim().trim_matches('"').to_owned();
                open = Some(Row { section: section.clone(), key, values: Vec::new() });
                rest.trim()
            }
            (None, None) => {
                if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                    section = name.to_owned();
                }
                continue;
            }
        };
        let row = open.as_mut().context("a value without a key")?;
        row.values.extend(values(rest));
        if rest.ends_with(']') || !rest.contains('[') && row.values.len() == 1 && !rest.ends_with(',') {
            rows.extend(open.take());
        }
    }
    Ok(rows)
}

fn values(text: &str) -> impl Iterator<Item = String> {
    let inside = text.trim_start_matches('[').trim_end_matches(']');
    inside.split(',').map(|value| value.trim().trim_matches('"').to_owned()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_lists_and_numbers() {
        let rows = parse("# c\n[a]\nx = []\n\"y/z\" = [\"1\", # c\n  \"2\",\n]\n[b]\nn = 7 # c\n").unwrap();
        let shown: Vec<_> = rows.iter().map(|row| (&*row.section, &*row.key, row.values.join("+"))).collect();
        assert_eq!(shown, [("a", "x", "".into()), ("a", "y/z", "1+2".into()), ("b", "n", "7".into())]);
    }
}
