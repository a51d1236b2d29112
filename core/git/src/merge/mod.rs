//! Three-way merge with the results of git's own strategy (`ort`).
//!
//! [`merge_trees`] merges two trees over a base, [`merge_commits`] finds the base as git does, also where there are
//! several, and [`text`] merges the lines of one file. New objects go to the store that is given: an
//! [`Overlay`](crate::store::Overlay) makes a preview. Nothing here knows refs, realities or a work tree.

mod assemble;
mod base;
mod case;
mod conflict;
mod content;
mod decide;
mod directory;
mod driver;
mod lines;
mod options;
mod rename;
mod state;
mod survey;
pub mod text;
mod tree;

pub use base::{History, merge_commits};
pub use conflict::{Conflict, ConflictKind, Notice, TreeMerge};
pub use options::{
    AttributeSource, BranchLabels, DirectoryRenamePolicy, DriverAnswer, MergeError, MergeOptions,
    NamedDrivers, Resolver, SubmoduleHistory, Versions,
};
pub use tree::merge_trees;
