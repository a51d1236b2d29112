//! Real git as the oracle: temporary repositories that git builds, and its answers.
//!
//! Panics are this crate's way to fail a test. It knows nothing of the engine.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod corpus;
mod git;
mod history;
mod http;
pub mod projects;
mod random;
mod timing;
mod walks;

pub use corpus::corpus_bundle;
pub use git::TestRepo;
pub use history::{Dates, PATHS, history};
pub use http::{GitServer, HeldRepository};
pub use random::Random;
pub use timing::best_and_median;
pub use walks::{Comparison, lines, run};
