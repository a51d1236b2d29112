//! Names of nodes, worlds, entries and objects: fixed bytes, compared as bytes.

use core::fmt;

/// Bytes of a node's name, a world's and an entry's hash.
pub const NAME_BYTES: usize = 32;
/// Bytes of an object's id.
pub const OBJECT_BYTES: usize = 20;

/// An object that an entry speaks of: opaque here.
pub type ObjectKey = [u8; OBJECT_BYTES];

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; NAME_BYTES]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    };
}

name! {
    /// A writer: its Ed25519 public key.
    NodeId
}
name! {
    /// A world: what its chains begin with, so that no entry of one fits into another. [`crate::crypto::world_id`] makes it.
    WorldId
}
name! {
    /// The SHA-256 of an entry's header.
    EntryHash
}
