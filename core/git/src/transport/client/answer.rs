//! The answer to a fetch: acknowledgments, where history is cut, and the pack, which goes on as it comes.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::error::{ClientError, reason};
use crate::ObjectId;
use crate::limits::{LimitExceeded, Limits};
use crate::pack::{PackReceiver, PackResolver, Progress};
use crate::transport::pkt_line::{Band, Packet, PacketReader};

/// What a server says beside the pack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchedCut {
    /// Commits that have no parents for this side from here on.
    pub shallow: Vec<ObjectId>,
    /// Commits that have their parents again.
    pub unshallow: Vec<ObjectId>,
}

/// What one request gave.
pub enum Fetched {
    /// No pack yet: these are common. More haves may follow, or word that there are none.
    Common(Vec<ObjectId>),
    /// A whole pack, whose deltas are to be resolved, and how history is cut.
    Pack(Box<PackResolver>, FetchedCut),
}

/// Reads the answer to a fetch.
pub struct FetchAnswer {
    reader: PacketReader,
    stage: Stage,
    common: Vec<ObjectId>,
    cut: FetchedCut,
    receiver: Box<PackReceiver>,
    limits: Limits,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The name of a section.
    Section,
    Acknowledgments,
    Cuts,
    Pack,
    /// The end of an answer without a pack.
    NoPack,
    Complete,
}

impl FetchAnswer {
    /// Waits for the first byte.
    pub fn new(limits: Limits) -> Self {
        Self {
            reader: PacketReader::new(),
            stage: Stage::Section,
            common: Vec::new(),
            cut: FetchedCut::default(),
            receiver: Box::new(PackReceiver::new(limits)),
            limits,
        }
    }

