//! A document taken apart into the pieces of text that a merge moves: entries with what belongs to them, in their lists and maps.
//!
//! The pieces of a list or map follow each other without a gap, so that pieces put together are a document again. Recursion
//! ends with the nesting of trees, which parsers bound.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use crate::document::Format;
use crate::json::comment_length;
use crate::tree::{Kind, Layout, NodeId, Tree};
use crate::value::Value;

/// A value and the text that says it.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// The text of the value alone; of lines, all of them.
    pub inner: Range<usize>,
    pub shape: Shape,
    pub value: Value,
}

/// How a value is taken apart.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// Not at all.
    Whole,
    /// Entries on lines of their own, which are the whole text.
    Lines { is_map: bool, items: Vec<Item> },
    /// Entries between brackets. `close` is where what follows the last one begins.
    Flow { is_map: bool, items: Vec<Item>, close: usize, ends_with_comma: bool },
}

/// An entry and what belongs to it: the comments and blank lines before it, the comment behind it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Its key; empty in a list.
    pub key: String,
    pub whole: Range<usize>,
    /// The comment after its comma, in the same line.
    pub after: Range<usize>,
    pub piece: Piece,
}

/// The root of a document, whose pieces stand in `text`.
pub(crate) fn of_tree(tree: &Tree, text: &str, format: Format) -> Piece {
    let shaper = Shaper { tree, text, format };
    let root = &tree.nodes[tree.root];
    if root.layout == Layout::Block {
        let start =
            line_start(text, root.entries.first().map_or(root.span.start, |entry| entry.key_span.start));
        return shaper.lines(tree.root, start);
    }
    shaper.inline(tree.root)
}

/// A value that stands within a line, or between brackets.
pub(crate) fn of_value(tree: &Tree, id: NodeId, text: &str, format: Format) -> Piece {
    Shaper { tree, text, format }.inline(id)
}

struct Shaper<'a> {
    tree: &'a Tree,
    text: &'a str,
    format: Format,
}

impl Shaper<'_> {
    /// A list or map on lines from `start` on.
    fn lines(&self, id: NodeId, start: usize) -> Piece {
        let node = &self.tree.nodes[id];
        let is_map = node.kind == Kind::Map;
        let mut items = Vec::with_capacity(node.entries.len());
        let mut at = start;
        for entry in &node.entries {
            let child = &self.tree.nodes[entry.node];
            let end = line_end(self.text, child.span.end.max(entry.key_span.end));
            let below = line_end(self.text, entry.key_span.end);
            let piece = if !is_map {
                Piece { inner: at..end, shape: Shape::Whole, value: Value::of(self.tree, entry.node) }
            } else if child.layout == Layout::Block && child.span.start >= below {
                self.lines(entry.node, below)
            } else {
                self.inline(entry.node)
            };
            items.push(Item { key: entry.key.clone(), whole: at..end, after: end..end, piece });
            at = end.max(at);
        }
        Piece { inner: start..at, shape: Shape::Lines { is_map, items }, value: Value::of(self.tree, id) }
    }

    /// A value within its line, or between brackets.
    fn inline(&self, id: NodeId) -> Piece {
        let node = &self.tree.nodes[id];
        // Dotted keys make maps that have no brackets of their own.
        let is_dotted = node.entries.iter().any(|entry| self.tree.nodes[entry.node].layout == Layout::Block);
        let is_flow = node.layout == Layout::Flow && node.span.len() >= 2 && !is_dotted;
        let shape = if is_flow { self.flow(id) } else { Shape::Whole };
        Piece { inner: node.span.clone(), shape, value: Value::of(self.tree, id) }
    }

    fn flow(&self, id: NodeId) -> Shape {
        let node = &self.tree.nodes[id];
        let (is_map, end) = (node.kind == Kind::Map, node.span.end - 1);
        let mut items: Vec<Item> = Vec::with_capacity(node.entries.len());
        let mut start = node.span.start + 1;
        let mut ends_with_comma = false;
        for (at, entry) in node.entries.iter().enumerate() {
            let piece = self.inline(entry.node);
            let value_end = piece.inner.end.max(entry.key_span.end);
            let next = node.entries.get(at + 1).map_or(end, |next| next.key_span.start);
            let comma = self.comma(value_end..next);
            let whole_end = if at + 1 < node.entries.len() { comma.unwrap_or(value_end) } else { value_end };
            let behind = comma.map_or(value_end, |comma| comma + 1);
            let after = behind..self.comment_behind(behind..next);
            (start, ends_with_comma) = match at {
                0 => (start, comma.is_some()),
                _ => (items.last().map_or(start, |item: &Item| item.after.end), comma.is_some()),
            };
            items.push(Item { key: entry.key.clone(), whole: start..whole_end, after, piece });
        }
        let close = items.last().map_or(node.span.start + 1, |item| item.after.end);
        Shape::Flow { is_map, items, close, ends_with_comma }
    }

    /// Where the comma stands between two entries.
    fn comma(&self, gap: Range<usize>) -> Option<usize> {
        let mut at = gap.start;
        while at < gap.end {
            match self.comment(at, gap.end) {
                Some(end) => at = end,
                None if self.text.as_bytes()[at] == b',' => return Some(at),
                None => at += 1,
            }
        }
        None
    }

    /// The end of the comment that follows in the same line, or the start where there is none.
    fn comment_behind(&self, gap: Range<usize>) -> usize {
        let rest = self.text.as_bytes().get(gap.clone()).unwrap_or_default();
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        match self.comment(gap.start + blanks, gap.end) {
            Some(end) if !self.text[gap.start..end].contains('\n') => end,
            _ => gap.start,
        }
    }

    /// The end of the comment that begins at `at`.
    fn comment(&self, at: usize, end: usize) -> Option<usize> {
        let rest = self.text.as_bytes().get(at..end)?;
        match self.format {
            Format::Json | Format::JsonWithComments => comment_length(rest).map(|length| at + length),
            _ if rest.first() == Some(&b'#') => {
                Some(at + rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len()))
            }
            _ => None,
        }
    }
}

/// Where the line begins that holds this byte.
pub(crate) fn line_start(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1)
}

/// Where the next line begins, or the end.
pub(crate) fn line_end(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    rest.iter().position(|byte| *byte == b'\n').map_or(text.len(), |newline| at + newline + 1)
}
