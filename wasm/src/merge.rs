//! Merges: previews, merges into a reality, recorded conflicts.

use govc_engine::git::ObjectId;
use govc_engine::git::diff::rename::RenameOptions;
use govc_engine::git::diff::similarity::Score;
use govc_engine::git::merge::Conflict;
use govc_engine::git::merge::text::Favor;
use govc_engine::{FastForward, MergeRequest, Merged};
use wasm_bindgen::prelude::*;

use crate::commit::PreparedCommit;
use crate::decode;
use crate::error::thrown;
use crate::packed::PackedWriter;
use crate::repository::Repository;

/// What a merge into a reality came to.
#[wasm_bindgen]
pub struct MergeOutcome {
    result: Vec<u8>,
    prepared: Option<govc_engine::PreparedCommit>,
}

#[wasm_bindgen]
impl MergeOutcome {
    /// The merge commit that waits to be finished, if there is to be one.
    #[wasm_bindgen(js_name = takeCommit)]
    pub fn take_commit(&mut self) -> Option<PreparedCommit> {
        self.prepared.take().map(PreparedCommit)
    }

    /// What `MergeResult` says.
    pub fn result(&self) -> Vec<u8> {
        self.result.clone()
    }
}

#[wasm_bindgen]
impl Repository {
    /// Merges two commits without moving anything. `flags` as `mergeFlags` in `wasm/js/merge.ts` makes them, `labels`
    /// joined by NUL, `decided` packed pairs of path and content. What is merged stays readable, until the next preview or
    /// for good where `keep`.
    #[wasm_bindgen(js_name = mergeTree)]
    pub fn merge_tree(
        &mut self,
        ours: &str,
        theirs: &str,
        flags: &[u8],
        labels: &[u8],
        decided: &[u8],
        keep: bool,
    ) -> Result<Vec<u8>, JsValue> {
        let (ours, theirs) = (decode::id(ours).map_err(thrown)?, decode::id(theirs).map_err(thrown)?);
        let request = request(flags, labels, decided).map_err(thrown)?;
        let merge = self.engine.merge_tree(&ours, &theirs, &request, keep).map_err(thrown)?;
        Ok(packed_result(merge.clean, false, merge.tree, None, &merge.conflicts))
    }

    /// Merges a commit into a reality.
    #[expect(clippy::too_many_arguments, reason = "each is one part of the API's merge")]
    pub fn merge(
        &mut self,
        into: &[u8],
        theirs: &str,
        flags: &[u8],
        label: &[u8],
        decided: &[u8],
        details: &[u8],
        now_ms: f64,
    ) -> Result<MergeOutcome, JsValue> {
        let (into, theirs) = (self.reality(into)?, decode::id(theirs).map_err(thrown)?);
        let labels = [b"ours", label].join(&0);
        let request = request(flags, &labels, decided).map_err(thrown)?;
        let request = MergeRequest { ours: into.short().into(), ..request };
        let how = (fast_forward(flags), flags.get(2) == Some(&1));
        let (commit, env) = (decode::commit_request(details), self.env(now_ms));
        let outcome = self.engine.merge(&into, &theirs, &request, how, commit, &env).map_err(thrown)?;
        let tree = outcome.tree;
        let (result, prepared) = match outcome.merged {
            Merged::UpToDate => (packed_result(true, false, tree, self.head_of(&into)?, &[]), None),
            Merged::FastForward => (packed_result(true, true, tree, self.head_of(&into)?, &[]), None),
            Merged::Ready(prepared) => (packed_result(true, false, tree, None, &[]), Some(*prepared)),
            Merged::Recorded(conflicts) => (packed_result(false, false, tree, None, &conflicts), None),
        };
        Ok(MergeOutcome { result, prepared })
    }

    /// The conflicts that a recorded merge left open.
    pub fn conflicts(&self, reality: &[u8]) -> Result<Vec<u8>, JsValue> {
        Ok(packed_conflicts(&self.engine.conflicts(&self.reality(reality)?).map_err(thrown)?))
    }

    /// Settles a recorded conflict; without content, by removing the path.
    #[wasm_bindgen(js_name = resolveConflict)]
    pub fn resolve_conflict(
        &mut self,
        reality: &[u8],
        path: &[u8],
        content: Option<Box<[u8]>>,
    ) -> Result<(), JsValue> {
        let (reality, path) = (self.reality(reality)?, decode::path(path).map_err(thrown)?);
        self.engine.resolve_conflict(&reality, &path, content.as_deref()).map_err(thrown)
    }
}

impl Repository {
    fn head_of(&self, reality: &govc_engine::git::refs::RefName) -> Result<Option<ObjectId>, JsValue> {
        self.engine.head(reality).map_err(thrown)
    }
}

/// How two states are merged; the arguments as for [`Repository::merge_tree`].
pub(crate) fn request(flags: &[u8], labels: &[u8], decided: &[u8]) -> govc_engine::Result<MergeRequest> {
    let flag = |at: usize| flags.get(at).copied().unwrap_or(0);
    let mut names = labels.splitn(2, |byte| *byte == 0);
    let (ours, theirs) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
    let favor = match flag(0) {
        1 => Favor::Ours,
        2 => Favor::Theirs,
        3 => Favor::Union,
        _ => Favor::None,
    };
    let renames = (flag(1) != 0)
        .then(|| RenameOptions { threshold: Score::from_percent(flag(1)), ..RenameOptions::MERGE });
    let decided = decode::fields(decided)?;
    let decided = decided.chunks_exact(2).map(|pair| (pair[0].into(), pair[1].to_vec())).collect();
    Ok(MergeRequest {
        favor,
        renames,
        ours: ours.into(),
        theirs: theirs.into(),
        decided,
        ignores_attributes: flag(4) == 1,
    })
}

fn fast_forward(flags: &[u8]) -> FastForward {
    match flags.get(3) {
        Some(1) => FastForward::Never,
        Some(2) => FastForward::Only,
        _ => FastForward::Allow,
    }
}

fn packed_result(
    clean: bool,
    fast_forward: bool,
    tree: ObjectId,
    commit: Option<ObjectId>,
    conflicts: &[Conflict],
) -> Vec<u8> {
    let mut out = PackedWriter::new();
    out.u8(clean.into());
    out.u8(fast_forward.into());
    out.id(Some(tree));
    out.id(commit);
    write_conflicts(&mut out, conflicts);
    out.finish()
}

/// Conflicts, as `conflictsOf` in `wasm/js/merge.ts` reads them.
pub(crate) fn packed_conflicts(conflicts: &[Conflict]) -> Vec<u8> {
    let mut out = PackedWriter::new();
    write_conflicts(&mut out, conflicts);
    out.finish()
}

fn write_conflicts(out: &mut PackedWriter, conflicts: &[Conflict]) {
    out.list(conflicts.iter(), |out, conflict| {
        out.bytes(conflict.kind.name().as_bytes());
        out.bytes(&conflict.path);
        conflict.stages.iter().for_each(|stage| out.id(stage.map(|side| side.id)));
    });
}
