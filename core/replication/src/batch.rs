//! Entries of one chain on their way, with what shows that their node stands for them.

use alloc::vec::Vec;

use crate::codec::{DecodeError, Reader, Writer};
use crate::crypto::SIGNATURE_BYTES;
use crate::entry::Draft;
use crate::id::{EntryHash, NodeId};
use crate::limits::Limits;

/// What covers the last entry of a batch, and so all before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover {
    /// The signature of a head.
    Signature([u8; SIGNATURE_BYTES]),
    /// The proof of a fork behind it, whose two branches both name its hash. The receiver has the proof already.
    Fork,
}

/// Entries that follow each other. Hashes are left out: the receiver makes them, and the cover shows that they are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Whose chain it is.
    pub node: NodeId,
    /// The number of its first entry.
    pub first: u64,
    /// The hash of the entry before; the world's id where there is none.
    pub previous: EntryHash,
    /// The entries; at least one.
    pub drafts: Vec<Draft>,
    /// What shows that they are the node's.
    pub cover: Cover,
}

impl Batch {
    /// Its bytes: a list of node, first number, hash before, signature (empty for a fork's proof), entries.
    pub fn write(&self, out: &mut Writer) {
        out.list(5);
        out.bytes(&self.node.0);
        out.number(self.first);
        out.bytes(&self.previous.0);
        match &self.cover {
            Cover::Signature(signature) => out.bytes(signature),
            Cover::Fork => out.bytes(&[]),
        }
        out.list(self.drafts.len());
        self.drafts.iter().for_each(|draft| draft.write(out));
    }

    /// Reads one off a message.
    pub fn read(reader: &mut Reader<'_>, limits: &Limits) -> Result<Self, DecodeError> {
        reader.list_of(5)?;
        let node = NodeId(reader.name()?);
        let first = reader.number()?;
        let previous = EntryHash(reader.name()?);
        let cover = match reader.bytes()? {
            [] => Cover::Fork,
            signature => Cover::Signature(
                signature.try_into().map_err(|_| reader.error("a signature has 64 bytes, or none"))?,
            ),
        };
        let count = reader.list()?;
        if count == 0 || count > limits.batch_entries_max {
            return Err(reader.error("a batch has from 1 to batch_entries_max entries"));
        }
        // Numbers are counted up from here without a check.
        if first > u64::MAX >> 1 {
            return Err(reader.error("no chain is that long"));
        }
        let mut drafts = Vec::with_capacity(count);
        for _ in 0..count {
            drafts.push(Draft::read(reader, limits)?);
        }
        Ok(Self { node, first, previous, drafts, cover })
    }
}
