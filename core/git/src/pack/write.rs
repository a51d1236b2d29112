//! Makes a pack that leaves: reuses what lies ready in other packs, looks for deltas for the rest, and hands out the
//! bytes in chunks, so that only a bounded part of the pack is in memory at a time.
//!
//! The bytes depend on the objects, their order and the options alone. What is reachable is the caller's to say.

use alloc::vec::Vec;

use super::crc32::Crc32;
use super::delta_index::DeltaIndex;
use super::entry::{EntryHeader, EntryType};
use super::error::PackError;
use super::index::{IndexEntry, PackIndex};
use super::plan::{Form, Item, PackItem, PackSources, WriteOptions};
use super::progress::Progress;
use super::search::DeltaSearch;
use super::zlib::Deflater;
use crate::id::hasher::PlainHasher;
use crate::store::IdMap;
use crate::{Kind, ObjectId};

/// Bytes after which a chunk is handed out; one large object may make it larger.
const CHUNK_BYTES: usize = 64 << 10;

/// What a [`PackWriter`] is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WritePhase {
    /// Looks up kinds and sizes, and what can be reused.
    Prepare,
    /// Looks for deltas.
    Search,
    /// Hands out bytes.
    Write,
    /// Has handed out all.
    Done,
}

/// A pack that is being made.
pub struct PackWriter {
    items: Vec<Item>,
    /// From here on, items are bases that the other side has and that are not written.
    thin: usize,
    by_id: IdMap<u32>,
    options: WriteOptions,
    stage: Stage,
    deflater: Deflater,
    crc32: Crc32,
    hasher: PlainHasher,
    /// Bytes handed out or waiting in `chunk`.
    written: u64,
    chunk: Vec<u8>,
    /// The trailer, once it is known.
    checksum: Option<ObjectId>,
}

enum Stage {
    Prepare { next: usize },
    Search(DeltaSearch),
    Write { next: usize },
    Done,
}

/// In [`Item::depth`], while the depths of reused deltas are worked out.
const DEPTH_UNKNOWN: u32 = u32::MAX;
const DEPTH_BEING_WORKED_OUT: u32 = u32::MAX - 1;

impl PackWriter {
    /// Will write `objects` in this order, bases before what stands on them; one that is listed twice is written once.
    /// `thin_bases` are objects that the other side has: deltas may stand on them, which makes the pack thin. One of
    /// those that cannot be read is left out of account.
    pub fn new(objects: Vec<PackItem>, thin_bases: Vec<PackItem>, options: WriteOptions) -> Self {
        let mut items = Vec::with_capacity(objects.len() + thin_bases.len());
        let mut by_id = IdMap::default();
        let mut add = |all: Vec<PackItem>| {
            for PackItem { id, name_hash } in all {
                let at = items.len() as u32;
                by_id.get_or_insert_with(id, || {
                    items.push(Item::new(id, name_hash));
                    at
                });
            }
            items.len()
        };
        let thin = add(objects);
        add(thin_bases);
        Self {
            items,
            thin,
            by_id,
            options,
            stage: Stage::Prepare { next: 0 },
            deflater: Deflater::new(options.level),
            crc32: Crc32::new(),
            hasher: PlainHasher::new(),
            written: 0,
            chunk: Vec::new(),
            checksum: None,
        }
    }

    /// Number of objects that the pack will have.
    pub fn len(&self) -> usize {
        self.thin
    }

    /// Whether the pack will have no object.
    pub fn is_empty(&self) -> bool {
        self.thin == 0
    }

    /// Bytes made so far.
    pub fn written_bytes(&self) -> u64 {
        self.written
    }

    /// What it is at, and how far that has come.
    pub fn progress(&self) -> (WritePhase, Progress) {
        let (phase, done, total) = match &self.stage {
            Stage::Prepare { next } => (WritePhase::Prepare, *next, self.items.len()),
            Stage::Search(search) => {
                let (done, total) = search.progress();
                (WritePhase::Search, done, total)
            }
            Stage::Write { next } => (WritePhase::Write, *next, self.thin),
            Stage::Done => (WritePhase::Done, self.thin, self.thin),
        };
        (phase, Progress { done: done as u64, total: total as u64 })
    }

