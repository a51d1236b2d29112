//! Path changes to new trees, bottom up: only the trees along changed paths are read, written and hashed.

use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

use crate::object::{Mode, TreeRef, compare_names, write_entry};
use crate::path::{PathError, RepoPath, check_link};
use crate::store::{ObjectStore, ReadError};
use crate::{Kind, ObjectId};

/// What happens to one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathEdit {
    /// The path has this mode and object afterwards.
    Put(Mode, ObjectId),
    /// The path is gone afterwards, with everything below it.
    Remove,
}

/// Why edits could not be applied; the tree is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditError {
    /// A tree could not be read.
    Read(ReadError),
    /// Something is to be put below a path that is a file.
    NotADirectory {
        /// The file.
        path: BString,
    },
    /// A file is to be put where a directory still has entries.
    IsADirectory {
        /// The directory.
        path: BString,
    },
    /// The name is not allowed for what is to be put there: `.gitmodules` as a symbolic link.
    Path(PathError),
    /// A path to remove is not there.
    NotFound {
        /// The path.
        path: BString,
    },
}

impl core::fmt::Display for EditError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::NotADirectory { path } => write!(f, "{path:?} is a file, so nothing can be put below it"),
            Self::IsADirectory { path } => write!(f, "{path:?} is a directory that still has entries"),
            Self::Path(error) => error.fmt(f),
            Self::NotFound { path } => write!(f, "{path:?} does not exist"),
        }
    }
}

impl core::error::Error for EditError {}

impl From<ReadError> for EditError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// A name and what its entry becomes; `None` where it goes.
type TouchedEntry<'a> = (&'a [u8], Option<(Mode, ObjectId)>);

/// Applies `edits` (each path at most once, in the order of [`RepoPath`]) to the tree `root`; returns the new root.
///
/// Directories that lose their last entry disappear. An edit set is judged as a whole: a file may take the place of a
/// directory whose entries the same set removes.
pub fn edit_tree(
    store: &mut dyn ObjectStore,
    root: &ObjectId,
    edits: &[(&RepoPath, PathEdit)],
) -> Result<ObjectId, EditError> {
    debug_assert!(edits.is_sorted_by(|(a, _), (b, _)| a < b), "edits are sorted and distinct");
    if edits.is_empty() {
        return Ok(*root);
    }
    for (path, edit) in edits {
        if let PathEdit::Put(mode, _) = edit {
            let error = |problem| EditError::Path(PathError { path: path.as_bstr().into(), problem });
            check_link(path.file_name(), *mode).map_err(error)?;
        }
    }
    Ok(edit_level(store, Some(root), edits, 0)?.unwrap_or_else(|| store.write(Kind::Tree, b"")))
}

/// Edits one tree whose path is the first `depth` bytes of every edit's path; `None` where it is empty afterwards.
fn edit_level(
    store: &mut dyn ObjectStore,
    tree: Option<&ObjectId>,
    edits: &[(&RepoPath, PathEdit)],
    depth: usize,
) -> Result<Option<ObjectId>, EditError> {
    let old = match tree {
        Some(id) => store.read_tree(id)?,
        None => [].into(),
    };
    let corrupt = |error| ReadError::Corrupt { id: tree.copied().unwrap_or(ObjectId::EMPTY_TREE), error };
    let mut touched: Vec<TouchedEntry<'_>> = Vec::new();
    let mut rest = edits;
    while let Some((first, _)) = rest.first() {
        let name = component(first, depth);
        let count = rest.iter().take_while(|(path, _)| component(path, depth) == name).count();
        let (group, later) = rest.split_at(count);
        rest = later;
        let before = TreeRef::new(&old).find(name).map_err(corrupt)?.map(|entry| (entry.mode, entry.id));
        touched.push((name, edit_entry(store, before, group, depth + name.len())?));
    }
    let bytes = splice(&old, touched).map_err(corrupt)?;
    Ok(if bytes.is_empty() { None } else { Some(store.write(Kind::Tree, &bytes)) })
}

