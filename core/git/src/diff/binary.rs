//! Which contents are no text, and patches of such contents that `git apply` takes.

use alloc::format;
use alloc::vec::Vec;

use crate::pack::zlib::{Deflater, Level};

/// How far git looks for a NUL byte, in bytes, to tell binary from text.
pub const PROBE_BYTES: usize = 8000;

/// Contents of this size, in bytes, are not compared as text: git's `core.bigFileThreshold`, 512 MiB.
pub const TEXT_BYTES_MAX: usize = 512 << 20;

/// Texts of more lines are not compared either, nor merged. Git has no such bound; 16 million lines take about 700 MB.
pub const TEXT_LINES_MAX: usize = 16 << 20;

/// Whether contents are compared as text.
pub fn is_text(bytes: &[u8]) -> bool {
    !is_binary(bytes) && bytes.len() < TEXT_BYTES_MAX && has_few_lines(bytes)
}

/// Whether contents have at most [`TEXT_LINES_MAX`] lines.
pub fn has_few_lines(bytes: &[u8]) -> bool {
    bytes.len() <= TEXT_LINES_MAX || bytes.iter().filter(|byte| **byte == b'\n').count() <= TEXT_LINES_MAX
}

/// Whether git takes these bytes for binary: there is a NUL among the first 8,000.
pub fn is_binary(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(PROBE_BYTES)].contains(&0)
}

/// Appends what follows the `index` line of a binary file, as `git diff --binary` does: the new content, then the old
/// one for the way back, each whole. Git sends a delta instead where that is shorter, and its compression differs.
pub fn write_binary_patch(old: &[u8], new: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"GIT binary patch\n");
    let mut deflater = Deflater::new(Level::Default);
    for content in [new, old] {
        let mut compressed = Vec::new();
        deflater.deflate(content, &mut compressed);
        out.extend_from_slice(format!("literal {}\n", content.len()).as_bytes());
        compressed.chunks(LINE_BYTES).for_each(|line| write_base85_line(line, out));
        out.push(b'\n');
    }
}

/// Bytes in one line of a binary patch.
const LINE_BYTES: usize = 52;

/// The digits of RFC 1924.
const BASE85: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// A letter for the number of bytes, then five digits for each four of them.
fn write_base85_line(line: &[u8], out: &mut Vec<u8>) {
    let length = line.len() as u8;
    out.push(if length <= 26 { b'A' + length - 1 } else { b'a' + length - 27 });
    for group in line.chunks(4) {
        let mut word = [0; 4];
        word[..group.len()].copy_from_slice(group);
        let mut value = u32::from_be_bytes(word);
        let mut digits = [0; 5];
        for digit in digits.iter_mut().rev() {
            *digit = BASE85[(value % 85) as usize];
            value /= 85;
        }
        out.extend(digits);
    }
    out.push(b'\n');
}
