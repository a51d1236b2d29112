//! Verification in steps.

use govc_engine::git::verify::{Severity, Subject};
use wasm_bindgen::prelude::*;

use crate::packed::PackedWriter;
use crate::repository::Repository;

/// A verification of the objects that were here when it began.
#[wasm_bindgen]
pub struct Verification(govc_engine::Verification);

#[wasm_bindgen]
impl Verification {
    /// Begins.
    #[wasm_bindgen(constructor)]
    pub fn new(repository: &Repository) -> Self {
        Self(repository.engine.verify())
    }

    /// Checks up to `most` further objects: objects done, objects in all, 1 where nothing is left.
    pub fn step(&mut self, repository: &Repository, most: u32) -> Vec<f64> {
        let total = self.0.total() as f64;
        let progress = repository.engine.verify_step(&mut self.0, most as usize);
        vec![progress.checked as f64, total, if progress.finished { 1.0 } else { 0.0 }]
    }

    /// What was found: object or none, ref or none, severity, git's name for it, sentence.
    pub fn problems(&self) -> Vec<u8> {
        let mut out = PackedWriter::new();
        out.list(self.0.problems().iter(), |out, problem| {
            let (id, name) = match &problem.subject {
                Subject::Object(id) => (Some(*id), &b""[..]),
                Subject::Ref(name) => (None, name.as_slice()),
            };
            out.id(id);
            out.bytes(name);
            out.u8(match problem.severity() {
                Severity::Error | Severity::Fatal => 0,
                Severity::Warning => 1,
                _ => 2,
            });
            out.bytes(problem.message_id().as_bytes());
            out.bytes(problem.to_string().as_bytes());
        });
        out.finish()
    }
}
