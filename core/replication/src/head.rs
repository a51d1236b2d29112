//! A signed head: a node's word for all of its chain up to one entry. Entries are hashed when made, heads are signed when
//! something is published.

use alloc::vec::Vec;

use crate::crypto::{SIGNATURE_BYTES, Signer, is_signed_by};
use crate::id::{EntryHash, NodeId, WorldId};

/// A signature over the number and the hash of an entry, and so over all before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// Who signed.
    pub node: NodeId,
    /// The number of the last entry that it covers, from 0.
    pub seq: u64,
    /// That entry's hash.
    pub hash: EntryHash,
    /// Ed25519, of what [`message`] gives.
    pub signature: [u8; SIGNATURE_BYTES],
}

impl SignedHead {
    /// Signs.
    pub fn sign(world: WorldId, seq: u64, hash: EntryHash, signer: &impl Signer) -> Self {
        let node = signer.node();
        Self { node, seq, hash, signature: signer.sign(&message(world, node, seq, hash)) }
    }

    /// Whether its node signed it for this world.
    pub fn is_genuine(&self, world: WorldId) -> bool {
        is_signed_by(&self.node, &message(world, self.node, self.seq, self.hash), &self.signature)
    }
}

/// What is signed: `govc head 1` and a newline, the world, the node, the number as 8 bytes, the highest first, the hash.
pub fn message(world: WorldId, node: NodeId, seq: u64, hash: EntryHash) -> Vec<u8> {
    [b"govc head 1\n".as_slice(), &world.0, &node.0, &seq.to_be_bytes(), &hash.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{NodeKey, world_id};

    #[test]
    fn a_head_is_of_one_world_one_node_one_place_and_one_hash() {
        let key = NodeKey::from_secret(&[1; 32]);
        let (world, other) = (world_id("a"), world_id("b"));
        let (hash, other_hash, other_node) =
            (EntryHash([9; 32]), EntryHash([8; 32]), NodeKey::from_secret(&[2; 32]).node());
        let SignedHead { node, seq, signature, .. } = SignedHead::sign(world, 3, hash, &key);
        let is_genuine = |world, node, seq, hash| SignedHead { node, seq, hash, signature }.is_genuine(world);
        assert!(is_genuine(world, node, seq, hash));
        assert!(!is_genuine(other, node, seq, hash));
        assert!(!is_genuine(world, node, seq + 1, hash));
        assert!(!is_genuine(world, node, seq, other_hash));
        assert!(!is_genuine(world, other_node, seq, hash));
    }
}
