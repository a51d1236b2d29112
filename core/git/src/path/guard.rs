//! Names that no tree may be given because some file system takes them for `.git` or for one of git's own files.
//!
//! The guards of `core.protectHFS` and `core.protectNTFS` are always on: a tree made here may be checked out anywhere.

use bstr::ByteSlice;

use super::NameProblem;
use crate::object::{EntryKind, Mode};
use crate::search;

/// Checks one component as git's index does with all guards on, and refuses `..` beside a `\` besides.
pub fn check_name(name: &[u8]) -> Result<(), NameProblem> {
    match name {
        b"" => Err(NameProblem::Empty),
        b"." | b".." => Err(NameProblem::Dots),
        _ if name.contains(&0) => Err(NameProblem::Nul),
        _ if name.contains(&b'/') => Err(NameProblem::Slash),
        _ if is_dot_git(name) => Err(NameProblem::DotGit),
        _ if name.contains(&b'\\') && search::split(name, b'\\').any(|part| part == b"..") => {
            Err(NameProblem::Dots)
        }
        _ => Ok(()),
    }
}

/// Checks one entry of a tree: its name, and that `.gitmodules` is not a symbolic link.
pub fn check_entry(name: &[u8], mode: Mode) -> Result<(), NameProblem> {
    check_name(name)?;
    check_link(name, mode)
}

/// The part of [`check_entry`] that needs the mode, for a name that was checked.
pub(crate) fn check_link(name: &[u8], mode: Mode) -> Result<(), NameProblem> {
    if mode.kind() == EntryKind::Symlink && SpecialFile::Modules.is_named_anywhere(name) {
        return Err(NameProblem::LinkedModules);
    }
    Ok(())
}

/// Whether some file system takes `name`, or what follows a `\` in it, for `.git`.
pub(crate) fn is_dot_git(name: &[u8]) -> bool {
    // What is taken for `.git` begins with `.`, `g`, or the first byte of an ignored code point.
    let may_begin = |part: &[u8]| matches!(part.first(), Some(b'.' | b'g' | b'G' | 0xe2 | 0xef));
    may_begin(name) && (is_ntfs_dot_git(name) || is_hfs(name, ".git"))
        || name.contains(&b'\\')
            && search::split(name, b'\\').any(|part| may_begin(part) && is_ntfs_dot_git(part))
}

/// Whether NTFS takes `name` for `.git`: in any case, by its short name, with dots, spaces or a stream behind it.
pub(crate) fn is_ntfs_dot_git(name: &[u8]) -> bool {
    [".git", "git~1"].iter().any(|dot_git| {
        starts_with_ignoring_case(name, dot_git)
            .is_some_and(|rest| is_ntfs_tail(rest) || is_folder_tail(rest))
    })
}

/// Whether a `\` follows, after dots and spaces only.
fn is_folder_tail(rest: &[u8]) -> bool {
    rest.iter().find(|byte| !matches!(byte, b'.' | b' ')) == Some(&b'\\')
}

/// A file in a work tree that git itself reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialFile {
    /// `.gitmodules`.
    Modules,
    /// `.gitattributes`.
    Attributes,
    /// `.gitignore`.
    Ignore,
    /// `.mailmap`.
    Mailmap,
}

impl SpecialFile {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Modules, Self::Attributes, Self::Ignore, Self::Mailmap];

    /// The name that git reads.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Modules => ".gitmodules",
            Self::Attributes => ".gitattributes",
            Self::Ignore => ".gitignore",
            Self::Mailmap => ".mailmap",
        }
    }

    /// The first six characters of its short name on NTFS, and those of the hashed one that is used from the fifth
    /// file on.
    const fn short_names(self) -> [&'static str; 2] {
        match self {
            Self::Modules => ["gitmod", "gi7eba"],
            Self::Attributes => ["gitatt", "gi7d29"],
            Self::Ignore => ["gitign", "gi250a"],
            Self::Mailmap => ["mailma", "maba30"],
        }
    }

    /// Whether some file system takes `name` for this file.
    pub fn is_named(self, name: &[u8]) -> bool {
        Self::may_be_named(name) && self.is_at_start(name)
    }

    /// Whether `name` may be one of all these files: a quick look that spares most names the rest.
    fn may_be_named(name: &[u8]) -> bool {
        match name.first() {
            Some(b'.' | b'~' | 0xe2 | 0xef) => true,
            Some(b'g' | b'G' | b'm' | b'M') => name[..name.len().min(8)].contains(&b'~'),
            _ => false,
        }
    }

    fn is_at_start(self, name: &[u8]) -> bool {
        self.is_ntfs(name) || is_hfs(name, self.name())
    }

    /// As [`SpecialFile::is_named`], for what follows a `\` in it too.
    pub(crate) fn is_named_anywhere(self, name: &[u8]) -> bool {
        let is_behind = |(at, byte): (usize, &u8)| *byte == b'\\' && self.is_ntfs(&name[at + 1..]);
        self.is_named(name) || name.iter().enumerate().any(is_behind)
    }

    fn is_ntfs(self, name: &[u8]) -> bool {
        if let Some(rest) = starts_with_ignoring_case(name, self.name()) {
            return is_ntfs_tail(rest);
        }
        let [short, hashed] = self.short_names();
        if let Some([b'~', b'1'..=b'4', rest @ ..]) = starts_with_ignoring_case(name, short) {
            return is_ntfs_tail(rest);
        }
        let Some((first, rest)) = name.split_at_checked(8) else { return false };
        let Some(tilde) = first[..7].find_byte(b'~') else { return false };
        first[..tilde].eq_ignore_ascii_case(&hashed.as_bytes()[..tilde])
            && first[tilde + 1] != b'0'
            && first[tilde + 1..].iter().all(u8::is_ascii_digit)
            && is_ntfs_tail(rest)
    }
}

