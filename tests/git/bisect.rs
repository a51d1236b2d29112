//! The search for the first bad commit against real git: which commit is tested next, and what is found.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use govc_git::ObjectId;
use govc_git::rev::{BisectOptions, BisectStep, Bisected, Bisection, CommitGraph, check_bases, is_ancestor};
use govc_git::store::MemoryStore;
use govc_tests::{Dates, PATHS, Random, TestRepo, history};

fn bisect(graph: &mut CommitGraph, store: &MemoryStore, options: &BisectOptions, budget: usize) -> Bisected {
    let mut search = Bisection::new(options);
    loop {
        if let Some(found) = search.step(graph, store, budget).unwrap() {
            return found;
        }
    }
}

fn rev_list(repo: &TestRepo, first: &str, options: &BisectOptions) -> String {
    let mut args = vec!["rev-list".to_owned(), first.to_owned(), options.bad.to_string()];
    args.extend(options.good.iter().map(|id| format!("^{id}")));
    args.extend(options.first_parent.then(|| "--first-parent".to_owned()));
    args.push("--".to_owned());
    args.extend(options.paths.iter().map(ToString::to_string));
    // Git fails where no commit is in question.
    let output = repo.run(&args.iter().map(String::as_str).collect::<Vec<_>>(), b"");
    String::from_utf8(output.stdout).unwrap()
}

/// One choice, and the weights of all commits, beside `git rev-list`.
fn compare_choices(seed: u64, dates: Dates) -> usize {
    let (repo, ids) = history(seed, 150, dates);
    let store = repo.objects();
    let mut graph = CommitGraph::new();
    let mut random = Random::new(seed);
    for round in 0..60 {
        let path = PATHS[random.below(PATHS.len())].split('/').next().unwrap();
        let mut options = BisectOptions {
            bad: ids[random.below(ids.len())],
            good: (0..1 + random.below(3)).map(|_| ids[random.below(ids.len())]).collect(),
            skipped: Vec::new(),
            first_parent: round % 3 == 1,
            paths: if round % 3 == 2 { vec![path.into()] } else { Vec::new() },
        };
        let found = bisect(&mut graph, &store, &options, 1 + random.below(300));
        let theirs = rev_list(&repo, "--bisect-vars", &options);
        let ours = found.best.first().map_or(String::new(), |best| {
            let (all, reaches) = (i64::from(found.all), i64::from(best.reaches));
            format!(
                "bisect_rev='{}'\nbisect_nr={}\nbisect_good={}\nbisect_bad={}\nbisect_all={all}\n",
                graph.id(best.commit),
                reaches.max(all - reaches) - 1,
                all - reaches - 1,
                reaches - 1,
            )
        });
        let theirs: String = theirs.lines().take(5).flat_map(|line| [line, "\n"]).collect();
        if theirs.contains("bisect_all=0") {
            // Git still names a commit, which it then calls not testable.
            assert_eq!((ours, found.all), (String::new(), 0), "{options:?}");
            continue;
        }
        assert_eq!(ours, theirs, "{options:?}");
        options.skipped.push(ObjectId::NULL);
        let found = bisect(&mut graph, &store, &options, usize::MAX);
        let ours: Vec<(String, u32)> = found
            .best
            .iter()
            .map(|one| (graph.id(one.commit).to_string(), one.reaches.min(found.all - one.reaches)))
            .collect();
        let theirs = rev_list(&repo, "--bisect-all", &options);
        let theirs: Vec<(String, u32)> = theirs
            .lines()
            .map(|line| {
                let (_, distance) = line.rsplit_once("dist=").unwrap();
                (line[..40].to_owned(), distance.trim_end_matches(')').parse().unwrap())
            })
            .collect();
        assert_eq!(ours, theirs, "{options:?}");
    }
    60
}

