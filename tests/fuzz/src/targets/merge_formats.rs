//! Merges by key: what comes out is a document without a key that stands twice, and the sides may change places.

use govc_formats::{Favor, Format, Merged, check, merge};

use crate::pieces::{first, joined, parts};

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let [base, ours, theirs] = parts(rest);
    let format = Format::ALL[usize::from(mode) % Format::ALL.len()];
    let lenient = if format == Format::Json { Format::JsonWithComments } else { format };
    let merged = |ours, theirs, favor| merge(format, base, ours, theirs, None, favor);
    for favor in [Favor::None, Favor::Ours, Favor::Theirs] {
        if let Merged::Document(text) = merged(ours, theirs, favor) {
            assert_eq!(check(lenient, &text), []);
        }
    }
    assert!(merged(ours, theirs, Favor::None) != Merged::Broken);
    let _ = merge(format, base, ours, theirs, Some(theirs), Favor::None);
    let _ = merged(theirs, ours, Favor::None);
}

pub fn seeds() -> Vec<Vec<u8>> {
    let cases: [(u8, [&str; 3]); 4] = [
        (0, ["{\"a\": 1}", "{\"a\": 1, \"b\": [2]}", "{\"a\": {\"c\": 3}}"]),
        (1, ["{\"a\": 1, // x\n}", "{\"a\": 2, // x\n}", "{\"a\": 1, // x\n \"b\": 2,\n}"]),
        (2, ["a:\n  b: 1 # c\n", "a:\n  b: 2 # c\n", "a:\n    b: 1 # c\n    d:\n      - e\n"]),
        (3, ["a = 1\n[b]\nc = [1]\n", "a = 1\n[b]\nc = [1, 2]\n", "a = 2\n[b]\nc = [1]\n[[d]]\n[d.e]\n"]),
    ];
    cases.map(|(mode, sides)| joined(mode, &sides.map(str::as_bytes))).to_vec()
}
