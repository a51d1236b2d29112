//! A pack in memory: its compressed bytes, its index and a bounded cache. Inflates what is read, and only that.
//!
//! Delta chains are followed with a list, not by recursion, and no further than the limits allow.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::{OnceCell, RefCell};

use super::bytes::Pieces;
use super::cache::BaseCache;
use super::delta::{DELTA_HEADER_BYTES_MAX, DeltaHeader, apply};
use super::entry::{EntryHeader, EntryType, HeaderError};
use super::error::PackError;
use super::index::{PackIndex, read_u32};
use super::zlib::{Inflater, is_plausible};
use crate::id::{Prefix, hasher};
use crate::limits::{LimitExceeded, Limits};
use crate::object::ObjectError;
use crate::{Kind, Object, ObjectId, ObjectSource, ReadError};

/// Length of the header of a pack: `PACK`, version, number of objects.
pub(super) const PACK_HEADER_BYTES: usize = 12;

/// Budget of the cache of inflated delta bases, trees and commits unless another is asked for, in bytes.
pub const CACHE_BYTES_DEFAULT: usize = 16 << 20;

/// An immutable pack in memory.
pub struct Pack {
    bytes: Arc<Pieces>,
    index: Arc<PackIndex>,
    limits: Limits,
    reader: RefCell<Reader>,
    /// Positions in the index by offset in the pack; made when first needed.
    by_offset: OnceCell<Vec<u32>>,
}

/// What reading needs beside the pack.
struct Reader {
    /// Made with the first read.
    inflater: Option<Inflater>,
    cache: BaseCache,
    delta: Vec<u8>,
}

/// One link of a chain of deltas.
struct Link {
    offset: u64,
    header: EntryHeader,
}

/// The entry of an object as it lies in the pack.
pub(super) struct RawEntry<'a> {
    pub(super) entry_type: EntryType,
    pub(super) offset: u64,
    /// Inflated bytes: of the object, or of the delta.
    pub(super) size: u64,
    /// Header and zlib stream.
    pub(super) bytes: &'a [u8],
    pub(super) header_length: usize,
    /// What a delta stands on.
    pub(super) base: Option<ObjectId>,
    /// What the index says of `bytes`.
    pub(super) crc32: u32,
}

impl Pack {
    /// Opens a pack with the index that belongs to it. The index is checked as a whole; of the pack nothing is read
    /// but its first and last bytes: see [`Pack::verify_checksum`].
    pub fn open(bytes: Vec<u8>, index: Vec<u8>, limits: Limits) -> Result<Self, PackError> {
        let count = parse_pack_header(&bytes, &limits)?;
        let trailer = bytes.len().checked_sub(ObjectId::LEN).filter(|at| *at >= PACK_HEADER_BYTES);
        let trailer = trailer.ok_or(PackError::Truncated { offset: 0 })?;
        let index = PackIndex::parse(index, bytes.len() as u64)?;
        if index.len() != count as usize {
            let problem = "it has another number of objects than the pack";
            return Err(PackError::Index { problem, offset: 8 + 4 * 255 });
        }
        if index.pack_checksum().as_bytes()[..] != bytes[trailer..] {
            let offset = (index.bytes().len() - 2 * ObjectId::LEN) as u64;
            return Err(PackError::Index { problem: "it belongs to another pack", offset });
        }
        Ok(Self::new(Pieces::from_vec(bytes), index, limits))
    }

    pub(super) fn new(bytes: Pieces, index: PackIndex, limits: Limits) -> Self {
        Self::over(Arc::new(bytes), Arc::new(index), limits)
    }

    /// The same pack once more: bytes and index are shared, each has a cache of its own.
    pub fn share(&self) -> Self {
        Self::over(Arc::clone(&self.bytes), Arc::clone(&self.index), self.limits)
    }

    fn over(bytes: Arc<Pieces>, index: Arc<PackIndex>, limits: Limits) -> Self {
        let reader = Reader { inflater: None, cache: BaseCache::new(CACHE_BYTES_DEFAULT), delta: Vec::new() };
        Self { bytes, index, limits, reader: RefCell::new(reader), by_offset: OnceCell::new() }
    }