    /// Works on what comes before the first byte until about `budget` bytes are looked at; `true` when bytes can be
    /// handed out. To call it is optional: [`PackWriter::next_chunk`] does what is left.
    pub fn step(&mut self, sources: &PackSources<'_>, budget: u64) -> Result<bool, PackError> {
        /// What looking up one object counts as, in bytes.
        const LOOK_UP: u64 = 256;
        let mut work = 0;
        while work < budget.max(1) {
            match &mut self.stage {
                Stage::Prepare { next } if *next < self.items.len() => {
                    let at = *next;
                    *next += 1;
                    self.prepare(at, sources)?;
                    work += LOOK_UP;
                }
                Stage::Prepare { .. } => {
                    self.settle_depths();
                    self.stage = if self.options.deltas && self.options.depth > 0 {
                        Stage::Search(DeltaSearch::new(&self.items, self.thin, &self.options))
                    } else {
                        Stage::Write { next: 0 }
                    };
                }
                Stage::Search(search) => {
                    let (items, deflater) = (&mut self.items, &mut self.deflater);
                    match search.step(items, self.thin, sources, &self.options, deflater)? {
                        Some(looked_at) => work += looked_at + LOOK_UP,
                        None => self.stage = Stage::Write { next: 0 },
                    }
                }
                Stage::Write { .. } | Stage::Done => return Ok(true),
            }
        }
        Ok(matches!(self.stage, Stage::Write { .. } | Stage::Done))
    }

    /// The next bytes of the pack, about 64 KiB; `None` after the last.
    pub fn next_chunk(&mut self, sources: &PackSources<'_>) -> Result<Option<Vec<u8>>, PackError> {
        while !self.step(sources, u64::MAX)? {}
        let Stage::Write { mut next } = self.stage else { return Ok(None) };
        if self.written == 0 {
            self.chunk.extend_from_slice(b"PACK\0\0\0\x02");
            self.chunk.extend_from_slice(&(self.thin as u32).to_be_bytes());
            self.written = self.chunk.len() as u64;
        }
        while next < self.thin && self.chunk.len() < CHUNK_BYTES {
            self.write_with_bases(next as u32, sources)?;
            next += 1;
        }
        self.stage = Stage::Write { next };
        self.hasher.update(&self.chunk);
        if next == self.thin {
            let trailer = core::mem::take(&mut self.hasher).finish();
            self.chunk.extend_from_slice(trailer.as_bytes());
            self.written += ObjectId::LEN as u64;
            self.checksum = Some(trailer);
            self.stage = Stage::Done;
        }
        let room = if matches!(self.stage, Stage::Done) { 0 } else { CHUNK_BYTES };
        Ok(Some(core::mem::replace(&mut self.chunk, Vec::with_capacity(room))))
    }

    /// The index of the pack; `None` before its last byte was handed out, or where the options did not ask for it.
    pub fn into_index(self) -> Option<PackIndex> {
        let checksum = self.checksum.filter(|_| self.options.index)?;
        let written = self.items.iter().take(self.thin);
        let mut entries: Vec<IndexEntry> =
            written.map(|item| IndexEntry { id: item.id, offset: item.offset, crc32: item.crc32 }).collect();
        crate::sort::sort_by_key(&mut entries, |entry| entry.id);
        Some(PackIndex::write(entries.into_iter(), &checksum))
    }

