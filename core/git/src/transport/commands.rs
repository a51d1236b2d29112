//! What a push asks for: ref commands, options and the pack behind them, read from a stream in pieces.
//!
//! Checks syntax and bounds; whether a change is allowed is judged in `push`.

use alloc::boxed::Box;
use alloc::vec::Vec;

use bstr::BString;

use super::capabilities::{Capability, CapabilitySet, Service};
use super::pkt_line::{Packet, PacketReader};
use super::request::{Budget, RequestError};
use crate::limits::Limits;
use crate::pack::{PackError, PackReceiver};
use crate::search;
use crate::{ObjectId, refs};

/// One command: a ref, what it is and what it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RefCommand {
    pub(super) name: BString,
    pub(super) before: Option<ObjectId>,
    pub(super) after: Option<ObjectId>,
}

/// Where the next bytes belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Commands,
    Options,
    Pack,
    /// Nothing may follow: no command, or deletions only.
    Ended,
}

/// Reads a push. Commands and options are bounded by [`Limits`], the pack by its receiver.
pub(super) struct PushReader {
    reader: PacketReader,
    phase: Phase,
    budget: Budget,
    limits: Limits,
    pub(super) capabilities: CapabilitySet,
    pub(super) commands: Vec<RefCommand>,
    pub(super) options: Vec<BString>,
    receiver: Option<Box<PackReceiver>>,
    pack_error: Option<PackError>,
}

impl PushReader {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            reader: PacketReader::new(),
            phase: Phase::Commands,
            budget: Budget::new(limits),
            limits: *limits,
            capabilities: CapabilitySet::default(),
            commands: Vec::new(),
            options: Vec::new(),
            receiver: None,
            pack_error: None,
        }
    }

    /// Adds a piece of the request. A broken pack is no error here: it is reported when all has come.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), RequestError> {
        // In small pieces, so that a pack is not held in the packet reader too.
        for piece in bytes.chunks(1 << 16) {
            match self.phase {
                Phase::Ended => return Err(RequestError::TrailingBytes),
                Phase::Pack => self.push_pack(piece),
                Phase::Commands | Phase::Options => self.push_packets(piece)?,
            }
        }
        Ok(())
    }

    /// Says that the request ended. Returns the pack, if one is due.
    pub(super) fn finish(&mut self) -> Result<Option<Result<Box<PackReceiver>, PackError>>, RequestError> {
        match self.phase {
            Phase::Pack => {
                let receiver =
                    self.receiver.take().unwrap_or_else(|| Box::new(PackReceiver::new(self.limits)));
                Ok(Some(self.pack_error.take().map_or(Ok(receiver), Err)))
            }
            Phase::Ended => Ok(None),
            Phase::Commands if self.reader.offset() == 0 => {
                self.reader.finish().map(|()| None).map_err(Into::into)
            }
            _ => self.reader.finish().map_err(Into::into).and(Err(RequestError::UnexpectedEnd)),
        }
    }

    fn push_pack(&mut self, bytes: &[u8]) {
        if self.pack_error.is_some() {
            return;
        }
        let receiver = self.receiver.get_or_insert_with(|| Box::new(PackReceiver::new(self.limits)));
        if let Err(error) = receiver.push(bytes) {
            self.pack_error = Some(error);
            self.receiver = None;
        }
    }

    fn push_packets(&mut self, bytes: &[u8]) -> Result<(), RequestError> {
        self.reader.push(bytes);
        while matches!(self.phase, Phase::Commands | Phase::Options) {
            let Some(packet) = self.reader.read()? else { return Ok(()) };
            if packet == Packet::Flush {
                self.phase = self.next_phase();
                continue;
            }
            let line = packet.text().ok_or(RequestError::UnexpectedEnd)?;
            match self.phase {
                Phase::Options => self.options.push(option(line, &mut self.budget)?),
                _ if line.starts_with(b"shallow ") => {
                    // Where the client's history is cut: whether anything is missing is found by looking.
                    let hex = &line[b"shallow ".len()..];
                    ObjectId::from_hex(hex).map_err(|_| RequestError::BadId(line.into()))?;
                    self.budget.id()?;
                }
                _ => {
                    let line = match search::split_once(line, 0) {
                        Some((line, list)) if self.commands.is_empty() => {
                            self.capabilities = CapabilitySet::parse(list, Service::ReceivePack)
                                .map_err(|_| RequestError::OtherObjectFormat)?;
                            line
                        }
                        _ => line,
                    };
                    self.commands.push(command(line, &mut self.budget)?);
                }
            }
        }
        let rest = core::mem::take(&mut self.reader).into_rest();
        match self.phase {
            _ if rest.is_empty() => Ok(()),
            Phase::Pack => {
                self.push_pack(&rest);
                Ok(())
            }
            _ => Err(RequestError::TrailingBytes),
        }
    }

    fn next_phase(&self) -> Phase {
        if self.commands.is_empty() {
            Phase::Ended
        } else if self.phase == Phase::Commands && self.capabilities.has(Capability::PushOptions) {
            Phase::Options
        } else if self.commands.iter().all(|command| command.after.is_none()) {
            Phase::Ended
        } else {
            Phase::Pack
        }
    }
}

