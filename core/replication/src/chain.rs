//! One node's log of a world: entries, each linked to the one before, and the signed heads that stand for them.
//!
//! What a peer sends is linked here, then held to its cover, and only then is it part of the chain: all of it or nothing.

use alloc::vec::Vec;
use core::fmt;

use crate::batch::{Batch, Cover};
use crate::clock::VectorClock;
use crate::crypto::Signer;
use crate::entry::{Draft, Entry, genesis};
use crate::fork::{Branch, ForkProof};
use crate::head::SignedHead;
use crate::id::{EntryHash, NodeId, WorldId};
use crate::limits::Limits;

/// Why a batch is not taken. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainError {
    /// Entries before it are not here: ask from this one on.
    Gap {
        /// The first that is missing.
        expected: u64,
    },
    /// It stands on another entry than the one that is here: the histories part before it. Ask from earlier on.
    Diverged {
        /// Its first entry.
        seq: u64,
    },
    /// No signature of the node covers it: it was forged, or garbled.
    PeerForged {
        /// The entry that should be covered.
        seq: u64,
    },
    /// It is covered by the proof of a fork that is not here: ask for that first.
    Unproved {
        /// The entry that it covers.
        seq: u64,
    },
    /// An entry names its own node among its causes, or takes back a cause that an earlier one named.
    PeerMisordered {
        /// The entry.
        seq: u64,
    },
    /// It parts from entries that no head covers yet: sign first, then take it again, for it proves a fork.
    Unsigned {
        /// The first that differs.
        seq: u64,
    },
    /// It shows a fork that lies too far back for a proof.
    ForkTooOld {
        /// The first that differs.
        seq: u64,
    },
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { expected } => write!(f, "entries from {expected} on are missing"),
            Self::Diverged { seq } => write!(f, "entry {seq} stands on another one than is here"),
            Self::PeerForged { seq } => write!(f, "no signature of the node covers entry {seq}"),
            Self::Unproved { seq } => write!(f, "entry {seq} is covered by a proof that is not here"),
            Self::PeerMisordered { seq } => write!(f, "the causes of entry {seq} cannot be"),
            Self::Unsigned { seq } => write!(f, "entry {seq} differs from one that is not signed yet"),
            Self::ForkTooOld { seq } => write!(f, "the fork at entry {seq} is too old to be proved"),
        }
    }
}

impl core::error::Error for ChainError {}

/// What a batch or a proof did to a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extended {
    /// It has so many entries more: perhaps none.
    Added(u64),
    /// The node has two histories. The chain ends before this entry, for good.
    Forked(u64),
}

/// A node's log.
#[derive(Clone, Debug)]
pub struct Chain {
    world: WorldId,
    node: NodeId,
    entries: Vec<Entry>,
    /// The causes of all entries, joined.
    causes: VectorClock,
    /// Heads in the order of what they cover; so thinned out that each batch ends at one.
    heads: Vec<SignedHead>,
    fork: Option<ForkProof>,
    /// A fork of a history that parts from this one earlier: once that history comes, it proves so.
    elsewhere: Option<ForkProof>,
}

impl Chain {
    /// A chain without entries.
    pub const fn new(world: WorldId, node: NodeId) -> Self {
        Self {
            world,
            node,
            entries: Vec::new(),
            causes: VectorClock::new(),
            heads: Vec::new(),
            fork: None,
            elsewhere: None,
        }
    }