/// The entry that `group` makes of `before`; the entry's path is the first `end` bytes of every path in the group.
fn edit_entry(
    store: &mut dyn ObjectStore,
    before: Option<(Mode, ObjectId)>,
    group: &[(&RepoPath, PathEdit)],
    end: usize,
) -> Result<Option<(Mode, ObjectId)>, EditError> {
    let path = || group[0].0.as_bstr()[..end].into();
    let (own, below) = match group.split_first() {
        Some(((first, edit), below)) if first.as_bstr().len() == end => (Some(*edit), below),
        _ => (None, group),
    };
    if below.is_empty() {
        return match (own, before) {
            (Some(PathEdit::Put(..)), Some((mode, _))) if mode.is_directory() => {
                Err(EditError::IsADirectory { path: path() })
            }
            (Some(PathEdit::Put(mode, id)), _) => Ok(Some((mode, id))),
            (_, Some(_)) => Ok(None),
            (_, None) => Err(EditError::NotFound { path: path() }),
        };
    }
    let directory = match (before, own) {
        (Some((mode, id)), None | Some(PathEdit::Put(..))) if mode.is_directory() => Some(id),
        (Some(_), None) => return Err(EditError::NotADirectory { path: path() }),
        _ => None,
    };
    let left = edit_level(store, directory.as_ref(), below, end + 1)?.map(|id| (Mode::DIRECTORY, id));
    match (own, left) {
        (Some(PathEdit::Put(mode, id)), None) => Ok(Some((mode, id))),
        (Some(PathEdit::Put(..)), Some(_)) => Err(EditError::IsADirectory { path: path() }),
        (_, left) => Ok(left),
    }
}

fn component(path: &RepoPath, depth: usize) -> &[u8] {
    let rest = &path.as_bstr()[depth..];
    &rest[..rest.find_byte(b'/').unwrap_or(rest.len())]
}

