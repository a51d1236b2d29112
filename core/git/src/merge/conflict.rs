//! Conflicts and notices of a merge, as values: what a person or a program needs to decide.
//!
//! The texts are git's. Knows nothing of how a conflict came about.

use alloc::string::String;
use alloc::vec::Vec;

use bstr::BString;

use crate::ObjectId;
use crate::diff::Side;

/// What a conflict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConflictKind {
    /// Both sides changed the same lines, or the same file that cannot be merged by line.
    Content,
    /// Both sides added another file at the same path.
    AddAdd,
    /// One side changed what the other removed.
    ModifyDelete,
    /// Both sides renamed the same file, to different paths.
    RenameRename,
    /// One side renamed what the other removed.
    RenameDelete,
    /// A file came to the path by a rename, and another one is there.
    RenameAdd,
    /// A file where the other side has a directory; the file stands beside it.
    DirectoryFile,
    /// The sides hold different types at the path: a file, a symbolic link, a submodule; or different permissions.
    Mode,
    /// Both sides moved the submodule, and neither commit is known to contain the other.
    Submodule,
    /// The file was added to a directory that the other side renamed, and was put where that directory went.
    FileLocation,
    /// Where a renamed directory went is unclear, or what it would bring there has no room.
    DirectoryRename,
}

impl ConflictKind {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::AddAdd => "add/add",
            Self::ModifyDelete => "modify/delete",
            Self::RenameRename => "rename/rename",
            Self::RenameDelete => "rename/delete",
            Self::RenameAdd => "rename/add",
            Self::DirectoryFile => "directory/file",
            Self::Mode => "mode",
            Self::Submodule => "submodule",
            Self::FileLocation => "file location",
            Self::DirectoryRename => "directory rename",
        }
    }
}

impl core::fmt::Display for ConflictKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// A path that needs a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The path in the merged tree, or the one that was removed.
    pub path: BString,
    /// What it is about.
    pub kind: ConflictKind,
    /// What base, ours and theirs hold: stages 1, 2 and 3 of git's index.
    pub stages: [Option<Side>; 3],
    /// The paths that the stages come from where renames were involved.
    pub origins: [Option<BString>; 3],
    /// What the merged tree holds at the path, if anything: perhaps a text with conflict markers.
    pub merged: Option<Side>,
}

/// Something that git says about a path while it merges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The path that it is filed under.
    pub path: BString,
    /// What it is about; `None` where it is no conflict.
    pub kind: Option<ConflictKind>,
    /// The sentence, as git words it.
    pub text: String,
}

/// Conflicts and notices while they come in.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    pub notices: Vec<Notice>,
    /// Whether something is open that no path stands for.
    pub unclear: bool,
    /// Whether nobody will read it: the merge of two bases.
    pub silent: bool,
}

impl Report {
    pub fn note(&mut self, path: &[u8], kind: Option<ConflictKind>, text: core::fmt::Arguments<'_>) {
        if !self.silent {
            self.notices.push(Notice { path: path.into(), kind, text: alloc::format!("{text}") });
        }
    }
}

/// What a merge of trees gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeMerge {
    /// The merged tree. Where there are conflicts it holds what git would leave in the work tree.
    pub tree: ObjectId,
    /// Whether nothing is left to decide.
    pub clean: bool,
    /// The paths that are left to decide, in the order of their bytes.
    pub conflicts: Vec<Conflict>,
    /// What git says about it, in the order of paths.
    pub notices: Vec<Notice>,
}
