//! Values written as YAML and TOML: what a program gives as JSON becomes a file that people edit.
//!
//! Recursion ends with the nesting of the values, which the reader of JSON bounds.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::document::Format;
use crate::json::{self, Broken};
use crate::text::Problem;
use crate::tree::{Entry, Kind, NodeId, Tree};
use crate::yaml;

/// Longest key that YAML takes without a sign before it, in characters, less some for quotes and escapes.
const YAML_KEY_CHARACTERS_MAX: usize = 160;

/// Writes a value, given as JSON, in a format; JSON itself as it is given. YAML and TOML have no word for a key that stands
/// twice in one map.
pub fn write(format: Format, json: &[u8]) -> Result<String, Problem> {
    let problem = |(offset, message): Broken| Problem::at(json, offset, message);
    let text =
        core::str::from_utf8(json).map_err(|error| problem((error.valid_up_to(), "no UTF-8".into())))?;
    let tree = json::parse(text, false).map_err(problem)?;
    if matches!(format, Format::Yaml | Format::Toml)
        && let Some((_, entry)) = tree.duplicates().first()
    {
        return Err(problem((entry.key_span.start, format!("the key '{}' stands twice", entry.key))));
    }
    let mut out = String::new();
    match format {
        Format::Json | Format::JsonWithComments => out.push_str(text),
        Format::Yaml => {
            YamlWriter { tree: &tree, out: &mut out }.value(tree.root, 0, Place::Line).map_err(problem)?;
        }
        Format::Toml => {
            TomlWriter { tree: &tree, out: &mut out }.table(tree.root, &mut Vec::new()).map_err(problem)?
        }
    }
    Ok(out)
}

/// Where in a line a value begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At its start.
    Line,
    /// After a key and its colon.
    Key,
    /// After the dash of a list.
    Dash,
}

struct YamlWriter<'a> {
    tree: &'a Tree,
    out: &'a mut String,
}

impl YamlWriter<'_> {
    fn value(&mut self, id: NodeId, indent: usize, place: Place) -> Result<(), Broken> {
        let node = &self.tree.nodes[id];
        let space = if place == Place::Line { "" } else { " " };
        match &node.kind {
            Kind::List | Kind::Map if !node.entries.is_empty() => return self.entries(id, indent, place),
            Kind::Map => self.line(space, "{}"),
            Kind::List => self.line(space, "[]"),
            Kind::Null => self.line(space, "null"),
            Kind::Bool(value) => self.line(space, if *value { "true" } else { "false" }),
            Kind::Number(number) => {
                let number = match number.find(['e', 'E']) {
                    Some(at) if !number.contains('.') => format!("{}.0{}", &number[..at], &number[at..]),
                    _ => number.clone(),
                };
                self.line(space, &number);
            }
            Kind::Text(text) | Kind::Other(text) => self.text(text, indent, space),
        }
        Ok(())
    }

    fn entries(&mut self, id: NodeId, indent: usize, place: Place) -> Result<(), Broken> {
        let node = &self.tree.nodes[id];
        for (at, entry) in node.entries.iter().enumerate() {
            match place {
                Place::Key if at == 0 => self.out.push('\n'),
                Place::Dash if at == 0 => self.out.push(' '),
                _ => {}
            }
            if at > 0 || place != Place::Dash {
                (0..indent).for_each(|_| self.out.push(' '));
            }
            if node.kind == Kind::List {
                self.out.push('-');
                self.value(entry.node, indent + 2, Place::Dash)?;
                continue;
            }
            if entry.key.chars().count() > YAML_KEY_CHARACTERS_MAX {
                let message = format!("a key of more than {YAML_KEY_CHARACTERS_MAX} characters");
                return Err((entry.key_span.start, message));
            }
            self.scalar(&entry.key);
            self.out.push(':');
            self.value(entry.node, indent + 2, Place::Key)?;
        }
        Ok(())
    }

    fn line(&mut self, space: &str, text: &str) {
        self.out.push_str(space);
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A text after a key or dash, at the start of a line where `space` is empty: as a block where it has several lines.
    fn text(&mut self, text: &str, indent: usize, space: &str) {
        self.out.push_str(space);
        let printable = text.chars().all(|character| character == '\n' || is_printable(character));
        if !printable || space.is_empty() || !text.contains('\n') || text.starts_with([' ', '\n']) {
            self.scalar(text);
            self.out.push('\n');
            return;
        }
        let body = text.trim_end_matches('\n');
        self.out.push_str(match text.len() - body.len() {
            0 => "|-\n",
            1 => "|\n",
            _ => "|+\n",
        });
        for line in text.split_inclusive('\n') {
            if line != "\n" {
                (0..indent).for_each(|_| self.out.push(' '));
            }
            self.out.push_str(line);
        }
        if !text.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn scalar(&mut self, text: &str) {
        if is_plain(text) { self.out.push_str(text) } else { json::write_string(text, self.out) }
    }
}

/// Whether every reader of YAML, of version 1.1 too, takes the text as it stands for a text.
fn is_plain(text: &str) -> bool {
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"];
    let begins = |first: char| first.is_alphanumeric() || matches!(first, '_' | '/');
    let continues =
        |next: char| next.is_alphanumeric() || matches!(next, '_' | '/' | '.' | '-' | '+' | '@' | ' ');
    // Numbers, dates and times of any version.
    let figures = |next: char| {
        next.is_ascii_hexdigit() || matches!(next, '_' | '.' | '-' | '+' | 'x' | 'o' | 'T' | 'Z' | ' ')
    };
    text.starts_with(begins)
        && text.chars().all(continues)
        && !text.ends_with(' ')
        && !(text.starts_with(|first: char| first.is_ascii_digit()) && text.chars().all(figures))
        && !words.iter().any(|word| text.eq_ignore_ascii_case(word))
        && yaml::plain(text) == Kind::Text(text.into())
}

fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

struct TomlWriter<'a> {
    tree: &'a Tree,
    out: &'a mut String,
}

