//! The three-way merge of documents by key. Spans of text are moved, nothing is written anew: comments, the order of keys and
//! the spelling of values stay.
//!
//! What comes out is read again and held to the merge of the values (`value`); where it says anything else, there is no merge.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use crate::document::{Format, read};
use crate::sections;
use crate::shape::{self, Item, Piece, Shape};
use crate::value::{self, Favor, Value};

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// The merge of the lines counts, with its conflicts: both sides changed the same, or a side is no document.
    Lines,
    /// The merge of the lines has no conflict and is no document, or says what neither side meant.
    Broken,
    /// The merged document.
    Document(Vec<u8>),
}

/// Merges the changes from `base` to `ours` and to `theirs`. `lines` is what a merge of the lines gives, where it has no
/// conflict: it is taken where it says what the merge by key says, or where that finds a conflict and the lines make a document.
pub fn merge(
    format: Format,
    base: &[u8],
    ours: &[u8],
    theirs: &[u8],
    lines: Option<&[u8]>,
    favor: Favor,
) -> Merged {
    let format = dialect(format, [base, ours, theirs]);
    let sides = [base, ours, theirs].map(|bytes| Side::read(format, bytes));
    let [Some(base), Some(ours), Some(theirs)] = &sides else { return Merged::Lines };
    let expected = value::merge(base.value.as_ref(), ours.value.as_ref(), theirs.value.as_ref(), favor);
    let lines_say = lines.map(|lines| Side::read(format, lines).map(|side| side.value));
    match (&expected, &lines_say) {
        (Err(()), Some(Some(_))) => return Merged::Lines,
        (Ok(expected), Some(Some(said))) if said == expected => return Merged::Lines,
        _ => {}
    }
    if let Ok(Some(expected)) = &expected
        && let Some(text) = assemble(format, [base, ours, theirs], favor)
        && Side::read(format, text.as_bytes()).is_some_and(|side| side.value.as_ref() == Some(expected))
    {
        return Merged::Document(text.into_bytes());
    }
    if lines_say.is_some() { Merged::Broken } else { Merged::Lines }
}

/// JSON with comments is merged as such: where a side has some, all may.
fn dialect(format: Format, sides: [&[u8]; 3]) -> Format {
    let is_strict = |bytes: &[u8]| read(Format::Json, bytes).is_ok();
    if format == Format::Json && !sides.into_iter().all(is_strict) {
        Format::JsonWithComments
    } else {
        format
    }
}

/// One version of a document.
struct Side<'t> {
    text: Cow<'t, str>,
    /// Where the text begins: after a byte order mark.
    mark: &'t [u8],
    tree: crate::tree::Tree,
    /// `None` for a document without any content.
    value: Option<Value>,
}

impl<'t> Side<'t> {
    /// `None` for what is no document, or names a key twice.
    fn read(format: Format, bytes: &'t [u8]) -> Option<Self> {
        let (tree, start) = read(format, bytes).ok()?;
        if !tree.duplicates().is_empty() {
            return None;
        }
        let value = (!tree.nodes.is_empty()).then(|| Value::of(&tree, tree.root));
        let text = core::str::from_utf8(&bytes[start..]).ok()?;
        Some(Self { text: Cow::Borrowed(text), mark: &bytes[..start], tree, value })
    }

    fn piece(&self, format: Format) -> Option<Piece> {
        if self.tree.nodes.is_empty() {
            return None;
        }
        match format {
            Format::Toml => sections::of_document(&self.tree, &self.text),
            _ => Some(shape::of_tree(&self.tree, &self.text, format)),
        }
    }
}

