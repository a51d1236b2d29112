//! Packs out: what some revisions reach and others do not, in pieces that are pulled.

use alloc::boxed::Box;
use alloc::vec::Vec;

use govc_git::ObjectId;
use govc_git::pack::{Pack, PackSources, PackWriter, WriteOptions};
use govc_git::rev::CommitGraph;
use govc_git::transport::ls_refs::ServedRefs;
use govc_git::transport::select::{Selection, SelectionRequest};

use crate::Repository;
use crate::error::Result;

/// Commits and tree entries looked at in one step of the selection.
const SELECT_BUDGET: usize = 50_000;
/// Bytes of objects that are worked through in one step while deltas are looked for.
const SEARCH_BYTES: u64 = 4 << 20;

/// A pack on its way out.
pub struct PackExport {
    stage: Stage,
    options: WriteOptions,
    /// Deltas may stand on what the other side has.
    is_thin: bool,
}

enum Stage {
    Selecting(Box<Selection>),
    Writing(Box<PackWriter>),
}

impl Repository {
    /// Begins a pack of what `wants` reach and `haves` do not; without wants, of what all refs reach.
    pub fn export(&self, wants: Option<Vec<ObjectId>>, haves: Vec<ObjectId>) -> Result<PackExport> {
        let wants = wants.unwrap_or_else(|| ServedRefs::from_store(&self.refs).ids().collect());
        let cuts = || self.shallow.clone();
        let request = SelectionRequest {
            wants,
            haves,
            wanted_cuts: cuts(),
            had_cuts: cuts(),
            ..SelectionRequest::default()
        };
        // Bases that the other side has would make the pack thin: it is to be readable alone.
        self.export_selected(&request, false, WriteOptions::default())
    }

    /// Begins a pack of a selection.
    pub(crate) fn export_selected(
        &self,
        request: &SelectionRequest,
        is_thin: bool,
        options: WriteOptions,
    ) -> Result<PackExport> {
        let graph = CommitGraph::with_shallow(self.shallow.iter().copied());
        let selection = Selection::new(request, graph, &self.store, &self.limits)?;
        Ok(PackExport { stage: Stage::Selecting(Box::new(selection)), options, is_thin })
    }

    /// The next bytes of the pack, which may be none where work was done; `None` after the last.
    pub fn export_chunk(&self, export: &mut PackExport) -> Result<Option<Vec<u8>>> {
        if let Stage::Selecting(selection) = &mut export.stage {
            if !selection.step(&self.store, SELECT_BUDGET)? {
                return Ok(Some(Vec::new()));
            }
            let objects = selection.objects().to_vec();
            let bases = if export.is_thin { selection.bases().to_vec() } else { Vec::new() };
            export.stage = Stage::Writing(Box::new(PackWriter::new(objects, bases, export.options)));
        }
        let Stage::Writing(writer) = &mut export.stage else { return Ok(None) };
        let packs: Vec<&Pack> = self.store.packs().iter().collect();
        let sources = PackSources { objects: &self.store, packs: &packs };
        if !writer.step(&sources, SEARCH_BYTES)? {
            return Ok(Some(Vec::new()));
        }
        Ok(writer.next_chunk(&sources)?)
    }
}

impl PackExport {
    /// Objects that were selected so far.
    pub(crate) fn objects(&self) -> usize {
        match &self.stage {
            Stage::Selecting(selection) => selection.objects().len(),
            Stage::Writing(writer) => writer.len(),
        }
    }
}
