//! The grammar of revisions (gitrevisions(7)): what an expression says, before anything is looked up.
//!
//! As in git, suffixes are taken off from the end, and what is left is a name.

use alloc::vec::Vec;
use core::fmt;

use bstr::{BStr, BString, ByteSlice};

use super::pattern::{Pattern, PatternError};
use crate::search;
use crate::{Kind, ObjectId};

/// Longest expression, in bytes: room for a path of 4,096 bytes and a name as long.
pub const EXPRESSION_BYTES_MAX: usize = 8192;

/// What an expression says.
#[derive(Clone, Debug)]
pub enum Expression<'a> {
    /// A name, and steps from the object that it names.
    Object(ObjectExpression<'a>),
    /// `treeish:path`: what stands at a path.
    Path {
        /// What names the tree.
        tree: ObjectExpression<'a>,
        /// The path; empty for the tree itself.
        path: &'a BStr,
    },
    /// `:/text`: the latest commit, reachable from any ref, with a message that matches.
    Message(MessageSearch),
}

/// A name, and steps from the object that it names.
#[derive(Clone, Debug)]
pub struct ObjectExpression<'a> {
    /// Where to begin.
    pub name: Name<'a>,
    /// Where to go from there, in this order.
    pub suffixes: Vec<Suffix>,
}

/// What an expression begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name<'a> {
    /// 40 hex digits.
    Id(ObjectId),
    /// A ref's short or full name, an abbreviated id, or what `git describe` prints.
    Text(&'a BStr),
    /// `name@{...}`: where a ref was; the current branch where the name is empty.
    Reflog(&'a BStr, ReflogPosition<'a>),
    /// `@{-n}`: the n-th branch that was checked out before.
    PriorBranch(u32),
    /// `name@{upstream}` or `name@{push}`: needs the configuration of remotes.
    Upstream(&'a BStr),
}

/// A place in a reflog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReflogPosition<'a> {
    /// So many moves ago.
    Nth(u32),
    /// At a time, as the user wrote it: `yesterday`, `2005-04-07 22:13:13`, seconds since the epoch.
    Date(&'a BStr),
}

/// A step from one object to another.
#[derive(Clone, Debug)]
pub enum Suffix {
    /// `^n`: the n-th parent; `^0` is the commit itself.
    Parent(u32),
    /// `~n`: n first parents back.
    Ancestor(u32),
    /// `^{commit}` and the like: the object of this kind that tags, and for a tree a commit, lead to.
    Kind(Kind),
    /// `^{object}`: the object, which must be here.
    Object,
    /// `^{}`: what tags lead to.
    Untagged,
    /// `^{/text}`: the latest commit, reachable from this one, with a message that matches.
    Message(MessageSearch),
}

/// What to look for in messages.
#[derive(Clone, Debug)]
pub struct MessageSearch {
    /// What the message holds.
    pub pattern: Pattern,
    /// Whether the message must not hold it (`!-text`).
    pub is_negative: bool,
}

/// Why an expression means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpressionError {
    /// It is longer than [`EXPRESSION_BYTES_MAX`].
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// A number is beyond 2^31 - 1.
    Number,
    /// What stands in `^{...}` is neither a kind nor a search.
    Suffix(BString),
    /// It names an entry of git's index (`:path`, `:2:path`), which is not part of a repository in memory.
    Index,
    /// `!` at the start of a search is kept for `!!` and `!-`.
    ReservedSearch,
    /// The text to search for is no regular expression, or one of an unknown kind.
    Pattern(PatternError),
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => {
                write!(f, "the expression has {bytes} bytes, more than {EXPRESSION_BYTES_MAX}")
            }
            Self::Number => f.write_str("a number in the expression is too large"),
            Self::Suffix(text) => write!(f, "'^{{{text}}}' is no suffix that git knows"),
            Self::Index => f.write_str("the expression names an entry of git's index, and there is none"),
            Self::ReservedSearch => {
                f.write_str("a search may begin with '!!' or '!-', not with a single '!'")
            }
            Self::Pattern(error) => write!(f, "the text to search for: {error}"),
        }
    }
}

impl core::error::Error for ExpressionError {}

impl<'a> Expression<'a> {
    /// Takes an expression apart.
    pub fn parse(text: &'a BStr) -> Result<Self, ExpressionError> {
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(ExpressionError::TooLong { bytes: text.len() });
        }
        if let Some(search) = text.strip_prefix(b":/").filter(|search| !search.is_empty()) {
            return Ok(Self::Message(MessageSearch::parse(search)?));
        }
        if text.starts_with(b":") {
            return Err(ExpressionError::Index);
        }
        match colon(text) {
            None => Ok(Self::Object(ObjectExpression::parse(text)?)),
            Some(at) => {
                let tree = ObjectExpression::parse(text[..at].as_bstr())?;
                Ok(Self::Path { tree, path: text[at + 1..].as_bstr() })
            }
        }
    }
}

/// Where the first colon outside of braces stands.
fn colon(text: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    text.iter().position(|byte| {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *byte == b':' && depth == 0
    })
}

impl<'a> ObjectExpression<'a> {
    fn parse(text: &'a BStr) -> Result<Self, ExpressionError> {
        let mut rest: &[u8] = text;
        let mut suffixes = Vec::new();
        while let Some((shorter, suffix)) = take_suffix(rest)? {
            suffixes.push(suffix);
            rest = shorter;
        }
        suffixes.reverse();
        Ok(Self { name: Name::parse(rest)?, suffixes })
    }
}

