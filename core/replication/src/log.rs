//! All chains of one world, and the order in which their entries may be acted on: causes before effects, and objects
//! before what names them.
//!
//! Chains grow as batches come; an entry is *ready* when all that it names is here and was ready before. Where several
//! are ready, any order will do: who acts on them has to come to the same.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;

use crate::batch::Batch;
use crate::chain::{Chain, ChainError, Extended};
use crate::clock::VectorClock;
use crate::crypto::Signer;
use crate::entry::{Draft, Entry};
use crate::fork::ForkProof;
use crate::id::{NodeId, ObjectKey, WorldId};
use crate::limits::Limits;

/// Why something of a peer is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogError {
    /// A chain does not take it.
    Chain {
        /// Whose chain.
        node: NodeId,
        /// Why not.
        error: ChainError,
    },
    /// There are as many nodes as there may be.
    TooManyNodes {
        /// How many there may be.
        nodes_max: usize,
    },
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain { node, error } => write!(f, "the chain of {node}: {error}"),
            Self::TooManyNodes { nodes_max } => {
                write!(f, "a world has at most {nodes_max} nodes (nodes_max)")
            }
        }
    }
}

impl core::error::Error for LogError {}

/// What a node's next entry waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Waits {
    /// Entries of another node.
    Cause,
    /// Objects.
    Objects(Vec<ObjectKey>),
}

/// The entries of a world.
pub struct Log {
    world: WorldId,
    limits: Limits,
    chains: BTreeMap<NodeId, Chain>,
    /// How many entries of each node were handed out.
    ready: VectorClock,
    /// Nodes whose next entry has to be looked at.
    queue: BTreeSet<NodeId>,
    /// Nodes whose next entry waits; each at most once.
    waiting: BTreeMap<NodeId, Waits>,
    /// By a node, those that wait for entries of it.
    causes_of: BTreeMap<NodeId, BTreeSet<NodeId>>,
}

impl Log {
    /// An empty log.
    pub const fn new(world: WorldId, limits: Limits) -> Self {
        Self {
            world,
            limits,
            chains: BTreeMap::new(),
            ready: VectorClock::new(),
            queue: BTreeSet::new(),
            waiting: BTreeMap::new(),
            causes_of: BTreeMap::new(),
        }
    }

    /// The world.
    pub const fn world(&self) -> WorldId {
        self.world
    }

    /// The bounds in force.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A node's chain.
    pub fn chain(&self, node: &NodeId) -> Option<&Chain> {
        self.chains.get(node)
    }

    /// All chains, in the order of their nodes.
    pub fn chains(&self) -> impl Iterator<Item = &Chain> {
        self.chains.values()
    }

    /// How many entries of each node are here, ready or not, and can be shown to others.
    pub fn covered(&self) -> VectorClock {
        self.chains.values().map(|chain| (chain.node(), chain.covered())).collect()
    }

    /// How many entries of each node were handed out as ready: what is known here, in the sense of time travel.
    pub const fn clock(&self) -> &VectorClock {
        &self.ready
    }

    /// Appends an entry of one's own, which is ready at once: its causes are all that was ready before it.
    pub fn append(
        &mut self,
        node: NodeId,
        time_ms: i64,
        objects: Vec<ObjectKey>,
        payload: &[u8],
    ) -> Result<&Entry, LogError> {
        let ready = self.ready.clone();
        let chain = self.chain_mut(node)?;
        let mut causes = VectorClock::new();
        for (other, range) in ready.missing_from(chain.causes()) {
            if *other != node {
                causes.set(other, range.end);
            }
        }
        let draft = Draft { time_ms, causes, objects, payload: payload.into() };
        chain.append(draft);
        let length = chain.len();
        self.ready.raise(&node, length);
        self.wake_effects_of(&node);
        self.chains[&node].entries().last().ok_or(LogError::TooManyNodes { nodes_max: 0 })
    }

