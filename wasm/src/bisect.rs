//! The search for the first bad commit, in steps.

use govc_engine::git::rev::{BisectOptions, BisectStep};
use wasm_bindgen::prelude::*;

use crate::decode;
use crate::error::thrown;
use crate::packed::PackedWriter;
use crate::repository::Repository;

const FIRST_PARENT: u32 = 1;
const BASES_PASSED: u32 = 2;

/// The search for the commit to test next.
#[wasm_bindgen]
pub struct Bisect(govc_engine::Bisect);

#[wasm_bindgen]
impl Bisect {
    /// Begins; ids are joined without anything between, paths by NUL.
    #[wasm_bindgen(constructor)]
    pub fn new(
        repository: &Repository,
        bad: &str,
        good: &str,
        skipped: &str,
        paths: &[u8],
        flags: u32,
    ) -> Result<Self, JsValue> {
        let options = BisectOptions {
            bad: decode::id(bad).map_err(thrown)?,
            good: decode::ids(good).map_err(thrown)?,
            skipped: decode::ids(skipped).map_err(thrown)?,
            first_parent: flags & FIRST_PARENT != 0,
            paths: paths.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(Into::into).collect(),
        };
        let bisect = repository.engine.bisect(options, flags & BASES_PASSED != 0).map_err(thrown)?;
        Ok(Self(bisect))
    }

    /// Looks at about `most` commits: nothing, or what to do as a kind, two figures and ids, as `STEPS` in `wasm/js/bisect.ts`.
    pub fn step(&mut self, repository: &Repository, most: u32) -> Result<Vec<u8>, JsValue> {
        let step = repository.engine.bisect_step(&mut self.0, most as usize).map_err(thrown)?;
        let Some(step) = step else { return Ok(Vec::new()) };
        let one = core::slice::from_ref;
        let (kind, all, reaches, ids) = match &step {
            BisectStep::Test { commit, all, reaches } => (0, *all, *reaches, one(commit)),
            BisectStep::TestBase(base) => (1, 0, 0, one(base)),
            BisectStep::Found(culprit) => (2, 1, 1, one(culprit)),
            BisectStep::OneOf(candidates) => (3, 0, 0, candidates.as_slice()),
            BisectStep::Fixed(base) => (4, 0, 0, one(base)),
            BisectStep::Nothing => (5, 0, 0, &[][..]),
        };
        let mut out = PackedWriter::new();
        out.u8(kind);
        out.u32(all);
        out.u32(reaches);
        out.list(ids.iter(), |out, id| out.id(Some(*id)));
        Ok(out.finish())
    }
}
