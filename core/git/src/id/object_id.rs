//! The 20-byte name of an object. Ordered as its bytes, which is also the order of its hex.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use super::hex::{HexError, decode_hex, encode_hex};

/// SHA-1 name that git gives an object.
#[derive(Clone, Copy, Eq)]
pub struct ObjectId([u8; 20]);

impl ObjectId {
    /// Length of the raw form, in bytes.
    pub const LEN: usize = 20;
    /// The id that git writes for "no object" in ref updates.
    pub const NULL: Self = Self([0; 20]);
    /// The tree without entries, known to every repository.
    pub const EMPTY_TREE: Self = Self([
        0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60, 0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88, 0xfb,
        0xee, 0x49, 0x04,
    ]);
    /// The blob without content.
    pub const EMPTY_BLOB: Self = Self([
        0xe6, 0x9d, 0xe2, 0x9b, 0xb2, 0xd1, 0xd6, 0x43, 0x4b, 0x8b, 0x29, 0xae, 0x77, 0x5a, 0xd8, 0xc2, 0xe4,
        0x8c, 0x53, 0x91,
    ]);

    /// Takes the raw bytes as they are.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// Takes the first 20 bytes of `bytes`; `None` where there are fewer.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|raw| Self(*raw))
    }

    /// Reads exactly 40 hex digits of either case.
    pub fn from_hex(text: &[u8]) -> Result<Self, HexError> {
        let mut raw = [0; 20];
        decode_hex(text, &mut raw)?;
        Ok(Self(raw))
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// 40 lower-case hex digits.
    pub fn to_hex(&self) -> [u8; 40] {
        let mut out = [0; 40];
        encode_hex(&self.0, &mut out);
        out
    }

    /// The first eight bytes as a number that orders as they do.
    #[inline]
    pub const fn front(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// Whether this is [`ObjectId::NULL`].
    pub fn is_null(&self) -> bool {
        *self == Self::NULL
    }
}

// By words: as slices of bytes, ids are compared by a call that takes several times as long in wasm.
impl PartialEq for ObjectId {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let words = |[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t]: [u8; 20]| {
            let first = u64::from_ne_bytes([a, b, c, d, e, f, g, h]);
            (first, u64::from_ne_bytes([i, j, k, l, m, n, o, p]), u32::from_ne_bytes([q, r, s, t]))
        };
        words(self.0) == words(other.0)
    }
}

impl Hash for ObjectId {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

impl Ord for ObjectId {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.front().cmp(&other.front()).then_with(|| self.0[8..].cmp(&other.0[8..]))
    }
}

impl PartialOrd for ObjectId {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for ObjectId {
    type Err = HexError;
    fn from_str(text: &str) -> Result<Self, HexError> {
        Self::from_hex(text.as_bytes())
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = self.to_hex();
        f.pad(core::str::from_utf8(&hex).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;
    use std::vec::Vec;

    #[test]
    fn ids_compare_as_their_bytes() {
        let mut ids = Vec::new();
        for place in 0..20 {
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = [0x80; 20];
                bytes[place] = byte;
                ids.push(bytes);
            }
        }
        for a in &ids {
            for b in &ids {
                let (one, other) = (ObjectId(*a), ObjectId(*b));
                assert_eq!((one.cmp(&other), one == other), (a.cmp(b), a == b));
            }
        }
    }

    #[test]
    fn hex_goes_both_ways() {
        let text = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        assert_eq!(ObjectId::EMPTY_TREE.to_string(), text);
        assert_eq!(text.to_uppercase().parse(), Ok(ObjectId::EMPTY_TREE));
        assert_eq!("4b82".parse::<ObjectId>(), Err(HexError::Length { found: 4 }));
        assert_eq!(text.replace("c6", "g6").parse::<ObjectId>(), Err(HexError::Digit { position: 6 }));
    }
}
