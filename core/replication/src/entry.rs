//! One step of a node's history: what it says, what it stands on, and its link to the step before.
//!
//! The hash covers a header that holds the payload's own hash, so that links can be shown without payloads. A [`Draft`]
//! came from somewhere; an [`Entry`] has its place in a chain. Knows no signatures.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::clock::VectorClock;
use crate::codec::{DecodeError, Reader, Writer};
use crate::crypto::sha256;
use crate::id::{EntryHash, NodeId, ObjectKey, WorldId};
use crate::limits::Limits;

/// The version of the header's form.
const VERSION: u64 = 1;

/// What an entry says, without its place in a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Milliseconds since the epoch, by the node's own clock: for people, nothing is decided by it.
    pub time_ms: i64,
    /// What the node had seen of others since its entry before: their counts, where they grew.
    pub causes: VectorClock,
    /// Objects that have to be here before the entry can be acted on.
    pub objects: Vec<ObjectKey>,
    /// What it says; opaque here.
    pub payload: Arc<[u8]>,
}

/// A draft in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    node: NodeId,
    seq: u64,
    previous: EntryHash,
    draft: Draft,
    hash: EntryHash,
}

/// What an entry's hash is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Who wrote it.
    pub node: NodeId,
    /// Its number in the chain, from 0.
    pub seq: u64,
    /// The hash of the entry before it; of the first, the world's id.
    pub previous: EntryHash,
}

impl Entry {
    /// Puts a draft behind the entry of a hash.
    pub(crate) fn link(node: NodeId, seq: u64, previous: EntryHash, draft: Draft) -> Self {
        let hash = EntryHash(sha256(&header_bytes(node, seq, previous, &draft)));
        Self { node, seq, previous, draft, hash }
    }

    /// Who wrote it.
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// Its number in the chain, from 0.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The hash of the entry before it.
    pub const fn previous(&self) -> EntryHash {
        self.previous
    }

    /// Its own.
    pub const fn hash(&self) -> EntryHash {
        self.hash
    }

    /// What it says.
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The bytes that it is the hash of: a list of version, node, number, the hash before it, time, causes, objects and
    /// the payload's SHA-256.
    pub fn header(&self) -> Vec<u8> {
        header_bytes(self.node, self.seq, self.previous, &self.draft)
    }
}

impl Header {
    /// Reads what links a header to the one before it.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.list_of(8)?;
        if reader.number()? != VERSION {
            return Err(reader.error("it is of another version"));
        }
        let node = NodeId(reader.name()?);
        let seq = reader.number()?;
        let previous = EntryHash(reader.name()?);
        reader.signed()?;
        reader.clock(limits.nodes_max)?;
        reader.objects(limits.objects_max)?;
        reader.name()?;
        reader.end()?;
        Ok(Self { node, seq, previous })
    }
}

impl Draft {
    /// Appends it to a message.
    pub(crate) fn write(&self, out: &mut Writer) {
        out.list(4);
        out.signed(self.time_ms);
        out.clock(&self.causes);
        out.objects(&self.objects);
        out.bytes(&self.payload);
    }

    /// Reads it off a message.
    pub(crate) fn read(reader: &mut Reader<'_>, limits: &Limits) -> Result<Self, DecodeError> {
        reader.list_of(4)?;
        let time_ms = reader.signed()?;
        let causes = reader.clock(limits.nodes_max)?;
        let objects = reader.objects(limits.objects_max)?;
        let payload = reader.bytes()?;
        if payload.len() > limits.payload_bytes_max {
            return Err(reader.error("a payload is longer than payload_bytes_max"));
        }
        Ok(Self { time_ms, causes, objects, payload: payload.into() })
    }
}

/// What the first entry of a world's chains follows.
pub(crate) const fn genesis(world: WorldId) -> EntryHash {
    EntryHash(world.0)
}

fn header_bytes(node: NodeId, seq: u64, previous: EntryHash, draft: &Draft) -> Vec<u8> {
    let mut out = Writer::default();
    out.list(8);
    out.number(VERSION);
    out.bytes(&node.0);
    out.number(seq);
    out.bytes(&previous.0);
    out.signed(draft.time_ms);
    out.clock(&draft.causes);
    out.objects(&draft.objects);
    out.bytes(&sha256(&draft.payload));
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            time_ms: 1_700_000_000_000,
            causes: [(NodeId([3; 32]), 2)].into_iter().collect(),
            objects: [[5; 20]].into(),
            payload: b"what it says".as_slice().into(),
        }
    }

    #[test]
    fn every_part_of_an_entry_is_in_its_hash() {
        let link = |change: &dyn Fn(&mut NodeId, &mut u64, &mut EntryHash, &mut Draft)| {
            let (mut node, mut seq, mut previous, mut draft) =
                (NodeId([1; 32]), 4, EntryHash([2; 32]), draft());
            change(&mut node, &mut seq, &mut previous, &mut draft);
            Entry::link(node, seq, previous, draft).hash()
        };
        let hashes = [
            link(&|_, _, _, _| {}),
            link(&|node, _, _, _| node.0[0] ^= 1),
            link(&|_, seq, _, _| *seq += 1),
            link(&|_, _, previous, _| previous.0[0] ^= 1),
            link(&|_, _, _, draft| draft.time_ms += 1),
            link(&|_, _, _, draft| draft.causes.set(&NodeId([3; 32]), 3)),
            link(&|_, _, _, draft| draft.objects[0][0] ^= 1),
            link(&|_, _, _, draft| draft.objects.clear()),
            link(&|_, _, _, draft| draft.payload = b"What it says".as_slice().into()),
        ];
        for (at, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..at].contains(hash), "change {at} left the hash as it was");
        }
    }

    #[test]
    fn drafts_and_headers_survive_their_bytes() {
        let limits = Limits::default();
        let mut out = Writer::default();
        draft().write(&mut out);
        let bytes = out.into_bytes();
        assert_eq!(Draft::read(&mut Reader::new(&bytes), &limits), Ok(draft()));
        let entry = Entry::link(NodeId([1; 32]), 4, EntryHash([2; 32]), draft());
        let header = Header::decode(&entry.header(), &limits).unwrap();
        assert_eq!((header.node, header.seq, header.previous), (entry.node(), 4, entry.previous()));
        assert_eq!(EntryHash(sha256(&entry.header())), entry.hash());
        let narrow = Limits { payload_bytes_max: 3, ..limits };
        assert!(Draft::read(&mut Reader::new(&bytes), &narrow).is_err());
    }
}
