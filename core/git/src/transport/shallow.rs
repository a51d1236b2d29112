//! Where a client's history will be cut: by depth, by time, by refs, or because this repository's own history is cut.

use alloc::vec::Vec;

use super::missing::{IdSet, MissingCommits};
use super::request::{DEPTH_INFINITE, Deepen};
use crate::rev::{CommitGraph, CommitIndex};
use crate::{ObjectId, ObjectSource, ReadError};

/// How the cuts of a client's history change.
#[derive(Clone, Default)]
pub(super) struct Cut {
    /// Commits that will have no parents for the client, and have them now.
    pub(super) shallow: Vec<ObjectId>,
    /// Commits that will have their parents again.
    pub(super) unshallow: Vec<ObjectId>,
    /// All commits that will have no parents.
    pub(super) cuts: IdSet,
    /// Parents of `unshallow`: to be sent though the client has their child.
    pub(super) uncovered: Vec<ObjectId>,
    /// No commit is new enough.
    pub(super) is_empty: bool,
}

/// What the cut is computed from.
pub(super) struct CutRequest<'a> {
    /// The wanted commits.
    pub(super) wants: &'a [ObjectId],
    /// Where the client's history is cut: commits that are here.
    pub(super) client: &'a [ObjectId],
    /// What the client asks.
    pub(super) deepen: &'a Deepen,
    /// What [`Deepen::not`] names.
    pub(super) not: &'a [ObjectId],
    /// Where this repository's history is cut.
    pub(super) server: &'a [ObjectId],
}

/// The commits that will have parents, and those that will not.
#[derive(Default)]
struct Depths {
    whole: IdSet,
    cut: Vec<ObjectId>,
}

impl Cut {
    /// Computes the cut; reads as much history as is asked for.
    pub(super) fn new(
        request: &CutRequest<'_>,
        graph: &mut CommitGraph,
        source: &dyn ObjectSource,
    ) -> Result<Self, ReadError> {
        let client: IdSet = request.client.iter().map(|id| (*id, ())).collect();
        let server: IdSet = request.server.iter().map(|id| (*id, ())).collect();
        let deepen = request.deepen;
        let depths = if deepen.since.is_some() || !deepen.not.is_empty() {
            by_time_and_refs(request, graph, source)?
        } else if deepen.depth == Some(DEPTH_INFINITE) && server.is_empty() {
            Depths { whole: client.clone(), cut: Vec::new() }
        } else if let Some(depth) = deepen.depth {
            match deepen.is_relative {
                true => {
                    let seeds = reached_cuts(request.wants, &client, graph, source)?;
                    by_depth(&seeds, depth.saturating_add(1), &server, graph, source)?
                }
                false => by_depth(request.wants, depth, &server, graph, source)?,
            }
        } else if !server.is_empty() {
            let stops = server.keys().chain(client.keys()).map(|id| (*id, ())).collect();
            let mut depths = by_depth(request.wants, DEPTH_INFINITE, &stops, graph, source)?;
            depths.whole.clear();
            depths
        } else {
            Depths::default()
        };
        let is_empty = deepen.is_some() && depths.whole.is_empty() && depths.cut.is_empty();
        let mut cut = Self { is_empty, ..Self::default() };
        cut.unshallow = request.client.iter().filter(|id| depths.whole.contains_key(id)).copied().collect();
        cut.shallow = depths.cut.iter().filter(|id| !client.contains_key(id)).copied().collect();
        cut.cuts = depths.cut.iter().map(|id| (*id, ())).collect();
        cut.cuts.extend(client.keys().filter(|id| !depths.whole.contains_key(id)).map(|id| (*id, ())));
        for id in &cut.unshallow {
            let index = graph.load(source, id)?;
            cut.uncovered.extend(graph.parents(index).map(|parent| *graph.id(parent)));
        }
        Ok(cut)
    }
}

/// Goes `depth` commits down from the seeds, level by level; what lies on the last level is cut, and so are `stops`.
fn by_depth(
    seeds: &[ObjectId],
    depth: u32,
    stops: &IdSet,
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
) -> Result<Depths, ReadError> {
    let mut depths = Depths::default();
    let mut seen = IdSet::default();
    let mut level: Vec<ObjectId> = Vec::new();
    let mut next: Vec<ObjectId> = seeds.to_vec();
    for number in 1..=depth {
        core::mem::swap(&mut level, &mut next);
        if level.is_empty() {
            break;
        }
        for id in level.drain(..) {
            if seen.insert(id, ()).is_some() {
                continue;
            }
            if number == depth || stops.contains_key(&id) {
                depths.cut.push(id);
                continue;
            }
            let index = graph.load(source, &id)?;
            depths.whole.insert(id, ());
            next.extend(graph.parents(index).map(|parent| *graph.id(parent)));
        }
    }
    Ok(depths)
}

/// The commits at which the client's history is cut and that the wants reach without going behind another of them.
fn reached_cuts(
    wants: &[ObjectId],
    client: &IdSet,
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
) -> Result<Vec<ObjectId>, ReadError> {
    let mut seen = IdSet::default();
    let mut stack = wants.to_vec();
    let mut reached = Vec::new();
    while let Some(id) = stack.pop() {
        if seen.insert(id, ()).is_some() {
            continue;
        }
        if client.contains_key(&id) {
            reached.push(id);
            continue;
        }
        let index = graph.load(source, &id)?;
        stack.extend(graph.parents(index).map(|parent| *graph.id(parent)));
    }
    Ok(reached)
}

/// Takes what is new enough and not reached by the refs; a commit with a parent outside of that is cut.
fn by_time_and_refs(
    request: &CutRequest<'_>,
    graph: &mut CommitGraph,
    source: &dyn ObjectSource,
) -> Result<Depths, ReadError> {
    let mut walk = MissingCommits::new();
    walk.since = request.deepen.since.and_then(|since| u64::try_from(since).ok());
    for id in request.wants {
        walk.want(graph, source, id)?;
    }
    for id in request.not {
        walk.have(graph, source, id)?;
    }
    while !walk.step(graph, source, usize::MAX)? {}
    let mut depths = Depths::default();
    let server: IdSet = request.server.iter().map(|id| (*id, ())).collect();
    let found: Vec<CommitIndex> = walk.found().collect();
    for index in found {
        let id = *graph.id(index);
        if server.contains_key(&id) || graph.parents(index).any(|parent| !walk.is_found(parent)) {
            depths.cut.push(id);
        } else {
            depths.whole.insert(id, ());
        }
    }
    Ok(depths)
}
