//! What can be wrong with a pack or its index, and where.

use super::delta::DeltaError;
use super::zlib::ZlibError;
use crate::id::hasher::Collision;
use crate::limits::LimitExceeded;
use crate::{ObjectId, ReadError};

/// Why a pack was refused, could not be read or could not be written. Offsets are those of the entry that is at fault,
/// in bytes from the start of the pack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PackError {
    /// It does not begin with `PACK`.
    Signature,
    /// Neither version 2 nor 3.
    Version {
        /// What it states.
        found: u32,
    },
    /// It ends too early.
    Truncated {
        /// Where the entry or trailer begins that is cut off.
        offset: u64,
    },
    /// Bytes follow its end.
    TrailingBytes {
        /// Where it ends.
        offset: u64,
    },
    /// Its trailer is not the hash of its bytes.
    Checksum {
        /// What the trailer states.
        stated: ObjectId,
        /// What the bytes hash to.
        found: ObjectId,
    },
    /// An entry makes no sense, or is not what the index says of it.
    Entry {
        /// The entry.
        offset: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The zlib stream of an entry is broken, or not as long as is stated.
    Zlib {
        /// The entry.
        offset: u64,
        /// What is wrong with it.
        error: ZlibError,
    },
    /// A delta is broken.
    Delta {
        /// The entry.
        offset: u64,
        /// What is wrong with it.
        error: DeltaError,
    },
    /// A delta names a base where no entry begins.
    BaseOffset {
        /// The entry.
        offset: u64,
        /// How far before it the base is said to begin.
        distance: u64,
    },
    /// The base of a delta is neither in the pack nor elsewhere, or is made from the delta itself.
    MissingBase {
        /// The first entry that needs it.
        offset: u64,
        /// The base.
        base: ObjectId,
    },
    /// An object is there twice.
    Duplicate {
        /// The second entry.
        offset: u64,
        /// The object.
        id: ObjectId,
    },
    /// An object carries a SHA-1 collision attack.
    Collision {
        /// The entry; 0 where it is the pack as a whole.
        offset: u64,
    },
    /// It needs more than is allowed.
    Limit {
        /// The entry; 0 where it is the pack as a whole.
        offset: u64,
        /// The bound.
        limit: LimitExceeded,
    },
    /// The index is malformed, or is that of another pack.
    Index {
        /// What is wrong with it.
        problem: &'static str,
        /// Where in the index, in bytes from its start.
        offset: u64,
    },
    /// An object that belongs into the pack, or is a base of it, cannot be read.
    Source(ReadError),
}

impl PackError {
    /// The same in a few words and an offset, for errors about a single object.
    pub(super) fn problem(&self) -> (&'static str, u64) {
        match self {
            Self::Truncated { offset } => ("the pack ends within the entry", *offset),
            Self::Entry { offset, problem } => (problem, *offset),
            Self::Zlib { offset, error } => (error.problem(), *offset),
            Self::Delta { offset, error } => (error.problem(), *offset),
            Self::BaseOffset { offset, .. } => ("the delta's base is no entry of the pack", *offset),
            Self::Collision { offset } => ("the object carries a SHA-1 collision attack", *offset),
            Self::MissingBase { offset, .. } => ("the delta's base is missing", *offset),
            Self::Index { problem, offset } => (problem, *offset),
            _ => ("the pack cannot be read", 0),
        }
    }
}

impl core::fmt::Display for PackError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Signature => f.write_str("these bytes are no pack"),
            Self::Version { found } => write!(f, "packs of version {found} are unknown"),
            Self::Truncated { offset } => write!(f, "the pack is cut off in what begins at byte {offset}"),
            Self::TrailingBytes { offset } => write!(f, "bytes follow the end of the pack at byte {offset}"),
            Self::Checksum { stated, found } => {
                write!(f, "the pack states the checksum {stated} and has {found}")
            }
            Self::Entry { offset, problem } => write!(f, "entry at byte {offset}: {problem}"),
            Self::Zlib { offset, error } => write!(f, "entry at byte {offset}: {error}"),
            Self::Delta { offset, error } => write!(f, "entry at byte {offset}: {error}"),
            Self::BaseOffset { offset, distance } => {
                write!(f, "entry at byte {offset}: no entry begins {distance} bytes before it")
            }
            Self::MissingBase { offset, base } => {
                write!(f, "entry at byte {offset}: its base {base} is missing")
            }
            Self::Duplicate { offset, id } => write!(f, "entry at byte {offset}: {id} is there twice"),
            Self::Collision { offset } => write!(f, "entry at byte {offset}: {Collision}"),
            Self::Limit { offset, limit } => write!(f, "entry at byte {offset}: {limit}"),
            Self::Index { problem, offset } => write!(f, "pack index, byte {offset}: {problem}"),
            Self::Source(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for PackError {}

impl From<ReadError> for PackError {
    fn from(error: ReadError) -> Self {
        Self::Source(error)
    }
}
