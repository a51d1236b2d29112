//! Packs that nobody honest would send: each is refused with an error that names the place, within bounds.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use govc_git::id::hasher;
use govc_git::limits::Limits;
use govc_git::pack::delta::DeltaError;
use govc_git::pack::entry::{EntryHeader, EntryType};
use govc_git::pack::zlib::{Deflater, Level, ZlibError};
use govc_git::pack::{Pack, PackError, PackItem, PackReceiver, PackSources, PackWriter, WriteOptions};
use govc_git::store::MemoryStore;
use govc_git::{Kind, ObjectId, ObjectSink, ObjectSource};

/// A pack that is written by hand.
struct Forge {
    bytes: Vec<u8>,
    count: u32,
    deflater: Deflater,
}

impl Forge {
    fn new() -> Self {
        Self { bytes: b"PACK\0\0\0\x02\0\0\0\0".to_vec(), count: 0, deflater: Deflater::new(Level::Fastest) }
    }

    fn offset(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// An entry whose header may lie about its size.
    fn entry(&mut self, entry_type: EntryType, size: usize, content: &[u8]) -> u64 {
        let offset = self.offset();
        EntryHeader::write(&entry_type, size as u64, &mut self.bytes);
        self.deflater.deflate(content, &mut self.bytes);
        self.count += 1;
        offset
    }

    fn blob(&mut self, body: &[u8]) -> u64 {
        self.entry(EntryType::Whole(Kind::Blob), body.len(), body)
    }

    fn offset_delta(&mut self, base: u64, delta: &[u8]) -> u64 {
        let distance = self.offset() - base;
        self.entry(EntryType::OffsetDelta { distance }, delta.len(), delta)
    }

    fn ref_delta(&mut self, base: ObjectId, delta: &[u8]) -> u64 {
        self.entry(EntryType::RefDelta { base }, delta.len(), delta)
    }

    /// With the count and the trailer as they should be.
    fn done(self) -> Vec<u8> {
        let count = self.count;
        self.done_with_count(count)
    }

    fn done_with_count(mut self, count: u32) -> Vec<u8> {
        self.bytes[8..12].copy_from_slice(&count.to_be_bytes());
        sealed(self.bytes)
    }
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut hasher = hasher::PlainHasher::new();
    hasher.update(&bytes);
    bytes.extend_from_slice(hasher.finish().as_bytes());
    bytes
}

fn id(body: &[u8]) -> ObjectId {
    hasher::object_id(Kind::Blob, body)
}

/// A size as deltas write it.
fn size(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// The delta that inserts `to` whatever the base is.
fn insertion(base_size: usize, to: &[u8]) -> Vec<u8> {
    [&size(base_size)[..], &size(to.len()), &[to.len() as u8], to].concat()
}

fn received_within(bytes: &[u8], limits: Limits) -> Result<Pack, PackError> {
    let whole = PackReceiver::receive(bytes, &MemoryStore::new(), limits);
    // In pieces, the answer is the same.
    let mut receiver = PackReceiver::new(limits);
    let pushed = bytes.chunks(7).try_for_each(|piece| receiver.push(piece));
    let pieces =
        pushed.and_then(|()| receiver.end()).and_then(|resolver| resolver.finish(&MemoryStore::new()));
    match (&whole, &pieces) {
        (Ok(one), Ok(other)) => assert!(one.index_bytes() == other.index_bytes()),
        // What of several things is found first, and by how much a bound is exceeded, may differ.
        (Err(PackError::Zlib { offset: one, .. }), Err(PackError::Zlib { offset: other, .. })) => {
            assert_eq!(one, other);
        }
        (Err(PackError::Limit { limit: one, .. }), Err(PackError::Limit { limit: other, .. })) => {
            assert_eq!(one.limit, other.limit);
        }
        (Err(one), Err(other)) => assert_eq!(one, other),
        _ => panic!("in one piece {:?}, in several {:?}", whole.err(), pieces.err()),
    }
    whole
}

fn refused(bytes: &[u8]) -> PackError {
    received_within(bytes, Limits::default()).err().expect("a pack that must be refused")
}

#[test]
fn headers_and_trailers_that_lie() {
    let good = || {
        let mut forge = Forge::new();
        forge.blob(b"one");
        forge.blob(b"two");
        forge
    };
    assert_eq!(received_within(&good().done(), Limits::default()).unwrap().len(), 2);
    let with = |at: usize, bytes: &[u8]| {
        let mut forge = good();
        forge.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        let count = u32::from_be_bytes(forge.bytes[8..12].try_into().unwrap());
        forge.done_with_count(if count == 0 { 2 } else { count })
    };
    assert_eq!(refused(&with(0, b"KCAP")), PackError::Signature);
    assert_eq!(refused(b"GIF89a"), PackError::Signature);
    assert_eq!(refused(&with(4, &[0, 0, 0, 0])), PackError::Version { found: 0 });
    assert_eq!(refused(&with(4, &[0, 0, 0, 4])), PackError::Version { found: 4 });
    assert_eq!(refused(&with(4, &[2, 0, 0, 0])), PackError::Version { found: 2 << 24 });
    let few = refused(&good().done_with_count(1));
    assert!(matches!(few, PackError::Checksum { .. }), "what follows the last entry is its trailer: {few:?}");
    let many = refused(&good().done_with_count(3));
    assert!(
        matches!(many, PackError::Entry { .. } | PackError::Zlib { .. } | PackError::Truncated { .. }),
        "{many:?}"
    );
    assert!(matches!(refused(&good().done_with_count(u32::MAX)), PackError::Limit { limit, .. }
        if limit.limit == "pack_objects_max" && limit.found == u64::from(u32::MAX)));
    // The most that is allowed, and nothing behind it: no room is made for what is only announced.
    let announced = good().done_with_count(20_000_000);
    assert!(matches!(refused(&announced[..12]), PackError::Truncated { offset: 12 }));
    let mut wrong = good().done();
    *wrong.last_mut().unwrap() ^= 1;
    assert!(matches!(refused(&wrong), PackError::Checksum { .. }));
    let end = good().done().len() as u64;
    assert_eq!(
        refused(&[good().done(), b"more".to_vec()].concat()),
        PackError::TrailingBytes { offset: end }
    );
    assert_eq!(refused(&[good().done(), good().done()].concat()), PackError::TrailingBytes { offset: end });
    assert_eq!(refused(b""), PackError::Truncated { offset: 0 });
}

#[test]
fn entries_that_lie() {
    for (size, error) in [(4, ZlibError::TooLong), (6, ZlibError::TooShort { found: 5 })] {
        let mut forge = Forge::new();
        let offset = forge.entry(EntryType::Whole(Kind::Blob), size, b"hello");
        assert_eq!(refused(&forge.done()), PackError::Zlib { offset, error });
    }
    for large in [3 << 20, 500 << 20] {
        let mut forge = Forge::new();
        let offset = forge.entry(EntryType::Whole(Kind::Blob), large, b"hello");
        let error = ZlibError::TooShort { found: 5 };
        assert_eq!(refused(&forge.done()), PackError::Zlib { offset, error });
    }
    let mut forge = Forge::new();
    let offset = forge.entry(EntryType::Whole(Kind::Blob), usize::MAX, b"hello");
    assert!(matches!(refused(&forge.done()), PackError::Limit { offset: found, limit }
        if found == offset && limit.limit == "object_bytes_max"));
    let mut bomb = Forge::new();
    let offset = bomb.entry(EntryType::Whole(Kind::Tree), 100, &vec![0; 16 << 20]);
    assert!(bomb.bytes.len() < 100_000);
    assert_eq!(refused(&bomb.done()), PackError::Zlib { offset, error: ZlibError::TooLong });
    for header in
        [vec![0x00], vec![0x50], vec![0xff; 100], vec![0x60, 0], [&[0x60][..], &[0xff; 99]].concat()]
    {
        let mut forge = Forge::new();
        forge.blob(b"before");
        let offset = forge.offset();
        forge.bytes.extend_from_slice(&header);
        forge.bytes.extend_from_slice(&[0; 40]);
        assert!(
            matches!(refused(&forge.done_with_count(2)), PackError::Entry { offset: found, .. } if found == offset)
        );
    }
    let mut forge = Forge::new();
    let offset = forge.offset();
    forge.bytes.extend_from_slice(b"\x35no zlib stream here");
    assert!(
        matches!(refused(&forge.done_with_count(1)), PackError::Zlib { offset: found, .. } if found == offset)
    );
}

#[test]
fn bases_that_are_not_there() {
    let base = b"a base that is long enough";
    // Before the start, within the header, within an entry, far beyond.
    for back in [13, 1, 5, u64::MAX] {
        let mut forge = Forge::new();
        forge.blob(base);
        let offset = forge.offset();
        let distance = if back == 13 { offset - 12 + 1 } else { back };
        let delta = insertion(base.len(), b"x");
        forge.entry(EntryType::OffsetDelta { distance }, delta.len(), &delta);
        assert_eq!(refused(&forge.done()), PackError::BaseOffset { offset, distance });
    }
    let mut missing = Forge::new();
    missing.blob(base);
    let offset = missing.ref_delta(id(b"elsewhere"), &insertion(9, b"x"));
    missing.ref_delta(id(b"x"), &insertion(1, b"y"));
    assert_eq!(refused(&missing.done()), PackError::MissingBase { offset, base: id(b"elsewhere") });

    let mut own = Forge::new();
    let offset = own.ref_delta(id(b"x"), &insertion(1, b"x"));
    assert_eq!(refused(&own.done()), PackError::MissingBase { offset, base: id(b"x") });

    let mut circle = Forge::new();
    let offset = circle.ref_delta(id(b"b"), &insertion(1, b"a"));
    circle.ref_delta(id(b"a"), &insertion(1, b"b"));
    let bytes = circle.done();
    assert_eq!(refused(&bytes), PackError::MissingBase { offset, base: id(b"b") });
    // With one of them at hand elsewhere they can be made, and yet the pack would stand on itself.
    let mut elsewhere = MemoryStore::new();
    elsewhere.write(Kind::Blob, b"a");
    let error = PackReceiver::receive(&bytes, &elsewhere, Limits::default()).err();
    assert_eq!(error, Some(PackError::Duplicate { offset, id: id(b"a") }));
}

#[test]
fn what_is_sent_although_it_is_here_is_not_appended() {
    // Each on the one before, all of them here already, and each chain in every order.
    let bodies: Vec<Vec<u8>> = (0..20u8).map(|n| vec![b'a' + n; 30]).collect();
    let mut elsewhere = MemoryStore::new();
    bodies.iter().for_each(|body| {
        elsewhere.write(Kind::Blob, body);
    });
    for turn in 1..bodies.len() {
        let mut forge = Forge::new();
        let order: Vec<&Vec<u8>> = bodies.iter().cycle().skip(turn).step_by(7).take(20).collect();
        order.windows(2).for_each(|pair| {
            forge.ref_delta(id(pair[0]), &insertion(30, pair[1]));
        });
        let pack = PackReceiver::receive(&forge.done(), &elsewhere, Limits::default()).unwrap();
        assert_eq!(pack.len(), 20);
        assert!(order.iter().all(|body| pack.read_blob(&id(body)).as_deref() == Ok(&body[..])));
    }
    for (sent, kept) in [(b"aa", b"bb"), (b"bb", b"aa"), (b"cc", b"dd"), (b"ee", b"ff"), (b"ff", b"ee")] {
        let mut elsewhere = MemoryStore::new();
        elsewhere.write(Kind::Blob, sent);
        elsewhere.write(Kind::Blob, kept);
        let mut forge = Forge::new();
        forge.ref_delta(id(sent), &insertion(2, b"new"));
        forge.ref_delta(id(kept), &insertion(2, sent));
        let pack = PackReceiver::receive(&forge.done(), &elsewhere, Limits::default()).unwrap();
        assert_eq!(pack.len(), 3);
        for body in [&b"new"[..], sent, kept] {
            assert_eq!(&pack.read_blob(&id(body)).unwrap()[..], body);
        }
    }
}

#[test]
fn bases_may_come_later() {
    let mut forge = Forge::new();
    forge.ref_delta(id(b"two"), &insertion(3, b"three"));
    forge.ref_delta(id(b"one"), &insertion(3, b"two"));
    forge.blob(b"one");
    let pack = received_within(&forge.done(), Limits::default()).unwrap();
    assert_eq!(&pack.read_blob(&id(b"three")).unwrap()[..], b"three");
}

#[test]
fn duplicates() {
    let mut forge = Forge::new();
    forge.blob(b"one");
    let offset = forge.blob(b"one");
    assert_eq!(refused(&forge.done()), PackError::Duplicate { offset, id: id(b"one") });
    let mut forge = Forge::new();
    let base = forge.blob(b"one");
    forge.blob(b"two");
    let offset = forge.offset_delta(base, &insertion(3, b"two"));
    assert_eq!(refused(&forge.done()), PackError::Duplicate { offset, id: id(b"two") });
    // A base that is there twice, with deltas that name it by id.
    let mut forge = Forge::new();
    forge.blob(b"one");
    let offset = forge.blob(b"one");
    forge.ref_delta(id(b"one"), &insertion(3, b"two"));
    forge.ref_delta(id(b"two"), &insertion(3, b"six"));
    assert_eq!(refused(&forge.done()), PackError::Duplicate { offset, id: id(b"one") });
}

#[test]
fn deltas_that_lie() {
    let cases: [(&[u8], DeltaError); 13] = [
        (&[3, 1, 2, b'X', b'X'], DeltaError::ResultTooLong { stated: 1 }),
        (&[3, 1, 0x91, 0, 2], DeltaError::ResultTooLong { stated: 1 }),
        (&[3, 2, 2, b'X'], DeltaError::Truncated),
        (&[3, 1, 0x91, 3, 1], DeltaError::CopyBeyondBase { offset: 3, length: 1 }),
        (&[3, 2, 1, b'X', 0x91], DeltaError::Truncated),
        (&[3, 1, 1, b'X', 1], DeltaError::Truncated),
        (&[3, 1, 1, b'X', 0x91, 3, 1], DeltaError::CopyBeyondBase { offset: 3, length: 1 }),
        (&[3, 1, 1, b'X', 0], DeltaError::Reserved),
        (&[2, 1, 1, b'X'], DeltaError::BaseSize { stated: 2, found: 3 }),
        (&[3, 2, 1, b'X'], DeltaError::ResultTooShort { stated: 2, found: 1 }),
        (&[3, 1, 0x80], DeltaError::CopyBeyondBase { offset: 0, length: 0x10000 }),
        (&[0x80; 5], DeltaError::Truncated),
        (&[0xff; 50], DeltaError::SizeOverflow),
    ];
    for (delta, error) in cases {
        for by_id in [false, true] {
            let mut forge = Forge::new();
            let base = forge.blob(b"one");
            let offset =
                if by_id { forge.ref_delta(id(b"one"), delta) } else { forge.offset_delta(base, delta) };
            assert_eq!(refused(&forge.done()), PackError::Delta { offset, error }, "{delta:?}");
        }
    }
}

/// A chain of `depth` deltas, each on the one before it.
fn chain(depth: u32, by_id: bool) -> Vec<u8> {
    let mut forge = Forge::new();
    let (mut base, mut body) = (forge.blob(&u32::MAX.to_be_bytes()), u32::MAX.to_be_bytes());
    for n in 0..depth {
        let delta = insertion(4, &n.to_be_bytes());
        base = if by_id { forge.ref_delta(id(&body), &delta) } else { forge.offset_delta(base, &delta) };
        body = n.to_be_bytes();
    }
    forge.done()
}

#[test]
fn chains_that_are_too_long() {
    for by_id in [false, true] {
        let bytes = chain(50_000, by_id);
        assert!(matches!(refused(&bytes), PackError::Limit { limit, .. }
            if limit.limit == "delta_depth_max" && limit.found == 4096));
        let long = received_within(&chain(4095, by_id), Limits::default()).unwrap();
        assert_eq!(&long.read_blob(&id(&4094u32.to_be_bytes())).unwrap()[..], 4094u32.to_be_bytes());
        assert_eq!(long.header(&id(&4094u32.to_be_bytes())), Ok((Kind::Blob, 4)));
        // Opened where less is allowed, the same chain is too long to read.
        let limits = Limits { delta_depth_max: 100, ..Limits::default() };
        let opened = Pack::open(chain(4095, by_id), long.index_bytes().to_vec(), limits).unwrap();
        assert!(opened.read(&id(&99u32.to_be_bytes())).is_ok());
        let deep = id(&4094u32.to_be_bytes());
        assert!(opened.read(&deep).is_err_and(|error| error.is_limit()));
        assert!(opened.header(&deep).is_err_and(|error| error.is_limit()));
    }
}

/// A pack in which each object is several copies of the one before it.
fn unfolding(copies: usize, levels: u32) -> Vec<u8> {
    let mut forge = Forge::new();
    let mut length = 1 << 10;
    let mut base = forge.blob(&vec![b'x'; length]);
    for _ in 0..levels {
        let mut delta = [size(length), size(length * copies)].concat();
        for _ in 0..copies {
            for at in (0..length).step_by(0x8000) {
                let [one, two, three, four, ..] = (at as u64).to_le_bytes();
                let [low, high, ..] = (length - at).min(0x8000).to_le_bytes();
                delta.extend([0xbf, one, two, three, four, low, high]);
            }
        }
        base = forge.offset_delta(base, &delta);
        length *= copies;
    }
    forge.done()
}

#[test]
fn packs_that_unfold_beyond_measure() {
    let bytes = unfolding(8, 6);
    assert!(bytes.len() < 200_000);
    let limits = Limits { object_bytes_max: 1 << 20, ..Limits::default() };
    assert!(matches!(received_within(&bytes, limits).err(), Some(PackError::Limit { limit, .. })
        if limit.limit == "object_bytes_max" && limit.found == 4 << 20));
    let limits = Limits { pack_unfolded_bytes_max: 8 << 20, ..Limits::default() };
    assert!(matches!(received_within(&bytes, limits).err(), Some(PackError::Limit { limit, .. })
        if limit.limit == "pack_unfolded_bytes_max"));
    // Many large results from one base: the sum is bounded, though each one is small enough.
    let mut wide = Forge::new();
    let large = vec![7u8; 1 << 20];
    let base = wide.blob(&large);
    for n in 0..200u32 {
        let copies = (0..32u32).flat_map(|at| {
            let [one, two, three, _] = (at * 0x8000).to_le_bytes();
            [0xb7, one, two, three, 0, 0x80]
        });
        let mut delta = [size(large.len()), size(large.len() + 4)].concat();
        delta.extend(copies);
        delta.push(4);
        delta.extend(n.to_be_bytes());
        wide.offset_delta(base, &delta);
    }
    let bytes = wide.done();
    assert!(bytes.len() < 40_000, "{}", bytes.len());
    let limits = Limits { pack_unfolded_bytes_max: 100 << 20, ..Limits::default() };
    assert!(matches!(received_within(&bytes, limits).err(), Some(PackError::Limit { .. })));
    assert_eq!(received_within(&bytes, Limits::default()).unwrap().len(), 201);
    let limits = Limits { memory_bytes_max: 1000, ..Limits::default() };
    assert!(matches!(received_within(&bytes, limits).err(), Some(PackError::Limit { limit, .. })
        if limit.limit == "memory_bytes_max"));
}

#[test]
fn very_many_small_objects() {
    let mut forge = Forge::new();
    for n in 0..100_000u32 {
        forge.blob(&n.to_le_bytes());
    }
    let bytes = forge.done();
    let pack = PackReceiver::receive(&bytes, &MemoryStore::new(), Limits::default()).unwrap();
    assert_eq!(pack.len(), 100_000);
    assert!(pack.memory_bytes() < bytes.len() + 100 * pack.len());
    assert_eq!(&pack.read_blob(&id(&77_777u32.to_le_bytes())).unwrap()[..], 77_777u32.to_le_bytes());
}

#[test]
fn an_index_that_belongs_elsewhere() {
    let pack = |bodies: &[&[u8]]| {
        let mut forge = Forge::new();
        for body in bodies {
            forge.blob(body);
        }
        let bytes = forge.done();
        let index = received_within(&bytes, Limits::default()).unwrap().index_bytes().to_vec();
        (bytes, index)
    };
    let (one, one_index) = pack(&[b"one", b"two"]);
    let (other, other_index) = pack(&[b"one", b"six"]);
    let (third, third_index) = pack(&[b"one"]);
    let opened = |bytes: &[u8], index: &[u8]| Pack::open(bytes.to_vec(), index.to_vec(), Limits::default());
    assert_eq!(opened(&one, &one_index).unwrap().len(), 2);
    for (bytes, index) in
        [(&one, &other_index), (&other, &one_index), (&one, &third_index), (&third, &one_index)]
    {
        assert!(matches!(opened(bytes, index).err(), Some(PackError::Index { .. })));
    }
    for cut in 0..one.len() {
        assert!(opened(&one[..cut], &one_index).is_err());
    }
    for at in 0..one_index.len() {
        let mut wrong = one_index.clone();
        wrong[at] ^= 0x10;
        assert!(matches!(opened(&one, &wrong).err(), Some(PackError::Index { .. })), "byte {at}");
    }
}

/// Numbers that look random and are the same each time.
struct Noise(u64);

impl Noise {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % most.max(1)
    }

    /// A text, often one that was there before with changes.
    fn body(&mut self, before: &[Vec<u8>]) -> Vec<u8> {
        let mut body = if before.is_empty() || self.below(3) == 0 {
            let length = [0, 1, 49, 200, 5000, 70_000][self.below(6)];
            let letters = 1 + self.below(40);
            (0..length).map(|_| b'a' + self.below(letters) as u8).collect()
        } else {
            before[self.below(before.len())].clone()
        };
        for _ in 0..self.below(5) {
            let at = self.below(body.len() + 1);
            let end = (at + self.below(30)).min(body.len());
            let insert: Vec<u8> = (0..self.below(40)).map(|_| b'0' + self.below(70) as u8).collect();
            body.splice(at..end, insert);
        }
        body
    }
}

#[test]
fn any_objects_come_out_as_they_went_in() {
    let mut noise = Noise(0x1234_5678_9abc_def1);
    for round in 0..30 {
        let (mut store, mut bodies) = (MemoryStore::new(), Vec::new());
        for _ in 0..noise.below(60) {
            let body = noise.body(&bodies);
            store.write(Kind::ALL[noise.below(4)], &body);
            bodies.push(body);
        }
        if round == 7 {
            let large: Vec<u8> = (0..3 << 20).map(|n: u32| (n ^ n >> 9) as u8).collect();
            store.write(Kind::Blob, &large);
            store.write(Kind::Blob, &[&large[..], b"and more"].concat());
        }
        let item =
            |at: usize| PackItem { id: *store.since(at).next().unwrap().0, name_hash: (at % 3) as u32 };
        let items: Vec<PackItem> = (0..store.len()).map(item).collect();
        let options = WriteOptions {
            offset_deltas: noise.below(2) == 0,
            depth: noise.below(60) as u32,
            window: noise.below(15),
            window_bytes_max: 1 << (12 + noise.below(15)),
            delta_bytes_max: noise.below(1000),
            ..WriteOptions::default()
        };
        let sources = PackSources { objects: &store, packs: &[] };
        let bytes = PackWriter::new(items.clone(), Vec::new(), options).write(&sources).unwrap();
        let pack = received_within(&bytes, Limits::default()).unwrap();
        assert_eq!(pack.len(), store.len());
        for (id, object) in store.since(0) {
            assert_eq!(pack.read(id).as_ref(), Ok(object));
            assert_eq!(pack.header(id), Ok((object.kind, object.bytes.len() as u64)));
        }
        let sources = PackSources { objects: &pack, packs: &[&pack] };
        let copied = PackWriter::new(items, Vec::new(), options).write(&sources).unwrap();
        let copied = received_within(&copied, Limits::default()).unwrap();
        assert!(copied.ids().eq(pack.ids()));
        changed_anyhow(&mut noise, &bytes, &pack);
    }
}

/// Whatever bytes are changed: an error or objects that are what they are called, never a panic.
fn changed_anyhow(noise: &mut Noise, bytes: &[u8], good: &Pack) {
    for _ in 0..40 {
        let mut wrong = bytes[..bytes.len() - 20].to_vec();
        for _ in 0..1 + noise.below(3) {
            let at = noise.below(wrong.len().min(4000));
            match noise.below(3) {
                0 => wrong[at] = noise.below(256) as u8,
                1 => drop(wrong.remove(at)),
                _ => wrong.insert(at, noise.below(256) as u8),
            }
        }
        let wrong = sealed(wrong);
        let limits = Limits { object_bytes_max: 16 << 20, ..Limits::default() };
        if let Ok(pack) = received_within(&wrong, limits) {
            for id in pack.ids() {
                let object = pack.read(&id).unwrap();
                assert_eq!(hasher::object_id(object.kind, &object.bytes), id);
            }
        }
        let index = good.index_bytes().to_vec();
        let end = wrong.len() - 20;
        let forged = [&wrong[..end], good.checksum().as_bytes()].concat();
        if let Ok(pack) = Pack::open(forged, index, limits) {
            good.ids().for_each(|id| drop((pack.read(&id), pack.header(&id))));
            let items = good.ids().map(|id| PackItem { id, name_hash: 0 }).collect();
            let sources = PackSources { objects: &pack, packs: &[&pack] };
            drop(PackWriter::new(items, Vec::new(), WriteOptions::default()).write(&sources));
        }
    }
}
