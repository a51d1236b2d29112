//! A document of any format: checked, searched, turned into JSON.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::json;
use crate::text::{DEPTH_MAX, PROBLEMS_MAX, Problem, decode, place};
use crate::tree::{Kind, NodeId, Tree};
use crate::{toml, yaml};

/// Most values of a document as JSON, those that aliases repeat included: what a list of 2 million is.
const NODES_MAX: usize = 2_000_000;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON by RFC 8259.
    Json,
    /// JSON with comments and trailing commas, as editors keep their settings.
    JsonWithComments,
    /// YAML 1.2.
    Yaml,
    /// TOML 1.1.
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

/// A document as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsJson {
    /// One line. What JSON has no word for is a string, an alias what it stands for, no content `null`.
    pub text: String,
    /// Whether the file holds several documents or none; the text is then a list of them.
    pub is_stream: bool,
}

/// The document as JSON.
pub fn to_json(format: Format, bytes: &[u8]) -> Result<AsJson, Problem> {
    let (tree, start) = read(format, bytes)?;
    let mut text = String::new();
    if tree.nodes.is_empty() {
        text.push_str("null");
    } else {
        let mut writer = JsonWriter { tree: &tree, out: &mut text, nodes_left: NODES_MAX };
        if !writer.write(tree.root, 0) {
            let message = "aliases that stand for too much, or for what they are in";
            return Err(Problem::at(bytes, start, message));
        }
    }
    Ok(AsJson { text, is_stream: tree.documents != 1 })
}

/// The document's tree, and the byte at which its text begins; without nodes where there is no content.
pub(crate) fn read(format: Format, bytes: &[u8]) -> Result<(Tree, usize), Problem> {
    let (text, start) = decode(bytes)?;
    // A TOML file without any line is a table without any key.
    if text.trim_ascii().is_empty() && format != Format::Toml {
        return Ok((Tree::default(), start));
    }
    let tree = match format {
        Format::Json => json::parse(text, false),
        Format::JsonWithComments => json::parse(text, true),
        Format::Yaml => yaml::parse(text),
        Format::Toml => toml::parse(text),
    };
    match tree {
        Ok(tree) => Ok((tree, start)),
        Err((offset, message)) => Err(Problem::at(bytes, start + offset, message)),
    }
}

struct JsonWriter<'a> {
    tree: &'a Tree,
    out: &'a mut String,
    nodes_left: usize,
}

