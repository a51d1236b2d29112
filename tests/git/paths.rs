//! Names in trees: real git's index, with its guards for HFS+ and NTFS on, takes and refuses the same.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use bstr::{BString, ByteSlice};
use govc_git::object::Mode;
use govc_git::path::{NameProblem, RepoPath, check_entry, check_name, find_clashes};
use govc_tests::TestRepo;
use unicode_normalization::UnicodeNormalization;

fn guarded_repo() -> TestRepo {
    let repo = TestRepo::init();
    repo.git(&["config", "core.protectHFS", "true"]);
    repo.git(&["config", "core.protectNTFS", "true"]);
    repo
}

/// The paths that git's index refuses; the files need not exist.
fn refused_by_git(repo: &TestRepo, options: &[&str], paths: &BTreeSet<BString>) -> BTreeSet<BString> {
    let input = bstr::join("\0", paths);
    let output =
        repo.run(&[&["update-index", "-z", "--add", "--verbose"], options, &["--stdin"]].concat(), &input);
    assert!(output.status.success(), "{}", output.stderr.as_bstr());
    let refused: BTreeSet<BString> = output
        .stderr
        .split_str("\n")
        .filter_map(|line| line.strip_prefix(b"Ignoring path "))
        .map(Into::into)
        .collect();
    let taken = output.stdout.split_str("\n").filter(|line| !line.is_empty()).count();
    assert_eq!(taken + refused.len(), paths.len(), "git judged every path");
    refused
}

/// All texts of up to `most` of the pieces, the empty one included.
fn combinations(pieces: &[&[u8]], most: usize) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    let mut start = 0;
    for _ in 0..most {
        let end = all.len();
        for at in start..end {
            for piece in pieces {
                all.push([all[at].as_slice(), piece].concat());
            }
        }
        start = end;
    }
    all
}

#[test]
fn names_are_judged_as_gits_index_judges_them() {
    let repo = guarded_repo();
    let pieces: [&[u8]; 14] = [
        b".git",
        b"GIT~1",
        b".GiT",
        b"git",
        b".",
        b" ",
        b":",
        b"\\",
        b"x",
        b"~1",
        "\u{200c}".as_bytes(),
        b"\xff",
        "\u{ffff}".as_bytes(),
        b"\xe2\x80",
    ];
    let mut paths = BTreeSet::new();
    for name in combinations(&pieces, 4) {
        // Git resolves these itself before it judges a path.
        if !matches!(name.as_slice(), b"" | b"." | b"..") {
            paths.insert(BString::from(name.as_slice()));
        }
    }
    for character in ('\u{1}'..='\u{ffff}').chain(('\u{10000}'..='\u{10ffff}').step_by(0xfff)) {
        if !matches!(character, '\n' | '/') {
            paths.insert(format!(".g{character}it").into());
            paths.insert(format!("{character}.git").into());
            paths.insert(format!(".git{character}").into());
        }
    }
    let refused = refused_by_git(&repo, &["--force-remove"], &paths);
    let (mut same, mut stricter) = (0, 0);
    for path in &paths {
        match check_name(path) {
            // Meant: git on Linux takes `..` beside a backslash, and does not look behind one at the start.
            Err(NameProblem::Dots) if !refused.contains(path) => stricter += 1,
            Err(NameProblem::DotGit) if path.starts_with(b"\\") && !refused.contains(path) => stricter += 1,
            ours => {
                assert_eq!(ours.is_err(), refused.contains(path), "{path:?}: {ours:?}");
                same += 1;
            }
        }
    }
    println!("{same} names judged as git does ({} refused), {stricter} refused here alone", refused.len());
}

#[test]
fn links_are_judged_as_gits_index_judges_them() {
    let repo = guarded_repo();
    let starts: [&[u8]; 22] = [
        b".gitmodules",
        b".GITmodules",
        b"gitmod~1",
        b"GITMOD~4",
        b"gitmod~5",
        b"gitmod~0",
        b"gi7eba~1",
        b"GI7EBA~9",
        b"gi7eb~10",
        b"gi7eb~1",
        b"gi7e~100",
        b"gi7~1000",
        b"gi~10000",
        b"g~100000",
        b"~1000000",
        b"~9999999",
        b"~0999999",
        b"gi7eba~0",
        b"gi7eb~01",
        b"gi7eba~",
        ".git\u{200c}modules".as_bytes(),
        b".gitattributes",
    ];
    let tails: [&[u8]; 8] = [b" ", b".", b":", b"x", b"\\", b"$DATA", b"1", b"\xff"];
    let mut names = BTreeSet::new();
    for start in starts {
        for tail in combinations(&tails, 2) {
            for before in [b"".as_slice(), b"x\\", b" ", b".git\\"] {
                names.insert(BString::from([before, start, &tail].concat()));
            }
        }
    }
    names.extend(
        [".gitignore", ".mailmap", "gitign~1", "mailma~1", "x", ".gitmodule", "gitmodules"]
            .map(BString::from),
    );
    for name in &names {
        std::os::unix::fs::symlink("target", repo.path().join(OsStr::from_bytes(name))).unwrap();
    }
    let refused = refused_by_git(&repo, &[], &names);
    for name in &names {
        let ours = check_entry(name, Mode::SYMLINK);
        assert_eq!(ours.is_err(), refused.contains(name), "{name:?}: {ours:?}");
    }
    println!("{} links judged as git does ({} refused)", names.len(), refused.len());
}

