//! A push, from what the server shows to what became of each ref.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use bstr::{BStr, BString, ByteSlice};
use govc_git::limits::Limits;
use govc_git::name_map::NameMap;
use govc_git::pack::WriteOptions;
use govc_git::refs::refspec::{Refspec, full_names};
use govc_git::refs::{Expected, NewValue, RefName, RefUpdate};
use govc_git::transport::capabilities::Service;
use govc_git::transport::client::{
    Advertised, AdvertisementReader, ClientError, PushCommand, PushReport, ReportReader, RequestTarget,
    check_head, write_push,
};
use govc_git::transport::request::Version;
use govc_git::transport::select::SelectionRequest;
use govc_git::{Kind, ObjectId, ObjectSource};

use super::{RemoteProgress, RemoteRequest, out_of_order};
use crate::error::{Error, ErrorCode, Result};
use crate::export::PackExport;
use crate::operation::OperationKind;
use crate::{Env, Repository};

/// Whether a ref of the server may go where its old value is no ancestor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Force {
    /// Only where a refspec begins with `+`.
    #[default]
    No,
    /// Everywhere.
    Yes,
    /// Where the server's ref is what the ref here that follows it says.
    WithLease,
}

/// What to push.
#[derive(Clone, Debug, Default)]
pub struct PushOptions {
    /// The remote's name: `refs/remotes/NAME/` follows what was pushed.
    pub remote: String,
    /// Names or refspecs; without any, main.
    pub refs: Vec<Vec<u8>>,
    /// What may be overwritten.
    pub force: Force,
    /// All refs, or none.
    pub is_atomic: bool,
}

/// A push on its way.
pub struct RemotePush {
    options: PushOptions,
    limits: Limits,
    stage: Stage,
    target: RequestTarget,
    advertised: Advertised,
    /// Each ref in the order of the refspecs; with an outcome where nothing is sent for it.
    planned: Vec<Planned>,
    export: Option<PackExport>,
    report: PushReport,
}

enum Stage {
    Advertise,
    ReadAdvertised(Box<AdvertisementReader>),
    Send,
    ReadReport(Box<ReportReader>),
    Ready,
    Failed,
}

struct Planned {
    command: PushCommand,
    outcome: Option<Result<(), String>>,
}

/// What became of a push.
#[derive(Clone, Debug, Default)]
pub struct Pushed {
    /// Each ref by its name on the server, with the reason where it did not move.
    pub refs: Vec<(RefName, Result<(), String>)>,
    /// What the server's hooks said.
    pub messages: String,
}

impl RemotePush {
    /// Plans a push; nothing is asked yet.
    pub fn new(options: PushOptions, repository: &Repository) -> Self {
        Self {
            options,
            limits: repository.limits,
            stage: Stage::Advertise,
            target: RequestTarget::Advertisement(Service::ReceivePack),
            advertised: Advertised::default(),
            planned: Vec::new(),
            export: None,
            report: PushReport::default(),
        }
    }

