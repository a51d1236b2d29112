//! Every object that given ones lead to: what a collection keeps and a check must find.
//!
//! It goes step by step, can be left at any of them, and knows no dates: what one side has and another lacks is
//! `transport`'s business. Each object costs an entry in a table of ids, 24 to 48 bytes.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bstr::{BStr, BString, ByteSlice};

use super::{IdMap, Object, ObjectSource, ReadError};
use crate::limits::{LimitExceeded, Limits};
use crate::object::{CommitLinks, EntryKind, ObjectError, TagRef, TreeRef};
use crate::{Kind, ObjectId};

/// An object that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached<'a> {
    /// The object.
    pub id: ObjectId,
    /// Its kind; of a blob, what the tree says.
    pub kind: Kind,
    /// The path at which a tree or blob was first met; empty for a root and for what was met by itself.
    pub path: &'a BStr,
}

/// A walk over all that given objects lead to. Parents, trees, entries and tagged objects count; submodules do not.
pub struct Reach {
    seen: IdMap<()>,
    shallow: IdMap<()>,
    /// Objects to go to; some may have been seen since.
    pending: Vec<ObjectId>,
    /// The trees from a root to where the walk is.
    open: Vec<OpenTree>,
    path: BString,
    parents: Vec<ObjectId>,
    tree_depth_max: u32,
}

/// A tree that is being walked.
struct OpenTree {
    id: ObjectId,
    bytes: Arc<[u8]>,
    offset: usize,
    /// Length of its path.
    path_length: usize,
}

impl Reach {
    /// Starts at nothing; the parents of `shallow` commits do not count.
    pub fn new(shallow: impl IntoIterator<Item = ObjectId>, limits: &Limits) -> Self {
        Self {
            seen: IdMap::default(),
            shallow: shallow.into_iter().map(|id| (id, ())).collect(),
            pending: Vec::new(),
            open: Vec::new(),
            path: BString::default(),
            parents: Vec::new(),
            tree_depth_max: limits.tree_depth_max,
        }
    }

    /// Adds an object of any kind to start from.
    pub fn add(&mut self, id: ObjectId) {
        self.pending.push(id);
    }

    /// Whether an object was reached.
    pub fn contains(&self, id: &ObjectId) -> bool {
        self.seen.contains_key(id)
    }