#[test]
fn choices_and_weights_are_those_of_git() {
    let all = [Dates::Rising, Dates::Equal, Dates::Coarse, Dates::Skewed, Dates::Wild];
    let count: usize = all.iter().zip(31..).map(|(dates, seed)| compare_choices(seed, *dates)).sum();
    println!("{count} ranges, each with one choice and all weights");
}

/// What a search says next, with git's check of merge bases before it.
fn next(
    graph: &mut CommitGraph,
    store: &MemoryStore,
    options: &BisectOptions,
    checked: &mut bool,
) -> BisectStep {
    if !*checked {
        match check_bases(graph, store, options).unwrap() {
            Some(step) => return step,
            None => *checked = true,
        }
    }
    let found = bisect(graph, store, options, usize::MAX);
    found.choose(graph, options)
}

/// Plays a whole search beside `git bisect`: commits that have the culprit are bad, some are skipped.
fn play(repo: &TestRepo, store: &MemoryStore, ids: &[ObjectId], random: &mut Random) -> Option<usize> {
    let mut graph = CommitGraph::new();
    let culprit = ids[random.below(ids.len())];
    let is_bad = |graph: &mut CommitGraph, id: &ObjectId| is_ancestor(graph, store, &culprit, id).unwrap();
    let bad = (0..40).map(|_| ids[random.below(ids.len())]).find(|id| is_bad(&mut graph, id))?;
    let good = (0..40).map(|_| ids[random.below(ids.len())]).find(|id| !is_bad(&mut graph, id))?;
    let percent = [0, 0, 15, 40][random.below(4)];
    let first_parent = random.chance(25);
    let mut options = BisectOptions { bad, good: vec![good], skipped: vec![], first_parent, paths: vec![] };
    let mut checked = false;
    let mut start = vec!["bisect", "start", "--no-checkout"];
    start.extend(first_parent.then_some("--first-parent"));
    let (bad, good) = (bad.to_string(), good.to_string());
    start.extend([bad.as_str(), good.as_str()]);
    repo.run(&["bisect", "reset"], b"");
    let mut output = repo.run(&start, b"");
    for step in 0.. {
        let said = String::from_utf8(output.stdout).unwrap();
        let context = format!("{options:?} after {step} steps; git: {said}");
        let ours = next(&mut graph, store, &options, &mut checked);
        let tested = match ours {
            BisectStep::Found(id) => {
                assert!(said.contains(&format!("{id} is the first bad commit")), "{context}");
                return Some(step);
            }
            BisectStep::OneOf(ids) => {
                let theirs = said.lines().filter(|line| line.len() == 40).collect::<Vec<_>>();
                let ours = ids.iter().map(ObjectId::to_string).collect::<Vec<_>>();
                assert_eq!(ours, theirs, "{context}");
                return Some(step);
            }
            BisectStep::Nothing | BisectStep::Fixed(_) => {
                assert!(!output.status.success(), "{context}");
                return Some(step);
            }
            BisectStep::Test { commit, .. } | BisectStep::TestBase(commit) => commit,
        };
        assert!(output.status.success(), "{context} {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(tested, repo.id("BISECT_HEAD"), "{context}");
        let verdict = if random.chance(percent) {
            options.skipped.push(tested);
            "skip"
        } else if is_bad(&mut graph, &tested) {
            options.bad = tested;
            "bad"
        } else {
            options.good.push(tested);
            "good"
        };
        output = repo.run(&["bisect", verdict], b"");
    }
    None
}

#[test]
fn whole_searches_go_as_git_s_do() {
    let mut searches = 0;
    let mut steps = 0;
    for (seed, dates) in [(41, Dates::Rising), (42, Dates::Skewed), (43, Dates::Wild)] {
        let (repo, ids) = history(seed, 120, dates);
        let store = repo.objects();
        let mut random = Random::new(seed);
        for taken in (0..12).filter_map(|_| play(&repo, &store, &ids, &mut random)) {
            searches += 1;
            steps += taken;
        }
    }
    assert!(searches > 20);
    println!("{searches} searches, {steps} steps");
}
