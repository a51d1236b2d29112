//! Figures of a repository.

use crate::Repository;

/// What a repository holds, and what that takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Objects; one that lies in two packs counts twice.
    pub objects: u64,
    /// Bytes of the bodies of objects that were made or taken in here and are in no pack.
    pub object_bytes: u64,
    /// Bytes that packs, their indexes and caches, the objects and the commit graph take.
    pub memory_bytes: u64,
    /// Realities, those without a commit included.
    pub realities: u64,
    /// Commits that the commit graph has seen.
    pub commits: u64,
    /// Entries in the log of operations.
    pub operations: u64,
}

impl Repository {
    /// The figures at this moment.
    pub fn stats(&self) -> Stats {
        let graph = self.graph.borrow();
        let born = self.refs.iter_prefix(b"refs/heads/").count() as u64;
        Stats {
            objects: self.store.object_count(),
            object_bytes: self.store.new_body_bytes(),
            memory_bytes: self.store.memory_bytes() + graph.memory_bytes() as u64,
            realities: born + self.unborn.len() as u64,
            commits: graph.len() as u64,
            operations: self.log.all().len() as u64,
        }
    }
}