/// The bytes of `old` with the named entries replaced, added or removed.
fn splice(old: &[u8], mut touched: Vec<TouchedEntry<'_>>) -> Result<Vec<u8>, crate::object::ObjectError> {
    let added: usize = touched.iter().map(|(name, _)| name.len() + 28).sum();
    let mut out = Vec::with_capacity(old.len() + added);
    let is_directory = |entry: &Option<(Mode, ObjectId)>| entry.is_some_and(|(mode, _)| mode.is_directory());
    crate::sort::sort_by(&mut touched, |(a, x), (b, y)| {
        compare_names(a, is_directory(x), b, is_directory(y))
    });
    let mut new =
        touched.iter().filter_map(|(name, entry)| entry.map(|(mode, id)| (*name, mode, id))).peekable();
    let mut entries = TreeRef::new(old).iter();
    let mut start = 0;
    while let Some(entry) = entries.next() {
        let entry = entry?;
        while let Some((name, mode, id)) = new.next_if(|(name, mode, _)| {
            compare_names(name, mode.is_directory(), entry.name, entry.mode.is_directory()).is_lt()
        }) {
            write_entry(mode, name, &id, &mut out);
        }
        if !touched.iter().any(|(name, _)| *name == entry.name) {
            out.extend_from_slice(&old[start..entries.offset()]);
        }
        start = entries.offset();
    }
    for (name, mode, id) in new {
        write_entry(mode, name, &id, &mut out);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use crate::store::ObjectSource;
    use std::collections::BTreeMap;
    use std::string::String;

    const ID: ObjectId = ObjectId::from_bytes([7; 20]);

    fn edit(
        store: &mut MemoryStore,
        root: ObjectId,
        edits: &[(&str, PathEdit)],
    ) -> Result<ObjectId, EditError> {
        let mut edits: Vec<_> =
            edits.iter().map(|(path, edit)| (RepoPath::new(path).unwrap(), *edit)).collect();
        edits.sort_by(|(a, _), (b, _)| a.cmp(b));
        edit_tree(store, &root, &edits.iter().map(|(path, edit)| (path, *edit)).collect::<Vec<_>>())
    }

    fn list(store: &MemoryStore, tree: &ObjectId, prefix: &str, out: &mut BTreeMap<String, ObjectId>) {
        for entry in TreeRef::new(&store.read_tree(tree).unwrap()).iter() {
            let entry = entry.unwrap();
            let path = std::format!("{prefix}{}", entry.name);
            if entry.mode.is_directory() {
                list(store, &entry.id, &(path + "/"), out);
            } else {
                out.insert(path, entry.id);
            }
        }
    }

    #[test]
    fn equals_a_map_of_paths() {
        let mut store = MemoryStore::new();
        let mut root = ObjectId::EMPTY_TREE;
        let mut model = BTreeMap::new();
        let names = ["a/x", "a/y/z", "a-b", "a.b/c", "b", "c/d/e/f", "c/d/g"];
        let mut seed = 1u32;
        for step in 0..2000u32 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let name = names[(seed >> 16) as usize % names.len()];
            let id = ObjectId::from_bytes([step as u8; 20]);
            let change = if model.contains_key(name) && seed & 0x100 == 0 {
                PathEdit::Remove
            } else {
                PathEdit::Put(Mode::FILE, id)
            };
            match change {
                PathEdit::Remove => model.remove(name),
                PathEdit::Put(_, id) => model.insert(name.into(), id),
            };
            root = edit(&mut store, root, &[(name, change)]).unwrap();
            let mut listed = BTreeMap::new();
            list(&store, &root, "", &mut listed);
            assert_eq!(listed, model);
            if model.is_empty() {
                assert_eq!(root, ObjectId::EMPTY_TREE);
            }
        }
    }

    #[test]
    fn files_and_directories_do_not_take_each_others_place() {
        let mut store = MemoryStore::new();
        let put = PathEdit::Put(Mode::FILE, ID);
        let root = edit(&mut store, ObjectId::EMPTY_TREE, &[("a/b", put), ("f", put)]).unwrap();
        assert_eq!(edit(&mut store, root, &[("a", put)]), Err(EditError::IsADirectory { path: "a".into() }));
        assert_eq!(
            edit(&mut store, root, &[("f/x", put)]),
            Err(EditError::NotADirectory { path: "f".into() })
        );
        assert_eq!(
            edit(&mut store, root, &[("f", put), ("f/x", put)]),
            Err(EditError::IsADirectory { path: "f".into() })
        );
        assert_eq!(
            edit(&mut store, root, &[("a/c", PathEdit::Remove)]),
            Err(EditError::NotFound { path: "a/c".into() })
        );
        let swapped = edit(
            &mut store,
            root,
            &[("a", put), ("a/b", PathEdit::Remove), ("f", PathEdit::Remove), ("f/x", put)],
        );
        let mut listed = BTreeMap::new();
        list(&store, &swapped.unwrap(), "", &mut listed);
        assert_eq!(listed.keys().collect::<Vec<_>>(), ["a", "f/x"]);
        assert_eq!(
            edit(&mut store, root, &[("a", PathEdit::Remove), ("f", PathEdit::Remove)]),
            Ok(ObjectId::EMPTY_TREE)
        );
    }

    #[test]
    fn modules_are_not_a_link() {
        let mut store = MemoryStore::new();
        let mut put = |path, mode| edit(&mut store, ObjectId::EMPTY_TREE, &[(path, PathEdit::Put(mode, ID))]);
        assert!(matches!(put("a/GITMOD~1", Mode::SYMLINK), Err(EditError::Path(_))));
        assert!(put(".gitmodules", Mode::FILE).is_ok());
        assert!(put(".gitmodules/x", Mode::SYMLINK).is_ok());
    }
}
