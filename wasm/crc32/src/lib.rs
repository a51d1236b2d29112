//! CRC-32 without tables, in place of crc32fast.
//!
//! sirocco asks for it where it reads or writes gzip, which git's formats never hold; its tables made up 17 KB (gzip)
//! of the module. The checksum in a pack's index is computed elsewhere, with tables.
#![no_std]

/// The polynomial of IEEE 802.3, lowest bit first.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// A checksum in the making.
#[derive(Clone, Debug)]
pub struct Hasher(u32);

impl Hasher {
    /// Goes on from the checksum of the bytes before; 0 where there are none.
    pub fn new_with_initial(checksum: u32) -> Self {
        Self(!checksum)
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 ^= u32::from(*byte);
            for _ in 0..8 {
                self.0 = (self.0 >> 1) ^ (POLYNOMIAL & (self.0 & 1).wrapping_neg());
            }
        }
    }

    /// The checksum of all bytes.
    pub fn finalize(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue() {
        let mut hasher = Hasher::new_with_initial(0);
        hasher.update(b"1234");
        let mut rest = Hasher::new_with_initial(hasher.finalize());
        rest.update(b"56789");
        assert_eq!(rest.finalize(), 0xcbf4_3926);
    }
}
