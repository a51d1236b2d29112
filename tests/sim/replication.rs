//! A world of nodes from one seed: the real logs and sessions over a network that loses, doubles, reorders and parts, on
//! disks that forget what was not yet kept, with a node that lives two lives. Held to after every step: causes before
//! effects, nothing acknowledged is lost, no honest node has two histories, the same clock is the same state. At the end,
//! with the network whole, all know the same.
//!
//! Each guard is shown to be needed: a world whose nodes leave it out breaks a rule.

use std::collections::{BTreeMap, BTreeSet};

use govc_replication::chain::Chain;
use govc_replication::clock::VectorClock;
use govc_replication::crypto::{NodeKey, Signer, sha256, world_id};
use govc_replication::id::{NodeId, ObjectKey};
use govc_replication::limits::Limits;
use govc_replication::log::Log;
use govc_replication::sync::message::Message;
use govc_replication::sync::session::{Received, Session};
use govc_tests::Random;

/// What a world's nodes do wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// They show entries before their disk has them.
    ShowBeforeKept,
    /// They act on entries as they come.
    ActAtOnce,
    /// They never say hello again.
    NeverResume,
    /// They go on from what they acted on before a fork came out.
    KeepAfterFork,
}

struct Disk {
    kept: Vec<Message>,
    written: Vec<Message>,
}

struct Node {
    key: NodeKey,
    log: Log,
    disk: Disk,
    objects: BTreeSet<ObjectKey>,
    sessions: BTreeMap<usize, Session>,
    /// How much of its own chain was acknowledged as kept.
    acknowledged: u64,
    /// What it acted on.
    acted: VectorClock,
    /// A fold over what it acted on, whatever the order.
    state: [u8; 32],
}

struct World {
    random: Random,
    wrong: Wrong,
    nodes: Vec<Node>,
    /// Messages on their way, from one node to another.
    ways: BTreeMap<(usize, usize), Vec<Vec<u8>>>,
    cut: BTreeSet<(usize, usize)>,
    /// The states that were seen at a clock and the forks that were known.
    states: BTreeMap<String, [u8; 32]>,
    liar: NodeId,
    happened: BTreeMap<&'static str, u64>,
}

fn limits() -> Limits {
    Limits { batch_entries_max: 16, ..Limits::default() }
}

impl Node {
    fn new(secret: u8) -> Self {
        let disk = Disk { kept: Vec::new(), written: Vec::new() };
        Self {
            key: NodeKey::from_secret(&[secret; 32]),
            log: Log::new(world_id("sim"), limits()),
            disk,
            objects: BTreeSet::new(),
            sessions: BTreeMap::new(),
            acknowledged: 0,
            acted: VectorClock::new(),
            state: [0; 32],
        }
    }

    fn own(&self) -> u64 {
        self.log.chain(&self.key.node()).map_or(0, Chain::len)
    }

    fn acts_on(&mut self, node: NodeId, seq: u64, bytes: &[u8]) {
        self.acted.set(&node, seq + 1);
        let step = sha256(bytes);
        // A sum: the same in any order.
        let mut carry = 0;
        for (at, byte) in self.state.iter_mut().enumerate() {
            let sum = u16::from(*byte) + u16::from(step[at]) + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
    }

    fn begins_anew(&mut self) {
        self.log.restart();
        self.acted = VectorClock::new();
        self.state = [0; 32];
    }
}

impl World {
    fn new(seed: u64, wrong: Wrong) -> Self {
        // The last two are one node that lives twice.
        let nodes: Vec<Node> = [1, 2, 3, 4, 9, 9].into_iter().map(Node::new).collect();
        let liar = nodes[5].key.node();
        let mut world = Self {
            random: Random::new(seed),
            wrong,
            nodes,
            ways: BTreeMap::new(),
            cut: BTreeSet::new(),
            states: BTreeMap::new(),
            liar,
            happened: BTreeMap::new(),
        };
        for a in 0..6 {
            for b in 0..6 {
                if a != b {
                    world.nodes[a].sessions.insert(b, Session::new());
                }
            }
        }
        world
    }