    /// The next request to send, whose body [`Self::body_chunk`] goes on with; `None` where all is done.
    pub fn request(&mut self, repository: &Repository) -> Result<Option<RemoteRequest>> {
        match core::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Advertise => {
                self.stage = Stage::ReadAdvertised(Box::new(AdvertisementReader::new(self.limits)));
                Ok(Some(RemoteRequest { target: self.target, body: None }))
            }
            Stage::Send => {
                let commands: Vec<PushCommand> = self.open().map(|planned| planned.command.clone()).collect();
                if commands.is_empty() {
                    self.stage = Stage::Ready;
                    return Ok(None);
                }
                let mut body = Vec::new();
                let is_atomic = self.options.is_atomic;
                write_push(&self.advertised, &commands, &repository.shallow, is_atomic, &mut body);
                self.begin_pack(&commands, repository)?;
                let is_banded = self.advertised.has(b"side-band-64k");
                self.stage = Stage::ReadReport(Box::new(ReportReader::new(is_banded, self.limits)));
                self.target = RequestTarget::Command(Service::ReceivePack);
                Ok(Some(RemoteRequest { target: self.target, body: Some(body) }))
            }
            Stage::Ready => {
                self.stage = Stage::Ready;
                Ok(None)
            }
            _ => Err(out_of_order()),
        }
    }

    /// The next bytes of the body, which may be none where work was done; `None` after the last.
    pub fn body_chunk(&mut self, repository: &Repository) -> Result<Option<Vec<u8>>> {
        match &mut self.export {
            Some(export) => repository.export_chunk(export),
            None => Ok(None),
        }
    }

    /// Takes the head of the answer.
    pub fn handle_head(&self, status: u16, content_type: &[u8]) -> Result<()> {
        Ok(check_head(self.target, status, content_type)?)
    }

    /// Takes the next bytes of the answer.
    pub fn handle_input(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.stage {
            Stage::ReadAdvertised(reader) => reader.push(bytes)?,
            Stage::ReadReport(reader) => reader.push(bytes)?,
            _ => return Err(out_of_order()),
        }
        Ok(())
    }

    /// Says that the answer is complete.
    pub fn end_input(&mut self, repository: &Repository) -> Result<()> {
        self.stage = match core::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::ReadAdvertised(reader) => {
                self.advertised = reader.finish()?;
                if self.advertised.version == Version::V2 {
                    let message =
                        "the server answers a push with version 2 of the protocol, which has no push";
                    return Err(Error::new(ErrorCode::Protocol, message));
                }
                for what in ["report-status", "atomic"] {
                    let is_wanted = what == "report-status" || self.options.is_atomic;
                    if is_wanted && !self.advertised.has(what.as_bytes()) {
                        return Err(ClientError::Unsupported(what).into());
                    }
                }
                self.plan(repository)?;
                Stage::Send
            }
            Stage::ReadReport(reader) => {
                self.report = reader.finish()?;
                self.settle();
                Stage::Ready
            }
            _ => return Err(out_of_order()),
        };
        Ok(())
    }

    /// How far it has come.
    pub fn progress(&self) -> RemoteProgress {
        let (phase, done) = match (&self.stage, &self.export) {
            (Stage::ReadReport(_), Some(export)) => ("pack", export.objects() as u64),
            (Stage::Ready, _) => ("done", 1),
            _ => ("negotiate", 0),
        };
        RemoteProgress { phase, done, total: 0 }
    }

    /// Has the refs here follow what was pushed, and tells what became of each ref.
    pub fn finish(self, repository: &mut Repository, env: &Env) -> Result<Pushed> {
        if !matches!(self.stage, Stage::Ready) {
            return Err(out_of_order());
        }
        let mut updates = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for Planned { command, outcome } in &self.planned {
            let Some(name) = self.followed_by(&command.name).filter(|_| matches!(outcome, Some(Ok(()))))
            else {
                continue;
            };
            if repository.refs.resolve(name.as_ref())? != command.after {
                names.push(format!("{}", command.name.short()));
                let new = command.after.map_or(NewValue::Delete, NewValue::Set);
                updates.push(RefUpdate { name, expected: Expected::Any, new });
            }
        }
        if !updates.is_empty() {
            let description = format!("push {} to {}", names.join(", "), self.options.remote);
            repository.record(OperationKind::Push, description, env, &updates)?;
        }
        let done = |planned: Planned| {
            let unreported = || Err(String::from("the server did not report what became of it"));
            (planned.command.name, planned.outcome.unwrap_or_else(unreported))
        };
        let refs = self.planned.into_iter().map(done).collect();
        Ok(Pushed { refs, messages: self.report.messages })
    }

    /// The ref here that follows a branch of the server.
    fn followed_by(&self, name: &RefName) -> Option<RefName> {
        let branch = name.branch_name()?;
        RefName::new([b"refs/remotes/", self.options.remote.as_bytes(), b"/", branch.as_bytes()].concat())
            .ok()
    }

    /// What is sent.
    fn open(&self) -> impl Iterator<Item = &Planned> {
        self.planned.iter().filter(|planned| planned.outcome.is_none())
    }

    fn plan(&mut self, repository: &Repository) -> Result<()> {
        let main: Vec<u8>;
        let texts: &[Vec<u8>] = match self.options.refs.is_empty() {
            true => {
                main = repository.main()?.as_ref().to_vec();
                core::slice::from_ref(&main)
            }
            false => &self.options.refs,
        };
        let theirs: NameMap<RefName, ObjectId> =
            self.advertised.refs.iter().map(|found| (found.name.clone(), found.id)).collect();
        let mut planned = Vec::new();
        for text in texts {
            let spec = Refspec::parse(text).map_err(|error| {
                Error::new(ErrorCode::InvalidArgument, format!("{error}")).with("ref", BStr::new(text))
            })?;
            for (name, after) in targets(&spec, repository, &theirs)? {
                let command = PushCommand { before: theirs.get(&name).copied(), name, after };
                let outcome = self.judge(&command, spec.is_forced, repository)?;
                planned.push(Planned { command, outcome });
            }
        }
        let is_refused = |planned: &Planned| matches!(planned.outcome, Some(Err(_)));
        if self.options.is_atomic && planned.iter().any(is_refused) {
            for planned in planned.iter_mut().filter(|planned| planned.outcome.is_none()) {
                planned.outcome = Some(Err("atomic push failed".into()));
            }
        }
        self.planned = planned;
        Ok(())
    }

    /// What can be said of a ref before anything is sent, in git's words.
    fn judge(
        &self,
        command: &PushCommand,
        is_forced: bool,
        repository: &Repository,
    ) -> Result<Option<Result<(), String>>> {
        let refused = |reason: &str| Ok(Some(Err(String::from(reason))));
        let PushCommand { name, before, after } = command;
        if after.is_none() && before.is_none() {
            return refused("remote ref does not exist");
        }
        if after.is_none() && !self.advertised.has(b"delete-refs") {
            return refused("remote does not support deleting refs");
        }
        if before == after {
            return Ok(Some(Ok(())));
        }
        if self.options.force == Force::WithLease && !is_forced {
            let followed = self.followed_by(name);
            let expected = followed.map(|name| repository.refs.resolve(name.as_ref())).transpose()?.flatten();
            return if expected == *before { Ok(None) } else { refused("stale info") };
        }
        let (Some(before), Some(after)) = (before, after) else { return Ok(None) };
        if is_forced || self.options.force == Force::Yes {
            return Ok(None);
        }
        let is_commit = |id| matches!(repository.store.header(id), Ok((Kind::Commit, _)));
        if name.tag_name().is_some() {
            refused("already exists")
        } else if !repository.store.contains(before) {
            refused("fetch first")
        } else if !is_commit(before) || !is_commit(after) {
            refused("needs force")
        } else if !repository.is_ancestor(before, after)? {
            refused("non-fast-forward")
        } else {
            Ok(None)
        }
    }

    fn begin_pack(&mut self, commands: &[PushCommand], repository: &Repository) -> Result<()> {
        let wants: Vec<ObjectId> = commands.iter().filter_map(|command| command.after).collect();
        if wants.is_empty() {
            return Ok(());
        }
        let theirs =
            self.advertised.refs.iter().map(|found| found.id).chain(self.advertised.haves.iter().copied());
        let mut had_cuts = repository.shallow.clone();
        had_cuts.extend(&self.advertised.shallow);
        let request = SelectionRequest {
            wants,
            haves: theirs.filter(|id| repository.store.contains(id)).collect(),
            wanted_cuts: repository.shallow.clone(),
            reads_had_trees: !had_cuts.is_empty(),
            had_cuts,
            ..SelectionRequest::default()
        };
        let offset_deltas = self.advertised.has(b"ofs-delta");
        let options = WriteOptions { offset_deltas, ..WriteOptions::default() };
        let is_thin = !self.advertised.has(b"no-thin");
        self.export = Some(repository.export_selected(&request, is_thin, options)?);
        Ok(())
    }

    /// Gives each ref that was sent the server's word.
    fn settle(&mut self) {
        let reported: NameMap<BString, Result<(), String>> = self.report.refs.drain(..).collect();
        let unpack = self.report.unpack_failure.as_ref();
        for planned in self.planned.iter_mut().filter(|planned| planned.outcome.is_none()) {
            let told = reported.get(planned.command.name.as_ref()).cloned();
            planned.outcome = match (told, unpack) {
                (Some(Err(_)) | None, Some(reason)) => Some(Err(format!("unpacker error: {reason}"))),
                (told, _) => told,
            };
        }
    }
}

