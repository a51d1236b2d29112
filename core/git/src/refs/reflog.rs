//! Lines of a reflog: what a ref was, what it became, who moved it when, and why.

use alloc::vec::Vec;
use core::fmt;

use bstr::{BStr, ByteSlice};

use super::loose::is_space;
use crate::ObjectId;
use crate::object::{Signature, SignatureRef};
use crate::search;

/// A line, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReflogLine<'a> {
    /// What the ref was; [`ObjectId::NULL`] where it did not exist.
    pub before: ObjectId,
    /// What it became; [`ObjectId::NULL`] where it was deleted.
    pub after: ObjectId,
    /// Who moved it, and when.
    pub committer: SignatureRef<'a>,
    /// Why; may be empty.
    pub message: &'a BStr,
}

/// A line that git skips because it cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReflogError {
    /// Its number, from 1.
    pub line: usize,
    /// What was expected and is not there.
    pub problem: &'static str,
}

impl fmt::Display for ReflogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the reflog: {}", self.line, self.problem)
    }
}

impl core::error::Error for ReflogError {}

impl<'a> ReflogLine<'a> {
    /// Takes a line apart that stands here without its newline; as strict as git.
    pub fn parse(line: &'a [u8]) -> Result<Self, &'static str> {
        let (before, rest) = split_id(line).ok_or("expected the id before and a space")?;
        let (after, rest) = split_id(rest).ok_or("expected the id after and a space")?;
        let close = search::find(rest, b"> ").filter(|close| rest.find_byte(b'>') == Some(*close));
        let close = close.ok_or("expected an address in brackets and a space")?;
        let (time, zone) =
            split_time(&rest[close + 2..]).ok_or("expected seconds that are not 0 and a space")?;
        if !matches!(zone, [b'+' | b'-', digits @ ..] if digits.len() >= 4 && digits[..4].iter().all(u8::is_ascii_digit))
        {
            return Err("expected a zone of a sign and four digits");
        }
        let mut committer = SignatureRef::parse(&rest[..close + 1]);
        committer.time = time;
        committer.offset_minutes = offset_minutes(&zone[..5]);
        let message = zone[5..].strip_prefix(b"\t").unwrap_or(&zone[5..]).as_bstr();
        Ok(Self { before, after, committer, message })
    }
}

fn split_id(text: &[u8]) -> Option<(ObjectId, &[u8])> {
    let (hex, rest) = text.split_at_checked(2 * ObjectId::LEN)?;
    Some((ObjectId::from_hex(hex).ok()?, rest.strip_prefix(b" ")?))
}

/// Seconds, which git does not take as 0, and what follows the one space behind them. Numbers too large are the largest.
fn split_time(text: &[u8]) -> Option<(i64, &[u8])> {
    let text = &text[text.iter().position(|byte| !is_space(*byte))?..];
    let (sign, digits) = match text.split_first()? {
        (b'+', digits) => (1, digits),
        (b'-', digits) => (-1, digits),
        _ => (1, text),
    };
    let length = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    let number = digits[..length]
        .iter()
        .fold(0i64, |number, digit| number.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    (number != 0).then_some((sign * number, digits[length..].strip_prefix(b" ")?))
}

/// Minutes east of UTC of a sign and four digits.
fn offset_minutes(zone: &[u8]) -> i32 {
    let number = zone[1..].iter().fold(0, |number, digit| number * 10 + i32::from(digit - b'0'));
    let minutes = number / 100 * 60 + number % 100;
    if zone[0] == b'-' { -minutes } else { minutes }
}

/// The lines of a reflog, oldest first. A line that cannot be read is an error, and those after it are read all the same.
#[derive(Clone, Debug)]
pub struct Reflog<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Reflog<'a> {
    /// Takes the content of the file.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, line: 0 }
    }
}

impl<'a> Iterator for Reflog<'a> {
    type Item = Result<ReflogLine<'a>, ReflogError>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let line = self.line;
        let Some(end) = self.rest.find_byte(b'\n') else {
            self.rest = b"";
            return Some(Err(ReflogError { line, problem: "expected a newline at the end" }));
        };
        let parsed = ReflogLine::parse(&self.rest[..end]);
        self.rest = &self.rest[end + 1..];
        Some(parsed.map_err(|problem| ReflogError { line, problem }))
    }
}

/// Appends a line, the newline included. White space in the message becomes single spaces, none at the ends.
pub fn write_line(
    before: &ObjectId,
    after: &ObjectId,
    committer: &Signature,
    message: &[u8],
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(&before.to_hex());
    out.push(b' ');
    out.extend_from_slice(&after.to_hex());
    out.push(b' ');
    committer.write_to(out);
    let words = message.split(|byte| is_space(*byte)).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        out.push(if index == 0 { b'\t' } else { b' ' });
        out.extend_from_slice(word);
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::String;

    const HEX: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    #[test]
    fn what_is_written_is_read() {
        let committer =
            Signature { name: "A B".into(), email: "a@b".into(), time: 1_700_000_000, offset_minutes: -450 };
        let mut out = Vec::new();
        write_line(&ObjectId::NULL, &ObjectId::EMPTY_TREE, &committer, b" some\tmessage\n \r", &mut out);
        write_line(&ObjectId::EMPTY_TREE, &ObjectId::NULL, &committer, b"\n", &mut out);
        let zeros = "0".repeat(40);
        let expected = format!(
            "{zeros} {HEX} A B <a@b> 1700000000 -0730\tsome message\n{HEX} {zeros} A B <a@b> 1700000000 -0730\n"
        );
        assert_eq!(out.as_bstr(), expected);
        let lines: Vec<_> = Reflog::new(&out).map(Result::unwrap).collect();
        assert_eq!((lines[0].message, lines[1].message), ("some message".into(), "".into()));
        assert_eq!(lines[0].committer.to_owned(), committer);
        assert!(lines[0].before.is_null() && lines[1].after.is_null());
    }

    #[test]
    fn odd_lines_are_read_or_skipped_as_git_does() {
        let cases: &[(&str, Option<&str>)] = &[
            ("a <a@b> 2 +0000", Some("")),
            ("<a@b> 4 +0000\tm", Some("m")),
            ("a <a@b> 7 +00000\tm", Some("0\tm")),
            ("a <a@b> 10 +0000 m", Some(" m")),
            ("a <a@b> -15 +0000\tm", Some("m")),
            ("a <a@b>  20 +0000\tm", Some("m")),
            ("a <a@b> +26 +9999\tm", Some("m")),
            ("a <a@b> 99999999999999999999 +0000\tm", Some("m")),
            ("a a@b 8 +0000\tm", None),
            ("a <a@b>9 +0000\tm", None),
            ("a <a@b> 11 0000\tm", None),
            ("a <a@b> 12\tm", None),
            ("a <a>b> 13 +0000\tm", None),
            ("a <a@b> 0 +0000\tm", None),
            ("a <a@b> x +0000\tm", None),
            ("a <a@b> 21 +000\tm", None),
            ("a <a@b> 23  +0000\tm", None),
            ("", None),
        ];
        let mut file: String =
            cases.iter().map(|(rest, _)| format!("{HEX} {HEX} {rest}\n")).collect::<Vec<_>>().concat();
        file += &format!("{HEX} {HEX} a <a@b> 1 +0000\tcut");
        let read: Vec<_> = Reflog::new(file.as_bytes()).collect();
        for ((rest, expected), line) in cases.iter().zip(&read) {
            assert_eq!(line.ok().map(|line| line.message), expected.map(Into::into), "{rest:?}");
        }
        assert_eq!(read.last().unwrap().unwrap_err().line, cases.len() + 1);
    }
}
