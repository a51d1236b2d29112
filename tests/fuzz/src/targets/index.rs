//! The index of a pack: what is taken can be asked anything.

use govc_git::ObjectId;
use govc_git::id::Prefix;
use govc_git::id::hasher::PlainHasher;
use govc_git::pack::{PackIndex, PackReceiver};

use super::pack::{LIMITS, whole};
use crate::pieces::first;
use crate::sample::with;

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let mut bytes = rest.to_vec();
    if mode & 1 == 1 && bytes.len() >= ObjectId::LEN {
        // Nothing behind the checksum is reached with a wrong one.
        let end = bytes.len() - ObjectId::LEN;
        let mut hasher = PlainHasher::new();
        hasher.update(&bytes[..end]);
        bytes[end..].copy_from_slice(hasher.finish().as_bytes());
    }
    let Ok(index) = PackIndex::parse(bytes, u64::from(mode >> 1) << 8) else { return };
    for position in 0..index.len() {
        let id = index.id(position);
        assert_eq!(index.find(&id), Some(position));
        let prefix = Prefix::from_hex(&id.to_hex()[..7]).expect("seven hex digits");
        assert!(index.find_prefix(&prefix).contains(&position));
        assert!(index.offset(position) < u64::from(mode >> 1) << 8);
        let _ = index.crc32(position);
    }
    let _ = (index.find(&ObjectId::NULL), index.pack_checksum());
}

pub fn seeds() -> Vec<Vec<u8>> {
    let pack = with(|sample| PackReceiver::receive(&whole(sample), &sample.store, LIMITS).unwrap());
    vec![[&[0xff][..], pack.index_bytes()].concat(), [&[0xfe][..], pack.index_bytes()].concat()]
}
