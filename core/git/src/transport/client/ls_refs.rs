//! The answer to `ls-refs`: the refs of a server, and where its HEAD points.

use alloc::vec::Vec;

use super::error::{ClientError, reason};
use crate::ObjectId;
use crate::limits::{LimitExceeded, Limits};
use crate::refs::RefName;
use crate::search;
use crate::transport::pkt_line::{Packet, PacketReader};

/// A ref of a server. Its name is one that git takes; others are passed over, as git does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteRef {
    /// The full name.
    pub name: RefName,
    /// What it points to.
    pub id: ObjectId,
    /// The ref through which it points there, if it is symbolic.
    pub symref_target: Option<RefName>,
    /// What an annotated tag finally names.
    pub peeled: Option<ObjectId>,
}

/// Where a server's HEAD points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RemoteHead {
    /// Nothing is known of it.
    #[default]
    Absent,
    /// To a branch, which need not be born yet.
    Symbolic(RefName),
    /// To an object.
    Detached(ObjectId),
}

/// The refs of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteRefs {
    /// Where HEAD points.
    pub head: RemoteHead,
    /// The refs below `refs/`, in the order in which they came.
    pub refs: Vec<RemoteRef>,
}

/// Refs as they come, in bounds.
pub(super) struct RefList {
    pub(super) refs: Vec<RemoteRef>,
    limits: Limits,
    ids: u64,
    text_bytes: u64,
}

impl RefList {
    pub(super) fn new(limits: Limits) -> Self {
        Self { refs: Vec::new(), limits, ids: 0, text_bytes: 0 }
    }

    /// Counts one more id, and a name of so many bytes.
    pub(super) fn count(&mut self, name_bytes: usize) -> Result<(), LimitExceeded> {
        self.ids += 1;
        self.text_bytes += name_bytes as u64;
        let Limits { request_ids_max, request_text_bytes_max, .. } = self.limits;
        let (limit, allowed, found) = match self.ids > u64::from(request_ids_max) {
            true => ("request_ids_max", u64::from(request_ids_max), self.ids),
            false => ("request_text_bytes_max", request_text_bytes_max, self.text_bytes),
        };
        if found > allowed { Err(LimitExceeded { limit, allowed, found }) } else { Ok(()) }
    }

    /// Adds a ref below `refs/`; others are passed over.
    pub(super) fn add(&mut self, found: RemoteRef) -> Result<(), LimitExceeded> {
        self.count(found.name.as_ref().len())?;
        if found.name.is_under_refs() {
            self.refs.push(found);
        }
        Ok(())
    }
}

/// Reads the answer to `ls-refs`.
pub struct LsRefsReader {
    reader: PacketReader,
    head: RemoteHead,
    list: RefList,
    is_complete: bool,
}

impl LsRefsReader {
    /// Waits for the first byte.
    pub fn new(limits: Limits) -> Self {
        let list = RefList::new(limits);
        Self { reader: PacketReader::new(), head: RemoteHead::Absent, list, is_complete: false }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        self.reader.push(bytes);
        loop {
            let offset = self.reader.offset();
            let Some(packet) = self.reader.read()? else { return Ok(()) };
            match packet.text() {
                Some(line) if !self.is_complete => take_line(offset, line, &mut self.head, &mut self.list)?,
                None if packet == Packet::Flush && !self.is_complete => self.is_complete = true,
                None if packet == Packet::ResponseEnd && self.is_complete => {}
                line => {
                    let found = line.unwrap_or(b"a mark");
                    return Err(ClientError::unexpected(offset, "a ref or the end of the answer", found));
                }
            }
        }
    }

    /// Says that no byte follows.
    pub fn finish(self) -> Result<RemoteRefs, ClientError> {
        self.reader.finish()?;
        match self.is_complete {
            true => Ok(RemoteRefs { head: self.head, refs: self.list.refs }),
            false => Err(ClientError::Ended { expected: "the end of the refs" }),
        }
    }
}