    fn below(&mut self, end: usize) -> usize {
        self.random.below(end)
    }

    fn note(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    fn step(&mut self) -> Result<(), String> {
        let at = self.below(6);
        match self.below(100) {
            0..12 => self.says(at),
            12..22 => self.keeps(at),
            22..52 => self.talks(at),
            52..90 => self.hears()?,
            90..93 => self.objects_come(at)?,
            93..96 => self.cuts_or_heals(),
            96..98 => self.crashes(at),
            _ => self.resumes(at),
        }
        self.check()
    }

    fn says(&mut self, at: usize) {
        let object = [self.below(200) as u8; 20];
        let text = self.random.number().to_be_bytes();
        let node = &mut self.nodes[at];
        let id = node.key.node();
        if node.log.chain(&id).is_some_and(|chain| chain.fork().is_some()) {
            return;
        }
        node.objects.insert(object);
        let seq = node.own();
        node.log.append(id, 0, [object].into(), &text).expect("room for a node");
        node.acts_on(id, seq, &text);
        if self.wrong == Wrong::ShowBeforeKept {
            node.log.sign(&node.key);
        }
        self.note("said");
    }

    /// Signs, writes, waits for the disk, and acknowledges: only then is it shown.
    fn keeps(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        let id = node.key.node();
        if node.log.chain(&id).is_some_and(|chain| chain.fork().is_some()) {
            return;
        }
        node.log.sign(&node.key);
        for chain in node.log.chains() {
            let mut first = 0;
            while let Some(batch) = chain.batch(first) {
                first += batch.drafts.len() as u64;
                node.disk.written.push(Message::Batch(batch));
            }
        }
        let forks = node.log.chains().filter_map(Chain::fork);
        let forks: Vec<Message> = forks.map(|fork| Message::Fork(fork.clone())).collect();
        node.disk.kept = forks.into_iter().chain(node.disk.written.drain(..)).collect();
        node.acknowledged = node.own();
        self.note("kept");
    }

    fn talks(&mut self, at: usize) {
        let to = self.below(6);
        let node = &mut self.nodes[at];
        let Some(message) = node.sessions.get_mut(&to).and_then(|session| session.next_message(&node.log))
        else {
            return;
        };
        let is_cut = self.cut.contains(&(at, to));
        match self.below(20) {
            _ if is_cut => self.note("lost in a cut"),
            0 => self.note("lost"),
            // What one link loses comes over another: so that it shows, these lose most.
            2..16 if self.wrong == Wrong::NeverResume => {}
            1 => {
                let bytes = message.encode();
                self.ways.entry((at, to)).or_default().extend([bytes.clone(), bytes]);
                self.note("doubled");
            }
            _ => self.ways.entry((at, to)).or_default().push(message.encode()),
        }
    }

    fn hears(&mut self) -> Result<(), String> {
        let ways: Vec<_> = self.ways.keys().copied().collect();
        if ways.is_empty() {
            return Ok(());
        }
        let way = ways[self.below(ways.len())];
        let count = self.ways[&way].len();
        let place = if self.below(5) == 0 { self.below(count) } else { 0 };
        let queue = self.ways.get_mut(&way).expect("because it is one of them");
        let bytes = queue.remove(place);
        if queue.is_empty() {
            self.ways.remove(&way);
        }
        if place > 0 {
            self.note("reordered");
        }
        self.brings(way, &bytes)
    }

    fn brings(&mut self, (from, to): (usize, usize), bytes: &[u8]) -> Result<(), String> {
        let message = Message::decode(bytes, &limits()).map_err(|error| error.to_string())?;
        let wrong = self.wrong;
        let node = &mut self.nodes[to];
        let session = node.sessions.get_mut(&from).expect("because all are linked");
        let received = match session.receive(&mut node.log, message) {
            Ok(received) => received,
            Err(error) => return Err(format!("{from} to {to}: {error}")),
        };
        if let Received::Forked(_) = received {
            if wrong != Wrong::KeepAfterFork {
                node.begins_anew();
            }
            self.note("forks found");
        }
        self.acts(to)
    }

    fn acts(&mut self, at: usize) -> Result<(), String> {
        if self.wrong == Wrong::ActAtOnce {
            return self.acts_at_once(at);
        }
        let node = &mut self.nodes[at];
        loop {
            let objects = &node.objects;
            let Some(entry) = node.log.next_ready(&|key| objects.contains(key)) else { return Ok(()) };
            let (id, seq, payload) = (entry.node(), entry.seq(), entry.draft().payload.clone());
            check_ready(node, id, seq)?;
            node.acts_on(id, seq, &payload);
        }
    }

    fn acts_at_once(&mut self, at: usize) -> Result<(), String> {
        let node = &mut self.nodes[at];
        let chains: Vec<NodeId> = node.log.chains().map(Chain::node).collect();
        for id in chains {
            while let Some(entry) = node.log.chain(&id).and_then(|chain| chain.entry(node.acted.get(&id))) {
                let (seq, payload) = (entry.seq(), entry.draft().payload.clone());
                check_ready(node, id, seq)?;
                node.acts_on(id, seq, &payload);
            }
        }
        Ok(())
    }

    fn objects_come(&mut self, at: usize) -> Result<(), String> {
        let from = self.below(6);
        let objects = self.nodes[from].objects.clone();
        self.nodes[at].objects.extend(objects);
        self.nodes[at].log.objects_came();
        self.acts(at)
    }

    fn cuts_or_heals(&mut self) {
        let way = (self.below(6), self.below(6));
        if !self.cut.remove(&way) {
            self.cut.insert(way);
            self.note("cut");
        }
    }

    /// Loses everything but what the disk has kept; and all its links.
    fn crashes(&mut self, at: usize) {
        let old = &mut self.nodes[at];
        let mut node = Node::new(0);
        node.key = core::mem::replace(&mut old.key, NodeKey::from_secret(&[0; 32]));
        node.objects = core::mem::take(&mut old.objects);
        node.acknowledged = old.acknowledged;
        node.disk.kept = core::mem::take(&mut old.disk.kept);
        for message in node.disk.kept.clone() {
            let admitted = match message {
                Message::Batch(batch) => node.log.admit(batch),
                Message::Fork(proof) => node.log.admit_fork(proof),
                _ => continue,
            };
            admitted.expect("because it was kept");
        }
        for other in 0..6 {
            if other != at {
                node.sessions.insert(other, Session::new());
                self.nodes[other].sessions.insert(at, Session::new());
                self.ways.remove(&(at, other));
                self.ways.remove(&(other, at));
            }
        }
        self.nodes[at] = node;
        self.acts(at).expect("because what was kept is in order");
        self.note("crashed");
    }

    fn resumes(&mut self, at: usize) {
        if self.wrong == Wrong::NeverResume {
            return;
        }
        let to = self.below(6);
        if let Some(session) = self.nodes[at].sessions.get_mut(&to) {
            session.resume();
        }
    }

    fn check(&mut self) -> Result<(), String> {
        for (at, node) in self.nodes.iter().enumerate() {
            let id = node.key.node();
            if id != self.liar && node.own() < node.acknowledged {
                return Err(format!(
                    "{at} acknowledged {} entries and has {}",
                    node.acknowledged,
                    node.own()
                ));
            }
            let forks: Vec<(NodeId, u64)> =
                node.log.chains().filter_map(|chain| Some((chain.node(), chain.fork()?.seq))).collect();
            if let Some((node, seq)) = forks.iter().find(|(node, _)| *node != self.liar) {
                return Err(format!("the honest {node} has two histories from {seq} on"));
            }
            // Who lives twice has two states at one clock until that comes out; and what no disk has may be forgotten.
            let is_out = !forks.is_empty() || node.acted.get(&self.liar) == 0;
            if is_out && node.own() <= node.acknowledged {
                let clock = format!("{:?} {forks:?}", node.acted);
                let seen = self.states.entry(clock).or_insert(node.state);
                if *seen != node.state {
                    return Err(format!("{at}: the same clock is another state"));
                }
            }
        }
        Ok(())
    }

    /// Heals everything and lets all talk until there is nothing to say.
    fn settle(&mut self) -> Result<(), String> {
        self.cut.clear();
        let objects: BTreeSet<ObjectKey> = self.nodes.iter().flat_map(|node| node.objects.clone()).collect();
        for at in 0..6 {
            self.nodes[at].objects.clone_from(&objects);
            self.nodes[at].log.objects_came();
            self.keeps(at);
            if self.wrong != Wrong::NeverResume {
                self.nodes[at].sessions.values_mut().for_each(Session::resume);
            }
        }
        for _ in 0..200 {
            let mut said = false;
            for at in 0..6 {
                for to in 0..6 {
                    let node = &mut self.nodes[at];
                    while let Some(message) =
                        node.sessions.get_mut(&to).and_then(|session| session.next_message(&node.log))
                    {
                        self.ways.entry((at, to)).or_default().push(message.encode());
                        said = true;
                    }
                }
            }
            for (way, messages) in core::mem::take(&mut self.ways) {
                for bytes in messages {
                    self.brings(way, &bytes)?;
                    self.check()?;
                }
            }
            if !said {
                return self.agree();
            }
        }
        Err("they never stop talking".into())
    }

    fn agree(&self) -> Result<(), String> {
        let first = &self.nodes[0];
        for (at, node) in self.nodes.iter().enumerate() {
            if (&node.acted, node.state) != (&first.acted, first.state) {
                return Err(format!("{at} knows {:?} and 0 knows {:?}", node.acted, first.acted));
            }
            if node.log.chains().any(|chain| node.acted.get(&chain.node()) != chain.len()) {
                return Err(format!("{at} has entries that wait for ever"));
            }
        }
        Ok(())
    }
}

/// Causes and objects of an entry are here, and the entries before it were acted on.
fn check_ready(node: &Node, id: NodeId, seq: u64) -> Result<(), String> {
    let entry = node.log.chain(&id).and_then(|chain| chain.entry(seq)).ok_or("no such entry")?;
    if node.acted.get(&id) != seq {
        return Err(format!("entry {seq} of {id} is acted on after {}", node.acted.get(&id)));
    }
    if !entry.draft().objects.iter().all(|object| node.objects.contains(object)) {
        return Err(format!("entry {seq} of {id} is acted on before its objects"));
    }
    for (cause, count) in entry.draft().causes.iter() {
        let fork = node.log.chain(cause).and_then(Chain::fork).map_or(u64::MAX, |fork| fork.seq);
        if node.acted.get(cause) < count.min(fork) {
            return Err(format!("entry {seq} of {id} is acted on before its causes"));
        }
    }
    Ok(())
}

fn run(seed: u64, steps: usize, wrong: Wrong) -> Result<BTreeMap<&'static str, u64>, String> {
    let mut world = World::new(seed, wrong);
    for step in 0..steps {
        world.step().map_err(|error| format!("seed {seed}, step {step}: {error}"))?;
    }
    world.settle().map_err(|error| format!("seed {seed}, settling: {error}"))?;
    Ok(world.happened)
}

#[test]
fn worlds_hold_to_their_rules_and_come_to_the_same() {
    let mut happened: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..60 {
        match run(seed, 2_000, Wrong::Nothing) {
            Ok(counts) => {
                counts.into_iter().for_each(|(what, count)| *happened.entry(what).or_default() += count)
            }
            Err(error) => panic!("{error}"),
        }
    }
    for what in
        ["said", "kept", "lost", "lost in a cut", "doubled", "reordered", "cut", "crashed", "forks found"]
    {
        assert!(happened.get(what).is_some_and(|count| *count >= 60), "{what} came up: {happened:?}");
    }
}

#[test]
fn each_guard_is_needed() {
    for (wrong, rule) in [
        (Wrong::ShowBeforeKept, "two histories"),
        (Wrong::ActAtOnce, "is acted on before"),
        (Wrong::NeverResume, "knows"),
        (Wrong::KeepAfterFork, ""),
    ] {
        let broken = (0..30).find_map(|seed| run(seed, 2_000, wrong).err());
        let broken = broken.expect("a world without the guard breaks a rule");
        assert!(broken.contains(rule), "'{rule}' was expected to break: {broken}");
    }
}
