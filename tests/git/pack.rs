//! Packs that real git wrote, read here: every object, every index byte, every kind of delta, and what is broken.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use govc_git::disk::loose::{decode_checked, encode, loose_path};
use govc_git::id::{Prefix, hasher};
use govc_git::limits::Limits;
use govc_git::pack::zlib::{Deflater, Inflater, Level};
use govc_git::pack::{
    Pack, PackError, PackItem, PackReceiver, PackSources, PackWriter, WriteOptions, WritePhase, name_hash,
};
use govc_git::store::MemoryStore;
use govc_git::{Kind, Object, ObjectId, ObjectSink, ObjectSource, ReadError};
use govc_tests::{TestRepo, corpus_bundle};

/// A history with long chains of deltas: a growing file, a wide tree, a large file, a tag.
fn sample() -> TestRepo {
    let repo = TestRepo::init();
    let mut lines = String::new();
    let large: Vec<u8> = (0..400_000u32).map(|n| (n.wrapping_mul(n) >> 11) as u8).collect();
    repo.write("large.bin", &large);
    for n in 0..60u32 {
        for line in 0..20 {
            lines.push_str(&format!("line {n}.{line} of the file that grows\n"));
        }
        repo.write("grows.txt", &lines);
        repo.write(&format!("wide/file-{n}.txt"), format!("file number {n}\n"));
        repo.commit_all(&format!("commit {n}"));
    }
    let mut changed = large;
    changed.splice(1000..1010, *b"changed in the middle");
    repo.write("large.bin", &changed);
    repo.write("empty", "");
    repo.commit_all("the large file changes");
    repo.git(&["tag", "-a", "-m", "a tag", "v1"]);
    repo
}

/// What `git pack-objects` makes of everything reachable.
fn packed(repo: &TestRepo, options: &[&str]) -> Vec<u8> {
    let args = [&["pack-objects", "--all", "--revs", "--stdout", "-q"], options].concat();
    repo.git_bytes(&args, b"")
}

fn received(bytes: &[u8], elsewhere: &dyn ObjectSource) -> Result<Pack, PackError> {
    PackReceiver::receive(bytes, elsewhere, Limits::default())
}

fn pack_bytes(pack: &Pack) -> Vec<u8> {
    pack.pack_bytes().collect::<Vec<_>>().concat()
}

/// The pack and index that `git index-pack` makes of these bytes, beside the folder's own.
fn indexed_by_git(repo: &TestRepo, bytes: &[u8], options: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let args = [&["index-pack", "--stdin"], options].concat();
    let answer = String::from_utf8(repo.git_bytes(&args, bytes)).unwrap();
    let name = answer.split_whitespace().last().unwrap();
    let folder = repo.path().join(repo.git(&["rev-parse", "--git-path", "objects/pack"]).trim());
    let read = |extension| std::fs::read(folder.join(format!("pack-{name}.{extension}"))).unwrap();
    (read("pack"), read("idx"))
}

fn same_objects(pack: &Pack, expected: &MemoryStore) {
    assert_eq!(pack.len(), expected.len());
    for (id, object) in expected.since(0) {
        assert_eq!(pack.header(id), Ok((object.kind, object.bytes.len() as u64)), "{id}");
        assert_eq!(pack.read(id).as_ref(), Ok(object), "{id}");
        let mut found = Vec::new();
        pack.find_prefix(&Prefix::from_hex(&id.to_hex()[..12]).unwrap(), 2, &mut found);
        assert_eq!(found, [*id]);
    }
    assert_eq!(pack.read(&ObjectId::NULL), Err(ReadError::missing(ObjectId::NULL)));
}

