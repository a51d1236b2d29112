//! What each side of a transfer may ask for: one table, and the sets and advertisements that are made from it.
//!
//! Knows the names and where each is offered, not what they change.

use alloc::vec::Vec;

use crate::search;

use super::pkt_line::{write_flush, write_line};

/// What this server calls itself.
pub const AGENT: &str = concat!("govc/", env!("CARGO_PKG_VERSION"));

/// Something that a client of protocol v0 or v1 asks for beside its wants or commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Capability {
    /// Each common object is acknowledged with `continue`.
    MultiAck,
    /// Each common object is acknowledged with `common` or `ready`.
    MultiAckDetailed,
    /// The pack follows `ready` at once, without `done`.
    NoDone,
    /// The pack may hold deltas against objects that the client has.
    ThinPack,
    /// Bands in packets of at most 1,000 bytes.
    SideBand,
    /// Bands in packets of any size.
    SideBand64k,
    /// Deltas may name their base by its distance.
    OfsDelta,
    /// Histories may be cut.
    Shallow,
    /// ... by time.
    DeepenSince,
    /// ... by ref.
    DeepenNot,
    /// ... counting from where the client's history is cut.
    DeepenRelative,
    /// No text on the band of progress.
    NoProgress,
    /// Annotated tags travel with what they name.
    IncludeTag,
    /// Objects may be left out.
    Filter,
    /// The client wants to know what became of its commands.
    ReportStatus,
    /// ... with options for each ref.
    ReportStatusV2,
    /// Refs may be deleted.
    DeleteRefs,
    /// No text for people.
    Quiet,
    /// All refs change, or none.
    Atomic,
    /// Texts for the receiver's hooks follow the commands.
    PushOptions,
    /// The hash of ids; only `sha1`.
    ObjectFormat,
    /// What the software calls itself.
    Agent,
}

/// A row of the table: name on the wire, and whether the two services of protocol v0 offer it.
struct Row {
    capability: Capability,
    name: &'static str,
    value: &'static str,
    fetch: bool,
    push: bool,
}

const fn row(capability: Capability, name: &'static str, fetch: bool, push: bool) -> Row {
    Row { capability, name, value: "", fetch, push }
}

/// Every capability of v0, in the order in which it is offered.
const TABLE: [Row; 22] = [
    row(Capability::ReportStatus, "report-status", false, true),
    row(Capability::ReportStatusV2, "report-status-v2", false, true),
    row(Capability::DeleteRefs, "delete-refs", false, true),
    row(Capability::MultiAck, "multi_ack", true, false),
    row(Capability::ThinPack, "thin-pack", true, false),
    row(Capability::SideBand, "side-band", true, false),
    row(Capability::SideBand64k, "side-band-64k", true, true),
    row(Capability::Quiet, "quiet", false, true),
    row(Capability::Atomic, "atomic", false, true),
    row(Capability::OfsDelta, "ofs-delta", true, true),
    row(Capability::Shallow, "shallow", true, false),
    row(Capability::DeepenSince, "deepen-since", true, false),
    row(Capability::DeepenNot, "deepen-not", true, false),
    row(Capability::DeepenRelative, "deepen-relative", true, false),
    row(Capability::NoProgress, "no-progress", true, false),
    row(Capability::IncludeTag, "include-tag", true, false),
    row(Capability::MultiAckDetailed, "multi_ack_detailed", true, false),
    row(Capability::NoDone, "no-done", true, false),
    row(Capability::Filter, "filter", true, false),
    row(Capability::PushOptions, "push-options", false, true),
    Row { value: "sha1", ..row(Capability::ObjectFormat, "object-format", true, true) },
    Row { value: AGENT, ..row(Capability::Agent, "agent", true, true) },
];

/// The lines of the v2 advertisement after `version 2`, and the commands a request may name.
const V2_LINES: [&str; 6] = [
    "ls-refs=unborn",
    "fetch=shallow wait-for-done filter ref-in-want",
    "server-option",
    "object-format=sha1",
    "object-info",
    concat!("agent=", "govc/", env!("CARGO_PKG_VERSION")),
];

/// A service of git's smart protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Serves clone and fetch.
    UploadPack,
    /// Serves push.
    ReceivePack,
}

impl Service {
    /// The name in addresses and content types.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }

    /// The service with this name.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        [Self::UploadPack, Self::ReceivePack].into_iter().find(|service| service.name().as_bytes() == name)
    }
}

/// A set of capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapabilitySet(u32);

