//! Three-way merge of text, line by line, with git's results and git's conflict text.
//!
//! Changes of both sides that touch each other are a conflict unless they are the same. Where the style shows no base,
//! a conflict is narrowed to the lines in which the sides differ, and conflicts with at most three common lines between
//! them become one. Knows nothing of trees, paths or attributes.

use alloc::vec::Vec;
use core::ops::Range;

use bstr::BStr;

use super::lines::ThreeFiles;
use crate::diff::binary::has_few_lines;
pub use crate::diff::change::Algorithm;
use crate::diff::change::Change;
use crate::diff::lines::Lines;

/// Longest text that is merged line by line, in bytes: git's own bound, 1,023 MiB. Longer ones count as binary.
pub const TEXT_BYTES_MAX: usize = 1023 << 20;

/// Length of conflict markers that git uses unless told otherwise.
pub const MARKER_SIZE: u16 = 7;

/// Most common lines between two conflicts that become one.
const JOINED_LINES_MAX: u32 = 3;

/// What a conflict looks like in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConflictStyle {
    /// Ours and theirs, narrowed to the lines that differ.
    #[default]
    Merge,
    /// Ours, base and theirs as they are.
    Diff3,
    /// As `Diff3`, with the lines that both sides share at both ends taken out of the conflict.
    ZealousDiff3,
}

/// Which side wins where both changed the same lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Favor {
    /// Neither: it is a conflict.
    #[default]
    None,
    /// Ours.
    Ours,
    /// Theirs.
    Theirs,
    /// Both, ours first.
    Union,
}

/// Which conflicts of the style [`ConflictStyle::Merge`] become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Joining {
    /// Those with at most three common lines between them: `git merge`.
    #[default]
    Near,
    /// Also those with only lines without a letter or digit between them: `git merge-file`.
    NearOrBlank,
}

/// Names that stand behind the markers of a conflict; an absent one leaves the marker alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Labels<'a> {
    /// Behind `<<<<<<<`.
    pub ours: Option<&'a BStr>,
    /// Behind `|||||||`.
    pub base: Option<&'a BStr>,
    /// Behind `>>>>>>>`.
    pub theirs: Option<&'a BStr>,
}

/// How texts are merged. The default is what `git merge` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextOptions<'a> {
    /// How changed lines are found.
    pub algorithm: Algorithm,
    /// What a conflict looks like.
    pub style: ConflictStyle,
    /// Which side wins.
    pub favor: Favor,
    /// Which conflicts become one.
    pub joining: Joining,
    /// Length of the conflict markers, in bytes; 0 stands for 7.
    pub marker_size: u16,
    /// Names behind the markers.
    pub labels: Labels<'a>,
}

impl Default for TextOptions<'_> {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::default(),
            style: ConflictStyle::default(),
            favor: Favor::default(),
            joining: Joining::default(),
            marker_size: MARKER_SIZE,
            labels: Labels::default(),
        }
    }
}

/// What a merge of text gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedText {
    /// The text, with markers around each conflict.
    pub bytes: Vec<u8>,
    /// How many conflicts it holds.
    pub conflicts: u32,
}

/// Merges the changes from `base` to `ours` and from `base` to `theirs`.
///
/// `None` where a text is longer than [`TEXT_BYTES_MAX`] or has too many lines for [`has_few_lines`]; whether a text is
/// binary is the caller's question.
pub fn merge_text(base: &[u8], ours: &[u8], theirs: &[u8], options: &TextOptions<'_>) -> Option<MergedText> {
    if base.len().max(ours.len()).max(theirs.len()) > TEXT_BYTES_MAX {
        return None;
    }
    let unchanged = |bytes: &[u8]| Some(MergedText { bytes: bytes.into(), conflicts: 0 });
    if base == ours {
        return unchanged(theirs);
    }
    if base == theirs || ours == theirs {
        return unchanged(ours);
    }
    if ![base, ours, theirs].into_iter().all(has_few_lines) {
        return None;
    }
    let files = ThreeFiles::new(base, ours, theirs);
    Some(write(&files, &styled_regions(&files, options), options))
}

