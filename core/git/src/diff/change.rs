//! The changes between two texts: found by one of two algorithms, moved to where git shows them, and grouped.

use alloc::vec::Vec;
use core::ops::Range;

use super::histogram::histogram;
use super::lines::Token;
use super::myers::{Changed, myers};
use super::slide::{Sliding, slide};

/// How changed lines are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// By the rarest common lines first: what `git merge` uses.
    #[default]
    Histogram,
    /// The shortest edit script: what `git diff` and `git merge-file` use unless they are asked for another.
    Myers,
}

/// Lines that give way to others. Lines count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The lines of the old text, perhaps none.
    pub before: Range<u32>,
    /// The lines of the new text, perhaps none.
    pub after: Range<u32>,
}

/// The changes that lead from one range of lines to another, in git's choice. `distinct` is above every number.
pub(crate) fn changes(
    algorithm: Algorithm,
    sliding: Sliding<'_>,
    before: &[Token],
    after: &[Token],
    distinct: u32,
) -> Vec<Change> {
    let mut changed = match algorithm {
        Algorithm::Histogram => histogram(before, after, distinct),
        Algorithm::Myers => myers(before, after, distinct),
    };
    slide(&mut changed, before, after, sliding);
    groups(&changed)
}

/// The groups of changed lines that stand between the same unchanged lines.
fn groups(changed: &Changed) -> Vec<Change> {
    let mut groups = Vec::new();
    let (mut before, mut after) = (0, 0);
    let length = |changed: &[bool], start: usize| {
        changed.get(start..).unwrap_or_default().iter().take_while(|changed| **changed).count()
    };
    while before < changed.before.len() || after < changed.after.len() {
        let (removed, added) = (length(&changed.before, before), length(&changed.after, after));
        if removed + added > 0 {
            groups.push(Change {
                before: before as u32..(before + removed) as u32,
                after: after as u32..(after + added) as u32,
            });
        }
        (before, after) = (before + removed + 1, after + added + 1);
    }
    groups
}
