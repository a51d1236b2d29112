//! TOML 1.1: the tables that its lines make, by the rules for defining a table once.
//!
//! Lines and values come from `toml_parser`; what they mean together is decided here.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use toml_parser::decoder::ScalarKind;
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};
use toml_parser::{ErrorSink, ParseError, Source, Span};

use crate::json::Broken;
use crate::text::DEPTH_MAX;
use crate::tree::{Entry, Kind, Layout, NodeId, Tree};

/// How a table came to be, which says who may add to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// Named on the way to another by a header.
    Implied,
    /// By a header of its own.
    Header,
    /// By a dotted key.
    Dotted,
    /// By a list of tables with headers.
    Tables,
    /// By a value, which is complete.
    Value,
}

/// A part of a key: what it says and where.
pub(crate) type KeyPart = (String, Range<usize>);

/// Reads a document.
pub(crate) fn parse(text: &str) -> Result<Tree, Broken> {
    let events = events(text)?;
    let mut builder = Builder {
        source: Source::new(text),
        events: &events,
        at: 0,
        tree: Tree::default(),
        origins: Vec::new(),
        children: Vec::new(),
    };
    builder.push(Kind::Map, 0..text.len(), Layout::Block, Origin::Header);
    builder.document()?;
    Ok(builder.tree)
}

/// The lines and values of a document, once its spelling is right.
pub(crate) fn events(text: &str) -> Result<Vec<Event>, Broken> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut events: Vec<Event> = Vec::with_capacity(tokens.len());
    let mut first: Option<ParseError> = None;
    parse_document(&tokens, &mut RecursionGuard::new(&mut events, DEPTH_MAX as u32), &mut first);
    for event in &events {
        let Some(raw) = source.get(event) else { continue };
        match event.kind() {
            EventKind::Comment => raw.decode_comment(&mut first),
            EventKind::Newline => raw.decode_newline(&mut first),
            _ => {}
        }
    }
    match first {
        Some(error) => Err(broken(&error)),
        None => Ok(events),
    }
}

fn broken(error: &ParseError) -> Broken {
    let offset = error.unexpected().or(error.context()).map_or(0, |span| span.start());
    let expected = error.expected().unwrap_or_default();
    let mut message = error.description().to_string();
    for (at, word) in expected.iter().enumerate() {
        message.push_str(if at == 0 { ", expected " } else { " or " });
        match word {
            toml_parser::Expected::Literal(literal) => {
                message.push_str(&format!("'{}'", literal.escape_debug()))
            }
            toml_parser::Expected::Description(words) => message.push_str(words),
            _ => message.push_str("something else"),
        }
    }
    (offset, message)
}

struct Builder<'t> {
    source: Source<'t>,
    events: &'t [Event],
    at: usize,
    tree: Tree,
    /// How each node of the tree came to be.
    origins: Vec<Origin>,
    /// The entries of each map, by name.
    children: Vec<BTreeMap<String, NodeId>>,
}

