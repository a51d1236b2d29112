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

    /// Where most files of a directory went; among equals, the first in git's order of a table.
    pub fn most_likely(&self, old: &[u8]) -> Option<&BString> {
        let new: Vec<(&BString, u32)> = self.of(old).collect();
        let mut best: Option<(&BString, u32)> = None;
        for at in table_order(new.iter().map(|(new, _)| new.as_bytes())) {
            let (new, count) = new[at];
            if best.is_none_or(|(_, most)| count > most) {
                best = Some((new, count));
            }
        }
        best.map(|(new, _)| new)
    }

    /// Every old directory with its new ones, for a caller that goes on with them.
    pub fn into_counts(self) -> Vec<(BString, NameMap<BString, u32>)> {
        self.counts.into_entries().collect()
    }
}

/// The places of names in the order in which git's hash table gives them back, after they went in one by one.
///
/// Where git goes through such a table, ties between renames depend on it. The table has 64 chains, and four times as
/// many whenever there are more names than four fifths of the chains; the last name of a chain comes first.
pub(crate) fn table_order<'n>(names: impl Iterator<Item = &'n [u8]>) -> Vec<usize> {
    let mut chains: Vec<Vec<usize>> = Vec::new();
    chains.resize(64, Vec::new());
    let mut hashes: Vec<u32> = Vec::new();
    for name in names {
        // FNV-1, 32 bits.
        let hash =
            name.iter().fold(0x811c_9dc5_u32, |hash, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(*byte));
        let chain = hash as usize & (chains.len() - 1);
        chains[chain].push(hashes.len());
        hashes.push(hash);
        if hashes.len() > chains.len() * 4 / 5 {
            let old = core::mem::take(&mut chains);
            chains.resize(old.len() * 4, Vec::new());
            for at in old.iter().flat_map(|chain| chain.iter().rev()) {
                let chain = hashes[*at] as usize & (chains.len() - 1);
                chains[chain].push(*at);
            }
        }
    }
    chains.iter().flat_map(|chain| chain.iter().rev()).copied().collect()
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
    fn the_most_likely_directory_is_the_first_of_the_table_among_equals() {
        let mut renames = DirectoryRenames::new();
        // The hashes of "x" and "y" end in 39 and 38 (of 64 chains): "y" comes first.
        for new in ["z/1", "x/1", "x/2", "y/1", "y/2"] {
            renames.count(b"old/f", new.as_bytes(), &mut |_| Some(DirectoryRelevance::Gone));
        }
        assert_eq!(renames.most_likely(b"old"), Some(&"y".into()));
        assert_eq!(renames.most_likely(b"other"), None);
    }
}
