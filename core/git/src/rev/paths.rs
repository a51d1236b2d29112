//! Whether two trees are the same below given paths. Each tree is read once for each path that leads through it.

use alloc::vec::Vec;

use bstr::BString;

use crate::object::Mode;
use crate::search;
use crate::store::IdMap;
use crate::{ObjectId, ObjectSource, ReadError};

/// What stands at a name in a tree.
type Found = Option<(Mode, ObjectId)>;

/// Paths as they stand: a file, or a directory and all below it. The empty path is the whole tree.
#[derive(Clone, Debug, Default)]
pub(super) struct PathSet {
    paths: Vec<PathLookup>,
}

impl PathSet {
    pub(super) fn new(paths: &[BString]) -> Self {
        Self { paths: paths.iter().map(|path| PathLookup::new(path)).collect() }
    }

    /// Whether no path was given, which limits nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether the two trees have the same at every path.
    pub(super) fn same(
        &mut self,
        source: &dyn ObjectSource,
        a: &ObjectId,
        b: &ObjectId,
    ) -> Result<bool, ReadError> {
        if a != b {
            for path in &mut self.paths {
                if !path.same(source, a, b)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// One path, with what was found on the way to it.
#[derive(Clone, Debug)]
struct PathLookup {
    /// Each name, with what stands there in the trees that were read.
    steps: Vec<(BString, IdMap<Found>)>,
    only_directory: bool,
}

impl PathLookup {
    fn new(path: &[u8]) -> Self {
        let names = search::split(path, b'/').filter(|name| !name.is_empty());
        let steps = names.map(|name| (name.into(), IdMap::default())).collect();
        Self { steps, only_directory: path.ends_with(b"/") }
    }

    fn same(&mut self, source: &dyn ObjectSource, a: &ObjectId, b: &ObjectId) -> Result<bool, ReadError> {
        let mut sides = [Some(*a), Some(*b)];
        let last = self.steps.len().wrapping_sub(1);
        for (depth, (name, read)) in self.steps.iter_mut().enumerate() {
            let mut found = [None, None];
            for (side, found) in sides.iter().zip(&mut found) {
                if let Some(tree) = side {
                    *found = entry_at(source, tree, name, read)?;
                }
            }
            if depth < last || self.only_directory {
                found = found.map(|entry| entry.filter(|(mode, _)| mode.is_directory()));
            }
            if found[0] == found[1] {
                return Ok(true);
            }
            sides = found.map(|entry| entry.map(|(_, id)| id));
        }
        Ok(false)
    }
}

/// The entry with this name in a tree, from memory where it was looked up before.
fn entry_at(
    source: &dyn ObjectSource,
    tree: &ObjectId,
    name: &[u8],
    read: &mut IdMap<Found>,
) -> Result<Found, ReadError> {
    if let Some(found) = read.get(tree) {
        return Ok(*found);
    }
    let found = source.find_entry(tree, name)?.map(|entry| (entry.mode.canonical(), entry.id));
    read.insert(*tree, found);
    Ok(found)
}
