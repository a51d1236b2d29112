//! The pack of an answer, piece by piece, with the words that accompany it.

use alloc::vec::Vec;
use core::fmt::Arguments;

use super::select::Selected;
use super::server::CHUNK_BYTES;
use crate::id::hasher::Hasher;
use crate::pack::PackError;
use crate::pack::entry::{EntryHeader, EntryType};
use crate::pack::zlib::{Deflater, Level};
use crate::{ObjectSource, ReadError};

/// Writes objects as a pack.
pub(super) struct PackStream {
    objects: Vec<Selected>,
    next: usize,
    hasher: Option<Hasher>,
    deflater: Deflater,
    pending: Vec<u8>,
}

impl PackStream {
    pub(super) fn new(objects: Vec<Selected>) -> Self {
        let mut pending = Vec::from(*b"PACK\0\0\0\x02");
        pending.extend_from_slice(&(objects.len() as u32).to_be_bytes());
        Self {
            objects,
            next: 0,
            hasher: Some(Hasher::new()),
            deflater: Deflater::new(Level::Fastest),
            pending,
        }
    }

    /// Appends the next piece; `true` when the pack is complete.
    pub(super) fn write(
        &mut self,
        source: &dyn ObjectSource,
        content: impl Fn(&[u8], &mut Vec<u8>),
        progress: impl Fn(Arguments<'_>, &mut Vec<u8>),
        out: &mut Vec<u8>,
    ) -> Result<bool, PackError> {
        while self.pending.len() < CHUNK_BYTES {
            let Some(selected) = self.objects.get(self.next) else { break };
            let object = source.read(&selected.id).map_err(PackError::Source)?;
            if object.kind != selected.kind {
                let error =
                    ReadError::WrongKind { id: selected.id, expected: selected.kind, found: object.kind };
                return Err(PackError::Source(error));
            }
            EntryHeader::write(&EntryType::Whole(object.kind), object.bytes.len() as u64, &mut self.pending);
            self.deflater.deflate(&object.bytes, &mut self.pending);
            self.next += 1;
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&self.pending);
        }
        let is_complete = self.next == self.objects.len();
        if is_complete && let Some(hasher) = self.hasher.take() {
            let checksum = hasher.finish().map_err(|_| PackError::Collision { offset: 0 })?;
            self.pending.extend_from_slice(checksum.as_bytes());
            progress(format_args!("Total {}\n", self.objects.len()), out);
        }
        content(&self.pending, out);
        self.pending.clear();
        Ok(is_complete)
    }
}
