//! Exchanges with a git host: requests out, answers in; `wasm/js/remote` sends them.

use govc_engine::git::transport::client::RequestTarget;
use govc_engine::{
    Error, ErrorCode, FetchOptions, Force, PushOptions, RemoteFetch, RemotePush, RemoteRequest, Result,
};
use wasm_bindgen::prelude::*;

use crate::decode;
use crate::error::thrown;
use crate::packed::PackedWriter;
use crate::repository::{Repository, write_delta};

const CLONE: u32 = 1;
const SINGLE: u32 = 2;
const PRUNE: u32 = 4;
const PUSH: u32 = 8;
const FORCE: u32 = 16;
const LEASE: u32 = 32;
const ATOMIC: u32 = 64;

/// A fetch, clone or push on its way.
#[wasm_bindgen]
pub struct RemoteExchange(Option<Machine>);

enum Machine {
    Fetch(Box<RemoteFetch>),
    Push(Box<RemotePush>),
}

/// Runs a method that both machines have.
macro_rules! machine {
    ($exchange:expr, $machine:ident => $call:expr) => {
        match &mut $exchange.0 {
            Some(Machine::Fetch($machine)) => $call,
            Some(Machine::Push($machine)) => $call,
            None => Err(over()),
        }
    };
}

#[wasm_bindgen]
impl RemoteExchange {
    /// Plans an exchange: `refs` are a packed list of texts, the flags those above, `depth` 0 for all of history.
    #[wasm_bindgen(constructor)]
    pub fn new(
        repository: &Repository,
        remote: &str,
        refs: &[u8],
        flags: u32,
        depth: u32,
    ) -> std::result::Result<Self, JsValue> {
        Self::begin(repository, remote, refs, flags, depth).map_err(thrown)
    }

    /// The next request: path, content type and `Git-Protocol` (both may be empty), `Accept`, whether there is a body, the
    /// body. Nothing where all has come.
    pub fn request(&mut self, repository: &Repository) -> std::result::Result<Option<Vec<u8>>, JsValue> {
        let request = machine!(self, machine => machine.request(&repository.engine));
        Ok(request.map_err(thrown)?.map(|RemoteRequest { target, body }| packed(target, body)))
    }

    /// The next bytes of a push's body, which may be none; nothing after the last.
    #[wasm_bindgen(js_name = bodyChunk)]
    pub fn body_chunk(&mut self, repository: &Repository) -> std::result::Result<Option<Vec<u8>>, JsValue> {
        match &mut self.0 {
            Some(Machine::Push(machine)) => machine.body_chunk(&repository.engine).map_err(thrown),
            _ => Ok(None),
        }
    }

    /// Takes the head of the answer.
    #[wasm_bindgen(js_name = handleHead)]
    pub fn handle_head(&mut self, status: u16, content_type: &str) -> std::result::Result<(), JsValue> {
        machine!(self, machine => machine.handle_head(status, content_type.as_bytes())).map_err(thrown)
    }

    /// Takes a piece of the answer.
    #[wasm_bindgen(js_name = handleInput)]
    pub fn handle_input(&mut self, bytes: &[u8]) -> std::result::Result<(), JsValue> {
        machine!(self, machine => machine.handle_input(bytes)).map_err(thrown)
    }

    /// Says that the answer is complete.
    #[wasm_bindgen(js_name = endInput)]
    pub fn end_input(&mut self, repository: &Repository) -> std::result::Result<(), JsValue> {
        machine!(self, machine => machine.end_input(&repository.engine)).map_err(thrown)
    }

    /// Does some of the work after the last answer; `true` where nothing is left but to finish.
    pub fn step(&mut self, repository: &Repository, budget: f64) -> std::result::Result<bool, JsValue> {
        match &mut self.0 {
            Some(Machine::Fetch(machine)) => machine.step(&repository.engine, budget as u64).map_err(thrown),
            _ => Ok(true),
        }
    }