impl<'a> TomlWriter<'a> {
    /// The lines of a table, then the tables below it.
    fn table(&mut self, id: NodeId, path: &mut Vec<&'a str>) -> Result<(), Broken> {
        let tree = self.tree;
        let node = &tree.nodes[id];
        if node.kind != Kind::Map {
            return Err((node.span.start, "a TOML file is a table: give an object".into()));
        }
        let (below, lines): (Vec<&Entry>, Vec<&Entry>) =
            node.entries.iter().partition(|entry| self.is_table(entry.node) || self.is_tables(entry.node));
        for entry in &lines {
            self.key(&entry.key);
            self.out.push_str(" = ");
            self.value(entry.node)?;
            self.out.push('\n');
        }
        for entry in below {
            path.push(&entry.key);
            let child = &tree.nodes[entry.node];
            if child.kind == Kind::Map {
                let only_tables =
                    child.entries.iter().all(|entry| self.is_table(entry.node) || self.is_tables(entry.node));
                if child.entries.is_empty() || !only_tables {
                    self.header(path, "[", "]");
                }
                self.table(entry.node, path)?;
            } else {
                for element in &child.entries {
                    self.header(path, "[[", "]]");
                    self.table(element.node, path)?;
                }
            }
            path.pop();
        }
        Ok(())
    }

    fn is_table(&self, id: NodeId) -> bool {
        self.tree.nodes[id].kind == Kind::Map
    }

    fn is_tables(&self, id: NodeId) -> bool {
        let node = &self.tree.nodes[id];
        node.kind == Kind::List
            && !node.entries.is_empty()
            && node.entries.iter().all(|entry| self.is_table(entry.node))
    }

    fn header(&mut self, path: &[&str], open: &str, close: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.push_str(open);
        for (at, part) in path.iter().enumerate() {
            if at > 0 {
                self.out.push('.');
            }
            self.key(part);
        }
        self.out.push_str(close);
        self.out.push('\n');
    }

    fn key(&mut self, key: &str) {
        let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if !key.is_empty() && key.bytes().all(bare) {
            self.out.push_str(key)
        } else {
            json::write_string(key, self.out)
        }
    }

