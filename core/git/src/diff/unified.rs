//! Patches in git's own text, as `git diff` prints and `git apply` takes them.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use bstr::{BStr, BString, ByteSlice};

use super::binary::write_binary_patch;
use super::change::Algorithm;
use super::hunk::TextDiff;
use super::quote::quote_path;
use super::similarity::Score;
use super::{ChangeKind, FileChange, Side};
use crate::ObjectId;
use crate::object::EntryKind;
use crate::store::{ObjectSource, ReadError};

/// How patches are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchOptions {
    /// How changed lines are found.
    pub algorithm: Algorithm,
    /// Unchanged lines around changes.
    pub context: u32,
    /// Digits of the ids in `index` lines, 4 to 40. Git itself takes as many as make them unique in the repository.
    pub id_digits: u8,
    /// Whether binary contents are written out, with full ids, so that the patch can be applied; else only a line says
    /// that they differ.
    pub binary: bool,
}

impl Default for PatchOptions {
    /// What `git diff` does in a small repository.
    fn default() -> Self {
        Self { algorithm: Algorithm::Myers, context: 3, id_digits: 7, binary: false }
    }
}

/// Appends the patch of every change.
pub fn write_patch(
    source: &dyn ObjectSource,
    changes: &[FileChange],
    options: &PatchOptions,
    out: &mut Vec<u8>,
) -> Result<(), ReadError> {
    for change in changes {
        let (old, new) = (content(source, change.old.as_ref())?, content(source, change.new.as_ref())?);
        write_file_patch(change, &old, &new, options, out);
    }
    Ok(())
}

/// What patches compare: a blob's bytes; for a submodule, a line with its commit; for nothing, nothing.
pub fn content(source: &dyn ObjectSource, side: Option<&Side>) -> Result<Arc<[u8]>, ReadError> {
    match side {
        None => Ok(Arc::from([])),
        Some(side) if side.mode.kind() == EntryKind::Submodule => {
            Ok(Arc::from(format!("Subproject commit {}\n", side.id).into_bytes()))
        }
        Some(side) => source.read_blob(&side.id),
    }
}

/// Appends the patch of one change, whose contents are as [`content`] gives them.
pub fn write_file_patch(
    change: &FileChange,
    old: &[u8],
    new: &[u8],
    options: &PatchOptions,
    out: &mut Vec<u8>,
) {
    if change.kind == ChangeKind::TypeChanged {
        // To git a change of type is the end of one file and the beginning of another.
        let part = |kind, old, new| FileChange { kind, old, new, ..change.clone() };
        write_section(&part(ChangeKind::Removed, change.old, None), old, &[], options, out);
        write_section(&part(ChangeKind::Added, None, change.new), &[], new, options, out);
    } else {
        write_section(change, old, new, options, out);
    }
}

fn write_section(change: &FileChange, old: &[u8], new: &[u8], options: &PatchOptions, out: &mut Vec<u8>) {
    let new_path = change.path.as_bstr();
    let old_path = change.old_path.as_ref().map_or(new_path, |path| path.as_bstr());
    let (old_name, new_name) = (prefixed("a/", old_path), prefixed("b/", new_path));
    push(out, &[b"diff --git ", &old_name, b" ", &new_name, b"\n"]);
    write_modes(change, out);
    write_origin(change, old_path, new_path, out);
    if change.old.map(|side| side.id) == change.new.map(|side| side.id) {
        return;
    }
    let diff = match options.context {
        0 => TextDiff::without_context(old, new, options.algorithm),
        _ => TextDiff::new(old, new, options.algorithm),
    };
    let as_binary = diff.is_none() && options.binary;
    write_ids(change, if as_binary { 40 } else { options.id_digits }, out);
    if old == new {
        return;
    }
    let null = BString::from("/dev/null");
    let old_name = if change.old.is_some() { old_name } else { null.clone() };
    let new_name = if change.new.is_some() { new_name } else { null };
    match diff {
        Some(diff) => {
            push(out, &[b"--- ", &old_name, tab_after(&old_name), b"\n"]);
            push(out, &[b"+++ ", &new_name, tab_after(&new_name), b"\n"]);
            write_hunks(&diff, options.context, out);
        }
        None if options.binary => write_binary_patch(old, new, out),
        None => push(out, &[b"Binary files ", &old_name, b" and ", &new_name, b" differ\n"]),
    }
}

fn write_modes(change: &FileChange, out: &mut Vec<u8>) {
    let line = |word: &str, side: Side| format!("{word} {:06o}\n", side.mode.bits());
    match (change.old, change.new) {
        (None, Some(new)) => push(out, &[line("new file mode", new).as_bytes()]),
        (Some(old), None) => push(out, &[line("deleted file mode", old).as_bytes()]),
        (Some(old), Some(new)) if old.mode != new.mode => {
            push(out, &[line("old mode", old).as_bytes(), line("new mode", new).as_bytes()]);
        }
        _ => {}
    }
}

fn write_origin(change: &FileChange, old_path: &BStr, new_path: &BStr, out: &mut Vec<u8>) {
    let word = match change.kind {
        ChangeKind::Renamed => "rename",
        ChangeKind::Copied => "copy",
        _ => return,
    };
    let similarity = if change.similarity == Score::MAX { 100 } else { change.similarity.percent() };
    push(out, &[format!("similarity index {similarity}%\n{word} from ").as_bytes(), &quote_path(old_path)]);
    push(out, &[format!("\n{word} to ").as_bytes(), &quote_path(new_path), b"\n"]);
}

fn write_ids(change: &FileChange, digits: u8, out: &mut Vec<u8>) {
    let hex = |side: Option<Side>| side.map_or(ObjectId::NULL, |side| side.id).to_hex();
    let digits = usize::from(digits.clamp(4, 40));
    push(out, &[b"index ", &hex(change.old)[..digits], b"..", &hex(change.new)[..digits]]);
    match (change.old, change.new) {
        (Some(old), Some(new)) if old.mode == new.mode => {
            push(out, &[format!(" {:06o}\n", old.mode.bits()).as_bytes()]);
        }
        _ => out.push(b'\n'),
    }
}

/// Appends the hunks of two texts, without what stands above them in a patch.
pub fn write_hunks(diff: &TextDiff<'_>, context: u32, out: &mut Vec<u8>) {
    let (mut heading, mut searched) = (None, 0);
    for hunk in diff.hunks(context) {
        heading = diff.heading(searched..hunk.old.start).or(heading);
        searched = hunk.old.start;
        push(out, &[format!("@@ -{} +{} @@", place(&hunk.old), place(&hunk.new)).as_bytes()]);
        if let Some(heading) = heading {
            push(out, &[b" ", heading]);
        }
        out.push(b'\n');
        for (kind, line) in diff.lines(&hunk) {
            out.push(kind.sign());
            out.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                out.extend_from_slice(b"\n\\ No newline at end of file\n");
            }
        }
    }
}

/// First line and number of lines as hunks name them; without lines, the line before and 0.
fn place(lines: &Range<u32>) -> String {
    match lines.end - lines.start {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

/// Programs that read patches take a name with spaces as ended only by a tab.
fn tab_after(name: &[u8]) -> &'static [u8] {
    if name.contains(&b' ') { b"\t" } else { b"" }
}

fn prefixed(prefix: &str, path: &BStr) -> BString {
    let mut name = BString::from(prefix);
    name.extend_from_slice(path);
    quote_path(name.as_bstr()).into_owned()
}

fn push(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}
