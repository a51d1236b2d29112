//! Where objects are read from and written to. A missing object is an ordinary result that names it.

mod id_map;
mod id_places;
mod large_trees;
mod memory;
mod overlay;
mod reach;
mod tree_path;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

pub use id_map::IdMap;
pub(crate) use id_places::IdPlaces;
pub use large_trees::LargeTrees;
pub use memory::MemoryStore;
pub use overlay::Overlay;
pub use reach::{Reach, Reached};
use tree_path::find_entry;
pub use tree_path::{TreeEntry, Visit, find_path, visit_paths};

use crate::ObjectId;
use crate::id::Prefix;
use crate::limits::LimitExceeded;
use crate::object::{CommitRef, Kind, ObjectError, TagRef};

/// An object in memory; a clone shares its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Which of the four.
    pub kind: Kind,
    /// The body, without the header.
    pub bytes: Arc<[u8]>,
}

/// Why an object could not be read: a pointer, because every result that carries it is as large as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError(Box<ReadProblem>);

/// What is wrong with an object that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadProblem {
    /// It is not here. A shell may fetch it and try again.
    Missing(ObjectId),
    /// It is here, and of another kind than its place asks for.
    WrongKind {
        /// The object.
        id: ObjectId,
        /// What the place asks for.
        expected: Kind,
        /// What it is.
        found: Kind,
    },
    /// It is here, and cannot be taken apart.
    Corrupt {
        /// The object.
        id: ObjectId,
        /// What is wrong with it.
        error: ObjectError,
    },
    /// Reading it would take more than is allowed.
    Limit {
        /// The object.
        id: ObjectId,
        /// The bound.
        limit: LimitExceeded,
    },
}

impl ReadError {
    /// The object is not here.
    pub fn missing(id: ObjectId) -> Self {
        Self(Box::new(ReadProblem::Missing(id)))
    }

    /// The object is of another kind than its place asks for.
    pub fn wrong_kind(id: ObjectId, expected: Kind, found: Kind) -> Self {
        Self(Box::new(ReadProblem::WrongKind { id, expected, found }))
    }

    /// The object cannot be taken apart.
    pub fn corrupt(id: ObjectId, error: ObjectError) -> Self {
        Self(Box::new(ReadProblem::Corrupt { id, error }))
    }

    /// Reading the object would take more than is allowed.
    pub fn limit(id: ObjectId, limit: LimitExceeded) -> Self {
        Self(Box::new(ReadProblem::Limit { id, limit }))
    }

    /// What is wrong.
    pub fn problem(&self) -> &ReadProblem {
        &self.0
    }

    /// Whether reading the object would take more than is allowed.
    pub fn is_limit(&self) -> bool {
        matches!(*self.0, ReadProblem::Limit { .. })
    }

    /// Whether the object is not here.
    pub fn is_missing(&self) -> bool {
        matches!(*self.0, ReadProblem::Missing(_))
    }
}

impl core::fmt::Display for ReadError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.problem() {
            ReadProblem::Missing(id) => write!(f, "object {id} is missing"),
            ReadProblem::WrongKind { id, expected, found } => {
                write!(f, "object {id} is a {found}, not a {expected}")
            }
            ReadProblem::Corrupt { id, error } => write!(f, "object {id} is corrupt: {error}"),
            ReadProblem::Limit { id, limit } => write!(f, "object {id}: {limit}"),
        }
    }
}

impl core::error::Error for ReadError {}

/// Something that objects can be read from.
pub trait ObjectSource {
    /// The object with this id.
    fn read(&self, id: &ObjectId) -> Result<Object, ReadError>;

    /// Whether the object is here.
    fn contains(&self, id: &ObjectId) -> bool;

    /// Appends the ids that begin with `prefix`, in no stated order and possibly more than once; may stop at `most`.
    fn find_prefix(&self, prefix: &Prefix, most: usize, found: &mut Vec<ObjectId>);

    /// Kind and size, in bytes, of an object; sources that need not inflate it for that do better than this.
    fn header(&self, id: &ObjectId) -> Result<(Kind, u64), ReadError> {
        let object = self.read(id)?;
        Ok((object.kind, object.bytes.len() as u64))
    }

    /// The bytes of an object that must be of this kind. The empty tree is always here.
    fn read_kind(&self, id: &ObjectId, expected: Kind) -> Result<Arc<[u8]>, ReadError> {
        match self.read(id) {
            Ok(Object { kind, bytes }) if kind == expected => Ok(bytes),
            Ok(Object { kind, .. }) => Err(ReadError::wrong_kind(*id, expected, kind)),
            Err(error) if error.is_missing() && *id == ObjectId::EMPTY_TREE && expected == Kind::Tree => {
                Ok(Arc::from([]))
            }
            Err(error) => Err(error),
        }
    }

    /// The bytes of a tree.
    fn read_tree(&self, id: &ObjectId) -> Result<Arc<[u8]>, ReadError> {
        self.read_kind(id, Kind::Tree)
    }

    /// What stands in a tree under a name; sources that keep indexes of trees do better than this.
    fn find_entry(&self, tree: &ObjectId, name: &[u8]) -> Result<Option<TreeEntry>, ReadError> {
        find_entry(tree, &self.read_tree(tree)?, name)
    }

    /// The bytes of a blob.
    fn read_blob(&self, id: &ObjectId) -> Result<Arc<[u8]>, ReadError> {
        self.read_kind(id, Kind::Blob)
    }

    /// The bytes of a commit.
    fn read_commit(&self, id: &ObjectId) -> Result<Arc<[u8]>, ReadError> {
        self.read_kind(id, Kind::Commit)
    }

    /// Follows annotated tags to what they finally name; at most 1,024 of them.
    fn peel_tags(&self, id: &ObjectId) -> Result<(Kind, ObjectId), ReadError> {
        let mut id = *id;
        for _ in 0..TAG_DEPTH_MAX {
            let (kind, _) = self.header(&id)?;
            if kind != Kind::Tag {
                return Ok((kind, id));
            }
            let bytes = self.read_kind(&id, Kind::Tag)?;
            id = TagRef::parse(&bytes).map_err(|error| ReadError::corrupt(id, error))?.target;
        }
        let limit = LimitExceeded { limit: "tag_depth_max", allowed: TAG_DEPTH_MAX, found: u64::MAX };
        Err(ReadError::limit(id, limit))
    }

    /// The tree of a commit, through annotated tags; a tree is its own.
    fn peel_to_tree(&self, id: &ObjectId) -> Result<ObjectId, ReadError> {
        if *id == ObjectId::EMPTY_TREE {
            return Ok(*id);
        }
        match self.peel_tags(id)? {
            (Kind::Tree, tree) => Ok(tree),
            (Kind::Commit, commit) => {
                let bytes = self.read_commit(&commit)?;
                CommitRef::tree_of(&bytes).map_err(|error| ReadError::corrupt(commit, error))
            }
            (found, id) => Err(ReadError::wrong_kind(id, Kind::Tree, found)),
        }
    }
}

/// Longest chain of tags of tags that is followed.
const TAG_DEPTH_MAX: u64 = 1024;

/// Something that objects can be written to.
pub trait ObjectSink {
    /// Stores an object that this process made and returns its id; writing what is there already changes nothing.
    fn write(&mut self, kind: Kind, bytes: &[u8]) -> ObjectId;
}

/// Something that objects can be read from and written to.
pub trait ObjectStore: ObjectSource + ObjectSink {}

impl<S: ObjectSource + ObjectSink> ObjectStore for S {}
