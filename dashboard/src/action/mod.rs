//! What a user can do, a file a verb: what it would do as a pure look at the repository, and the doing.

pub mod edit;
pub mod evaluate;
pub mod fork;
pub mod merge;
pub mod resolve;
pub mod rewind;
pub mod scenario;
pub mod share;
pub mod standing;