    /// Whose it is.
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// All entries, from the first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry of a number.
    pub fn entry(&self, seq: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(seq).ok()?)
    }

    /// What all entries together name as causes.
    pub const fn causes(&self) -> &VectorClock {
        &self.causes
    }

    /// The proof that its node has two histories; the chain ends where they part.
    pub const fn fork(&self) -> Option<&ForkProof> {
        self.fork.as_ref()
    }

    /// How many entries a head covers: these can be shown to others.
    pub fn covered(&self) -> u64 {
        match &self.fork {
            Some(fork) if fork.seq == self.len() => self.len(),
            _ => self.heads.last().map_or(0, |head| head.seq + 1),
        }
    }

    /// Appends an entry of one's own. The causes in it are those that grew since the entry before.
    pub fn append(&mut self, draft: Draft) -> &Entry {
        debug_assert!(self.is_in_order(&draft, &self.causes), "because causes only grow");
        let entry = Entry::link(self.node, self.len(), self.hash_before(self.len()), draft);
        self.causes.join(&entry.draft().causes);
        self.entries.push(entry);
        &self.entries[self.entries.len() - 1]
    }

    /// Signs all entries so far. `None` where there is nothing that a head does not cover.
    pub fn sign(&mut self, signer: &impl Signer, limits: &Limits) -> Option<&SignedHead> {
        debug_assert_eq!(signer.node(), self.node, "because a node signs its own chain");
        // No batch is longer than what may stand between two heads.
        let step = limits.batch_entries_max as u64;
        while self.covered() < self.len() && self.fork.is_none() {
            let seq = self.len().min(self.covered() + step) - 1;
            let hash = self.hash_before(seq + 1);
            let head = SignedHead::sign(self.world, seq, hash, signer);
            self.insert_head(head, step);
        }
        self.heads.last()
    }

    /// The entries from a number on that the next head covers, as a batch; `None` where none is covered.
    pub fn batch(&self, first: u64) -> Option<Batch> {
        let head = self.heads.iter().find(|head| head.seq >= first);
        let (end, cover) = match (head, &self.fork) {
            (Some(head), _) => (head.seq + 1, Cover::Signature(head.signature)),
            (None, Some(fork)) if first < fork.seq && fork.seq == self.len() => (fork.seq, Cover::Fork),
            _ => return None,
        };
        let range = usize::try_from(first).ok()?..usize::try_from(end).ok()?;
        let drafts = self.entries.get(range)?.iter().map(|entry| entry.draft().clone()).collect();
        Some(Batch { node: self.node, first, previous: self.hash_before(first), drafts, cover })
    }

    /// Takes in what a peer sent: entries that are here already, new ones, or another history.
    pub fn extend(&mut self, batch: Batch, limits: &Limits) -> Result<Extended, ChainError> {
        let first = batch.first;
        if first > self.len() {
            return Err(ChainError::Gap { expected: self.len() });
        }
        if batch.previous != self.hash_before(first) {
            return Err(ChainError::Diverged { seq: first });
        }
        let cover = batch.cover.clone();
        let linked = link(self.node, batch);
        let last = linked.last().map_or(first, Entry::seq);
        self.check_cover(&linked, &cover)?;
        let end = self.fork.as_ref().map_or(u64::MAX, |fork| fork.seq);
        let known = &self.entries[first as usize..];
        let parted = known.iter().zip(&linked).find(|(known, new)| known.hash() != new.hash());
        if let Some(seq) = parted.map(|(_, new)| new.seq()) {
            let parting = linked.iter().skip((seq - first) as usize);
            let theirs = match (&cover, &self.elsewhere) {
                (Cover::Signature(signature), _) => Branch::new(parting, *signature),
                (Cover::Fork, Some(fork)) => fork.branch_behind(parting),
                // What the fork that is known here covers does not part before it.
                (Cover::Fork, None) => return Err(ChainError::PeerForged { seq }),
            };
            return self.part(seq, theirs, limits);
        }
        let mut causes = self.causes.clone();
        let new = linked.into_iter().skip(known.len()).take_while(|entry| entry.seq() < end);
        let mut added = Vec::new();
        for entry in new {
            if !self.is_in_order(entry.draft(), &causes) {
                return Err(ChainError::PeerMisordered { seq: entry.seq() });
            }
            causes.join(&entry.draft().causes);
            added.push(entry);
        }
        let count = added.len() as u64;
        self.causes = causes;
        self.entries.append(&mut added);
        if let Cover::Signature(signature) = cover
            && last < end
        {
            let hash = self.hash_before(last + 1);
            let head = SignedHead { node: self.node, seq: last, hash, signature };
            self.insert_head(head, limits.batch_entries_max as u64);
        }
        Ok(Extended::Added(count))
    }

    /// Takes in another's proof that the node has two histories.
    pub fn accept_fork(&mut self, proof: ForkProof, limits: &Limits) -> Result<Extended, ChainError> {
        let seq = proof.seq;
        if proof.node != self.node || !proof.holds(self.world, limits) {
            return Err(ChainError::PeerForged { seq });
        }
        if seq <= self.len() && proof.previous != self.hash_before(seq) {
            // Both of its branches part from what is here before they part from each other.
            self.elsewhere = Some(proof);
            return Err(ChainError::Diverged { seq });
        }
        if self.fork.as_ref().is_some_and(|known| known.seq <= seq) {
            return Ok(Extended::Added(0));
        }
        self.end_at(proof);
        Ok(Extended::Forked(seq))
    }

    /// The hash of the entry before a number that is at most the length.
    fn hash_before(&self, seq: u64) -> EntryHash {
        match seq.checked_sub(1) {
            Some(last) => self.entries[last as usize].hash(),
            None => genesis(self.world),
        }
    }

    fn check_cover(&self, linked: &[Entry], cover: &Cover) -> Result<(), ChainError> {
        let Some(last) = linked.last() else { return Ok(()) };
        let (node, seq, hash) = (self.node, last.seq(), last.hash());
        let is_covered = match (cover, &self.fork) {
            (Cover::Signature(signature), _) => {
                SignedHead { node, seq, hash, signature: *signature }.is_genuine(self.world)
            }
            (Cover::Fork, fork) => {
                let known = [fork, &self.elsewhere].into_iter().flatten();
                if !known.into_iter().any(|fork| fork.seq == seq + 1 && fork.previous == hash) {
                    return Err(ChainError::Unproved { seq });
                }
                true
            }
        };
        if is_covered { Ok(()) } else { Err(ChainError::PeerForged { seq }) }
    }

    /// The node has said something else at an entry that is here: ends the chain there, with both as proof.
    fn part(&mut self, seq: u64, theirs: Branch, limits: &Limits) -> Result<Extended, ChainError> {
        if self.fork.as_ref().is_some_and(|known| known.seq <= seq) {
            return Ok(Extended::Added(0));
        }
        let ours = self.branch(seq).ok_or(ChainError::Unsigned { seq })?;
        let proof = ForkProof::new(self.node, seq, self.hash_before(seq), [ours, theirs], limits)
            .ok_or(ChainError::ForkTooOld { seq })?;
        self.end_at(proof);
        Ok(Extended::Forked(seq))
    }

    /// The history from an entry on, with what covers it.
    fn branch(&self, seq: u64) -> Option<Branch> {
        let from = usize::try_from(seq).ok()?;
        match (self.heads.iter().find(|head| head.seq >= seq), &self.fork) {
            (Some(head), _) => {
                Some(Branch::new(self.entries[from..=head.seq as usize].iter(), head.signature))
            }
            (None, Some(fork)) if fork.seq == self.len() => {
                Some(fork.branch_behind(self.entries[from..].iter()))
            }
            _ => None,
        }
    }

    fn end_at(&mut self, proof: ForkProof) {
        self.entries.truncate(usize::try_from(proof.seq).unwrap_or(usize::MAX));
        self.heads.retain(|head| head.seq < proof.seq);
        self.causes = VectorClock::new();
        for entry in &self.entries {
            self.causes.join(&entry.draft().causes);
        }
        self.fork = Some(proof);
        self.elsewhere = None;
    }

    /// Whether an entry may follow: causes of others only, each more than was named before.
    fn is_in_order(&self, draft: &Draft, before: &VectorClock) -> bool {
        draft.causes.iter().all(|(node, count)| *node != self.node && count > before.get(node))
    }

    /// Keeps a head; those before it go that no batch has to end at.
    fn insert_head(&mut self, head: SignedHead, step: u64) {
        let at = self.heads.partition_point(|known| known.seq < head.seq);
        if self.heads.get(at).is_some_and(|known| known.seq == head.seq) {
            return;
        }
        self.heads.insert(at, head);
        // A head between two that are close enough to each other is not needed.
        let middle = at.min(self.heads.len() - 1);
        for at in [middle.saturating_sub(1), middle] {
            if at + 1 < self.heads.len() {
                let before = at.checked_sub(1).map_or(0, |before| self.heads[before].seq + 1);
                if self.heads[at + 1].seq + 1 - before <= step {
                    self.heads.remove(at);
                    return;
                }
            }
        }
    }
}

