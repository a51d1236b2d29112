//! How much of one blob is found in another, in git's measure: the share of its chunks, of a line or 64 bytes each.
//!
//! Integers throughout, so that scores are the same everywhere.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bstr::ByteSlice;

use super::binary::is_binary;
use super::blob_size;
use crate::ObjectId;
use crate::store::{IdMap, ObjectSource, ReadError};

/// A similarity, from 0 to 60,000, git's own scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u16);

impl Score {
    /// Nothing in common.
    pub const MIN: Self = Self(0);
    /// The same bytes.
    pub const MAX: Self = Self(60_000);

    /// The score of that many percent; more than 100 count as 100.
    pub const fn from_percent(percent: u8) -> Self {
        Self(if percent < 100 { percent as u16 * 600 } else { 60_000 })
    }

    /// Whole percent, rounded down, as git prints them.
    pub const fn percent(self) -> u8 {
        (self.0 / 600) as u8
    }

    /// The number from 0 to 60,000.
    pub const fn value(self) -> u16 {
        self.0
    }

    /// Half of the way from here to [`Score::MAX`].
    pub const fn halfway_to_max(self) -> Self {
        Self(self.0 + (Self::MAX.0 - self.0) / 2)
    }
}

/// Most bytes of fingerprints that are kept at once: 64 MiB, those of about 8 million distinct lines.
const FINGERPRINT_BYTES_MAX: usize = 64 << 20;

/// Longest chunk, in bytes, as git cuts them.
const CHUNK_BYTES_MAX: usize = 64;

/// The chunks of a blob: for each distinct one, how many bytes it makes up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Hash and bytes, sorted by hash.
    chunks: Box<[(u32, u32)]>,
}

impl Fingerprint {
    /// Cuts a blob into chunks that end with a newline or after 64 bytes. In text, a CR before LF does not count.
    pub fn new(bytes: &[u8]) -> Self {
        let is_text = !is_binary(bytes);
        let mut hashed: Vec<u64> = Vec::with_capacity(bytes.len() / 32 + 1);
        let mut rest = bytes;
        while !rest.is_empty() {
            let (chunk, newline, used) = cut(rest, is_text);
            rest = &rest[used..];
            let length = chunk.len() + usize::from(newline);
            hashed.push(u64::from(hash(chunk, newline)) << 32 | length as u64);
        }
        sort_by_hash(&mut hashed);
        let mut chunks: Vec<(u32, u32)> = Vec::with_capacity(hashed.len());
        for chunk in hashed {
            let (hash, length) = ((chunk >> 32) as u32, chunk as u32);
            match chunks.last_mut() {
                Some((last, bytes)) if *last == hash => *bytes = bytes.saturating_add(length),
                _ => chunks.push((hash, length)),
            }
        }
        Self { chunks: chunks.into() }
    }

    /// How many bytes of `self` are found in `other` too.
    pub fn copied_to(&self, other: &Self) -> u64 {
        let mut copied = 0;
        let mut theirs = other.chunks.iter().peekable();
        for (hash, bytes) in &self.chunks {
            while theirs.next_if(|(their_hash, _)| their_hash < hash).is_some() {}
            if let Some((_, their_bytes)) = theirs.next_if(|(their_hash, _)| their_hash == hash) {
                copied += u64::from(*bytes.min(their_bytes));
            }
        }
        copied
    }
}

/// Sorts by the upper half: once through for each of its bytes, the lowest first.
fn sort_by_hash(hashed: &mut Vec<u64>) {
    let mut sorted = alloc::vec![0; hashed.len()];
    for shift in [32, 40, 48, 56] {
        let byte = |chunk: u64| (chunk >> shift) as u8 as usize;
        let mut places = [0; 256];
        hashed.iter().for_each(|chunk| places[byte(*chunk)] += 1);
        let mut next = 0;
        for place in &mut places {
            next += core::mem::replace(place, next);
        }
        for chunk in &*hashed {
            let place = &mut places[byte(*chunk)];
            sorted[*place] = *chunk;
            *place += 1;
        }
        core::mem::swap(hashed, &mut sorted);
    }
}

/// Fingerprints by blob, kept between comparisons within a bound of 64 MiB.
#[derive(Clone, Debug, Default)]
pub struct Fingerprints {
    by_id: IdMap<Arc<Fingerprint>>,
    bytes: usize,
}

impl Fingerprints {
    /// Starts with none.
    pub fn new() -> Self {
        Self::default()
    }

    /// The similarity of two blobs; [`Score::MIN`] where their sizes alone tell that it is below `threshold`.
    pub fn score(
        &mut self,
        source: &dyn ObjectSource,
        (old, old_size): (&ObjectId, u64),
        (new, new_size): (&ObjectId, u64),
        threshold: Score,
    ) -> Result<Score, ReadError> {
        let (small, large) = (old_size.min(new_size), old_size.max(new_size));
        let (max, threshold) = (u64::from(Score::MAX.0), u64::from(threshold.0));
        if small == 0 || large.saturating_mul(max - threshold) < (large - small).saturating_mul(max) {
            return Ok(Score::MIN);
        }
        let copied = self.fingerprint(source, old)?.copied_to(&*self.fingerprint(source, new)?);
        Ok(Score((copied.saturating_mul(max) / large).min(max) as u16))
    }

