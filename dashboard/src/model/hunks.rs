//! A difference laid out for two columns: what was beside what is, and which part of a changed line differs.

use std::ops::Range;

/// A line of a hunk as the engine gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// On both sides.
    Context,
    /// On the old side alone.
    Removed,
    /// On the new side alone.
    Added,
}

/// A line on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its number, from 1.
    pub number: u32,
    /// Without its line end.
    pub text: String,
    /// The bytes that differ from the other side; empty where the whole line does, or nothing.
    pub changed: Range<usize>,
}

/// Two lines beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Whether both sides hold the same line.
    pub is_context: bool,
    /// What was.
    pub old: Option<Cell>,
    /// What is.
    pub new: Option<Cell>,
}

/// Lays out a hunk that begins at these line numbers. A run of removed lines stands beside the run of added ones after it.
pub fn side_by_side(old_start: u32, new_start: u32, lines: &[(Kind, &str)]) -> Vec<Pair> {
    let (mut old_number, mut new_number) = (old_start, new_start);
    let mut pairs = Vec::with_capacity(lines.len());
    let mut at = 0;
    while at < lines.len() {
        if let (Kind::Context, text) = lines[at] {
            let cell = |number| Some(Cell { number, text: text.to_owned(), changed: 0..0 });
            pairs.push(Pair { is_context: true, old: cell(old_number), new: cell(new_number) });
            (old_number, new_number, at) = (old_number + 1, new_number + 1, at + 1);
            continue;
        }
        let run = |kind, from: usize| lines[from..].iter().take_while(|line| line.0 == kind).count();
        let removed = run(Kind::Removed, at);
        let added = run(Kind::Added, at + removed);
        for line in 0..removed.max(added) {
            let old = (line < removed).then(|| lines[at + line].1);
            let new = (line < added).then(|| lines[at + removed + line].1);
            let (old_changed, new_changed) =
                old.zip(new).map(|(old, new)| differing(old, new)).unwrap_or_default();
            pairs.push(Pair {
                is_context: false,
                old: old.map(|text| Cell {
                    number: old_number + line as u32,
                    text: text.to_owned(),
                    changed: old_changed,
                }),
                new: new.map(|text| Cell {
                    number: new_number + line as u32,
                    text: text.to_owned(),
                    changed: new_changed,
                }),
            });
        }
        (old_number, new_number) = (old_number + removed as u32, new_number + added as u32);
        at += removed + added;
    }
    pairs
}

/// The parts of two lines between their common beginning and their common end; empty where they have too little in common.
fn differing(old: &str, new: &str) -> (Range<usize>, Range<usize>) {
    let start = old
        .chars()
        .zip(new.chars())
        .take_while(|(one, other)| one == other)
        .map(|(one, _)| one.len_utf8())
        .sum();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end: usize = old_rest
        .chars()
        .rev()
        .zip(new_rest.chars().rev())
        .take_while(|(one, other)| one == other)
        .map(|(one, _)| one.len_utf8())
        .sum();
    if (start + end) * 3 < old.len().max(new.len()) {
        return Default::default();
    }
    (start..old.len() - end, start..new.len() - end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Kind::{Added, Context, Removed};

    #[test]
    fn runs_stand_beside_each_other() {
        let lines = [
            (Context, "a"),
            (Removed, "retries: 3"),
            (Removed, "gone"),
            (Added, "retries: 30"),
            (Context, "z"),
            (Added, "end"),
        ];
        let pairs = side_by_side(5, 7, &lines);
        let numbers: Vec<_> = pairs
            .iter()
            .map(|pair| {
                (pair.old.as_ref().map(|cell| cell.number), pair.new.as_ref().map(|cell| cell.number))
            })
            .collect();
        assert_eq!(
            numbers,
            [(Some(5), Some(7)), (Some(6), Some(8)), (Some(7), None), (Some(8), Some(9)), (None, Some(10))]
        );
        assert_eq!(pairs[1].new.as_ref().map(|cell| &cell.text[cell.changed.clone()]), Some("0"));
        assert_eq!(pairs[1].old.as_ref().map(|cell| cell.changed.clone()), Some(10..10));
    }

    #[test]
    fn every_line_is_there_once() {
        let kinds = [Context, Removed, Added];
        for seed in 0u32..729 {
            let lines: Vec<(Kind, String)> =
                (0..6).map(|at| (kinds[(seed / 3u32.pow(at) % 3) as usize], format!("{at}"))).collect();
            let borrowed: Vec<(Kind, &str)> =
                lines.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
            let pairs = side_by_side(1, 1, &borrowed);
            let side = |pick: fn(&Pair) -> Option<&Cell>| {
                pairs.iter().filter_map(pick).map(|cell| cell.text.clone()).collect::<Vec<_>>()
            };
            let expected = |other| {
                lines
                    .iter()
                    .filter(|(kind, _)| *kind != other)
                    .map(|(_, text)| text.clone())
                    .collect::<Vec<_>>()
            };
            assert_eq!(side(|pair| pair.old.as_ref()), expected(Added));
            assert_eq!(side(|pair| pair.new.as_ref()), expected(Removed));
        }
    }

    #[test]
    fn what_differs_is_cut_between_characters() {
        let (old, new) = ("na\u{ef}ve caf\u{e9} one", "na\u{ef}ve caf\u{e8} one");
        let (old_part, new_part) = differing(old, new);
        assert_eq!((&old[old_part], &new[new_part]), ("\u{e9}", "\u{e8}"));
        assert_eq!(differing("entirely", "something else"), (0..0, 0..0));
        assert_eq!(differing("aa", "aaa"), (2..2, 2..3));
    }
}
