//! Path patterns in gitignore's dialect: `*.tf`, `k8s/**/*.yaml`, `!secret/**`.
//!
//! In time proportional to pattern x path whatever the pattern. Many lists at once are `glob_router`'s.

use alloc::vec::Vec;

use bstr::BString;

use crate::search;

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    pub(crate) segments: Vec<BString>,
    /// Whether the pattern begins at the root: it has a slash before its end.
    pub(crate) anchored: bool,
    pub(crate) directories_only: bool,
    pub(crate) negated: bool,
}

impl Glob {
    /// Compiles a pattern; every text is one. `!` in front turns it around.
    pub fn new(pattern: &[u8]) -> Self {
        let (negated, pattern) = match pattern.strip_prefix(b"!") {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let (directories_only, pattern) = match pattern.strip_suffix(b"/") {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let anchored = pattern.contains(&b'/');
        let pattern = pattern.strip_prefix(b"/").unwrap_or(pattern);
        let segments = search::split(pattern, b'/').map(BString::from).collect();
        Self { segments, anchored, directories_only, negated }
    }

    /// Whether the file at `path` is meant: by its own path or because a directory above it is. A pattern with `!`
    /// means every file that the rest of it does not mean.
    pub fn matches(&self, path: &[u8]) -> bool {
        self.means(path) != self.negated
    }

    /// Whether the pattern means the file by its own path, as in a `.gitattributes`: not because of a directory above it.
    pub(crate) fn means_itself(&self, path: &[u8]) -> bool {
        let parts: Vec<&[u8]> = search::split(path, b'/').collect();
        !self.directories_only && self.matches_parts(&parts)
    }

    /// Whether the pattern without its `!` means the file at `path`.
    fn means(&self, path: &[u8]) -> bool {
        let parts: Vec<&[u8]> = search::split(path, b'/').collect();
        let last = if self.directories_only { parts.len() - 1 } else { parts.len() };
        (1..=last).any(|length| self.matches_parts(&parts[..length]))
    }

    fn matches_parts(&self, parts: &[&[u8]]) -> bool {
        if self.anchored {
            matches_segments(&self.segments, parts)
        } else {
            self.segments.first().zip(parts.last()).is_some_and(|(pattern, name)| matches_name(pattern, name))
        }
    }
}

/// A list of patterns, of which the last that means a file decides, as in a `.gitignore`: one with `!` takes out what those
/// before it took in. A list that begins with `!` begins with every file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Globs(Vec<Glob>);

impl Globs {
    /// Compiles patterns. A list without any means no file.
    pub fn new<'a>(patterns: impl Iterator<Item = &'a [u8]>) -> Self {
        Self(patterns.map(Glob::new).collect())
    }

    /// Whether the file at `path` is meant.
    pub fn matches(&self, path: &[u8]) -> bool {
        let last = self.0.iter().rev().find(|glob| glob.means(path));
        last.map_or(self.means_rest(), |glob| !glob.negated)
    }

    /// What the last pattern that names the file or directory at `path` itself says: whether it is meant. None where no
    /// pattern names it. The directories above are not looked at: for a walk that decides each of them when it gets there.
    pub fn decide(&self, path: &[u8], is_directory: bool) -> Option<bool> {
        let parts: Vec<&[u8]> = search::split(path, b'/').collect();
        let names = |glob: &Glob| (is_directory || !glob.directories_only) && glob.matches_parts(&parts);
        self.0.iter().rev().find(|glob| names(glob)).map(|glob| !glob.negated)
    }

    /// Whether files are meant that no pattern of the list speaks of.
    pub(crate) fn means_rest(&self) -> bool {
        self.0.first().is_some_and(|glob| glob.negated)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Glob> {
        self.0.iter()
    }
}

/// Matches segment by segment; `**` stands for any number of them, at the end for at least one.
fn matches_segments(pattern: &[BString], parts: &[&[u8]]) -> bool {
    let (mut at, mut part) = (0, 0);
    let mut retry = None;
    loop {
        let matched = match pattern.get(at) {
            Some(segment) if segment.as_slice() == b"**" => {
                if at + 1 == pattern.len() {
                    return part < parts.len();
                }
                retry = Some((at, part));
                at += 1;
                continue;
            }
            Some(segment) => parts.get(part).is_some_and(|name| matches_name(segment, name)),
            None if part == parts.len() => return true,
            None => false,
        };
        if matched {
            (at, part) = (at + 1, part + 1);
        } else if let Some((star, from)) = retry.filter(|(_, from)| *from < parts.len()) {
            retry = Some((star, from + 1));
            (at, part) = (star + 1, from + 1);
        } else {
            return false;
        }
    }
}

/// Matches one name: `*`, `?`, `[...]` and `\`, none of which meets a slash.
pub(crate) fn matches_name(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut byte) = (0, 0);
    let mut retry = None;
    while byte < name.len() {
        let step = match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at, byte));
                at += 1;
                continue;
            }
            Some(b'?') => Some(1),
            Some(b'[') => matches_class(&pattern[at..], name[byte]),
            Some(b'\\') => pattern.get(at + 1).filter(|escaped| **escaped == name[byte]).map(|_| 2),
            Some(literal) if *literal == name[byte] => Some(1),
            _ => None,
        };
        match (step, retry) {
            (Some(length), _) => (at, byte) = (at + length, byte + 1),
            (None, Some((star, from))) => {
                retry = Some((star, from + 1));
                (at, byte) = (star + 1, from + 1);
            }
            (None, None) => return false,
        }
    }
    pattern[at.min(pattern.len())..].iter().all(|byte| *byte == b'*')
}

