//! Revisions, walks, and what a commit says.

use govc_engine::git::rev::{self, DescribeOptions, Order, WalkOptions};
use govc_engine::{Error, ErrorCode};
use wasm_bindgen::prelude::*;

use crate::decode;
use crate::error::thrown;
use crate::packed::PackedWriter;
use crate::repository::{Repository, hex};

const FIRST_PARENT: u32 = 1;
const TOPOLOGICAL: u32 = 2;

/// A walk over history, for [`Repository::next_commits`].
#[wasm_bindgen]
pub struct History(govc_engine::History);

#[wasm_bindgen]
impl Repository {
    /// The object that a revision expression names.
    pub fn resolve(&self, revision: &[u8]) -> Result<String, JsValue> {
        Ok(self.engine.resolve(revision).map_err(thrown)?.to_string())
    }

    /// The commit that an id leads to through tags.
    #[wasm_bindgen(js_name = peelToCommit)]
    pub fn peel_to_commit(&self, id: &str) -> Result<Option<String>, JsValue> {
        let id = decode::id(id).map_err(thrown)?;
        Ok(hex(self.engine.peel_to_commit(&id).map_err(thrown)?))
    }

    /// The commit that a reality, by default main, was at, at a moment.
    #[wasm_bindgen(js_name = atMoment)]
    pub fn at_moment(&self, reality: Option<Box<[u8]>>, time_ms: f64) -> Result<String, JsValue> {
        Ok(self.engine.at_moment(reality.as_deref(), time_ms as i64).map_err(thrown)?.to_string())
    }

    /// The best common ancestor of two commits.
    #[wasm_bindgen(js_name = mergeBase)]
    pub fn merge_base(&self, one: &str, other: &str) -> Result<Option<String>, JsValue> {
        let (one, other) = (decode::id(one).map_err(thrown)?, decode::id(other).map_err(thrown)?);
        Ok(hex(self.engine.merge_base(&one, &other).map_err(thrown)?))
    }

    /// What a commit says; `wasm/js/commit.ts` reads it.
    #[wasm_bindgen(js_name = commitFields)]
    pub fn commit_fields(&self, id: &str) -> Result<Vec<u8>, JsValue> {
        let id = decode::id(id).map_err(thrown)?;
        let fields = self.engine.read_commit(&id, |commit| {
            let mut out = PackedWriter::new();
            out.id(Some(commit.tree));
            out.list(commit.parents.iter(), |out, parent| out.id(Some(*parent)));
            for signature in [commit.author(), commit.committer()] {
                out.bytes(signature.name);
                out.bytes(signature.email);
                out.f64(signature.time as f64);
                out.f64(f64::from(signature.offset_minutes));
            }
            out.bytes(commit.extra_header("encoding").unwrap_or_default());
            out.bytes(commit.message);
            out.finish()
        });
        fields.map_err(thrown)
    }

    /// The name of a commit by its nearest tag. `digits` -1 stands for as many as it takes; patterns are joined by NUL,
    /// each with `!` before it if it excludes, else `=`.
    pub fn describe(
        &self,
        commit: &str,
        patterns: &[u8],
        digits: i32,
        candidates: u32,
        flags: u32,
    ) -> Result<Vec<u8>, JsValue> {
        let (mut matching, mut excluding) = (Vec::new(), Vec::new());
        for pattern in patterns.split(|byte| *byte == 0).filter(|pattern| !pattern.is_empty()) {
            match pattern.strip_prefix(b"!") {
                Some(pattern) => excluding.push(pattern.into()),
                None => matching.push(pattern[1..].into()),
            }
        }
        let is = |flag: u32| flags & flag != 0;
        let options = DescribeOptions {
            all_tags: is(1),
            long: is(2),
            exact: is(4),
            first_parent: is(8),
            always: is(16),
            digits: u32::try_from(digits).ok(),
            candidates: candidates as usize,
            matching,
            excluding,
        };
        let commit = decode::id(commit).map_err(thrown)?;
        Ok(self.engine.describe(&commit, &options).map_err(thrown)?.into())
    }

    /// Begins a walk; ids are joined without anything between, -1 stands for no bound.
    #[expect(clippy::too_many_arguments, reason = "each is one option of the API's log")]
    pub fn history(
        &self,
        from: &str,
        not: &str,
        path: &[u8],
        author: &[u8],
        since: f64,
        until: f64,
        limit: f64,
        flags: u32,
    ) -> Result<History, JsValue> {
        let bound = |figure: f64| (figure >= 0.0).then_some(figure as u64);
        let options = WalkOptions {
            order: if flags & TOPOLOGICAL != 0 { Order::Topological } else { Order::Time },
            first_parent: flags & FIRST_PARENT != 0,
            limit: bound(limit),
            since: bound(since),
            until: bound(until),
            paths: if path.is_empty() { Vec::new() } else { vec![path.into()] },
            filter: (!author.is_empty()).then(|| rev::author_contains(author)),
            ..WalkOptions::default()
        };
        let (from, not) = (ids(from).map_err(thrown)?, ids(not).map_err(thrown)?);
        Ok(History(self.engine.history(&from, &not, options).map_err(thrown)?))
    }

    /// The next commits of a walk: 40 hex digits each, nothing between.
    #[wasm_bindgen(js_name = nextCommits)]
    pub fn next_commits(&self, history: &mut History, count: u32) -> Result<Vec<u8>, JsValue> {
        let commits = self.engine.next_commits(&mut history.0, count as usize).map_err(thrown)?;
        Ok(commits.iter().flat_map(|id| id.to_hex()).collect())
    }
}

/// Ids of 40 hex digits each, nothing between.
pub(crate) fn ids(joined: &str) -> govc_engine::Result<Vec<govc_engine::git::ObjectId>> {
    let error = || Error::new(ErrorCode::InvalidArgument, "ids are 40 hex digits each");
    joined
        .as_bytes()
        .chunks(40)
        .map(|hex| core::str::from_utf8(hex).map_err(|_| error()).and_then(decode::id))
        .collect()
}
