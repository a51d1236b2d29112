//! The answer to a fetch: what is common, where history is cut, then the pack. One negotiation, written in the forms of
//! protocol v2 and of v0 and v1 over HTTP, where each request says everything again.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use bstr::BString;

use super::capabilities::Capability;
use super::fetch_error::FetchError;
use super::missing::{IdSet, all_reach};
use super::pack_stream::PackStream;
use super::pkt_line::{
    BAND_BYTES_MAX, Band, printable, write_delimiter, write_flush, write_line, write_parts,
};
use super::request::{FetchRequest, Version};
use super::select::{Selection, SelectionRequest};
use super::served::{ServeOptions, Served};
use super::shallow::{Cut, CutRequest};
use super::want::check_wants;
use crate::rev::CommitGraph;
use crate::{Kind, ObjectId, ObjectSource, ReadError};

/// Commits or tree entries that are looked at for one piece of the answer: a few milliseconds of work.
const STEP_BUDGET: usize = 20_000;
/// Bytes of content in a packet of the old `side-band`.
const OLD_BAND_BYTES: usize = 995;

/// Writes the answer to a fetch, piece by piece.
pub(super) struct FetchResponse {
    request: FetchRequest,
    is_v2: bool,
    framing: Framing,
    phase: Phase,
}

enum Phase {
    Begin,
    Selecting(Box<Selection>),
    Packing(Box<PackStream>),
    Ended,
}

/// How the pack travels.
#[derive(Clone, Copy)]
struct Framing {
    /// Bytes of content in a packet; `None` where the pack follows bare.
    band_bytes: Option<usize>,
    shows_progress: bool,
}

impl FetchResponse {
    pub(super) fn new(request: FetchRequest, version: Version) -> Self {
        let has = |capability| request.capabilities.has(capability);
        let band_bytes = match version {
            Version::V2 => Some(BAND_BYTES_MAX),
            _ if has(Capability::SideBand64k) => Some(BAND_BYTES_MAX),
            _ if has(Capability::SideBand) => Some(OLD_BAND_BYTES),
            _ => None,
        };
        let shows_progress = band_bytes.is_some() && !has(Capability::NoProgress);
        let framing = Framing { band_bytes, shows_progress };
        Self { is_v2: version == Version::V2, framing, phase: Phase::Begin, request }
    }

    /// Whether errors must travel on their band: the pack was announced.
    pub(super) fn is_banded(&self) -> bool {
        self.framing.band_bytes.is_some() && matches!(self.phase, Phase::Selecting(_) | Phase::Packing(_))
    }

    /// Appends the next piece; `true` when the answer is complete.
    pub(super) fn write(
        &mut self,
        served: &Served<'_>,
        options: &ServeOptions,
        out: &mut Vec<u8>,
    ) -> Result<bool, FetchError> {
        match &mut self.phase {
            Phase::Begin => {
                self.phase = match self.begin(served, options, out)? {
                    Some(selection) => Phase::Selecting(Box::new(selection)),
                    None => Phase::Ended,
                };
            }
            Phase::Selecting(selection) => {
                let is_complete = selection.step(served.source, STEP_BUDGET)?;
                if is_complete && self.request.capabilities.has(Capability::IncludeTag) {
                    selection.include_tags(served.source, served.refs);
                }
                let end = if is_complete { ", done.\n" } else { "\r" };
                self.framing
                    .progress(format_args!("Enumerating objects: {}{end}", selection.objects().len()), out);
                if is_complete {
                    self.start_pack();
                }
            }
            Phase::Packing(pack) => {
                let framing = self.framing;
                let is_complete = pack.write(
                    served,
                    |bytes, out| framing.content(bytes, out),
                    |text, out| framing.progress(text, out),
                    out,
                )?;
                if is_complete {
                    if self.framing.band_bytes.is_some() {
                        write_flush(out);
                    }
                    self.phase = Phase::Ended;
                }
            }
            Phase::Ended => {}
        }
        Ok(matches!(self.phase, Phase::Ended))
    }

    fn start_pack(&mut self) {
        if let Phase::Selecting(selection) = core::mem::replace(&mut self.phase, Phase::Ended) {
            let (objects, bases) = selection.into_parts();
            let has = |capability| self.request.capabilities.has(capability);
            let bases = if has(Capability::ThinPack) { bases } else { Vec::new() };
            let pack = PackStream::new(objects, bases, has(Capability::OfsDelta));
            self.phase = Phase::Packing(Box::new(pack));
        }
    }

