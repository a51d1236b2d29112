//! What a client asks of upload-pack: protocol v2's commands and the fetch of v0 and v1, read from a stream in pieces.
//!
//! Checks syntax and bounds; whether an id or ref exists is the response's business.

use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

use super::capabilities::{Capability, CapabilitySet, Service, is_known_v2};
use super::filter::{Filter, FilterError};
use super::ls_refs::LsRefs;
use super::pkt_line::{Packet, PacketError, PacketReader, printable};
use crate::ObjectId;
use crate::limits::{LimitExceeded, Limits};

/// Depth that stands for all of history, as git's clients say it.
pub const DEPTH_INFINITE: u32 = 0x7fff_ffff;

/// The protocol in which a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// The oldest: an advertisement, then wants.
    #[default]
    V0,
    /// v0 whose advertisement names the version.
    V1,
    /// Commands.
    V2,
}

impl Version {
    /// Reads the value of the header `Git-Protocol`, e.g. `version=2`; the highest that is known counts.
    pub fn from_header(value: &[u8]) -> Self {
        let has = |word: &[u8]| value.split(|byte| *byte == b':').any(|found| found.trim_ascii() == word);
        if has(b"version=2") {
            Self::V2
        } else if has(b"version=1") {
            Self::V1
        } else {
            Self::V0
        }
    }
}

/// A request that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Show refs.
    LsRefs(LsRefs),
    /// Send objects.
    Fetch(FetchRequest),
    /// Tell the sizes of these objects.
    ObjectInfo {
        /// The objects, in the order of the answer.
        ids: Vec<ObjectId>,
        /// Whether sizes are asked for.
        size: bool,
    },
    /// Nothing: a client that tries the connection, or wants nothing.
    Nothing,
}

/// How much history a client asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deepen {
    /// Commits from each want, or from where the client's history is cut.
    pub depth: Option<u32>,
    /// Count from where the client's history is cut.
    pub is_relative: bool,
    /// Only commits of this second since the epoch, or later.
    pub since: Option<i64>,
    /// Only commits that these refs do not reach.
    pub not: Vec<BString>,
}

impl Deepen {
    /// Whether anything is asked.
    pub fn is_some(&self) -> bool {
        self.depth.is_some() || self.since.is_some() || !self.not.is_empty()
    }
}

/// What a fetch asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchRequest {
    /// Ids to send.
    pub wants: Vec<ObjectId>,
    /// Refs to send, by name.
    pub want_refs: Vec<BString>,
    /// Ids that the client has.
    pub haves: Vec<ObjectId>,
    /// v0: the request ends with its wants, because the client first wants to know how its history is cut.
    pub asks_cut_only: bool,
    /// The client has no more to say: the pack must follow.
    pub is_done: bool,
    /// The pack must not come before `done`.
    pub waits_for_done: bool,
    /// Where the client's history is cut.
    pub shallow: Vec<ObjectId>,
    /// How much history is asked for.
    pub deepen: Deepen,
    /// What to leave out.
    pub filter: Option<Filter>,
    /// What else was asked for; in v2 the names are arguments, the meanings the same.
    pub capabilities: CapabilitySet,
}

/// What is wrong with a client's request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// The bytes are no packets.
    Packet(PacketError),
    /// A v2 request for something that was not offered.
    UnknownCommand(BString),
    /// A line that has no place where it stands.
    UnexpectedLine(BString),
    /// A flush or delimiter where a line is due, or the end of the stream where a flush is due.
    UnexpectedEnd,
    /// Bytes after the end of the request.
    TrailingBytes,
    /// No object id where one is due.
    BadId(BString),
    /// A depth or time that is none.
    BadDeepen(BString),
    /// A depth together with a time or refs.
    DeepenClash,
    /// A filter that is refused.
    Filter(FilterError),
    /// Ids other than SHA-1.
    OtherObjectFormat,
    /// More than is allowed.
    Limit(LimitExceeded),
}