    /// Signs all entries of one's own chain.
    pub fn sign(&mut self, signer: &impl Signer) {
        let limits = self.limits;
        if let Some(chain) = self.chains.get_mut(&signer.node()) {
            chain.sign(signer, &limits);
        }
    }

    /// Takes in entries of a peer. Where a fork came out, the entries of that node behind it are void: what was acted on
    /// has to be made again from those that are left, and [`Self::next_ready`] hands out all once more after [`Self::restart`].
    pub fn admit(&mut self, batch: Batch) -> Result<Extended, LogError> {
        let node = batch.node;
        self.change(node, |chain, limits| chain.extend(batch, limits))
    }

    /// Takes in the proof of a fork, as [`Self::admit`].
    pub fn admit_fork(&mut self, proof: ForkProof) -> Result<Extended, LogError> {
        let node = proof.node;
        self.change(node, |chain, limits| chain.accept_fork(proof, limits))
    }

    /// The next entry whose causes are all ready and whose objects are all here.
    pub fn next_ready(&mut self, is_here: &dyn Fn(&ObjectKey) -> bool) -> Option<&Entry> {
        while let Some(node) = self.queue.pop_first() {
            self.waiting.remove(&node);
            let seq = self.ready.get(&node);
            let Some(entry) = self.chains.get(&node).and_then(|chain| chain.entry(seq)) else { continue };
            let draft = entry.draft();
            if let Some(cause) = draft.causes.iter().find(|(cause, count)| !self.has(cause, *count)) {
                self.causes_of.entry(*cause.0).or_default().insert(node);
                self.waiting.insert(node, Waits::Cause);
                continue;
            }
            let missing: Vec<ObjectKey> = draft.objects.iter().filter(|key| !is_here(key)).copied().collect();
            if !missing.is_empty() {
                self.waiting.insert(node, Waits::Objects(missing));
                continue;
            }
            self.ready.set(&node, seq + 1);
            self.queue.insert(node);
            self.wake_effects_of(&node);
            return self.chains.get(&node)?.entry(seq);
        }
        None
    }

    /// Objects that the next entries of their nodes wait for.
    pub fn missing_objects(&self) -> impl Iterator<Item = &ObjectKey> {
        self.waiting.values().flat_map(|waits| match waits {
            Waits::Cause => &[][..],
            Waits::Objects(missing) => missing,
        })
    }

    /// Looks again at what waits for objects: some came.
    pub fn objects_came(&mut self) {
        let waiting = self.waiting.iter().filter(|(_, waits)| matches!(waits, Waits::Objects(_)));
        self.queue.extend(waiting.map(|(node, _)| *node));
    }

    /// Begins anew with what is ready: [`Self::next_ready`] hands out every entry once more.
    pub fn restart(&mut self) {
        self.ready = VectorClock::new();
        self.waiting.clear();
        self.causes_of.clear();
        self.queue.extend(self.chains.keys().copied());
    }

    fn change(
        &mut self,
        node: NodeId,
        change: impl FnOnce(&mut Chain, &Limits) -> Result<Extended, ChainError>,
    ) -> Result<Extended, LogError> {
        let limits = self.limits;
        let is_new = !self.chains.contains_key(&node);
        let chain = self.chain_mut(node)?;
        let changed = change(chain, &limits);
        // A peer's mistake does not make a node known.
        if is_new && chain.is_empty() && chain.fork().is_none() {
            self.chains.remove(&node);
        }
        if changed.is_ok() {
            self.queue.insert(node);
        }
        if let Ok(Extended::Forked(_)) = changed {
            // Causes beyond the fork are void: who waits for them need not any more.
            self.wake_effects_of(&node);
        }
        changed.map_err(|error| LogError::Chain { node, error })
    }

    fn chain_mut(&mut self, node: NodeId) -> Result<&mut Chain, LogError> {
        let nodes_max = self.limits.nodes_max;
        if !self.chains.contains_key(&node) && self.chains.len() >= nodes_max {
            return Err(LogError::TooManyNodes { nodes_max });
        }
        let world = self.world;
        Ok(self.chains.entry(node).or_insert_with(|| Chain::new(world, node)))
    }

