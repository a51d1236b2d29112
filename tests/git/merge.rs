//! Merges of text and of trees against `git merge-file` and `git merge-tree`.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use bstr::{BStr, ByteSlice};
use govc_git::diff::rename::RenameOptions;
use govc_git::diff::similarity::Score;
use govc_git::merge::text::{Algorithm, ConflictStyle, Favor, Joining, Labels, TextOptions, merge_text};
use govc_git::merge::{
    BranchLabels, ConflictKind, DirectoryRenamePolicy, MergeError, MergeOptions, SubmoduleHistory,
    merge_commits,
};
use govc_git::object::{EntryKind, Mode, TreeRef};
use govc_git::rev::{CommitGraph, is_ancestor};
use govc_git::store::{MemoryStore, Overlay};
use govc_git::{ObjectId, ObjectSource};
use govc_tests::projects::{Pair, Style, build, edit, line};
use govc_tests::{Random, TestRepo, corpus_bundle};

fn join(random: &mut Random, lines: &[String], crlf: bool) -> Vec<u8> {
    let end = if crlf { "\r\n" } else { "\n" };
    let mut text = lines.join(end).into_bytes();
    if !text.is_empty() && !random.chance(15) {
        text.extend_from_slice(end.as_bytes());
    }
    text
}

fn triple(random: &mut Random, lines: usize, edits: usize) -> [Vec<u8>; 3] {
    let base: Vec<String> = (0..random.below(lines)).map(|_| line(random)).collect();
    let (ours, theirs) = {
        let count = 1 + random.below(edits);
        let ours = edit(random, &base, count);
        let count = 1 + random.below(edits);
        let mut theirs = edit(random, &base, count);
        if random.chance(20) {
            // Both make the same changes, and then each others.
            let count = 1 + random.below(edits);
            let both = edit(random, &base, count);
            let count = 1 + random.below(edits);
            let ours = edit(random, &both, count);
            return {
                let theirs = edit(random, &both, count);
                finish(random, [&base, &ours, &theirs])
            };
        }
        if random.chance(20) {
            let count = 1 + random.below(2);
            theirs = edit(random, &ours, count);
        }
        (ours, theirs)
    };
    finish(random, [&base, &ours, &theirs])
}

fn finish(random: &mut Random, texts: [&Vec<String>; 3]) -> [Vec<u8>; 3] {
    let crlf = random.chance(15);
    let mixed = random.chance(5);
    texts.map(|lines| {
        let crlf = crlf != (mixed && random.chance(50));
        join(random, lines, crlf)
    })
}

