//! Objects in memory, in the order in which they came, found through a table of ids.

use alloc::vec::Vec;
use core::hash::Hasher;

use hashbrown::HashTable;

use super::{Object, ObjectSink, ObjectSource, ReadError};
use crate::id::{Prefix, hasher};
use crate::{Kind, ObjectId};

/// Takes the first 8 bytes of an id as its hash: ids are uniform already. Fit only for ids that were verified;
/// to crowd a table, contents would have to be ground until their ids share 64-bit prefixes.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdHash(u64);

impl Hasher for IdHash {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }
}

/// The hash of an id that [`IdHash`] gives.
pub(super) fn hash(id: &ObjectId) -> u64 {
    let bytes = id.as_bytes();
    u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]])
}

/// Objects in memory.
#[derive(Clone, Default)]
pub struct MemoryStore {
    objects: Vec<(ObjectId, Object)>,
    by_id: HashTable<u32>,
    body_bytes: u64,
}

impl MemoryStore {
    /// Starts empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Bytes of all bodies together.
    pub fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// Objects in the order in which they came, from the `start`-th on.
    pub fn since(&self, start: usize) -> &[(ObjectId, Object)] {
        self.objects.get(start..).unwrap_or_default()
    }

    /// The object with this id.
    pub fn get(&self, id: &ObjectId) -> Option<&Object> {
        let at = self.by_id.find(hash(id), |at| self.objects[*at as usize].0 == *id)?;
        Some(&self.objects[*at as usize].1)
    }

    /// Adds an object under an id that the caller has verified or just computed.
    pub fn insert(&mut self, id: ObjectId, object: Object) {
        if self.get(&id).is_some() {
            return;
        }
        self.body_bytes += object.bytes.len() as u64;
        let at = u32::try_from(self.objects.len()).expect("because 2^32 objects do not fit in memory");
        self.objects.push((id, object));
        let objects = &self.objects;
        self.by_id.insert_unique(hash(&id), at, |at| hash(&objects[*at as usize].0));
    }

    /// Forgets every object after the first `length`: what a failed operation wrote.
    pub fn truncate(&mut self, length: usize) {
        while self.objects.len() > length {
            let Some((id, object)) = self.objects.pop() else { return };
            let at = self.objects.len() as u32;
            if let Ok(entry) = self.by_id.find_entry(hash(&id), |found| *found == at) {
                entry.remove();
            }
            self.body_bytes -= object.bytes.len() as u64;
        }
    }
}

impl ObjectSource for MemoryStore {
    fn read(&self, id: &ObjectId) -> Result<Object, ReadError> {
        self.get(id).cloned().ok_or(ReadError::Missing(*id))
    }

    fn contains(&self, id: &ObjectId) -> bool {
        self.get(id).is_some()
    }

    fn find_prefix(&self, prefix: &Prefix, most: usize, found: &mut Vec<ObjectId>) {
        found.extend(self.objects.iter().map(|(id, _)| *id).filter(|id| prefix.matches(id)).take(most));
    }

    fn header(&self, id: &ObjectId) -> Result<(Kind, u64), ReadError> {
        let object = self.get(id).ok_or(ReadError::Missing(*id))?;
        Ok((object.kind, object.bytes.len() as u64))
    }
}

impl ObjectSink for MemoryStore {
    fn write(&mut self, kind: Kind, bytes: &[u8]) -> ObjectId {
        let id = hasher::object_id(kind, bytes);
        if self.get(&id).is_none() {
            self.insert(id, Object { kind, bytes: bytes.into() });
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_it_holds_and_forgets_what_is_cut() {
        let mut store = MemoryStore::new();
        let ids: Vec<_> = (0..1000u32).map(|n| store.write(Kind::Blob, &n.to_le_bytes())).collect();
        assert_eq!(store.write(Kind::Blob, &5u32.to_le_bytes()), ids[5]);
        assert_eq!((store.len(), store.body_bytes()), (1000, 4000));
        store.truncate(500);
        assert_eq!((store.len(), store.body_bytes()), (500, 2000));
        assert!(ids[..500].iter().all(|id| store.contains(id)));
        assert_eq!(store.read(&ids[500]), Err(ReadError::Missing(ids[500])));
    }

    #[test]
    fn prefixes_are_found() {
        let mut store = MemoryStore::new();
        let id = store.write(Kind::Blob, b"hello\n");
        let mut found = Vec::new();
        store.find_prefix(&Prefix::from_hex(b"ce013").unwrap(), 2, &mut found);
        assert_eq!(found, [id]);
    }
}