fn starts_with_ignoring_case<'a>(name: &'a [u8], start: &str) -> Option<&'a [u8]> {
    let (first, rest) = name.split_at_checked(start.len())?;
    first.eq_ignore_ascii_case(start.as_bytes()).then_some(rest)
}

/// Whether NTFS drops all of this behind a name: dots and spaces, then nothing or a stream.
fn is_ntfs_tail(rest: &[u8]) -> bool {
    matches!(rest.iter().find(|byte| !matches!(byte, b'.' | b' ')), None | Some(b':'))
}

/// Whether HFS+ takes `name` for `special`, which is lower-case ASCII: in any case, with code points that it ignores
/// anywhere, and (as git has it) with anything behind bytes that are not UTF-8.
fn is_hfs(name: &[u8], special: &str) -> bool {
    let mut rest = name;
    let mut next = || loop {
        let (character, length) = bstr::decode_utf8(rest);
        rest = &rest[length..];
        match character {
            Some(character) if is_ignored_by_hfs(character) => {}
            Some(character) if is_noncharacter(character) => return None,
            character => return character,
        }
    };
    special.chars().all(|expected| next().is_some_and(|found| found.to_ascii_lowercase() == expected))
        && next().is_none()
}

/// Whether HFS+ compares names as if this were not there.
pub(super) const fn is_ignored_by_hfs(character: char) -> bool {
    matches!(character, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

/// Whether git refuses it as UTF-8.
const fn is_noncharacter(character: char) -> bool {
    character as u32 & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    #[test]
    fn what_file_systems_take_for_dot_git_is_refused() {
        for name in [
            ".git",
            ".GIT",
            ".Git",
            ".gIt",
            "git~1",
            "GIT~1",
            "gIt~1",
            ".git.",
            ".git ",
            ".git. ",
            ".git...",
            ".git...:alternate-stream",
            ".git::$INDEX_ALLOCATION",
            ".git:stream",
            ".git\\foo",
            "git~1\\x",
            ".git\\hooks\\pre-commit",
            ".\\.GIT\\foobar",
            "a\\.git",
            ".g\u{200c}it",
            "\u{206e}.gIt",
            ".GIT\u{200e}",
        ] {
            assert_eq!(check_name(name.as_bytes()), Err(NameProblem::DotGit), "{name:?}");
        }
        for (name, problem) in [
            ("", NameProblem::Empty),
            ("..", NameProblem::Dots),
            ("..\\evil", NameProblem::Dots),
            ("a\\..\\..\\b", NameProblem::Dots),
            ("a/b", NameProblem::Slash),
            ("a\0b", NameProblem::Nul),
        ] {
            assert_eq!(check_name(name.as_bytes()), Err(problem), "{name:?}");
        }
        for name in [
            ".gitu",
            ".gi",
            "gi~1",
            "gitu~1",
            ".g\u{200c}itu",
            ".Ňit",
            "...",
            "a\\b",
            "git",
            ".git..x",
            "é\\",
        ] {
            assert_eq!(check_name(name.as_bytes()), Ok(()), "{name:?}");
        }
        assert_eq!(check_name(b".git\xff"), Err(NameProblem::DotGit));
        assert_eq!(check_name(b"\xff.git"), Ok(()));
    }

    #[test]
    fn special_files_have_many_names() {
        let families = [
            (SpecialFile::Modules, ["GITMOD~", "GI7EBA~"]),
            (SpecialFile::Attributes, ["GITATT~", "GI7D29~"]),
            (SpecialFile::Ignore, ["GITIGN~", "GI250A~"]),
            (SpecialFile::Mailmap, ["MAILMA~", "MABA30~"]),
        ];
        for (special, [short, hashed]) in families {
            let name = special.name();
            let tails = ["", " ", "   ", "...", ":$DATA", "::$DATA", " . :$DATA"];
            for tail in tails {
                for start in
                    [name, &name.to_uppercase(), &(String::from(short) + "4"), &(String::from(hashed) + "9")]
                {
                    assert!(special.is_named((String::from(start) + tail).as_bytes()), "{start}{tail}");
                }
            }
            let others = SpecialFile::ALL.iter().filter(|other| **other != special);
            assert!(others.clone().all(|other| !other.is_named(name.as_bytes())));
            assert!(!special.is_named((String::from(short) + "5").as_bytes()));
            assert!(!special.is_named((String::from(hashed) + "0").as_bytes()));
        }
        for name in
            ["GI7EB~10", "GI7E~100", "~1000000", "~9999999", ".git\u{200c}modules", "gitmod~4 . :$DATA"]
        {
            assert!(SpecialFile::Modules.is_named(name.as_bytes()), "{name}");
        }
        for name in [
            ".gitmodules x",
            " .gitmodules",
            "..gitmodules",
            "gitmodules",
            ".gitmodule",
            "GI7EBA~",
            "GI7EBA~0",
            "GI7EB~01",
            "Gx7EBA~1",
        ] {
            assert!(!SpecialFile::Modules.is_named(name.as_bytes()), "{name}");
        }
        assert_eq!(check_entry(b".gitmodules", Mode::SYMLINK), Err(NameProblem::LinkedModules));
        assert_eq!(check_entry(b".gitmodules", Mode::FILE), Ok(()));
        assert_eq!(check_entry(b".gitignore", Mode::SYMLINK), Ok(()));
    }
}