#[test]
fn packs_of_every_shape_are_indexed_as_git_does() {
    let repo = sample();
    let objects = repo.objects();
    let shapes: [&[&str]; 6] = [
        &["--delta-base-offset"],
        &[],
        &["--window=0"],
        &["--window=50", "--depth=250", "--no-reuse-delta", "--delta-base-offset"],
        &["--window=50", "--depth=250", "--no-reuse-delta"],
        &["--depth=1", "--no-reuse-delta", "--compression=0"],
    ];
    for shape in shapes {
        let bytes = packed(&repo, shape);
        let (_, index) = indexed_by_git(&repo, &bytes, &[]);
        let pack = received(&bytes, &MemoryStore::new()).unwrap();
        assert!(pack.index_bytes() == index, "{shape:?}");
        assert!(pack_bytes(&pack) == bytes);
        assert_eq!(pack.verify_checksum(), Ok(()));
        same_objects(&pack, &objects);

        let opened = Pack::open(bytes.clone(), index, Limits::default()).unwrap();
        same_objects(&opened, &objects);
        opened.set_cache_bytes(0);
        same_objects(&opened, &objects);
        for pieces in [1, 13, 4096] {
            let mut receiver = PackReceiver::new(Limits::default());
            bytes.chunks(pieces).for_each(|piece| receiver.push(piece).unwrap());
            assert!(receiver.is_complete());
            let mut resolver = receiver.end().unwrap();
            let mut steps = 0;
            while !resolver.is_done() {
                resolver.step(&MemoryStore::new(), 10_000).unwrap();
                steps += 1;
            }
            assert!(steps < 100_000);
            let again = resolver.finish(&MemoryStore::new()).unwrap();
            assert!(again.index_bytes() == pack.index_bytes() && pack_bytes(&again) == bytes);
        }
    }
}

#[test]
fn thin_packs_are_completed_as_git_does() {
    let repo = sample();
    let old = repo.git_bytes(&["pack-objects", "--revs", "--stdout", "-q"], b"HEAD~30\n");
    let receiver = TestRepo::init();
    indexed_by_git(&receiver, &old, &[]);
    let elsewhere = received(&old, &MemoryStore::new()).unwrap();
    for option in ["--delta-base-offset", "-q"] {
        let args = ["pack-objects", "--revs", "--thin", "--stdout", "-q", option];
        let thin = repo.git_bytes(&args, b"HEAD\n^HEAD~30\n");
        let missing = received(&thin, &MemoryStore::new()).err();
        assert!(matches!(missing, Some(PackError::MissingBase { .. })), "{missing:?}");
        let (_, index) = indexed_by_git(&receiver, &thin, &["--fix-thin"]);
        let pack = received(&thin, &elsewhere).unwrap();
        let ids =
            |bytes: &[u8]| bytes[1032..].chunks(20).take(pack.len()).map(<[u8]>::to_vec).collect::<Vec<_>>();
        assert_eq!(ids(pack.index_bytes()), ids(&index), "the same bases are appended");
        assert_eq!(pack.verify_checksum(), Ok(()));
        let fresh = TestRepo::init();
        let (kept, index) = indexed_by_git(&fresh, &pack_bytes(&pack), &[]);
        assert!(kept == pack_bytes(&pack) && index == pack.index_bytes());
        for id in pack.ids() {
            let object = pack.read(&id).unwrap();
            assert_eq!(hasher::object_id(object.kind, &object.bytes), id);
        }
    }
}

#[test]
fn a_pack_that_is_cut_or_changed_anywhere_is_refused() {
    let repo = TestRepo::init();
    repo.write("a", "some text that is long enough to be a base for a delta\n".repeat(5));
    repo.commit_all("one");
    repo.write("a", "some text that is long enough to be a base for a delta\n".repeat(6));
    repo.commit_all("two");
    for option in ["--delta-base-offset", "-q"] {
        let bytes = packed(&repo, &[option]);
        let good = received(&bytes, &MemoryStore::new()).unwrap();
        for cut in 0..bytes.len() {
            let error = received(&bytes[..cut], &MemoryStore::new()).err();
            assert!(matches!(error, Some(PackError::Truncated { .. })), "{cut}: {error:?}");
        }
        let trailing = received(&[&bytes[..], b"x"].concat(), &MemoryStore::new()).err();
        assert_eq!(trailing, Some(PackError::TrailingBytes { offset: bytes.len() as u64 }));
        for at in 0..bytes.len() {
            for flip in [1, 0x10, 0x80] {
                let mut wrong = bytes.clone();
                wrong[at] ^= flip;
                let accepted = received(&wrong, &MemoryStore::new()).is_ok();
                // Version 3 reads as version 2, in git as here; the trailer names the changed byte.
                assert!(!accepted, "byte {at}");
                // Without the trailer's help: no panic, and what is read is what it is called.
                let end = wrong.len() - 20;
                let mut hash = hasher::Hasher::new();
                hash.update(&wrong[..end]);
                wrong.splice(end.., *hash.finish().unwrap().as_bytes());
                if let Ok(pack) = received(&wrong, &MemoryStore::new()) {
                    for id in pack.ids() {
                        let object = pack.read(&id).unwrap();
                        assert_eq!(hasher::object_id(object.kind, &object.bytes), id);
                    }
                }
                // The index of the good pack over the changed one: an error or an object, never a panic.
                if let Ok(pack) = Pack::open(wrong, good.index_bytes().to_vec(), Limits::default()) {
                    for id in good.ids() {
                        drop((pack.read(&id), pack.header(&id)));
                    }
                }
            }
        }
    }
}

