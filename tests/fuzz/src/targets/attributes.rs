//! Attributes: any file is read, and a line more says no less about another path.

use govc_git::attributes::Attributes;
use govc_git::store::MemoryStore;
use govc_git::{Kind, ObjectSink};

use crate::pieces::{joined, parts};

pub fn run(input: &[u8]) {
    let [file, path] = parts(input);
    let mut store = MemoryStore::default();
    let blob = store.write(Kind::Blob, file);
    let mut tree = b"100644 .gitattributes\0".to_vec();
    tree.extend_from_slice(blob.as_bytes());
    let tree = store.write(Kind::Tree, &tree);
    let names: [&[u8]; 3] = [b"merge", b"binary", b"x"];
    let look_up =
        || Attributes::new(tree).look_up(&store, path.into(), &names).expect("because all is there");
    let states = look_up();
    assert_eq!(states.len(), names.len());
    assert_eq!(states, look_up());
}

pub fn seeds() -> Vec<Vec<u8>> {
    let cases: [(&str, &str); 3] = [
        ("[attr]x merge=union -text\n*.c x\n\"a\\101 b\" !merge\n", "d/y.c"),
        ("* binary\n/d/** -binary conflict-marker-size=9\n", "d/e/f"),
        ("[attr]a b\n[attr]b a\n* a\n#c\n!n m\n", "q"),
    ];
    cases.map(|(file, path)| joined(0, &[file.as_bytes(), path.as_bytes()])[1..].to_vec()).to_vec()
}
