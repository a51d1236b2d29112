//! Directories: modes, entries, git's sort order.
//!
//! Names are bytes. Reading takes any name and any octal mode so that old repositories round-trip; which names may be
//! *written* is `path`'s business.

use alloc::vec::Vec;
use core::cmp::Ordering;

use bstr::{BStr, BString, ByteSlice};

use super::ObjectError;
use crate::ObjectId;

/// The mode of an entry, as its octal digits say. Old repositories hold odd ones (`100664`); they are kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mode(u32);

/// What a mode means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A regular file that may be run.
    Executable,
    /// A symbolic link; the blob is its target.
    Symlink,
    /// A subtree.
    Directory,
    /// A commit of another repository (gitlink).
    Submodule,
}

impl Mode {
    /// A regular file.
    pub const FILE: Self = Self(0o100_644);
    /// A regular file that may be run.
    pub const EXECUTABLE: Self = Self(0o100_755);
    /// A symbolic link.
    pub const SYMLINK: Self = Self(0o120_000);
    /// A subtree.
    pub const DIRECTORY: Self = Self(0o40_000);
    /// A commit of another repository.
    pub const SUBMODULE: Self = Self(0o160_000);

    /// Takes the number as it stands in a tree.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The number as it stands in a tree.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// What git takes this mode for.
    pub const fn kind(self) -> EntryKind {
        match self.0 & 0o170_000 {
            0o40_000 => EntryKind::Directory,
            0o120_000 => EntryKind::Symlink,
            0o100_000 if self.0 & 0o100 != 0 => EntryKind::Executable,
            0o100_000 => EntryKind::File,
            _ => EntryKind::Submodule,
        }
    }

    /// The mode that git would write for this one: permissions reduced to 644 or 755.
    pub const fn canonical(self) -> Self {
        match self.kind() {
            EntryKind::File => Self::FILE,
            EntryKind::Executable => Self::EXECUTABLE,
            EntryKind::Symlink => Self::SYMLINK,
            EntryKind::Directory => Self::DIRECTORY,
            EntryKind::Submodule => Self::SUBMODULE,
        }
    }

    /// Whether the entry is a subtree.
    pub const fn is_directory(self) -> bool {
        matches!(self.kind(), EntryKind::Directory)
    }

    /// Whether the entry is a regular file, executable or not.
    pub const fn is_regular(self) -> bool {
        matches!(self.kind(), EntryKind::File | EntryKind::Executable)
    }
}

impl core::fmt::Debug for Mode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:06o}", self.0)
    }
}

/// An entry as it stands in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryRef<'a> {
    /// The mode.
    pub mode: Mode,
    /// One component of a path; in a forged tree it may hold anything but NUL.
    pub name: &'a BStr,
    /// The object.
    pub id: ObjectId,
}

/// The bytes of a tree, read entry by entry.
#[derive(Clone, Copy, Debug)]
pub struct TreeRef<'a>(&'a [u8]);

impl<'a> TreeRef<'a> {
    /// Takes the bytes; what is wrong with them shows while iterating.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The entries in the order of the bytes; ends after the first error.
    pub const fn iter(&self) -> TreeIter<'a> {
        TreeIter { bytes: self.0, offset: 0 }
    }

    /// The entry with this name. Reads to the end where it is missing, so that unsorted trees are found in too.
    pub fn find(&self, name: &[u8]) -> Result<Option<EntryRef<'a>>, ObjectError> {
        for entry in self.iter() {
            let entry = entry?;
            if entry.name == name {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }
}

impl<'a> IntoIterator for TreeRef<'a> {
    type Item = Result<EntryRef<'a>, ObjectError>;
    type IntoIter = TreeIter<'a>;
    fn into_iter(self) -> TreeIter<'a> {
        self.iter()
    }
}

/// Iterator over the entries of a tree.
#[derive(Clone, Debug)]
pub struct TreeIter<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> TreeIter<'a> {
    /// Where the next entry starts in the tree's bytes.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    fn entry(&mut self) -> Result<EntryRef<'a>, ObjectError> {
        let start = self.offset;
        let rest = &self.bytes[start..];
        let error = |problem, at| ObjectError { problem, offset: start + at };
        let (mode, name_start) = match usual_mode(rest) {
            Some(known) => known,
            None => read_mode(rest)
                .map_err(|at| error("expected an octal mode of 1 to 7 digits and a space", at))?,
        };
        let name_len =
            rest[name_start..].find_byte(0).ok_or(error("expected a name that ends with NUL", name_start))?;
        if name_len == 0 {
            return Err(error("expected a name that is not empty", name_start));
        }
        let id_start = name_start + name_len + 1;
        let id =
            ObjectId::from_slice(&rest[id_start..]).ok_or(error("expected an id of 20 bytes", id_start))?;
        self.offset = start + id_start + ObjectId::LEN;
        Ok(EntryRef { mode: Mode(mode), name: rest[name_start..name_start + name_len].as_bstr(), id })
    }
}

