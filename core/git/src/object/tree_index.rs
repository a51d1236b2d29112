//! A tree whose entries are found by search instead of from the front.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::ops::Range;

use super::{EntryRef, ObjectError, TreeRef, compare_names};

/// The bytes of a tree and where its entries start: four bytes of memory for each.
#[derive(Clone, Debug)]
pub struct TreeIndex {
    bytes: Arc<[u8]>,
    /// One more than there are entries: the end.
    starts: Vec<u32>,
    /// Whether each entry stands where git's order wants it, once that was asked.
    is_sorted: OnceCell<bool>,
}

impl TreeIndex {
    /// Reads every entry of a tree.
    pub fn new(bytes: Arc<[u8]>) -> Result<Self, ObjectError> {
        // Most entries take more bytes.
        let mut starts = Vec::with_capacity(bytes.len() / 32 + 1);
        let mut entries = TreeRef::new(&bytes).iter();
        starts.push(0);
        while let Some(entry) = entries.next() {
            entry?;
            starts.push(entries.offset() as u32);
        }
        Ok(Self { bytes, starts, is_sorted: OnceCell::new() })
    }

    /// The bytes of the tree.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the bytes of the entry at `place` are; after the last entry, the empty range at the end.
    ///
    /// # Panics
    /// Where `place` is more than the number of entries.
    pub fn range(&self, place: usize) -> Range<usize> {
        let end = self.starts.get(place + 1).unwrap_or(&self.starts[self.len()]);
        self.starts[place] as usize..*end as usize
    }

    /// The entry at `place`.
    ///
    /// # Panics
    /// Where there is none.
    pub fn entry(&self, place: usize) -> EntryRef<'_> {
        let entry = TreeRef::new(&self.bytes[self.range(place)]).iter().next();
        entry.and_then(Result::ok).expect("because every entry was read before")
    }

    /// The entries in the order of the bytes.
    pub fn entries(&self) -> impl Iterator<Item = EntryRef<'_>> {
        (0..self.len()).map(|place| self.entry(place))
    }

    /// Where a file or a directory of this name stands, or where git's order would have it.
    pub fn search(&self, name: &[u8], is_directory: bool) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = self.entry(middle);
            match compare_names(entry.name, entry.mode.is_directory(), name, is_directory) {
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Equal => return Ok(middle),
                core::cmp::Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    /// Where a name stands, be it a file's or a directory's. A tree that is not sorted, as broken tools leave them, is
    /// read from the front.
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        let found = self.search(name, false).or_else(|_| self.search(name, true));
        if found.is_err() && !*self.is_sorted.get_or_init(|| self.check_order()) {
            return self.entries().position(|entry| entry.name == name);
        }
        found.ok()
    }

    fn check_order(&self) -> bool {
        self.entries().is_sorted_by(|a, b| {
            compare_names(a.name, a.mode.is_directory(), b.name, b.mode.is_directory()).is_lt()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ObjectId;
    use crate::object::{Mode, TreeBuilder, write_entry};
    use std::format;

    #[test]
    fn finds_what_reading_from_the_front_finds() {
        let mut builder = TreeBuilder::new();
        for at in 0..300u32 {
            let mode = if at % 3 == 0 { Mode::DIRECTORY } else { Mode::FILE };
            builder.push(mode, format!("n{}", at * 7 % 300).as_bytes(), ObjectId::from_bytes([at as u8; 20]));
        }
        builder.push(Mode::FILE, b"n1.c", ObjectId::NULL);
        builder.push(Mode::FILE, b"n3-b", ObjectId::NULL);
        let index = TreeIndex::new(builder.write().into()).unwrap();
        assert_eq!(index.len(), 302);
        for at in 0..600 {
            for name in [format!("n{at}"), format!("n{at}-b"), format!("n{at}.c")] {
                let found = index.find(name.as_bytes()).map(|place| index.entry(place));
                assert_eq!(found, TreeRef::new(index.bytes()).find(name.as_bytes()).unwrap(), "{name}");
            }
        }
    }

    #[test]
    fn unsorted_trees_are_found_in() {
        let mut bytes = Vec::new();
        for name in ["m", "z", "a", "b", "y"] {
            write_entry(Mode::FILE, name.as_bytes(), &ObjectId::NULL, &mut bytes);
        }
        let index = TreeIndex::new(bytes.into()).unwrap();
        for name in ["m", "z", "a", "b", "y"] {
            assert_eq!(index.find(name.as_bytes()).map(|place| index.entry(place).name), Some(name.into()));
        }
        assert_eq!(index.find(b"c"), None);
    }

    #[test]
    fn broken_trees_are_refused_and_empty_ones_are_not() {
        assert!(TreeIndex::new(b"100644 a\0short".as_slice().into()).is_err());
        let empty = TreeIndex::new([].into()).unwrap();
        assert!(empty.is_empty());
        assert_eq!((empty.find(b"a"), empty.range(0)), (None, 0..0));
    }
}
