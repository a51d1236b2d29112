//! What differs between two trees and between two files, as git says it.
//!
//! Trees are compared by id, so equal subtrees are never read. Pairs of files are found as git's rename detection
//! finds them. Text is compared line by line, behind the feature `lines`. Nothing here knows commits, refs or merges.

pub mod binary;
#[cfg(feature = "lines")]
pub mod change;
pub mod directory;
#[cfg(feature = "lines")]
mod histogram;
#[cfg(feature = "lines")]
pub mod hunk;
#[cfg(feature = "lines")]
pub(crate) mod lines;
#[cfg(feature = "lines")]
mod myers;
#[cfg(feature = "lines")]
pub mod patch_id;
pub mod quote;
pub mod rename;
pub mod similarity;
#[cfg(feature = "lines")]
pub(crate) mod slide;
pub mod tree;
#[cfg(feature = "lines")]
pub mod unified;

use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

use crate::limits::{LimitExceeded, Limits};
use crate::object::Mode;
use crate::store::{ObjectSource, ReadError};
use crate::{Kind, ObjectId};

use rename::{Copies, Destination, Fate, RenameOptions, Source};
use similarity::{Fingerprints, Score};
use tree::{TreeChange, TreeDiff};

/// What one side of a comparison holds at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// The mode, reduced to those that git writes today.
    pub mode: Mode,
    /// The blob; for a submodule, the commit.
    pub id: ObjectId,
}

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It is only in the new tree.
    Added,
    /// It is only in the old tree.
    Removed,
    /// Its content changed, and perhaps whether it may be run.
    Modified,
    /// Only whether it may be run changed.
    ModeChanged,
    /// A file, a symbolic link or a submodule became another of these.
    TypeChanged,
    /// It comes from a path that is gone, with or without a change.
    Renamed,
    /// It comes from a path that stays or that went elsewhere too.
    Copied,
}

impl ChangeKind {
    /// The letter of `git diff --name-status`.
    pub const fn letter(self) -> char {
        match self {
            Self::Added => 'A',
            Self::Removed => 'D',
            Self::Modified | Self::ModeChanged => 'M',
            Self::TypeChanged => 'T',
            Self::Renamed => 'R',
            Self::Copied => 'C',
        }
    }
}

/// One line of a comparison of trees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// What happened.
    pub kind: ChangeKind,
    /// The path in the new tree; for what was removed, in the old one.
    pub path: BString,
    /// The path in the old tree, where it is another.
    pub old_path: Option<BString>,
    /// What the old tree holds; `None` for what was added.
    pub old: Option<Side>,
    /// What the new tree holds; `None` for what was removed.
    pub new: Option<Side>,
    /// How similar both sides are; [`Score::MAX`] except where a rename or a copy came with changes.
    pub similarity: Score,
}

/// How trees are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffOptions {
    /// How renames and copies are found; `None` leaves them as removed and added.
    pub renames: Option<RenameOptions>,
}

/// Why trees could not be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiffError {
    /// A tree or a blob could not be read.
    Read(ReadError),
    /// The comparison would take more than is allowed.
    Limit(LimitExceeded),
}

impl core::fmt::Display for DiffError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Limit(limit) => write!(f, "the comparison is too large: {limit}"),
        }
    }
}

impl core::error::Error for DiffError {}

impl From<ReadError> for DiffError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<LimitExceeded> for DiffError {
    fn from(limit: LimitExceeded) -> Self {
        Self::Limit(limit)
    }
}

/// The changes of a comparison, in git's order: by the bytes of the path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The changes.
    pub files: Vec<FileChange>,
    /// Where there were too many files for the search for edited renames: the limit that would have sufficed.
    pub rename_limit_needed: Option<u32>,
}

