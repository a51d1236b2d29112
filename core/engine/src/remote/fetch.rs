//! A fetch or clone, from the first request to the operation that moves refs.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use govc_git::limits::Limits;
use govc_git::pack::{Pack, PackResolver};
use govc_git::refs::refspec::Refspec;
use govc_git::refs::{Expected, NewValue, RefDelta, RefName, RefTarget, RefUpdate};
use govc_git::store::IdMap;
use govc_git::transport::Served;
use govc_git::transport::capabilities::Service;
use govc_git::transport::client::{
    Advertised, AdvertisementReader, ClientError, ConnectivityCheck, FetchAnswer, FetchCommand,
    Fetched as Answered, FetchedCut, LsRefsReader, RemoteHead, RequestTarget, check_head, write_fetch,
    write_ls_refs,
};
use govc_git::transport::ls_refs::{Head, ServedRefs};
use govc_git::transport::request::{DEPTH_INFINITE, Version};
use govc_git::{ObjectId, ObjectSource, ReadError, ReadProblem};

use super::negotiation::Negotiation;
use super::plan::{FetchOptions, Plan};
use super::{RemoteProgress, RemoteRequest, out_of_order};
use crate::error::{Error, ErrorCode, Result};
use crate::operation::OperationKind;
use crate::{Env, Repository};

/// A fetch on its way.
pub struct RemoteFetch {
    options: FetchOptions,
    specs: Vec<Refspec>,
    limits: Limits,
    stage: Stage,
    target: RequestTarget,
    advertised: Advertised,
    plan: Plan,
    wants: Vec<ObjectId>,
    negotiation: Negotiation,
    /// Where history here was cut when the fetch began, and will be.
    shallow: [Vec<ObjectId>; 2],
    served: ServedRefs,
    pack: Option<Pack>,
    /// Objects and bytes of the pack, without what was added to make it whole.
    came: [u64; 2],
}

enum Stage {
    Advertise,
    ReadAdvertised(Box<AdvertisementReader>),
    ListRefs,
    ReadRefs(Box<LsRefsReader>),
    Negotiate,
    ReadAnswer(Box<FetchAnswer>),
    Resolve(Box<PackResolver>),
    Check(Box<ConnectivityCheck>),
    Ready,
    Failed,
}

/// What a fetch did.
#[derive(Clone, Debug, Default)]
pub struct Fetched {
    /// Refs that moved, came or went.
    pub moved: Vec<RefDelta>,
    /// Refs that stayed, each with the reason.
    pub rejected: Vec<(RefName, &'static str)>,
    /// Objects that came.
    pub objects: u64,
    /// Bytes of their pack.
    pub bytes: u64,
}

impl RemoteFetch {
    /// Plans a fetch; nothing is asked yet.
    pub fn new(options: FetchOptions, repository: &Repository) -> Result<Self> {
        if options.is_clone && repository.refs.iter_prefix(b"refs/").next().is_some() {
            let message = "a clone needs a repository without refs: this one has some, so fetch into it";
            return Err(Error::new(ErrorCode::AlreadyExists, message));
        }
        Ok(Self {
            specs: options.parse()?,
            options,
            limits: repository.limits,
            stage: Stage::Advertise,
            target: RequestTarget::Advertisement(Service::UploadPack),
            advertised: Advertised::default(),
            plan: Plan::default(),
            wants: Vec::new(),
            negotiation: Negotiation::default(),
            shallow: [repository.shallow.clone(), Vec::new()],
            served: ServedRefs::new(Head::Absent, []),
            pack: None,
            came: [0, 0],
        })
    }

    /// The next request to send; `None` where all has come.
    pub fn request(&mut self, repository: &Repository) -> Result<Option<RemoteRequest>> {
        let mut out = Vec::new();
        self.stage = match core::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Advertise => {
                self.stage = Stage::ReadAdvertised(Box::new(AdvertisementReader::new(self.limits)));
                return Ok(Some(RemoteRequest { target: self.target, body: None }));
            }
            Stage::ListRefs => {
                write_ls_refs(&self.advertised, &self.options.prefixes(&self.specs), &mut out);
                Stage::ReadRefs(Box::new(LsRefsReader::new(self.limits)))
            }
            Stage::Negotiate => {
                self.negotiation.begin_round(repository)?;
                let depth = self.options.depth.map(|depth| depth.min(DEPTH_INFINITE));
                let command = FetchCommand {
                    wants: &self.wants,
                    haves: [&self.negotiation.common, &self.negotiation.haves],
                    shallow: &self.shallow[0],
                    depth,
                    filter: None,
                    is_done: self.negotiation.is_done,
                };
                write_fetch(&self.advertised, &command, &mut out);
                Stage::ReadAnswer(Box::new(FetchAnswer::new(self.limits)))
            }
            stage @ (Stage::Resolve(_) | Stage::Check(_) | Stage::Ready) => {
                self.stage = stage;
                return Ok(None);
            }
            _ => return Err(out_of_order()),
        };
        self.target = RequestTarget::Command(Service::UploadPack);
        Ok(Some(RemoteRequest { target: self.target, body: Some(out) }))
    }

