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

/// Where the `.gitattributes` of a merge come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttributeSource {
    /// Nowhere: every file is merged by its lines, with the usual markers.
    #[default]
    Nowhere,
    /// Our tree: what `git merge` reads from a clean work tree.
    Ours,
    /// This tree.
    Tree(ObjectId),
}

/// Both sides of a file and their base, for a driver that an attribute names.
#[derive(Clone, Copy, Debug)]
pub struct Versions<'a> {
    /// The content of the base; empty where there is none.
    pub base: &'a [u8],
    /// Our content.
    pub ours: &'a [u8],
    /// Their content.
    pub theirs: &'a [u8],
    /// What a merge of the lines gives, where it has no conflict.
    pub lines: Option<&'a [u8]>,
    /// Which side wins where both changed the same.
    pub favor: Favor,
}

/// What a named driver makes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriverAnswer {
    /// The merge of the lines counts, with its conflicts.
    Lines,
    /// The merge of the lines has no conflict, and still is not what either side meant: it stays, in conflict.
    Broken,
    /// This is the merged content.
    Merged(Vec<u8>),
    /// There is such a driver, and it cannot be asked.
    Unavailable,
}

/// Knows drivers beside git's own, by the value of the attribute `merge`.
pub trait NamedDrivers {
    /// Merges a file; `None` where there is no driver of this name, which leaves the file to its lines, as in git.
    fn merge(&self, driver: &BStr, versions: &Versions<'_>) -> Option<DriverAnswer>;
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
    /// Where `.gitattributes` are read.
    pub attributes: AttributeSource,
    /// Who knows drivers beside git's own.
    pub drivers: Option<&'a dyn NamedDrivers>,
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
            attributes: AttributeSource::default(),
            drivers: None,
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
    /// The driver that the attributes name for a file cannot be asked.
    DriverUnavailable {
        /// The file.
        path: BString,
        /// The driver.
        driver: BString,
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
            Self::DriverUnavailable { path, driver } => {
                write!(f, "'{path}' has the attribute merge={driver}, whose driver is not there")
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