/// Compares two trees, each `None` for nothing, as `git diff-tree -r` does (with `-M` or `-C` by the options).
pub fn diff_trees(
    source: &dyn ObjectSource,
    old: Option<&ObjectId>,
    new: Option<&ObjectId>,
    options: &DiffOptions,
    limits: &Limits,
) -> Result<Changes, DiffError> {
    let unchanged = options.renames.is_some_and(|renames| renames.copies == Copies::FromAny);
    let mut files = Vec::new();
    let mut diff = TreeDiff::new(source, old, new, limits)?;
    if unchanged {
        diff = diff.with_unchanged();
    }
    while let Some(change) = diff.next_change()? {
        files.push(FileChange::from(&change));
    }
    match &options.renames {
        Some(renames) if unchanged || files.iter().any(|file| file.old.is_none()) => {
            pair_renames(source, files, renames)
        }
        // Without a new file there is nothing that could come from elsewhere.
        _ => Ok(Changes { files, rename_limit_needed: None }),
    }
}

impl From<&TreeChange<'_>> for FileChange {
    fn from(change: &TreeChange<'_>) -> Self {
        Self {
            kind: change.kind(),
            path: change.path.into(),
            old_path: None,
            old: change.old,
            new: change.new,
            similarity: Score::MAX,
        }
    }
}

/// Replaces what was removed and added by renames and copies, where they are found.
fn pair_renames(
    source: &dyn ObjectSource,
    files: Vec<FileChange>,
    options: &RenameOptions,
) -> Result<Changes, DiffError> {
    let mut sources = Vec::new();
    let mut destinations = Vec::new();
    for file in &files {
        let path = file.path.as_bstr();
        match (file.old, file.new) {
            (None, Some(side)) => destinations.push(Destination { path, side }),
            (Some(side), None) => sources.push(Source { path, side, fate: Fate::Removed }),
            (Some(side), Some(new)) => {
                let fate = if side == new { Fate::Unchanged } else { Fate::Modified };
                sources.push(Source { path, side, fate });
            }
            (None, None) => {}
        }
    }
    let found = rename::detect(source, &sources, &destinations, options, None, &mut Fingerprints::new())?;
    // How often a source is needed: by what came from it, and by itself where it stays.
    let mut uses: Vec<u32> = sources.iter().map(|source| u32::from(source.fate != Fate::Removed)).collect();
    for pair in &found.pairs {
        uses[pair.source] += 1;
    }
    let gone: Vec<bool> = uses.iter().map(|uses| *uses == 0).collect();
    let mut pairs = found.pairs.iter().peekable();
    let (mut sources_seen, mut destinations_seen) = (0, 0);
    let mut paired = Vec::with_capacity(files.len());
    for file in &files {
        if file.old.is_some() {
            if gone[sources_seen] || file.new.is_some() && file.old != file.new {
                paired.push(file.clone());
            }
            sources_seen += 1;
            continue;
        }
        let pair = pairs.next_if(|pair| pair.destination == destinations_seen);
        destinations_seen += 1;
        paired.push(match pair {
            Some(pair) => {
                uses[pair.source] -= 1;
                // Of several that came from a file that is gone, the last one is its rename.
                let kind = if uses[pair.source] == 0 { ChangeKind::Renamed } else { ChangeKind::Copied };
                came_from(file, kind, &sources[pair.source], pair.score)
            }
            None => file.clone(),
        });
    }
    Ok(Changes { files: paired, rename_limit_needed: found.limit_needed })
}

fn came_from(added: &FileChange, kind: ChangeKind, from: &Source<'_>, similarity: Score) -> FileChange {
    FileChange {
        kind,
        path: added.path.clone(),
        old_path: Some(from.path.into()),
        old: Some(from.side),
        new: added.new,
        similarity,
    }
}

/// The size of a blob, in bytes.
fn blob_size(source: &dyn ObjectSource, id: &ObjectId) -> Result<u64, ReadError> {
    match source.header(id)? {
        (Kind::Blob, size) => Ok(size),
        (found, _) => Err(ReadError::wrong_kind(*id, Kind::Blob, found)),
    }
}
