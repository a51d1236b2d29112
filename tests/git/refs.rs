//! Names, updates and text forms of refs, beside what real git says of the same.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use bstr::{BString, ByteSlice};
use govc_git::ObjectId;
use govc_git::refs::loose::{LooseRef, LooseTarget, write_loose};
use govc_git::refs::name::{Levels, check_format};
use govc_git::refs::packed::{PackedRefs, write_packed};
use govc_git::refs::reflog::{Reflog, write_line};
use govc_git::refs::{Expected, NewValue, RefName, RefStore, RefTarget, RefUpdate};
use govc_tests::{Random, TestRepo};

fn git_accepts(options: &[&str], name: &[u8]) -> bool {
    let output =
        Command::new("git").arg("check-ref-format").args(options).arg(OsStr::from_bytes(name)).output();
    output.unwrap().status.success()
}

/// Every combination of up to three of the pieces that the rules speak of, and every byte in the middle of a name.
fn names() -> Vec<BString> {
    let pieces = ["/", ".", "@", "{", "a", "-", ".lock", "^", "\u{e9}"];
    let mut names: Vec<BString> = vec!["".into()];
    let mut start = 0;
    for _ in 0..3 {
        let end = names.len();
        for at in start..end {
            for piece in pieces {
                let mut longer = names[at].clone();
                longer.extend_from_slice(piece.as_bytes());
                names.push(longer);
            }
        }
        start = end;
    }
    names.extend((1..=255u8).map(|byte| BString::from([b'r', b'/', byte, b'b'])));
    names
}

#[test]
fn names_are_judged_as_git_judges_them() {
    let mut compared = 0;
    for name in names() {
        let below = [b"a/", name.as_slice()].concat();
        for (levels, options, name) in [
            (Levels::OneOrMore, ["--allow-onelevel"].as_slice(), name.as_slice()),
            (Levels::TwoOrMore, &[], below.as_slice()),
        ] {
            if name.starts_with(b"-") {
                continue; // git takes it for an option
            }
            let ours = check_format(name, levels);
            assert_eq!(ours.is_ok(), git_accepts(options, name), "{:?}: {ours:?}", name.as_bstr());
            compared += 1;
        }
    }
    println!("{compared} names judged as git judges them");
}

/// The list of `bad-inputs`, E4.
#[test]
fn hostile_names_are_refused_and_odd_ones_kept() {
    for bad in [
        "",
        "/",
        "refs///heads/x",
        "heads/foo/",
        "./foo",
        "foo/./bar",
        ".refs/foo",
        "refs/heads/foo.",
        "refs/heads/a..b",
        "refs/heads/a?b",
        "refs/heads/a*b",
        "refs/heads/a[b",
        "refs/heads/a~b",
        "refs/heads/a^b",
        "refs/heads/a:b",
        "refs/heads/a\\b",
        "refs/heads/foo.lock",
        "refs/heads/foo.lock/bar",
        "refs/heads/v@{ation",
        "@",
        "refs/heads/a\u{7f}",
        "refs/heads/a\tb",
        "refs/heads/a b",
        "refs/heads/../../config",
        "refs/heads/..%2f",
    ] {
        assert!(!git_accepts(&[], bad.as_bytes()), "{bad:?}");
        assert!(RefName::new(bad).is_err(), "{bad:?}");
    }
    let repo = TestRepo::init();
    repo.commit_all("x");
    for short in
        ["-name", "HEAD", "@", "__proto__", "constructor", "hasOwnProperty", "toString", "A", "a", "a.lock"]
    {
        let made = repo.run(&["branch", "--", short], b"").status.success();
        assert_eq!(RefName::branch(short).is_ok(), made, "branch {short}");
        let made = repo.run(&["tag", "--", short], b"").status.success();
        assert_eq!(RefName::tag(short).is_ok(), made, "tag {short}");
    }
    let mut refs = RefStore::new();
    let updates: Vec<RefUpdate> = ["__proto__", "constructor", "hasOwnProperty", "toString", "A", "a"]
        .map(|short| set(RefName::branch(short).unwrap(), Expected::Missing, ObjectId::EMPTY_TREE))
        .into();
    assert_eq!(refs.update(&updates).unwrap().len(), 6);
}

