//! The bytes of a pack in pieces, so that a pack that arrives is never moved as a whole. No entry lies in two pieces.

use alloc::vec::Vec;

/// Least room of a piece, in bytes.
const PIECE_BYTES_MIN: usize = 1 << 20;
/// Most room that a piece gets by itself; one large entry may need a larger one.
const PIECE_BYTES_MAX: usize = 64 << 20;

/// Bytes in pieces.
#[derive(Default)]
pub(super) struct Pieces {
    /// Each with the offset at which it begins.
    pieces: Vec<(u64, Vec<u8>)>,
}

impl Pieces {
    /// All bytes in one piece.
    pub(super) fn from_vec(bytes: Vec<u8>) -> Self {
        Self { pieces: alloc::vec![(0, bytes)] }
    }

    /// Number of bytes.
    pub(super) fn len(&self) -> u64 {
        self.pieces.last().map_or(0, |(start, piece)| start + piece.len() as u64)
    }

    /// Bytes of memory that are held for them.
    pub(super) fn memory_bytes(&self) -> usize {
        self.pieces.iter().map(|(_, piece)| piece.capacity()).sum()
    }

    /// From `offset` to the end of the piece it lies in; empty beyond the end.
    pub(super) fn from(&self, offset: u64) -> &[u8] {
        let after = self.pieces.partition_point(|(start, _)| *start <= offset);
        let Some((start, piece)) = after.checked_sub(1).and_then(|at| self.pieces.get(at)) else {
            return &[];
        };
        usize::try_from(offset - start).ok().and_then(|at| piece.get(at..)).unwrap_or_default()
    }

    /// The pieces in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> + '_ {
        self.pieces.iter().map(|(_, piece)| piece.as_slice())
    }

    /// Appends bytes; what lies from `keep` on must stay in one piece with them.
    pub(super) fn push(&mut self, bytes: &[u8], keep: u64) {
        let total = self.len();
        if let Some((_, last)) = self.pieces.last_mut()
            && last.capacity() - last.len() >= bytes.len()
        {
            last.extend_from_slice(bytes);
            return;
        }
        let kept = (total - keep) as usize;
        let room = usize::try_from(total / 8).map_or(PIECE_BYTES_MAX, |eighth| eighth.min(PIECE_BYTES_MAX));
        let mut piece = Vec::with_capacity(room.max(PIECE_BYTES_MIN).max(2 * (kept + bytes.len())));
        if let Some((_, last)) = self.pieces.last_mut() {
            let from = last.len() - kept;
            piece.extend_from_slice(&last[from..]);
            last.truncate(from);
            last.shrink_to_fit();
            if last.is_empty() {
                self.pieces.pop();
            }
        }
        piece.extend_from_slice(bytes);
        self.pieces.push((keep, piece));
    }

    /// Cuts the last `length` bytes off, which must lie in the last piece.
    pub(super) fn truncate_last(&mut self, length: usize) {
        if let Some((_, last)) = self.pieces.last_mut() {
            last.truncate(last.len() - length);
        }
    }

    /// Overwrites bytes near the start.
    pub(super) fn overwrite(&mut self, offset: usize, bytes: &[u8]) {
        if let Some((_, first)) = self.pieces.first_mut()
            && let Some(place) = first.get_mut(offset..offset + bytes.len())
        {
            place.copy_from_slice(bytes);
        }
    }

    /// Gives back the room that the last piece does not need.
    pub(super) fn shrink(&mut self) {
        if let Some((_, last)) = self.pieces.last_mut() {
            last.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_stay_together_stays_together() {
        let content: Vec<u8> = (0..5 << 20).map(|n: u32| (n >> 5) as u8).collect();
        let mut pieces = Pieces::default();
        let mut keep = 0;
        for (number, part) in content.chunks(70_001).enumerate() {
            pieces.push(part, keep);
            let together = pieces.from(keep);
            assert!(together.ends_with(part) && keep + together.len() as u64 == pieces.len());
            if number % 3 == 0 {
                keep = pieces.len() - 11;
            }
        }
        assert_eq!(pieces.iter().collect::<Vec<_>>().concat(), content);
        assert_eq!(pieces.len(), content.len() as u64);
        assert!(pieces.from(5 << 20).is_empty() && pieces.from(u64::MAX).is_empty());
        assert!(pieces.memory_bytes() < content.len() + PIECE_BYTES_MIN);
    }
}
