//! What a server says of itself: the capabilities of v2, or the refs and capabilities of v0 and v1 that a push needs.

use alloc::vec::Vec;

use bstr::BString;

use super::error::{ClientError, reason, shown};
use super::ls_refs::{RefList, RemoteRef};
use crate::limits::{LimitExceeded, Limits};
use crate::search;
use crate::transport::pkt_line::{Packet, PacketReader};
use crate::transport::request::Version;
use crate::{ObjectId, refs::RefName};

/// What a server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advertised {
    /// The protocol that it speaks.
    pub version: Version,
    /// `name` or `name=value`, each once or more.
    capabilities: Vec<BString>,
    /// v0 and v1: the refs that it shows.
    pub refs: Vec<RemoteRef>,
    /// v0 and v1: what it has beside them, as a fork has the objects of its origin.
    pub haves: Vec<ObjectId>,
    /// v0 and v1: where its history is cut.
    pub shallow: Vec<ObjectId>,
}

impl Advertised {
    /// The value of a capability, empty where it has none; `None` where it is not offered.
    pub fn value(&self, name: &[u8]) -> Option<&[u8]> {
        self.capabilities.iter().find_map(|found| {
            let rest = found.strip_prefix(name)?;
            if rest.is_empty() { Some(rest) } else { rest.strip_prefix(b"=") }
        })
    }

    /// Whether a capability is offered.
    pub fn has(&self, name: &[u8]) -> bool {
        self.value(name).is_some()
    }

    /// Whether `feature` is among the words of a capability's value, as in `fetch=shallow filter`.
    pub fn has_feature(&self, name: &[u8], feature: &[u8]) -> bool {
        self.value(name).is_some_and(|value| search::split(value, b' ').any(|word| word == feature))
    }
}

/// Reads an advertisement.
pub struct AdvertisementReader {
    reader: PacketReader,
    stage: Stage,
    refs: RefList,
    advertised: Advertised,
    limits: Limits,
    text_bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    /// After the line that names the service, where there is one.
    Service,
    Version,
    Capabilities,
    Refs,
    Complete,
}

