//! What a push may change: the refs that it names, the rules, and why one is refused.
//!
//! Judges by names, ids and history. Whether the objects are sound and all here is found in `quarantine`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

use super::capabilities::{Capability, CapabilitySet};
use super::ls_refs::Head;
use super::pkt_line::{BAND_BYTES_MAX, Band, printable, write_flush, write_parts};
use super::quarantine::{Quarantine, is_connected};
use super::served::Served;
use crate::limits::Limits;
use crate::pack::Pack;
use crate::refs::{Expected, NewValue, RefDelta, RefName, RefStore, RefUpdate};
use crate::rev::{CommitGraph, is_ancestor};
use crate::verify::Severity;
use crate::{Kind, ObjectId, ObjectSource, ReadError};

/// Most updates that are looked at one by one when something is missing; with more, all are refused.
const SINGLE_CHECKS_MAX: usize = 64;

/// What a push may do, and how much.
#[derive(Clone, Copy, Debug)]
pub struct PushPolicy {
    /// Refs may be deleted. Default true, as in git.
    pub allows_deletion: bool,
    /// The branch that HEAD names may be deleted. Default false, as in git.
    pub allows_deletion_of_head: bool,
    /// A branch may go where its old commit is no ancestor. Default true, as in git: the client must ask for it.
    pub allows_non_fast_forward: bool,
    /// Objects with problems of this severity or worse are refused; names like `.git` always. Default what is an error
    /// to git: what it warns of stands in old histories.
    pub refused_from: Severity,
    /// Bounds on what is sent.
    pub limits: Limits,
}

impl Default for PushPolicy {
    fn default() -> Self {
        Self {
            allows_deletion: true,
            allows_deletion_of_head: false,
            allows_non_fast_forward: true,
            refused_from: Severity::Error,
            limits: Limits::default(),
        }
    }
}

/// Why one ref is not changed. Shown to the client in git's words where git has some.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// No name for a ref, or not under `refs/`.
    FunnyName,
    /// The push names the ref twice.
    Repeated,
    /// The ref is not what the client thinks.
    Stale {
        /// What it is.
        found: Option<ObjectId>,
    },
    /// What the new value reaches is not all here.
    MissingObjects,
    /// A branch holds a commit.
    NoCommit,
    /// Deletions are not taken.
    Deletion,
    /// The branch that HEAD names is not deleted.
    DeletionOfHead,
    /// The old commit is no ancestor of the new one.
    NonFastForward,
    /// Another ref of an atomic push is refused.
    Atomic,
    /// The pack could not be used.
    Unpacker,
    /// The refs could not be changed.
    Update(String),
    /// The host's own reason.
    Host(String),
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::FunnyName => f.write_str("funny refname"),
            Self::Repeated => f.write_str("multiple updates for one ref"),
            Self::Stale { found: Some(id) } => write!(f, "failed to update ref: it is at {id}"),
            Self::Stale { found: None } => f.write_str("failed to update ref: it does not exist"),
            Self::MissingObjects => f.write_str("missing necessary objects"),
            Self::NoCommit => f.write_str("failed to update ref: not a commit"),
            Self::Deletion => f.write_str("deletion prohibited"),
            Self::DeletionOfHead => f.write_str("deletion of the current branch prohibited"),
            Self::NonFastForward => f.write_str("non-fast-forward"),
            Self::Atomic => f.write_str("atomic transaction failed"),
            Self::Unpacker => f.write_str("unpacker error"),
            Self::Update(reason) => write!(f, "failed to update ref: {}", printable(reason)),
            Self::Host(reason) => f.write_str(&printable(reason)),
        }
    }
}

/// One ref of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushUpdate {
    /// The full name, as the client says it.
    pub name: BString,
    /// What the client thinks that it is; `None` where it thinks that there is none.
    pub before: Option<ObjectId>,
    /// What it shall be; `None` to delete it.
    pub after: Option<ObjectId>,
    /// Whether the old commit is an ancestor of the new one; false for creations and deletions.
    pub is_fast_forward: bool,
    /// What was judged so far; a host sets its own refusals here before it applies the rest.
    pub verdict: Result<(), Refusal>,
}

