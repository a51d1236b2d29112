//! The index of a pack, version 2: sorted ids, where each object begins, and a checksum of its entry.
//!
//! The bytes of the `.idx` file are the only form in memory: 28 bytes an object, found through the fan-out table.

use alloc::vec::Vec;

use super::error::PackError;
use crate::ObjectId;
use crate::id::{Prefix, hasher};

const SIGNATURE: [u8; 8] = [0xff, b't', b'O', b'c', 0, 0, 0, 2];
const FAN_OUT_AT: usize = 8;
const IDS_AT: usize = FAN_OUT_AT + 4 * 256;
const TRAILER_BYTES: usize = 2 * ObjectId::LEN;
/// Set in an offset that stands in the 64-bit table.
const LARGE: u32 = 1 << 31;

/// What an index records of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// The object.
    pub id: ObjectId,
    /// Where its entry begins in the pack.
    pub offset: u64,
    /// CRC-32 of the entry's bytes in the pack.
    pub crc32: u32,
}

/// The index of a pack.
pub struct PackIndex {
    bytes: Vec<u8>,
    count: usize,
}

impl PackIndex {
    /// Takes the bytes of an `.idx` file and checks all of them; `pack_bytes` is the length of the pack.
    pub fn parse(bytes: Vec<u8>, pack_bytes: u64) -> Result<Self, PackError> {
        let wrong = |problem, offset: usize| PackError::Index { problem, offset: offset as u64 };
        if bytes.get(..8) != Some(&SIGNATURE[..]) {
            return Err(wrong("it is no index of version 2", 0));
        }
        if bytes.len() < IDS_AT + TRAILER_BYTES {
            return Err(wrong("it is cut off", bytes.len()));
        }
        let index = Self { count: read_u32(&bytes, IDS_AT - 4) as usize, bytes };
        let bytes = &index.bytes;
        for first in 1..256 {
            if index.fan_out(first) < index.fan_out(first - 1) {
                return Err(wrong("the fan-out table goes down", FAN_OUT_AT + 4 * first));
            }
        }
        let fixed = (IDS_AT + TRAILER_BYTES) as u64 + 28 * index.count as u64;
        let large = (bytes.len() as u64).checked_sub(fixed).filter(|rest| rest.is_multiple_of(8));
        let large = large.ok_or(wrong("its length does not fit its number of objects", bytes.len()))? / 8;
        if large > index.count as u64 {
            return Err(wrong("its length does not fit its number of objects", bytes.len()));
        }
        index.check_ids()?;
        index.check_offsets(large, pack_bytes)?;
        let end = bytes.len() - ObjectId::LEN;
        if hash(&bytes[..end]).as_bytes() != &bytes[end..] {
            return Err(wrong("its checksum does not match", end));
        }
        Ok(index)
    }

