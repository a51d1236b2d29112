//! Repositories that share realities, from one seed: each commits, merges and resolves on its own, over a network that
//! loses, doubles and parts. Once all is said, all show the same commits, nothing that was committed is lost, and what
//! conflicts is the same conflict everywhere.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use govc_engine::git::ObjectId;
use govc_engine::git::glob::Globs;
use govc_engine::git::limits::Limits;
use govc_engine::git::path::RepoPath;
use govc_engine::git::refs::RefName;
use govc_engine::git::rev::WalkOptions;
use govc_engine::replication::crypto::{NodeKey, Signer};
use govc_engine::replication::limits::Limits as WorldLimits;
use govc_engine::{Author, CommitRequest, Env, FastForward, MergeRequest, Repository, World};
use govc_tests::Random;

const NAMES: [&str; 2] = ["main", "plan"];
const NODES: usize = 4;

struct Node {
    key: NodeKey,
    repository: Repository,
    world: World,
}

struct Sim {
    random: Random,
    now_ms: i64,
    nodes: Vec<Node>,
    ways: BTreeMap<(usize, usize), Vec<Vec<u8>>>,
    cut: BTreeSet<(usize, usize)>,
    committed: BTreeSet<ObjectId>,
    conflicts: usize,
    resolved: usize,
}

fn name(name: &str) -> RefName {
    RefName::branch(name).unwrap()
}

impl Node {
    fn new(secret: u8) -> Self {
        let key = NodeKey::from_secret(&[secret; 32]);
        let mut world = World::new("sim", key.node(), WorldLimits::default());
        NAMES.iter().for_each(|shared| world.share(&name(shared)));
        world.follow(Some(Globs::new([b"team/*".as_slice()].into_iter())));
        Self { key, repository: Repository::new(b"main", Limits::default()).unwrap(), world }
    }

    fn has(&self, reality: &str) -> Option<ObjectId> {
        self.repository.reality(reality.as_bytes()).ok().and_then(|name| self.repository.head(&name).unwrap())
    }
}

impl Sim {
    fn new(seed: u64) -> Self {
        let mut nodes: Vec<Node> = (1..=NODES as u8).map(Node::new).collect();
        for (at, node) in nodes.iter_mut().enumerate() {
            (0..NODES).filter(|to| *to != at).for_each(|to| node.world.connect(to as u32));
        }
        Self {
            random: Random::new(seed),
            now_ms: 1_700_000_000_000,
            nodes,
            ways: BTreeMap::new(),
            cut: BTreeSet::new(),
            committed: BTreeSet::new(),
            conflicts: 0,
            resolved: 0,
        }
    }

    fn env(&mut self, at: usize) -> Env {
        self.now_ms += 1000;
        let author = Author { name: format!("node {at}").into(), email: "n@x".into(), offset_minutes: 0 };
        // No two clocks agree.
        Env { now_ms: self.now_ms + 3_600_000 * at as i64, author }
    }

    /// What all stand on: a commit in each reality.
    fn begins(&mut self) {
        NAMES.iter().for_each(|reality| self.commits_in(0, reality));
        self.settle();
    }

    fn commits(&mut self, at: usize) {
        let reality = *self.random.pick(&NAMES);
        self.commits_in(at, reality);
    }

    fn commits_in(&mut self, at: usize, reality: &str) {
        let env = self.env(at);
        let file = format!("file-{}", self.random.below(200));
        let line = self.random.below(6);
        let text = self.random.number();
        let node = &mut self.nodes[at];
        if node.repository.reality(reality.as_bytes()).is_err() {
            node.repository.create_realities(&[reality.as_bytes()], None, &env).unwrap();
        }
        let (branch, path) = (name(reality), RepoPath::new(&file).unwrap());
        let before = node.repository.read(&branch, &path).map(|bytes| bytes.to_vec());
        let before =
            before.unwrap_or_else(|_| (0..30).flat_map(|n| format!("line {n}\n").into_bytes()).collect());
        let mut lines: Vec<String> = String::from_utf8(before).unwrap().lines().map(Into::into).collect();
        lines[line * 5] = format!("changed to {text}");
        let content = lines.join("\n") + "\n";
        node.repository.write(&branch, path, None, content.as_bytes().into()).unwrap();
        let message = CommitRequest { message: format!("{at}: {text}").into(), ..CommitRequest::default() };
        self.committed.insert(node.repository.commit(&branch, message, &env).unwrap());
        self.publishes(at);
    }

    /// Commits on top of all heads that conflict, with our side's lines where there is no telling.
    fn resolves(&mut self, at: usize, reality: &str) {
        let env = self.env(at);
        let node = &mut self.nodes[at];
        let heads = node.world.conflict(reality.as_bytes()).to_vec();
        let branch = name(reality);
        let request = MergeRequest {
            favor: govc_engine::git::merge::text::Favor::Ours,
            ours: "ours".into(),
            theirs: "theirs".into(),
            ..MergeRequest::default()
        };
        let mut resolved = false;
        for head in &heads {
            let commit = CommitRequest { message: "resolve".into(), ..CommitRequest::default() };
            let outcome =
                node.repository.merge(&branch, head, &request, (FastForward::Allow, false), commit, &env);
            match outcome.unwrap().merged {
                govc_engine::Merged::Ready(prepared) => {
                    self.committed.insert(node.repository.finish_commit(*prepared, &env).unwrap());
                    resolved = true;
                }
                govc_engine::Merged::UpToDate | govc_engine::Merged::FastForward => {}
                other => panic!("{other:?}"),
            }
        }
        self.resolved += usize::from(resolved);
        self.publishes(at);
    }

