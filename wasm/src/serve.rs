//! One request of a git client, answered by a repository.

use govc_engine::git::transport::http::{Endpoint, RequestHead};
use govc_engine::git::transport::push::PushStep;
use wasm_bindgen::prelude::*;

use crate::packed::PackedWriter;
use crate::repository::Repository;

/// A request on its way through a repository; `wasm/js/handler.ts` moves its bytes.
#[wasm_bindgen]
pub struct GitExchange {
    inner: Option<govc_engine::GitExchange>,
    status: u16,
    text: String,
}

#[wasm_bindgen]
impl GitExchange {
    /// Begins to answer.
    #[expect(clippy::too_many_arguments, reason = "each is one part of a request's head")]
    #[wasm_bindgen(constructor)]
    pub fn new(
        repository: &Repository,
        method: &str,
        path: &str,
        query: &str,
        content_type: &str,
        git_protocol: &str,
        content_encoding: &str,
        takes_push: bool,
    ) -> Self {
        let head = RequestHead { method, path, query, content_type, git_protocol, content_encoding };
        match repository.engine.exchange(&head, takes_push) {
            Ok(exchange) => {
                let text = exchange.endpoint().content_type().to_owned();
                Self { inner: Some(exchange), status: 200, text }
            }
            Err(error) => Self { inner: None, status: error.status, text: error.text.to_owned() },
        }
    }

    /// The status of the response.
    #[wasm_bindgen(getter)]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The content type of the answer; for an error its text.
    #[wasm_bindgen(getter)]
    pub fn text(&self) -> String {
        self.text.clone()
    }

    /// Whether the body must pass through gunzip first.
    #[wasm_bindgen(getter, js_name = isGzip)]
    pub fn is_gzip(&self) -> bool {
        let endpoint = self.inner.as_ref().map(govc_engine::GitExchange::endpoint);
        matches!(endpoint, Some(Endpoint::Answer { is_gzip: true, .. }))
    }

    /// Takes a piece of the request's body.
    #[wasm_bindgen(js_name = handleInput)]
    pub fn handle_input(&mut self, bytes: &[u8]) {
        if let Some(exchange) = &mut self.inner {
            exchange.handle_input(bytes);
        }
    }

    /// Says that the body is complete.
    #[wasm_bindgen(js_name = endInput)]
    pub fn end_input(&mut self) {
        if let Some(exchange) = &mut self.inner {
            exchange.end_input();
        }
    }

    /// Does some of the work of a push: 0 there is more to do, 1 there is something to decide, 2 only the answer is left.
    pub fn step(&mut self, repository: &Repository) -> u8 {
        match self.inner.as_mut().map(|exchange| repository.engine.push_step(exchange)) {
            Some(PushStep::Working) => 0,
            Some(PushStep::Decide) => 1,
            _ => 2,
        }
    }

    /// The refs that a push would move: name, before, after.
    pub fn proposed(&mut self, repository: &Repository) -> Vec<u8> {
        let updates =
            self.inner.as_mut().map(|exchange| repository.engine.proposed(exchange)).unwrap_or_default();
        let mut out = PackedWriter::new();
        out.list(updates.iter(), |out, update| {
            out.bytes(&update.name);
            out.id(update.before);
            out.id(update.after);
        });
        out.finish()
    }

    /// Makes what a push brought readable; whether there was a pack.
    pub fn admit(&mut self, repository: &mut Repository) -> bool {
        self.inner.as_mut().is_some_and(|exchange| repository.engine.admit_push(exchange))
    }

    /// Carries a push out, or refuses it with the host's reason.
    #[wasm_bindgen(js_name = finishPush)]
    pub fn finish_push(&mut self, repository: &mut Repository, refusal: Option<String>, now_ms: f64) {
        let env = repository.env(now_ms);
        if let Some(exchange) = &mut self.inner {
            repository.engine.finish_push(exchange, refusal.as_deref(), &env);
        }
    }

    /// The next piece of the answer; nothing after the last.
    pub fn next(&mut self, repository: &Repository) -> Option<Vec<u8>> {
        repository.engine.answer_chunk(self.inner.as_mut()?)
    }
}
