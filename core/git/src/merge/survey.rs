//! Base, ours and theirs walked side by side, into only those directories that all three have differently.
//!
//! What only one side changed is settled here, whole directories by their id. What is left is listed by path. Beside
//! it stands what the search for renames will ask for: what each side removed and added, and what of it matters.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use bstr::BString;

use super::MergeError;
use super::assemble::Edits;
use crate::ObjectId;
use crate::diff::Side;
use crate::diff::directory::DirectoryRelevance;
use crate::limits::{LimitExceeded, Limits};
use crate::name_map::NameMap;
use crate::object::{ObjectError, TreeRef, compare_names};
use crate::store::{ObjectSource, ReadError, find_path};

/// Base, ours and theirs, in this order everywhere.
pub(super) const BASE: usize = 0;
pub(super) const OURS: usize = 1;
pub(super) const THEIRS: usize = 2;

/// A set of base, ours and theirs.
pub(super) type Sides = u8;

pub(super) const ALL: Sides = 0b111;

/// What the three trees hold at a path.
pub(super) type Three = [Option<Side>; 3];

/// Which of the three hold something that is not a directory.
pub(super) fn files(three: &Three) -> Sides {
    mask(three, |side| !side.mode.is_directory())
}

/// Which of the three hold a directory.
pub(super) fn directories(three: &Three) -> Sides {
    mask(three, |side| side.mode.is_directory())
}

fn mask(three: &Three, holds: impl Fn(&Side) -> bool) -> Sides {
    let bit = |at: usize| Sides::from(three[at].as_ref().is_some_and(&holds)) << at;
    bit(BASE) | bit(OURS) | bit(THEIRS)
}

/// Which of the three are equal to another: none, two or all.
pub(super) fn equal(three: &Three) -> Sides {
    match (three[BASE] == three[OURS], three[BASE] == three[THEIRS], three[OURS] == three[THEIRS]) {
        (true, true, _) => ALL,
        (true, ..) => 0b011,
        (_, true, _) => 0b101,
        (.., true) => 0b110,
        _ => 0,
    }
}

/// Why the search for renames asks where a file went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The other side changed it too, so the changes have to follow it.
    Content,
    /// Only because its directory's new place is asked for.
    Location,
}

/// What one side did, as the search for renames wants to know it. Paths in git's order: those of the walk, then what
/// was unread.
#[derive(Clone, Debug, Default)]
pub(super) struct SideChanges {
    /// Files of the base that this side does not have.
    pub removed: Vec<(BString, Side)>,
    /// Files that the base does not have.
    pub added: Vec<(BString, Side)>,
    /// Removed files whose new place matters.
    pub relevant: NameMap<BString, Reason>,
    /// Directories of the base that this side does not have.
    pub gone: NameMap<BString, DirectoryRelevance>,
    /// Directories that only this side changed: read only if a rename may end there.
    pub unread: Vec<(BString, Option<ObjectId>, Option<ObjectId>)>,
}

/// What the walk found.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    /// Paths where all three differ, without those that are directories only.
    pub open: Vec<(BString, Three)>,
    /// What only theirs changed.
    pub edits: Edits,
    /// What ours and theirs did.
    pub sides: [SideChanges; 2],
}

impl Survey {
    /// Walks the three trees.
    pub fn new(
        source: &dyn ObjectSource,
        trees: [&ObjectId; 3],
        limits: &Limits,
    ) -> Result<Self, MergeError> {
        let mut walk = Walk {
            source,
            limits,
            survey: Self::default(),
            path: Vec::new(),
            levels: Vec::new(),
            entries: 0,
        };
        walk.descend(trees.map(|tree| Some(*tree)), 0)?;
        walk.run()?;
        Ok(walk.survey)
    }
}

/// An entry of at least one of the three trees of a directory.
struct Entry {
    /// The tree whose bytes hold the name, and where.
    name_in: usize,
    name: Range<usize>,
    three: Three,
}

/// A directory under way.
struct Level {
    trees: [Option<Arc<[u8]>>; 3],
    entries: Vec<Entry>,
    next: usize,
    /// Length of its path with the slash that ends it.
    path_len: usize,
    /// 0; the one side that still has a directory which the other removed; or [`ALL`] once that side added to it.
    rename_asked: Sides,
}

