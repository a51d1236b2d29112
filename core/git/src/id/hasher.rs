//! How an object gets its id: SHA-1 over the header `<kind> <size>\0` and the body.
//!
//! Two ways: plain, for what this process wrote itself; with collision detection, for bytes from outside.

use super::ObjectId;
use super::decimal::{DIGITS_MAX, decimal};
use crate::Kind;

/// Bytes made to collide: what a SHA-1 attack leaves behind was found in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collision;

impl core::fmt::Display for Collision {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the bytes carry a SHA-1 collision attack")
    }
}

impl core::error::Error for Collision {}

/// The id of an object that this process made.
pub fn object_id(kind: Kind, body: &[u8]) -> ObjectId {
    let header = Header::new(kind, body.len() as u64);
    let mut sha1 = sha1_smol::Sha1::new();
    sha1.update(header.as_bytes());
    sha1.update(body);
    ObjectId::from_bytes(sha1.digest().bytes())
}

/// The id of an object that came from outside; refuses bytes that carry a collision attack.
pub fn object_id_checked(kind: Kind, body: &[u8]) -> Result<ObjectId, Collision> {
    let mut hasher = Hasher::new();
    hasher.update(Header::new(kind, body.len() as u64).as_bytes());
    hasher.update(body);
    hasher.finish()
}

/// SHA-1 over bytes from outside, in pieces, with collision detection.
pub struct Hasher(sha1dc::Hasher);

impl Hasher {
    /// Starts over no bytes.
    pub fn new() -> Self {
        Self(sha1dc::Hasher::new())
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes added.
    pub fn finish(self) -> Result<ObjectId, Collision> {
        match self.0.finalize() {
            Ok(digest) => ObjectId::from_slice(digest.as_ref()).ok_or(Collision),
            Err(_) => Err(Collision),
        }
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

/// SHA-1 over bytes that this process made, in pieces.
pub struct PlainHasher(sha1_smol::Sha1);

impl PlainHasher {
    /// Starts over no bytes.
    pub fn new() -> Self {
        Self(sha1_smol::Sha1::new())
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes added.
    pub fn finish(self) -> ObjectId {
        ObjectId::from_bytes(self.0.digest().bytes())
    }
}

impl Default for PlainHasher {
    fn default() -> Self {
        Self::new()
    }
}

/// `<kind> <size>\0`, on the stack.
pub struct Header {
    bytes: [u8; 32],
    len: usize,
}

impl Header {
    /// The header of an object of `size` bytes.
    pub fn new(kind: Kind, size: u64) -> Self {
        let mut header = Self { bytes: [0; 32], len: 0 };
        header.push(kind.name().as_bytes());
        header.push(b" ");
        header.push(decimal(size, 1, &mut [0; DIGITS_MAX]));
        header.push(b"\0");
        header
    }

    /// Appends what fits, which all of a header does: a kind, a 64-bit size and two bytes.
    fn push(&mut self, text: &[u8]) {
        let end = self.len + text.len();
        if let Some(place) = self.bytes.get_mut(self.len..end) {
            place.copy_from_slice(text);
            self.len = end;
        }
    }

    /// The bytes, the final NUL included.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn ids_are_gits() {
        assert_eq!(object_id(Kind::Tree, b""), ObjectId::EMPTY_TREE);
        assert_eq!(object_id(Kind::Blob, b"hello\n").to_string(), "ce013625030ba8dba906f756967f9e9ca394464a");
    }

    #[test]
    fn the_longest_header_fits() {
        assert_eq!(Header::new(Kind::Commit, u64::MAX).as_bytes(), b"commit 18446744073709551615\0");
        assert_eq!(Header::new(Kind::Tag, 0).as_bytes(), b"tag 0\0");
    }

    #[test]
    fn both_hashers_agree() {
        for length in [0, 1, 54, 55, 56, 63, 64, 65, 1000] {
            let body = std::vec![7u8; length];
            assert_eq!(object_id_checked(Kind::Blob, &body), Ok(object_id(Kind::Blob, &body)));
        }
    }
}
