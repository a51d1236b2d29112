//! The four objects: borrowed parsers (`XRef`) and owned writers (`X`).
//!
//! Parsers take what git itself takes when it walks and merges; what only `fsck` complains of is `verify`'s business.

mod commit;
mod links;
mod signature;
mod tag;
mod tree;
mod tree_index;

pub use crate::kind::Kind;
pub use commit::{Commit, CommitRef};
pub use links::CommitLinks;
pub use signature::{Signature, SignatureRef};
pub use tag::{Tag, TagRef};
pub(crate) use tree::write_entry;
pub use tree::{EntryKind, EntryRef, Mode, TreeBuilder, TreeIter, TreeRef, compare_names};
pub use tree_index::TreeIndex;

/// What is wrong with the bytes of an object, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectError {
    /// What was expected and is not there.
    pub problem: &'static str,
    /// Where in the object's bytes, from 0.
    pub offset: usize,
}

impl core::fmt::Display for ObjectError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} at byte {}", self.problem, self.offset)
    }
}

impl core::error::Error for ObjectError {}