struct Walk<'a> {
    source: &'a dyn ObjectSource,
    limits: &'a Limits,
    survey: Survey,
    path: Vec<u8>,
    levels: Vec<Level>,
    entries: u64,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<(), MergeError> {
        while let Some(level) = self.levels.last_mut() {
            self.path.truncate(level.path_len);
            let Some(entry) = level.entries.get(level.next) else {
                self.levels.pop();
                continue;
            };
            level.next += 1;
            let Some(bytes) = &level.trees[entry.name_in] else { continue };
            self.path.extend_from_slice(&bytes[entry.name.clone()]);
            let allowed = u64::from(self.limits.path_bytes_max);
            if self.path.len() as u64 > allowed {
                let found = self.path.len() as u64;
                return Err(LimitExceeded { limit: "path_bytes_max", allowed, found }.into());
            }
            let (three, asked, directory_len) = (entry.three, level.rename_asked, level.path_len);
            self.visit(&three, asked, directory_len)?;
        }
        Ok(())
    }

    fn visit(&mut self, three: &Three, mut asked: Sides, directory_len: usize) -> Result<(), MergeError> {
        let (files, directories, equal) = (files(three), directories(three), equal(three));
        if directories != 0 {
            self.note_gone(directories, &mut asked);
        }
        if asked == ALL && (files == 0b010 || files == 0b100) {
            let directory = &self.path[..directory_len.saturating_sub(1)];
            let remover = if files == 0b010 { THEIRS } else { OURS };
            self.survey.sides[remover - 1].gone.insert(directory.into(), DirectoryRelevance::ForItself);
        }
        if files != 0 && files != ALL {
            self.note_files(three, files, equal, asked);
        }
        let path = || BString::from(self.path.as_slice());
        let tree = |side: usize| three[side].filter(|side| side.mode.is_directory()).map(|side| side.id);
        match equal {
            0b011 | 0b101 => {
                let changed = if equal == 0b011 { THEIRS } else { OURS };
                if changed == THEIRS {
                    self.survey.edits.put(path(), three[THEIRS]);
                }
                if directories == 0 {
                    return Ok(());
                }
                if asked != ALL {
                    let unread = (path(), tree(BASE), tree(changed));
                    self.survey.sides[changed - 1].unread.push(unread);
                    return Ok(());
                }
            }
            0b110 => {}
            _ if files != 0 => self.survey.open.push((path(), *three)),
            _ => {}
        }
        if directories == 0 {
            return Ok(());
        }
        self.path.push(b'/');
        self.descend([tree(BASE), tree(OURS), tree(THEIRS)], asked)
    }

    /// Records a directory of the base that a side does not have. Where only one has it still, it may be asked for.
    fn note_gone(&mut self, directories: Sides, asked: &mut Sides) {
        if *asked != ALL && matches!(directories, 0b011 | 0b101) {
            *asked = directories & !1;
        }
        if directories & 1 == 0 {
            return;
        }
        let relevance =
            if *asked == ALL { DirectoryRelevance::ForAncestor } else { DirectoryRelevance::Gone };
        for side in [OURS, THEIRS] {
            if directories & 1 << side == 0 {
                self.survey.sides[side - 1].gone.insert(self.path.as_slice().into(), relevance);
            }
        }
    }

    /// Records what each side removed or added here.
    fn note_files(&mut self, three: &Three, files: Sides, equal: Sides, asked: Sides) {
        for side in [OURS, THEIRS] {
            let changes = &mut self.survey.sides[side - 1];
            let path = || BString::from(self.path.as_slice());
            match (files & 1 != 0, files & 1 << side != 0) {
                (true, false) => {
                    if equal & files == 0 {
                        changes.relevant.insert(path(), Reason::Content);
                    } else if asked == ALL {
                        changes.relevant.insert(path(), Reason::Location);
                    }
                    changes.removed.extend(three[BASE].map(|base| (path(), base)));
                }
                (false, true) => changes.added.extend(three[side].map(|added| (path(), added))),
                _ => {}
            }
        }
    }

    /// Opens a directory; `self.path` ends with its slash, or is empty for the root.
    fn descend(&mut self, ids: [Option<ObjectId>; 3], asked: Sides) -> Result<(), MergeError> {
        if self.levels.len() >= self.limits.tree_depth_max as usize {
            let allowed = u64::from(self.limits.tree_depth_max);
            return Err(LimitExceeded { limit: "tree_depth_max", allowed, found: u64::MAX }.into());
        }
        let mut trees = [None, None, None];
        for (tree, id) in trees.iter_mut().zip(&ids) {
            *tree = id.as_ref().map(|id| self.source.read_tree(id)).transpose()?;
        }
        let entries = join(&trees, &ids)?;
        self.entries += entries.len() as u64;
        if self.entries > self.limits.diff_entries_max {
            let allowed = self.limits.diff_entries_max;
            return Err(LimitExceeded { limit: "diff_entries_max", allowed, found: u64::MAX }.into());
        }
        let one_side = asked == 0b010 || asked == 0b100;
        let added_to = one_side && entries.iter().any(|entry| files(&entry.three) == asked);
        let rename_asked = if added_to { ALL } else { asked };
        self.levels.push(Level { trees, entries, next: 0, path_len: self.path.len(), rename_asked });
        Ok(())
    }
}

