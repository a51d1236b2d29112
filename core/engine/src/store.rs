//! Where this repository's objects are: packs and loose objects, which stay compressed, and new objects in memory.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;

use govc_git::id::Prefix;
use govc_git::limits::Limits;
use govc_git::pack::Pack;
use govc_git::store::{LargeTrees, MemoryStore, TreeEntry};
use govc_git::{Kind, Object, ObjectId, ObjectSink, ObjectSource, ReadError};

use crate::loose::LooseObjects;

/// All objects of a repository.
#[derive(Default)]
pub struct Store {
    packs: Vec<Pack>,
    loose: LooseObjects,
    /// Objects that this repository and its copies made before they parted.
    shared: Arc<MemoryStore>,
    new: MemoryStore,
    large_trees: RefCell<LargeTrees>,
    /// What a validator may look at before it is committed; gone when the validation ends.
    previews: MemoryStore,
}

impl Store {
    /// Holds nothing.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { loose: LooseObjects::new(limits), ..Self::default() }
    }

    /// Adds the file of a loose object, which is checked when it is read.
    pub(crate) fn add_loose(&mut self, id: ObjectId, file: Box<[u8]>) {
        self.loose.add(id, file);
    }

    /// The ids of the loose objects that a storage handed over, sorted.
    pub fn loose_ids(&self) -> Vec<ObjectId> {
        self.loose.ids()
    }

    /// Adds an imported pack.
    pub fn add_pack(&mut self, pack: Pack) {
        self.packs.push(pack);
    }

    /// Adds the pack of a push, if it brought one.
    pub(crate) fn take_packs(&mut self, pack: Option<Pack>) {
        self.packs.extend(pack);
    }

    /// Takes back the pack that was added last.
    pub(crate) fn drop_newest_pack(&mut self) {
        self.packs.pop();
    }

    /// The imported packs, in the order in which they came.
    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// The ids of the objects that were made or taken in here and are in no pack, in the order in which they came.
    pub fn new_ids(&self) -> impl Iterator<Item = &ObjectId> {
        self.shared.since(0).chain(self.new.since(0)).map(|(id, _)| id)
    }

    /// Bytes of the bodies of these objects.
    pub fn new_body_bytes(&self) -> u64 {
        self.shared.body_bytes() + self.new.body_bytes()
    }

    /// The same objects once more, shared: costs what was made since the last copy, and a step for each loose object.
    pub(crate) fn copy(&mut self) -> Self {
        let new = core::mem::take(&mut self.new);
        if self.shared.is_empty() {
            self.shared = Arc::new(new);
        } else if !new.is_empty() {
            let shared = Arc::make_mut(&mut self.shared);
            for (id, object) in new.since(0) {
                shared.insert(*id, object.clone());
            }
        }
        Self {
            packs: self.packs.iter().map(Pack::share).collect(),
            loose: self.loose.share(),
            shared: Arc::clone(&self.shared),
            ..Self::default()
        }
    }

    fn made(&self, id: &ObjectId) -> Option<&Object> {
        self.new.get(id).or_else(|| self.shared.get(id))
    }

    fn made_count(&self) -> usize {
        self.shared.len() + self.new.len()
    }

    /// Keeps what an overlay over this store collected.
    pub fn absorb(&mut self, written: &MemoryStore) {
        for (id, object) in written.since(0) {
            if !self.contains(id) {
                self.new.insert(*id, object.clone());
            }
        }
    }

    /// Makes objects readable until the next call, without keeping them.
    pub fn preview(&mut self, written: MemoryStore) {
        self.previews = written;
    }

    /// Where the new objects end, for [`Self::forget_since`].
    pub(crate) fn mark(&self) -> usize {
        self.new.len()
    }

    /// Forgets the objects that were written since `mark`: what a failed command wrote.
    pub(crate) fn forget_since(&mut self, mark: usize) {
        self.new.truncate(mark);
    }

    /// Takes an object from outside, whose id was computed from its bytes.
    pub fn insert(&mut self, id: ObjectId, object: Object) {
        self.new.insert(id, object);
    }

    /// Whether an object is here for good.
    fn is_kept(&self, id: &ObjectId) -> bool {
        self.made(id).is_some() || self.packs.iter().any(|pack| pack.contains(id)) || self.loose.contains(id)
    }

    /// Number of objects; one that lies in two packs counts twice.
    pub fn object_count(&self) -> u64 {
        self.packs.iter().map(|pack| pack.len() as u64).sum::<u64>()
            + (self.loose.len() + self.made_count()) as u64
    }

    /// Bytes of memory that the objects take, indexes and caches included.
    pub fn memory_bytes(&self) -> u64 {
        const TABLE_BYTES_PER_OBJECT: u64 = 64;
        let packs: u64 = self.packs.iter().map(|pack| pack.memory_bytes() as u64).sum();
        let table = (self.loose.len() + self.made_count()) as u64 * TABLE_BYTES_PER_OBJECT;
        packs + self.loose.body_bytes() + self.new_body_bytes() + table
    }
}

impl ObjectSource for Store {
    fn read(&self, id: &ObjectId) -> Result<Object, ReadError> {
        if let Some(object) = self.made(id) {
            return Ok(object.clone());
        }
        for pack in &self.packs {
            match pack.read(id) {
                Err(error) if error.is_missing() => {}
                result => return result,
            }
        }
        if self.loose.contains(id) { self.loose.read(id) } else { self.previews.read(id) }
    }

    fn find_entry(&self, tree: &ObjectId, name: &[u8]) -> Result<Option<TreeEntry>, ReadError> {
        self.large_trees.borrow_mut().find(tree, name, || self.read_tree(tree))
    }

    fn contains(&self, id: &ObjectId) -> bool {
        self.is_kept(id) || self.previews.contains(id)
    }

    fn find_prefix(&self, prefix: &Prefix, most: usize, found: &mut Vec<ObjectId>) {
        self.shared.find_prefix(prefix, most, found);
        self.new.find_prefix(prefix, most, found);
        self.packs.iter().for_each(|pack| pack.find_prefix(prefix, most, found));
        self.loose.find_prefix(prefix, most, found);
    }

    fn header(&self, id: &ObjectId) -> Result<(Kind, u64), ReadError> {
        if let Some(object) = self.made(id) {
            return Ok((object.kind, object.bytes.len() as u64));
        }
        match self.packs.iter().find(|pack| pack.contains(id)) {
            Some(pack) => pack.header(id),
            None if self.loose.contains(id) => self.loose.header(id),
            None => self.previews.header(id),
        }
    }
}

impl ObjectSink for Store {
    fn write(&mut self, kind: Kind, bytes: &[u8]) -> ObjectId {
        let id = govc_git::id::hasher::object_id(kind, bytes);
        if !self.is_kept(&id) {
            self.new.insert(id, Object { kind, bytes: bytes.into() });
        }
        id
    }
}
