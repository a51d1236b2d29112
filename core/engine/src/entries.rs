//! Operations and refs as text: what a kept log is made of. One form for one value; what is not written so is refused.
//!
//! Operations: `govc-log 1 FIRST_ID FIRST_DELTA`, then for each `KIND TIME_MS COUNT DESCRIPTION` (`undo:TARGET:ORIGIN`
//! and `redo:TARGET:ORIGIN` for those two) and its COUNT moves, ` NAME BEFORE AFTER`, `-` where there is no ref. Refs:
//! `govc-refs 1`, then `NAME TARGET` in order. Knows neither files nor commits.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use govc_git::ObjectId;
use govc_git::refs::{RefDelta, RefName, RefTarget};

use crate::operation::{Operation, OperationKind, OperationLog};

const LOG_HEADER: &[u8] = b"govc-log 1 ";
const REFS_HEADER: &[u8] = b"govc-refs 1\n";
/// The first number that JavaScript cannot count to.
const NUMBER_END: u64 = 1 << 53;

/// Why bytes are no operations, or no refs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl core::error::Error for EntryError {}

/// Writes operations that follow each other.
pub fn encode_operations(operations: &[Operation]) -> Vec<u8> {
    let mut out = Writer(LOG_HEADER.to_vec());
    let (id, delta) = operations.first().map_or((1, 0), |first| (first.id, first.first_delta));
    out.number(id, b' ');
    out.number(delta, b'\n');
    for operation in operations {
        out.text(operation.kind.kept_name());
        if is_about_another(operation.kind) {
            out.text(":");
            out.number(operation.target, b':');
            out.text(operation.origin.kept_name());
        }
        out.text(if operation.time_ms < 0 { " -" } else { " " });
        out.number(operation.time_ms.unsigned_abs(), b' ');
        out.number(operation.deltas.len() as u64, b' ');
        out.escaped(&operation.description);
        for delta in &operation.deltas {
            out.text(" ");
            out.name(&delta.name);
            for target in [&delta.before, &delta.after] {
                out.text(" ");
                out.target(target.as_ref());
            }
            out.text("\n");
        }
    }
    out.0
}

/// Reads operations and appends them to a log; they must be what [`encode_operations`] writes. Where the log is empty it
/// begins with them, else they must go on where it ends. The id of the first.
pub fn decode_operations(bytes: &[u8], log: &mut OperationLog) -> Result<u64, EntryError> {
    let mut lines = Reader::new(bytes, LOG_HEADER)?;
    let (id, delta) = (lines.number(b' ')?, lines.number(b'\n')?);
    if log.all().is_empty() && id > 0 {
        *log = OperationLog::after(id - 1, delta);
    }
    if (id, delta) != (log.last_id() + 1, log.end()) {
        return Err(lines.error("it does not go on where the one before it ends"));
    }
    while !lines.rest.is_empty() {
        lines.operation(log)?;
    }
    // Numbers with zeros in front, digits in another case, no operation at all: one value has one form.
    let read = log.since(id);
    if read.is_empty() || encode_operations(read) != bytes {
        return Err(lines.error("it is not written in the one form there is"));
    }
    Ok(id)
}

/// Writes refs; they come in order.
pub fn encode_refs<'a>(refs: &mut dyn Iterator<Item = (&'a RefName, &'a RefTarget)>) -> Vec<u8> {
    let mut out = Writer(REFS_HEADER.to_vec());
    for (name, target) in refs {
        out.name(name);
        out.text(" ");
        out.target(Some(target));
        out.text("\n");
    }
    out.0
}

/// Reads refs; they must be what [`encode_refs`] writes, in order, each once.
pub fn decode_refs(bytes: &[u8]) -> Result<Vec<(RefName, RefTarget)>, EntryError> {
    let mut lines = Reader::new(bytes, REFS_HEADER)?;
    let mut refs: Vec<(RefName, RefTarget)> = Vec::new();
    while !lines.rest.is_empty() {
        let name = lines.until(b' ')?;
        let name = lines.name(name)?;
        if refs.last().is_some_and(|(last, _)| *last >= name) {
            return Err(lines.error("refs are not in order"));
        }
        let Some(target) = lines.target(b'\n')? else { return Err(lines.error("a ref leads nowhere")) };
        refs.push((name, target));
    }
    if encode_refs(&mut refs.iter().map(|(name, target)| (name, target))) != bytes {
        return Err(lines.error("it is not written in the one form there is"));
    }
    Ok(refs)
}

/// Whether an operation of this kind takes back or repeats another.
fn is_about_another(kind: OperationKind) -> bool {
    matches!(kind, OperationKind::Undo | OperationKind::Redo)
}

struct Writer(Vec<u8>);

