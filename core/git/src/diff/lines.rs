//! Lines of files as numbers.
//!
//! Equal lines have equal numbers. What a file shares with another at both ends is not hashed again.

use alloc::vec::Vec;
use core::ops::Range;

use bstr::ByteSlice;
use hashbrown::HashTable;

use crate::name_map::NameMap;

/// The number of a line.
pub(crate) use gix_imara_diff::Token;

/// A text cut into lines, each with the newline that ends it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    /// Where each line ends in `bytes`.
    ends: Vec<u32>,
    /// The number of each line.
    pub(crate) tokens: Vec<Token>,
}

impl<'a> Lines<'a> {
    /// The bytes of a range of lines.
    pub fn text(&self, lines: Range<u32>) -> &'a [u8] {
        &self.bytes[self.start(lines.start)..self.start(lines.end)]
    }

    /// The bytes of one line.
    pub fn line(&self, at: u32) -> &'a [u8] {
        self.text(at..at + 1)
    }

    /// Number of lines.
    pub fn len(&self) -> u32 {
        self.ends.len() as u32
    }

    /// The numbers of a range of lines.
    pub fn range(&self, lines: Range<u32>) -> &[Token] {
        &self.tokens[lines.start as usize..lines.end as usize]
    }

    fn start(&self, line: u32) -> usize {
        match line.checked_sub(1) {
            Some(before) => self.ends[before as usize] as usize,
            None => 0,
        }
    }

    /// Cuts a text, shorter than 2^31 bytes, which the caller guarantees; its lines have no numbers yet.
    fn cut(bytes: &'a [u8]) -> Self {
        debug_assert!(bytes.len() < 1 << 31, "texts are bounded");
        let mut ends = Vec::with_capacity(bytes.len() / 32 + 1);
        let mut at = 0;
        while at < bytes.len() {
            at = bytes[at..].find_byte(b'\n').map_or(bytes.len(), |newline| at + newline + 1);
            ends.push(at as u32);
        }
        Self { bytes, ends, tokens: Vec::new() }
    }
}

/// The distinct lines met so far; a line's number is its place among them.
#[derive(Default)]
pub(crate) struct Numbers<'a> {
    lines: Vec<&'a [u8]>,
    table: HashTable<(u32, u32)>,
    /// How often a line met another with the same hash.
    collisions: u32,
    /// Takes the place of the table where the lines were made to collide.
    sorted: Option<NameMap<&'a [u8], u32>>,
}

/// Lines of a text for which room is made at once.
const RESERVED_MAX: usize = 1 << 16;

/// Collisions that chance does not explain: a million lines have about a hundred.
const COLLISIONS_MAX: u32 = 10_000;

impl<'a> Numbers<'a> {
    /// The line of each number.
    pub fn lines(&self) -> &[&'a [u8]] {
        &self.lines
    }

    /// How many distinct lines there are: every number is below.
    pub fn count(&self) -> u32 {
        self.lines.len() as u32
    }