    /// Number of objects that were reached.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether nothing was reached.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Looks at about `budget` links and calls `visit` with each object that is new; whether all is done.
    ///
    /// After an error the walk is where it was: it may go on once a missing object has come, or after [`Reach::skip`].
    pub fn step(
        &mut self,
        source: &dyn ObjectSource,
        budget: usize,
        mut visit: impl FnMut(Reached<'_>),
    ) -> Result<bool, ReadError> {
        for _ in 0..budget {
            if !self.open.is_empty() {
                self.next_entry(source, &mut visit)?;
            } else if let Some(id) = self.pending.last().copied() {
                self.next_object(source, id, &mut visit)?;
            } else {
                return Ok(true);
            }
        }
        Ok(self.open.is_empty() && self.pending.is_empty())
    }

    /// Takes an object for seen, and nothing behind it: one that is missing and will stay so.
    pub fn skip(&mut self, id: ObjectId) {
        self.seen.insert(id, ());
    }

    fn next_object(
        &mut self,
        source: &dyn ObjectSource,
        id: ObjectId,
        visit: &mut impl FnMut(Reached<'_>),
    ) -> Result<(), ReadError> {
        if self.contains(&id) {
            self.pending.pop();
            return Ok(());
        }
        let corrupt = |error| ReadError::corrupt(id, error);
        let Object { kind, bytes } = match source.read(&id) {
            Err(error) if error.is_missing() && id == ObjectId::EMPTY_TREE => {
                Object { kind: Kind::Tree, bytes: Arc::from([]) }
            }
            read => read?,
        };
        let mut tree = None;
        self.parents.clear();
        match kind {
            Kind::Blob => {}
            Kind::Tree => tree = Some((id, bytes)),
            Kind::Tag => self.parents.push(TagRef::parse(&bytes).map_err(corrupt)?.target),
            Kind::Commit => {
                let links = CommitLinks::parse(&bytes, &mut self.parents).map_err(corrupt)?;
                if self.shallow.contains_key(&id) {
                    self.parents.clear();
                }
                if !self.contains(&links.tree) {
                    tree = Some((links.tree, source.read_tree(&links.tree)?));
                }
            }
        }
        self.pending.pop();
        self.pending.extend(self.parents.iter().filter(|parent| !self.seen.contains_key(parent)));
        self.seen.insert(id, ());
        visit(Reached { id, kind, path: BStr::new("") });
        if let Some((tree_id, bytes)) = tree {
            if tree_id != id {
                self.seen.insert(tree_id, ());
                visit(Reached { id: tree_id, kind: Kind::Tree, path: BStr::new("") });
            }
            self.path.clear();
            self.open.push(OpenTree { id: tree_id, bytes, offset: 0, path_length: 0 });
        }
        Ok(())
    }

    fn next_entry(
        &mut self,
        source: &dyn ObjectSource,
        visit: &mut impl FnMut(Reached<'_>),
    ) -> Result<(), ReadError> {
        let depth = self.open.len();
        let Some(top) = self.open.last_mut() else { return Ok(()) };
        let (start, bytes) = (top.offset, top.bytes.clone());
        let mut entries = TreeRef::new(&bytes[start..]).iter();
        let Some(entry) = entries.next() else {
            self.open.pop();
            return Ok(());
        };
        let corrupt = |error: ObjectError| {
            ReadError::corrupt(top.id, ObjectError { offset: start + error.offset, ..error })
        };
        let entry = entry.map_err(corrupt)?;
        let end = start + entries.offset();
        if entry.mode.kind() == EntryKind::Submodule || self.seen.contains_key(&entry.id) {
            top.offset = end;
            return Ok(());
        }
        self.path.truncate(top.path_length);
        if !self.path.is_empty() {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(entry.name);
        let id = entry.id;
        if entry.mode.is_directory() {
            let allowed = u64::from(self.tree_depth_max);
            if depth as u64 >= allowed {
                let limit = LimitExceeded { limit: "tree_depth_max", allowed, found: depth as u64 + 1 };
                return Err(ReadError::limit(id, limit));
            }
            let bytes = source.read_tree(&id)?;
            top.offset = end;
            self.open.push(OpenTree { id, bytes, offset: 0, path_length: self.path.len() });
            visit(Reached { id, kind: Kind::Tree, path: self.path.as_bstr() });
        } else {
            if !source.contains(&id) {
                return Err(ReadError::missing(id));
            }
            top.offset = end;
            visit(Reached { id, kind: Kind::Blob, path: self.path.as_bstr() });
        }
        self.seen.insert(id, ());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ObjectSink;
    use crate::object::{Mode, TreeBuilder};
    use crate::store::MemoryStore;
    use std::format;
    use std::string::ToString;

    fn tree_of(mode: Mode, name: &str, id: ObjectId) -> Vec<u8> {
        let mut builder = TreeBuilder::new();
        builder.push(mode, name.as_bytes(), id);
        builder.write()
    }

    #[test]
    fn what_is_missing_may_come_or_be_skipped() {
        let mut elsewhere = MemoryStore::new();
        let blob = elsewhere.write(Kind::Blob, b"x");
        let mut store = MemoryStore::new();
        let inner = elsewhere.write(Kind::Tree, &tree_of(Mode::FILE, "b", blob));
        let root = store.write(Kind::Tree, &tree_of(Mode::DIRECTORY, "a", inner));
        let commit = store.write(Kind::Commit, format!("tree {root}\n\n").as_bytes());
        let mut reach = Reach::new([], &Limits::default());
        reach.add(commit);
        let mut found = Vec::new();
        let mut step = |reach: &mut Reach, store: &MemoryStore| {
            reach.step(store, 100, |reached| found.push(reached.path.to_string()))
        };
        assert_eq!(step(&mut reach, &store), Err(ReadError::missing(inner)));
        store.insert(inner, elsewhere.read(&inner).unwrap());
        assert_eq!(step(&mut reach, &store), Err(ReadError::missing(blob)));
        assert_eq!(step(&mut reach, &store), Err(ReadError::missing(blob)));
        reach.skip(blob);
        assert_eq!(step(&mut reach, &store), Ok(true));
        assert_eq!(found, ["", "", "a"]);
        assert_eq!(reach.len(), 4);
    }

    #[test]
    fn shallow_commits_have_no_parents_and_cycles_end() {
        let mut store = MemoryStore::new();
        let text = format!("tree {}\nparent {}\n\n", ObjectId::EMPTY_TREE, ObjectId::NULL);
        let tip = store.write(Kind::Commit, text.as_bytes());
        let all = |store: &MemoryStore, shallow: &[ObjectId]| {
            let mut reach = Reach::new(shallow.iter().copied(), &Limits::default());
            reach.add(tip);
            reach.step(store, 100, |_| {}).map(|done| (done, reach.len()))
        };
        assert_eq!(all(&store, &[]), Err(ReadError::missing(ObjectId::NULL)));
        assert_eq!(all(&store, &[tip]), Ok((true, 2)));
        store.insert(ObjectId::NULL, Object { kind: Kind::Commit, bytes: text.as_bytes().into() });
        assert_eq!(all(&store, &[]), Ok((true, 3)));
    }
}