fn set(name: RefName, expected: Expected, id: ObjectId) -> RefUpdate {
    RefUpdate { name, expected, new: NewValue::Set(id) }
}

/// Random sets of updates, given to `git update-ref --stdin` and to the store: the same are refused, and the refs are
/// the same after each.
#[test]
fn updates_do_what_git_does() {
    let repo = TestRepo::init();
    let ids = [repo.commit_all("a"), repo.commit_all("b"), repo.commit_all("c")];
    repo.git(&["update-ref", "-d", "refs/heads/main"]);
    let names =
        ["refs/heads/a", "refs/heads/a/b", "refs/heads/a-b", "refs/heads/c", "refs/tags/d/e", "refs/tags/d"]
            .map(|name| RefName::new(name).unwrap());
    let mut refs = RefStore::new();
    let mut random = Random::new(1);
    let (mut made, mut refused, mut judged_whole) = (0, 0, 0);
    for _ in 0..250 {
        let mut script = BString::default();
        let mut updates = Vec::new();
        for _ in 0..=random.below(3) {
            let name = random.pick(&names);
            let expected = match random.below(4) {
                0 => Expected::Missing,
                1 => Expected::Value(*random.pick(&ids)),
                _ => Expected::Any,
            };
            let new = match random.below(4) {
                0 => NewValue::Delete,
                1 => NewValue::Symbolic(random.pick(&names).clone()),
                _ => NewValue::Set(*random.pick(&ids)),
            };
            let update = RefUpdate { name: name.clone(), expected, new };
            // Two meant differences: here, what is missing may be deleted, and a symbolic ref that leads nowhere is not
            // missing.
            let found = refs.get(name.as_ref());
            let leads_nowhere = refs.resolve(name.as_ref()) == Ok(None);
            if update.new == NewValue::Delete && found.is_none() || found.is_some() && leads_nowhere {
                continue;
            }
            if command(&update, &mut script) {
                updates.push(update);
            }
        }
        let git = repo.run(&["update-ref", "--stdin"], &script);
        let ours = refs.update(&updates);
        if ours.is_ok() && !git.status.success() {
            // The one difference that is meant: a set is judged by what it leaves.
            assert!(
                updates.iter().any(|update| update.new == NewValue::Delete),
                "{script}{}",
                git.stderr.as_bstr()
            );
            refs = read_refs(&repo, &names);
            judged_whole += 1;
            continue;
        }
        assert_eq!(ours.is_ok(), git.status.success(), "{script}{ours:?}{}", git.stderr.as_bstr());
        assert_eq!(refs, read_refs(&repo, &names), "{script}");
        if ours.is_ok() { made += 1 } else { refused += 1 }
    }
    println!("{made} sets made by both, {refused} refused by both, {judged_whole} refused by git alone");
    assert!(made > 50 && refused > 50);
}

/// The update as a line for `git update-ref --stdin`; `false` where that has no word for it.
fn command(update: &RefUpdate, script: &mut BString) -> bool {
    let name = &update.name;
    let line = match (&update.new, &update.expected) {
        (NewValue::Set(id), Expected::Any) => format!("update {name} {id}\n"),
        (NewValue::Set(id), Expected::Missing) => format!("create {name} {id}\n"),
        (NewValue::Set(id), Expected::Value(old)) => format!("update {name} {id} {old}\n"),
        (NewValue::Delete, Expected::Any) => format!("delete {name}\n"),
        (NewValue::Delete, Expected::Value(old)) => format!("delete {name} {old}\n"),
        (NewValue::Symbolic(to), Expected::Any) => format!("symref-update {name} {to}\n"),
        (NewValue::Symbolic(to), Expected::Missing) => format!("symref-create {name} {to}\n"),
        (NewValue::Symbolic(to), Expected::Value(old)) => format!("symref-update {name} {to} oid {old}\n"),
        _ => return false,
    };
    script.extend_from_slice(b"option no-deref\n");
    script.extend_from_slice(line.as_bytes());
    true
}

