//! Receive-pack without a socket: a push goes in, is unpacked into quarantine, checked and judged; the caller decides,
//! changes its refs and has the answer written. Until it takes the pack, nothing that was sent is visible.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::capabilities::Service;
use super::commands::PushReader;
use super::ls_refs::Advertisement;
use super::pkt_line::write_error;
use super::quarantine::{CheckError, ConnectivityCheck, ObjectCheck};
use super::request::{RequestError, Version};
use super::served::{CHUNK_BYTES, Served};
use super::verdict::{PushPolicy, PushRequest, PushUpdate, judge, judge_connectivity, judge_history};
use crate::pack::{PackError, PackResolver};
use crate::verify::Problem;
use crate::{ObjectId, ReadError};

/// Bytes that are worked through in one step while deltas are resolved.
const RESOLVE_BYTES: u64 = 4 << 20;

/// Why a push failed as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushError {
    /// The client said what makes no sense, or too much.
    Request(RequestError),
    /// The pack is broken, too large, or not whole.
    Pack(PackError),
    /// A new object is not sound.
    Unsound(Problem),
    /// An object could not be read.
    Read(ReadError),
}

impl core::fmt::Display for PushError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Request(error) => write!(f, "{error}"),
            Self::Pack(error) => write!(f, "{error}"),
            Self::Unsound(problem) => write!(f, "object {problem}: {}", problem.message_id()),
            Self::Read(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for PushError {}

/// What the caller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushStep {
    /// Call [`ReceivePack::step`] again.
    Working,
    /// Decide on [`ReceivePack::request`], then call [`ReceivePack::decided`].
    Decide,
    /// Only the answer is left to be sent.
    Answer,
}

/// Receives one push.
pub struct ReceivePack {
    policy: PushPolicy,
    state: State,
    request: Option<Box<PushRequest>>,
    failure: Option<PushError>,
}

enum State {
    Advertising { is_v1: bool, advertisement: Option<Advertisement> },
    Reading(Box<PushReader>),
    Resolving(Box<PackResolver>),
    Checking(ObjectCheck),
    Connecting,
    Connectivity(ConnectivityCheck),
    Deciding,
    Answering(Vec<u8>),
    Ended,
}

impl ReceivePack {
    /// Waits for a push.
    pub fn new(policy: PushPolicy) -> Self {
        let reader = PushReader::new(&policy.limits);
        Self { policy, state: State::Reading(Box::new(reader)), request: None, failure: None }
    }

    /// Answers `GET info/refs`: no input follows.
    pub fn advertise(version: Version, policy: PushPolicy) -> Self {
        let state = State::Advertising { is_v1: version == Version::V1, advertisement: None };
        Self { policy, state, request: None, failure: None }
    }

    /// Takes a piece of the push; what comes after an error is dropped.
    pub fn handle_input(&mut self, bytes: &[u8]) {
        if let State::Reading(reader) = &mut self.state
            && let Err(error) = reader.push(bytes)
        {
            self.refuse_request(error);
        }
    }

    /// Says that the push is complete.
    pub fn end_input(&mut self) {
        let mut reader = match core::mem::replace(&mut self.state, State::Ended) {
            State::Reading(reader) => reader,
            other => return self.state = other,
        };
        let pack = match reader.finish() {
            Ok(pack) => pack,
            Err(error) => return self.refuse_request(error),
        };
        if reader.commands.is_empty() {
            return;
        }
        let updates = reader.commands.drain(..).map(|command| PushUpdate {
            name: command.name,
            before: command.before,
            after: command.after,
            is_fast_forward: false,
            verdict: Ok(()),
        });
        let mut request = PushRequest::new(updates.collect(), reader.capabilities);
        request.options = core::mem::take(&mut reader.options);
        self.request = Some(Box::new(request));
        self.state = State::Connecting;
        match pack.map(|pack| pack.and_then(|receiver| receiver.end())) {
            None => {}
            Some(Ok(resolver)) => self.state = State::Resolving(Box::new(resolver)),
            Some(Err(error)) => self.refuse_pack(PushError::Pack(error)),
        }
    }

    /// Does some of the work between the input and the decision.
    pub fn step(&mut self, served: &Served<'_>) -> PushStep {
        if let Err(error) = self.try_step(served) {
            self.refuse_pack(error);
        }
        match self.state {
            State::Reading(_) | State::Resolving(_) | State::Checking(_) => PushStep::Working,
            State::Connecting | State::Connectivity(_) => PushStep::Working,
            State::Deciding => PushStep::Decide,
            State::Advertising { .. } | State::Answering(_) | State::Ended => PushStep::Answer,
        }
    }