fn assemble(format: Format, [base, ours, theirs]: [&Side<'_>; 3], favor: Favor) -> Option<String> {
    let (our_piece, their_piece) = (ours.piece(format)?, theirs.piece(format)?);
    let base_piece = base.piece(format);
    let texts = [&*base.text, &*ours.text, &*theirs.text];
    let merger = Merger { format, texts, favor };
    let inner = merger.piece([base_piece.as_ref(), Some(&our_piece), Some(&their_piece)])?;
    let around =
        |piece: &Piece, text: &str| (text[..piece.inner.start].into(), text[piece.inner.end..].into());
    let (our_head, our_tail): (String, String) = around(&our_piece, texts[1]);
    let (their_head, their_tail): (String, String) = around(&their_piece, texts[2]);
    let (base_head, base_tail) = match &base_piece {
        Some(piece) => around(piece, texts[0]),
        None => (our_head.clone(), our_tail.clone()),
    };
    let mut out = String::from(core::str::from_utf8(ours.mark).ok()?);
    out.push_str(changed(&base_head, &our_head, &their_head));
    let on_lines = is_lines(&our_piece.shape) || is_lines(&their_piece.shape);
    if inner.is_empty() && format == Format::Yaml {
        out.push_str("{}\n");
    }
    out.push_str(&inner);
    let tail = changed(&base_tail, &our_tail, &their_tail);
    if !tail.is_empty() && !out.ends_with('\n') && on_lines && !tail.starts_with(['\n', '\r']) {
        out.push('\n');
    }
    out.push_str(tail);
    Some(out)
}

/// Of a text around values, the side that changed it; ours where both did.
fn changed<'t>(base: &str, ours: &'t str, theirs: &'t str) -> &'t str {
    if base == ours { theirs } else { ours }
}

const BASE: usize = 0;
const OURS: usize = 1;
const THEIRS: usize = 2;

struct Merger<'t> {
    format: Format,
    texts: [&'t str; 3],
    favor: Favor,
}

/// An entry of the merged list or map.
struct Out {
    key: String,
    text: String,
    after: String,
}

impl Merger<'_> {
    fn text(&self, side: usize, range: &Range<usize>) -> &str {
        self.texts[side].get(range.clone()).unwrap_or_default()
    }

    /// The text of the merged value, in our shape.
    fn piece(&self, [base, ours, theirs]: [Option<&Piece>; 3]) -> Option<String> {
        let (ours, theirs) = (ours?, theirs?);
        if fit(&ours.shape, &theirs.shape) {
            return self.map(base.filter(|base| is_map(&base.shape)), ours, theirs);
        }
        let (our_text, their_text) = (self.text(OURS, &ours.inner), self.text(THEIRS, &theirs.inner));
        let base_value = base.map(|base| &base.value);
        if ours.value == theirs.value || base_value == Some(&theirs.value) {
            return Some(our_text.into());
        }
        if base_value == Some(&ours.value) {
            return Some(self.indented(their_text, theirs, ours));
        }
        if let Some(list) = base.and_then(|base| self.list(base, ours, theirs)) {
            return Some(list);
        }
        self.favor.choose(our_text.into(), self.indented(their_text, theirs, ours))
    }

    fn map(&self, base: Option<&Piece>, ours: &Piece, theirs: &Piece) -> Option<String> {
        let none: &[Item] = &[];
        let (our_items, their_items) = (items(&ours.shape), items(&theirs.shape));
        let base_items = base.map_or(none, |base| items(&base.shape));
        let [in_base, in_ours, in_theirs] = [base_items, our_items, their_items].map(by_key);
        let mut merged: BTreeMap<&str, Out> = BTreeMap::new();
        for item in our_items.iter().chain(their_items) {
            let key = item.key.as_str();
            if merged.contains_key(key) {
                continue;
            }
            let three = [in_base.get(key).copied(), in_ours.get(key).copied(), in_theirs.get(key).copied()];
            if let Some(out) = self.entry(three, ours, theirs)? {
                merged.insert(key, out);
            }
        }
        // The order of the side that changed it; ours where both did.
        let common = |items: &'_ [Item]| -> Vec<String> {
            let all = |key: &str| {
                in_base.contains_key(key) && in_ours.contains_key(key) && in_theirs.contains_key(key)
            };
            items.iter().filter(|item| all(&item.key)).map(|item| item.key.clone()).collect()
        };
        let ours_moved = common(base_items) != common(our_items);
        let (first, second) = if ours_moved || common(base_items) == common(their_items) {
            (our_items, their_items)
        } else {
            (their_items, our_items)
        };
        let mut out = in_order(first, second, &mut merged);
        if self.format == Format::Toml {
            out.sort_by_key(|out| sections::is_section(&out.key));
        }
        if out.is_empty() && is_lines(&ours.shape) {
            return Some(String::new());
        }
        Some(self.joined(&out, ours, theirs))
    }

    /// What becomes of one key: nothing, where it goes. The outer `None` is a conflict.
    fn entry(
        &self,
        [base, ours, theirs]: [Option<&Item>; 3],
        our_map: &Piece,
        their_map: &Piece,
    ) -> Option<Option<Out>> {
        let out = |text: String, after: &str, key: &str| {
            Some(Some(Out { key: key.into(), text, after: after.into() }))
        };
        let whole_ours =
            |item: &Item| out(self.text(OURS, &item.whole).into(), self.text(OURS, &item.after), &item.key);
        let whole_theirs = |item: &Item| {
            let text = self.indented(self.text(THEIRS, &item.whole), their_map, our_map);
            out(text, self.text(THEIRS, &item.after), &item.key)
        };
        match (base, ours, theirs) {
            (_, None, None) => Some(None),
            (None, Some(ours), None) => whole_ours(ours),
            (None, None, Some(theirs)) => whole_theirs(theirs),
            (Some(base), Some(ours), None) if base.piece.value == ours.piece.value => Some(None),
            (Some(base), None, Some(theirs)) if base.piece.value == theirs.piece.value => Some(None),
            (Some(_), Some(ours), None) => self.favor.choose(whole_ours(ours), Some(None))?,
            (Some(_), None, Some(theirs)) => self.favor.choose(Some(None), whole_theirs(theirs))?,
            (base, Some(ours), Some(theirs)) => {
                let whole = [
                    base.map(|base| self.text(BASE, &base.whole)),
                    Some(self.text(OURS, &ours.whole)),
                    Some(self.text(THEIRS, &theirs.whole)),
                ];
                let after = changed(
                    base.map_or("", |base| self.text(BASE, &base.after)),
                    self.text(OURS, &ours.after),
                    self.text(THEIRS, &theirs.after),
                );
                if whole[OURS] == whole[THEIRS] || whole[BASE] == whole[THEIRS] {
                    return out(self.text(OURS, &ours.whole).into(), after, &ours.key);
                }
                if whole[BASE] == whole[OURS] {
                    let text = self.indented(self.text(THEIRS, &theirs.whole), their_map, our_map);
                    return out(text, after, &ours.key);
                }
                if is_lines(&ours.piece.shape) != is_lines(&theirs.piece.shape)
                    && !fit(&ours.piece.shape, &theirs.piece.shape)
                {
                    let (base, our_value, their_value) =
                        (base.map(|base| &base.piece.value), &ours.piece.value, &theirs.piece.value);
                    if base == Some(our_value) {
                        return whole_theirs(theirs);
                    }
                    if base == Some(their_value) || our_value == their_value {
                        return whole_ours(ours);
                    }
                    return self.favor.choose(whole_ours(ours), whole_theirs(theirs))?;
                }
                out(self.entry_text(base, ours, theirs)?, after, &ours.key)
            }
        }
    }

    /// An entry that both sides have and at least one changed: what stands around its value, and the value, each merged.
    fn entry_text(&self, base: Option<&Item>, ours: &Item, theirs: &Item) -> Option<String> {
        let inner = self.piece([base.map(|base| &base.piece), Some(&ours.piece), Some(&theirs.piece)])?;
        let around = |side: usize, item: &Item| {
            let (whole, inner) = (&item.whole, &item.piece.inner);
            (self.text(side, &(whole.start..inner.start)), self.text(side, &(inner.end..whole.end)))
        };
        if is_lines(&ours.piece.shape) != is_lines(&theirs.piece.shape) {
            // Of an empty map and one on lines, the lines say where the value stands.
            let (before, behind) =
                if is_lines(&ours.piece.shape) { around(OURS, ours) } else { around(THEIRS, theirs) };
            return Some(filled(before, &inner, behind));
        }
        let (our_before, our_behind) = around(OURS, ours);
        let (their_before, their_behind) = around(THEIRS, theirs);
        let (base_before, base_behind) = match base {
            Some(base) => around(BASE, base),
            None => (our_before, our_behind),
        };
        // What a side only indents anew is not its change.
        let before = match base {
            Some(_) if their_before.trim() == base_before.trim() => our_before,
            None => our_before,
            _ => changed(base_before, our_before, their_before),
        };
        let behind = if base.is_none() { our_behind } else { changed(base_behind, our_behind, their_behind) };
        let is_lines = is_lines(&ours.piece.shape);
        Some(if is_lines { filled(before, &inner, behind) } else { [before, &inner, behind].concat() })
    }

    /// Two lists that both only grew: ours, and what theirs has beyond it.
    fn list(&self, base: &Piece, ours: &Piece, theirs: &Piece) -> Option<String> {
        let (Value::List(base, _), Value::List(our_values, _), Value::List(their_values, _)) =
            (&base.value, &ours.value, &theirs.value)
        else {
            return None;
        };
        let grew = our_values.starts_with(base) && their_values.starts_with(base);
        if !grew || is_lines(&ours.shape) != is_lines(&theirs.shape) {
            return None;
        }
        let (our_items, their_items) = (items(&ours.shape), items(&theirs.shape));
        if our_items.len() != our_values.len() || their_items.len() != their_values.len() {
            return None;
        }
        let added = value::added(our_values, their_values, base.len())?;
        let mut out = Vec::with_capacity(our_items.len() + added.len());
        for item in our_items {
            out.push(Out {
                key: String::new(),
                text: self.text(OURS, &item.whole).into(),
                after: self.text(OURS, &item.after).into(),
            });
        }
        for item in added.into_iter().filter_map(|at| their_items.get(at)) {
            let text = self.indented(self.text(THEIRS, &item.whole), theirs, ours);
            out.push(Out { key: String::new(), text, after: self.text(THEIRS, &item.after).into() });
        }
        Some(self.joined(&out, ours, theirs))
    }

    /// The entries as one text, in our shape.
    fn joined(&self, entries: &[Out], ours: &Piece, theirs: &Piece) -> String {
        let newline = if self.texts[OURS].contains("\r\n") { "\r\n" } else { "\n" };
        let on_lines = is_lines(&ours.shape) || is_lines(&theirs.shape);
        let Shape::Flow { close, ends_with_comma, items, .. } = &ours.shape else {
            return self.lines(entries, newline);
        };
        if on_lines {
            return self.lines(entries, newline);
        }
        let mut out = String::new();
        out.push_str(self.text(OURS, &(ours.inner.start..ours.inner.start + 1)));
        for (at, entry) in entries.iter().enumerate() {
            out.push_str(&entry.text);
            if at + 1 < entries.len() || *ends_with_comma {
                out.push(',');
            }
            out.push_str(&entry.after);
        }
        let tail = self.text(OURS, &(*close..ours.inner.end));
        match &theirs.shape {
            // An empty pair of brackets has nothing to go by.
            Shape::Flow { close, .. } if items.is_empty() && !entries.is_empty() => {
                out.push_str(self.text(THEIRS, &(*close..theirs.inner.end)));
            }
            _ => out.push_str(tail),
        }
        out
    }

    fn lines(&self, entries: &[Out], newline: &str) -> String {
        let mut out = String::new();
        for entry in entries {
            if !out.is_empty() && !out.ends_with('\n') {
                out.push_str(newline);
            }
            out.push_str(&entry.text);
        }
        out
    }

    /// A text of theirs, moved from the depth of one list or map to that of another.
    fn indented(&self, text: &str, from: &Piece, to: &Piece) -> String {
        let (Some(from), Some(to)) = (self.indent(THEIRS, from), self.indent(OURS, to)) else {
            return text.into();
        };
        if from == to || self.format == Format::Toml {
            return text.into();
        }
        let mut out = String::with_capacity(text.len());
        for (at, line) in text.split_inclusive('\n').enumerate() {
            let begins = at > 0 || self.format == Format::Yaml;
            match line.strip_prefix(from) {
                Some(rest) if begins && !line.trim_end().is_empty() => {
                    out.push_str(to);
                    out.push_str(rest);
                }
                _ => out.push_str(line),
            }
        }
        out
    }

    /// The blanks before the entries of a list or map, where they stand on lines of their own.
    fn indent(&self, side: usize, piece: &Piece) -> Option<&str> {
        let first = items(&piece.shape).first()?;
        let text = self.texts[side];
        let start = match &piece.shape {
            // The line that the entry itself begins in, after comments and blank lines.
            Shape::Lines { .. } => {
                let mut start = first.whole.start;
                while start < first.whole.end {
                    let line = text[start..].trim_start_matches([' ', '\t']);
                    if !line.starts_with(['#', '\n', '\r']) {
                        break;
                    }
                    start = shape::line_end(text, start);
                }
                start
            }
            _ => {
                let lead = &text[first.whole.clone()];
                let blanks = lead.len() - lead.trim_start().len();
                first.whole.start + lead[..blanks].rfind('\n')? + 1
            }
        };
        let rest = text.get(start..)?;
        Some(&rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()])
    }
}