/// Why a client's list of capabilities is refused. Names that the table does not have are passed over, as git does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherObjectFormat;

impl CapabilitySet {
    /// Reads what stands after the NUL of a client's first line: names with spaces between them.
    /// Takes only what `service` offers.
    pub fn parse(list: &[u8], service: Service) -> Result<Self, OtherObjectFormat> {
        let mut set = Self::default();
        for word in list.split(u8::is_ascii_whitespace) {
            let (name, value) = search::split_once(word, b'=').unwrap_or((word, b""));
            let offered = TABLE.iter().find(|row| row.is_offered(service) && row.name.as_bytes() == name);
            match offered.map(|row| row.capability) {
                Some(Capability::ObjectFormat) if value != b"sha1" => return Err(OtherObjectFormat),
                Some(capability) => set.insert(capability),
                None => {}
            }
        }
        Ok(set)
    }

    /// Whether this one is in the set.
    pub const fn has(self, capability: Capability) -> bool {
        self.0 >> (capability as u8) & 1 == 1
    }

    /// Adds one.
    pub const fn insert(&mut self, capability: Capability) {
        self.0 |= 1 << (capability as u8);
    }
}

impl Row {
    const fn is_offered(&self, service: Service) -> bool {
        match service {
            Service::UploadPack => self.fetch,
            Service::ReceivePack => self.push,
        }
    }
}

/// What a v0 advertisement says after the NUL of its first line, e.g. `thin-pack ofs-delta agent=...`.
pub fn list_v0(service: Service, symref: Option<(&[u8], &[u8])>) -> Vec<u8> {
    let mut out = Vec::new();
    for row in TABLE.iter().filter(|row| row.is_offered(service)) {
        if row.capability == Capability::ObjectFormat
            && let Some((name, target)) = symref
        {
            [b" symref=", name, b":", target].iter().for_each(|part| out.extend_from_slice(part));
        }
        if !out.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(row.name.as_bytes());
        if !row.value.is_empty() {
            out.push(b'=');
            out.extend_from_slice(row.value.as_bytes());
        }
    }
    out
}

/// Appends the whole v2 advertisement.
pub fn write_v2(out: &mut Vec<u8>) {
    write_line(b"version 2", out);
    V2_LINES.iter().for_each(|line| write_line(line.as_bytes(), out));
    write_flush(out);
}

/// Whether a v2 request may carry this capability line.
pub fn is_known_v2(line: &[u8]) -> bool {
    let name = search::split_once(line, b'=').map_or(line, |(name, _)| name);
    V2_LINES.iter().any(|known| known.as_bytes().split(|byte| *byte == b'=').next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::ByteSlice;

    #[test]
    fn the_lists_are_what_the_table_says() {
        let fetch = list_v0(Service::UploadPack, Some((b"HEAD", b"refs/heads/main")));
        let expected = "multi_ack thin-pack side-band side-band-64k ofs-delta shallow deepen-since deepen-not \
            deepen-relative no-progress include-tag multi_ack_detailed no-done filter symref=HEAD:refs/heads/main \
            object-format=sha1 agent=govc/";
        assert!(fetch.starts_with(expected.as_bytes()), "{}", fetch.as_bstr());
        let push = list_v0(Service::ReceivePack, None);
        let expected = "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta push-options \
            object-format=sha1 agent=govc/";
        assert!(push.starts_with(expected.as_bytes()), "{}", push.as_bstr());
    }

    #[test]
    fn a_list_goes_into_a_set_and_what_is_not_offered_does_not() {
        let list = b" ofs-delta side-band-64k report-status agent=git/2.47.3 object-format=sha1 x=y";
        let set = CapabilitySet::parse(list, Service::UploadPack).unwrap();
        assert!(set.has(Capability::OfsDelta) && set.has(Capability::SideBand64k));
        assert!(!set.has(Capability::ReportStatus) && !set.has(Capability::SideBand));
        assert_eq!(
            CapabilitySet::parse(b"object-format=sha256", Service::UploadPack),
            Err(OtherObjectFormat)
        );
    }

    #[test]
    fn every_capability_has_one_row() {
        for (at, row) in TABLE.iter().enumerate() {
            assert!(
                TABLE[..at].iter().all(|other| other.capability != row.capability && other.name != row.name)
            );
        }
        assert!(is_known_v2(b"agent=git/2.47.3") && is_known_v2(b"server-option=x"));
        assert!(!is_known_v2(b"command=fetch") && !is_known_v2(b"agen"));
    }
}
