//! Lines without partner, by a short edit script. Beside `lines` and `slide` the only file that names the library of line diffs.

use alloc::vec::Vec;

use gix_imara_diff::{Algorithm, Diff};

use super::lines::Token;

/// Which lines of two texts have no partner in the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changed {
    pub before: Vec<bool>,
    pub after: Vec<bool>,
}

/// A short edit script, as git's Myers finds it, with its shortcuts where the texts have little in common.
pub(crate) fn myers(before: &[Token], after: &[Token], distinct: u32) -> Changed {
    let mut diff = Diff::default();
    diff.compute_with(Algorithm::Myers, before, after, distinct);
    Changed {
        before: (0..before.len()).map(|at| diff.is_removed(at as u32)).collect(),
        after: (0..after.len()).map(|at| diff.is_added(at as u32)).collect(),
    }
}
