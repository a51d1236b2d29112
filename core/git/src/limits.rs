//! Bounds on what comes from outside. Each is a field so that a host can lower it; the defaults are safe in a tab.

/// Bounds on hostile input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest inflated object, in bytes. Default 512 MiB: an object must fit several times into a 4 GiB wasm memory.
    pub object_bytes_max: u64,
    /// Longest chain of deltas that is followed. Default 4,095, git's own maximum when it writes.
    pub delta_depth_max: u32,
    /// Most objects in one pack. Default 20 million: their index then takes about 600 MB.
    pub pack_objects_max: u32,
    /// Most bytes that indexing one pack may inflate and unfold, over all its objects. Default 256 GiB: twice what the
    /// largest public histories take, and minutes of work, not days, for a small pack that copies itself over and over.
    pub pack_unfolded_bytes_max: u64,
    /// Most bytes that the repository may hold in memory, packs and objects together. Default 3 GiB.
    pub memory_bytes_max: u64,
    /// Deepest nesting of trees, as git's `core.maxTreeDepth`. Default 2,048.
    pub tree_depth_max: u32,
    /// Longest path, in bytes. Default 4,096, as PATH_MAX where checkouts happen.
    pub path_bytes_max: u32,
    /// Most entries that one comparison of trees steps through (equal ones are free). Default 20 million: a few
    /// nested trees that name each other many times would otherwise stand for more paths than can be listed.
    pub diff_entries_max: u64,
    /// Most ids (wants, haves, shallow commits, old and new values of refs) in one transfer request. Default 2 million,
    /// which take 40 MB: enough for a repository with a million refs.
    pub request_ids_max: u32,
    /// Most bytes of names, prefixes and options in one transfer request. Default 32 MiB.
    pub request_text_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            object_bytes_max: 512 << 20,
            delta_depth_max: 4095,
            pack_objects_max: 20_000_000,
            pack_unfolded_bytes_max: 256 << 30,
            memory_bytes_max: 3 << 30,
            tree_depth_max: 2048,
            path_bytes_max: 4096,
            diff_entries_max: 20_000_000,
            request_ids_max: 2_000_000,
            request_text_bytes_max: 32 << 20,
        }
    }
}

/// A bound that was met, with the figure that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// The field of [`Limits`] (or the constant) that was met.
    pub limit: &'static str,
    /// What is allowed.
    pub allowed: u64,
    /// What was asked for; `u64::MAX` where it is unknown but more.
    pub found: u64,
}

impl core::fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if self.found == u64::MAX {
            write!(f, "more than {} is allowed is needed ({})", self.allowed, self.limit)
        } else {
            write!(f, "{} exceeds the {} that {} allows", self.found, self.allowed, self.limit)
        }
    }
}

impl core::error::Error for LimitExceeded {}