#[test]
fn the_corpus_is_indexed_as_git_does() {
    let Some(bundle) = corpus_bundle("flask.bundle") else { return };
    let repo = TestRepo::clone_bare(bundle.to_str().unwrap());
    let folder = repo.path().join("objects/pack");
    let file = |extension: &str| {
        let mut names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        std::fs::read(names.find(|path| path.extension().is_some_and(|found| found == extension)).unwrap())
            .unwrap()
    };
    let pack = received(&file("pack"), &MemoryStore::new()).unwrap();
    assert!(pack.index_bytes() == file("idx"));
    same_objects(&pack, &repo.objects());
    assert!(pack.memory_bytes() < file("pack").len() + 100 * pack.len() + (17 << 20));
}

/// Everything reachable in git's own order of packing, with the names it was found on.
fn listed(repo: &TestRepo, revisions: &[&str]) -> Vec<PackItem> {
    let list = repo.git_bytes(&[&["rev-list", "--objects"], revisions].concat(), b"");
    let line = |line: &[u8]| {
        let name_hash = line.get(41..).map_or(0, name_hash);
        PackItem { id: ObjectId::from_hex(&line[..40]).unwrap(), name_hash }
    };
    list.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()).map(line).collect()
}

/// Longest chain of deltas and number of deltas in a pack, as `git verify-pack` sees them.
fn chains(repo: &TestRepo) -> (usize, usize) {
    let folder = repo.git(&["rev-parse", "--git-path", "objects/pack"]).trim().to_owned();
    let names = std::fs::read_dir(repo.path().join(&folder)).unwrap().map(|entry| entry.unwrap().path());
    let index = names.into_iter().find(|path| path.extension().is_some_and(|found| found == "idx")).unwrap();
    let listed = repo.git(&["verify-pack", "-v", index.to_str().unwrap()]);
    let depths = listed.lines().filter_map(|line| line.split_whitespace().nth(5)?.parse::<usize>().ok());
    let depths: Vec<usize> = depths.collect();
    (depths.iter().copied().max().unwrap_or(0), depths.len())
}

#[test]
fn written_packs_are_taken_by_git_and_nearly_as_small() {
    let repo = sample();
    let objects = repo.objects();
    let sources = PackSources { objects: &objects, packs: &[] };
    let items = listed(&repo, &["--all"]);
    let by_git = packed(&repo, &["--no-reuse-delta", "--delta-base-offset"]).len();
    let plain = WriteOptions::default();
    let cases = [
        (plain, 1.15),
        (WriteOptions { offset_deltas: false, ..plain }, 1.3),
        (WriteOptions { depth: 3, ..plain }, 1.8),
        (WriteOptions { window_bytes_max: 1 << 20, delta_bytes_max: 100, ..plain }, 2.0),
        (WriteOptions { deltas: false, ..plain }, 40.0),
    ];
    for (options, most) in cases {
        let twice = [items.clone(), items.clone()].concat();
        let mut writer = PackWriter::new(twice, Vec::new(), options);
        let mut phases = vec![writer.progress().0];
        while !writer.step(&sources, 50_000).unwrap() {
            phases.push(writer.progress().0);
        }
        phases.dedup();
        assert_eq!(phases[0], WritePhase::Prepare);
        assert_eq!(phases.contains(&WritePhase::Search), options.deltas);
        let bytes = writer.write(&sources).unwrap();
        let fresh = TestRepo::init();
        let (kept, _) = indexed_by_git(&fresh, &bytes, &["--strict"]);
        assert!(kept == bytes);
        let (depth, deltas) = chains(&fresh);
        assert!(depth <= if options.deltas { options.depth as usize } else { 0 });
        assert!(!options.deltas || deltas > 100, "{deltas} deltas");
        fresh.git(&["update-ref", "refs/heads/main", &repo.id("v1^{commit}").to_string()]);
        assert_eq!(fresh.git(&["fsck", "--strict", "--no-dangling"]), "");
        let ratio = bytes.len() as f64 / by_git as f64;
        assert!(ratio <= most, "{options:?}: {} bytes, git {by_git}", bytes.len());
        same_objects(&received(&bytes, &MemoryStore::new()).unwrap(), &objects);
        let again = PackWriter::new(items.clone(), Vec::new(), options).write(&sources).unwrap();
        assert!(again == bytes, "the same objects make the same pack");
    }
}