    /// Takes the head of the answer.
    pub fn handle_head(&self, status: u16, content_type: &[u8]) -> Result<()> {
        Ok(check_head(self.target, status, content_type)?)
    }

    /// Takes the next bytes of the answer.
    pub fn handle_input(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.stage {
            Stage::ReadAdvertised(reader) => reader.push(bytes)?,
            Stage::ReadRefs(reader) => reader.push(bytes)?,
            Stage::ReadAnswer(reader) => reader.push(bytes)?,
            _ => return Err(out_of_order()),
        }
        Ok(())
    }

    /// Says that the answer is complete.
    pub fn end_input(&mut self, repository: &Repository) -> Result<()> {
        self.stage = match core::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::ReadAdvertised(reader) => {
                self.advertised = reader.finish()?;
                if self.advertised.version != Version::V2 {
                    return Err(ClientError::NoVersion2.into());
                }
                if self.options.depth.is_some() && !self.advertised.has_feature(b"fetch", b"shallow") {
                    return Err(ClientError::Unsupported("fetch=shallow").into());
                }
                Stage::ListRefs
            }
            Stage::ReadRefs(reader) => {
                let found = reader.finish()?;
                let theirs: Vec<ObjectId> = found.refs.iter().map(|found| found.id).collect();
                self.plan = self.options.plan(&self.specs, found)?;
                self.choose_wants(repository);
                match self.wants.is_empty() {
                    true => Stage::Ready,
                    false => {
                        // To deepen is to ask for what lies behind that which both have.
                        let theirs = if self.options.depth.is_some() { Vec::new() } else { theirs };
                        self.negotiation = Negotiation::new(repository, &theirs)?;
                        Stage::Negotiate
                    }
                }
            }
            Stage::ReadAnswer(reader) => {
                let (progress, bytes) = reader.progress();
                match reader.finish()? {
                    Answered::Pack(resolver, cut) => {
                        self.came = [progress.total, bytes];
                        self.settle_cut(repository, &cut);
                        Stage::Resolve(resolver)
                    }
                    Answered::Common(_) if self.negotiation.is_done => {
                        return Err(ClientError::Ended { expected: "the pack" }.into());
                    }
                    Answered::Common(known) => {
                        self.negotiation.take(repository, &known);
                        Stage::Negotiate
                    }
                }
            }
            _ => return Err(out_of_order()),
        };
        Ok(())
    }

    /// Resolves deltas until about `budget` bytes are unfolded, then looks whether all that refs need has come; `true`
    /// when nothing is left but [`Self::finish`].
    pub fn step(&mut self, repository: &Repository, budget: u64) -> Result<bool> {
        self.stage = match core::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Resolve(mut resolver) => {
                resolver.step(&repository.store, budget)?;
                match resolver.is_done() {
                    true => self.begin_check(resolver.finish(&repository.store)?, repository)?,
                    false => Stage::Resolve(resolver),
                }
            }
            Stage::Check(mut check) => {
                let served = self.served(repository);
                match check.step(self.pack.as_ref(), &served).map_err(incomplete)? {
                    true => Stage::Ready,
                    false => Stage::Check(check),
                }
            }
            Stage::Ready => Stage::Ready,
            _ => return Err(out_of_order()),
        };
        Ok(matches!(self.stage, Stage::Ready))
    }

    /// How far it has come.
    pub fn progress(&self) -> RemoteProgress {
        let (phase, done, total) = match &self.stage {
            Stage::ReadAnswer(reader) if reader.progress().1 > 0 => {
                let (progress, _) = reader.progress();
                ("receive", progress.done, progress.total)
            }
            Stage::Resolve(resolver) => ("resolve", resolver.progress().done, resolver.progress().total),
            Stage::Check(_) => ("check", 0, 0),
            Stage::Ready => ("done", 1, 1),
            _ => ("negotiate", self.negotiation.named as u64, 0),
        };
        RemoteProgress { phase, done, total }
    }

    /// Adds what came and moves refs, as one operation.
    pub fn finish(mut self, repository: &mut Repository, env: &Env) -> Result<Fetched> {
        if !matches!(self.stage, Stage::Ready) {
            return Err(out_of_order());
        }
        let pack = self.pack.take().filter(|pack| !pack.is_empty());
        let [objects, bytes] = self.came;
        let mut fetched = Fetched { objects, bytes, ..Fetched::default() };
        let came = pack.is_some();
        if let Some(pack) = pack {
            repository.load_pack(pack)?;
        }
        let moves_cuts = self.moves_cuts(repository);
        let shallow = core::mem::take(&mut self.shallow[1]);
        let before = moves_cuts.then(|| repository.shallow.clone());
        if before.is_some() {
            repository.load_shallow(shallow);
        }
        match self.move_refs(repository, env, &mut fetched) {
            Ok(()) => Ok(fetched),
            Err(error) => {
                if came {
                    repository.drop_newest_pack();
                }
                if let Some(before) = before {
                    repository.load_shallow(before);
                }
                Err(error)
            }
        }
    }

    /// Whether history here will be cut elsewhere than it is.
    pub fn moves_cuts(&self, repository: &Repository) -> bool {
        self.came[1] > 0 && self.shallow[1] != repository.shallow
    }

    fn choose_wants(&mut self, repository: &Repository) {
        let mut chosen: IdMap<()> = IdMap::default();
        let is_deepened = self.options.depth.is_some();
        let store = &repository.store;
        let planned = self.plan.refs.iter().filter(|planned| is_deepened || !store.contains(&planned.id));
        // An annotated tag of what is here does not come by itself.
        let tags = self.plan.tags.iter().filter(|tag| {
            let target = tag.peeled.filter(|target| store.contains(target));
            target.is_some() && !store.contains(&tag.id) && repository.refs.get(tag.name.as_ref()).is_none()
        });
        for id in planned.map(|planned| planned.id).chain(tags.map(|tag| tag.id)) {
            if chosen.insert(id, ()).is_none() {
                self.wants.push(id);
            }
        }
    }

    fn settle_cut(&mut self, repository: &Repository, cut: &FetchedCut) {
        let set = |ids: &[ObjectId]| {
            let mut set: IdMap<()> = IdMap::default();
            set.extend(ids.iter().map(|id| (*id, ())));
            set
        };
        let gone = set(&cut.unshallow);
        let mut all = set(&self.shallow[0]);
        all.extend(cut.shallow.iter().map(|id| (*id, ())));
        self.shallow[1] = all.keys().filter(|id| !gone.contains_key(id)).copied().collect();
        // Where a cut goes, what lies behind it is new though the commit is not.
        if gone.is_empty() {
            self.served = ServedRefs::from_store(&repository.refs);
        }
    }

    fn served<'a>(&'a self, repository: &'a Repository) -> Served<'a> {
        Served { source: &repository.store, packs: &[], refs: &self.served, shallow: &self.shallow[1] }
    }

    /// Begins to look whether the refs that will move have all that they reach.
    fn begin_check(&mut self, pack: Pack, repository: &Repository) -> Result<Stage> {
        let is_here = |id: &ObjectId| pack.contains(id) || repository.store.contains(id);
        self.plan.tags.retain(|tag| {
            let target = tag.peeled.unwrap_or(tag.id);
            is_here(&tag.id) && is_here(&target)
        });
        let tags = self.plan.tags.iter().map(|tag| tag.id);
        let tips: Vec<ObjectId> = self.plan.refs.iter().map(|planned| planned.id).chain(tags).collect();
        let served = self.served(repository);
        let check = ConnectivityCheck::new(&tips, Some(&pack), &served, &self.limits).map_err(incomplete)?;
        self.pack = Some(pack);
        Ok(Stage::Check(Box::new(check)))
    }

    fn move_refs(&self, repository: &mut Repository, env: &Env, fetched: &mut Fetched) -> Result<()> {
        let mut updates: Vec<RefUpdate> = Vec::new();
        let mut set = |name: RefName, new| updates.push(RefUpdate { name, expected: Expected::Any, new });
        for planned in &self.plan.refs {
            let Some(local) = &planned.local else { continue };
            let before = repository.refs.resolve(local.as_ref())?;
            let refusal = match before {
                Some(before) if before == planned.id => continue,
                Some(_) if !planned.is_forced && local.tag_name().is_some() => {
                    Some("would clobber existing tag")
                }
                Some(before) if !planned.is_forced => {
                    let is_forward = repository.is_ancestor(&before, &planned.id).unwrap_or(false);
                    (!is_forward).then_some("non-fast-forward")
                }
                _ => None,
            };
            match refusal {
                None => set(local.clone(), NewValue::Set(planned.id)),
                Some(reason) => fetched.rejected.push((local.clone(), reason)),
            }
        }
        for tag in &self.plan.tags {
            let target = tag.peeled.unwrap_or(tag.id);
            let is_here = repository.store.contains(&tag.id) && repository.store.contains(&target);
            let is_planned = self.plan.kept.contains_key(&tag.name);
            if is_here && !is_planned && repository.refs.get(tag.name.as_ref()).is_none() {
                set(tag.name.clone(), NewValue::Set(tag.id));
            }
        }
        let here = repository.refs.iter_prefix(b"refs/").map(|(name, _)| name);
        for name in self.options.pruned(&self.specs, &self.plan, here) {
            set(name, NewValue::Delete);
        }
        if self.options.is_clone {
            self.add_head(repository, &mut updates)?;
        }
        if updates.is_empty() {
            return Ok(());
        }
        let verb = if self.options.is_clone { "clone" } else { "fetch" };
        let description: String = format!("{verb} {}: {} refs", self.options.remote, updates.len());
        fetched.moved = repository.refs.update(&updates)?;
        repository.log_moved(OperationKind::Import, description, env, fetched.moved.clone());
        if self.options.is_clone {
            // The main that nobody chose goes with the last trace of the empty repository.
            let main = repository.main_ref();
            repository.unborn.clear();
            if let Some(main) = main.filter(|main| repository.refs.get(main.as_ref()).is_none()) {
                repository.unborn.insert(main, ());
            }
        }
        Ok(())
    }

    /// Makes HEAD, and the branch that it names, what they are on the server.
    fn add_head(&self, repository: &Repository, updates: &mut Vec<RefUpdate>) -> Result<()> {
        let mut set = |name: RefName, new| updates.push(RefUpdate { name, expected: Expected::Any, new });
        let short = |name: &[u8]| name.strip_prefix(b"refs/heads/").unwrap_or(name).to_vec();
        let named = self.specs.first().map(|spec| RefName::branch(short(&spec.source))).transpose()?;
        let symbolic = match &self.plan.head {
            RemoteHead::Symbolic(target) => Some(target.clone()),
            _ => None,
        };
        let followed = |branch: &RefName| -> Result<Option<(RefName, ObjectId)>> {
            let Some(short) = branch.branch_name() else { return Ok(None) };
            let local = self.options.followed_by(short)?;
            let planned = self.plan.refs.iter().find(|planned| planned.local.as_ref() == Some(&local));
            Ok(planned.map(|planned| (local, planned.id)))
        };
        if let Some(target) = &symbolic
            && let Some((local, _)) = followed(target)?
        {
            set(self.options.remote_head()?, NewValue::Symbolic(local));
        }
        if let Some(branch) = &named
            && followed(branch)?.is_none()
        {
            let message = format!("the server has no branch '{}'", branch.short());
            return Err(Error::new(ErrorCode::NotFound, message).with("ref", branch.short()));
        }
        match (named.or(symbolic), &self.plan.head) {
            (Some(branch), _) if branch.branch_name().is_some() => {
                if let Some((_, id)) = followed(&branch)? {
                    set(branch.clone(), NewValue::Set(id));
                }
                if repository.refs.head() != Some(&RefTarget::Symbolic(branch.clone())) {
                    set(RefName::head(), NewValue::Symbolic(branch));
                }
            }
            (_, RemoteHead::Detached(id)) => set(RefName::head(), NewValue::Set(*id)),
            _ => {}
        }
        Ok(())
    }
}

/// What a server left out of its pack is the server's fault.
fn incomplete(error: ReadError) -> Error {
    match error.problem() {
        ReadProblem::Missing(id) => {
            let message = format!("the server did not send all that is needed: object {id} is missing");
            Error::new(ErrorCode::CorruptPack, message).with("id", id)
        }
        _ => error.into(),
    }
}
