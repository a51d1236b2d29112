//! Realities beside a naive model: a map of maps, step by step, with random commands from a seed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use govc_engine::git::limits::Limits;
use govc_engine::git::path::RepoPath;
use govc_engine::git::refs::RefName;
use govc_engine::{Author, CommitRequest, Env, ErrorCode, Repository};
use govc_tests::Random;

type Files = BTreeMap<String, Vec<u8>>;

/// What a reality is to its users: what was committed, and what they see.
#[derive(Clone, Default, PartialEq, Debug)]
struct Model {
    committed: Files,
    seen: Files,
    born: bool,
}

fn env(now_ms: i64) -> Env {
    Env { now_ms, author: Author { name: "A".into(), email: "a@b".into(), offset_minutes: 0 } }
}

fn request(message: &str) -> CommitRequest {
    CommitRequest { message: message.into(), ..CommitRequest::default() }
}

fn reality(name: &str) -> RefName {
    RefName::branch(name).unwrap()
}

fn path(path: &str) -> RepoPath {
    RepoPath::new(path).unwrap()
}

fn seen(repository: &Repository, name: &str) -> Files {
    let reality = reality(name);
    let paths = repository.list(&reality, None).unwrap();
    let read =
        |path: &bstr::BString| repository.read(&reality, &RepoPath::new(path).unwrap()).unwrap().to_vec();
    paths.iter().map(|path| (path.to_string(), read(path))).collect()
}

const PATHS: [&str; 6] = ["a", "b/c", "b/d/e", "b-x", "f/g", "h"];

#[test]
fn realities_equal_a_map_of_maps() {
    for seed in 0..40 {
        let mut random = Random(seed + 1);
        let mut repository = Repository::new(b"main", Limits::default()).unwrap();
        let mut model: BTreeMap<String, Model> = [("main".into(), Model::default())].into();
        for step in 0..150 {
            command(&mut random, &mut repository, &mut model, step);
            let names: Vec<String> =
                repository.list_realities(None).iter().map(|name| name.short().to_string()).collect();
            assert_eq!(names, model.keys().cloned().collect::<Vec<_>>(), "seed {seed} step {step}");
            for (name, expected) in &model {
                assert_eq!(seen(&repository, name), expected.seen, "seed {seed} step {step} {name}");
                let changed = expected.committed != expected.seen;
                assert_eq!(!repository.status(&reality(name)).unwrap().is_empty(), changed);
            }
        }
    }
}

#[test]
fn copies_part_as_maps_of_maps_do() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let first = Repository::new(b"main", Limits::default()).unwrap();
        let mut worlds = vec![(first, BTreeMap::from([("main".to_owned(), Model::default())]))];
        for step in 0..200 {
            let at = random.below(worlds.len());
            if random.chance(6) {
                let copy = (worlds[at].0.copy(), worlds[at].1.clone());
                assert_eq!(copy.0.operations().len(), 0);
                worlds.push(copy);
            } else if random.chance(3) && worlds.len() > 1 {
                worlds.swap_remove(at);
            }
            let at = random.below(worlds.len());
            let (repository, model) = &mut worlds[at];
            command(&mut random, repository, model, step);
            for (repository, model) in &worlds {
                for (name, expected) in model {
                    assert_eq!(seen(repository, name), expected.seen, "seed {seed} step {step} {name}");
                }
            }
        }
        for (repository, _) in &worlds {
            assert_eq!(repository.verify().problems(), [], "seed {seed}");
        }
    }
}

fn command(random: &mut Random, repository: &mut Repository, model: &mut BTreeMap<String, Model>, step: i64) {
    let env = env(step * 1000);
    let names: Vec<String> = model.keys().cloned().collect();
    let name = names[random.below(names.len())].clone();
    let file = PATHS[random.below(PATHS.len())];
    let state = model.get_mut(&name).unwrap();
    match random.below(10) {
        0..4 => {
            let content = vec![b'0' + random.below(10) as u8; 1 + random.below(3)];
            repository.write(&reality(&name), path(file), None, content.clone().into()).unwrap();
            state.seen.insert(file.into(), content);
        }
        4 => {
            let removed = repository.remove(&reality(&name), path(file));
            assert_eq!(removed.is_ok(), state.seen.remove(file).is_some(), "{removed:?}");
        }
        5 | 6 => {
            let result = repository.commit(&reality(&name), request("change"), &env);
            assert_eq!(result.is_ok(), state.committed != state.seen, "{result:?}");
            state.born |= result.is_ok();
            state.committed = state.seen.clone();
        }
        7 => {
            repository.discard(&reality(&name), None).unwrap();
            state.seen = state.committed.clone();
        }
        8 => {
            let fork = format!("r{step}");
            let copy = state.clone();
            repository.fork(&reality(&name), fork.as_bytes(), &env).unwrap();
            model.insert(fork, copy);
        }
        _ if name != "main" => {
            repository.delete_realities(&[reality(&name)], &env).unwrap();
            model.remove(&name);
        }
        _ => {}
    }
}