impl core::fmt::Display for RequestError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let shown = |line: &BString| printable(&line[..line.len().min(200)].to_str_lossy());
        match self {
            Self::Packet(error) => write!(f, "{error}"),
            Self::UnknownCommand(name) => write!(f, "invalid command '{}'", shown(name)),
            Self::UnexpectedLine(line) => write!(f, "unexpected line: '{}'", shown(line)),
            Self::UnexpectedEnd => f.write_str("the request ends too early"),
            Self::TrailingBytes => f.write_str("bytes after the end of the request"),
            Self::BadId(line) => write!(f, "expected an object id in '{}'", shown(line)),
            Self::BadDeepen(line) => write!(f, "invalid {}", shown(line)),
            Self::DeepenClash => {
                f.write_str("deepen and deepen-since (or deepen-not) cannot be used together")
            }
            Self::Filter(error) => f.write_str(&printable(&alloc::format!("{error}"))),
            Self::OtherObjectFormat => f.write_str("only object-format=sha1 is served"),
            Self::Limit(limit) => write!(f, "{limit}"),
        }
    }
}

impl core::error::Error for RequestError {}

impl From<PacketError> for RequestError {
    fn from(error: PacketError) -> Self {
        Self::Packet(error)
    }
}

impl From<FilterError> for RequestError {
    fn from(error: FilterError) -> Self {
        Self::Filter(error)
    }
}

/// Where in a request the next packet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// v2: the command and its capabilities.
    Capabilities,
    /// v2: after the delimiter.
    Arguments,
    /// v0: wants, shallow, deepen, filter.
    Wants,
    /// v0: haves, a flush, or `done`.
    Haves,
    /// After the end.
    Ended,
}

/// Reads one request to upload-pack. Memory is bounded by [`Limits`].
#[derive(Clone, Debug)]
pub struct RequestReader {
    reader: PacketReader,
    phase: Phase,
    version: Version,
    command: Option<Command>,
    /// v0: something followed the wants.
    has_haves: bool,
    budget: Budget,
}

impl RequestReader {
    /// Starts before the first packet.
    pub fn new(version: Version, limits: &Limits) -> Self {
        let (phase, command) = match version {
            Version::V2 => (Phase::Capabilities, None),
            _ => (Phase::Wants, Some(Command::Fetch(FetchRequest::default()))),
        };
        Self {
            reader: PacketReader::new(),
            phase,
            version,
            command,
            has_haves: false,
            budget: Budget::new(limits),
        }
    }

    /// Adds a piece of the request. After an error the request is lost.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), RequestError> {
        // In small pieces, so that a large one is not held twice.
        for piece in bytes.chunks(1 << 16) {
            self.reader.push(piece);
            while let Some(packet) = self.reader.read()? {
                let next = match (self.phase, packet) {
                    (Phase::Capabilities, packet) => capabilities_packet(packet, &mut self.command)?,
                    (Phase::Arguments, packet) => {
                        arguments_packet(packet, self.command.as_mut(), &mut self.budget)?
                    }
                    (Phase::Wants, packet) => {
                        wants_packet(packet, fetch_of(&mut self.command)?, &mut self.budget)?
                    }
                    (Phase::Haves, packet) => {
                        self.has_haves = true;
                        haves_packet(packet, fetch_of(&mut self.command)?, &mut self.budget)?
                    }
                    (Phase::Ended, _) => return Err(RequestError::TrailingBytes),
                };
                self.phase = next;
            }
        }
        Ok(())
    }

    /// Says that the request ended, and returns it.
    pub fn finish(self) -> Result<Command, RequestError> {
        self.reader.finish()?;
        match (self.phase, self.command) {
            (Phase::Ended, Some(Command::Fetch(fetch))) => {
                if fetch.deepen.depth.is_some()
                    && (fetch.deepen.since.is_some() || !fetch.deepen.not.is_empty())
                {
                    return Err(RequestError::DeepenClash);
                }
                let is_empty = fetch.wants.is_empty() && fetch.want_refs.is_empty() && !fetch.waits_for_done;
                Ok(if is_empty { Command::Nothing } else { Command::Fetch(fetch) })
            }
            (Phase::Ended, Some(command)) => Ok(command),
            (Phase::Ended, None) => Ok(Command::Nothing),
            // A v0 client that only tries the connection, or that has no haves and closes after its flush.
            (Phase::Wants, _) if self.reader.offset() == 0 => Ok(Command::Nothing),
            (Phase::Capabilities, _) if self.reader.offset() == 0 => Ok(Command::Nothing),
            (Phase::Haves, Some(Command::Fetch(mut fetch))) if self.version != Version::V2 => {
                fetch.asks_cut_only = !self.has_haves;
                Ok(Command::Fetch(fetch))
            }
            _ => Err(RequestError::UnexpectedEnd),
        }
    }
}

