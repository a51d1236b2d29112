//! Merges a reality into another, after showing what that would be.

use govc_engine::git::diff::rename::RenameOptions;
use govc_engine::{CommitRequest, Env, FastForward, MergeRequest, Merged, Repository, Result};

use crate::model::text;
use crate::state::difference::{FileLine, between, tree_of};
use crate::state::store::Store;

/// What a merge would be.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    /// Everything is there already.
    UpToDate,
    /// It would change these files.
    Clean(Vec<FileLine>),
    /// These paths need a decision.
    Conflicts(Vec<String>),
}

/// What merging `from` into `into` would be; nothing moves. Unless `keep`, what it made can be read until something else is
/// tried.
pub fn preview(repository: &mut Repository, from: &str, into: &str, keep: bool) -> Result<Preview> {
    let head = |repository: &Repository, name: &str| repository.head(&repository.reality(name.as_bytes())?);
    let (Some(theirs), ours) = (head(repository, from)?, head(repository, into)?) else {
        return Ok(Preview::UpToDate);
    };
    let Some(ours) = ours else {
        let trees = (tree_of(repository, None)?, repository.peel_to_tree(&theirs)?);
        return Ok(Preview::Clean(between(repository, &trees.0, &trees.1)?));
    };
    let merge = repository.merge_tree(&ours, &theirs, &request(from, into), keep)?;
    if !merge.clean {
        let paths =
            merge.conflicts.iter().map(|conflict| format!("{} ({})", conflict.path, conflict.kind.name()));
        return Ok(Preview::Conflicts(paths.collect()));
    }
    let tree = repository.peel_to_tree(&ours)?;
    if tree == merge.tree {
        return Ok(Preview::UpToDate);
    }
    Ok(Preview::Clean(between(repository, &tree, &merge.tree)?))
}

/// Merges, and tells of it; a merge with conflicts is refused.
pub fn run(store: Store, from: &str, into: &str) {
    if store.command(|repository, env| merge(repository, env, from, into, false)).is_some() {
        store.tell(format!("Merged {} into {}", text::shown_line(from), text::shown_line(into)), false);
    }
}

/// Merges; conflicts are staged if `record`, and refused if not.
pub fn merge(repository: &mut Repository, env: &Env, from: &str, into: &str, record: bool) -> Result<()> {
    let Some(theirs) = repository.head(&repository.reality(from.as_bytes())?)? else { return Ok(()) };
    let into_name = repository.reality(into.as_bytes())?;
    let commit = CommitRequest::default();
    let outcome = repository.merge(
        &into_name,
        &theirs,
        &request(from, into),
        (FastForward::Allow, record),
        commit,
        env,
    )?;
    match outcome.merged {
        Merged::Ready(prepared) => repository.finish_commit(*prepared, env).map(|_| ()),
        _ => Ok(()),
    }
}

fn request(from: &str, into: &str) -> MergeRequest {
    MergeRequest {
        renames: Some(RenameOptions::default()),
        ours: into.into(),
        theirs: from.into(),
        ..MergeRequest::default()
    }
}