/// A push that was received and judged, for the caller to decide.
pub struct PushRequest {
    /// The refs, in the client's order.
    pub updates: Vec<PushUpdate>,
    /// All refs change, or none.
    pub is_atomic: bool,
    /// What the client tells the host's hooks.
    pub options: Vec<BString>,
    /// The new objects; `None` where none were sent or they were taken. The caller takes them, and makes them visible,
    /// before it changes refs.
    pub pack: Option<Pack>,
    capabilities: CapabilitySet,
    unpack_error: Option<String>,
}

impl PushRequest {
    /// Whether anything may change.
    pub fn has_accepted(&self) -> bool {
        self.updates.iter().any(|update| update.verdict.is_ok())
    }

    /// In an atomic push, lets one refusal refuse the rest.
    pub fn settle_atomic(&mut self) {
        if self.is_atomic && self.updates.iter().any(|update| update.verdict.is_err()) {
            self.updates
                .iter_mut()
                .filter(|update| update.verdict.is_ok())
                .for_each(|update| update.verdict = Err(Refusal::Atomic));
        }
    }

    /// Changes the refs that are accepted, each only from the value that the client expects: one by one, or all or none in
    /// an atomic push. Records what the refs themselves refuse.
    pub fn apply(&mut self, refs: &mut RefStore) -> Vec<RefDelta> {
        self.settle_atomic();
        if !self.is_atomic {
            let mut deltas = Vec::new();
            for update in self.updates.iter_mut().filter(|update| update.verdict.is_ok()) {
                match update.ref_update().map(|change| refs.update(&[change])) {
                    None => update.verdict = Err(Refusal::FunnyName),
                    Some(Err(error)) => update.verdict = Err(Refusal::Update(error.to_string())),
                    Some(Ok(changed)) => deltas.extend(changed),
                }
            }
            return deltas;
        }
        let accepted = self.updates.iter().filter(|update| update.verdict.is_ok());
        let changes: Vec<RefUpdate> = accepted.filter_map(PushUpdate::ref_update).collect();
        refs.update(&changes).unwrap_or_else(|error| {
            for update in &mut self.updates {
                let is_cause = update.name.as_bstr() == error.name.as_bstr();
                let reason = if is_cause { Refusal::Update(error.to_string()) } else { Refusal::Atomic };
                update.verdict = Err(reason);
            }
            Vec::new()
        })
    }

    pub(super) fn new(updates: Vec<PushUpdate>, capabilities: CapabilitySet) -> Self {
        Self {
            updates,
            is_atomic: capabilities.has(Capability::Atomic),
            options: Vec::new(),
            pack: None,
            capabilities,
            unpack_error: None,
        }
    }

    /// The objects cannot be used: no ref is changed.
    pub(super) fn refuse_pack(&mut self, reason: String) {
        self.unpack_error = Some(reason);
        self.pack = None;
        self.updates.iter_mut().for_each(|update| update.verdict = Err(Refusal::Unpacker));
    }

    /// What the refs shall point to that are not refused.
    pub(super) fn accepted_tips(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.updates.iter().filter(|update| update.verdict.is_ok()).filter_map(|update| update.after)
    }

    /// What the client is told.
    pub(super) fn report(&self) -> Vec<u8> {
        let mut report = Vec::new();
        let has = |capability| self.capabilities.has(capability);
        if has(Capability::ReportStatus) || has(Capability::ReportStatusV2) {
            let unpack = self.unpack_error.as_deref().map_or("ok".into(), printable);
            write_parts(&[b"unpack ", unpack.as_bytes(), b"\n"], &mut report);
            for update in &self.updates {
                match &update.verdict {
                    Ok(()) => write_parts(&[b"ok ", &update.name, b"\n"], &mut report),
                    Err(refusal) => {
                        let reason = refusal.to_string();
                        write_parts(&[b"ng ", &update.name, b" ", reason.as_bytes(), b"\n"], &mut report);
                    }
                }
            }
            write_flush(&mut report);
        }
        if !has(Capability::SideBand64k) {
            return report;
        }
        let mut out = Vec::new();
        Band::Content.write_within(&report, BAND_BYTES_MAX, &mut out);
        write_flush(&mut out);
        out
    }
}

