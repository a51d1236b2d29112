//! Why a fetch cannot be answered, in the words that git's client shows.

use bstr::BString;

use crate::pack::PackError;
use crate::{ObjectId, ReadError};

/// Why a fetch cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchError {
    /// A wanted id is not here, or may not be asked for.
    NotOurRef(ObjectId),
    /// A wanted ref is not here.
    UnknownRef(BString),
    /// What `deepen-not` names is no ref, or several.
    DeepenNot(BString),
    /// A client's history cannot be cut at something that is no commit.
    NoCommit(ObjectId),
    /// No commit is as new as was asked.
    NothingSelected,
    /// An object could not be read.
    Read(ReadError),
    /// The pack could not be made.
    Pack(PackError),
}

impl core::fmt::Display for FetchError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotOurRef(id) => write!(f, "upload-pack: not our ref {id}"),
            Self::UnknownRef(name) => write!(f, "unknown ref {name}"),
            Self::DeepenNot(name) => write!(f, "ambiguous deepen-not: {name}"),
            Self::NoCommit(id) => write!(f, "invalid shallow object {id}"),
            Self::NothingSelected => f.write_str("no commits selected for shallow requests"),
            Self::Read(error) => write!(f, "{error}"),
            Self::Pack(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for FetchError {}

impl From<ReadError> for FetchError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<PackError> for FetchError {
    fn from(error: PackError) -> Self {
        Self::Pack(error)
    }
}
