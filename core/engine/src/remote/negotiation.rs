//! Rounds of a fetch: which commits to name in which request, until the server sends a pack.

use alloc::vec::Vec;

use govc_git::store::IdMap;
use govc_git::transport::client::Negotiator;
use govc_git::{Kind, ObjectId, ObjectSource};

use crate::Repository;
use crate::error::Result;

/// Commits that the first request names; each further one names twice as many as the one before.
const ROUND_FIRST: usize = 16;
/// From so many on, rounds grow by a tenth only.
const ROUND_LARGE: usize = 16 << 10;
/// Commits that are named in vain, once something is known to be common, before the rest is not worth it.
const IN_VAIN_MAX: usize = 256;

/// What was said, and what the server knew of it.
#[derive(Default)]
pub(super) struct Negotiation {
    negotiator: Negotiator,
    /// What both sides have: each request says it again.
    pub(super) common: Vec<ObjectId>,
    /// What the current request names beside that.
    pub(super) haves: Vec<ObjectId>,
    /// The current request says that nothing more follows.
    pub(super) is_done: bool,
    pub(super) named: usize,
    round: usize,
    in_vain: usize,
}

impl Negotiation {
    /// Starts from all refs here; `theirs` are what the server's refs lead to.
    pub(super) fn new(repository: &Repository, theirs: &[ObjectId]) -> Result<Self> {
        let mut negotiation = Self { round: ROUND_FIRST, ..Self::default() };
        let (mut graph, store) = (repository.graph.borrow_mut(), &repository.store);
        for id in theirs.iter().filter(|id| store.contains(id)) {
            if let Ok((Kind::Commit, id)) = store.peel_tags(id) {
                negotiation.negotiator.add_common(&mut graph, store, &id)?;
            }
        }
        for (name, _) in repository.refs.iter_prefix(b"refs/") {
            if let Ok(Some(id)) = repository.refs.resolve(name.as_ref())
                && let Ok((Kind::Commit, id)) = store.peel_tags(&id)
            {
                negotiation.negotiator.add_tip(&mut graph, store, &id)?;
            }
        }
        Ok(negotiation)
    }

    /// Chooses what the next request names.
    pub(super) fn begin_round(&mut self, repository: &Repository) -> Result<()> {
        let mut graph = repository.graph.borrow_mut();
        self.haves.clear();
        while self.haves.len() < self.round {
            match self.negotiator.next(&mut graph, &repository.store)? {
                Some(id) => self.haves.push(id),
                None => break,
            }
        }
        self.named += self.haves.len();
        self.in_vain += self.haves.len();
        let is_vain = !self.common.is_empty() && self.in_vain >= IN_VAIN_MAX;
        self.is_done = self.haves.is_empty() || is_vain;
        self.round = if self.round < ROUND_LARGE { self.round * 2 } else { self.round + self.round / 10 };
        Ok(())
    }

    /// Takes what the server knows of what was named; what was not named is passed over.
    pub(super) fn take(&mut self, repository: &Repository, known: &[ObjectId]) {
        let graph = repository.graph.borrow();
        let mut open: IdMap<bool> = IdMap::default();
        open.extend(self.haves.iter().map(|id| (*id, true)));
        for id in known {
            if let Some(is_open) = open.get_mut(id).filter(|is_open| **is_open) {
                *is_open = false;
                self.negotiator.acknowledge(&graph, id);
                self.common.push(*id);
                self.in_vain = 0;
            }
        }
    }
}
