//! A loose object: `<kind> <size>\0` and the body, as one zlib stream in a file of its own.
//!
//! What is read is checked as a whole: header, size, stream, end of file and, on demand, the id.

use alloc::string::String;
use alloc::vec::Vec;

use crate::id::hasher::{self, Header};
use crate::limits::{LimitExceeded, Limits};
use crate::pack::zlib::{Deflater, Inflater, ZlibError, is_plausible};
use crate::{Kind, Object, ObjectId};

/// Longest header, in bytes: `commit`, a space, 20 digits and a NUL fit.
const HEADER_BYTES_MAX: usize = 32;

/// What is wrong with a loose object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LooseError {
    /// The zlib stream is broken, or not as long as the header states.
    Zlib(ZlibError),
    /// The header is none of git's.
    Header {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Bytes follow the zlib stream.
    TrailingBytes {
        /// Where the stream ends in the file.
        offset: usize,
    },
    /// The object has another id than it was asked for by.
    WrongId {
        /// What it was asked for by.
        expected: ObjectId,
        /// What its bytes hash to.
        found: ObjectId,
    },
    /// The object carries a SHA-1 collision attack.
    Collision,
    /// It needs more than is allowed.
    Limit(LimitExceeded),
}

impl core::fmt::Display for LooseError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Zlib(error) => error.fmt(f),
            Self::Header { problem } => f.write_str(problem),
            Self::TrailingBytes { offset } => write!(f, "bytes follow the zlib stream at byte {offset}"),
            Self::WrongId { expected, found } => write!(f, "the object under {expected} is {found}"),
            Self::Collision => hasher::Collision.fmt(f),
            Self::Limit(limit) => limit.fmt(f),
        }
    }
}

impl core::error::Error for LooseError {}

impl From<ZlibError> for LooseError {
    fn from(error: ZlibError) -> Self {
        Self::Zlib(error)
    }
}

/// Where git keeps an object, below the folder `objects`: `4b/825dc6...`.
pub fn loose_path(id: &ObjectId) -> String {
    let mut path: String = id.to_hex().into_iter().map(char::from).collect();
    path.insert(2, '/');
    path
}

/// The bytes of the file of an object.
pub fn encode(kind: Kind, body: &[u8], deflater: &mut Deflater) -> Vec<u8> {
    let header = Header::new(kind, body.len() as u64);
    let mut content = Vec::with_capacity(header.as_bytes().len() + body.len());
    content.extend_from_slice(header.as_bytes());
    content.extend_from_slice(body);
    let mut file = Vec::new();
    deflater.deflate(&content, &mut file);
    file.shrink_to_fit();
    file
}

/// Kind and size, in bytes, of an object; nothing beyond its header is inflated.
pub fn decode_header(file: &[u8], inflater: &mut Inflater) -> Result<(Kind, u64), LooseError> {
    let (kind, size, _) = read_header(file, inflater)?;
    Ok((kind, size))
}

/// Reads the file of an object, without a look at its id.
pub fn decode(file: &[u8], limits: &Limits, inflater: &mut Inflater) -> Result<Object, LooseError> {
    let (kind, size, header_bytes) = read_header(file, inflater)?;
    let allowed = limits.object_bytes_max;
    if size > allowed {
        return Err(LooseError::Limit(LimitExceeded { limit: "object_bytes_max", allowed, found: size }));
    }
    if !is_plausible(file.len(), size) {
        return Err(LooseError::Header { problem: "the file is too short for the size it states" });
    }
    let mut content = alloc::vec![0; header_bytes + size as usize];
    let end = inflater.inflate(file, &mut content)?;
    if end < file.len() {
        return Err(LooseError::TrailingBytes { offset: end });
    }
    Ok(Object { kind, bytes: content[header_bytes..].into() })
}

/// Reads the file of the object with this id, and makes sure that it is that object.
pub fn decode_checked(
    id: &ObjectId,
    file: &[u8],
    limits: &Limits,
    inflater: &mut Inflater,
) -> Result<Object, LooseError> {
    let object = decode(file, limits, inflater)?;
    let found = hasher::object_id_checked(object.kind, &object.bytes).map_err(|_| LooseError::Collision)?;
    if found != *id {
        return Err(LooseError::WrongId { expected: *id, found });
    }
    Ok(object)
}

/// Kind and size, and the length of the header.
fn read_header(file: &[u8], inflater: &mut Inflater) -> Result<(Kind, u64, usize), LooseError> {
    let mut start = [0; HEADER_BYTES_MAX];
    let (length, _) = inflater.inflate_start(file, &mut start)?;
    let wrong = |problem| LooseError::Header { problem };
    let start = &start[..length];
    let end =
        start.iter().position(|byte| *byte == 0).ok_or(wrong("the header of the object does not end"))?;
    let space = start[..end].iter().position(|byte| *byte == b' ').ok_or(wrong("the header has no size"))?;
    let kind = Kind::from_name(&start[..space]).ok_or(wrong("the kind of the object is none of git's"))?;
    let size = read_size(&start[space + 1..end]).ok_or(wrong("the size of the object is no number"))?;
    Ok((kind, size, end + 1))
}