/// The refs of the server that a refspec means, with what they shall be.
fn targets(
    spec: &Refspec,
    repository: &Repository,
    theirs: &NameMap<RefName, ObjectId>,
) -> Result<Vec<(RefName, Option<ObjectId>)>> {
    if spec.is_pattern() {
        let mut found = Vec::new();
        for (name, _) in repository.refs.iter_prefix(b"refs/") {
            let Some(star) = spec.match_source(name.as_ref()) else { continue };
            let target = match spec.expand_destination(star) {
                Some(target) => RefName::new(target)?,
                None => name.clone(),
            };
            found.push((checked(target)?, repository.refs.resolve(name.as_ref())?));
        }
        return Ok(found);
    }
    let destination = spec.destination.as_ref().filter(|name| !name.is_empty());
    if spec.source.is_empty() {
        let Some(name) = destination else { return Err(no_ref(&spec.source)) };
        let found = full_names(name).into_iter().filter_map(|name| RefName::new(name).ok());
        let target = found.into_iter().find(|name| theirs.contains_key(name));
        let target = target.map_or_else(|| below(b"refs/heads/", name), Ok)?;
        return Ok(Vec::from([(checked(target)?, None)]));
    }
    let source = match spec.source.as_slice() {
        b"HEAD" => repository.main()?,
        name => {
            let found = [name.to_vec(), [b"refs/heads/", name].concat(), [b"refs/tags/", name].concat()];
            let names = found.into_iter().filter_map(|name| RefName::new(name).ok());
            names
                .into_iter()
                .find(|name| name.is_under_refs() && repository.refs.get(name.as_ref()).is_some())
                .ok_or_else(|| no_ref(name))?
        }
    };
    let after = repository.refs.resolve(source.as_ref())?.ok_or_else(|| no_ref(source.as_ref()))?;
    let target = match destination {
        None => source,
        Some(name) => {
            let known = full_names(name).into_iter().filter_map(|name| RefName::new(name).ok());
            let known = known.into_iter().find(|name| name.is_under_refs() && theirs.contains_key(name));
            let folder: &[u8] = if source.tag_name().is_some() { b"refs/tags/" } else { b"refs/heads/" };
            known.map_or_else(|| below(folder, name), Ok)?
        }
    };
    Ok(Vec::from([(checked(target)?, Some(after))]))
}

/// The full name of what may be one already.
fn below(folder: &[u8], name: &[u8]) -> Result<RefName> {
    Ok(RefName::new(if name.starts_with(b"refs/") { name.to_vec() } else { [folder, name].concat() })?)
}

fn checked(name: RefName) -> Result<RefName> {
    if name.is_under_refs() {
        return Ok(name);
    }
    let message = format!("a push does not move '{name}': it lies outside of refs/");
    Err(Error::new(ErrorCode::InvalidName, message).with("ref", &name))
}

fn no_ref(name: &[u8]) -> Error {
    let name = BStr::new(name);
    let message = format!("there is no reality, tag or ref '{name}' with a commit to push");
    Error::new(ErrorCode::NotFound, message).with("ref", name)
}
