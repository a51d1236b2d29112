//! Paths in git's C-style quotes, where they hold bytes that a line of text cannot.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use bstr::{BStr, BString, ByteSlice};

/// The path, in double quotes where git (with `core.quotePath` as it is by default) would put it there.
pub fn quote_path(path: &BStr) -> Cow<'_, BStr> {
    if !path.iter().any(|byte| needs_escape(*byte)) {
        return Cow::Borrowed(path);
    }
    let mut quoted = Vec::with_capacity(path.len() + 8);
    quoted.push(b'"');
    for byte in path.bytes() {
        push_escaped(byte, &mut quoted);
    }
    quoted.push(b'"');
    Cow::Owned(BString::from(quoted))
}

fn needs_escape(byte: u8) -> bool {
    !(b' '..0x7f).contains(&byte) || byte == b'"' || byte == b'\\'
}

fn push_escaped(byte: u8, out: &mut Vec<u8>) {
    let letter = match byte {
        0x07 => b'a',
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0b => b'v',
        0x0c => b'f',
        b'\r' => b'r',
        b'"' | b'\\' => byte,
        _ if needs_escape(byte) => {
            out.push(b'\\');
            out.extend([byte >> 6, byte >> 3 & 7, byte & 7].map(|digit| b'0' + digit));
            return;
        }
        _ => return out.push(byte),
    };
    out.extend([b'\\', letter]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_git_does() {
        for (path, quoted) in [
            (&b"a b/c'd"[..], &b"a b/c'd"[..]),
            (b"a\tb\n\"\\", b"\"a\\tb\\n\\\"\\\\\""),
            ("é\u{1}".as_bytes(), b"\"\\303\\251\\001\""),
            (b"\x7f", b"\"\\177\""),
        ] {
            assert_eq!(quote_path(path.as_bstr()).as_bstr(), quoted.as_bstr());
        }
    }
}
