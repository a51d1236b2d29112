//! History: a commit's header lines and message.
//!
//! Reading is as strict as git's walk: tree, parents, author, committer in that order. Everything after them is kept.

use alloc::vec::Vec;

use bstr::{BStr, BString, ByteSlice};

use super::{ObjectError, Signature, SignatureRef};
use crate::ObjectId;
use crate::search;

/// A commit's bytes, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitRef<'a> {
    /// The state.
    pub tree: ObjectId,
    /// The states before it; more than one for a merge.
    pub parents: Vec<ObjectId>,
    /// The author line, without its keyword; empty where it is missing.
    pub author: &'a BStr,
    /// The committer line, without its keyword; empty where it is missing.
    pub committer: &'a BStr,
    /// Header lines after the committer: `encoding`, `gpgsig`, `mergetag` ... Continuation lines still start with a space.
    pub extra_headers: &'a BStr,
    /// Everything after the blank line.
    pub message: &'a BStr,
}

impl<'a> CommitRef<'a> {
    /// Takes the bytes of a commit apart.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ObjectError> {
        let mut lines = HeaderLines::new(bytes);
        let tree = lines.tree()?;
        let mut parents = Vec::new();
        while let Some(parent) = lines.id("parent") {
            parents.push(parent);
        }
        if lines.rest().starts_with(b"parent ") {
            return Err(lines.error("expected 'parent' and an id"));
        }
        let author = lines.text("author").unwrap_or_default();
        let committer = lines.text("committer").unwrap_or_default();
        let (extra_headers, message) = lines.split_message();
        Ok(Self { tree, parents, author, committer, extra_headers, message })
    }

    /// The tree of a commit, of which nothing else is read.
    pub fn tree_of(bytes: &[u8]) -> Result<ObjectId, ObjectError> {
        HeaderLines::new(bytes).tree()
    }

    /// Who wrote the change.
    pub fn author(&self) -> SignatureRef<'a> {
        SignatureRef::parse(self.author)
    }

    /// Who recorded it, and when.
    pub fn committer(&self) -> SignatureRef<'a> {
        SignatureRef::parse(self.committer)
    }

    /// The value of the first extra header with this name, continuation lines joined as they stand.
    pub fn extra_header(&self, name: &str) -> Option<&'a BStr> {
        let headers: &'a [u8] = self.extra_headers;
        let mut at = 0;
        while at < headers.len() {
            let line = &headers[at..];
            let mut end = line.find_byte(b'\n').unwrap_or(line.len());
            while line.get(end + 1) == Some(&b' ') {
                end = line[end + 1..].find_byte(b'\n').map_or(line.len(), |more| end + 1 + more);
            }
            if let Some(value) =
                line[..end].strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b" "))
            {
                return Some(value.as_bstr());
            }
            at += end + 1;
        }
        None
    }
}

/// Splits an object's header lines from the front.
pub(super) struct HeaderLines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> HeaderLines<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    pub(super) const fn error(&self, problem: &'static str) -> ObjectError {
        ObjectError { problem, offset: self.at }
    }

    /// The value of the next line, if it has this keyword.
    pub(super) fn text(&mut self, keyword: &str) -> Option<&'a BStr> {
        let value = self.rest().strip_prefix(keyword.as_bytes())?.strip_prefix(b" ")?;
        let end = value.find_byte(b'\n')?;
        self.at += keyword.len() + 1 + end + 1;
        Some(value[..end].as_bstr())
    }

    /// The id in the next line, if it has this keyword and exactly an id.
    pub(super) fn id(&mut self, keyword: &str) -> Option<ObjectId> {
        let before = self.at;
        let id = self.text(keyword).and_then(|value| ObjectId::from_hex(value).ok());
        if id.is_none() {
            self.at = before;
        }
        id
    }

    fn tree(&mut self) -> Result<ObjectId, ObjectError> {
        self.id("tree").ok_or(self.error("expected 'tree' and an id"))
    }

    /// The header lines that are left, and what follows the blank line.
    pub(super) fn split_message(&self) -> (&'a BStr, &'a BStr) {
        let rest = self.rest();
        if let Some(message) = rest.strip_prefix(b"\n") {
            return (b"".as_bstr(), message.as_bstr());
        }
        match search::find(rest, b"\n\n") {
            Some(end) => (rest[..end + 1].as_bstr(), rest[end + 2..].as_bstr()),
            None => (rest.as_bstr(), b"".as_bstr()),
        }
    }
}

/// A commit to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The state.
    pub tree: ObjectId,
    /// The states before it.
    pub parents: Vec<ObjectId>,
    /// Who wrote the change.
    pub author: Signature,
    /// Who records it.
    pub committer: Signature,
    /// Further header lines, names and values; newlines in a value become continuation lines.
    pub extra_headers: Vec<(BString, BString)>,
    /// The message, as it shall stand.
    pub message: BString,
}

impl Commit {
    /// The bytes of the commit.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256 + self.message.len());
        write_id(&mut out, "tree", &self.tree);
        for parent in &self.parents {
            write_id(&mut out, "parent", parent);
        }
        out.extend_from_slice(b"author ");
        self.author.write_to(&mut out);
        out.extend_from_slice(b"\ncommitter ");
        self.committer.write_to(&mut out);
        out.push(b'\n');
        for (name, value) in &self.extra_headers {
            out.extend_from_slice(name);
            for line in value.split(|byte| *byte == b'\n') {
                out.push(b' ');
                out.extend_from_slice(line);
                out.push(b'\n');
            }
        }
        out.push(b'\n');
        out.extend_from_slice(&self.message);
        out
    }
}

pub(super) fn write_id(out: &mut Vec<u8>, keyword: &str, id: &ObjectId) {
    out.extend_from_slice(keyword.as_bytes());
    out.push(b' ');
    out.extend_from_slice(&id.to_hex());
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: &[u8] = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\
        parent 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\
        author A <a@b> 1 +0000\ncommitter C <c@d> 2 +0130\nencoding latin-1\ngpgsig -----BEGIN\n \n abc\n -----END\n\nhello\n\nbody\n";

    #[test]
    fn parses_and_writes_back() {
        let read = CommitRef::parse(SIGNED).unwrap();
        assert_eq!((read.parents.len(), read.committer().offset_minutes), (1, 90));
        assert_eq!(read.extra_header("encoding"), Some(b"latin-1".as_bstr()));
        assert_eq!(read.extra_header("gpgsig"), Some(b"-----BEGIN\n \n abc\n -----END".as_bstr()));
        assert_eq!(read.message, "hello\n\nbody\n");
        let commit = Commit {
            tree: read.tree,
            parents: read.parents.clone(),
            author: read.author().to_owned(),
            committer: read.committer().to_owned(),
            extra_headers: [
                ("encoding".into(), "latin-1".into()),
                ("gpgsig".into(), "-----BEGIN\n\nabc\n-----END".into()),
            ]
            .into(),
            message: read.message.into(),
        };
        assert_eq!(commit.write().as_bstr(), SIGNED.as_bstr());
    }

    #[test]
    fn odd_commits_are_read_as_git_reads_them() {
        let bare = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n";
        assert_eq!(CommitRef::parse(bare).unwrap().message, "");
        assert_eq!(CommitRef::parse(b"tree 4b82\n").unwrap_err().offset, 0);
        let broken = [bare.as_slice(), b"parent zzz\n"].concat();
        assert_eq!(CommitRef::parse(&broken).unwrap_err().offset, bare.len());
    }
}
