//! Inflate and deflate of zlib streams: the only file that names the library behind them.
//!
//! Every call is bounded by the room that the caller gives; nothing here knows packs or objects.

use alloc::boxed::Box;
use alloc::vec::Vec;

use sirocco::Format;
use sirocco::deflate::{Encoder, Flush, compress_bound};
use sirocco::inflate::{Decoder, Error, MIN_BUFFER_LEN};

/// What is wrong with a zlib stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ZlibError {
    /// The bytes end before the stream does.
    Truncated,
    /// No zlib stream, or one that needs a dictionary.
    Malformed,
    /// The Adler-32 at the end is not that of the content.
    Checksum,
    /// It inflates to more than was stated.
    TooLong,
    /// It inflates to less than was stated.
    TooShort {
        /// Bytes that it holds.
        found: usize,
    },
}

impl ZlibError {
    /// The same in a few words, for errors that carry a fixed text.
    pub const fn problem(self) -> &'static str {
        match self {
            Self::Truncated => "the zlib stream is cut off",
            Self::Malformed => "the zlib stream is malformed",
            Self::Checksum => "the zlib checksum does not match",
            Self::TooLong => "the zlib stream holds more than is stated",
            Self::TooShort { .. } => "the zlib stream holds less than is stated",
        }
    }
}

impl core::fmt::Display for ZlibError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.problem())
    }
}

impl core::error::Error for ZlibError {}

impl From<Error> for ZlibError {
    fn from(error: Error) -> Self {
        match error {
            Error::Truncated => Self::Truncated,
            Error::ChecksumMismatch => Self::Checksum,
            Error::BufferFull | Error::InsufficientSpace | Error::TrailingData => Self::TooLong,
            _ => Self::Malformed,
        }
    }
}

/// Most bytes that one byte of a deflate stream can inflate to: what a stated size is held against before room
/// is made for it.
pub const RATIO_MAX: u64 = 1032;

/// Whether `compressed` bytes can inflate to `size` bytes at all.
pub fn is_plausible(compressed: usize, size: u64) -> bool {
    size / RATIO_MAX <= compressed as u64
}

/// Inflates; reused, because its tables take longer to set up than a small object takes to inflate.
pub struct Inflater {
    decoder: Box<Decoder>,
}

impl Inflater {
    /// Takes about 14 KiB.
    pub fn new() -> Self {
        Self { decoder: Box::new(Decoder::new(Format::Zlib)) }
    }

    /// Inflates the stream at the start of `input`, which must hold exactly `out.len()` bytes; returns the length of
    /// the stream.
    pub fn inflate(&mut self, input: &[u8], out: &mut [u8]) -> Result<usize, ZlibError> {
        self.decoder.reset();
        let room = out.len();
        let progress = self.decoder.decompress(input, out, true)?;
        if !progress.done {
            return Err(ZlibError::TooLong);
        }
        let found = progress.output.len();
        if found < room { Err(ZlibError::TooShort { found }) } else { Ok(progress.consumed) }
    }

    /// Inflates the stream at the start of `input` until it ends or `out` is full; returns what was written and, where
    /// it ended, the length of the stream.
    pub fn inflate_start(
        &mut self,
        input: &[u8],
        out: &mut [u8],
    ) -> Result<(usize, Option<usize>), ZlibError> {
        self.decoder.reset();
        let progress = self.decoder.decompress(input, out, true)?;
        Ok((progress.output.len(), progress.done.then_some(progress.consumed)))
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}

/// Inflates one stream that arrives in pieces, through a window of fixed size.
pub struct StreamInflater {
    decoder: Box<Decoder>,
    window: Vec<u8>,
    produced: u64,
}

/// Room of a [`StreamInflater`], in bytes: several times the 32 KiB that a stream may look back.
const WINDOW_BYTES: usize = 8 * MIN_BUFFER_LEN;

impl StreamInflater {
    /// Takes about 280 KiB.
    pub fn new() -> Self {
        Self {
            decoder: Box::new(Decoder::new(Format::Zlib)),
            window: alloc::vec![0; WINDOW_BYTES],
            produced: 0,
        }
    }

    /// Forgets the stream it is in.
    pub fn reset(&mut self) {
        self.decoder.reset();
        self.produced = 0;
    }

    /// Bytes inflated so far.
    pub fn produced(&self) -> u64 {
        self.produced
    }