fn take_line(offset: u64, line: &[u8], head: &mut RemoteHead, list: &mut RefList) -> Result<(), ClientError> {
    if let Some(text) = line.strip_prefix(b"ERR ") {
        return Err(ClientError::Refused(reason(text)));
    }
    let bad = || ClientError::unexpected(offset, "an id and the name of a ref", line);
    let mut words = search::split(line, b' ');
    let (first, name) = (words.next().unwrap_or_default(), words.next().ok_or_else(bad)?);
    let id = match first {
        b"unborn" => None,
        hex => Some(ObjectId::from_hex(hex).map_err(|_| bad())?),
    };
    let (mut symref_target, mut peeled) = (None, None);
    for word in words {
        if let Some(target) = word.strip_prefix(b"symref-target:") {
            symref_target = RefName::new(target).ok();
        } else if let Some(hex) = word.strip_prefix(b"peeled:") {
            peeled = Some(ObjectId::from_hex(hex).map_err(|_| bad())?);
        }
    }
    if name == b"HEAD" {
        list.count(name.len())?;
        *head = match (symref_target, id) {
            (Some(target), _) => RemoteHead::Symbolic(target),
            (None, Some(id)) => RemoteHead::Detached(id),
            (None, None) => RemoteHead::Absent,
        };
    } else if let (Ok(name), Some(id)) = (RefName::new(name), id) {
        list.add(RemoteRef { name, id, symref_target, peeled })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::pkt_line::{write_flush, write_line};
    use std::string::ToString;

    fn read(lines: &[&str], piece: usize) -> Result<RemoteRefs, ClientError> {
        let mut out = Vec::new();
        lines.iter().for_each(|line| write_line(line.as_bytes(), &mut out));
        write_flush(&mut out);
        let mut reader = LsRefsReader::new(Limits { request_ids_max: 4, ..Limits::default() });
        for piece in out.chunks(piece) {
            reader.push(piece)?;
        }
        reader.finish()
    }

    #[test]
    fn refs_are_read_and_bad_names_passed_over() {
        let id = ObjectId::EMPTY_TREE;
        let found = read(
            &[
                &std::format!("{id} HEAD symref-target:refs/heads/main"),
                &std::format!("{id} refs/heads/../x"),
                &std::format!("{id} refs/tags/v1 peeled:{} news:1", ObjectId::EMPTY_BLOB),
            ],
            4,
        )
        .unwrap();
        assert_eq!(found.head, RemoteHead::Symbolic(RefName::branch("main").unwrap()));
        assert_eq!(found.refs.len(), 1);
        assert_eq!(found.refs[0].peeled, Some(ObjectId::EMPTY_BLOB));
        let unborn = read(&["unborn HEAD symref-target:refs/heads/trunk"], 100).unwrap();
        assert_eq!(unborn.head, RemoteHead::Symbolic(RefName::branch("trunk").unwrap()));
        assert_eq!(read(&[&std::format!("{id} HEAD")], 9).unwrap().head, RemoteHead::Detached(id));
    }

    #[test]
    fn nonsense_and_floods_are_refused() {
        let id = ObjectId::EMPTY_TREE.to_string();
        for line in ["", "x", &id, "0123 refs/heads/x", &std::format!("{id} refs/tags/x peeled:1")] {
            assert!(matches!(read(&[line], 3), Err(ClientError::Unexpected { .. })), "{line}");
        }
        let line = std::format!("{id} refs/heads/x");
        assert!(matches!(read(&[line.as_str(); 5], 50), Err(ClientError::Limit(_))));
        assert_eq!(read(&["ERR no\u{1b}"], 3), Err(ClientError::Refused("no?".into())));
        assert_eq!(
            LsRefsReader::new(Limits::default()).finish(),
            Err(ClientError::Ended { expected: "the end of the refs" })
        );
    }
}