/// The entries of `first` in their order; those that `second` alone has behind the entry that they follow there.
fn in_order(first: &[Item], second: &[Item], merged: &mut BTreeMap<&str, Out>) -> Vec<Out> {
    let (in_first, in_second) = (by_key(first), by_key(second));
    let mut behind: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
    let mut anchor = None;
    for item in second.iter().filter(|item| merged.contains_key(item.key.as_str())) {
        if in_first.contains_key(item.key.as_str()) {
            anchor = Some(item.key.as_str());
        } else {
            behind.entry(anchor).or_default().push(&item.key);
        }
    }
    let mut order: Vec<&str> = Vec::new();
    let mut waiting = behind.remove(&None).unwrap_or_default();
    for item in first.iter().filter(|item| merged.contains_key(item.key.as_str())) {
        if in_second.contains_key(item.key.as_str()) {
            order.append(&mut waiting);
            waiting = behind.remove(&Some(item.key.as_str())).unwrap_or_default();
        }
        order.push(&item.key);
    }
    order.append(&mut waiting);
    order.into_iter().filter_map(|key| merged.remove(key)).collect()
}

fn by_key(items: &[Item]) -> BTreeMap<&str, &Item> {
    items.iter().map(|item| (item.key.as_str(), item)).collect()
}

fn items(shape: &Shape) -> &[Item] {
    match shape {
        Shape::Whole => &[],
        Shape::Lines { items, .. } | Shape::Flow { items, .. } => items,
    }
}

