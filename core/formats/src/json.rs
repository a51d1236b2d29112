//! JSON by its standard, and the dialect with comments and trailing commas that editors use.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::text::{DEPTH_MAX, shown};
use crate::tree::{Entry, Kind, Layout, NodeId, Tree};

/// A byte and what is wrong there.
pub(crate) type Broken = (usize, String);

/// Reads a document. With `comments`, `//`, `/* */` and a comma after the last entry are taken.
pub(crate) fn parse(text: &str, comments: bool) -> Result<Tree, Broken> {
    let mut scanner =
        Scanner { text, bytes: text.as_bytes(), at: 0, comments, tree: Tree::default(), open: Vec::new() };
    scanner.document()?;
    Ok(scanner.tree)
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    comments: bool,
    tree: Tree,
    /// The lists and maps around the place.
    open: Vec<NodeId>,
}

impl Scanner<'_> {
    fn document(&mut self) -> Result<(), Broken> {
        self.skip_space()?;
        self.value(None)?;
        while let Some(&parent) = self.open.last() {
            self.after_value(parent)?;
        }
        self.skip_space()?;
        if self.at < self.bytes.len() {
            return Err(self.expected("the end of the file"));
        }
        Ok(())
    }

    /// What follows a value inside of a list or map: its end, or the next entry.
    fn after_value(&mut self, parent: NodeId) -> Result<(), Broken> {
        let is_map = self.tree.nodes[parent].kind == Kind::Map;
        let close = if is_map { b'}' } else { b']' };
        self.skip_space()?;
        if self.tree.nodes[parent].entries.is_empty() {
            if self.peek() == Some(close) {
                self.close(parent);
                return Ok(());
            }
        } else {
            match self.peek() {
                Some(byte) if byte == close => {
                    self.close(parent);
                    return Ok(());
                }
                Some(b',') => self.at += 1,
                _ => return Err(self.expected(if is_map { "',' or '}'" } else { "',' or ']'" })),
            }
            self.skip_space()?;
            if self.peek() == Some(close) {
                if self.comments {
                    self.close(parent);
                    return Ok(());
                }
                let comma = self.text[..self.at].rfind(',').unwrap_or(self.at);
                return Err((comma, "a comma after the last entry".into()));
            }
        }
        if !is_map {
            return self.value(Some((parent, String::new(), self.at..self.at)));
        }
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key in double quotes"));
        }
        let start = self.at;
        let key = self.string()?;
        let key_span = start..self.at;
        self.skip_space()?;
        if self.peek() != Some(b':') {
            return Err(self.expected("':' after the key"));
        }
        self.at += 1;
        self.skip_space()?;
        self.value(Some((parent, key, key_span)))
    }

    /// A value; a list or map is opened and goes on in `after_value`.
    fn value(&mut self, place: Option<(NodeId, String, core::ops::Range<usize>)>) -> Result<(), Broken> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => Kind::Map,
            Some(b'[') => Kind::List,
            Some(b'"') => Kind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Kind::Number(self.number()?),
            _ => self.word()?,
        };
        let opens = matches!(kind, Kind::Map | Kind::List);
        let node = self.tree.push(kind, start..self.at, Layout::Flow);
        if let Some((parent, key, key_span)) = place {
            self.tree.nodes[parent].entries.push(Entry { key, key_span, node });
        }
        if opens {
            if self.open.len() >= DEPTH_MAX {
                return Err((start, format!("more than {DEPTH_MAX} lists and maps in each other")));
            }
            self.at += 1;
            self.open.push(node);
        }
        Ok(())
    }

    fn close(&mut self, node: NodeId) {
        self.at += 1;
        self.tree.nodes[node].span.end = self.at;
        self.open.pop();
    }

    fn word(&mut self) -> Result<Kind, Broken> {
        let words = [("true", Kind::Bool(true)), ("false", Kind::Bool(false)), ("null", Kind::Null)];
        for (word, kind) in words {
            let rest = &self.bytes[self.at..];
            let ends =
                !rest.get(word.len()).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            if rest.starts_with(word.as_bytes()) && ends {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.expected("a value"))
    }

    fn number(&mut self) -> Result<String, Broken> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        if self.peek() == Some(b'0') {
            self.at += 1;
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err((start, "a number does not begin with 0".into()));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(self.text[start..self.at].into())
    }

    fn digits(&mut self) -> Result<(), Broken> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.expected("a digit"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    /// A string from its opening quote, decoded.
    fn string(&mut self) -> Result<String, Broken> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let run = self.at;
            while self.peek().is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            out.push_str(&self.text[run..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => self.escape(&mut out)?,
                None | Some(b'\n' | b'\r') => return Err((start, "a string that does not end".into())),
                Some(byte) => {
                    return Err((self.at, format!("U+{byte:04X} in a string: write it as \\u{byte:04x}")));
                }
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), Broken> {
        let start = self.at;
        let escaped = self.bytes.get(self.at + 1).copied();
        self.at += 2;
        out.push(match escaped {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte as char,
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.unicode(start)?,
            _ => return Err((start, "an unknown escape in a string".into())),
        });
        Ok(())
    }

    /// The character of `\uXXXX`, or of two that make a pair; half a pair is U+FFFD.
    fn unicode(&mut self, start: usize) -> Result<char, Broken> {
        let first = self.hex(start)?;
        if !(0xd800..0xdc00).contains(&first) || !self.bytes[self.at..].starts_with(b"\\u") {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let second_start = self.at;
        self.at += 2;
        let second = self.hex(second_start)?;
        if !(0xdc00..0xe000).contains(&second) {
            self.at = second_start;
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self, start: usize) -> Result<u32, Broken> {
        let digits =
            self.bytes.get(self.at..self.at + 4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else { return Err((start, "\\u needs four hexadecimal digits".into())) };
        self.at += 4;
        Ok(digits.iter().fold(0, |code, digit| code << 4 | (*digit as char).to_digit(16).unwrap_or(0)))
    }

    fn skip_space(&mut self) -> Result<(), Broken> {
        loop {
            while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
                self.at += 1;
            }
            if self.peek() != Some(b'/') {
                return Ok(());
            }
            let rest = &self.bytes[self.at..];
            if !self.comments {
                return Err((self.at, "a comment, which JSON does not have".into()));
            }
            match comment_length(rest) {
                Some(length) => self.at += length,
                None if rest.starts_with(b"/*") => {
                    return Err((self.at, "a comment that does not end".into()));
                }
                None => return Err(self.expected("a value")),
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn expected(&self, what: &str) -> Broken {
        (self.at, format!("expected {what}, found {}", shown(self.text, self.at)))
    }
}

/// The length of the comment at the start, up to the line's end or with its own; `None` where there is none that ends.
pub(crate) fn comment_length(rest: &[u8]) -> Option<usize> {
    if rest.starts_with(b"//") {
        return Some(rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len()));
    }
    if !rest.starts_with(b"/*") {
        return None;
    }
    rest[2..].windows(2).position(|pair| pair == b"*/").map(|at| at + 4)
}

/// Writes a text as a JSON string.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if (control as u32) < 0x20 || control == '\u{7f}' => {
                out.push_str(&format!("\\u{:04x}", control as u32));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