    /// Takes the next bytes of the stream and hands what they inflate to to `each`, at most `most` bytes in all.
    /// Returns the bytes used of `input`, and whether the stream ended; where it did not, all were used.
    pub fn push(
        &mut self,
        input: &[u8],
        most: u64,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(usize, bool), ZlibError> {
        let mut used = 0;
        loop {
            let progress = self.decoder.decompress(&input[used..], &mut self.window, false)?;
            used += progress.consumed;
            self.produced += progress.output.len() as u64;
            if self.produced > most {
                return Err(ZlibError::TooLong);
            }
            each(progress.output);
            let (done, full) = (progress.done, progress.full);
            if done {
                return Ok((used, true));
            }
            if full {
                self.decoder.make_room(&mut self.window);
            } else if used == input.len() {
                return Ok((used, false));
            }
        }
    }
}

impl Default for StreamInflater {
    fn default() -> Self {
        Self::new()
    }
}

/// How hard to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Level 1: for what is written once and read soon.
    Fastest,
    /// Level 6, as git itself.
    Default,
    /// Level 9.
    Best,
}

/// Deflates; reused, because its tables take about 340 KiB.
pub struct Deflater {
    encoder: Box<Encoder>,
}

impl Deflater {
    /// Starts with nothing written.
    pub fn new(level: Level) -> Self {
        let level = match level {
            Level::Fastest => sirocco::deflate::Level::FASTEST,
            Level::Default => sirocco::deflate::Level::DEFAULT,
            Level::Best => sirocco::deflate::Level::BEST,
        };
        Self { encoder: Box::new(Encoder::new(Format::Zlib, level)) }
    }

    /// Appends `input` to `out` as one zlib stream; returns its length.
    pub fn deflate(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        let start = out.len();
        out.resize(start + compress_bound(Format::Zlib, input.len()), 0);
        self.encoder.reset();
        let progress = self.encoder.compress(input, &mut out[start..], Flush::Finish);
        assert!(progress.done, "compress_bound is room enough for any input");
        let length = progress.output.len();
        out.truncate(start + length);
        length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Deflater::new(Level::Default).deflate(bytes, &mut out);
        out
    }

    #[test]
    fn what_is_deflated_inflates_and_says_where_it_ends() {
        let mut inflater = Inflater::new();
        for length in [0, 1, 100, 70_000, 300_000] {
            let content: Vec<u8> = (0..length).map(|n: u32| (n.wrapping_mul(n) >> 7) as u8).collect();
            let mut stream = deflated(&content);
            let end = stream.len();
            stream.extend_from_slice(b"trailing");
            let mut out = vec![0; content.len()];
            assert_eq!(inflater.inflate(&stream, &mut out), Ok(end));
            assert_eq!(out, content);
            for pieces in [1, 7, 4096] {
                let mut streamed = Vec::new();
                let (mut at, mut ended) = (0, false);
                let mut window = StreamInflater::new();
                for piece in stream.chunks(pieces) {
                    let most = content.len() as u64;
                    let (used, done) =
                        window.push(piece, most, |part| streamed.extend_from_slice(part)).unwrap();
                    at += used;
                    if done {
                        ended = true;
                        break;
                    }
                }
                assert!(ended && at == end && streamed == content, "{length} bytes by {pieces}");
            }
        }
    }

    #[test]
    fn a_wrong_size_is_named() {
        let stream = deflated(b"hello");
        let mut inflater = Inflater::new();
        assert_eq!(inflater.inflate(&stream, &mut [0; 4]), Err(ZlibError::TooLong));
        assert_eq!(inflater.inflate(&stream, &mut [0; 6]), Err(ZlibError::TooShort { found: 5 }));
        assert_eq!(inflater.inflate(&stream[..6], &mut [0; 5]), Err(ZlibError::Truncated));
        let mut wrong = stream.clone();
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(inflater.inflate(&wrong, &mut [0; 5]), Err(ZlibError::Checksum));
        assert_eq!(inflater.inflate(b"no zlib", &mut [0; 5]), Err(ZlibError::Malformed));
        assert_eq!(inflater.inflate(&stream, &mut [0; 5]), Ok(stream.len()));
    }

    #[test]
    fn a_bomb_stops_at_what_was_stated() {
        let stream = deflated(&vec![0; 4 << 20]);
        assert!(stream.len() < 8192);
        assert_eq!(Inflater::new().inflate(&stream, &mut [0; 100]), Err(ZlibError::TooLong));
        let mut seen = 0;
        let result = StreamInflater::new().push(&stream, 100, |part| seen += part.len());
        assert_eq!((result, seen), (Err(ZlibError::TooLong), 0));
        assert!(is_plausible(stream.len(), 4 << 20) && !is_plausible(stream.len(), 1 << 30));
    }
}
