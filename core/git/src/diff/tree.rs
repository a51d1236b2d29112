//! Two trees to the paths that differ, in git's order. Equal subtrees are not read and equal entries cost a compare.
//!
//! Depth, path length and number of entries are bounded, so forged trees end in an error. Knows nothing of renames.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;

use bstr::{BStr, ByteSlice};

use super::{ChangeKind, DiffError, Side};
use crate::ObjectId;
use crate::limits::{LimitExceeded, Limits};
use crate::object::{EntryRef, Mode, TreeRef, compare_names};
use crate::store::{ObjectSource, ReadError};

/// A path that is not the same in two trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeChange<'a> {
    /// The path, from the root of the trees.
    pub path: &'a BStr,
    /// What the old tree holds, never a directory.
    pub old: Option<Side>,
    /// What the new tree holds, never a directory.
    pub new: Option<Side>,
}

impl TreeChange<'_> {
    /// What happened to the path.
    pub fn kind(&self) -> ChangeKind {
        match (self.old, self.new) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            (Some(old), Some(new)) if !same_type(old.mode, new.mode) => ChangeKind::TypeChanged,
            (Some(old), Some(new)) if old.id == new.id => ChangeKind::ModeChanged,
            _ => ChangeKind::Modified,
        }
    }
}

/// Walks two trees side by side and stops at each path that differs.
pub struct TreeDiff<'s> {
    source: &'s dyn ObjectSource,
    levels: Vec<Level>,
    path: Vec<u8>,
    unchanged: bool,
    entries: u64,
    limits: Limits,
}

/// A pair of trees at the same path, each read up to some entry.
struct Level {
    old: Cursor,
    new: Cursor,
    /// Length of the path of these trees, with the slash that ends it.
    path_len: usize,
}

/// A tree that is read entry by entry; without bytes there is none.
struct Cursor {
    id: ObjectId,
    bytes: Option<Arc<[u8]>>,
    offset: usize,
}

impl<'s> TreeDiff<'s> {
    /// Starts at two roots; `None` stands for no tree.
    pub fn new(
        source: &'s dyn ObjectSource,
        old: Option<&ObjectId>,
        new: Option<&ObjectId>,
        limits: &Limits,
    ) -> Result<Self, ReadError> {
        let mut diff = Self {
            source,
            levels: Vec::new(),
            path: Vec::new(),
            unchanged: false,
            entries: 0,
            limits: *limits,
        };
        if old != new {
            diff.levels.push(Level {
                old: Cursor::open(source, old)?,
                new: Cursor::open(source, new)?,
                path_len: 0,
            });
        }
        Ok(diff)
    }

    /// Stops at the paths that are equal too, for the search for copies. Reads every tree (below roots that differ).
    pub fn with_unchanged(mut self) -> Self {
        self.unchanged = true;
        self
    }

    /// The next path that differs; `None` at the end.
    pub fn next_change(&mut self) -> Result<Option<TreeChange<'_>>, DiffError> {
        loop {
            let Some(level) = self.levels.last_mut() else { return Ok(None) };
            self.path.truncate(level.path_len);
            if !self.unchanged {
                level.skip_equal();
            }
            let Some((old, new)) = level.step(&mut self.path)? else {
                self.levels.pop();
                continue;
            };
            self.entries += 1;
            self.check_limits()?;
            if old == new && !self.unchanged {
                continue;
            }
            let is_directory = |side: Option<Side>| side.is_some_and(|side| side.mode.is_directory());
            // Where both have the name, they are both directories or neither is: git's order keeps them apart.
            if is_directory(old) || is_directory(new) {
                self.descend(old, new)?;
                continue;
            }
            return Ok(Some(TreeChange { path: self.path.as_bstr(), old, new }));
        }
    }

    fn descend(&mut self, old: Option<Side>, new: Option<Side>) -> Result<(), DiffError> {
        let allowed = self.limits.tree_depth_max;
        if self.levels.len() >= allowed as usize {
            let (limit, found) = ("tree_depth_max", u64::MAX);
            return Err(LimitExceeded { limit, allowed: u64::from(allowed), found }.into());
        }
        self.path.push(b'/');
        self.levels.push(Level {
            old: Cursor::open(self.source, old.as_ref().map(|side| &side.id))?,
            new: Cursor::open(self.source, new.as_ref().map(|side| &side.id))?,
            path_len: self.path.len(),
        });
        Ok(())
    }

    fn check_limits(&self) -> Result<(), LimitExceeded> {
        let (allowed, found) = (u64::from(self.limits.path_bytes_max), self.path.len() as u64);
        if found > allowed {
            return Err(LimitExceeded { limit: "path_bytes_max", allowed, found });
        }
        let allowed = self.limits.diff_entries_max;
        if self.entries > allowed {
            return Err(LimitExceeded { limit: "diff_entries_max", allowed, found: u64::MAX });
        }
        Ok(())
    }
}