    /// Takes the next bytes. After an error the answer is lost.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        self.reader.push(bytes);
        let mut reader = core::mem::take(&mut self.reader);
        let outcome = self.read_all(&mut reader);
        self.reader = reader;
        outcome
    }

    /// Objects of the pack that have come, of those that it states; bytes of the pack.
    pub fn progress(&self) -> (Progress, u64) {
        (self.receiver.progress(), self.receiver.received_bytes())
    }

    /// Says that no byte follows.
    pub fn finish(self) -> Result<Fetched, ClientError> {
        self.reader.finish()?;
        match self.stage {
            Stage::NoPack => Ok(Fetched::Common(self.common)),
            Stage::Complete => Ok(Fetched::Pack(Box::new((*self.receiver).end()?), self.cut)),
            Stage::Pack => Err(ClientError::Ended { expected: "the end of the pack" }),
            _ => Err(ClientError::Ended { expected: "the pack" }),
        }
    }

    fn read_all(&mut self, reader: &mut PacketReader) -> Result<(), ClientError> {
        loop {
            let offset = reader.offset();
            let Some(packet) = reader.read()? else { return Ok(()) };
            match (self.stage, packet) {
                (Stage::Pack, Packet::Payload(payload)) => self.take_band(offset, payload)?,
                (Stage::Pack, Packet::Flush) => self.stage = Stage::Complete,
                (Stage::NoPack | Stage::Complete, Packet::ResponseEnd) => {}
                (Stage::Section, Packet::Payload(_))
                | (Stage::Acknowledgments | Stage::Cuts, Packet::Payload(_)) => {
                    self.take_line(offset, packet.text().unwrap_or_default())?;
                }
                (Stage::Acknowledgments | Stage::Cuts, Packet::Delimiter) => self.stage = Stage::Section,
                (Stage::Acknowledgments, Packet::Flush) => self.stage = Stage::NoPack,
                (_, packet) => {
                    let found = packet.text().unwrap_or(b"a mark");
                    return Err(ClientError::unexpected(offset, "a section of a fetch", found));
                }
            }
        }
    }

    fn take_line(&mut self, offset: u64, line: &[u8]) -> Result<(), ClientError> {
        if let Some(text) = line.strip_prefix(b"ERR ") {
            return Err(ClientError::Refused(reason(text)));
        }
        let bad = |expected| ClientError::unexpected(offset, expected, line);
        match self.stage {
            Stage::Acknowledgments => match line {
                b"NAK" | b"ready" => {}
                line => {
                    let hex = line.strip_prefix(b"ACK ").ok_or_else(|| bad("an acknowledgment"))?;
                    let id = ObjectId::from_hex(hex).map_err(|_| bad("an acknowledgment"))?;
                    self.common.push(id);
                    self.count_id()?;
                }
            },
            Stage::Cuts => {
                let (list, hex) = match (line.strip_prefix(b"shallow "), line.strip_prefix(b"unshallow ")) {
                    (Some(hex), _) => (&mut self.cut.shallow, hex),
                    (_, Some(hex)) => (&mut self.cut.unshallow, hex),
                    _ => return Err(bad("where history is cut")),
                };
                list.push(ObjectId::from_hex(hex).map_err(|_| bad("where history is cut"))?);
                self.count_id()?;
            }
            _ => {
                self.stage = match line {
                    b"acknowledgments" => Stage::Acknowledgments,
                    b"shallow-info" => Stage::Cuts,
                    b"packfile" => Stage::Pack,
                    _ => return Err(bad("a section of a fetch")),
                };
            }
        }
        Ok(())
    }

    fn take_band(&mut self, offset: u64, payload: &[u8]) -> Result<(), ClientError> {
        match Band::split(payload) {
            Some((Band::Content, bytes)) => Ok(self.receiver.push(bytes)?),
            Some((Band::Progress, _)) => Ok(()),
            Some((Band::Failure, text)) => Err(ClientError::Refused(reason(text))),
            None => Err(ClientError::unexpected(offset, "a band of the pack", payload)),
        }
    }

    fn count_id(&self) -> Result<(), LimitExceeded> {
        let found = (self.common.len() + self.cut.shallow.len() + self.cut.unshallow.len()) as u64;
        let allowed = u64::from(self.limits.request_ids_max);
        let limit = "request_ids_max";
        if found > allowed { Err(LimitExceeded { limit, allowed, found }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use crate::transport::pkt_line::{write_delimiter, write_flush, write_line};
    use std::string::{String, ToString};

    /// The smallest pack: no object.
    const EMPTY_PACK: [u8; 32] = *b"PACK\0\0\0\x02\0\0\0\0\x02\x9d\x08\x82\x3b\xd8\xa8\xea\xb5\x10\xad\x6a\xc7\x5c\x82\x3c\xfd\x3e\xd3\x1e";

    fn read(bytes: &[u8], piece: usize) -> Result<Fetched, ClientError> {
        let mut answer = FetchAnswer::new(Limits { request_ids_max: 3, ..Limits::default() });
        for piece in bytes.chunks(piece) {
            answer.push(piece)?;
        }
        answer.finish()
    }

    fn whole() -> Vec<u8> {
        let id = ObjectId::EMPTY_TREE.to_string();
        let mut out = Vec::new();
        write_line(b"acknowledgments", &mut out);
        write_line(std::format!("ACK {id}").as_bytes(), &mut out);
        write_line(b"ready", &mut out);
        write_delimiter(&mut out);
        write_line(b"shallow-info", &mut out);
        write_line(std::format!("shallow {id}").as_bytes(), &mut out);
        write_line(std::format!("unshallow {id}").as_bytes(), &mut out);
        write_delimiter(&mut out);
        write_line(b"packfile", &mut out);
        Band::Progress.write(b"counting\r", &mut out);
        Band::Content.write_within(&EMPTY_PACK, 7, &mut out);
        write_flush(&mut out);
        out
    }

    #[test]
    fn an_answer_is_read_in_pieces_of_any_size() {
        let bytes = whole();
        for piece in [1, 3, 50, bytes.len()] {
            let Ok(Fetched::Pack(resolver, cut)) = read(&bytes, piece) else { panic!("no pack") };
            assert_eq!((cut.shallow.len(), cut.unshallow.len()), (1, 1));
            assert_eq!(resolver.finish(&MemoryStore::new()).unwrap().len(), 0);
        }
        let mut out = Vec::new();
        write_line(b"acknowledgments", &mut out);
        write_line(b"NAK", &mut out);
        write_flush(&mut out);
        assert!(matches!(read(&out, 2), Ok(Fetched::Common(common)) if common.is_empty()));
    }

    #[test]
    fn an_answer_that_ends_anywhere_is_refused() {
        let bytes = whole();
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end], 64).is_err(), "{end}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_its_place() {
        let told = |lines: &[&str]| -> String {
            let mut out = Vec::new();
            for line in lines {
                match *line {
                    "0001" => write_delimiter(&mut out),
                    line => write_line(line.as_bytes(), &mut out),
                }
            }
            read(&out, 10).map(drop).unwrap_err().to_string()
        };
        let id = ObjectId::EMPTY_TREE;
        let ack = std::format!("ACK {id}");
        assert_eq!(told(&["ERR upload-pack: not our ref"]), "the server refuses: upload-pack: not our ref");
        assert!(told(&["packfile-uris"]).contains("a section of a fetch before byte 0"));
        assert!(told(&["acknowledgments", "ACK 12"]).contains("an acknowledgment before byte 20"));
        assert!(told(&["acknowledgments", &ack, &ack, &ack, &ack]).contains("sends too much"));
        assert!(told(&["shallow-info", "deep"]).contains("where history is cut"));
        assert!(told(&["shallow-info", "0001"]).contains("ends before the pack"));
        assert!(told(&["packfile", "\u{3}out of disk"]).contains("the server refuses: out of disk"));
        assert!(told(&["packfile", "\u{9}?"]).contains("a band of the pack"));
        assert!(told(&["packfile", "\u{1}nonsense and more"]).contains("pack"));
        assert!(told(&["0001"]).contains("a section of a fetch"));
    }
}