    /// The whole pack at once.
    pub fn write(mut self, sources: &PackSources<'_>) -> Result<Vec<u8>, PackError> {
        let mut all = Vec::new();
        while let Some(chunk) = self.next_chunk(sources)? {
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }

    /// Looks up an item: whether a pack has it in a form that can be reused, else its kind and size.
    fn prepare(&mut self, at: usize, sources: &PackSources<'_>) -> Result<(), PackError> {
        let id = self.items[at].id;
        let is_written = at < self.thin;
        let mut packs = sources.packs.iter().enumerate().filter(|_| self.options.reuse && is_written);
        let found = packs.find_map(|(number, pack)| Some((number as u32, pack.raw_entry(&id)?)));
        let item = &mut self.items[at];
        if let Some((pack, entry)) = found {
            match (entry.entry_type, entry.base.and_then(|base| self.by_id.get(&base))) {
                (EntryType::Whole(kind), _) => {
                    (item.kind, item.size, item.form) = (kind, entry.size, Form::ReusedWhole { pack });
                    return Ok(());
                }
                // Its kind and size are those that its chain ends with; nobody asks for them here.
                (_, Some(base)) => {
                    (item.form, item.depth) = (Form::ReusedDelta { pack, base: *base }, DEPTH_UNKNOWN);
                    return Ok(());
                }
                (_, None) => {}
            }
        }
        (item.kind, item.size) = match sources.objects.header(&id) {
            Ok(header) => header,
            // A base that is only welcome is left out: nothing stands on an object without bytes.
            Err(_) if !is_written => (Kind::Blob, 0),
            Err(error) => return Err(error.into()),
        };
        Ok(())
    }

    /// Works out the depths of reused deltas. Where several packs together make a circle, one of its objects is
    /// written whole.
    fn settle_depths(&mut self) {
        for at in 0..self.items.len() {
            if let Form::ReusedDelta { base, .. } = self.items[at].form {
                self.items[base as usize].is_reused_base = true;
            }
        }
        let mut chain = Vec::new();
        for start in 0..self.items.len() as u32 {
            let mut at = start;
            let mut depth = loop {
                let item = &mut self.items[at as usize];
                match (item.depth, &item.form) {
                    (DEPTH_UNKNOWN, Form::ReusedDelta { base, .. }) => {
                        item.depth = DEPTH_BEING_WORKED_OUT;
                        chain.push(at);
                        at = *base;
                    }
                    (DEPTH_BEING_WORKED_OUT, _) => {
                        item.form = Form::Whole;
                        break 0;
                    }
                    (depth, _) => break depth,
                }
            };
            while let Some(at) = chain.pop() {
                let item = &mut self.items[at as usize];
                depth = if matches!(item.form, Form::Whole) { 0 } else { depth + 1 };
                item.depth = depth;
            }
        }
    }

    /// Writes an item, and before it those bases that are not written yet.
    fn write_with_bases(&mut self, at: u32, sources: &PackSources<'_>) -> Result<(), PackError> {
        let mut chain = Vec::new();
        let mut next = Some(at);
        while let Some(at) = next {
            let item = &self.items[at as usize];
            if item.offset > 0 || at as usize >= self.thin {
                break;
            }
            chain.push(at);
            next = item.base();
        }
        while let Some(at) = chain.pop() {
            self.write_item(at as usize, sources)?;
        }
        Ok(())
    }

    fn write_item(&mut self, at: usize, sources: &PackSources<'_>) -> Result<(), PackError> {
        let offset = self.written;
        let start = self.chunk.len();
        let item = &self.items[at];
        let base_type = match item.base() {
            None => EntryType::Whole(item.kind),
            Some(base) => {
                let base = &self.items[base as usize];
                if base.offset > 0 && self.options.offset_deltas {
                    EntryType::OffsetDelta { distance: offset - base.offset }
                } else {
                    EntryType::RefDelta { base: base.id }
                }
            }
        };
        match &item.form {
            Form::Whole => {
                let object = sources.objects.read(&item.id)?;
                EntryHeader::write(
                    &EntryType::Whole(object.kind),
                    object.bytes.len() as u64,
                    &mut self.chunk,
                );
                self.deflater.deflate(&object.bytes, &mut self.chunk);
            }
            Form::ReusedWhole { pack } | Form::ReusedDelta { pack, .. } => {
                let entry = sources.packs.get(*pack as usize).and_then(|pack| pack.raw_entry(&item.id));
                let entry = entry.ok_or(crate::ReadError::missing(item.id))?;
                if self.crc32.update(0, entry.bytes) != entry.crc32 {
                    let problem = "the entry does not match its checksum in the index";
                    return Err(PackError::Entry { offset: entry.offset, problem });
                }
                EntryHeader::write(&base_type, entry.size, &mut self.chunk);
                self.chunk.extend_from_slice(&entry.bytes[entry.header_length..]);
            }
            Form::Delta { size, stream: Some(stream), .. } => {
                EntryHeader::write(&base_type, *size, &mut self.chunk);
                self.chunk.extend_from_slice(stream);
            }
            Form::Delta { base, stream: None, .. } => {
                let target = sources.objects.read(&item.id)?.bytes;
                let base = sources.objects.read(&self.items[*base as usize].id)?.bytes;
                let delta = DeltaIndex::new(&base)
                    .delta(&base, &target, usize::MAX)
                    .expect("because without a bound there is always a delta");
                EntryHeader::write(&base_type, delta.len() as u64, &mut self.chunk);
                self.deflater.deflate(&delta, &mut self.chunk);
            }
        }
        let crc32 = if self.options.index { self.crc32.update(0, &self.chunk[start..]) } else { 0 };
        let item = &mut self.items[at];
        (item.offset, item.crc32) = (offset, crc32);
        if let Form::Delta { stream, .. } = &mut item.form {
            *stream = None;
        }
        self.written += (self.chunk.len() - start) as u64;
        Ok(())
    }
}
