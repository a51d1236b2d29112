//! Forks realities from one.

use govc_engine::{Env, Repository, Result};

/// The most realities that are forked at once.
pub const FORKS_MAX: u32 = 100_000;

/// The names of `count` new realities after a pattern: the name itself for one, else numbered.
pub fn names(name: &str, count: u32) -> Vec<String> {
    match count {
        0 | 1 => vec![name.to_owned()],
        _ => (0..count.min(FORKS_MAX)).map(|number| format!("{name}-{number}")).collect(),
    }
}

/// Forks all, or none.
pub fn run(repository: &mut Repository, env: &Env, from: &str, names: &[String]) -> Result<()> {
    let head = repository.head(&repository.reality(from.as_bytes())?)?;
    let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
    repository.create_realities(&names, head, env)
}
