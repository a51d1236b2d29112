//! YAML 1.2: documents of block and flow style, by the core schema.
//!
//! Events come from `saphyr-parser`; what a plain scalar means, where nodes begin and end, and what an alias stands for is
//! decided here.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use crate::json::Broken;
use crate::text::DEPTH_MAX;
use crate::tree::{Entry, Kind, Layout, NodeId, Tree};

/// Most characters between two known places of the text.
const PLACES_APART: usize = 64;

/// Reads a stream. Of one document, its root is the tree's; of several, a list of them.
pub(crate) fn parse(text: &str) -> Result<Tree, Broken> {
    let mut builder = Builder {
        text,
        places: Places::new(text),
        tree: Tree::default(),
        open: Vec::new(),
        roots: Vec::new(),
        anchors: Vec::new(),
    };
    builder.tree.push(Kind::List, 0..text.len(), Layout::Whole);
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => builder.take(event, span)?,
            Err(error) => {
                let offset = builder.places.byte(error.marker().index());
                return Err((offset, error.info().to_string()));
            }
        }
    }
    Ok(builder.finish())
}

/// The bytes at which characters begin, some of them.
struct Places<'t> {
    text: &'t str,
    /// Every `PLACES_APART`-th; none where each character is one byte.
    known: Vec<usize>,
}

impl<'t> Places<'t> {
    fn new(text: &'t str) -> Self {
        let known = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().step_by(PLACES_APART).map(|(at, _)| at).collect()
        };
        Self { text, known }
    }

    /// The byte at which the character with this number begins.
    fn byte(&self, index: usize) -> usize {
        if self.known.is_empty() {
            return index.min(self.text.len());
        }
        let Some(start) = self.known.get(index / PLACES_APART) else { return self.text.len() };
        let rest = self.text.get(*start..).unwrap_or_default();
        rest.char_indices().nth(index % PLACES_APART).map_or(self.text.len(), |(at, _)| start + at)
    }
}

/// A list or map that has not ended.
struct Open {
    node: NodeId,
    /// The key that waits for its value.
    key: Option<(String, Range<usize>)>,
    /// How many lists and maps of a key are open; their content is part of the key's text.
    in_key: usize,
    key_start: usize,
}

