//! Files of loose objects, as they are and with a content that is compressed here.

use govc_git::Kind;
use govc_git::disk::loose::{decode, decode_checked, decode_header, encode};
use govc_git::id::hasher::object_id;
use govc_git::pack::zlib::{Deflater, Inflater, Level};

use super::pack::LIMITS;
use crate::pieces::first;

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let mut inflater = Inflater::new();
    let mut deflater = Deflater::new(Level::Fastest);
    let file = match mode & 1 {
        0 => rest.to_vec(),
        _ => {
            let mut file = Vec::new();
            deflater.deflate(rest, &mut file);
            file
        }
    };
    let header = decode_header(&file, &mut inflater);
    let Ok(object) = decode(&file, &LIMITS, &mut inflater) else { return };
    assert_eq!(header, Ok((object.kind, object.bytes.len() as u64)));
    let again = encode(object.kind, &object.bytes, &mut deflater);
    let id = object_id(object.kind, &object.bytes);
    assert_eq!(decode_checked(&id, &again, &LIMITS, &mut inflater), Ok(object));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let file = encode(Kind::Blob, &b"line of text\n".repeat(9), &mut Deflater::new(Level::Default));
    vec![[&[0][..], &file].concat(), b"\x01blob 5\0hello".to_vec(), b"\x01tree 0\0".to_vec()]
}
