//! Deltas: foreign ones stay within their bounds, own ones give what they were made for.

use govc_git::pack::delta::{DeltaHeader, apply};
use govc_git::pack::delta_index::DeltaIndex;

use crate::pieces::{first, joined, parts};

/// Largest result for which room is made, in bytes.
const RESULT_BYTES_MAX: u64 = 1 << 16;

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let [base, other] = parts(rest);
    if mode & 1 == 0 {
        round_trip(base, other);
    }
    let base = base.repeat(usize::from(mode >> 1) + 1);
    if let Ok(header) = DeltaHeader::parse(other)
        && header.result_size <= RESULT_BYTES_MAX
    {
        let _ = apply(&base, other, &mut vec![0; header.result_size as usize]);
    }
    // The sizes as they should be, so that the instructions are reached.
    for result in [other.len(), base.len()] {
        let mut delta = Vec::new();
        size(base.len(), &mut delta);
        size(result, &mut delta);
        delta.extend_from_slice(other);
        let _ = apply(&base, &delta, &mut vec![0; result]);
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let base = b"line of text\n".repeat(9);
    let changed = [&base[..40], b"another line\n", &base[40..]].concat();
    let delta = DeltaIndex::new(&base).delta(&base, &changed, 1000).unwrap();
    vec![joined(0, &[&base, &changed]), joined(1, &[&base, &delta]), joined(1, &[&base, &delta[2..]])]
}

fn round_trip(base: &[u8], target: &[u8]) {
    if let Some(delta) = DeltaIndex::new(base).delta(base, target, 2 * target.len() + 64) {
        let header = DeltaHeader::parse(&delta).expect("an own delta has a header");
        assert_eq!(header.result_size, target.len() as u64);
        let mut out = vec![0; target.len()];
        assert_eq!(apply(base, &delta, &mut out), Ok(()));
        assert!(out == target);
    }
}

fn size(mut value: usize, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