struct Builder<'t> {
    text: &'t str,
    places: Places<'t>,
    tree: Tree,
    open: Vec<Open>,
    roots: Vec<NodeId>,
    /// The nodes that anchors name, by the parser's numbers from 1.
    anchors: Vec<Option<NodeId>>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Broken> {
        let span = self.places.byte(span.start.index())..self.places.byte(span.end.index());
        if self.in_key(&event, &span) {
            return Ok(());
        }
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let kind = scalar_kind(&value, style, tag.as_deref());
                let marks = tag.map(|tag| tag.to_string()).unwrap_or_default();
                if self.waits_for_key() {
                    self.begin_key(value.into_owned(), span);
                    return Ok(());
                }
                let span = self.scalar_span(span, style);
                self.add(kind, span, Layout::Whole, anchor, marks, None);
            }
            Event::Alias(anchor) => {
                let name: String = self.text.get(span.clone()).unwrap_or_default().into();
                if self.waits_for_key() {
                    self.begin_key(name, span);
                    return Ok(());
                }
                let target = anchor.checked_sub(1).and_then(|at| self.anchors.get(at)).copied().flatten();
                self.add(Kind::Other(name), span, Layout::Whole, 0, String::new(), target);
            }
            Event::SequenceStart(anchor, tag) => self.begin(Kind::List, span, anchor, tag.as_deref())?,
            Event::MappingStart(anchor, tag) => self.begin(Kind::Map, span, anchor, tag.as_deref())?,
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            _ => {}
        }
        Ok(())
    }

    /// Whether the event is inside of a key that is a list or map; such a key is its text, and its map is left whole.
    fn in_key(&mut self, event: &Event<'_>, span: &Range<usize>) -> bool {
        let text = self.text;
        let Some(open) = self.open.last_mut() else { return false };
        let starts = matches!(event, Event::SequenceStart(..) | Event::MappingStart(..));
        let waits = open.in_key == 0 && open.key.is_none() && self.tree.nodes[open.node].kind == Kind::Map;
        if waits && starts {
            (open.in_key, open.key_start) = (1, span.start);
            self.tree.nodes[open.node].layout = Layout::Whole;
            return true;
        }
        if open.in_key == 0 {
            return false;
        }
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => open.in_key += 1,
            Event::SequenceEnd | Event::MappingEnd => open.in_key -= 1,
            _ => {}
        }
        if open.in_key == 0 {
            let key_span = open.key_start..span.end.max(open.key_start);
            open.key = Some((text.get(key_span.clone()).unwrap_or_default().into(), key_span));
        }
        true
    }

    fn waits_for_key(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| open.key.is_none() && self.tree.nodes[open.node].kind == Kind::Map)
    }

    fn begin_key(&mut self, key: String, span: Range<usize>) {
        let Some(open) = self.open.last_mut() else { return };
        let node = &mut self.tree.nodes[open.node];
        if node.layout == Layout::Block {
            let line = self.text[..span.start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
            let before = &self.text[line..span.start];
            // A key after `?`, or with a tag or anchor, is not taken apart.
            if !before.bytes().all(|byte| matches!(byte, b' ' | b'-' | b'\t')) {
                node.layout = Layout::Whole;
            }
        }
        open.key = Some((key, span));
    }

    fn begin(
        &mut self,
        kind: Kind,
        span: Range<usize>,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Result<(), Broken> {
        if self.open.len() >= DEPTH_MAX {
            return Err((span.start, format!("more than {DEPTH_MAX} lists and maps in each other")));
        }
        let in_flow = self.open.last().is_some_and(|open| self.tree.nodes[open.node].layout == Layout::Flow);
        let opens = self.text[..span.end].ends_with(if kind == Kind::Map { '{' } else { '[' });
        let (layout, start) = match (span.is_empty(), opens) {
            (false, true) => (Layout::Flow, span.end - 1),
            _ if in_flow => (Layout::Whole, span.start),
            _ => (Layout::Block, span.end),
        };
        let marks = tag.map(ToString::to_string).unwrap_or_default();
        let node = self.add(kind, start..start, layout, anchor, marks, None);
        self.open.push(Open { node, key: None, in_key: 0, key_start: 0 });
        Ok(())
    }

    fn end(&mut self, span: Range<usize>) {
        let Some(open) = self.open.pop() else { return };
        let node = &self.tree.nodes[open.node];
        let last =
            node.entries.last().map(|entry| self.tree.nodes[entry.node].span.end.max(entry.key_span.end));
        let end = if node.layout == Layout::Flow { span.end } else { last.unwrap_or(node.span.start) };
        let node = &mut self.tree.nodes[open.node];
        node.span.end = end.max(node.span.start);
    }

    fn add(
        &mut self,
        kind: Kind,
        span: Range<usize>,
        layout: Layout,
        anchor: usize,
        marks: String,
        alias: Option<NodeId>,
    ) -> NodeId {
        let node = self.tree.push(kind, span.clone(), layout);
        self.tree.nodes[node].marks = marks;
        self.tree.nodes[node].alias = alias;
        if anchor > 0 {
            self.anchors.resize(anchor.max(self.anchors.len()), None);
            self.anchors[anchor - 1] = Some(node);
        }
        match self.open.last_mut() {
            None => self.roots.push(node),
            Some(open) => {
                let (key, key_span) = open.key.take().unwrap_or_else(|| (String::new(), span));
                self.tree.nodes[open.node].entries.push(Entry { key, key_span, node });
            }
        }
        node
    }

    /// The span of a scalar without what follows it; of a block scalar with its `|` or `>`.
    fn scalar_span(&self, span: Range<usize>, style: ScalarStyle) -> Range<usize> {
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return span;
        }
        let open = self.open.last().and_then(|open| open.key.as_ref()).map(|(_, key)| key.end);
        let from =
            open.unwrap_or_else(|| self.text[..span.start].trim_end().rfind(['\n', '\r']).unwrap_or(0));
        let header = self.text.get(from..span.start).unwrap_or_default();
        let sign = if style == ScalarStyle::Literal { '|' } else { '>' };
        let at =
            header.match_indices(sign).map(|(at, _)| at).find(|at| header[..*at].ends_with([' ', '\t', '-']));
        let start = at.map_or(span.start, |at| from + at);
        let content = self.text.get(start..span.end).unwrap_or_default();
        start..start + content.trim_end_matches([' ', '\t', '\n', '\r']).len()
    }

    fn finish(mut self) -> Tree {
        self.tree.documents = self.roots.len();
        if let [root] = self.roots[..] {
            self.tree.root = root;
            return self.tree;
        }
        for root in self.roots {
            let span = self.tree.nodes[root].span.clone();
            self.tree.nodes[0].entries.push(Entry { key: String::new(), key_span: span, node: root });
        }
        self.tree
    }
}

fn scalar_kind(value: &str, style: ScalarStyle, tag: Option<&Tag>) -> Kind {
    let core = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str());
    if core == Some("str") || style != ScalarStyle::Plain || (tag.is_some() && core.is_none()) {
        return Kind::Text(value.into());
    }
    plain(value)
}

/// What a plain scalar is by the core schema.
pub(crate) fn plain(value: &str) -> Kind {
    match value {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" => return Kind::Bool(true),
        "false" | "False" | "FALSE" => return Kind::Bool(false),
        _ => {}
    }
    match number(value) {
        Some(number) => Kind::Number(number),
        None => Kind::Text(value.into()),
    }
}

/// A number in JSON's spelling.
fn number(value: &str) -> Option<String> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = value.strip_prefix(prefix) {
            let plain = digits.bytes().all(|byte| (byte as char).is_digit(radix));
            return u128::from_str_radix(digits, radix)
                .ok()
                .filter(|_| plain)
                .map(|number| number.to_string());
        }
    }
    let (sign, rest) = match value.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", value.strip_prefix('+').unwrap_or(value)),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(a, b)| (a, Some(b)));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction.unwrap_or("")) || whole.len() + fraction.map_or(0, str::len) == 0 {
        return None;
    }
    if let Some(exponent) = exponent {
        let figures = exponent.trim_start_matches(['+', '-']);
        if figures.is_empty() || !digits(figures) || exponent.len() - figures.len() > 1 {
            return None;
        }
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = match fraction {
        Some("") => ".0".to_string(),
        Some(fraction) => format!(".{fraction}"),
        None => String::new(),
    };
    let exponent = exponent.map(|exponent| format!("e{exponent}")).unwrap_or_default();
    Some(format!("{sign}{whole}{fraction}{exponent}"))
}
