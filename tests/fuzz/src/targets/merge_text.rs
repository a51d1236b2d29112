//! Merges of texts: who changed nothing gets the other side, and the sides may change places.

use govc_git::merge::text::{Algorithm, ConflictStyle, Favor, Joining, MergedText, TextOptions, merge_text};

use crate::pieces::{first, joined, parts};

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let [base, ours, theirs] = parts(rest);
    let pick = |shift: u8| usize::from(mode >> shift & 3);
    let styles =
        [ConflictStyle::Merge, ConflictStyle::Diff3, ConflictStyle::ZealousDiff3, ConflictStyle::Merge];
    let options = TextOptions {
        algorithm: if mode & 1 == 0 { Algorithm::Histogram } else { Algorithm::Myers },
        style: styles[pick(1)],
        favor: Favor::None,
        joining: if mode & 8 == 0 { Joining::Near } else { Joining::NearOrBlank },
        marker_size: u16::from(mode >> 4),
        ..TextOptions::default()
    };
    let merge = |base, ours, theirs, options: &TextOptions<'_>| {
        merge_text(base, ours, theirs, options).expect("because inputs are short")
    };
    let clean = |bytes: &[u8]| MergedText { bytes: bytes.into(), conflicts: 0 };
    assert_eq!(merge(base, ours, base, &options), clean(ours));
    assert_eq!(merge(base, base, theirs, &options), clean(theirs));
    assert_eq!(merge(base, ours, ours, &options), clean(ours));
    let one = merge(base, ours, theirs, &options);
    let other = merge(base, theirs, ours, &options);
    assert_eq!(one.conflicts == 0, other.conflicts == 0);
    if one.conflicts == 0 {
        assert_eq!(one, other);
    }
    let [by_ours, by_theirs] = [Favor::Ours, Favor::Theirs].map(|favor| TextOptions { favor, ..options });
    let chosen = merge(base, ours, theirs, &by_ours);
    assert_eq!(chosen.conflicts, 0);
    assert_eq!(chosen, merge(base, theirs, ours, &by_theirs));
    assert_eq!(merge(base, ours, theirs, &TextOptions { favor: Favor::Union, ..options }).conflicts, 0);
}

pub fn seeds() -> Vec<Vec<u8>> {
    let texts = ["a\nb\nc\nd\ne\nf\ng\n", "a\nB\nc\nd\ne\nf\ng\n", "a\nb\nc\nd\nE\nf\ng\nh"];
    let conflict = ["a\nb\nc\n\nd\n", "a\nx\ny\nc\n\nD\n", "a\nx\nz\nc\n\nE\n"];
    let mut seeds = Vec::new();
    for mode in [0, 1, 3, 5, 9, 0x72] {
        seeds.push(joined(mode, &texts.map(str::as_bytes)));
        seeds.push(joined(mode, &conflict.map(str::as_bytes)));
    }
    seeds
}