    /// How far it has come: done, in all, and the phase.
    pub fn progress(&self) -> Vec<u8> {
        let progress = match &self.0 {
            Some(Machine::Fetch(machine)) => Some(machine.progress()),
            Some(Machine::Push(machine)) => Some(machine.progress()),
            None => None,
        };
        let mut out = PackedWriter::new();
        if let Some(progress) = progress {
            out.f64(progress.done as f64);
            out.f64(progress.total as f64);
            out.bytes(progress.phase.as_bytes());
        }
        out.finish()
    }

    /// Whether history here will be cut elsewhere than it is.
    #[wasm_bindgen(js_name = movesCuts)]
    pub fn moves_cuts(&self, repository: &Repository) -> bool {
        matches!(&self.0, Some(Machine::Fetch(machine)) if machine.moves_cuts(&repository.engine))
    }

    /// Changes the repository. A fetch: objects, bytes, refs that moved, refs that did not with the reason. A push: each ref
    /// with the reason where it did not move, then what the server's hooks said.
    pub fn finish(
        &mut self,
        repository: &mut Repository,
        now_ms: f64,
    ) -> std::result::Result<Vec<u8>, JsValue> {
        self.end(repository, now_ms).map_err(thrown)
    }
}

impl RemoteExchange {
    fn begin(repository: &Repository, remote: &str, refs: &[u8], flags: u32, depth: u32) -> Result<Self> {
        let has = |flag| flags & flag != 0;
        let refs = decode::fields(refs)?.into_iter().map(<[u8]>::to_vec).collect();
        let remote = remote.to_owned();
        if has(PUSH) {
            let force = match (has(FORCE), has(LEASE)) {
                (true, _) => Force::Yes,
                (_, true) => Force::WithLease,
                _ => Force::No,
            };
            let options = PushOptions { remote, refs, force, is_atomic: has(ATOMIC) };
            return Ok(Self(Some(Machine::Push(Box::new(RemotePush::new(options, &repository.engine))))));
        }
        let options = FetchOptions {
            remote,
            refs,
            depth: (depth > 0).then_some(depth),
            prunes: has(PRUNE),
            is_clone: has(CLONE),
            is_single: has(SINGLE),
        };
        Ok(Self(Some(Machine::Fetch(Box::new(RemoteFetch::new(options, &repository.engine)?)))))
    }

    fn end(&mut self, repository: &mut Repository, now_ms: f64) -> Result<Vec<u8>> {
        let env = repository.env(now_ms);
        let mut out = PackedWriter::new();
        match self.0.take().ok_or_else(over)? {
            Machine::Fetch(machine) => {
                let fetched = machine.finish(&mut repository.engine, &env)?;
                out.f64(fetched.objects as f64);
                out.f64(fetched.bytes as f64);
                out.list(fetched.moved.iter(), write_delta);
                out.list(fetched.rejected.iter(), |out, (name, reason)| {
                    out.bytes(name.as_ref());
                    out.bytes(reason.as_bytes());
                });
            }
            Machine::Push(machine) => {
                let pushed = machine.finish(&mut repository.engine, &env)?;
                out.list(pushed.refs.iter(), |out, (name, outcome)| {
                    out.bytes(name.as_ref());
                    out.bytes(outcome.as_ref().err().map_or(b"", |reason| reason.as_bytes()));
                });
                out.bytes(pushed.messages.as_bytes());
            }
        }
        Ok(out.finish())
    }
}

fn packed(target: RequestTarget, body: Option<Vec<u8>>) -> Vec<u8> {
    let mut out = PackedWriter::new();
    let texts = [Some(target.path()), target.content_type(), target.git_protocol(), Some(target.accept())];
    texts.iter().for_each(|text| out.bytes(text.unwrap_or_default().as_bytes()));
    out.u8(u8::from(body.is_some()));
    out.bytes(&body.unwrap_or_default());
    out.finish()
}

fn over() -> Error {
    Error::new(ErrorCode::InvalidArgument, "this exchange is over")
}