/// A part of a merged text, and the lines of the three files that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Who made it; `None` where both sides hold the same.
    pub origin: Option<Origin>,
    /// The base's lines. Neighbouring conflicts that were narrowed from one hold all lines of that one.
    pub base: &'a [u8],
    /// Our lines.
    pub ours: &'a [u8],
    /// Their lines.
    pub theirs: &'a [u8],
    /// What the merged text holds: of a conflict, the text with its markers.
    pub merged: Vec<u8>,
}

/// The parts of what [`merge_text`] gives, in order: their `merged` one after the other is that text, and the lines of
/// either side one after the other are that side. No part is empty in all of them. `None` as there.
pub fn merge_parts<'a>(
    base: &'a [u8],
    ours: &'a [u8],
    theirs: &'a [u8],
    options: &TextOptions<'_>,
) -> Option<Vec<Part<'a>>> {
    let all = [base, ours, theirs];
    if all.iter().any(|text| text.len() > TEXT_BYTES_MAX) || !all.into_iter().all(has_few_lines) {
        return None;
    }
    let files = ThreeFiles::new(base, ours, theirs);
    let part = |origin, [base, ours, theirs]: [Range<u32>; 3]| Part {
        origin,
        base: files.base.text(base),
        ours: files.ours.text(ours),
        theirs: files.theirs.text(theirs),
        merged: Vec::new(),
    };
    let mut parts = Vec::new();
    let mut done = [0; 3];
    let end = Region {
        origin: Origin::Ours,
        base: files.base.len()..files.base.len(),
        ours: files.ours.len()..files.ours.len(),
        theirs: files.theirs.len()..files.theirs.len(),
    };
    for region in styled_regions(&files, options).iter().chain([&end]) {
        let [base, our, their] = done;
        // Parts of one conflict share its base, which has been passed at the second.
        let between = base..region.base.start.max(base);
        let mut same = part(None, [between, our..region.ours.start, their..region.theirs.start]);
        same.merged = same.ours.into();
        let mut own =
            part(Some(region.origin), [region.base.clone(), region.ours.clone(), region.theirs.clone()]);
        write_region(&mut own.merged, &files, region, options);
        let is_there =
            |part: &Part<'_>| !part.ours.is_empty() || !part.theirs.is_empty() || !part.base.is_empty();
        parts.extend([same, own].into_iter().filter(is_there));
        done = [region.base.end, region.ours.end, region.theirs.end];
    }
    Some(parts)
}

/// Where the text of a part comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Only ours changed, or both sides of what was a conflict are the same.
    Ours,
    /// Only theirs changed.
    Theirs,
    /// Both changed.
    Conflict,
}

/// Lines of each file that belong together because a side changed some of them.
#[derive(Clone, Debug)]
struct Region {
    origin: Origin,
    base: Range<u32>,
    ours: Range<u32>,
    theirs: Range<u32>,
}

/// A side's changes in the order of the base, and how far its lines are ahead of the base's.
struct Walk<'c> {
    changes: &'c [Change],
    shift: i64,
}

impl Walk<'_> {
    /// Where the unchanged base line `line` stands on this side; the walk has passed all changes before it.
    fn place(&self, line: u32) -> u32 {
        (i64::from(line) + self.shift) as u32
    }

    /// Passes the next change if it starts at or before `end`, and returns the further one of both ends.
    fn pass_if_touching(&mut self, end: u32) -> Option<u32> {
        let (first, rest) = self.changes.split_first()?;
        if first.before.start > end {
            return None;
        }
        self.changes = rest;
        self.shift = i64::from(first.after.end) - i64::from(first.before.end);
        Some(end.max(first.before.end))
    }
}

/// The regions of a merge, as the style has them.
fn styled_regions(files: &ThreeFiles<'_>, options: &TextOptions<'_>) -> Vec<Region> {
    let our_changes = files.changes(options.algorithm, &files.base.tokens, &files.ours.tokens);
    let their_changes = files.changes(options.algorithm, &files.base.tokens, &files.theirs.tokens);
    let regions = regions(files, &our_changes, &their_changes);
    match options.style {
        ConflictStyle::Merge => join(files, narrow(files, regions, options.algorithm), options.joining),
        ConflictStyle::Diff3 => regions,
        ConflictStyle::ZealousDiff3 => regions.into_iter().map(|region| trim(files, region)).collect(),
    }
}

