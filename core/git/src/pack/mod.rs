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
mod entries;
pub mod entry;
mod error;
pub mod index;
mod plan;
mod progress;
mod read;
mod receive;
mod resolve;
mod search;
mod spare;
mod write;
pub mod zlib;

pub use error::PackError;
pub use index::PackIndex;
pub use plan::{PackItem, PackSources, WriteOptions};
pub use progress::Progress;
pub use read::{CACHE_BYTES_DEFAULT, Pack};
pub use receive::PackReceiver;
pub use resolve::PackResolver;
pub use search::name_hash;
pub use write::{PackWriter, WritePhase};
