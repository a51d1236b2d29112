//! Who may use whom: crates, `unsafe` and plain hashes by `xtask/arrows.toml`, modules by the code map in their crate's `lib.rs`.

use anyhow::Result;

use super::Finding;
use super::source::Source;
use super::table::{self, Row, section};

/// What introduces the list of modules in the header of a crate.
const ORDER_SENTENCE: &str = "Modules, foundations first";

/// Holds every source to the table.
pub fn check(sources: &[Source], findings: &mut Vec<Finding>) -> Result<()> {
    let rows = table::read("arrows.toml")?;
    for source in sources {
        if source.path.ends_with("/Cargo.toml") {
            crates(source, &rows, findings);
        }
        if source.ending() == "rs" && !source.is_test() {
            modules(source, sources, findings);
            reserved(source, &rows, findings);
        }
        if source.path.starts_with("wasm/js/") {
            glue(source, findings);
        }
    }
    Ok(())
}

fn crates(manifest: &Source, rows: &[Row], findings: &mut Vec<Finding>) {
    let name =
        manifest.text.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or("").trim_matches('"');
    let allowed = section(rows, "crates").find(|row| row.key == name);
    let Some(allowed) = allowed else {
        findings.push(manifest.finding(1, format!("crate {name} is not in xtask/arrows.toml")));
        return;
    };
    let mut in_dependencies = false;
    for (line, text) in manifest.product_lines() {
        if text.starts_with('[') {
            in_dependencies = text.contains("dependencies");
        }
        let used = text.split(['.', ' ', '=']).next().unwrap_or("");
        let ours = section(rows, "crates").any(|row| row.key == used);
        if in_dependencies && ours && !allowed.values.iter().any(|name| name == used) {
            findings.push(manifest.finding(line, format!("{name} must not depend on {used}")));
        }
    }
}

fn modules(source: &Source, sources: &[Source], findings: &mut Vec<Finding>) {
    let Some((folder, inside)) = source.path.split_once("/src/") else { return };
    let own = inside.split('/').next().unwrap_or("").trim_end_matches(".rs");
    let is_top = |name: &str| matches!(name, "lib" | "main");
    let top = sources.iter().find(|file| {
        let place = file.path.strip_prefix(folder).and_then(|rest| rest.strip_prefix("/src/"));
        place.is_some_and(|place| is_top(place.trim_end_matches(".rs")))
    });
    let order = top.map(module_order).unwrap_or_default();
    if is_top(own) {
        let others =
            |file: &&Source| file.path.starts_with(&format!("{folder}/src/")) && file.path != source.path;
        if order.is_empty() && sources.iter().any(|file| others(&file)) {
            findings.push(
                source.finding(1, format!("its header has no line `{ORDER_SENTENCE}` with the modules")),
            );
        }
        return;
    }
    let Some(position) = order.iter().position(|name| name == own) else {
        findings.push(source.finding(1, format!("module {own} is not in the code map of {folder}")));
        return;
    };
    for (line, used) in used_modules(source) {
        if order.iter().position(|name| *name == used).is_some_and(|listed| listed > position) {
            findings.push(source.finding(line, format!("{own} must not use {used}: it stands above it")));
        }
    }
}

/// The modules of a crate, foundations first, from the code map that opens its `lib.rs` or `main.rs`.
fn module_order(top: &Source) -> Vec<String> {
    let header = top.text.lines().map_while(|line| line.strip_prefix("//!"));
    let map = header.skip_while(|line| !line.contains(ORDER_SENTENCE));
    let names = map.flat_map(|line| line.split('`').skip(1).step_by(2));
    names.map(str::to_owned).collect()
}

/// First path segments after `crate::`, those in braces too.
fn used_modules(source: &Source) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    let mut depth = 0usize;
    for (line, text) in source.product_lines() {
        let mut rest = text.split("//").next().unwrap_or("");
        if depth > 0 {
            depth = names_in_group(rest, depth, line, &mut used);
            continue;
        }
        while let Some((_, after)) = rest.split_once("crate::") {
            rest = after;
            match after.strip_prefix('{') {
                Some(group) => depth = names_in_group(group, 1, line, &mut used),
                None => used.push((line, first_name(after))),
            }
        }
    }
    used
}

/// Collects the names that stand directly in a `{...}` group; gives the depth at the end of the line.
fn names_in_group(text: &str, mut depth: usize, line: usize, used: &mut Vec<(usize, String)>) -> usize {
    let mut at_start = true;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' => {}
            ' ' => continue,
            _ => {
                if at_start && depth == 1 {
                    used.push((line, first_name(&text[at..])));
                }
                at_start = false;
                continue;
            }
        }
        if depth == 0 {
            return 0;
        }
        at_start = depth == 1 && letter == ',';
    }
    depth
}

fn first_name(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// What only the files of one section of the table may hold.
struct Reserved {
    section: &'static str,
    words: &'static [&'static str],
}

const RESERVED: [Reserved; 2] = [
    Reserved { section: "unsafe", words: &[concat!("allow(", "unsafe_code)")] },
    // Hashes that find no collisions.
    Reserved {
        section: "plain-hash",
        words: &[concat!("object_id", "("), concat!("Plain", "Hasher"), concat!("sha1", "_smol")],
    },
];

fn reserved(source: &Source, rows: &[Row], findings: &mut Vec<Finding>) {
    for Reserved { section: name, words } in RESERVED {
        if section(rows, name).any(|row| row.values.contains(&source.path)) {
            continue;
        }
        for (line, text) in source.product_lines() {
            if let Some(word) = words.iter().find(|word| holds(text, word)) {
                findings.push(
                    source.finding(line, format!("holds `{word}` and is not in xtask/arrows.toml, [{name}]")),
                );
            }
        }
    }
}

/// Whether a line holds this word, not as the end of a longer one.
fn holds(line: &str, word: &str) -> bool {
    let is_own = |at: usize| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
    line.match_indices(word).any(|(at, _)| is_own(at))
}

/// One a module of wasm.
const BINDINGS: [&str; 2] = ["wasm/js/binding.ts", "wasm/js/formats/module.ts"];

/// Only a binding may import what wasm-bindgen generates.
fn glue(source: &Source, findings: &mut Vec<Finding>) {
    if BINDINGS.contains(&source.path.as_str()) {
        return;
    }
    for (line, text) in source.text.lines().enumerate() {
        if text.contains("/pkg/") && text.contains("from ") {
            findings.push(source.finding(line + 1, "imports the glue: only the bindings may"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_alone_and_in_groups() {
        let text = "use crate::id::hex;\nuse crate::{Kind, path::x, store::{a, b}};\nuse crate::{\n    glob,\n    rev::{c},\n};\n\
                    fn f() -> crate::edit::E {}\n// crate::no\n#[cfg(test)]\nmod tests {\n    use crate::late;\n";
        let source = Source { path: "core/git/src/x.rs".into(), text: text.into() };
        let names: Vec<String> = used_modules(&source).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["id", "Kind", "path", "store", "glob", "rev", "edit"]);
    }

    #[test]
    fn reserved_words_are_found_whole() {
        assert!(holds("let id = hasher::object_id(kind, body);", "object_id("));
        assert!(holds("object_id(kind, body)", "object_id("));
        assert!(!holds("let id = object_id_checked(kind, body)?;", "object_id("));
        assert!(!holds("fn find_object_id(text: &str)", "object_id("));
    }
}