    /// Sets the budget of the cache of inflated delta bases, trees and commits, in bytes, and empties it.
    pub fn set_cache_bytes(&self, budget: usize) {
        self.reader.borrow_mut().cache = BaseCache::new(budget);
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The ids in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = ObjectId> + '_ {
        (0..self.index.len()).map(|position| self.index.id(position))
    }

    /// The trailer: what git names the files of the pack by.
    pub fn checksum(&self) -> ObjectId {
        self.index.pack_checksum()
    }

    /// The index.
    pub fn index(&self) -> &PackIndex {
        &self.index
    }

    /// The bytes of the `.idx` file.
    pub fn index_bytes(&self) -> &[u8] {
        self.index.bytes()
    }

    /// The bytes of the `.pack` file, in pieces.
    pub fn pack_bytes(&self) -> impl Iterator<Item = &[u8]> + '_ {
        self.bytes.iter()
    }

    /// Length of the `.pack` file.
    pub fn pack_len(&self) -> u64 {
        self.bytes.len()
    }

    /// Bytes of memory that the pack takes, cache included.
    pub fn memory_bytes(&self) -> usize {
        let order = self.by_offset.get().map_or(0, |order| 4 * order.len());
        self.bytes.memory_bytes() + order + self.index.bytes().len() + self.reader.borrow().cache.bytes()
    }

    /// Hashes the whole pack and compares with its trailer: what opening leaves out.
    pub fn verify_checksum(&self) -> Result<(), PackError> {
        let mut hasher = hasher::Hasher::new();
        let mut left = (self.bytes.len() as usize).saturating_sub(ObjectId::LEN);
        for piece in self.bytes.iter() {
            let hashed = piece.len().min(left);
            hasher.update(&piece[..hashed]);
            left -= hashed;
        }
        let found = hasher.finish().map_err(|_| PackError::Collision { offset: 0 })?;
        let stated = self.checksum();
        if found == stated { Ok(()) } else { Err(PackError::Checksum { stated, found }) }
    }

    /// The entry of an object as it lies here, for reuse in another pack; `None` where it is not here, or not fit for
    /// that.
    pub(super) fn raw_entry(&self, id: &ObjectId) -> Option<RawEntry<'_>> {
        let position = self.index.find(id)?;
        let offset = self.index.offset(position);
        let header = self.entry_header(offset).ok()?;
        let order = self.positions_by_offset();
        let rank = order.partition_point(|position| self.index.offset(*position as usize) <= offset);
        let end = match order.get(rank) {
            Some(next) => self.index.offset(*next as usize),
            None => self.bytes.len() - ObjectId::LEN as u64,
        };
        let bytes = self.bytes.from(offset).get(..usize::try_from(end - offset).ok()?)?;
        let base = match header.entry_type {
            EntryType::Whole(_) => None,
            EntryType::RefDelta { base } => Some(base),
            EntryType::OffsetDelta { distance } => {
                let base = offset.checked_sub(distance)?;
                let at =
                    order.binary_search_by_key(&base, |other| self.index.offset(*other as usize)).ok()?;
                Some(self.index.id(order[at] as usize))
            }
        };
        Some(RawEntry {
            entry_type: header.entry_type,
            offset,
            size: header.size,
            bytes,
            header_length: header.length,
            base,
            crc32: self.index.crc32(position),
        })
    }

    fn positions_by_offset(&self) -> &[u32] {
        self.by_offset.get_or_init(|| {
            let mut order: Vec<u32> = (0..self.index.len() as u32).collect();
            let offset = |position: u32| self.index.offset(position as usize);
            crate::sort::sort_positions(&mut order, &mut |a, b| offset(a).cmp(&offset(b)));
            order
        })
    }

    fn entry_header(&self, offset: u64) -> Result<EntryHeader, PackError> {
        let header = EntryHeader::parse(self.bytes.from(offset)).map_err(|error| match error {
            HeaderError::Incomplete => PackError::Truncated { offset },
            HeaderError::Malformed(problem) => PackError::Entry { offset, problem },
        })?;
        let allowed = self.limits.object_bytes_max;
        if header.size > allowed {
            let limit = LimitExceeded { limit: "object_bytes_max", allowed, found: header.size };
            return Err(PackError::Limit { offset, limit });
        }
        Ok(header)
    }

    /// Where the base of a delta begins.
    fn base_offset(&self, offset: u64, entry_type: &EntryType) -> Result<Option<u64>, PackError> {
        match entry_type {
            EntryType::Whole(_) => Ok(None),
            EntryType::OffsetDelta { distance } => offset
                .checked_sub(*distance)
                .filter(|base| *base >= PACK_HEADER_BYTES as u64)
                .map(Some)
                .ok_or(PackError::BaseOffset { offset, distance: *distance }),
            EntryType::RefDelta { base } => match self.index.find(base) {
                Some(position) => Ok(Some(self.index.offset(position))),
                None => Err(PackError::MissingBase { offset, base: *base }),
            },
        }
    }

    fn too_deep(&self, offset: u64) -> PackError {
        let allowed = u64::from(self.limits.delta_depth_max);
        PackError::Limit {
            offset,
            limit: LimitExceeded { limit: "delta_depth_max", allowed, found: u64::MAX },
        }
    }

    /// Reads the object whose entry begins at `offset`.
    fn read_at(&self, offset: u64) -> Result<Object, PackError> {
        let mut reader = self.reader.borrow_mut();
        let reader = &mut *reader;
        let mut chain: Vec<Link> = Vec::new();
        let mut at = offset;
        let mut object = loop {
            if let Some(object) = reader.cache.find(at) {
                break object;
            }
            let header = self.entry_header(at)?;
            if let EntryType::Whole(kind) = header.entry_type {
                break self.inflate_whole(reader, at, &header, kind)?;
            }
            if chain.len() >= self.limits.delta_depth_max as usize {
                return Err(self.too_deep(offset));
            }
            let base = self.base_offset(at, &header.entry_type)?;
            chain.push(Link { offset: at, header });
            at = base.expect("because only a whole entry has no base");
        };
        // What others stand on is asked for again, and so are trees and commits: by neighbouring states, and by forks.
        let asked_again = object.kind != Kind::Blob;
        if asked_again || !chain.is_empty() {
            reader.cache.insert(at, &object);
        }
        while let Some(link) = chain.pop() {
            object = self.apply_link(reader, &link, &object)?;
            if asked_again || !chain.is_empty() {
                reader.cache.insert(link.offset, &object);
            }
        }
        Ok(object)
    }

    fn inflate_whole(
        &self,
        reader: &mut Reader,
        offset: u64,
        header: &EntryHeader,
        kind: Kind,
    ) -> Result<Object, PackError> {
        let stream = self.stream(offset, header)?;
        let mut bytes = zeroed(header.size as usize);
        let room = Arc::get_mut(&mut bytes).expect("because nobody else has it yet");
        reader
            .inflater
            .get_or_insert_with(Inflater::new)
            .inflate(stream, room)
            .map_err(|error| PackError::Zlib { offset, error })?;
        Ok(Object { kind, bytes })
    }

    fn apply_link(&self, reader: &mut Reader, link: &Link, base: &Object) -> Result<Object, PackError> {
        let offset = link.offset;
        let stream = self.stream(offset, &link.header)?;
        reader.delta.resize(link.header.size as usize, 0);
        let inflated = reader.inflater.get_or_insert_with(Inflater::new).inflate(stream, &mut reader.delta);
        inflated.map_err(|error| PackError::Zlib { offset, error })?;
        let wrong = |error| PackError::Delta { offset, error };
        let size = DeltaHeader::parse(&reader.delta).map_err(wrong)?.result_size;
        let allowed = self.limits.object_bytes_max;
        if size > allowed {
            let limit = LimitExceeded { limit: "object_bytes_max", allowed, found: size };
            return Err(PackError::Limit { offset, limit });
        }
        let mut bytes = zeroed(size as usize);
        let room = Arc::get_mut(&mut bytes).expect("because nobody else has it yet");
        apply(&base.bytes, &reader.delta, room).map_err(wrong)?;
        Ok(Object { kind: base.kind, bytes })
    }

    /// The bytes from the start of an entry's zlib stream on, if they can hold what is stated.
    fn stream(&self, offset: u64, header: &EntryHeader) -> Result<&[u8], PackError> {
        let entry = self.bytes.from(offset).get(header.length..).unwrap_or_default();
        if !is_plausible(entry.len(), header.size) {
            return Err(PackError::Entry { offset, problem: "the entry is too short for its size" });
        }
        Ok(entry)
    }

    /// Kind and size of the object whose entry begins at `offset`, without inflating more than a delta's header.
    fn header_at(&self, offset: u64) -> Result<(Kind, u64), PackError> {
        let mut size = None;
        let mut at = offset;
        for _ in 0..=self.limits.delta_depth_max {
            let header = self.entry_header(at)?;
            if let EntryType::Whole(kind) = header.entry_type {
                return Ok((kind, size.unwrap_or(header.size)));
            }
            if size.is_none() {
                let mut start = [0; DELTA_HEADER_BYTES_MAX];
                let stream = self.stream(at, &header)?;
                let inflated = self
                    .reader
                    .borrow_mut()
                    .inflater
                    .get_or_insert_with(Inflater::new)
                    .inflate_start(stream, &mut start);
                let (length, _) = inflated.map_err(|error| PackError::Zlib { offset: at, error })?;
                let delta = DeltaHeader::parse(&start[..length])
                    .map_err(|error| PackError::Delta { offset: at, error })?;
                size = Some(delta.result_size);
            }
            at = self.base_offset(at, &header.entry_type)?.expect("because only a whole entry has no base");
        }
        Err(self.too_deep(offset))
    }

    fn read_error(id: &ObjectId, error: PackError) -> ReadError {
        if let PackError::Limit { limit, .. } = error {
            return ReadError::limit(*id, limit);
        }
        let (problem, offset) = error.problem();
        ReadError::corrupt(*id, ObjectError { problem, offset: offset as usize })
    }
}