/// Links the entries of a batch.
fn link(node: NodeId, batch: Batch) -> Vec<Entry> {
    let mut previous = batch.previous;
    let mut linked = Vec::with_capacity(batch.drafts.len());
    for (seq, draft) in (batch.first..).zip(batch.drafts) {
        let entry = Entry::link(node, seq, previous, draft);
        previous = entry.hash();
        linked.push(entry);
    }
    linked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Reader, Writer};
    use crate::crypto::{NodeKey, world_id};

    const LIMITS: Limits = Limits {
        nodes_max: 8,
        payload_bytes_max: 100,
        objects_max: 4,
        batch_entries_max: 8,
        message_bytes_max: 1 << 20,
        proof_headers_max: 40,
    };

    fn key() -> NodeKey {
        NodeKey::from_secret(&[7; 32])
    }

    fn draft(text: &str) -> Draft {
        Draft { time_ms: 1, causes: VectorClock::new(), objects: Vec::new(), payload: text.as_bytes().into() }
    }

    /// A chain that says one text after the other, signed after each of the numbers.
    fn chain(texts: &[&str], signed_after: &[u64]) -> Chain {
        let mut chain = Chain::new(world_id("w"), key().node());
        for text in texts {
            chain.append(draft(text));
            if signed_after.contains(&chain.len()) {
                chain.sign(&key(), &LIMITS);
            }
        }
        chain.sign(&key(), &LIMITS);
        chain
    }

    fn texts(count: usize, from: usize, with: &str) -> Vec<alloc::string::String> {
        (0..count).map(|at| if at < from { at_text(at, "") } else { at_text(at, with) }).collect()
    }

    fn at_text(at: usize, with: &str) -> alloc::string::String {
        alloc::format!("{at}{with}")
    }

    /// A chain of so many entries that says something else from one on.
    fn branch(count: usize, from: usize, with: &str) -> Chain {
        let texts = texts(count, from, with);
        chain(&texts.iter().map(|text| &text[..]).collect::<Vec<_>>(), &[3, 4, 5, 11])
    }

    fn through_bytes(batch: &Batch) -> Batch {
        let mut out = Writer::default();
        batch.write(&mut out);
        let bytes = out.into_bytes();
        let mut reader = Reader::new(&bytes);
        let read = Batch::read(&mut reader, &LIMITS).unwrap();
        reader.end().unwrap();
        assert_eq!(&read, batch);
        read
    }

    /// Brings a copy up to a chain, batch by batch.
    fn follow(copy: &mut Chain, chain: &Chain) -> Result<Extended, ChainError> {
        let mut last = Extended::Added(0);
        let mut first = copy.len();
        while let Some(batch) = chain.batch(first) {
            first += batch.drafts.len() as u64;
            last = copy.extend(through_bytes(&batch), &LIMITS)?;
        }
        Ok(last)
    }

    fn empty() -> Chain {
        Chain::new(world_id("w"), key().node())
    }

    #[test]
    fn a_copy_is_the_chain_and_no_batch_is_longer_than_it_may_be() {
        for count in [1, 2, 7, 8, 9, 40, 100] {
            let chain = branch(count, count, "");
            assert_eq!(chain.covered(), count as u64);
            let mut copy = empty();
            follow(&mut copy, &chain).unwrap();
            assert_eq!(copy.entries(), chain.entries());
            // What came can go on from here, from any place.
            for first in 0..count as u64 {
                let batch = copy.batch(first).unwrap();
                assert!(batch.drafts.len() <= 8);
                let mut again = copy.clone();
                assert_eq!(again.extend(batch, &LIMITS), Ok(Extended::Added(0)));
            }
            assert_eq!(copy.batch(count as u64), None);
        }
    }

    #[test]
    fn what_is_forged_is_refused_whole() {
        let chain = branch(6, 6, "");
        let good = chain.batch(0).unwrap();
        let mut copy = empty();
        let refused = |batch: Batch, copy: &mut Chain| {
            let error = copy.extend(batch, &LIMITS).unwrap_err();
            assert!(copy.is_empty(), "nothing of it was taken");
            error
        };
        let mut payload = good.clone();
        payload.drafts[1].payload = b"else".as_slice().into();
        assert_eq!(refused(payload, &mut copy), ChainError::PeerForged { seq: 5 });
        let mut cut = good.clone();
        cut.drafts.pop();
        assert_eq!(refused(cut, &mut copy), ChainError::PeerForged { seq: 4 });
        let mut uncovered = good.clone();
        uncovered.cover = Cover::Fork;
        assert_eq!(refused(uncovered, &mut copy), ChainError::Unproved { seq: 5 });
        let mut elsewhere = Chain::new(world_id("other"), key().node());
        assert_eq!(elsewhere.extend(good.clone(), &LIMITS), Err(ChainError::Diverged { seq: 0 }));
        let mut moved = good.clone();
        moved.first = 1;
        assert_eq!(refused(moved, &mut copy), ChainError::Gap { expected: 0 });
        let mut selfish = Chain::new(world_id("w"), key().node());
        selfish.entries.push(Entry::link(
            key().node(),
            0,
            genesis(world_id("w")),
            Draft { causes: [(key().node(), 1)].into_iter().collect(), ..draft("me") },
        ));
        selfish.sign(&key(), &LIMITS);
        assert_eq!(refused(selfish.batch(0).unwrap(), &mut copy), ChainError::PeerMisordered { seq: 0 });
        copy.extend(good, &LIMITS).unwrap();
    }

    #[test]
    fn two_histories_end_where_they_part_in_whatever_order_they_are_seen() {
        let (a, b, c) = (branch(12, 5, "a"), branch(9, 5, "b"), branch(10, 2, "c"));
        let see = |order: [&Chain; 3]| {
            let mut copy = empty();
            for chain in order {
                let first = copy.len().min(2);
                for first in [first, 0] {
                    let _ = chain.batch(first).map(|batch| copy.extend(batch, &LIMITS));
                }
                let _ = follow(&mut copy, chain);
            }
            // Each is seen once more, from its start.
            for chain in order {
                let mut first = 0;
                while let Some(batch) = chain.batch(first) {
                    first += batch.drafts.len() as u64;
                    let _ = copy.extend(batch, &LIMITS);
                }
            }
            copy
        };
        let expected = see([&a, &b, &c]);
        assert_eq!(expected.fork().map(|fork| fork.seq), Some(2));
        assert_eq!(expected.entries(), &a.entries()[..2]);
        for order in [[&a, &c, &b], [&b, &a, &c], [&b, &c, &a], [&c, &a, &b], [&c, &b, &a]] {
            let copy = see(order);
            assert_eq!(copy.entries(), expected.entries());
            assert_eq!(copy.fork().map(|fork| fork.seq), Some(2));
            assert!(copy.fork().unwrap().holds(world_id("w"), &LIMITS));
        }
    }

    #[test]
    fn the_proof_of_a_fork_convinces_who_saw_neither_history_and_nothing_else_does() {
        let (a, b) = (branch(12, 5, "a"), branch(9, 5, "b"));
        let mut witness = empty();
        follow(&mut witness, &a).unwrap();
        assert_eq!(witness.extend(b.batch(5).unwrap(), &LIMITS), Ok(Extended::Forked(5)));
        assert_eq!((witness.len(), witness.covered()), (5, 5));
        let proof = witness.fork().unwrap().clone();
        let mut out = Writer::default();
        proof.write(&mut out);
        let bytes = out.into_bytes();
        assert_eq!(ForkProof::read(&mut Reader::new(&bytes), &LIMITS).as_ref(), Ok(&proof));
        // Who saw nothing takes the proof, and then the entries up to it.
        let mut copy = empty();
        assert_eq!(copy.accept_fork(proof.clone(), &LIMITS), Ok(Extended::Forked(5)));
        follow(&mut copy, &witness).unwrap();
        assert_eq!(copy.entries(), &a.entries()[..5]);
        follow(&mut copy, &a).unwrap();
        assert_eq!(copy.len(), 5, "nothing goes behind a fork");
        // A byte of it changed: no proof.
        let mut changed = 0;
        for at in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[at] ^= 1;
            if let Ok(forged) = ForkProof::read(&mut Reader::new(&forged), &LIMITS) {
                assert!(!forged.holds(world_id("w"), &LIMITS), "byte {at}");
                changed += 1;
            }
        }
        assert!(changed > bytes.len() / 2);
        assert!(!proof.holds(world_id("other"), &LIMITS));
        // One history twice.
        let twice = Branch::new(a.entries()[5..].iter(), a.heads.last().unwrap().signature);
        let same = ForkProof::new(a.node(), 5, proof.previous, [twice.clone(), twice], &LIMITS).unwrap();
        assert!(!same.holds(world_id("w"), &LIMITS));
    }

    #[test]
    fn a_fork_of_ones_own_unsigned_entries_waits_for_their_signature() {
        let mut own = branch(5, 5, "");
        let mut other = own.clone();
        own.append(draft("one"));
        other.append(draft("two"));
        other.sign(&key(), &LIMITS);
        let batch = other.batch(5).unwrap();
        assert_eq!(own.extend(batch.clone(), &LIMITS), Err(ChainError::Unsigned { seq: 5 }));
        own.sign(&key(), &LIMITS);
        assert_eq!(own.extend(batch, &LIMITS), Ok(Extended::Forked(5)));
    }
}
