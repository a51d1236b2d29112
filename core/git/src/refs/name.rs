//! Names of refs by the rules of `git check-ref-format`, checked once, then a type of their own.
//!
//! A name is bytes and keeps its case. What a file system makes of it (case, length of a component) is not known here.

use alloc::sync::Arc;
use core::borrow::Borrow;
use core::fmt;

use bstr::{BStr, BString, ByteSlice};

use crate::quoted::Quoted;

/// Longest name, in bytes: what fits in a path where refs are files. Git itself has no such bound in memory.
pub const REF_NAME_BYTES_MAX: usize = 4096;

/// Names of at most this many bytes are put together on the stack.
const SHORT_MAX: usize = 128;

/// The full name of a ref: `refs/...`, or a root ref such as `HEAD` (capitals and `_` only). Ordered as its bytes.
///
/// A clone shares the bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefName(Arc<[u8]>);

impl RefName {
    /// Checks a full name.
    pub fn new(name: impl AsRef<[u8]>) -> Result<Self, RefNameError> {
        let name = name.as_ref();
        let error = |problem| RefNameError { name: name.into(), problem };
        check_format(name, Levels::OneOrMore).map_err(error)?;
        if name.starts_with(b"refs/") || is_root_name(name) {
            Ok(Self(name.into()))
        } else {
            Err(error(RefNameProblem::OutsideRefs))
        }
    }

    /// `HEAD`.
    pub fn head() -> Self {
        Self(b"HEAD".as_slice().into())
    }

    /// The ref of a branch, `refs/heads/<short>`; a branch is not called `HEAD` and does not begin with `-`.
    pub fn branch(short: impl AsRef<[u8]>) -> Result<Self, RefNameError> {
        let short = short.as_ref();
        if short == b"HEAD" {
            return Err(RefNameError { name: short.into(), problem: RefNameProblem::Head });
        }
        Self::below(b"refs/heads/", short)
    }

    /// The ref of a tag, `refs/tags/<short>`; a tag does not begin with `-`.
    pub fn tag(short: impl AsRef<[u8]>) -> Result<Self, RefNameError> {
        Self::below(b"refs/tags/", short.as_ref())
    }

    fn below(folder: &[u8], short: &[u8]) -> Result<Self, RefNameError> {
        let error = |problem| RefNameError { name: short.into(), problem };
        if short.starts_with(b"-") {
            return Err(error(RefNameProblem::LeadingDash));
        }
        check_format(short, Levels::Below).map_err(error)?;
        if folder.len() + short.len() > REF_NAME_BYTES_MAX {
            return Err(error(RefNameProblem::TooLong));
        }
        let length = folder.len() + short.len();
        let mut name = [0; SHORT_MAX];
        let Some(name) = name.get_mut(..length) else { return Ok(Self([folder, short].concat().into())) };
        // Put together here, the shared bytes are the only allocation.
        name[..folder.len()].copy_from_slice(folder);
        name[folder.len()..].copy_from_slice(short);
        Ok(Self((&*name).into()))
    }

    /// The bytes.
    pub fn as_bstr(&self) -> &BStr {
        self.0.as_bstr()
    }

    /// What follows `refs/heads/`, for a branch.
    pub fn branch_name(&self) -> Option<&BStr> {
        self.0.strip_prefix(b"refs/heads/").map(ByteSlice::as_bstr)
    }

    /// What follows `refs/tags/`, for a tag.
    pub fn tag_name(&self) -> Option<&BStr> {
        self.0.strip_prefix(b"refs/tags/").map(ByteSlice::as_bstr)
    }

    /// What git shows for it: without `refs/heads/`, `refs/tags/`, `refs/remotes/` or `refs/`, whichever comes first.
    pub fn short(&self) -> &BStr {
        for folder in ["refs/heads/", "refs/tags/", "refs/remotes/", "refs/"] {
            if let Some(short) = self.0.strip_prefix(folder.as_bytes()) {
                return short.as_bstr();
            }
        }
        self.as_bstr()
    }

