//! Names of objects: the id, its abbreviation, and how both are made from bytes.

pub(crate) mod decimal;
pub mod hasher;
mod hex;
mod object_id;
mod prefix;

pub use hex::{HexError, decode_hex, encode_hex};
pub use object_id::ObjectId;
pub use prefix::Prefix;
