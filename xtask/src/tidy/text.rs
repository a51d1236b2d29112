//! Words and bytes: headers, names that say nothing, notes to oneself, paths of one machine, ASCII.

use super::Finding;
use super::source::Source;

/// Parts of names that say nothing.
const EMPTY_NAMES: &[&str] =
    &["manager", "helper", "helpers", "util", "utils", "misc", "data", "info", "process"];
/// Notes to oneself, which belong in an issue.
const NOTES: &[&str] =
    &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("for", " now")];
/// Folders that exist on one machine only.
const MACHINE_PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/tm", "p/")];
/// Words that declare a name.
const DECLARATIONS: &[&str] = &["struct", "enum", "trait", "mod", "class", "interface"];

/// Reads every line.
pub fn check(sources: &[Source], findings: &mut Vec<Finding>) {
    for source in sources {
        if source.is_program() {
            header(source, findings);
            file_name(source, findings);
        }
        for (at, line) in source.text.lines().enumerate() {
            if source.is_program() {
                declared_names(source, at + 1, line, findings);
                for note in NOTES.iter().filter(|note| line.contains(**note)) {
                    findings.push(
                        source.finding(at + 1, format!("'{note}': a note to oneself belongs in an issue")),
                    );
                }
            }
            if let Some(path) =
                MACHINE_PATHS.iter().find(|path| line.contains(**path)).filter(|_| !source.is_test())
            {
                findings.push(source.finding(at + 1, format!("names a folder of one machine: {path}")));
            }
        }
        if source.ending() != "md" && !source.is_test() {
            ascii(source, findings);
        }
    }
}

fn header(source: &Source, findings: &mut Vec<Finding>) {
    let first = source.text.lines().find(|line| !line.starts_with("#!/")).unwrap_or("");
    let fits = match source.ending() {
        "rs" => first.starts_with("//!"),
        _ => first.starts_with("//") || first.starts_with("/**"),
    };
    if !fits {
        findings.push(source.finding(1, "opens without a line that says what it is for"));
    }
}

fn file_name(source: &Source, findings: &mut Vec<Finding>) {
    let name = source.path.rsplit('/').next().unwrap_or("");
    let stem = name.split('.').next().unwrap_or("");
    if stem.split(['-', '_']).any(|part| EMPTY_NAMES.contains(&part)) {
        findings.push(source.finding(1, "has a name that says nothing"));
    }
}

fn declared_names(source: &Source, at: usize, line: &str, findings: &mut Vec<Finding>) {
    let mut words = line.split_whitespace();
    while let Some(word) = words.next() {
        if word.starts_with("//") || word == "*" {
            return;
        }
        if DECLARATIONS.contains(&word) {
            let name = words.next().unwrap_or("");
            if parts(name).iter().any(|part| EMPTY_NAMES.contains(&part.as_str())) {
                findings.push(source.finding(at, format!("'{name}' has a part that says nothing")));
            }
            return;
        }
    }
}

/// `MergeBase` and `merge_base` as `merge`, `base`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for letter in name.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_') {
        if letter.is_uppercase() || letter == '_' {
            parts.push(String::new());
        }
        if let (Some(part), true) = (parts.last_mut(), letter != '_') {
            part.extend(letter.to_lowercase());
        }
    }
    parts
}

fn ascii(source: &Source, findings: &mut Vec<Finding>) {
    for (at, line) in source.product_lines() {
        if let Some(letter) = line.chars().find(|letter| !letter.is_ascii()) {
            findings.push(source.finding(at, format!("'{letter}' is not ASCII")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_apart() {
        assert_eq!(parts("MergeBase<'a>"), ["", "merge", "base"]);
        assert_eq!(parts("pack_data;"), ["pack", "data"]);
    }
}
