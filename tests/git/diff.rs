//! Comparisons of trees and of text against `git diff-tree`, `git diff` and `git apply`.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use bstr::ByteSlice;
use govc_git::ObjectId;
use govc_git::diff::change::Algorithm;
use govc_git::diff::hunk::TextDiff;
use govc_git::diff::quote::quote_path;
use govc_git::diff::rename::{Copies, RenameOptions};
use govc_git::diff::similarity::Score;
use govc_git::diff::unified::{PatchOptions, write_patch};
use govc_git::diff::{ChangeKind, DiffOptions, FileChange, diff_trees};
use govc_git::limits::Limits;
use govc_git::store::MemoryStore;
use govc_tests::{TestRepo, corpus_bundle};

/// The options of `git diff-tree` and ours that mean the same.
fn rename_cases() -> Vec<(&'static [&'static str], Option<RenameOptions>)> {
    let with_copies = |copies| Some(RenameOptions { copies, ..RenameOptions::DIFF });
    vec![
        (&[], None),
        (&["-M"], Some(RenameOptions::DIFF)),
        (&["-M", "--no-rename-empty"], Some(RenameOptions { empty_files: false, ..RenameOptions::DIFF })),
        (&["-C"], with_copies(Copies::FromChanged)),
        (&["-C", "--find-copies-harder"], with_copies(Copies::FromAny)),
        (
            &["-C80%", "--find-copies-harder", "-l8"],
            Some(RenameOptions {
                threshold: Score::from_percent(80),
                limit: 8,
                copies: Copies::FromAny,
                ..RenameOptions::DIFF
            }),
        ),
        (&["-M", "-l3"], Some(RenameOptions { limit: 3, ..RenameOptions::DIFF })),
        (&["-M25%"], Some(RenameOptions { threshold: Score::from_percent(25), ..RenameOptions::DIFF })),
        (&["-M100%"], Some(RenameOptions { threshold: Score::MAX, ..RenameOptions::DIFF })),
    ]
}

/// Pairs of trees: each commit with each of its parents, and, where `stride` is not 0, with the one that far ahead.
fn pairs_of_trees(repo: &TestRepo, stride: usize) -> Vec<(ObjectId, ObjectId)> {
    let log = repo.git(&["log", "--all", "--topo-order", "--format=%H %T %P"]);
    let lines: Vec<Vec<&str>> = log.lines().map(|line| line.split(' ').collect()).collect();
    let tree_of: HashMap<&str, ObjectId> =
        lines.iter().map(|words| (words[0], words[1].parse().unwrap())).collect();
    let parents = lines.iter().flat_map(|words| {
        words[2..].iter().filter(|parent| !parent.is_empty()).map(|parent| (*parent, words[0]))
    });
    let far = lines.windows(stride.max(1)).step_by(stride.max(1)).filter(|_| stride > 0);
    let far = far.filter_map(|window| Some((window.last()?[0], window.first()?[0])));
    parents
        .chain(far)
        .map(|(old, new)| (tree_of[old], tree_of[new]))
        .filter(|(old, new)| old != new)
        .collect()
}

