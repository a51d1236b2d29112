//! Refs: their names, where they point, atomic updates, and the text forms git keeps them in.
//!
//! All refs are in memory. Nothing here knows a file, a lock, a clock, or whether an object exists.

pub mod loose;
pub mod name;
pub mod packed;
pub mod reflog;
pub mod refspec;
mod store;
mod update;

pub use name::{RefName, RefNameError, RefNameProblem};
pub use store::{RefStore, RefTarget, ResolveError};
pub use update::{Expected, NewValue, RefDelta, RefUpdate, UpdateError, UpdateProblem};
