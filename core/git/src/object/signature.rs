//! Who and when: `Name <email> seconds zone`, as in commits and tags.

use alloc::vec::Vec;
use bstr::{BStr, BString, ByteSlice};

use crate::id::decimal::{DIGITS_MAX, decimal};

/// An identity line as it stands in an object; every part may be odd, none is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureRef<'a> {
    /// The name, without the space before the address.
    pub name: &'a BStr,
    /// What stands between `<` and `>`.
    pub email: &'a BStr,
    /// Seconds since the epoch; 0 where the line has no number, as git reads it.
    pub time: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

impl<'a> SignatureRef<'a> {
    /// Reads a line leniently, as git's log does: what is missing is empty or 0.
    pub fn parse(line: &'a [u8]) -> Self {
        let open = line.find_byte(b'<').unwrap_or(line.len());
        let name = line[..open].trim_ascii_end();
        let rest = line.get(open + 1..).unwrap_or_default();
        let close = rest.find_byte(b'>').unwrap_or(rest.len());
        let email = &rest[..close];
        // The date follows the last '>', so that an address with one inside keeps its time.
        let last = line.rfind_byte(b'>').map_or(line.len(), |at| at + 1);
        let mut words = line[last..].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let time = words.next().and_then(parse_number).unwrap_or(0);
        let offset_minutes = words.next().and_then(parse_zone).unwrap_or(0);
        Self { name: name.as_bstr(), email: email.as_bstr(), time, offset_minutes }
    }

    /// An owned copy.
    pub fn to_owned(&self) -> Signature {
        Signature {
            name: self.name.into(),
            email: self.email.into(),
            time: self.time,
            offset_minutes: self.offset_minutes,
        }
    }
}

fn parse_number(word: &[u8]) -> Option<i64> {
    word.to_str().ok()?.parse().ok()
}

/// `+hhmm` to minutes.
fn parse_zone(word: &[u8]) -> Option<i32> {
    let (sign, digits) = match word.split_first()? {
        (b'+', digits) => (1, digits),
        (b'-', digits) => (-1, digits),
        _ => return None,
    };
    if digits.is_empty() || digits.len() > 6 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: i32 = digits.to_str().ok()?.parse().ok()?;
    let minutes = number / 100 * 60 + number % 100;
    // What does not fit into six digits once the minutes are carried over could not be written and read again.
    (minutes < 10_000 * 60).then_some(sign * minutes)
}

/// An identity to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name.
    pub name: BString,
    /// The address, without its brackets.
    pub email: BString,
    /// Seconds since the epoch.
    pub time: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

impl Signature {
    /// Appends the line as it stands in an object. Name and address lose what git drops from them: `<`, `>`,
    /// newlines, NUL, and the spaces, dots and other crud at either end.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        push_clean(&self.name, out);
        out.extend_from_slice(b" <");
        push_clean(&self.email, out);
        let mut digits = [0; DIGITS_MAX];
        out.extend_from_slice(b"> ");
        out.extend_from_slice(decimal(self.time.max(0).unsigned_abs(), 1, &mut digits));
        out.extend_from_slice(if self.offset_minutes < 0 { b" -" } else { b" +" });
        let offset = u64::from(self.offset_minutes.unsigned_abs());
        out.extend_from_slice(decimal(offset / 60, 2, &mut digits));
        out.extend_from_slice(decimal(offset % 60, 2, &mut digits));
    }
}

/// Appends `text` as git's ident code would: crud at the ends and structural bytes anywhere are dropped.
fn push_clean(text: &[u8], out: &mut Vec<u8>) {
    let crud = |byte: u8| {
        byte <= 32 || matches!(byte, b'.' | b',' | b':' | b';' | b'<' | b'>' | b'"' | b'\\' | b'\'')
    };
    let start = text.iter().position(|byte| !crud(*byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !crud(*byte)).map_or(start, |at| at + 1);
    let text = &text[start..end];
    let is_structural = |byte: &u8| matches!(byte, b'\n' | b'<' | b'>' | 0);
    if text.iter().any(is_structural) {
        out.extend(text.iter().copied().filter(|byte| !is_structural(byte)));
    } else {
        out.extend_from_slice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn written(signature: &Signature) -> String {
        let mut out = Vec::new();
        signature.write_to(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn reads_and_writes() {
        let line = b"A U Thor <author@example.com> 1112911993 -0730";
        let read = SignatureRef::parse(line);
        assert_eq!((read.time, read.offset_minutes), (1_112_911_993, -450));
        assert_eq!(written(&read.to_owned()).as_bytes(), line);
    }

    #[test]
    fn odd_lines_are_read() {
        let read = SignatureRef::parse(b"no address at all");
        assert_eq!((read.name, read.email, read.time), (b"no address at all".as_bstr(), b"".as_bstr(), 0));
        let read = SignatureRef::parse(b"a <b>c> 12 +0100");
        assert_eq!((read.email, read.time, read.offset_minutes), (b"b".as_bstr(), 12, 60));
        let read = SignatureRef::parse(b"<> 99999999999999999999 +9");
        assert_eq!((read.time, read.offset_minutes), (0, 9));
    }

    #[test]
    fn crud_does_not_reach_the_object() {
        let signature = Signature {
            name: " <E\nvil>. ".into(),
            email: "a@b> 0 +0000".into(),
            time: 5,
            offset_minutes: 0,
        };
        assert_eq!(written(&signature), "Evil <a@b 0 +0000> 5 +0000");
    }
}