    /// Writes all that comes before the pack; `None` where no pack follows yet.
    fn begin(
        &mut self,
        served: &Served<'_>,
        options: &ServeOptions,
        out: &mut Vec<u8>,
    ) -> Result<Option<Selection>, FetchError> {
        let source = served.source;
        let mut graph = CommitGraph::with_shallow(served.shallow.iter().copied());
        let wanted_refs = self.resolve_want_refs(served)?;
        check_wants(&self.request.wants, self.is_v2, served, options, &mut graph)?;
        let wants: Vec<ObjectId> =
            self.request.wants.iter().copied().chain(wanted_refs.iter().map(|(_, id)| *id)).collect();
        let wanted_commits = commits_of(source, &wants)?;
        let client_shallow = self.client_shallow(source)?;
        let cut = self.cut(served, &wanted_commits, &client_shallow, &mut graph)?;

        let common: Vec<ObjectId> =
            self.request.haves.iter().filter(|id| source.contains(id)).copied().collect();
        let tells_cut = self.request.deepen.is_some();
        if !self.is_v2 && tells_cut {
            write_cut(&cut, out);
            write_flush(out);
        }
        if self.request.asks_cut_only {
            return Ok(None);
        }
        let mut negotiation = Negotiation {
            graph: &mut graph,
            source,
            common: &common,
            wants: &wanted_commits,
            cuts: &cut.cuts,
        };
        let goes_on = match self.is_v2 {
            true => negotiation.answer_v2(&self.request, out)?,
            false => negotiation.answer_v0(&self.request, out)?,
        };
        if !goes_on {
            return Ok(None);
        }
        if self.is_v2 {
            if tells_cut || !client_shallow.is_empty() || !served.shallow.is_empty() {
                write_line(b"shallow-info", out);
                write_cut(&cut, out);
                write_delimiter(out);
            }
            write_wanted_refs(&wanted_refs, out);
            write_line(b"packfile", out);
        }
        let request = SelectionRequest {
            wants: wants.into_iter().chain(cut.uncovered.iter().copied()).collect(),
            haves: common,
            wanted_cuts: cut.cuts.keys().copied().collect(),
            reads_had_trees: tells_cut || !client_shallow.is_empty(),
            had_cuts: client_shallow,
            filter: self.request.filter.unwrap_or_default(),
            checks_blobs: false,
        };
        Ok(Some(Selection::new(&request, graph, source, &options.limits)?))
    }

    fn resolve_want_refs(&self, served: &Served<'_>) -> Result<Vec<(BString, ObjectId)>, FetchError> {
        let resolve = |name: &BString| match served.refs.find(name) {
            Some(id) => Ok((name.clone(), id)),
            None => Err(FetchError::UnknownRef(printable(&alloc::format!("{name}")).into())),
        };
        self.request.want_refs.iter().map(resolve).collect()
    }

    /// Where the client's history is cut, as far as those commits are here: others say nothing.
    fn client_shallow(&self, source: &dyn ObjectSource) -> Result<Vec<ObjectId>, FetchError> {
        let mut known = Vec::new();
        for id in &self.request.shallow {
            match source.header(id) {
                Ok((Kind::Commit, _)) => known.push(*id),
                Ok(_) => return Err(FetchError::NoCommit(*id)),
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(known)
    }

    fn cut(
        &self,
        served: &Served<'_>,
        wants: &[ObjectId],
        client: &[ObjectId],
        graph: &mut CommitGraph,
    ) -> Result<Cut, FetchError> {
        let mut not = Vec::new();
        for name in &self.request.deepen.not {
            let id = find_abbreviated(served, name)
                .ok_or_else(|| FetchError::DeepenNot(printable(&alloc::format!("{name}")).into()))?;
            not.extend(commits_of(served.source, &[id])?);
        }
        let deepen = &self.request.deepen;
        let request = CutRequest { wants, client, deepen, not: &not, server: served.shallow };
        let cut = Cut::new(&request, graph, served.source)?;
        if cut.is_empty && !wants.is_empty() {
            return Err(FetchError::NothingSelected);
        }
        Ok(cut)
    }
}

impl Framing {
    fn content(self, bytes: &[u8], out: &mut Vec<u8>) {
        match self.band_bytes {
            Some(most) => Band::Content.write_within(bytes, most, out),
            None => out.extend_from_slice(bytes),
        }
    }

    fn progress(self, text: core::fmt::Arguments<'_>, out: &mut Vec<u8>) {
        if let (true, Some(most)) = (self.shows_progress, self.band_bytes) {
            let mut line = String::new();
            write!(line, "{text}").expect("because writing to a String cannot fail");
            Band::Progress.write_within(line.as_bytes(), most, out);
        }
    }
}

/// What both sides have, and whether that is enough.
struct Negotiation<'a> {
    graph: &'a mut CommitGraph,
    source: &'a dyn ObjectSource,
    common: &'a [ObjectId],
    wants: &'a [ObjectId],
    cuts: &'a IdSet,
}

impl Negotiation<'_> {
    /// Writes v2's acknowledgments where they are due; `true` where the pack follows.
    fn answer_v2(&mut self, request: &FetchRequest, out: &mut Vec<u8>) -> Result<bool, ReadError> {
        if request.is_done || (request.haves.is_empty() && !request.waits_for_done) {
            return Ok(true);
        }
        write_line(b"acknowledgments", out);
        if self.common.is_empty() {
            write_line(b"NAK", out);
        }
        self.common.iter().for_each(|id| write_parts(&[b"ACK ", &id.to_hex(), b"\n"], out));
        if request.waits_for_done || !self.is_enough()? {
            write_flush(out);
            return Ok(false);
        }
        write_line(b"ready", out);
        write_delimiter(out);
        Ok(true)
    }

