//! Attributes against `git check-attr --source`, and the merges that go by them against `git merge`.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use bstr::{BStr, ByteSlice};
use govc_git::ObjectSource;
use govc_git::attributes::{Attributes, State};
use govc_git::merge::{AttributeSource, BranchLabels, MergeOptions, merge_commits};
use govc_git::rev::CommitGraph;
use govc_git::store::Overlay;
use govc_tests::{Random, TestRepo};

const NAMES: [&str; 8] =
    ["merge", "conflict-marker-size", "text", "diff", "binary", "mac", "other", "x.y-z_1"];
const PATHS: [&str; 14] = [
    "a",
    "b.txt",
    "c.json",
    "d/a",
    "d/b.txt",
    "d/e/a",
    "d/e/c.json",
    "d/e/b.txt",
    "sp ace",
    "d/sp ace",
    "[attr]a",
    "!a",
    "q\"x",
    "d/e/f/g/b.txt",
];

fn line(random: &mut Random) -> String {
    let patterns = [
        "*",
        "a",
        "b.txt",
        "*.txt",
        "*.json",
        "/a",
        "/d/*",
        "d/",
        "d/**",
        "**/e/**",
        "**/b.txt",
        "d/e",
        "e/*",
        "[ab]*",
        "[!a]",
        "d/?",
        "*a*",
        "\"sp ace\"",
        "\"sp\\040ace\"",
        "sp\\ ace",
        "\"q\\\"x\"",
        "\"open",
        "!a",
        "\\!a",
        "#a",
        "\\#a",
        "[attr]mac",
        "[attr]binary",
        "[attr]other",
        "[attr]-bad",
        "\"[attr]mac\"",
        "[attr]",
        "  b.txt",
        "\tb.txt",
        "d/**/b.txt",
        "**",
        "d/*/*/g/*",
        "[attr]a b",
    ];
    let states = [
        "merge",
        "-merge",
        "!merge",
        "merge=union",
        "merge=binary",
        "merge=json",
        "merge=",
        "binary",
        "-binary",
        "!binary",
        "mac",
        "-mac",
        "other",
        "conflict-marker-size=20",
        "conflict-marker-size=-3",
        "text=auto",
        "x.y-z_1=\"q\"",
        "-x.y-z_1=3",
        "other=a=b",
        "-text",
        "!text",
        "diff",
    ];
    let bad = ["-", "=x", "a/b", "--x", "builtin_objectmode", "\u{e9}"];
    let mut line = random.pick(&patterns).to_string();
    for _ in 0..random.below(4) {
        line.push_str(random.pick::<&str>(&[" ", "\t", "  "]));
        line.push_str(if random.chance(3) {
            random.pick::<&str>(&bad)
        } else {
            random.pick::<&str>(&states)
        });
    }
    line.push_str(random.pick::<&str>(&["\n", "\n", "\n", "\r\n", " \n"]));
    line
}

fn shown(state: &State) -> Vec<u8> {
    match state {
        State::Unspecified => b"unspecified".to_vec(),
        State::Set => b"set".to_vec(),
        State::Unset => b"unset".to_vec(),
        State::Value(value) => value.to_vec(),
    }
}

