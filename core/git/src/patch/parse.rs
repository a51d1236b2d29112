//! Patches as text: what each says of a file, and its hunks, as slices of the text.
//!
//! Takes what `git apply` takes: git's own headers and plain unified diffs, with anything between them. Knows no tree.

use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

use super::name::{find_name, header_name};
use super::{PatchError, PatchProblem};

/// What a patch says of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilePatch<'a> {
    /// The path before; `None` for a file that is created.
    pub old_path: Option<BString>,
    /// The path after; `None` for a file that is deleted.
    pub new_path: Option<BString>,
    /// The mode before, as bits; `None` where the patch does not say.
    pub old_mode: Option<u32>,
    /// The mode after.
    pub new_mode: Option<u32>,
    /// Whether the file is created; `None` where a plain diff leaves it open.
    pub is_new: Option<bool>,
    /// Whether the file is deleted.
    pub is_delete: Option<bool>,
    /// Whether the old path goes.
    pub is_rename: bool,
    /// Whether the old path stays.
    pub is_copy: bool,
    /// Whether the contents are binary: only their ids are known here.
    pub is_binary: bool,
    /// Digits of the id of the old content, as far as the patch gives them.
    pub old_id: &'a [u8],
    /// Digits of the id of the new content.
    pub new_id: &'a [u8],
    /// The hunks, in order.
    pub hunks: Vec<Hunk<'a>>,
    /// The line of the text where this begins, from 1.
    pub line: u32,
}

/// Lines that go and come together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hunk<'a> {
    /// The first line before, from 1; 0 where there is none.
    pub old_start: u32,
    /// Lines before.
    pub old_lines: u32,
    /// The first line after, from 1; 0 where there is none.
    pub new_start: u32,
    /// Lines after.
    pub new_lines: u32,
    /// Unchanged lines before the first change.
    pub leading: u32,
    /// Unchanged lines after the last change.
    pub trailing: u32,
    /// The lines, each with its sign.
    pub body: &'a [u8],
    /// The line of the text where this begins, from 1.
    pub line: u32,
}

impl FilePatch<'_> {
    /// The path to speak of.
    pub fn path(&self) -> &[u8] {
        self.old_path.as_ref().or(self.new_path.as_ref()).map_or(b"", |path| path.as_slice())
    }

    /// Turns the patch around: what it made becomes what it needs.
    pub fn reverse(&mut self) {
        core::mem::swap(&mut self.old_path, &mut self.new_path);
        if self.new_mode.is_some() || self.is_delete == Some(true) {
            core::mem::swap(&mut self.old_mode, &mut self.new_mode);
        }
        core::mem::swap(&mut self.is_new, &mut self.is_delete);
        core::mem::swap(&mut self.old_id, &mut self.new_id);
        for hunk in &mut self.hunks {
            core::mem::swap(&mut hunk.old_start, &mut hunk.new_start);
            core::mem::swap(&mut hunk.old_lines, &mut hunk.new_lines);
        }
    }

    fn changes_more_than_lines(&self) -> bool {
        self.is_rename
            || self.is_copy
            || self.is_new == Some(true)
            || self.is_delete.unwrap_or(true)
            || matches!((self.old_mode, self.new_mode), (Some(old), Some(new)) if old != new)
    }
}

/// Takes a text apart. `strip` is how many leading names of each path are left away; git's own patches have one.
pub fn parse_patches(text: &[u8], strip: u32) -> Result<Vec<FilePatch<'_>>, PatchError> {
    let mut lines = Lines { rest: text, line: 1 };
    let mut strip = Strip { names: strip, may_guess: strip == 1 };
    let mut patches = Vec::new();
    while let Some(patch) = next_patch(&mut lines, &mut strip)? {
        patches.push(patch);
    }
    if patches.is_empty() {
        return Err(PatchError::at_line(lines.line, PatchProblem::NoPatch));
    }
    Ok(patches)
}

/// How much of paths is left away. A plain diff of names without a slash has nothing that could be.
struct Strip {
    names: u32,
    may_guess: bool,
}

/// Lines from the front of a text.
struct Lines<'a> {
    rest: &'a [u8],
    line: u32,
}

impl<'a> Lines<'a> {
    /// The next line with its newline, which stays; empty at the end.
    fn peek(&self) -> &'a [u8] {
        line_at(self.rest)
    }

    fn take(&mut self) -> &'a [u8] {
        let line = self.peek();
        self.rest = &self.rest[line.len()..];
        self.line += 1;
        line
    }
}

