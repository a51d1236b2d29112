//! Bad objects of every kind, given to `git fsck --strict` and to the verifier: the same message ids, the same severities.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BString, ByteSlice};
use govc_git::id::hasher;
use govc_git::refs::{Expected, NewValue, RefName, RefStore, RefUpdate};
use govc_git::store::MemoryStore;
use govc_git::verify::{
    Message, ObjectChecker, Problem, Severity, Subject, Verifier, VerifyOptions, check_object, check_refs,
};
use govc_git::{Kind, Object, ObjectId, ObjectSource};
use govc_tests::{Random, TestRepo, corpus_bundle};

const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const AUTHOR: &str = "author A <a@b> 1 +0000\n";
const COMMITTER: &str = "committer C <c@d> 1 +0000\n";

/// Objects, in a repository of git's and in memory.
struct Bench {
    repo: TestRepo,
    store: MemoryStore,
    labels: BTreeMap<ObjectId, String>,
    waiting: BTreeMap<Kind, Vec<Vec<u8>>>,
}

/// Message ids of one object, each with whether it is an error.
type Messages = BTreeMap<ObjectId, Vec<(String, bool)>>;

impl Bench {
    fn new() -> Self {
        let (store, labels, waiting) = Default::default();
        let mut bench = Self { repo: TestRepo::init(), store, labels, waiting };
        bench.add("empty tree", Kind::Tree, b"");
        bench
    }

    fn add(&mut self, label: impl Into<String>, kind: Kind, bytes: &[u8]) -> ObjectId {
        let id = hasher::object_id(kind, bytes);
        if !self.store.contains(&id) {
            self.store.insert(id, Object { kind, bytes: bytes.into() });
            self.waiting.entry(kind).or_default().push(bytes.to_vec());
            self.labels.insert(id, label.into());
        }
        id
    }

