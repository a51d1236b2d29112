//! Which objects a client may ask for by id.
//!
//! Git itself answers v2 with any object that it has, named by a ref or not, and v0 over HTTP with what its refs reach.

use alloc::vec::Vec;

use super::fetch_error::FetchError;
use super::missing::{IdSet, MissingCommits};
use super::select::{Selection, SelectionRequest};
use super::served::{ServeOptions, Served, WantPolicy};
use crate::rev::CommitGraph;
use crate::{Kind, ObjectId, ReadProblem};

/// Refuses the first want that is not here or may not be asked for.
pub(super) fn check_wants(
    wants: &[ObjectId],
    is_v2: bool,
    served: &Served<'_>,
    options: &ServeOptions,
    graph: &mut CommitGraph,
) -> Result<(), FetchError> {
    if let Some(absent) = wants.iter().find(|id| !served.source.contains(id)) {
        return Err(FetchError::NotOurRef(*absent));
    }
    if is_v2 && options.wants == WantPolicy::AsGit {
        return Ok(());
    }
    let tips: IdSet = served.refs.ids().map(|id| (id, ())).collect();
    let others: Vec<ObjectId> = wants.iter().filter(|id| !tips.contains_key(id)).copied().collect();
    match others.first() {
        None => Ok(()),
        Some(first) if options.wants == WantPolicy::Tips => Err(FetchError::NotOurRef(*first)),
        Some(_) => check_reachable(&others, served, options, graph),
    }
}

fn check_reachable(
    wants: &[ObjectId],
    served: &Served<'_>,
    options: &ServeOptions,
    graph: &mut CommitGraph,
) -> Result<(), FetchError> {
    let mut walk = MissingCommits::new();
    let mut others = Vec::new();
    for id in wants {
        match served.source.header(id)?.0 {
            Kind::Commit => walk.want(graph, served.source, id)?,
            _ => others.push(*id),
        }
    }
    for id in served.refs.ids() {
        if let Ok((Kind::Commit, commit)) = served.source.peel_tags(&id) {
            walk.have(graph, served.source, &commit)?;
        }
    }
    while !walk.step(graph, served.source, usize::MAX)? {}
    if let Some(index) = walk.found().next() {
        return Err(FetchError::NotOurRef(*graph.id(index)));
    }
    if others.is_empty() { Ok(()) } else { check_reachable_by_content(&others, served, options) }
}

/// Trees and blobs are found only by reading every tree.
fn check_reachable_by_content(
    wants: &[ObjectId],
    served: &Served<'_>,
    options: &ServeOptions,
) -> Result<(), FetchError> {
    let present = served.refs.ids().filter(|id| served.source.contains(id)).collect();
    let request = SelectionRequest { wants: present, ..SelectionRequest::default() };
    let graph = CommitGraph::with_shallow(served.shallow.iter().copied());
    let mut selection = Selection::new(&request, graph, served.source, &options.limits)?;
    while !selection.step(served.source, usize::MAX).map_err(FetchError::Read)? {}
    let reached: IdSet = selection.objects().iter().map(|object| (object.id, ())).collect();
    match wants.iter().find(|id| !reached.contains_key(id)) {
        Some(id) => Err(FetchError::NotOurRef(*id)),
        None => Ok(()),
    }
}

impl FetchError {
    /// The object that is missing, where that is why the fetch failed: a shell may bring it and start again.
    pub fn missing(&self) -> Option<&ObjectId> {
        let Self::Read(error) = self else { return None };
        match error.problem() {
            ReadProblem::Missing(id) => Some(id),
            _ => None,
        }
    }
}
