//! Walks and merge bases against real git, over histories that git builds from a seed.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use govc_git::limits::Limits;
use govc_git::object::CommitLinks;
use govc_git::rev::{
    Order, Revisions, Role, Tip, WalkOptions, ahead_behind, author_contains, independent, is_ancestor,
    merge_bases, message_contains, octopus_bases,
};
use govc_git::store::Reach;
use govc_git::{ObjectId, ObjectSource};
use govc_tests::{Comparison, Dates, PATHS, Random, TestRepo, corpus_bundle, history, lines, run};

fn tip(id: ObjectId, role: Role) -> Tip {
    Tip { id, role }
}

fn shown(id: ObjectId) -> Vec<Tip> {
    vec![tip(id, Role::Shown)]
}

/// Every ref's commit, as `--all` names them: in the order of the names, `HEAD` after them.
fn all_tips(repo: &TestRepo) -> Vec<Tip> {
    let mut ids = lines(&repo.git(&["for-each-ref", "--format=%(objectname)"]));
    ids.push(repo.id("HEAD"));
    ids.into_iter().map(|id| tip(id, Role::Shown)).collect()
}

const ORDERS: [(&[&str], Order); 3] =
    [(&[], Order::Time), (&["--topo-order"], Order::Topological), (&["--date-order"], Order::Date)];