/// What `git diff-tree --stdin -r` says of each pair, without the line that names the pair.
fn by_git(repo: &TestRepo, pairs: &[(ObjectId, ObjectId)], options: &[&str]) -> Vec<Vec<u8>> {
    let headers: Vec<String> = pairs.iter().map(|(old, new)| format!("{old} {new}\n")).collect();
    let mut args = vec!["diff-tree", "--stdin", "-r"];
    args.extend(options);
    let output = repo.git_bytes(&args, headers.concat().as_bytes());
    let mut rest = output.as_slice();
    let mut answers = Vec::new();
    for (at, header) in headers.iter().enumerate() {
        rest = rest.strip_prefix(header.as_bytes()).expect("a header for each pair");
        let end = headers.get(at + 1).map_or(rest.len(), |next| match rest.starts_with(next.as_bytes()) {
            true => 0,
            false => rest.find(format!("\n{next}")).unwrap() + 1,
        });
        answers.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
    answers
}

/// The changes as `git diff-tree --raw` prints them.
fn raw(changes: &[FileChange]) -> String {
    let mut out = String::new();
    for change in changes {
        let mode = |side: Option<govc_git::diff::Side>| side.map_or(0, |side| side.mode.bits());
        let id = |side: Option<govc_git::diff::Side>| side.map_or(ObjectId::NULL, |side| side.id);
        let (old, new) = (change.old, change.new);
        write!(out, ":{:06o} {:06o} {} {} ", mode(old), mode(new), id(old), id(new)).unwrap();
        out.push(change.kind.letter());
        if matches!(change.kind, ChangeKind::Renamed | ChangeKind::Copied) {
            write!(out, "{:03}", change.similarity.percent()).unwrap();
        }
        for path in change.old_path.iter().chain([&change.path]) {
            write!(out, "\t{}", quote_path(path.as_bstr())).unwrap();
        }
        out.push('\n');
    }
    out
}

/// How far our answers are from git's over some pairs of trees.
#[derive(Debug, Default, PartialEq)]
struct Agreement {
    pairs_of_trees: usize,
    /// Renames and copies that git found, and those of them that came with changes.
    renames: usize,
    edited: usize,
    /// Both texts where anything but a similarity differs.
    different: Vec<(String, String)>,
    /// Lines that differ in similarity alone, by 1 percent and by more.
    similarity_off_by_one: usize,
    similarity_off_by_more: usize,
}

fn compare(
    repo: &TestRepo,
    store: &MemoryStore,
    pairs: &[(ObjectId, ObjectId)],
    options: &[&str],
    renames: Option<RenameOptions>,
) -> Agreement {
    let mut agreement = Agreement { pairs_of_trees: pairs.len(), ..Agreement::default() };
    let git_options = [&["--raw", "--no-abbrev"], options].concat();
    for ((old, new), theirs) in pairs.iter().zip(by_git(repo, pairs, &git_options)) {
        let theirs = String::from_utf8(theirs).unwrap();
        let options = DiffOptions { renames };
        let changes = diff_trees(store, Some(old), Some(new), &options, &Limits::default()).unwrap();
        let ours = raw(&changes.files);
        let (their_lines, our_lines) = (without_similarity(&theirs), without_similarity(&ours));
        for (line, similarity) in &their_lines {
            agreement.renames += usize::from(line.contains(" R") || line.contains(" C"));
            agreement.edited += usize::from(*similarity < 100);
        }
        if !their_lines.iter().map(|(line, _)| line).eq(our_lines.iter().map(|(line, _)| line)) {
            agreement.different.push((theirs, ours));
            continue;
        }
        for ((_, theirs), (_, ours)) in their_lines.iter().zip(&our_lines) {
            match theirs.abs_diff(*ours) {
                0 => {}
                1 => agreement.similarity_off_by_one += 1,
                _ => agreement.similarity_off_by_more += 1,
            }
        }
    }
    agreement
}

/// The lines of a raw answer with the similarity taken out, and put beside.
fn without_similarity(text: &str) -> Vec<(String, u8)> {
    text.lines()
        .map(|line| {
            let (fields, paths) = line.split_once('\t').unwrap();
            let (start, similarity) = fields.split_at(fields.len().saturating_sub(3));
            match similarity.parse() {
                Ok(similarity) => (format!("{start}\t{paths}"), similarity),
                Err(_) => (line.to_owned(), 100),
            }
        })
        .collect()
}

/// Every case over every pair; `different_max` pairs of trees may differ.
///
/// Scores may be off by one percent in a few cases, because other lines share a hash here than in git.
fn assert_agreement(name: &str, repo: &TestRepo, pairs: &[(ObjectId, ObjectId)], different_max: usize) {
    let store = repo.objects();
    for (options, renames) in rename_cases() {
        let agreement = compare(repo, &store, pairs, options, renames);
        let different = agreement.different.len();
        println!(
            "{name} {options:?}: {} pairs of trees, {} renames and copies, {} of them edited; {different} differ, \
             {} differ by 1 percent",
            pairs.len(),
            agreement.renames,
            agreement.edited,
            agreement.similarity_off_by_one
        );
        if different > different_max {
            let (theirs, ours) = &agreement.different[0];
            panic!("git:\n{theirs}\nours:\n{ours}");
        }
        assert_eq!(agreement.similarity_off_by_more, 0);
        assert!(agreement.similarity_off_by_one <= 1 + agreement.edited / 50);
    }
}

#[test]
fn corpus_histories_agree() {
    let Some(bundle) = corpus_bundle("flask.bundle") else { return };
    let repo = TestRepo::clone_bare(bundle.to_str().unwrap());
    // Two: where exactly 205 files may be copied, git's hash table grows and turns the order of equal ones around.
    assert_agreement("corpus", &repo, &pairs_of_trees(&repo, 40), 2);
}

#[test]
fn random_histories_agree() {
    for seed in 1..=8 {
        let repo = TestRepo::init();
        repo.git_bytes(&["fast-import", "--quiet"], &random_history(seed, 120));
        assert_agreement("random", &repo, &pairs_of_trees(&repo, 7), 0);
    }
}

/// The options of a patch: git's and ours that mean the same.
fn patch_cases() -> Vec<(&'static [&'static str], PatchOptions)> {
    let full = PatchOptions { id_digits: 40, ..PatchOptions::default() };
    let histogram = PatchOptions { algorithm: Algorithm::Histogram, ..full };
    vec![
        (&["--diff-algorithm=myers", "--full-index"], full),
        (&["--diff-algorithm=histogram", "--full-index"], histogram),
        (&["--full-index", "-U0"], PatchOptions { context: 0, ..full }),
        (&["--full-index", "-U1", "--histogram"], PatchOptions { context: 1, ..histogram }),
        (&["--full-index", "-U25"], PatchOptions { context: 25, ..full }),
    ]
}