/// How one run of `git merge-file` is asked for, and the options that mean the same here.
fn styles() -> Vec<(&'static str, &'static [&'static str], TextOptions<'static>)> {
    let labels =
        Labels { ours: Some(BStr::new("a")), base: Some(BStr::new("o")), theirs: Some(BStr::new("b")) };
    let myers = TextOptions {
        labels,
        algorithm: Algorithm::Myers,
        joining: Joining::NearOrBlank,
        ..TextOptions::default()
    };
    let histogram = TextOptions { algorithm: Algorithm::Histogram, ..myers };
    vec![
        ("myers", &["--diff-algorithm=myers"], myers),
        ("histogram", &["--diff-algorithm=histogram"], histogram),
        ("diff3", &["--diff3"], TextOptions { style: ConflictStyle::Diff3, ..myers }),
        (
            "histogram diff3",
            &["--diff3", "--diff-algorithm=histogram"],
            TextOptions { style: ConflictStyle::Diff3, ..histogram },
        ),
        ("zdiff3", &["--zdiff3"], TextOptions { style: ConflictStyle::ZealousDiff3, ..myers }),
        ("ours", &["--ours"], TextOptions { favor: Favor::Ours, ..myers }),
        ("theirs", &["--theirs"], TextOptions { favor: Favor::Theirs, ..myers }),
        ("union", &["--union"], TextOptions { favor: Favor::Union, ..myers }),
        ("size", &["--marker-size=11"], TextOptions { marker_size: 11, ..myers }),
    ]
}

/// What `git merge-file` prints and how many conflicts it counts.
fn merge_file(repo: &TestRepo, args: &[&str]) -> (Vec<u8>, u32) {
    let common = ["merge-file", "-q", "-p", "-L", "a", "-L", "o", "-L", "b"];
    let all: Vec<&str> = common.iter().chain(args).chain(&["ours", "base", "theirs"]).copied().collect();
    let output = repo.run(&all, b"");
    let code = output.status.code().unwrap();
    assert!(code < 128, "git {all:?}: {}", output.stderr.as_bstr());
    (output.stdout, code as u32)
}

fn compare_texts(seed: u64, rounds: usize, lines: usize, edits: usize) -> Vec<String> {
    let repo = TestRepo::init();
    let mut random = Random::new(seed);
    let mut wrong = Vec::new();
    for round in 0..rounds {
        let [base, ours, theirs] = triple(&mut random, lines, edits);
        for (name, text) in [("base", &base), ("ours", &ours), ("theirs", &theirs)] {
            fs::write(repo.path().join(name), text).unwrap();
        }
        for (name, args, options) in styles() {
            let (expected, conflicts) = merge_file(&repo, args);
            let merged = merge_text(&base, &ours, &theirs, &options).unwrap();
            if merged.bytes != expected || merged.conflicts.min(127) != conflicts {
                wrong.push(format!("seed {seed} round {round} {name}"));
                if let Ok(folder) = std::env::var("KEEP") {
                    let stem = format!("{folder}/{seed}-{round}-{}", name.replace(' ', "-"));
                    for (part, text) in [
                        ("base", &base),
                        ("ours", &ours),
                        ("theirs", &theirs),
                        ("git", &expected),
                        ("govc", &merged.bytes),
                    ] {
                        fs::write(format!("{stem}.{part}"), text).unwrap();
                    }
                }
            }
        }
    }
    wrong
}

#[test]
fn small_texts_merge_as_git_merges_them() {
    let rounds = rounds(120);
    let wrong = compare_texts(0x5eed_0001, rounds, 40, 5);
    assert!(wrong.is_empty(), "{} of {rounds}: {wrong:#?}", wrong.len());
}

#[test]
fn large_texts_merge_as_git_merges_them() {
    let rounds = rounds(20);
    let wrong = compare_texts(0x5eed_0002, rounds, 1500, 40);
    assert!(wrong.is_empty(), "{} of {rounds}: {wrong:#?}", wrong.len());
}

#[test]
fn repetitive_texts_merge_as_git_merges_them() {
    let repo = TestRepo::init();
    let mut wrong = Vec::new();
    for count in 60..70 {
        // So many equal lines, and none that is rare: where git's histogram gives way to Myers.
        let base: String = (0..count).map(|at| if at % 7 == 3 { "x\ny\n" } else { "x\n" }).collect();
        let ours: String = (0..count + 3).map(|at| if at % 5 == 2 { "x\ny\ny\n" } else { "x\n" }).collect();
        let theirs = base.clone() + "z\nx\n";
        for (base, ours) in [(&base, &ours), (&ours, &base)] {
            for (name, text) in [("base", base), ("ours", ours), ("theirs", &theirs)] {
                fs::write(repo.path().join(name), text).unwrap();
            }
            for (name, args, options) in styles() {
                let merged =
                    merge_text(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), &options).unwrap();
                if merge_file(&repo, args).0 != merged.bytes {
                    wrong.push(format!("{count} {name}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn texts_of_empty_lines_merge_as_git_merges_them() {
    let repo = TestRepo::init();
    let count = 100_000;
    let blank = |count: usize| vec![b'\n'; count];
    let with = |every: usize, first: usize, letter: u8| {
        let mut text = blank(count);
        text.iter_mut().skip(first).step_by(every).for_each(|byte| *byte = letter);
        text
    };
    let triples = [
        [blank(count), blank(count + 7), blank(count - 9)],
        [blank(count), with(8, 0, b'x'), with(8, 4, b'y')],
        [with(2, 0, b'a'), with(3, 1, b'a'), blank(count)],
    ];
    for (at, triple) in triples.iter().enumerate() {
        for (name, text) in ["base", "ours", "theirs"].iter().zip(triple) {
            fs::write(repo.path().join(name), text).unwrap();
        }
        for (name, args, options) in &styles()[..2] {
            let merged = merge_text(&triple[0], &triple[1], &triple[2], options).unwrap();
            assert!(merge_file(&repo, args).0 == merged.bytes, "{at} {name}");
        }
    }
}

/// The first seed of random histories; `GOVC_SEED` gives another.
fn seed() -> u64 {
    std::env::var("GOVC_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Rounds of a random comparison; `GOVC_ROUNDS` multiplies them for a long run.
fn rounds(usual: usize) -> usize {
    usual * std::env::var("GOVC_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// What `git merge-tree --write-tree -z --stdin` says of one merge.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    clean: bool,
    tree: ObjectId,
    /// Mode, object, stage and path of each conflicted entry.
    stages: Vec<String>,
    notices: Vec<String>,
}

/// Asks git for all merges at once; `None` where it falls over its own assertions. Options of the form `KEY=VALUE` are
/// configuration.
fn merge_tree(repo: &TestRepo, merges: &[(ObjectId, ObjectId)], options: &[&str]) -> Vec<Option<Answer>> {
    let input: String = merges.iter().map(|(ours, theirs)| format!("{ours} {theirs}\n")).collect();
    let (flags, settings): (Vec<&str>, Vec<&str>) =
        options.iter().partition(|option| option.starts_with('-'));
    let args: Vec<&str> = settings
        .into_iter()
        .flat_map(|setting| ["-c", setting])
        .chain(["merge-tree", "--write-tree", "--messages", "-z", "--stdin"])
        .chain(flags)
        .collect();
    let output = repo.run(&args, input.as_bytes());
    if !output.status.success() {
        assert!(output.stderr.contains_str("Assertion"), "git {args:?}: {}", output.stderr.as_bstr());
        let (first, second) = merges.split_at(merges.len() / 2);
        if first.is_empty() {
            return vec![None];
        }
        return [merge_tree(repo, first, options), merge_tree(repo, second, options)].concat();
    }
    let output = output.stdout;
    let mut words = output.split_str("\0").map(|word| word.to_str_lossy().into_owned());
    let mut answers = Vec::new();
    for _ in merges {
        let status = words.next().unwrap();
        let mut answer = Answer {
            clean: status == "1",
            tree: words.next().unwrap().parse().unwrap(),
            stages: Vec::new(),
            notices: Vec::new(),
        };
        let mut word = words.next().unwrap();
        while !word.is_empty() {
            answer.stages.push(word);
            word = words.next().unwrap();
        }
        while let Some(count) = words.next().filter(|word| !word.is_empty()) {
            let count: usize = count.parse().unwrap();
            for _ in 0..count {
                words.next();
            }
            words.next();
            answer.notices.push(words.next().unwrap().trim_end().to_owned());
        }
        // Git says this too where it then finds that the file is gone, so that nothing is moved.
        let stages = answer.stages.concat();
        answer.notices.retain(|notice| match notice.split_once("; moving it to ") {
            Some((_, path)) if notice.starts_with("CONFLICT (file/directory)") => {
                stages.contains(&format!("\t{}", path.trim_end_matches(" instead.")))
            }
            _ => true,
        });
        answers.push(Some(answer));
    }
    answers
}

fn merge_here(
    store: &MemoryStore,
    graph: &mut CommitGraph,
    (ours, theirs): (ObjectId, ObjectId),
    options: &MergeOptions<'_>,
) -> Answer {
    let options = MergeOptions {
        labels: BranchLabels { ours: ours.to_string().into(), theirs: theirs.to_string().into(), base: None },
        ..options.clone()
    };
    let mut overlay = Overlay::new(store);
    let merged = merge_commits(&mut overlay, graph, &ours, &theirs, &options).unwrap();
    let mut stages = Vec::new();
    for conflict in &merged.conflicts {
        for (at, side) in conflict.stages.iter().enumerate() {
            if let Some(side) = side {
                stages.push(format!("{:?} {} {}\t{}", side.mode, side.id, at + 1, conflict.path));
            }
        }
    }
    Answer {
        clean: merged.clean,
        tree: merged.tree,
        stages,
        notices: merged.notices.into_iter().map(|notice| notice.text).collect(),
    }
}

fn paths(answer: &Answer) -> Vec<&str> {
    let mut paths: Vec<&str> =
        answer.stages.iter().filter_map(|stage| stage.split_once('\t')).map(|(_, path)| path).collect();
    paths.dedup();
    paths
}

/// How many merges agree, and by what those that do not differ.
#[derive(Debug, Default)]
struct Agreement {
    clean: (usize, usize),
    conflict_paths: (usize, usize),
    conflict_stages: (usize, usize),
    conflict_trees: (usize, usize),
    conflict_notices: (usize, usize),
    /// Merges in which git itself goes wrong.
    set_aside: usize,
    wrong: Vec<String>,
}

impl Agreement {
    fn count(&mut self, name: &str, git: &Answer, here: &Answer) {
        let add = |(right, all): &mut (usize, usize), equal: bool| {
            *right += usize::from(equal);
            *all += 1;
        };
        let mut differences = Vec::new();
        let mut compare = |what: &'static str, count: &mut (usize, usize), equal: bool| {
            add(count, equal);
            if !equal {
                differences.push(what);
            }
        };
        if git.clean {
            compare("clean", &mut self.clean, here.clean && git.tree == here.tree);
        } else {
            compare("paths", &mut self.conflict_paths, !here.clean && paths(git) == paths(here));
            compare("stages", &mut self.conflict_stages, git.stages == here.stages);
            compare("tree", &mut self.conflict_trees, git.tree == here.tree);
            compare("notices", &mut self.conflict_notices, git.notices == here.notices);
        }
        if !differences.is_empty() {
            self.wrong.push(format!("{name}: {}", differences.join(", ")));
            let lines = |answer: &Answer| [answer.stages.clone(), answer.notices.clone()].concat();
            let (git, here) = (lines(git), lines(here));
            self.wrong
                .extend(git.iter().filter(|line| !here.contains(line)).map(|line| format!("  git  {line}")));
            self.wrong
                .extend(here.iter().filter(|line| !git.contains(line)).map(|line| format!("  here {line}")));
        }
    }
}

#[test]
fn flask_merges_as_git_merged_it() {
    let (Some(bundle), Some(list)) = (corpus_bundle("flask.bundle"), corpus_bundle("flask-merges.txt"))
    else {
        return;
    };
    let repo = TestRepo::clone_bare(bundle.to_str().unwrap());
    let store = repo.objects();
    let list = fs::read_to_string(list).unwrap();
    let merges: Vec<(ObjectId, ObjectId)> = list
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            (words[1].parse().unwrap(), words[2].parse().unwrap())
        })
        .collect();
    let answers = merge_tree(&repo, &merges, &[]);
    let mut graph = CommitGraph::new();
    let mut agreement = Agreement::default();
    for ((line, (ours, theirs)), git) in list.lines().zip(&merges).zip(&answers) {
        let git = git.as_ref().unwrap();
        assert!(line.ends_with(&format!("{} {}", u8::from(!git.clean), git.tree)), "{line}");
        let here = merge_here(&store, &mut graph, (*ours, *theirs), &MergeOptions::default());
        agreement.count(&format!("{ours} {theirs}"), git, &here);
    }
    assert!(agreement.wrong.is_empty(), "{agreement:#?}");
}

/// Whether git 2.47 itself drops a file. It does so where a file is moved along with its directory to a path that a
/// directory needs too, or that another file just left: the answer then has a stage without an object, or a tree
/// without a path that its stages or notices name.
fn loses_a_file(store: &MemoryStore, git: &Answer) -> bool {
    let holds = |path: &str| {
        let mut id = git.tree;
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            let tree = store.read_tree(&id).unwrap();
            match TreeRef::new(&tree).find(name.as_bytes()).unwrap() {
                Some(entry) if entry.mode.is_directory() => id = entry.id,
                Some(_) => return names.peek().is_none(),
                None => return false,
            }
        }
        false
    };
    let moved = |notice: &'_ str| {
        notice.rsplit_once("perhaps be moved to ").map(|(_, path)| path.trim_end_matches('.').to_owned())
    };
    let below_a_file = |path: &str| path.match_indices('/').any(|(slash, _)| holds(&path[..slash]));
    git.stages.iter().any(|stage| stage.starts_with("000000"))
        || paths(git).into_iter().any(below_a_file)
        || git.notices.iter().filter_map(|notice| moved(notice)).any(|path| !holds(&path))
}

fn compare_histories(style: Style, seed: u64, count: usize) -> Agreement {
    let repo = TestRepo::init();
    let pairs = build(&repo, style, seed, count);
    let mut agreement = Agreement::default();
    compare_pairs(&repo, &pairs, &format!("{style:?}"), (&[], &MergeOptions::default()), &mut agreement);
    agreement
}

/// Merges all pairs with git's options and with those that mean the same here.
fn compare_pairs(
    repo: &TestRepo,
    pairs: &[Pair],
    name: &str,
    (git_options, options): (&[&str], &MergeOptions<'_>),
    agreement: &mut Agreement,
) {
    let merges: Vec<_> = pairs.iter().map(|pair| (pair.ours, pair.theirs)).collect();
    let answers = merge_tree(repo, &merges, git_options);
    let store = repo.objects();
    let mut graph = CommitGraph::new();
    for (pair, git) in pairs.iter().zip(&answers) {
        let here = merge_here(&store, &mut graph, (pair.ours, pair.theirs), options);
        let Some(git) = git.as_ref().filter(|git| !loses_a_file(&store, git)) else {
            agreement.set_aside += 1;
            continue;
        };
        agreement.count(&format!("{name} seed {}", pair.seed), git, &here);
    }
}

#[test]
fn ordinary_histories_merge_as_git_merges_them() {
    let agreement = compare_histories(Style::Ordinary, seed(), rounds(150));
    assert!(agreement.wrong.is_empty(), "{agreement:#?}");
}

#[test]
fn wild_histories_merge_as_git_merges_them() {
    let agreement = compare_histories(Style::Wild, seed(), rounds(150));
    assert!(agreement.wrong.is_empty(), "{agreement:#?}");
}

#[test]
fn criss_cross_histories_merge_as_git_merges_them() {
    let agreement = compare_histories(Style::CrissCross, seed(), rounds(60));
    assert!(agreement.wrong.is_empty(), "{agreement:#?}");
}

/// Options of `git merge-tree`, as flags or as configuration, and those that mean the same here. It takes
/// `-Xno-renames`, `merge.renames` and `-Xdiff-algorithm` too, and does nothing with them: see `with_recursive`.
fn variants() -> Vec<(&'static [&'static str], MergeOptions<'static>)> {
    let usual = MergeOptions::default;
    let similar =
        |percent| Some(RenameOptions { threshold: Score::from_percent(percent), ..RenameOptions::MERGE });
    let limited = |limit| Some(RenameOptions { limit, ..RenameOptions::MERGE });
    let directories = |directory_renames| MergeOptions { directory_renames, ..usual() };
    vec![
        (&["-Xours"], MergeOptions { favor: Favor::Ours, ..usual() }),
        (&["-Xtheirs"], MergeOptions { favor: Favor::Theirs, ..usual() }),
        (&["-Xfind-renames"], usual()),
        (&["-Xfind-renames=30%"], MergeOptions { renames: similar(30), ..usual() }),
        (&["-Xfind-renames=75%"], MergeOptions { renames: similar(75), ..usual() }),
        (&["-Xfind-renames=100%"], MergeOptions { renames: similar(100), ..usual() }),
        (
            &["-Xours", "-Xfind-renames=40%"],
            MergeOptions { favor: Favor::Ours, renames: similar(40), ..usual() },
        ),
        (&["merge.renameLimit=1"], MergeOptions { renames: limited(1), ..usual() }),
        (&["merge.directoryRenames=false"], directories(DirectoryRenamePolicy::Ignore)),
        (&["merge.directoryRenames=conflict"], directories(DirectoryRenamePolicy::Conflict)),
        (&["merge.directoryRenames=true"], directories(DirectoryRenamePolicy::Follow)),
        (&["merge.conflictStyle=diff3"], MergeOptions { style: ConflictStyle::Diff3, ..usual() }),
        (&["merge.conflictStyle=zdiff3"], MergeOptions { style: ConflictStyle::ZealousDiff3, ..usual() }),
    ]
}

fn compare_variants(style: Style, count: usize) -> Agreement {
    let repo = TestRepo::init();
    let pairs = build(&repo, style, seed(), count);
    let mut agreement = Agreement::default();
    for (git_options, options) in variants() {
        let name = format!("{style:?} {git_options:?}");
        compare_pairs(&repo, &pairs, &name, (git_options, &options), &mut agreement);
    }
    agreement
}

#[test]
fn histories_merge_as_git_merges_them_with_every_option() {
    for (style, count) in [(Style::Ordinary, 25), (Style::Wild, 25), (Style::CrissCross, 12)] {
        let agreement = compare_variants(style, rounds(count));
        assert!(agreement.wrong.is_empty(), "{agreement:#?}");
    }
}

#[test]
fn histories_without_a_common_ancestor_merge_as_git_merges_them() {
    let repo = TestRepo::init();
    let built = build(&repo, Style::Wild, seed(), rounds(40));
    // Each pair begins with a commit of its own.
    let pairs: Vec<Pair> =
        built.windows(2).map(|two| Pair { theirs: two[1].theirs, ..two[0].clone() }).collect();
    let mut graph = CommitGraph::new();
    let (store, first) = (repo.objects(), &pairs[0]);
    let refused = merge_commits(
        &mut Overlay::new(&store),
        &mut graph,
        &first.ours,
        &first.theirs,
        &MergeOptions::default(),
    );
    assert_eq!(refused, Err(MergeError::UnrelatedHistories { ours: first.ours, theirs: first.theirs }));
    let ids = [first.ours, first.theirs].map(|id| id.to_string());
    let git = repo.run(&["merge-tree", "--write-tree", &ids[0], &ids[1]], b"");
    assert!(git.stderr.contains_str("refusing to merge unrelated histories"));

    let options = MergeOptions { unrelated_histories: true, ..MergeOptions::default() };
    let mut agreement = Agreement::default();
    compare_pairs(&repo, &pairs, "unrelated", (&["--allow-unrelated-histories"], &options), &mut agreement);
    assert!(agreement.wrong.is_empty(), "{agreement:#?}");
}

/// What `git merge --strategy=recursive -Xno-renames` makes of a pair: the tree of a merge without conflicts, or the stages. That
/// strategy heeds options that git's usual one takes and then ignores.
fn with_recursive(repo: &TestRepo, pair: &Pair, options: &[&str]) -> Result<ObjectId, Vec<String>> {
    let [ours, theirs] = [pair.ours, pair.theirs].map(|id| id.to_string());
    repo.git(&["checkout", "-q", "-f", "--detach", &ours]);
    let args = ["merge", "-q", "--no-commit", "--no-ff", "-s", "recursive", "-Xno-renames"];
    let result = match repo.run(&[&args, options, &[theirs.as_str()]].concat(), b"").status.success() {
        true => Ok(repo.git(&["write-tree"]).trim().parse().unwrap()),
        false => Err(repo.git(&["ls-files", "-u"]).lines().map(str::to_owned).collect()),
    };
    repo.git(&["reset", "-q", "--hard"]);
    repo.git(&["clean", "-f", "-d", "-q"]);
    result
}

#[test]
fn histories_without_renames_and_with_another_diff_merge_as_git_merges_them() {
    let repo = TestRepo::init();
    let pairs = build(&repo, Style::Ordinary, seed(), rounds(20));
    let store = repo.objects();
    let mut graph = CommitGraph::new();
    let usual = MergeOptions { renames: None, ..MergeOptions::default() };
    let myers = MergeOptions { algorithm: Algorithm::Myers, ..usual.clone() };
    let ours = MergeOptions { favor: Favor::Ours, ..myers.clone() };
    let variants: [(&[&str], MergeOptions<'_>); 3] =
        [(&[], usual), (&["-Xdiff-algorithm=myers"], myers), (&["-Xdiff-algorithm=myers", "-Xours"], ours)];
    for (git_options, options) in variants {
        let mut clean = 0;
        for pair in &pairs {
            let here = merge_here(&store, &mut graph, (pair.ours, pair.theirs), &options);
            // What gives way to a directory is named after the side, which that strategy calls HEAD.
            let place = |stage: &String| stage.split('~').next().map(str::to_owned);
            let here =
                if here.clean { Ok(here.tree) } else { Err(here.stages.iter().filter_map(place).collect()) };
            clean += usize::from(here.is_ok());
            let git = with_recursive(&repo, pair, git_options)
                .map_err(|stages| stages.iter().filter_map(place).collect::<Vec<_>>());
            assert_eq!(here, git, "{git_options:?} seed {}", pair.seed);
        }
        assert!(clean > 0 && clean < pairs.len(), "{clean} of {} are clean", pairs.len());
    }
}

/// The history of a submodule that is checked out.
struct CheckedOut {
    store: MemoryStore,
}

impl SubmoduleHistory for CheckedOut {
    fn is_ancestor(&self, path: &BStr, ancestor: &ObjectId, descendant: &ObjectId) -> Option<bool> {
        assert_eq!(path, "lib/sub");
        is_ancestor(&mut CommitGraph::new(), &self.store, ancestor, descendant).ok()
    }
}

#[test]
fn submodules_that_are_checked_out_merge_as_git_merges_them() {
    let repo = TestRepo::init();
    let sub = TestRepo::init();
    let commit = |message: &str| {
        sub.git(&["commit", "-q", "--allow-empty", "-m", message]);
        sub.id("HEAD")
    };
    let [root, old, new] = ["root", "old", "new"].map(commit);
    sub.git(&["checkout", "-q", "-b", "aside", &root.to_string()]);
    let aside = commit("aside");
    repo.git(&["clone", "-q", sub.path().to_str().unwrap(), "lib/sub"]);
    let unknown = ObjectId::from_bytes([0x11; 20]);
    let gitlink = |id: ObjectId, parent: Option<&str>| -> ObjectId {
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},lib/sub")]);
        let tree = repo.git(&["write-tree"]);
        let mut args = vec!["commit-tree", "-m", "x", tree.trim()];
        args.extend(parent.into_iter().flat_map(|parent| ["-p", parent]));
        repo.git(&args).trim().parse().unwrap()
    };
    let all = [root, old, new, aside, unknown];
    let history = CheckedOut { store: sub.objects() };
    let options = MergeOptions { submodules: Some(&history), ..MergeOptions::default() };
    let mut pairs = Vec::new();
    for base in all {
        let parent = gitlink(base, None).to_string();
        let sides = all.map(|id| gitlink(id, Some(&parent)));
        pairs.extend(sides.iter().flat_map(|ours| sides.map(|theirs| Pair { seed: 0, ours: *ours, theirs })));
    }
    let mut agreement = Agreement::default();
    compare_pairs(&repo, &pairs, "submodules", (&[], &options), &mut agreement);
    assert!(agreement.wrong.is_empty(), "{agreement:#?}");
}

/// A stream for `git fast-import` that makes the sides of a case; `files` as the case writes them.
fn import_side(stream: &mut String, case: usize, side: &str, files: &str) {
    write!(stream, "commit refs/heads/{case}-{side}\ncommitter A <a@b> 1 +0000\ndata 0\n").unwrap();
    if side != "base" {
        writeln!(stream, "from refs/heads/{case}-base\ndeleteall").unwrap();
    }
    for file in files.split("; ").filter(|file| !file.is_empty()) {
        if let Some((path, digit)) = file.split_once(" @ ") {
            writeln!(stream, "M 160000 {} {path}", digit.repeat(40)).unwrap();
            continue;
        }
        let (mode, path, content) = match (file.split_once(" -> "), file.split_once(": ")) {
            (Some((path, target)), _) => ("120000", path, target.to_owned()),
            (_, Some((path, lines))) => match path.strip_suffix('*') {
                Some(path) => ("100755", path, lines.replace(' ', "\n") + "\n"),
                None => ("100644", path, lines.replace(' ', "\n") + "\n"),
            },
            _ => panic!("no file: {file}"),
        };
        writeln!(stream, "M {mode} inline {path}\ndata {}\n{content}", content.len()).unwrap();
    }
}

/// The files of a tree as a case writes them.
fn files_of(source: &dyn ObjectSource, tree: ObjectId, folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    for entry in TreeRef::new(&source.read_tree(&tree).unwrap()) {
        let entry = entry.unwrap();
        let path = format!("{folder}{}", entry.name);
        let content = || source.read_blob(&entry.id).unwrap().to_str_lossy().trim_end().replace('\n', " ");
        files.extend(match entry.mode.kind() {
            EntryKind::Directory => files_of(source, entry.id, &format!("{path}/")),
            EntryKind::Submodule => vec![format!("{path} @ {}", &entry.id.to_string()[..1])],
            EntryKind::Symlink => vec![format!("{path} -> {}", content())],
            _ if entry.mode == Mode::EXECUTABLE => vec![format!("{path}*: {}", content())],
            _ => vec![format!("{path}: {}", content())],
        });
    }
    files
}

#[test]
fn each_kind_of_conflict_is_what_git_makes_of_it() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/merge/conflicts.txt");
    let text = fs::read_to_string(&file).unwrap();
    let mut parts = text.split("\n== ");
    let mut printed = parts.next().unwrap().to_owned();
    let cases: Vec<&str> = parts.collect();
    let (repo, mut stream) = (TestRepo::init(), String::new());
    for (number, case) in cases.iter().enumerate() {
        for side in ["base", "ours", "theirs"] {
            let files = case.lines().find_map(|line| line.strip_prefix(side)).unwrap();
            import_side(&mut stream, number, side, files.trim());
        }
    }
    repo.git_bytes(&["fast-import", "--quiet"], stream.as_bytes());
    let store = repo.objects();
    let mut graph = CommitGraph::new();
    let mut kinds = BTreeSet::new();
    for (number, case) in cases.iter().enumerate() {
        let [ours, theirs] = ["ours", "theirs"].map(|side| repo.id(&format!("{number}-{side}")));
        let git = merge_tree(&repo, &[(ours, theirs)], &[]).remove(0).unwrap();
        assert_eq!(git, merge_here(&store, &mut graph, (ours, theirs), &MergeOptions::default()), "{case}");

        let mut overlay = Overlay::new(&store);
        let merged =
            merge_commits(&mut overlay, &mut graph, &ours, &theirs, &MergeOptions::default()).unwrap();
        printed += "\n== ";
        case.lines().take(4).for_each(|line| writeln!(printed, "{line}").unwrap());
        writeln!(printed, "-> {}", files_of(&overlay, merged.tree, "").join("; ")).unwrap();
        for conflict in &merged.conflicts {
            let stages =
                (1..).zip(conflict.stages).filter_map(|(stage, side)| side.map(|_| stage.to_string()));
            writeln!(
                printed,
                "!! {}, {}: {}",
                conflict.path,
                conflict.kind,
                stages.collect::<Vec<_>>().join(" ")
            )
            .unwrap();
            kinds.insert(conflict.kind.name());
        }
        assert!(!merged.clean, "{case}");
        kinds.extend(merged.notices.iter().filter_map(|notice| notice.kind).map(ConflictKind::name));
        for notice in &merged.notices {
            writeln!(printed, ".. {}", notice.text.trim_end()).unwrap();
        }
    }
    if std::env::var_os("GOVC_WRITE_CASES").is_some() {
        fs::write(&file, &printed).unwrap();
    }
    assert_eq!(printed, fs::read_to_string(&file).unwrap());
    assert_eq!(kinds.len(), 11, "{kinds:?}");
}