    fn publishes(&mut self, at: usize) {
        let env = self.env(at);
        let node = &mut self.nodes[at];
        node.world.publish(&node.repository, &env).unwrap();
        node.world.seal(&node.key);
    }

    fn talks(&mut self, at: usize, is_lossy: bool) -> bool {
        let mut said = false;
        for to in (0..NODES).filter(|to| *to != at) {
            let node = &mut self.nodes[at];
            while let Some(message) = node.world.next_message(to as u32, &node.repository).unwrap() {
                said = true;
                if is_lossy && (self.cut.contains(&(at, to)) || self.random.chance(10)) {
                    continue;
                }
                let copies = if is_lossy && self.random.chance(5) { 2 } else { 1 };
                let way = self.ways.entry((at, to)).or_default();
                (0..copies).for_each(|_| way.push(message.clone()));
            }
        }
        said
    }

    fn hears(&mut self, is_lossy: bool) {
        let ways: Vec<(usize, usize)> = self.ways.keys().copied().collect();
        for (from, to) in ways {
            let Some(messages) = self.ways.remove(&(from, to)) else { continue };
            for message in messages {
                let node = &mut self.nodes[to];
                if let Err(error) = node.world.receive(from as u32, &message, &mut node.repository) {
                    // A hello, or a piece of a pack, was lost: the link is made anew.
                    assert!(is_lossy, "{from} to {to}: {error}");
                    self.relink(from, to);
                    break;
                }
            }
            self.absorbs(to);
        }
    }

    fn absorbs(&mut self, at: usize) {
        let env = self.env(at);
        let node = &mut self.nodes[at];
        let absorbed = node.world.absorb(&mut node.repository, &env).unwrap();
        self.conflicts += absorbed.events.len();
        node.world.seal(&node.key);
    }

    fn relink(&mut self, one: usize, other: usize) {
        self.nodes[one].world.connect(other as u32);
        self.nodes[other].world.connect(one as u32);
        self.ways.remove(&(one, other));
        self.ways.remove(&(other, one));
    }

    fn step(&mut self) {
        let at = self.random.below(NODES);
        match self.random.below(100) {
            0..18 => self.commits(at),
            18..30 => {
                let reality = *self.random.pick(&NAMES);
                self.resolves(at, reality);
            }
            30..60 => drop(self.talks(at, true)),
            60..90 => self.hears(true),
            90..95 => {
                let way = (self.random.below(NODES), self.random.below(NODES));
                if !self.cut.remove(&way) {
                    self.cut.insert(way);
                }
            }
            _ => {
                let to = self.random.below(NODES);
                self.nodes[at].world.resume(to as u32);
            }
        }
    }

    fn settle(&mut self) {
        self.cut.clear();
        for one in 0..NODES {
            for other in 0..one {
                self.relink(one, other);
            }
        }
        for _ in 0..100 {
            let said = (0..NODES).filter(|at| self.talks(*at, false)).count();
            if said == 0 && self.ways.is_empty() {
                return;
            }
            self.hears(false);
        }
        panic!("they never stop talking");
    }

    /// What is in the history of a commit.
    fn history(&self, at: usize, heads: &[ObjectId]) -> BTreeSet<ObjectId> {
        let repository = &self.nodes[at].repository;
        let mut history = repository.history(heads, &[], WalkOptions::default()).unwrap();
        repository.next_commits(&mut history, 1_000_000).unwrap().into_iter().collect()
    }

    fn check(&self, seed: u64) {
        let mut reached = BTreeSet::new();
        for reality in NAMES {
            let shown = self.nodes[0].has(reality);
            let heads = self.nodes[0].world.conflict(reality.as_bytes());
            for (at, node) in self.nodes.iter().enumerate() {
                assert_eq!(node.has(reality), shown, "seed {seed}: {at} shows another {reality}");
                assert_eq!(node.world.conflict(reality.as_bytes()), heads, "seed {seed}: {at}, {reality}");
                assert_eq!(node.world.clock(), self.nodes[0].world.clock());
            }
            let all: Vec<ObjectId> = shown.into_iter().chain(heads.iter().copied()).collect();
            if !all.is_empty() {
                reached.extend(self.history(NODES - 1, &all));
            }
        }
        assert!(self.committed.is_subset(&reached), "seed {seed}: a commit was lost");
    }
}

#[test]
fn all_show_the_same_commits_without_asking_anyone() {
    let (mut conflicts, mut resolved, mut merges) = (0, 0, 0);
    for seed in 0..12 {
        let mut sim = Sim::new(seed);
        sim.begins();
        for _ in 0..300 {
            sim.step();
        }
        sim.settle();
        sim.check(seed);
        let head = sim.nodes[0].has("main").unwrap();
        merges += sim.history(0, &[head]).difference(&sim.committed).count();
        // Somebody resolves what is left, and all are at peace.
        NAMES.iter().for_each(|reality| sim.resolves(1, reality));
        sim.settle();
        sim.check(seed);
        for reality in NAMES {
            assert!(sim.nodes[2].world.conflict(reality.as_bytes()).is_empty(), "seed {seed}: {reality}");
        }
        conflicts += sim.conflicts;
        resolved += sim.resolved;
    }
    assert!(
        conflicts > 20 && resolved > 5 && merges > 15,
        "{conflicts} conflicts, {resolved} resolved, {merges} merges"
    );
}
