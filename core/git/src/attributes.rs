//! `.gitattributes` of a tree: what they say about a path, as git reads them.
//!
//! Files of a work tree, of a user and of a system are not read: what counts is in the tree. Nothing here knows what an
//! attribute means.

use alloc::vec::Vec;

use bstr::{BStr, BString};

use crate::ObjectId;
use crate::glob::Glob;
use crate::name_map::NameMap;
use crate::search;
use crate::store::{ObjectSource, ReadError};

/// Longest line that is read, in bytes: git's own bound. Longer ones are passed over.
const LINE_BYTES_MAX: usize = 2048;

/// Largest file that is read, in bytes: git's own bound, 100 MiB. A larger one counts as empty.
const FILE_BYTES_MAX: u64 = 100 << 20;

/// Most rules of all files that one lookup goes through: a million, which take a tenth of a second. What stands before them
/// is passed over.
const RULES_MAX: usize = 1_000_000;

/// Most attributes that one path is said to have, and most macros; real files have a few dozen.
const NAMES_MAX: usize = 1_000;

/// The file's name in each directory.
const FILE_NAME: &[u8] = b".gitattributes";

/// What is said about an attribute of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing, or `!name`.
    #[default]
    Unspecified,
    /// `name`.
    Set,
    /// `-name`.
    Unset,
    /// `name=value`.
    Value(BString),
}

/// The attributes of one tree. Its files are read when a path asks for them, once.
#[derive(Debug)]
pub struct Attributes {
    tree: ObjectId,
    /// The rules of each directory that was asked for; the root's name is empty.
    directories: NameMap<BString, Vec<Rule>>,
}

/// One line of a file.
#[derive(Debug)]
struct Rule {
    subject: Subject,
    /// In the order of the line.
    states: Vec<(BString, State)>,
}

#[derive(Debug)]
enum Subject {
    /// The files that a pattern means.
    Files(Glob),
    /// The attribute of this name, which stands for those of the line.
    Macro(BString),
}

impl Attributes {
    /// Nothing is read yet.
    pub fn new(tree: ObjectId) -> Self {
        Self { tree, directories: NameMap::new() }
    }

    /// What is said about these attributes of the file at `path`, in their order.
    pub fn look_up(
        &mut self,
        source: &dyn ObjectSource,
        path: &BStr,
        names: &[&[u8]],
    ) -> Result<Vec<State>, ReadError> {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let depths: Vec<usize> = [0].into_iter().chain(ends).collect();
        for end in &depths {
            self.load(source, &path[..*end])?;
        }
        let mut found = Found { macros: self.macros(), states: Vec::new(), rules_left: RULES_MAX };
        for end in depths.iter().rev() {
            let Some(rules) = self.directories.get(&BString::from(&path[..*end])) else { continue };
            let below = if *end == 0 { path } else { &path[*end + 1..] };
            for rule in rules.iter().rev() {
                found.rules_left = found.rules_left.saturating_sub(1);
                match &rule.subject {
                    Subject::Files(glob) if found.rules_left > 0 && glob.means_itself(below) => {
                        found.take(&rule.states)
                    }
                    _ => {}
                }
            }
        }
        Ok(names.iter().map(|name| found.get(name).cloned().unwrap_or_default()).collect())
    }

    fn load(&mut self, source: &dyn ObjectSource, directory: &[u8]) -> Result<(), ReadError> {
        if self.directories.contains_key(&BString::from(directory)) {
            return Ok(());
        }
        let mut tree = Some(self.tree);
        for name in search::split(directory, b'/').filter(|name| !name.is_empty()) {
            let Some(above) = tree else { break };
            let entry = source.find_entry(&above, name)?;
            tree = entry.filter(|entry| entry.mode.is_directory()).map(|entry| entry.id);
        }
        let file = match tree {
            Some(tree) => source.find_entry(&tree, FILE_NAME)?.filter(|entry| entry.mode.is_regular()),
            None => None,
        };
        let rules = match file {
            Some(file) if source.header(&file.id)?.1 <= FILE_BYTES_MAX => {
                rules(&source.read_blob(&file.id)?, directory.is_empty())
            }
            _ => Vec::new(),
        };
        self.directories.insert(directory.into(), rules);
        Ok(())
    }

    /// The macros of the root, the last first: of several with one name, it counts.
    fn macros(&self) -> Vec<(&BStr, &[(BString, State)])> {
        let root = self.directories.get(&BString::default()).map_or(&[][..], Vec::as_slice);
        let macros = root.iter().rev().filter_map(|rule| match &rule.subject {
            Subject::Macro(name) => Some((BStr::new(name.as_slice()), rule.states.as_slice())),
            Subject::Files(_) => None,
        });
        macros.take(NAMES_MAX).collect()
    }
}

/// What was said so far, the last first: what is said about a name stays.
struct Found<'a> {
    macros: Vec<(&'a BStr, &'a [(BString, State)])>,
    states: Vec<(&'a BStr, &'a State)>,
    rules_left: usize,
}