/// The changes of both sides, put together where they touch.
fn regions(files: &ThreeFiles<'_>, ours: &[Change], theirs: &[Change]) -> Vec<Region> {
    let mut regions = Vec::with_capacity(ours.len() + theirs.len());
    let mut ours = Walk { changes: ours, shift: 0 };
    let mut theirs = Walk { changes: theirs, shift: 0 };
    loop {
        let start = match (ours.changes.first(), theirs.changes.first()) {
            (None, None) => return regions,
            (Some(change), None) | (None, Some(change)) => change.before.start,
            (Some(a), Some(b)) => a.before.start.min(b.before.start),
        };
        let same = match (ours.changes.first(), theirs.changes.first()) {
            (Some(a), Some(b)) => {
                a.before == b.before
                    && files.ours.range(a.after.clone()) == files.theirs.range(b.after.clone())
            }
            _ => false,
        };
        let (our_start, their_start) = (ours.place(start), theirs.place(start));
        let (mut end, mut ours_changed, mut theirs_changed) = (start, false, false);
        loop {
            if let Some(further) = ours.pass_if_touching(end) {
                (end, ours_changed) = (further, true);
            } else if let Some(further) = theirs.pass_if_touching(end) {
                (end, theirs_changed) = (further, true);
            } else {
                break;
            }
        }
        let origin = match (ours_changed, theirs_changed) {
            // The same on both sides is ours, and nothing that keeps two conflicts apart.
            (true, true) if same => continue,
            (true, true) => Origin::Conflict,
            (true, false) => Origin::Ours,
            (false, _) => Origin::Theirs,
        };
        let (our_end, their_end) = (ours.place(end), theirs.place(end));
        regions.push(Region {
            origin,
            base: start..end,
            ours: our_start..our_end,
            theirs: their_start..their_end,
        });
    }
}

/// Replaces each conflict by those of its parts in which the sides differ.
fn narrow(files: &ThreeFiles<'_>, regions: Vec<Region>, algorithm: Algorithm) -> Vec<Region> {
    let mut narrowed = Vec::with_capacity(regions.len());
    for region in regions {
        if region.origin != Origin::Conflict || region.ours.is_empty() || region.theirs.is_empty() {
            narrowed.push(region);
            continue;
        }
        let ours = files.ours.range(region.ours.clone());
        let theirs = files.theirs.range(region.theirs.clone());
        let changes = files.changes(algorithm, ours, theirs);
        if changes.is_empty() {
            narrowed.push(Region { origin: Origin::Ours, ..region });
            continue;
        }
        let shifted = |range: Range<u32>, by: u32| range.start + by..range.end + by;
        narrowed.extend(changes.into_iter().map(|change| Region {
            origin: Origin::Conflict,
            base: region.base.clone(),
            ours: shifted(change.before, region.ours.start),
            theirs: shifted(change.after, region.theirs.start),
        }));
    }
    narrowed
}

/// Puts conflicts together that have few lines between them, and none that only one side changed.
fn join(files: &ThreeFiles<'_>, regions: Vec<Region>, joining: Joining) -> Vec<Region> {
    let mut joined: Vec<Region> = Vec::with_capacity(regions.len());
    for region in regions {
        let is_conflict = region.origin == Origin::Conflict;
        match joined.last_mut() {
            Some(last) if is_conflict && last.origin == Origin::Conflict => {
                let between = last.ours.end..region.ours.start;
                let blank = || between.clone().all(|at| !has_letter_or_digit(files.ours.line(at)));
                if between.len() as u32 <= JOINED_LINES_MAX || joining == Joining::NearOrBlank && blank() {
                    last.base.end = region.base.end;
                    last.ours.end = region.ours.end;
                    last.theirs.end = region.theirs.end;
                } else {
                    joined.push(region);
                }
            }
            _ => joined.push(region),
        }
    }
    joined
}

fn has_letter_or_digit(line: &[u8]) -> bool {
    line.iter().any(u8::is_ascii_alphanumeric)
}

