//! Names of refs and the files that hold refs: what is read and valid is written back.

use govc_git::refs::loose::{LooseRef, LooseTarget, write_loose};
use govc_git::refs::name::{Levels, check_format};
use govc_git::refs::packed::{PackedRefs, write_packed};
use govc_git::refs::reflog::{Reflog, write_line};
use govc_git::refs::{RefName, RefTarget};
use govc_git::verify::{check_loose_ref, check_packed_refs};

use crate::pieces::{joined, parts};

pub fn run(input: &[u8]) {
    let [name, file] = parts(input);
    check_name(name);
    check_loose(file);
    check_packed(file);
    check_reflog(file);
    check_loose_ref(name, file, &mut |problem| drop(problem.to_string()));
    check_packed_refs(file, &mut |problem| drop(problem.to_string()));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let id = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let name = b"refs/heads/main";
    let files = [
        format!("{id}\n"),
        "ref: refs/heads/main\n".to_owned(),
        format!(
            "# pack-refs with: peeled fully-peeled sorted \n{id} refs/heads/a\n{id} refs/tags/v1\n^{id}\n"
        ),
        format!("{id} {id} Ada <ada@example.com> 1600000000 +0100\tcommit: x\n"),
    ];
    // The first part begins with a byte of its own, which is taken off again.
    files.iter().map(|file| joined(0, &[name, file.as_bytes()])[1..].to_vec()).collect()
}

fn check_name(name: &[u8]) {
    let _ = (RefName::branch(name), RefName::tag(name));
    let Ok(valid) = RefName::new(name) else { return };
    let _ = (valid.short(), valid.branch_name(), valid.tag_name());
    assert_eq!(check_format(name, Levels::OneOrMore), Ok(()));
    let written = write_loose(&RefTarget::Symbolic(valid.clone()));
    let read = LooseRef::parse(&written).expect("an own file is read");
    assert_eq!(read.target, LooseTarget::Symbolic(valid.as_bstr()));
}

fn check_loose(file: &[u8]) {
    let Ok(LooseRef { target: LooseTarget::Direct(id), .. }) = LooseRef::parse(file) else { return };
    let written = write_loose(&RefTarget::Direct(id));
    let read = LooseRef::parse(&written).expect("an own file is read");
    assert!(read.has_newline && read.trailing.is_empty());
    assert_eq!(read.target, LooseTarget::Direct(id));
}

fn check_packed(file: &[u8]) {
    let read: Vec<_> = PackedRefs::new(file).filter_map(Result::ok).collect();
    let mut named: Vec<_> = read
        .iter()
        .filter_map(|packed| Some((RefName::new(packed.name).ok()?, packed.id, packed.peeled)))
        .collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    named.dedup_by(|later, earlier| later.0 == earlier.0);
    let written = write_packed(named.iter().map(|(name, id, peeled)| (name, *id, *peeled)));
    let again: Vec<_> = PackedRefs::new(&written)
        .map(|packed| packed.expect("an own file is read"))
        .map(|packed| (RefName::new(packed.name).expect("as it was"), packed.id, packed.peeled))
        .collect();
    assert_eq!(again, named);
}

fn check_reflog(file: &[u8]) {
    for line in Reflog::new(file).filter_map(Result::ok) {
        let mut written = Vec::new();
        write_line(&line.before, &line.after, &line.committer.to_owned(), line.message, &mut written);
        // A line may hold what git reads and does not write: a date before 1970, a zone of more than four digits.
        for again in Reflog::new(&written).filter_map(Result::ok) {
            assert_eq!((again.before, again.after), (line.before, line.after));
        }
    }
}