    fn value(&mut self, id: NodeId) -> Result<(), Broken> {
        let node = &self.tree.nodes[id];
        match &node.kind {
            Kind::Null => return Err((node.span.start, "TOML has no null: leave the key out".into())),
            Kind::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Kind::Number(number) => {
                if !number.contains(['.', 'e', 'E']) && number.parse::<i64>().is_err() {
                    return Err((node.span.start, "an integer that 64 bits do not hold".into()));
                }
                self.out.push_str(number);
            }
            Kind::Text(text) | Kind::Other(text) => json::write_string(text, self.out),
            Kind::List | Kind::Map => {
                let is_map = node.kind == Kind::Map;
                self.out.push_str(if is_map { "{" } else { "[" });
                for (at, entry) in node.entries.iter().enumerate() {
                    self.out.push_str(match (at, is_map) {
                        (0, false) => "",
                        (0, true) => " ",
                        _ => ", ",
                    });
                    if is_map {
                        self.key(&entry.key);
                        self.out.push_str(" = ");
                    }
                    self.value(entry.node)?;
                }
                self.out.push_str(if is_map && !node.entries.is_empty() {
                    " }"
                } else if is_map {
                    "}"
                } else {
                    "]"
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::to_json;

    #[test]
    fn values_are_written_as_people_would() {
        let json = r#"{"name":"shop","port":80,"on":"on","ratio":0.5,"big":1e+21,"tags":["a","b: c"],"empty":{},"none":[],
            "text":"two\nlines\n","deep":[{"x":1,"y":[[1],{"z":null}]}],"version":"1.10","when":"2020-01-01"}"#;
        let yaml = "name: shop\nport: 80\n\"on\": \"on\"\nratio: 0.5\nbig: 1.0e+21\ntags:\n  - a\n  - \"b: c\"\nempty: {}\nnone: []\n\
            text: |\n  two\n  lines\ndeep:\n  - x: 1\n    \"y\":\n      - - 1\n      - z: null\nversion: \"1.10\"\nwhen: \"2020-01-01\"\n";
        assert_eq!(write(Format::Yaml, json.as_bytes()).unwrap(), yaml);
        let json = r#"{"a":1,"t":{"u":{"v":[1,"x"]},"w w":{}},"s":"q\"","l":[{"n":1},{"m":{"k":true}}],"mix":[{"i":1},2]}"#;
        let toml = "a = 1\ns = \"q\\\"\"\nmix = [{ i = 1 }, 2]\n\n[t.u]\nv = [1, \"x\"]\n\n[t.\"w w\"]\n\n[[l]]\nn = 1\n\n[[l]]\n\n[l.m]\nk = true\n";
        assert_eq!(write(Format::Toml, json.as_bytes()).unwrap(), toml);
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        for json in ["[1]", r#"{"a":null}"#, r#"{"a":[null]}"#, r#"{"a":99999999999999999999}"#] {
            assert!(write(Format::Toml, json.as_bytes()).is_err(), "{json}");
        }
        let json = format!("{{\"{}\":1}}", "k".repeat(200));
        assert!(write(Format::Yaml, json.as_bytes()).is_err());
    }

    #[test]
    fn odd_texts_come_back() {
        let texts = [
            "",
            " ",
            "~",
            "null",
            "Yes",
            "-",
            "- a",
            "a: b",
            "a #b",
            "#",
            "&a",
            "*a",
            "!t",
            "|",
            ">",
            "%",
            "@x",
            "`",
            "\"",
            "'",
            "'a'",
            "{",
            "[",
            "a,b",
            "?",
            "? x",
            ":",
            "x:",
            "1",
            "0x1f",
            "0o7",
            "1_000",
            "1e3",
            ".5",
            "12:30:45",
            "2001-12-14",
            "=",
            "<<",
            "a\nb",
            "a\n\nb\n",
            "a\n\n",
            "\na",
            " a\nb",
            "a\n b",
            "a \nb",
            "a\tb",
            "\ta\nb",
            "a\r\nb",
            "\u{85}",
            "\u{2028}",
            "\u{feff}x",
            "\u{7f}",
            "\u{0}",
            "\u{e9}t\u{e9}",
            "\u{1f600}",
            "---",
            "...",
            "--- a",
            "a\n---\nb",
            "a\n...\nb\n",
            "# x\n# y\n",
            "\n",
            "\n\n",
            "a\n  \nb",
            "a\n#b",
        ];
        for text in texts {
            let mut quoted = String::new();
            json::write_string(text, &mut quoted);
            for json in
                [format!("{{\"k\":{quoted}}}"), format!("{{{quoted}:{{\"n\":[{quoted},[{quoted}]]}}}}")]
            {
                for format in [Format::Yaml, Format::Toml] {
                    let written = write(format, json.as_bytes()).unwrap();
                    let read = to_json(format, written.as_bytes())
                        .unwrap_or_else(|error| panic!("{error}: {written}"));
                    assert_eq!(read.text, json, "{format:?}: {written}");
                }
            }
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_where_it_stands() {
        let twice = b"{\"a\":1,\n\"b\":{\"c\":1,\"c\":2}}";
        for format in [Format::Yaml, Format::Toml] {
            let problem = write(format, twice).unwrap_err();
            assert_eq!(
                (problem.line, problem.column, problem.message.as_str()),
                (2, 12, "the key 'c' stands twice")
            );
        }
        assert!(write(Format::Json, twice).is_ok());
    }
}
