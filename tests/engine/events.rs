//! Events beside a naive model: after random commands, what realities were and are; and who is told beside each filter
//! tried by itself.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use govc_engine::git::ObjectId;
use govc_engine::git::glob::Globs;
use govc_engine::git::limits::Limits;
use govc_engine::git::path::RepoPath;
use govc_engine::git::refs::RefName;
use govc_engine::{
    Author, CommitRequest, Env, EventKind, FastForward, MergeRequest, Merged, Repository, WatchFilter,
    Watchers,
};
use govc_tests::Random;

const NAMES: [&str; 4] = ["main", "a", "b", "x/c"];
const PATHS: [&str; 7] =
    ["a", "k8s/x.yaml", "k8s/deep/y.yaml", "docs/a.md", "docs/b", "src/z.rs", "README.md"];
const GLOBS: [&str; 9] =
    ["k8s/**/*.yaml", "*.md", "docs", "!docs", "src/*.rs", "/a", "**", "k8s/x.yaml", "none/**"];

/// An event as a test expects it.
#[derive(Debug, PartialEq, Eq)]
struct Expected {
    kind: EventKind,
    reality: &'static str,
    before: Option<ObjectId>,
    after: Option<ObjectId>,
}

struct World {
    repository: Repository,
    events: Vec<Expected>,
    /// Indexes of undone and not undone moves of realities: those of one operation each.
    done: Vec<Vec<usize>>,
    undone: Vec<Vec<usize>>,
    step: i64,
}

fn env(now_ms: i64) -> Env {
    Env { now_ms, author: Author { name: "A".into(), email: "a@b".into(), offset_minutes: 0 } }
}

impl World {
    fn new() -> Self {
        let repository = Repository::new(b"main", Limits::default()).unwrap();
        Self { repository, events: Vec::new(), done: Vec::new(), undone: Vec::new(), step: 0 }
    }

    /// The commits of all realities that have one.
    fn heads(&self) -> BTreeMap<&'static str, ObjectId> {
        let head = |name| self.repository.head(&RefName::branch(name).unwrap()).ok().flatten();
        NAMES.into_iter().filter_map(|name| Some((name, head(name)?))).collect()
    }

    /// Does one thing at random; the events are worked out from the heads before and after.
    fn command(&mut self, random: &mut Random) {
        self.step += 1;
        let before = self.heads();
        let operations = self.repository.operations().len();
        let what = random.below(12);
        let kind = self.try_command(random, what);
        let after = self.heads();
        if self.repository.operations().len() == operations {
            assert_eq!(before, after, "nothing moves without an operation");
            return;
        }
        let mut moved = Vec::new();
        for name in NAMES {
            let [old, new] = [&before, &after].map(|heads| heads.get(name).copied());
            if old != new {
                moved.push(self.events.len());
                self.events.push(Expected { kind, reality: name, before: old, after: new });
            }
        }
        match what {
            10 => {
                let of = self.done.pop().unwrap();
                for (at, at_first) in moved.iter().zip(&of) {
                    self.events[*at].kind = match self.events[*at_first].kind {
                        EventKind::Created => EventKind::Deleted,
                        EventKind::Deleted => EventKind::Created,
                        _ => EventKind::Rollback,
                    };
                }
                self.undone.push(of);
            }
            11 => {
                let of = self.undone.pop().unwrap();
                for (at, at_first) in moved.iter().zip(&of) {
                    self.events[*at].kind = self.events[*at_first].kind;
                }
                self.done.push(of);
            }
            _ => {
                self.done.push(moved);
                self.undone.clear();
            }
        }
    }

    fn try_command(&mut self, random: &mut Random, what: usize) -> EventKind {
        let (env, repository) = (env(self.step * 1000), &mut self.repository);
        let name = RefName::branch(*random.pick(&NAMES)).unwrap();
        let other = RefName::branch(*random.pick(&NAMES)).unwrap();
        let head = repository.head(&other).ok().flatten();
        match what {
            0..=3 => {
                for _ in 0..=random.below(3) {
                    let path = RepoPath::new(*random.pick(&PATHS)).unwrap();
                    // A reality that is not there refuses, and a path that is not there cannot be removed.
                    let _ = if random.chance(20) {
                        repository.remove(&name, path)
                    } else {
                        let content = self.step.to_string().into_bytes();
                        repository.write(&name, path, None, content.into())
                    };
                }
                let request = CommitRequest { message: "m".into(), ..CommitRequest::default() };
                let _ = repository.commit(&name, request, &env);
                EventKind::Commit
            }
            4 => {
                let Some(theirs) = head else { return EventKind::Merge };
                let (request, ways) = (MergeRequest::default(), (FastForward::Allow, false));
                let merged = repository.merge(&name, &theirs, &request, ways, CommitRequest::default(), &env);
                if let Ok(Merged::Ready(prepared)) = merged.map(|outcome| outcome.merged) {
                    repository.finish_commit(*prepared, &env).unwrap();
                }
                EventKind::Merge
            }
            5 => {
                let names: [&[u8]; 3] = [b"a", b"b", b"x/c"];
                let _ = repository.create_realities(&names[..1 + random.below(3)], head, &env);
                EventKind::Created
            }
            6 => {
                let _ = repository.delete_realities(core::slice::from_ref(&name), &env);
                EventKind::Deleted
            }
            7 => {
                if let Some(to) = head {
                    let _ = repository.rollback(&name, to, None, &env);
                }
                EventKind::Rollback
            }
            8 => {
                if let Some(target) = head {
                    let tag = format!("t{}", self.step);
                    let _ = repository.tag(tag.as_bytes(), target, None, &env);
                }
                EventKind::Commit
            }
            9 => {
                let _ = repository.set_main(&name, None, &env);
                EventKind::Commit
            }
            10 => {
                let _ = repository.undo(&env);
                EventKind::Rollback
            }
            _ => {
                let _ = repository.redo(&env);
                EventKind::Commit
            }
        }
    }
}

