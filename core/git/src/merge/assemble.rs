//! A tree with settled paths laid over it: whole directories may be exchanged, and changed below at the same time.
//!
//! Only the directories along settled paths are read and written. Those that end up empty disappear.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;

use bstr::{BString, ByteSlice};

use crate::diff::Side;
use crate::limits::{LimitExceeded, Limits};
use crate::name_map::NameMap;
use crate::object::{Mode, TreeRef, compare_names, write_entry};
use crate::path::compare_paths;
use crate::store::{ObjectSink, ObjectSource, ObjectStore, ReadError};
use crate::{Kind, ObjectId};

use super::MergeError;

/// A path that sorts by component, so that everything below a directory follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Path(BString);

impl Ord for Path {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_paths(&self.0, &other.0)
    }
}

impl PartialOrd for Path {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What stands at settled paths: a file, a whole directory, or nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits {
    by_path: NameMap<Path, Option<Side>>,
}

impl Edits {
    /// Settles a path; what was said of it before does not count.
    pub fn put(&mut self, path: BString, side: Option<Side>) {
        self.by_path.insert(Path(path), side);
    }

    /// Whether a whole directory is settled at a path.
    pub fn holds_directory(&self, path: &BString) -> bool {
        let side = self.by_path.get(&Path(path.clone())).copied().flatten();
        side.is_some_and(|side| side.mode.is_directory())
    }

    /// The tree `root` with all paths as they are settled.
    ///
    /// Where a path is to hold a file and paths below it hold something too, the directory wins.
    pub fn apply(
        &self,
        store: &mut dyn ObjectStore,
        root: &ObjectId,
        limits: &Limits,
    ) -> Result<ObjectId, MergeError> {
        if self.by_path.is_empty() {
            return Ok(*root);
        }
        let root = Open::new(store, Some(root), 0, 0)?;
        let mut assembly = Assembly { store, limits, open: Vec::from([root]) };
        for (Path(path), side) in self.by_path.iter() {
            assembly.settle(path, *side)?;
        }
        while assembly.open.len() > 1 {
            assembly.close()?;
        }
        let root = assembly.open.pop().map(|root| root.write(assembly.store)).transpose()?.flatten();
        Ok(root.unwrap_or_else(|| assembly.store.write(Kind::Tree, b"")))
    }
}

/// A directory under way.
struct Open {
    id: Option<ObjectId>,
    old: Arc<[u8]>,
    /// Where its name starts, and where its path ends.
    name_start: usize,
    path_len: usize,
    path: BString,
    /// What its entries become, in the order of settling.
    settled: Vec<(BString, Option<Side>)>,
}

impl Open {
    fn new(
        store: &dyn ObjectSource,
        id: Option<&ObjectId>,
        name_start: usize,
        path_len: usize,
    ) -> Result<Self, ReadError> {
        let old = match id {
            Some(id) => store.read_tree(id)?,
            None => Arc::from([]),
        };
        let (path, settled) = (BString::default(), Vec::new());
        Ok(Self { id: id.copied(), old, name_start, path_len, path, settled })
    }

    /// What stands at a name as far as it is settled.
    fn entry(&self, name: &[u8]) -> Result<Option<Side>, ReadError> {
        if let Some((last, side)) = self.settled.last()
            && last == name
        {
            return Ok(*side);
        }
        let found = TreeRef::new(&self.old).find(name).map_err(|error| self.corrupt(error))?;
        Ok(found.map(|entry| Side { mode: entry.mode.canonical(), id: entry.id }))
    }

    fn corrupt(&self, error: crate::object::ObjectError) -> ReadError {
        ReadError::corrupt(self.id.unwrap_or(ObjectId::EMPTY_TREE), error)
    }

