//! Comparisons and merges of three arbitrary trees: sound or not, each ends within its bounds.

use bstr::ByteSlice;
use govc_git::diff::rename::{Copies, RenameOptions};
use govc_git::diff::{DiffOptions, diff_trees};
use govc_git::merge::{DirectoryRenamePolicy, MergeOptions, TreeMerge, merge_trees};
use govc_git::object::{Mode, TreeBuilder, TreeRef};
use govc_git::store::MemoryStore;
use govc_git::{Kind, ObjectId, ObjectSink, ObjectSource};

use super::pack::LIMITS;
use crate::pieces::{first, joined, parts};

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let sides: [&[u8]; 3] = parts(rest);
    let is_sound = mode & 1 == 0;
    let mut store = MemoryStore::new();
    let mut objects = Vec::new();
    let [base, ours, theirs] = sides.map(|side| tree(side, is_sound, &mut store, &mut objects));
    compare(&store, &base, &ours);
    let policies =
        [DirectoryRenamePolicy::Conflict, DirectoryRenamePolicy::Ignore, DirectoryRenamePolicy::Follow];
    let options = MergeOptions {
        renames: (mode & 2 == 0).then_some(RenameOptions::MERGE),
        directory_renames: policies[usize::from(mode >> 2) % policies.len()],
        limits: LIMITS,
        ..MergeOptions::default()
    };
    let merged = merge_trees(&mut store, &base, &ours, &theirs, &options);
    assert_eq!(merged, merge_trees(&mut store, &base, &ours, &theirs, &options), "a merge is repeatable");
    if let (true, Ok(merged)) = (is_sound, &merged) {
        check(&store, merged);
        let other = merge_trees(&mut store, &base, &theirs, &ours, &options).expect("as the other way round");
        assert_eq!(other.clean, merged.clean, "{:?} {:?}", merged.notices, other.notices);
        if merged.clean {
            assert_eq!(paths(&store, other.tree), paths(&store, merged.tree));
            assert!(options.renames.is_some() || other.tree == merged.tree);
        }
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    // An entry is a mode, an object and a name; a name with `/` in it is a path where trees are sound.
    let base: &[u8] = b"\x00\x01src/a\n\x00\x02src/b\n\x00\x03c\n\x01\x04lib/run";
    let ours: &[u8] = b"\x00\x01dir/a\n\x00\x02dir/b\n\x00\x13c\n\x01\x04lib/run";
    let theirs: &[u8] = b"\x00\x11src/a\n\x00\x02src/b\n\x00\x05src/n\n\x02\x03c\n\x03\x04lib";
    let raw: [&[u8]; 3] =
        [b"\x00\x00a\n\x00\x01b", b"\x04\x00a\n\x04\x01b\n\x04\x02b", b"\x04\x03b\n\x04\x00a\n\x00\x02"];
    vec![
        joined(0, &[base, ours, theirs]),
        joined(2, &[base, theirs, ours]),
        joined(4, &[ours, base, theirs]),
        joined(1, &raw),
        joined(1, &[base, ours, theirs]),
    ]
}

const MODES: [Mode; 5] = [Mode::FILE, Mode::EXECUTABLE, Mode::SYMLINK, Mode::SUBMODULE, Mode::DIRECTORY];

/// Texts that are like each other, so that renames and merges of content come about.
fn content(number: u8) -> Vec<u8> {
    let mut lines: Vec<String> = (0..8).map(|line| format!("line {line} of {}\n", number & 15)).collect();
    lines[usize::from(number >> 4 & 7)].push_str("changed\n");
    lines.concat().into_bytes()
}