#[test]
fn what_the_files_of_a_tree_say_is_what_git_says() {
    let repo = TestRepo::init();
    let mut random = Random::new(7);
    let (mut compared, mut said) = (0, 0);
    for _ in 0..250 {
        for folder in ["", "d/", "d/e/"] {
            let lines: String = (0..random.below(7)).map(|_| line(&mut random)).collect();
            repo.write(&format!("{folder}.gitattributes"), lines);
        }
        repo.git(&["add", "-A"]);
        let tree = repo.git(&["write-tree"]).trim().to_owned();
        let objects = repo.objects();
        let input = PATHS.join("\0") + "\0";
        let mut args = Vec::from(["check-attr", "--stdin", "-z", "--source", &tree]);
        args.extend(NAMES);
        let answer = repo.git_bytes(&args, input.as_bytes());
        let fields: Vec<&[u8]> = answer.split_str("\0").collect();
        let mut attributes = Attributes::new(tree.parse().unwrap());
        let names: Vec<&[u8]> = NAMES.iter().map(|name| name.as_bytes()).collect();
        for (at, path) in PATHS.iter().enumerate() {
            let states = attributes.look_up(&objects, BStr::new(path), &names).unwrap();
            for (number, state) in states.iter().enumerate() {
                let field = fields[(at * NAMES.len() + number) * 3 + 2];
                let file = |folder: &str| {
                    std::fs::read_to_string(repo.path().join(folder).join(".gitattributes")).unwrap()
                };
                assert_eq!(
                    shown(state).as_bstr(),
                    field.as_bstr(),
                    "{} of {path}\n--- root\n{}--- d\n{}--- d/e\n{}",
                    NAMES[number],
                    file(""),
                    file("d"),
                    file("d/e")
                );
                compared += 1;
                said += usize::from(*state != State::Unspecified);
            }
        }
    }
    assert!(said * 10 > compared, "{said} of {compared} said something");
}

/// Merges `theirs` into `ours` with git in a work tree, and here; what the file holds then, and whether there was a conflict.
fn merged(attributes: &str, contents: [&str; 3]) -> [(Vec<u8>, bool); 2] {
    let repo = TestRepo::init();
    repo.write(".gitattributes", attributes);
    repo.write("f", contents[0]);
    repo.commit_all("base");
    repo.git(&["branch", "theirs"]);
    repo.write("f", contents[1]);
    let ours = repo.commit_all("ours");
    repo.git(&["checkout", "-q", "theirs"]);
    repo.write("f", contents[2]);
    // Their attributes do not count.
    repo.write(".gitattributes", "* merge=binary conflict-marker-size=3\n");
    let theirs = repo.commit_all("theirs");
    let mut overlay_base = repo.objects();
    repo.git(&["checkout", "-q", "main"]);
    let status = repo.run(&["merge", "-q", "--no-edit", "theirs"], b"").status;
    let file = std::fs::read(repo.path().join("f")).unwrap();
    let options = MergeOptions {
        labels: BranchLabels { ours: "HEAD".into(), base: None, theirs: "theirs".into() },
        attributes: AttributeSource::Ours,
        ..MergeOptions::default()
    };
    let mut overlay = Overlay::new(&overlay_base);
    let merge = merge_commits(&mut overlay, &mut CommitGraph::default(), &ours, &theirs, &options).unwrap();
    let written = overlay.into_new();
    for (id, object) in written.since(0) {
        overlay_base.insert(*id, object.clone());
    }
    let entry = overlay_base.find_entry(&merge.tree, b"f").unwrap().unwrap();
    [(file, !status.success()), (overlay_base.read_blob(&entry.id).unwrap().to_vec(), !merge.clean)]
}

#[test]
fn merges_by_attributes_are_those_of_git() {
    let contents = ["1\n2\n3\n4\n5\n", "1\nours\n3\n4\n5\n", "1\ntheirs\n3\n4\nfive\n"];
    // A byte order mark is passed over where git reads a work tree, and not where it reads a tree.
    let attributes = [
        "",
        "\u{feff}f merge=union",
        "f merge",
        "f -merge",
        "f !merge",
        "f merge=text",
        "f merge=union",
        "f merge=binary",
        "f merge=unknown",
        "f merge=",
        "f binary",
        "f conflict-marker-size=15",
        "f conflict-marker-size=0",
        "f conflict-marker-size=-4",
        "f conflict-marker-size=9x",
        "f conflict-marker-size",
        "f merge=union conflict-marker-size=30",
        "[attr]u merge=union\nf u",
        "f merge=union\nf !merge",
        "* -merge\n/f merge=text",
    ];
    for attributes in attributes {
        let [git, own] = merged(attributes, contents);
        assert_eq!((git.0.as_bstr(), git.1), (own.0.as_bstr(), own.1), "{attributes}");
    }
}
