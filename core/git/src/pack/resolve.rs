//! Resolves the deltas of a received pack, a step at a time, and makes its index.
//!
//! From each base the deltas on it are followed depth first, the largest family last, so that a base is let go before
//! that one begins: however long the chains, few bodies are alive at a time. What goes beyond a budget is let go
//! earlier and unfolded again. No recursion.

use alloc::vec::Vec;
use core::ops::Range;

use super::bytes::Pieces;
use super::children::{self, Children};
use super::crc32::Crc32;
use super::delta::{DeltaHeader, apply};
use super::entries::{Entries, NO_BASE};
use super::entry::{EntryHeader, EntryType};
use super::error::PackError;
use super::index::{IndexEntry, PackIndex};
use super::progress::Progress;
use super::read::Pack;
use super::spare::SpareBuffers;
use super::zlib::{Deflater, Inflater, Level};
use crate::id::hasher::{self, Hasher};
use crate::limits::{LimitExceeded, Limits};
use crate::store::IdMap;
use crate::{Kind, ObjectId, ObjectSource};

/// Bytes of bodies that are kept alive for the deltas on them.
const ALIVE_BYTES_MAX: usize = 64 << 20;

/// A received pack whose deltas are being resolved.
pub struct PackResolver {
    pieces: Pieces,
    entries: Entries,
    children: Children,
    stage: Stage,
    stack: Vec<Frame>,
    alive_bytes: usize,
    alive_bytes_max: usize,
    /// Frames at the bottom of the stack of which none has a body.
    let_go: usize,
    spare: SpareBuffers,
    delta: Vec<u8>,
    /// Objects that have their id.
    done: u64,
    /// Bytes that were worked through.
    work: u64,
    /// Bases from elsewhere that were used, to be appended.
    elsewhere: Vec<ObjectId>,
    inflater: Inflater,
    crc32: Crc32,
    limits: Limits,
}

/// Where the work stands.
enum Stage {
    /// Deltas on one whole entry after the other.
    Roots {
        next: u32,
    },
    /// Deltas on bases from elsewhere: position in the list of bases by id.
    Elsewhere {
        next: usize,
    },
    /// Bases from elsewhere to be appended.
    Append {
        next: usize,
        deflater: Deflater,
    },
    /// The hash of the completed pack.
    Hash {
        hasher: Hasher,
        offset: u64,
    },
    Done,
}

/// A base whose deltas are being followed.
struct Frame {
    /// An entry or, from the number of entries on, a base from elsewhere.
    base: u32,
    kind: Kind,
    /// `None` where it was let go.
    body: Option<Vec<u8>>,
    /// Deltas between it and a whole object.
    depth: u32,
    /// What is left to do of the deltas that name it by id, in [`Entries::ref_bases`].
    by_id: Range<u32>,
    /// What is left to do of the deltas that name it by distance, in [`Children::entries`].
    by_offset: Range<u32>,
}

impl PackResolver {
    pub(super) fn new(
        mut pieces: Pieces,
        mut entries: Entries,
        inflater: Inflater,
        crc32: Crc32,
        limits: Limits,
    ) -> Self {
        pieces.shrink();
        crate::sort::sort(&mut entries.ref_bases);
        Self {
            children: Children::new(&entries.bases),
            done: entries.ids.iter().filter(|id| !id.is_null()).count() as u64,
            pieces,
            entries,
            stage: Stage::Roots { next: 0 },
            stack: Vec::new(),
            alive_bytes: 0,
            alive_bytes_max: ALIVE_BYTES_MAX,
            let_go: 0,
            spare: SpareBuffers::default(),
            delta: Vec::new(),
            work: 0,
            elsewhere: Vec::new(),
            inflater,
            crc32,
            limits,
        }
    }

    /// Objects that have their id.
    pub fn progress(&self) -> Progress {
        Progress { done: self.done, total: self.entries.offsets.len() as u64 }
    }