fn line_at(text: &[u8]) -> &[u8] {
    &text[..text.find_byte(b'\n').map_or(text.len(), |end| end + 1)]
}

/// The next file's patch, with whatever stands before it left away.
fn next_patch<'a>(lines: &mut Lines<'a>, strip: &mut Strip) -> Result<Option<FilePatch<'a>>, PatchError> {
    loop {
        let line = lines.peek();
        if line.is_empty() {
            return Ok(None);
        }
        // As in git: what is shorter begins nothing.
        if line.len() >= 6 {
            if line.starts_with(b"@@ -") && hunk_places(line).is_some() {
                return Err(PatchError::at_line(lines.line, PatchProblem::HunkWithoutFile));
            }
            let start = lines.line;
            if line.starts_with(b"diff --git ") {
                let is_followed = lines.rest.len() > line.len();
                if let Some(mut patch) = git_header(lines, strip.names, is_followed)? {
                    patch.line = start;
                    read_hunks(lines, &mut patch)?;
                    return Ok(Some(patch));
                }
                continue;
            }
            if let Some(mut patch) = plain_header(lines, strip)? {
                patch.line = start;
                read_hunks(lines, &mut patch)?;
                return Ok(Some(patch));
            }
        }
        lines.take();
    }
}

/// `--- old`, `+++ new` and the beginning of a hunk.
fn plain_header<'a>(lines: &mut Lines<'a>, strip: &mut Strip) -> Result<Option<FilePatch<'a>>, PatchError> {
    let old = lines.peek();
    let new = line_at(&lines.rest[old.len()..]);
    let after = &lines.rest[old.len() + new.len()..];
    if !old.starts_with(b"--- ")
        || !new.starts_with(b"+++ ")
        || after.len() < 14
        || !after.starts_with(b"@@ -")
    {
        return Ok(None);
    }
    let line = lines.line;
    lines.take();
    lines.take();
    let (old, new) = (&old[4..], &new[4..]);
    if core::mem::take(&mut strip.may_guess) {
        let has_no_slash = |name: &[u8]| {
            is_nothing(name) || find_name(name, None, 0, true).is_some_and(|name| !name.contains(&b'/'))
        };
        if !(is_nothing(old) && is_nothing(new)) && has_no_slash(old) && has_no_slash(new) {
            strip.names = 0;
        }
    }
    let mut patch = FilePatch::default();
    if is_nothing(old) {
        (patch.is_new, patch.is_delete) = (Some(true), Some(false));
        patch.new_path = find_name(new, None, strip.names, true);
    } else if is_nothing(new) {
        (patch.is_new, patch.is_delete) = (Some(false), Some(true));
        patch.old_path = find_name(old, None, strip.names, true);
    } else {
        let first = find_name(old, None, strip.names, true);
        let name = find_name(new, first.as_ref(), strip.names, true);
        (patch.old_path, patch.new_path) = (name.clone(), name);
    }
    if patch.old_path.is_none() && patch.new_path.is_none() {
        return Err(PatchError::at_line(line, PatchProblem::NoName));
    }
    Ok(Some(patch))
}

fn is_nothing(name: &[u8]) -> bool {
    name.strip_prefix(b"/dev/null").is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

/// The lines between `diff --git` and the first hunk. `None` where the line begins no patch.
fn git_header<'a>(
    lines: &mut Lines<'a>,
    strip: u32,
    is_followed: bool,
) -> Result<Option<FilePatch<'a>>, PatchError> {
    let first = lines.line;
    let line = lines.take();
    let default = header_name(&line[b"diff --git ".len()..], strip);
    let mut patch = FilePatch { is_new: Some(false), is_delete: Some(false), ..FilePatch::default() };
    while lines.peek().ends_with(b"\n") && is_followed {
        let error = |problem| PatchError::at_line(lines.line, problem);
        match header_line(&mut patch, lines.peek(), &default, strip).map_err(error)? {
            true => drop(lines.take()),
            false => break,
        }
        let kinds =
            [patch.is_new == Some(true), patch.is_delete == Some(true), patch.is_rename, patch.is_copy];
        if kinds.iter().filter(|is| **is).count() > 1 {
            return Err(PatchError::at_line(lines.line - 1, PatchProblem::Header));
        }
    }
    if patch.old_path.is_none() && patch.new_path.is_none() {
        let Some(default) = default else { return Err(PatchError::at_line(first, PatchProblem::NoName)) };
        (patch.old_path, patch.new_path) = (Some(default.clone()), Some(default));
    }
    if (patch.new_path.is_none() && patch.is_delete != Some(true))
        || (patch.old_path.is_none() && patch.is_new != Some(true))
    {
        return Err(PatchError::at_line(first, PatchProblem::NoName));
    }
    // A line that nothing follows is none of a patch.
    Ok((lines.line > first + 1).then_some(patch))
}