    /// Writes v0's acknowledgments in the form that the client asked for; `true` where the pack follows.
    fn answer_v0(&mut self, request: &FetchRequest, out: &mut Vec<u8>) -> Result<bool, ReadError> {
        let is_detailed = request.capabilities.has(Capability::MultiAckDetailed);
        let is_multi = is_detailed || request.capabilities.has(Capability::MultiAck);
        let word: &[u8] = match (is_detailed, is_multi) {
            (true, _) => b" common\n",
            (_, true) => b" continue\n",
            _ => b"\n",
        };
        let told = if is_multi { self.common.len() } else { self.common.len().min(1) };
        self.common[..told].iter().for_each(|id| write_parts(&[b"ACK ", &id.to_hex(), word], out));
        let last = self.common.last().map(|id| id.to_hex());
        if request.is_done {
            match last {
                Some(last) if is_multi => write_parts(&[b"ACK ", &last, b"\n"], out),
                Some(_) => {}
                None => write_line(b"NAK", out),
            }
            return Ok(true);
        }
        let ready = match last {
            Some(last) if is_detailed && self.is_enough()? => Some(last),
            _ => None,
        };
        if let Some(last) = &ready {
            write_parts(&[b"ACK ", last, b" ready\n"], out);
        }
        if is_multi || self.common.is_empty() {
            write_line(b"NAK", out);
        }
        match ready {
            Some(last) if request.capabilities.has(Capability::NoDone) => {
                write_parts(&[b"ACK ", &last, b"\n"], out);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Whether every want reaches something common.
    fn is_enough(&mut self) -> Result<bool, ReadError> {
        // As in git, a tag that is common says nothing of its commit.
        let is_commit = |id: &&ObjectId| matches!(self.source.header(id), Ok((Kind::Commit, _)));
        let common: Vec<ObjectId> = self.common.iter().filter(is_commit).copied().collect();
        if common.is_empty() {
            return Ok(false);
        }
        all_reach(self.graph, self.source, self.wants, &common, self.cuts)
    }
}

/// The commits among these objects, through annotated tags.
fn commits_of(source: &dyn ObjectSource, ids: &[ObjectId]) -> Result<Vec<ObjectId>, ReadError> {
    let mut commits = Vec::new();
    for id in ids {
        if let (Kind::Commit, commit) = source.peel_tags(id)? {
            commits.push(commit);
        }
    }
    Ok(commits)
}

/// The ref that a client names in short, if it is one.
fn find_abbreviated(served: &Served<'_>, name: &[u8]) -> Option<ObjectId> {
    let places: [&[u8]; 5] = [b"", b"refs/", b"refs/tags/", b"refs/heads/", b"refs/remotes/"];
    let mut found = places.iter().filter_map(|place| served.refs.find(&[place, name].concat()));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

fn write_cut(cut: &Cut, out: &mut Vec<u8>) {
    cut.shallow.iter().for_each(|id| write_parts(&[b"shallow ", &id.to_hex()], out));
    cut.unshallow.iter().for_each(|id| write_parts(&[b"unshallow ", &id.to_hex()], out));
}

fn write_wanted_refs(wanted: &[(BString, ObjectId)], out: &mut Vec<u8>) {
    if wanted.is_empty() {
        return;
    }
    write_line(b"wanted-refs", out);
    for (name, id) in wanted {
        write_parts(&[&id.to_hex(), b" ", name, b"\n"], out);
    }
    write_delimiter(out);
}
