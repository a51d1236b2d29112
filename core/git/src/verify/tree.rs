//! What `git fsck` says of a tree on its own: names, modes, order.

use alloc::vec::Vec;

use bstr::ByteSlice;

use super::Message;
use crate::object::compare_names;
use crate::path::{SpecialFile, is_dot_git};
use crate::{Kind, ObjectId};

/// Longest name that is not remarked on, in bytes.
const NAME_BYTES_MAX: usize = 4096;

const FORMAT: u16 = 0o170_000;
const DIRECTORY: u16 = 0o40_000;
const LINK: u16 = 0o120_000;
const FILE: u16 = 0o100_000;

/// An entry as git's own reader takes it: a mode of any length, of which the last 16 bits count.
struct RawEntry<'a> {
    mode: u16,
    zero_padded: bool,
    name: &'a [u8],
    id: ObjectId,
}

impl RawEntry<'_> {
    fn is_directory(&self) -> bool {
        self.mode & FORMAT == DIRECTORY
    }
}

/// Takes the first entry off `rest`; `None` where there is no whole one.
fn split_entry<'a>(rest: &mut &'a [u8]) -> Option<RawEntry<'a>> {
    let space = rest.iter().position(|byte| !matches!(byte, b'0'..=b'7'))?;
    if space == 0 || rest[space] != b' ' {
        return None;
    }
    let mode = rest[..space].iter().fold(0u16, |mode, digit| mode << 3 | u16::from(digit - b'0'));
    let zero_padded = rest[0] == b'0';
    let name_end = space + 1 + rest[space + 1..].find_byte(0)?;
    let (name, after) = (&rest[space + 1..name_end], &rest[name_end + 1..]);
    let id = ObjectId::from_slice(after)?;
    if name.is_empty() {
        return None;
    }
    *rest = &after[ObjectId::LEN..];
    Some(RawEntry { mode, zero_padded, name, id })
}

/// A file in the tree that is read by git and checked besides: where it stands.
pub(super) type Found<'a> = &'a mut dyn FnMut(SpecialFile, ObjectId);

/// Reports each message that applies once, in git's order; `found` is told of `.gitmodules` and `.gitattributes`.
pub(super) fn check_tree(bytes: &[u8], found: Found<'_>, report: &mut impl FnMut(Message)) {
    let mut seen = Seen::default();
    let mut order = Order::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some(entry) = split_entry(&mut rest) else {
            return report(Message::BadTree);
        };
        seen.check_name(entry.name);
        seen.check_mode(&entry);
        seen.check_special(&entry, found, report);
        order.check(&entry);
    }
    let Seen { null, slash, dot, dotdot, dotgit, zero_padded, odd_mode, large } = seen;
    for (applies, message) in [
        (null, Message::NullSha1),
        (slash, Message::FullPathname),
        (dot, Message::HasDot),
        (dotdot, Message::HasDotdot),
        (dotgit, Message::HasDotgit),
        (zero_padded, Message::ZeroPaddedFilemode),
        (odd_mode, Message::BadFilemode),
        (order.repeated, Message::DuplicateEntries),
        (order.unsorted, Message::TreeNotSorted),
        (large, Message::LargePathname),
    ] {
        if applies {
            report(message);
        }
    }
}

#[derive(Default)]
struct Seen {
    null: bool,
    slash: bool,
    dot: bool,
    dotdot: bool,
    dotgit: bool,
    zero_padded: bool,
    odd_mode: bool,
    large: bool,
}

impl Seen {
    fn check_name(&mut self, name: &[u8]) {
        self.slash |= name.contains(&b'/');
        self.dot |= name == b".";
        self.dotdot |= name == b"..";
        self.dotgit |= is_dot_git(name);
        self.large |= name.len() > NAME_BYTES_MAX;
    }

    fn check_mode(&mut self, entry: &RawEntry<'_>) {
        self.null |= entry.id.is_null();
        self.zero_padded |= entry.zero_padded;
        self.odd_mode |= !matches!(entry.mode, 0o100_644 | 0o100_755 | LINK | DIRECTORY | 0o160_000);
    }

    fn check_special(
        &mut self,
        entry: &RawEntry<'_>,
        found: &mut dyn FnMut(SpecialFile, ObjectId),
        report: &mut impl FnMut(Message),
    ) {
        let is_link = entry.mode & FORMAT == LINK;
        for special in SpecialFile::ALL {
            let named = match special {
                SpecialFile::Modules => special.is_named_anywhere(entry.name),
                _ => special.is_named(entry.name),
            };
            match special {
                _ if !named => {}
                SpecialFile::Modules | SpecialFile::Attributes if !is_link => found(special, entry.id),
                SpecialFile::Modules => report(Message::GitmodulesSymlink),
                SpecialFile::Attributes => report(Message::GitattributesSymlink),
                SpecialFile::Ignore if is_link => report(Message::GitignoreSymlink),
                SpecialFile::Mailmap if is_link => report(Message::MailmapSymlink),
                SpecialFile::Ignore | SpecialFile::Mailmap => {}
            }
        }
    }
}

/// Watches the order of entries, and names that come twice: side by side, or as a file and a directory with names
/// between them (`a`, `a.c`, `a/`).
#[derive(Default)]
struct Order<'a> {
    previous: Option<(&'a [u8], bool)>,
    /// Files before whose directories of the same name all later names stand, so that such a directory may yet come.
    files: Vec<&'a [u8]>,
    repeated: bool,
    unsorted: bool,
}

impl<'a> Order<'a> {
    fn check(&mut self, entry: &RawEntry<'a>) {
        let (name, is_directory) = (entry.name, entry.is_directory());
        if let Some((previous, was_directory)) = self.previous {
            if previous == name {
                self.repeated = true;
            } else if compare_names(previous, was_directory, name, is_directory).is_gt() {
                self.unsorted = true;
            }
        }
        let may_follow = |file: &&[u8]| match name.strip_prefix(*file) {
            Some(rest) => rest.first().is_none_or(|next| *next < b'/'),
            None => false,
        };
        while self.files.last().is_some_and(|file| !may_follow(file)) {
            self.files.pop();
        }
        if is_directory {
            self.repeated |= self.files.last() == Some(&name);
        } else {
            self.files.push(name);
        }
        self.previous = Some((name, is_directory));
    }
}

/// Hands out what a tree names, and as which kind; submodules lie elsewhere. Stops where it cannot be taken apart.
pub(super) fn links_of_tree(bytes: &[u8], mut each: impl FnMut(ObjectId, Kind)) {
    let mut rest = bytes;
    while let Some(entry) = split_entry(&mut rest) {
        match entry.mode & FORMAT {
            DIRECTORY => each(entry.id, Kind::Tree),
            FILE | LINK => each(entry.id, Kind::Blob),
            // A submodule, or a mode that means nothing.
            _ => {}
        }
    }
}
