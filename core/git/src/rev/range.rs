//! Which commits a list of revisions means: `a`, `^a`, `a..b`, `a...b`, `a^@`, `a^!`, `a^-n`, and all refs.

use alloc::vec::Vec;

use bstr::{BStr, ByteSlice};

use super::error::RevisionError;
use super::merge_base::bases_of;
use super::resolve::{Hint, Resolver};
use super::{CommitGraph, CommitIndex, ExpressionError, Role, Tip, Walk, WalkOptions};
use crate::search;
use crate::{ObjectId, ObjectSource, ReadError};

/// Tips of a walk, as a list of revisions gave them.
#[derive(Clone, Debug, Default)]
pub struct Revisions {
    /// The tips, in git's order.
    pub tips: Vec<Tip>,
    /// Commits that the search for merge bases has read; see [`Walk::assume_read`].
    read: Vec<CommitIndex>,
}

impl Revisions {
    /// What only one of two commits reaches: `left...right`.
    pub fn symmetric(
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        left: &ObjectId,
        right: &ObjectId,
    ) -> Result<Self, ReadError> {
        let mut revisions = Self::default();
        revisions.add_symmetric(graph, source, left, right)?;
        Ok(revisions)
    }

    /// A walk over these; the tips of `options` come after them.
    pub fn walk(self, mut options: WalkOptions) -> Walk {
        let more = core::mem::replace(&mut options.tips, self.tips);
        options.tips.extend(more);
        let mut walk = Walk::new(options);
        walk.assume_read(self.read);
        walk
    }

    fn add_symmetric(
        &mut self,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
        left: &ObjectId,
        right: &ObjectId,
    ) -> Result<(), ReadError> {
        let (one, other) = (graph.load(source, left)?, graph.load(source, right)?);
        let bases = bases_of(graph, source, one, &[other], &mut self.read)?;
        self.tips.extend(bases.into_iter().map(|base| Tip { id: *graph.id(base), role: Role::Hidden }));
        self.tips.push(Tip { id: *left, role: Role::Left });
        self.tips.push(Tip { id: *right, role: Role::Shown });
        Ok(())
    }
}

impl Resolver<'_> {
    /// The tips that a list of revisions means, as `git rev-list` takes them.
    pub fn revisions<'t>(
        &mut self,
        list: impl IntoIterator<Item = &'t (impl AsRef<[u8]> + ?Sized + 't)>,
    ) -> Result<Revisions, RevisionError> {
        let mut revisions = Revisions::default();
        for text in list {
            self.add(text.as_ref().as_bstr(), &mut revisions)?;
        }
        Ok(revisions)
    }

    /// The commits of all refs and of `HEAD`, as `--all`. Refs that lead to no commit are left out.
    pub fn all_refs(&mut self) -> Result<Revisions, RevisionError> {
        let mut ids = Vec::new();
        self.refs.visit(&mut |_, id| ids.push(id));
        ids.extend(self.refs.target("HEAD".into()));
        let mut revisions = Revisions::default();
        for id in ids {
            match self.commit(&id) {
                Ok(commit) => revisions.tips.push(Tip { id: *self.graph.id(commit), role: Role::Shown }),
                Err(RevisionError::WrongKind { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(revisions)
    }

    fn add(&mut self, text: &BStr, revisions: &mut Revisions) -> Result<(), RevisionError> {
        if let Some(at) = search::find(text, b"..") {
            match self.add_range(text, at, revisions) {
                Ok(()) => return Ok(()),
                // Two dots may also stand in a path or a search.
                Err(error) => return self.add_one(text, revisions).map_err(|_| error),
            }
        }
        if let Some(at) = search::find(text, b"^@").filter(|at| at + 2 == text.len()) {
            return self.add_parents(&text[..at], false, None, revisions);
        }
        if let Some(at) = search::find(text, b"^!").filter(|at| at + 2 == text.len()) {
            self.add_parents(&text[..at], true, None, revisions)?;
            return self.add_one(text[..at].as_bstr(), revisions);
        }
        if let Some(at) = search::find(text, b"^-") {
            let number = match text[at + 2..].as_bytes() {
                b"" => Some(1),
                digits => digits.to_str().ok().and_then(|digits| digits.parse::<u32>().ok()),
            };
            let number = number.filter(|number| *number > 0);
            let number = number.ok_or(RevisionError::Expression(ExpressionError::Number))?;
            self.add_parents(&text[..at], true, Some(number), revisions)?;
            return self.add_one(text[..at].as_bstr(), revisions);
        }
        self.add_one(text, revisions)
    }

    fn add_one(&mut self, text: &BStr, revisions: &mut Revisions) -> Result<(), RevisionError> {
        let (text, role) = match text.strip_prefix(b"^") {
            Some(text) => (text.as_bstr(), Role::Hidden),
            None => (text, Role::Shown),
        };
        let id = self.resolve_commit(text)?;
        revisions.tips.push(Tip { id, role });
        Ok(())
    }

    /// Adds a range whose first two dots stand at `at`; `HEAD` stands for an empty side.
    fn add_range(&mut self, text: &BStr, at: usize, revisions: &mut Revisions) -> Result<(), RevisionError> {
        let is_symmetric = text.get(at + 2) == Some(&b'.');
        let (left, right) = (&text[..at], &text[at + 2 + usize::from(is_symmetric)..]);
        let side = |text: &[u8]| if text.is_empty() { b"HEAD".into() } else { text.to_vec() };
        let left = self.resolve_commit(side(left))?;
        let right = self.resolve_commit(side(right))?;
        if is_symmetric {
            revisions.add_symmetric(self.graph, self.source, &left, &right)?;
        } else {
            revisions.tips.push(Tip { id: left, role: Role::Hidden });
            revisions.tips.push(Tip { id: right, role: Role::Shown });
        }
        Ok(())
    }

    /// Adds the parents of a commit, all or one of them, shown or hidden.
    fn add_parents(
        &mut self,
        text: &[u8],
        is_hidden: bool,
        number: Option<u32>,
        revisions: &mut Revisions,
    ) -> Result<(), RevisionError> {
        let (text, is_negative) = match text.strip_prefix(b"^") {
            Some(text) => (text, true),
            None => (text, false),
        };
        let id = self.resolve(text, Hint::Committish)?;
        let commit = self.commit(&id)?;
        let role = if is_hidden != is_negative { Role::Hidden } else { Role::Shown };
        let parents: Vec<_> = self.graph.parents(commit).map(|parent| *self.graph.id(parent)).collect();
        if let Some(number) = number.filter(|number| *number as usize > parents.len()) {
            return Err(RevisionError::NoParent { commit: *self.graph.id(commit), number });
        }
        let chosen = parents.into_iter().enumerate();
        let chosen = chosen.filter(|(at, _)| number.is_none_or(|number| *at + 1 == number as usize));
        revisions.tips.extend(chosen.map(|(_, id)| Tip { id, role }));
        Ok(())
    }
}