#[test]
fn undo_walks_back_and_redo_forward() {
    let mut repository = Repository::new(b"main", Limits::default()).unwrap();
    let mut states = vec![repository.refs().clone()];
    for step in 0..20 {
        let content = step.to_string().into_bytes();
        repository.write(&reality("main"), path("a"), None, content.into()).unwrap();
        repository.commit(&reality("main"), request("step"), &env(step)).unwrap();
        states.push(repository.refs().clone());
        repository.fork(&reality("main"), format!("r{step}").as_bytes(), &env(step)).unwrap();
        states.push(repository.refs().clone());
    }
    for state in states[..40].iter().rev() {
        assert!(repository.undo(&env(0)).unwrap().is_some());
        assert_eq!(repository.refs(), state);
    }
    assert_eq!(repository.undo(&env(0)).unwrap(), None);
    for state in &states[1..] {
        assert!(repository.redo(&env(0)).unwrap().is_some());
        assert_eq!(repository.refs(), state);
    }
    assert_eq!(repository.redo(&env(0)).unwrap(), None);
    assert_eq!(repository.operations().len(), 120);
}

#[test]
fn a_transaction_is_stale_only_where_its_paths_moved() {
    let mut repository = Repository::new(b"main", Limits::default()).unwrap();
    let main = reality("main");
    for file in ["a", "b/c"] {
        repository.write(&main, path(file), None, b"0".as_slice().into()).unwrap();
    }
    repository.commit(&main, request("first"), &env(0)).unwrap();

    let mut fresh = repository.begin(&main).unwrap();
    let mut reader = repository.begin(&main).unwrap();
    let mut writer = repository.begin(&main).unwrap();
    repository.put_in(&mut fresh, path("n"), None, b"1".as_slice().into()).unwrap();
    repository.read_in(&reader, &path("b/c")).unwrap();
    repository.put_in(&mut reader, path("m"), None, b"1".as_slice().into()).unwrap();
    repository.remove_in(&mut writer, path("b")).unwrap();
    repository.write(&main, path("b/c"), None, b"2".as_slice().into()).unwrap();
    repository.commit(&main, request("second"), &env(1)).unwrap();

    for stale in [&reader, &writer] {
        let error = repository.prepare_transaction(stale, request("late"), &env(2)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Stale);
    }
    let objects = repository.store().object_count();
    let prepared = repository.prepare_transaction(&fresh, request("late"), &env(2)).unwrap();
    repository.finish_commit(prepared, &env(2)).unwrap();
    assert_eq!(seen(&repository, "main").into_keys().collect::<Vec<_>>(), ["a", "b/c", "n"]);
    assert!(repository.store().object_count() > objects);
}

#[test]
fn a_refused_commit_leaves_nothing_behind() {
    let mut repository = Repository::new(b"main", Limits::default()).unwrap();
    let main = reality("main");
    repository.write(&main, path("a"), None, b"0".as_slice().into()).unwrap();
    repository.commit(&main, request("first"), &env(0)).unwrap();
    let objects = repository.store().object_count();
    repository.write(&main, path("a/b"), None, b"1".as_slice().into()).unwrap();
    let error = repository.commit(&main, request("second"), &env(1)).unwrap_err();
    assert_eq!((error.code(), repository.store().object_count()), (ErrorCode::InvalidPath, objects));
    repository.discard(&main, None).unwrap();
    repository.write(&main, path("a"), None, vec![0; 4096].into()).unwrap();
    assert_eq!(repository.status(&main).unwrap().len(), 1);
    assert_eq!(repository.store().object_count(), objects);
}