/// What git has under these names, read from its files.
fn read_refs(repo: &TestRepo, names: &[RefName]) -> RefStore {
    let mut refs = RefStore::new();
    let updates: Vec<RefUpdate> = names
        .iter()
        .filter_map(|name| {
            let content = std::fs::read(repo.path().join(".git").join(name.to_string())).ok()?;
            let new = match LooseRef::parse(&content).unwrap().target {
                LooseTarget::Direct(id) => NewValue::Set(id),
                LooseTarget::Symbolic(to) => NewValue::Symbolic(RefName::new(to).unwrap()),
            };
            Some(RefUpdate { name: name.clone(), expected: Expected::Missing, new })
        })
        .collect();
    refs.update(&updates).unwrap();
    refs
}

#[test]
fn what_git_writes_is_read_and_written_again() {
    let repo = TestRepo::init();
    repo.commit_all("a");
    let commit = repo.commit_all("b\n\nwith  a   body");
    repo.git(&["tag", "-a", "-m", "t", "v1"]);
    repo.git(&["branch", "a/b"]);
    repo.git(&["update-ref", "-m", "  odd\tmessage \n", "refs/heads/a/b", "HEAD~"]);
    let read = |path: &str| std::fs::read(repo.path().join(".git").join(path)).unwrap();

    let head = read("HEAD");
    let LooseTarget::Symbolic(main) = LooseRef::parse(&head).unwrap().target else {
        panic!("HEAD is symbolic")
    };
    assert_eq!(write_loose(&RefTarget::Symbolic(RefName::new(main).unwrap())), head);
    assert_eq!(write_loose(&RefTarget::Direct(commit)), read("refs/heads/main"));

    for log in ["logs/HEAD", "logs/refs/heads/main", "logs/refs/heads/a/b"] {
        let bytes = read(log);
        let mut again = Vec::new();
        for line in Reflog::new(&bytes) {
            let line = line.unwrap();
            write_line(&line.before, &line.after, &line.committer.to_owned(), line.message, &mut again);
        }
        assert_eq!(again.as_bstr(), bytes.as_bstr(), "{log}");
    }

    repo.git(&["pack-refs", "--all"]);
    let bytes = read("packed-refs");
    let refs: Vec<_> = PackedRefs::new(&bytes)
        .map(Result::unwrap)
        .map(|found| (RefName::new(found.name).unwrap(), found.id, found.peeled))
        .collect();
    assert_eq!(refs.len(), 3);
    assert_eq!(refs[2].2, Some(commit));
    let again = write_packed(refs.iter().map(|(name, id, peeled)| (name, *id, *peeled)));
    assert_eq!(again.as_bstr(), bytes.as_bstr());
}

/// Lines of a reflog in many odd forms: git shows those that are read here, with the same message, and no others.
#[test]
fn odd_reflog_lines_are_skipped_as_git_skips_them() {
    let repo = TestRepo::init();
    let id = repo.commit_all("a");
    let people = ["a <a@b>", "<a@b>", "a", "a <a>b>", "a <>", "a <a@b", "a> <a@b>"];
    let times = ["1", "0", "x", "", "+5", " 7", "1 ", "18446744073709551616"];
    let zones = ["+0000", "-0730", "0000", "+000", "+00000", "+9999", "++000", ""];
    let mut log = String::new();
    let mut number = 0;
    for person in people {
        for time in times {
            for zone in zones {
                for gap in ["\t", " ", ""] {
                    log += &format!("{id} {id} {person} {time} {zone}{gap}m{number}\n");
                    number += 1;
                }
            }
        }
    }
    std::fs::write(repo.path().join(".git/logs/refs/heads/main"), &log).unwrap();
    let shown = repo.git(&["reflog", "show", "--format=%gs", "main"]);
    let mut ours: Vec<String> = Reflog::new(log.as_bytes())
        .filter_map(Result::ok)
        .map(|line| line.message.trim_ascii_end().to_str().unwrap().into())
        .collect();
    ours.reverse();
    assert_eq!(ours, shown.lines().collect::<Vec<_>>());
    println!("{} of {number} odd lines are read by both", ours.len());
}
