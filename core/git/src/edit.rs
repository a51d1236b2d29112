//! Path changes to new trees, bottom up: only the trees along changed paths are read, written and hashed.

use alloc::vec::Vec;
use core::ops::Range;

use bstr::{BString, ByteSlice};

use crate::object::{Mode, TreeIndex, compare_names, write_entry};
use crate::path::{PathError, RepoPath, check_link};
use crate::quoted::Quoted;
use crate::search;
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
            Self::NotADirectory { path } => {
                write!(f, "{} is a file, so nothing can be put below it", Quoted(path))
            }
            Self::IsADirectory { path } => {
                write!(f, "{} is a directory that still has entries", Quoted(path))
            }
            Self::Path(error) => error.fmt(f),
            Self::NotFound { path } => write!(f, "{} does not exist", Quoted(path)),
        }
    }
}

impl core::error::Error for EditError {}

impl From<ReadError> for EditError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// Bytes of the old tree that go, and the entry that comes in their place. What only comes takes none.
struct Cut<'a> {
    start: usize,
    end: usize,
    name: &'a [u8],
    new: Option<(Mode, ObjectId)>,
}

/// Most bytes of paths that [`EditedPaths`] holds: what changes more is not worth remembering.
const EDITED_BYTES_MAX: usize = 512;

/// The paths that an edit changed, where that is known without reading more than the edit reads.
#[derive(Clone, Debug, Default)]
pub struct EditedPaths {
    /// Each path, and a NUL behind it.
    joined: Vec<u8>,
    is_unknown: bool,
}

impl EditedPaths {
    /// The paths, each as often as a diff of the two trees has it, in no stated order; `None` where they are not known.
    pub fn iter(&self) -> Option<impl Iterator<Item = &[u8]>> {
        (!self.is_unknown).then(|| search::split(&self.joined, b'\0').filter(|path| !path.is_empty()))
    }

    /// Those of an edit that is not known.
    pub const fn unknown() -> Self {
        Self { joined: Vec::new(), is_unknown: true }
    }

    fn add(&mut self, path: &[u8]) {
        if self.joined.len() + path.len() >= EDITED_BYTES_MAX {
            self.is_unknown = true;
        }
        if !self.is_unknown {
            self.joined.extend_from_slice(path);
            self.joined.push(0);
        }
    }

    /// Notes what is at a path afterwards.
    fn note(&mut self, path: &[u8], before: Option<(Mode, ObjectId)>, after: Option<(Mode, ObjectId)>) {
        let shown = |entry: Option<(Mode, ObjectId)>| entry.map(|(mode, id)| (mode.canonical(), id));
        if before.is_some_and(|(mode, _)| mode.is_directory()) {
            self.is_unknown = true;
        } else if shown(before) != shown(after) {
            self.add(path);
        }
    }
}

/// Applies `edits` (each path at most once, in the order of [`RepoPath`]) to the tree `root`; returns the new root.
///
/// Directories that lose their last entry disappear. An edit set is judged as a whole: a file may take the place of a
/// directory whose entries the same set removes.
pub fn edit_tree(
    store: &mut dyn ObjectStore,
    root: &ObjectId,
    edits: &[(&RepoPath, PathEdit)],
) -> Result<ObjectId, EditError> {
    edit_tree_noting(store, root, edits, &mut EditedPaths::unknown())
}

/// [`edit_tree`] that notes which paths it changes.
pub fn edit_tree_noting(
    store: &mut dyn ObjectStore,
    root: &ObjectId,
    edits: &[(&RepoPath, PathEdit)],
    edited: &mut EditedPaths,
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
    Ok(edit_level(store, Some(root), edits, 0, edited)?.unwrap_or_else(|| store.write(Kind::Tree, b"")))
}