    /// Whether so many entries of a node are ready; those behind a fork are void, and not waited for.
    fn has(&self, node: &NodeId, count: u64) -> bool {
        let fork = self.chains.get(node).and_then(Chain::fork);
        self.ready.get(node) >= fork.map_or(count, |fork| count.min(fork.seq))
    }

    fn wake_effects_of(&mut self, node: &NodeId) {
        if let Some(effects) = self.causes_of.remove(node) {
            self.queue.extend(effects);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet as Set;

    use super::*;
    use crate::crypto::{NodeKey, world_id};

    struct Random(u64);

    impl Random {
        fn below(&mut self, end: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % end
        }
    }

    /// A node with its log and its objects, and what was handed out to it in order.
    struct Peer {
        key: NodeKey,
        log: Log,
        objects: Set<ObjectKey>,
        acted: Vec<(NodeId, u64)>,
    }

    impl Peer {
        fn new(secret: u8) -> Self {
            let key = NodeKey::from_secret(&[secret; 32]);
            let log = Log::new(world_id("w"), Limits::default());
            Self { key, log, objects: Set::new(), acted: Vec::new() }
        }

        fn says(&mut self, text: u64) {
            self.act();
            let object = [text as u8; 20];
            self.objects.insert(object);
            let node = self.key.node();
            let seq = self.log.append(node, 0, [object].into(), &text.to_be_bytes()).unwrap().seq();
            self.acted.push((node, seq));
            self.log.sign(&self.key);
        }

        /// Acts on what is ready, and holds it to what ready means.
        fn act(&mut self) {
            loop {
                let before = self.log.clock().clone();
                let objects = &self.objects;
                let Some(entry) = self.log.next_ready(&|key| objects.contains(key)) else { break };
                let (node, seq, draft) = (entry.node(), entry.seq(), entry.draft());
                assert_eq!(before.get(&node), seq, "in the order of the chain, each once");
                assert!(draft.objects.iter().all(|object| objects.contains(object)));
                let causes = draft.causes.clone();
                for (cause, count) in causes.iter() {
                    let fork = self.log.chain(cause).and_then(Chain::fork).map_or(u64::MAX, |fork| fork.seq);
                    assert!(before.get(cause) >= count.min(fork), "causes first");
                }
                self.acted.push((node, seq));
            }
        }

        /// Takes one batch of a chain that another has, and perhaps its objects.
        fn takes_from(&mut self, other: &Self, random: &mut Random) {
            let chains: Vec<&Chain> = other.log.chains().collect();
            if chains.is_empty() {
                return;
            }
            let chain = chains[random.below(chains.len() as u64) as usize];
            if let Some(fork) = chain.fork() {
                let _ = self.log.admit_fork(fork.clone()).map(|extended| self.after(extended));
            }
            let had = self.log.chain(&chain.node()).map_or(0, Chain::len);
            let first = if random.below(3) == 0 { random.below(had + 1) } else { had };
            if let Some(batch) = chain.batch(first) {
                match self.log.admit(batch) {
                    Ok(extended) => self.after(extended),
                    Err(LogError::Chain { error: ChainError::Diverged { .. }, .. }) => {
                        for first in 0..first {
                            let Some(batch) = chain.batch(first) else { break };
                            if let Ok(extended @ Extended::Forked(_)) = self.log.admit(batch) {
                                self.after(extended);
                                break;
                            }
                        }
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            if random.below(2) == 0 {
                self.objects.extend(&other.objects);
                self.log.objects_came();
            }
            self.act();
        }

        fn after(&mut self, extended: Extended) {
            if let Extended::Forked(_) = extended {
                self.log.restart();
                self.acted.clear();
            }
        }
    }

    fn exchange_all(peers: &mut [Peer], random: &mut Random) {
        let count = peers.len();
        for _ in 0..count * count * 40 {
            let (to, from) = (random.below(count as u64) as usize, random.below(count as u64) as usize);
            if to != from {
                let mut taking = core::mem::replace(&mut peers[to], Peer::new(0));
                taking.takes_from(&peers[from], random);
                peers[to] = taking;
            }
        }
        let all: Set<ObjectKey> = peers.iter().flat_map(|peer| peer.objects.clone()).collect();
        for peer in peers {
            peer.objects = all.clone();
            peer.log.objects_came();
            peer.act();
        }
    }

    #[test]
    fn all_come_to_the_same_in_whatever_order_things_arrive() {
        for seed in 0..40 {
            let mut random = Random(seed);
            let mut peers: Vec<Peer> = (1..=4).map(Peer::new).collect();
            for step in 0..60 {
                let at = random.below(4) as usize;
                peers[at].says(step);
                let (to, from) = (random.below(4) as usize, random.below(4) as usize);
                if to != from {
                    let mut taking = core::mem::replace(&mut peers[to], Peer::new(0));
                    taking.takes_from(&peers[from], &mut random);
                    peers[to] = taking;
                }
            }
            exchange_all(&mut peers, &mut random);
            let total: u64 = peers[0].log.clock().iter().map(|(_, count)| count).sum();
            assert_eq!(total, 60, "seed {seed}: nothing is lost, nothing waits");
            for peer in &peers {
                assert_eq!(peer.log.clock(), peers[0].log.clock(), "seed {seed}");
                assert_eq!(peer.log.missing_objects().count(), 0);
                let acted: Set<_> = peer.acted.iter().collect();
                assert_eq!((acted.len(), peer.acted.len()), (60, 60), "seed {seed}: each once");
                for (ours, theirs) in peer.log.chains().zip(peers[0].log.chains()) {
                    assert_eq!(ours.entries(), theirs.entries());
                }
            }
        }
    }

    #[test]
    fn a_node_with_two_histories_stops_nobody_else() {
        for seed in 0..40 {
            let mut random = Random(seed + 1000);
            let mut peers: Vec<Peer> = (1..=3).map(Peer::new).collect();
            peers.push(Peer::new(9));
            peers.push(Peer::new(9));
            for step in 0..60 {
                let at = random.below(5) as usize;
                if peers[at].log.chain(&peers[at].key.node()).is_none_or(|chain| chain.fork().is_none()) {
                    peers[at].says(step);
                }
                let (to, from) = (random.below(5) as usize, random.below(5) as usize);
                if to != from {
                    let mut taking = core::mem::replace(&mut peers[to], Peer::new(0));
                    taking.takes_from(&peers[from], &mut random);
                    peers[to] = taking;
                }
            }
            exchange_all(&mut peers, &mut random);
            let liar = NodeKey::from_secret(&[9; 32]).node();
            let fork = peers[0].log.chain(&liar).and_then(Chain::fork).map(|fork| fork.seq);
            for peer in &peers {
                assert_eq!(peer.log.clock(), peers[0].log.clock(), "seed {seed}");
                assert_eq!(peer.log.chain(&liar).and_then(Chain::fork).map(|fork| fork.seq), fork);
                for chain in peer.log.chains() {
                    assert_eq!(peer.log.clock().get(&chain.node()), chain.len(), "seed {seed}: none waits");
                }
            }
        }
    }

    #[test]
    fn a_world_has_no_more_nodes_than_it_may() {
        let limits = Limits { nodes_max: 2, ..Limits::default() };
        let mut log = Log::new(world_id("w"), limits);
        for secret in 1..=3 {
            let mut other = Peer::new(secret);
            other.says(1);
            let batch = other.log.chain(&other.key.node()).unwrap().batch(0).unwrap();
            assert_eq!(log.admit(batch).is_ok(), secret < 3);
        }
        // What is refused makes no node known.
        let mut log = Log::new(world_id("w"), limits);
        let mut other = Peer::new(1);
        other.says(1);
        let mut batch = other.log.chain(&other.key.node()).unwrap().batch(0).unwrap();
        batch.drafts[0].time_ms += 1;
        assert!(log.admit(batch).is_err());
        assert_eq!(log.chains().count(), 0);
    }
}
