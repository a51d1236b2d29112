//! The proof that a node has two histories: for each, the headers from where they part to a head that it signed.
//!
//! Whoever holds it can show it to others; all who hold one for the same place draw the same line.

use alloc::vec::Vec;

use crate::codec::{DecodeError, Reader, Writer};
use crate::crypto::{SIGNATURE_BYTES, sha256};
use crate::entry::{Entry, Header};
use crate::head::SignedHead;
use crate::id::{EntryHash, NodeId, WorldId};
use crate::limits::Limits;

/// One of the two histories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The headers of its entries, from the first that differs to the one that was signed.
    headers: Vec<Vec<u8>>,
    signature: [u8; SIGNATURE_BYTES],
}

/// Two histories of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkProof {
    /// Whose.
    pub node: NodeId,
    /// The number of the first entry that differs.
    pub seq: u64,
    /// The hash of the last entry that both have; the world's id where they have none.
    pub previous: EntryHash,
    branches: [Branch; 2],
}

impl Branch {
    /// The headers of entries up to one that was signed.
    pub(crate) fn new<'a>(
        entries: impl Iterator<Item = &'a Entry>,
        signature: [u8; SIGNATURE_BYTES],
    ) -> Self {
        Self { headers: entries.map(Entry::header).collect(), signature }
    }

    /// The hash of its first entry, where all of it is what it has to be.
    fn first_hash(&self, proof: &ForkProof, world: WorldId, limits: &Limits) -> Option<EntryHash> {
        let (mut seq, mut previous, mut first) = (proof.seq, proof.previous, None);
        for bytes in &self.headers {
            let header = Header::decode(bytes, limits).ok()?;
            if header != (Header { node: proof.node, seq, previous }) {
                return None;
            }
            previous = EntryHash(sha256(bytes));
            first = first.or(Some(previous));
            seq = seq.checked_add(1)?;
        }
        let (seq, signature) = (seq.checked_sub(1)?, self.signature);
        let head = SignedHead { node: proof.node, seq, hash: previous, signature };
        first.filter(|_| head.is_genuine(world))
    }
}

impl ForkProof {
    /// Two branches that part at an entry; `None` where that takes more headers than a proof may have.
    pub(crate) fn new(
        node: NodeId,
        seq: u64,
        previous: EntryHash,
        mut branches: [Branch; 2],
        limits: &Limits,
    ) -> Option<Self> {
        // One proof has one form.
        branches.sort_by(|a, b| a.headers.cmp(&b.headers));
        let count: usize = branches.iter().map(|branch| branch.headers.len()).sum();
        (count <= limits.proof_headers_max).then_some(Self { node, seq, previous, branches })
    }

    /// One of the two branches, behind the entries that lead to where they part.
    pub(crate) fn branch_behind<'a>(&self, entries: impl Iterator<Item = &'a Entry>) -> Branch {
        let [branch, _] = &self.branches;
        let mut headers: Vec<Vec<u8>> = entries.map(Entry::header).collect();
        headers.extend_from_slice(&branch.headers);
        Branch { headers, signature: branch.signature }
    }

    /// Whether it proves what it says.
    pub fn holds(&self, world: WorldId, limits: &Limits) -> bool {
        let [a, b] = self.branches.each_ref().map(|branch| branch.first_hash(self, world, limits));
        a.is_some() && b.is_some() && a != b
    }

    /// Its bytes: a list of node, number, hash before, and for both branches the headers and the signature.
    pub fn write(&self, out: &mut Writer) {
        out.list(7);
        out.bytes(&self.node.0);
        out.number(self.seq);
        out.bytes(&self.previous.0);
        for branch in &self.branches {
            out.list(branch.headers.len());
            branch.headers.iter().for_each(|header| out.bytes(header));
            out.bytes(&branch.signature);
        }
    }

    /// Reads one; whether it [`holds`](Self::holds) is another question.
    pub fn read(reader: &mut Reader<'_>, limits: &Limits) -> Result<Self, DecodeError> {
        reader.list_of(7)?;
        let (node, seq, previous) = (NodeId(reader.name()?), reader.number()?, EntryHash(reader.name()?));
        let mut branch = || {
            let count = reader.list()?;
            if count == 0 || count > limits.proof_headers_max {
                return Err(reader.error("a branch has from 1 to proof_headers_max headers"));
            }
            let mut headers = Vec::with_capacity(count);
            for _ in 0..count {
                headers.push(reader.bytes()?.to_vec());
            }
            Ok(Branch { headers, signature: reader.signature()? })
        };
        let branches = [branch()?, branch()?];
        Ok(Self { node, seq, previous, branches })
    }
}
