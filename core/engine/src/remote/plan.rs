//! Which refs of a server to fetch, and which refs here follow them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use bstr::{BStr, BString, ByteSlice};
use govc_git::name_map::NameMap;
use govc_git::refs::RefName;
use govc_git::refs::refspec::{Refspec, full_names};
use govc_git::transport::client::{RemoteHead, RemoteRef, RemoteRefs};

use crate::error::{Error, ErrorCode, Result};
use crate::kept_log::OWN_REFS;
use govc_git::ObjectId;

/// What to fetch.
#[derive(Clone, Debug, Default)]
pub struct FetchOptions {
    /// The remote's name: its branches are followed by `refs/remotes/NAME/`.
    pub remote: String,
    /// Which refs: names or refspecs. Without any, all branches.
    pub refs: Vec<Vec<u8>>,
    /// Cut history after so many commits; `u32::MAX` takes every cut away.
    pub depth: Option<u32>,
    /// Delete the refs here that follow what the server has no more.
    pub prunes: bool,
    /// Become what the server is: its HEAD is main here. For a repository without a ref.
    pub is_clone: bool,
    /// Clone HEAD's branch alone where `refs` names none.
    pub is_single: bool,
}

/// A ref of the server that is fetched.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// What it is there.
    pub(super) id: ObjectId,
    /// The ref here that follows it.
    pub(super) local: Option<RefName>,
    /// The ref here may go where its old value is no ancestor.
    pub(super) is_forced: bool,
}

/// What is fetched.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) refs: Vec<Planned>,
    /// Tags that come along where what they name is here.
    pub(super) tags: Vec<RemoteRef>,
    /// All that the server has among what was asked for: what it lacks is pruned.
    pub(super) kept: NameMap<RefName, ()>,
    /// What a clone makes of HEAD.
    pub(super) head: RemoteHead,
}

impl FetchOptions {
    /// Refuses names of remotes that cannot be part of a ref's name, and texts that are no refspecs.
    pub(super) fn parse(&self) -> Result<Vec<Refspec>> {
        RefName::new(self.tracking(b"HEAD"))?;
        self.refs
            .iter()
            .map(|text| {
                Refspec::parse(text).map_err(|error| {
                    Error::new(ErrorCode::InvalidArgument, format!("{error}")).with("ref", BStr::new(text))
                })
            })
            .collect()
    }

    /// The name of the ref here that follows a branch.
    fn tracking(&self, branch: &[u8]) -> Vec<u8> {
        [b"refs/remotes/", self.remote.as_bytes(), b"/", branch].concat()
    }

    /// With what the names of the refs begin that have to be known.
    pub(super) fn prefixes(&self, specs: &[Refspec]) -> Vec<BString> {
        let mut prefixes = Vec::from([BString::from("HEAD"), BString::from("refs/tags/")]);
        if specs.is_empty() {
            prefixes.push("refs/heads/".into());
        }
        for spec in specs {
            match spec.source.iter().position(|byte| *byte == b'*') {
                Some(star) => prefixes.push(spec.source[..star].into()),
                None => prefixes.extend(full_names(&spec.source)),
            }
        }
        prefixes
    }

    /// Decides what to fetch of what the server has.
    pub(super) fn plan(&self, specs: &[Refspec], found: RemoteRefs) -> Result<Plan> {
        let RemoteRefs { head, refs } = found;
        let mut plan = Plan { head, ..Plan::default() };
        let single = match &plan.head {
            RemoteHead::Symbolic(target) if self.is_single => Some(target.clone()),
            _ => None,
        };
        if specs.is_empty() {
            let wanted = |found: &&RemoteRef| single.as_ref().is_none_or(|single| found.name == *single);
            for found in refs.iter().filter(wanted) {
                if let Some(branch) = found.name.branch_name() {
                    plan.add(found.id, RefName::new(self.tracking(branch))?, true);
                }
            }
        }
        for spec in specs {
            self.add_spec(spec, &refs, &mut plan)?;
        }
        if let (RemoteHead::Detached(id), true) = (&plan.head, self.is_clone) {
            plan.refs.push(Planned { id: *id, local: None, is_forced: true });
        }
        let is_whole = self.is_clone && specs.is_empty() && !self.is_single;
        for found in refs.into_iter().filter(|found| found.name.tag_name().is_some()) {
            match is_whole {
                true => plan.add(found.id, found.name, false),
                false => plan.tags.push(found),
            }
        }
        Ok(plan)
    }

