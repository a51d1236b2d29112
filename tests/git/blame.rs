//! Blame beside `git blame`: each line's commit, path and place there.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use bstr::{BStr, ByteSlice};
use govc_git::blame::Blame;
use govc_git::limits::Limits;
use govc_git::rev::CommitGraph;
use govc_git::{ObjectId, ObjectSource};
use govc_tests::projects::{Style, build, edit};
use govc_tests::{Dates, Random, TestRepo, corpus_bundle, history};

/// A line as both print it: commit, path there, line there.
type Line = (ObjectId, String, u32);

fn of_git(repo: &TestRepo, commit: &ObjectId, path: &str) -> Vec<Line> {
    let output = repo.git_bytes(&["blame", "--line-porcelain", &commit.to_string(), "--", path], b"");
    let mut lines = Vec::new();
    let mut rest = output.lines();
    while let Some(head) = rest.next() {
        let mut words = head.to_str().unwrap().split(' ');
        let id = words.next().unwrap().parse().unwrap();
        let origin: u32 = words.next().unwrap().parse().unwrap();
        assert_eq!(words.next().unwrap(), (lines.len() + 1).to_string());
        let mut name = String::new();
        for line in rest.by_ref() {
            if let Some(found) = line.strip_prefix(b"filename ") {
                name = found.to_str_lossy().into_owned();
            }
            if line.starts_with(b"\t") {
                break;
            }
        }
        lines.push((id, name, origin));
    }
    lines
}

fn here(
    source: &dyn ObjectSource,
    graph: &mut CommitGraph,
    commit: &ObjectId,
    path: &str,
    budget: usize,
) -> Vec<Line> {
    let mut blame = Blame::new(graph, source, commit, BStr::new(path), &Limits::default()).unwrap().unwrap();
    let mut found = 0;
    while !blame.step(graph, source, budget).unwrap() {
        assert!(blame.lines_found() >= found && blame.lines_found() <= blame.lines());
        found = blame.lines_found();
    }
    assert_eq!(blame.lines_found(), blame.lines());
    let mut lines = Vec::new();
    for range in blame.into_ranges(graph) {
        assert_eq!(range.line as usize, lines.len(), "every line once, in order");
        let line = |at| (range.commit, range.path.to_string(), range.origin + at + 1);
        lines.extend((0..range.count).map(line));
    }
    lines
}

/// The paths of files of a commit.
fn files(repo: &TestRepo, commit: &ObjectId) -> Vec<String> {
    let listed = repo.git(&["ls-tree", "-r", "-z", &commit.to_string()]);
    let file = |line: &str| {
        Some(line.split_once('\t').filter(|(head, _)| !head.starts_with("160000"))?.1.to_owned())
    };
    listed.split('\0').filter_map(file).collect()
}

/// Compares files of commits; how many lines there were, and how many came from other paths.
fn compare(repo: &TestRepo, asked: &[(ObjectId, String)]) -> (usize, usize) {
    let store = repo.objects();
    let mut graph = CommitGraph::new();
    let (mut lines, mut moved) = (0, 0);
    for (at, (commit, path)) in asked.iter().enumerate() {
        let expected = of_git(repo, commit, path);
        let found = here(&store, &mut graph, commit, path, [1, 3, 1000][at % 3]);
        let differs = expected.iter().zip(&found).position(|(git, here)| git != here);
        assert_eq!(
            differs,
            None,
            "{path} in {commit}: {:?} {:?}",
            expected.get(differs.unwrap_or(0)),
            found.get(differs.unwrap_or(0))
        );
        assert_eq!(found.len(), expected.len(), "{path} in {commit}");
        lines += found.len();
        moved += found.iter().filter(|(_, name, _)| name != path).count();
    }
    (lines, moved)
}

#[test]
fn projects_with_renames_and_merges_are_blamed_as_git_does() {
    let (mut lines, mut moved) = (0, 0);
    for (style, seed, count) in
        [(Style::Ordinary, 1, 12), (Style::Wild, 500, 12), (Style::CrissCross, 100, 10)]
    {
        let repo = TestRepo::init();
        let mut asked = Vec::new();
        for pair in build(&repo, style, seed, count) {
            for path in files(&repo, &pair.ours) {
                asked.push((pair.ours, path));
            }
        }
        let (some, some_moved) = compare(&repo, &asked);
        (lines, moved) = (lines + some, moved + some_moved);
    }
    assert!(lines > 3000 && moved > 300, "{lines} {moved}");
}