fn globs(patterns: &[&str]) -> Globs {
    Globs::new(patterns.iter().map(|pattern| pattern.as_bytes()))
}

fn random_filter(random: &mut Random) -> WatchFilter {
    let some = |random: &mut Random, from: &[&'static str]| -> Vec<&'static str> {
        (0..=random.below(2)).map(|_| *random.pick(from)).collect()
    };
    let kinds = [EventKind::Commit, EventKind::Merge, EventKind::Rollback, EventKind::Created];
    WatchFilter {
        paths: random.chance(60).then(|| globs(&some(random, &GLOBS))),
        realities: random.chance(40).then(|| globs(&some(random, &["main", "x/*", "!a", "b", "a"]))),
        kinds: if random.chance(30) {
            kinds[random.below(4)..].iter().map(|kind| kind.bit()).sum()
        } else {
            0
        },
    }
}

/// Whether a filter wants an event, from two full listings of files.
fn wants(repository: &Repository, filter: &WatchFilter, event: &Expected, is_by_name: bool) -> bool {
    let files = |commit: Option<ObjectId>| -> BTreeMap<String, Vec<u8>> {
        let Some(commit) = commit else { return BTreeMap::new() };
        let tree = repository.peel_to_tree(&commit).unwrap();
        let paths = repository.list_files(&tree, None).unwrap();
        paths
            .iter()
            .map(|path| (path.to_string(), repository.read_file(&tree, path).unwrap().to_vec()))
            .collect()
    };
    let changed = || {
        let (old, new) = (files(event.before), files(event.after));
        PATHS.iter().filter(|path| !is_by_name && old.get(**path) != new.get(**path)).collect::<Vec<_>>()
    };
    (filter.kinds == 0 || filter.kinds & event.kind.bit() != 0)
        && filter.realities.as_ref().is_none_or(|globs| globs.matches(event.reality.as_bytes()))
        && filter
            .paths
            .as_ref()
            .is_none_or(|globs| changed().iter().any(|path| globs.matches(path.as_bytes())))
}

#[test]
fn every_move_of_a_reality_is_one_event_in_order() {
    let mut kinds = [0; 5];
    for seed in 1..60 {
        let mut random = Random::new(seed);
        let mut world = World::new();
        for _ in 0..120 {
            world.command(&mut random);
        }
        let repository = &world.repository;
        let found: Vec<_> =
            (0..repository.events_end() + 3).filter_map(|position| repository.event(position)).collect();
        assert_eq!(found.len(), world.events.len(), "seed {seed}");
        for (found, expected) in found.iter().zip(&world.events) {
            let shown = (found.kind, found.reality.to_string(), found.before, found.after);
            let expected = (expected.kind, expected.reality.to_string(), expected.before, expected.after);
            assert_eq!(shown, expected, "seed {seed} {}", found.description);
            kinds[found.kind as usize] += 1;
        }
    }
    assert!(kinds.iter().all(|count| *count > 20), "each kind is met often: {kinds:?}");
}

#[test]
fn watchers_are_told_what_their_filters_want() {
    let mut told = 0;
    for seed in 1..30 {
        let mut random = Random::new(seed + 1000);
        let mut world = World::new();
        let mut watchers = Watchers::default();
        let mut filters: BTreeMap<u32, WatchFilter> = BTreeMap::new();
        let (mut position, mut seen) = (0, 0);
        for _ in 0..25 {
            for _ in 0..random.below(4) {
                let filter = random_filter(&mut random);
                filters.insert(watchers.add(filter.clone()), filter);
            }
            if random.chance(50)
                && let Some(key) = filters.keys().copied().nth(random.below(filters.len().max(1)))
            {
                watchers.remove(key);
                filters.remove(&key);
            }
            for _ in 0..random.below(8) {
                world.command(&mut random);
            }
            let repository = &world.repository;
            let start = position;
            let (mut found, mut expected) = (Vec::new(), Vec::new());
            while position < repository.events_end() {
                let (wanted, next) = watchers.route(repository, position, 1 + random.below(3) as u64);
                found.extend(wanted);
                position = next;
            }
            for at in start..position {
                let Some(event) = repository.event(at) else { continue };
                let model = &world.events[seen];
                seen += 1;
                for (key, filter) in &filters {
                    if wants(repository, filter, model, !event.has_changes) {
                        expected.push((at, *key));
                    }
                }
            }
            assert_eq!(found, expected, "seed {seed}");
            told += found.len();
            for key in filters.keys() {
                let of_key = |all: &[(u64, u32)]| -> Vec<u64> {
                    all.iter().filter(|(_, other)| other == key).map(|(at, _)| *at).collect()
                };
                let (mut scanned, mut at) = (Vec::new(), start);
                while at < position {
                    let (some, next) =
                        watchers.scan(repository, *key, at, position - at, 1 + random.below(2));
                    scanned.extend(some);
                    at = next;
                }
                assert_eq!(scanned, of_key(&found), "seed {seed} key {key}");
            }
        }
    }
    assert!(told > 3000, "many are told: {told}");
}

#[test]
fn a_name_alone_changes_no_file_and_a_first_commit_changes_all() {
    let mut repository = Repository::new(b"main", Limits::default()).unwrap();
    let main = repository.main().unwrap();
    let at = env(0);
    repository.write(&main, RepoPath::new("a/b").unwrap(), None, b"x"[..].into()).unwrap();
    let request = CommitRequest { message: "m".into(), ..CommitRequest::default() };
    let first = repository.commit(&main, request, &at).unwrap();
    repository.fork(&main, b"fork", &at).unwrap();
    repository.undo(&at).unwrap();
    repository.undo(&at).unwrap();
    let events: Vec<_> =
        (0..repository.events_end()).filter_map(|position| repository.event(position)).collect();
    let kinds: Vec<EventKind> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Commit, EventKind::Created, EventKind::Deleted, EventKind::Rollback]);
    let has_changes: Vec<bool> = events.iter().map(|event| event.has_changes).collect();
    assert_eq!(has_changes, [true, false, false, true]);
    assert_eq!((events[3].before, events[3].after), (Some(first), None));
}