/// Counts what a request makes this process hold.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    ids: u32,
    ids_max: u32,
    text_bytes: u64,
    text_bytes_max: u64,
}

impl Budget {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self {
            ids: 0,
            ids_max: limits.request_ids_max,
            text_bytes: 0,
            text_bytes_max: limits.request_text_bytes_max,
        }
    }

    /// Counts an id.
    pub(super) fn id(&mut self) -> Result<(), LimitExceeded> {
        if self.ids >= self.ids_max {
            let allowed = u64::from(self.ids_max);
            return Err(LimitExceeded { limit: "request_ids_max", allowed, found: u64::MAX });
        }
        self.ids += 1;
        Ok(())
    }

    /// Counts a text, with what it takes to hold it.
    pub(super) fn text(&mut self, text: &[u8]) -> Result<BString, LimitExceeded> {
        self.text_bytes += text.len() as u64 + 48;
        if self.text_bytes > self.text_bytes_max {
            let allowed = self.text_bytes_max;
            return Err(LimitExceeded { limit: "request_text_bytes_max", allowed, found: u64::MAX });
        }
        Ok(text.into())
    }
}

impl From<LimitExceeded> for RequestError {
    fn from(limit: LimitExceeded) -> Self {
        Self::Limit(limit)
    }
}

fn capabilities_packet(packet: Packet<'_>, command: &mut Option<Command>) -> Result<Phase, RequestError> {
    match packet {
        Packet::Delimiter if command.is_some() => Ok(Phase::Arguments),
        Packet::Flush => Ok(Phase::Ended),
        _ => {
            let line = packet.text().ok_or(RequestError::UnexpectedEnd)?;
            if let Some(name) = line.strip_prefix(b"command=") {
                let unknown = || RequestError::UnknownCommand(name.into());
                if command.is_some() {
                    return Err(RequestError::UnexpectedLine(line.into()));
                }
                *command = Some(COMMANDS.iter().find(|(known, _)| *known == name).ok_or_else(unknown)?.1());
            } else if let Some(format) = line.strip_prefix(b"object-format=") {
                if format != b"sha1" {
                    return Err(RequestError::OtherObjectFormat);
                }
            } else if !is_known_v2(line) {
                return Err(RequestError::UnexpectedLine(line.into()));
            }
            Ok(Phase::Capabilities)
        }
    }
}

/// Makes a command without arguments.
type NewCommand = fn() -> Command;

/// The commands of v2.
const COMMANDS: [(&[u8], NewCommand); 3] = [
    (b"ls-refs", || Command::LsRefs(LsRefs::default())),
    (b"fetch", || Command::Fetch(FetchRequest::default())),
    (b"object-info", || Command::ObjectInfo { ids: Vec::new(), size: false }),
];

