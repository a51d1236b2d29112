//! Patches put on a tree, file by file: what each path holds afterwards.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bstr::BString;

use super::image::{Budget, Image, LINES_COMPARED_MAX};
use super::parse::{FilePatch, parse_patches};
use super::{PatchError, PatchProblem};
use crate::id::Prefix;
use crate::name_map::NameMap;
use crate::object::{EntryKind, Mode};
use crate::path::RepoPath;
use crate::store::{TreeEntry, find_path};
use crate::{ObjectId, ObjectSource};

/// Merges base, ours and theirs; `None` where they conflict.
pub type MergeTexts<'a> = &'a dyn Fn(&[u8], &[u8], &[u8]) -> Option<Vec<u8>>;

/// How a patch is applied.
#[derive(Clone, Copy)]
pub struct ApplyOptions<'a> {
    /// How many leading names of each path are left away; git's own patches have one.
    pub strip: u32,
    /// Whether the patch is taken back.
    pub reverse: bool,
    /// Where the content that the patch was made for is known, the change from there is merged first; where that is not
    /// so, or there is a conflict, the patch is applied as it is. `None` never merges.
    pub merge: Option<MergeTexts<'a>>,
}

impl Default for ApplyOptions<'_> {
    fn default() -> Self {
        Self { strip: 1, reverse: false, merge: None }
    }
}

/// What a patch makes of a tree: each path that changes once, in order, with what is there afterwards.
pub type Patched = Vec<(RepoPath, Option<File>)>;

/// What an earlier part of the patch left at a path.
enum Left {
    /// A later part moves or deletes it.
    WillGo,
    Gone,
    File(Mode, Arc<[u8]>),
}

const KIND_BITS: u32 = 0o170_000;

/// Applies a patch to a tree, all of it or nothing.
pub fn apply_patch(
    source: &dyn ObjectSource,
    tree: &ObjectId,
    text: &[u8],
    options: &ApplyOptions<'_>,
) -> Result<Patched, PatchError> {
    let mut patches = parse_patches(text, options.strip)?;
    if options.reverse {
        patches.iter_mut().for_each(FilePatch::reverse);
        patches.reverse();
    }
    let mut work =
        Work { source, tree, options: *options, left: NameMap::new(), budget: Budget(LINES_COMPARED_MAX) };
    for patch in &patches {
        if let Some(old) = patch.old_path.as_ref().filter(|_| patch.new_path.is_none() || patch.is_rename) {
            work.left.insert(old.clone(), Left::WillGo);
        }
    }
    let mut patched: NameMap<RepoPath, Option<File>> = NameMap::new();
    for patch in patches {
        let error = |problem| PatchError { path: Some(patch.path().into()), line: patch.line, problem };
        let at = |path: &Option<BString>| {
            path.as_ref().map(|path| RepoPath::new(path).map_err(|_| error(PatchProblem::Path))).transpose()
        };
        let (old, new) = (at(&patch.old_path)?, at(&patch.new_path)?);
        let made = work.file(&patch).map_err(|(line, problem)| PatchError { line, ..error(problem) })?;
        // As if all were removed before any is written: what one part writes, no later one takes away.
        if let Some(old) = old.filter(|old| !made.is_created && patched.get(old).is_none())
            && work.entry(old.as_bstr()).map_err(error)?.is_some()
        {
            patched.insert(old, None);
        }
        if let (Some(file), Some(new)) = (made.file, new) {
            patched.insert(new, Some(file));
        }
    }
    Ok(patched.iter().map(|(path, file)| (path.clone(), file.clone())).collect())
}

/// A patch on its way through a tree.
struct Work<'a> {
    source: &'a dyn ObjectSource,
    tree: &'a ObjectId,
    options: ApplyOptions<'a>,
    /// By path.
    left: NameMap<BString, Left>,
    budget: Budget,
}

/// Mode and content.
pub type File = (Mode, Arc<[u8]>);

/// What one part of a patch makes of its file.
struct Made {
    /// `None` where it is deleted.
    file: Option<File>,
    /// Whether what was at the old path, if anything, stays.
    is_created: bool,
}

/// The line of the patch, and what is wrong there.
type Refusal = (u32, PatchProblem);

