//! What makes two patches the same wherever they stand: files, modes and lines, without white space and line numbers.
//!
//! Equal where git takes patches for equal when it leaves out what a branch has already; the digests are not git's own.

use alloc::vec::Vec;

use super::binary::is_text;
use super::change::Algorithm;
use super::hunk::TextDiff;
use super::tree::{TreeChange, TreeDiff};
use super::{DiffError, Side};
use crate::ObjectId;
use crate::id::hasher::Hasher;
use crate::limits::Limits;
use crate::object::EntryKind;
use crate::store::{ObjectSource, ReadError};

/// Unchanged lines around a change that count as part of it, as many as git takes.
const CONTEXT: u32 = 3;

/// A digest of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchId(pub ObjectId);

/// What of a patch counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchPart {
    /// The paths and how their modes change: no blob is read.
    Outline,
    /// The lines too.
    Whole,
}

/// The digest of the patch from `old` (`None` for nothing) to `new`; `None` for an empty patch, and for one whose lines
/// were made to collide.
pub fn patch_id(
    source: &dyn ObjectSource,
    old: Option<&ObjectId>,
    new: &ObjectId,
    part: PatchPart,
    limits: &Limits,
) -> Result<Option<PatchId>, DiffError> {
    let mut diff = TreeDiff::new(source, old, Some(new), limits)?;
    let mut digest = Digest { hasher: Hasher::new(), words: Vec::new() };
    let mut is_empty = true;
    while let Some(change) = diff.next_change()? {
        is_empty = false;
        digest.file(&change);
        if part == PatchPart::Whole {
            digest.content(source, change.old, change.new)?;
        }
    }
    Ok(if is_empty { None } else { digest.hasher.finish().ok().map(PatchId) })
}

struct Digest {
    hasher: Hasher,
    /// A line without its white space.
    words: Vec<u8>,
}

impl Digest {
    fn file(&mut self, change: &TreeChange<'_>) {
        self.line(b"diff ", change.path);
        let modes = [change.old, change.new].map(|side| side.map_or(0, |side| side.mode.bits()));
        if modes[0] != modes[1] {
            modes.iter().for_each(|mode| self.hasher.update(&mode.to_le_bytes()));
        }
    }

    fn content(
        &mut self,
        source: &dyn ObjectSource,
        old: Option<Side>,
        new: Option<Side>,
    ) -> Result<(), ReadError> {
        let texts = [old, new].map(|side| match side {
            Some(side) if side.mode.kind() == EntryKind::Submodule => Ok(None),
            Some(side) => source.read_blob(&side.id).map(Some),
            None => Ok(Some([].into())),
        });
        let [old_text, new_text] = texts;
        let (Some(old_text), Some(new_text)) = (old_text?, new_text?) else {
            self.ids(old, new);
            return Ok(());
        };
        if !is_text(&old_text) || !is_text(&new_text) {
            self.ids(old, new);
            return Ok(());
        }
        let diff = TextDiff::sliding_down(&old_text, &new_text, Algorithm::Myers);
        for hunk in diff.hunks(CONTEXT) {
            for (kind, line) in diff.lines(&hunk) {
                self.line(&[kind.sign()], line);
            }
        }
        Ok(())
    }

    fn ids(&mut self, old: Option<Side>, new: Option<Side>) {
        for side in [old, new] {
            self.hasher.update(side.map_or(ObjectId::NULL, |side| side.id).as_bytes());
        }
    }

    fn line(&mut self, sign: &[u8], line: &[u8]) {
        self.words.clear();
        let all = sign.iter().chain(line).copied();
        self.words.extend(all.filter(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')));
        self.hasher.update(&self.words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Mode, TreeBuilder};
    use crate::store::MemoryStore;
    use crate::{Kind, ObjectSink};

    #[test]
    fn white_space_and_places_do_not_count_and_lines_and_modes_do() {
        let mut store = MemoryStore::new();
        let mut tree = |files: &[(&str, Mode, &[u8])]| {
            let mut builder = TreeBuilder::new();
            for (name, mode, content) in files {
                builder.push(*mode, name.as_bytes(), store.write(Kind::Blob, content));
            }
            store.write(Kind::Tree, &builder.write())
        };
        let file = |content: &'static [u8]| [("a", Mode::FILE, content)];
        let old = tree(&file(b"1\n2\n3\n4\n5\n6\n7\n"));
        let new = tree(&file(b"1\n2\n3\nx y\n5\n6\n7\n"));
        let moved_old = tree(&file(b"0\n0\n0\n0\n0\n1\n2\n3\n4\n5\n6\n7\n"));
        let moved_new = tree(&file(b"0\n0\n0\n0\n0\n1\n2\n3\nx  y \n5\n6\n7\n"));
        let other = tree(&file(b"1\n2\n3\nz\n5\n6\n7\n"));
        let mode = tree(&[("a", Mode::EXECUTABLE, &b"1\n2\n3\nx y\n5\n6\n7\n"[..])]);
        let binary = tree(&file(b"a\0b"));
        let id = |old: &ObjectId, new: &ObjectId, part| {
            patch_id(&store, Some(old), new, part, &Limits::default()).unwrap()
        };
        let whole = |old: &ObjectId, new: &ObjectId| id(old, new, PatchPart::Whole);
        assert_eq!(whole(&old, &old), None);
        assert_eq!(whole(&old, &new), whole(&moved_old, &moved_new));
        let all = [&new, &other, &mode, &binary].map(|new| whole(&old, new));
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other != one));
        }
        let outline = |new: &ObjectId| id(&old, new, PatchPart::Outline);
        assert_eq!(outline(&new), outline(&other));
        assert_ne!(outline(&new), outline(&mode));
    }
}
