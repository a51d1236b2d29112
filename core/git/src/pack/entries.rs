//! What is known of the entries of a pack that arrives, and what remains to be found out.

use alloc::vec::Vec;

use crate::ObjectId;

/// What is known of the entries, by their order in the pack.
#[derive(Default)]
pub(super) struct Entries {
    /// As the header of the pack states.
    pub(super) count: u32,
    pub(super) offsets: Vec<u64>,
    pub(super) crcs: Vec<u32>,
    /// [`ObjectId::NULL`] for a delta that is not resolved.
    pub(super) ids: Vec<ObjectId>,
    /// For a delta by offset the entry it stands on, else [`NO_BASE`].
    pub(super) bases: Vec<u32>,
    /// The bases that are named by id, each with the entry that needs it.
    pub(super) ref_bases: Vec<(ObjectId, u32)>,
    /// Bytes of all that was inflated.
    pub(super) unfolded: u64,
}

/// In [`Entries::bases`]: no entry of the pack, as far as is known.
pub(super) const NO_BASE: u32 = u32::MAX;