impl Builder<'_> {
    fn document(&mut self) -> Result<(), Broken> {
        let mut table = 0;
        while let Some(event) = self.events.get(self.at).copied() {
            match event.kind() {
                EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                    self.at += 1;
                    let key = self.key()?;
                    let is_list = event.kind() == EventKind::ArrayTableOpen;
                    table = self.open_table(&key, is_list)?;
                }
                EventKind::SimpleKey => self.key_value(table)?,
                _ => self.at += 1,
            }
        }
        Ok(())
    }

    /// The parts of a key up to what ends it.
    fn key(&mut self) -> Result<Vec<KeyPart>, Broken> {
        let mut parts = Vec::new();
        while let Some(event) = self.events.get(self.at) {
            match event.kind() {
                EventKind::SimpleKey => parts.push(decode_key(&self.source, event)?),
                EventKind::KeySep | EventKind::Whitespace => {}
                _ => break,
            }
            self.at += 1;
        }
        match parts.len() {
            0 => Err((self.offset(), "expected a key".into())),
            count if count > DEPTH_MAX => {
                Err((parts[0].1.start, format!("a key of more than {DEPTH_MAX} parts")))
            }
            _ => Ok(parts),
        }
    }

    fn open_table(&mut self, key: &[KeyPart], is_list: bool) -> Result<NodeId, Broken> {
        let Some(((name, span), above)) = key.split_last() else { return Ok(0) };
        let mut node = 0;
        for (name, span) in above {
            node = match self.child(node, name) {
                Some(child) if self.origins[child] == Origin::Tables => {
                    self.tree.nodes[child].entries.last().map_or(child, |entry| entry.node)
                }
                Some(child) if self.is_closed(child) => return Err(self.twice(name, span, child)),
                Some(child) => child,
                None => self.add_map(node, name, span, Origin::Implied),
            };
        }
        let found = self.child(node, name);
        if is_list {
            let list = match found {
                Some(list) if self.origins[list] == Origin::Tables => list,
                Some(other) => return Err(self.twice(name, span, other)),
                None => {
                    let list = self.push(Kind::List, span.clone(), Layout::Block, Origin::Tables);
                    self.add(node, name, span, list);
                    list
                }
            };
            let table = self.push(Kind::Map, span.clone(), Layout::Block, Origin::Header);
            self.add(list, "", span, table);
            return Ok(table);
        }
        match found {
            Some(table) if self.origins[table] == Origin::Implied => {
                self.origins[table] = Origin::Header;
                Ok(table)
            }
            Some(other) => Err(self.twice(name, span, other)),
            None => Ok(self.add_map(node, name, span, Origin::Header)),
        }
    }

    fn key_value(&mut self, table: NodeId) -> Result<(), Broken> {
        let key = self.key()?;
        let Some(((name, span), above)) = key.split_last() else { return Ok(()) };
        let mut node = table;
        for (name, span) in above {
            node = match self.child(node, name) {
                Some(child) if matches!(self.origins[child], Origin::Dotted | Origin::Implied) => child,
                Some(child) => return Err(self.twice(name, span, child)),
                None => self.add_map(node, name, span, Origin::Dotted),
            };
        }
        if let Some(other) = self.child(node, name) {
            return Err(self.twice(name, span, other));
        }
        let value = self.value()?;
        self.add(node, name, span, value);
        Ok(())
    }

    /// The next value. Recursion ends where `RecursionGuard` ended it.
    fn value(&mut self) -> Result<NodeId, Broken> {
        while let Some(event) = self.events.get(self.at).copied() {
            let start = event.span().start();
            self.at += 1;
            match event.kind() {
                EventKind::Scalar => {
                    let kind = decode_scalar(&self.source, &event)?;
                    return Ok(self.push(kind, range(event.span()), Layout::Whole, Origin::Value));
                }
                EventKind::ArrayOpen => {
                    let list = self.push(Kind::List, start..start, Layout::Flow, Origin::Value);
                    while !self.closes(list, EventKind::ArrayClose) {
                        let value = self.value()?;
                        let span = self.tree.nodes[value].span.clone();
                        self.add(list, "", &span, value);
                    }
                    return Ok(list);
                }
                EventKind::InlineTableOpen => {
                    let map = self.push(Kind::Map, start..start, Layout::Flow, Origin::Value);
                    while !self.closes(map, EventKind::InlineTableClose) {
                        self.key_value(map)?;
                    }
                    self.close_below(map);
                    return Ok(map);
                }
                _ => {}
            }
        }
        Err((self.source.input().len(), "expected a value".into()))
    }

    /// Passes what stands between entries; whether the list or map ends there.
    fn closes(&mut self, node: NodeId, close: EventKind) -> bool {
        while let Some(event) = self.events.get(self.at) {
            if event.kind() == close {
                self.at += 1;
                self.tree.nodes[node].span.end = event.span().end();
                return true;
            }
            let passes = [EventKind::ValueSep, EventKind::Whitespace, EventKind::Comment, EventKind::Newline];
            if !passes.contains(&event.kind()) {
                return false;
            }
            self.at += 1;
        }
        true
    }

    /// What dotted keys made inside of an inline table is as complete as the table.
    fn close_below(&mut self, map: NodeId) {
        for origin in &mut self.origins[map..] {
            *origin = Origin::Value;
        }
    }

    fn is_closed(&self, node: NodeId) -> bool {
        self.origins[node] == Origin::Value
    }

    fn child(&self, node: NodeId, name: &str) -> Option<NodeId> {
        self.children[node].get(name).copied()
    }

    fn add_map(&mut self, parent: NodeId, name: &str, span: &Range<usize>, origin: Origin) -> NodeId {
        let map = self.push(Kind::Map, span.clone(), Layout::Block, origin);
        self.add(parent, name, span, map);
        map
    }

    fn add(&mut self, parent: NodeId, name: &str, span: &Range<usize>, node: NodeId) {
        if self.tree.nodes[parent].kind == Kind::Map {
            self.children[parent].insert(name.into(), node);
        }
        let entry = Entry { key: name.into(), key_span: span.clone(), node };
        self.tree.nodes[parent].entries.push(entry);
    }

    fn push(&mut self, kind: Kind, span: Range<usize>, layout: Layout, origin: Origin) -> NodeId {
        self.origins.push(origin);
        self.children.push(BTreeMap::new());
        self.tree.push(kind, span, layout)
    }

    fn twice(&self, name: &str, span: &Range<usize>, first: NodeId) -> Broken {
        let (line, _) = crate::text::place(self.source.input().as_bytes(), self.tree.nodes[first].span.start);
        (span.start, format!("'{name}' is defined in line {line} already"))
    }

    fn offset(&self) -> usize {
        self.events.get(self.at).map_or(self.source.input().len(), |event| event.span().start())
    }
}

