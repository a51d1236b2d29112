//! Resolves a merge with conflicts: records it in its reality, stages what is decided, commits, or gives it up.
//!
//! What is decided is staged at once, as the lines of a work tree are; the merge is one operation, the commit.

use govc_engine::git::merge::Conflict;
use govc_engine::git::path::RepoPath;
use govc_engine::{CommitRequest, Env, Error, ErrorCode, Repository, Result};

use crate::action::merge;
use crate::model::resolution::{Side, Take};

/// Records a merge in the reality that is merged into: what merges cleanly is staged, conflicts wait.
pub fn record(repository: &mut Repository, env: &Env, from: &str, into: &str) -> Result<()> {
    merge::merge(repository, env, from, into, true)
}

/// Git's message for it.
pub fn message(from: &str, into: &str) -> String {
    match into {
        "main" | "master" => format!("Merge branch '{from}'"),
        _ => format!("Merge branch '{from}' into {into}"),
    }
}

/// Stages the text of a path in conflict, with the mode that the merge gave it.
pub fn stage_text(
    repository: &mut Repository,
    reality: &str,
    conflict: &Conflict,
    text: Vec<u8>,
) -> Result<()> {
    let name = repository.reality(reality.as_bytes())?;
    let path = RepoPath::new(&conflict.path[..])?;
    repository.write(&name, path, conflict.merged.map(|merged| merged.mode), text.into())
}

/// Stages what a path in conflict becomes as a whole; without a word for it, what the merge had put there.
pub fn stage_whole(
    repository: &mut Repository,
    reality: &str,
    conflict: &Conflict,
    take: Option<Take>,
) -> Result<()> {
    let name = repository.reality(reality.as_bytes())?;
    let path = RepoPath::new(&conflict.path[..])?;
    let [base, ours, theirs] = conflict.stages;
    let side = match take {
        Some(Take::Side(Side::Base)) => base,
        Some(Take::Side(Side::Ours)) => ours,
        Some(Take::Side(Side::Theirs)) => theirs,
        Some(Take::Merged) | None => conflict.merged,
        Some(Take::Nothing) => None,
    };
    repository.stage_side(&name, &path, side)
}

/// Commits the merge with what is staged.
pub fn finish(repository: &mut Repository, env: &Env, reality: &str, message: &str) -> Result<()> {
    let name = repository.reality(reality.as_bytes())?;
    repository.settle_conflicts(&name)?;
    repository
        .commit(&name, CommitRequest { message: message.into(), ..CommitRequest::default() }, env)
        .map(|_| ())
}

/// Refuses what would lose a merge that waits in a reality.
pub fn check_none_waits(repository: &Repository, reality: &str) -> Result<()> {
    let name = repository.reality(reality.as_bytes())?;
    match repository.pending_merges().any(|(waiting, ..)| *waiting == name) {
        true => Err(Error::new(
            ErrorCode::Rejected,
            format!("a merge waits in {reality}: resolve it, or give it up under Conflicts"),
        )),
        false => Ok(()),
    }
}

/// Gives the merge up: the reality is what it was before.
pub fn give_up(repository: &mut Repository, reality: &str) -> Result<()> {
    let name = repository.reality(reality.as_bytes())?;
    repository.discard(&name, None)
}