fn arguments_packet(
    packet: Packet<'_>,
    command: Option<&mut Command>,
    budget: &mut Budget,
) -> Result<Phase, RequestError> {
    if packet == Packet::Flush {
        return Ok(Phase::Ended);
    }
    let line = packet.text().ok_or(RequestError::UnexpectedEnd)?;
    let is_known = match command {
        Some(Command::LsRefs(request)) => ls_refs_argument(line, request, budget)?,
        Some(Command::Fetch(request)) => fetch_argument(line, request, budget)?,
        Some(Command::ObjectInfo { ids, size }) => {
            *size |= line == b"size";
            if let Some(hex) = line.strip_prefix(b"oid ") {
                budget.id()?;
                ids.push(ObjectId::from_hex(hex).map_err(|_| RequestError::BadId(line.into()))?);
            }
            line == b"size" || line.starts_with(b"oid ")
        }
        _ => false,
    };
    if is_known { Ok(Phase::Arguments) } else { Err(RequestError::UnexpectedLine(line.into())) }
}

fn ls_refs_argument(line: &[u8], request: &mut LsRefs, budget: &mut Budget) -> Result<bool, RequestError> {
    match line {
        b"peel" => request.peel = true,
        b"symrefs" => request.symrefs = true,
        b"unborn" => request.unborn = true,
        _ => {
            let Some(prefix) = line.strip_prefix(b"ref-prefix ") else { return Ok(false) };
            if request.prefixes.len() < LsRefs::PREFIXES_MAX {
                request.prefixes.push(budget.text(prefix)?);
            }
        }
    }
    Ok(true)
}

/// The arguments of a v2 fetch that are a single word.
const FETCH_WORDS: [(&[u8], Capability); 4] = [
    (b"thin-pack", Capability::ThinPack),
    (b"no-progress", Capability::NoProgress),
    (b"include-tag", Capability::IncludeTag),
    (b"ofs-delta", Capability::OfsDelta),
];

fn fetch_argument(
    line: &[u8],
    request: &mut FetchRequest,
    budget: &mut Budget,
) -> Result<bool, RequestError> {
    if let Some((_, capability)) = FETCH_WORDS.iter().find(|(word, _)| *word == line) {
        request.capabilities.insert(*capability);
    } else if line == b"done" {
        request.is_done = true;
    } else if line == b"wait-for-done" {
        request.waits_for_done = true;
    } else if line == b"deepen-relative" {
        request.deepen.is_relative = true;
    } else if let Some(hex) = line.strip_prefix(b"have ") {
        request.haves.push(id_argument(hex, line, budget)?);
    } else if let Some(name) = line.strip_prefix(b"want-ref ") {
        request.want_refs.push(budget.text(name)?);
    } else {
        return want_argument(line, request, budget);
    }
    Ok(true)
}

