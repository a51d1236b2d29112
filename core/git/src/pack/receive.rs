//! Takes a pack as it arrives, in pieces of any size: finds its entries, inflates and hashes what is whole, and checks
//! the trailer. Deltas are left to [`PackResolver`].
//!
//! Each byte is inflated once while it arrives; an entry that is cut off by the end of a piece is begun once again.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::bytes::Pieces;
use super::crc32::Crc32;
use super::entries::{Entries, NO_BASE};
use super::entry::{EntryHeader, EntryType, HEADER_BYTES_MAX, HeaderError};
use super::error::PackError;
use super::progress::Progress;
use super::read::{PACK_HEADER_BYTES, Pack, parse_pack_header};
use super::resolve::PackResolver;
use super::zlib::{Inflater, StreamInflater, ZlibError};
use crate::id::hasher::{self, Hasher};
use crate::limits::{LimitExceeded, Limits};
use crate::{Kind, ObjectId, ObjectSource};

/// Entries up to this size, in bytes, are inflated in one go where all of their bytes are here.
const WHOLE_BYTES_MAX: u64 = 1 << 20;
/// Bytes that are taken at a time from a larger piece.
const STRIDE: usize = 256 << 10;

/// A pack that arrives.
pub struct PackReceiver {
    pieces: Pieces,
    /// Where the entry, header or trailer begins that is not complete.
    at: u64,
    stage: Stage,
    hashing: Hashing,
    entries: Entries,
    crc32: Crc32,
    inflater: Inflater,
    scratch: Vec<u8>,
    stream: Option<Box<StreamInflater>>,
    limits: Limits,
}

/// The running hash of the pack, and how far it has come.
struct Hashing {
    hasher: Hasher,
    bytes: u64,
}

enum Stage {
    Header,
    Entry,
    /// Within an entry that is not all here.
    Streaming(Streaming),
    Trailer,
    Complete,
}

struct Streaming {
    header: EntryHeader,
    hasher: Option<Hasher>,
    /// Bytes of the entry that are done with.
    used: u64,
}

impl PackReceiver {
    /// Waits for the first byte.
    pub fn new(limits: Limits) -> Self {
        Self {
            pieces: Pieces::default(),
            at: 0,
            stage: Stage::Header,
            hashing: Hashing { hasher: Hasher::new(), bytes: 0 },
            entries: Entries::default(),
            crc32: Crc32::new(),
            inflater: Inflater::new(),
            scratch: Vec::new(),
            stream: None,
            limits,
        }
    }

    /// Takes a whole pack at once and resolves it without a stop; `elsewhere` has the bases that a thin pack leaves out.
    pub fn receive(bytes: &[u8], elsewhere: &dyn ObjectSource, limits: Limits) -> Result<Pack, PackError> {
        let mut receiver = Self::new(limits);
        receiver.push(bytes)?;
        receiver.end()?.finish(elsewhere)
    }

