//! What makes chains evident: SHA-256 links entries, Ed25519 signs heads. Knows nothing of what is hashed or signed.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::id::{NAME_BYTES, NodeId, WorldId};

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// Who can sign as a node. A host with a key that cannot be read out brings its own.
pub trait Signer {
    /// The node that it signs as.
    fn node(&self) -> NodeId;
    /// The Ed25519 signature of a message.
    fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES];
}

/// A key in memory.
pub struct NodeKey(SigningKey);

impl NodeKey {
    /// The key of a secret of 32 random bytes; whoever has the secret is the node.
    pub fn from_secret(secret: &[u8; NAME_BYTES]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }
}

impl Signer for NodeKey {
    fn node(&self) -> NodeId {
        NodeId(self.0.verifying_key().to_bytes())
    }

    fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(message).to_bytes()
    }
}

/// Whether a node signed a message: by the strict rules, so that all agree about odd keys and signatures.
pub fn is_signed_by(node: &NodeId, message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
    VerifyingKey::from_bytes(&node.0)
        .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}

/// The SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; NAME_BYTES] {
    Sha256::digest(bytes).into()
}

/// The id of the world of a name.
pub fn world_id(name: &str) -> WorldId {
    let mut hash = Sha256::new();
    hash.update(b"govc world 1\n");
    hash.update(name.as_bytes());
    WorldId(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_8032() {
        // Section 7.1, test 2.
        let hex = |text: &str| -> alloc::vec::Vec<u8> {
            (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
        };
        let secret = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let key = NodeKey::from_secret(&secret.try_into().unwrap());
        assert_eq!(
            std::format!("{}", key.node()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        );
        let signature = key.sign(&[0x72]);
        assert_eq!(signature[..8], hex("92a009a9f0d4cab8")[..]);
        assert!(is_signed_by(&key.node(), &[0x72], &signature));
        assert!(!is_signed_by(&key.node(), &[0x73], &signature));
        for at in 0..SIGNATURE_BYTES {
            let mut forged = signature;
            forged[at] ^= 1;
            assert!(!is_signed_by(&key.node(), &[0x72], &forged), "byte {at}");
        }
        // No point of the curve, and one of small order: the signature of anything.
        assert!(!is_signed_by(&NodeId([2; 32]), &[0x72], &signature));
        let mut low = [0; 32];
        low[0] = 1;
        let mut zero = [0; SIGNATURE_BYTES];
        zero[0] = 1;
        assert!(!is_signed_by(&NodeId(low), b"anything", &zero));
    }

    #[test]
    fn worlds_have_ids_of_their_own() {
        assert_ne!(world_id("a"), world_id("b"));
        let first: alloc::vec::Vec<u8> = sha256(b"").into_iter().take(4).collect();
        assert_eq!(first, [0xe3, 0xb0, 0xc4, 0x42]);
    }
}
