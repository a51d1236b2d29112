//! Git's framing: four hex digits of length, then a payload; three special lengths; bands inside payloads.
//!
//! Knows bytes only: what a payload means is the caller's business.

use alloc::vec::Vec;

use crate::id::decode_hex;
use crate::quoted::Quoted;

/// Most bytes of a packet, its four digits included.
pub const PACKET_BYTES_MAX: usize = 65520;
/// Most bytes of a payload.
pub const PAYLOAD_BYTES_MAX: usize = PACKET_BYTES_MAX - 4;
/// Most bytes of content in a packet of a band: one byte of the payload names the band.
pub const BAND_BYTES_MAX: usize = PAYLOAD_BYTES_MAX - 1;

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// Content; may be empty (`0004`).
    Payload(&'a [u8]),
    /// `0000`: the end of a message.
    Flush,
    /// `0001`: the end of a section of a message.
    Delimiter,
    /// `0002`: the end of a response on a connection that stays open.
    ResponseEnd,
}

impl<'a> Packet<'a> {
    /// The payload without the newline that text lines may end with; `None` for the special packets.
    pub fn text(&self) -> Option<&'a [u8]> {
        match self {
            Self::Payload(bytes) => Some(bytes.strip_suffix(b"\n").unwrap_or(bytes)),
            _ => None,
        }
    }
}

/// Why bytes are no packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PacketError {
    /// The first four bytes are no hex digits.
    NoLength {
        /// Where the packet starts in the stream.
        offset: u64,
        /// What stands there.
        found: [u8; 4],
    },
    /// A length that no packet has: 3, or more than 65,520.
    BadLength {
        /// Where the packet starts in the stream.
        offset: u64,
        /// What the four digits say.
        length: u16,
    },
    /// The stream ends inside a packet.
    Truncated {
        /// Where the packet starts in the stream.
        offset: u64,
    },
}

impl core::fmt::Display for PacketError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoLength { offset, found } => {
                write!(f, "no packet length at byte {offset}: {}", Quoted(found))
            }
            Self::BadLength { offset, length } => write!(f, "bad packet length {length} at byte {offset}"),
            Self::Truncated { offset } => write!(f, "the stream ends inside the packet at byte {offset}"),
        }
    }
}

impl core::error::Error for PacketError {}

/// Splits the first packet off `bytes`: the packet and its length. `None` where it is not complete yet.
/// `offset` says where `bytes` starts in the stream, for errors.
pub fn split_packet(bytes: &[u8], offset: u64) -> Result<Option<(Packet<'_>, usize)>, PacketError> {
    let Some(digits) = bytes.first_chunk::<4>() else { return Ok(None) };
    let mut raw = [0; 2];
    decode_hex(digits, &mut raw).map_err(|_| PacketError::NoLength { offset, found: *digits })?;
    let length = u16::from_be_bytes(raw);
    let special = match length {
        0 => Packet::Flush,
        1 => Packet::Delimiter,
        2 => Packet::ResponseEnd,
        4.. if usize::from(length) <= PACKET_BYTES_MAX => {
            let whole = usize::from(length);
            return Ok(bytes.get(4..whole).map(|payload| (Packet::Payload(payload), whole)));
        }
        _ => return Err(PacketError::BadLength { offset, length }),
    };
    Ok(Some((special, 4)))
}

/// Reads packets out of a stream that comes in pieces. Holds what was pushed and not read: at most one packet more
/// than the largest piece, if the caller reads until `None` after each.
#[derive(Clone, Debug, Default)]
pub struct PacketReader {
    bytes: Vec<u8>,
    read: usize,
    offset: u64,
}

impl PacketReader {
    /// Starts with nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a piece of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.read);
        self.read = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next packet; `None` until more is pushed. After an error the stream is lost: it repeats.
    pub fn read(&mut self) -> Result<Option<Packet<'_>>, PacketError> {
        match split_packet(&self.bytes[self.read..], self.offset)? {
            None => Ok(None),
            Some((packet, length)) => {
                self.read += length;
                self.offset += length as u64;
                Ok(Some(packet))
            }
        }
    }

    /// Where the next packet starts in the stream.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Says that the stream ended: an error if that was inside a packet.
    pub fn finish(&self) -> Result<(), PacketError> {
        if self.read == self.bytes.len() {
            Ok(())
        } else {
            Err(PacketError::Truncated { offset: self.offset })
        }
    }

    /// Ends the reading of packets and returns what was pushed and not read: where a pack follows the packets.
    pub fn into_rest(mut self) -> Vec<u8> {
        self.bytes.drain(..self.read);
        self.bytes
    }
}

/// Appends a packet with this payload, of at most [`PAYLOAD_BYTES_MAX`] bytes.
pub fn write_packet(payload: &[u8], out: &mut Vec<u8>) {
    write_parts(&[payload], out);
}

/// Appends a packet whose payload is `text` and a newline.
pub fn write_line(text: &[u8], out: &mut Vec<u8>) {
    write_parts(&[text, b"\n"], out);
}

