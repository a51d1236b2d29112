//! The merge of two commits: their best common ancestors, merged into one where there are several.

use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

use super::conflict::TreeMerge;
use super::options::{AttributeSource, BranchLabels, MergeError, MergeOptions};
use super::tree::merge_at_depth;
use crate::limits::LimitExceeded;
use crate::rev::{self, CommitGraph};
use crate::store::{ObjectSource, ObjectStore, ReadError};
use crate::{Kind, ObjectId};

/// Deepest nesting of merged bases that is followed. Real histories seldom need more than 5.
const BASE_DEPTH_MAX: u32 = 128;

/// Most merges of bases for one merge: 10,000, for histories that were made to need more and more.
const BASE_MERGES_MAX: u32 = 10_000;

/// Knows which commits descend from which.
pub trait History {
    /// All merge bases of `one` with a merge of the `others`, as `git merge-base --all` orders them: latest first.
    fn merge_bases(
        &mut self,
        source: &dyn ObjectSource,
        one: &ObjectId,
        others: &[ObjectId],
    ) -> Result<Vec<ObjectId>, ReadError>;
}

impl History for CommitGraph {
    fn merge_bases(
        &mut self,
        source: &dyn ObjectSource,
        one: &ObjectId,
        others: &[ObjectId],
    ) -> Result<Vec<ObjectId>, ReadError> {
        rev::merge_bases(self, source, one, others)
    }
}

/// Merges two commits as `git merge-tree --write-tree` does. Writes trees and blobs, and no commit.
pub fn merge_commits(
    store: &mut dyn ObjectStore,
    history: &mut dyn History,
    ours: &ObjectId,
    theirs: &ObjectId,
    options: &MergeOptions<'_>,
) -> Result<TreeMerge, MergeError> {
    let mut bases = history.merge_bases(store, theirs, &[*ours])?;
    if bases.is_empty() && !options.unrelated_histories {
        return Err(MergeError::UnrelatedHistories { ours: *ours, theirs: *theirs });
    }
    bases.reverse();
    let ours = Ancestor { tree: store.peel_to_tree(ours)?, commits: Vec::from([*ours]) };
    let theirs = Ancestor { tree: store.peel_to_tree(theirs)?, commits: Vec::from([*theirs]) };
    // Merges of bases go by the attributes of the merge that was asked for.
    let attributes = match options.attributes {
        AttributeSource::Ours => AttributeSource::Tree(ours.tree),
        source => source,
    };
    let options = &MergeOptions { attributes, ..options.clone() };
    Recursion { store, history, options, merges: 0 }.merge(bases, &ours, &theirs, 0)
}

/// A commit, or the merge of several that were never committed.
struct Ancestor {
    tree: ObjectId,
    commits: Vec<ObjectId>,
}

struct Recursion<'a> {
    store: &'a mut dyn ObjectStore,
    history: &'a mut dyn History,
    options: &'a MergeOptions<'a>,
    merges: u32,
}

impl Recursion<'_> {
    /// Merges over `bases`, the oldest first, which are merged with each other before.
    fn merge(
        &mut self,
        bases: Vec<ObjectId>,
        ours: &Ancestor,
        theirs: &Ancestor,
        depth: u32,
    ) -> Result<TreeMerge, MergeError> {
        self.merges += 1;
        for (limit, allowed, found) in
            [("base_depth_max", BASE_DEPTH_MAX, depth), ("base_merges_max", BASE_MERGES_MAX, self.merges)]
        {
            if found > allowed {
                return Err(LimitExceeded { limit, allowed: allowed.into(), found: found.into() }.into());
            }
        }
        let mut labels = if depth == 0 {
            self.options.labels.clone()
        } else {
            BranchLabels {
                ours: "Temporary merge branch 1".into(),
                theirs: "Temporary merge branch 2".into(),
                base: None,
            }
        };
        labels.base.get_or_insert_with(|| base_name(&bases));
        let base = self.merge_bases(bases, depth)?;
        let options = MergeOptions { labels, ..self.options.clone() };
        merge_at_depth(self.store, [&base, &ours.tree, &theirs.tree], &options, depth)
    }

    /// The tree of the only base, of all merged, or of nothing.
    fn merge_bases(&mut self, bases: Vec<ObjectId>, depth: u32) -> Result<ObjectId, MergeError> {
        let mut merged: Option<Ancestor> = None;
        for base in bases {
            let next = Ancestor { tree: self.store.peel_to_tree(&base)?, commits: Vec::from([base]) };
            merged = Some(match merged {
                None => next,
                Some(merged) => {
                    let mut bases = self.history.merge_bases(self.store, &base, &merged.commits)?;
                    bases.reverse();
                    let tree = self.merge(bases, &merged, &next, depth + 1)?.tree;
                    let commits = merged.commits.into_iter().chain(next.commits).collect();
                    Ancestor { tree, commits }
                }
            });
        }
        Ok(match merged {
            Some(merged) => merged.tree,
            None => self.store.write(Kind::Tree, b""),
        })
    }
}

/// How git names a base behind a marker.
fn base_name(bases: &[ObjectId]) -> BString {
    match bases {
        [] => "empty tree".into(),
        [base] => base.to_hex()[..7].as_bstr().into(),
        _ => "merged common ancestors".into(),
    }
}