/// Bytes of two trees that are compared at once.
const CHUNK: usize = 64;

impl Level {
    /// Steps over entries whose bytes are the same on both sides, without taking them apart.
    fn skip_equal(&mut self) {
        let (Some(old), Some(new)) = (self.old.rest(), self.new.rest()) else { return };
        if old == new {
            self.old.offset += old.len();
            self.new.offset += new.len();
            return;
        }
        // One comparison of long pieces instead of one for each entry: then entries end where the old ones do.
        let same: usize =
            old.chunks(CHUNK).zip(new.chunks(CHUNK)).take_while(|(a, b)| a == b).map(|(a, _)| a.len()).sum();
        let mut equal = 0;
        while let Some(name_end) = old.get(equal..).and_then(|rest| rest.find_byte(0)) {
            let end = equal + name_end + 1 + ObjectId::LEN;
            let is_equal =
                end <= same || old.get(equal..end).is_some_and(|entry| new.get(equal..end) == Some(entry));
            if !is_equal {
                break;
            }
            equal = end;
        }
        self.old.offset += equal;
        self.new.offset += equal;
    }

    /// Takes the next name off one side or both, appends it to `path`, and says what each side has there.
    #[expect(clippy::type_complexity, reason = "a pair of sides, used once")]
    fn step(&mut self, path: &mut Vec<u8>) -> Result<Option<(Option<Side>, Option<Side>)>, ReadError> {
        let (old, old_end) = self.old.peek()?;
        let (new, new_end) = self.new.peek()?;
        let order = match (&old, &new) {
            (None, None) => return Ok(None),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => {
                compare_names(old.name, old.mode.is_directory(), new.name, new.mode.is_directory())
            }
        };
        let (old, new) = (old.filter(|_| order.is_le()), new.filter(|_| order.is_ge()));
        path.extend_from_slice(old.or(new).map_or(&[], |entry| entry.name));
        let side = |entry: EntryRef<'_>| Side { mode: entry.mode.canonical(), id: entry.id };
        let step = (old.map(side), new.map(side));
        if order.is_le() {
            self.old.offset = old_end;
        }
        if order.is_ge() {
            self.new.offset = new_end;
        }
        Ok(Some(step))
    }
}

impl Cursor {
    fn open(source: &dyn ObjectSource, id: Option<&ObjectId>) -> Result<Self, ReadError> {
        Ok(match id {
            Some(id) => Self { id: *id, bytes: Some(source.read_tree(id)?), offset: 0 },
            None => Self { id: ObjectId::NULL, bytes: None, offset: 0 },
        })
    }

    fn rest(&self) -> Option<&[u8]> {
        self.bytes.as_ref()?.get(self.offset..)
    }

    /// The next entry and where it ends.
    fn peek(&self) -> Result<(Option<EntryRef<'_>>, usize), ReadError> {
        let Some(rest) = self.rest() else { return Ok((None, 0)) };
        let mut entries = TreeRef::new(rest).iter();
        let corrupt = |mut error: crate::object::ObjectError| {
            error.offset += self.offset;
            ReadError::corrupt(self.id, error)
        };
        let entry = entries.next().transpose().map_err(corrupt)?;
        Ok((entry, self.offset + entries.offset()))
    }
}