/// The tree of one part of the input. One that is not sound keeps the order and the names that the input gives, and its
/// directories are earlier trees or no trees at all.
fn tree(input: &[u8], is_sound: bool, store: &mut MemoryStore, trees: &mut Vec<ObjectId>) -> ObjectId {
    let mut entries: Vec<(&[u8], Mode, ObjectId)> = Vec::new();
    for line in input.split(|byte| *byte == b'\n') {
        let (mode, rest) = first(line);
        let (number, name) = first(rest);
        let mode = MODES[usize::from(mode) % MODES.len()];
        let blob = store.write(Kind::Blob, &content(number));
        let id = match mode.is_directory() {
            true => trees.get(usize::from(number)).copied().unwrap_or(blob),
            false => blob,
        };
        entries.push((name, mode, id));
        if !is_sound {
            let mut bytes = Vec::new();
            for (name, mode, id) in &entries {
                bytes.extend_from_slice(format!("{:o} ", mode.bits()).as_bytes());
                bytes.extend_from_slice(name);
                bytes.push(0);
                bytes.extend_from_slice(id.as_bytes());
            }
            trees.push(store.write(Kind::Tree, &bytes));
        }
    }
    if !is_sound {
        return trees.last().copied().unwrap_or(ObjectId::EMPTY_TREE);
    }
    entries.retain(|(name, mode, _)| {
        let is_name = |part: &[u8]| !part.is_empty() && part != b"." && part != b".." && !part.contains(&0);
        !mode.is_directory() && name.split_str("/").all(is_name)
    });
    sound(&entries, store)
}

/// A tree of files at these paths; of two that cannot both be there, the later is left out.
fn sound(entries: &[(&[u8], Mode, ObjectId)], store: &mut MemoryStore) -> ObjectId {
    let mut builder = TreeBuilder::new();
    let mut seen: Vec<&[u8]> = Vec::new();
    for (path, mode, id) in entries {
        let (name, rest) = path.split_once_str("/").map_or((*path, None), |(name, rest)| (name, Some(rest)));
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        match rest {
            None => builder.push(*mode, name, *id),
            Some(_) => {
                let below = |path: &[u8]| path.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"/"));
                let inner: Vec<_> = entries
                    .iter()
                    .filter(|(path, ..)| below(path))
                    .map(|(path, mode, id)| (&path[name.len() + 1..], *mode, *id))
                    .collect();
                builder.push(Mode::DIRECTORY, name, sound(&inner, store));
            }
        }
    }
    store.write(Kind::Tree, &builder.write())
}

fn compare(store: &MemoryStore, old: &ObjectId, new: &ObjectId) {
    let copies = RenameOptions { copies: Copies::FromAny, ..RenameOptions::DIFF };
    for renames in [None, Some(RenameOptions::DIFF), Some(copies)] {
        let _ = diff_trees(store, Some(old), Some(new), &DiffOptions { renames }, &LIMITS);
    }
    let same = diff_trees(store, Some(new), Some(new), &DiffOptions::default(), &LIMITS);
    assert!(same.is_ok_and(|changes| changes.files.is_empty()));
}

/// The paths of a tree's files. Not the files: where one side moves a file to a path at which the other side adds one,
/// git merges these two in the order of the sides and may take either without a word, and so it is done here.
fn paths(store: &MemoryStore, tree: ObjectId) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    let mut open = vec![(Vec::new(), tree)];
    while let Some((folder, id)) = open.pop() {
        let bytes = store.read_tree(&id).expect("because merges write what they name");
        for entry in TreeRef::new(&bytes) {
            let entry = entry.expect("because merges write sound trees");
            let path = [&folder, &b"/"[..], entry.name].concat();
            match entry.mode.is_directory() {
                true => open.push((path, entry.id)),
                false => files.push(path),
            }
        }
    }
    files.sort();
    files
}

/// The merged tree is all here, and is clean where nothing is left to decide.
fn check(store: &MemoryStore, merged: &TreeMerge) {
    assert!(!merged.clean || merged.conflicts.is_empty());
    let mut open = vec![merged.tree];
    while let Some(id) = open.pop() {
        let bytes = store.read_tree(&id).expect("because merges write what they name");
        for entry in TreeRef::new(&bytes) {
            let entry = entry.expect("because merges write sound trees");
            if entry.mode.is_directory() {
                open.push(entry.id);
            } else if entry.mode != Mode::SUBMODULE {
                assert!(store.contains(&entry.id));
            }
        }
    }
}