    fn fingerprint(
        &mut self,
        source: &dyn ObjectSource,
        id: &ObjectId,
    ) -> Result<Arc<Fingerprint>, ReadError> {
        if let Some(found) = self.by_id.get(id) {
            return Ok(found.clone());
        }
        let fingerprint = Arc::new(Fingerprint::new(&source.read_blob(id)?));
        self.bytes += size_of_val(&*fingerprint.chunks);
        if self.bytes > FINGERPRINT_BYTES_MAX {
            self.by_id.clear();
            self.bytes = size_of_val(&*fingerprint.chunks);
        }
        self.by_id.insert(*id, fingerprint.clone());
        Ok(fingerprint)
    }
}

/// The similarity of two blobs as `git diff` would print it for a rename between them.
pub fn similarity(source: &dyn ObjectSource, old: &ObjectId, new: &ObjectId) -> Result<Score, ReadError> {
    if old == new {
        return Ok(Score::MAX);
    }
    let sizes = (blob_size(source, old)?, blob_size(source, new)?);
    Fingerprints::new().score(source, (old, sizes.0), (new, sizes.1), Score::MIN)
}

/// The first chunk without what ends its line, whether a newline follows it, and how many bytes both take.
fn cut(bytes: &[u8], is_text: bool) -> (&[u8], bool, usize) {
    let window = &bytes[..bytes.len().min(CHUNK_BYTES_MAX)];
    let newline = window.find_byte(b'\n').or_else(|| {
        // A CR that does not count leaves room for the newline after it.
        let cr_then_newline = window.len() == CHUNK_BYTES_MAX
            && is_text
            && window.last() == Some(&b'\r')
            && bytes.get(CHUNK_BYTES_MAX) == Some(&b'\n');
        cr_then_newline.then_some(CHUNK_BYTES_MAX)
    });
    match newline {
        Some(at) => {
            let line = &bytes[..at];
            let line = if is_text { line.strip_suffix(b"\r").unwrap_or(line) } else { line };
            (line, true, at + 1)
        }
        None => (window, false, window.len()),
    }
}

/// How many hashes there are, as measured of git: unrelated texts of 16,000 to 192,000 lines get scores (12 to 59
/// percent) that chance alone explains with 108,000 values, and not with 1,000 more or less. So scores of large texts
/// agree too, although single chunks meet in other values; and no fingerprint takes more than 864 KB.
const HASH_VALUES: u64 = 108_000;

/// A hash of a chunk.
fn hash(chunk: &[u8], newline: bool) -> u32 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(MULTIPLIER);
    let mut hash = mix(chunk.len() as u64, u64::from(newline));
    let (words, rest) = chunk.as_chunks::<8>();
    for word in words {
        hash = mix(hash, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    (((mix(hash, u64::from_le_bytes(last)) >> 32) * HASH_VALUES) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(mut bytes: &[u8], is_text: bool) -> Vec<usize> {
        let mut used = Vec::new();
        while !bytes.is_empty() {
            let length = cut(bytes, is_text).2;
            used.push(length);
            bytes = &bytes[length..];
        }
        used
    }

    #[test]
    fn chunks_end_with_lines_or_after_64_bytes() {
        assert_eq!(cuts(b"a\nbc\r\n\nrest", true), [2, 4, 1, 4]);
        assert_eq!(cuts(&[b'x'; 130], true), [64, 64, 2]);
        let mut line = [b'x'; 66];
        line[63..].copy_from_slice(b"\r\n.");
        assert_eq!(cuts(&line, true), [65, 1]);
        assert_eq!(cuts(&line, false), [64, 1, 1]);
    }

    #[test]
    fn chunks_are_sorted_by_their_hash() {
        let mut seed = 1u64;
        let mut hashed: Vec<u64> = (0..1000)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                seed & 0xff03_0f01_ffff_ffff
            })
            .collect();
        let mut expected = hashed.clone();
        expected.sort_by_key(|chunk| chunk >> 32);
        sort_by_hash(&mut hashed);
        assert_eq!(hashed, expected);
    }

    #[test]
    fn line_endings_of_text_do_not_count() {
        let unix = Fingerprint::new(b"one\ntwo\n");
        let windows = Fingerprint::new(b"one\r\ntwo\r\n");
        assert_eq!(unix, windows);
        assert_eq!(unix.copied_to(&Fingerprint::new(b"two\nthree\n")), 4);
        assert_ne!(Fingerprint::new(b"\0\none\r\n"), Fingerprint::new(b"\0\none\n"));
    }

    #[test]
    fn scores_are_whole_percent_rounded_down() {
        assert_eq!(Score::from_percent(50).value(), 30_000);
        assert_eq!(Score::from_percent(50).halfway_to_max(), Score::from_percent(75));
        assert_eq!((Score(59_999).percent(), Score::from_percent(200)), (99, Score::MAX));
    }
}