    /// What there is to decide, once [`ReceivePack::step`] says so.
    pub fn request(&mut self) -> Option<&mut PushRequest> {
        match self.state {
            State::Deciding => self.request.as_deref_mut(),
            _ => None,
        }
    }

    /// Says that the verdicts of the request are final: refs are changed, or not.
    pub fn decided(&mut self) {
        if let (State::Deciding, Some(request)) = (&self.state, &self.request) {
            self.state = State::Answering(request.report());
        }
    }

    /// The next piece of the answer; `None` after the last, and as long as there is something else to do.
    pub fn next_chunk(&mut self, served: &Served<'_>) -> Option<Vec<u8>> {
        match &mut self.state {
            State::Advertising { is_v1, advertisement } => {
                let mut out = Vec::new();
                let advertisement = advertisement
                    .get_or_insert_with(|| Advertisement::new(Service::ReceivePack, *is_v1, &mut out));
                if advertisement.write(served.source, served.refs, served.shallow, CHUNK_BYTES, &mut out) {
                    self.state = State::Ended;
                }
                Some(out)
            }
            State::Answering(answer) if answer.len() > CHUNK_BYTES => {
                let rest = answer.split_off(CHUNK_BYTES);
                Some(core::mem::replace(answer, rest))
            }
            State::Answering(answer) => {
                let answer = core::mem::take(answer);
                self.state = State::Ended;
                Some(answer)
            }
            _ => None,
        }
    }

    /// Why the push failed as a whole, once it has.
    pub const fn failure(&self) -> Option<&PushError> {
        self.failure.as_ref()
    }

    /// The client broke the protocol: it gets git's error packet, and nothing else.
    fn refuse_request(&mut self, error: RequestError) {
        let mut out = Vec::new();
        write_error(&error.to_string(), &mut out);
        self.state = State::Answering(out);
        self.failure = Some(PushError::Request(error));
    }

    /// The objects cannot be used: every ref is refused, and the caller has nothing to decide.
    fn refuse_pack(&mut self, error: PushError) {
        let Some(request) = &mut self.request else { return };
        request.refuse_pack(error.to_string());
        self.state = State::Answering(request.report());
        self.failure = Some(error);
    }

    fn try_step(&mut self, served: &Served<'_>) -> Result<(), PushError> {
        let Some(request) = self.request.as_deref_mut() else { return Ok(()) };
        match &mut self.state {
            State::Resolving(resolver) => {
                resolver.step(served.source, RESOLVE_BYTES).map_err(PushError::Pack)?;
                if resolver.is_done()
                    && let State::Resolving(resolver) = core::mem::replace(&mut self.state, State::Ended)
                {
                    let pack = resolver.finish(served.source).map_err(PushError::Pack)?;
                    self.state = State::Checking(ObjectCheck::new(&pack, self.policy.refused_from));
                    request.pack = Some(pack);
                }
            }
            State::Checking(objects) => {
                let is_complete =
                    request.pack.as_ref().map_or(Ok(true), |pack| objects.step(pack, served.source));
                if is_complete.map_err(PushError::from)? {
                    self.state = State::Connecting;
                }
            }
            State::Connecting => {
                judge(request, served, &self.policy);
                let tips: Vec<ObjectId> = request.accepted_tips().collect();
                let limits = &self.policy.limits;
                match ConnectivityCheck::new(&tips, request.pack.as_ref(), served, limits) {
                    Ok(check) => self.state = State::Connectivity(check),
                    Err(error) => self.settle(served, Some(error))?,
                }
            }
            State::Connectivity(check) => match check.step(request.pack.as_ref(), served) {
                Ok(true) => self.settle(served, None)?,
                Ok(false) => {}
                Err(error) => self.settle(served, Some(error))?,
            },
            _ => {}
        }
        Ok(())
    }

    /// Ends the checks: nothing is missing, or `error` says what was met first.
    fn settle(&mut self, served: &Served<'_>, error: Option<ReadError>) -> Result<(), PushError> {
        let Some(request) = self.request.as_deref_mut() else { return Ok(()) };
        if let Some(error) = error {
            judge_connectivity(request, served, &self.policy, error).map_err(PushError::Read)?;
        }
        judge_history(request, served, &self.policy).map_err(PushError::Read)?;
        request.settle_atomic();
        self.state = State::Deciding;
        Ok(())
    }
}

impl From<CheckError> for PushError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Read(error) => Self::Read(error),
            CheckError::Unsound(problem) => Self::Unsound(problem),
        }
    }
}