impl PushUpdate {
    /// The change as the refs take it; `None` where the name is none.
    fn ref_update(&self) -> Option<RefUpdate> {
        Some(RefUpdate {
            name: RefName::new(&self.name).ok()?,
            expected: self.before.map_or(Expected::Missing, Expected::Value),
            new: self.after.map_or(NewValue::Delete, NewValue::Set),
        })
    }
}

/// Judges what can be judged by names and ids.
pub(super) fn judge(request: &mut PushRequest, served: &Served<'_>, policy: &PushPolicy) {
    let mut names: Vec<BString> = request.updates.iter().map(|update| update.name.clone()).collect();
    crate::sort::sort(&mut names);
    for update in &mut request.updates {
        let found = served.refs.find(&update.name);
        let is_head = matches!(served.refs.head(), Head::Symbolic(target) if *target == update.name);
        let times = names.partition_point(|name| *name <= update.name)
            - names.partition_point(|name| *name < update.name);
        update.verdict = if !is_ref_name(&update.name) {
            Err(Refusal::FunnyName)
        } else if times > 1 {
            Err(Refusal::Repeated)
        } else if update.after.is_none() && !policy.allows_deletion {
            Err(Refusal::Deletion)
        } else if update.after.is_none() && is_head && !policy.allows_deletion_of_head {
            Err(Refusal::DeletionOfHead)
        } else if found != update.before {
            Err(Refusal::Stale { found })
        } else {
            Ok(())
        };
    }
}

/// Something that the new refs reach is missing, as `error` says: finds the refs for which that is so.
pub(super) fn judge_connectivity(
    request: &mut PushRequest,
    served: &Served<'_>,
    policy: &PushPolicy,
    error: ReadError,
) -> Result<(), ReadError> {
    if error.is_limit() {
        return Err(error);
    }
    let looks_closely = request.accepted_tips().count() <= SINGLE_CHECKS_MAX;
    for update in request.updates.iter_mut().filter(|update| update.verdict.is_ok()) {
        let Some(after) = update.after else { continue };
        if !looks_closely || !is_connected(&after, request.pack.as_ref(), served, &policy.limits)? {
            update.verdict = Err(Refusal::MissingObjects);
        }
    }
    Ok(())
}

/// Judges what needs the objects: branches hold commits, and which commit comes after which.
pub(super) fn judge_history(
    request: &mut PushRequest,
    served: &Served<'_>,
    policy: &PushPolicy,
) -> Result<(), ReadError> {
    let source = Quarantine { pack: request.pack.as_ref(), base: served.source };
    let mut graph = CommitGraph::with_shallow(served.shallow.iter().copied());
    for update in request.updates.iter_mut().filter(|update| update.verdict.is_ok()) {
        let Some(after) = update.after else { continue };
        let is_branch = update.name.starts_with(b"refs/heads/");
        if source.header(&after)?.0 != Kind::Commit {
            if is_branch {
                update.verdict = Err(Refusal::NoCommit);
            }
            continue;
        }
        let Some(before) = update.before else { continue };
        // An old commit that cannot be walked to, for whatever reason, is no ancestor.
        update.is_fast_forward = is_ancestor(&mut graph, &source, &before, &after).unwrap_or(false);
        if is_branch && !update.is_fast_forward && !policy.allows_non_fast_forward {
            update.verdict = Err(Refusal::NonFastForward);
        }
    }
    Ok(())
}

/// Whether a push may name this ref: under `refs/`, in a folder there, and well-formed.
fn is_ref_name(name: &[u8]) -> bool {
    let is_in_folder = name.strip_prefix(b"refs/").is_some_and(|rest| rest.contains(&b'/'));
    is_in_folder && RefName::new(name).is_ok()
}
