//! What others wrote to the storage, taken over: where nothing was changed here, or one of the two changes holds the other.
//!
//! It compares three values of each ref: what the storage held when it was last heard of, what it holds, and what is here.
//! A ref that both sides changed, each in its own way, stays as it is here until somebody merges.

use alloc::format;
use alloc::vec::Vec;

use govc_git::name_map::NameMap;
use govc_git::refs::{RefDelta, RefName, RefTarget, RefUpdate};

use crate::error::{Error, ErrorCode, Result};
use crate::kept_log::OWN_REFS;
use crate::{Env, Repository};

/// What came of the refs that others moved; each from what is here to what the storage holds.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// Refs that were taken over.
    pub moved: Vec<RefDelta>,
    /// Refs that were changed here and there; they did not move.
    pub diverged: Vec<RefDelta>,
}

/// Whose value of a ref counts.
enum Choice {
    Theirs,
    Ours,
    Neither,
}

impl Repository {
    /// Takes over what a storage holds by now, as one operation. The objects have been loaded.
    pub fn follow(&mut self, stored: Vec<(RefName, RefTarget)>, env: &Env) -> Result<Followed> {
        let (own, stored): (Vec<_>, Vec<_>) =
            stored.into_iter().partition(|(name, _)| name.as_bstr().starts_with(OWN_REFS));
        self.check_own_log(&own)?;
        let stored: NameMap<RefName, RefTarget> = stored.into_iter().collect();
        let mut names: Vec<RefName> = stored.keys().cloned().collect();
        names.extend(self.persisted.refs.keys().filter(|name| !stored.contains_key(*name)).cloned());
        let mut followed = Followed::default();
        for name in names {
            let theirs = stored.get(&name).cloned();
            let before = self.persisted.refs.get(&name);
            let ours = self.refs.get(name.as_ref());
            if before == theirs.as_ref() {
                continue;
            }
            if ours == theirs.as_ref() {
                self.persisted.note(&name, theirs);
                continue;
            }
            let choice = self.choice(before, ours, theirs.as_ref());
            let delta = RefDelta { name, before: ours.cloned(), after: theirs };
            match choice {
                Choice::Theirs => followed.moved.push(delta),
                Choice::Ours => self.persisted.note(&delta.name, delta.after),
                Choice::Neither => followed.diverged.push(delta),
            }
        }
        self.take_over(&mut followed, env);
        Ok(followed)
    }

    /// Refuses to go on where somebody else writes the log that is kept here.
    fn check_own_log(&self, own: &[(RefName, RefTarget)]) -> Result<()> {
        let Some(log) = &self.kept_log else { return Ok(()) };
        let found = own.iter().find(|(name, _)| *name == log.name).map(|(_, target)| target);
        if found == log.kept.head.map(RefTarget::Direct).as_ref() {
            return Ok(());
        }
        let message = format!(
            "another program keeps the log at {}: a log has one writer. Open the repository again, or with a log of its own: log: 'NAME'",
            log.name
        );
        Err(Error::new(ErrorCode::Stale, message).with("ref", &log.name))
    }

    fn choice(
        &self,
        before: Option<&RefTarget>,
        ours: Option<&RefTarget>,
        theirs: Option<&RefTarget>,
    ) -> Choice {
        match (ours, theirs) {
            _ if ours == before => Choice::Theirs,
            // A deletion gives way to a change: so nothing is lost.
            (None, _) => Choice::Theirs,
            (_, None) => Choice::Ours,
            (Some(RefTarget::Direct(ours)), Some(RefTarget::Direct(theirs))) => {
                // What is no commit, or cannot be read, holds nothing.
                if self.is_ancestor(theirs, ours).unwrap_or(false) {
                    Choice::Ours
                } else if self.is_ancestor(ours, theirs).unwrap_or(false) {
                    Choice::Theirs
                } else {
                    Choice::Neither
                }
            }
            _ => Choice::Neither,
        }
    }

    /// Moves refs to what the storage holds. One whose name is in the way of another's that is only here has diverged.
    fn take_over(&mut self, followed: &mut Followed, env: &Env) {
        let updates: Vec<RefUpdate> = followed.moved.iter().map(RefUpdate::from).collect();
        let mut deltas = self.refs.update(&updates).unwrap_or_default();
        if deltas.is_empty() {
            let all = core::mem::take(&mut followed.moved);
            for (delta, update) in all.into_iter().zip(updates) {
                let Ok(moved) = self.refs.update(&[update]) else {
                    followed.diverged.push(delta);
                    continue;
                };
                deltas.extend(moved);
                followed.moved.push(delta);
            }
        }
        if deltas.is_empty() {
            return;
        }
        self.settle(&deltas);
        self.log.append_followed(format!("take over {} refs", deltas.len()), env.now_ms, deltas);
        self.prune_log();
        for delta in &followed.moved {
            self.persisted.note(&delta.name, delta.after.clone());
        }
    }
}
