//! A small repository that targets ask: three commits, a merge, tags, a subfolder.

use bstr::BString;
use govc_git::object::{Commit, Mode, Signature, Tag, TreeBuilder};
use govc_git::refs::{Expected, NewValue, RefName, RefStore, RefUpdate};
use govc_git::store::MemoryStore;
use govc_git::{Kind, ObjectId, ObjectSink};

/// Objects and refs.
pub struct Sample {
    pub store: MemoryStore,
    pub refs: RefStore,
    /// All objects, in the order in which they were made.
    pub ids: Vec<ObjectId>,
    /// The last commit, a merge.
    pub tip: ObjectId,
    /// The first commit.
    pub root: ObjectId,
}

thread_local! {
    static SAMPLE: Sample = Sample::build();
}

/// Hands out the repository, which is built once for each thread.
pub fn with<R>(each: impl FnOnce(&Sample) -> R) -> R {
    SAMPLE.with(each)
}

pub fn signature(time: i64) -> Signature {
    Signature { name: "Ada".into(), email: "ada@example.com".into(), time, offset_minutes: 60 }
}

pub fn commit(tree: ObjectId, parents: &[ObjectId], time: i64) -> Commit {
    Commit {
        tree,
        parents: parents.to_vec(),
        author: signature(time),
        committer: signature(time),
        extra_headers: Vec::new(),
        message: BString::from(format!("commit {time}\n\nfix\n")),
    }
}

impl Sample {
    fn build() -> Self {
        let mut store = MemoryStore::new();
        let mut trees = Vec::new();
        for round in 0..3 {
            let blob = store.write(Kind::Blob, "line of text\n".repeat(round + 3).as_bytes());
            let mut folder = TreeBuilder::new();
            folder.push(Mode::FILE, b"file", blob);
            let folder = store.write(Kind::Tree, &folder.write());
            let mut tree = TreeBuilder::new();
            tree.push(Mode::DIRECTORY, b"src", folder);
            tree.push(Mode::EXECUTABLE, b"run", blob);
            trees.push(store.write(Kind::Tree, &tree.write()));
        }
        let mut make = |tree, parents: &[ObjectId], time| {
            store.write(Kind::Commit, &commit(tree, parents, time).write())
        };
        let root = make(trees[0], &[], 1_600_000_000);
        let side = make(trees[1], &[root], 1_600_000_100);
        let main = make(trees[2], &[root], 1_600_000_200);
        let tip = make(trees[2], &[main, side], 1_600_000_300);
        let tag = Tag {
            target: tip,
            kind: Kind::Commit,
            name: "v1".into(),
            tagger: signature(1_600_000_400),
            message: "first\n".into(),
        };
        let tag = store.write(Kind::Tag, &tag.write());
        let mut refs = RefStore::new();
        let head = NewValue::Symbolic(RefName::new("refs/heads/main").unwrap());
        let all = [
            ("refs/heads/main", NewValue::Set(tip)),
            ("refs/heads/side", NewValue::Set(side)),
            ("refs/tags/v1", NewValue::Set(tag)),
            ("HEAD", head),
        ];
        let updates = all.map(|(name, new)| RefUpdate {
            name: RefName::new(name).unwrap(),
            expected: Expected::Missing,
            new,
        });
        refs.update(&updates).unwrap();
        let ids = store.since(0).map(|(id, _)| *id).collect();
        Self { store, refs, ids, tip, root }
    }
}