impl Work<'_> {
    /// Applies one part.
    fn file(&mut self, patch: &FilePatch<'_>) -> Result<Made, Refusal> {
        let refuse = |problem| (patch.line, problem);
        let (mut is_new, before) = (patch.is_new == Some(true), self.before(patch)?);
        is_new |= before.is_none() && patch.is_new.is_none();
        let (old_mode, old_text) = match before {
            Some((mode, text)) => (Some(mode), text),
            None => (None, Arc::from([])),
        };
        let stated = patch.old_mode.or(old_mode.map(Mode::bits));
        if let (Some(mode), Some(stated)) = (old_mode, stated)
            && (mode.bits() ^ stated) & KIND_BITS != 0
        {
            return Err(refuse(PatchProblem::WrongType));
        }
        let new_mode = self.new_mode(patch, is_new, old_mode, stated).map_err(refuse)?;
        let text = self.patched(patch, &old_text)?;
        if !is_new && patch.is_delete == Some(true) && !text.is_empty() {
            return Err(refuse(PatchProblem::Leftover));
        }
        let mut file = None;
        if let Some(path) = &patch.new_path {
            let mode = written_mode(new_mode, &text).map_err(refuse)?;
            let text: Arc<[u8]> = text.into();
            self.left.insert(path.clone(), Left::File(mode, text.clone()));
            file = Some((mode, text));
        }
        if let Some(old) = patch.old_path.as_ref().filter(|_| patch.new_path.is_none() || patch.is_rename) {
            self.left.insert(old.clone(), Left::Gone);
        }
        Ok(Made { file, is_created: is_new || patch.is_copy })
    }

    /// Mode and text of the file before; `None` where there is none and need not be one.
    fn before(&self, patch: &FilePatch<'_>) -> Result<Option<File>, Refusal> {
        let refuse = |problem| (patch.line, problem);
        let Some(path) = &patch.old_path else { return Ok(None) };
        if patch.is_new == Some(true) {
            return Err(refuse(PatchProblem::Header));
        }
        // Renames and copies are all of what was there before the first of them.
        if !patch.is_rename && !patch.is_copy {
            match self.left.get(path) {
                Some(Left::Gone) => return Err(refuse(PatchProblem::Gone)),
                Some(Left::File(mode, text)) => return Ok(Some((*mode, text.clone()))),
                Some(Left::WillGo) | None => {}
            }
        }
        match self.entry(path).map_err(refuse)? {
            Some(entry) => Ok(Some((entry.mode.canonical(), self.text(&entry).map_err(refuse)?))),
            None if patch.is_new.is_none() => Ok(None),
            None => Err(refuse(PatchProblem::NotFound)),
        }
    }

    fn entry(&self, path: &[u8]) -> Result<Option<TreeEntry>, PatchProblem> {
        let entry = find_path(self.source, self.tree, path).map_err(PatchProblem::Read)?;
        Ok(entry.filter(|entry| !entry.mode.is_directory()))
    }

    fn text(&self, entry: &TreeEntry) -> Result<Arc<[u8]>, PatchProblem> {
        if entry.mode.kind() == EntryKind::Submodule {
            return Ok(Arc::from(format!("Subproject commit {}\n", entry.id).into_bytes()));
        }
        self.source.read_blob(&entry.id).map_err(PatchProblem::Read)
    }

    fn new_mode(
        &self,
        patch: &FilePatch<'_>,
        is_new: bool,
        old_mode: Option<Mode>,
        stated: Option<u32>,
    ) -> Result<u32, PatchProblem> {
        let Some(new) = &patch.new_path else { return Ok(0) };
        let mut mode = patch.new_mode;
        if is_new || patch.is_rename || patch.is_copy {
            let may_exist = matches!(self.left.get(new), Some(Left::Gone | Left::WillGo));
            if !may_exist && self.entry(new)?.is_some() {
                return Err(PatchProblem::Exists);
            }
            if is_new {
                mode = mode.or(Some(Mode::FILE.bits()));
            }
        }
        let stated = stated.unwrap_or(0);
        let mode = mode.or(old_mode.map(Mode::bits)).unwrap_or(stated);
        if !is_new && patch.old_path.is_some() && (stated ^ mode) & KIND_BITS != 0 {
            return Err(PatchProblem::WrongType);
        }
        Ok(mode)
    }

    fn patched(&mut self, patch: &FilePatch<'_>, old: &[u8]) -> Result<Vec<u8>, Refusal> {
        if patch.is_binary {
            return Err((patch.line, PatchProblem::Binary));
        }
        if let Some(merge) = self.options.merge
            && let Some(base) = self.blob_before(patch)
            && let Ok(theirs) = self.with_hunks(patch, &base)
            && let Some(merged) = merge(&base, old, &theirs)
        {
            return Ok(merged);
        }
        self.with_hunks(patch, old)
    }

    /// The content that the patch was made for, where its id names one alone.
    fn blob_before(&self, patch: &FilePatch<'_>) -> Option<Arc<[u8]>> {
        let mut found = Vec::new();
        let prefix = Prefix::from_hex(patch.old_id).ok()?;
        self.source.find_prefix(&prefix, 2, &mut found);
        let [id] = found[..] else { return None };
        self.source.read_blob(&id).ok()
    }

    fn with_hunks(&mut self, patch: &FilePatch<'_>, old: &[u8]) -> Result<Vec<u8>, Refusal> {
        let limit = |limit| (patch.line, PatchProblem::Limit(limit));
        let mut image = Image::new(old, &mut self.budget).map_err(limit)?;
        for hunk in &patch.hunks {
            if !image.apply(hunk, self.options.reverse, &mut self.budget).map_err(limit)? {
                return Err((hunk.line, PatchProblem::NoMatch(hunk.old_start)));
            }
        }
        Ok(image.into_text())
    }
}