#[test]
fn what_lies_ready_is_copied() {
    let repo = sample();
    let items = listed(&repo, &["--all"]);
    for option in ["--delta-base-offset", "-q"] {
        let bytes = packed(&repo, &[option]);
        let pack = received(&bytes, &MemoryStore::new()).unwrap();
        let sources = PackSources { objects: &pack, packs: &[&pack] };
        let written =
            PackWriter::new(items.clone(), Vec::new(), WriteOptions::default()).write(&sources).unwrap();
        assert!(written.len() <= bytes.len() + bytes.len() / 50);
        let (kept, _) = indexed_by_git(&TestRepo::init(), &written, &["--strict"]);
        assert!(kept == written);
        same_objects(&received(&written, &MemoryStore::new()).unwrap(), &repo.objects());
        // A part of the history: what stands on bases that stay out is made anew.
        let part = listed(&repo, &["HEAD~20"]);
        let written =
            PackWriter::new(part.clone(), Vec::new(), WriteOptions::default()).write(&sources).unwrap();
        assert_eq!(received(&written, &MemoryStore::new()).unwrap().len(), part.len());
        indexed_by_git(&TestRepo::init(), &written, &["--strict"]);
        // An entry that rots in memory is not handed on.
        let mut rotten = bytes.clone();
        rotten[bytes.len() / 2] ^= 4;
        let rotten = Pack::open(rotten, pack.index_bytes().to_vec(), Limits::default()).unwrap();
        let sources = PackSources { objects: &pack, packs: &[&rotten] };
        let error = PackWriter::new(items.clone(), Vec::new(), WriteOptions::default()).write(&sources).err();
        assert!(matches!(error, Some(PackError::Entry { .. })), "{error:?}");
    }
}

#[test]
fn the_index_of_what_is_written_is_the_one_that_git_makes() {
    let repo = sample();
    let items = listed(&repo, &["--all"]);
    let ready = received(&packed(&repo, &[]), &MemoryStore::new()).unwrap();
    for (deltas, packs) in [(true, &[][..]), (false, &[]), (false, &[&ready]), (true, &[&ready])] {
        let sources = PackSources { objects: &ready, packs };
        let options = WriteOptions { deltas, index: true, ..WriteOptions::default() };
        let mut writer = PackWriter::new(items.clone(), Vec::new(), options);
        let mut bytes = Vec::new();
        while let Some(chunk) = writer.next_chunk(&sources).unwrap() {
            bytes.extend(chunk);
        }
        let index = writer.into_index().unwrap();
        assert!(index.bytes() == indexed_by_git(&TestRepo::init(), &bytes, &[]).1);
    }
    let unfinished =
        PackWriter::new(items, Vec::new(), WriteOptions { index: true, ..WriteOptions::default() });
    assert!(unfinished.into_index().is_none());
}

#[test]
fn several_packs_and_loose_objects_make_one_pack() {
    let repo = sample();
    let objects = repo.objects();
    let items = listed(&repo, &["--all"]);
    let half = |revisions: &[u8]| {
        let bytes = repo.git_bytes(&["pack-objects", "--revs", "--stdout", "-q"], revisions);
        received(&bytes, &MemoryStore::new()).unwrap()
    };
    let (old, middle) = (half(b"HEAD~40\n"), half(b"HEAD~10\n^HEAD~45\n"));
    let sources = PackSources { objects: &objects, packs: &[&old, &middle] };
    let written = PackWriter::new(items, Vec::new(), WriteOptions::default()).write(&sources).unwrap();
    same_objects(&received(&written, &MemoryStore::new()).unwrap(), &objects);
    indexed_by_git(&TestRepo::init(), &written, &["--strict"]);
}

