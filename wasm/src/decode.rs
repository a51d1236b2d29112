//! Arguments from JavaScript to the engine's types.

use std::sync::Arc;

use govc_engine::git::ObjectId;
use govc_engine::git::glob::Globs;
use govc_engine::git::limits::Limits;
use govc_engine::git::object::{Mode, Signature, SignatureRef};
use govc_engine::git::path::RepoPath;
use govc_engine::{CommitRequest, Error, ErrorCode, Result};

const ALLOW_EMPTY: u8 = 1;
const AUTHOR: u8 = 2;
const COMMITTER: u8 = 4;

/// What a commit says beside its changes: a byte of flags, then the lines that they announce, then the message.
/// Author and committer are git's identity lines. Written by `commitDetails` in `wasm/js/commit.ts`.
pub fn commit_request(details: &[u8]) -> CommitRequest {
    let (flags, mut rest) = details.split_first().map_or((0, details), |(flags, rest)| (*flags, rest));
    let mut line = |flag: u8| {
        if flags & flag == 0 {
            return None;
        }
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let signature = identity(&rest[..end]);
        rest = rest.get(end + 1..).unwrap_or_default();
        Some(signature)
    };
    let (author, committer) = (line(AUTHOR), line(COMMITTER));
    CommitRequest { message: rest.into(), author, committer, allow_empty: flags & ALLOW_EMPTY != 0 }
}

/// A signature from git's identity line.
pub fn identity(line: &[u8]) -> Signature {
    SignatureRef::parse(line).to_owned()
}

/// A list of patterns that are joined by NUL.
pub fn globs(patterns: &[u8]) -> Globs {
    Globs::new(patterns.split(|byte| *byte == 0))
}

/// A path that may be written.
pub fn path(bytes: &[u8]) -> Result<RepoPath> {
    Ok(RepoPath::new(bytes)?)
}

/// A mode from its number; `None` for 0, which stands for "as it is".
pub fn mode(bits: u32) -> Option<Mode> {
    (bits != 0).then(|| Mode::from_bits(bits))
}

/// Content that the engine keeps.
pub fn content(bytes: &[u8]) -> Arc<[u8]> {
    bytes.into()
}

/// An id from its 40 hex digits.
pub fn id(text: &str) -> Result<ObjectId> {
    text.parse().map_err(|error| {
        Error::new(ErrorCode::InvalidArgument, format!("'{text}': {error}")).with("id", text)
    })
}

/// Limits in the order of `limitFigures` in `wasm/js/arguments.ts`; 0 stands for the default.
pub fn limits(figures: &[f64]) -> Limits {
    let mut limits = Limits::default();
    let figure = |at: usize| figures.get(at).copied().filter(|figure| *figure >= 1.0);
    limits.object_bytes_max = figure(0).map_or(limits.object_bytes_max, |bytes| bytes as u64);
    limits.delta_depth_max = figure(1).map_or(limits.delta_depth_max, |depth| depth as u32);
    limits.pack_objects_max = figure(2).map_or(limits.pack_objects_max, |count| count as u32);
    limits.memory_bytes_max = figure(3).map_or(limits.memory_bytes_max, |bytes| bytes as u64);
    limits
}

/// An id from its 40 hex digits.
pub fn id_bytes(text: &[u8]) -> Result<ObjectId> {
    id(&String::from_utf8_lossy(text))
}

/// Ids of 40 hex digits with nothing between.
pub fn ids(text: &str) -> Result<Vec<ObjectId>> {
    text.as_bytes().chunks(2 * ObjectId::LEN).map(id_bytes).collect()
}

/// The fields of a packed argument, each its length and bytes, as `PackedWriter` in `wasm/js/packed.ts` writes them.
pub fn fields(mut bytes: &[u8]) -> Result<Vec<&[u8]>> {
    let broken = || Error::new(ErrorCode::InvalidArgument, "a packed argument is cut off");
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk().ok_or_else(broken)?;
        let (field, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(broken)?;
        fields.push(field);
        bytes = rest;
    }
    Ok(fields)
}
