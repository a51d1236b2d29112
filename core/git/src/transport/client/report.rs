//! The answer to a push: whether the pack was taken, what became of each ref, and what the server's hooks have to say.

use alloc::string::String;
use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

use super::error::{ClientError, reason};
use crate::limits::{LimitExceeded, Limits};
use crate::search;
use crate::transport::pkt_line::{Band, Packet, PacketReader};

/// Bytes of the hooks' words that are kept.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// What became of a push.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushReport {
    /// Why the pack was not taken; `None` where it was.
    pub unpack_failure: Option<String>,
    /// Each ref by its full name, with the server's reason where it was refused.
    pub refs: Vec<(BString, Result<(), String>)>,
    /// What the server's hooks printed: up to 64 KiB, harmless but for line breaks.
    pub messages: String,
}

/// Reads the answer to a push.
pub struct ReportReader {
    outer: PacketReader,
    /// The report itself, inside of a band or not.
    report: ReportLines,
    is_banded: bool,
    /// The bands have ended.
    is_complete: bool,
    messages: Vec<u8>,
}

struct ReportLines {
    reader: PacketReader,
    found: PushReport,
    has_unpack: bool,
    is_complete: bool,
    text_bytes: u64,
    limits: Limits,
}

impl ReportReader {
    /// Waits for the first byte; `is_banded` where bands were asked for.
    pub fn new(is_banded: bool, limits: Limits) -> Self {
        let report = ReportLines {
            reader: PacketReader::new(),
            found: PushReport::default(),
            has_unpack: false,
            is_complete: false,
            text_bytes: 0,
            limits,
        };
        Self { outer: PacketReader::new(), report, is_banded, is_complete: false, messages: Vec::new() }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        if !self.is_banded {
            return self.report.push(bytes);
        }
        self.outer.push(bytes);
        loop {
            let offset = self.outer.offset();
            let Some(packet) = self.outer.read()? else { return Ok(()) };
            match packet {
                Packet::Payload(payload) if !self.is_complete => match Band::split(payload) {
                    Some((Band::Content, bytes)) => self.report.push(bytes)?,
                    Some((Band::Progress, text)) => {
                        let room = MESSAGE_BYTES_MAX - self.messages.len();
                        self.messages.extend_from_slice(&text[..text.len().min(room)]);
                    }
                    Some((Band::Failure, text)) => return Err(ClientError::Refused(reason(text))),
                    None => match payload.strip_prefix(b"ERR ") {
                        Some(text) => return Err(ClientError::Refused(reason(text))),
                        None => return Err(ClientError::unexpected(offset, "a band", payload)),
                    },
                },
                Packet::Flush if !self.is_complete => self.is_complete = true,
                _ => return Err(ClientError::unexpected(offset, "the end of the report", b"more")),
            }
        }
    }

    /// Says that no byte follows.
    pub fn finish(self) -> Result<PushReport, ClientError> {
        self.outer.finish()?;
        self.report.reader.finish()?;
        if !self.report.is_complete || self.is_banded && !self.is_complete {
            return Err(ClientError::Ended { expected: "the end of the report" });
        }
        let messages = message_of(&self.messages);
        Ok(PushReport { messages, ..self.report.found })
    }
}

/// A server's words with their line breaks and without other control characters.
fn message_of(bytes: &[u8]) -> String {
    let shown = |char: char| if char.is_control() && char != '\n' { '?' } else { char };
    bytes.to_str_lossy().trim_ascii_end().chars().filter(|char| *char != '\r').map(shown).collect()
}

impl ReportLines {
    fn push(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        self.reader.push(bytes);
        loop {
            let offset = self.reader.offset();
            let Some(packet) = self.reader.read()? else { return Ok(()) };
            let Some(line) = packet.text().filter(|_| !self.is_complete) else {
                if packet == Packet::Flush && !self.is_complete && self.has_unpack {
                    self.is_complete = true;
                    continue;
                }
                return Err(ClientError::unexpected(offset, "a line of the report", b"a mark"));
            };
            let allowed = self.limits.request_text_bytes_max;
            self.text_bytes += line.len() as u64;
            if self.text_bytes > allowed {
                let found = self.text_bytes;
                return Err(LimitExceeded { limit: "request_text_bytes_max", allowed, found }.into());
            }
            let bad = || ClientError::unexpected(offset, "a line of the report", line);
            let (word, rest) = search::split_once(line, b' ').ok_or_else(bad)?;
            match word {
                b"ERR" => return Err(ClientError::Refused(reason(rest))),
                b"unpack" if !self.has_unpack => {
                    self.has_unpack = true;
                    self.found.unpack_failure = (rest != b"ok").then(|| reason(rest));
                }
                b"ok" if self.has_unpack => self.found.refs.push((rest.into(), Ok(()))),
                b"ng" if self.has_unpack => {
                    let (name, why) = search::split_once(rest, b' ').unwrap_or((rest, b"refused"));
                    self.found.refs.push((name.into(), Err(reason(why))));
                }
                // Which other ref the server moved instead, and where to.
                b"option" if !self.found.refs.is_empty() => {}
                _ => return Err(bad()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::pkt_line::{write_flush, write_line};
    use std::string::ToString;

    fn lines(lines: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        lines.iter().for_each(|line| write_line(line.as_bytes(), &mut out));
        write_flush(&mut out);
        out
    }

    fn read(bytes: &[u8], is_banded: bool, piece: usize) -> Result<PushReport, ClientError> {
        let mut reader = ReportReader::new(is_banded, Limits::default());
        for piece in bytes.chunks(piece) {
            reader.push(piece)?;
        }
        reader.finish()
    }

    #[test]
    fn a_report_is_read_with_and_without_bands() {
        let report = lines(&[
            "unpack ok",
            "ok refs/heads/main",
            "option old-oid 0123",
            "ng refs/heads/x pre-receive hook declined",
        ]);
        let mut banded = Vec::new();
        Band::Progress.write(b"no \x1bwork\non Fridays\r\n", &mut banded);
        Band::Content.write_within(&report, 11, &mut banded);
        write_flush(&mut banded);
        for piece in [1, 13, 1000] {
            let plain = read(&report, false, piece).unwrap();
            assert_eq!(plain.unpack_failure, None);
            assert_eq!(plain.refs[0], (BString::from("refs/heads/main"), Ok(())));
            assert_eq!(plain.refs[1].1, Err("pre-receive hook declined".into()));
            let found = read(&banded, true, piece).unwrap();
            assert_eq!(found.messages, "no ?work\non Fridays");
            assert_eq!(found.refs, plain.refs);
        }
        for end in 0..banded.len() {
            assert!(read(&banded[..end], true, 9).is_err(), "{end}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for (bytes, told) in [
            (lines(&["ok refs/heads/main"]), "a line of the report before byte 0"),
            (lines(&["unpack ok", "maybe refs/heads/x"]), "before byte 14"),
            (lines(&["ERR not today"]), "the server refuses: not today"),
            (lines(&[]), "a line of the report"),
            (b"0000".to_vec(), "a mark"),
        ] {
            let error = read(&bytes, false, 8).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        let mut flood = ReportReader::new(true, Limits::default());
        let mut out = Vec::new();
        Band::Progress.write(&[b'x'; 60_000], &mut out);
        for _ in 0..3 {
            flood.push(&out).unwrap();
        }
        assert_eq!(flood.messages.len(), MESSAGE_BYTES_MAX);
        assert!(matches!(read(b"0006\x03x", true, 4), Err(ClientError::Refused(_))));
    }
}
