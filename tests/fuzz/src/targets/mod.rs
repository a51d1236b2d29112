//! The targets, each with the inputs to start from.

mod apply;
mod attributes;
mod bundle;
mod client;
mod delta;
mod entries;
mod formats;
mod glob;
mod index;
mod loose;
mod merge_formats;
mod merge_text;
mod messages;
mod object;
mod pack;
mod patch;
mod path;
mod pkt_line;
mod push;
mod refs;
mod revision;
mod text_diff;
mod tree_merge;
mod upload;
mod verify;

/// Something that takes any bytes.
pub struct Target {
    /// Its name: that of its file.
    pub name: &'static str,
    /// Takes the bytes; panics where a law is broken.
    pub run: fn(&[u8]),
    /// Inputs that get far.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many mutations of the seeds a test runs: what takes some tenths of a second at most.
    pub executions: usize,
}

macro_rules! target {
    ($name:ident, $executions:expr) => {
        Target { name: stringify!($name), run: $name::run, seeds: $name::seeds, executions: $executions }
    };
}

/// All of them.
pub const TARGETS: &[Target] = &[
    target!(object, 5000),
    target!(pack, 1000),
    target!(index, 2000),
    target!(delta, 3000),
    target!(loose, 2000),
    target!(pkt_line, 5000),
    target!(upload, 2000),
    target!(client, 3000),
    target!(push, 1000),
    target!(bundle, 5000),
    target!(refs, 5000),
    target!(revision, 3000),
    target!(glob, 5000),
    target!(attributes, 3000),
    target!(formats, 3000),
    target!(merge_formats, 1500),
    target!(path, 5000),
    target!(text_diff, 2000),
    target!(merge_text, 2000),
    target!(patch, 1000),
    target!(apply, 3000),
    target!(verify, 3000),
    target!(entries, 5000),
    target!(tree_merge, 1000),
    target!(messages, 500),
];
