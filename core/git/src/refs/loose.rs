//! The content of the file that one ref is: an id and a newline, or `ref: ` and another name.
//!
//! Reading takes what git takes; what only `fsck` complains of stands in [`LooseRef`] beside the target.

use alloc::vec::Vec;
use core::fmt;

use bstr::{BStr, ByteSlice};

use super::RefTarget;
use crate::ObjectId;

/// Where the content of a ref's file points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LooseTarget<'a> {
    /// To an object.
    Direct(ObjectId),
    /// To another ref; the name is as it stands there and may break any rule.
    Symbolic(&'a BStr),
}

/// The content of a ref's file, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LooseRef<'a> {
    /// Where it points.
    pub target: LooseTarget<'a>,
    /// What follows the target, the newline that belongs there not included.
    pub trailing: &'a BStr,
    /// Whether the newline that belongs there is there.
    pub has_newline: bool,
}

/// The content of a ref's file is neither an id nor `ref:` and a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LooseRefError;

impl fmt::Display for LooseRefError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the ref holds neither 40 hex digits nor 'ref:' and a name")
    }
}

impl core::error::Error for LooseRefError {}

impl<'a> LooseRef<'a> {
    /// Takes the content apart as git does: an id may be followed by white space and then anything, a name is taken
    /// without the white space around it.
    pub fn parse(content: &'a [u8]) -> Result<Self, LooseRefError> {
        if let Some(rest) = content.strip_prefix(b"ref:") {
            let start = rest.iter().position(|byte| !is_space(*byte)).unwrap_or(rest.len());
            let end = rest.iter().rposition(|byte| !is_space(*byte)).map_or(start, |last| last + 1);
            let target = LooseTarget::Symbolic(rest[start..end].as_bstr());
            return Ok(Self::with_rest(target, &rest[end..]));
        }
        let (hex, rest) = content.split_at_checked(2 * ObjectId::LEN).ok_or(LooseRefError)?;
        let id = ObjectId::from_hex(hex).map_err(|_| LooseRefError)?;
        match rest.first() {
            Some(byte) if !is_space(*byte) && *byte != 0 => Err(LooseRefError),
            _ => Ok(Self::with_rest(LooseTarget::Direct(id), rest)),
        }
    }

    fn with_rest(target: LooseTarget<'a>, rest: &'a [u8]) -> Self {
        let (trailing, has_newline) = match rest.strip_prefix(b"\n") {
            Some(trailing) => (trailing, true),
            None => (rest, false),
        };
        Self { target, trailing: trailing.as_bstr(), has_newline }
    }
}

/// The content of the file for a ref that points there.
pub fn write_loose(target: &RefTarget) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    match target {
        RefTarget::Direct(id) => out.extend_from_slice(&id.to_hex()),
        RefTarget::Symbolic(name) => {
            out.extend_from_slice(b"ref: ");
            out.extend_from_slice(name.as_ref());
        }
    }
    out.push(b'\n');
    out
}

/// What git takes for white space.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refs::RefName;
    use std::format;

    const HEX: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    #[test]
    fn what_is_written_is_read() {
        let name = RefName::new("refs/heads/main").unwrap();
        let content = write_loose(&RefTarget::Symbolic(name));
        assert_eq!(content, b"ref: refs/heads/main\n");
        let read = LooseRef::parse(&content).unwrap();
        assert_eq!((read.target, read.has_newline), (LooseTarget::Symbolic("refs/heads/main".into()), true));
        let content = write_loose(&RefTarget::Direct(ObjectId::EMPTY_TREE));
        let read = LooseRef::parse(&content).unwrap();
        assert_eq!(read.target, LooseTarget::Direct(ObjectId::EMPTY_TREE));
        assert_eq!((read.trailing, read.has_newline), ("".into(), true));
    }

    #[test]
    fn odd_content_is_read_as_git_reads_it() {
        for rest in ["", " trailing\n", "\n\nmore", "\ttab", "\0more"] {
            let content = format!("{HEX}{rest}");
            let read = LooseRef::parse(content.as_bytes()).unwrap();
            assert_eq!(read.target, LooseTarget::Direct(ObjectId::EMPTY_TREE), "{rest:?}");
            assert_eq!(read.has_newline, rest.starts_with('\n'));
        }
        for content in [
            "",
            "\n",
            &HEX[1..],
            &format!(" {HEX}"),
            &format!("{HEX}x"),
            &format!("{HEX}{HEX}"),
            &format!("{HEX}\u{b}\n"),
            "REF: a",
            " ref: a",
        ] {
            assert!(LooseRef::parse(content.as_bytes()).is_err(), "{content:?}");
        }
        let read = LooseRef::parse(b"ref:\n refs/heads/a b \n\n").unwrap();
        assert_eq!(read.target, LooseTarget::Symbolic("refs/heads/a b".into()));
        assert_eq!((read.trailing, read.has_newline), (" \n\n".into(), false));
    }
}
