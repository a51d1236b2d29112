//! What is to be written into a pack, from where and how, and the form that each object gets.

use alloc::boxed::Box;

use super::read::Pack;
use super::zlib::Level;
use crate::{Kind, ObjectId, ObjectSource};

/// An object that belongs into a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackItem {
    /// The object.
    pub id: ObjectId,
    /// [`name_hash`](super::name_hash) of a path it was found on, 0 where there is none: deltas are looked for among
    /// objects of like names.
    pub name_hash: u32,
}

/// How a pack is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether deltas are looked for where none lies ready. Default true.
    pub deltas: bool,
    /// Whether entries that lie ready in a pack are copied as they are. Default true.
    pub reuse: bool,
    /// Whether the other side reads deltas that name their base by distance. Default true.
    pub offset_deltas: bool,
    /// Objects that each one is tried against. Default 10, as git.
    pub window: usize,
    /// Longest chain of deltas that is made; chains that are reused keep their length. Default 50, as git.
    pub depth: u32,
    /// How hard to compress what is not reused.
    pub level: Level,
    /// Bytes that the window may take, indexes included; objects over a quarter of it get no delta. Default 64 MiB.
    pub window_bytes_max: usize,
    /// Whether [`PackWriter::into_index`] will be asked for. Default false.
    pub index: bool,
    /// Bytes of deltas that are kept between search and writing; further ones are made twice. Default 64 MiB.
    pub delta_bytes_max: usize,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            deltas: true,
            reuse: true,
            offset_deltas: true,
            window: 10,
            depth: 50,
            level: Level::Default,
            window_bytes_max: 64 << 20,
            index: false,
            delta_bytes_max: 64 << 20,
        }
    }
}

/// Where the objects come from; the same at each call.
#[derive(Clone, Copy)]
pub struct PackSources<'a> {
    /// All objects, those of the packs included.
    pub objects: &'a dyn ObjectSource,
    /// Packs whose entries may be reused; the first that has an object counts.
    pub packs: &'a [&'a Pack],
}

/// An object, and what becomes of it.
pub(super) struct Item {
    pub(super) id: ObjectId,
    pub(super) name_hash: u32,
    /// Unknown for a reused delta.
    pub(super) kind: Kind,
    /// Bytes of the object; unknown for a reused delta.
    pub(super) size: u64,
    pub(super) form: Form,
    /// Deltas between it and a whole object.
    pub(super) depth: u32,
    /// Whether reused deltas stand on it; it gets no delta then, for their chains would grow.
    pub(super) is_reused_base: bool,
    /// Where its entry begins; 0 until it is written.
    pub(super) offset: u64,
    /// Of its entry, where an index is wanted.
    pub(super) crc32: u32,
}

/// The form in which an object is written.
pub(super) enum Form {
    /// Compressed anew.
    Whole,
    /// Copied from this pack, where it lies whole.
    ReusedWhole { pack: u32 },
    /// Copied from this pack, where it is a delta on that item.
    ReusedDelta { pack: u32, base: u32 },
    /// A delta of `size` bytes on that item; `stream` is its compressed form, if it was kept.
    Delta { base: u32, size: u64, stream: Option<Box<[u8]>> },
}

impl Item {
    pub(super) fn new(id: ObjectId, name_hash: u32) -> Self {
        let (kind, form) = (Kind::Blob, Form::Whole);
        Self { id, name_hash, kind, size: 0, form, depth: 0, is_reused_base: false, offset: 0, crc32: 0 }
    }

    pub(super) fn base(&self) -> Option<u32> {
        match self.form {
            Form::ReusedDelta { base, .. } | Form::Delta { base, .. } => Some(base),
            Form::Whole | Form::ReusedWhole { .. } => None,
        }
    }
}
