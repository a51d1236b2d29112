//! Signed chains of entries and the order between them: what a world of nodes has done, as each of them knows it.
//!
//! A node writes entries into a chain of its own, each linked to the one before by its hash, and signs the head of the
//! chain when it shows it. Chains of all nodes come together in a log, which hands an entry out when its causes and its
//! objects are here. Bytes and moments come in, bytes go out: no IO, no clock, no randomness. Payloads are opaque, and so
//! are objects: knows no git, no refs, no realities.
//!
//! Modules, foundations first; a module uses only those above it: `limits`, `id`, `crypto`, `clock`, `codec`, `head`,
//! `entry`, `batch`, `fork`, `chain`, `log`, `sync`.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod batch;
pub mod chain;
pub mod clock;
pub mod codec;
pub mod crypto;
pub mod entry;
pub mod fork;
pub mod head;
pub mod id;
pub mod limits;
pub mod log;
pub mod sync;