/// Reads one line of a git header; whether it was one.
fn header_line<'a>(
    patch: &mut FilePatch<'a>,
    line: &'a [u8],
    default: &Option<BString>,
    strip: u32,
) -> Result<bool, PatchProblem> {
    let after = |start: &str| line.strip_prefix(start.as_bytes());
    // Renames and copies are named without the `a/` and `b/` of the other lines.
    let moved = |rest| find_name(rest, None, strip.saturating_sub(1), false);
    if let Some(rest) = after("--- ") {
        check_name(&mut patch.old_path, rest, patch.is_new, strip)?;
    } else if let Some(rest) = after("+++ ") {
        check_name(&mut patch.new_path, rest, patch.is_delete, strip)?;
    } else if let Some(rest) = after("old mode ") {
        patch.old_mode = Some(mode(rest)?);
    } else if let Some(rest) = after("new mode ") {
        patch.new_mode = Some(mode(rest)?);
    } else if let Some(rest) = after("deleted file mode ") {
        patch.is_delete = Some(true);
        patch.old_path = default.clone();
        patch.old_mode = Some(mode(rest)?);
    } else if let Some(rest) = after("new file mode ") {
        patch.is_new = Some(true);
        patch.new_path = default.clone();
        patch.new_mode = Some(mode(rest)?);
    } else if let Some(rest) = after("copy from ") {
        patch.is_copy = true;
        patch.old_path = moved(rest);
    } else if let Some(rest) = after("copy to ") {
        patch.is_copy = true;
        patch.new_path = moved(rest);
    } else if let Some(rest) = after("rename from ").or(after("rename old ")) {
        patch.is_rename = true;
        patch.old_path = moved(rest);
    } else if let Some(rest) = after("rename to ").or(after("rename new ")) {
        patch.is_rename = true;
        patch.new_path = moved(rest);
    } else if let Some(rest) = after("index ") {
        index_line(patch, rest)?;
    } else {
        return Ok(after("similarity index ").is_some() || after("dissimilarity index ").is_some());
    }
    Ok(true)
}

/// Takes a name from `---` or `+++`, or compares it with what other lines said.
fn check_name(
    name: &mut Option<BString>,
    rest: &[u8],
    is_absent: Option<bool>,
    strip: u32,
) -> Result<(), PatchProblem> {
    let is_absent = is_absent == Some(true);
    match name {
        None if is_absent => is_nothing(rest).then_some(()).ok_or(PatchProblem::Header),
        None => {
            *name = find_name(rest, None, strip, true);
            Ok(())
        }
        Some(_) if is_absent => Err(PatchProblem::Header),
        Some(name) if find_name(rest, None, strip, true).as_ref() == Some(name) => Ok(()),
        Some(_) => Err(PatchProblem::Header),
    }
}

/// `index OLD..NEW MODE`; what has another form says nothing.
fn index_line<'a>(patch: &mut FilePatch<'a>, rest: &'a [u8]) -> Result<(), PatchProblem> {
    let is_end = |byte: &u8| matches!(byte, b' ' | b'\n');
    let rest = &rest[..rest.len() - usize::from(rest.ends_with(b"\n"))];
    let Some(dots) = rest.find_byte(b'.').filter(|dots| *dots <= 64 && rest[*dots..].starts_with(b".."))
    else {
        return Ok(());
    };
    let new = &rest[dots + 2..];
    let end = new.iter().position(is_end).unwrap_or(new.len());
    if end > 64 {
        return Ok(());
    }
    (patch.old_id, patch.new_id) = (&rest[..dots], &new[..end]);
    if new.get(end) == Some(&b' ') {
        let mut line = Vec::from(&new[end + 1..]);
        line.push(b'\n');
        patch.old_mode = Some(mode(&line)?);
    }
    Ok(())
}

/// A mode in octal digits, with white space after it.
fn mode(text: &[u8]) -> Result<u32, PatchProblem> {
    let digits = text.iter().take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    let is_ended = text.get(digits).is_some_and(u8::is_ascii_whitespace);
    if digits == 0 || digits > 10 || !is_ended {
        return Err(PatchProblem::Mode);
    }
    Ok(text[..digits].iter().fold(0, |mode, digit| mode << 3 | u32::from(digit - b'0')))
}