/// A part of a key, decoded.
pub(crate) fn decode_key(source: &Source<'_>, event: &Event) -> Result<KeyPart, Broken> {
    let mut error: Option<ParseError> = None;
    let mut key = Cow::Borrowed("");
    if let Some(raw) = source.get(event) {
        raw.decode_key(&mut key, &mut error);
    }
    match error {
        Some(error) => Err(broken(&error)),
        None => Ok((key.into_owned(), range(event.span()))),
    }
}

fn decode_scalar(source: &Source<'_>, event: &Event) -> Result<Kind, Broken> {
    let mut error: Option<ParseError> = None;
    let mut out = Cow::Borrowed("");
    let Some(raw) = source.get(event) else { return Ok(Kind::Null) };
    let kind = raw.decode_scalar(&mut out, &mut error);
    let start = event.span().start();
    if error.is_none() {
        match kind {
            ScalarKind::String => return Ok(Kind::Text(out.into_owned())),
            ScalarKind::Boolean(value) => return Ok(Kind::Bool(value)),
            ScalarKind::DateTime if is_moment(&out) => return Ok(Kind::Other(out.into_owned())),
            ScalarKind::DateTime => error.report_error(wrong("a date or time that does not exist")),
            ScalarKind::Float => return Ok(float(&out)),
            ScalarKind::Integer(radix) => {
                let digits = out.trim_start_matches('+');
                match i64::from_str_radix(digits, radix.value()) {
                    Ok(number) => return Ok(Kind::Number(number.to_string())),
                    Err(_) => error.report_error(wrong("an integer that 64 bits do not hold")),
                }
            }
        }
    }
    Err(error.map_or((start, "a wrong value".into()), |error| {
        let (offset, message) = broken(&error);
        (if error.unexpected().is_some() { offset } else { start }, message)
    }))
}

fn wrong(what: &'static str) -> ParseError {
    ParseError::new(what)
}

fn float(text: &str) -> Kind {
    let text = text.trim_start_matches('+');
    if text.ends_with("inf") || text.ends_with("nan") {
        Kind::Other(text.into())
    } else {
        Kind::Number(text.into())
    }
}

/// Whether the figures of a date, a time or both are in their ranges.
fn is_moment(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |at: usize, length: usize| -> Option<u32> { text.get(at..at + length)?.parse().ok() };
    let mut time_at = 0;
    if bytes.get(4) == Some(&b'-') {
        let (Some(year), Some(month), Some(day)) = (number(0, 4), number(5, 2), number(8, 2)) else {
            return false;
        };
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if bytes.get(7) != Some(&b'-') || !(1..=12).contains(&month) || !(1..=days).contains(&day) {
            return false;
        }
        match bytes.get(10) {
            None => return true,
            Some(b'T' | b't' | b' ') => time_at = 11,
            _ => return false,
        }
    }
    let (Some(hour), Some(minute)) = (number(time_at, 2), number(time_at + 3, 2)) else { return false };
    if bytes.get(time_at + 2) != Some(&b':') || hour > 23 || minute > 59 {
        return false;
    }
    let mut rest = &bytes[time_at + 5..];
    if rest.first() == Some(&b':') {
        if number(time_at + 6, 2).is_none_or(|second| second > 60) {
            return false;
        }
        rest = &bytes[time_at + 8..];
        if let Some(fraction) = rest.strip_prefix(b".") {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            rest = &fraction[digits..];
        }
    }
    is_offset(rest, time_at > 0)
}

/// Whether this is a distance from UTC, which only a date with a time has, or nothing.
fn is_offset(rest: &[u8], has_date: bool) -> bool {
    match rest {
        [] => true,
        [b'Z' | b'z'] => has_date,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            let digits = [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit());
            has_date && digits && (*h1, *h2) <= (b'2', b'3') && *m1 <= b'5'
        }
        _ => false,
    }
}

fn range(span: Span) -> Range<usize> {
    span.start()..span.end()
}
