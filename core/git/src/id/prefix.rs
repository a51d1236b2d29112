//! The abbreviation of an id: 4 to 40 hex digits.

use super::hex::digit;
use super::{HexError, ObjectId};

/// Leading hex digits of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    low: ObjectId,
    digits: u8,
}

impl Prefix {
    /// Fewest digits that git takes as an abbreviation.
    pub const DIGITS_MIN: usize = 4;

    /// Reads 4 to 40 hex digits of either case.
    pub fn from_hex(text: &[u8]) -> Result<Self, HexError> {
        if text.len() < Self::DIGITS_MIN || text.len() > 40 {
            return Err(HexError::Length { found: text.len() });
        }
        let mut raw = [0; 20];
        for (position, byte) in text.iter().enumerate() {
            let value = digit(*byte).ok_or(HexError::Digit { position })?;
            raw[position / 2] |= if position.is_multiple_of(2) { value << 4 } else { value };
        }
        Ok(Self { low: ObjectId::from_bytes(raw), digits: text.len() as u8 })
    }

    /// The least id with these digits: where a search in sorted ids starts.
    pub fn low(&self) -> &ObjectId {
        &self.low
    }

    /// Number of digits, 4 to 40.
    pub fn digits(&self) -> usize {
        usize::from(self.digits)
    }

    /// Whether `id` begins with these digits.
    pub fn matches(&self, id: &ObjectId) -> bool {
        let (whole, low) = (self.digits() / 2, self.low.as_bytes());
        let bytes = id.as_bytes();
        bytes[..whole] == low[..whole]
            && (self.digits().is_multiple_of(2) || bytes[whole] >> 4 == low[whole] >> 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_by_digit() {
        let id = ObjectId::EMPTY_TREE;
        for digits in 4..=40 {
            let hex = id.to_hex();
            assert!(Prefix::from_hex(&hex[..digits]).unwrap().matches(&id));
        }
        assert!(!Prefix::from_hex(b"4b826").unwrap().matches(&id));
        assert!(Prefix::from_hex(b"4b8").is_err());
    }
}