/// Takes the lines that both sides share at both ends out of a conflict.
fn trim(files: &ThreeFiles<'_>, mut region: Region) -> Region {
    if region.origin != Origin::Conflict {
        return region;
    }
    let (ours, theirs) = (files.ours.range(region.ours.clone()), files.theirs.range(region.theirs.clone()));
    let head = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
    let (ours, theirs) = (&ours[head..], &theirs[head..]);
    let tail = ours.iter().rev().zip(theirs.iter().rev()).take_while(|(a, b)| a == b).count() as u32;
    let head = head as u32;
    region.ours = region.ours.start + head..region.ours.end - tail;
    region.theirs = region.theirs.start + head..region.theirs.end - tail;
    if region.ours.is_empty() && region.theirs.is_empty() {
        region.origin = Origin::Ours;
    }
    region
}

fn write(files: &ThreeFiles<'_>, regions: &[Region], options: &TextOptions<'_>) -> MergedText {
    let (ours, theirs) = (&files.ours, &files.theirs);
    let length = ours.text(0..ours.len()).len().max(theirs.text(0..theirs.len()).len());
    let mut merged = MergedText { bytes: Vec::with_capacity(length + length / 8), conflicts: 0 };
    let out = &mut merged.bytes;
    let mut written = 0;
    for region in regions {
        out.extend_from_slice(ours.text(written..region.ours.start));
        written = region.ours.end;
        merged.conflicts += u32::from(write_region(out, files, region, options));
    }
    out.extend_from_slice(ours.text(written..ours.len()));
    merged
}

/// Writes a region; whether it is an open conflict.
fn write_region(
    out: &mut Vec<u8>,
    files: &ThreeFiles<'_>,
    region: &Region,
    options: &TextOptions<'_>,
) -> bool {
    let (ours, theirs) = (files.ours.text(region.ours.clone()), files.theirs.text(region.theirs.clone()));
    match (region.origin, options.favor) {
        (Origin::Ours, _) | (Origin::Conflict, Favor::Ours) => out.extend_from_slice(ours),
        (Origin::Theirs, _) | (Origin::Conflict, Favor::Theirs) => out.extend_from_slice(theirs),
        (Origin::Conflict, Favor::Union) => {
            write_ended(out, ours, uses_crlf(files, region));
            out.extend_from_slice(theirs);
        }
        (Origin::Conflict, Favor::None) => {
            write_conflict(out, files, region, options);
            return true;
        }
    }
    false
}

fn write_conflict(out: &mut Vec<u8>, files: &ThreeFiles<'_>, region: &Region, options: &TextOptions<'_>) {
    let crlf = uses_crlf(files, region);
    let size = usize::from(if options.marker_size == 0 { MARKER_SIZE } else { options.marker_size });
    let marker = |out: &mut Vec<u8>, sign: u8, label: Option<&BStr>| {
        out.resize(out.len() + size, sign);
        if let Some(label) = label {
            out.push(b' ');
            out.extend_from_slice(label);
        }
        out.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
    };
    marker(out, b'<', options.labels.ours);
    write_ended(out, files.ours.text(region.ours.clone()), crlf);
    if options.style != ConflictStyle::Merge {
        marker(out, b'|', options.labels.base);
        write_ended(out, files.base.text(region.base.clone()), crlf);
    }
    marker(out, b'=', None);
    write_ended(out, files.theirs.text(region.theirs.clone()), crlf);
    marker(out, b'>', options.labels.theirs);
}

/// Writes lines and makes sure that the last one ends.
fn write_ended(out: &mut Vec<u8>, text: &[u8], crlf: bool) {
    out.extend_from_slice(text);
    if text.last().is_some_and(|last| *last != b'\n') {
        out.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
    }
}

/// Whether the markers of a conflict end with CRLF: where both sides do just before it, and the base at its start.
fn uses_crlf(files: &ThreeFiles<'_>, region: &Region) -> bool {
    ends_with_crlf(&files.ours, region.ours.start.saturating_sub(1)) != Some(false)
        && ends_with_crlf(&files.theirs, region.theirs.start.saturating_sub(1)) != Some(false)
        && ends_with_crlf(&files.base, 0) == Some(true)
}

