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
    ) -> Result<Option<PreparedCommit>, JsValue> {
        let (reality, commit) = (self.reality(reality)?, decode::id(commit).map_err(thrown)?);
        let request = pick_request(mainline, flags, decided, details).map_err(thrown)?;
        let env = self.env(now_ms);
        let (kind, record) = (kind(revert), is_recorded(flags));
        let prepared = self.engine.prepare_pick(&reality, &commit, kind, request, record, &env);
        Ok(prepared.map_err(thrown)?.map(PreparedCommit))
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

    /// Makes the commit that a rebase would end at readable; its id, or nothing where it would stop. Without `onto`, one
    /// that has stopped.
    #[wasm_bindgen(js_name = previewRebase)]
    pub fn preview_rebase(
        &mut self,
        reality: &[u8],
        onto: Option<String>,
        flags: &[u8],
        now_ms: f64,
    ) -> Result<Option<String>, JsValue> {
        let reality = self.reality(reality)?;
        let onto = onto.as_deref().map(decode::id).transpose().map_err(thrown)?;
        let (request, env) = (request(flags, &[], &[]).map_err(thrown)?, self.env(now_ms));
        Ok(hex(self.engine.preview_rebase(&reality, onto.as_ref(), request, &env).map_err(thrown)?))
    }

    /// Puts the commits of a reality on another commit; its new head, none where conflicts were recorded.
    pub fn rebase(
        &mut self,
        reality: &[u8],
        onto: &str,
        flags: &[u8],
        now_ms: f64,
    ) -> Result<Option<String>, JsValue> {
        let (reality, onto) = (self.reality(reality)?, decode::id(onto).map_err(thrown)?);
        let (request, env) = (request(flags, &[], &[]).map_err(thrown)?, self.env(now_ms));
        let head = self.engine.rebase(&reality, &onto, request, is_recorded(flags), &env);
        Ok(hex(head.map_err(thrown)?))
    }

    /// Goes on with a rebase that conflicts have stopped; as `rebase`.
    #[wasm_bindgen(js_name = rebaseContinue)]
    pub fn rebase_continue(&mut self, reality: &[u8], now_ms: f64) -> Result<Option<String>, JsValue> {
        let (reality, env) = (self.reality(reality)?, self.env(now_ms));
        Ok(hex(self.engine.rebase_continue(&reality, &env).map_err(thrown)?))
    }

    /// Puts aside what a reality has staged; the stash.
    pub fn stash(&mut self, reality: &[u8], message: &[u8], now_ms: f64) -> Result<String, JsValue> {
        let (reality, env) = (self.reality(reality)?, self.env(now_ms));
        Ok(self.engine.stash(&reality, message, &env).map_err(thrown)?.to_string())
    }

    /// All stashes, the newest first: 40 hex digits each, nothing between.
    pub fn stashes(&self) -> Vec<u8> {
        self.engine.stashes().iter().flat_map(|id| id.to_hex()).collect()
    }

    /// Brings a stash back; the conflicts, where they are recorded.
    pub fn unstash(
        &mut self,
        reality: &[u8],
        which: u32,
        drop: bool,
        flags: &[u8],
        now_ms: f64,
    ) -> Result<Vec<u8>, JsValue> {
        let (reality, env) = (self.reality(reality)?, self.env(now_ms));
        let request = request(flags, &[], &[]).map_err(thrown)?;
        let how = (drop, is_recorded(flags));
        let conflicts = self.engine.unstash(&reality, which as usize, how, &request, &env);
        Ok(packed_conflicts(&conflicts.map_err(thrown)?))
    }

    /// Forgets a stash.
    #[wasm_bindgen(js_name = dropStash)]
    pub fn drop_stash(&mut self, which: u32, now_ms: f64) -> Result<(), JsValue> {
        let env = self.env(now_ms);
        self.engine.drop_stash(which as usize, &env).map_err(thrown)
    }
}

/// Whether conflicts are to be recorded, by the flags of a merge.
fn is_recorded(flags: &[u8]) -> bool {
    flags.get(2) == Some(&1)
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
