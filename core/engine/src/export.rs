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

/// A pack on its way out.
pub struct PackExport(Stage);

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
        let graph = CommitGraph::with_shallow(cuts());
        let selection = Selection::new(&request, graph, &self.store, &self.limits)?;
        Ok(PackExport(Stage::Selecting(Box::new(selection))))
    }

    /// The next bytes of the pack; `None` after the last.
    pub fn export_chunk(&self, export: &mut PackExport) -> Result<Option<Vec<u8>>> {
        if let Stage::Selecting(selection) = &mut export.0 {
            while !selection.step(&self.store, SELECT_BUDGET)? {}
            // The bases that the other side has would make the pack thin: it is to be readable alone.
            let objects = selection.objects().to_vec();
            export.0 =
                Stage::Writing(Box::new(PackWriter::new(objects, Vec::new(), WriteOptions::default())));
        }
        let Stage::Writing(writer) = &mut export.0 else { return Ok(None) };
        let packs: Vec<&Pack> = self.store.packs().iter().collect();
        Ok(writer.next_chunk(&PackSources { objects: &self.store, packs: &packs })?)
    }
}
