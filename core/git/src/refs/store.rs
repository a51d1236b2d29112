//! All refs of a repository in memory, ordered by name.

use alloc::sync::Arc;
use core::fmt;
use core::ops::Bound;

use bstr::{BString, ByteSlice};

use super::RefName;
use crate::ObjectId;
use crate::name_map::NameMap;
use crate::quoted::Quoted;

/// Most refs that are read one after the other while symbolic ones are followed, as in git.
pub const SYMBOLIC_DEPTH_MAX: usize = 5;

/// Where a ref points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefTarget {
    /// To an object.
    Direct(ObjectId),
    /// To another ref, which need not exist.
    Symbolic(RefName),
}

impl From<ObjectId> for RefTarget {
    fn from(id: ObjectId) -> Self {
        Self::Direct(id)
    }
}

impl From<RefName> for RefTarget {
    fn from(name: RefName) -> Self {
        Self::Symbolic(name)
    }
}

impl fmt::Display for RefTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct(id) => id.fmt(f),
            Self::Symbolic(name) => write!(f, "ref: {name}"),
        }
    }
}

/// Why a symbolic ref leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResolveError {
    /// More than [`SYMBOLIC_DEPTH_MAX`] refs would have to be read: a loop, or a chain as good as one.
    TooDeep {
        /// The name that was asked for.
        name: BString,
    },
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep { name } => {
                write!(f, "ref {} is symbolic over more than {SYMBOLIC_DEPTH_MAX} refs", Quoted(name))
            }
        }
    }
}

impl core::error::Error for ResolveError {}

/// All refs of a repository, `HEAD` and other root refs among them.
///
/// No ref lies below another (`a` and `a/b`), so that each can be a file. Changes go through [`RefStore::update`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefStore {
    pub(super) refs: NameMap<RefName, RefTarget>,
    /// Each folder of a name (`refs`, `refs/heads`), with the number of refs and folders directly in it.
    pub(super) folders: NameMap<Arc<[u8]>, u32>,
}

impl RefStore {
    /// Starts without any ref, not even `HEAD`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of refs, symbolic and root refs included.
    pub fn len(&self) -> usize {
        self.refs.len()
    }

    /// Whether there is no ref.
    pub fn is_empty(&self) -> bool {
        self.refs.is_empty()
    }

    /// Where the ref with exactly this full name points.
    pub fn get(&self, name: &[u8]) -> Option<&RefTarget> {
        self.refs.get(name)
    }

    /// The object that the ref with this full name leads to; `None` where it, or the ref it leads to, does not exist.
    pub fn resolve(&self, name: &[u8]) -> Result<Option<ObjectId>, ResolveError> {
        Ok(match self.refs.get(name) {
            None => None,
            Some(RefTarget::Direct(id)) => Some(*id),
            Some(RefTarget::Symbolic(next)) => match self.refs.get(self.end_of(name, next, 1)?.as_ref()) {
                Some(RefTarget::Direct(id)) => Some(*id),
                _ => None,
            },
        })
    }

    /// The ref that a write through `name` changes: itself, or where it leads as a symbolic ref. It need not exist.
    pub fn follow(&self, name: &RefName) -> Result<RefName, ResolveError> {
        self.end_of(name.as_ref(), name, 0).cloned()
    }

