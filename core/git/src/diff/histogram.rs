//! Histogram diff with git's choices.
//!
//! The longest run of common lines around the rarest line splits both ranges in two, and so on. Ranges are not trimmed
//! first, because git does not, and the choice of the first run depends on it. Works on numbered lines; knows no text.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::lines::Token;
use super::myers::{Changed, myers};

/// Lines that occur more often than this in the old range are no place to split; where there are no others, Myers
/// takes over.
const OCCURRENCES_MAX: u32 = 64;

/// Steps after which Myers takes over the rest, for texts that were made to be split line by line.
const STEPS_MAX: u64 = 1 << 30;

/// Finds the lines without partner.
pub(crate) fn histogram(before: &[Token], after: &[Token], distinct: u32) -> Changed {
    let mut changed = Changed { before: vec![false; before.len()], after: vec![false; after.len()] };
    let mut search = Search {
        before,
        after,
        first: vec![NONE; distinct as usize],
        count: vec![0; distinct as usize],
        next: vec![NONE; before.len()],
        steps: 0,
    };
    let mut open = vec![(0..before.len(), 0..after.len())];
    while let Some((old, new)) = open.pop() {
        if old.is_empty() || new.is_empty() {
            changed.before[old].fill(true);
            changed.after[new].fill(true);
            continue;
        }
        match search.split(&old, &new) {
            Split::Nothing => {
                changed.before[old].fill(true);
                changed.after[new].fill(true);
            }
            Split::TooCommon => {
                let part = myers(&before[old.clone()], &after[new.clone()], distinct);
                changed.before[old].copy_from_slice(&part.before);
                changed.after[new].copy_from_slice(&part.after);
            }
            Split::At(run) => {
                open.push((run.before + run.length..old.end, run.after + run.length..new.end));
                open.push((old.start..run.before, new.start..run.after));
            }
        }
    }
    changed
}

/// No position.
const NONE: u32 = u32::MAX;

/// Lines that both ranges have in common.
#[derive(Clone, Copy, Debug)]
struct Run {
    before: usize,
    after: usize,
    length: usize,
    /// How often the rarest of its lines occurs in the old range.
    occurrences: u32,
}

enum Split {
    /// The ranges have no line in common.
    Nothing,
    /// All common lines occur too often.
    TooCommon,
    /// The run around which both are split.
    At(Run),
}

struct Search<'t> {
    before: &'t [Token],
    after: &'t [Token],
    /// By line number: its first position in the old range.
    first: Vec<u32>,
    /// By line number: how often it occurs in the old range.
    count: Vec<u32>,
    /// By old position: the next position with the same line.
    next: Vec<u32>,
    steps: u64,
}

impl Search<'_> {
    fn split(&mut self, old: &Range<usize>, new: &Range<usize>) -> Split {
        self.steps += (old.len() + new.len()) as u64;
        if self.steps > STEPS_MAX {
            return Split::TooCommon;
        }
        for at in old.clone().rev() {
            let token = self.before[at].0 as usize;
            self.next[at] = self.first[token];
            self.first[token] = at as u32;
            self.count[token] += 1;
        }
        let mut best = Run { before: 0, after: 0, length: 0, occurrences: OCCURRENCES_MAX + 1 };
        let mut common = false;
        let mut at = new.start;
        while at < new.end {
            let count = self.count[self.after[at].0 as usize];
            common |= count > 0;
            at = if count > 0 && count <= best.occurrences {
                self.extend(at, old, new, &mut best)
            } else {
                at + 1
            };
        }
        for at in old.clone() {
            let token = self.before[at].0 as usize;
            (self.first[token], self.count[token]) = (NONE, 0);
        }
        match (common, best.occurrences <= OCCURRENCES_MAX) {
            (false, _) => Split::Nothing,
            (true, false) => Split::TooCommon,
            (true, true) => Split::At(best),
        }
    }

    /// Tries every run through the new line `at`; returns the first new line that none of them covers.
    fn extend(&mut self, at: usize, old: &Range<usize>, new: &Range<usize>, best: &mut Run) -> usize {
        let token = self.after[at].0 as usize;
        let mut uncovered = at + 1;
        let mut position = self.first[token];
        while position != NONE {
            let mut occurrences = self.count[token];
            let (mut old_start, mut new_start) = (position as usize, at);
            while old_start > old.start
                && new_start > new.start
                && self.before[old_start - 1] == self.after[new_start - 1]
            {
                (old_start, new_start) = (old_start - 1, new_start - 1);
                occurrences = occurrences.min(self.count[self.before[old_start].0 as usize]);
            }
            let (mut old_end, mut new_end) = (position as usize + 1, at + 1);
            while old_end < old.end && new_end < new.end && self.before[old_end] == self.after[new_end] {
                occurrences = occurrences.min(self.count[self.before[old_end].0 as usize]);
                (old_end, new_end) = (old_end + 1, new_end + 1);
            }
            uncovered = uncovered.max(new_end);
            let length = old_end - old_start;
            self.steps += length as u64;
            if best.length < length || occurrences < best.occurrences {
                *best = Run { before: old_start, after: new_start, length, occurrences };
            }
            while position != NONE && (position as usize) < old_end {
                position = self.next[position as usize];
            }
        }
        uncovered
    }
}
