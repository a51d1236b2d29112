//! Makes deltas: an index of a base by blocks, searched with a rolling hash over the target.
//!
//! The result is deterministic. Nothing here decides which base is worth trying; that is `search`.

use alloc::vec::Vec;

/// Bytes of a block: the shortest stretch that is found in the base.
const BLOCK: usize = 16;
/// Blocks of one bucket that are tried before the best so far is taken: bounds the time on repetitive content.
const TRIES_MAX: usize = 64;
/// A match that is long enough to stop looking for a longer one.
const LONG_ENOUGH: usize = 4096;
/// Largest base that is indexed, in bytes: a copy names its offset in 32 bits.
pub const BASE_BYTES_MAX: usize = u32::MAX as usize;
/// Longest copy instruction that packs of version 2 can carry.
const COPY_MAX: usize = 0x10000;
/// Longest insertion of one instruction.
const INSERT_MAX: usize = 127;

/// Bytes waiting to be inserted that a match which reaches backwards may yet take back.
const PENDING_SLACK: usize = 4 * BLOCK;

/// Multiplier of the rolling hash.
const FACTOR: u32 = 0x0100_0193;
/// `FACTOR` to the power of `BLOCK`, which takes the oldest byte out.
const FACTOR_OUT: u32 = {
    let (mut power, mut n) = (1u32, 0);
    while n < BLOCK {
        power = power.wrapping_mul(FACTOR);
        n += 1;
    }
    power
};
const NONE: u32 = u32::MAX;

/// Where the blocks of a base stand.
pub struct DeltaIndex {
    /// First block of each bucket.
    heads: Vec<u32>,
    /// Next block of the same bucket, by block.
    next: Vec<u32>,
    shift: u32,
}

impl DeltaIndex {
    /// Indexes `base`, of at most [`BASE_BYTES_MAX`] bytes; takes about half a byte for each of its bytes.
    pub fn new(base: &[u8]) -> Self {
        let blocks = base.len() / BLOCK;
        let bits = (blocks.max(2).next_power_of_two().trailing_zeros()).min(24);
        let mut index =
            Self { heads: alloc::vec![NONE; 1 << bits], next: alloc::vec![NONE; blocks], shift: 32 - bits };
        let mut after = None;
        // Backwards, so that a bucket lists its blocks from the start of the base on.
        for block in (0..blocks).rev() {
            let hash = block_hash(&base[block * BLOCK..]);
            let bucket = index.bucket(hash);
            if after == Some(hash) && index.heads[bucket] == block as u32 + 1 {
                // A run of equal blocks is entered at its first.
                index.next[block] = index.next[block + 1];
            } else {
                index.next[block] = index.heads[bucket];
            }
            index.heads[bucket] = block as u32;
            after = Some(hash);
        }
        index
    }

    /// Bytes that the index takes.
    pub fn memory_bytes(&self) -> usize {
        4 * (self.heads.len() + self.next.len())
    }

    /// The delta that makes `target` out of `base`, the one that was indexed; `None` where it would take more than
    /// `size_max` bytes, or soon seems to.
    pub fn delta(&self, base: &[u8], target: &[u8], size_max: usize) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(size_max.min(64 + target.len() / 4));
        write_size(base.len() as u64, &mut out);
        write_size(target.len() as u64, &mut out);
        // `from` is the first byte that is not written yet, `at` the one that is looked at.
        let (mut from, mut at) = (0, 0);
        let mut hash = None;
        while at + BLOCK <= target.len() {
            let rolled = hash.unwrap_or_else(|| block_hash(&target[at..]));
            match self.longest(base, target, at, rolled) {
                Some((mut start, mut length)) => {
                    while start > 0 && at > from && base[start - 1] == target[at - 1] {
                        (start, at, length) = (start - 1, at - 1, length + 1);
                    }
                    write_insert(&target[from..at], &mut out);
                    write_copy(start, length, &mut out);
                    at += length;
                    (from, hash) = (at, None);
                }
                None => {
                    if let Some(entering) = target.get(at + BLOCK) {
                        hash = Some(roll(rolled, target[at], *entering));
                    }
                    at += 1;
                }
            }
            if out.len().saturating_add(at - from) > size_max.saturating_add(PENDING_SLACK) {
                return None;
            }
        }
        write_insert(&target[from..], &mut out);
        (out.len() <= size_max).then_some(out)
    }

    /// The longest match of `target[at..]` in the base, of at least a block: where it begins and its length.
    #[inline]
    fn longest(&self, base: &[u8], target: &[u8], at: usize, hash: u32) -> Option<(usize, usize)> {
        let mut block = self.heads[self.bucket(hash)];
        if block == NONE {
            return None;
        }
        let wanted = &target[at..];
        let mut best: Option<(usize, usize)> = None;
        for _ in 0..TRIES_MAX {
            let start = block as usize * BLOCK;
            let length = common_prefix(&base[start..], wanted);
            if length >= BLOCK && best.is_none_or(|(_, longest)| length > longest) {
                best = Some((start, length));
                if length >= LONG_ENOUGH {
                    break;
                }
            }
            block = self.next[block as usize];
            if block == NONE {
                break;
            }
        }
        best
    }

    #[inline]
    fn bucket(&self, hash: u32) -> usize {
        (hash.wrapping_mul(0x9e37_79b1) >> self.shift) as usize
    }
}

