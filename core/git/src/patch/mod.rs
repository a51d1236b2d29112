//! Patches applied to a tree, with the verdicts and the results of `git apply --cached`: hunks may move, their context must
//! match to the byte, and it is all or nothing.
//!
//! Nothing is written here: what changes is returned. Knows no work tree and no repository.

mod apply;
mod image;
mod name;
mod parse;

use core::fmt;

use bstr::BString;

use crate::limits::LimitExceeded;
use crate::quoted::Quoted;
use crate::store::ReadError;

pub use apply::{ApplyOptions, File, MergeTexts, Patched, apply_patch};
pub use parse::{FilePatch, Hunk, parse_patches};

/// Why a patch is not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchError {
    /// The file, where the patch got as far as to name one.
    pub path: Option<BString>,
    /// The line of the patch, from 1.
    pub line: u32,
    /// What is wrong.
    pub problem: PatchProblem,
}

/// What is wrong with a patch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatchProblem {
    /// The text holds no patch.
    NoPatch,
    /// A hunk stands before any file is named.
    HunkWithoutFile,
    /// A file has a header and no change.
    Garbage,
    /// A hunk is broken, or cut off.
    Corrupt,
    /// The lines of a header contradict each other.
    Header,
    /// A mode is no octal number, or of no kind that a tree holds.
    Mode,
    /// No path is left of the names, or they differ.
    NoName,
    /// A file that is created has lines before.
    NewFileHasOld,
    /// A file that is deleted has lines after.
    DeletedFileHasNew,
    /// The change of a binary file cannot be applied.
    Binary,
    /// A path may not be written.
    Path,
    /// The file to change is not there.
    NotFound,
    /// A part of the patch before this one has moved or deleted the file.
    Gone,
    /// The file to create is there.
    Exists,
    /// A file, a symbolic link or a submodule is another of these.
    WrongType,
    /// The lines before are nowhere in the file. The number is where the hunk looked for them, from 1.
    NoMatch(u32),
    /// Lines are left in a file that is to be deleted.
    Leftover,
    /// What a submodule's change leads to is no commit.
    Submodule,
    /// The comparison would take more than is allowed.
    Limit(LimitExceeded),
    /// An object cannot be read.
    Read(ReadError),
}

impl PatchError {
    fn at_line(line: u32, problem: PatchProblem) -> Self {
        Self { path: None, line, problem }
    }
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", Quoted(path))?;
        }
        f.write_str(match &self.problem {
            PatchProblem::NoPatch => "there is no patch in this text",
            PatchProblem::HunkWithoutFile => "a hunk comes before any file is named",
            PatchProblem::Garbage => "a header comes without a change",
            PatchProblem::Corrupt => "a hunk is broken",
            PatchProblem::Header => "the lines of the header contradict each other",
            PatchProblem::Mode => "the mode is none of a file, a symbolic link or a submodule",
            PatchProblem::NoName => "the header names no path",
            PatchProblem::NewFileHasOld => "a new file depends on old contents",
            PatchProblem::DeletedFileHasNew => "a deleted file still has contents",
            PatchProblem::Binary => "a binary change cannot be applied",
            PatchProblem::Path => "no such path may be written",
            PatchProblem::NotFound => "the file is not there",
            PatchProblem::Gone => "the file was moved or deleted by an earlier part of the patch",
            PatchProblem::Exists => "the file is there already",
            PatchProblem::WrongType => "the file is of another type",
            PatchProblem::NoMatch(line) => {
                return write!(
                    f,
                    "the hunk for line {line} does not match (line {} of the patch)",
                    self.line
                );
            }
            PatchProblem::Leftover => "the file is to be deleted and has more lines",
            PatchProblem::Submodule => "the new content of a submodule is no commit",
            PatchProblem::Limit(limit) => return limit.fmt(f),
            PatchProblem::Read(error) => return error.fmt(f),
        })?;
        write!(f, " (line {} of the patch)", self.line)
    }
}

impl core::error::Error for PatchError {}
