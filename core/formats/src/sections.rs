//! A TOML document taken apart as it stands: key lines, then tables with their headers, each with its key lines.
//!
//! What the tables mean together is `toml`'s; here a table is its header's text.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use toml_parser::Source;
use toml_parser::parser::{Event, EventKind};

use crate::document::Format;
use crate::shape::{Item, Piece, Shape, line_end, of_value};
use crate::toml::{decode_key, events};
use crate::tree::{Kind, Layout, NodeId, Tree};
use crate::value::Value;

/// Stands between the parts of a key, and before the header of a table: no key holds it, for control characters are escaped.
const SEPARATOR: char = '\u{1}';

/// Whether this is the key of a table with a header.
pub(crate) fn is_section(key: &str) -> bool {
    key.starts_with(SEPARATOR)
}

/// A document, and the nodes of its values by where they begin.
struct Document<'t> {
    tree: &'t Tree,
    text: &'t str,
    values: BTreeMap<usize, NodeId>,
}

/// One header or one key line.
struct Line {
    /// The depth of its header's brackets; 0 for a key line.
    brackets: usize,
    key: String,
    /// From its first character to the end of its value.
    span: Range<usize>,
    value: Range<usize>,
}

/// The document's pieces. `None` where they do not stand in an order that can be taken apart.
pub(crate) fn of_document(tree: &Tree, text: &str) -> Option<Piece> {
    let values = tree.nodes.iter().enumerate().filter(|(_, node)| node.layout != Layout::Block);
    let source =
        Document { tree, text, values: values.map(|(id, node)| (node.span.start, id)).rev().collect() };
    let lines = lines(text)?;
    let mut at = lines.first().map_or(text.len(), |line| crate::shape::line_start(text, line.span.start));
    let start = at;
    let mut items: Vec<Item> = Vec::new();
    let mut rest = lines.as_slice();
    while let Some(line) = rest.first() {
        let (item, after) = match line.brackets {
            0 => (key_line(&source, line, at), &rest[1..]),
            1 => section(&source, rest, at),
            _ => tables(&source, rest, at),
        };
        if items.iter().any(|other| other.key == item.key) && line.brackets > 1 {
            return None;
        }
        at = item.whole.end;
        items.push(item);
        rest = after;
    }
    Some(lines_piece(start..at, true, items))
}

fn key_line(source: &Document<'_>, line: &Line, at: usize) -> Item {
    let end = line_end(source.text, line.span.end);
    let none = || Value::Scalar(Kind::Null, String::new());
    let piece = match source.values.get(&line.value.start) {
        Some(node) => of_value(source.tree, *node, source.text, Format::Toml),
        None => Piece { inner: line.value.clone(), shape: Shape::Whole, value: none() },
    };
    Item { key: line.key.clone(), whole: at..end, after: end..end, piece }
}

/// A header and its key lines.
fn section<'l>(source: &Document<'_>, lines: &'l [Line], at: usize) -> (Item, &'l [Line]) {
    let (header, below) = (&lines[0], &lines[1..]);
    let count = below.iter().take_while(|line| line.brackets == 0).count();
    let body = line_end(source.text, header.span.end);
    let mut items: Vec<Item> = Vec::with_capacity(count);
    let mut end = body;
    for line in &below[..count] {
        let item = key_line(source, line, end);
        end = item.whole.end;
        items.push(item);
    }
    let piece = lines_piece(body..end, true, items);
    (Item { key: header.key.clone(), whole: at..end, after: end..end, piece }, &below[count..])
}

/// All tables of a list, with the tables below them, as long as they follow each other.
fn tables<'l>(source: &Document<'_>, lines: &'l [Line], at: usize) -> (Item, &'l [Line]) {
    let name = &lines[0].key;
    let mut rest = lines;
    let (mut items, mut end): (Vec<Item>, usize) = (Vec::new(), at);
    while rest.first().is_some_and(|line| line.brackets == 2 && line.key == *name) {
        let start = end;
        let (first, mut after) = section(source, rest, start);
        end = first.whole.end;
        let mut parts = Vec::from([first.piece.value]);
        while after.first().is_some_and(|line| line.brackets > 0 && is_below(&line.key, name)) {
            let (part, next) = section(source, after, end);
            end = part.whole.end;
            let key = Value::Scalar(Kind::Text(part.key), String::new());
            parts.extend([key, part.piece.value]);
            after = next;
        }
        let piece =
            Piece { inner: start..end, shape: Shape::Whole, value: Value::List(parts, String::new()) };
        items.push(Item { key: String::new(), whole: start..end, after: end..end, piece });
        rest = after;
    }
    let piece = lines_piece(at..end, false, items);
    (Item { key: name.clone(), whole: at..end, after: end..end, piece }, rest)
}

/// Whether a header names something below that of a list of tables.
fn is_below(key: &str, list: &str) -> bool {
    key.strip_prefix(list).is_some_and(|rest| rest.starts_with(SEPARATOR))
}

fn lines_piece(inner: Range<usize>, is_map: bool, items: Vec<Item>) -> Piece {
    let value = if is_map {
        let entries = items.iter().map(|item| (item.key.clone(), item.piece.value.clone()));
        Value::Map(entries.collect(), String::new())
    } else {
        Value::List(items.iter().map(|item| item.piece.value.clone()).collect(), String::new())
    };
    Piece { inner, shape: Shape::Lines { is_map, items }, value }
}

fn lines(text: &str) -> Option<Vec<Line>> {
    let source = Source::new(text);
    let events = events(text).ok()?;
    let mut lines = Vec::new();
    let mut at = 0;
    while let Some(event) = events.get(at) {
        let brackets = match event.kind() {
            EventKind::StdTableOpen => 1,
            EventKind::ArrayTableOpen => 2,
            EventKind::SimpleKey => 0,
            _ => {
                at += 1;
                continue;
            }
        };
        let start = event.span().start();
        let mut key = if brackets > 0 { String::from(SEPARATOR) } else { String::new() };
        at += usize::from(brackets > 0);
        let mut parts = 0;
        while let Some(event) = events.get(at).filter(|event| is_key(event)) {
            if event.kind() == EventKind::SimpleKey {
                if parts > 0 {
                    key.push(SEPARATOR);
                }
                parts += 1;
                key.push_str(&decode_key(&source, event).ok()?.0);
            }
            at += 1;
        }
        let (value, end) = if brackets > 0 {
            let close = events.get(at)?.span();
            at += 1;
            (close.end()..close.end(), close.end())
        } else {
            let value = value(&events, &mut at)?;
            (value.clone(), value.end)
        };
        lines.push(Line { brackets, key, span: start..end, value });
    }
    Some(lines)
}

fn is_key(event: &Event) -> bool {
    matches!(event.kind(), EventKind::SimpleKey | EventKind::KeySep | EventKind::Whitespace)
}

/// The span of the value that comes next.
fn value(events: &[Event], at: &mut usize) -> Option<Range<usize>> {
    let (mut depth, mut start) = (0usize, None);
    loop {
        let event = events.get(*at)?;
        *at += 1;
        match event.kind() {
            EventKind::ArrayOpen | EventKind::InlineTableOpen => depth += 1,
            EventKind::ArrayClose | EventKind::InlineTableClose => depth = depth.saturating_sub(1),
            EventKind::Scalar => {}
            _ => continue,
        }
        let start = *start.get_or_insert(event.span().start());
        if depth == 0 {
            return Some(start..event.span().end());
        }
    }
}
