//! Packs in pieces and in one: the same answer, and every object of a pack that is taken can be read.
//!
//! A compressed stream hardly survives a mutation, so that an input may also say what the entries hold.

use govc_git::id::hasher::PlainHasher;
use govc_git::limits::Limits;
use govc_git::pack::delta_index::DeltaIndex;
use govc_git::pack::entry::{EntryHeader, EntryType};
use govc_git::pack::zlib::{Deflater, Level};
use govc_git::pack::{Pack, PackItem, PackReceiver, PackSources, PackWriter, WriteOptions};
use govc_git::{Kind, ObjectId, ObjectSource};

use crate::pieces::{SEPARATOR, first, joined};
use crate::sample::{Sample, with};

/// Bounds that an honest small pack keeps.
pub const LIMITS: Limits = Limits {
    object_bytes_max: 1 << 20,
    delta_depth_max: 64,
    pack_objects_max: 1000,
    pack_unfolded_bytes_max: 16 << 20,
    memory_bytes_max: 32 << 20,
    tree_depth_max: 64,
    path_bytes_max: 4096,
    diff_entries_max: 2000,
    request_ids_max: 1000,
    request_text_bytes_max: 1 << 16,
};

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let piece = usize::from(mode >> 2) + 1;
    with(|sample| match mode & 3 {
        0 => receive(rest, piece, sample),
        1 => receive(&sealed(rest.to_vec()), piece, sample),
        _ => receive(&forged(rest, sample), piece, sample),
    });
}

pub fn seeds() -> Vec<Vec<u8>> {
    let pack = with(whole);
    let base = b"line of text\n".repeat(9);
    let changed = [&base[..40], b"another line\n", &base[40..]].concat();
    let delta = DeltaIndex::new(&base).delta(&base, &changed, 1000).unwrap();
    let parts: [&[u8]; 4] =
        [&[b"\x02", &base[..]].concat(), &[b"\x04\x01", &delta[..]].concat(), b"\x00x", b"\x03y"];
    let thin = [b"\x05\x00", &delta[..]].concat();
    vec![
        [&[0][..], &pack].concat(),
        [&[29][..], &pack[..pack.len() - 20]].concat(),
        joined(2, &parts),
        joined(30, &[parts[0], &thin, parts[1], parts[1]]),
    ]
}

/// A pack of all that the sample has, with its trailer.
pub fn whole(sample: &Sample) -> Vec<u8> {
    let items = sample.ids.iter().map(|id| PackItem { id: *id, name_hash: 0 }).collect();
    let sources = PackSources { objects: &sample.store, packs: &[] };
    PackWriter::new(items, Vec::new(), WriteOptions::default()).write(&sources).unwrap()
}

/// A pack of the entries that the parts of `input` describe: the type, for a delta its base, and the content, of which
/// a set high bit of the type drops the last byte only after its size was written.
pub fn forged(input: &[u8], sample: &Sample) -> Vec<u8> {
    let mut bytes = b"PACK\0\0\0\x02\0\0\0\0".to_vec();
    let mut deflater = Deflater::new(Level::Fastest);
    let mut offsets = Vec::new();
    for part in input.split(|byte| *byte == SEPARATOR) {
        let (entry, content) = first(part);
        let (base, after) = first(content);
        let (entry_type, content) = match entry & 7 {
            4 => {
                let offset = offsets.iter().rev().nth(usize::from(base)).copied().unwrap_or(0);
                (EntryType::OffsetDelta { distance: (bytes.len() - offset).max(1) as u64 }, after)
            }
            5 => {
                let id = sample.ids.get(usize::from(base)).copied().unwrap_or(ObjectId::EMPTY_TREE);
                (EntryType::RefDelta { base: id }, after)
            }
            6 => {
                let (hex, after) = content.split_at(content.len().min(20));
                (EntryType::RefDelta { base: ObjectId::from_slice(hex).unwrap_or(sample.tip) }, after)
            }
            kind => (EntryType::Whole(Kind::ALL[usize::from(kind & 3)]), content),
        };
        offsets.push(bytes.len());
        EntryHeader::write(&entry_type, content.len() as u64, &mut bytes);
        let kept = content.len().saturating_sub(usize::from(entry >> 7));
        deflater.deflate(&content[..kept], &mut bytes);
    }
    bytes[8..12].copy_from_slice(&(offsets.len() as u32).to_be_bytes());
    sealed(bytes)
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut hasher = PlainHasher::new();
    hasher.update(&bytes);
    bytes.extend_from_slice(hasher.finish().as_bytes());
    bytes
}

fn receive(bytes: &[u8], piece: usize, sample: &Sample) {
    let whole = PackReceiver::receive(bytes, &sample.store, LIMITS);
    let mut receiver = PackReceiver::new(LIMITS);
    let pushed = bytes.chunks(piece).try_for_each(|piece| receiver.push(piece));
    let pieces = pushed.and_then(|()| receiver.end()).and_then(|resolver| resolver.finish(&sample.store));
    match (whole, pieces) {
        (Ok(one), Ok(other)) => {
            assert!(one.index_bytes() == other.index_bytes());
            check(&one);
        }
        // What of several things is found first may differ.
        (Err(_), Err(_)) => {}
        (one, other) => panic!("in one piece {:?}, in several {:?}", one.err(), other.err()),
    }
}

/// Every object can be read, by the pack itself and by one that is opened from its bytes.
fn check(pack: &Pack) {
    let bytes: Vec<u8> = pack.pack_bytes().flatten().copied().collect();
    let opened = Pack::open(bytes, pack.index_bytes().to_vec(), LIMITS).expect("a pack with its own index");
    opened.verify_checksum().expect("a pack that was received");
    for id in pack.ids() {
        let object = match pack.read(&id) {
            Ok(object) => object,
            Err(error) => panic!("{id}: {error}"),
        };
        assert_eq!(opened.read(&id), Ok(object.clone()));
        assert_eq!(opened.header(&id), Ok((object.kind, object.bytes.len() as u64)));
        assert_eq!(govc_git::id::hasher::object_id(object.kind, &object.bytes), id);
    }
}
