//! Which directory went where, counted from renames of files, as git's merge counts them.

use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

use crate::name_map::NameMap;

/// Why a directory of the old tree matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DirectoryRelevance {
    /// It is gone, and nothing asks where it went.
    Gone,
    /// It is gone, and a directory above it is asked for.
    ForAncestor,
    /// It is gone, and it is asked for itself.
    ForItself,
}

/// For each old directory, the new directories that its files went to and how many went there. `""` is the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryRenames {
    counts: NameMap<BString, NameMap<BString, u32>>,
}

impl DirectoryRenames {
    /// Starts with none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts the rename of a file for its directory, and for those above it as long as the ends of both paths agree.
    ///
    /// Directories without relevance end the climb; those above the first are counted only where they matter
    /// for themselves.
    pub fn count(
        &mut self,
        old: &[u8],
        new: &[u8],
        relevance: &mut dyn FnMut(&[u8]) -> Option<DirectoryRelevance>,
    ) {
        let (mut old, mut new) = (split(old).0, split(new).0);
        let mut first = true;
        loop {
            let Some(flag) = relevance(old) else { return };
            if first || flag == DirectoryRelevance::ForItself {
                let counts = self.counts.get_or_insert_with(old.into(), NameMap::new);
                *counts.get_or_insert_with(new.into(), u32::default) += 1;
            }
            first = false;
            if flag == DirectoryRelevance::Gone || old.is_empty() || new.is_empty() {
                return;
            }
            let ((old_above, old_name), (new_above, new_name)) = (split(old), split(new));
            if old_name != new_name {
                return;
            }
            (old, new) = (old_above, new_above);
        }
    }

    /// The new directories of an old one with their counts, in the order of their bytes.
    pub fn of(&self, old: &[u8]) -> impl Iterator<Item = (&BString, u32)> {
        self.counts.get(old.as_bstr()).into_iter().flat_map(NameMap::iter).map(|(new, count)| (new, *count))
    }

    /// The old directories in the order of their bytes.
    pub fn directories(&self) -> impl Iterator<Item = &BString> {
        self.counts.keys()
    }

    /// Where most files of a directory went; among equals, the first in the order of bytes.
    pub fn most_likely(&self, old: &[u8]) -> Option<&BString> {
        let most = self.of(old).map(|(_, count)| count).max()?;
        self.of(old).find(|(_, count)| *count == most).map(|(new, _)| new)
    }

    /// Every old directory with its new ones, for a caller that goes on with them.
    pub fn into_counts(self) -> Vec<(BString, NameMap<BString, u32>)> {
        self.counts.into_entries().collect()
    }
}

/// The directory of a path (`""` for the root) and its last component.
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.rfind_byte(b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (&[], path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(old: &str, new: &str) -> Vec<(BString, BString)> {
        let mut renames = DirectoryRenames::new();
        renames.count(old.as_bytes(), new.as_bytes(), &mut |_| Some(DirectoryRelevance::ForItself));
        let pairs = renames.into_counts().into_iter();
        pairs.flat_map(|(old, new)| new.into_entries().map(move |(new, _)| (old.clone(), new))).collect()
    }

    #[test]
    fn the_climb_ends_where_the_names_differ() {
        let pair = |old: &str, new: &str| (BString::from(old), BString::from(new));
        assert_eq!(
            counted("a/b/c/d/e/foo.c", "a/b/some/thing/else/e/bar.c"),
            [pair("a/b/c/d", "a/b/some/thing/else"), pair("a/b/c/d/e", "a/b/some/thing/else/e")]
        );
        assert_eq!(counted("a/b/x", "x"), [pair("a/b", "")]);
        assert_eq!(counted("a/sub/x", "sub/x"), [pair("a", ""), pair("a/sub", "sub")]);
    }

    #[test]
    fn the_most_likely_directory_is_the_first_among_equals() {
        let mut renames = DirectoryRenames::new();
        for new in ["z/1", "y/1", "y/2", "x/1", "x/2"] {
            renames.count(b"old/f", new.as_bytes(), &mut |_| Some(DirectoryRelevance::Gone));
        }
        assert_eq!(renames.most_likely(b"old"), Some(&"x".into()));
        assert_eq!(renames.most_likely(b"other"), None);
    }
}