    fn add_spec(&self, spec: &Refspec, refs: &[RemoteRef], plan: &mut Plan) -> Result<()> {
        if spec.is_pattern() {
            for found in refs {
                if let Some(star) = spec.match_source(found.name.as_ref()) {
                    let destination = spec.expand_destination(star);
                    self.add_found(spec, destination, found, plan)?;
                }
            }
            return Ok(());
        }
        let source: &[u8] = match &plan.head {
            RemoteHead::Symbolic(target) if spec.source.is_empty() || spec.source == "HEAD" => {
                target.as_ref()
            }
            _ => &spec.source,
        };
        let names = full_names(source);
        let found = names.iter().find_map(|name| refs.iter().find(|found| found.name.as_ref() == name));
        let Some(found) = found else {
            let message = format!("the server has no ref '{}'", spec.source);
            return Err(Error::new(ErrorCode::NotFound, message).with("ref", &spec.source));
        };
        self.add_found(spec, spec.destination.clone(), found, plan)
    }

    fn add_found(
        &self,
        spec: &Refspec,
        destination: Option<BString>,
        found: &RemoteRef,
        plan: &mut Plan,
    ) -> Result<()> {
        let local = match (destination.filter(|name| !name.is_empty()), found.name.branch_name()) {
            (Some(name), _) => name,
            (None, Some(branch)) => {
                plan.add(found.id, RefName::new(self.tracking(branch))?, true);
                return Ok(());
            }
            (None, None) if found.name.tag_name().is_some() => found.name.as_bstr().into(),
            (None, None) => {
                let message = format!(
                    "'{0}' is neither branch nor tag: say where it goes, as in '{0}:refs/remotes/{1}/NAME'",
                    found.name, self.remote
                );
                return Err(Error::new(ErrorCode::InvalidArgument, message).with("ref", &found.name));
            }
        };
        let local = RefName::new(local)?;
        let is_own = local.as_bstr().starts_with(OWN_REFS);
        if !local.is_under_refs() || local.branch_name().is_some() || is_own {
            let message = format!("a fetch does not move '{local}': fetch to refs/remotes/ and merge");
            return Err(Error::new(ErrorCode::InvalidName, message).with("ref", &local));
        }
        plan.add(found.id, local, spec.is_forced);
        Ok(())
    }

    /// The refs here that follow nothing, once the plan's are known.
    pub(super) fn pruned<'a>(
        &self,
        specs: &[Refspec],
        plan: &Plan,
        here: impl Iterator<Item = &'a RefName>,
    ) -> Vec<RefName> {
        if !self.prunes {
            return Vec::new();
        }
        let head = self.tracking(b"HEAD");
        let folder = self.tracking(b"");
        let covers = |name: &RefName| match specs.is_empty() {
            true => name.as_ref().starts_with(&folder),
            false => specs.iter().any(|spec| {
                let destination = spec.destination.as_ref().filter(|_| spec.is_pattern());
                let (before, after) = destination
                    .and_then(|name| {
                        name.iter().position(|byte| *byte == b'*').map(|star| name.split_at(star))
                    })
                    .unwrap_or((b"\0", b"\0"));
                let rest = name.as_ref().strip_prefix(before);
                rest.is_some_and(|rest| rest.ends_with(after.get(1..).unwrap_or_default()))
            }),
        };
        let follows = |name: &&RefName| {
            name.as_ref() != head.as_slice() && covers(name) && !plan.kept.contains_key(*name)
        };
        here.filter(follows).cloned().collect()
    }

    /// The ref that follows the server's HEAD.
    pub(super) fn remote_head(&self) -> Result<RefName> {
        Ok(RefName::new(self.tracking(b"HEAD"))?)
    }

    /// The ref here that follows a branch of the server.
    pub(super) fn followed_by(&self, branch: &BStr) -> Result<RefName> {
        Ok(RefName::new(self.tracking(branch.as_bytes()))?)
    }
}

impl Plan {
    fn add(&mut self, id: ObjectId, local: RefName, is_forced: bool) {
        self.kept.insert(local.clone(), ());
        self.refs.push(Planned { id, local: Some(local), is_forced });
    }
}
