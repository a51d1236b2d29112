//! The requests of a client: `ls-refs` and `fetch` of v2, and the commands of a push.

use alloc::vec::Vec;
use core::fmt::Write;

use bstr::BString;

use super::advertisement::Advertised;
use crate::ObjectId;
use crate::refs::RefName;
use crate::transport::capabilities::AGENT;
use crate::transport::pkt_line::{write_delimiter, write_flush, write_line, write_parts};

/// What a fetch asks for. Each request says everything again.
#[derive(Clone, Debug, Default)]
pub struct FetchCommand<'a> {
    /// Objects to be sent, with all they reach.
    pub wants: &'a [ObjectId],
    /// What both sides have, and what this side has.
    pub haves: [&'a [ObjectId]; 2],
    /// Where this side's history is cut.
    pub shallow: &'a [ObjectId],
    /// Cut history after so many commits.
    pub depth: Option<u32>,
    /// What to leave out, as in `blob:none`.
    pub filter: Option<&'a str>,
    /// No more haves follow: the pack is to come, whatever is common.
    pub is_done: bool,
}

/// Appends a request for refs: all that begin with one of these, without any all.
pub fn write_ls_refs(advertised: &Advertised, prefixes: &[BString], out: &mut Vec<u8>) {
    write_command(b"command=ls-refs", advertised, out);
    write_line(b"peel", out);
    write_line(b"symrefs", out);
    if advertised.has_feature(b"ls-refs", b"unborn") {
        write_line(b"unborn", out);
    }
    prefixes.iter().for_each(|prefix| write_parts(&[b"ref-prefix ", prefix, b"\n"], out));
    write_flush(out);
}

/// Appends a request for objects.
pub fn write_fetch(advertised: &Advertised, command: &FetchCommand<'_>, out: &mut Vec<u8>) {
    write_command(b"command=fetch", advertised, out);
    for line in ["thin-pack", "no-progress", "include-tag", "ofs-delta"] {
        write_line(line.as_bytes(), out);
    }
    let mut ids = |word: &[u8], ids: &[ObjectId]| {
        ids.iter().for_each(|id| write_parts(&[word, b" ", &id.to_hex(), b"\n"], out));
    };
    ids(b"shallow", command.shallow);
    ids(b"want", command.wants);
    command.haves.iter().for_each(|haves| ids(b"have", haves));
    if let Some(depth) = command.depth {
        let mut line = alloc::string::String::new();
        write!(line, "deepen {depth}").expect("because writing to a String cannot fail");
        write_line(line.as_bytes(), out);
    }
    if let Some(filter) = command.filter {
        write_parts(&[b"filter ", filter.as_bytes(), b"\n"], out);
    }
    if command.is_done {
        write_line(b"done", out);
    }
    write_flush(out);
}

fn write_command(command: &[u8], advertised: &Advertised, out: &mut Vec<u8>) {
    write_line(command, out);
    if advertised.has(b"agent") {
        write_parts(&[b"agent=", AGENT.as_bytes(), b"\n"], out);
    }
    if advertised.has(b"object-format") {
        write_line(b"object-format=sha1", out);
    }
    write_delimiter(out);
}

/// A ref that a push shall change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushCommand {
    /// The ref's full name on the other side.
    pub name: RefName,
    /// What the other side says that it is; `None` where there is none.
    pub before: Option<ObjectId>,
    /// What it shall be; `None` to delete it.
    pub after: Option<ObjectId>,
}

/// What a push asks for where the server can do it.
const PUSH_WANTED: [&str; 4] = ["report-status-v2", "report-status", "side-band-64k", "quiet"];

/// Appends all of a push that comes before the pack; `shallow` is where this side's history is cut.
pub fn write_push(
    advertised: &Advertised,
    commands: &[PushCommand],
    shallow: &[ObjectId],
    is_atomic: bool,
    out: &mut Vec<u8>,
) {
    shallow.iter().for_each(|id| write_parts(&[b"shallow ", &id.to_hex()], out));
    let mut list = Vec::new();
    let has_v2 = advertised.has(b"report-status-v2");
    for name in PUSH_WANTED.iter().filter(|name| advertised.has(name.as_bytes())) {
        if !(has_v2 && *name == "report-status") {
            list.extend_from_slice(&[b" ", name.as_bytes()].concat());
        }
    }
    if is_atomic {
        list.extend_from_slice(b" atomic");
    }
    if advertised.has(b"object-format") {
        list.extend_from_slice(b" object-format=sha1");
    }
    if advertised.has(b"agent") {
        list.extend_from_slice(&[b" agent=", AGENT.as_bytes()].concat());
    }
    for (at, PushCommand { name, before, after }) in commands.iter().enumerate() {
        let hex = |id: &Option<ObjectId>| id.unwrap_or(ObjectId::NULL).to_hex();
        let (before, after) = (hex(before), hex(after));
        let mut parts = Vec::from([&before[..], b" ", &after, b" ", name.as_ref()]);
        if at == 0 {
            parts.extend([&b"\0"[..], &list]);
        }
        write_parts(&parts, out);
    }
    write_flush(out);
}
