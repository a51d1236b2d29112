//! Paths below a tree: the entry at one, and a visit to all.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bstr::{BStr, BString, ByteSlice};

use super::{ObjectSource, ReadError};
use crate::ObjectId;
use crate::limits::{LimitExceeded, Limits};
use crate::object::{Mode, ObjectError, TreeRef};

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Its mode.
    pub mode: Mode,
    /// Its object; of a submodule, a commit elsewhere.
    pub id: ObjectId,
}

/// Finds what stands at `path` below `tree`: names with one slash between them, and one at the end only of a directory.
/// The empty path is the tree itself. `None` where there is nothing, or the path leads through something that is no directory.
pub fn find_path(
    source: &dyn ObjectSource,
    tree: &ObjectId,
    path: &[u8],
) -> Result<Option<TreeEntry>, ReadError> {
    let mut at = TreeEntry { mode: Mode::DIRECTORY, id: *tree };
    let mut rest = path;
    while !rest.is_empty() {
        if !at.mode.is_directory() {
            return Ok(None);
        }
        let end = rest.find_byte(b'/').unwrap_or(rest.len());
        let Some(entry) = source.find_entry(&at.id, &rest[..end])? else { return Ok(None) };
        at = entry;
        if rest.len() == end + 1 && !at.mode.is_directory() {
            return Ok(None);
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    Ok(Some(at))
}

/// What stands under a name in the bytes of a tree.
pub(super) fn find_entry(tree: &ObjectId, bytes: &[u8], name: &[u8]) -> Result<Option<TreeEntry>, ReadError> {
    let entry = TreeRef::new(bytes).find(name).map_err(|error| ReadError::corrupt(*tree, error))?;
    Ok(entry.map(|entry| TreeEntry { mode: entry.mode, id: entry.id }))
}

/// How a visit goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// With what is below this directory, or with the next entry.
    Continue,
    /// With the next entry beside this directory.
    Skip,
    /// Not at all.
    Stop,
}

/// Calls `visit` with the path of every entry below `tree`, directories before what is below them, in the order of the
/// trees. Bounded by `tree_depth_max` and `path_bytes_max`.
pub fn visit_paths(
    source: &dyn ObjectSource,
    tree: &ObjectId,
    limits: &Limits,
    mut visit: impl FnMut(&BStr, TreeEntry) -> Visit,
) -> Result<(), ReadError> {
    let mut path = BString::default();
    let mut open = Vec::from([OpenTree::read(source, *tree, 0)?]);
    while let Some(top) = open.last_mut() {
        path.truncate(top.path_length);
        let (start, bytes) = (top.offset, &top.bytes);
        let mut entries = TreeRef::new(&bytes[start..]).iter();
        let Some(entry) = entries.next() else {
            open.pop();
            continue;
        };
        top.offset += entries.offset();
        let corrupt = |error: ObjectError| ObjectError { offset: start + error.offset, ..error };
        let entry = entry.map_err(|error| ReadError::corrupt(top.id, corrupt(error)))?;
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(entry.name);
        check(entry.id, "path_bytes_max", limits.path_bytes_max, path.len())?;
        let entry = TreeEntry { mode: entry.mode, id: entry.id };
        match visit(path.as_bstr(), entry) {
            Visit::Stop => return Ok(()),
            Visit::Continue if entry.mode.is_directory() => {
                check(entry.id, "tree_depth_max", limits.tree_depth_max, open.len())?;
                open.push(OpenTree::read(source, entry.id, path.len())?);
            }
            Visit::Continue | Visit::Skip => {}
        }
    }
    Ok(())
}

/// A tree that is being visited.
struct OpenTree {
    id: ObjectId,
    bytes: Arc<[u8]>,
    offset: usize,
    /// Length of its path.
    path_length: usize,
}

impl OpenTree {
    fn read(source: &dyn ObjectSource, id: ObjectId, path_length: usize) -> Result<Self, ReadError> {
        Ok(Self { id, bytes: source.read_tree(&id)?, offset: 0, path_length })
    }
}

fn check(id: ObjectId, limit: &'static str, allowed: u32, found: usize) -> Result<(), ReadError> {
    let (allowed, found) = (u64::from(allowed), found as u64);
    if found > allowed {
        return Err(ReadError::limit(id, LimitExceeded { limit, allowed, found }));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::TreeBuilder;
    use crate::store::{MemoryStore, Object};
    use crate::{Kind, ObjectSink, ReadProblem};
    use std::format;
    use std::string::{String, ToString};

    fn tree(store: &mut MemoryStore, entries: &[(Mode, &str, ObjectId)]) -> ObjectId {
        let mut builder = TreeBuilder::new();
        entries.iter().for_each(|(mode, name, id)| builder.push(*mode, name.as_bytes(), *id));
        store.write(Kind::Tree, &builder.write())
    }

    fn sample() -> (MemoryStore, ObjectId) {
        let mut store = MemoryStore::new();
        let blob = store.write(Kind::Blob, b"x");
        let inner = tree(&mut store, &[(Mode::FILE, "c", blob)]);
        let outer = tree(&mut store, &[(Mode::DIRECTORY, "b", inner), (Mode::FILE, "b.x", blob)]);
        let root = tree(&mut store, &[(Mode::DIRECTORY, "a", outer), (Mode::FILE, "d", blob)]);
        (store, root)
    }

    #[test]
    fn paths_are_found() {
        let (store, root) = sample();
        let found = |path: &str| find_path(&store, &root, path.as_bytes()).unwrap().map(|entry| entry.mode);
        for (path, mode) in
            [("", Mode::DIRECTORY), ("a", Mode::DIRECTORY), ("a/b/", Mode::DIRECTORY), ("a/b/c", Mode::FILE)]
        {
            assert_eq!(found(path), Some(mode), "{path}");
        }
        for path in ["x", "/", "/a", "a//b", "a/b//", "d/", "d/x", "a/b/c/", "__proto__"] {
            assert_eq!(found(path), None, "{path}");
        }
    }

    #[test]
    fn all_paths_are_visited() {
        let (store, root) = sample();
        let seen = |stop: &str, way: Visit| {
            let mut seen = Vec::<String>::new();
            visit_paths(&store, &root, &Limits::default(), |path, _| {
                seen.push(path.to_string());
                if path == stop { way } else { Visit::Continue }
            })
            .unwrap();
            seen.join(" ")
        };
        assert_eq!(seen("", Visit::Stop), "a a/b.x a/b a/b/c d");
        assert_eq!(seen("a/b", Visit::Skip), "a a/b.x a/b d");
        assert_eq!(seen("a/b/c", Visit::Stop), "a a/b.x a/b a/b/c");
    }

    #[test]
    fn a_tree_within_itself_ends_at_the_limit() {
        let mut store = MemoryStore::new();
        let mut builder = TreeBuilder::new();
        builder.push(Mode::DIRECTORY, b"again", ObjectId::NULL);
        store.insert(ObjectId::NULL, Object { kind: Kind::Tree, bytes: builder.write().into() });
        for (limits, limit) in [
            (Limits { tree_depth_max: 100, ..Limits::default() }, "tree_depth_max"),
            (Limits { path_bytes_max: 100, ..Limits::default() }, "path_bytes_max"),
        ] {
            let error = visit_paths(&store, &ObjectId::NULL, &limits, |_, _| Visit::Continue).unwrap_err();
            assert!(
                matches!(error.problem(), ReadProblem::Limit { limit: found, .. } if found.limit == limit),
                "{error}"
            );
        }
        assert!(format!("{:?}", find_path(&store, &ObjectId::NULL, b"again/again")).contains("Some"));
    }
}