/// Whether a line ends with CRLF; for a last line without end, what the line before says; `None` where none can say.
fn ends_with_crlf(lines: &Lines<'_>, at: u32) -> Option<bool> {
    let line = if at < lines.len() { lines.line(at) } else { return None };
    let line = match line {
        [.., b'\n'] => line,
        _ => lines.line(at.checked_sub(1)?),
    };
    Some(line.ends_with(b"\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::binary::TEXT_LINES_MAX;
    use std::string::String;

    fn merge(base: &str, ours: &str, theirs: &str) -> (String, u32) {
        let labels = Labels { ours: Some("A".into()), base: Some("O".into()), theirs: Some("B".into()) };
        let options = TextOptions { labels, ..TextOptions::default() };
        let merged = merge_text(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), &options).unwrap();
        (String::from_utf8(merged.bytes).unwrap(), merged.conflicts)
    }

    #[test]
    fn changes_that_do_not_touch_are_both_taken() {
        assert_eq!(merge("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n"), ("A\nb\nc\nD\n".into(), 0));
        assert_eq!(merge("a\nb\n", "a\nb\nc\n", "a\nb\nc\n"), ("a\nb\nc\n".into(), 0));
        assert_eq!(merge("", "", "x"), ("x".into(), 0));
    }

    #[test]
    fn changes_that_touch_are_a_conflict() {
        let text = "<<<<<<< A\nA\nb\n=======\na\nB\n>>>>>>> B\nc\n";
        assert_eq!(merge("a\nb\nc\n", "A\nb\nc\n", "a\nB\nc\n"), (text.into(), 1));
    }

    #[test]
    fn the_parts_are_the_texts() {
        let words = ["", "a\n", "b\n", "c\n", "long line\n", "d\r\n"];
        let mut seed = 1u32;
        let mut text = |length: u32| -> String {
            let mut word = || {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                words[(seed >> 16) as usize % words.len()]
            };
            (0..length).map(|_| word()).collect()
        };
        for round in 0..600 {
            let (base, ours, theirs) = (text(round % 17), text(round % 13), text(round % 11));
            let (base, ours, theirs) = (base.trim_end_matches('d'), ours.trim_end(), theirs);
            for style in [ConflictStyle::Merge, ConflictStyle::Diff3, ConflictStyle::ZealousDiff3] {
                for favor in [Favor::None, Favor::Ours, Favor::Union] {
                    let options = TextOptions { style, favor, ..TextOptions::default() };
                    let [base, ours, theirs] = [base.as_bytes(), ours.as_bytes(), theirs.as_bytes()];
                    let whole = merge_text(base, ours, theirs, &options).unwrap();
                    let parts = merge_parts(base, ours, theirs, &options).unwrap();
                    let all =
                        |side: fn(&Part<'_>) -> Vec<u8>| parts.iter().flat_map(side).collect::<Vec<u8>>();
                    assert_eq!(all(|part| part.merged.clone()), whole.bytes);
                    assert_eq!(all(|part| part.ours.into()), ours);
                    assert_eq!(all(|part| part.theirs.into()), theirs);
                    assert!(parts.iter().all(|part| part.origin.is_some() || part.ours == part.theirs));
                }
            }
        }
    }

    #[test]
    fn too_many_lines_are_not_merged() {
        let many = std::vec![b'\n'; TEXT_LINES_MAX + 1];
        let [less, more] = [&many[..10], &[&many[..], b"x"].concat()];
        let options = TextOptions::default();
        assert_eq!(merge_text(less, &many, more, &options), None);
        assert_eq!(merge_text(&many, less, more, &options), None);
        // Where nothing is to be merged, nothing is cut into lines.
        let taken = MergedText { bytes: less.into(), conflicts: 0 };
        assert_eq!(merge_text(&many, &many, less, &options), Some(taken));
    }

    #[test]
    fn markers_follow_the_line_ends() {
        let text = "a\r\n<<<<<<< A\r\nx\r\n=======\r\ny\r\n>>>>>>> B\r\n";
        assert_eq!(merge("a\r\nb\r\n", "a\r\nx\r\n", "a\r\ny"), (text.into(), 1));
    }
}