fn compare_walks(comparison: &mut Comparison<'_>, ids: &[ObjectId], random: &mut Random, rounds: usize) {
    comparison.walk(&["--all"], WalkOptions { tips: all_tips(comparison.repo), ..WalkOptions::default() });
    for _ in 0..rounds {
        let (a, b) = (ids[random.below(ids.len())], ids[random.below(ids.len())]);
        let (a_text, b_text) = (a.to_string(), b.to_string());
        let from_a = [a_text.as_str()];
        let path = PATHS[random.below(PATHS.len())].split('/').take(1 + random.below(3)).collect::<Vec<_>>();
        let path = path.join("/");
        let time = 1_000_000_000 + random.below(ids.len() * 100) as u64;
        let not_a = format!("^{a_text}");
        for (flags, order) in ORDERS {
            let args = |more: &[&'static str]| [flags, more].concat();
            let plain = || WalkOptions { tips: shown(a), order, ..WalkOptions::default() };
            let hidden = || WalkOptions {
                tips: vec![tip(a, Role::Hidden), tip(b, Role::Shown)],
                order,
                ..WalkOptions::default()
            };
            let range = [not_a.as_str(), b_text.as_str()];
            comparison.walk(&[&args(&[])[..], &from_a].concat(), plain());
            comparison.walk(&[&args(&["--first-parent"])[..], &from_a].concat(), {
                WalkOptions { first_parent: true, ..plain() }
            });
            comparison.walk(&[&args(&["-n3", "--skip=2"])[..], &from_a].concat(), {
                WalkOptions { limit: Some(3), skip: 2, ..plain() }
            });
            comparison.walk(&[&args(&[])[..], &range].concat(), hidden());
            comparison.walk(&[&args(&["--first-parent"])[..], &range].concat(), {
                WalkOptions { first_parent: true, ..hidden() }
            });
            for (base, options) in [(&from_a[..], &plain as &dyn Fn() -> WalkOptions), (&range[..], &hidden)]
            {
                let paths = vec![path.as_str().into()];
                comparison.walk(&[&args(&[])[..], base, &["--", &path]].concat(), {
                    WalkOptions { paths: paths.clone(), ..options() }
                });
                comparison.walk(&[&args(&["--first-parent"])[..], base, &["--", &path]].concat(), {
                    WalkOptions { paths, first_parent: true, ..options() }
                });
                let (since, until) = (format!("--max-age={time}"), format!("--min-age={time}"));
                comparison.walk(&[&args(&[])[..], &[since.as_str()], base].concat(), {
                    WalkOptions { since: Some(time), ..options() }
                });
                comparison.walk(&[&args(&[])[..], &[until.as_str()], base].concat(), {
                    WalkOptions { until: Some(time), ..options() }
                });
                comparison.walk(&[&args(&["-F", "--author=Ada"])[..], base].concat(), {
                    WalkOptions { filter: Some(author_contains("Ada")), ..options() }
                });
                comparison.walk(&[&args(&["-F", "--grep=fix"])[..], base].concat(), {
                    WalkOptions { filter: Some(message_contains("fix")), ..options() }
                });
            }
            let theirs = lines(
                &comparison
                    .repo
                    .git(&[&["rev-list"], &args(&[])[..], &[format!("{a}...{b}").as_str()]].concat()),
            );
            let options = WalkOptions { order, ..WalkOptions::default() };
            let walk = Revisions::symmetric(&mut comparison.graph, comparison.store, &a, &b).unwrap();
            let ours = run(walk.walk(options), &mut comparison.graph, comparison.store);
            comparison.note(format!("rev-list {flags:?} {a}...{b}"), &ours, &theirs);
        }
        let two = vec!["a".into(), "d/e".into()];
        comparison.walk(&[&from_a[..], &["--", "a", "d/e"]].concat(), {
            WalkOptions { tips: shown(a), paths: two, ..WalkOptions::default() }
        });
    }
}

fn compare_bases(comparison: &mut Comparison<'_>, ids: &[ObjectId], random: &mut Random, rounds: usize) {
    let (repo, store) = (comparison.repo, comparison.store);
    let git = |args: &[&str]| String::from_utf8(repo.run(args, b"").stdout).unwrap();
    for _ in 0..rounds {
        let chosen: Vec<ObjectId> = (0..4).map(|_| ids[random.below(ids.len())]).collect();
        let names: Vec<String> = chosen.iter().map(ObjectId::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let graph = &mut comparison.graph;
        let two = merge_bases(graph, store, &chosen[0], &chosen[1..2]).unwrap();
        let four = merge_bases(graph, store, &chosen[0], &chosen[1..]).unwrap();
        let octopus = octopus_bases(graph, store, &chosen).unwrap();
        let alone = independent(graph, store, &chosen).unwrap();
        let descends = is_ancestor(graph, store, &chosen[0], &chosen[1]).unwrap();
        let (ahead, behind) = ahead_behind(graph, store, &chosen[0], &chosen[1]).unwrap();
        let theirs = |args: &[&str]| lines(&git(&[&["merge-base"], args].concat()));
        comparison.note(format!("bases {names:?}"), &two, &theirs(&["--all", names[0], names[1]]));
        comparison.note(format!("four {names:?}"), &four, &theirs(&[&["--all"], &names[..]].concat()));
        comparison.note(
            format!("octopus {names:?}"),
            &octopus,
            &theirs(&[&["--octopus", "--all"], &names[..]].concat()),
        );
        comparison.note(
            format!("independent {names:?}"),
            &alone,
            &theirs(&[&["--independent"], &names[..]].concat()),
        );
        let status = repo.run(&["merge-base", "--is-ancestor", names[0], names[1]], b"").status;
        assert_eq!(descends, status.success(), "{names:?}");
        let range = format!("{}...{}", names[0], names[1]);
        let counts = git(&["rev-list", "--left-right", "--count", &range]);
        assert_eq!(format!("{ahead}\t{behind}\n"), counts, "{range}");
    }
}

fn seeded(seed: u64, dates: Dates) {
    let (repo, ids) = history(seed, 150, dates);
    let store = repo.objects();
    let mut random = Random(seed + 1);
    let mut comparison = Comparison::new(&repo, &store);
    compare_bases(&mut comparison, &ids, &mut random, 25);
    compare_walks(&mut comparison, &ids, &mut random, 5);
    comparison.finish(&format!("seed {seed}, {dates:?}"));
}

#[test]
fn rising_dates() {
    seeded(1, Dates::Rising);
}

#[test]
fn equal_dates() {
    seeded(2, Dates::Equal);
}

#[test]
fn coarse_dates() {
    seeded(3, Dates::Coarse);
}

#[test]
fn skewed_dates() {
    seeded(4, Dates::Skewed);
}

#[test]
fn wild_dates() {
    seeded(5, Dates::Wild);
}

#[test]
fn real_history() {
    let Some(bundle) = corpus_bundle("flask.bundle") else { return };
    let repo = TestRepo::clone_bare(&bundle.to_string_lossy());
    let store = repo.objects();
    let mut random = Random(6);
    let mut comparison = Comparison::new(&repo, &store);
    for (flags, order) in ORDERS {
        let options = || WalkOptions { tips: all_tips(&repo), order, ..WalkOptions::default() };
        comparison.walk(&[flags, &["--all"]].concat(), options());
        comparison.walk(&[flags, &["--all", "--first-parent"]].concat(), {
            WalkOptions { first_parent: true, ..options() }
        });
    }
    let ids = lines(&repo.git(&["rev-list", "--all"]));
    compare_bases(&mut comparison, &ids, &mut random, 100);
    let paths = repo.git(&["log", "--all", "--format=", "--name-only", "-n2000", "--no-renames"]);
    let paths: Vec<&str> =
        paths.lines().filter(|path| !path.is_empty() && !path.contains(['*', '[', '"'])).collect();
    for round in 0..200 {
        let path = paths[random.below(paths.len())];
        let depth = 1 + random.below(4);
        let path = path.split('/').take(depth).collect::<Vec<_>>().join("/");
        let (a, b) = (ids[random.below(500)], ids[random.below(ids.len())]);
        let (a_text, not_b) = (a.to_string(), format!("^{b}"));
        let hidden = (round % 2 == 0).then(|| tip(b, Role::Hidden));
        let tips = hidden.into_iter().chain([tip(a, Role::Shown)]).collect();
        let (flags, order) = ORDERS[round / 2 % 3];
        let start = [not_b.as_str(), a_text.as_str()];
        let start = if hidden.is_some() { &start[..] } else { &start[1..] };
        comparison.walk(&[flags, start, &["--", &path]].concat(), {
            WalkOptions { tips, order, paths: vec![path.as_str().into()], ..WalkOptions::default() }
        });
    }
    let (commits, bytes) = (comparison.graph.len(), comparison.graph.memory_bytes());
    println!("{commits} commits, {} bytes each", bytes / commits);
    assert!(bytes / commits <= 90);
    comparison.finish("flask");
}

#[test]
fn what_is_reached_is_what_git_lists() {
    let (repo, ids) = history(9, 100, Dates::Rising);
    repo.git(&["tag", "-a", "-m", "x", "v1", &ids[40].to_string()]);
    repo.git(&["tag", "-a", "-m", "x", "v2", "v1"]);
    repo.git(&["tag", "-a", "-m", "x", "of-tree", "main^{tree}"]);
    let store = repo.objects();
    for names in [vec!["main"], vec!["v2"], vec!["of-tree"], vec!["main", "v2", "of-tree"]] {
        let listed = repo.git(&[&["rev-list", "--objects"], &names[..]].concat());
        let mut theirs: Vec<ObjectId> = listed.lines().map(|line| line[..40].parse().unwrap()).collect();
        let mut reach = Reach::new([], &Limits::default());
        names.iter().for_each(|name| reach.add(repo.id(name)));
        let mut ours = Vec::new();
        let mut steps = 0;
        while !reach
            .step(&store, 7, |reached| {
                assert_eq!(store.header(&reached.id).unwrap().0, reached.kind);
                ours.push(reached.id);
            })
            .unwrap()
        {
            steps += 1;
        }
        assert!(steps > 0);
        ours.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(ours, theirs, "{names:?}");
    }
}

#[test]
fn odd_commits_have_the_dates_that_git_gives_them() {
    let repo = TestRepo::init();
    repo.commit_all("first");
    let tree = repo.id("HEAD^{tree}");
    let mut comparison = 0;
    for (author, committer) in [
        ("author A <a> 5 +0000", "committer C <c> 1234567890 +0000"),
        ("author A <a> 5 +0000", "committer C <c> 99999999999999999999 +0000"),
        ("author A <a> 5 +0000", "committer C <c> 18446744073709551615 +0000"),
        ("author A <a> 5 +0000", "committer C <c> 9223372036854775808 +0000"),
        ("author A <a> 5 +0000", "committer C <c> -5 +0000"),
        ("author A <a> 5 +0000", "committer C <c> - 5 +0000"),
        ("author A <a> 5 +0000", "committer C <c> --5 +0000"),
        ("author A <a> 5 +0000", "committer C <c> +5 +0000"),
        ("author A <a> 5 +0000", "committer C <c> 12x"),
        ("author A <a> 5 +0000", "committer C <c>12"),
        ("author A <a> 5 +0000", "committer C <c> \t 12"),
        ("author A <a> 5 +0000", "committer C <c> \u{b}12"),
        ("author A <a> 5 +0000", "committer C <c> 0012"),
        ("author A <a> 5 +0000", "committer C <c> 0x12"),
        ("author A <a> 5 +0000", "committer C <c> "),
        ("author A <a> 5 +0000", "committer C <c> x"),
        ("author A <a> 5 +0000", "committer C <c> 1> 2 +0000"),
        ("author A <a> 5 +0000", "committer C c 77 +0000"),
        ("author A <a> 5 +0000", "committer 77"),
        ("author A <a> 5 +0000", "committerC <c> 77"),
        ("authorA", "committer C <c> 77"),
        ("nobody", "committer C <c> 77"),
        ("author A <a> 5 +0000", "other C <c> 77"),
        ("author A <a> 5 +0000\nauthor B <b> 6 +0000", "committer C <c> 77"),
    ] {
        let text = format!("tree {tree}\n{author}\n{committer}\n\nmessage\n");
        let id =
            repo.git_bytes(&["hash-object", "-t", "commit", "--literally", "-w", "--stdin"], text.as_bytes());
        let id = String::from_utf8(id).unwrap();
        let theirs = repo.git(&["rev-list", "--timestamp", id.trim()]);
        let links = CommitLinks::parse(text.as_bytes(), &mut Vec::new()).unwrap();
        assert_eq!(format!("{} {}", links.time, id), theirs, "{text}");
        comparison += 1;
    }
    println!("{comparison} dates");
}