/// `<old> <new> <name>`.
fn command(line: &[u8], budget: &mut Budget) -> Result<RefCommand, RequestError> {
    let bad = || RequestError::UnexpectedLine(line.into());
    let mut parts = line.splitn(3, |byte| *byte == b' ');
    let mut id = || -> Result<Option<ObjectId>, RequestError> {
        budget.id()?;
        let hex = parts.next().ok_or_else(bad)?;
        let id = ObjectId::from_hex(hex).map_err(|_| RequestError::BadId(line.into()))?;
        Ok((!id.is_null()).then_some(id))
    };
    let (before, after) = (id()?, id()?);
    let name = parts.next().ok_or_else(bad)?;
    if name.len() > refs::name::REF_NAME_BYTES_MAX {
        return Err(bad());
    }
    Ok(RefCommand { name: budget.text(name)?, before, after })
}

/// A push option: one line, as a hook's environment would hold it.
fn option(line: &[u8], budget: &mut Budget) -> Result<BString, RequestError> {
    if line.iter().any(|byte| matches!(byte, b'\n' | b'\0')) {
        return Err(RequestError::UnexpectedLine(line.into()));
    }
    Ok(budget.text(line)?)
}

#[cfg(test)]
mod tests {
    use super::super::pkt_line::{write_flush, write_line};
    use super::*;
    use std::format;
    use std::string::String;

    const ID: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    const NULL: &str = "0000000000000000000000000000000000000000";

    fn read(lines: &[&str], tail: &[u8]) -> Result<PushReader, RequestError> {
        let mut bytes = Vec::new();
        for line in lines {
            match *line {
                "" => write_flush(&mut bytes),
                line => write_line(line.as_bytes(), &mut bytes),
            }
        }
        bytes.extend_from_slice(tail);
        let mut reader = PushReader::new(&Limits { request_ids_max: 20, ..Limits::default() });
        bytes.chunks(5).try_for_each(|piece| reader.push(piece))?;
        reader.finish()?;
        Ok(reader)
    }

    #[test]
    fn commands_and_options_are_read() {
        let first = format!("{NULL} {ID} refs/heads/a\0 report-status atomic push-options");
        let second = format!("{ID} {NULL} refs/heads/b c");
        let reader = read(&[&first, &second, "", "one", "two", ""], b"PACK").unwrap();
        assert_eq!((reader.commands.len(), reader.options.len()), (2, 2));
        assert_eq!((reader.commands[0].before, reader.commands[1].after), (None, None));
        assert_eq!(reader.commands[1].name, "refs/heads/b c");
        assert!(reader.capabilities.has(Capability::Atomic) && !reader.capabilities.has(Capability::Quiet));
        assert!(read(&[], b"").unwrap().commands.is_empty());
        assert!(read(&[""], b"").unwrap().commands.is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let error = |lines: &[&str], tail: &[u8]| read(lines, tail).err().unwrap();
        let good = format!("{NULL} {ID} refs/heads/a\0push-options");
        let deletion = format!("{ID} {NULL} refs/heads/a");
        assert!(matches!(error(&["zz"], b""), RequestError::BadId(_)));
        assert!(matches!(error(&[&format!("{ID} {ID}")], b""), RequestError::UnexpectedLine(_)));
        assert!(matches!(
            error(&[&format!("{ID} {ID} {}", "x".repeat(5000))], b""),
            RequestError::UnexpectedLine(_)
        ));
        assert!(matches!(error(&["push-cert\0x"], b""), RequestError::BadId(_)));
        assert!(matches!(error(&["shallow x"], b""), RequestError::BadId(_)));
        assert_eq!(error(&[&good], b""), RequestError::UnexpectedEnd);
        assert_eq!(error(&[&good, ""], b""), RequestError::UnexpectedEnd);
        assert!(matches!(error(&[&good, "", "a\nb", ""], b""), RequestError::UnexpectedLine(_)));
        assert_eq!(error(&[&deletion, ""], b"PACK"), RequestError::TrailingBytes);
        assert!(matches!(error(&[&good], b"00"), RequestError::Packet(_)));
        let many: Vec<String> = (0..11).map(|n| format!("{NULL} {ID} refs/heads/{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(matches!(error(&many, b""), RequestError::Limit(_)));
        let sha256 = format!("{NULL} {ID} refs/heads/a\0object-format=sha256");
        assert_eq!(error(&[&sha256], b""), RequestError::OtherObjectFormat);
    }
}
