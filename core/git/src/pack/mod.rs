//! Packs: git's form for many objects at once, each compressed, many as deltas against others.
//!
//! [`PackReceiver`] takes one that arrives and makes a [`Pack`], which reads; [`PackWriter`] makes one that leaves. All
//! hold what they hold within bounds; what they read is taken to be hostile. No file names, no transfer, no refs.

mod bytes;
mod cache;
mod children;
mod crc32;
pub mod delta;
pub mod delta_index;
pub mod entry;
mod error;
pub mod index;
mod read;
mod receive;
mod resolve;
mod search;
mod write;
pub mod zlib;

pub use error::PackError;
pub use index::PackIndex;
pub use read::{CACHE_BYTES_DEFAULT, Pack};
pub use receive::{PackReceiver, Progress};
pub use resolve::PackResolver;
pub use search::name_hash;
pub use write::{PackItem, PackSources, PackWriter, WriteOptions, WritePhase};