    /// Whether it lies under `refs/`, as every ref but the root refs does.
    pub fn is_under_refs(&self) -> bool {
        self.0.starts_with(b"refs/")
    }
}

impl Borrow<[u8]> for RefName {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for RefName {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_bstr(), f)
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_bstr(), f)
    }
}

/// Why a text is no name of a ref.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefNameProblem {
    /// Nothing between two slashes, at an end, or at all.
    EmptyComponent,
    /// A component begins with `.`.
    LeadingDot,
    /// `..` somewhere.
    DoubleDot,
    /// The name ends with `.`.
    TrailingDot,
    /// A component ends with `.lock`.
    Lock,
    /// `@{` somewhere.
    AtBrace,
    /// The name is `@`.
    At,
    /// A control character, space, or one of `~ ^ : ? * [ \`.
    ForbiddenByte {
        /// The byte.
        byte: u8,
        /// Where it stands, from 0.
        position: usize,
    },
    /// There is no `/`, where one is asked for.
    OneLevel,
    /// It lies neither under `refs/` nor is it in capitals as `HEAD` is.
    OutsideRefs,
    /// The name of a branch or tag begins with `-`.
    LeadingDash,
    /// A branch is to be called `HEAD`.
    Head,
    /// More bytes than [`REF_NAME_BYTES_MAX`].
    TooLong,
}

impl fmt::Display for RefNameProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyComponent => "a component is empty",
            Self::LeadingDot => "a component begins with '.'",
            Self::DoubleDot => "it contains '..'",
            Self::TrailingDot => "it ends with '.'",
            Self::Lock => "a component ends with '.lock'",
            Self::AtBrace => "it contains '@{'",
            Self::At => "it is '@'",
            Self::ForbiddenByte { byte, position } => {
                return write!(f, "{} at byte {position} is not allowed", Quoted(&[*byte]));
            }
            Self::OneLevel => "it has only one level",
            Self::OutsideRefs => "it is neither under 'refs/' nor in capitals",
            Self::LeadingDash => "it begins with '-'",
            Self::Head => "a branch is not called 'HEAD'",
            Self::TooLong => "it is longer than 4,096 bytes",
        })
    }
}

/// A text that is no name of a ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefNameError {
    /// The text as it was given.
    pub name: BString,
    /// What is wrong with it.
    pub problem: RefNameProblem,
}

impl fmt::Display for RefNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not the name of a ref: {}", Quoted(&self.name), self.problem)
    }
}

impl core::error::Error for RefNameError {}

/// How many levels a name must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Levels {
    /// At least two: `git check-ref-format`.
    TwoOrMore,
    /// Any number: `git check-ref-format --allow-onelevel`.
    OneOrMore,
    /// Any number, because the name will stand below a folder: `@` alone is then allowed too.
    Below,
}

/// Checks the form of a name exactly as `git check-ref-format` does, but for [`REF_NAME_BYTES_MAX`].
pub fn check_format(name: &[u8], levels: Levels) -> Result<(), RefNameProblem> {
    if name.len() > REF_NAME_BYTES_MAX {
        return Err(RefNameProblem::TooLong);
    }
    if name == b"@" && levels != Levels::Below {
        return Err(RefNameProblem::At);
    }
    let mut slashes = 0;
    let mut previous = b'/';
    for (position, &byte) in name.iter().enumerate() {
        if SPECIAL[usize::from(byte)] {
            match byte {
                b'/' => {
                    check_component_end(&name[..position])?;
                    slashes += 1;
                }
                b'.' if previous == b'/' => return Err(RefNameProblem::LeadingDot),
                b'.' if previous == b'.' => return Err(RefNameProblem::DoubleDot),
                b'.' => {}
                b'{' if previous == b'@' => return Err(RefNameProblem::AtBrace),
                b'{' => {}
                _ => return Err(RefNameProblem::ForbiddenByte { byte, position }),
            }
        }
        previous = byte;
    }
    check_component_end(name)?;
    if previous == b'.' {
        return Err(RefNameProblem::TrailingDot);
    }
    if slashes == 0 && levels == Levels::TwoOrMore {
        return Err(RefNameProblem::OneLevel);
    }
    Ok(())
}

