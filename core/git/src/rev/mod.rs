//! History: the graph of commits, walks over it, merge bases and what revision expressions name.

mod graph;
mod merge_base;
mod options;
mod paths;
mod queue;
mod topological;
mod walk;

pub use graph::{CommitGraph, CommitIndex, Parents};
pub use merge_base::{ahead_behind, independent, is_ancestor, merge_bases, octopus_bases, symmetric_walk};
pub use options::{Filter, Order, Role, Tip, WalkOptions, author_contains, message_contains};
pub use walk::{Step, Walk};