    /// Whether nothing is left to do but [`PackResolver::finish`].
    pub fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// Works through about `budget` bytes, or until all is done. Bases that a thin pack leaves out are taken from
    /// `elsewhere` and appended to the pack, as `git index-pack --fix-thin` does. After an error the resolver is of no
    /// further use.
    pub fn step(&mut self, elsewhere: &dyn ObjectSource, budget: u64) -> Result<Progress, PackError> {
        let until = self.work.saturating_add(budget.max(1));
        while self.work < until && !self.is_done() {
            if !self.stack.is_empty() {
                self.next_child(elsewhere)?;
                continue;
            }
            match self.stage {
                Stage::Roots { next } => self.next_root(next)?,
                Stage::Elsewhere { next } => self.next_elsewhere(next, elsewhere)?,
                Stage::Append { .. } => self.append_next(elsewhere)?,
                Stage::Hash { .. } => self.hash_next()?,
                Stage::Done => {}
            }
        }
        Ok(self.progress())
    }

    /// Does what is left, and makes the index.
    pub fn finish(mut self, elsewhere: &dyn ObjectSource) -> Result<Pack, PackError> {
        self.step(elsewhere, u64::MAX)?;
        drop((self.children, self.entries.bases, self.entries.ref_bases));
        let Entries { offsets, crcs, ids, .. } = self.entries;
        let mut order: Vec<u32> = (0..ids.len() as u32).collect();
        crate::sort::sort_positions(&mut order, &mut |a, b| (ids[a as usize], a).cmp(&(ids[b as usize], b)));
        for pair in order.windows(2) {
            let (one, other) = (pair[0] as usize, pair[1] as usize);
            if ids[one] == ids[other] {
                return Err(PackError::Duplicate { offset: offsets[other], id: ids[other] });
            }
        }
        let trailer = self.pieces.len() - ObjectId::LEN as u64;
        let checksum = ObjectId::from_slice(self.pieces.from(trailer))
            .expect("because the trailer was checked or written as one piece");
        let entries = order.iter().map(|at| {
            let at = *at as usize;
            IndexEntry { id: ids[at], offset: offsets[at], crc32: crcs[at] }
        });
        let index = PackIndex::write(entries, &checksum);
        Ok(Pack::new(self.pieces, index, self.limits))
    }

    /// Begins with the next whole entry that has deltas on it.
    fn next_root(&mut self, next: u32) -> Result<(), PackError> {
        for entry in next..self.entry_count() {
            let id = self.entries.ids[entry as usize];
            if self.entries.bases[entry as usize] != NO_BASE || id.is_null() {
                continue;
            }
            let (by_id, by_offset) = (self.children_by_id(&id), self.children.of(entry));
            if by_id.is_empty() && by_offset.is_empty() {
                continue;
            }
            self.stage = Stage::Roots { next: entry + 1 };
            let mut body = self.spare.take();
            let kind = self.inflate_whole(entry, &mut body)?;
            self.push(Frame { base: entry, kind, body: Some(body), depth: 0, by_id, by_offset });
            return Ok(());
        }
        self.stage = Stage::Elsewhere { next: 0 };
        Ok(())
    }

    /// Begins with the next base that is not in the pack.
    fn next_elsewhere(&mut self, next: usize, elsewhere: &dyn ObjectSource) -> Result<(), PackError> {
        let is_waiting = |(_, child): &(ObjectId, u32)| self.entries.ids[*child as usize].is_null();
        let Some(waiting) = self.entries.ref_bases[next..].iter().position(is_waiting) else {
            return self.begin_append();
        };
        let id = self.entries.ref_bases[next + waiting].0;
        let by_id = self.children_by_id(&id);
        self.stage = Stage::Elsewhere { next: by_id.end as usize };
        match elsewhere.read(&id) {
            Ok(object) => {
                let base = self.entry_count() + self.elsewhere.len() as u32;
                self.elsewhere.push(id);
                let mut body = self.spare.take();
                body.clear();
                body.extend_from_slice(&object.bytes);
                let by_offset = 0..0;
                self.push(Frame { base, kind: object.kind, body: Some(body), depth: 0, by_id, by_offset });
                Ok(())
            }
            // It may yet turn out to be made by a delta of this pack.
            Err(error) if error.is_missing() => Ok(()),
            Err(error) => Err(PackError::Source(error)),
        }
    }

