//! What is served to clients, and what they may ask for.

use super::ls_refs::ServedRefs;
use crate::limits::Limits;
use crate::pack::Pack;
use crate::{ObjectId, ObjectSource};

/// About how many bytes a piece of an answer has, at least while there is more to write.
pub const CHUNK_BYTES: usize = 64 << 10;

/// What is served, as it is handed in for each piece.
#[derive(Clone, Copy)]
pub struct Served<'a> {
    /// The objects, those of the packs included.
    pub source: &'a dyn ObjectSource,
    /// Packs whose compressed entries may be sent as they are.
    pub packs: &'a [&'a Pack],
    /// The refs that clients may see.
    pub refs: &'a ServedRefs,
    /// Where this repository's own history is cut.
    pub shallow: &'a [ObjectId],
}

/// How it is served.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServeOptions {
    /// Which objects a client may ask for by id.
    pub wants: WantPolicy,
    /// Bounds on what a client may ask and on what is read.
    pub limits: Limits,
}

/// Which objects a client may ask for by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WantPolicy {
    /// As git does by default: in v2 whatever is here, in v0 and v1 what the served refs reach.
    #[default]
    AsGit,
    /// What the served refs reach, in every version. A want that is no tip costs a walk.
    Reachable,
    /// What a served ref points to.
    Tips,
}
