//! Names that Windows cannot hold. Trees may hold them (`aux.c` is common); a checkout there must refuse or rename them.

use core::fmt;

use bstr::ByteSlice;

use crate::quoted::Quoted;

/// Longest name, in UTF-16 units.
const NAME_UNITS_MAX: usize = 255;

/// Why Windows cannot hold a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WindowsProblem {
    /// A control character, or one of `< > " | ? * : \`.
    ForbiddenByte {
        /// The byte.
        byte: u8,
        /// Where it stands, from 0.
        position: usize,
    },
    /// A dot or space at the end, which Windows drops.
    TrailingDotOrSpace,
    /// The name of a device, with or without an extension: `CON`, `nul.txt`, `COM1`.
    Device,
    /// More than 255 units of UTF-16.
    TooLong,
}

impl fmt::Display for WindowsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForbiddenByte { byte, position } => {
                write!(f, "Windows allows no {} in a name (byte {position})", Quoted(&[*byte]))
            }
            Self::TrailingDotOrSpace => f.write_str("Windows drops a dot or space at the end of a name"),
            Self::Device => f.write_str("Windows takes the name for a device"),
            Self::TooLong => f.write_str("the name is longer than Windows allows"),
        }
    }
}

impl core::error::Error for WindowsProblem {}

/// Checks whether Windows can hold one component as it stands.
pub fn check_windows_name(name: &[u8]) -> Result<(), WindowsProblem> {
    let forbidden = |byte: &u8| *byte < 0x20 || b"<>\"|?*:\\/".contains(byte);
    if let Some(position) = name.iter().position(forbidden) {
        return Err(WindowsProblem::ForbiddenByte { byte: name[position], position });
    }
    if is_device(name) {
        return Err(WindowsProblem::Device);
    }
    if matches!(name.last(), Some(b'.' | b' ')) {
        return Err(WindowsProblem::TrailingDotOrSpace);
    }
    if name.chars().map(char::len_utf16).sum::<usize>() > NAME_UNITS_MAX {
        return Err(WindowsProblem::TooLong);
    }
    Ok(())
}

/// Whether what stands before the first dot, without spaces at its end, is the name of a device.
fn is_device(name: &[u8]) -> bool {
    let base = name.split(|byte| *byte == b'.').next().unwrap_or_default();
    let base = base.trim_end_with(|character| character == ' ');
    let is = |device: &str| base.eq_ignore_ascii_case(device.as_bytes());
    if ["con", "prn", "aux", "nul", "conin$", "conout$"].into_iter().any(is) {
        return true;
    }
    let Some((port, number)) = base.split_at_checked(3) else { return false };
    // The superscript digits are ports as well.
    (port.eq_ignore_ascii_case(b"com") || port.eq_ignore_ascii_case(b"lpt"))
        && (matches!(number, [b'1'..=b'9'])
            || ["\u{b9}", "\u{b2}", "\u{b3}"].iter().any(|digit| number == digit.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use WindowsProblem::*;

    #[test]
    fn what_windows_cannot_hold_is_named() {
        for name in [
            "CON",
            "con.c",
            "NUL",
            "nul.a.b ",
            "AUX",
            "PRN.",
            "prn.abc",
            "COM1",
            "com9.txt",
            "LPT8",
            "CONIN$",
            "conOut$  .xyz",
            "aux  ",
            "COM²",
        ] {
            assert_eq!(check_windows_name(name.as_bytes()), Err(Device), "{name:?}");
        }
        for name in [
            "C:",
            "C:\\git",
            "\u{58d}:",
            "\\\\host",
            "\\\\?\\x",
            "\\\\.\\x",
            "\\??\\x",
            "a<",
            ">",
            "\"",
            "|",
            "?",
            "*",
            "a\u{1}",
            "\t",
            "file::$DATA",
        ] {
            assert!(matches!(check_windows_name(name.as_bytes()), Err(ForbiddenByte { .. })), "{name:?}");
        }
        for name in ["a ", "a.", "a. ", " "] {
            assert_eq!(check_windows_name(name.as_bytes()), Err(TrailingDotOrSpace), "{name:?}");
        }
        assert_eq!(check_windows_name("é".repeat(256).as_bytes()), Err(TooLong));
        for name in
            ["com0", "comm", "conout.c", "null", "x.CON.zip", ".x", "com", "com10", "a b", &"é".repeat(255)]
        {
            assert_eq!(check_windows_name(name.as_bytes()), Ok(()), "{name:?}");
        }
    }
}