/// Compares the patches of every pair with git's, byte for byte but for similarities that are one percent off.
fn assert_patches_agree(name: &str, repo: &TestRepo, pairs: &[(ObjectId, ObjectId)]) {
    let store = repo.objects();
    let trees = DiffOptions { renames: Some(RenameOptions::DIFF) };
    for (git_options, options) in patch_cases() {
        let (mut sections, mut off_by_one, mut large) = (0, 0, 0);
        let git_options = [&["-p", "-M"], git_options].concat();
        for ((old, new), theirs) in pairs.iter().zip(by_git(repo, pairs, &git_options)) {
            let changes = diff_trees(&store, Some(old), Some(new), &trees, &Limits::default()).unwrap();
            let mut ours = Vec::new();
            write_patch(&store, &changes.files, &options, &mut ours).unwrap();
            let theirs = theirs.strip_prefix(b"\n").unwrap_or(&theirs);
            let (theirs, ours) = (split_patch(theirs), split_patch(&ours));
            assert_eq!(theirs.len(), ours.len(), "{old} {new}");
            sections += ours.len();
            for (theirs, ours) in theirs.into_iter().zip(ours) {
                if theirs == ours {
                    continue;
                }
                let small = theirs.lines().count() < LARGE_LINES || options.algorithm == Algorithm::Histogram;
                match differ_in_similarity(theirs, ours) {
                    Some(1) => off_by_one += 1,
                    None if !small => large += 1,
                    _ => panic!("{old} {new} {git_options:?}: {}", first_difference(theirs, ours)),
                }
            }
        }
        println!(
            "{name} {git_options:?}: {sections} sections, {off_by_one} differ in similarity by 1 percent, \
             {large} large ones in their lines"
        );
        assert!(off_by_one <= 1 + sections / 1000);
    }
}

