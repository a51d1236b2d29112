//! Ids by place: what every table of ids stands on, whatever lies beside them.

use alloc::vec::Vec;

use hashbrown::HashTable;

use crate::ObjectId;

/// Ids, each once, in the order in which they came, and a table of their places.
///
/// The front of an id is its hash: ids are uniform already. Fit only for ids that were verified; to crowd the table, contents
/// would have to be ground until their ids share 64-bit prefixes.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdPlaces {
    ids: Vec<ObjectId>,
    by_id: HashTable<u32>,
}

impl IdPlaces {
    /// The ids by their places.
    pub fn ids(&self) -> &[ObjectId] {
        &self.ids
    }

    /// Bytes of memory.
    pub fn memory_bytes(&self) -> usize {
        self.ids.capacity() * size_of::<ObjectId>() + self.by_id.allocation_size()
    }

    /// Makes room for just so many more ids.
    pub fn reserve_exact(&mut self, count: usize) {
        self.ids.reserve_exact(count);
    }

    /// The place of an id.
    pub fn find(&self, id: &ObjectId) -> Option<usize> {
        self.by_id.find(id.front(), |place| self.ids[*place as usize] == *id).map(|place| *place as usize)
    }

    /// Adds an id that is not there.
    pub fn add(&mut self, id: ObjectId) {
        let place = u32::try_from(self.ids.len()).expect("because 2^32 ids do not fit in memory");
        let ids = &self.ids;
        self.by_id.insert_unique(id.front(), place, |place| ids[*place as usize].front());
        self.ids.push(id);
    }

    /// Forgets every id after the first `length`.
    pub fn truncate(&mut self, length: usize) {
        for place in (length..self.ids.len()).rev() {
            let front = self.ids[place].front();
            if let Ok(entry) = self.by_id.find_entry(front, |found| *found as usize == place) {
                entry.remove();
            }
        }
        self.ids.truncate(length);
    }
}
