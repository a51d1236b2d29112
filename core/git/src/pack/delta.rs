//! Git's delta form: two sizes, then copies out of the base and insertions. Applies what others made; nothing here
//! knows packs.

/// What is wrong with a delta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeltaError {
    /// It ends within an instruction or a size.
    Truncated,
    /// A size that needs more than 64 bits.
    SizeOverflow,
    /// It was made for a base of another size.
    BaseSize {
        /// Bytes that it states.
        stated: u64,
        /// Bytes that the base has.
        found: u64,
    },
    /// It makes more bytes than it states.
    ResultTooLong {
        /// Bytes that it states.
        stated: u64,
    },
    /// It makes fewer bytes than it states.
    ResultTooShort {
        /// Bytes that it states.
        stated: u64,
        /// Bytes that it makes.
        found: u64,
    },
    /// It copies from beyond the end of the base.
    CopyBeyondBase {
        /// First byte asked for.
        offset: u64,
        /// Number of bytes asked for.
        length: u64,
    },
    /// The instruction 0, which git reserves.
    Reserved,
}

impl DeltaError {
    /// The same in a few words, for errors that carry a fixed text.
    pub const fn problem(self) -> &'static str {
        match self {
            Self::Truncated => "the delta is cut off",
            Self::SizeOverflow => "a size in the delta needs more than 64 bits",
            Self::BaseSize { .. } => "the delta is made for a base of another size",
            Self::ResultTooLong { .. } => "the delta makes more than it states",
            Self::ResultTooShort { .. } => "the delta makes less than it states",
            Self::CopyBeyondBase { .. } => "the delta copies from beyond its base",
            Self::Reserved => "the delta uses the reserved instruction 0",
        }
    }
}

impl core::fmt::Display for DeltaError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.problem())?;
        match self {
            Self::BaseSize { stated, found } => write!(f, " ({stated} bytes, the base has {found})"),
            Self::ResultTooLong { stated } => write!(f, " ({stated} bytes)"),
            Self::ResultTooShort { stated, found } => write!(f, " ({found} of {stated} bytes)"),
            Self::CopyBeyondBase { offset, length } => write!(f, " ({length} bytes at {offset})"),
            _ => Ok(()),
        }
    }
}

impl core::error::Error for DeltaError {}

/// The two sizes that a delta begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeltaHeader {
    /// Bytes of the base that it was made for.
    pub base_size: u64,
    /// Bytes that it makes.
    pub result_size: u64,
    /// Where the instructions begin.
    pub length: usize,
}

/// Longest header of a delta, in bytes.
pub const DELTA_HEADER_BYTES_MAX: usize = 20;

impl DeltaHeader {
    /// Reads the two sizes.
    pub fn parse(delta: &[u8]) -> Result<Self, DeltaError> {
        let mut rest = delta;
        let base_size = parse_size(&mut rest)?;
        let result_size = parse_size(&mut rest)?;
        Ok(Self { base_size, result_size, length: delta.len() - rest.len() })
    }
}

fn parse_size(rest: &mut &[u8]) -> Result<u64, DeltaError> {
    let (mut size, mut shift) = (0u64, 0);
    loop {
        let (byte, after) = rest.split_first().ok_or(DeltaError::Truncated)?;
        *rest = after;
        let bits = u64::from(byte & 0x7f);
        if shift > 63 || bits << shift >> shift != bits {
            return Err(DeltaError::SizeOverflow);
        }
        size |= bits << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return Ok(size);
        }
    }
}

/// Applies `delta` to `base`. `out` must have the `result_size` of its header, and is filled exactly or an error says
/// why not; its content is unspecified then.
pub fn apply(base: &[u8], delta: &[u8], out: &mut [u8]) -> Result<(), DeltaError> {
    let header = DeltaHeader::parse(delta)?;
    if header.base_size != base.len() as u64 {
        return Err(DeltaError::BaseSize { stated: header.base_size, found: base.len() as u64 });
    }
    let stated = header.result_size;
    if stated != out.len() as u64 {
        return Err(DeltaError::ResultTooLong { stated });
    }
    let mut rest = &delta[header.length..];
    let mut at = 0;
    while let Some((instruction, after)) = rest.split_first() {
        let piece;
        if instruction & 0x80 != 0 {
            let (offset, length, after) = parse_copy(*instruction, after).ok_or(DeltaError::Truncated)?;
            let end = offset.checked_add(length).filter(|end| *end <= base.len());
            let end =
                end.ok_or(DeltaError::CopyBeyondBase { offset: offset as u64, length: length as u64 })?;
            (piece, rest) = (&base[offset..end], after);
        } else if *instruction == 0 {
            return Err(DeltaError::Reserved);
        } else {
            (piece, rest) = after.split_at_checked(usize::from(*instruction)).ok_or(DeltaError::Truncated)?;
        }
        let room = out.get_mut(at..at + piece.len()).ok_or(DeltaError::ResultTooLong { stated })?;
        room.copy_from_slice(piece);
        at += piece.len();
    }
    if at < out.len() {
        return Err(DeltaError::ResultTooShort { stated, found: at as u64 });
    }
    Ok(())
}