    /// Writes what was added into the repository, one process for each kind.
    fn write(&mut self) {
        let folder = self.repo.path().join("bodies");
        std::fs::create_dir_all(&folder).unwrap();
        for (kind, bodies) in std::mem::take(&mut self.waiting) {
            let mut paths = BString::default();
            for (number, body) in bodies.iter().enumerate() {
                std::fs::write(folder.join(number.to_string()), body).unwrap();
                paths.extend_from_slice(format!("bodies/{number}\n").as_bytes());
            }
            let arguments =
                ["hash-object", "-w", "--literally", "--no-filters", "-t", kind.name(), "--stdin-paths"];
            let ids = self.repo.git_bytes(&arguments, &paths);
            for (line, body) in ids.lines().zip(&bodies) {
                assert_eq!(ObjectId::from_hex(line), Ok(hasher::object_id(kind, body)));
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    /// What git says, and the objects that it could not even take apart, of which it says nothing.
    fn git(&self, options: &[&str]) -> (Messages, BTreeSet<ObjectId>) {
        let output = self.repo.run(&[options, &["--no-dangling"]].concat(), b"");
        let (mut messages, mut unparsed) = (Messages::new(), BTreeSet::new());
        for line in output.stderr.lines().chain(output.stdout.lines()) {
            let words: Vec<&[u8]> = line.splitn_str(6, " ").collect();
            if let [severity @ (b"error" | b"warning"), b"in", _, id, message, ..] = words.as_slice() {
                let (id, message) =
                    (id.trim_end_with(|end| end == ':'), message.trim_end_with(|end| end == ':'));
                let Ok(id) = ObjectId::from_hex(id) else { continue };
                // "broken links" follows from a tree that cannot be taken apart.
                if message != b"broken" {
                    let message = message.to_str().unwrap().to_owned();
                    messages.entry(id).or_default().push((message, *severity == b"error"));
                }
            } else if let [b"error:", id, b"object", b"could", ..] = words.as_slice() {
                unparsed.insert(ObjectId::from_hex(id.trim_end_with(|end| end == ':')).unwrap());
            }
        }
        messages.values_mut().for_each(|found| found.sort());
        (messages, unparsed)
    }

    fn ours(&self) -> BTreeMap<ObjectId, Vec<Message>> {
        let mut found: BTreeMap<ObjectId, Vec<Message>> = BTreeMap::new();
        let mut note = |problem: Problem| match problem.subject {
            Subject::Object(id) => found.entry(id).or_default().push(problem.message),
            Subject::Ref(name) => panic!("{name}"),
        };
        let mut checker = ObjectChecker::new();
        for (id, object) in self.store.since(0) {
            checker.check(id, object.kind, &object.bytes, &mut note);
        }
        checker.finish(&self.store, &mut note);
        found
    }

    /// Compares all objects both ways, strict and not; returns how often each message was agreed on.
    fn compare(&mut self) -> BTreeMap<&'static str, usize> {
        self.write();
        let (strict, unparsed) = self.git(&["fsck", "--strict"]);
        let (lenient, _) = self.git(&["fsck"]);
        let ours = self.ours();
        let mut agreed = BTreeMap::new();
        let none = Vec::new();
        let mut differences: Vec<String> = Vec::new();
        for id in self.labels.keys().chain(strict.keys()).collect::<BTreeSet<_>>() {
            let label = self.labels.get(id).map_or("not in the repository", String::as_str);
            let found = ours.get(id).unwrap_or(&none);
            found.iter().for_each(|message| *agreed.entry(message.id()).or_default() += 1);
            if unparsed.contains(id) {
                let first = self.first_by_git(self.store.get(id).unwrap());
                if found.first().map(|message| message.id().to_owned()) != first {
                    differences.push(format!("{label}: ours {found:?}, git first {first:?}"));
                }
                continue;
            }
            let shown = |failure: fn(Severity) -> bool| {
                let shown = found.iter().filter(|message| message.severity() > Severity::Ignored);
                let mut shown: Vec<_> =
                    shown.map(|message| (message.id().to_owned(), failure(message.severity()))).collect();
                shown.sort();
                shown
            };
            let strict = strict.get(id).cloned().unwrap_or_default();
            let mut lenient = lenient.get(id).cloned().unwrap_or_default();
            // Without --strict, git takes one odd mode that old versions wrote.
            if label.contains("100664") {
                lenient.push(("badFilemode".into(), false));
                lenient.sort();
            }
            if shown(Severity::is_failure) != strict
                || shown(|severity| severity >= Severity::Error) != lenient
            {
                differences
                    .push(format!("{label} {id}: ours {found:?}, git {strict:?}, not strict {lenient:?}"));
            }
        }
        let count = differences.len();
        differences.truncate(40);
        assert!(count == 0, "{count} differences:\n{}", differences.join("\n"));
        println!("{} objects judged as git judges them", self.labels.len());
        agreed
    }

    /// What git says first of an object that it could not take apart: `hash-object` judges before it parses.
    fn first_by_git(&self, object: &Object) -> Option<String> {
        let output = self.repo.run(&["hash-object", "-t", object.kind.name(), "--stdin"], &object.bytes);
        let line = output.stderr.lines().find_map(|line| line.strip_prefix(b"error: object fails fsck: "))?;
        Some(line[..line.find_byte(b':')?].to_str().unwrap().into())
    }
}

fn entry(mode: &str, name: impl AsRef<[u8]>, id: &ObjectId) -> Vec<u8> {
    [mode.as_bytes(), b" ", name.as_ref(), b"\0", id.as_bytes()].concat()
}

fn add_trees(bench: &mut Bench) {
    let tree = ObjectId::EMPTY_TREE;
    let blob = bench.add("a blob", Kind::Blob, b"x");
    let file = |name: &str| entry("100644", name, &blob);
    let directory = |name: &str| entry("40000", name, &tree);
    let mut add = |label: &str, entries: &[Vec<u8>]| {
        bench.add(label, Kind::Tree, &entries.concat());
    };
    add("in order", &[file("a"), file("b")]);
    add("unsorted", &[file("b"), file("a")]);
    add("twice", &[file("a"), file("a")]);
    add("file and directory", &[file("a"), file("a-b"), directory("a")]);
    add("file and directory, far apart", &[file("a"), file("a.c"), file("a.d"), directory("a")]);
    add("two files and directories", &[file("a"), file("a-c"), directory("a-c"), directory("a")]);
    add("directory, then file", &[directory("a"), file("a")]);
    for mode in
        ["0100644", "040000", "100664", "100600", "0", "777777", "120777", "40755", "160000", "1100644"]
    {
        add(&format!("mode {mode}"), &[entry(mode, "a", &blob)]);
    }
    for mode in ["20000100644", "8", "", " 100644", "x", "100644x"] {
        add(&format!("mode {mode:?}"), &[entry(mode, "a", &blob)]);
    }
    add("no NUL", &[b"100644 a".to_vec()]);
    add("short id", &[file("a")[..20].to_vec()]);
    add("a whole entry, then half of one", &[entry("0100644", "..", &blob), file("b")[..12].to_vec()]);
    add("no name", &[file("")]);
    add("null id", &[entry("100644", "a", &ObjectId::NULL)]);
    add("null submodule", &[entry("160000", "a", &ObjectId::NULL)]);
    let names = [
        "a/b",
        ".",
        "..",
        ".git",
        "GIT~1",
        ".g\u{200c}it",
        ".git .",
        "a\\.git",
        "\\.git",
        ".git:x",
        "..\\a",
        "...",
    ];
    for name in names {
        add(&format!("name {name:?}"), &[directory(name)]);
    }
    add("name not UTF-8", &[entry("40000", b".git\xff", &tree)]);
    for length in [4096, 4097] {
        add(&format!("name of {length}"), &[file(&"a".repeat(length))]);
    }
    let special = [
        ".gitmodules",
        ".gitattributes",
        ".gitignore",
        ".mailmap",
        "GITMOD~1",
        "gi7d29~1",
        ".gitig\u{200c}nore",
        "MABA30~9",
        ".gitattributes ",
        "a\\.gitmodules",
        "\\.gitmodules",
        ".git\\.gitmodules",
        ".gitmodules\\a",
        "a\\.gitattributes",
        "a\\.mailmap",
    ];
    for name in special {
        add(&format!("link {name:?}"), &[entry("120000", name, &blob)]);
    }
    for (number, name) in [".gitmodules", ".gitattributes", "gitatt~1", "a\\.gitmodules", "a\\.gitattributes"]
        .iter()
        .enumerate()
    {
        for (other, mode) in ["100644", "160000", "177777"].iter().enumerate() {
            let missing = ObjectId::from_bytes([(16 * number + other + 1) as u8; 20]);
            add(&format!("missing {name} {mode}"), &[entry(mode, name, &missing)]);
        }
    }
    let no_blob = entry("40000", "x", &hasher::object_id(Kind::Tree, b""));
    let no_blob = bench.add("a tree as special file", Kind::Tree, &no_blob);
    for name in [".gitmodules", ".gitattributes"] {
        bench.add(format!("directory {name}"), Kind::Tree, &entry("40000", name, &no_blob));
    }
    bench.add(
        "much at once",
        Kind::Tree,
        &[
            entry("0100644", "..", &blob),
            entry("100600", ".", &blob),
            entry("100644", ".", &blob),
            entry("100644", "a/b", &ObjectId::NULL),
        ]
        .concat(),
    );
}

/// Identities, each with one thing wrong or odd.
const IDENTITIES: &[&str] = &[
    "<a@b> 1 +0000",
    " <a@b> 1 +0000",
    "A<a@b> 1 +0000",
    "A  <a@b> 1 +0000",
    "A 1 +0000",
    "A> <a@b> 1 +0000",
    "> <a@b> 1 +0000",
    "A <a<b> 1 +0000",
    "A <a>b> 1 +0000",
    "A <a@b 1 +0000",
    "A <> 1 +0000",
    "A <a@b>1 +0000",
    "A <a@b>  1 +0000",
    "A <a@b>",
    "A <a@b> ",
    "A <a@b> 01 +0000",
    "A <a@b> 0 +0000",
    "A <a@b> 00 +0000",
    "A <a@b> -1 +0000",
    "A <a@b> +1 +0000",
    "A <a@b> x +0000",
    "A <a@b> 1x +0000",
    "A <a@b> 01x +0000",
    "A <a@b> 9223372036854775807 +0000",
    "A <a@b> 9223372036854775808 +0000",
    "A <a@b> 18446744073709551616 +0000",
    "A <a@b> 99999999999999999999x",
    "A <a@b> 1",
    "A <a@b> 1 ",
    "A <a@b> 1 +000",
    "A <a@b> 1 +99999",
    "A <a@b> 1 +00a0",
    "A <a@b> 1 00000",
    "A <a@b> 1 +9999",
    "A <a@b> 1 -0730",
    "A <a@b> 1 +0000 ",
    "A <a@b> 1 +0000x",
    "A <a@b> 1  +0000",
    "A\t<a@b> 1 +0000",
    "",
    "A",
    "A <a@b>\t1 +0000",
    "A < <a@b> 1 +0000",
    "A <a@b> 1 +0000\r",
    "A <a b> 1 +0000",
    "A <a@b>  01 +0000",
    "A <a@b> \t1 +0000",
    "A <a@b> \r1 +0000",
    "A <a@b>   ",
];

fn add_commits(bench: &mut Bench) {
    let tree = format!("tree {EMPTY_TREE}\n");
    let good = bench.add("a commit", Kind::Commit, format!("{tree}{AUTHOR}{COMMITTER}\nm\n").as_bytes());
    let (half, rest) = (&EMPTY_TREE[1..], format!("{AUTHOR}{COMMITTER}\nm\n"));
    let mut cases = vec![
        String::new(),
        format!("{tree}{AUTHOR}committer C <c@d> 1 +0000"),
        format!("{tree}{AUTHOR}{COMMITTER}"),
        format!("{tree}{AUTHOR}{COMMITTER}\n"),
        format!("{tree}author A\0 <a@b> 1 +0000\n{COMMITTER}\nm\n"),
        format!("{tree}{AUTHOR}{COMMITTER}x \0\n\nm\n"),
        format!("{tree}{AUTHOR}{COMMITTER}\na\0b\n"),
        format!("{tree}{AUTHOR}author A <a> 01 +0000\n{COMMITTER}\na\0b\n"),
        rest.clone(),
        format!("{tree}{tree}{rest}"),
        format!("{tree}{COMMITTER}\nm\n"),
        format!("{tree}{AUTHOR}{AUTHOR}{COMMITTER}\nm\n"),
        format!("{tree}{AUTHOR}{AUTHOR}\nm\n"),
        format!("{tree}{AUTHOR}\nm\n"),
        format!("{tree}{AUTHOR}{COMMITTER}{COMMITTER}\nm\n"),
        format!("{tree}{COMMITTER}{AUTHOR}\nm\n"),
        format!("{tree}{AUTHOR}parent {good}\n{COMMITTER}\nm\n"),
        format!("{tree}author: A <a@b> 1 +0000\n{COMMITTER}\nm\n"),
        format!("{tree}author\n{COMMITTER}\nm\n"),
        format!("{tree}author A <a@b> 01 +0000\n\nm\n"),
        format!("{tree}author A <a@b> 01 +0000\ncommitter C <c@d> 1 +000\n\nm\n"),
        format!("{tree}{AUTHOR}{COMMITTER}gpgsig a\nb c\n\nm\n"),
        format!("{tree}{AUTHOR}{COMMITTER}foo\nencoding lies\n\nm\n"),
        format!("{tree}{rest}").replace('\n', "\r\n"),
        format!("{tree}parent {good}\nparent {good}\n{rest}"),
    ];
    for id in [
        half,
        &format!("{EMPTY_TREE}0"),
        &"z".repeat(40),
        &EMPTY_TREE.to_uppercase(),
        &format!("{EMPTY_TREE} "),
        "",
    ] {
        cases.push(format!("tree {id}\n{rest}"));
        cases.push(format!("{tree}parent {id}\n{rest}"));
        cases.push(format!("{tree}parent {good}\nparent {id}\n{rest}"));
    }
    for identity in IDENTITIES {
        cases.push(format!("{tree}author {identity}\n{COMMITTER}\nm\n"));
        cases.push(format!("{tree}{AUTHOR}committer {identity}\n\nm\n"));
    }
    for body in cases {
        bench.add(format!("{body:?}"), Kind::Commit, body.as_bytes());
    }
}

fn add_tags(bench: &mut Bench) {
    let (object, tagger) = (format!("object {EMPTY_TREE}\n"), "tagger A <a@b> 1 +0000\n");
    let (kind, name) = ("type tree\n", "tag x\n");
    let mut cases = vec![
        format!("{object}{kind}{name}{tagger}\nm\n"),
        String::new(),
        format!("{object}{kind}tag x"),
        object.clone(),
        format!("object {EMPTY_TREE}"),
        format!("{object}{kind}"),
        format!("{object}type tree"),
        format!("{object}{kind}{name}"),
        format!("{object}{kind}{name}{tagger}"),
        format!("{kind}{name}{tagger}\nm\n"),
        format!("{object}{name}{tagger}\nm\n"),
        format!("{object}{kind}{tagger}\nm\n"),
        format!("{object}{kind}{name}\nm\n"),
        format!("{object}{kind}{name}tagger\n\nm\n"),
        format!("{object}{kind}{name}{tagger}{tagger}\nm\n"),
        format!("{object}{kind}{name}{tagger}foo bar\n\nm\n"),
        format!("{object}{kind}{name}tagger A\0 <a> 1 +0000\n\nm\n"),
        format!("{object}{kind}{name}{tagger}\na\0b"),
        format!("{object}{kind}tag x y\n\nm\n"),
        format!("{object}{kind}tag x y\ntagger A\n\nm\n"),
        format!("{object}{kind}{name}{tagger}\nm\n").replace('\n', "\r\n"),
        format!("object {:040}\n{kind}{name}{tagger}\nm\n", 0),
    ];
    for id in [&EMPTY_TREE[1..], &format!("{EMPTY_TREE}0"), &"z".repeat(40), &format!("{EMPTY_TREE} ")] {
        cases.push(format!("object {id}\n{kind}{name}{tagger}\nm\n"));
    }
    for kind in ["foo", "", "tree ", "Tree"] {
        cases.push(format!("{object}type {kind}\n{name}{tagger}\nm\n"));
    }
    for name in [
        "",
        "..",
        "a..b",
        "x.lock",
        "-x",
        "@",
        "a/b",
        "refs/tags/x",
        "x:",
        "HEAD",
        "x~",
        "a//b",
        "/a",
        "a/",
        "\u{e9}",
        ".x",
    ] {
        cases.push(format!("{object}{kind}tag {name}\n{tagger}\nm\n"));
    }
    for identity in IDENTITIES {
        cases.push(format!("{object}{kind}{name}tagger {identity}\n\nm\n"));
    }
    for body in cases {
        bench.add(format!("{body:?}"), Kind::Tag, body.as_bytes());
    }
}

/// Puts blobs under names that are all taken for `special`, in one tree.
fn add_special(bench: &mut Bench, special: &str, texts: &BTreeSet<BString>) {
    let mut entries: Vec<Vec<u8>> = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let start = text[..text.len().min(200)].as_bstr();
        let id = bench.add(format!("{special} {start:?}"), Kind::Blob, text);
        let tail: String = (0..14).map(|bit| if number >> bit & 1 == 1 { '.' } else { ' ' }).collect();
        entries.push(entry("100644", format!("{special}{tail}"), &id));
    }
    entries.sort_by(|a, b| a[..30].cmp(&b[..30]));
    bench.add(format!("many {special}"), Kind::Tree, &entries.concat());
}

fn add_special_files(bench: &mut Bench) {
    let mut modules = BTreeSet::new();
    let mut add = |text: &str| {
        modules.insert(BString::from(text));
    };
    for name in [
        "x", "", "../x", "a/../b", "..\\\\x", "a\\\\..", "foo/..", "..", "...", "a/..b", "x..", ".", "./x",
        "/x", "-x", "a\\/..",
    ] {
        add(&format!("[submodule \"{name}\"]\n\turl = u\n"));
    }
    for line in [
        "path = -x",
        "path = x",
        "path",
        "update = !x",
        "update = \" !x\"",
        "update = none",
        "update",
        "url",
        "URL = -x",
        "PATH = -",
    ] {
        add(&format!("[submodule \"x\"]\n\t{line}\n"));
    }
    for text in [
        "",
        "\0\u{1}",
        "[submodule \"..\"]\n",
        "[submodule \"..\"]\nfoo = 1\n",
        "[submodule]\nurl = -x\n",
        "[submodule.A/../B]\nurl = x\n",
        "[submodule.a..b]\nurl = x\n",
        "[submodule.a.b]\nurl = -x\n",
        "[SubModule \"x\"]\nurl = -x\n",
        "[submodule \"..\"]\npath = -x\nurl = -y\nupdate = !z\n",
        "[submodule \"a\"]\npath = -x\n[submodule \"b\"]\npath = -x\n",
        "[submodule \"x\"\nurl = 1\n",
        "[submodule \"x\"]\nurl = -x\n=\n",
        "[submodule \"x\"]\nurl = a\0b\n",
        "\u{feff}[submodule \"x\"]\nurl = -x\n",
        "[submodule \"x\"]\nurl = \"abc\n",
        "[submodule \"x\"]\nurl = a\\qb\n",
        "url = x\n",
        "[submodule \"x\"]\r\nurl = -x\r\n",
        "[submodule \"x\"]\nurl = \\\n-x\n",
        "[submodule \"x\"] ; c\nurl = -x # y\n",
        "[submodule \"x\"]url = -x\n",
        "[submodule \"x\"] url\n",
        "[submodule \"x\"]\nurl=\"-\"x",
        "[submodule.x \"y\"]\nurl=-x\n",
    ] {
        add(text);
    }
    add_special(bench, ".gitmodules", &modules);
    let mut attributes = BTreeSet::new();
    for length in [2047, 2048, 2049] {
        attributes.insert(BString::from("a".repeat(length) + "\n"));
        attributes.insert(BString::from("a\n".to_owned() + &"a".repeat(length)));
    }
    attributes.insert(BString::from("a".repeat(2047) + "\r\n"));
    attributes.insert(BString::from("a\0".to_owned() + &"a".repeat(2100)));
    attributes.insert(BString::from(("a".repeat(3000) + "\n").repeat(2)));
    attributes.insert(BString::from("a\n".repeat(50 << 20) + "a"));
    add_special(bench, ".gitattributes", &attributes);
}

/// Messages that no object of a known kind brings about: git's own reader or an earlier check comes first; or that git
/// says of refs, or has only in later versions, or not at all.
fn is_beyond_objects(message: Message) -> bool {
    use Message::*;
    matches!(
        message,
        GitmodulesLarge
            | BadPackedRefEntry
            | BadPackedRefHeader
            | BadHeadTarget
            | BadRefOid
            | BadReferentName
            | BadRefContent
            | BadRefName
            | PackedRefEntryNotTerminated
            | PackedRefUnsorted
            | EmptyPackedRefsFile
            | RefMissingNewline
            | SymrefTargetIsNotARef
            | TrailingRefContent
            | Collision
            | HashMismatch
            | Unreadable
            | MissingLink
            | WrongKind
            | RefTargetMissing
            | RefTargetNotCommit
    )
}

#[test]
fn every_message_is_gits() {
    let mut bench = Bench::new();
    add_trees(&mut bench);
    add_commits(&mut bench);
    add_tags(&mut bench);
    add_special_files(&mut bench);
    let agreed = bench.compare();
    println!("{:26}{:14}objects", "message", "severity");
    for message in Message::ALL.iter().filter(|message| !is_beyond_objects(**message)) {
        let count = agreed.get(message.id()).copied().unwrap_or(0);
        println!("{:26}{:14}{count}", message.id(), format!("{:?}", message.severity()));
        assert!(count > 0, "{message} has a case");
    }
}

/// What git looks for only when it is told to.
#[test]
fn extra_header_lines_are_found_where_git_is_told_to_look() {
    let mut bench = Bench::new();
    let start = format!("object {EMPTY_TREE}\ntype tree\ntag x\ntagger A <a@b> 1 +0000\n");
    for rest in ["\nm\n", "", "foo\n\nm\n", "tagger A <a@b> 1 +0000\n\nm\n"] {
        bench.add(format!("{rest:?}"), Kind::Tag, (start.clone() + rest).as_bytes());
    }
    bench.write();
    let (git, _) = bench.git(&["-c", "fsck.extraHeaderEntry=error", "fsck"]);
    let ours = bench.ours();
    assert_eq!(git.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>());
    assert_eq!(ours.len(), 2);
    assert!(ours.values().all(|messages| *messages == [Message::ExtraHeaderEntry]));
}

/// Some of the pieces, up to one more than `most`, in a row.
fn text(random: &mut Random, pieces: &[&str], most: usize) -> String {
    (0..=random.below(most)).map(|_| *random.pick(pieces)).collect()
}

#[test]
fn random_submodule_urls_are_judged_as_git_judges_them() {
    let starts = [
        "http://",
        "https://",
        "ftp::",
        "http::https://",
        "../",
        "./",
        "..\\\\",
        "https:",
        "ssh://",
        "ext::",
        "",
    ];
    let pieces = [
        "/", ".", "..", "../", ":", "@", "%0a", "%0A", "%2e", "%", "a", "h.x", "?", "#", "80", "65536",
        "\\\\", "[::1]", "-", " ", "_", "%2f", "%00", "\\n", "http://", "\u{e9}", "+", "[", "]", "0", "%41",
        "\\t", "~", "!",
    ];
    let mut random = Random::new(1);
    let mut texts = BTreeSet::new();
    while texts.len() < 1500 {
        let url = (*random.pick(&starts)).to_owned() + &text(&mut random, &pieces, 7);
        texts.insert(BString::from(format!("[submodule \"x\"]\n\turl = \"{url}\"\n")));
    }
    let mut bench = Bench::new();
    add_special(&mut bench, ".gitmodules", &texts);
    let agreed = bench.compare();
    println!("{agreed:?}");
    assert!(agreed["gitmodulesUrl"] > 300);
}

#[test]
fn random_configuration_is_read_as_git_reads_it() {
    let pieces = [
        "[submodule \"x\"]",
        "[submodule \"..\"]",
        "\n",
        "\n",
        "\n",
        "url",
        "path",
        "=",
        "=",
        "-x",
        "\"",
        "\\",
        "#",
        ";",
        " ",
        "\t",
        "\r\n",
        "\r",
        "[",
        "]",
        "x",
        "update",
        "!y",
        "\\n",
        "\\\n",
        ".",
        "[a]",
        "[submodule.",
        "Z",
        "1",
        "-",
        "_",
        "\u{b}",
    ];
    let mut random = Random::new(1);
    let mut texts = BTreeSet::new();
    while texts.len() < 2000 {
        let start =
            ["[submodule \"x\"]\n", "[submodule \"x\"]\npath=-y\nurl=", "[submodule ", ""][random.below(4)];
        texts.insert(BString::from(start.to_owned() + &text(&mut random, &pieces, 9)));
    }
    let mut bench = Bench::new();
    add_special(&mut bench, ".gitmodules", &texts);
    println!("{:?}", bench.compare());
}

#[test]
fn random_trees_are_judged_as_git_judges_them() {
    let names = ["a", "a-", "a.", "a0", "a-b", "a.b", "ab", "b", "a-b-", "A", "a-b.c"];
    let mut random = Random::new(1);
    let mut bench = Bench::new();
    let blob = bench.add("a blob", Kind::Blob, b"x");
    for _ in 0..2000 {
        let mut entries: Vec<(String, &str)> = (0..=random.below(6))
            .map(|_| ((*random.pick(&names)).to_owned(), ["100644", "40000", "160000"][random.below(3)]))
            .collect();
        if random.below(3) > 0 {
            entries.sort_by_key(|(name, mode)| name.clone() + if *mode == "40000" { "/" } else { "\0" });
        }
        let tree = |mode: &str| if mode == "40000" { ObjectId::EMPTY_TREE } else { blob };
        let bytes: Vec<u8> = entries.iter().flat_map(|(name, mode)| entry(mode, name, &tree(mode))).collect();
        bench.add(format!("{entries:?}"), Kind::Tree, &bytes);
    }
    println!("{:?}", bench.compare());
}

fn verify(source: &impl ObjectSource, ids: &[ObjectId], options: VerifyOptions) -> Vec<String> {
    let mut verifier = Verifier::new(options);
    let mut problems = Vec::new();
    let mut ids = ids.iter().copied();
    let mut steps = 0;
    while !verifier.step(source, &mut ids, 3, &mut |problem| problems.push(problem.to_string())).finished {
        steps += 1;
    }
    assert!(steps > 0);
    problems.sort();
    problems
}

#[test]
fn links_that_lead_nowhere_are_found_as_git_finds_them() {
    let repo = TestRepo::init();
    repo.write("a/b", "one");
    repo.write("c", "two");
    let first = repo.commit_all("first");
    repo.write("c", "three");
    repo.commit_all("second");
    repo.git(&["tag", "-a", "-m", "t", "v1"]);
    let all = repo.objects();
    let ids: Vec<ObjectId> = all.since(0).map(|(id, _)| *id).collect();
    assert_eq!(verify(&all, &ids, VerifyOptions::default()), <[String; 0]>::default());
    for missing in &ids {
        let mut store = MemoryStore::new();
        all.since(0)
            .filter(|(id, _)| *id != missing)
            .for_each(|(id, object)| store.insert(*id, object.clone()));
        let left: Vec<ObjectId> = ids.iter().copied().filter(|id| id != missing).collect();
        let found = verify(&store, &left, VerifyOptions::default());

        let path =
            repo.path().join(".git/objects").join(&missing.to_string()[..2]).join(&missing.to_string()[2..]);
        let kept = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let git = repo.run(&["fsck", "--no-dangling"], b"");
        let git = git.stdout.lines().filter_map(|line| line.strip_prefix(b"missing ")).count();
        std::fs::write(&path, kept).unwrap();
        // The tag itself is named by a ref alone, of which git says it is an invalid pointer.
        assert_eq!(found.len(), git, "{missing}: {found:?}");
        assert!(
            found
                .iter()
                .all(|problem| problem.contains("missingLink") && problem.contains(&missing.to_string()))
        );
        let partial = VerifyOptions { is_partial: true, ..VerifyOptions::default() };
        assert!(verify(&store, &left, partial).is_empty());
    }
    // Without the first commit, but with the second as the boundary of a shallow clone.
    let mut store = MemoryStore::new();
    all.since(0).filter(|(id, _)| **id != first).for_each(|(id, object)| store.insert(*id, object.clone()));
    let left: Vec<ObjectId> = store.since(0).map(|(id, _)| *id).collect();
    let shallow = VerifyOptions { shallow: vec![repo.id("HEAD")], ..VerifyOptions::default() };
    assert!(verify(&store, &left, shallow).is_empty());
}

#[test]
fn lies_about_ids_and_kinds_are_found() {
    let mut store = MemoryStore::new();
    let mut add = |kind, bytes: &[u8]| {
        let id = hasher::object_id(kind, bytes);
        store.insert(id, Object { kind, bytes: bytes.into() });
        id
    };
    let blobs: Vec<ObjectId> = (0..3u8).map(|number| add(Kind::Blob, &[number])).collect();
    let tree = add(Kind::Tree, &entry("40000", "a", &blobs[0]));
    let commit = add(Kind::Commit, format!("tree {}\n{AUTHOR}{COMMITTER}\nm\n", blobs[1]).as_bytes());
    let tagger = "tagger A <a@b> 1 +0000\n";
    let tag = add(Kind::Tag, format!("object {}\ntype commit\ntag x\n{tagger}\nm\n", blobs[2]).as_bytes());
    let wrong = ObjectId::from_bytes([9; 20]);
    store.insert(wrong, Object { kind: Kind::Blob, bytes: b"other"[..].into() });

    let mut expected: Vec<String> =
        [(tree, blobs[0], "tree"), (commit, blobs[1], "tree"), (tag, blobs[2], "commit")]
            .map(|(by, blob, kind)| {
                let said = "wrongKind: an object is of another kind than the one that names it says";
                format!("{by}: {said} ({blob} is a blob, not a {kind})")
            })
            .into();
    let other = hasher::object_id(Kind::Blob, b"other");
    expected.push(format!(
        "{wrong}: hashMismatch: the bytes do not have the id under which they are kept ({other})"
    ));
    expected.sort();
    let mut ids: Vec<ObjectId> = store.since(0).map(|(id, _)| *id).collect();
    assert_eq!(verify(&store, &ids, VerifyOptions::default()), expected);
    ids.reverse();
    assert_eq!(verify(&store, &ids, VerifyOptions::default()), expected);
}

#[test]
fn refs_that_lead_nowhere_are_found_as_git_finds_them() {
    let repo = TestRepo::init();
    let commit = repo.commit_all("a");
    let blob = String::from_utf8(repo.git_bytes(&["hash-object", "-w", "--stdin"], b"x")).unwrap();
    let blob: ObjectId = blob.trim().parse().unwrap();
    let missing = ObjectId::from_bytes([0x11; 20]);
    let targets = [
        ("refs/heads/good", commit),
        ("refs/heads/missing", missing),
        ("refs/heads/blob", blob),
        ("refs/tags/blob", blob),
        ("refs/tags/missing", missing),
        ("refs/tags/null", ObjectId::NULL),
    ];
    let updates = targets.map(|(name, id)| {
        std::fs::create_dir_all(repo.path().join(".git").join(name).parent().unwrap()).unwrap();
        std::fs::write(repo.path().join(".git").join(name), format!("{id}\n")).unwrap();
        RefUpdate { name: RefName::new(name).unwrap(), expected: Expected::Missing, new: NewValue::Set(id) }
    });
    let git = repo.run(&["fsck", "--no-dangling"], b"").stderr;
    let named_by_git: BTreeSet<String> = git
        .lines()
        .filter_map(|line| {
            Some(line.strip_prefix(b"error: ")?.split_str(":").next()?.to_str().unwrap().into())
        })
        .collect();
    let mut refs = RefStore::new();
    refs.update(&updates).unwrap();
    let mut found = BTreeMap::new();
    check_refs(&refs, &repo.objects(), &mut |problem| {
        found.insert(problem.subject.to_string(), problem.message_id());
    });
    println!("{}", git.as_bstr());
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), named_by_git);
    assert_eq!(found["refs/heads/blob"], "refTargetNotCommit");
}