    /// Follows symbolic refs from `next`, when `read` refs were read on the way to it from `name`.
    fn end_of<'a>(
        &'a self,
        name: &[u8],
        mut next: &'a RefName,
        read: usize,
    ) -> Result<&'a RefName, ResolveError> {
        for _ in read..SYMBOLIC_DEPTH_MAX {
            match self.refs.get(next.as_ref()) {
                Some(RefTarget::Symbolic(further)) => next = further,
                _ => return Ok(next),
            }
        }
        Err(ResolveError::TooDeep { name: name.into() })
    }

    /// Where `HEAD` points: symbolic on a branch, direct where detached.
    pub fn head(&self) -> Option<&RefTarget> {
        self.get(b"HEAD")
    }

    /// All refs in the order of their names.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&RefName, &RefTarget)> + Clone {
        self.refs.iter()
    }

    /// The refs whose names begin with these bytes, in order: `refs/heads/` for the branches.
    pub fn iter_prefix(&self, prefix: &[u8]) -> impl Iterator<Item = (&RefName, &RefTarget)> + Clone {
        self.refs
            .range_from(Bound::Included(prefix))
            .take_while(move |(name, _)| name.as_ref().starts_with(prefix))
    }

    /// Counts a new ref in the folder it lies in; `on_new` is told the length of each folder's name that was not there.
    pub(super) fn enter_folder(&mut self, name: &RefName, mut on_new: impl FnMut(usize)) {
        let mut name: &[u8] = name.as_ref();
        while let Some(end) = name.rfind_byte(b'/') {
            name = &name[..end];
            if let Some(count) = self.folders.get_mut(name) {
                *count += 1;
                return;
            }
            self.folders.insert(name.into(), 1);
            on_new(end);
        }
    }

    /// Counts a ref that is gone out of the folder it lay in; a folder left empty goes too.
    pub(super) fn leave_folder(&mut self, name: &RefName) {
        let mut name: &[u8] = name.as_ref();
        while let Some(end) = name.rfind_byte(b'/') {
            name = &name[..end];
            match self.folders.get_mut(name) {
                Some(count) if *count > 1 => {
                    *count -= 1;
                    return;
                }
                _ => self.folders.remove(name),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refs::{Expected, NewValue, RefUpdate};
    use std::format;
    use std::vec::Vec;

    fn symbolic(name: &str, target: &str) -> RefUpdate {
        RefUpdate {
            name: RefName::new(name).unwrap(),
            expected: Expected::Missing,
            new: NewValue::Symbolic(RefName::new(target).unwrap()),
        }
    }

    fn direct(name: &str) -> RefUpdate {
        let new = NewValue::Set(ObjectId::EMPTY_TREE);
        RefUpdate { name: RefName::new(name).unwrap(), expected: Expected::Any, new }
    }

    #[test]
    fn symbolic_refs_are_followed_as_far_as_git_does() {
        let mut refs = RefStore::new();
        let chain = (1..=7).map(|n| symbolic(&format!("refs/heads/c{n}"), &format!("refs/heads/c{}", n - 1)));
        refs.update(&chain.collect::<Vec<_>>()).unwrap();
        assert_eq!(refs.resolve(b"refs/heads/c4"), Ok(None));
        refs.update(&[direct("refs/heads/c0")]).unwrap();
        for n in 0..=7 {
            let name = RefName::new(format!("refs/heads/c{n}")).unwrap();
            let (resolved, followed) = (refs.resolve(name.as_ref()), refs.follow(&name));
            if n <= 4 {
                assert_eq!(resolved, Ok(Some(ObjectId::EMPTY_TREE)));
                assert_eq!(followed.unwrap().as_bstr(), "refs/heads/c0");
            } else {
                assert_eq!(resolved, Err(ResolveError::TooDeep { name: name.as_bstr().into() }));
                assert!(followed.is_err());
            }
        }
        refs.update(&[symbolic("refs/x", "refs/x")]).unwrap();
        assert!(refs.resolve(b"refs/x").is_err());
    }

    #[test]
    fn listed_in_order_and_by_prefix() {
        let mut refs = RefStore::new();
        let names = ["refs/heads/b", "refs/heads/a", "refs/heads-x", "refs/tags/a", "HEAD", "refs/heads/a-b"];
        refs.update(&names.map(direct)).unwrap();
        let names =
            |prefix: &[u8]| -> Vec<_> { refs.iter_prefix(prefix).map(|(name, _)| name.as_bstr()).collect() };
        assert_eq!(names(b"refs/heads/"), ["refs/heads/a", "refs/heads/a-b", "refs/heads/b"]);
        assert_eq!(names(b"refs/heads/a"), ["refs/heads/a", "refs/heads/a-b"]);
        assert_eq!(names(b"x").len(), 0);
        assert_eq!(
            (names(b"").len(), refs.len(), refs.iter().next().unwrap().0.short()),
            (6, 6, "HEAD".into())
        );
    }
}
