//! History: revisions, walks, merge bases, and what a commit says.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use govc_git::object::CommitRef;
use govc_git::refs::{RefName, RefTarget};
use govc_git::rev::{self, Hint, Resolver, Role, Step, Tip, Walk, WalkOptions};
use govc_git::{Kind, ObjectId, ObjectSource, ReadError};

use crate::Repository;
use crate::error::{Error, ErrorCode, Result};
use crate::timeline::Known;

/// Commits looked at before a walk gives the host a chance to stop it.
const WALK_BUDGET: usize = 20_000;

/// A walk over history that is asked for more as its reader gets on.
pub struct History(Walk);

impl Repository {
    /// The object that a revision expression names.
    pub fn resolve(&self, revision: &[u8]) -> Result<ObjectId> {
        let mut graph = self.graph.borrow_mut();
        let id = Resolver::new(&self.store, &self.refs, &mut graph).resolve(revision, Hint::Any)?;
        // 40 digits name themselves; here they are to name something.
        if id == ObjectId::EMPTY_TREE || self.store.contains(&id) {
            Ok(id)
        } else {
            Err(ReadError::missing(id).into())
        }
    }

    /// The commit that an id leads to through tags; `None` where it leads to a tree or a blob.
    pub fn peel_to_commit(&self, id: &ObjectId) -> Result<Option<ObjectId>> {
        let (kind, id) = self.store.peel_tags(id)?;
        Ok((kind == Kind::Commit).then_some(id))
    }

    /// The tree that an id leads to through tags and commits.
    pub fn peel_to_tree(&self, id: &ObjectId) -> Result<ObjectId> {
        let graph = self.graph.borrow();
        match graph.find(id).filter(|commit| graph.is_loaded(*commit)) {
            // Nothing is read of a commit that a walk has met.
            Some(commit) => Ok(*graph.tree(commit)),
            None => Ok(self.store.peel_to_tree(id)?),
        }
    }

    /// The commit that an id leads to; anything else is no commit.
    pub(crate) fn commit_at(&self, id: &ObjectId) -> Result<ObjectId> {
        self.peel_to_commit(id)?.ok_or_else(|| {
            Error::new(ErrorCode::InvalidArgument, format!("{id} names no commit")).with("id", id)
        })
    }

    /// The bytes of a commit; `read` takes them apart.
    pub fn read_commit<T>(&self, id: &ObjectId, read: impl FnOnce(&CommitRef<'_>) -> T) -> Result<T> {
        let bytes: Arc<[u8]> = self.store.read_commit(id)?;
        let commit = CommitRef::parse(&bytes).map_err(|error| Error::corrupt(id, error))?;
        Ok(read(&commit))
    }

    /// The parents of a commit and when it was committed, in seconds since the epoch: quick for what a walk has met.
    pub fn commit_place(&self, id: &ObjectId) -> Result<(Vec<ObjectId>, u64)> {
        let mut graph = self.graph.borrow_mut();
        let commit = graph.load(&self.store, id)?;
        graph.load_index(&self.store, commit)?;
        Ok((graph.parents(commit).map(|parent| *graph.id(parent)).collect(), graph.time(commit)))
    }

    /// Begins a walk from `from`, without what `not` reaches. Both may name tags.
    pub fn history(&self, from: &[ObjectId], not: &[ObjectId], mut options: WalkOptions) -> Result<History> {
        let tip = |id: &ObjectId, role| Ok(Tip { id: self.commit_at(id)?, role });
        let shown = from.iter().map(|id| tip(id, Role::Shown));
        let hidden = not.iter().map(|id| tip(id, Role::Hidden));
        options.tips = shown.chain(hidden).collect::<Result<_>>()?;
        Ok(History(Walk::new(options)))
    }

    /// The next commits of a walk, at most `count`; none at its end.
    pub fn next_commits(&self, history: &mut History, count: usize) -> Result<Vec<ObjectId>> {
        let mut graph = self.graph.borrow_mut();
        let mut commits = Vec::with_capacity(count.min(1024));
        while commits.len() < count {
            match history.0.step(&mut graph, &self.store, WALK_BUDGET)? {
                Step::Commit(commit) => commits.push(*graph.id(commit)),
                Step::Pending => {}
                Step::Done => break,
            }
        }
        Ok(commits)
    }

    /// The commit that a reality was at, at a moment in milliseconds since the epoch; main as it was then where none is
    /// named. What the log of operations knows it decides; before the log begins, the dates of commits do, along the
    /// first parents of where the log found the reality.
    pub fn at_moment(&self, reality: Option<&[u8]>, time_ms: i64) -> Result<ObjectId> {
        let name = match reality {
            Some(name) => RefName::branch(name)?,
            None => match self.value_at(&RefName::head(), time_ms) {
                Known::Was(Some(RefTarget::Symbolic(name)))
                | Known::Before(Some(RefTarget::Symbolic(name))) => name,
                _ => RefName::head(),
            },
        };
        let found = match self.value_at(&name, time_ms) {
            Known::Was(Some(RefTarget::Direct(id))) => Some(id),
            Known::Before(Some(RefTarget::Direct(tip))) => match u64::try_from(time_ms.div_euclid(1000)) {
                Ok(time) => {
                    let graph = &mut *self.graph.borrow_mut();
                    self.timeline.borrow_mut().commit_at(graph, &self.store, &tip, time)?
                }
                Err(_) => None,
            },
            _ => None,
        };
        found.ok_or_else(|| {
            let message = format!("'{}' had no commit at that moment", name.short());
            Error::new(ErrorCode::NotFound, message).with("reality", name.short())
        })
    }

    fn value_at(&self, name: &RefName, time_ms: i64) -> Known {
        self.timeline.borrow_mut().value_at(&self.log, name, time_ms, self.refs.get(name.as_ref()))
    }

    /// The best common ancestor, the first of several as git orders them.
    pub fn merge_base(&self, one: &ObjectId, other: &ObjectId) -> Result<Option<ObjectId>> {
        let (one, other) = (self.commit_at(one)?, self.commit_at(other)?);
        let mut graph = self.graph.borrow_mut();
        Ok(rev::merge_bases(&mut graph, &self.store, &one, &[other])?.first().copied())
    }

    /// Whether `ancestor` is `descendant` or lies in its history.
    pub(crate) fn is_ancestor(&self, ancestor: &ObjectId, descendant: &ObjectId) -> Result<bool> {
        Ok(rev::is_ancestor(&mut self.graph.borrow_mut(), &self.store, ancestor, descendant)?)
    }
}