/// Edits one tree whose path is the first `depth` bytes of every edit's path; `None` where it is empty afterwards.
fn edit_level(
    store: &mut dyn ObjectStore,
    tree: Option<&ObjectId>,
    edits: &[(&RepoPath, PathEdit)],
    depth: usize,
    edited: &mut EditedPaths,
) -> Result<Option<ObjectId>, EditError> {
    let old = match tree {
        Some(id) => store.read_tree(id)?,
        None => [].into(),
    };
    let old = TreeIndex::new(old)
        .map_err(|error| ReadError::corrupt(tree.copied().unwrap_or(ObjectId::EMPTY_TREE), error))?;
    let mut cuts: Vec<Cut<'_>> = Vec::with_capacity(1);
    let mut rest = edits;
    while let Some((first, _)) = rest.first() {
        let name = component(first, depth);
        let count = rest.iter().take_while(|(path, _)| component(path, depth) == name).count();
        let (group, later) = rest.split_at(count);
        rest = later;
        let before = old.find(name);
        let entry = before.map(|place| old.entry(place)).map(|entry| (entry.mode, entry.id));
        let new = edit_entry(store, entry, group, depth + name.len(), edited)?;
        cut(&old, name, before, new, &mut cuts);
    }
    let bytes = splice(old.bytes(), cuts);
    Ok(if bytes.is_empty() { None } else { Some(store.write(Kind::Tree, &bytes)) })
}

/// Notes what has to be cut out of the old tree, and put in, for the new entry of a name.
fn cut<'a>(
    old: &TreeIndex,
    name: &'a [u8],
    before: Option<usize>,
    new: Option<(Mode, ObjectId)>,
    cuts: &mut Vec<Cut<'a>>,
) {
    if let Some(place) = before {
        let Range { start, end } = old.range(place);
        let was_directory = old.entry(place).mode.is_directory();
        let stays = new.filter(|(mode, _)| mode.is_directory() == was_directory);
        cuts.push(Cut { start, end, name, new: stays });
        if stays.is_some() {
            return;
        }
    }
    if let Some((mode, _)) = new {
        let (Ok(place) | Err(place)) = old.search(name, mode.is_directory());
        let Range { start, .. } = old.range(place);
        cuts.push(Cut { start, end: start, name, new });
    }
}

/// The entry that `group` makes of `before`; the entry's path is the first `end` bytes of every path in the group.
fn edit_entry(
    store: &mut dyn ObjectStore,
    before: Option<(Mode, ObjectId)>,
    group: &[(&RepoPath, PathEdit)],
    end: usize,
    edited: &mut EditedPaths,
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
            (Some(PathEdit::Put(mode, id)), _) => {
                edited.note(group[0].0.as_bstr(), before, Some((mode, id)));
                Ok(Some((mode, id)))
            }
            (_, Some(_)) => {
                edited.note(group[0].0.as_bstr(), before, None);
                Ok(None)
            }
            (_, None) => Err(EditError::NotFound { path: path() }),
        };
    }
    // Where a file becomes a directory or the other way round, other paths than those of the edits may change.
    edited.is_unknown |= own.is_some();
    let directory = match (before, own) {
        (Some((mode, id)), None | Some(PathEdit::Put(..))) if mode.is_directory() => Some(id),
        (Some(_), None) => return Err(EditError::NotADirectory { path: path() }),
        _ => None,
    };
    let left = edit_level(store, directory.as_ref(), below, end + 1, edited)?.map(|id| (Mode::DIRECTORY, id));
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

