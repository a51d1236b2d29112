//! Goes back: undoes and redoes operations, rolls a reality back, deletes one.

use govc_engine::git::ObjectId;
use govc_engine::{Env, Repository, Result};

/// What undo would take back, if anything.
pub fn undo_preview(repository: &Repository) -> Option<String> {
    repository.next_undo().map(|operation| operation.description.clone())
}

/// What redo would do again, if anything.
pub fn redo_preview(repository: &Repository) -> Option<String> {
    repository.next_redo().map(|operation| operation.description.clone())
}

/// Moves a reality to a commit.
pub fn rollback(repository: &mut Repository, env: &Env, reality: &str, to: ObjectId) -> Result<()> {
    let name = repository.reality(reality.as_bytes())?;
    repository.rollback(&name, to, None, env)
}

/// Deletes a reality; undo brings it back.
pub fn delete(repository: &mut Repository, env: &Env, reality: &str) -> Result<()> {
    let name = repository.reality(reality.as_bytes())?;
    repository.delete_realities(&[name], env)
}