/// Appends a packet whose payload is these parts, together at most [`PAYLOAD_BYTES_MAX`] bytes.
pub fn write_parts(parts: &[&[u8]], out: &mut Vec<u8>) {
    let length: usize = 4 + parts.iter().map(|part| part.len()).sum::<usize>();
    assert!(length <= PACKET_BYTES_MAX, "a packet holds at most 65,516 bytes of payload");
    let digits = (length as u16).to_be_bytes();
    let mut hex = [0; 4];
    crate::id::encode_hex(&digits, &mut hex);
    out.extend_from_slice(&hex);
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// Appends `0000`.
pub fn write_flush(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0000");
}

/// Appends `0001`.
pub fn write_delimiter(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0001");
}

/// Appends `ERR` and a text, which ends a conversation; control characters are replaced and the text is cut to 1,000 bytes.
pub fn write_error(text: &str, out: &mut Vec<u8>) {
    write_parts(&[b"ERR ", printable(text).as_bytes()], out);
}

/// A text that may hold a peer's bytes, fit for a terminal: control characters become `?`, at most 1,000 bytes stay.
pub fn printable(text: &str) -> alloc::string::String {
    let mut length = 0;
    text.chars()
        .map(|char| if char.is_control() { '?' } else { char })
        .take_while(|char| {
            length += char.len_utf8();
            length <= 1000
        })
        .collect()
}

/// The channels inside a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Band {
    /// The pack, or a report.
    Content,
    /// Text for the person who waits.
    Progress,
    /// The reason why the other side gives up.
    Failure,
}

impl Band {
    /// The number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::Content => 1,
            Self::Progress => 2,
            Self::Failure => 3,
        }
    }

    /// Splits a payload into its band and content; `None` where the payload is empty or names no band.
    pub fn split(payload: &[u8]) -> Option<(Self, &[u8])> {
        let (number, content) = payload.split_first()?;
        let band = [Self::Content, Self::Progress, Self::Failure]
            .into_iter()
            .find(|band| band.number() == *number)?;
        Some((band, content))
    }

    /// Appends `content` on this band, in as many packets as it takes.
    pub fn write(self, content: &[u8], out: &mut Vec<u8>) {
        self.write_within(content, BAND_BYTES_MAX, out);
    }

    /// Appends `content` on this band in packets of at most `most` bytes of content (995 for the old `side-band`).
    pub fn write_within(self, content: &[u8], most: usize, out: &mut Vec<u8>) {
        for piece in content.chunks(most.clamp(1, BAND_BYTES_MAX)) {
            write_parts(&[&[self.number()], piece], out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::ByteSlice;
    use std::string::ToString;
    use std::vec;

    fn all(bytes: &[u8], piece: usize) -> Result<Vec<std::string::String>, PacketError> {
        let mut reader = PacketReader::new();
        let mut found = Vec::new();
        for bytes in bytes.chunks(piece) {
            reader.push(bytes);
            while let Some(packet) = reader.read()? {
                found.push(match packet {
                    Packet::Payload(bytes) => bytes.to_str_lossy().to_string(),
                    other => std::format!("{other:?}"),
                });
            }
        }
        reader.finish()?;
        Ok(found)
    }

    #[test]
    fn packets_come_out_whatever_the_pieces() {
        let mut out = Vec::new();
        write_line(b"hello", &mut out);
        write_delimiter(&mut out);
        write_packet(b"", &mut out);
        write_flush(&mut out);
        out.extend_from_slice(b"0002");
        assert_eq!(out, b"000ahello\n0001000400000002");
        for piece in 1..=out.len() {
            assert_eq!(all(&out, piece).unwrap(), ["hello\n", "Delimiter", "", "Flush", "ResponseEnd"]);
        }
    }

    #[test]
    fn bad_lengths_name_the_place() {
        for (bytes, error) in [
            ("0000zzzz", PacketError::NoLength { offset: 4, found: *b"zzzz" }),
            ("0000-001", PacketError::NoLength { offset: 4, found: *b"-001" }),
            ("00000003", PacketError::BadLength { offset: 4, length: 3 }),
            ("0000fff1", PacketError::BadLength { offset: 4, length: 65521 }),
            ("0000ffff", PacketError::BadLength { offset: 4, length: 65535 }),
            ("0000000ahell", PacketError::Truncated { offset: 4 }),
            ("0000000", PacketError::Truncated { offset: 4 }),
        ] {
            assert_eq!(all(bytes.as_bytes(), 3), Err(error), "{bytes}");
        }
    }

    #[test]
    fn the_longest_packet_passes() {
        let payload = vec![b'x'; PAYLOAD_BYTES_MAX];
        let mut out = Vec::new();
        write_packet(&payload, &mut out);
        assert_eq!(&out[..4], b"fff0");
        assert_eq!(split_packet(&out, 0), Ok(Some((Packet::Payload(&payload), PACKET_BYTES_MAX))));
    }

    #[test]
    fn bands_are_cut_and_known_by_number() {
        let mut out = Vec::new();
        Band::Content.write(&vec![7; BAND_BYTES_MAX + 1], &mut out);
        assert_eq!((&out[..5], &out[PACKET_BYTES_MAX..]), (&b"fff0\x01"[..], &b"0006\x01\x07"[..]));
        assert_eq!(Band::split(b"\x02hi"), Some((Band::Progress, &b"hi"[..])));
        for odd in [&b""[..], b"\x00x", b"\x04x"] {
            assert_eq!(Band::split(odd), None);
        }
    }

    #[test]
    fn what_a_peer_sent_is_harmless_in_an_error() {
        let mut out = Vec::new();
        write_error("bad \x1b[2Jname\n", &mut out);
        assert_eq!(&out[4..], b"ERR bad ?[2Jname?");
        assert_eq!(printable(&"\u{20ac}".repeat(1000)).len(), 999);
    }
}
