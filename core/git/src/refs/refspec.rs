//! Refspecs: which ref of one side goes to which ref of the other, as `git fetch` and `git push` take them.

use bstr::BString;

use crate::quoted::Quoted;
use crate::search;

/// Longest refspec, in bytes: a packet holds it with room to spare.
pub const REFSPEC_BYTES_MAX: usize = 16_000;

/// Bytes of a text that an error shows.
const SHOWN_BYTES_MAX: usize = 200;

/// A text that is no refspec: too long, or with a `*` too much or on one side only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefspecError {
    /// The start of the text.
    pub text: BString,
}

impl core::fmt::Display for RefspecError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} is no refspec: both sides have one '*', or none", Quoted(&self.text))
    }
}

impl core::error::Error for RefspecError {}

/// `[+]source[:destination]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refspec {
    /// The destination may move to what does not descend from it.
    pub is_forced: bool,
    /// The name on the side where objects come from; with one `*` for any text.
    pub source: BString,
    /// The name on the other side; `None` where nothing is said.
    pub destination: Option<BString>,
}

impl Refspec {
    /// Reads one. Names are looked at where they are used; here only that both sides have a `*`, or none.
    pub fn parse(text: &[u8]) -> Result<Self, RefspecError> {
        let (is_forced, rest) = match text.strip_prefix(b"+") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (source, destination) = match search::split_once(rest, b':') {
            Some((source, destination)) => (source, Some(destination)),
            None => (rest, None),
        };
        let stars = |name: &[u8]| name.iter().filter(|byte| **byte == b'*').count();
        let count = stars(source);
        let is_balanced = destination.is_none_or(|destination| stars(destination) == count);
        if text.len() > REFSPEC_BYTES_MAX || count > 1 || !is_balanced {
            return Err(RefspecError { text: text[..text.len().min(SHOWN_BYTES_MAX)].into() });
        }
        Ok(Self { is_forced, source: source.into(), destination: destination.map(BString::from) })
    }

    /// Whether it stands for all refs of a pattern.
    pub fn is_pattern(&self) -> bool {
        self.source.contains(&b'*')
    }

    /// What `*` stands for in a name that the source means.
    pub fn match_source<'a>(&self, name: &'a [u8]) -> Option<&'a [u8]> {
        let (before, after) = search::split_once(&self.source, b'*')?;
        name.strip_prefix(before)?.strip_suffix(after)
    }

    /// The destination with this in the place of `*`.
    pub fn expand_destination(&self, star: &[u8]) -> Option<BString> {
        let destination = self.destination.as_ref()?;
        Some(match search::split_once(destination, b'*') {
            Some((before, after)) => [before, star, after].concat().into(),
            None => destination.clone(),
        })
    }
}

/// The full names that a short one may stand for, in the order in which git looks for them.
pub fn full_names(short: &[u8]) -> [BString; 5] {
    let places: [&[u8]; 5] = [b"", b"refs/", b"refs/tags/", b"refs/heads/", b"refs/remotes/"];
    places.map(|place| [place, short].concat().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_found() {
        let spec = Refspec::parse(b"+refs/heads/*:refs/remotes/origin/*").unwrap();
        assert!(spec.is_forced && spec.is_pattern());
        let star = spec.match_source(b"refs/heads/a/b").unwrap();
        assert_eq!(spec.expand_destination(star).unwrap(), "refs/remotes/origin/a/b");
        assert_eq!(spec.match_source(b"refs/tags/a"), None);
        let spec = Refspec::parse(b"main").unwrap();
        assert_eq!((spec.is_forced, spec.destination.clone(), spec.is_pattern()), (false, None, false));
        assert_eq!(spec.match_source(b"main"), None);
        assert_eq!(Refspec::parse(b":gone").unwrap().destination.unwrap(), "gone");
        for bad in [&b"a*b*"[..], b"a*:b", b"a:b*", &[b'x'; REFSPEC_BYTES_MAX + 1]] {
            assert!(Refspec::parse(bad).is_err());
        }
    }
}