impl JsonWriter<'_> {
    /// Whether it could be written. Recursion ends with `DEPTH_MAX`, which aliases are counted in.
    fn write(&mut self, id: NodeId, depth: usize) -> bool {
        if depth > DEPTH_MAX || self.nodes_left == 0 {
            return false;
        }
        self.nodes_left -= 1;
        let node = &self.tree.nodes[id];
        if let Some(target) = node.alias {
            return self.write(target, depth + 1);
        }
        match &node.kind {
            Kind::Null => self.out.push_str("null"),
            Kind::Bool(true) => self.out.push_str("true"),
            Kind::Bool(false) => self.out.push_str("false"),
            Kind::Number(number) => self.out.push_str(number),
            Kind::Text(text) | Kind::Other(text) => json::write_string(text, self.out),
            Kind::List | Kind::Map => return self.write_entries(id, depth),
        }
        true
    }

    fn write_entries(&mut self, id: NodeId, depth: usize) -> bool {
        let node = &self.tree.nodes[id];
        let is_map = node.kind == Kind::Map;
        self.out.push(if is_map { '{' } else { '[' });
        for (at, entry) in node.entries.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            if is_map {
                json::write_string(&entry.key, self.out);
                self.out.push(':');
            }
            if !self.write(entry.node, depth + 1) {
                return false;
            }
        }
        self.out.push(if is_map { '}' } else { ']' });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    fn problems(format: Format, text: &str) -> Vec<String> {
        check(format, text.as_bytes()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn problems_have_their_place() {
        let table = [
            (Format::Json, "", ""),
            (Format::Json, " \n", ""),
            (Format::Json, "{\"a\": 1, \"b\": [true, null, -1.5e3, \"\\u00e9\"]}", ""),
            (Format::Json, "{\"\u{e9}\": tru}", "1:7: expected a value, found 't'"),
            (Format::Json, "{\"a\": 1,\r\n}", "1:8: a comma after the last entry"),
            (Format::Json, "[1 2]", "1:4: expected ',' or ']', found '2'"),
            (Format::Json, "{\"a\" 1}", "1:6: expected ':' after the key, found '1'"),
            (Format::Json, "[01]", "1:2: a number does not begin with 0"),
            (Format::Json, "\"a\nb\"", "1:1: a string that does not end"),
            (Format::Json, "{} x", "1:4: expected the end of the file, found 'x'"),
            (Format::Json, "{} // x", "1:4: a comment, which JSON does not have"),
            (Format::Json, "{\"a\":1,\n\"b\":2, \"a\":3}", "2:8: the key 'a' stands in line 1 already"),
            (Format::JsonWithComments, "// c\n{\"a\": [1,], /* x */ }\n", ""),
            (Format::JsonWithComments, "{} /* x", "1:4: a comment that does not end"),
            (Format::Yaml, "", ""),
            (Format::Yaml, "# only\n", ""),
            (Format::Yaml, "a: 1\nb: [x, {y: z}]\nc: |\n  text\n", ""),
            (Format::Yaml, "a: b: c", "1:5: mapping values are not allowed in this context"),
            (Format::Yaml, "\u{e9}: 1\n\u{e9}: 2", "2:1: the key '\u{e9}' stands in line 1 already"),
            (Format::Yaml, "x: *u\n", "1:4: while parsing node, found unknown anchor"),
            (Format::Yaml, "k: v\n- a\n", "2:3: while parsing a block mapping, did not find expected key"),
            (Format::Toml, "", ""),
            (Format::Toml, "a = 1\n[b.c]\nd = { e = [1, 2] }\n[[f]]\n[f.g]\n[[f]]\n", ""),
            (Format::Toml, "a.b = 1\na.c = 2\n[a]\n", "3:2: 'a' is defined in line 1 already"),
            (Format::Toml, "[a.b]\n[a]\nb.c = 1\n", "3:1: 'b' is defined in line 1 already"),
            (Format::Toml, "[a.b.c]\n[a]\nb.x = 1\n", ""),
            (Format::Toml, "a = {}\n[a.b]\n", "2:2: 'a' is defined in line 1 already"),
            (Format::Toml, "a = [1]\n[[a]]\n", "2:3: 'a' is defined in line 1 already"),
            (Format::Toml, "a = 1\na = 2\n", "2:1: 'a' is defined in line 1 already"),
            (Format::Toml, "a = 99999999999999999999\n", "1:5: an integer that 64 bits do not hold"),
            (Format::Toml, "a = 2021-02-30\n", "1:5: a date or time that does not exist"),
            (Format::Toml, "a = 2020-02-29T10:00:00.5+01:00\nb = 07:32:00\n", ""),
        ];
        for (format, text, expected) in table {
            let found = problems(format, text);
            assert_eq!(found.join("; "), expected, "{format:?} {text:?}");
        }
        let broken = [(Format::Yaml, "a: \"\\q\""), (Format::Toml, "a = ")];
        for (format, text) in broken {
            assert_eq!(problems(format, text).len(), 1, "{text:?}");
        }
        assert_eq!(
            check(Format::Json, b"[\"\xff\"]")[0].to_string(),
            "1:3: the file is no UTF-8 from here on"
        );
    }

    #[test]
    fn nesting_is_bounded() {
        for (format, open) in [
            (Format::Json, "["),
            (Format::Json, "{\"a\":"),
            (Format::Yaml, "["),
            (Format::Yaml, "- "),
            (Format::Yaml, "{a: "),
            (Format::Toml, "a = [["),
            (Format::Toml, "a.a.a.a = {"),
        ] {
            let deep = open.repeat(20_000);
            assert_eq!(check(format, deep.as_bytes()).len(), 1, "{format:?} {open}");
            let _ = to_json(format, deep.as_bytes());
        }
        let keys = "a.".repeat(20_000) + "a = 1";
        assert_eq!(check(Format::Toml, keys.as_bytes()).len(), 1);
    }

    #[test]
    fn values_are_what_other_readers_see() {
        let table = [
            (Format::Json, "{\"a\":[1.0,\"\\ud83d\\ude00\\n\"]}", "{\"a\":[1.0,\"\u{1f600}\\n\"]}"),
            (
                Format::Yaml,
                "a: &x {k: 1}\nb: *x\nc: [~, yes, 0x1F, 0o17, 010, .5, 1., 1e3, .inf, '1', !!str 2]\nd: >-\n  two\n  lines\n",
                "{\"a\":{\"k\":1},\"b\":{\"k\":1},\"c\":[null,\"yes\",31,15,10,0.5,1.0,1e3,\".inf\",\"1\",\"2\"],\"d\":\"two lines\"}",
            ),
            (Format::Yaml, "a: 1\n---\nb: 2\n", "[{\"a\":1},{\"b\":2}]"),
            (Format::Yaml, "? [x, y]\n: 1\n? {a: b}\n: 2\nk:\n", "{\"[x, y]\":1,\"{a: b}\":2,\"k\":null}"),
            (
                Format::Toml,
                "x.y = 0x1f\n[a]\nb = [1_000, +2.5, 'q', \"\"\"\nm\"\"\"]\n[[t]]\nd = 1979-05-27\n[[t]]\n[t.u]\nv = {w.z = true}\n",
                "{\"x\":{\"y\":31},\"a\":{\"b\":[1000,2.5,\"q\",\"m\"]},\"t\":[{\"d\":\"1979-05-27\"},{\"u\":{\"v\":{\"w\":{\"z\":true}}}}]}",
            ),
        ];
        for (format, text, expected) in table {
            assert_eq!(to_json(format, text.as_bytes()).unwrap().text, expected, "{text}");
        }
        let laughs = "a: &a [x, x]\nb: &b [*a, *a]\n".to_string()
            + &(b'c'..=b'z')
                .map(|at| {
                    let (name, before) = (at as char, (at - 1) as char);
                    format!("{name}: &{name} [*{before}, *{before}]\n")
                })
                .collect::<String>();
        assert!(check(Format::Yaml, laughs.as_bytes()).is_empty());
        assert!(to_json(Format::Yaml, laughs.as_bytes()).is_err());
    }

    #[test]
    fn pointers_lead_to_places() {
        let table = [
            (Format::Json, "{\n \"a/b\": [1, {\"c\": 2}]\n}", "/a~1b/1/c", (2, 19)),
            (Format::Json, "{\n \"a/b\": [1, {\"c\": 2}]\n}", "/a~1b#", (2, 2)),
            (Format::Json, "{\"a\": 1}", "/missing", (1, 1)),
            (Format::Yaml, "a:\n  - b: x\n  - b: \u{e9}\n    c: y\n", "/a/1/c", (4, 8)),
            (Format::Toml, "[a]\nb = 1\n[[c]]\nd = 2\n", "/c/0/d", (4, 5)),
            (Format::Toml, "[a]\nb = 1\n[[c]]\nd = 2\n", "/a", (1, 2)),
        ];
        for (format, text, pointer, expected) in table {
            assert_eq!(locate(format, text.as_bytes(), &[pointer]), Some(Vec::from([expected])), "{pointer}");
        }
    }
}
