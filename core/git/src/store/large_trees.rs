//! Indexes of the large trees that names were looked up in last, so that going through a directory file by file does not
//! read it from the front for each.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{ReadError, TreeEntry};
use crate::ObjectId;
use crate::object::TreeIndex;

/// Shortest tree, in bytes, that is worth an index: about 200 entries.
const TREE_BYTES_MIN: usize = 8 * 1024;

/// Trees that are kept: a path leads through few large ones.
const TREES_MAX: usize = 4;

/// The trees in use.
#[derive(Debug, Default)]
pub struct LargeTrees {
    indexes: Vec<(ObjectId, TreeIndex)>,
    /// Which goes next.
    oldest: usize,
}

impl LargeTrees {
    /// Starts without any.
    pub const fn new() -> Self {
        Self { indexes: Vec::new(), oldest: 0 }
    }

    /// The entry of a name in a tree, whose bytes `read` gives where they are not at hand.
    pub fn find(
        &mut self,
        tree: &ObjectId,
        name: &[u8],
        read: impl FnOnce() -> Result<Arc<[u8]>, ReadError>,
    ) -> Result<Option<TreeEntry>, ReadError> {
        if let Some((_, index)) = self.indexes.iter().find(|(id, _)| id == tree) {
            return Ok(entry(index, name));
        }
        let bytes = read()?;
        if bytes.len() < TREE_BYTES_MIN {
            return super::find_entry(tree, &bytes, name);
        }
        let index = TreeIndex::new(bytes).map_err(|error| ReadError::corrupt(*tree, error))?;
        let found = entry(&index, name);
        if self.indexes.len() < TREES_MAX {
            self.indexes.push((*tree, index));
        } else {
            self.indexes[self.oldest] = (*tree, index);
            self.oldest = (self.oldest + 1) % TREES_MAX;
        }
        Ok(found)
    }
}

fn entry(index: &TreeIndex, name: &[u8]) -> Option<TreeEntry> {
    index.find(name).map(|place| index.entry(place)).map(|entry| TreeEntry { mode: entry.mode, id: entry.id })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Mode, TreeBuilder};
    use std::format;

    #[test]
    fn a_large_tree_is_read_once_while_it_is_in_use() {
        let tree = |names: u32| {
            let mut builder = TreeBuilder::new();
            (0..names).for_each(|at| builder.push(Mode::FILE, format!("{at}").as_bytes(), ObjectId::NULL));
            builder.write()
        };
        let mut trees = LargeTrees::new();
        let mut reads = 0;
        let mut find = |id: u8, names, name: &str| {
            let read = || {
                reads += 1;
                Ok(tree(names).into())
            };
            let found = trees.find(&ObjectId::from_bytes([id; 20]), name.as_bytes(), read);
            (found.unwrap().is_some(), reads)
        };
        assert_eq!(find(1, 1000, "999"), (true, 1));
        assert_eq!(find(1, 1000, "1000"), (false, 1));
        assert_eq!(find(2, 10, "9"), (true, 2));
        assert_eq!(find(2, 10, "9"), (true, 3), "a small tree is not kept");
        for id in 3..7 {
            find(id, 1000, "7");
        }
        assert_eq!(find(1, 1000, "5"), (true, 8), "four others came after it");
    }
}
