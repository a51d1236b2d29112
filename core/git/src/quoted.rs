//! Bytes in quotes, as the messages of errors show them.
//!
//! In place of `{:?}`, which brings the tables of all printable characters with it, 4 KB (gzip) of wasm.

use core::fmt::{self, Write};

/// Shows bytes in double quotes: what is ASCII and no visible character, and what is no UTF-8, as an escape.
pub struct Quoted<'a>(pub &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match u8::try_from(character) {
                    Ok(byte) if byte.is_ascii() => write!(f, "{}", byte.escape_ascii())?,
                    _ => f.write_char(character)?,
                }
            }
            write!(f, "{}", chunk.invalid().escape_ascii())?;
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn escapes_what_cannot_be_seen() {
        let shown = |bytes: &[u8]| format!("{}", Quoted(bytes));
        assert_eq!(shown(b"a dir/file"), "\"a dir/file\"");
        assert_eq!(shown("gr\u{fc}n".as_bytes()), "\"gr\u{fc}n\"");
        assert_eq!(shown(b"a\"\\\n\0\x7f\xff\xc3"), r#""a\"\\\n\x00\x7f\xff\xc3""#);
    }
}
