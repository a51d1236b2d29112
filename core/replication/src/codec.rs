//! CBOR as peers and storages read it: definite lengths, bounded, nothing after the end. Knows no meanings.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::clock::VectorClock;
use crate::crypto::SIGNATURE_BYTES;
use crate::id::{NAME_BYTES, NodeId, OBJECT_BYTES, ObjectKey};

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// Where it goes wrong, in bytes from the start.
    pub position: usize,
    /// What is wrong there.
    pub problem: &'static str,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.position, self.problem)
    }
}

impl core::error::Error for DecodeError {}

/// Writes items one after the other.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The head of a list of so many items.
    pub fn list(&mut self, count: usize) {
        self.put(|encoder| drop(encoder.array(count as u64)));
    }

    /// A number.
    pub fn number(&mut self, number: u64) {
        self.put(|encoder| drop(encoder.u64(number)));
    }

    /// A number that may be negative.
    pub fn signed(&mut self, number: i64) {
        self.put(|encoder| drop(encoder.i64(number)));
    }

    /// Bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.put(|encoder| drop(encoder.bytes(bytes)));
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.put(|encoder| drop(encoder.str(text)));
    }

    /// A clock: nodes and counts in turn.
    pub fn clock(&mut self, clock: &VectorClock) {
        self.list(2 * clock.len());
        for (node, count) in clock.iter() {
            self.bytes(&node.0);
            self.number(count);
        }
    }

    /// Objects, as one string of bytes.
    pub fn objects(&mut self, objects: &[ObjectKey]) {
        self.bytes(objects.as_flattened());
    }

    // Writing to memory does not fail.
    fn put(&mut self, write: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) {
        write(&mut Encoder::new(&mut self.0));
    }
}

/// Reads items one after the other.
pub struct Reader<'a>(Decoder<'a>);

impl<'a> Reader<'a> {
    /// From the start.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    /// What is wrong where it stands.
    pub fn error(&self, problem: &'static str) -> DecodeError {
        DecodeError { position: self.0.position(), problem }
    }

    /// Refuses bytes behind what was read.
    pub fn end(&self) -> Result<(), DecodeError> {
        if self.0.position() == self.0.input().len() { Ok(()) } else { Err(self.error("expected the end")) }
    }

    /// The length of a list. Each item takes a byte at least, so that no list is longer than what is left of the bytes.
    pub fn list(&mut self) -> Result<usize, DecodeError> {
        let position = self.0.position();
        let left = self.0.input().len() - position;
        let count = self.0.array().ok().flatten().and_then(|count| usize::try_from(count).ok());
        count
            .filter(|count| *count <= left)
            .ok_or(DecodeError { position, problem: "expected a list of a length that fits" })
    }

    /// Refuses a list of another length.
    pub fn list_of(&mut self, count: usize) -> Result<(), DecodeError> {
        let position = self.0.position();
        match self.list()? {
            found if found == count => Ok(()),
            _ => Err(DecodeError { position, problem: "a list of another length" }),
        }
    }

    /// A number.
    pub fn number(&mut self) -> Result<u64, DecodeError> {
        self.item(Decoder::u64, "expected a number")
    }

    /// A number that may be negative.
    pub fn signed(&mut self) -> Result<i64, DecodeError> {
        self.item(Decoder::i64, "expected a number")
    }

