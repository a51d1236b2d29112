//! Paths that may be written into a tree: components checked once, then a type of their own.
//!
//! Reading takes any name that a tree holds; only what passes here is ever written or checked out.

mod clash;
mod guard;
mod marks;
mod windows;

use core::cmp::Ordering;
use core::fmt;

use bstr::{BStr, BString, ByteSlice};

use crate::quoted::Quoted;
use crate::search;

pub use clash::{Clash, find_clashes};
pub use guard::{SpecialFile, check_entry, check_name};
pub(crate) use guard::{check_link, is_dot_git};
pub use windows::{WindowsProblem, check_windows_name};

/// Longest path, in bytes: PATH_MAX where checkouts happen.
pub const PATH_BYTES_MAX: usize = 4096;

/// A path relative to the root of a tree: non-empty components joined by `/`, each allowed by [`check_name`].
///
/// Ordered by component, so that everything below a directory follows it at once (git's index order differs:
/// there `a-b` stands between `a` and `a/b`).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RepoPath(BString);

impl RepoPath {
    /// Checks every component.
    pub fn new(path: impl AsRef<[u8]>) -> Result<Self, PathError> {
        let path = path.as_ref();
        let error = |problem| PathError { path: path.into(), problem };
        if path.is_empty() {
            return Err(error(NameProblem::Empty));
        }
        if path.len() > PATH_BYTES_MAX {
            return Err(error(NameProblem::TooLong));
        }
        search::split(path, b'/').try_for_each(check_name).map_err(error)?;
        Ok(Self(path.into()))
    }

    /// The bytes.
    pub fn as_bstr(&self) -> &BStr {
        self.0.as_bstr()
    }

    /// The names between the slashes.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        search::split(&self.0, b'/')
    }

    /// Whether this path lies below the directory `above`.
    pub fn is_below(&self, above: &Self) -> bool {
        self.0.strip_prefix(above.0.as_slice()).is_some_and(|rest| rest.first() == Some(&b'/'))
    }

    /// The last component.
    pub fn file_name(&self) -> &[u8] {
        search::split(&self.0, b'/').next_back().unwrap_or_default()
    }
}

impl Ord for RepoPath {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_paths(&self.0, &other.0)
    }
}

impl PartialOrd for RepoPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_bstr(), f)
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_bstr(), f)
    }
}

/// Order by component: `/` sorts before every other byte.
pub fn compare_paths(a: &[u8], b: &[u8]) -> Ordering {
    let shared = a.iter().zip(b).position(|(x, y)| x != y);
    match shared {
        None => a.len().cmp(&b.len()),
        Some(at) => {
            let rank = |byte: u8| if byte == b'/' { 0 } else { u16::from(byte) + 1 };
            rank(a[at]).cmp(&rank(b[at]))
        }
    }
}

/// Why a name may not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameProblem {
    /// Nothing between two slashes, at an end, or at all.
    Empty,
    /// `.` or `..`; also `..` beside a `\`, which Windows takes for a `/`.
    Dots,
    /// `.git`, or what a file system takes for it.
    DotGit,
    /// A NUL byte.
    Nul,
    /// A `/` inside one component.
    Slash,
    /// `.gitmodules`, or what a file system takes for it, as a symbolic link.
    LinkedModules,
    /// More bytes than [`PATH_BYTES_MAX`].
    TooLong,
}

impl fmt::Display for NameProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a component is empty",
            Self::Dots => "a component is '.' or '..'",
            Self::DotGit => "a component is '.git' or what a file system takes for it",
            Self::Nul => "a component holds a NUL byte",
            Self::Slash => "a component holds a '/'",
            Self::LinkedModules => "'.gitmodules' or what a file system takes for it is not a symbolic link",
            Self::TooLong => "it is longer than 4,096 bytes",
        })
    }
}

/// A path that may not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// The path as it was given.
    pub path: BString,
    /// What is wrong with it.
    pub problem: NameProblem,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "path {} cannot be written: {}", Quoted(&self.path), self.problem)
    }
}

impl core::error::Error for PathError {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn components_are_checked() {
        for bad in ["", "/", "/a", "a/", "a//b", ".", "a/../b", ".git", "a/.GIT/b", "a\0b"] {
            assert!(RepoPath::new(bad).is_err(), "{bad:?}");
        }
        assert_eq!(RepoPath::new("a/b c/é").unwrap().components().count(), 3);
    }

    #[test]
    fn what_is_below_a_directory_follows_it() {
        let mut paths: Vec<_> =
            ["a-b", "a/b", "a", "a0", "a/b/c"].map(|path| RepoPath::new(path).unwrap()).into();
        paths.sort();
        assert_eq!(
            paths.iter().map(RepoPath::as_bstr).collect::<Vec<_>>(),
            ["a", "a/b", "a/b/c", "a-b", "a0"]
        );
    }
}