    /// Resolves the next delta on the base on top of the stack.
    fn next_child(&mut self, elsewhere: &dyn ObjectSource) -> Result<(), PackError> {
        let Some(mut frame) = self.pop() else { return Ok(()) };
        let child = match (frame.by_id.next(), &mut frame.by_offset) {
            (Some(at), _) => self.entries.ref_bases[at as usize].1,
            (None, by_offset) => match by_offset.next() {
                Some(at) => self.children.entries[at as usize],
                None => {
                    self.spare.give(frame.body);
                    return Ok(());
                }
            },
        };
        if !self.entries.ids[child as usize].is_null() {
            // The base is there twice, and the first one has resolved this delta: an error when all is done.
            self.push(frame);
            return Ok(());
        }
        let base = match frame.body.take() {
            Some(body) => body,
            None => self.unfold_again(frame.base, elsewhere)?,
        };
        let body = self.unfold(child, &base)?;
        let (parent, kind, depth) = (frame.base, frame.kind, frame.depth + 1);
        frame.body = Some(base);
        if frame.by_id.is_empty() && frame.by_offset.is_empty() {
            self.spare.give(frame.body);
        } else {
            self.push(frame);
        }
        self.resolved(
            child,
            Frame { base: parent, kind, body: Some(body), depth, by_id: 0..0, by_offset: 0..0 },
        )
    }

    /// Records what a delta makes, `result`, whose `base` names what it was made from; where deltas stand on it, goes on
    /// with those.
    fn resolved(&mut self, child: u32, mut result: Frame) -> Result<(), PackError> {
        let offset = self.entries.offsets[child as usize];
        let allowed = u64::from(self.limits.delta_depth_max);
        if u64::from(result.depth) > allowed {
            let found = u64::from(result.depth);
            return Err(PackError::Limit {
                offset,
                limit: LimitExceeded { limit: "delta_depth_max", allowed, found },
            });
        }
        let body = result.body.as_deref().unwrap_or_default();
        let id = hasher::object_id_checked(result.kind, body);
        let id = id.map_err(|_| PackError::Collision { offset })?;
        self.entries.ids[child as usize] = id;
        self.entries.bases[child as usize] = result.base;
        self.done += 1;
        result.base = child;
        result.by_id = self.children_by_id(&id);
        result.by_offset = self.children.of(child);
        if result.by_id.is_empty() && result.by_offset.is_empty() {
            self.spare.give(result.body);
        } else {
            self.push(result);
        }
        Ok(())
    }

    /// Applies the delta of an entry to its base.
    fn unfold(&mut self, entry: u32, base: &[u8]) -> Result<Vec<u8>, PackError> {
        let mut delta = core::mem::take(&mut self.delta);
        self.inflate(entry, &mut delta)?;
        let offset = self.entries.offsets[entry as usize];
        let wrong = |error| PackError::Delta { offset, error };
        let size = DeltaHeader::parse(&delta).map_err(wrong)?.result_size;
        let allowed = self.limits.object_bytes_max;
        if size > allowed {
            let limit = LimitExceeded { limit: "object_bytes_max", allowed, found: size };
            return Err(PackError::Limit { offset, limit });
        }
        self.work += size + delta.len() as u64;
        self.entries.unfold(offset, size, &self.limits)?;
        let mut body = self.spare.take();
        body.resize(size as usize, 0);
        apply(base, &delta, &mut body).map_err(wrong)?;
        self.delta = delta;
        Ok(body)
    }

    /// Makes a body again that was let go.
    fn unfold_again(&mut self, base: u32, elsewhere: &dyn ObjectSource) -> Result<Vec<u8>, PackError> {
        let nearest = self.stack.iter().rev().find(|frame| frame.body.is_some()).map(|frame| frame.base);
        let mut chain = Vec::new();
        let mut at = base;
        // No longer than the depth of `base`, which was checked when it was resolved.
        while Some(at) != nearest && at < self.entry_count() && self.entries.bases[at as usize] != NO_BASE {
            chain.push(at);
            at = self.entries.bases[at as usize];
        }
        let mut body = self.spare.take();
        let alive = self.stack.iter().rev().find(|frame| frame.base == at);
        if let Some(alive) = alive.and_then(|frame| frame.body.as_deref()) {
            body.clear();
            body.extend_from_slice(alive);
        } else if let Some(from) = at.checked_sub(self.entry_count()) {
            body.clear();
            body.extend_from_slice(&elsewhere.read(&self.elsewhere[from as usize])?.bytes);
        } else {
            self.inflate_whole(at, &mut body)?;
        }
        while let Some(entry) = chain.pop() {
            let made = self.unfold(entry, &body)?;
            self.spare.give(Some(core::mem::replace(&mut body, made)));
        }
        Ok(body)
    }

