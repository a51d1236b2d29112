//! Objects that real git wrote: each is taken apart, written again and has the same id.

use bstr::ByteSlice;
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
