//! New objects over a source that stays as it is: what a merge or a preview writes before anybody wants it kept.

use alloc::vec::Vec;

use super::{MemoryStore, Object, ObjectSink, ObjectSource, ReadError};
use crate::id::Prefix;
use crate::{Kind, ObjectId};

/// A source with new objects over it.
pub struct Overlay<'a> {
    base: &'a dyn ObjectSource,
    new: MemoryStore,
}

impl<'a> Overlay<'a> {
    /// Starts with nothing over `base`.
    pub fn new(base: &'a dyn ObjectSource) -> Self {
        Self { base, new: MemoryStore::new() }
    }

    /// What was written so far.
    pub fn new_objects(&self) -> &MemoryStore {
        &self.new
    }

    /// What was written.
    pub fn into_new(self) -> MemoryStore {
        self.new
    }
}

impl ObjectSource for Overlay<'_> {
    fn read(&self, id: &ObjectId) -> Result<Object, ReadError> {
        match self.new.get(id) {
            Some(object) => Ok(object.clone()),
            None => self.base.read(id),
        }
    }

    fn contains(&self, id: &ObjectId) -> bool {
        self.new.contains(id) || self.base.contains(id)
    }

    fn find_prefix(&self, prefix: &Prefix, most: usize, found: &mut Vec<ObjectId>) {
        self.new.find_prefix(prefix, most, found);
        self.base.find_prefix(prefix, most, found);
    }

    fn header(&self, id: &ObjectId) -> Result<(Kind, u64), ReadError> {
        if self.new.contains(id) { self.new.header(id) } else { self.base.header(id) }
    }
}

impl ObjectSink for Overlay<'_> {
    fn write(&mut self, kind: Kind, bytes: &[u8]) -> ObjectId {
        self.new.write(kind, bytes)
    }
}