/// A tree read entry by entry.
struct Cursor<'t> {
    id: ObjectId,
    bytes: &'t [u8],
    offset: usize,
    head: Option<Head>,
}

#[derive(Clone)]
struct Head {
    name: Range<usize>,
    end: usize,
    side: Side,
}

impl Cursor<'_> {
    fn advance(&mut self, end: usize) -> Result<(), ReadError> {
        let before = self.head.take();
        self.offset = end;
        let mut entries = TreeRef::new(&self.bytes[end..]).iter();
        let Some(entry) = entries.next() else { return Ok(()) };
        let corrupt = |error| ReadError::corrupt(self.id, error);
        let at = |error: ObjectError| corrupt(ObjectError { offset: error.offset + end, ..error });
        let entry = entry.map_err(at)?;
        let end = end + entries.offset();
        let name_end = end - ObjectId::LEN - 1;
        let name = name_end - entry.name.len()..name_end;
        let side = Side { mode: entry.mode.canonical(), id: entry.id };
        if entry.name.contains(&b'/') {
            return Err(corrupt(ObjectError {
                problem: "expected a name without a slash",
                offset: name.start,
            }));
        }
        if let Some(before) = before {
            let old = &self.bytes[before.name];
            let is_directory = (before.side.mode.is_directory(), side.mode.is_directory());
            if !compare_names(old, is_directory.0, entry.name, is_directory.1).is_lt() {
                let problem = "expected entries in git's order";
                return Err(corrupt(ObjectError { problem, offset: name.start }));
            }
        }
        self.head = Some(Head { name, end, side });
        Ok(())
    }
}

/// The entries that are not the same in all three trees, in git's order; those with the same name are one.
fn join(trees: &[Option<Arc<[u8]>>; 3], ids: &[Option<ObjectId>; 3]) -> Result<Vec<Entry>, ReadError> {
    let mut cursors: [Cursor<'_>; 3] = core::array::from_fn(|side| Cursor {
        id: ids[side].unwrap_or(ObjectId::EMPTY_TREE),
        bytes: trees[side].as_deref().unwrap_or_default(),
        offset: 0,
        head: None,
    });
    for cursor in &mut cursors {
        cursor.advance(0)?;
    }
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let mut first: Option<(usize, &Head)> = None;
        for (side, cursor) in cursors.iter().enumerate() {
            let Some(head) = &cursor.head else { continue };
            if first.is_none_or(|(other, first)| order(&cursors, (side, head), (other, first)).is_lt()) {
                first = Some((side, head));
            }
        }
        let Some((name_in, head)) = first else { return Ok(entries) };
        let name = head.name.clone();
        let mut three: Three = [None; 3];
        let mut ends = [None; 3];
        for (side, cursor) in cursors.iter().enumerate() {
            let Some(other) = &cursor.head else { continue };
            if order(&cursors, (side, other), (name_in, head)).is_eq() {
                (three[side], ends[side]) = (Some(other.side), Some(other.end));
            }
        }
        if equal(&three) != ALL {
            push(&mut entries, trees, Entry { name_in, name, three });
        }
        for (cursor, end) in cursors.iter_mut().zip(ends) {
            if let Some(end) = end {
                cursor.advance(end)?;
            }
        }
    }
}

fn order(cursors: &[Cursor<'_>; 3], a: (usize, &Head), b: (usize, &Head)) -> core::cmp::Ordering {
    let name = |(side, head): (usize, &Head)| &cursors[side].bytes[head.name.clone()];
    compare_names(name(a), a.1.side.mode.is_directory(), name(b), b.1.side.mode.is_directory())
}

/// Adds an entry; a directory joins the file of the same name, which stands shortly before it.
fn push(entries: &mut Vec<Entry>, trees: &[Option<Arc<[u8]>>; 3], entry: Entry) {
    let name_of = |entry: &Entry| match &trees[entry.name_in] {
        Some(bytes) => &bytes[entry.name.clone()],
        None => &[][..],
    };
    if directories(&entry.three) != 0 && entry.three.contains(&None) {
        let name = name_of(&entry);
        let near = entries.iter_mut().rev().take_while(|other| name_of(other).starts_with(name));
        for other in near {
            if name_of(other) == name {
                for (slot, side) in other.three.iter_mut().zip(entry.three) {
                    *slot = slot.or(side);
                }
                return;
            }
        }
    }
    entries.push(entry);
}

/// What a tree holds at a path; `None` where there is nothing.
pub(super) fn look_up(
    source: &dyn ObjectSource,
    root: &ObjectId,
    path: &[u8],
) -> Result<Option<Side>, ReadError> {
    let found = find_path(source, root, path)?;
    Ok(found.map(|entry| Side { mode: entry.mode.canonical(), id: entry.id }))
}
