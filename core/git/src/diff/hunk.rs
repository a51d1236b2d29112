//! Two texts to hunks: changes with the unchanged lines around them, joined where these would touch.

use alloc::vec::Vec;
use core::ops::Range;

use super::binary::is_text;
use super::change::{Algorithm, Change, changes};
use super::lines::{Lines, Numbers};
use super::slide::Sliding;

/// Two texts and the changes that lead from one to the other.
#[derive(Debug)]
pub struct TextDiff<'a> {
    old: Lines<'a>,
    new: Lines<'a>,
    changes: Vec<Change>,
}

/// Changes that stand close together, with the unchanged lines around them. Lines count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The lines of the old text.
    pub old: Range<u32>,
    /// The lines of the new text.
    pub new: Range<u32>,
    /// The changes, by their places in the list of all.
    changes: Range<usize>,
}

/// What a line of a hunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// It is in both texts.
    Context,
    /// It is only in the old text.
    Removed,
    /// It is only in the new text.
    Added,
}

impl LineKind {
    /// The character that patches put before such a line.
    pub const fn sign(self) -> u8 {
        match self {
            Self::Context => b' ',
            Self::Removed => b'-',
            Self::Added => b'+',
        }
    }
}

impl<'a> TextDiff<'a> {
    /// Compares two contents; `None` where one is no text: binary, 512 MiB or more, or more than
    /// 16 million lines.
    pub fn new(old: &'a [u8], new: &'a [u8], algorithm: Algorithm) -> Option<Self> {
        (is_text(old) && is_text(new)).then(|| Self::compare(old, new, algorithm))
    }

    /// As [`TextDiff::new`], with changes as far down as they go, whatever the indentation: for patch ids. The caller
    /// knows that both are texts.
    pub(crate) fn sliding_down(old: &'a [u8], new: &'a [u8], algorithm: Algorithm) -> Self {
        Self::compare_with(old, new, algorithm, false)
    }

    /// As [`TextDiff::new`], for hunks without context.
    ///
    /// Git then leaves out what is the same at the ends of the texts, in whole blocks of 1,024 bytes and up to the end
    /// of a line; which of equal lines count as changed can depend on it.
    pub fn without_context(old: &'a [u8], new: &'a [u8], algorithm: Algorithm) -> Option<Self> {
        (is_text(old) && is_text(new)).then(|| Self::for_blame(old, new, algorithm))
    }

    /// As [`TextDiff::without_context`], whatever the contents are; the caller knows that they are small enough.
    pub(crate) fn for_blame(old: &'a [u8], new: &'a [u8], algorithm: Algorithm) -> Self {
        let (short_old, short_new) = without_equal_tail(old, new);
        Self::compare(short_old, short_new, algorithm)
    }

    fn compare(old: &'a [u8], new: &'a [u8], algorithm: Algorithm) -> Self {
        Self::compare_with(old, new, algorithm, true)
    }

    fn compare_with(old: &'a [u8], new: &'a [u8], algorithm: Algorithm, by_indent: bool) -> Self {
        let mut numbers = Numbers::default();
        let old = numbers.first(old);
        let new = numbers.side(&old, new);
        let sliding = if by_indent { Sliding::ByIndent(numbers.lines()) } else { Sliding::Down };
        let changes = changes(algorithm, sliding, &old.tokens, &new.tokens, numbers.count());
        Self { old, new, changes }
    }

    /// The changes, in order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// How many lines were removed and added.
    pub fn line_counts(&self) -> (u32, u32) {
        let length = |range: &Range<u32>| range.end - range.start;
        self.changes.iter().fold((0, 0), |(removed, added), change| {
            (removed + length(&change.before), added + length(&change.after))
        })
    }

