//! One end of a link between two peers: brings the other side what it lacks, at the pace at which it says that it came.
//!
//! A machine without IO: messages go in by [`Session::receive`], and come out of [`Session::next_message`] until there is
//! none. A link may lose, double and reorder: what is missing is noticed and sent again. Knows no sockets, no clock; the
//! host says when it has been quiet for too long.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;

use crate::chain::{Chain, ChainError, Extended};
use crate::clock::VectorClock;
use crate::id::NodeId;
use crate::log::{Log, LogError};
use crate::sync::message::Message;

/// Entries that may be on their way before the other side has said that some came. With 1,024 in a batch, at most four
/// batches lie in the queues of a slow peer.
const WINDOW_ENTRIES: u64 = 4096;

/// Why a link has to end: the peer breaks the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// It speaks of another world.
    PeerInOtherWorld,
    /// What it sends cannot be.
    PeerRefused(LogError),
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerInOtherWorld => f.write_str("the peer is in another world"),
            Self::PeerRefused(error) => write!(f, "what the peer sends is refused: {error}"),
        }
    }
}

impl core::error::Error for SessionError {}

/// What a message did to the log here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    /// Nothing.
    Nothing,
    /// It has so many entries more.
    Entries(u64),
    /// A node turned out to have two histories: see [`Log::admit`].
    Forked(NodeId),
    /// It is for the layer above.
    Above(Vec<u8>),
}

/// One end of a link.
#[derive(Debug, Default)]
pub struct Session {
    /// What the peer has said that it has; `None` before its hello.
    has: Option<VectorClock>,
    /// What it has, once all that is on its way has come.
    sent: VectorClock,
    /// Forks that the peer knows, and where.
    forks: BTreeMap<NodeId, u64>,
    /// Whether to say hello, or say it again.
    greets: bool,
    /// What came and was taken, that the peer has not been told of.
    came: VectorClock,
    /// Chains to ask for, from their start.
    asks: BTreeSet<NodeId>,
}

impl Session {
    /// A link that was just made.
    pub fn new() -> Self {
        Self { greets: true, ..Self::default() }
    }

    /// What the peer has said that it has.
    pub fn peer_has(&self) -> Option<&VectorClock> {
        self.has.as_ref()
    }

    /// How many entries are on their way to the peer.
    pub fn on_the_way(&self) -> u64 {
        let has = self.has.as_ref().unwrap_or(const { &VectorClock::new() });
        self.sent.missing_from(has).map(|(_, range)| range.end - range.start).sum()
    }

    /// Says hello again: what was lost on the way will be sent once more. For a link that has been quiet for too long
    /// while something is on its way, or that lost messages.
    pub fn resume(&mut self) {
        self.greets = true;
        if let Some(has) = &self.has {
            self.sent = has.clone();
        }
    }

    /// Takes in a message.
    pub fn receive(&mut self, log: &mut Log, message: Message) -> Result<Received, SessionError> {
        if self.has.is_none() && !matches!(message, Message::Hello { .. }) {
            // Its hello was lost, or comes later: it says it again.
            self.greets = true;
            return Ok(Received::Nothing);
        }
        match message {
            Message::Hello { world, has, forks, asks } => {
                if world != log.world() {
                    return Err(SessionError::PeerInOtherWorld);
                }
                self.sent = has.clone();
                self.has = Some(has);
                self.forks = forks.into_iter().collect();
                self.greets |= asks;
                Ok(Received::Nothing)
            }
            Message::Batch(batch) => {
                let (node, end) = (batch.node, batch.first + batch.drafts.len() as u64);
                let admitted = log.admit(batch);
                if admitted.is_ok() {
                    self.sent.raise(&node, end);
                    self.has.get_or_insert_default().raise(&node, end);
                    self.came.raise(&node, end);
                }
                self.received(node, admitted)
            }
            Message::Fork(proof) => {
                let (node, seq) = (proof.node, proof.seq);
                self.forks.insert(node, seq);
                self.received(node, log.admit_fork(proof))
            }
            Message::Has(has) => {
                self.sent.join(&has);
                self.has.get_or_insert_default().join(&has);
                Ok(Received::Nothing)
            }
            Message::Ask { node, first } => {
                self.sent.set(&node, first.min(self.sent.get(&node)));
                self.has.get_or_insert_default().set(&node, first.min(self.sent.get(&node)));
                Ok(Received::Nothing)
            }
            Message::Above(bytes) => Ok(Received::Above(bytes)),
        }
    }

    /// The next message to send; `None` where there is nothing to say, or where too much is on its way.
    pub fn next_message(&mut self, log: &Log) -> Option<Message> {
        if core::mem::take(&mut self.greets) {
            let forks = log.chains().filter_map(|chain| Some((chain.node(), chain.fork()?.seq))).collect();
            let asks = self.has.is_none();
            return Some(Message::Hello { world: log.world(), has: log.covered(), forks, asks });
        }
        self.has.as_ref()?;
        if let Some(node) = self.asks.pop_first() {
            return Some(Message::Ask { node, first: 0 });
        }
        if !self.came.is_empty() {
            return Some(Message::Has(core::mem::take(&mut self.came)));
        }
        if let Some(fork) =
            log.chains().filter_map(Chain::fork).find(|fork| self.is_news(fork.node, fork.seq))
        {
            self.forks.insert(fork.node, fork.seq);
            return Some(Message::Fork(fork.clone()));
        }
        self.next_batch(log)
    }

    fn next_batch(&mut self, log: &Log) -> Option<Message> {
        if self.on_the_way() >= WINDOW_ENTRIES {
            return None;
        }
        // What is not ready waits for objects that the peer could not get from here either.
        let covered = log.covered();
        let mut missing = covered.missing_from(&self.sent);
        let batch = missing.find_map(|(node, range)| {
            let batch = log.chain(node)?.batch(range.start)?;
            (batch.first + batch.drafts.len() as u64 <= log.clock().get(node)).then_some(batch)
        })?;
        drop(missing);
        self.sent.raise(&batch.node, batch.first + batch.drafts.len() as u64);
        Some(Message::Batch(batch))
    }

    /// Whether the peer may not know that a node parts there, or earlier.
    fn is_news(&self, node: NodeId, seq: u64) -> bool {
        self.forks.get(&node).is_none_or(|known| *known > seq)
    }

    fn received(
        &mut self,
        node: NodeId,
        admitted: Result<Extended, LogError>,
    ) -> Result<Received, SessionError> {
        match admitted {
            Ok(Extended::Added(0)) => Ok(Received::Nothing),
            Ok(Extended::Added(count)) => Ok(Received::Entries(count)),
            Ok(Extended::Forked(_)) => Ok(Received::Forked(node)),
            Err(LogError::Chain { error: ChainError::Gap { .. } | ChainError::Unproved { .. }, .. }) => {
                // Something before it was lost: the hello says what is here.
                self.greets = true;
                Ok(Received::Nothing)
            }
            Err(LogError::Chain { error: ChainError::Diverged { .. }, .. }) => {
                self.asks.insert(node);
                Ok(Received::Nothing)
            }
            Err(LogError::Chain {
                error: ChainError::Unsigned { .. } | ChainError::ForkTooOld { .. },
                ..
            }) => Ok(Received::Nothing),
            Err(error) => Err(SessionError::PeerRefused(error)),
        }
    }
}