    /// Bytes.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let is_definite = matches!(self.0.datatype(), Ok(Type::Bytes));
        if !is_definite {
            return Err(self.error("expected bytes"));
        }
        self.item(Decoder::bytes, "expected bytes")
    }

    /// A text.
    pub fn text(&mut self) -> Result<String, DecodeError> {
        if !matches!(self.0.datatype(), Ok(Type::String)) {
            return Err(self.error("expected a text"));
        }
        self.item(Decoder::str, "expected a text").map(String::from)
    }

    /// A node's name or a hash.
    pub fn name(&mut self) -> Result<[u8; NAME_BYTES], DecodeError> {
        self.exactly("expected 32 bytes")
    }

    /// A signature.
    pub fn signature(&mut self) -> Result<[u8; SIGNATURE_BYTES], DecodeError> {
        self.exactly("expected 64 bytes")
    }

    /// A clock of at most so many nodes; they come in order, none with 0.
    pub fn clock(&mut self, nodes_max: usize) -> Result<VectorClock, DecodeError> {
        let length = self.list()?;
        if length % 2 != 0 || length / 2 > nodes_max {
            return Err(self.error("a clock of too many nodes, or of half a one"));
        }
        let mut clock = VectorClock::new();
        let mut last = None;
        for _ in 0..length / 2 {
            let node = NodeId(self.name()?);
            let count = self.number()?;
            if last.is_some_and(|last| last >= node) || count == 0 {
                return Err(self.error("a clock is in order, without zeros"));
            }
            clock.set(&node, count);
            last = Some(node);
        }
        Ok(clock)
    }

    /// Objects, at most so many.
    pub fn objects(&mut self, objects_max: usize) -> Result<Vec<ObjectKey>, DecodeError> {
        let bytes = self.bytes()?;
        let (objects, rest) = bytes.as_chunks::<OBJECT_BYTES>();
        if !rest.is_empty() || objects.len() > objects_max {
            return Err(self.error("too many objects, or part of one"));
        }
        Ok(objects.to_vec())
    }

    fn exactly<const N: usize>(&mut self, problem: &'static str) -> Result<[u8; N], DecodeError> {
        let position = self.0.position();
        let bytes = self.bytes()?;
        bytes.try_into().map_err(|_| DecodeError { position, problem })
    }

    fn item<T>(
        &mut self,
        read: impl FnOnce(&mut Decoder<'a>) -> Result<T, minicbor::decode::Error>,
        problem: &'static str,
    ) -> Result<T, DecodeError> {
        let position = self.0.position();
        read(&mut self.0).map_err(|_| DecodeError { position, problem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything() -> Vec<u8> {
        let mut out = Writer::default();
        out.list(7);
        out.number(1 << 40);
        out.signed(-5);
        out.bytes(b"bytes");
        out.text("a text");
        out.clock(&[(NodeId([1; 32]), 3), (NodeId([2; 32]), 1)].into_iter().collect());
        out.objects(&[[7; 20], [8; 20]]);
        out.bytes(&[9; 64]);
        out.into_bytes()
    }

    fn read(bytes: &[u8]) -> Result<(), DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.list_of(7)?;
        assert_eq!(reader.number()?, 1 << 40);
        assert_eq!(reader.signed()?, -5);
        assert_eq!(reader.bytes()?, b"bytes");
        assert_eq!(reader.text()?, "a text");
        assert_eq!(reader.clock(2)?.len(), 2);
        assert_eq!(reader.objects(2)?, [[7; 20], [8; 20]]);
        assert_eq!(reader.signature()?, [9; 64]);
        reader.end()
    }

    #[test]
    fn what_is_written_is_read_and_every_cut_is_refused() {
        let bytes = everything();
        assert_eq!(read(&bytes), Ok(()));
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_err(), "cut at {end}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(read(&longer), Err(DecodeError { position: bytes.len(), problem: "expected the end" }));
    }

    #[test]
    fn lengths_that_lie_are_refused_before_anything_is_allocated() {
        // A list of 2^64 - 1, one without an end, bytes of 2^32, bytes in pieces.
        let lies: [&[u8]; 4] = [
            &[0x9b, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0x9f, 1, 255],
            &[0x5a, 255, 255, 255, 255],
            &[0x5f, 0x41, 1, 255],
        ];
        for lie in lies {
            assert!(Reader::new(lie).list().is_err(), "{lie:?}");
            assert!(Reader::new(lie).bytes().is_err(), "{lie:?}");
            assert!(Reader::new(lie).objects(10).is_err(), "{lie:?}");
        }
    }

    #[test]
    fn a_clock_has_one_form() {
        let clock = |pairs: &[([u8; 32], u64)]| {
            let mut out = Writer::default();
            out.list(2 * pairs.len());
            for (node, count) in pairs {
                out.bytes(node);
                out.number(*count);
            }
            Reader(Decoder::new(&out.into_bytes())).clock(2).is_ok()
        };
        assert!(clock(&[([1; 32], 1), ([2; 32], 1)]));
        assert!(!clock(&[([2; 32], 1), ([1; 32], 1)]), "not in order");
        assert!(!clock(&[([1; 32], 1), ([1; 32], 1)]), "twice");
        assert!(!clock(&[([1; 32], 0)]), "nothing");
        assert!(!clock(&[([1; 32], 1), ([2; 32], 1), ([3; 32], 1)]), "more than allowed");
    }
}