/// A real repository has nothing to complain of, or exactly what git complains of.
#[test]
fn the_corpus_is_judged_as_git_judges_it() {
    let Some(bundle) = corpus_bundle("flask.bundle") else { return };
    let repo = TestRepo::clone_bare(bundle.to_str().unwrap());
    let store = repo.objects();
    let ids: Vec<ObjectId> = store.since(0).map(|(id, _)| *id).collect();
    let started = std::time::Instant::now();
    let problems = verify(&store, &ids, VerifyOptions::default());
    println!("{} objects in {:?}: {problems:?}", ids.len(), started.elapsed());
    let git = repo.run(&["fsck", "--strict", "--no-dangling"], b"");
    let complaints =
        git.stderr.lines().filter(|line| line.starts_with(b"error") || line.starts_with(b"warning")).count();
    assert_eq!(problems.len(), complaints, "{}", git.stderr.as_bstr());
}

#[test]
fn a_single_object_can_be_checked() {
    let mut found = Vec::new();
    check_object(
        &ObjectId::NULL,
        Kind::Tree,
        &entry("100644", ".git", &ObjectId::EMPTY_TREE),
        &mut |problem| {
            found.push((problem.message_id(), problem.severity()));
        },
    );
    assert_eq!(found, [("hasDotgit", Severity::Warning)]);
}