    /// Writes the index of a pack; `entries` must be sorted by id, without duplicates.
    pub fn write(
        entries: impl ExactSizeIterator<Item = IndexEntry> + Clone,
        pack_checksum: &ObjectId,
    ) -> Self {
        let count = entries.len();
        let large = entries.clone().filter(|entry| entry.offset >= u64::from(LARGE)).count();
        let mut bytes = Vec::with_capacity(IDS_AT + 28 * count + 8 * large + TRAILER_BYTES);
        bytes.extend_from_slice(&SIGNATURE);
        let mut counts = [0u32; 256];
        for entry in entries.clone() {
            counts[usize::from(entry.id.as_bytes()[0])] += 1;
        }
        let mut sum = 0;
        for count in counts {
            sum += count;
            bytes.extend_from_slice(&sum.to_be_bytes());
        }
        entries.clone().for_each(|entry| bytes.extend_from_slice(entry.id.as_bytes()));
        entries.clone().for_each(|entry| bytes.extend_from_slice(&entry.crc32.to_be_bytes()));
        let mut next_large = 0;
        for entry in entries.clone() {
            let offset = match u32::try_from(entry.offset) {
                Ok(offset) if offset < LARGE => offset,
                _ => {
                    next_large += 1;
                    LARGE | (next_large - 1)
                }
            };
            bytes.extend_from_slice(&offset.to_be_bytes());
        }
        for entry in entries.filter(|entry| entry.offset >= u64::from(LARGE)) {
            bytes.extend_from_slice(&entry.offset.to_be_bytes());
        }
        bytes.extend_from_slice(pack_checksum.as_bytes());
        let checksum = hash(&bytes);
        bytes.extend_from_slice(checksum.as_bytes());
        Self { bytes, count }
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether the pack is empty.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The bytes of the `.idx` file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The checksum of the pack it belongs to.
    pub fn pack_checksum(&self) -> ObjectId {
        ObjectId::from_slice(&self.bytes[self.bytes.len() - TRAILER_BYTES..])
            .expect("because the trailer is 40 bytes")
    }

    /// The id at a position in sorted order, which must be below [`PackIndex::len`].
    pub fn id(&self, position: usize) -> ObjectId {
        let (ids, _) = self.bytes[IDS_AT..IDS_AT + ObjectId::LEN * self.count].as_chunks();
        ObjectId::from_bytes(ids[position])
    }

    /// Where the entry at a position begins in the pack.
    pub fn offset(&self, position: usize) -> u64 {
        let table = IDS_AT + 24 * self.count;
        match read_u32(&self.bytes, table + 4 * position) {
            offset if offset & LARGE == 0 => u64::from(offset),
            large => {
                let at = table + 4 * self.count + 8 * (large & !LARGE) as usize;
                u64::from(read_u32(&self.bytes, at)) << 32 | u64::from(read_u32(&self.bytes, at + 4))
            }
        }
    }

    /// The CRC-32 of the entry at a position.
    pub fn crc32(&self, position: usize) -> u32 {
        read_u32(&self.bytes, IDS_AT + 20 * self.count + 4 * position)
    }

    /// The position of an id.
    pub fn find(&self, id: &ObjectId) -> Option<usize> {
        let bucket = self.bucket(id.as_bytes()[0]);
        let (ids, _) = self.bytes[IDS_AT..IDS_AT + ObjectId::LEN * self.count].as_chunks();
        let (mut low, mut high) = (bucket.start, bucket.end);
        // Every write and every read comes by here: the fronts decide, and no id is copied.
        let front = |id: &[u8; ObjectId::LEN]| u64::from_be_bytes(*id.first_chunk().unwrap_or(&[0; 8]));
        let wanted = front(id.as_bytes());
        while low < high {
            let middle = low + (high - low) / 2;
            let found = front(&ids[middle]);
            if found == wanted && ids[middle] == *id.as_bytes() {
                return Some(middle);
            }
            if found < wanted || found == wanted && ids[middle] < *id.as_bytes() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        None
    }

    /// The positions of the ids that begin with `prefix`.
    pub fn find_prefix(&self, prefix: &Prefix) -> core::ops::Range<usize> {
        let bucket = self.bucket(prefix.low().as_bytes()[0]);
        let (ids, _) = self.bytes[IDS_AT..IDS_AT + ObjectId::LEN * self.count].as_chunks();
        let ids = &ids[bucket.clone()];
        let start = ids.partition_point(|id| id < prefix.low().as_bytes());
        let length = ids[start..].partition_point(|id| prefix.matches(&ObjectId::from_bytes(*id)));
        bucket.start + start..bucket.start + start + length
    }

    fn bucket(&self, first: u8) -> core::ops::Range<usize> {
        let first = usize::from(first);
        let start = if first == 0 { 0 } else { self.fan_out(first - 1) };
        start..self.fan_out(first)
    }

    fn fan_out(&self, first: usize) -> usize {
        read_u32(&self.bytes, FAN_OUT_AT + 4 * first) as usize
    }

    fn check_ids(&self) -> Result<(), PackError> {
        let wrong = |problem, position: usize| PackError::Index {
            problem,
            offset: (IDS_AT + ObjectId::LEN * position) as u64,
        };
        let (ids, _) = self.bytes[IDS_AT..IDS_AT + ObjectId::LEN * self.count].as_chunks::<20>();
        for first in 0..=255u8 {
            let bucket = self.bucket(first);
            if let Some(at) = ids[bucket.clone()].iter().position(|id| id[0] != first) {
                return Err(wrong("an id stands outside its part of the fan-out table", bucket.start + at));
            }
        }
        match ids.windows(2).position(|pair| pair[0] >= pair[1]) {
            Some(at) => Err(wrong("the ids are not in order", at + 1)),
            None => Ok(()),
        }
    }

    fn check_offsets(&self, large: u64, pack_bytes: u64) -> Result<(), PackError> {
        let table = IDS_AT + 24 * self.count;
        let entries = 12..pack_bytes.saturating_sub(ObjectId::LEN as u64);
        for position in 0..self.count {
            let at = table + 4 * position;
            let wrong = |problem| Err(PackError::Index { problem, offset: at as u64 });
            let offset = read_u32(&self.bytes, at);
            if offset & LARGE != 0 && u64::from(offset & !LARGE) >= large {
                return wrong("an offset stands beyond the table of large offsets");
            }
            if !entries.contains(&self.offset(position)) {
                return wrong("an offset lies outside the pack");
            }
        }
        Ok(())
    }
}

fn hash(bytes: &[u8]) -> ObjectId {
    let mut hasher = hasher::PlainHasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// Reads four bytes that the caller knows to be there.
#[inline]
pub(super) fn read_u32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(*bytes[at..].first_chunk().expect("because the length was checked when it was parsed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn sample(offsets: &[u64]) -> PackIndex {
        let mut entries: Vec<_> = offsets
            .iter()
            .enumerate()
            .map(|(n, offset)| IndexEntry {
                id: hasher::object_id(crate::Kind::Blob, &n.to_le_bytes()),
                offset: *offset,
                crc32: n as u32 * 7,
            })
            .collect();
        crate::sort::sort_by_key(&mut entries, |entry| entry.id);
        PackIndex::write(entries.into_iter(), &ObjectId::EMPTY_TREE)
    }

    /// The bytes with a change, and a checksum that matches again.
    fn changed(index: &PackIndex, change: impl FnOnce(&mut Vec<u8>)) -> Result<PackIndex, PackError> {
        let mut bytes = index.bytes.clone();
        change(&mut bytes);
        let end = bytes.len().saturating_sub(20);
        let checksum = hash(&bytes[..end]);
        bytes.splice(end.., *checksum.as_bytes());
        PackIndex::parse(bytes, 1 << 40)
    }

    fn problem(result: Result<PackIndex, PackError>) -> &'static str {
        match result {
            Err(PackError::Index { problem, .. }) => problem,
            Err(_) => "another error",
            Ok(_) => "accepted",
        }
    }

    #[test]
    fn what_is_written_is_found() {
        let offsets: Vec<u64> = (0..1000).map(|n| 12 + n * 0x123_4567).collect();
        let index = sample(&offsets);
        assert!(index.bytes.len() > IDS_AT + 28 * 1000 + TRAILER_BYTES, "some offsets are large");
        let index = PackIndex::parse(index.bytes, 1 << 40).unwrap();
        for position in 0..index.len() {
            let id = index.id(position);
            assert_eq!(index.find(&id), Some(position));
            let number = index.crc32(position) / 7;
            assert_eq!(index.offset(position), offsets[number as usize]);
            let whole = Prefix::from_hex(&id.to_hex()).unwrap();
            assert_eq!(index.find_prefix(&whole), position..position + 1);
            let short = index.find_prefix(&Prefix::from_hex(&id.to_hex()[..4]).unwrap());
            assert!(short.contains(&position));
        }
        assert_eq!(index.find(&ObjectId::NULL), None);
        assert_eq!(index.pack_checksum(), ObjectId::EMPTY_TREE);
        let empty = PackIndex::parse(sample(&[]).bytes, 32).unwrap();
        assert!(empty.is_empty() && empty.find(&ObjectId::NULL).is_none());
    }

    #[test]
    fn each_lie_is_named() {
        let index = sample(&[12, 100, 1 << 33, 1000, 1 << 34]);
        let offsets = IDS_AT + 24 * 5;
        let large_at = (0..5).find(|n| read_u32(&index.bytes, offsets + 4 * n) & LARGE != 0).unwrap();
        assert!(changed(&index, |_| ()).is_ok());
        let cases: Vec<(&str, Result<PackIndex, PackError>)> = vec![
            ("it is no index of version 2", changed(&index, |bytes| bytes[7] = 1)),
            ("it is no index of version 2", changed(&index, |bytes| bytes.truncate(5))),
            ("it is cut off", changed(&index, |bytes| bytes.truncate(900))),
            ("the fan-out table goes down", changed(&index, |bytes| bytes[FAN_OUT_AT] = 1)),
            ("its length does not fit its number of objects", changed(&index, |bytes| bytes[IDS_AT - 1] = 6)),
            (
                "its length does not fit its number of objects",
                changed(&index, |bytes| bytes[IDS_AT - 4] = 0xff),
            ),
            (
                "the ids are not in order",
                changed(&index, |bytes| bytes.copy_within(IDS_AT..IDS_AT + 20, IDS_AT + 20)),
            ),
            (
                "an id stands outside its part of the fan-out table",
                changed(&index, |bytes| bytes[IDS_AT] ^= 0x80),
            ),
            (
                "an offset lies outside the pack",
                changed(&index, |bytes| {
                    let small = (0..5).find(|n| *n != large_at && bytes[offsets + 4 * n] == 0).unwrap();
                    bytes[offsets + 4 * small..][..4].copy_from_slice(&[0, 0, 0, 11]);
                }),
            ),
            (
                "an offset stands beyond the table of large offsets",
                changed(&index, |bytes| bytes[offsets + 4 * large_at + 3] = 2),
            ),
            ("its checksum does not match", {
                let mut bytes = index.bytes.clone();
                bytes[IDS_AT + 20 * 5] ^= 1;
                PackIndex::parse(bytes, 1 << 40)
            }),
            ("an offset lies outside the pack", PackIndex::parse(index.bytes.clone(), 1 << 34)),
        ];
        for (number, (expected, result)) in cases.into_iter().enumerate() {
            let found = problem(result);
            assert!(
                found == expected || expected == "the ids are not in order" && found.contains("fan-out"),
                "case {number}: {found}"
            );
        }
        for length in 0..index.bytes.len() {
            assert!(PackIndex::parse(index.bytes[..length].to_vec(), 1 << 40).is_err());
        }
    }
}
