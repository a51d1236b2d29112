//! Why a revision names nothing.

use alloc::vec::Vec;
use core::fmt;

use bstr::BString;

use super::ExpressionError;
use crate::quoted::Quoted;
use crate::{Kind, ObjectId, ReadError};

/// An object that an abbreviated id may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The object.
    pub id: ObjectId,
    /// Its kind, where it can be read.
    pub kind: Option<Kind>,
}

/// Why a revision names nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevisionError {
    /// The expression itself means nothing.
    Expression(ExpressionError),
    /// Neither a ref nor an id has this name.
    NotFound {
        /// The name.
        name: BString,
    },
    /// Several objects begin with this abbreviated id.
    Ambiguous {
        /// The abbreviated id.
        prefix: BString,
        /// The objects, at least two, in the order in which git lists them.
        candidates: Vec<Candidate>,
    },
    /// The commit has not so many parents.
    NoParent {
        /// The commit.
        commit: ObjectId,
        /// Which parent was asked for, from 1.
        number: u32,
    },
    /// The line of first parents is not so long.
    NoAncestor {
        /// Where it begins.
        commit: ObjectId,
        /// How far back was asked for.
        number: u32,
        /// How far back it goes.
        there_are: u32,
    },
    /// The object does not lead to one of the kind that was asked for.
    WrongKind {
        /// The object.
        id: ObjectId,
        /// What was asked for.
        expected: Kind,
        /// What it leads to.
        found: Kind,
    },
    /// Nothing stands at the path.
    NoPath {
        /// The tree below which it was looked for.
        tree: ObjectId,
        /// The path.
        path: BString,
    },
    /// No message matches.
    NoMatch {
        /// The commit whose ancestors were searched; `None` where all refs were.
        from: Option<ObjectId>,
    },
    /// The repository keeps no reflog for this.
    NoReflog,
    /// The reflog does not go back so far.
    NoReflogEntry {
        /// The ref's full name.
        name: BString,
        /// What stood between the braces.
        position: BString,
    },
    /// Not so many branches were checked out before.
    NoPriorBranch {
        /// How far back was asked for, from 1.
        nth: u32,
    },
    /// Upstream branches are a matter of git's configuration, which is not part of a repository in memory.
    NoUpstream {
        /// The branch; empty for the current one.
        name: BString,
    },
    /// An object could not be read.
    Read(ReadError),
}

impl From<ReadError> for RevisionError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl fmt::Display for RevisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expression(error) => error.fmt(f),
            Self::NotFound { name } => write!(f, "'{name}' is neither a ref nor an object"),
            Self::Ambiguous { prefix, candidates } => {
                write!(f, "'{prefix}' may mean any of {} objects:", candidates.len())?;
                candidates.iter().try_for_each(|candidate| match candidate.kind {
                    Some(kind) => write!(f, " {} ({kind})", candidate.id),
                    None => write!(f, " {}", candidate.id),
                })
            }
            Self::NoParent { commit, number } => write!(f, "commit {commit} has no parent {number}"),
            Self::NoAncestor { commit, number, there_are } => {
                write!(f, "commit {commit} has {there_are} first parents behind it, not {number}")
            }
            Self::WrongKind { id, expected, found } => {
                write!(f, "object {id} leads to a {found}, not to a {expected}")
            }
            Self::NoPath { tree, path } => write!(f, "path {} is not in tree {tree}", Quoted(path)),
            Self::NoMatch { from: Some(from) } => write!(f, "no message of {from} or before matches"),
            Self::NoMatch { from: None } => f.write_str("no message matches"),
            Self::NoReflog => f.write_str("the expression needs a reflog, and there is none"),
            Self::NoReflogEntry { name, position } => {
                write!(f, "the reflog of {name} does not go back to '{position}'")
            }
            Self::NoPriorBranch { nth } => write!(f, "fewer than {nth} branches were checked out before"),
            Self::NoUpstream { name } => write!(f, "no upstream is known for '{name}'"),
            Self::Read(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RevisionError {}