    fn inflate_whole(&mut self, entry: u32, out: &mut Vec<u8>) -> Result<Kind, PackError> {
        let offset = self.entries.offsets[entry as usize];
        let entry_type = self.inflate(entry, out)?;
        self.work += out.len() as u64;
        self.entries.unfold(offset, out.len() as u64, &self.limits)?;
        match entry_type {
            EntryType::Whole(kind) => Ok(kind),
            _ => Err(PackError::Entry { offset, problem: "a delta stands where an object should" }),
        }
    }

    /// Inflates what an entry holds, object or delta.
    fn inflate(&mut self, entry: u32, out: &mut Vec<u8>) -> Result<EntryType, PackError> {
        let offset = self.entries.offsets[entry as usize];
        let bytes = self.pieces.from(offset);
        let header = EntryHeader::parse(bytes).map_err(|_| PackError::Truncated { offset })?;
        out.resize(header.size as usize, 0);
        let inflated = self.inflater.inflate(&bytes[header.length..], out);
        inflated.map_err(|error| PackError::Zlib { offset, error })?;
        Ok(header.entry_type)
    }

    fn begin_append(&mut self) -> Result<(), PackError> {
        if self.done < self.entries.offsets.len() as u64 {
            return Err(self.first_missing());
        }
        self.leave_out_what_is_here()?;
        if self.elsewhere.is_empty() {
            self.stage = Stage::Done;
        } else {
            self.pieces.truncate_last(ObjectId::LEN);
            self.stage = Stage::Append { next: 0, deflater: Deflater::new(Level::Default) };
        }
        Ok(())
    }

    /// Bases from elsewhere that turned out to be in the pack as well need not be appended. Where the pack would then
    /// stand on itself, or in too long a chain, it is refused.
    fn leave_out_what_is_here(&mut self) -> Result<(), PackError> {
        if self.elsewhere.is_empty() {
            return Ok(());
        }
        let places = self.elsewhere.iter().enumerate().map(|(at, id)| (*id, at));
        let places: IdMap<usize> = places.collect();
        let here_from = self.entry_count();
        let mut here = alloc::vec![None; self.elsewhere.len()];
        for (entry, id) in self.entries.ids.iter().enumerate() {
            if let Some(at) = places.get(id) {
                here[*at] = Some(entry);
            }
        }
        // What was made from a copy elsewhere stands on the one here.
        for base in &mut self.entries.bases {
            let from = base.checked_sub(here_from).and_then(|from| here.get(from as usize));
            if let Some(Some(entry)) = from {
                *base = *entry as u32;
            }
        }
        if let Some(entry) = children::beyond_depth(&self.entries.bases, self.limits.delta_depth_max) {
            let (offset, id) = (self.entries.offsets[entry], self.entries.ids[entry]);
            return Err(PackError::Duplicate { offset, id });
        }
        let mut flags = here.into_iter();
        self.elsewhere.retain(|_| flags.next() == Some(None));
        Ok(())
    }

    /// The first entry whose base is nowhere; where all bases are named by distance there is none.
    fn first_missing(&self) -> PackError {
        let waiting = |(_, child): &&(ObjectId, u32)| self.entries.ids[*child as usize].is_null();
        match self.entries.ref_bases.iter().filter(waiting).min_by_key(|(_, child)| *child) {
            Some((base, child)) => {
                PackError::MissingBase { offset: self.entries.offsets[*child as usize], base: *base }
            }
            None => PackError::Truncated { offset: 0 },
        }
    }

    /// Appends the next base from elsewhere as a whole entry.
    fn append_next(&mut self, elsewhere: &dyn ObjectSource) -> Result<(), PackError> {
        let Stage::Append { next, deflater } = &mut self.stage else { return Ok(()) };
        let Some(id) = self.elsewhere.get(*next) else {
            self.pieces.overwrite(8, &(self.entries.offsets.len() as u32).to_be_bytes());
            self.stage = Stage::Hash { hasher: Hasher::new(), offset: 0 };
            return Ok(());
        };
        *next += 1;
        let object = elsewhere.read(id)?;
        let mut entry = Vec::new();
        EntryHeader::write(&EntryType::Whole(object.kind), object.bytes.len() as u64, &mut entry);
        deflater.deflate(&object.bytes, &mut entry);
        let offset = self.pieces.len();
        self.entries.offsets.push(offset);
        self.entries.crcs.push(self.crc32.update(0, &entry));
        self.entries.ids.push(*id);
        self.pieces.push(&entry, offset);
        self.done += 1;
        self.work += object.bytes.len() as u64;
        Ok(())
    }

