//! Comparisons of texts: the hunks, applied to the old text, give the new one.

use bstr::ByteSlice;
use govc_git::diff::change::Algorithm;
use govc_git::diff::hunk::{LineKind, TextDiff};

use crate::pieces::{first, joined, parts};

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let [old, new] = parts(rest);
    let algorithm = if mode & 1 == 0 { Algorithm::Histogram } else { Algorithm::Myers };
    if let Some(diff) = TextDiff::new(old, new, algorithm) {
        for context in [0, u32::from(mode >> 1), u32::MAX] {
            check(&diff, old, new, context);
        }
        assert_eq!(diff.changes().is_empty(), old == new);
    }
    if let Some(diff) = TextDiff::without_context(old, new, algorithm) {
        check(&diff, old, new, 0);
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let old = "fn a() {\n    one();\n}\n\nfn b() {\n    two();\n}\n";
    let new = "fn a() {\n    one();\n}\n\nfn c() {\n    three();\n}\n\nfn b() {\n    two();\n}";
    let words = "a\nb\nc\na\nb\nb\na\n";
    let others = "c\nb\na\nb\na\nc\n";
    vec![
        joined(6, &[old.as_bytes(), new.as_bytes()]),
        joined(7, &[old.as_bytes(), new.as_bytes()]),
        joined(0, &[words.as_bytes(), others.as_bytes()]),
        joined(1, &[words.as_bytes(), others.as_bytes()]),
    ]
}

fn check(diff: &TextDiff<'_>, old: &[u8], new: &[u8], context: u32) {
    let lines: Vec<&[u8]> = old.lines_with_terminator().collect();
    let mut at = 0;
    let mut applied = Vec::new();
    let (mut removed, mut added) = (0, 0);
    for hunk in diff.hunks(context) {
        let start = hunk.old.start as usize;
        lines[at..start].iter().for_each(|line| applied.extend_from_slice(line));
        at = start;
        let _ = diff.heading(0..hunk.old.start);
        for (kind, line) in diff.lines(&hunk) {
            if kind != LineKind::Added {
                assert_eq!(lines[at], line);
                at += 1;
            }
            if kind != LineKind::Removed {
                applied.extend_from_slice(line);
            }
            removed += u32::from(kind == LineKind::Removed);
            added += u32::from(kind == LineKind::Added);
        }
        assert_eq!(at, hunk.old.end as usize);
    }
    lines[at..].iter().for_each(|line| applied.extend_from_slice(line));
    assert_eq!(applied.as_bstr(), new.as_bstr());
    assert_eq!((removed, added), diff.line_counts());
}
