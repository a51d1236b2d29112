//! A file's lines while hunks are put into it.

use alloc::vec::Vec;

use super::parse::Hunk;
use crate::limits::LimitExceeded;

/// Most lines that one patch may be compared with; what is honest needs a small part of it.
pub(super) const LINES_COMPARED_MAX: u64 = 200_000_000;

/// A file as lines, with their newlines.
pub(super) struct Image<'a> {
    lines: Vec<Line<'a>>,
}

#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a [u8],
    /// A hunk came over it: no other may.
    is_patched: bool,
}

/// What is left of the work that one patch may take.
pub(super) struct Budget(pub u64);

impl Budget {
    pub(super) fn spend(&mut self, lines: usize) -> Result<(), LimitExceeded> {
        self.0 = self.0.checked_sub(lines as u64).ok_or(LimitExceeded {
            limit: "patch_lines_compared_max",
            allowed: LINES_COMPARED_MAX,
            found: LINES_COMPARED_MAX + 1,
        })?;
        Ok(())
    }
}

/// The two sides of a hunk.
struct Sides<'a> {
    before: Vec<&'a [u8]>,
    after: Vec<&'a [u8]>,
}

impl<'a> Image<'a> {
    pub(super) fn new(text: &'a [u8], budget: &mut Budget) -> Result<Self, LimitExceeded> {
        let line = |text| Line { text, is_patched: false };
        let lines: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').map(line).collect();
        budget.spend(lines.len())?;
        Ok(Self { lines })
    }

    pub(super) fn into_text(self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| line.text).copied().collect()
    }

    /// Puts a hunk where its lines before are, nearest to where it says; whether they are anywhere.
    pub(super) fn apply(
        &mut self,
        hunk: &Hunk<'a>,
        reverse: bool,
        budget: &mut Budget,
    ) -> Result<bool, LimitExceeded> {
        let Sides { before, after } = sides(hunk, reverse);
        // Without context on one side, a hunk belongs to that end of the file.
        let at_start = hunk.old_start <= 1;
        let at_end = hunk.trailing == 0;
        let Some(last) = self.lines.len().checked_sub(before.len()) else { return Ok(false) };
        let wanted = match (at_start, at_end) {
            (true, _) => 0,
            (false, true) => last,
            _ => (hunk.new_start.saturating_sub(1) as usize).min(self.lines.len()),
        };
        let fits = |at: usize, budget: &mut Budget| {
            let is_allowed = (!at_start || at == 0) && (!at_end || at == last);
            Ok(at <= last && is_allowed && self.matches(at, &before, at_end, budget)?)
        };
        let mut found = None;
        // First forwards, then backwards, ever farther away.
        for distance in 0..=self.lines.len() {
            if fits(wanted + distance, budget)? {
                found = Some(wanted + distance);
            } else if distance > 0 && distance <= wanted && fits(wanted - distance, budget)? {
                found = Some(wanted - distance);
            }
            if found.is_some() || at_start || at_end {
                break;
            }
        }
        let Some(at) = found else { return Ok(false) };
        budget.spend((self.lines.len() - at) / 16 + after.len())?;
        let rest = self.lines.split_off(at + before.len());
        self.lines.truncate(at);
        self.lines.extend(after.into_iter().map(|text| Line { text, is_patched: true }));
        self.lines.extend_from_slice(&rest);
        Ok(true)
    }

    /// Whether these lines stand at a place. As in git, white space may follow the last of them where nothing says that it
    /// is the end of the file.
    fn matches(
        &self,
        at: usize,
        before: &[&[u8]],
        at_end: bool,
        budget: &mut Budget,
    ) -> Result<bool, LimitExceeded> {
        let lines = &self.lines[at..at + before.len()];
        let last = before.len().saturating_sub(1);
        for (number, (line, wanted)) in lines.iter().zip(before).enumerate() {
            budget.spend(1)?;
            let is_equal = line.text == *wanted
                || number == last
                    && !at_end
                    && line.text.strip_prefix(*wanted).is_some_and(|rest| rest.iter().all(is_space));
            if line.is_patched || !is_equal {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn is_space(byte: &u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// The lines before and after a hunk. What says that there is no newline takes it from the line above.
fn sides<'a>(hunk: &Hunk<'a>, reverse: bool) -> Sides<'a> {
    let mut sides = Sides { before: Vec::new(), after: Vec::new() };
    let lines: Vec<&[u8]> = hunk.body.split_inclusive(|byte| *byte == b'\n').collect();
    for (number, line) in lines.iter().enumerate() {
        let has_newline = lines.get(number + 1).is_none_or(|next| next[0] != b'\\');
        let (removed, added) = if reverse { (b'+', b'-') } else { (b'-', b'+') };
        let text = match line[0] {
            b'\\' => continue,
            // A blank that was lost on the way.
            b'\n' if has_newline => line,
            b'\n' => continue,
            _ if has_newline => &line[1..],
            _ => &line[1..line.len() - 1],
        };
        if line[0] != added {
            sides.before.push(text);
        }
        if line[0] != removed {
            sides.after.push(text);
        }
    }
    sides
}