#[test]
fn wild_dates_and_many_parents_change_nothing() {
    for (seed, dates) in [(1, Dates::Wild), (2, Dates::Equal), (3, Dates::Skewed)] {
        let (repo, ids) = history(seed, 60, dates);
        let mut asked = Vec::new();
        for id in ids.iter().rev().take(12) {
            asked.extend(files(&repo, id).into_iter().map(|path| (*id, path)));
        }
        compare(&repo, &asked);
    }
}

/// One file of many lines through edits, merges of edits, moves, and lines that come twice.
#[test]
fn long_files_with_repeated_lines_are_blamed_as_git_does() {
    let repo = TestRepo::init();
    let mut random = Random::new(7);
    let mut text: Vec<String> =
        (0..400).map(|at| if at % 3 == 0 { "}".into() } else { format!("line {}", at % 90) }).collect();
    let put = |name: &str, text: &[String]| repo.write(name, text.join("\n"));
    put("a", &text);
    repo.commit_all("root");
    let mut name = "a".to_owned();
    for round in 0..30 {
        if round % 5 == 4 {
            repo.git(&["checkout", "-q", "-b", &format!("side{round}")]);
            let side = edit(&mut random, &text, 6);
            put(&name, &side);
            repo.commit_all("side");
            repo.git(&["checkout", "-q", "main"]);
            text = edit(&mut random, &text, 4);
            put(&name, &text);
            repo.commit_all("before the merge");
            let mut merged = side;
            merged.extend(text.split_off(text.len() / 2));
            text = merged;
            repo.run(&["merge", "-q", "--no-commit", "-s", "ours", &format!("side{round}")], b"");
        } else {
            text = edit(&mut random, &text, 8);
        }
        if round % 7 == 3 {
            let next = format!("d{round}/file");
            std::fs::remove_file(repo.path().join(&name)).unwrap();
            name = next;
        }
        put(&name, &text);
        repo.commit_all("edit");
    }
    let head = repo.id("HEAD");
    let (lines, moved) = compare(&repo, &[(head, name)]);
    assert!(lines > 400 && moved > 200, "{lines} {moved}");
}

#[test]
fn what_is_no_text_is_blamed_by_line_and_what_is_no_file_is_not() {
    let repo = TestRepo::init();
    repo.write("bin", b"a\0\nb\nc");
    repo.write("empty", b"");
    repo.write("d/x", b"x\n");
    repo.commit_all("one");
    repo.write("bin", b"a\0\nB\nc");
    repo.commit_all("two");
    let head = repo.id("HEAD");
    let asked: Vec<_> = ["bin", "empty", "d/x"].map(|path| (head, path.to_owned())).into();
    assert_eq!(compare(&repo, &asked), (4, 0));
    let (store, mut graph) = (repo.objects(), CommitGraph::new());
    for path in ["d", "none", "bin/x", "d/x/y", ""] {
        let blame = Blame::new(&mut graph, &store, &head, BStr::new(path), &Limits::default());
        assert!(blame.unwrap().is_none(), "{path}");
    }
}

#[test]
fn flask_is_blamed_as_git_does() {
    let Some(bundle) = corpus_bundle("flask.bundle") else { return };
    let repo = TestRepo::clone_bare(bundle.to_str().unwrap());
    let head = repo.id("HEAD");
    let all = std::env::var_os("GOVC_ROUNDS").is_some();
    let large =
        ["CHANGES.rst", "src/flask/app.py", "src/flask/cli.py", "tests/test_basic.py", "docs/api.rst"];
    let asked: Vec<_> = files(&repo, &head)
        .into_iter()
        .enumerate()
        .filter(|(at, path)| all || at % 20 == 0 || large.contains(&path.as_str()))
        .map(|(_, path)| (head, path))
        .collect();
    let (lines, moved) = compare(&repo, &asked);
    assert!(lines > 5000 && moved > 500, "{lines} {moved}");
}