/// Whether two maps are merged entry by entry: both on lines, both between brackets, or one without entries.
fn fit(ours: &Shape, theirs: &Shape) -> bool {
    let is_empty = items(ours).is_empty() || items(theirs).is_empty();
    is_map(ours) && is_map(theirs) && (is_lines(ours) == is_lines(theirs) || is_empty)
}

/// An entry with its lines; where none are left, an empty map in their place.
fn filled(before: &str, inner: &str, behind: &str) -> String {
    if inner.is_empty() {
        let newline = if before.ends_with("\r\n") { "\r\n" } else { "\n" };
        return [before.trim_end(), " {}", newline, behind].concat();
    }
    [before, inner, behind].concat()
}

fn is_map(shape: &Shape) -> bool {
    matches!(shape, Shape::Lines { is_map: true, .. } | Shape::Flow { is_map: true, .. })
}

fn is_lines(shape: &Shape) -> bool {
    matches!(shape, Shape::Lines { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(format: Format, base: &str, ours: &str, theirs: &str) -> String {
        match merge(format, base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), None, Favor::None) {
            Merged::Document(text) => String::from_utf8(text).unwrap(),
            other => alloc::format!("{other:?}"),
        }
    }

    #[test]
    fn json_keeps_its_comments_its_order_and_its_spelling() {
        let base = "{\n  \"b\": 1.0, // one\n  \"a\": {\n    \"x\": 1\n  },\n  \"list\": [1]\n}\n";
        let ours = "{\n  \"b\": 1.0, // one\n  \"new\": 1e3,\n  \"a\": {\n    \"x\": 2\n  },\n  \"list\": [1, 2]\n}\n";
        let theirs = "{\n    \"b\": 1.0, // one!\n    \"a\": {\n        \"x\": 1,\n        \"y\": [\n            1\n        ]\n    },\n    \"list\": [1, 3], // grew\n    \"last\": null\n}\n";
        let expected = "{\n  \"b\": 1.0, // one!\n  \"new\": 1e3,\n  \"a\": {\n    \"x\": 2,\n    \"y\": [\n        1\n    ]\n  },\n  \"list\": [1, 2, 3], // grew\n  \"last\": null\n}\n";
        assert_eq!(merged(Format::Json, base, ours, theirs), expected);
        assert_eq!(merged(Format::Json, "{}", "{\"a\":1}", "{\n  \"b\": 2\n}"), "{\"a\":1,\n  \"b\": 2}");
        assert_eq!(merged(Format::Json, "{\"a\":1,\"b\":2}", "{\"b\":2}", "{\"a\":1}"), "{}");
        assert_eq!(merged(Format::Json, "{\"a\":1}", "{\"a\":2}", "{\"a\":3}"), "Lines");
        assert_eq!(merged(Format::Json, "{\"a\":1}", "{}", "{\"a\":3}"), "Lines");
        assert_eq!(merged(Format::Json, "{\"a\":1}", "{\"a\":1", "{\"a\":3}"), "Lines");
    }

    #[test]
    fn yaml_keeps_its_comments_and_moves_to_the_other_depth() {
        let base = "# head\na: 1 # one\n\n# about b\nb:\n  c: 1\n  d:\n    - x\ne: |\n  text\n  more\n";
        let ours = "# head\na: 1 # one\n\n# about b\nb:\n  c: 2\n  d:\n    - x\n    - ours # o\ne: |\n  text\n  more\n# mine\nf: {x: 1}\n";
        let theirs = "# head!\na: 1 # 1\n\n# about b\nb:\n    c: 1\n    d:\n        - x\n        - theirs\n    # new\n    g:\n        h: |\n            t\n             u\ne: |\n    text\n    more\n";
        let expected = "# head!\na: 1 # 1\n\n# about b\nb:\n  c: 2\n  d:\n    - x\n    - ours # o\n    - theirs\n  # new\n  g:\n      h: |\n          t\n           u\ne: |\n    text\n    more\n# mine\nf: {x: 1}\n";
        assert_eq!(merged(Format::Yaml, base, ours, theirs), expected);
        assert_eq!(
            merged(Format::Yaml, "a: &x 1\nb: *x\n", "a: &x 2\nb: *x\n", "a: &x 1\nb: *x\nc: *x\n"),
            "a: &x 2\nb: *x\nc: *x\n"
        );
        assert_eq!(merged(Format::Yaml, "a:\n  b: 1\n", "a:\n", "a:\n  b: 1\n  c: 2\n"), "Lines");
        assert_eq!(
            merged(Format::Yaml, "a: 1\r\nb: 2\r\n", "a: 3\r\nb: 2\r\n", "a: 1\r\nb: 4\r\n"),
            "a: 3\r\nb: 4\r\n"
        );
        assert_eq!(merged(Format::Yaml, "a: 1", "a: 1\nb: 2", "a: 1\nc: 3"), "a: 1\nb: 2\nc: 3");
    }

    #[test]
    fn toml_keeps_its_tables_together() {
        let base = "# top\na = 1 # one\n\n[t]\nx = 1\n\n[[l]]\nn = 1\n\n[z]\n";
        let ours = "# top\na = 1 # one\nb = 0x10\n\n[t]\nx = 2\n\n[[l]]\nn = 1\n\n[[l]]\nn = 2\n\n[z]\n";
        let theirs = "# top\na = 1 # 1\n\n[t]\nx = 1\ny = [\n  1, # y\n]\n\n[t.u]\nv = 1\n\n[[l]]\nn = 1\n\n[[l]]\nn = 3\n[l.m]\nk = 1\n\n[z]\n";
        let expected = "# top\na = 1 # 1\nb = 0x10\n\n[t]\nx = 2\ny = [\n  1, # y\n]\n\n[t.u]\nv = 1\n\n[[l]]\nn = 1\n\n[[l]]\nn = 2\n\n[[l]]\nn = 3\n[l.m]\nk = 1\n\n[z]\n";
        assert_eq!(merged(Format::Toml, base, ours, theirs), expected);
        assert_eq!(merged(Format::Toml, "", "a = 1\n", "[b]\nc = 2\n"), "a = 1\n[b]\nc = 2\n");
    }

    #[test]
    fn lines_that_say_something_else_are_not_taken() {
        let (base, ours, theirs) =
            ("a: 1\nb: 2\nc: 3\n", "n: 0\na: 1\nb: 2\nc: 3\n", "a: 1\nb: 2\nc: 3\nn: 0\n");
        let twice = "n: 0\na: 1\nb: 2\nc: 3\nn: 0\n";
        let answer = |ours: &str, theirs: &str, lines: &str| {
            merge(
                Format::Yaml,
                base.as_bytes(),
                ours.as_bytes(),
                theirs.as_bytes(),
                Some(lines.as_bytes()),
                Favor::None,
            )
        };
        assert_eq!(answer(ours, theirs, twice), Merged::Document(ours.into()));
        assert_eq!(
            answer("n: 1\na: 1\nb: 2\nc: 3\n", theirs, "n: 1\na: 1\nb: 2\nc: 3\nn: 0\n"),
            Merged::Broken
        );
        assert_eq!(answer("a: 5\nb: 2\nc: 3\n", "a: 1\nb: 2\nc: 6\n", "a: 5\nb: 2\nc: 6\n"), Merged::Lines);
    }
}
