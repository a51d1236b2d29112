//! Why an exchange with a server failed.

use alloc::string::{String, ToString};
use core::fmt;

use bstr::ByteSlice;

use crate::limits::LimitExceeded;
use crate::pack::PackError;
use crate::transport::pkt_line::{PacketError, printable};

/// Bytes of a server's line that an error shows.
const SHOWN_BYTES_MAX: usize = 200;

/// Why an exchange with a server failed. Texts of the server are cut and made harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientError {
    /// The server answered the request with this status.
    Status(u16),
    /// The answer is no answer of git's: a page, or the files of the dumb protocol.
    ContentType(String),
    /// The framing is broken.
    Packet(PacketError),
    /// The server gives up, for this reason.
    Refused(String),
    /// A line or packet that does not belong where it stands.
    Unexpected {
        /// Where the packet ends in the answer.
        offset: u64,
        /// What belongs there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// The answer ends too early.
    Ended {
        /// What was still to come.
        expected: &'static str,
    },
    /// The server knows no protocol v2.
    NoVersion2,
    /// The server's ids are not SHA-1.
    OtherObjectFormat(String),
    /// The server cannot do what was asked for.
    Unsupported(&'static str),
    /// The server says more than is taken.
    Limit(LimitExceeded),
    /// The pack is broken.
    Pack(PackError),
}

impl ClientError {
    /// An error that shows the start of what was found.
    pub(super) fn unexpected(offset: u64, expected: &'static str, found: &[u8]) -> Self {
        Self::Unexpected { offset, expected, found: shown(found) }
    }
}

/// The start of a server's text, made harmless.
pub(super) fn shown(text: &[u8]) -> String {
    printable(&text[..text.len().min(SHOWN_BYTES_MAX)].to_str_lossy())
}

/// A server's reason, made harmless: up to 1,000 bytes.
pub(super) fn reason(text: &[u8]) -> String {
    printable(&text[..text.len().min(1000)].trim_ascii_end().to_str_lossy())
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(401) => f.write_str("the server asks for credentials (401)"),
            Self::Status(403) => f.write_str("the server refuses access (403)"),
            Self::Status(404 | 410) => f.write_str("there is no repository at this address (404)"),
            Self::Status(status @ 300..=399) => {
                write!(f, "the server redirects where it must not ({status}): use its final address")
            }
            Self::Status(status) => write!(f, "the server answers with status {status}"),
            Self::ContentType(found) => {
                write!(f, "no answer of git's smart HTTP but '{found}': is this the address of a repository?")
            }
            Self::Packet(error) => write!(f, "no packets of git's: {error}"),
            Self::Refused(reason) => write!(f, "the server refuses: {reason}"),
            Self::Unexpected { offset, expected, found } => {
                write!(f, "expected {expected} before byte {offset} of the answer, found '{found}'")
            }
            Self::Ended { expected } => write!(f, "the answer ends before {expected}"),
            Self::NoVersion2 => {
                f.write_str("the server knows no version 2 of git's protocol: it needs git 2.18 or later")
            }
            Self::OtherObjectFormat(found) => write!(f, "the server's ids are of '{found}', not of sha1"),
            Self::Unsupported(what) => write!(f, "the server knows no '{what}'"),
            Self::Limit(limit) => write!(f, "the server sends too much: {limit}"),
            Self::Pack(error) => f.write_str(&error.to_string()),
        }
    }
}

impl core::error::Error for ClientError {}

impl From<PacketError> for ClientError {
    fn from(error: PacketError) -> Self {
        Self::Packet(error)
    }
}

impl From<PackError> for ClientError {
    fn from(error: PackError) -> Self {
        Self::Pack(error)
    }
}

impl From<LimitExceeded> for ClientError {
    fn from(error: LimitExceeded) -> Self {
        Self::Limit(error)
    }
}