/// The bytes of a tree after its cuts.
fn splice(old: &[u8], mut cuts: Vec<Cut<'_>>) -> Vec<u8> {
    let is_directory = |cut: &Cut<'_>| cut.new.is_some_and(|(mode, _)| mode.is_directory());
    // What comes at the place of an entry comes before that entry's own cut, for it ends where it starts.
    crate::sort::sort_by(&mut cuts, |a, b| {
        let by_name = || compare_names(a.name, is_directory(a), b.name, is_directory(b));
        (a.start, a.end).cmp(&(b.start, b.end)).then_with(by_name)
    });
    let added: usize = cuts.iter().map(|cut| cut.name.len() + 28).sum();
    let mut out = Vec::with_capacity(old.len() + added);
    let mut at = 0;
    for cut in &cuts {
        out.extend_from_slice(&old[at..cut.start]);
        if let Some((mode, id)) = &cut.new {
            write_entry(*mode, cut.name, id, &mut out);
        }
        at = cut.end;
    }
    out.extend_from_slice(&old[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::tree::TreeDiff;
    use crate::limits::Limits;
    use crate::object::{EntryRef, TreeRef};
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
        let edits: Vec<_> = edits.iter().map(|(path, edit)| (path, *edit)).collect();
        let mut edited = EditedPaths::default();
        let new = edit_tree_noting(store, &root, &edits, &mut edited)?;
        if let Some(paths) = edited.iter() {
            let mut paths: Vec<&[u8]> = paths.collect();
            paths.sort_unstable();
            assert_eq!(paths, different_paths(store, root, new));
        }
        Ok(new)
    }

    /// What a comparison of both trees says.
    fn different_paths(store: &MemoryStore, old: ObjectId, new: ObjectId) -> Vec<Vec<u8>> {
        let mut diff = TreeDiff::new(store, Some(&old), Some(&new), &Limits::default()).unwrap();
        let mut paths = Vec::new();
        while let Some(change) = diff.next_change().unwrap() {
            paths.push(change.path.to_vec());
        }
        paths.sort_unstable();
        paths
    }

    #[test]
    fn edits_say_which_paths_they_change_where_they_know_it() {
        let mut store = MemoryStore::new();
        let mut noted = |root: ObjectId, edits: &[(&str, PathEdit)]| {
            let paths: Vec<RepoPath> = edits.iter().map(|(path, _)| RepoPath::new(path).unwrap()).collect();
            let edits: Vec<_> = paths.iter().zip(edits).map(|(path, (_, edit))| (path, *edit)).collect();
            let mut edited = EditedPaths::default();
            let new = edit_tree_noting(&mut store, &root, &edits, &mut edited).unwrap();
            let paths = edited.iter().map(|paths| paths.map(<[u8]>::to_vec).collect::<Vec<_>>().join(&b' '));
            (new, paths.map(BString::from))
        };
        let put = PathEdit::Put(Mode::FILE, ID);
        let (root, paths) = noted(ObjectId::EMPTY_TREE, &[("a/b", put), ("a/c", put), ("f", put)]);
        assert_eq!(paths, Some("a/b a/c f".into()));
        let run = PathEdit::Put(Mode::EXECUTABLE, ID);
        let (_, paths) = noted(root, &[("a/b", put), ("a/c", run), ("f", PathEdit::Remove)]);
        assert_eq!(paths, Some("a/c f".into()));
        assert_eq!(noted(root, &[("a", PathEdit::Remove)]).1, None);
        assert_eq!(noted(root, &[("f", PathEdit::Remove), ("f/x", put)]).1, None);
        let long = "n".repeat(EDITED_BYTES_MAX);
        assert_eq!(noted(root, &[(&long, put)]).1, None);
        assert_eq!(noted(root, &[(&long[1..], put)]).1, Some(long[1..].into()));
    }

    fn list(store: &MemoryStore, tree: &ObjectId, prefix: &str, out: &mut BTreeMap<String, ObjectId>) {
        let bytes = store.read_tree(tree).unwrap();
        let entries: Vec<EntryRef<'_>> = TreeRef::new(&bytes).iter().map(Result::unwrap).collect();
        let in_order = |a: &EntryRef<'_>, b: &EntryRef<'_>| {
            compare_names(a.name, a.mode.is_directory(), b.name, b.mode.is_directory()).is_lt()
        };
        assert!(entries.is_sorted_by(in_order));
        for entry in entries {
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
    fn many_edits_at_once_equal_a_map_of_paths() {
        let mut store = MemoryStore::new();
        let mut root = ObjectId::EMPTY_TREE;
        let mut model: BTreeMap<String, ObjectId> = BTreeMap::new();
        let mut seed = 1u32;
        for step in 0..500u32 {
            // Each name is a file, a directory or gone; "n1.c" and "n1-b" sort between the two.
            let mut next = BTreeMap::new();
            for name in ["n1", "n1-b", "n1.c", "n2", "n3", "n3.x", "n4"] {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let id = ObjectId::from_bytes([(seed >> 20) as u8 & 3; 20]);
                match seed >> 28 {
                    0..4 => {}
                    4..10 => drop(next.insert(name.into(), id)),
                    _ => drop(next.insert(std::format!("{name}/{}", step % 2), id)),
                }
            }
            let gone = model.keys().filter(|path| !next.contains_key(*path));
            let mut edits: Vec<_> = gone.map(|path| (path.as_str(), PathEdit::Remove)).collect();
            let changed = next.iter().filter(|(path, id)| model.get(*path) != Some(id));
            edits.extend(changed.map(|(path, id)| (path.as_str(), PathEdit::Put(Mode::FILE, *id))));
            root = edit(&mut store, root, &edits).unwrap();
            let mut listed = BTreeMap::new();
            list(&store, &root, "", &mut listed);
            assert_eq!(listed, next);
            model = next;
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