/// Reads a decimal number in its only form: no sign, no leading zero, no more than 64 bits.
fn read_size(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || (digits[0] == b'0' && digits.len() > 1) {
        return None;
    }
    digits.iter().try_fold(0u64, |size, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        size.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::zlib::Level;
    use std::string::ToString;
    use std::vec;

    fn deflated(content: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        Deflater::new(Level::Default).deflate(content, &mut file);
        file
    }

    fn decoded(file: &[u8]) -> Result<Object, LooseError> {
        decode(file, &Limits::default(), &mut Inflater::new())
    }

    #[test]
    fn objects_round_trip() {
        let mut deflater = Deflater::new(Level::Fastest);
        let mut inflater = Inflater::new();
        for kind in Kind::ALL {
            for body in [&b""[..], b"x", &[0; 100_000]] {
                let id = hasher::object_id(kind, body);
                let file = encode(kind, body, &mut deflater);
                assert_eq!(decode_header(&file, &mut inflater), Ok((kind, body.len() as u64)));
                let object = decode_checked(&id, &file, &Limits::default(), &mut inflater);
                assert_eq!(object, Ok(Object { kind, bytes: body.into() }));
                let found = Err(LooseError::WrongId { expected: ObjectId::NULL, found: id });
                assert_eq!(decode_checked(&ObjectId::NULL, &file, &Limits::default(), &mut inflater), found);
            }
        }
        let path = "4b/825dc642cb6eb9a060e54bf8d69288fbee4904";
        assert_eq!(loose_path(&ObjectId::EMPTY_TREE), path);
    }

    #[test]
    fn headers_that_lie_are_refused() {
        let problem = |content: &[u8]| decoded(&deflated(content)).unwrap_err().to_string();
        assert_eq!(problem(b"blub 1\0x"), "the kind of the object is none of git's");
        assert_eq!(problem(b"Blob 1\0x"), "the kind of the object is none of git's");
        for size in ["", "01", "00", "-1", "+1", " 1", "1 ", "1x", "0x1", "18446744073709551616"] {
            let content = [b"blob ", size.as_bytes(), b"\0x"].concat();
            assert_eq!(problem(&content), "the size of the object is no number", "{size:?}");
        }
        assert_eq!(problem(b"blob\0x"), "the header has no size");
        assert_eq!(problem(b"blob 1"), "the header of the object does not end");
        assert_eq!(problem(&[b'x'; 100]), "the header of the object does not end");
        assert_eq!(problem(b""), "the header of the object does not end");
        assert_eq!(problem(b"blob 2\0x"), "the zlib stream holds less than is stated");
        assert_eq!(problem(b"blob 0\0x"), "the zlib stream holds more than is stated");
        assert_eq!(problem(b"blob 400000000\0x"), "the file is too short for the size it states");
        assert!(problem(b"blob 18446744073709551615\0x").contains("object_bytes_max"));
        assert_eq!(decoded(&deflated(b"blob 0\0")).unwrap().bytes.len(), 0);
    }

    #[test]
    fn files_that_are_cut_or_go_on_are_refused() {
        let file = deflated(b"blob 5\0hello");
        for cut in 0..file.len() {
            assert_eq!(decoded(&file[..cut]), Err(LooseError::Zlib(ZlibError::Truncated)), "{cut}");
        }
        let twice = [&file[..], &file[..]].concat();
        assert_eq!(decoded(&twice), Err(LooseError::TrailingBytes { offset: file.len() }));
        let mut longer = file.clone();
        longer.push(0);
        assert_eq!(decoded(&longer), Err(LooseError::TrailingBytes { offset: file.len() }));
        for at in 0..file.len() {
            let mut wrong = file.clone();
            wrong[at] ^= 0x40;
            if let Ok(object) = decoded(&wrong) {
                assert_eq!(&object.bytes[..], b"hello", "a flag that changes nothing");
            }
        }
    }

    #[test]
    fn a_bomb_costs_no_more_than_it_states() {
        let mut content = b"blob 10\0".to_vec();
        content.extend(vec![0; 8 << 20]);
        let file = deflated(&content);
        assert!(file.len() < 10_000);
        assert_eq!(decoded(&file), Err(LooseError::Zlib(ZlibError::TooLong)));
        assert_eq!(decode_header(&file, &mut Inflater::new()), Ok((Kind::Blob, 10)));
        let stated = deflated(&[&b"blob 8388608\0"[..], &vec![0; 8 << 20]].concat());
        let limits = Limits { object_bytes_max: 1 << 20, ..Limits::default() };
        let refused = decode(&stated, &limits, &mut Inflater::new());
        assert!(matches!(refused, Err(LooseError::Limit(limit)) if limit.found == 8 << 20));
    }
}
