//! Names of files as patches write them: quoted or not, with leading parts that do not belong to the path.

use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

/// The name at the start of `line` without its first `strip` parts. A tab ends it where `ends_at_tab`, white space other
/// than blanks always. Where nothing is left, or the name only adds something at its end, `usual` is meant.
pub(super) fn find_name(
    line: &[u8],
    usual: Option<&BString>,
    strip: u32,
    ends_at_tab: bool,
) -> Option<BString> {
    if let Some((name, _)) = unquote(line)
        && let Some(name) = stripped(&name, strip)
    {
        return Some(without_double_slashes(name));
    }
    let is_end = |byte: &u8| match byte {
        b'\n' => true,
        b' ' => false,
        b'\t' => ends_at_tab,
        byte => byte.is_ascii_whitespace() || *byte == 0x0b,
    };
    let name = &line[..line.iter().position(is_end).unwrap_or(line.len())];
    let name = stripped(name, strip).filter(|name| !name.is_empty());
    let name = name.filter(|name| {
        !usual.is_some_and(|usual| usual.len() < name.len() && name.starts_with(usual.as_slice()))
    });
    name.or(usual.map(|usual| usual.as_slice())).map(without_double_slashes)
}

/// The one path that both names of a `diff --git` line mean; `None` where they differ or it cannot be told.
pub(super) fn header_name(line: &[u8], strip: u32) -> Option<BString> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let skipped = |name| prefix_skipped(name, strip);
    if let Some((first, rest)) = unquote(line) {
        let first = skipped(&first)?;
        let rest = rest.trim_ascii_start();
        let unquoted = unquote(rest);
        let second = unquoted.as_ref().map_or(rest, |(second, _)| second);
        return (skipped(second)? == first).then(|| first.into());
    }
    let first = skipped(line)?;
    if let Some(quote) = line.find_byte(b'"') {
        let second = unquote(&line[quote..])?.0;
        let second = skipped(&second)?;
        let is_same =
            first.starts_with(second) && first[second.len()..].first().is_some_and(u8::is_ascii_whitespace);
        return is_same.then(|| second.into());
    }
    (0..first.len()).filter(|at| matches!(first[*at], b' ' | b'\t')).find_map(|at| {
        let second = skipped(&first[at + 1..])?;
        (second == &first[..at]).then(|| second.into())
    })
}

/// What follows the slash after `strip` parts; an absolute name is none.
fn prefix_skipped(name: &[u8], strip: u32) -> Option<&[u8]> {
    if strip == 0 {
        return Some(name);
    }
    let mut slashes = name.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    let at = slashes.nth(strip as usize - 1)?;
    (at > 0).then(|| &name[at + 1..])
}

/// What is left of a name without its first `strip` parts.
fn stripped(name: &[u8], strip: u32) -> Option<&[u8]> {
    (0..strip).try_fold(name, |name, _| name.find_byte(b'/').map(|slash| &name[slash + 1..]))
}

fn without_double_slashes(name: &[u8]) -> BString {
    let mut kept: Vec<u8> = Vec::with_capacity(name.len());
    for byte in name {
        if *byte != b'/' || kept.last() != Some(&b'/') {
            kept.push(*byte);
        }
    }
    kept.into()
}

/// The text between double quotes with git's escapes read, and what follows it.
fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut name = Vec::new();
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((name, rest)),
            b'\\' => {
                let (escape, after) = rest.split_first()?;
                rest = after;
                name.push(match escape {
                    b'a' => 7,
                    b'b' => 8,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 11,
                    b'f' => 12,
                    b'r' => b'\r',
                    b'"' | b'\\' => *escape,
                    b'0'..=b'3' => {
                        let (digits, after) = rest.split_first_chunk::<2>()?;
                        rest = after;
                        let is_octal = digits.iter().all(|digit| matches!(digit, b'0'..=b'7'));
                        is_octal.then_some(())?;
                        (escape - b'0') << 6 | (digits[0] - b'0') << 3 | (digits[1] - b'0')
                    }
                    _ => return None,
                });
            }
            byte => name.push(*byte),
        }
    }
}
