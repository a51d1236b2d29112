//! One node's part in a world: its log, what the log says of the realities that it shares, and its links to peers.
//!
//! A machine without IO. What is local is said before what came from others is taken over, so that a reality only moves
//! from where the world knows it to be. Order of the host: [`World::publish`], keep what is new, [`World::seal`], send what
//! [`World::next_message`] gives; then [`World::receive`] what comes, and [`World::absorb`].

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec::Vec;

use bstr::{BString, ByteSlice};
use govc_git::glob::Globs;
use govc_git::name_map::NameMap;
use govc_git::pack::PackReceiver;
use govc_git::refs::{NewValue, RefName, RefUpdate};
use govc_git::{ObjectId, ObjectSource};
use govc_replication::clock::VectorClock;
use govc_replication::codec::{DecodeError, Reader, Writer};
use govc_replication::crypto::{Signer, world_id};
use govc_replication::id::{NodeId, OBJECT_BYTES, ObjectKey};
use govc_replication::limits::Limits;
use govc_replication::log::{Log, LogError};
use govc_replication::sync::message::Message;
use govc_replication::sync::session::{Received, Session};

use super::converge::Converged;
use super::moves::Moves;
use super::view::View;
use crate::error::{Error, ErrorCode, Result};
use crate::repository::expected;
use crate::{Env, PackExport, Repository};

/// Most commits that are named as already here when objects are asked for.
const HAVES_MAX: usize = 256;
/// Most objects that are asked for at once.
const WANTS_MAX: usize = 4096;

/// What a world has told of that the log of operations does not show.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorldEvent {
    /// A node has two histories; what it said from this entry on is void.
    Forked {
        /// The node.
        node: NodeId,
        /// The first entry that is void.
        seq: u64,
    },
    /// The heads of a reality conflict: it shows the first of them until somebody commits on top of all.
    Conflict {
        /// The reality.
        reality: BString,
        /// The heads, in the order of their ids.
        heads: Vec<ObjectId>,
    },
}

/// What was taken over.
#[derive(Clone, Debug, Default)]
pub struct Absorbed {
    /// How many realities moved.
    pub moved: usize,
    /// What else there is to tell.
    pub events: Vec<WorldEvent>,
}

/// A link to a peer, and the objects that go over it.
struct Peer {
    session: Session,
    receiving: Option<Box<PackReceiver>>,
    sending: Option<Box<PackExport>>,
    /// Objects that it was asked for, and that it has not sent.
    asked: BTreeSet<ObjectKey>,
    /// Whether an answer is still to come.
    waits: bool,
}

/// What peers say to each other of objects.
enum Objects {
    Want { wants: Vec<ObjectKey>, haves: Vec<ObjectKey> },
    Pack { piece: Vec<u8>, is_last: bool },
}

/// A node's part in a world.
pub struct World {
    node: NodeId,
    log: Log,
    view: View,
    /// Realities that are shared, and where the world knows them to be.
    shared: NameMap<BString, Option<ObjectId>>,
    /// Whose realities of others are taken over.
    follows: Option<Globs>,
    /// Realities whose heads conflict.
    conflicts: NameMap<BString, Vec<ObjectId>>,
    peers: BTreeMap<u32, Peer>,
    /// Realities that were published while in conflict: what all show has to be found anew.
    unsettled: BTreeSet<BString>,
    /// Forks that came out since the last look.
    forked: Vec<WorldEvent>,
    needs_refold: bool,
}

impl World {
    /// A node's part in the world of a name, without anything shared.
    pub fn new(name: &str, node: NodeId, limits: Limits) -> Self {
        Self {
            node,
            log: Log::new(world_id(name), limits),
            view: View::default(),
            shared: NameMap::new(),
            follows: None,
            conflicts: NameMap::new(),
            peers: BTreeMap::new(),
            unsettled: BTreeSet::new(),
            forked: Vec::new(),
            needs_refold: false,
        }
    }

    /// All entries that are here.
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// What this node knows: how many entries of each node were taken over.
    pub const fn clock(&self) -> &VectorClock {
        self.log.clock()
    }

    /// The heads of a reality that conflict; none where it is at peace.
    pub fn conflict(&self, reality: &[u8]) -> &[ObjectId] {
        self.conflicts.get(reality.as_bstr()).map_or(&[], Vec::as_slice)
    }

    /// Shares a reality from now on: where it is here becomes known, and where others move it is taken over.
    pub fn share(&mut self, reality: &RefName) {
        let name = BString::from(reality.short());
        self.shared.get_or_insert_with(name, || None);
    }

    /// Takes over the realities of others whose names match, too; with `None`, only those that are shared here.
    pub fn follow(&mut self, names: Option<Globs>) {
        self.follows = names;
        // What others have said of them so far counts as well.
        self.unsettled.extend(self.view.realities().cloned());
    }

    /// What a peer has said that it has.
    pub fn peer_has(&self, peer: u32) -> Option<&VectorClock> {
        self.peers.get(&peer)?.session.peer_has()
    }

