//! History: the graph of commits, walks over it, merge bases and what revision expressions name.

mod bisect;
mod describe;
mod error;
mod expr;
mod graph;
mod lookup;
mod merge_base;
mod options;
mod paths;
mod pattern;
pub(crate) mod queue;
mod range;
mod resolve;
mod topological;
mod walk;

pub use bisect::{BisectOptions, BisectStep, Bisected, Bisection, Weighed, check_bases};
pub use describe::{DescribeError, DescribeOptions, describe};
pub use error::{Candidate, RevisionError};
pub use expr::{
    EXPRESSION_BYTES_MAX, Expression, ExpressionError, MessageSearch, Name, ObjectExpression, ReflogPosition,
    Suffix,
};
pub use graph::{CommitGraph, CommitIndex, Parents};
pub use lookup::{NoReflog, RefLookup};
pub use merge_base::{ahead_behind, independent, is_ancestor, merge_bases, octopus_bases};
pub use options::{Filter, Order, Role, Tip, WalkOptions, author_contains, message_contains};
pub use pattern::{Pattern, PatternError};
pub use range::Revisions;
pub use resolve::{Hint, Resolver};
pub use walk::{Step, Walk};