    /// Takes the next bytes. After an error the receiver is of no further use.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), PackError> {
        for stride in bytes.chunks(STRIDE) {
            let found = self.pieces.len() + stride.len() as u64;
            let allowed = self.limits.memory_bytes_max;
            if found > allowed {
                let limit = LimitExceeded { limit: "memory_bytes_max", allowed, found };
                return Err(PackError::Limit { offset: self.at, limit });
            }
            self.pieces.push(stride, self.at);
            while self.advance()? {}
        }
        Ok(())
    }

    /// Entries that have arrived, of those that the header states.
    pub fn progress(&self) -> Progress {
        Progress { done: self.entries.offsets.len() as u64, total: u64::from(self.entries.count) }
    }

    /// Bytes that have arrived.
    pub fn received_bytes(&self) -> u64 {
        self.pieces.len()
    }

    /// Whether the trailer has arrived: no further byte may come.
    pub fn is_complete(&self) -> bool {
        matches!(self.stage, Stage::Complete)
    }

    /// Says that no byte follows, and goes on to the deltas.
    pub fn end(self) -> Result<PackResolver, PackError> {
        if !self.is_complete() {
            return Err(PackError::Truncated { offset: self.at });
        }
        Ok(PackResolver::new(self.pieces, self.entries, self.inflater, self.crc32, self.limits))
    }

    /// Takes the next step for which enough bytes are here; `false` where more are needed.
    fn advance(&mut self) -> Result<bool, PackError> {
        match self.stage {
            Stage::Header => {
                let start = self.pieces.from(0);
                match parse_pack_header(start, &self.limits) {
                    Err(PackError::Truncated { .. }) => return Ok(false),
                    count => self.entries.count = count?,
                }
                self.hash_to(PACK_HEADER_BYTES as u64);
                self.next_entry();
            }
            Stage::Entry => return self.begin_entry(),
            Stage::Streaming(_) => return self.continue_entry(),
            Stage::Trailer => return self.check_trailer(),
            Stage::Complete => {
                if self.pieces.len() > self.at {
                    return Err(PackError::TrailingBytes { offset: self.at });
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn next_entry(&mut self) {
        let all_here = self.entries.offsets.len() == self.entries.count as usize;
        self.stage = if all_here { Stage::Trailer } else { Stage::Entry };
    }

    /// Begins the entry at `at`; where all of it is here, ends it too.
    fn begin_entry(&mut self) -> Result<bool, PackError> {
        let offset = self.at;
        let entry = self.pieces.from(offset);
        let header = match EntryHeader::parse(entry) {
            Ok(header) => header,
            Err(HeaderError::Incomplete) if entry.len() < HEADER_BYTES_MAX => return Ok(false),
            Err(HeaderError::Incomplete) => return Err(PackError::Truncated { offset }),
            Err(HeaderError::Malformed(problem)) => return Err(PackError::Entry { offset, problem }),
        };
        let allowed = self.limits.object_bytes_max;
        if header.size > allowed {
            let limit = LimitExceeded { limit: "object_bytes_max", allowed, found: header.size };
            return Err(PackError::Limit { offset, limit });
        }
        self.entries.unfold(offset, header.size, &self.limits)?;
        let base = self.entries.base_of(offset, &header.entry_type)?;
        self.entries.bases.push(base);
        if let EntryType::RefDelta { base } = header.entry_type {
            self.entries.ref_bases.push((base, self.entries.offsets.len() as u32));
        }
        if header.size <= WHOLE_BYTES_MAX {
            let size = header.size as usize;
            if self.scratch.len() < size {
                self.scratch.resize(size, 0);
            }
            let body = &mut self.scratch[..size];
            match self.inflater.inflate(&entry[header.length..], body) {
                Ok(used) => {
                    let id = match header.entry_type {
                        EntryType::Whole(kind) => hasher::object_id_checked(kind, body)
                            .map_err(|_| PackError::Collision { offset })?,
                        _ => ObjectId::NULL,
                    };
                    self.end_entry((header.length + used) as u64, id);
                    return Ok(true);
                }
                Err(ZlibError::Truncated) => {}
                Err(error) => return Err(PackError::Zlib { offset, error }),
            }
        }
        let hasher = match header.entry_type {
            EntryType::Whole(kind) => Some(header_hashed(kind, header.size)),
            _ => None,
        };
        self.stream.get_or_insert_default().reset();
        self.stage = Stage::Streaming(Streaming { used: header.length as u64, header, hasher });
        Ok(true)
    }

    /// Goes on with the entry at `at`, of which not all was here before.
    fn continue_entry(&mut self) -> Result<bool, PackError> {
        let offset = self.at;
        let Stage::Streaming(streaming) = &mut self.stage else { return Ok(true) };
        let window = self.stream.get_or_insert_default();
        let bytes = &self.pieces.from(offset)[streaming.used as usize..];
        if bytes.is_empty() {
            return Ok(false);
        }
        let size = streaming.header.size;
        let pushed = window.push(bytes, size, |part| {
            if let Some(hasher) = &mut streaming.hasher {
                hasher.update(part);
            }
        });
        let (used, ended) = pushed.map_err(|error| PackError::Zlib { offset, error })?;
        streaming.used += used as u64;
        if !ended {
            return Ok(false);
        }
        if window.produced() < size {
            let error = ZlibError::TooShort { found: window.produced() as usize };
            return Err(PackError::Zlib { offset, error });
        }
        let length = streaming.used;
        let id = match streaming.hasher.take() {
            Some(hasher) => hasher.finish().map_err(|_| PackError::Collision { offset })?,
            None => ObjectId::NULL,
        };
        self.end_entry(length, id);
        Ok(true)
    }

    fn end_entry(&mut self, length: u64, id: ObjectId) {
        let bytes = &self.pieces.from(self.at)[..length as usize];
        self.entries.offsets.push(self.at);
        self.entries.crcs.push(self.crc32.update(0, bytes));
        self.entries.ids.push(id);
        self.at += length;
        self.hash_to(self.at);
        self.next_entry();
    }

    /// Hashes the pack up to `end`.
    fn hash_to(&mut self, end: u64) {
        let bytes = &self.pieces.from(self.hashing.bytes)[..(end - self.hashing.bytes) as usize];
        self.hashing.hasher.update(bytes);
        self.hashing.bytes = end;
        self.at = end;
    }

    fn check_trailer(&mut self) -> Result<bool, PackError> {
        let Some(stated) = ObjectId::from_slice(self.pieces.from(self.at)) else { return Ok(false) };
        let hasher = core::mem::take(&mut self.hashing.hasher);
        let found = hasher.finish().map_err(|_| PackError::Collision { offset: 0 })?;
        if found != stated {
            return Err(PackError::Checksum { stated, found });
        }
        self.at += ObjectId::LEN as u64;
        self.stage = Stage::Complete;
        Ok(true)
    }
}

/// A hasher that has seen the header of an object.
fn header_hashed(kind: Kind, size: u64) -> Hasher {
    let mut hasher = Hasher::new();
    hasher.update(hasher::Header::new(kind, size).as_bytes());
    hasher
}

impl Entries {
    /// Accounts for bytes that are inflated or unfolded.
    pub(super) fn unfold(&mut self, offset: u64, bytes: u64, limits: &Limits) -> Result<(), PackError> {
        let allowed = limits.pack_unfolded_bytes_max;
        self.unfolded = self.unfolded.saturating_add(bytes);
        if self.unfolded > allowed {
            let limit = LimitExceeded { limit: "pack_unfolded_bytes_max", allowed, found: self.unfolded };
            return Err(PackError::Limit { offset, limit });
        }
        Ok(())
    }

    /// The entry that the one at `offset` stands on by its distance.
    fn base_of(&self, offset: u64, entry_type: &EntryType) -> Result<u32, PackError> {
        let EntryType::OffsetDelta { distance } = entry_type else { return Ok(NO_BASE) };
        let found = offset.checked_sub(*distance).and_then(|base| self.offsets.binary_search(&base).ok());
        match found {
            Some(index) => Ok(index as u32),
            None => Err(PackError::BaseOffset { offset, distance: *distance }),
        }
    }
}