    /// Writes the tree; `None` where nothing is left in it.
    fn write(mut self, store: &mut dyn ObjectSink) -> Result<Option<ObjectId>, ReadError> {
        let mut out = Vec::with_capacity(self.old.len() + self.settled.len() * 40);
        let is_directory = |side: &Option<Side>| side.is_some_and(|side| side.mode.is_directory());
        let mut settled = core::mem::take(&mut self.settled);
        crate::sort::sort_by(&mut settled, |(a, x), (b, y)| {
            a.cmp(b).then_with(|| is_directory(x).cmp(&is_directory(y)))
        });
        let is_settled = |name: &[u8]| settled.binary_search_by(|(other, _)| other[..].cmp(name)).is_ok();
        let mut new: Vec<_> =
            settled.iter().filter_map(|(name, side)| side.map(|side| (name.as_bstr(), side))).collect();
        crate::sort::sort_by(&mut new, |(a, x), (b, y)| {
            compare_names(a, x.mode.is_directory(), b, y.mode.is_directory())
        });
        let mut new = new.into_iter().peekable();
        for entry in TreeRef::new(&self.old) {
            let entry = entry.map_err(|error| self.corrupt(error))?;
            if is_settled(entry.name) {
                continue;
            }
            while let Some((name, side)) = new.next_if(|(name, side)| {
                compare_names(name, side.mode.is_directory(), entry.name, entry.mode.is_directory()).is_lt()
            }) {
                write_entry(side.mode, name, &side.id, &mut out);
            }
            write_entry(entry.mode.canonical(), entry.name, &entry.id, &mut out);
        }
        for (name, side) in new {
            write_entry(side.mode, name, &side.id, &mut out);
        }
        Ok(if out.is_empty() { None } else { Some(store.write(Kind::Tree, &out)) })
    }
}

struct Assembly<'a> {
    store: &'a mut dyn ObjectStore,
    limits: &'a Limits,
    open: Vec<Open>,
}

impl Assembly<'_> {
    fn settle(&mut self, path: &BString, side: Option<Side>) -> Result<(), MergeError> {
        while self.open.last().is_some_and(|open| open.path_len > 0 && !is_below(path, &open.path)) {
            self.close()?;
        }
        loop {
            let allowed = self.limits.tree_depth_max;
            if self.open.len() > allowed as usize {
                let (limit, allowed) = ("tree_depth_max", u64::from(allowed));
                return Err(LimitExceeded { limit, allowed, found: u64::MAX }.into());
            }
            let Some(top) = self.open.last_mut() else { return Ok(()) };
            let start = if top.path_len == 0 { 0 } else { top.path_len + 1 };
            let Some(slash) = path[start..].find_byte(b'/') else {
                top.settled.push((path[start..].into(), side));
                return Ok(());
            };
            let (name, end) = (&path[start..start + slash], start + slash);
            let directory = top.entry(name)?.filter(|side| side.mode.is_directory());
            let mut open = Open::new(self.store, directory.map(|side| side.id).as_ref(), start, end)?;
            open.path = path[..end].into();
            self.open.push(open);
        }
    }

    /// Writes the innermost open directory and enters it in the one above.
    fn close(&mut self) -> Result<(), MergeError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let name: BString = open.path[open.name_start..].into();
        let left = open.write(self.store)?.map(|id| Side { mode: Mode::DIRECTORY, id });
        let Some(above) = self.open.last_mut() else { return Ok(()) };
        match above.settled.last_mut() {
            // The file that was settled here before stays where no directory needs its place.
            Some((last, side)) if *last == name => {
                if left.is_some() || side.is_some_and(|side| side.mode.is_directory()) {
                    *side = left;
                }
            }
            _ => {
                let stays =
                    left.is_none() && above.entry(&name)?.is_some_and(|side| !side.mode.is_directory());
                if !stays {
                    above.settled.push((name, left));
                }
            }
        }
        Ok(())
    }
}

fn is_below(path: &[u8], directory: &[u8]) -> bool {
    path.starts_with(directory) && path.get(directory.len()) == Some(&b'/')
}