impl Writer {
    fn text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, mut number: u64, end: u8) {
        let start = self.0.len();
        loop {
            self.0.push(b'0' + (number % 10) as u8);
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.0[start..].reverse();
        self.0.push(end);
    }

    /// A text that becomes one line.
    fn escaped(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                b'\\' => self.text("\\\\"),
                b'\n' => self.text("\\n"),
                byte => self.0.push(byte),
            }
        }
        self.0.push(b'\n');
    }

    /// A name is bytes: one that is no plain text goes as `%` and two digits, as `%` itself does.
    fn name(&mut self, name: &RefName) {
        for byte in name.as_bstr().iter() {
            match byte {
                b'%' | 0x80.. => {
                    let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
                    self.0.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
                }
                byte => self.0.push(*byte),
            }
        }
    }

    /// An id, `ref:` and a name, or `-`.
    fn target(&mut self, target: Option<&RefTarget>) {
        match target {
            None => self.text("-"),
            Some(RefTarget::Direct(id)) => self.0.extend_from_slice(&id.to_hex()),
            Some(RefTarget::Symbolic(name)) => {
                self.text("ref:");
                self.name(name);
            }
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], header: &[u8]) -> Result<Self, EntryError> {
        let rest = bytes.strip_prefix(header);
        rest.map(|rest| Self { rest, line: 1 })
            .ok_or(EntryError { line: 1, problem: "it is of another version" })
    }

    fn error(&self, problem: &'static str) -> EntryError {
        EntryError { line: self.line, problem }
    }

    /// The bytes before `end`, which is passed over too.
    fn until(&mut self, end: u8) -> Result<&'a [u8], EntryError> {
        let at = self.rest.iter().position(|byte| *byte == end).ok_or(self.error("it is cut off"))?;
        let found = &self.rest[..at];
        self.rest = &self.rest[at + 1..];
        self.line += usize::from(end == b'\n');
        Ok(found)
    }

    fn number(&mut self, end: u8) -> Result<u64, EntryError> {
        let mut number = 0;
        for digit in self.until(end)? {
            number = number * 10 + u64::from(digit.wrapping_sub(b'0'));
            if !digit.is_ascii_digit() || number >= NUMBER_END {
                return Err(self.error("expected a number"));
            }
        }
        Ok(number)
    }

    fn operation(&mut self, log: &mut OperationLog) -> Result<(), EntryError> {
        let mut words = Reader { rest: self.until(b' ')?, line: self.line };
        let is_about_another = words.rest.contains(&b':');
        let kind = if is_about_another { words.until(b':')? } else { words.rest };
        let kind = self.kind(kind)?;
        let (target, origin) =
            if is_about_another { (Some(words.number(b':')?), self.kind(words.rest)?) } else { (None, kind) };
        if target.is_some_and(|target| target > log.last_id()) {
            return Err(self.error("it takes back what comes after it"));
        }
        let is_negative = self.rest.first() == Some(&b'-');
        self.rest = &self.rest[usize::from(is_negative)..];
        // In range: a number is below 2^53.
        let time = self.number(b' ')? as i64;
        let count = self.number(b' ')?;
        let description = self.description()?;
        let mut deltas = Vec::new();
        for _ in 0..count {
            self.until(b' ')?;
            let name = self.until(b' ')?;
            let name = self.name(name)?;
            deltas.push(RefDelta { name, before: self.target(b' ')?, after: self.target(b'\n')? });
        }
        log.push(kind, origin, target, description, if is_negative { -time } else { time }, deltas);
        Ok(())
    }

    fn kind(&self, name: &[u8]) -> Result<OperationKind, EntryError> {
        OperationKind::from_kept_name(name).ok_or(self.error("no kind of operation is called so"))
    }

    fn description(&mut self) -> Result<String, EntryError> {
        let mut rest = self.until(b'\n')?.iter();
        let mut out = Vec::new();
        while let Some(byte) = rest.next() {
            out.push(match (byte, byte == &b'\\') {
                (_, true) if rest.next() == Some(&b'n') => b'\n',
                (byte, _) => *byte,
            });
        }
        String::from_utf8(out).map_err(|_| self.error("it is no text"))
    }

    fn target(&mut self, end: u8) -> Result<Option<RefTarget>, EntryError> {
        let text = self.until(end)?;
        if text == b"-" {
            return Ok(None);
        }
        if let Some(name) = text.strip_prefix(b"ref:") {
            return Ok(Some(RefTarget::Symbolic(self.name(name)?)));
        }
        let id = ObjectId::from_hex(text).map_err(|_| self.error("expected an id of 40 digits"))?;
        Ok(Some(RefTarget::Direct(id)))
    }

    fn name(&self, text: &[u8]) -> Result<RefName, EntryError> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.iter();
        let digit =
            |digit: Option<&u8>| digit.and_then(|digit| (*digit as char).to_digit(16)).unwrap_or(0) as u8;
        while let Some(byte) = rest.next() {
            bytes.push(if *byte == b'%' { digit(rest.next()) << 4 | digit(rest.next()) } else { *byte });
        }
        RefName::new(bytes).map_err(|_| self.error("git has no ref of this name"))
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    fn log() -> OperationLog {
        let direct = |byte| Some(RefTarget::Direct(ObjectId::from_bytes([byte; 20])));
        let delta =
            |name: &[u8], before, after| RefDelta { name: RefName::new(name).unwrap(), before, after };
        let mut log = OperationLog::after(7, 9);
        let main = || b"refs/heads/m\xe4%n".as_slice();
        log.append(
            OperationKind::Commit,
            "commit: \\ and\nmore".into(),
            -5,
            [delta(main(), None, direct(1))].into(),
        );
        log.append(OperationKind::Create, String::new(), 0, Vec::new());
        let symbolic = Some(RefTarget::Symbolic(RefName::new(main()).unwrap()));
        let both = [delta(b"HEAD", None, symbolic), delta(main(), direct(1), direct(2))];
        log.append(OperationKind::Merge, "a  b ".into(), i64::MAX, both.into());
        log.append_undo("undo".into(), 4, [delta(main(), direct(2), direct(1))].into());
        log.append_undo("undo".into(), 4, Vec::new());
        log.append_redo("redo".into(), 4, Vec::new());
        log
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let log = log();
        for split in 0..=log.all().len() {
            let (front, back) = log.all().split_at(split);
            let mut read = OperationLog::default();
            if !front.is_empty() {
                decode_operations(&encode_operations(front), &mut read).unwrap();
            }
            if !back.is_empty() {
                decode_operations(&encode_operations(back), &mut read).unwrap();
            }
            assert_eq!(format!("{read:?}"), format!("{log:?}"));
        }
    }

    #[test]
    fn a_log_that_lost_its_beginning_undoes_what_is_left() {
        for gone in 0..6 {
            let mut dropped = log();
            dropped.drop_oldest(gone);
            let mut read = OperationLog::default();
            decode_operations(&encode_operations(dropped.all()), &mut read).unwrap();
            assert_eq!(format!("{read:?}"), format!("{dropped:?}"), "{gone}");
        }
    }

    #[test]
    fn another_form_is_refused() {
        let text = String::from_utf8(encode_operations(log().all())).unwrap();
        let broken = [
            text.replace("log 1", "log 2"),
            text.replace(" 8 9", " 08 9"),
            text.replace(" 8 9", " 8 9 9"),
            text.replace(" 8 9", " 0 9"),
            text.replace("commit -5 1", "commit -5 2"),
            text.replace("commit -5 1", "commit -5 99999999999"),
            text.replace("commit -5", "commit -05"),
            text.replace("create 0", "create +0"),
            text.replace("create 0", "creates 0"),
            text.replace("%25n", "%n"),
            text.replace("%25n", "%2"),
            text.replace("m%e4", "m%E4"),
            text.replace("heads/", "heads//"),
            text.replace("undo:10:merge", "undo:99:merge"),
            text.replace("undo:10:merge", "undo:10"),
            text.replace("\\\\", "\\"),
            text.replace("0202", "020g"),
            text.trim_end().to_string(),
            format!("{text}\n"),
        ];
        for text in broken {
            let result = decode_operations(text.as_bytes(), &mut OperationLog::default());
            assert!(result.is_err(), "{text}");
        }
        assert!(decode_operations(b"\xff", &mut OperationLog::default()).is_err());
        let mut other = log();
        assert!(decode_operations(text.as_bytes(), &mut other).is_err(), "it goes on elsewhere");
    }

    #[test]
    fn refs_are_read_as_written() {
        let name = |text: &[u8]| RefName::new(text).unwrap();
        let refs = [
            (name(b"HEAD"), RefTarget::Symbolic(name(b"refs/heads/%"))),
            (name(b"refs/heads/\xff"), RefTarget::Direct(ObjectId::EMPTY_TREE)),
        ];
        let bytes = encode_refs(&mut refs.iter().map(|(name, target)| (name, target)));
        assert_eq!(decode_refs(&bytes).unwrap(), refs);
        let text = String::from_utf8(bytes).unwrap();
        let twice = format!("{text}{}\n", text.lines().last().unwrap());
        for text in
            [text.replace("refs 1", "refs"), text.replace("HEAD", "refs/z"), twice, text.replace("ref:", "-")]
        {
            assert!(decode_refs(text.as_bytes()).is_err(), "{text}");
        }
    }
}
