//! Commits taken over, taken back, and put elsewhere.

use govc_engine::{PickKind, PickRequest};
use wasm_bindgen::prelude::*;

use crate::commit::PreparedCommit;
use crate::decode;
use crate::error::thrown;
use crate::merge::{packed_conflicts, request};
use crate::repository::{Repository, hex};

#[wasm_bindgen]
impl Repository {
    /// Writes a commit that takes a change over, or back where `revert`, up to its signature. `mainline` 0 stands for
    /// none; `flags` and `decided` as for a merge, `details` as in `decode::commit_request`.
    #[expect(clippy::too_many_arguments, reason = "each is one part of the API's pick")]
    pub fn pick(
        &mut self,
        reality: &[u8],
        commit: &str,
        revert: bool,
        mainline: u32,
        flags: &[u8],
        decided: &[u8],
        details: &[u8],
        now_ms: f64,
    ) -> Result<PreparedCommit, JsValue> {
        let (reality, commit) = (self.reality(reality)?, decode::id(commit).map_err(thrown)?);
        let request = pick_request(mainline, flags, decided, details).map_err(thrown)?;
        let env = self.env(now_ms);
        let prepared = self.engine.prepare_pick(&reality, &commit, kind(revert), request, &env);
        Ok(PreparedCommit(prepared.map_err(thrown)?))
    }

    /// The conflicts that a pick would meet.
    #[wasm_bindgen(js_name = pickConflicts)]
    pub fn pick_conflicts(
        &self,
        reality: &[u8],
        commit: &str,
        revert: bool,
        mainline: u32,
        flags: &[u8],
    ) -> Result<Vec<u8>, JsValue> {
        let (reality, commit) = (self.reality(reality)?, decode::id(commit).map_err(thrown)?);
        let request = pick_request(mainline, flags, &[], &[]).map_err(thrown)?;
        let conflicts = self.engine.pick_conflicts(&reality, &commit, kind(revert), &request);
        Ok(packed_conflicts(&conflicts.map_err(thrown)?))
    }

    /// Makes the state that a pick would commit readable; its tree, or nothing where it conflicts.
    #[wasm_bindgen(js_name = previewPick)]
    #[expect(clippy::too_many_arguments, reason = "each is one part of the API's pick")]
    pub fn preview_pick(
        &mut self,
        reality: &[u8],
        commit: &str,
        revert: bool,
        mainline: u32,
        flags: &[u8],
        decided: &[u8],
    ) -> Result<Option<String>, JsValue> {
        let (reality, commit) = (self.reality(reality)?, decode::id(commit).map_err(thrown)?);
        let request = pick_request(mainline, flags, decided, &[]).map_err(thrown)?;
        let tree = self.engine.preview_pick(&reality, &commit, kind(revert), &request);
        Ok(hex(tree.map_err(thrown)?))
    }

    /// Makes the commit that a rebase would end at readable; its id.
    #[wasm_bindgen(js_name = previewRebase)]
    pub fn preview_rebase(
        &mut self,
        reality: &[u8],
        onto: &str,
        flags: &[u8],
        now_ms: f64,
    ) -> Result<String, JsValue> {
        let (reality, onto) = (self.reality(reality)?, decode::id(onto).map_err(thrown)?);
        let (request, env) = (request(flags, &[], &[]).map_err(thrown)?, self.env(now_ms));
        Ok(self.engine.preview_rebase(&reality, &onto, &request, &env).map_err(thrown)?.to_string())
    }

    /// Puts the commits of a reality on another commit; its new head.
    pub fn rebase(
        &mut self,
        reality: &[u8],
        onto: &str,
        flags: &[u8],
        now_ms: f64,
    ) -> Result<String, JsValue> {
        let (reality, onto) = (self.reality(reality)?, decode::id(onto).map_err(thrown)?);
        let (request, env) = (request(flags, &[], &[]).map_err(thrown)?, self.env(now_ms));
        Ok(self.engine.rebase(&reality, &onto, &request, &env).map_err(thrown)?.to_string())
    }
}

fn kind(revert: bool) -> PickKind {
    if revert { PickKind::Revert } else { PickKind::Apply }
}

fn pick_request(
    mainline: u32,
    flags: &[u8],
    decided: &[u8],
    details: &[u8],
) -> govc_engine::Result<PickRequest> {
    Ok(PickRequest {
        mainline: (mainline > 0).then_some(mainline),
        merge: request(flags, &[], decided)?,
        commit: decode::commit_request(details),
    })
}
