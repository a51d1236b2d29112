//! Canonical git without IO: objects, packs, refs, history, diff, merge and transfer on bytes in memory.
//!
//! Every id and every byte equals what git itself makes. Nothing here knows a log of operations, a reality,
//! a peer, a clock, a file system or JavaScript. A missing object is an ordinary result.
//!
//! Modules, foundations first; a module uses only those above it:
//! `search`, `quoted`, `sort`, `name_map`, `limits`, `kind`, `id`, `object`, `path`, `glob`, `glob_router`, `store`, `attributes`, `pack`, `disk`, `edit`, `refs`, `rev`,
//! `patch`, `diff`, `blame`, `merge`, `verify`, `transport`.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod attributes;
#[cfg(feature = "lines")]
pub mod blame;
pub mod diff;
pub mod disk;
pub mod edit;
pub mod glob;
pub mod glob_router;
pub mod id;
mod kind;
pub mod limits;
#[cfg(feature = "lines")]
pub mod merge;
pub mod name_map;
pub mod object;
pub mod pack;
pub mod patch;
pub mod path;
mod quoted;
pub mod refs;
pub mod rev;
mod search;
pub mod sort;
pub mod store;
pub mod transport;
pub mod verify;

pub use id::ObjectId;
pub use kind::Kind;
pub use store::{Object, ObjectSink, ObjectSource, ObjectStore, ReadError, ReadProblem};
