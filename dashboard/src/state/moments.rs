//! The moments that can be stepped through: the commits of a reality's line of first parents, or the repository's own
//! operations.

use govc_engine::Repository;
use govc_engine::git::ObjectId;

use crate::state::history::History;

/// What is stepped through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Axis {
    /// The commits of the reality, by their dates.
    #[default]
    Commits,
    /// What happened in this repository, when it happened here.
    Operations,
}

/// Moments, rising, in milliseconds since the epoch, and the commit that is shown at each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments {
    /// When.
    pub times: Vec<i64>,
    /// What: none where the reality had no commit.
    pub commits: Vec<Option<ObjectId>>,
    /// Why, for operations.
    pub reasons: Vec<String>,
}

impl Moments {
    /// The commits of a reality. A commit that claims to be older than its parent counts as its parent's time.
    pub fn of_commits(history: &History, head: ObjectId) -> Self {
        let mut rows = Vec::new();
        let mut next = history.rows.get(&head).copied();
        while let Some(row) = next {
            rows.push(row as usize);
            next = history.graph.parents(row).first().copied();
        }
        let mut moments = Self::default();
        let mut latest = i64::MIN;
        for row in rows.into_iter().rev() {
            latest = latest.max(history.times[row]);
            moments.times.push(latest);
            moments.commits.push(Some(history.ids[row]));
        }
        moments
    }

    /// The operations of a repository, with what a reality was after each.
    pub fn of_operations(repository: &Repository, reality: &[u8]) -> Self {
        let mut moments = Self::default();
        let mut latest = i64::MIN;
        for operation in repository.operations() {
            latest = latest.max(operation.time_ms);
            moments.times.push(latest);
            moments.commits.push(repository.at_moment(Some(reality), latest).ok());
            moments.reasons.push(format!("{}: {}", operation.kind.name(), operation.description));
        }
        moments
    }

    /// The place of what was shown at a moment; none before the first.
    pub fn at(&self, moment: i64) -> Option<usize> {
        self.times.partition_point(|time| *time <= moment).checked_sub(1)
    }
}
