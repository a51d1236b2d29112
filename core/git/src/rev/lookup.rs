//! What revisions need of a repository's refs.

use bstr::{BStr, BString};

use super::ReflogPosition;
use crate::ObjectId;
use crate::refs::{RefStore, RefTarget};

/// Refs, as revisions look them up. Names are full (`refs/heads/main`, `HEAD`) and not checked: what cannot be a name
/// has no target.
pub trait RefLookup {
    /// The object that a ref leads to, through symbolic refs; `None` where there is no such ref, or it leads nowhere.
    fn target(&self, full_name: &BStr) -> Option<ObjectId>;

    /// Calls `visit` with every ref below `refs/` that leads to an object, in the order of the names.
    fn visit(&self, visit: &mut dyn FnMut(&BStr, ObjectId));

    /// The full name of the ref that `HEAD` stands for, if it is symbolic.
    fn current_branch(&self) -> Option<BString>;

    /// Where a ref was, by its reflog; `None` where the log does not go back so far.
    fn reflog(&self, full_name: &BStr, position: ReflogPosition<'_>) -> Result<Option<ObjectId>, NoReflog> {
        let _ = (full_name, position);
        Err(NoReflog)
    }

    /// The full name of the n-th branch, from 1, that was checked out before the current one, by the reflog of `HEAD`.
    fn prior_branch(&self, nth: u32) -> Result<Option<BString>, NoReflog> {
        let _ = nth;
        Err(NoReflog)
    }
}

/// There is no reflog to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoReflog;

impl RefLookup for RefStore {
    fn target(&self, full_name: &BStr) -> Option<ObjectId> {
        // A loop of symbolic refs leads nowhere, as in git.
        self.resolve(full_name).ok().flatten()
    }

    fn visit(&self, visit: &mut dyn FnMut(&BStr, ObjectId)) {
        for (name, _) in self.iter_prefix(b"refs/") {
            if let Some(id) = self.target(name.as_bstr()) {
                visit(name.as_bstr(), id);
            }
        }
    }

    fn current_branch(&self) -> Option<BString> {
        match self.head()? {
            RefTarget::Symbolic(name) => Some(name.as_bstr().into()),
            RefTarget::Direct(_) => None,
        }
    }
}
