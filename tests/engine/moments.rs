//! What a reality was at a moment: by the log beside a naive model, before the log beside git.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use govc_engine::git::ObjectId;
use govc_engine::git::limits::Limits;
use govc_engine::git::path::RepoPath;
use govc_engine::git::refs::{RefName, RefTarget};
use govc_engine::{Author, CommitRequest, Env, ErrorCode, Repository};
use govc_tests::{Dates, Random, history};

fn env(now_ms: i64) -> Env {
    Env { now_ms, author: Author { name: "A".into(), email: "a@b".into(), offset_minutes: 0 } }
}

fn reality(name: &str) -> RefName {
    RefName::branch(name).unwrap()
}

fn at(repository: &Repository, name: Option<&str>, time_ms: i64) -> Option<ObjectId> {
    match repository.at_moment(name.map(str::as_bytes), time_ms) {
        Ok(id) => Some(id),
        Err(error) => {
            assert_eq!(error.code(), ErrorCode::NotFound);
            None
        }
    }
}

#[test]
fn the_log_says_what_a_repository_showed() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let mut repository = Repository::new(b"main", Limits::default()).unwrap();
        // By operation, from when on it was so: main and the head of each reality.
        let mut shown: Vec<(i64, String, BTreeMap<String, ObjectId>)> = Vec::new();
        let mut clock = 1_000_000;
        for step in 0..120 {
            // The clock stands still at times, and goes back at others.
            clock += [0, 0, 1, 50, 1000, -300][random.below(6)];
            let operations = repository.operations().len();
            act(&mut random, &mut repository, step, clock);
            if repository.operations().len() > operations {
                let heads = repository
                    .list_realities(None)
                    .into_iter()
                    .filter_map(|name| Some((name.short().to_string(), repository.head(&name).unwrap()?)));
                let heads = heads.collect();
                let before = shown.last().map_or(i64::MIN, |(time, ..)| *time);
                let main = repository.main().unwrap().short().to_string();
                shown.push((clock.max(before), main, heads));
            }
            let moment = 1_000_000 + random.below(40_000) as i64;
            let Some((_, main, heads)) = shown.iter().rev().find(|(time, ..)| *time <= moment) else {
                continue;
            };
            let names = ["main", "r0", "r1", "r2", "none"];
            for name in names {
                assert_eq!(
                    at(&repository, Some(name), moment),
                    heads.get(name).copied(),
                    "seed {seed} step {step} {name}"
                );
            }
            assert_eq!(at(&repository, None, moment), heads.get(main).copied(), "seed {seed} step {step}");
        }
    }
}

fn act(random: &mut Random, repository: &mut Repository, step: usize, now_ms: i64) {
    let env = env(now_ms);
    let names = repository.list_realities(None);
    let name = names[random.below(names.len())].clone();
    let other = format!("r{}", random.below(3));
    // What cannot be done here is left.
    match random.below(9) {
        0..4 => {
            let path = RepoPath::new("a").unwrap();
            repository.write(&name, path, None, step.to_string().into_bytes().into()).unwrap();
            let request = CommitRequest { message: "change".into(), ..CommitRequest::default() };
            repository.commit(&name, request, &env).unwrap();
        }
        4 => drop(repository.fork(&name, other.as_bytes(), &env)),
        5 => drop(repository.delete_realities(&[reality(&other)], &env)),
        6 => drop(repository.set_main(&name, None, &env)),
        7 => drop(repository.undo(&env)),
        _ => drop(repository.redo(&env)),
    }
}

#[test]
fn before_the_log_the_dates_of_commits_decide_as_in_git() {
    for (seed, dates) in
        [(1, Dates::Rising), (2, Dates::Equal), (3, Dates::Coarse), (4, Dates::Skewed), (5, Dates::Wild)]
    {
        let (repo, ids) = history(seed, 60, dates);
        let tip = *ids.last().unwrap();
        let mut repository = Repository::new(b"main", Limits::default()).unwrap();
        for (id, object) in repo.objects().since(0) {
            repository.load_object(*id, object.clone()).unwrap();
        }
        repository.load_refs(vec![(reality("main"), RefTarget::Direct(tip))]).unwrap();
        let mut random = Random::new(seed);
        let mut found = 0;
        for round in 0..40 {
            if round == 20 {
                // The log begins long after: what it found there still counts before.
                let request =
                    CommitRequest { message: "new".into(), allow_empty: true, ..CommitRequest::default() };
                repository.commit(&reality("main"), request, &env(2_000_000_000_000)).unwrap();
                repository.fork(&reality("main"), b"fork", &env(2_000_000_000_001)).unwrap();
            }
            let time = 1_000_000_000 - 500 + random.below(7000);
            let before = format!("--before={time}");
            let expected = repo.git(&["rev-list", "-1", "--first-parent", &before, &tip.to_string()]);
            let expected: Option<ObjectId> = expected.trim().parse().ok();
            let moment = time as i64 * 1000 + random.below(1000) as i64;
            assert_eq!(at(&repository, None, moment), expected, "seed {seed} {time}");
            assert_eq!(at(&repository, Some("main"), moment), expected, "seed {seed} {time}");
            if round >= 20 {
                assert_eq!(at(&repository, Some("fork"), moment), expected, "seed {seed} {time}");
            }
            found += usize::from(expected.is_some());
        }
        assert!(found > 10, "{seed} {found}");
        assert_eq!(at(&repository, None, -1), None);
        assert_eq!(at(&repository, None, i64::MIN), None);
        assert_eq!(at(&repository, None, i64::MAX), repository.head(&reality("main")).unwrap());
        assert_eq!(at(&repository, Some("none"), i64::MAX), None);
    }
}
