//! Messages between two peers, each a CBOR list that begins with its number.

use alloc::vec::Vec;

use crate::batch::Batch;
use crate::clock::VectorClock;
use crate::codec::{DecodeError, Reader, Writer};
use crate::fork::ForkProof;
use crate::id::{NodeId, WorldId};
use crate::limits::Limits;

/// The version of what peers say to each other.
const VERSION: u64 = 1;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// What its sender has: the first message of a link, and once more whenever something got lost.
    Hello {
        /// The world that it is about.
        world: WorldId,
        /// How many entries of each node the sender has.
        has: VectorClock,
        /// Nodes whose fork it knows, and where they part; in the order of the nodes.
        forks: Vec<(NodeId, u64)>,
        /// Whether it has not heard the other side's hello.
        asks: bool,
    },
    /// Entries.
    Batch(Batch),
    /// The proof that a node has two histories.
    Fork(ForkProof),
    /// So much has arrived.
    Has(VectorClock),
    /// The histories of a node differ: send what there is of it from this entry on.
    Ask {
        /// The node.
        node: NodeId,
        /// The first entry.
        first: u64,
    },
    /// Something of the layer above, such as objects.
    Above(Vec<u8>),
}

impl Message {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            Self::Hello { world, has, forks, asks } => {
                out.list(6);
                out.number(0);
                out.number(VERSION);
                out.bytes(&world.0);
                out.clock(has);
                out.clock(&forks.iter().map(|(node, seq)| (*node, seq + 1)).collect());
                out.number(u64::from(*asks));
            }
            Self::Batch(batch) => {
                out.list(2);
                out.number(1);
                batch.write(&mut out);
            }
            Self::Fork(proof) => {
                out.list(2);
                out.number(2);
                proof.write(&mut out);
            }
            Self::Has(clock) => {
                out.list(2);
                out.number(3);
                out.clock(clock);
            }
            Self::Ask { node, first } => {
                out.list(3);
                out.number(4);
                out.bytes(&node.0);
                out.number(*first);
            }
            Self::Above(bytes) => {
                out.list(2);
                out.number(5);
                out.bytes(bytes);
            }
        }
        out.into_bytes()
    }

    /// Reads one.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        if bytes.len() > limits.message_bytes_max {
            return Err(reader.error("a message is longer than message_bytes_max"));
        }
        let count = reader.list()?;
        let message = match (reader.number()?, count) {
            (0, 6) => {
                if reader.number()? != VERSION {
                    return Err(reader.error("the peer speaks another version"));
                }
                let world = WorldId(reader.name()?);
                let has = reader.clock(limits.nodes_max)?;
                let forks = reader.clock(limits.nodes_max)?;
                let forks = forks.iter().map(|(node, count)| (*node, count - 1)).collect();
                Self::Hello { world, has, forks, asks: reader.number()? == 1 }
            }
            (1, 2) => Self::Batch(Batch::read(&mut reader, limits)?),
            (2, 2) => Self::Fork(ForkProof::read(&mut reader, limits)?),
            (3, 2) => Self::Has(reader.clock(limits.nodes_max)?),
            (4, 3) => Self::Ask { node: NodeId(reader.name()?), first: reader.number()? },
            (5, 2) => Self::Above(reader.bytes()?.to_vec()),
            _ => return Err(reader.error("no message is of this number and length")),
        };
        reader.end()?;
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{NodeKey, Signer, world_id};
    use crate::log::Log;

    #[test]
    fn messages_survive_their_bytes_and_every_cut_is_refused() {
        let limits = Limits::default();
        let key = NodeKey::from_secret(&[1; 32]);
        let mut log = Log::new(world_id("w"), limits);
        log.append(key.node(), 5, [[7; 20]].into(), b"said").unwrap();
        log.sign(&key);
        let clock: VectorClock = [(NodeId([1; 32]), 3), (NodeId([2; 32]), 1)].into_iter().collect();
        let messages = [
            Message::Hello {
                world: world_id("w"),
                has: clock.clone(),
                forks: [(NodeId([1; 32]), 0)].into(),
                asks: true,
            },
            Message::Batch(log.chain(&key.node()).unwrap().batch(0).unwrap()),
            Message::Has(clock),
            Message::Ask { node: key.node(), first: 9 },
            Message::Above(b"objects".to_vec()),
        ];
        for message in messages {
            let bytes = message.encode();
            assert_eq!(Message::decode(&bytes, &limits).as_ref(), Ok(&message));
            for end in 0..bytes.len() {
                assert!(Message::decode(&bytes[..end], &limits).is_err(), "{message:?} cut at {end}");
            }
        }
        let narrow = Limits { message_bytes_max: 10, ..limits };
        assert!(Message::decode(&Message::Above([0; 20].into()).encode(), &narrow).is_err());
    }
}