    /// Says where shared realities have been moved here since the world was last told; whether there was something to say.
    /// The entry is known to others once it is sealed.
    pub fn publish(&mut self, repository: &Repository, env: &Env) -> Result<bool> {
        let mut realities = Vec::new();
        for (name, known) in self.shared.iter() {
            let here = repository.head_of(name)?;
            if here != *known {
                realities.push((name.clone(), self.heads_with(name, here, repository)?));
            }
        }
        if realities.is_empty() {
            return Ok(false);
        }
        let last = repository.operations().last();
        let (kind, description) =
            last.map_or(("share", "share".into()), |last| (last.kind.name(), last.description.clone()));
        let objects = realities.iter().flat_map(|(_, heads)| heads).map(|id| *id.as_bytes()).collect();
        let moves = Moves { kind: kind.into(), description, realities };
        let entry = self
            .log
            .append(self.node, env.now_ms, objects, &moves.encode())
            .map_err(|error| refused(&error))?;
        self.view.apply(entry);
        for (name, heads) in moves.realities {
            self.shared.insert(name.clone(), heads.first().copied());
            match heads.len() {
                0 | 1 => drop(self.conflicts.remove(name.as_bstr())),
                _ => {
                    self.unsettled.insert(name.clone());
                    self.conflicts.insert(name, heads);
                }
            }
        }
        Ok(true)
    }

    /// The heads of a reality that has been moved here: where it is, and those in conflict that this does not contain.
    fn heads_with(
        &self,
        name: &BString,
        here: Option<ObjectId>,
        repository: &Repository,
    ) -> Result<Vec<ObjectId>> {
        let mut heads: Vec<ObjectId> = here.into_iter().collect();
        for head in self.conflict(name) {
            let is_contained = match &here {
                Some(here) => repository.is_ancestor(head, here)?,
                // Who deletes it means all of it.
                None => true,
            };
            if !is_contained {
                heads.push(*head);
            }
        }
        Ok(heads)
    }

    /// Signs what was published: from here on it is shown to peers. What the entries name has to be kept before.
    pub fn seal(&mut self, signer: &impl Signer) {
        self.log.sign(signer);
    }

    /// Links a peer, by a number of the host's; a former link of that number is forgotten.
    pub fn connect(&mut self, peer: u32) {
        let session = Session::new();
        let peer_state =
            Peer { session, receiving: None, sending: None, asked: BTreeSet::new(), waits: false };
        self.peers.insert(peer, peer_state);
    }

    /// Forgets a link.
    pub fn disconnect(&mut self, peer: u32) {
        self.peers.remove(&peer);
    }