/// The length of the class at the start of `pattern` when `byte` is in it. A class that does not end matches nothing.
fn matches_class(pattern: &[u8], byte: u8) -> Option<usize> {
    let inverted = matches!(pattern.get(1), Some(b'!' | b'^'));
    let mut at = if inverted { 2 } else { 1 };
    let first = at;
    let mut found = false;
    loop {
        match *pattern.get(at)? {
            b']' if at > first => break,
            b'[' if pattern.get(at + 1) == Some(&b':') => {
                let end = search::find(&pattern[at + 2..], b":]")? + at + 2;
                found |= in_posix_class(&pattern[at + 2..end], byte)?;
                at = end + 2;
            }
            _ => {
                let low = class_byte(pattern, &mut at)?;
                let mut high = low;
                if pattern.get(at) == Some(&b'-') && pattern.get(at + 1).is_some_and(|next| *next != b']') {
                    at += 1;
                    high = class_byte(pattern, &mut at)?;
                }
                found |= (low..=high).contains(&byte);
            }
        }
    }
    (found != inverted).then_some(at + 1)
}

fn class_byte(pattern: &[u8], at: &mut usize) -> Option<u8> {
    if pattern.get(*at) == Some(&b'\\') {
        *at += 1;
    }
    let byte = *pattern.get(*at)?;
    *at += 1;
    Some(byte)
}

fn in_posix_class(name: &[u8], byte: u8) -> Option<bool> {
    Some(match name {
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"alpha" => byte.is_ascii_alphabetic(),
        b"blank" => matches!(byte, b' ' | b'\t'),
        b"cntrl" => byte.is_ascii_control(),
        b"digit" => byte.is_ascii_digit(),
        b"graph" => byte.is_ascii_graphic(),
        b"lower" => byte.is_ascii_lowercase(),
        b"print" => byte.is_ascii_graphic() || byte == b' ',
        b"punct" => byte.is_ascii_punctuation(),
        b"space" => byte.is_ascii_whitespace() || byte == 0x0b,
        b"upper" => byte.is_ascii_uppercase(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_what_gitignore_means() {
        let table = [
            ("*.tf", "a/b/main.tf", true),
            ("*.tf", "main.tfvars", false),
            ("k8s/**/*.yaml", "k8s/x.yaml", true),
            ("k8s/**/*.yaml", "k8s/a/b/x.yaml", true),
            ("k8s/**/*.yaml", "a/k8s/x.yaml", false),
            ("!secret/**", "secret/key", false),
            ("!secret/**", "open/key", true),
            ("docs", "docs/a/b", true),
            ("docs/", "docs", false),
            ("docs/", "a/docs/b", true),
            ("/docs", "a/docs", false),
            ("**/x", "x", true),
            ("a/**", "a", false),
            ("a/**", "a/b/c", true),
            ("a/*", "a/b/c", true),
            ("a?c", "a/c", false),
            ("[a-c]x[!0-9]", "bxy", true),
            ("[a-c]x[!0-9]", "bx5", false),
            ("[]x]", "]", true),
            ("[[:digit:]]*", "4x", true),
            ("[a", "a", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("*", "anything/at/all", true),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(Glob::new(pattern.as_bytes()).matches(path.as_bytes()), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn the_last_pattern_of_a_list_decides() {
        let table: [(&[&str], &str, bool); 8] = [
            (&[], "a", false),
            (&["a", "b"], "b", true),
            (&["k/**", "!k/secret/**"], "k/secret/x", false),
            (&["k/**", "!k/secret/**"], "k/x", true),
            (&["k/**", "!k/secret/**"], "else", false),
            (&["k/**", "!k/secret/**", "k/secret/open"], "k/secret/open", true),
            (&["!secret"], "open", true),
            (&["!*.md", "README.md"], "docs/x.md", false),
        ];
        for (patterns, path, expected) in table {
            let globs = Globs::new(patterns.iter().map(|pattern| pattern.as_bytes()));
            assert_eq!(globs.matches(path.as_bytes()), expected, "{patterns:?} {path}");
        }
    }

    #[test]
    fn a_walk_asks_for_each_directory() {
        let globs = Globs::new([&b"*.log"[..], b"!keep.log", b"build/", b"/top", b"a/*"].into_iter());
        let table = [
            ("x.log", false, Some(true)),
            ("d/keep.log", false, Some(false)),
            ("build", true, Some(true)),
            ("build", false, None),
            ("build/x", false, None),
            ("top", false, Some(true)),
            ("d/top", false, None),
            ("a/b", true, Some(true)),
            ("a/b/c", false, None),
        ];
        for (path, is_directory, expected) in table {
            assert_eq!(globs.decide(path.as_bytes(), is_directory), expected, "{path}");
        }
    }

    #[test]
    fn hostile_patterns_stay_cheap() {
        let name = [b'a'; 2000];
        assert!(!Glob::new([&b"a*".repeat(500)[..], b"b"].concat().as_slice()).matches(&name));
        let deep = "x/".repeat(1000) + "y";
        assert!(!Glob::new(("**/".repeat(500) + "z").as_bytes()).matches(deep.as_bytes()));
    }
}