    /// Numbers the lines of a text.
    pub fn first(&mut self, bytes: &'a [u8]) -> Lines<'a> {
        let mut lines = Lines::cut(bytes);
        self.reserve(lines.ends.len());
        lines.tokens = (0..lines.len()).map(|at| self.of(lines.line(at))).collect();
        lines
    }

    fn reserve(&mut self, lines: usize) {
        // Where there are many, most are often not distinct.
        let lines = lines.min(RESERVED_MAX);
        self.lines.reserve(lines);
        self.table.reserve(lines, |(hash, _)| spread(*hash));
    }

    fn of(&mut self, line: &'a [u8]) -> Token {
        let hash = hash(line);
        let Self { lines, table, collisions, sorted } = self;
        let next = lines.len() as u32;
        let found = match sorted {
            Some(sorted) => *sorted.get_or_insert_with(line, || next),
            None => {
                let same = |(other, number): &(u32, u32)| {
                    let same = *other == hash && lines[*number as usize] == line;
                    *collisions += u32::from(*other == hash && !same);
                    same
                };
                table.entry(spread(hash), same, |(hash, _)| spread(*hash)).or_insert((hash, next)).get().1
            }
        };
        if found == next {
            lines.push(line);
        }
        if *collisions > COLLISIONS_MAX && sorted.is_none() {
            *sorted = Some(lines.iter().copied().zip(0..).collect());
        }
        Token(found)
    }

    /// Numbers the lines of a text that is like `base`; the lines of their longest common ends need no hashing.
    pub fn side(&mut self, base: &Lines<'a>, bytes: &'a [u8]) -> Lines<'a> {
        let mut side = Lines::cut(bytes);
        let shortest = base.bytes.len().min(bytes.len());
        let same_start = common_prefix(base.bytes, bytes);
        let head = if same_start == base.bytes.len() && same_start == bytes.len() {
            base.ends.len()
        } else {
            side.ends.partition_point(|end| *end as usize <= same_start && bytes[*end as usize - 1] == b'\n')
        };
        let head_bytes = side.start(head as u32);
        let same_end = common_suffix(&base.bytes[head_bytes..], &bytes[head_bytes..]).min(shortest);
        let starts_in_tail = |line: usize| bytes.len() - side.start(line as u32) < same_end;
        let mut tail = 0;
        while head + tail < side.ends.len().min(base.ends.len()) && starts_in_tail(side.ends.len() - 1 - tail)
        {
            tail += 1;
        }
        self.reserve((side.ends.len() - tail).saturating_sub(head));
        side.tokens.reserve_exact(side.ends.len());
        side.tokens.extend_from_slice(&base.tokens[..head]);
        for at in head..side.ends.len() - tail {
            let line = side.line(at as u32);
            side.tokens.push(self.of(line));
        }
        side.tokens.extend_from_slice(&base.tokens[base.ends.len() - tail..]);
        side
    }
}

/// How many bytes two texts share at their start.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let blocks = a.chunks_exact(64).zip(b.chunks_exact(64)).take_while(|(a, b)| a == b).count() * 64;
    blocks + a[blocks..].iter().zip(&b[blocks..]).take_while(|(a, b)| a == b).count()
}

/// How many bytes two texts share at their end.
fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    let blocks = a.rchunks_exact(64).zip(b.rchunks_exact(64)).take_while(|(a, b)| a == b).count() * 64;
    let (a, b) = (&a[..a.len() - blocks], &b[..b.len() - blocks]);
    blocks + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

/// The table looks at the top bits too.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(MULTIPLIER)
}

fn hash(line: &[u8]) -> u32 {
    let (words, rest) = line.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let words = words.iter().chain([&last]).map(|word| u64::from_le_bytes(*word));
    (words.fold(start(line.len()), mix) >> 32) as u32
}

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

fn start(length: usize) -> u64 {
    (length as u64).wrapping_mul(MULTIPLIER)
}

fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(23) ^ word).wrapping_mul(MULTIPLIER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_collide_are_told_apart() {
        // Behind any first word there is one that undoes what it did to the hash.
        let line = |n: u64| {
            let first = n.wrapping_mul(0x0101_0101_0101_0101);
            let state = mix(start(16), first);
            [first.to_le_bytes(), state.rotate_left(23).to_le_bytes()].concat()
        };
        let lines: Vec<Vec<u8>> = (0..300).map(line).collect();
        assert!(lines.iter().all(|line| hash(line) == hash(&lines[0])));
        let mut numbers = Numbers { collisions: COLLISIONS_MAX - 100, ..Numbers::default() };
        for _ in 0..2 {
            let tokens: Vec<u32> = lines.iter().map(|line| numbers.of(line).0).collect();
            assert_eq!(tokens, (0..300).collect::<Vec<u32>>());
        }
        assert!(numbers.sorted.is_some());
    }

    #[test]
    fn equal_lines_have_equal_numbers() {
        let texts: [&[u8]; 9] =
            [b"", b"a", b"a\n", b"a\nb", b"b\na\nb", b"a\nb\n", b"a\na\na\n", b"x\na\na\n", b"\n\n"];
        for base in texts {
            for ours in texts {
                for theirs in texts {
                    let mut numbers = Numbers::default();
                    let first = numbers.first(base);
                    let (second, third) = (numbers.side(&first, ours), numbers.side(&first, theirs));
                    let sides = [&first, &second, &third];
                    let all: Vec<_> = sides
                        .into_iter()
                        .flat_map(|side| (0..side.len()).map(|at| (side.line(at), side.tokens[at as usize])))
                        .collect();
                    for (line, token) in &all {
                        for (other_line, other) in &all {
                            assert_eq!(line == other_line, token == other, "{base:?} {ours:?} {theirs:?}");
                        }
                    }
                }
            }
        }
    }
}
