//! One commit out of several heads of a shared reality, the same on every node: nothing goes into it but the heads.
//!
//! Heads that others contain do not count. What is left is merged in the order of the ids, with fixed options and a fixed
//! author, at the time of the latest head. So no node has to publish the merge, and none is merged twice.

use alloc::format;
use alloc::vec::Vec;

use govc_git::limits::Limits;
use govc_git::merge::{AttributeSource, BranchLabels, Conflict, MergeOptions, merge_commits};
use govc_git::object::{Commit, CommitRef, Signature};
use govc_git::rev::independent;
use govc_git::sort::sort;
use govc_git::store::Overlay;
use govc_git::{Kind, ObjectId, ObjectSink, ObjectSource};

use crate::Repository;
use crate::error::{Error, Result};

/// What the heads of a reality come to.
#[derive(Clone, Debug)]
pub enum Converged {
    /// One commit: the only head that is left, or a merge of all.
    One(ObjectId),
    /// They conflict.
    Conflict {
        /// The commit that the reality shows until somebody resolves: the first of them, for no clock of anybody is to decide.
        shown: ObjectId,
        /// The heads, in the order of their ids.
        heads: Vec<ObjectId>,
        /// Where the first two that do not merge conflict.
        conflicts: Vec<Conflict>,
    },
}

impl Repository {
    /// What several heads come to; objects of merges are kept. `heads` are commits that are here, at least one, in the
    /// order of their ids.
    pub fn converge(&mut self, heads: &[ObjectId]) -> Result<Converged> {
        let mut left = independent(&mut self.graph.borrow_mut(), &self.store, heads)?;
        sort(&mut left);
        let mut overlay = Overlay::new(&self.store);
        let (mut merged, mut conflicts) = (left[0], Vec::new());
        for theirs in &left[1..] {
            let options = fixed_options(self.limits);
            let merge =
                merge_commits(&mut overlay, &mut *self.graph.borrow_mut(), &merged, theirs, &options)?;
            if !merge.clean {
                conflicts = merge.conflicts;
                break;
            }
            let time = self.time_in(&overlay, &merged)?.max(self.time_in(&overlay, theirs)?);
            let commit = merge_commit(merge.tree, [merged, *theirs], time);
            merged = overlay.write(Kind::Commit, &commit.write());
        }
        let written = overlay.into_new();
        if conflicts.is_empty() {
            self.ensure_room(written.body_bytes())?;
            self.store.absorb(&written);
            return Ok(Converged::One(merged));
        }
        Ok(Converged::Conflict { shown: left[0], heads: left, conflicts })
    }

    /// When a commit was recorded, in seconds since the epoch.
    fn time_in(&self, source: &dyn ObjectSource, id: &ObjectId) -> Result<i64> {
        let bytes = source.read_kind(id, Kind::Commit)?;
        let commit = CommitRef::parse(&bytes).map_err(|error| Error::corrupt(id, error))?;
        Ok(commit.committer().time)
    }
}

/// The same everywhere, whatever a host prefers.
fn fixed_options(limits: Limits) -> MergeOptions<'static> {
    let labels = BranchLabels { ours: "one".into(), base: None, theirs: "other".into() };
    MergeOptions {
        labels,
        attributes: AttributeSource::Ours,
        unrelated_histories: true,
        limits,
        ..MergeOptions::default()
    }
}

fn merge_commit(tree: ObjectId, parents: [ObjectId; 2], time: i64) -> Commit {
    let author = Signature { name: "govc".into(), email: "govc@localhost".into(), time, offset_minutes: 0 };
    let [one, other] = parents;
    let message = format!("Merge {other} into {one}\n").into();
    Commit {
        tree,
        parents: parents.into(),
        author: author.clone(),
        committer: author,
        extra_headers: Vec::new(),
        message,
    }
}
