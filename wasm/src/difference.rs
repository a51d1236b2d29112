//! Differences: files, lines, patches.

use std::sync::Arc;

use bstr::BString;
use govc_engine::git::diff::binary::is_binary;
use govc_engine::git::diff::change::Algorithm;
use govc_engine::git::diff::hunk::TextDiff;
use govc_engine::git::diff::rename::RenameOptions;
use govc_engine::git::diff::similarity::Score;
use govc_engine::git::diff::unified::{PatchOptions, write_patch};
use govc_engine::git::diff::{ChangeKind, FileChange, Side};
use govc_engine::git::object::Mode;
use wasm_bindgen::prelude::*;

use crate::decode;
use crate::error::thrown;
use crate::packed::PackedWriter;
use crate::repository::Repository;

#[wasm_bindgen]
impl Repository {
    /// The files that differ between two states. `globs` are joined by NUL; `similarity` is in percent, 0 for no renames.
    pub fn diff(&self, old: &str, new: &str, globs: &[u8], similarity: u32) -> Result<Vec<u8>, JsValue> {
        let renames = (similarity != 0).then(|| RenameOptions {
            threshold: Score::from_percent(similarity as u8),
            ..RenameOptions::DIFF
        });
        let (old, new) = (self.tree(old)?, self.tree(new)?);
        let mut changes = self.engine.diff(&old, &new, renames).map_err(thrown)?;
        if !globs.is_empty() {
            let globs = decode::globs(globs);
            let is_meant = |path: &BString| globs.matches(path);
            changes.retain(|change| is_meant(&change.path) || change.old_path.as_ref().is_some_and(is_meant));
        }
        Ok(packed_changes(&changes))
    }

    /// For each of `paths`, joined by NUL, whether `globs` mean it: 1 or 0.
    #[wasm_bindgen(js_name = matchPaths)]
    pub fn match_paths(&self, globs: &[u8], paths: &[u8]) -> Vec<u8> {
        let globs = decode::globs(globs);
        paths.split(|byte| *byte == 0).map(|path| globs.matches(path).into()).collect()
    }

    /// What a reality has staged.
    pub fn status(&self, reality: &[u8]) -> Result<Vec<u8>, JsValue> {
        let reality = self.reality(reality)?;
        Ok(packed_changes(&self.engine.status(&reality).map_err(thrown)?))
    }

    /// Makes the state that a reality would commit readable; its tree.
    #[wasm_bindgen(js_name = previewStaged)]
    pub fn preview_staged(&mut self, reality: &[u8]) -> Result<String, JsValue> {
        let reality = self.reality(reality)?;
        Ok(self.engine.preview(&reality).map_err(thrown)?.to_string())
    }

    /// The hunks between two blobs; an empty id stands for no content. None where either is no text.
    pub fn hunks(&self, old: &str, new: &str, context: u32) -> Result<Vec<u8>, JsValue> {
        let (old, new) = (self.side(old)?, self.side(new)?);
        let mut out = PackedWriter::new();
        let Some(diff) = TextDiff::new(&old, &new, Algorithm::Myers) else {
            out.u32(0);
            return Ok(out.finish());
        };
        out.list(diff.hunks(context).iter(), |out, hunk| {
            for range in [&hunk.old, &hunk.new] {
                // A patch counts lines from 1, and names the line before where there are none.
                out.u32(if range.is_empty() { range.start } else { range.start + 1 });
                out.u32(range.end - range.start);
            }
            let lines: Vec<_> = diff.lines(hunk).collect();
            out.list(lines.into_iter(), |out, (kind, text)| {
                out.u8(kind.sign());
                out.bytes(text);
            });
        });
        Ok(out.finish())
    }

    /// The patch of a file: `paths` are its old and new one, joined by NUL; empty ids and mode 0 stand for no file.
    #[expect(clippy::too_many_arguments, reason = "each is one part of a changed file")]
    pub fn patch(
        &self,
        paths: &[u8],
        old: &str,
        new: &str,
        old_mode: u32,
        new_mode: u32,
        similarity: u32,
        context: u32,
    ) -> Result<Vec<u8>, JsValue> {
        let side = |id: &str, mode| {
            let id = if id.is_empty() { None } else { Some(decode::id(id).map_err(thrown)?) };
            Ok::<_, JsValue>(id.map(|id| Side { mode: Mode::from_bits(mode), id }))
        };
        let (old, new) = (side(old, old_mode)?, side(new, new_mode)?);
        let mut names = paths.splitn(2, |byte| *byte == 0);
        let (from, to) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
        let change = FileChange {
            kind: kind_of(from != to, old, new),
            path: to.into(),
            old_path: (from != to).then(|| from.into()),
            old,
            new,
            similarity: Score::from_percent(similarity.min(100) as u8),
        };
        let options = PatchOptions { context, ..PatchOptions::default() };
        let mut out = Vec::new();
        write_patch(self.engine.store(), &[change], &options, &mut out)
            .map_err(|error| thrown(error.into()))?;
        Ok(out)
    }

    /// Whether either of two blobs is no text; an empty id stands for no content.
    #[wasm_bindgen(js_name = isBinary)]
    pub fn is_binary(&self, old: &str, new: &str) -> Result<bool, JsValue> {
        let (old, new) = (self.side(old)?, self.side(new)?);
        Ok(is_binary(&old) || is_binary(&new))
    }

    /// The content of a blob.
    #[wasm_bindgen(js_name = readBlob)]
    pub fn read_blob(&self, id: &str) -> Result<Vec<u8>, JsValue> {
        let id = decode::id(id).map_err(thrown)?;
        Ok(self.engine.read_blob(&id).map_err(thrown)?.to_vec())
    }
}

impl Repository {
    /// The content of one side of a difference; none for an empty id.
    fn side(&self, id: &str) -> Result<Arc<[u8]>, JsValue> {
        if id.is_empty() {
            return Ok(Arc::from([]));
        }
        self.engine.read_blob(&decode::id(id).map_err(thrown)?).map_err(thrown)
    }
}

/// What happened to a file, by what stands on either side.
fn kind_of(renamed: bool, old: Option<Side>, new: Option<Side>) -> ChangeKind {
    match (old, new) {
        (Some(_), Some(_)) if renamed => ChangeKind::Renamed,
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        (Some(old), Some(new)) if old.mode == new.mode => ChangeKind::Modified,
        (Some(old), Some(new)) if !(old.mode.is_regular() && new.mode.is_regular()) => {
            ChangeKind::TypeChanged
        }
        (Some(old), Some(new)) if old.id == new.id => ChangeKind::ModeChanged,
        _ => ChangeKind::Modified,
    }
}

/// Files that differ, as `FileDiff` in `wasm/js/diff.ts` reads them.
pub(crate) fn packed_changes(changes: &[FileChange]) -> Vec<u8> {
    let mut out = PackedWriter::new();
    out.list(changes.iter(), |out, change| {
        let kind = match change.kind {
            ChangeKind::Added => 0,
            ChangeKind::Removed => 2,
            ChangeKind::Renamed => 3,
            ChangeKind::ModeChanged => 4,
            ChangeKind::Copied => 5,
            _ => 1,
        };
        out.u8(kind);
        out.bytes(&change.path);
        out.bytes(change.old_path.as_ref().map_or(b"", |path| path.as_slice()));
        out.u32(change.old.map_or(0, |side| side.mode.bits()));
        out.u32(change.new.map_or(0, |side| side.mode.bits()));
        out.id(change.old.map(|side| side.id));
        out.id(change.new.map(|side| side.id));
        out.u8(change.similarity.percent());
    });
    out.finish()
}