/// The list of `bad-inputs`, E1, as whole paths.
#[test]
fn hostile_paths_are_refused() {
    let repo = guarded_repo();
    let blob = String::from_utf8(repo.git_bytes(&["hash-object", "-w", "--stdin"], b"x")).unwrap();
    let taken_by_git = |mode: &str, path: &[u8]| {
        let entry = [mode.as_bytes(), b",", blob.trim().as_bytes(), b",", path].concat();
        let mut arguments = vec!["update-index", "--add", "--cacheinfo"];
        arguments.push(entry.to_str().unwrap());
        repo.run(&arguments, b"").status.success()
    };
    let bad = [
        ".",
        "..",
        ".git",
        "git~1",
        ".git.",
        ".git ",
        ".git...:alternate-stream",
        ".git::$INDEX_ALLOCATION",
        ".git\\hooks\\pre-commit",
        ".\\.GIT\\foobar",
        "..\\evil",
        "a\\..\\..\\b",
        "/abs",
        "//x",
        "a//b",
        "a/",
        "",
        "a/../b",
        "./a",
        "a/.",
        "a/.git/config",
        "a/.g\u{200c}it/b",
        "\u{206e}.gIt",
        ".GIT\u{200e}",
    ];
    for path in bad {
        assert!(RepoPath::new(path).is_err(), "{path:?}");
        assert!(!taken_by_git("100644", path.as_bytes()) || path.contains("..\\"), "{path:?}");
    }
    for path in [".gitu", ".gi", "gi~1", "gitu~1", ".g\u{200c}itu", ".Ňit", "aux.c", "a\\b", "x:y", "a b/c"]
    {
        assert!(RepoPath::new(path).is_ok() && taken_by_git("100644", path.as_bytes()), "{path:?}");
    }
    let modules = [
        ".Gitmodules",
        ".gitmodules ",
        ".gitmodules...",
        "GITMOD~1",
        "gi7eba~9",
        "GI7EB~10",
        ".gitmodules:$DATA",
        "gitmod~4 . :$DATA",
        ".git\u{200c}modules",
    ];
    for name in modules {
        assert_eq!(check_entry(name.as_bytes(), Mode::SYMLINK), Err(NameProblem::LinkedModules), "{name:?}");
        assert!(!taken_by_git("120000", name.as_bytes()), "{name:?}");
        assert_eq!(check_entry(name.as_bytes(), Mode::FILE), Ok(()));
    }
    assert!(RepoPath::new("a/".repeat(3000) + "a").is_err());
    assert_eq!(RepoPath::new(b"a/\xff\xc0\xaf").unwrap().as_bstr(), b"a/\xff\xc0\xaf".as_bstr());
}

/// Every letter of the scripts that are covered clashes with its decomposed form, marks in any order that is equivalent.
#[test]
fn normal_forms_are_seen_through() {
    let mut covered = 0;
    let mut others = Vec::new();
    for letter in ('\u{80}'..='\u{ffff}').filter(|letter| letter.is_alphabetic()) {
        let decomposed: String = letter.nfd().collect();
        if decomposed.chars().eq([letter]) {
            continue;
        }
        let composed = String::from(letter);
        if find_clashes([composed.as_bytes(), decomposed.as_bytes()]).len() == 1 {
            covered += 1;
        } else {
            others.push(letter);
        }
    }
    let scripts: BTreeSet<u32> = others.iter().map(|letter| *letter as u32 >> 8).collect();
    println!("{covered} letters covered, {} not, in blocks {scripts:02x?}", others.len());
    assert!(
        !others.iter().any(
            |letter| matches!(*letter as u32, 0..0x300 | 0x370..0x530 | 0x1e00..0x1f00 | 0x3040..0x3100)
        )
    );
    assert!(!others.iter().any(|letter| matches!(*letter as u32, 0xac00..0xd800)));
}