    /// The hunks with up to `context` unchanged lines before, between and after their changes.
    pub fn hunks(&self, context: u32) -> Vec<Hunk> {
        let mut hunks: Vec<Hunk> = Vec::new();
        for (at, change) in self.changes.iter().enumerate() {
            let end = |end: u32, length: u32| end.saturating_add(context).min(length);
            let (old_end, new_end) =
                (end(change.before.end, self.old.len()), end(change.after.end, self.new.len()));
            let previous = at.checked_sub(1).map(|previous| self.changes[previous].before.end);
            if let (Some(hunk), Some(previous)) = (hunks.last_mut(), previous)
                && change.before.start - previous <= context.saturating_mul(2)
            {
                (hunk.old.end, hunk.new.end, hunk.changes.end) = (old_end, new_end, at + 1);
                continue;
            }
            hunks.push(Hunk {
                old: change.before.start.saturating_sub(context)..old_end,
                new: change.after.start.saturating_sub(context)..new_end,
                changes: at..at + 1,
            });
        }
        hunks
    }

    /// The lines of a hunk in the order of a patch, each with the newline that ends it, if one does.
    pub fn lines<'t>(&'t self, hunk: &Hunk) -> impl Iterator<Item = (LineKind, &'a [u8])> + use<'t, 'a> {
        let changes = &self.changes[hunk.changes.clone()];
        let last = changes.last().map_or(hunk.old.start, |change| change.before.end);
        let (start, end) = (hunk.old.start, hunk.old.end);
        let inner = changes.iter().scan(start, move |at, change| {
            let context = *at..change.before.start;
            *at = change.before.end;
            let old = |kind| move |line| (kind, self.old.line(line));
            let added = change.after.clone().map(|line| (LineKind::Added, self.new.line(line)));
            let removed = change.before.clone().map(old(LineKind::Removed));
            Some(context.map(old(LineKind::Context)).chain(removed).chain(added))
        });
        inner.flatten().chain((last..end).map(|line| (LineKind::Context, self.old.line(line))))
    }

    /// The last of some old lines that looks like the head of a function: it starts with a letter, `_` or `$`.
    /// Its first 80 bytes, without white space at their end, up to where they are no UTF-8.
    pub fn heading(&self, lines: Range<u32>) -> Option<&'a [u8]> {
        let is_head = |line: &&[u8]| matches!(line.first(), Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$'));
        let line = lines.rev().map(|at| self.old.line(at)).find(is_head)?;
        let line = &line[..line.len().min(HEADING_BYTES_MAX)];
        let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        Some(valid_start(&line[..line.len() - line.iter().rev().take_while(blank).count()]))
    }
}

/// What stands before the first byte that is no UTF-8, or stands for U+FFFE or U+FFFF, which git takes for none.
fn valid_start(line: &[u8]) -> &[u8] {
    let valid = match core::str::from_utf8(line) {
        Ok(_) => line,
        Err(error) => &line[..error.valid_up_to()],
    };
    let forbidden = valid.windows(3).position(|bytes| matches!(bytes, [0xef, 0xbf, 0xbe | 0xbf]));
    &valid[..forbidden.unwrap_or(valid.len())]
}

fn without_equal_tail<'a>(old: &'a [u8], new: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let blocks = old.rchunks_exact(1024).zip(new.rchunks_exact(1024)).take_while(|(a, b)| a == b).count();
    let tail = &old[old.len() - blocks * 1024..];
    let kept = tail.iter().position(|byte| *byte == b'\n').map_or(tail.len(), |newline| newline + 1);
    let cut = tail.len() - kept;
    (&old[..old.len() - cut], &new[..new.len() - cut])
}