#[inline]
fn block_hash(bytes: &[u8]) -> u32 {
    bytes[..BLOCK].iter().fold(0, |hash: u32, byte| hash.wrapping_mul(FACTOR).wrapping_add(u32::from(*byte)))
}

#[inline]
fn roll(hash: u32, leaving: u8, entering: u8) -> u32 {
    hash.wrapping_mul(FACTOR)
        .wrapping_add(u32::from(entering))
        .wrapping_sub(u32::from(leaving).wrapping_mul(FACTOR_OUT))
}

/// Number of equal bytes at the start of both.
#[inline]
fn common_prefix(one: &[u8], other: &[u8]) -> usize {
    let most = one.len().min(other.len());
    let (ones, others) = (one[..most].as_chunks::<8>().0, other[..most].as_chunks::<8>().0);
    for (index, (left, right)) in ones.iter().zip(others).enumerate() {
        let difference = u64::from_le_bytes(*left) ^ u64::from_le_bytes(*right);
        if difference != 0 {
            return 8 * index + (difference.trailing_zeros() / 8) as usize;
        }
    }
    let done = most & !7;
    done + one[done..most].iter().zip(&other[done..most]).take_while(|(left, right)| left == right).count()
}

fn write_size(mut size: u64, out: &mut Vec<u8>) {
    while size > 0x7f {
        out.push(0x80 | (size & 0x7f) as u8);
        size >>= 7;
    }
    out.push(size as u8);
}

fn write_insert(bytes: &[u8], out: &mut Vec<u8>) {
    for piece in bytes.chunks(INSERT_MAX) {
        out.push(piece.len() as u8);
        out.extend_from_slice(piece);
    }
}

fn write_copy(mut offset: usize, mut length: usize, out: &mut Vec<u8>) {
    while length > 0 {
        let piece = length.min(COPY_MAX);
        let instruction = out.len();
        out.push(0x80);
        let operands = (offset as u64 & 0xffff_ffff) | ((piece % COPY_MAX) as u64) << 32;
        for (bit, byte) in operands.to_le_bytes().into_iter().take(7).enumerate() {
            if byte != 0 {
                out[instruction] |= 1 << bit;
                out.push(byte);
            }
        }
        (offset, length) = (offset + piece, length - piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::delta::{DeltaHeader, apply};

    fn noise(seed: u32, length: usize) -> Vec<u8> {
        let mut state = seed | 1;
        (0..length)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                state as u8
            })
            .collect()
    }

    fn check(base: &[u8], target: &[u8]) -> usize {
        let delta = DeltaIndex::new(base).delta(base, target, usize::MAX).unwrap();
        let mut out = std::vec![0; DeltaHeader::parse(&delta).unwrap().result_size as usize];
        apply(base, &delta, &mut out).unwrap();
        assert!(out == target);
        assert!(DeltaIndex::new(base).delta(base, target, delta.len() - 1).is_none());
        assert_eq!(DeltaIndex::new(base).delta(base, target, delta.len() + 1000), Some(delta.clone()));
        delta.len()
    }

    #[test]
    fn every_delta_makes_its_target() {
        for length in [0, 1, 15, 16, 17, 31, 32, 1000, 200_000] {
            let base = noise(7, length);
            check(&base, &base);
            check(&base, &[]);
            check(&[], &base);
            check(&base, &noise(9, length));
            let mut target = base.clone();
            target.extend_from_slice(&base);
            target.splice(length / 3..length / 2, noise(3, 50));
            check(&base, &target);
        }
    }

    #[test]
    fn what_is_alike_takes_little() {
        let base = noise(7, 100_000);
        assert!(check(&base, &base) <= 20, "two copies of at most 64 KiB");
        let mut target = base.clone();
        target[50_000] ^= 1;
        assert!(check(&base, &target) <= 30);
        target.splice(10..10, *b"inserted");
        assert!(check(&base, &target) <= 50);
        let reversed = [&base[50_000..], &base[..50_000]].concat();
        assert!(check(&base, &reversed) <= 40);
    }

    #[test]
    fn repetitive_content_costs_little_time_and_space() {
        let zeros = std::vec![0; 1 << 20];
        assert!(check(&zeros, &zeros[..1 << 19]) <= 80);
        let pairs: Vec<u8> = (0..1 << 20).map(|n: u32| (n / 16 % 2) as u8).collect();
        assert!(check(&pairs, &pairs[16..]) <= 150);
    }
}
