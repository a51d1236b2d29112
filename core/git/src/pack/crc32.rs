//! CRC-32 as the pack index records it for each entry (IEEE 802.3, reflected).

/// Tables for eight bytes a step; 8 KiB, made when asked for and so no part of the program's bytes.
pub struct Crc32 {
    tables: alloc::boxed::Box<[[u32; 256]; 8]>,
}

impl Crc32 {
    /// Fills the tables.
    pub fn new() -> Self {
        let mut tables = alloc::boxed::Box::new([[0u32; 256]; 8]);
        for value in 0..256u32 {
            let mut crc = value;
            for _ in 0..8 {
                crc = (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
            }
            tables[0][value as usize] = crc;
        }
        for slice in 1..8 {
            for value in 0..256 {
                let before = tables[slice - 1][value];
                tables[slice][value] = (before >> 8) ^ tables[0][(before & 255) as usize];
            }
        }
        Self { tables }
    }

    /// Goes on from `crc`, which is 0 at the start, over `bytes`.
    pub fn update(&self, crc: u32, bytes: &[u8]) -> u32 {
        let t = &self.tables;
        let mut crc = !crc;
        let (eights, rest) = bytes.as_chunks::<8>();
        for eight in eights {
            let low = crc ^ u32::from_le_bytes([eight[0], eight[1], eight[2], eight[3]]);
            crc = t[7][(low & 255) as usize]
                ^ t[6][(low >> 8 & 255) as usize]
                ^ t[5][(low >> 16 & 255) as usize]
                ^ t[4][(low >> 24) as usize]
                ^ t[3][eight[4] as usize]
                ^ t[2][eight[5] as usize]
                ^ t[1][eight[6] as usize]
                ^ t[0][eight[7] as usize];
        }
        for byte in rest {
            crc = (crc >> 8) ^ t[0][((crc ^ u32::from(*byte)) & 255) as usize];
        }
        !crc
    }
}

impl Default for Crc32 {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_in_one_piece_and_in_two() {
        let crc32 = Crc32::new();
        let text = b"The quick brown fox jumps over the lazy dog";
        assert_eq!(crc32.update(0, b""), 0);
        assert_eq!(crc32.update(0, b"123456789"), 0xcbf4_3926);
        for cut in 0..=text.len() {
            assert_eq!(crc32.update(crc32.update(0, &text[..cut]), &text[cut..]), 0x414f_a339);
        }
    }
}
