//! The merge of two trees over a base: survey, renames, then path by path.

use alloc::vec::Vec;

use super::conflict::{Report, TreeMerge};
use super::driver::attributes;
use super::options::{DirectoryRenamePolicy, MergeError, MergeOptions};
use super::rename::{self, Rename, SideRenames};
use super::state::{Entry, Merge};
use super::survey::Survey;
use crate::ObjectId;
use crate::diff::similarity::Score;
use crate::store::ObjectStore;

/// Merges the changes from `base` to `ours` and from `base` to `theirs`; all three are trees.
pub fn merge_trees(
    store: &mut dyn ObjectStore,
    base: &ObjectId,
    ours: &ObjectId,
    theirs: &ObjectId,
    options: &MergeOptions<'_>,
) -> Result<TreeMerge, MergeError> {
    merge_at_depth(store, [base, ours, theirs], options, 0)
}

/// As [`merge_trees`]; `depth` says how many levels of merged bases this merge is below the one asked for.
pub(super) fn merge_at_depth(
    store: &mut dyn ObjectStore,
    trees: [&ObjectId; 3],
    options: &MergeOptions<'_>,
    depth: u32,
) -> Result<TreeMerge, MergeError> {
    let [base, ours, theirs] = trees;
    let settled = if base == theirs || ours == theirs {
        Some(ours)
    } else if base == ours {
        Some(theirs)
    } else {
        None
    };
    if let Some(tree) = settled {
        return Ok(TreeMerge { tree: *tree, clean: true, conflicts: Vec::new(), notices: Vec::new() });
    }
    let Survey { open, edits, mut sides } = Survey::new(store, trees, &options.limits)?;
    let mut merge = Merge {
        store,
        options,
        depth,
        trees: trees.map(|tree| *tree),
        entries: open.into_iter().map(|(path, three)| (path, Entry::new(&three))).collect(),
        edits,
        report: Report { silent: depth > 0, ..Report::default() },
        attributes: attributes(options.attributes, ours),
        conflicts: Vec::new(),
    };
    if let Some(renames) = &options.renames {
        // As in git, where only equal files count as renamed, directories do not.
        let with_directories = depth == 0
            && options.directory_renames != DirectoryRenamePolicy::Ignore
            && renames.threshold < Score::MAX;
        let mut found = [SideRenames::default(), SideRenames::default()];
        for (at, found) in found.iter_mut().enumerate() {
            *found = rename::find(merge.store, at + 1, &mut sides[at], renames, &options.limits)?;
        }
        if with_directories {
            merge.follow_directories(&sides, &mut found)?;
        }
        let mut renames: Vec<Rename> = found.into_iter().flat_map(|found| found.moved).collect();
        merge.keep_open(&sides, &mut renames)?;
        merge.follow(renames)?;
    }
    merge.finish()
}
