//! This repository as a git host: one request of a git client, from its head to the last byte of the answer.
//!
//! The shell moves bytes and asks the host's own hook; what a push brought is seen by nobody before it is taken.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use bstr::BString;
use govc_git::ObjectId;
use govc_git::pack::Pack;
use govc_git::transport::capabilities::Service;
use govc_git::transport::http::{Endpoint, HttpError, RequestHead, route};
use govc_git::transport::ls_refs::ServedRefs;
use govc_git::transport::push::{PushStep, ReceivePack};
use govc_git::transport::server::UploadPack;
use govc_git::transport::{PushPolicy, Refusal};
use govc_git::transport::{ServeOptions, Served};

use crate::kept_log::OWN_REFS;
use crate::operation::OperationKind;
use crate::{Env, Repository};

/// One request of a git client. It sees the refs as they were when it came.
pub struct GitExchange {
    endpoint: Endpoint,
    machine: Machine,
    refs: ServedRefs,
}

enum Machine {
    Fetch(UploadPack),
    Push(ReceivePack),
}

/// A ref that a push wants to move, for the host's hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedUpdate {
    /// The ref's full name.
    pub name: BString,
    /// What the client takes it to be.
    pub before: Option<ObjectId>,
    /// What it shall be; `None` to delete it.
    pub after: Option<ObjectId>,
}

impl GitExchange {
    /// What the request means.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Takes a piece of the request's body.
    pub fn handle_input(&mut self, bytes: &[u8]) {
        match &mut self.machine {
            Machine::Fetch(machine) => machine.handle_input(bytes),
            Machine::Push(machine) => machine.handle_input(bytes),
        }
    }

    /// Says that the body is complete.
    pub fn end_input(&mut self) {
        match &mut self.machine {
            Machine::Fetch(machine) => machine.end_input(),
            Machine::Push(machine) => machine.end_input(),
        }
    }
}

impl Repository {
    /// Begins to answer a request; pushes only where the host takes them.
    pub fn exchange(&self, head: &RequestHead<'_>, takes_push: bool) -> Result<GitExchange, HttpError> {
        let endpoint = route(head)?;
        if endpoint.service() == Service::ReceivePack && !takes_push {
            return Err(HttpError::PUSH_REFUSED);
        }
        let options = ServeOptions { limits: self.limits, ..ServeOptions::default() };
        let policy = PushPolicy { limits: self.limits, ..PushPolicy::default() };
        let machine = match endpoint {
            Endpoint::Advertise { service: Service::UploadPack, version } => {
                Machine::Fetch(UploadPack::advertise(version, options))
            }
            Endpoint::Advertise { version, .. } => Machine::Push(ReceivePack::advertise(version, policy)),
            Endpoint::Answer { service: Service::UploadPack, version, .. } => {
                Machine::Fetch(UploadPack::new(version, options))
            }
            Endpoint::Answer { .. } => Machine::Push(ReceivePack::new(policy)),
        };
        Ok(GitExchange { endpoint, machine, refs: ServedRefs::from_store(&self.refs) })
    }

    /// Does some of the work between a push's last byte and its decision.
    pub fn push_step(&self, exchange: &mut GitExchange) -> PushStep {
        let packs: Vec<&Pack> = self.store.packs().iter().collect();
        let served =
            Served { source: &self.store, packs: &packs, refs: &exchange.refs, shallow: &self.shallow };
        match &mut exchange.machine {
            Machine::Push(machine) => machine.step(&served),
            Machine::Fetch(_) => PushStep::Answer,
        }
    }

    /// The refs that a push would move, once there is something to decide.
    pub fn proposed(&self, exchange: &mut GitExchange) -> Vec<ProposedUpdate> {
        let Machine::Push(machine) = &mut exchange.machine else { return Vec::new() };
        let Some(request) = machine.request() else { return Vec::new() };
        let open = request.updates.iter().filter(|update| update.verdict.is_ok());
        let accepted = open.filter(|update| !update.name.starts_with(OWN_REFS));
        accepted
            .map(|update| ProposedUpdate {
                name: update.name.clone(),
                before: update.before,
                after: update.after,
            })
            .collect()
    }

    /// Makes what a push brought readable, for the host to look at; true where there was a pack. A push that is refused
    /// then takes [`Self::drop_newest_pack`].
    pub fn admit_push(&mut self, exchange: &mut GitExchange) -> bool {
        let Machine::Push(machine) = &mut exchange.machine else { return false };
        let pack = machine.request().and_then(|request| request.pack.take());
        let came = pack.is_some();
        self.store.take_packs(pack);
        came
    }

    /// Carries a decided push out, as one operation; with a `refusal`, the host's reason, nothing moves.
    pub fn finish_push(&mut self, exchange: &mut GitExchange, refusal: Option<&str>, env: &Env) {
        let Machine::Push(machine) = &mut exchange.machine else { return };
        if let Some(request) = machine.request() {
            for update in request.updates.iter_mut().filter(|update| update.verdict.is_ok()) {
                let own = update.name.starts_with(OWN_REFS).then_some("refs/govc/ is this repository's own");
                if let Some(reason) = own.or(refusal) {
                    update.verdict = Err(Refusal::Host(reason.to_owned()));
                }
            }
            if request.has_accepted() {
                self.store.take_packs(request.pack.take());
                let deltas = request.apply(&mut self.refs);
                let names: Vec<String> =
                    deltas.iter().map(|delta| format!("{}", delta.name.short())).collect();
                if !deltas.is_empty() {
                    self.log_moved(OperationKind::Push, format!("push {}", names.join(", ")), env, deltas);
                }
            }
        }
        machine.decided();
    }

    /// The next piece of the answer; `None` after the last.
    pub fn answer_chunk(&self, exchange: &mut GitExchange) -> Option<Vec<u8>> {
        let packs: Vec<&Pack> = self.store.packs().iter().collect();
        let served =
            Served { source: &self.store, packs: &packs, refs: &exchange.refs, shallow: &self.shallow };
        match &mut exchange.machine {
            Machine::Fetch(machine) => machine.next_chunk(&served),
            Machine::Push(machine) => machine.next_chunk(&served),
        }
    }
}