/// The mode of a file or a directory and where the name begins, told by one comparison each: nearly all entries are these.
fn usual_mode(entry: &[u8]) -> Option<(u32, usize)> {
    const FILE: u64 = u64::from_be_bytes(*b"100644 \0");
    const DIRECTORY: u64 = u64::from_be_bytes(*b"40000 \0\0");
    let front = u64::from_be_bytes(*entry.first_chunk()?);
    if front & !0xff == FILE {
        Some((Mode::FILE.0, 7))
    } else if front & !0xffff == DIRECTORY {
        Some((Mode::DIRECTORY.0, 6))
    } else {
        None
    }
}

/// Any mode and where the name begins; else where it goes wrong.
fn read_mode(entry: &[u8]) -> Result<(u32, usize), usize> {
    let mut mode = 0u32;
    let mut at = 0;
    loop {
        match entry.get(at) {
            Some(digit @ b'0'..=b'7') if at < 7 => mode = mode << 3 | u32::from(digit - b'0'),
            Some(b' ') if at > 0 => return Ok((mode, at + 1)),
            _ => return Err(at),
        }
        at += 1;
    }
}

impl<'a> Iterator for TreeIter<'a> {
    type Item = Result<EntryRef<'a>, ObjectError>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.offset >= self.bytes.len() {
            return None;
        }
        let entry = self.entry();
        if entry.is_err() {
            self.offset = self.bytes.len();
        }
        Some(entry)
    }
}

/// Git's order of entries in a tree: as bytes, a directory as if its name ended with `/`.
pub fn compare_names(a: &[u8], a_is_directory: bool, b: &[u8], b_is_directory: bool) -> Ordering {
    let shared = a.len().min(b.len());
    a[..shared].cmp(&b[..shared]).then_with(|| {
        let end = |name: &[u8], is_directory: bool| match name.get(shared) {
            Some(byte) => *byte,
            None if is_directory => b'/',
            None => 0,
        };
        end(a, a_is_directory).cmp(&end(b, b_is_directory))
    })
}

/// Collects entries and writes them in git's order.
#[derive(Clone, Debug, Default)]
pub struct TreeBuilder {
    entries: Vec<(Mode, BString, ObjectId)>,
}

impl TreeBuilder {
    /// Starts with no entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry; names must be distinct, which the caller guarantees.
    pub fn push(&mut self, mode: Mode, name: &[u8], id: ObjectId) {
        self.entries.push((mode, name.into(), id));
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The bytes of the tree.
    pub fn write(mut self) -> Vec<u8> {
        crate::sort::sort_by(&mut self.entries, |(a_mode, a, _), (b_mode, b, _)| {
            compare_names(a, a_mode.is_directory(), b, b_mode.is_directory())
        });
        let mut out = Vec::with_capacity(self.entries.iter().map(|(_, name, _)| name.len() + 28).sum());
        for (mode, name, id) in &self.entries {
            write_entry(*mode, name, id, &mut out);
        }
        out
    }
}

/// Appends one entry as it stands in a tree.
pub(crate) fn write_entry(mode: Mode, name: &[u8], id: &ObjectId, out: &mut Vec<u8>) {
    let mut digits = [0u8; 7];
    let mut start = digits.len();
    let mut rest = mode.0;
    loop {
        start -= 1;
        digits[start] = b'0' + (rest & 7) as u8;
        rest >>= 3;
        if rest == 0 || start == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
    out.push(b' ');
    out.extend_from_slice(name);
    out.push(0);
    out.extend_from_slice(id.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_sort_as_if_with_a_slash() {
        let mut builder = TreeBuilder::new();
        for (mode, name) in
            [(Mode::FILE, "a.b"), (Mode::DIRECTORY, "a"), (Mode::FILE, "a-b"), (Mode::FILE, "a0")]
        {
            builder.push(mode, name.as_bytes(), ObjectId::EMPTY_TREE);
        }
        let bytes = builder.write();
        let names: Vec<_> = TreeRef::new(&bytes).iter().map(|entry| entry.unwrap().name).collect();
        assert_eq!(names, ["a-b", "a.b", "a", "a0"]);
    }

    #[test]
    fn modes_are_kept() {
        let mut bytes = Vec::new();
        for mode in [0o100_664, 0o40_000, 0, 0o777_777, 0o7_777_777] {
            write_entry(Mode::from_bits(mode), b"x", &ObjectId::EMPTY_TREE, &mut bytes);
        }
        let modes: Vec<_> = TreeRef::new(&bytes).iter().map(|entry| entry.unwrap().mode.bits()).collect();
        assert_eq!(modes, [0o100_664, 0o40_000, 0, 0o777_777, 0o7_777_777]);
    }

    #[test]
    fn broken_trees_name_the_place() {
        let mut bytes = Vec::new();
        write_entry(Mode::FILE, b"x", &ObjectId::EMPTY_TREE, &mut bytes);
        for length in 1..bytes.len() {
            assert!(TreeRef::new(&bytes[..length]).iter().next().unwrap().is_err(), "{length}");
        }
        let mut two = bytes.clone();
        two.extend_from_slice(b"1006449 y");
        let mut entries = TreeRef::new(&two).iter();
        assert!(entries.next().unwrap().is_ok());
        assert_eq!(entries.next().unwrap().unwrap_err().offset, bytes.len() + 6);
        assert!(entries.next().is_none());
    }
}