/// Reads the operands of a copy: up to four bytes of offset, up to three of length, where a length of 0 means 64 KiB.
#[inline]
fn parse_copy(instruction: u8, mut rest: &[u8]) -> Option<(usize, usize, &[u8])> {
    let (mut offset, mut length) = (0u32, 0u32);
    for (bit, shift) in [(0, 0), (1, 8), (2, 16), (3, 24)] {
        if instruction >> bit & 1 == 1 {
            let (byte, after) = rest.split_first()?;
            offset |= u32::from(*byte) << shift;
            rest = after;
        }
    }
    for (bit, shift) in [(4, 0), (5, 8), (6, 16)] {
        if instruction >> bit & 1 == 1 {
            let (byte, after) = rest.split_first()?;
            length |= u32::from(*byte) << shift;
            rest = after;
        }
    }
    let length = if length == 0 { 0x10000 } else { length };
    Some((offset as usize, length as usize, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    fn applied(base: &[u8], delta: &[u8]) -> Result<Vec<u8>, DeltaError> {
        let header = DeltaHeader::parse(delta)?;
        let mut out = vec![0; header.result_size as usize];
        apply(base, delta, &mut out)?;
        Ok(out)
    }

    #[test]
    fn the_eight_bad_strings_of_gits_own_tests_are_refused() {
        let base = b"abcd";
        let cases: [(&[u8], &[u8], DeltaError); 8] = [
            (b"", &[0, 1, 2, b'X', b'X'], DeltaError::ResultTooLong { stated: 1 }),
            (base, &[4, 1, 0x91, 0, 2], DeltaError::ResultTooLong { stated: 1 }),
            (b"", &[0, 2, 2, b'X'], DeltaError::Truncated),
            (b"", &[0, 1, 0x91, 0, 1], DeltaError::CopyBeyondBase { offset: 0, length: 1 }),
            (base, &[4, 2, 1, b'X', 0x91], DeltaError::Truncated),
            (b"", &[0, 1, 1, b'X', 1], DeltaError::Truncated),
            (b"", &[0, 1, 1, b'X', 0x91, 0, 1], DeltaError::CopyBeyondBase { offset: 0, length: 1 }),
            (b"", &[0, 1, 1, b'X', 0], DeltaError::Reserved),
        ];
        for (base, delta, error) in cases {
            assert_eq!(applied(base, delta), Err(error), "{delta:?}");
        }
        assert_eq!(applied(b"", &[0, 1, 1, b'X']), Ok(b"X".to_vec()));
    }

    #[test]
    fn sizes_that_lie_are_refused() {
        assert_eq!(applied(b"abc", &[4, 1, 0x90, 1]), Err(DeltaError::BaseSize { stated: 4, found: 3 }));
        assert_eq!(
            applied(b"abc", &[3, 3, 0x90, 2]),
            Err(DeltaError::ResultTooShort { stated: 3, found: 2 })
        );
        assert_eq!(DeltaHeader::parse(&[0xff; 100]), Err(DeltaError::SizeOverflow));
        assert_eq!(DeltaHeader::parse(&[0x80; 4]), Err(DeltaError::Truncated));
        assert_eq!(DeltaHeader::parse(&[]), Err(DeltaError::Truncated));
        let beyond = DeltaError::CopyBeyondBase { offset: u64::from(u32::MAX), length: 0xff_ffff };
        assert_eq!(applied(b"abc", &[3, 1, 0xff, 255, 255, 255, 255, 255, 255, 255]), Err(beyond));
        for cut in 3..9 {
            let delta = &[3, 1, 0xff, 0, 0, 0, 0, 1, 0, 0][..cut];
            assert_eq!(applied(b"abc", delta), Err(DeltaError::Truncated));
        }
    }

    #[test]
    fn a_copy_of_size_zero_is_64_kib() {
        let base: Vec<u8> = (0..0x10001u32).map(|n| n as u8).collect();
        let delta = [0x81, 0x80, 4, 0x80, 0x80, 4, 0x81, 1];
        assert_eq!(applied(&base, &delta), Ok(base[1..].to_vec()));
    }
}
