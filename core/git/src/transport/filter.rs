//! Which objects a partial clone leaves out: `blob:none`, `blob:limit=`, `tree:`, `object:type=`, `combine:`.
//!
//! `sparse:` is refused: its patterns would make a server read and match a client's blob for every path.

use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

use crate::Kind;
use crate::search;

/// Most filters that `combine:` may join.
const COMBINED_MAX: usize = 64;

/// What a client does without. Objects that it names itself are sent whatever this says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Blobs of this many bytes or more stay out.
    pub blob_bytes: Option<u64>,
    /// Trees and blobs this deep or deeper stay out; a commit's tree has depth 0.
    pub tree_depth: Option<u32>,
    /// Only objects of this kind.
    pub kind: Option<Kind>,
    /// Two kinds were asked for at once: nothing is left.
    is_empty: bool,
}

/// Why a filter is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilterError {
    /// Not one of the filters that are known here.
    Unknown(BString),
    /// The number is none, or too large.
    Number(BString),
    /// More than 64 filters, or combinations of combinations.
    TooComplex,
}

impl core::fmt::Display for FilterError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unknown(text) => write!(f, "filter '{text}' not supported"),
            Self::Number(text) => write!(f, "filter '{text}' has no valid number"),
            Self::TooComplex => f.write_str("filter combines too much"),
        }
    }
}

impl core::error::Error for FilterError {}

impl Filter {
    /// Reads a filter as it stands after `filter `.
    pub fn parse(text: &[u8]) -> Result<Self, FilterError> {
        let mut filter = Self::default();
        match text.strip_prefix(b"combine:") {
            None => filter.add(text)?,
            Some(parts) => {
                for (count, part) in search::split(parts, b'+').enumerate() {
                    if count == COMBINED_MAX || part.starts_with(b"combine:") {
                        return Err(FilterError::TooComplex);
                    }
                    filter.add(&percent_decoded(part))?;
                }
            }
        }
        Ok(filter)
    }

    fn add(&mut self, text: &[u8]) -> Result<(), FilterError> {
        let number = |digits| parse_size(digits).ok_or_else(|| FilterError::Number(text.into()));
        if text == b"blob:none" {
            self.blob_bytes = Some(0);
        } else if let Some(digits) = text.strip_prefix(b"blob:limit=") {
            let bytes = number(digits)?;
            self.blob_bytes = Some(self.blob_bytes.map_or(bytes, |other| other.min(bytes)));
        } else if let Some(digits) = text.strip_prefix(b"tree:") {
            let depth = u32::try_from(number(digits)?).unwrap_or(u32::MAX);
            self.tree_depth = Some(self.tree_depth.map_or(depth, |other| other.min(depth)));
        } else if let Some(kind) = text.strip_prefix(b"object:type=").and_then(Kind::from_name) {
            self.is_empty |= self.kind.is_some_and(|other| other != kind);
            self.kind = Some(kind);
        } else {
            return Err(FilterError::Unknown(text.into()));
        }
        Ok(())
    }

    /// Whether objects of this kind may be sent at all.
    pub fn takes_kind(&self, kind: Kind) -> bool {
        !self.is_empty && self.kind.is_none_or(|only| only == kind)
    }

    /// Whether a tree or blob at this depth may be sent.
    pub fn takes_depth(&self, depth: u32) -> bool {
        self.tree_depth.is_none_or(|limit| depth < limit)
    }

    /// Whether anything below a tree at this depth may be sent.
    pub fn descends(&self, depth: u32) -> bool {
        let wants_some = self.takes_kind(Kind::Tree) || self.takes_kind(Kind::Blob);
        wants_some && self.tree_depth.is_none_or(|limit| depth.saturating_add(1) < limit)
    }

    /// Whether every blob stays out.
    pub fn takes_blobs(&self) -> bool {
        self.blob_bytes != Some(0) && self.takes_kind(Kind::Blob)
    }
}

/// A number with git's unit `k`, `m` or `g`.
fn parse_size(text: &[u8]) -> Option<u64> {
    let shift = match text.last()?.to_ascii_lowercase() {
        b'k' => 10,
        b'm' => 20,
        b'g' => 30,
        _ => 0,
    };
    let digits = if shift > 0 { &text[..text.len() - 1] } else { text };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    digits.to_str().ok()?.parse::<u64>().ok()?.checked_mul(1 << shift)
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let mut decoded = [0];
        let is_escape = *byte == b'%'
            && text
                .get(at + 1..at + 3)
                .is_some_and(|digits| crate::id::decode_hex(digits, &mut decoded).is_ok());
        out.push(if is_escape { decoded[0] } else { *byte });
        at += if is_escape { 3 } else { 1 };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read() {
        let filter = |text: &str| Filter::parse(text.as_bytes());
        assert_eq!(filter("blob:none").unwrap().blob_bytes, Some(0));
        assert_eq!(filter("blob:limit=3k").unwrap().blob_bytes, Some(3072));
        assert_eq!(filter("tree:2").unwrap().tree_depth, Some(2));
        let both = filter("combine:blob:limit=1m+tree%3a3+blob:limit=2").unwrap();
        assert_eq!((both.blob_bytes, both.tree_depth), (Some(2), Some(3)));
        let nothing = filter("combine:object:type=blob+object:type=tree").unwrap();
        assert!(Kind::ALL.into_iter().all(|kind| !nothing.takes_kind(kind)));
    }

    #[test]
    fn odd_filters_are_refused() {
        for text in ["", "sparse:oid=main:x", "sparse:path=x", "blob:", "object:type=x", "combine:", "tree"] {
            assert!(matches!(Filter::parse(text.as_bytes()), Err(FilterError::Unknown(_))), "{text}");
        }
        for text in
            ["blob:limit=-1", "blob:limit=", "blob:limit=k", "tree:x", "blob:limit=18446744073709551615g"]
        {
            assert!(matches!(Filter::parse(text.as_bytes()), Err(FilterError::Number(_))), "{text}");
        }
        let many = std::format!("combine:{}", "tree:1+".repeat(100));
        assert_eq!(Filter::parse(many.as_bytes()), Err(FilterError::TooComplex));
        assert_eq!(Filter::parse(b"combine:combine:tree:1"), Err(FilterError::TooComplex));
    }

    #[test]
    fn depth_counts_from_the_root_tree() {
        let none = Filter::parse(b"tree:0").unwrap();
        assert!(!none.takes_depth(0) && !none.descends(0));
        let one = Filter::parse(b"tree:1").unwrap();
        assert!(one.takes_depth(0) && !one.takes_depth(1) && !one.descends(0));
    }
}
