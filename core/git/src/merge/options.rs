//! How a merge is done, and why one cannot be.

use alloc::vec::Vec;

use bstr::{BStr, BString};

use super::conflict::Conflict;
use super::text::{Algorithm, ConflictStyle, Favor};
use crate::ObjectId;
use crate::diff::DiffError;
use crate::diff::rename::RenameOptions;
use crate::limits::{LimitExceeded, Limits};
use crate::store::ReadError;

/// The names of the sides in conflict markers, notices and the paths of files that give way to a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchLabels {
    /// The name of our side.
    pub ours: BString,
    /// The name of the base, for the styles that show it. A merge of commits that is given none makes one as git does.
    pub base: Option<BString>,
    /// The name of their side.
    pub theirs: BString,
}

impl Default for BranchLabels {
    fn default() -> Self {
        Self { ours: "ours".into(), base: None, theirs: "theirs".into() }
    }
}

/// What is done with a file that one side adds to a directory which the other side renamed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DirectoryRenamePolicy {
    /// It stays where it was added.
    Ignore,
    /// It goes where the directory went, and a conflict asks whether that is right: git's default.
    #[default]
    Conflict,
    /// It goes where the directory went.
    Follow,
}

/// How a file is merged where both sides changed it: the built-in drivers of `.gitattributes`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Driver {
    /// Line by line.
    #[default]
    Text,
    /// Not at all: ours stays, in conflict.
    Binary,
    /// Line by line, and both sides' lines where they conflict.
    Union,
}

/// What `.gitattributes` say about merging one path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileDriver {
    /// Its attribute `merge`.
    pub driver: Driver,
    /// Its attribute `conflict-marker-size`, in bytes.
    pub marker_size: Option<u16>,
}

/// Decides conflicts that are left when everything else is settled.
pub trait Resolver {
    /// The content that settles a conflict, or `None` to leave it. `sides` are the contents of base, ours and theirs,
    /// where they are files or symbolic links.
    fn resolve(&self, conflict: &Conflict, sides: [Option<&[u8]>; 3]) -> Option<Vec<u8>>;
}

/// Knows the histories of submodules.
pub trait SubmoduleHistory {
    /// Whether the commit `ancestor` of the submodule at `path` is contained in `descendant`; `None` where a commit is
    /// not known.
    fn is_ancestor(&self, path: &BStr, ancestor: &ObjectId, descendant: &ObjectId) -> Option<bool>;
}

/// How trees are merged. The default is what `git merge-tree` does without configuration.
#[derive(Clone)]
pub struct MergeOptions<'a> {
    /// The names of the sides.
    pub labels: BranchLabels,
    /// How changed lines are found.
    pub algorithm: Algorithm,
    /// What conflicts look like in a text.
    pub style: ConflictStyle,
    /// Which side wins where both changed the same lines or the same file that has none.
    pub favor: Favor,
    /// How renames are found; `None` ignores them. Where only equal files are found, no directory is renamed.
    pub renames: Option<RenameOptions>,
    /// What is done with files in renamed directories.
    pub directory_renames: DirectoryRenamePolicy,
    /// What the attributes say about a path; `None` merges everything that is not binary by line.
    pub driver_for: Option<&'a dyn Fn(&BStr) -> FileDriver>,
    /// Who decides the conflicts that are left.
    pub resolver: Option<&'a dyn Resolver>,
    /// Who knows the histories of submodules.
    pub submodules: Option<&'a dyn SubmoduleHistory>,
    /// Whether commits without a common ancestor may be merged.
    pub unrelated_histories: bool,
    /// Bounds on what is read.
    pub limits: Limits,
}

impl Default for MergeOptions<'_> {
    fn default() -> Self {
        Self {
            labels: BranchLabels::default(),
            algorithm: Algorithm::default(),
            style: ConflictStyle::default(),
            favor: Favor::default(),
            renames: Some(RenameOptions::MERGE),
            directory_renames: DirectoryRenamePolicy::default(),
            driver_for: None,
            resolver: None,
            submodules: None,
            unrelated_histories: false,
            limits: Limits::default(),
        }
    }
}

/// Why a merge could not be made. Conflicts are no error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MergeError {
    /// An object could not be read.
    Read(ReadError),
    /// The merge would take more than is allowed.
    Limit(LimitExceeded),
    /// The commits have no common ancestor.
    UnrelatedHistories {
        /// Our commit.
        ours: ObjectId,
        /// Their commit.
        theirs: ObjectId,
    },
}

impl core::fmt::Display for MergeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Limit(limit) => write!(f, "the merge is too large: {limit}"),
            Self::UnrelatedHistories { ours, theirs } => {
                write!(f, "{ours} and {theirs} have no common ancestor")
            }
        }
    }
}

impl core::error::Error for MergeError {}

impl From<ReadError> for MergeError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<LimitExceeded> for MergeError {
    fn from(limit: LimitExceeded) -> Self {
        Self::Limit(limit)
    }
}

impl From<DiffError> for MergeError {
    fn from(error: DiffError) -> Self {
        match error {
            DiffError::Read(error) => Self::Read(error),
            DiffError::Limit(limit) => Self::Limit(limit),
        }
    }
}
