//! Objects in memory, in the order in which they came, found through a table of ids.

use alloc::vec::Vec;

use super::{IdMap, Object, ObjectSink, ObjectSource, ReadError};
use crate::id::{Prefix, hasher};
use crate::{Kind, ObjectId};

/// Objects in memory.
#[derive(Clone, Default)]
pub struct MemoryStore {
    objects: IdMap<Object>,
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
    pub fn since(&self, start: usize) -> impl Iterator<Item = (&ObjectId, &Object)> {
        self.objects.since(start)
    }

    /// The object with this id.
    pub fn get(&self, id: &ObjectId) -> Option<&Object> {
        self.objects.get(id)
    }

    /// Adds an object under an id that the caller has verified or just computed.
    pub fn insert(&mut self, id: ObjectId, object: Object) {
        self.add(id, || object);
    }

    /// Forgets every object after the first `length`: what a failed operation wrote.
    pub fn truncate(&mut self, length: usize) {
        let gone: u64 = self.since(length).map(|(_, object)| object.bytes.len() as u64).sum();
        self.body_bytes -= gone;
        self.objects.truncate(length);
    }

    fn add(&mut self, id: ObjectId, make: impl FnOnce() -> Object) {
        let Self { objects, body_bytes } = self;
        objects.get_or_insert_with(id, || {
            let object = make();
            *body_bytes += object.bytes.len() as u64;
            object
        });
    }
}

impl ObjectSource for MemoryStore {
    fn read(&self, id: &ObjectId) -> Result<Object, ReadError> {
        self.get(id).cloned().ok_or(ReadError::missing(*id))
    }

    fn contains(&self, id: &ObjectId) -> bool {
        self.get(id).is_some()
    }

    fn find_prefix(&self, prefix: &Prefix, most: usize, found: &mut Vec<ObjectId>) {
        found.extend(self.objects.keys().filter(|id| prefix.matches(id)).take(most));
    }

    fn header(&self, id: &ObjectId) -> Result<(Kind, u64), ReadError> {
        let object = self.get(id).ok_or(ReadError::missing(*id))?;
        Ok((object.kind, object.bytes.len() as u64))
    }
}

impl ObjectSink for MemoryStore {
    fn write(&mut self, kind: Kind, bytes: &[u8]) -> ObjectId {
        let id = hasher::object_id(kind, bytes);
        self.add(id, || Object { kind, bytes: bytes.into() });
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
        assert_eq!(store.read(&ids[500]), Err(ReadError::missing(ids[500])));
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