/// The mode that stands in a tree.
fn written_mode(bits: u32, text: &[u8]) -> Result<Mode, PatchProblem> {
    match bits & KIND_BITS {
        0o100_000 | 0o120_000 => Ok(Mode::from_bits(bits).canonical()),
        0o160_000 => {
            let hex = text.strip_prefix(b"Subproject commit ").and_then(|rest| rest.strip_suffix(b"\n"));
            hex.and_then(|hex| ObjectId::from_hex(hex).ok()).ok_or(PatchProblem::Submodule)?;
            Ok(Mode::SUBMODULE)
        }
        _ => Err(PatchProblem::Mode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{PathEdit, edit_tree};
    use crate::store::MemoryStore;
    use crate::{Kind, ObjectSink};
    use std::string::{String, ToString};

    fn applied(patch: &str) -> Result<Patched, String> {
        let mut store = MemoryStore::new();
        let paths = ["a", "d"].map(|path| RepoPath::new(path).unwrap());
        let file = PathEdit::Put(Mode::FILE, store.write(Kind::Blob, b"1\n2\n3\n"));
        let link = PathEdit::Put(Mode::SYMLINK, store.write(Kind::Blob, b"elsewhere"));
        let edits = [(&paths[0], file), (&paths[1], link)];
        let tree = edit_tree(&mut store, &ObjectId::EMPTY_TREE, &edits).unwrap();
        let patched = apply_patch(&store, &tree, patch.as_bytes(), &ApplyOptions::default());
        patched.map_err(|error| error.to_string())
    }

    #[test]
    fn refusals_name_the_file_and_the_line() {
        let changed = "--- a/NAME\n+++ b/NAME\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n";
        for (patch, refusal) in [
            (
                changed.replace("NAME", ".git/config"),
                "\".git/config\": no such path may be written (line 1 of the patch)",
            ),
            (changed.replace("NAME", "../a"), "\"../a\": no such path may be written (line 1 of the patch)"),
            (
                changed.replace("-2", "-x").replace("NAME", "a"),
                "\"a\": the hunk for line 1 does not match (line 3 of the patch)",
            ),
            (
                changed.replace("@@ -1,3", "@@ -1,9").replace("NAME", "a"),
                "\"a\": a hunk is broken (line 8 of the patch)",
            ),
            (
                "diff --git a/a b/a\nindex 1..2\nGIT binary patch\nliteral 0\n".into(),
                "\"a\": a binary change cannot be applied (line 1 of the patch)",
            ),
            (
                "diff --git a/n b/n\nnew file mode 040000\n".into(),
                "\"n\": the mode is none of a file, a symbolic link or a submodule (line 1 of the patch)",
            ),
            (
                "diff --git a/d b/d\nold mode 120000\nnew mode 100644\n".into(),
                "\"d\": the file is of another type (line 1 of the patch)",
            ),
            ("words\n".into(), "there is no patch in this text (line 2 of the patch)"),
            (String::new(), "there is no patch in this text (line 1 of the patch)"),
        ] {
            assert_eq!(applied(&patch).unwrap_err(), refusal);
        }
        let patched = applied(&changed.replace("NAME", "a")).unwrap();
        assert_eq!(patched[0].1, Some((Mode::FILE, Arc::from(*b"1\ntwo\n3\n"))));
    }

    #[test]
    fn work_is_bounded() {
        let text = "x\n".repeat(100);
        let hunk = crate::patch::Hunk {
            old_start: 50,
            old_lines: 20,
            new_start: 50,
            new_lines: 19,
            trailing: 1,
            body: b" x\n x\n x\n x\n x\n x\n x\n x\n x\n-y\n",
            ..Default::default()
        };
        let tried = |lines| {
            let mut budget = Budget(lines);
            let mut image = Image::new(text.as_bytes(), &mut budget).unwrap();
            image.apply(&hunk, false, &mut budget)
        };
        assert_eq!(tried(5_000), Ok(false));
        assert!(tried(500).is_err());
    }
}