    /// Hashes the next piece of the completed pack, and writes the trailer after the last.
    fn hash_next(&mut self) -> Result<(), PackError> {
        let Stage::Hash { hasher, offset } = &mut self.stage else { return Ok(()) };
        let bytes = self.pieces.from(*offset);
        if !bytes.is_empty() {
            hasher.update(bytes);
            *offset += bytes.len() as u64;
            self.work += bytes.len() as u64;
            return Ok(());
        }
        let checksum = core::mem::take(hasher).finish().map_err(|_| PackError::Collision { offset: 0 })?;
        self.pieces.push(checksum.as_bytes(), *offset);
        self.pieces.shrink();
        self.stage = Stage::Done;
        Ok(())
    }

    fn entry_count(&self) -> u32 {
        self.entries.bases.len() as u32
    }

    fn children_by_id(&self, id: &ObjectId) -> Range<u32> {
        let all = &self.entries.ref_bases;
        let start = all.partition_point(|(base, _)| base < id);
        let length = all[start..].partition_point(|(base, _)| base == id);
        start as u32..(start + length) as u32
    }

    fn push(&mut self, frame: Frame) {
        self.let_go = self.let_go.min(self.stack.len());
        self.alive_bytes += frame.body.as_ref().map_or(0, Vec::len);
        self.stack.push(frame);
        while self.alive_bytes > self.alive_bytes_max && self.let_go + 1 < self.stack.len() {
            if let Some(body) = self.stack[self.let_go].body.take() {
                self.alive_bytes -= body.len();
            }
            self.let_go += 1;
        }
    }

    fn pop(&mut self) -> Option<Frame> {
        let frame = self.stack.pop()?;
        self.alive_bytes -= frame.body.as_ref().map_or(0, Vec::len);
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ObjectSink;
    use crate::pack::{PackItem, PackReceiver, PackSources, PackWriter, WriteOptions};
    use crate::store::MemoryStore;

    /// Objects that make families of deltas, and a pack of all but the first `kept_back` of them.
    fn families(kept_back: usize, offset_deltas: bool) -> (MemoryStore, Vec<u8>) {
        let mut store = MemoryStore::new();
        for n in 0..300u32 {
            let mut body: Vec<u8> = (0..4000u32).map(|at| (at.wrapping_mul(at) >> 7) as u8).collect();
            let at = (n as usize * 37) % 3900;
            body.splice(at..at + 10, n.to_be_bytes().repeat(3 + n as usize % 4));
            store.write(Kind::Blob, &body);
        }
        let item = |at: usize| PackItem { id: *store.since(at).next().unwrap().0, name_hash: 0 };
        let written: Vec<_> = (kept_back..300).map(item).collect();
        let bases = (0..kept_back).map(item).collect();
        let options = WriteOptions { offset_deltas, window: 30, ..WriteOptions::default() };
        let sources = PackSources { objects: &store, packs: &[] };
        let bytes = PackWriter::new(written, bases, options).write(&sources).unwrap();
        (store, bytes)
    }

    #[test]
    fn little_is_alive_and_what_is_let_go_comes_again() {
        for (kept_back, offset_deltas) in [(0, true), (0, false), (5, true), (5, false)] {
            let (store, bytes) = families(kept_back, offset_deltas);
            let expected = PackReceiver::receive(&bytes, &store, Limits::default()).unwrap();
            let mut receiver = PackReceiver::new(Limits::default());
            receiver.push(&bytes).unwrap();
            let mut resolver = receiver.end().unwrap();
            resolver.alive_bytes_max = 0;
            let mut most_bodies = 0;
            while !resolver.is_done() {
                resolver.step(&store, 1).unwrap();
                let bodies = resolver.stack.iter().filter(|frame| frame.body.is_some()).count();
                most_bodies = most_bodies.max(bodies);
                let alive: usize = resolver.stack.iter().flat_map(|frame| &frame.body).map(Vec::len).sum();
                assert_eq!(alive, resolver.alive_bytes);
            }
            assert!(most_bodies <= 1);
            let pack = resolver.finish(&store).unwrap();
            assert!(pack.index_bytes() == expected.index_bytes());
        }
    }
}
