//! Lengths of files and functions, as a ratchet: what is too long may shrink and must not grow.

use anyhow::Result;

use super::Finding;
use super::source::Source;
use super::table::{self, Row, section};

/// Lines of a file, its tests not counted.
const FILE_LINES_MAX: usize = 500;
/// Lines of a function, from its name to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;

/// Measures every program.
pub fn check(sources: &[Source], findings: &mut Vec<Finding>) -> Result<()> {
    let ratchet = table::read("lengths.toml")?;
    for source in sources.iter().filter(|source| source.is_program() && !source.is_test()) {
        let lines: Vec<&str> = source.product_lines().map(|(_, text)| text).collect();
        let most = allowed(&ratchet, "files", &source.path).unwrap_or(FILE_LINES_MAX);
        if lines.len() > most {
            findings
                .push(source.finding(1, format!("has {} lines, at most {most} are allowed", lines.len())));
        }
        for (start, length, name) in functions(&lines) {
            let most = allowed(&ratchet, "functions", &format!("{}:{name}", source.path))
                .unwrap_or(FUNCTION_LINES_MAX);
            if length > most {
                let what = format!("function {name} has {length} lines, at most {most} are allowed");
                findings.push(source.finding(start + 1, what));
            }
        }
    }
    Ok(())
}

fn allowed(ratchet: &[Row], kind: &str, key: &str) -> Option<usize> {
    section(ratchet, kind).find(|row| row.key == key)?.values.first()?.parse().ok()
}

/// First line, length and name of each function: from its name to the brace at its own indentation.
fn functions<'a>(lines: &[&'a str]) -> Vec<(usize, usize, &'a str)> {
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        if line.ends_with([';', '}']) {
            continue;
        }
        let indentation = line.len() - line.trim_start().len();
        let end = lines[start + 1..].iter().position(|later| {
            later.len() > indentation
                && later[..indentation].trim().is_empty()
                && later[indentation..].starts_with('}')
        });
        found.extend(end.map(|end| (start, end + 2, name)));
    }
    found
}

fn function_name(line: &str) -> Option<&str> {
    let code = line.trim_start();
    if code.starts_with("//") || code.starts_with('*') {
        return None;
    }
    let (before, after) = ["fn ", "function "].iter().find_map(|word| code.split_once(word))?;
    let modifiers_only = before.split_whitespace().all(|word| {
        word.starts_with("pub")
            || matches!(word, "const" | "unsafe" | "extern" | "\"C\"" | "async" | "export" | "default")
            || word.ends_with(')')
    });
    if !modifiers_only {
        return None;
    }
    after
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .next()
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_measured() {
        let text = "pub(crate) const fn one(\n    a: u8,\n) -> u8 {\n    a\n}\n    fn two() {\n        if x {\n        }\n    }\nfn three();\n";
        let lines: Vec<&str> = text.lines().collect();
        // The parameter list's `)` does not end a function, the brace does.
        assert_eq!(functions(&lines), [(0, 5, "one"), (5, 4, "two")]);
    }
}
