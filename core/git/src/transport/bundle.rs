//! Bundles: a header that names refs and what the reader must have, then a pack, in one file.
//!
//! Reads versions 2 and 3, writes version 2, or 3 where objects are left out. The pack itself is `pack`'s business.

use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

use super::filter::{Filter, FilterError};
use crate::ObjectId;
use crate::limits::{LimitExceeded, Limits};

/// Longest line of a header, in bytes: an id, and a ref name or the first line of a message.
const LINE_BYTES_MAX: usize = 64 << 10;

/// What stands before the pack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BundleHeader {
    /// Commits that the reader must have.
    pub prerequisites: Vec<Prerequisite>,
    /// The refs, with what they point to.
    pub refs: Vec<(BString, ObjectId)>,
    /// What was left out of the pack, as the header states it.
    pub filter: Option<BString>,
}

/// A commit that a reader must have, with all that it reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prerequisite {
    /// The commit.
    pub id: ObjectId,
    /// What the writer says of it: the first line of its message.
    pub comment: BString,
}

/// Why bytes are no bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BundleError {
    /// It does not begin as a bundle of version 2 or 3 does.
    Signature,
    /// It needs something that is not known here.
    Capability(BString),
    /// Its filter is not known here.
    Filter(FilterError),
    /// A line makes no sense.
    Line {
        /// Its number, from 1.
        number: u64,
    },
    /// It ends within the header.
    Truncated,
    /// The header is larger than is allowed.
    Limit(LimitExceeded),
}

impl core::fmt::Display for BundleError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Signature => f.write_str("not a bundle of version 2 or 3"),
            Self::Capability(line) => write!(f, "the bundle needs '{line}', which is not known"),
            Self::Filter(error) => write!(f, "{error}"),
            Self::Line { number } => write!(f, "line {number} of the bundle's header makes no sense"),
            Self::Truncated => f.write_str("the bundle ends within its header"),
            Self::Limit(limit) => write!(f, "{limit}"),
        }
    }
}

impl core::error::Error for BundleError {}

/// Reads the header of a bundle that comes in pieces.
pub struct BundleReader {
    header: BundleHeader,
    line: Vec<u8>,
    lines: u64,
    version: u8,
    is_complete: bool,
    bytes: u64,
    bytes_max: u64,
}

impl BundleReader {
    /// Waits for the first byte. The header is bounded by [`Limits::request_text_bytes_max`].
    pub fn new(limits: &Limits) -> Self {
        Self {
            header: BundleHeader::default(),
            line: Vec::new(),
            lines: 0,
            version: 0,
            is_complete: false,
            bytes: 0,
            bytes_max: limits.request_text_bytes_max,
        }
    }

    /// Takes the next bytes; returns how many of them belong to the header. What follows is the pack.
    pub fn push(&mut self, bytes: &[u8]) -> Result<usize, BundleError> {
        let mut used = 0;
        while !self.is_complete && used < bytes.len() {
            let rest = &bytes[used..];
            let end = rest.find_byte(b'\n');
            let taken = end.map_or(rest.len(), |end| end + 1);
            used += taken;
            self.bytes += taken as u64;
            self.line.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
            self.check_size()?;
            if end.is_some() {
                self.lines += 1;
                let line = core::mem::take(&mut self.line);
                self.take_line(&line)?;
            }
        }
        Ok(used)
    }

    /// Whether the header is complete.
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The header, once it is complete.
    pub fn finish(self) -> Result<BundleHeader, BundleError> {
        if self.is_complete { Ok(self.header) } else { Err(BundleError::Truncated) }
    }

    fn check_size(&self) -> Result<(), BundleError> {
        let exceeded =
            |limit, allowed, found| Err(BundleError::Limit(LimitExceeded { limit, allowed, found }));
        if self.lines == 0 && self.line.len() > SIGNATURES[0].len() {
            return Err(BundleError::Signature);
        }
        if self.line.len() > LINE_BYTES_MAX {
            return exceeded("LINE_BYTES_MAX", LINE_BYTES_MAX as u64, self.line.len() as u64);
        }
        if self.bytes > self.bytes_max {
            return exceeded("request_text_bytes_max", self.bytes_max, self.bytes);
        }
        Ok(())
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), BundleError> {
        let bad = || BundleError::Line { number: self.lines };
        if self.version == 0 {
            let at = SIGNATURES.iter().position(|signature| *signature == line);
            self.version = 2 + at.ok_or(BundleError::Signature)? as u8;
        } else if line.is_empty() {
            self.is_complete = true;
        } else if let Some(capability) = line.strip_prefix(b"@") {
            if self.version < 3 {
                return Err(bad());
            }
            self.take_capability(capability)?;
        } else if let Some(prerequisite) = line.strip_prefix(b"-") {
            let (id, comment) = split_id(prerequisite).ok_or_else(bad)?;
            self.header.prerequisites.push(Prerequisite { id, comment: comment.into() });
        } else {
            let (id, name) = split_id(line).filter(|(_, name)| !name.is_empty()).ok_or_else(bad)?;
            self.header.refs.push((name.into(), id));
        }
        Ok(())
    }