/// Sections of more lines may differ with Myers: where git gives up on the shortest script, the library weighs the
/// places to go on from in another way.
const LARGE_LINES: usize = 20_000;

/// By how many percent two sections differ that differ in nothing else.
fn differ_in_similarity(theirs: &[u8], ours: &[u8]) -> Option<u8> {
    let split = |text: &[u8]| -> Option<(u8, Vec<u8>)> {
        let (start, rest) = text.split_once_str("\nsimilarity index ")?;
        let (similarity, rest) = rest.split_once_str("%")?;
        Some((similarity.to_str().ok()?.parse().ok()?, [start, rest].concat()))
    };
    let (theirs, ours) = (split(theirs)?, split(ours)?);
    (theirs.1 == ours.1).then_some(theirs.0.abs_diff(ours.0))
}

fn first_difference(theirs: &[u8], ours: &[u8]) -> String {
    let same = theirs.lines().zip(ours.lines()).take_while(|(theirs, ours)| theirs == ours).count();
    let from =
        |text: &[u8]| text.lines().skip(same.saturating_sub(5)).take(20).collect::<Vec<_>>().join(&b'\n');
    format!("after {same} lines git:\n{}\nours:\n{}", from(theirs).as_bstr(), from(ours).as_bstr())
}

/// The sections of a patch, one for each file.
fn split_patch(patch: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = patch.find_iter("\ndiff --git ").map(|at| at + 1).collect();
    let ends = starts.iter().copied().chain([patch.len()]);
    let starts = core::iter::once(0).chain(starts.iter().copied());
    starts.zip(ends).map(|(start, end)| &patch[start..end]).filter(|section| !section.is_empty()).collect()
}

#[test]
fn corpus_patches_agree() {
    let Some(bundle) = corpus_bundle("flask.bundle") else { return };
    let repo = TestRepo::clone_bare(bundle.to_str().unwrap());
    // Every tenth, for the time it takes.
    let pairs: Vec<_> = pairs_of_trees(&repo, 40).into_iter().step_by(10).collect();
    assert_patches_agree("corpus", &repo, &pairs);
}

#[test]
fn random_patches_agree() {
    for seed in 1..=4 {
        let repo = TestRepo::init();
        repo.git_bytes(&["fast-import", "--quiet"], &random_history(seed, 120));
        assert_patches_agree("random", &repo, &pairs_of_trees(&repo, 7));
    }
}

/// Repositories that `GOVC_TEST_REPOSITORIES` names, with colons between them; none where it is not set.
#[test]
fn other_repositories_agree() {
    let paths = std::env::var("GOVC_TEST_REPOSITORIES").unwrap_or_default();
    for path in paths.split(':').filter(|path| !path.is_empty()) {
        let repo = TestRepo::clone_bare(path);
        let pairs = pairs_of_trees(&repo, 2);
        assert_agreement(path, &repo, &pairs, 0);
        assert_patches_agree(path, &repo, &pairs);
    }
}

#[test]
fn git_applies_our_patches() {
    let patch_options = PatchOptions { binary: true, ..PatchOptions::default() };
    let (mut applied, mut refused) = (0, 0);
    for seed in 11..=12 {
        let repo = TestRepo::init();
        repo.git_bytes(&["fast-import", "--quiet"], &random_history(seed, 25));
        let store = repo.objects();
        for (old, new) in pairs_of_trees(&repo, 7) {
            for (git_option, copies) in [("-M", Copies::Never), ("--find-copies-harder", Copies::FromAny)] {
                let options = DiffOptions { renames: Some(RenameOptions { copies, ..RenameOptions::DIFF }) };
                let changes =
                    diff_trees(&store, Some(&old), Some(&new), &options, &Limits::default()).unwrap();
                let mut patch = Vec::new();
                write_patch(&store, &changes.files, &patch_options, &mut patch).unwrap();
                match apply(&repo, &old, &patch) {
                    Some(tree) => assert_eq!(tree, new, "{}", patch.as_bstr()),
                    None => {
                        // Git refuses its own patch as well: a link is in the way of a path.
                        let (old, new) = (old.to_string(), new.to_string());
                        let theirs =
                            repo.git_bytes(&["diff-tree", "-p", "--binary", git_option, &old, &new], b"");
                        assert_eq!(apply(&repo, &old.parse().unwrap(), &theirs), None, "{}", patch.as_bstr());
                        refused += 1;
                    }
                }
                applied += 1;
            }
        }
    }
    println!("{applied} patches, {refused} of them refused as git's own are");
    assert!(refused * 10 < applied);
}

