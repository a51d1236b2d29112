//! The checks of objects, of every kind over any bytes, and of the files that git itself reads.

use govc_git::object::{Mode, TreeBuilder};
use govc_git::store::MemoryStore;
use govc_git::verify::{ObjectChecker, Verifier, VerifyOptions, check_object};
use govc_git::{Kind, ObjectSink};

use crate::sample::{commit, signature, with};

/// Most problems per byte of input: few are told more than once for the same bytes.
const PROBLEMS_PER_BYTE: usize = 4;

pub fn run(input: &[u8]) {
    let mut problems = 0;
    let mut store = MemoryStore::new();
    let mut ids = Kind::ALL.map(|kind| {
        let id = store.write(kind, input);
        check_object(&id, kind, input, &mut |problem| {
            problems += 1;
            drop(problem.to_string());
        });
        id
    });
    assert!(problems <= PROBLEMS_PER_BYTE * input.len() + 40, "{problems} problems");
    let blob = store.write(Kind::Blob, input);
    let mut tree = TreeBuilder::new();
    tree.push(Mode::FILE, b".gitattributes", blob);
    tree.push(Mode::FILE, b".gitmodules", blob);
    let tree = tree.write();
    let tree_id = store.write(Kind::Tree, &tree);
    let mut checker = ObjectChecker::new();
    checker.check(&tree_id, Kind::Tree, &tree, &mut |_| {});
    checker.check(&blob, Kind::Blob, input, &mut |_| {});
    checker.finish(&store, &mut |_| {});
    ids.sort();
    let mut verifier = Verifier::new(VerifyOptions::default());
    let mut all = ids.into_iter().chain([tree_id]);
    while !verifier.step(&store, &mut all, 2, &mut |problem| drop(problem.to_string())).finished {}
}

pub fn seeds() -> Vec<Vec<u8>> {
    let modules = "[submodule \"a/b\"]\n\tpath = lib\n\turl = https://example.com/a.git ; x\n\tupdate = !cmd\n\
                   [submodule.c]\n\turl = \"../c\\n\" \\\n d\n";
    let attributes = "*.rs text eol=lf\n\"a b\" -diff\n[attr]binary -diff -merge\n";
    let (tip, tree) = with(|sample| (sample.tip, sample.ids[2]));
    let tag =
        format!("object {tip}\ntype commit\ntag v1\ntagger Ada <ada@example.com> 1600000000 +0100\n\nx\n");
    let mut entries = TreeBuilder::new();
    entries.push(Mode::FILE, b".gitmodules", tree);
    entries.push(Mode::SYMLINK, b".gitattributes", tree);
    entries.push(Mode::DIRECTORY, b"src", tree);
    let mut signed = commit(tree, &[tip], 1);
    signed.author = signature(2);
    signed.extra_headers = vec![("gpgsig".into(), "-----BEGIN\nx".into())];
    vec![modules.into(), attributes.into(), tag.into_bytes(), entries.write(), signed.write()]
}