impl<'a> Found<'a> {
    fn get(&self, name: &[u8]) -> Option<&'a State> {
        self.states.iter().find(|(other, _)| *other == name).map(|(_, state)| *state)
    }

    /// Takes what a line says, its last word first; a macro that is set says what its line says.
    fn take(&mut self, states: &'a [(BString, State)]) {
        // A stack in place of recursion: macros may name each other.
        let mut lines = Vec::from([states]);
        while let Some(line) = lines.pop() {
            let Some(((name, state), rest)) = line.split_last() else { continue };
            lines.push(rest);
            if self.get(name).is_some() || self.states.len() >= NAMES_MAX {
                continue;
            }
            self.states.push((BStr::new(name.as_slice()), state));
            if *state != State::Set {
                continue;
            }
            match self.macros.iter().find(|(other, _)| other == name) {
                Some((_, meaning)) => lines.push(meaning),
                None if name == "binary" => {
                    for name in ["diff", "merge", "text"] {
                        if self.get(name.as_bytes()).is_none() {
                            self.states.push((BStr::new(name), &State::Unset));
                        }
                    }
                }
                None => {}
            }
        }
    }
}

/// The rules of a file; macros count in the root's alone.
fn rules(file: &[u8], is_root: bool) -> Vec<Rule> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let lines = file.split(|byte| *byte == b'\n').filter(|line| line.len() <= LINE_BYTES_MAX);
    lines.filter_map(|line| rule(line, is_root)).collect()
}

fn rule(line: &[u8], is_root: bool) -> Option<Rule> {
    let line = trim_start(line);
    if matches!(line.first(), None | Some(b'#')) {
        return None;
    }
    let (pattern, rest) = match line.strip_prefix(b"\"").and_then(unquote) {
        Some((pattern, rest)) => (pattern, rest),
        None => {
            let (pattern, rest) = word(line);
            (pattern.into(), rest)
        }
    };
    if let Some(name) = pattern.strip_prefix(b"[attr]").filter(|name| !name.is_empty()) {
        let name = Some(BString::from(name)).filter(|name| is_root && is_name(name))?;
        return Some(Rule { subject: Subject::Macro(name), states: states(rest)? });
    }
    if pattern.first() == Some(&b'!') {
        return None;
    }
    Some(Rule { subject: Subject::Files(Glob::new(&pattern)), states: states(rest)? })
}

/// The attributes of a line; `None` where one of them has no valid name, which spoils the line.
fn states(mut rest: &[u8]) -> Option<Vec<(BString, State)>> {
    let mut states = Vec::new();
    loop {
        rest = trim_start(rest);
        if rest.is_empty() {
            return Some(states);
        }
        let (mut token, after) = word(rest);
        rest = after;
        let sign = token.first().copied().filter(|sign| matches!(sign, b'-' | b'!'));
        if sign.is_some() {
            token = &token[1..];
        }
        let (name, value) = match search::split_once(token, b'=') {
            Some((name, value)) => (name, Some(value)),
            None => (token, None),
        };
        if !is_name(name) {
            return None;
        }
        let state = match (sign, value) {
            (Some(b'-'), _) => State::Unset,
            (Some(_), _) => State::Unspecified,
            (None, None) => State::Set,
            (None, Some(value)) => State::Value(value.into()),
        };
        states.push((name.into(), state));
    }
}

/// Whether git takes this for the name of an attribute: letters, digits, `-`, `_` and `.`, no `-` in front, none of its own.
fn is_name(name: &[u8]) -> bool {
    let valid = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && name[0] != b'-' && name.iter().all(valid) && !name.starts_with(b"builtin_")
}

/// The text up to the next blank, and what follows.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(is_blank).unwrap_or(text.len()))
}

fn trim_start(text: &[u8]) -> &[u8] {
    &text[text.iter().position(|byte| !is_blank(byte)).unwrap_or(text.len())..]
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// What stands in quotes, after the opening one, with C's escapes, and what follows the closing one.
fn unquote(text: &[u8]) -> Option<(BString, &[u8])> {
    let mut out = BString::default();
    let mut at = 0;
    loop {
        match *text.get(at)? {
            b'"' => return Some((out, &text[at + 1..])),
            b'\\' => {
                let escaped = *text.get(at + 1)?;
                at += 1;
                out.push(match escaped {
                    b'a' => 7,
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 11,
                    b'\\' | b'"' => escaped,
                    b'0'..=b'3' => {
                        let digits = text.get(at..at + 3)?;
                        if !digits.iter().all(|digit| (b'0'..=b'7').contains(digit)) {
                            return None;
                        }
                        at += 2;
                        digits.iter().fold(0, |code, digit| code << 3 | (digit - b'0'))
                    }
                    _ => return None,
                });
            }
            byte => out.push(byte),
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_a_broken_line_and_a_lost_quote_are_passed_over() {
        let long = [b"a ".as_slice(), &[b'x'; LINE_BYTES_MAX]].concat();
        for line in [b"".as_slice(), b"# a x", b"!a x", b"a x -=y", b"a builtin_x", &long] {
            assert!(rules(line, true).is_empty(), "{}", BStr::new(line));
        }
        assert_eq!(rules(b"\"a\\101 \" x\n\"open x\n", true).len(), 2);
        assert!(rules(b"[attr]m x", false).is_empty());
        assert_eq!(unquote(b"a\\101 \\n\" x").unwrap().0, "aA \n");
    }
}