impl AdvertisementReader {
    /// Waits for the first byte.
    pub fn new(limits: Limits) -> Self {
        Self {
            reader: PacketReader::new(),
            stage: Stage::Start,
            refs: RefList::new(limits),
            advertised: Advertised::default(),
            limits,
            text_bytes: 0,
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        self.reader.push(bytes);
        // The reader lends its bytes, and what a line says goes elsewhere.
        let mut reader = core::mem::take(&mut self.reader);
        let outcome = self.read_all(&mut reader);
        self.reader = reader;
        outcome
    }

    /// Says that no byte follows.
    pub fn finish(mut self) -> Result<Advertised, ClientError> {
        self.reader.finish()?;
        if self.stage != Stage::Complete {
            return Err(ClientError::Ended { expected: "the end of the advertisement" });
        }
        self.advertised.refs = self.refs.refs;
        match self.advertised.value(b"object-format") {
            None | Some(b"sha1") => Ok(self.advertised),
            Some(other) => Err(ClientError::OtherObjectFormat(shown(other))),
        }
    }

    fn read_all(&mut self, reader: &mut PacketReader) -> Result<(), ClientError> {
        loop {
            let offset = reader.offset();
            let Some(packet) = reader.read()? else { return Ok(()) };
            match packet {
                Packet::Payload(payload) => {
                    let line = payload.strip_suffix(b"\n").unwrap_or(payload);
                    if let Some(text) = line.strip_prefix(b"ERR ") {
                        return Err(ClientError::Refused(reason(text)));
                    }
                    self.take_line(offset, line)?;
                }
                Packet::Flush if self.stage == Stage::Service => self.stage = Stage::Version,
                // An empty repository of a very old server shows nothing at all.
                Packet::Flush if self.stage != Stage::Complete => self.stage = Stage::Complete,
                _ => return Err(ClientError::unexpected(offset, "a line of the advertisement", b"a mark")),
            }
        }
    }

    fn take_line(&mut self, offset: u64, line: &[u8]) -> Result<(), ClientError> {
        match self.stage {
            Stage::Start if line.starts_with(b"# service=") => self.stage = Stage::Service,
            Stage::Start | Stage::Version => match line.strip_prefix(b"version ") {
                Some(b"2") => {
                    self.advertised.version = Version::V2;
                    self.stage = Stage::Capabilities;
                }
                Some(b"1") => {
                    self.advertised.version = Version::V1;
                    self.stage = Stage::Version;
                }
                Some(_) => return Err(ClientError::unexpected(offset, "a version from 0 to 2", line)),
                None => {
                    self.stage = Stage::Refs;
                    let (line, list) = search::split_once(line, 0).unwrap_or((line, b""));
                    for word in search::split(list, b' ').filter(|word| !word.is_empty()) {
                        self.add_capability(word)?;
                    }
                    self.take_ref(offset, line)?;
                }
            },
            Stage::Capabilities => self.add_capability(line)?,
            Stage::Refs => self.take_ref(offset, line)?,
            Stage::Service | Stage::Complete => {
                return Err(ClientError::unexpected(offset, "the end of the section", line));
            }
        }
        Ok(())
    }

    fn add_capability(&mut self, text: &[u8]) -> Result<(), ClientError> {
        let allowed = self.limits.request_text_bytes_max;
        self.text_bytes += text.len() as u64 + 1;
        if self.text_bytes > allowed {
            let found = self.text_bytes;
            return Err(LimitExceeded { limit: "request_text_bytes_max", allowed, found }.into());
        }
        self.advertised.capabilities.push(text.into());
        Ok(())
    }

    fn take_ref(&mut self, offset: u64, line: &[u8]) -> Result<(), ClientError> {
        let bad = || ClientError::unexpected(offset, "an id and the name of a ref", line);
        if let Some(hex) = line.strip_prefix(b"shallow ") {
            self.refs.count(0)?;
            self.advertised.shallow.push(ObjectId::from_hex(hex).map_err(|_| bad())?);
            return Ok(());
        }
        let (hex, name) = search::split_once(line, b' ').ok_or_else(bad)?;
        let id = ObjectId::from_hex(hex).map_err(|_| bad())?;
        if name == b".have" {
            self.refs.count(0)?;
            self.advertised.haves.push(id);
        } else if let Some(tag) = name.strip_suffix(b"^{}") {
            let last = self.refs.refs.last_mut().filter(|last| last.name.as_ref() == tag);
            if let Some(last) = last {
                last.peeled = Some(id);
            }
        } else if let Ok(name) = RefName::new(name) {
            self.refs.add(RemoteRef { name, id, symref_target: None, peeled: None })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::capabilities::{Service, write_v2};
    use crate::transport::pkt_line::{write_flush, write_line};
    use std::string::ToString;

    fn read(bytes: &[u8], piece: usize) -> Result<Advertised, ClientError> {
        let mut reader = AdvertisementReader::new(Limits::default());
        for piece in bytes.chunks(piece) {
            reader.push(piece)?;
        }
        reader.finish()
    }

    #[test]
    fn version_2_is_read_with_and_without_the_line_of_the_service() {
        let mut plain = Vec::new();
        write_v2(&mut plain);
        let mut named = b"001e# service=git-upload-pack\n0000".to_vec();
        named.extend_from_slice(&plain);
        for piece in [1, 7, 1000] {
            let advertised = read(&plain, piece).unwrap();
            assert_eq!(read(&named, piece).unwrap(), advertised);
            assert_eq!(advertised.version, Version::V2);
            assert!(advertised.has_feature(b"fetch", b"shallow") && advertised.has(b"server-option"));
            assert!(!advertised.has_feature(b"fetch", b"shall") && !advertised.has(b"fetc"));
        }
    }

    #[test]
    fn the_oldest_version_lists_refs() {
        let id = ObjectId::EMPTY_TREE;
        let mut out = b"001f# service=git-receive-pack\n0000".to_vec();
        write_line(
            std::format!("{id} refs/heads/main\0report-status atomic agent=git/2").as_bytes(),
            &mut out,
        );
        write_line(std::format!("{id} refs/tags/v1").as_bytes(), &mut out);
        write_line(std::format!("{} refs/tags/v1^{{}}", ObjectId::EMPTY_BLOB).as_bytes(), &mut out);
        write_line(std::format!("{id} refs/heads/bad..name").as_bytes(), &mut out);
        write_line(std::format!("{id} .have").as_bytes(), &mut out);
        write_line(std::format!("shallow {id}").as_bytes(), &mut out);
        write_flush(&mut out);
        let advertised = read(&out, 5).unwrap();
        let names: Vec<_> = advertised.refs.iter().map(|found| found.name.to_string()).collect();
        assert_eq!(names, ["refs/heads/main", "refs/tags/v1"]);
        assert_eq!(advertised.refs[1].peeled, Some(ObjectId::EMPTY_BLOB));
        assert_eq!((advertised.haves.len(), advertised.shallow.len()), (1, 1));
        assert!(advertised.has(b"atomic") && advertised.value(b"agent") == Some(b"git/2"));
        let empty = crate::transport::ls_refs::ServedRefs::new(crate::transport::ls_refs::Head::Absent, []);
        let mut out = Vec::new();
        let store = crate::store::MemoryStore::new();
        let mut writer = crate::transport::ls_refs::Advertisement::new(Service::ReceivePack, false, &mut out);
        assert!(writer.write(&store, &empty, &[], usize::MAX, &mut out));
        assert!(read(&out, 9).unwrap().refs.is_empty());
    }

    #[test]
    fn what_does_not_belong_is_refused_with_its_place() {
        for (bytes, told) in [
            (&b"<html>"[..], "no packets of git's"),
            (b"000dERR gone\n", "the server refuses: gone"),
            (b"001e# service=git-upload-pack\n", "ends before the end"),
            (b"000eversion 2\n", "ends before the end"),
            (b"000eversion 3\n0000", "a version from 0 to 2 before byte 0"),
            (b"000eversion 2\n0019object-format=sha256\n0000", "'sha256'"),
            (b"000eversion 2\n00000000", "a line of the advertisement before byte 18"),
            (b"000eversion 2\n0001", "a line of the advertisement"),
            (b"0009nonsense0000", "nonsense"),
        ] {
            let error = read(bytes, 3).unwrap_err().to_string();
            assert!(error.contains(told) || told == "nonsense", "{error}");
        }
    }
}
