//! What a walk is told: where to start, what to leave out, and in which order to show the rest.

use alloc::boxed::Box;
use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

use crate::ObjectId;
use crate::object::CommitRef;
use crate::search;

/// Where a walk starts or must not go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// A commit.
    pub id: ObjectId,
    /// What it is to the walk.
    pub role: Role,
}

/// What a tip is to a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It and its ancestors are shown.
    Shown,
    /// Shown, and on the left side of `a...b`.
    Left,
    /// It and its ancestors are not shown (`^a`).
    Hidden,
}

/// The order in which commits are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The latest committer's time first, as far as the walk has come; git's default. Starts at once.
    #[default]
    Time,
    /// No commit before a child, and lines of history together (`--topo-order`). All is walked before the first.
    Topological,
    /// No commit before a child, else by time (`--date-order`). All is walked before the first.
    Date,
}

/// Decides about a commit by its content.
pub type Filter = Box<dyn Fn(&CommitRef<'_>) -> bool + Send + Sync>;

/// What a walk shows. The default, with tips, is `git rev-list tips`.
#[derive(Default)]
pub struct WalkOptions {
    /// Where to start and where not to go, in the order in which git would be told. Commits, not tags.
    pub tips: Vec<Tip>,
    /// The order.
    pub order: Order,
    /// Follows only the first parent of a merge.
    pub first_parent: bool,
    /// Shows at most this many.
    pub limit: Option<u64>,
    /// Leaves out this many first.
    pub skip: u64,
    /// Earliest committer's time, seconds since the epoch. Ancestors of an earlier commit are not looked at.
    pub since: Option<u64>,
    /// Latest committer's time, seconds since the epoch.
    pub until: Option<u64>,
    /// Shows what changed one of these files or directories, with git's default simplification: a merge that took a
    /// parent's state is followed to that parent alone. Literal paths; a trailing slash names only a directory.
    pub paths: Vec<BString>,
    /// Shows only commits that pass.
    pub filter: Option<Filter>,
}

/// Shows only commits whose author line (`Name <address>`) holds `text`, as `git log -F --author`.
pub fn author_contains(text: impl Into<BString>) -> Filter {
    let text: BString = text.into();
    Box::new(move |commit| {
        let identity =
            commit.author.rfind_byte(b'>').map_or(commit.author, |end| commit.author[..=end].as_bstr());
        search::contains(identity, &text)
    })
}

/// Shows only commits whose message holds `text`, as `git log -F --grep`.
pub fn message_contains(text: impl Into<BString>) -> Filter {
    let text: BString = text.into();
    Box::new(move |commit| search::contains(commit.message, &text))
}