/// Takes the last suffix off, if there is one.
fn take_suffix(text: &[u8]) -> Result<Option<(&[u8], Suffix)>, ExpressionError> {
    let name = text.trim_end_with(|byte| byte.is_ascii_digit());
    let digits = &text[name.len()..];
    if let Some((sign @ (b'~' | b'^'), name)) = name.split_last() {
        let number = match digits {
            [] => 1,
            digits => number(digits).ok_or(ExpressionError::Number)?,
        };
        let suffix = if *sign == b'~' { Suffix::Ancestor(number) } else { Suffix::Parent(number) };
        return Ok(Some((name, suffix)));
    }
    let Some(inner) = text.strip_suffix(b"}") else { return Ok(None) };
    let Some(start) = search::find_last(inner, b"^{") else { return Ok(None) };
    let what = &inner[start + 2..];
    let suffix = match what {
        b"" => Suffix::Untagged,
        b"object" => Suffix::Object,
        b"/" => Suffix::Parent(0),
        [b'/', search @ ..] => Suffix::Message(MessageSearch::parse(search)?),
        what => match Kind::from_name(what) {
            Some(kind) => Suffix::Kind(kind),
            None => return Err(ExpressionError::Suffix(what.into())),
        },
    };
    Ok(Some((&text[..start], suffix)))
}

/// A decimal number up to 2^31 - 1.
fn number(digits: &[u8]) -> Option<u32> {
    let value: u32 = digits.to_str().ok()?.parse().ok()?;
    i32::try_from(value).ok().map(|_| value)
}

impl<'a> Name<'a> {
    fn parse(text: &'a [u8]) -> Result<Self, ExpressionError> {
        if let Ok(id) = ObjectId::from_hex(text) {
            return Ok(Self::Id(id));
        }
        // At least one byte stands between the braces.
        let at = text
            .strip_suffix(b"}")
            .and_then(|inner| search::find_last(&inner[..inner.len().saturating_sub(1)], b"@{"));
        let Some(at) = at else { return Ok(Self::Text(text.as_bstr())) };
        let (name, what) = (text[..at].as_bstr(), &text[at + 2..text.len() - 1]);
        if let (b"", Some(digits)) = (name.as_bytes(), what.strip_prefix(b"-")) {
            return match number(digits).ok_or(ExpressionError::Number)? {
                0 => Ok(Self::Text(text.as_bstr())),
                count => Ok(Self::PriorBranch(count)),
            };
        }
        if [&b"u"[..], b"upstream", b"push"].iter().any(|mark| what.eq_ignore_ascii_case(mark)) {
            return Ok(Self::Upstream(name));
        }
        // A number this large can only be meant as seconds; so says git.
        let nth = number(what).filter(|nth| *nth < 100_000_000 && what.iter().all(u8::is_ascii_digit));
        Ok(Self::Reflog(name, nth.map_or(ReflogPosition::Date(what.as_bstr()), ReflogPosition::Nth)))
    }
}

impl MessageSearch {
    fn parse(text: &[u8]) -> Result<Self, ExpressionError> {
        let (is_negative, text) = match text {
            [b'!', b'-', text @ ..] => (true, text),
            [b'!', b'!', ..] => (false, &text[1..]),
            [b'!', ..] => return Err(ExpressionError::ReservedSearch),
            text => (false, text),
        };
        Ok(Self { pattern: Pattern::new(text).map_err(ExpressionError::Pattern)?, is_negative })
    }

    /// Whether a commit with this message is what was looked for.
    pub fn accepts(&self, message: &[u8]) -> bool {
        self.pattern.is_match(message) != self.is_negative
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    fn name(text: &str) -> Name<'_> {
        match Expression::parse(text.into()).unwrap() {
            Expression::Object(object) => object.name,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_are_told_apart() {
        assert_eq!(name("main~2^{tree}"), Name::Text("main".into()));
        assert_eq!(name("4b825dc642cb6eb9a060e54bf8d69288fbee4904^"), Name::Id(ObjectId::EMPTY_TREE));
        assert_eq!(name("a@{1}"), Name::Reflog("a".into(), ReflogPosition::Nth(1)));
        assert_eq!(name("@{1:2}~1"), Name::Reflog("".into(), ReflogPosition::Date("1:2".into())));
        assert_eq!(name("@{-2}"), Name::PriorBranch(2));
        assert_eq!(name("x@{U}"), Name::Upstream("x".into()));
        assert_eq!(name("x@{}"), Name::Text("x@{}".into()));
        assert_eq!(name("__proto__"), Name::Text("__proto__".into()));
    }

    #[test]
    fn suffixes_are_taken_in_order() {
        let Ok(Expression::Path { tree, path }) = Expression::parse("a^2~3^{}^0:b:c^1".into()) else {
            panic!()
        };
        assert_eq!(path, "b:c^1");
        assert_eq!(format!("{:?}", tree.suffixes), "[Parent(2), Ancestor(3), Untagged, Parent(0)]");
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (text, error) in [
            ("a~2147483648", ExpressionError::Number),
            ("a^99999999999999999999", ExpressionError::Number),
            ("a^{trees}", ExpressionError::Suffix("trees".into())),
            (":path", ExpressionError::Index),
            (":/!x", ExpressionError::ReservedSearch),
        ] {
            assert_eq!(Expression::parse(text.into()).unwrap_err(), error, "{text}");
        }
        let long = "~".repeat(EXPRESSION_BYTES_MAX + 1);
        assert!(Expression::parse(long.as_str().into()).is_err());
    }
}
