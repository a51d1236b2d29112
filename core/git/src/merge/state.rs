//! A merge of trees under way: the paths at which something is to be decided, and what is settled so far.

use alloc::vec::Vec;

use bstr::{BStr, BString, ByteSlice};

use super::assemble::Edits;
use super::case::untouched;
use super::conflict::{Conflict, ConflictKind, Report};
use super::content::Contents;
use super::options::{MergeError, MergeOptions};
use super::survey::{OURS, Sides, THEIRS, Three, directories, files, look_up};
use crate::ObjectId;
use crate::attributes::Attributes;
use crate::diff::Side;
use crate::name_map::NameMap;
use crate::store::{ObjectStore, ReadError};

/// A path at which something is to be decided.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// What the three hold there that is not a directory, after renames.
    pub stages: Three,
    /// Which of the three have a directory there.
    pub directories: Sides,
    /// Which of the three held equal files there before renames.
    pub untouched: Sides,
    /// The paths that stages come from, where others.
    pub origins: [Option<BString>; 3],
    /// What a rename made of it that needs a decision whatever the content.
    pub contested: Option<ConflictKind>,
    /// What a conflict here would be about, where the case alone does not say it.
    pub kind: Option<ConflictKind>,
    /// Whether a rename took the file away.
    pub settled: bool,
}

impl Entry {
    pub fn new(three: &Three) -> Self {
        Self {
            stages: three.map(|side| side.filter(|side| !side.mode.is_directory())),
            directories: directories(three),
            untouched: untouched(three),
            origins: [None, None, None],
            contested: None,
            kind: None,
            settled: false,
        }
    }

    /// Whose file it is that a directory displaces.
    pub fn displaced_side(&self) -> usize {
        match (files(&self.stages) & 0b110, self.directories & 1 << OURS) {
            (0b010, _) => OURS,
            (0b100, _) => THEIRS,
            (_, 0) => OURS,
            _ => THEIRS,
        }
    }
}

/// A merge under way.
pub(super) struct Merge<'a> {
    pub store: &'a mut dyn ObjectStore,
    pub options: &'a MergeOptions<'a>,
    pub depth: u32,
    pub trees: [ObjectId; 3],
    pub entries: NameMap<BString, Entry>,
    pub edits: Edits,
    pub report: Report,
    pub attributes: Option<Attributes>,
    pub conflicts: Vec<Conflict>,
}

impl<'a> Merge<'a> {
    /// The entry of a path, made from the three trees where it was not yet of interest.
    pub fn entry(&mut self, path: &BString) -> Result<&mut Entry, MergeError> {
        if !self.entries.contains_key(path) {
            let mut three: Three = [None; 3];
            for (side, slot) in three.iter_mut().enumerate() {
                *slot = self.look_up(side, path)?;
            }
            self.entries.insert(path.clone(), Entry::new(&three));
        }
        Ok(self.entries.get_or_insert_with(path.clone(), || Entry::new(&[None; 3])))
    }

    /// What one of the three holds at a path.
    pub fn look_up(&self, side: usize, path: &[u8]) -> Result<Option<Side>, ReadError> {
        look_up(self.store, &self.trees[side], path)
    }

    /// The name of a side.
    pub fn name(&self, side: usize) -> &'a BStr {
        let labels = &self.options.labels;
        if side == OURS { labels.ours.as_bstr() } else { labels.theirs.as_bstr() }
    }

    /// The merge of single contents.
    pub fn contents(&mut self) -> Contents<'_> {
        Contents {
            store: self.store,
            options: self.options,
            report: &mut self.report,
            attributes: &mut self.attributes,
            depth: self.depth,
        }
    }
}
