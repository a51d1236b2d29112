//! Objects that real git wrote: each is taken apart, written again and has the same id; what collides is refused.

use bstr::ByteSlice;
use govc_git::id::hasher::{Collision, Hasher, PlainHasher, object_id_checked};
use govc_git::object::{Commit, CommitRef, TreeBuilder, TreeRef};
use govc_git::store::MemoryStore;
use govc_git::{Kind, ObjectSink};
use govc_tests::TestRepo;

#[test]
fn real_objects_round_trip() {
    let repo = TestRepo::init();
    repo.write("a/b/c.txt", "hello\n");
    repo.write("a-b", "x");
    repo.write("a.b/d", "y");
    repo.commit_all("first\n\nwith a body");
    repo.write("a/b/c.txt", "hello again\n");
    repo.commit_all("second");
    repo.git(&["tag", "-a", "-m", "a tag", "v1"]);

    let mut again = MemoryStore::new();
    let mut trees = 0;
    for (id, object) in repo.objects().since(0) {
        let bytes = match object.kind {
            Kind::Commit => {
                let read = CommitRef::parse(&object.bytes).unwrap();
                let commit = Commit {
                    tree: read.tree,
                    parents: read.parents.clone(),
                    author: read.author().to_owned(),
                    committer: read.committer().to_owned(),
                    extra_headers: Vec::new(),
                    message: read.message.into(),
                };
                commit.write()
            }
            Kind::Tree => {
                trees += 1;
                let mut builder = TreeBuilder::new();
                for entry in TreeRef::new(&object.bytes) {
                    let entry = entry.unwrap();
                    builder.push(entry.mode, entry.name, entry.id);
                }
                builder.write()
            }
            _ => object.bytes.to_vec(),
        };
        assert_eq!(bytes.as_bstr(), object.bytes.as_bstr());
        assert_eq!(again.write(object.kind, &bytes), *id);
    }
    assert!(trees >= 5);
}

/// The two messages of "SHA-1 is a Shambles" (Leurent and Peyrin, 2020): different bytes, one SHA-1.
const COLLIDING: [&[u8]; 2] = [
    include_bytes!("../cases/sha1-collision/sha-mbles-1.bin"),
    include_bytes!("../cases/sha1-collision/sha-mbles-2.bin"),
];

#[test]
fn a_collision_is_refused_in_pieces_of_any_size_and_with_more_behind_it() {
    let plain = |bytes: &[u8]| {
        let mut hasher = PlainHasher::new();
        hasher.update(bytes);
        hasher.finish()
    };
    let checked = |bytes: &[u8], piece: usize| {
        let mut hasher = Hasher::new();
        bytes.chunks(piece).for_each(|piece| hasher.update(piece));
        hasher.finish()
    };
    assert_ne!(COLLIDING[0], COLLIDING[1]);
    for more in [&b""[..], b"x", &[7; 1000]] {
        let [one, other] = COLLIDING.map(|message| [message, more].concat());
        assert_eq!(plain(&one), plain(&other));
        for piece in [1, 63, 64, 65, 4096] {
            assert_eq!([checked(&one, piece), checked(&other, piece)], [Err(Collision), Err(Collision)]);
        }
    }
    // The same bytes one place further on collide with nothing.
    let moved = [b" ", COLLIDING[0]].concat();
    assert_eq!(checked(&moved, 64), Ok(plain(&moved)));
}

#[test]
fn as_blobs_the_same_bytes_are_taken_as_git_takes_them() {
    // Behind the header of an object the attack, which was made for other bytes before it, is none.
    let repo = TestRepo::init();
    let ids = COLLIDING.map(|message| {
        let id = object_id_checked(Kind::Blob, message).unwrap();
        let git = repo.git_bytes(&["hash-object", "--stdin", "-w"], message);
        assert_eq!(format!("{id}\n").as_bytes(), git);
        id
    });
    assert_ne!(ids[0], ids[1]);
}
