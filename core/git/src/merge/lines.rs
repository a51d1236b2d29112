//! The three files of a merge, cut into lines that are numbered alike, and the changes between them.
//!
//! Knows nothing of conflicts.

use alloc::vec::Vec;

use crate::diff::change::{Algorithm, Change, changes};
use crate::diff::lines::{Lines, Numbers, Token};
use crate::diff::slide::Sliding;

/// The three files of a merge.
#[derive(Debug)]
pub(super) struct ThreeFiles<'a> {
    pub base: Lines<'a>,
    pub ours: Lines<'a>,
    pub theirs: Lines<'a>,
    distinct: u32,
}

impl<'a> ThreeFiles<'a> {
    /// Cuts and numbers the lines. Each text is shorter than 2^31 bytes, which the caller guarantees.
    pub fn new(base: &'a [u8], ours: &'a [u8], theirs: &'a [u8]) -> Self {
        let mut numbers = Numbers::default();
        let base = numbers.first(base);
        let ours = numbers.side(&base, ours);
        let theirs = numbers.side(&base, theirs);
        Self { base, ours, theirs, distinct: numbers.count() }
    }

    /// The changes that lead from one range of lines to another, as git's merge aligns them.
    pub fn changes(&self, algorithm: Algorithm, before: &[Token], after: &[Token]) -> Vec<Change> {
        changes(algorithm, Sliding::Down, before, after, self.distinct)
    }
}
