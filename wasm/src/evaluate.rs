//! Figures of evaluations, and which reality serves a key.

use govc_engine::{Scale, Verdict, Weight};
use wasm_bindgen::prelude::*;

use crate::decode;
use crate::error::thrown;
use crate::repository::Repository;

/// Compares candidates with a baseline: `rounds` scores of the baseline, then as many of each candidate. Of each candidate
/// difference, both ends of the interval, and 1 for higher, -1 for lower, 0 for no difference.
#[wasm_bindgen(js_name = compareScores)]
pub fn compare_scores(scores: &[f64], rounds: usize, only_order: bool) -> Result<Vec<f64>, JsValue> {
    let (baseline, rest) = scores.split_at(rounds.min(scores.len()));
    let candidates: Vec<&[f64]> = rest.chunks(rounds.max(1)).collect();
    let scale = if only_order { Scale::Order } else { Scale::Numbers };
    let mut figures = Vec::new();
    for found in govc_engine::compare(scale, baseline, &candidates).map_err(thrown)? {
        let verdict = match found.verdict {
            Verdict::NoDifference => 0.0,
            Verdict::Higher => 1.0,
            Verdict::Lower => -1.0,
        };
        figures.extend([found.difference, found.interval.0, found.interval.1, verdict]);
    }
    Ok(figures)
}

#[wasm_bindgen]
impl Repository {
    /// The position of the reality that serves a key; `names` are packed fields.
    pub fn assign(&self, key: &[u8], salt: &[u8], names: &[u8], weights: &[f64]) -> Result<usize, JsValue> {
        let names = decode::fields(names).map_err(thrown)?;
        names.iter().try_for_each(|name| self.reality(name).map(drop))?;
        let weights: Vec<Weight> =
            names.iter().zip(weights).map(|(name, weight)| Weight { name, weight: *weight }).collect();
        govc_engine::assign(key, salt, &weights).map_err(thrown)
    }
}