/// The arguments that v0 and v2 share.
fn want_argument(line: &[u8], request: &mut FetchRequest, budget: &mut Budget) -> Result<bool, RequestError> {
    if let Some(hex) = line.strip_prefix(b"want ") {
        request.wants.push(id_argument(hex, line, budget)?);
    } else if let Some(hex) = line.strip_prefix(b"shallow ") {
        request.shallow.push(id_argument(hex, line, budget)?);
    } else if let Some(digits) = line.strip_prefix(b"deepen ") {
        let depth =
            parse_number(digits).filter(|depth| *depth > 0).and_then(|depth| u32::try_from(depth).ok());
        request.deepen.depth = Some(depth.ok_or_else(|| RequestError::BadDeepen(line.into()))?);
    } else if let Some(digits) = line.strip_prefix(b"deepen-since ") {
        let since = parse_number(digits).filter(|since| *since > 0);
        request.deepen.since = Some(since.ok_or_else(|| RequestError::BadDeepen(line.into()))?);
    } else if let Some(name) = line.strip_prefix(b"deepen-not ") {
        request.deepen.not.push(budget.text(name)?);
    } else if let Some(text) = line.strip_prefix(b"filter ") {
        request.filter = Some(Filter::parse(text)?);
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn id_argument(hex: &[u8], line: &[u8], budget: &mut Budget) -> Result<ObjectId, RequestError> {
    budget.id()?;
    ObjectId::from_hex(hex).map_err(|_| RequestError::BadId(line.into()))
}

fn parse_number(digits: &[u8]) -> Option<i64> {
    let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    all_digits.then(|| digits.to_str().ok()?.parse().ok()).flatten()
}

fn fetch_of(command: &mut Option<Command>) -> Result<&mut FetchRequest, RequestError> {
    let Some(Command::Fetch(request)) = command else { return Err(RequestError::UnexpectedEnd) };
    Ok(request)
}

fn wants_packet(
    packet: Packet<'_>,
    request: &mut FetchRequest,
    budget: &mut Budget,
) -> Result<Phase, RequestError> {
    if packet == Packet::Flush {
        return Ok(if request.wants.is_empty() { Phase::Ended } else { Phase::Haves });
    }
    let line = packet.text().ok_or(RequestError::UnexpectedEnd)?;
    let mut rest = line;
    if let Some(first) = line.strip_prefix(b"want ")
        && request.wants.is_empty()
        && let Some((_, list)) = first.split_at_checked(40)
    {
        rest = &line[..45];
        request.capabilities =
            CapabilitySet::parse(list, Service::UploadPack).map_err(|_| RequestError::OtherObjectFormat)?;
        request.deepen.is_relative = request.capabilities.has(Capability::DeepenRelative);
    }
    match want_argument(rest, request, budget)? {
        true => Ok(Phase::Wants),
        false => Err(RequestError::UnexpectedLine(line.into())),
    }
}

fn haves_packet(
    packet: Packet<'_>,
    request: &mut FetchRequest,
    budget: &mut Budget,
) -> Result<Phase, RequestError> {
    if packet == Packet::Flush {
        // Clients repeat what is common before each flush; the last flush ends the stream.
        return Ok(Phase::Haves);
    }
    let line = packet.text().ok_or(RequestError::UnexpectedEnd)?;
    if line == b"done" {
        request.is_done = true;
        return Ok(Phase::Ended);
    }
    let hex = line.strip_prefix(b"have ").ok_or_else(|| RequestError::UnexpectedLine(line.into()))?;
    request.haves.push(id_argument(hex, line, budget)?);
    Ok(Phase::Haves)
}

#[cfg(test)]
mod tests {
    use super::super::pkt_line::{write_delimiter, write_flush, write_line};
    use super::*;
    use std::format;
    use std::string::String;

    /// Lines become packets; `--` a delimiter, an empty line a flush.
    fn read(version: Version, lines: &str, limits: &Limits) -> Result<Command, RequestError> {
        let mut bytes = Vec::new();
        for line in lines.split('\n') {
            match line {
                "--" => write_delimiter(&mut bytes),
                "" => write_flush(&mut bytes),
                _ => write_line(line.as_bytes(), &mut bytes),
            }
        }
        let mut reader = RequestReader::new(version, limits);
        for piece in bytes.chunks(7) {
            reader.push(piece)?;
        }
        reader.finish()
    }

    const ID: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    #[test]
    fn a_v2_fetch_is_read() {
        let lines = format!(
            "command=fetch\nagent=git/2.47.3\nobject-format=sha1\n--\nthin-pack\nofs-delta\nwant {ID}\n\
             want-ref refs/heads/main\nhave {ID}\nshallow {ID}\ndeepen 3\ndeepen-relative\nfilter blob:none\n\
             wait-for-done\ndone\n"
        );
        let Ok(Command::Fetch(fetch)) = read(Version::V2, &lines, &Limits::default()) else {
            panic!("no fetch")
        };
        assert_eq!((fetch.wants.len(), fetch.haves.len(), fetch.shallow.len()), (1, 1, 1));
        assert_eq!((fetch.deepen.depth, fetch.deepen.is_relative), (Some(3), true));
        assert!(fetch.is_done && fetch.waits_for_done && fetch.filter.is_some());
        assert!(
            fetch.capabilities.has(Capability::ThinPack) && !fetch.capabilities.has(Capability::NoProgress)
        );
        assert_eq!(fetch.want_refs, ["refs/heads/main"]);
    }

    #[test]
    fn a_v0_fetch_is_read() {
        let lines = format!(
            "want {ID} multi_ack_detailed side-band-64k agent=x\nwant {ID}\ndeepen 1\n\nhave {ID}\n\nhave {ID}\ndone"
        );
        let Ok(Command::Fetch(fetch)) = read(Version::V0, &lines, &Limits::default()) else {
            panic!("no fetch")
        };
        assert_eq!((fetch.wants.len(), fetch.haves.len(), fetch.is_done), (2, 2, true));
        assert!(fetch.capabilities.has(Capability::MultiAckDetailed));
        assert_eq!(read(Version::V0, "", &Limits::default()), Ok(Command::Nothing));
    }

    #[test]
    fn what_a_client_must_not_say_is_refused() {
        let bad = |lines: &str| read(Version::V2, lines, &Limits::default()).unwrap_err();
        let fetch = |line: &str| bad(&format!("command=fetch\n--\n{line}\n"));
        assert_eq!(bad("command=rm\n"), RequestError::UnknownCommand("rm".into()));
        assert_eq!(
            bad("command=fetch\ncommand=ls-refs\n"),
            RequestError::UnexpectedLine("command=ls-refs".into())
        );
        assert_eq!(bad("evil\n"), RequestError::UnexpectedLine("evil".into()));
        assert_eq!(bad("object-format=sha256\n"), RequestError::OtherObjectFormat);
        assert_eq!(bad("command=fetch\n--\ndone"), RequestError::UnexpectedEnd);
        assert_eq!(bad("command=fetch\n--\n--\n"), RequestError::UnexpectedEnd);
        assert_eq!(bad("command=fetch\n--\ndone\n\nmore"), RequestError::TrailingBytes);
        assert_eq!(fetch("want zz"), RequestError::BadId("want zz".into()));
        assert_eq!(fetch("sideband-all"), RequestError::UnexpectedLine("sideband-all".into()));
        for depth in ["-1", "0", "", "x", "9223372036854775808", "4294967296"] {
            let line = format!("deepen {depth}");
            assert_eq!(fetch(&line), RequestError::BadDeepen(line.as_str().into()));
        }
        assert_eq!(fetch("deepen 1\ndeepen-since 1"), RequestError::DeepenClash);
        assert!(matches!(fetch("filter sparse:oid=main:x"), RequestError::Filter(_)));
        assert!(!format!("{}", fetch("\x1b[2J")).contains('\x1b'));
    }

    #[test]
    fn what_never_ends_meets_a_limit() {
        let limits = Limits { request_ids_max: 10, request_text_bytes_max: 1000, ..Limits::default() };
        let mut lines = String::from("command=fetch\n--");
        (0..11).for_each(|_| lines.push_str(&format!("\nhave {ID}")));
        assert!(matches!(read(Version::V2, &lines, &limits), Err(RequestError::Limit(_))));
        let mut lines = String::from("command=ls-refs\n--");
        (0..30).for_each(|n| lines.push_str(&format!("\nref-prefix {n}")));
        assert!(matches!(read(Version::V2, &lines, &limits), Err(RequestError::Limit(_))));
        let lines = format!("want {ID} x\n\n{}", format!("have {ID}\n").repeat(10));
        assert!(matches!(read(Version::V0, &lines, &limits), Err(RequestError::Limit(_))));
    }

    #[test]
    fn the_version_is_in_the_header() {
        assert_eq!(Version::from_header(b"version=2"), Version::V2);
        assert_eq!(Version::from_header(b"key:version=1"), Version::V1);
        assert_eq!(Version::from_header(b"version=3"), Version::V0);
        assert_eq!(Version::from_header(b""), Version::V0);
    }
}