    /// Says hello again to a peer that has been quiet for too long.
    pub fn resume(&mut self, peer: u32) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.session.resume();
            (peer.receiving, peer.sending, peer.waits) = (None, None, false);
            peer.asked.clear();
        }
    }

    /// Takes in a message of a peer. An error ends the link: the peer breaks the rules.
    pub fn receive(&mut self, peer: u32, bytes: &[u8], repository: &mut Repository) -> Result<()> {
        let message = Message::decode(bytes, self.log.limits()).map_err(|error| garbled(&error))?;
        let Some(link) = self.peers.get_mut(&peer) else { return Ok(()) };
        let received = link
            .session
            .receive(&mut self.log, message)
            .map_err(|error| Error::new(ErrorCode::Protocol, format!("{error}")))?;
        match received {
            Received::Above(bytes) => self.receive_objects(peer, &bytes, repository),
            Received::Forked(node) => {
                let seq = self.log.chain(&node).and_then(|chain| chain.fork()).map_or(0, |fork| fork.seq);
                self.forked.push(WorldEvent::Forked { node, seq });
                self.needs_refold = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The next message for a peer; `None` where there is nothing to say.
    pub fn next_message(&mut self, peer: u32, repository: &Repository) -> Result<Option<Vec<u8>>> {
        let Some(link) = self.peers.get_mut(&peer) else { return Ok(None) };
        if let Some(message) = link.session.next_message(&self.log) {
            return Ok(Some(message.encode()));
        }
        if let Some(export) = &mut link.sending {
            let chunk = repository.export_chunk(export)?;
            let is_last = chunk.is_none();
            if is_last {
                link.sending = None;
            }
            return Ok(Some(Objects::Pack { piece: chunk.unwrap_or_default(), is_last }.message()));
        }
        if link.waits || link.session.peer_has().is_none() {
            return Ok(None);
        }
        let missing = self.log.missing_objects().filter(|object| !link.asked.contains(*object));
        let wants: Vec<ObjectKey> = missing.take(WANTS_MAX).copied().collect();
        if wants.is_empty() {
            return Ok(None);
        }
        link.asked.extend(&wants);
        link.waits = true;
        let tips = self.shared.iter().filter_map(|(_, target)| *target);
        let haves = tips.take(HAVES_MAX).map(|id| *id.as_bytes()).collect();
        Ok(Some(Objects::Want { wants, haves }.message()))
    }

    /// Takes over what others did, as far as its causes and its objects are here: realities move, as one operation.
    pub fn absorb(&mut self, repository: &mut Repository, env: &Env) -> Result<Absorbed> {
        self.publish(repository, env)?;
        let mut changed = core::mem::take(&mut self.unsettled);
        if core::mem::take(&mut self.needs_refold) {
            changed.extend(self.view.realities().cloned());
            self.view = View::default();
            self.log.restart();
        }
        let store = repository.store();
        let is_here = |key: &ObjectKey| store.contains(&ObjectId::from_bytes(*key));
        while let Some(entry) = self.log.next_ready(&is_here) {
            changed.extend(self.view.apply(entry));
        }
        let mut absorbed = Absorbed { moved: 0, events: core::mem::take(&mut self.forked) };
        let mut updates = Vec::new();
        for name in changed {
            let is_followed = self.follows.as_ref().is_some_and(|names| names.matches(&name));
            if is_followed || self.shared.contains_key(name.as_bstr()) {
                self.settle(name, repository, &mut updates, &mut absorbed)?;
            }
        }
        absorbed.moved = repository.take_over_shared(&updates, env)?;
        Ok(absorbed)
    }

    /// Finds where a reality goes, and notes it as known.
    fn settle(
        &mut self,
        name: BString,
        repository: &mut Repository,
        updates: &mut Vec<RefUpdate>,
        absorbed: &mut Absorbed,
    ) -> Result<()> {
        // A name that git has not is nobody's here.
        let Ok(ref_name) = RefName::branch(&name) else { return Ok(()) };
        let heads = self.view.heads(name.as_bstr()).unwrap_or_default();
        self.conflicts.remove(name.as_bstr());
        let target = match heads.is_empty() {
            true => None,
            false => match repository.converge(&heads)? {
                Converged::One(commit) => Some(commit),
                Converged::Conflict { shown, heads, .. } => {
                    self.conflicts.insert(name.clone(), heads.clone());
                    absorbed.events.push(WorldEvent::Conflict { reality: name.clone(), heads });
                    Some(shown)
                }
            },
        };
        let here = repository.head_of(&name)?;
        if here != target {
            let new = target.map_or(NewValue::Delete, NewValue::Set);
            updates.push(RefUpdate { name: ref_name, expected: expected(here), new });
        }
        self.shared.insert(name, target);
        Ok(())
    }

    fn receive_objects(&mut self, peer: u32, bytes: &[u8], repository: &mut Repository) -> Result<()> {
        let objects = Objects::decode(bytes).map_err(|error| garbled(&error))?;
        let Some(link) = self.peers.get_mut(&peer) else { return Ok(()) };
        match objects {
            Objects::Want { wants, haves } => {
                let here = |keys: Vec<ObjectKey>| -> Vec<ObjectId> {
                    let ids = keys.into_iter().map(ObjectId::from_bytes);
                    ids.filter(|id| repository.store().contains(id)).collect()
                };
                link.sending = Some(Box::new(repository.export(Some(here(wants)), here(haves))?));
                Ok(())
            }
            Objects::Pack { piece, is_last } => {
                if !link.waits {
                    // An answer to what was asked before the link was taken up anew.
                    return Ok(());
                }
                let limits = *repository.limits();
                let receiver = link.receiving.get_or_insert_with(|| Box::new(PackReceiver::new(limits)));
                repository.ensure_room(receiver.received_bytes() + piece.len() as u64)?;
                let pushed = receiver.push(&piece);
                if !is_last && pushed.is_ok() {
                    return Ok(());
                }
                // Where a piece was lost or garbled, it is asked for again when the link is taken up anew.
                link.waits = false;
                let Some(receiver) = link.receiving.take() else { return Ok(()) };
                pushed?;
                let pack = receiver.end()?.finish(repository.store())?;
                if !pack.is_empty() {
                    repository.load_pack(pack)?;
                    self.log.objects_came();
                }
                Ok(())
            }
        }
    }
}

impl Objects {
    /// Its bytes: a list of 0, the wants and the haves, or of 1, a piece of a pack and 1 where it is the last.
    fn message(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.list(3);
        match self {
            Self::Want { wants, haves } => {
                out.number(0);
                out.objects(wants);
                out.objects(haves);
            }
            Self::Pack { piece, is_last } => {
                out.number(1);
                out.bytes(piece);
                out.number(u64::from(*is_last));
            }
        }
        Message::Above(out.into_bytes()).encode()
    }

    fn decode(bytes: &[u8]) -> core::result::Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.list_of(3)?;
        let objects = match reader.number()? {
            0 => Self::Want { wants: reader.objects(WANTS_MAX)?, haves: reader.objects(HAVES_MAX)? },
            1 => Self::Pack { piece: reader.bytes()?.to_vec(), is_last: reader.number()? == 1 },
            _ => return Err(reader.error("nothing of objects is of this number")),
        };
        reader.end()?;
        Ok(objects)
    }
}

const _: () = assert!(OBJECT_BYTES == ObjectId::LEN, "an object's key is git's id");

fn refused(error: &LogError) -> Error {
    Error::new(ErrorCode::LimitExceeded, format!("{error}"))
}

fn garbled(error: &DecodeError) -> Error {
    Error::new(ErrorCode::Protocol, format!("a peer's message is garbled: {error}"))
}