/// Whether two modes are of one type to git, which calls a change between others a change of type.
pub fn same_type(a: Mode, b: Mode) -> bool {
    a.kind() == b.kind() || a.is_regular() && b.is_regular()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::TreeBuilder;
    use crate::store::MemoryStore;
    use crate::{Kind, ObjectSink, ReadProblem};
    use std::format;
    use std::string::String;

    const ID: ObjectId = ObjectId::EMPTY_BLOB;

    fn tree(store: &mut MemoryStore, entries: &[(Mode, &str, ObjectId)]) -> ObjectId {
        let mut builder = TreeBuilder::new();
        for (mode, name, id) in entries {
            builder.push(*mode, name.as_bytes(), *id);
        }
        store.write(Kind::Tree, &builder.write())
    }

    fn list(
        store: &MemoryStore,
        old: Option<&ObjectId>,
        new: Option<&ObjectId>,
    ) -> Result<Vec<String>, DiffError> {
        let limits = Limits { diff_entries_max: 100_000, ..Limits::default() };
        let mut diff = TreeDiff::new(store, old, new, &limits)?;
        let mut out = Vec::new();
        while let Some(change) = diff.next_change()? {
            out.push(format!("{} {}", change.kind().letter(), change.path));
        }
        Ok(out)
    }

    #[test]
    fn a_file_and_a_directory_of_one_name_are_two_changes() {
        let mut store = MemoryStore::new();
        let below = tree(&mut store, &[(Mode::FILE, "x", ID)]);
        let old = tree(&mut store, &[(Mode::FILE, "a", ID), (Mode::FILE, "a.b", ID)]);
        let new = tree(&mut store, &[(Mode::DIRECTORY, "a", below), (Mode::FILE, "a.b", ID)]);
        assert_eq!(list(&store, Some(&old), Some(&new)).unwrap(), ["D a", "A a/x"]);
        assert_eq!(list(&store, None, Some(&new)).unwrap(), ["A a.b", "A a/x"]);
        assert_eq!(list(&store, Some(&new), Some(&new)).unwrap(), [""; 0]);
    }

    #[test]
    fn modes_that_mean_the_same_are_no_change() {
        let mut store = MemoryStore::new();
        let old = tree(&mut store, &[(Mode::from_bits(0o100_664), "a", ID), (Mode::FILE, "b", ID)]);
        let new = tree(&mut store, &[(Mode::FILE, "a", ID), (Mode::EXECUTABLE, "b", ID)]);
        let mut diff = TreeDiff::new(&store, Some(&old), Some(&new), &Limits::default()).unwrap();
        let change = diff.next_change().unwrap().unwrap();
        assert_eq!((change.path, change.kind()), ("b".into(), ChangeKind::ModeChanged));
        assert_eq!(diff.next_change(), Ok(None));
    }

    #[test]
    fn equal_subtrees_are_not_read() {
        let mut store = MemoryStore::new();
        let missing = ObjectId::from_bytes([1; 20]);
        let old = tree(&mut store, &[(Mode::DIRECTORY, "d", missing), (Mode::FILE, "e", ID)]);
        let new = tree(&mut store, &[(Mode::DIRECTORY, "d", missing)]);
        assert_eq!(list(&store, Some(&old), Some(&new)).unwrap(), ["D e"]);
        assert_eq!(list(&store, None, Some(&new)), Err(ReadError::missing(missing).into()));
    }

    #[test]
    fn forged_trees_meet_a_bound() {
        let mut store = MemoryStore::new();
        let (mut deep, mut wide) = (ObjectId::EMPTY_TREE, tree(&mut store, &[(Mode::FILE, "x", ID)]));
        for _ in 0..3000 {
            deep = tree(&mut store, &[(Mode::DIRECTORY, "d", deep)]);
        }
        for _ in 0..24 {
            wide = tree(&mut store, &[(Mode::DIRECTORY, "a", wide), (Mode::DIRECTORY, "b", wide)]);
        }
        let long = "x".repeat(5000);
        let long = tree(&mut store, &[(Mode::FILE, &long, ID)]);
        for (root, expected) in
            [(deep, "tree_depth_max"), (wide, "diff_entries_max"), (long, "path_bytes_max")]
        {
            match list(&store, None, Some(&root)) {
                Err(DiffError::Limit(LimitExceeded { limit, .. })) => assert_eq!(limit, expected),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn broken_trees_are_named() {
        let mut store = MemoryStore::new();
        let broken = store.write(Kind::Tree, b"100644 a\0short");
        let root = tree(&mut store, &[(Mode::FILE, "a", ID), (Mode::DIRECTORY, "d", broken)]);
        match list(&store, None, Some(&root)) {
            Err(DiffError::Read(error)) => {
                let ReadProblem::Corrupt { id, error } = error.problem() else { panic!("{error}") };
                assert_eq!((*id, error.offset), (broken, 9));
            }
            other => panic!("{other:?}"),
        }
    }
}
