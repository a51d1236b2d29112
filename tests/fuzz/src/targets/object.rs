//! Commits, tags and trees: what is read and written again stays as it is from then on.

use bstr::{BString, ByteSlice};
use govc_git::ObjectId;
use govc_git::object::{
    Commit, CommitLinks, CommitRef, EntryRef, Mode, Tag, TagRef, TreeBuilder, TreeRef, compare_names,
};

use crate::sample::{commit, signature};

pub fn run(input: &[u8]) {
    stays(input, rewritten_commit);
    stays(input, rewritten_tag);
    stays(input, rewritten_tree);
    let _ = CommitLinks::parse(input, &mut Vec::new());
    check_order(input);
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut signed = commit(ObjectId::EMPTY_TREE, &[ObjectId::EMPTY_TREE], 1_600_000_000);
    signed.extra_headers = vec![
        ("encoding".into(), "ISO-8859-1".into()),
        ("gpgsig".into(), "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----".into()),
    ];
    let tag = Tag {
        target: ObjectId::EMPTY_TREE,
        kind: govc_git::Kind::Tree,
        name: "v1".into(),
        tagger: signature(1),
        message: "first\n".into(),
    };
    let mut tree = TreeBuilder::new();
    tree.push(Mode::FILE, b"a", ObjectId::EMPTY_TREE);
    tree.push(Mode::DIRECTORY, b"a.b", ObjectId::EMPTY_TREE);
    tree.push(Mode::SUBMODULE, b"c", ObjectId::EMPTY_TREE);
    vec![signed.write(), tag.write(), tree.write()]
}

/// What is written from what was read is read and written to the same bytes.
fn stays(input: &[u8], rewritten: fn(&[u8]) -> Option<Vec<u8>>) {
    if let Some(written) = rewritten(input) {
        let again = rewritten(&written).expect("what was written is read");
        assert_eq!(again.as_bstr(), written.as_bstr());
    }
}

fn rewritten_commit(bytes: &[u8]) -> Option<Vec<u8>> {
    let read = CommitRef::parse(bytes).ok()?;
    let _ = (read.extra_header("gpgsig"), read.extra_header(""));
    let mut extra_headers: Vec<(BString, BString)> = Vec::new();
    for line in read.extra_headers.lines_with_terminator() {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        match (line.strip_prefix(b" "), extra_headers.last_mut()) {
            (Some(more), Some((_, value))) => {
                value.push(b'\n');
                value.extend_from_slice(more);
            }
            _ => {
                let (name, value) = line.split_once_str(" ").unwrap_or((line, b""));
                extra_headers.push((name.into(), value.into()));
            }
        }
    }
    let commit = Commit {
        tree: read.tree,
        parents: read.parents.clone(),
        author: read.author().to_owned(),
        committer: read.committer().to_owned(),
        extra_headers,
        message: read.message.into(),
    };
    Some(commit.write())
}

fn rewritten_tag(bytes: &[u8]) -> Option<Vec<u8>> {
    let read = TagRef::parse(bytes).ok()?;
    let tagger = read.tagger().map_or_else(|| signature(0), |tagger| tagger.to_owned());
    let tag = Tag {
        target: read.target,
        kind: read.kind,
        name: read.name.into(),
        tagger,
        message: read.message.into(),
    };
    Some(tag.write())
}

fn rewritten_tree(bytes: &[u8]) -> Option<Vec<u8>> {
    let entries: Vec<EntryRef<'_>> = TreeRef::new(bytes).iter().collect::<Result<_, _>>().ok()?;
    let mut builder = TreeBuilder::new();
    entries.iter().for_each(|entry| builder.push(entry.mode, entry.name, entry.id));
    Some(builder.write())
}

/// A tree in git's order is found in by name, and is written back as it was but for zeros before a mode.
fn check_order(bytes: &[u8]) {
    let Ok(entries) = TreeRef::new(bytes).iter().collect::<Result<Vec<_>, _>>() else { return };
    let key = |entry: &EntryRef<'_>| entry.mode.is_directory();
    let in_order = entries.is_sorted_by(|a, b| compare_names(a.name, key(a), b.name, key(b)).is_lt());
    let mut names: Vec<&[u8]> = entries.iter().map(|entry| entry.name.as_bytes()).collect();
    names.sort_unstable();
    if !in_order || !names.is_sorted_by(|a, b| a < b) {
        return;
    }
    for entry in &entries {
        assert_eq!(TreeRef::new(bytes).find(entry.name), Ok(Some(*entry)));
    }
    let written = rewritten_tree(bytes).expect("because every entry was read");
    assert!(written.len() < bytes.len() || written == bytes);
}
