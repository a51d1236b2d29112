//! How realities stand to main: worked out one after the other while the browser has time.

use std::collections::HashMap;

use govc_engine::git::ObjectId;
use govc_engine::git::rev::WalkOptions;
use govc_engine::{Repository, Result};
use leptos::prelude::*;

use crate::action::merge::{Preview, preview};
use crate::io::clock;
use crate::state::store::Store;

/// Commits that are counted; more are shown as "over".
pub const COUNT_MAX: usize = 999;

/// How a reality stands to main.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Its commit, when this was worked out, and main's.
    heads: (Option<ObjectId>, Option<ObjectId>),
    /// Commits that it has and main lacks.
    pub ahead: usize,
    /// Commits that main has and it lacks.
    pub behind: usize,
    /// Who made its newest commit.
    pub author: String,
    /// When, in milliseconds since the epoch.
    pub time_ms: i64,
    /// Whether merging it into main leaves no conflict; none where there is nothing to merge.
    pub merges: Option<bool>,
}

/// Works out those of `names` that are not known for the present heads.
pub async fn work_out(store: Store, names: Vec<String>, known: RwSignal<HashMap<String, Summary>>) {
    let version = store.version.get_untracked();
    let mut slice_end = clock::ticks_ms() + clock::SLICE_MS;
    for name in names {
        // Whoever asked may be gone.
        if known.is_disposed() {
            return;
        }
        let found = store.look(|repository| {
            let heads = heads(repository, &name)?;
            // Who asked may be gone by now.
            let is_known = known
                .try_with_untracked(|known| known.get(&name).is_some_and(|summary| summary.heads == heads));
            if is_known != Some(false) { Ok(None) } else { summary(repository, &name, heads).map(Some) }
        });
        match found {
            Some(Ok(Some(summary))) => drop(known.try_update(|known| known.insert(name, summary))),
            Some(_) => {}
            None => return,
        }
        if clock::ticks_ms() > slice_end {
            clock::next_turn().await;
            slice_end = clock::ticks_ms() + clock::SLICE_MS;
            if store.version.get_untracked() != version {
                return;
            }
        }
    }
}

fn heads(repository: &Repository, name: &str) -> Result<(Option<ObjectId>, Option<ObjectId>)> {
    let own = repository.head(&repository.reality(name.as_bytes())?)?;
    Ok((own, repository.head(&repository.main()?)?))
}

fn summary(
    repository: &mut Repository,
    name: &str,
    heads: (Option<ObjectId>, Option<ObjectId>),
) -> Result<Summary> {
    let mut summary = Summary { heads, ahead: 0, behind: 0, author: String::new(), time_ms: 0, merges: None };
    let Some(own) = heads.0 else { return Ok(summary) };
    (summary.author, summary.time_ms) = repository.read_commit(&own, |commit| {
        let author = commit.author();
        (author.name.to_string(), author.time.saturating_mul(1000))
    })?;
    if let Some(main) = heads.1.filter(|main| *main != own) {
        summary.ahead = count(repository, own, main)?;
        summary.behind = count(repository, main, own)?;
        if summary.ahead > 0 {
            let main_name = repository.main()?.short().to_string();
            summary.merges =
                Some(!matches!(preview(repository, name, &main_name, false)?, Preview::Conflicts(_)));
        }
    }
    Ok(summary)
}

/// How many commits `of` reaches and `not` does not.
fn count(repository: &Repository, of: ObjectId, not: ObjectId) -> Result<usize> {
    let mut walk = repository.history(&[of], &[not], WalkOptions::default())?;
    Ok(repository.next_commits(&mut walk, COUNT_MAX + 1)?.len())
}
