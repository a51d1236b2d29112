//! The header of one entry of a pack: its type, its inflated size and, for a delta, its base.

use alloc::vec::Vec;

use crate::{Kind, ObjectId};

/// What an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryType {
    /// The object itself.
    Whole(Kind),
    /// A delta against the entry that begins this many bytes before this one.
    OffsetDelta {
        /// At least 1.
        distance: u64,
    },
    /// A delta against the object with this id, here or elsewhere.
    RefDelta {
        /// The base.
        base: ObjectId,
    },
}

/// The header of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryHeader {
    /// What follows.
    pub entry_type: EntryType,
    /// Bytes that the zlib stream inflates to: the object's or, for a delta, the delta's.
    pub size: u64,
    /// Bytes of the header itself; the zlib stream begins there.
    pub length: usize,
}

/// Why there is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// The bytes end within it.
    Incomplete,
    /// It can never be one.
    Malformed(&'static str),
}

/// Longest header, in bytes: ten of type and size, and the id of a base.
pub const HEADER_BYTES_MAX: usize = 30;

impl EntryHeader {
    /// Reads the header at the start of `bytes`.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        let mut rest = bytes;
        let first = next(&mut rest)?;
        let (mut size, mut shift, mut byte) = (u64::from(first & 15), 4, first);
        while byte & 0x80 != 0 {
            byte = next(&mut rest)?;
            let bits = u64::from(byte & 0x7f);
            if shift > 63 || bits << shift >> shift != bits {
                return Err(HeaderError::Malformed("the size of the entry needs more than 64 bits"));
            }
            size |= bits << shift;
            shift += 7;
        }
        let entry_type = match first >> 4 & 7 {
            1 => EntryType::Whole(Kind::Commit),
            2 => EntryType::Whole(Kind::Tree),
            3 => EntryType::Whole(Kind::Blob),
            4 => EntryType::Whole(Kind::Tag),
            6 => EntryType::OffsetDelta { distance: parse_distance(&mut rest)? },
            7 => {
                let base = ObjectId::from_slice(rest).ok_or(HeaderError::Incomplete)?;
                rest = &rest[ObjectId::LEN..];
                EntryType::RefDelta { base }
            }
            _ => return Err(HeaderError::Malformed("the type of the entry is none of git's")),
        };
        Ok(Self { entry_type, size, length: bytes.len() - rest.len() })
    }

    /// Appends the header of an entry to `out`.
    pub fn write(entry_type: &EntryType, size: u64, out: &mut Vec<u8>) {
        let number: u8 = match entry_type {
            EntryType::Whole(Kind::Commit) => 1,
            EntryType::Whole(Kind::Tree) => 2,
            EntryType::Whole(Kind::Blob) => 3,
            EntryType::Whole(Kind::Tag) => 4,
            EntryType::OffsetDelta { .. } => 6,
            EntryType::RefDelta { .. } => 7,
        };
        let mut byte = number << 4 | (size & 15) as u8;
        let mut rest = size >> 4;
        while rest > 0 {
            out.push(byte | 0x80);
            byte = (rest & 0x7f) as u8;
            rest >>= 7;
        }
        out.push(byte);
        match entry_type {
            EntryType::Whole(_) => {}
            EntryType::OffsetDelta { distance } => write_distance(*distance, out),
            EntryType::RefDelta { base } => out.extend_from_slice(base.as_bytes()),
        }
    }
}

fn next(rest: &mut &[u8]) -> Result<u8, HeaderError> {
    let (first, after) = rest.split_first().ok_or(HeaderError::Incomplete)?;
    *rest = after;
    Ok(*first)
}

/// Reads big-endian groups of seven bits, where each continuation adds one: no number has two forms.
fn parse_distance(rest: &mut &[u8]) -> Result<u64, HeaderError> {
    let mut byte = next(rest)?;
    let mut distance = u64::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        byte = next(rest)?;
        distance = distance
            .checked_add(1)
            .filter(|value| *value <= u64::MAX >> 7)
            .ok_or(HeaderError::Malformed("the distance to the base needs more than 64 bits"))?;
        distance = distance << 7 | u64::from(byte & 0x7f);
    }
    if distance == 0 {
        Err(HeaderError::Malformed("the delta names itself as its base"))
    } else {
        Ok(distance)
    }
}

fn write_distance(distance: u64, out: &mut Vec<u8>) {
    let mut bytes = [0; 10];
    let mut at = bytes.len() - 1;
    bytes[at] = (distance & 0x7f) as u8;
    let mut rest = distance >> 7;
    while rest > 0 {
        rest -= 1;
        at -= 1;
        bytes[at] = 0x80 | (rest & 0x7f) as u8;
        rest >>= 7;
    }
    out.extend_from_slice(&bytes[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_round_trip_and_are_incomplete_before_their_end() {
        let base = ObjectId::EMPTY_TREE;
        let types = [EntryType::Whole(Kind::Blob), EntryType::Whole(Kind::Tag), EntryType::RefDelta { base }];
        let distances = [1, 127, 128, 129, 16_511, 16_512, 1 << 31, 1 << 40, (1 << 63) + 5, u64::MAX];
        let distances = distances.map(|distance| EntryType::OffsetDelta { distance });
        for entry_type in types.into_iter().chain(distances) {
            for size in [0, 1, 15, 16, 2047, 2048, 1 << 32, u64::MAX] {
                let mut bytes = Vec::new();
                EntryHeader::write(&entry_type, size, &mut bytes);
                let length = bytes.len();
                assert!(length <= HEADER_BYTES_MAX);
                assert_eq!(EntryHeader::parse(&bytes), Ok(EntryHeader { entry_type, size, length }));
                for cut in 0..length {
                    assert_eq!(EntryHeader::parse(&bytes[..cut]), Err(HeaderError::Incomplete));
                }
            }
        }
    }

    #[test]
    fn hostile_headers_are_refused() {
        let malformed = |bytes: &[u8]| matches!(EntryHeader::parse(bytes), Err(HeaderError::Malformed(_)));
        assert!(malformed(&[0x00]) && malformed(&[0x50]), "types 0 and 5");
        assert!(malformed(&[0xff; 100]), "a size of a hundred bytes");
        assert!(malformed(&[0xb0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]));
        assert!(malformed(&[0x60, 0]), "a delta against itself");
        let mut far = std::vec![0x60];
        far.extend([0xff; 100]);
        assert!(malformed(&far), "a distance of a hundred bytes");
    }
}