    fn take_capability(&mut self, capability: &[u8]) -> Result<(), BundleError> {
        if let Some(filter) = capability.strip_prefix(b"filter=") {
            Filter::parse(filter).map_err(BundleError::Filter)?;
            self.header.filter = Some(filter.into());
        } else if capability != b"object-format=sha1" {
            return Err(BundleError::Capability(capability.into()));
        }
        Ok(())
    }
}

/// The first line of versions 2 and 3.
const SIGNATURES: [&[u8]; 2] = [b"# v2 git bundle", b"# v3 git bundle"];

impl BundleHeader {
    /// Reads the header of a whole bundle; returns it and where the pack begins.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<(Self, usize), BundleError> {
        let mut reader = BundleReader::new(limits);
        let used = reader.push(bytes)?;
        Ok((reader.finish()?, used))
    }

    /// Appends the header; a pack must follow. Newlines in names and comments end them.
    pub fn write(&self, out: &mut Vec<u8>) {
        let line = |parts: &[&[u8]], out: &mut Vec<u8>| {
            parts.iter().for_each(|part| out.extend_from_slice(part));
            out.push(b'\n');
        };
        match &self.filter {
            None => line(&[SIGNATURES[0]], out),
            Some(filter) => {
                line(&[SIGNATURES[1]], out);
                line(&[b"@object-format=sha1"], out);
                line(&[b"@filter=", first_line(filter)], out);
            }
        }
        for Prerequisite { id, comment } in &self.prerequisites {
            line(&[b"-", &id.to_hex(), b" ", first_line(comment)], out);
        }
        for (name, id) in &self.refs {
            line(&[&id.to_hex(), b" ", first_line(name)], out);
        }
        out.push(b'\n');
    }
}

fn first_line(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

/// An id, and what follows a space after it; nothing needs to.
fn split_id(line: &[u8]) -> Option<(ObjectId, &[u8])> {
    let (hex, rest) = line.split_at_checked(40)?;
    let id = ObjectId::from_hex(hex).ok()?;
    match rest {
        [] => Some((id, rest)),
        [b' ', rest @ ..] => Some((id, rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    const ID: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    #[test]
    fn a_header_goes_both_ways_in_any_pieces() {
        let text = format!("# v2 git bundle\n-{ID} a comment\n{ID} refs/heads/main\n{ID} HEAD\n\nPACK");
        let (header, start) = BundleHeader::parse(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!((header.prerequisites.len(), header.refs.len()), (1, 2));
        assert_eq!(&text.as_bytes()[start..], b"PACK");
        let mut again = Vec::new();
        header.write(&mut again);
        assert_eq!(again, text.as_bytes()[..start]);
        for piece in 1..30 {
            let mut reader = BundleReader::new(&Limits::default());
            let used: usize = text.as_bytes().chunks(piece).map(|bytes| reader.push(bytes).unwrap()).sum();
            assert_eq!((used, reader.finish()), (start, Ok(header.clone())));
        }
    }

    #[test]
    fn version_3_says_what_it_needs() {
        let text =
            format!("# v3 git bundle\n@object-format=sha1\n@filter=blob:none\n{ID} refs/heads/main\n\n");
        let (header, _) = BundleHeader::parse(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(header.filter, Some("blob:none".into()));
        let mut again = Vec::new();
        header.write(&mut again);
        assert_eq!(again, text.as_bytes());
    }

    #[test]
    fn what_is_no_bundle_is_refused() {
        let error = |text: &str| BundleHeader::parse(text.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!(error(""), BundleError::Truncated);
        assert_eq!(error("# v2 git bundle\n"), BundleError::Truncated);
        assert_eq!(error("# v1 git bundle\n"), BundleError::Signature);
        assert_eq!(error("PACK and no newline for a long time"), BundleError::Signature);
        assert_eq!(error(&format!("# v2 git bundle\n{ID}\n\n")), BundleError::Line { number: 2 });
        assert_eq!(error("# v2 git bundle\n-zz\n\n"), BundleError::Line { number: 2 });
        assert_eq!(error("# v2 git bundle\n@filter=blob:none\n\n"), BundleError::Line { number: 2 });
        let sha256 = error("# v3 git bundle\n@object-format=sha256\n\n");
        assert_eq!(sha256, BundleError::Capability("object-format=sha256".into()));
        assert!(matches!(error("# v3 git bundle\n@filter=sparse:oid=x\n\n"), BundleError::Filter(_)));
        let long = format!("# v2 git bundle\n-{ID} {}", "x".repeat(LINE_BYTES_MAX));
        assert!(matches!(error(&long), BundleError::Limit(_)));
        let many = format!("# v2 git bundle\n{}", format!("-{ID} x\n").repeat(100));
        let limits = Limits { request_text_bytes_max: 1000, ..Limits::default() };
        assert!(matches!(BundleHeader::parse(many.as_bytes(), &limits), Err(BundleError::Limit(_))));
    }
}