/// Checks the component with which `name` ends.
fn check_component_end(name: &[u8]) -> Result<(), RefNameProblem> {
    match name.last() {
        None | Some(b'/') => Err(RefNameProblem::EmptyComponent),
        Some(b'k') if name.ends_with(b".lock") => Err(RefNameProblem::Lock),
        Some(_) => Ok(()),
    }
}

/// Bytes that a name may not hold, or only in some places.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        special[byte] = byte <= 0x20
            || byte == 0x7f
            || matches!(byte as u8, b'/' | b'.' | b'{' | b'~' | b'^' | b':' | b'?' | b'*' | b'[' | b'\\');
        byte += 1;
    }
    special
};

/// Whether this is the name of a ref outside `refs/`: `HEAD`, `ORIG_HEAD` and their like.
fn is_root_name(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use RefNameProblem::*;

    #[test]
    fn every_rule_has_its_problem() {
        let cases: &[(&str, RefNameProblem)] = &[
            ("", EmptyComponent),
            ("/", EmptyComponent),
            ("refs///heads/x", EmptyComponent),
            ("refs/heads/foo/", EmptyComponent),
            ("./foo", LeadingDot),
            ("refs/foo/./bar", LeadingDot),
            (".refs/foo", LeadingDot),
            ("refs/heads/../../config", LeadingDot),
            ("refs/heads/foo.", TrailingDot),
            ("refs/heads/a..b", DoubleDot),
            ("refs/heads/a?b", ForbiddenByte { byte: b'?', position: 12 }),
            ("refs/heads/a\\b", ForbiddenByte { byte: b'\\', position: 12 }),
            ("refs/heads/a\u{7f}", ForbiddenByte { byte: 0x7f, position: 12 }),
            ("refs/heads/foo.lock", Lock),
            ("refs/foo.lock/bar", Lock),
            ("refs/heads/v@{ation", AtBrace),
            ("@", At),
            ("heads/foo", OutsideRefs),
            ("main", OutsideRefs),
            ("HEAD/x", OutsideRefs),
        ];
        for (name, problem) in cases {
            assert_eq!(RefName::new(name).unwrap_err().problem, *problem, "{name:?}");
        }
        assert_eq!(RefName::new([b'a'; 4097]).unwrap_err().problem, TooLong);
        assert_eq!(RefName::branch([b'a'; 4090]).unwrap_err().problem, TooLong);
    }

    #[test]
    fn ordinary_and_odd_names_pass() {
        for name in
            ["HEAD", "ORIG_HEAD", "refs/heads/main", "refs/heads/a.b", "refs/x", "refs/tags/@", "refs/{a}"]
        {
            assert_eq!(RefName::new(name).unwrap().as_bstr(), name);
        }
        for name in ["__proto__", "constructor", "hasOwnProperty", "toString", "..%2f", "é", "A"] {
            let allowed = !name.contains("..");
            assert_eq!(RefName::branch(name).is_ok(), allowed && name != "HEAD", "{name}");
        }
        assert!(RefName::new(b"refs/heads/\xff\xfe").is_ok());
    }

    #[test]
    fn short_names_have_rules_of_their_own() {
        assert_eq!(RefName::branch("HEAD").unwrap_err().problem, Head);
        assert_eq!(RefName::branch("-a").unwrap_err().problem, LeadingDash);
        assert_eq!(RefName::tag("-a").unwrap_err().problem, LeadingDash);
        let branch = RefName::branch("a/b").unwrap();
        assert_eq!(branch.as_bstr(), "refs/heads/a/b");
        assert_eq!((branch.branch_name(), branch.tag_name()), (Some("a/b".into()), None));
        assert_eq!(RefName::new("refs/remotes/o/x").unwrap().short(), "o/x");
        assert_eq!(RefName::new("HEAD").unwrap(), RefName::head());
        assert_eq!(RefName::head().short(), "HEAD");
    }
}
