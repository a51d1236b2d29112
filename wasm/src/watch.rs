//! Events: what happened at a position of the log, and who wants it.

use govc_engine::WatchFilter;
use wasm_bindgen::prelude::*;

use crate::decode::globs;
use crate::packed::PackedWriter;
use crate::repository::Repository;

/// The filters of a repository's subscriptions.
#[wasm_bindgen]
#[derive(Default)]
pub struct Watchers(govc_engine::Watchers);

#[wasm_bindgen]
impl Watchers {
    /// Starts without any.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a filter; its key. Patterns are joined by NUL, kinds are bits, 0 for all.
    pub fn add(&mut self, paths: Option<Box<[u8]>>, realities: Option<Box<[u8]>>, kinds: u32) -> u32 {
        self.0.add(WatchFilter {
            paths: paths.as_deref().map(globs),
            realities: realities.as_deref().map(globs),
            kinds,
        })
    }

    /// Removes a filter.
    pub fn remove(&mut self, key: u32) {
        self.0.remove(key);
    }

    /// Who wants the events from a position on: the position behind what was looked at, then position and key of each.
    pub fn route(&mut self, repository: &Repository, from: f64, count: f64) -> Vec<f64> {
        let (wanted, next) = self.0.route(&repository.engine, from as u64, count as u64);
        let mut out = Vec::with_capacity(1 + 2 * wanted.len());
        out.push(next as f64);
        for (position, key) in wanted {
            out.push(position as f64);
            out.push(f64::from(key));
        }
        out
    }

    /// What filters say of a file: key, 1 and the place of the pattern that decides (0 for none), and 1 where it is meant.
    pub fn explain(&mut self, path: &[u8]) -> Vec<u32> {
        let verdicts = self.0.explain(path);
        verdicts
            .iter()
            .flat_map(|verdict| {
                [verdict.key, verdict.index.map_or(0, |at| at + 1), u32::from(verdict.is_meant)]
            })
            .collect()
    }

    /// The positions that one filter wants: the position behind what was looked at, then those found.
    pub fn scan(&self, repository: &Repository, key: u32, from: f64, count: f64, found_max: u32) -> Vec<f64> {
        let (found, next) =
            self.0.scan(&repository.engine, key, from as u64, count as u64, found_max as usize);
        let mut out = Vec::with_capacity(1 + found.len());
        out.push(next as f64);
        out.extend(found.iter().map(|position| *position as f64));
        out
    }
}

#[wasm_bindgen]
impl Repository {
    /// The position of the first event that the log holds.
    #[wasm_bindgen(js_name = eventsStart)]
    pub fn events_start(&self) -> f64 {
        self.engine.events_start() as f64
    }

    /// The position behind the last event.
    #[wasm_bindgen(js_name = eventsEnd)]
    pub fn events_end(&self) -> f64 {
        self.engine.events_end() as f64
    }

    /// What happened at a position, as `CommitEvent` in `wasm/js/events/event.ts` reads it; nothing where there is no event.
    #[wasm_bindgen(js_name = eventAt)]
    pub fn event_at(&self, position: f64) -> Option<Vec<u8>> {
        let event = self.engine.event(position as u64)?;
        let mut out = PackedWriter::new();
        out.u8(event.kind as u8);
        out.u8(u8::from(event.has_changes) | u8::from(event.by_rule) << 1);
        out.bytes(event.reality);
        out.id(event.before);
        out.id(event.after);
        out.id(event.staged);
        out.bytes(event.description.as_bytes());
        Some(out.finish())
    }
}
