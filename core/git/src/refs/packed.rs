//! The file `packed-refs`: many refs as lines, each with what it finally names when that is known.
//!
//! Names are handed out as they stand there; [`RefName::new`] says which of them may be used.

use alloc::vec::Vec;
use core::fmt;

use bstr::{BStr, ByteSlice};

use super::RefName;
use super::loose::is_space;
use crate::ObjectId;
use crate::search;

/// The first line, as git writes it.
pub const HEADER: &str = "# pack-refs with: peeled fully-peeled sorted \n";

/// One ref of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedRef<'a> {
    /// Its name as it stands there, which may break any rule.
    pub name: &'a BStr,
    /// The object.
    pub id: ObjectId,
    /// What the object finally names, where it is an annotated tag and the file says so.
    pub peeled: Option<ObjectId>,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PackedRefsProblem {
    /// The last line has no newline: the file was cut.
    Unterminated,
    /// A line that begins with `#` and is not the header git knows, or not the first.
    Header,
    /// Neither an id, white space and a name, nor `^` and an id below such a line.
    Line,
}

/// A line that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedRefsError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: PackedRefsProblem,
}

impl fmt::Display for PackedRefsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self.problem {
            PackedRefsProblem::Unterminated => "does not end",
            PackedRefsProblem::Header => "is not the header that belongs there",
            PackedRefsProblem::Line => "is neither a ref nor what the ref above finally names",
        };
        write!(f, "line {} of packed-refs {problem}", self.line)
    }
}

impl core::error::Error for PackedRefsError {}

/// The lines of the file, ref by ref. After an error the lines below it are read all the same, so that a strict caller
/// stops at the first and a check names them all.
#[derive(Clone, Debug)]
pub struct PackedRefs<'a> {
    rest: &'a [u8],
    line: usize,
    /// Whether the header says that names are in order; git sorts them itself where it does not.
    pub sorted: bool,
    /// Whether the header says that every annotated tag has its `^` line.
    pub fully_peeled: bool,
}

impl<'a> PackedRefs<'a> {
    /// Reads the header, if there is one.
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut refs = Self { rest: bytes, line: 0, sorted: false, fully_peeled: false };
        if let Some(end) = bytes.find_byte(b'\n')
            && let Some(traits) = bytes[..end].strip_prefix(b"# pack-refs with:")
        {
            refs.rest = &bytes[end + 1..];
            refs.line = 1;
            for word in search::split(traits, b' ') {
                refs.sorted |= word == b"sorted";
                refs.fully_peeled |= word == b"fully-peeled";
            }
        }
        refs
    }

    /// Number of the line that was read last, from 1.
    pub const fn line(&self) -> usize {
        self.line
    }

    fn read(&mut self) -> Result<PackedRef<'a>, PackedRefsProblem> {
        self.line += 1;
        let Some(end) = self.rest.find_byte(b'\n') else {
            self.rest = b"";
            return Err(PackedRefsProblem::Unterminated);
        };
        let line = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        if line.starts_with(b"#") {
            return Err(PackedRefsProblem::Header);
        }
        let (hex, name) = line.split_at_checked(2 * ObjectId::LEN).ok_or(PackedRefsProblem::Line)?;
        let id = ObjectId::from_hex(hex).map_err(|_| PackedRefsProblem::Line)?;
        let (space, name) = name.split_first().ok_or(PackedRefsProblem::Line)?;
        if !is_space(*space) || name.is_empty() {
            return Err(PackedRefsProblem::Line);
        }
        Ok(PackedRef { name: name.as_bstr(), id, peeled: self.peeled() })
    }

    /// Takes the next line if it says what the ref above finally names.
    fn peeled(&mut self) -> Option<ObjectId> {
        let line = self.rest.strip_prefix(b"^")?;
        let end = line.find_byte(b'\n')?;
        let id = ObjectId::from_hex(&line[..end]).ok()?;
        self.rest = &line[end + 1..];
        self.line += 1;
        Some(id)
    }
}

impl<'a> Iterator for PackedRefs<'a> {
    type Item = Result<PackedRef<'a>, PackedRefsError>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        Some(self.read().map_err(|problem| PackedRefsError { line: self.line, problem }))
    }
}

/// The bytes of the file for these refs, which must come in the order of their names, each with what it finally names
/// if it is an annotated tag.
pub fn write_packed<'a>(
    refs: impl IntoIterator<Item = (&'a RefName, ObjectId, Option<ObjectId>)>,
) -> Vec<u8> {
    let mut out = Vec::from(HEADER);
    let mut previous: Option<&RefName> = None;
    for (name, id, peeled) in refs {
        debug_assert!(previous.is_none_or(|previous| previous < name), "refs are sorted and distinct");
        previous = Some(name);
        out.extend_from_slice(&id.to_hex());
        out.push(b' ');
        out.extend_from_slice(name.as_ref());
        out.push(b'\n');
        if let Some(peeled) = peeled {
            out.push(b'^');
            out.extend_from_slice(&peeled.to_hex());
            out.push(b'\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    const HEX: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn read(text: &str) -> Result<Vec<PackedRef<'_>>, PackedRefsError> {
        PackedRefs::new(text.as_bytes()).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let id = ObjectId::EMPTY_TREE;
        let names = [RefName::new("refs/heads/a").unwrap(), RefName::new("refs/tags/v1").unwrap()];
        let bytes = write_packed([(&names[0], id, None), (&names[1], id, Some(id))]);
        let refs = PackedRefs::new(&bytes);
        assert!(refs.sorted && refs.fully_peeled);
        let read: Vec<_> = refs.map(Result::unwrap).map(|found| (found.name, found.peeled)).collect();
        assert_eq!(read, [("refs/heads/a".into(), None), ("refs/tags/v1".into(), Some(id))]);
        assert_eq!(write_packed([]), HEADER.as_bytes());
    }

    #[test]
    fn odd_files_are_read_as_git_reads_them() {
        assert_eq!(read(""), Ok([].into()));
        let old = format!("{HEX} refs/b\n{HEX}\trefs/a\n");
        let refs = PackedRefs::new(old.as_bytes());
        assert!(!refs.sorted && !refs.fully_peeled);
        assert_eq!(refs.map(|found| found.unwrap().name).collect::<Vec<_>>(), ["refs/b", "refs/a"]);
        assert!(PackedRefs::new(b"# pack-refs with:peeled sorted\n").sorted);
    }

    #[test]
    fn broken_lines_are_named() {
        use PackedRefsProblem::*;
        let good = format!("{HEX} refs/a\n");
        for (text, line, problem) in [
            ("\n".into(), 1, Line),
            (format!("{HEADER}{HEX} refs/a"), 2, Unterminated),
            (format!("{HEADER}{good}# more\n"), 3, Header),
            ("# other\n".into(), 1, Header),
            (format!("^{HEX}\n"), 1, Line),
            (format!("{good}^{HEX}\n^{HEX}\n"), 3, Line),
            (format!("{good}^zz\n"), 2, Line),
            ("zz refs/a\n".into(), 1, Line),
            (format!("{HEX}\n"), 1, Line),
            (format!("{HEX} \n"), 1, Line),
            (format!("{HEX}refs/a\n"), 1, Line),
        ] {
            assert_eq!(read(&text), Err(PackedRefsError { line, problem }), "{text:?}");
        }
        let text = format!("zz\n{good}");
        assert!(PackedRefs::new(text.as_bytes()).nth(1).unwrap().is_ok());
    }
}
