//! How far a long piece of work has come.

/// How far something has come, in objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Objects done.
    pub done: u64,
    /// Objects in all; 0 while that is unknown.
    pub total: u64,
}