impl ObjectSource for Pack {
    fn read(&self, id: &ObjectId) -> Result<Object, ReadError> {
        let position = self.index.find(id).ok_or(ReadError::missing(*id))?;
        self.read_at(self.index.offset(position)).map_err(|error| Self::read_error(id, error))
    }

    fn contains(&self, id: &ObjectId) -> bool {
        self.index.find(id).is_some()
    }

    fn find_prefix(&self, prefix: &Prefix, most: usize, found: &mut Vec<ObjectId>) {
        found.extend(self.index.find_prefix(prefix).take(most).map(|position| self.index.id(position)));
    }

    fn header(&self, id: &ObjectId) -> Result<(Kind, u64), ReadError> {
        let position = self.index.find(id).ok_or(ReadError::missing(*id))?;
        self.header_at(self.index.offset(position)).map_err(|error| Self::read_error(id, error))
    }
}

/// Room for an object, shared without another copy once it is filled.
fn zeroed(size: usize) -> Arc<[u8]> {
    // Through a vector: at the size-saving level an iterator fills byte by byte, and a copy is nothing beside that.
    alloc::vec![0; size].into()
}

/// Reads the header of a pack: its number of objects.
pub(super) fn parse_pack_header(bytes: &[u8], limits: &Limits) -> Result<u32, PackError> {
    let known = bytes.len().min(4);
    if bytes[..known] != b"PACK"[..known] {
        return Err(PackError::Signature);
    }
    if bytes.len() < PACK_HEADER_BYTES {
        return Err(PackError::Truncated { offset: 0 });
    }
    let version = read_u32(bytes, 4);
    if !(2..=3).contains(&version) {
        return Err(PackError::Version { found: version });
    }
    let (count, allowed) = (read_u32(bytes, 8), limits.pack_objects_max);
    if count > allowed {
        let limit =
            LimitExceeded { limit: "pack_objects_max", allowed: u64::from(allowed), found: u64::from(count) };
        return Err(PackError::Limit { offset: 0, limit });
    }
    Ok(count)
}
