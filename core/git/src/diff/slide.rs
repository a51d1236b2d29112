//! The sliding of changed lines that follows every line diff in git: a group of added or removed lines often can stand
//! in several places, and git has its preferences.

use core::ops::Range;

use gix_imara_diff::{IndentHeuristic, IndentLevel, SliderHeuristic};

use super::lines::Token;
use super::myers::Changed;

/// Where a group of changed lines goes that can stand in several places and faces no group of the other text.
#[derive(Clone, Copy)]
pub(crate) enum Sliding<'t> {
    /// As far down as it goes: what merges do.
    Down,
    /// To where the indentation suggests that a block of lines begins or ends: what patches show. Holds the line of
    /// each number.
    ByIndent(&'t [&'t [u8]]),
}

/// Slides every group of changed lines to where git puts it, first those of the old text, then those of the new.
pub(crate) fn slide(changed: &mut Changed, before: &[Token], after: &[Token], sliding: Sliding<'_>) {
    Slider { tokens: before, changed: &mut changed.before, other: &changed.after, sliding }.run();
    Slider { tokens: after, changed: &mut changed.after, other: &changed.before, sliding }.run();
}

/// Slides the groups of one text.
struct Slider<'t> {
    tokens: &'t [Token],
    changed: &'t mut [bool],
    other: &'t [bool],
    sliding: Sliding<'t>,
}

/// A group of changed lines, perhaps empty, and the group of the other text between the same unchanged lines.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    own: Range<usize>,
    other: Range<usize>,
}

impl Slider<'_> {
    fn run(mut self) {
        let mut group = Group { own: 0..end_of(self.changed, 0), other: 0..end_of(self.other, 0) };
        loop {
            if !group.own.is_empty() {
                self.settle(&mut group);
            }
            if group.own.end >= self.tokens.len() {
                return;
            }
            let (own, other) = (group.own.end + 1, group.other.end + 1);
            group = Group { own: own..end_of(self.changed, own), other: other..end_of(self.other, other) };
        }
    }

    /// Finds all places that a group can be moved to, growing with the groups it meets, and chooses one.
    fn settle(&mut self, group: &mut Group) {
        let (mut highest, mut facing);
        loop {
            let length = group.own.len();
            while self.up(group) {}
            highest = group.own.end;
            facing = !group.other.is_empty();
            while self.down(group) {
                facing |= !group.other.is_empty();
            }
            if group.own.len() == length {
                break;
            }
        }
        if group.own.end == highest {
            return;
        }
        if facing {
            while group.other.is_empty() && self.up(group) {}
        } else if let Sliding::ByIndent(lines) = self.sliding {
            let place = group.own.start as u32..group.own.end as u32;
            let mut heuristic = IndentHeuristic::new(|token: Token| indent(lines[token.0 as usize]));
            let end = heuristic.best_slider_end(self.tokens, place, highest as u32) as usize;
            while group.own.end > end && self.up(group) {}
        }
    }

    fn up(&mut self, group: &mut Group) -> bool {
        let Range { start, end } = group.own;
        if start == 0 || self.tokens[start - 1] != self.tokens[end - 1] {
            return false;
        }
        self.changed[start - 1] = true;
        self.changed[end - 1] = false;
        group.own = start_of(self.changed, start - 1)..end - 1;
        let other = group.other.start - 1;
        group.other = start_of(self.other, other)..other;
        true
    }

    fn down(&mut self, group: &mut Group) -> bool {
        let Range { start, end } = group.own;
        if end >= self.tokens.len() || self.tokens[start] != self.tokens[end] {
            return false;
        }
        self.changed[start] = false;
        self.changed[end] = true;
        group.own = start + 1..end_of(self.changed, end + 1);
        let other = group.other.end + 1;
        group.other = other..end_of(self.other, other);
        true
    }
}

/// Where the group that begins at `start` ends.
fn end_of(changed: &[bool], start: usize) -> usize {
    start + changed[start..].iter().take_while(|changed| **changed).count()
}

/// Where the group that ends at `end` begins.
fn start_of(changed: &[bool], end: usize) -> usize {
    end - changed[..end].iter().rev().take_while(|changed| **changed).count()
}

/// How far a line is indented. A form feed is no white space to git.
fn indent(line: &[u8]) -> IndentLevel {
    let bytes = line.iter().map(|byte| if *byte == 0x0c { b'x' } else { *byte });
    IndentLevel::for_ascii_line(bytes, 8)
}