#[test]
fn thin_packs_that_are_written_are_completed_by_git() {
    let repo = sample();
    let objects = repo.objects();
    let sources = PackSources { objects: &objects, packs: &[] };
    let receiver = TestRepo::init();
    let old = repo.git_bytes(&["pack-objects", "--revs", "--stdout", "-q"], b"HEAD~1\n");
    indexed_by_git(&receiver, &old, &[]);
    let new = listed(&repo, &["HEAD", "^HEAD~1"]);
    let bases: Vec<PackItem> = listed(&repo, &["HEAD~1", "^HEAD~2"]);
    let bases = [bases, listed(&repo, &["HEAD~1^{tree}"])].concat();
    let thin = PackWriter::new(new.clone(), bases, WriteOptions::default()).write(&sources).unwrap();
    let full = PackWriter::new(new.clone(), Vec::new(), WriteOptions::default()).write(&sources).unwrap();
    assert!(thin.len() * 10 < full.len(), "{} of {}: a change of a large file", thin.len(), full.len());
    assert!(matches!(received(&thin, &MemoryStore::new()).err(), Some(PackError::MissingBase { .. })));
    indexed_by_git(&receiver, &thin, &["--fix-thin"]);
    receiver.git(&["update-ref", "refs/heads/main", &repo.id("HEAD").to_string()]);
    assert_eq!(receiver.git(&["fsck", "--strict", "--no-dangling"]), "");
    let elsewhere = received(&old, &MemoryStore::new()).unwrap();
    let completed = received(&thin, &elsewhere).unwrap();
    assert!(new.iter().all(|item| completed.contains(&item.id)));

    // Deltas that lie ready on what the other side has are copied, and a base that is nowhere does no harm.
    let all = received(&packed(&repo, &["--delta-base-offset"]), &MemoryStore::new()).unwrap();
    let sources = PackSources { objects: &all, packs: &[&all] };
    // Git's deltas lead from the new to the old, so here the other side has the new.
    let old = listed(&repo, &["HEAD~30", "^HEAD~31"]);
    let is_old = |item: &PackItem| old.iter().any(|other| other.id == item.id);
    let newer = listed(&repo, &["HEAD"]).into_iter().filter(|item| !is_old(item));
    let bases: Vec<PackItem> = newer.chain([PackItem { id: ObjectId::NULL, name_hash: 0 }]).collect();
    let options = WriteOptions { deltas: false, ..WriteOptions::default() };
    let copied = PackWriter::new(old.clone(), bases, options).write(&sources).unwrap();
    assert!(matches!(received(&copied, &MemoryStore::new()).err(), Some(PackError::MissingBase { .. })));
    let completed = received(&copied, &all).unwrap();
    assert!(old.iter().all(|item| completed.contains(&item.id)));
    let lost = vec![PackItem { id: ObjectId::NULL, name_hash: 0 }];
    let error = PackWriter::new(lost, Vec::new(), options).write(&sources).err();
    assert_eq!(error, Some(PackError::Source(ReadError::missing(ObjectId::NULL))));
}

#[test]
fn loose_objects_go_both_ways() {
    let repo = sample();
    let fresh = TestRepo::init();
    let (mut inflater, mut deflater) = (Inflater::new(), Deflater::new(Level::Default));
    for (id, object) in repo.objects().since(0) {
        let path = format!(".git/objects/{}", loose_path(id));
        let file = std::fs::read(repo.path().join(&path)).unwrap();
        assert_eq!(decode_checked(id, &file, &Limits::default(), &mut inflater).as_ref(), Ok(object));
        fresh.write(&path, encode(object.kind, &object.bytes, &mut deflater));
    }
    fresh.git(&["update-ref", "refs/heads/main", &repo.id("HEAD").to_string()]);
    assert_eq!(fresh.git(&["fsck", "--strict", "--no-dangling"]), "");
    assert_eq!(fresh.objects().len(), repo.objects().len());
}

#[test]
fn what_is_not_in_the_pack_stays_with_the_source() {
    let mut elsewhere = MemoryStore::new();
    let id = elsewhere.write(Kind::Blob, b"text");
    let object = Object { kind: Kind::Blob, bytes: Arc::from(*b"text") };
    assert_eq!(elsewhere.read(&id), Ok(object));
    let empty = packed(&TestRepo::init(), &[]);
    assert!(received(&empty, &elsewhere).unwrap().is_empty());
}