/// The tree that `git apply` makes of another with a patch; `None` where it refuses.
fn apply(repo: &TestRepo, tree: &ObjectId, patch: &[u8]) -> Option<ObjectId> {
    repo.git(&["read-tree", &tree.to_string()]);
    let output = repo.run(&["apply", "--cached", "--whitespace=nowarn"], patch);
    // Submodules name commits that are not there, which is no business of the patch.
    output.status.success().then(|| repo.git(&["write-tree", "--missing-ok"]).trim().parse().unwrap())
}

/// Texts that were made to take long or go deep, on a stack as small as a browser gives.
#[test]
fn hostile_texts_need_little_stack() {
    let hostile = || {
        let mut random = Random(5);
        let lines = 60_000;
        let texts: Vec<Vec<u8>> = [1, 2, 3, 70, 5000]
            .into_iter()
            .flat_map(|distinct| {
                let mut text = || -> Vec<u8> {
                    (0..lines).flat_map(|_| format!("{}\n", random.below(distinct)).into_bytes()).collect()
                };
                [text(), text()]
            })
            .chain([
                (0..lines).flat_map(|n| format!("{}\n", n % 65).into_bytes()).collect(),
                (0..lines).flat_map(|n| format!("{n}\n").into_bytes()).collect(),
                (0..lines).rev().flat_map(|n| format!("{n}\n").into_bytes()).collect(),
            ])
            .collect();
        for pair in texts.windows(2) {
            for algorithm in [Algorithm::Myers, Algorithm::Histogram] {
                let diff = TextDiff::new(&pair[0], &pair[1], algorithm).unwrap();
                let (removed, added) = diff.line_counts();
                assert_eq!(removed, added);
            }
        }
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(hostile).unwrap().join().unwrap();
}

/// A small generator of numbers (a linear congruence), the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// Files of a work tree: mode and content by path.
type Files = BTreeMap<String, (&'static str, Vec<u8>)>;

/// A history as `git fast-import` reads it, with renames, copies, edits, and files that become something else.
fn random_history(seed: u64, commits: usize) -> Vec<u8> {
    let mut random = Random(seed);
    let mut files = Files::new();
    let mut stream = Vec::new();
    for commit in 0..commits {
        for _ in 0..1 + random.below(6) {
            change(&mut random, &mut files);
        }
        let head =
            format!("commit refs/heads/main\ncommitter C <c@x> {commit} +0000\ndata 1\nx\ndeleteall\n");
        stream.extend_from_slice(head.as_bytes());
        for (path, (mode, content)) in &files {
            let path = quote_path(path.as_bytes().as_bstr()).into_owned();
            if *mode == "160000" {
                let id = content.to_str().unwrap();
                stream.extend_from_slice(format!("M {mode} {id} {path}\n").as_bytes());
                continue;
            }
            stream.extend_from_slice(format!("M {mode} inline {path}\ndata {}\n", content.len()).as_bytes());
            stream.extend_from_slice(content);
            stream.push(b'\n');
        }
    }
    stream
}

const NAMES: [&str; 10] =
    ["Makefile", "a.rs", "b.rs", "mod.rs", "x y.txt", "caf\u{e9}", "tab\there", "a", "a.b", "a-b"];
const DIRECTORIES: [&str; 8] = ["", "a/", "a/b/", "lib/", "lib/x/", "src/", "src/x/y/", "a-b/"];

fn random_path(random: &mut Random) -> String {
    format!("{}{}", DIRECTORIES[random.below(DIRECTORIES.len())], NAMES[random.below(NAMES.len())])
}

fn change(random: &mut Random, files: &mut Files) {
    let paths: Vec<String> = files.keys().cloned().collect();
    let action = random.below(13);
    if paths.len() < 8 || action == 0 {
        let path = random_path(random);
        let content = random_content(random);
        return put(files, path, ("100644", content));
    }
    let path = paths[random.below(paths.len())].clone();
    let mut file = files[&path].clone();
    let target = random_path(random);
    match action {
        1 | 2 => edit(random, &mut file.1),
        3 => file.0 = if file.0 == "100644" { "100755" } else { "100644" },
        4 => drop(files.remove(&path)),
        5 => return put(files, target, file),
        6 => {
            files.remove(&path);
            return put(files, target, file);
        }
        7 | 8 => {
            files.remove(&path);
            edit(random, &mut file.1);
            return put(files, target, file);
        }
        9 => {
            edit(random, &mut file.1);
            return put(files, target, file);
        }
        10 => {
            let (from, to) = (DIRECTORIES[random.below(8)], DIRECTORIES[random.below(8)]);
            let moved: Vec<String> = paths.into_iter().filter(|path| path.starts_with(from)).collect();
            for path in moved {
                let Some(mut file) = files.remove(&path) else { continue };
                if random.below(3) == 0 {
                    edit(random, &mut file.1);
                }
                put(files, format!("{to}{}", &path[from.len()..]), file);
            }
            return;
        }
        11 => file = ("120000", target.into_bytes()),
        _ => file = ("160000", format!("{:040x}", 1 + random.below(3)).into_bytes()),
    }
    if files.contains_key(&path) {
        put(files, path, file);
    }
}

/// Puts a file, and takes away what stands in its way: files above it and everything below it.
fn put(files: &mut Files, path: String, mut file: (&'static str, Vec<u8>)) {
    // The content of a submodule is an id; once edited, it is a file.
    if file.0 == "160000" && (file.1.len() != 40 || file.1.contains(&b'\n')) {
        file.0 = "100644";
    }
    files.retain(|other, _| {
        !other.starts_with(&format!("{path}/")) && !path.starts_with(&format!("{other}/"))
    });
    files.insert(path, file);
}

fn random_content(random: &mut Random) -> Vec<u8> {
    let lines = [0, 1, 3, 10, 40, 200][random.below(6)];
    let ending: &[u8] = [&b"\n"[..], b"\r\n", b"\0\n", b" "][random.below(5).saturating_sub(1)];
    let mut content = Vec::new();
    for _ in 0..lines {
        content.extend_from_slice(random_line(random).as_bytes());
        content.extend_from_slice(ending);
    }
    content
}

fn random_line(random: &mut Random) -> String {
    let words =
        ["fn", "}", "let", "if", "", "return value", "x = 1", "// a longer comment that goes on for a while"];
    let indent = random.below(4) * 4;
    format!("{:indent$}{} {}", "", words[random.below(words.len())], random.below(60))
}

fn edit(random: &mut Random, content: &mut Vec<u8>) {
    let mut lines: Vec<Vec<u8>> = content.split_inclusive(|byte| *byte == b'\n').map(Vec::from).collect();
    for _ in 0..=random.below(1 + lines.len() / 2) {
        let at = random.below(lines.len() + 1);
        let line = format!("{}\n", random_line(random)).into_bytes();
        match random.below(3) {
            0 => lines.insert(at, line),
            1 if at < lines.len() => lines[at] = line,
            _ if at < lines.len() => drop(lines.remove(at)),
            _ => {}
        }
    }
    *content = lines.concat();
}
