//! Blame: which commit brought each line of a file, step by step.

use bstr::BStr;
use govc_git::ObjectId;
use govc_git::blame::BlameRange;

use crate::Repository;
use crate::error::{Error, Result};

/// A search for the commits behind a file's lines.
pub struct Blame(govc_git::blame::Blame);

impl Blame {
    /// How many lines are found, and how many there are.
    pub fn progress(&self) -> (u32, u32) {
        (self.0.lines_found(), self.0.lines())
    }
}

impl Repository {
    /// Begins with the file at `path` in a commit.
    pub fn blame(&self, commit: &ObjectId, path: &[u8]) -> Result<Blame> {
        let commit = self.commit_at(commit)?;
        let (graph, path) = (&mut *self.graph.borrow_mut(), BStr::new(path));
        let blame = govc_git::blame::Blame::new(graph, &self.store, &commit, path, &self.limits)?;
        blame.map(Blame).ok_or_else(|| Error::no_path(path))
    }

    /// Looks at up to `commits` further commits; whether all lines are found.
    pub fn blame_step(&self, blame: &mut Blame, commits: usize) -> Result<bool> {
        Ok(blame.0.step(&mut self.graph.borrow_mut(), &self.store, commits)?)
    }

    /// What was found, in the order of the lines.
    pub fn blame_ranges(&self, blame: Blame) -> alloc::vec::Vec<BlameRange> {
        blame.0.into_ranges(&self.graph.borrow())
    }
}
