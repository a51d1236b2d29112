//! A document of any format: checked, searched, turned into JSON.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::json;
use crate::text::{PROBLEMS_MAX, Problem, decode, place};
use crate::tree::{Kind, NodeId, Tree};

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON by RFC 8259.
    Json,
    /// JSON with comments and trailing commas, as editors keep their settings.
    JsonWithComments,
    /// YAML 1.2.
    Yaml,
    /// TOML 1.0.
    Toml,
}

impl Format {
    /// The formats, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Json, Self::JsonWithComments, Self::Yaml, Self::Toml];
}

/// What is wrong with a document: where it stops being one, or keys that stand twice in one map. A document without any
/// content is none of that.
pub fn check(format: Format, bytes: &[u8]) -> Vec<Problem> {
    let (tree, start) = match read(format, bytes) {
        Ok(read) => read,
        Err(problem) => return Vec::from([problem]),
    };
    let told = tree.duplicates().into_iter().take(PROBLEMS_MAX);
    told.map(|(first, entry)| {
        let (line, _) = place(bytes, start + first.key_span.start);
        let message = format!("the key '{}' stands in line {line} already", entry.key);
        Problem::at(bytes, start + entry.key_span.start, message)
    })
    .collect()
}

/// Lines and columns of the values that JSON pointers name, each as far as it leads; with `#` after a pointer, of the
/// value's key. `None` for a document that cannot be read.
pub fn locate(format: Format, bytes: &[u8], pointers: &[&str]) -> Option<Vec<(u32, u32)>> {
    let (tree, start) = read(format, bytes).ok()?;
    let place_of = |pointer: &&str| {
        let (path, wants_key) = match pointer.strip_suffix('#') {
            Some(path) => (path, true),
            None => (*pointer, false),
        };
        let offset = tree.find(path).map_or(0, |(node, entry)| match entry {
            Some(entry) if wants_key => entry.key_span.start,
            _ => node.span.start,
        });
        place(bytes, start + offset)
    };
    Some(pointers.iter().map(place_of).collect())
}

/// The document as JSON in one line. What JSON has no word for becomes a string; a document without any content is `null`.
pub fn to_json(format: Format, bytes: &[u8]) -> Result<String, Problem> {
    let (tree, _) = read(format, bytes)?;
    let mut out = String::new();
    match tree.nodes.is_empty() {
        true => out.push_str("null"),
        false => write_json(&tree, 0, &mut out),
    }
    Ok(out)
}

/// The document's tree, and the byte at which its text begins; without nodes where there is no content.
pub(crate) fn read(format: Format, bytes: &[u8]) -> Result<(Tree, usize), Problem> {
    let (text, start) = decode(bytes)?;
    if text.trim_ascii().is_empty() {
        return Ok((Tree::default(), start));
    }
    let tree = match format {
        Format::Json => json::parse(text, false),
        Format::JsonWithComments => json::parse(text, true),
        Format::Yaml | Format::Toml => Err((0, "this format is not built".into())),
    };
    match tree {
        Ok(tree) => Ok((tree, start)),
        Err((offset, message)) => Err(Problem::at(bytes, start + offset, message)),
    }
}

/// Recursion ends with the nesting of the tree, which parsers bound.
fn write_json(tree: &Tree, id: NodeId, out: &mut String) {
    let node = &tree.nodes[id];
    match &node.kind {
        Kind::Null => out.push_str("null"),
        Kind::Bool(true) => out.push_str("true"),
        Kind::Bool(false) => out.push_str("false"),
        Kind::Number(number) => out.push_str(number),
        Kind::Text(text) | Kind::Other(text) => json::write_string(text, out),
        Kind::List | Kind::Map => {
            let is_map = node.kind == Kind::Map;
            out.push(if is_map { '{' } else { '[' });
            for (at, entry) in node.entries.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                if is_map {
                    json::write_string(&entry.key, out);
                    out.push(':');
                }
                write_json(tree, entry.node, out);
            }
            out.push(if is_map { '}' } else { ']' });
        }
    }
}
