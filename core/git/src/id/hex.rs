//! Lower-case hex, both ways. Decoding takes either case, as git does.

/// Why a text is no hex id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HexError {
    /// Not the number of digits that was asked for.
    Length {
        /// Digits found.
        found: usize,
    },
    /// A byte that is no hex digit.
    Digit {
        /// Where it stands, from 0.
        position: usize,
    },
}

impl core::fmt::Display for HexError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Length { found } => write!(f, "an id has 40 hex digits, not {found}"),
            Self::Digit { position } => write!(f, "no hex digit at position {position}"),
        }
    }
}

impl core::error::Error for HexError {}

/// Writes `bytes` as lower-case hex into `out`, which must be twice as long.
pub fn encode_hex(bytes: &[u8], out: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    assert!(out.len() == 2 * bytes.len(), "hex takes two digits a byte");
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[(byte >> 4) as usize];
        pair[1] = DIGITS[(byte & 15) as usize];
    }
}

/// Reads `text` into `out`, which must be half as long.
pub fn decode_hex(text: &[u8], out: &mut [u8]) -> Result<(), HexError> {
    if text.len() != 2 * out.len() {
        return Err(HexError::Length { found: text.len() });
    }
    for (index, (pair, byte)) in text.chunks_exact(2).zip(out).enumerate() {
        let high = digit(pair[0]).ok_or(HexError::Digit { position: 2 * index })?;
        let low = digit(pair[1]).ok_or(HexError::Digit { position: 2 * index + 1 })?;
        *byte = high << 4 | low;
    }
    Ok(())
}

#[inline]
pub(super) fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
