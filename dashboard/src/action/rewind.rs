//! Goes back: undoes and redoes operations, rolls a reality back, deletes one.

use govc_engine::git::ObjectId;
use govc_engine::{Env, Operation, Repository, Result};

use crate::action::resolve;

/// What undo would take back, if anything.
pub fn undo_preview(repository: &Repository) -> Option<String> {
    repository.next_undo().map(|operation| operation.description.clone())
}

/// What redo would do again, if anything.
pub fn redo_preview(repository: &Repository) -> Option<String> {
    repository.next_redo().map(|operation| operation.description.clone())
}

/// Takes the last operation back; refused where that would move a reality from under a merge that waits there.
pub fn undo(repository: &mut Repository, env: &Env) -> Result<Option<u64>> {
    check_none_moves(repository, repository.next_undo())?;
    repository.undo(env)
}

/// Does the last undone operation again; refused as undo is.
pub fn redo(repository: &mut Repository, env: &Env) -> Result<Option<u64>> {
    check_none_moves(repository, repository.next_redo())?;
    repository.redo(env)
}

fn check_none_moves(repository: &Repository, operation: Option<&Operation>) -> Result<()> {
    let deltas = operation.map(|operation| &operation.deltas[..]).unwrap_or_default();
    let mut waiting = repository.pending_merges().map(|(name, ..)| name);
    match waiting.find(|name| deltas.iter().any(|delta| delta.name == **name)) {
        Some(name) => resolve::check_none_waits(repository, &name.short().to_string()),
        None => Ok(()),
    }
}

/// Moves a reality to a commit; refused where a merge waits.
pub fn rollback(repository: &mut Repository, env: &Env, reality: &str, to: ObjectId) -> Result<()> {
    resolve::check_none_waits(repository, reality)?;
    let name = repository.reality(reality.as_bytes())?;
    repository.rollback(&name, to, None, env)
}

/// Deletes a reality; undo brings it back. Refused where a merge waits.
pub fn delete(repository: &mut Repository, env: &Env, reality: &str) -> Result<()> {
    resolve::check_none_waits(repository, reality)?;
    let name = repository.reality(reality.as_bytes())?;
    repository.delete_realities(&[name], env)
}
