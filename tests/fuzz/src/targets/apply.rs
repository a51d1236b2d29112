//! Any text as a patch on any files: what is taken changes only what it names, and may be written.

use govc_git::edit::{PathEdit, edit_tree};
use govc_git::object::Mode;
use govc_git::patch::{ApplyOptions, apply_patch};
use govc_git::path::RepoPath;
use govc_git::store::MemoryStore;
use govc_git::{Kind, ObjectId, ObjectSink};

use crate::pieces::{first, joined, parts};

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let [one, other, patch] = parts(rest);
    let mut store = MemoryStore::new();
    let files = [("a", one), ("d/b", other)];
    let edits = files.map(|(path, text)| {
        let path = RepoPath::new(path).expect("because it may be written");
        (path, PathEdit::Put(Mode::FILE, store.write(Kind::Blob, text)))
    });
    let edits: Vec<_> = edits.iter().map(|(path, edit)| (path, *edit)).collect();
    let tree = edit_tree(&mut store, &ObjectId::EMPTY_TREE, &edits).expect("because no paths meet");
    let merge = |_: &[u8], _: &[u8], theirs: &[u8]| Some(theirs.to_vec());
    let options = ApplyOptions {
        strip: u32::from(mode >> 1 & 3),
        reverse: mode & 1 != 0,
        merge: if mode & 8 == 0 { None } else { Some(&merge) },
    };
    let Ok(patched) = apply_patch(&store, &tree, patch, &options) else { return };
    assert!(!patched.is_empty(), "a patch that was taken changes something");
    for (_, text) in patched.iter().filter_map(|(_, file)| file.as_ref()) {
        assert!(text.len() <= one.len().max(other.len()) + patch.len());
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let files: [&[u8]; 2] = [b"1\n2\n3\n4\n5\n6\n7\n8\n", b"x\ny\nz"];
    let patches: [&[u8]; 5] = [
        b"diff --git a/a b/a\nindex 1..2 100644\n--- a/a\n+++ b/a\n@@ -2,7 +2,7 @@ 1\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n",
        b"diff --git a/d/b b/c\nsimilarity index 50%\nrename from d/b\nrename to c\n--- a/d/b\n+++ b/c\n@@ -1,3 +1,3 @@\n x\n y\n-z\n\\ No newline at end of file\n+w\n",
        b"diff --git a/n b/n\nnew file mode 100755\nindex 0000000..1\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+n\ndiff --git a/a b/a\nold mode 100644\nnew mode 100755\n",
        b"--- a/a\t2020\n+++ b/a\n@@ -1 +0,0 @@\n-1\n@@ -3,2 +2,3 @@\n 3\n+new\n 4\n",
        b"diff --git \"a/\\303\\244\" \"b/\\303\\244\"\nnew file mode 120000\n--- /dev/null\n+++ \"b/\\303\\244\"\n@@ -0,0 +1 @@\n+t\n\\ No newline at end of file\n",
    ];
    let seed = |mode, patch| joined(mode, &[files[0], files[1], patch]);
    patches.iter().flat_map(|patch| [seed(2, *patch), seed(11, *patch)]).collect()
}