/// Longest heading of a hunk, in bytes.
const HEADING_BYTES_MAX: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::String;

    fn numbered(lines: Range<u32>) -> String {
        lines.map(|line| format!("{line}\n")).collect()
    }

    fn places(old: &str, new: &str, context: u32) -> Vec<(Range<u32>, Range<u32>)> {
        let diff = TextDiff::new(old.as_bytes(), new.as_bytes(), Algorithm::Myers).unwrap();
        diff.hunks(context).into_iter().map(|hunk| (hunk.old, hunk.new)).collect()
    }

    #[test]
    fn hunks_that_touch_are_one() {
        let old = numbered(0..40);
        let new = old.replace("10\n", "x\n").replace("17\n", "");
        assert_eq!(places(&old, &new, 3), [(7..21, 7..20)]);
        assert_eq!(places(&old, &new, 2), [(8..13, 8..13), (15..20, 15..19)]);
        assert_eq!(places(&old, &new, 0), [(10..11, 10..11), (17..18, 17..17)]);
        assert_eq!(places(&old, &new, u32::MAX), [(0..40, 0..39)]);
        assert_eq!(places(&old, &old, 3), []);
    }

    #[test]
    fn lines_come_in_the_order_of_a_patch() {
        let diff = TextDiff::new(b"a\nb\nc", b"a\nx\ny\nc", Algorithm::Histogram).unwrap();
        let hunks = diff.hunks(3);
        let lines: Vec<String> = diff
            .lines(&hunks[0])
            .map(|(kind, line)| format!("{}{}", char::from(kind.sign()), String::from_utf8_lossy(line)))
            .collect();
        assert_eq!(lines, [" a\n", "-b\n", "+x\n", "+y\n", " c"]);
        assert_eq!(diff.line_counts(), (1, 2));
    }

    #[test]
    fn both_texts_can_be_read_from_the_hunks() {
        let mut seed = 1u64;
        let mut below = |bound: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % bound
        };
        for round in 0..2000 {
            let distinct = [2, 3, 8, 40][round % 4];
            let mut text = || {
                let lines = below(30);
                let mut text: String = (0..lines).map(|_| format!("{}\n", below(distinct))).collect();
                if below(4) == 0 {
                    text.pop();
                }
                text
            };
            let (old, new) = (text(), text());
            for algorithm in [Algorithm::Myers, Algorithm::Histogram] {
                let diff = TextDiff::new(old.as_bytes(), new.as_bytes(), algorithm).unwrap();
                let (mut old_read, mut new_read) = (Vec::new(), Vec::new());
                for hunk in diff.hunks(u32::MAX) {
                    for (kind, line) in diff.lines(&hunk) {
                        if kind != LineKind::Added {
                            old_read.extend_from_slice(line);
                        }
                        if kind != LineKind::Removed {
                            new_read.extend_from_slice(line);
                        }
                    }
                }
                if old != new {
                    assert_eq!((old_read, new_read), (old.clone().into_bytes(), new.clone().into_bytes()));
                }
            }
        }
    }

    #[test]
    fn headings_end_where_they_are_no_text() {
        let heading = |first: &[u8]| {
            let old = [first, b"\n1\n2\n3\n4\n5\n"].concat();
            let new = [first, b"\n1\n2\n3\n4\nx\n"].concat();
            let diff = TextDiff::new(&old, &new, Algorithm::Myers).unwrap();
            diff.heading(0..diff.hunks(3)[0].old.start).map(Vec::from)
        };
        assert_eq!(heading(b"fn a() {\t \r"), Some(b"fn a() {".into()));
        assert_eq!(heading(b"def \xe9 x"), Some(b"def ".into()));
        assert_eq!(heading(b"w\xef\xbf\xbe"), Some(b"w".into()));
        assert_eq!(heading(b" indented"), None);
        let long = "é".repeat(50);
        assert_eq!(heading(format!("x{long}").as_bytes()), Some(format!("x{}", "é".repeat(39)).into_bytes()));
    }

    #[test]
    fn binary_contents_have_no_lines() {
        assert!(TextDiff::new(b"a\0", b"b", Algorithm::Myers).is_none());
        let mut late = std::vec![b'x'; 8001];
        late[8000] = 0;
        assert!(TextDiff::new(&late, b"b", Algorithm::Myers).is_some());
    }

    #[test]
    fn equal_tails_are_cut_at_a_line() {
        let tail = numbered(0..1000);
        let (old, new) = (format!("a\n{tail}"), format!("b\nc\n{tail}"));
        let (short_old, short_new) = without_equal_tail(old.as_bytes(), new.as_bytes());
        assert_eq!(old.len() - short_old.len(), new.len() - short_new.len());
        assert!(short_old.len() < 1100 && short_old.ends_with(b"\n"));
        assert_eq!(without_equal_tail(b"a\n", b"a\n"), (&b"a\n"[..], &b"a\n"[..]));
    }
}
