//! Writes files of a reality and commits what was written.

use govc_engine::git::path::RepoPath;
use govc_engine::{CommitRequest, Env, Repository, Result};

use crate::action::resolve;

/// Stages a text at a path; nothing where the file says so already.
pub fn write(repository: &mut Repository, reality: &str, path: &str, text: &str) -> Result<()> {
    let name = repository.reality(reality.as_bytes())?;
    let path = RepoPath::new(path.as_bytes())?;
    if repository.read(&name, &path).is_ok_and(|content| &content[..] == text.as_bytes()) {
        return Ok(());
    }
    repository.write(&name, path, None, text.as_bytes().into())
}

/// Stages a file's removal.
pub fn remove(repository: &mut Repository, reality: &str, path: &str) -> Result<()> {
    let name = repository.reality(reality.as_bytes())?;
    repository.remove(&name, RepoPath::new(path.as_bytes())?)
}

/// Takes back what is staged, but no merge that waits.
pub fn discard(repository: &mut Repository, reality: &str) -> Result<()> {
    resolve::check_none_waits(repository, reality)?;
    let name = repository.reality(reality.as_bytes())?;
    repository.discard(&name, None)
}

/// Commits what is staged.
pub fn commit(repository: &mut Repository, env: &Env, reality: &str, message: &str) -> Result<()> {
    let name = repository.reality(reality.as_bytes())?;
    let request = CommitRequest { message: message.into(), ..CommitRequest::default() };
    let prepared = repository.prepare_commit(&name, request, env)?;
    repository.finish_commit(prepared, env).map(|_| ())
}
