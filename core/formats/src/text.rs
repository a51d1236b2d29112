//! Text as people count it: lines and columns from 1, columns in characters. Knows no format.

use alloc::string::String;

/// Largest document that is parsed, in bytes: 64 MiB. Configuration is far below; data of that size has tools of its own.
pub const DOCUMENT_BYTES_MAX: usize = 64 << 20;

/// Deepest nesting of lists and maps that is followed.
pub const DEPTH_MAX: usize = 256;

/// Most problems that one document is told of.
pub const PROBLEMS_MAX: usize = 100;

/// A place in a document and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1; `\n`, `\r\n` and a lone `\r` end one.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// What is wrong, as a person reads it.
    pub message: String,
}

impl Problem {
    /// What is wrong at a byte of `bytes`.
    pub(crate) fn at(bytes: &[u8], offset: usize, message: impl Into<String>) -> Self {
        let (line, column) = place(bytes, offset);
        Self { line, column, message: message.into() }
    }
}

impl core::fmt::Display for Problem {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl core::error::Error for Problem {}

/// Line and column of a byte. A byte order mark takes no column.
pub fn place(bytes: &[u8], offset: usize) -> (u32, u32) {
    let before = &bytes[..offset.min(bytes.len())];
    let mut line = 1u32;
    let mut start = if before.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    for (at, byte) in before.iter().enumerate() {
        // Of `\r\n`, the second byte ends the line.
        if *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
            line = line.saturating_add(1);
            start = at + 1;
        }
    }
    let is_first = |byte: &&u8| **byte & 0xc0 != 0x80;
    let column = before.get(start..).unwrap_or_default().iter().filter(is_first).count();
    (line, u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1))
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The text of a document without its byte order mark, and where that text begins.
pub(crate) fn decode(bytes: &[u8]) -> Result<(&str, usize), Problem> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        let message =
            alloc::format!("the file has {} bytes: at most {DOCUMENT_BYTES_MAX} are checked", bytes.len());
        return Err(Problem::at(bytes, 0, message));
    }
    let start = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    match core::str::from_utf8(&bytes[start..]) {
        Ok(text) => Ok((text, start)),
        Err(error) => {
            Err(Problem::at(bytes, start + error.valid_up_to(), "the file is no UTF-8 from here on"))
        }
    }
}

/// A character as a message shows it.
pub(crate) fn shown(text: &str, offset: usize) -> String {
    match text.get(offset..).and_then(|rest| rest.chars().next()) {
        None => "the end of the file".into(),
        Some('\n' | '\r') => "the end of the line".into(),
        Some(other) if other.is_control() => alloc::format!("U+{:04X}", other as u32),
        Some(other) => alloc::format!("'{other}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_as_people_do() {
        let text = "\u{feff}ab\r\n\u{e9}x\ry\nz".as_bytes();
        let table = [("a", (1, 1)), ("b", (1, 2)), ("x", (2, 2)), ("y", (3, 1)), ("z", (4, 1))];
        for (found, expected) in table {
            let offset = text.iter().position(|byte| *byte == found.as_bytes()[0]).unwrap();
            assert_eq!(place(text, offset), expected, "{found}");
        }
        assert_eq!(place(b"a\n", 99), (2, 1));
    }
}