/// The hunks of a file, or what stands in their place.
fn read_hunks<'a>(lines: &mut Lines<'a>, patch: &mut FilePatch<'a>) -> Result<(), PatchError> {
    let path = BString::from(patch.path());
    let error = |line, problem| PatchError { path: Some(path.clone()), line, problem };
    let (mut old_lines, mut new_lines) = (0u64, 0u64);
    while lines.rest.len() > 4 && lines.rest.starts_with(b"@@ -") {
        let start = lines.line;
        let hunk = read_hunk(lines).ok_or(error(lines.line, PatchProblem::Corrupt))?;
        old_lines += u64::from(hunk.old_lines);
        new_lines += u64::from(hunk.new_lines);
        patch.hunks.push(Hunk { line: start, ..hunk });
    }
    if patch.hunks.is_empty() {
        let line = lines.peek();
        let says_binary = line.starts_with(b"Binary files ") || line.starts_with(b"Files ");
        patch.is_binary = line == b"GIT binary patch\n" || (says_binary && line.ends_with(b" differ\n"));
        if patch.is_binary {
            lines.take();
        } else if !patch.changes_more_than_lines() {
            return Err(error(lines.line, PatchProblem::Garbage));
        }
    }
    let several = patch.hunks.len() > 1;
    if patch.is_new.is_none() && (old_lines > 0 || several) {
        patch.is_new = Some(false);
    }
    if patch.is_delete.is_none() && (new_lines > 0 || several) {
        patch.is_delete = Some(false);
    }
    if patch.is_new == Some(true) && old_lines > 0 {
        return Err(error(patch.line, PatchProblem::NewFileHasOld));
    }
    if patch.is_delete == Some(true) && new_lines > 0 {
        return Err(error(patch.line, PatchProblem::DeletedFileHasNew));
    }
    Ok(())
}

/// One hunk; `None` where it is broken.
fn read_hunk<'a>(lines: &mut Lines<'a>) -> Option<Hunk<'a>> {
    let [old_start, old_lines, new_start, new_lines] = hunk_places(lines.peek())?;
    lines.take();
    let start = lines.rest;
    let mut hunk = Hunk { old_start, old_lines, new_start, new_lines, ..Hunk::default() };
    let (mut old_left, mut new_left) = (old_lines, new_lines);
    let mut has_changed = false;
    while old_left > 0 || new_left > 0 {
        let line = lines.peek();
        if !line.ends_with(b"\n") {
            return None;
        }
        match line[0] {
            b' ' | b'\n' => {
                old_left = old_left.checked_sub(1)?;
                new_left = new_left.checked_sub(1)?;
                hunk.leading += u32::from(!has_changed);
                hunk.trailing += 1;
            }
            b'-' => old_left = old_left.checked_sub(1)?,
            b'+' => new_left = new_left.checked_sub(1)?,
            b'\\' if line.len() >= 12 && line.starts_with(b"\\ ") => {}
            _ => return None,
        }
        if matches!(line[0], b'-' | b'+') {
            has_changed = true;
            hunk.trailing = 0;
        }
        lines.take();
    }
    if !has_changed {
        return None;
    }
    // What is said of the last line comes after its hunk is complete.
    if lines.rest.len() > 12 && lines.rest.starts_with(b"\\ ") {
        lines.take();
    }
    hunk.body = &start[..start.len() - lines.rest.len()];
    Some(hunk)
}

/// The four numbers of `@@ -1,2 +3,4 @@`.
fn hunk_places(line: &[u8]) -> Option<[u32; 4]> {
    let rest = line.strip_prefix(b"@@ -").filter(|_| line.ends_with(b"\n"))?;
    let (old, rest) = range(rest)?;
    let (new, rest) = range(rest.strip_prefix(b" +")?)?;
    rest.starts_with(b" @@").then_some([old.0, old.1, new.0, new.1])
}

/// `12,3`, or `12` for one line.
fn range(text: &[u8]) -> Option<((u32, u32), &[u8])> {
    let (start, rest) = number(text)?;
    match rest.strip_prefix(b",") {
        None => Some(((start, 1), rest)),
        Some(rest) => number(rest).map(|(count, rest)| ((start, count), rest)),
    }
}

fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = text[..digits].to_str().ok()?.parse().ok()?;
    Some((number, &text[digits..]))
}
