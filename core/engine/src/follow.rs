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

    /// Moves realities to where a world has them, as one operation that is not undone here; how many moved.
    pub(crate) fn take_over_shared(&mut self, updates: &[RefUpdate], env: &Env) -> Result<usize> {
        if updates.is_empty() {
            return Ok(0);
        }
        let deltas = self.refs.update(updates)?;
        let count = deltas.len();
        self.settle(&deltas);
        self.log.append_followed(format!("take over {count} realities of the world"), env.now_ms, deltas);
        self.prune_log();
        Ok(count)
    }

    /// Where a reality is; `None` where there is none, or no commit in it.
    pub(crate) fn head_of(&self, name: &[u8]) -> Result<Option<govc_git::ObjectId>> {
        let Ok(name) = RefName::branch(name) else { return Ok(None) };
        Ok(self.refs.resolve(name.as_bstr())?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::OperationKind;
    use crate::{Author, CommitRequest};
    use alloc::vec;
    use govc_git::limits::Limits;

    fn env() -> Env {
        Env { now_ms: 0, author: Author { name: "A".into(), email: "a@b".into(), offset_minutes: 0 } }
    }

    /// A repository with commits 0, 1 on 0, 2 on 1, and 3 on 0; and their ids.
    fn four_commits() -> (Repository, Vec<govc_git::ObjectId>) {
        let mut repository = Repository::new(b"main", Limits::default()).unwrap();
        let mut ids = Vec::new();
        for (reality, parent) in [("main", None), ("main", Some(0)), ("main", Some(1)), ("side", Some(0))] {
            if reality == "side" {
                repository.create_realities(&[b"side"], parent.map(|at: usize| ids[at]), &env()).unwrap();
            }
            let name = RefName::branch(reality).unwrap();
            let message = format!("{}", ids.len());
            let request = CommitRequest {
                message: message.as_str().into(),
                allow_empty: true,
                ..CommitRequest::default()
            };
            let prepared = repository.prepare_commit(&name, request, &env()).unwrap();
            ids.push(repository.finish_commit(prepared, &env()).unwrap());
        }
        (repository, ids)
    }

    #[test]
    fn every_case_of_a_ref_that_was_somewhere_is_here_and_is_there() {
        // None, and each commit; what holds what follows from how they were made.
        let values = [None, Some(0), Some(1), Some(2), Some(3)];
        let holds = |one: usize, other: usize| one == other || other == 0 || (one == 2 && other == 1);
        let x = RefName::branch("x").unwrap();
        for case in 0..values.len().pow(3) {
            let (before, ours, theirs) = (values[case % 5], values[case / 5 % 5], values[case / 25]);
            let (mut repository, ids) = four_commits();
            let target = |at: Option<usize>| at.map(|at| RefTarget::Direct(ids[at]));
            let stored = |at: Option<usize>| -> Vec<(RefName, RefTarget)> {
                let head = RefTarget::Symbolic(RefName::branch("main").unwrap());
                let mut refs = vec![(RefName::head(), head)];
                refs.extend(target(at).map(|target| (x.clone(), target)));
                refs
            };
            repository.load_refs(stored(before)).unwrap();
            let delta = RefDelta { name: x.clone(), before: target(before), after: target(ours) };
            repository.record(OperationKind::Create, "x".into(), &env(), &[RefUpdate::from(&delta)]).unwrap();
            let undoable = repository.log.next_undo().map(|operation| operation.id);
            let followed = repository.follow(stored(theirs), &env()).unwrap();
            let (here, moves, diverged) = match (ours, theirs) {
                _ if before == theirs => (ours, false, false),
                _ if ours == before => (theirs, ours != theirs, false),
                (None, _) => (theirs, ours != theirs, false),
                (_, None) => (ours, false, false),
                (Some(one), Some(other)) if holds(one, other) => (ours, false, false),
                (Some(one), Some(other)) if holds(other, one) => (theirs, true, false),
                _ => (ours, false, true),
            };
            let case = format!("was {before:?}, is {ours:?} here and {theirs:?} there");
            assert_eq!(repository.refs.get(x.as_ref()), target(here).as_ref(), "{case}");
            let of_x = |deltas: &[RefDelta]| deltas.iter().any(|delta| delta.name == x);
            assert_eq!((of_x(&followed.moved), of_x(&followed.diverged)), (moves, diverged), "{case}");
            assert_eq!(repository.log.next_undo().map(|operation| operation.id), undoable, "{case}");
            // What is written next is what is here and not there; what diverged is still told from what was there.
            let batch = repository.pending_batch(&[]).unwrap();
            let pending = batch.refs().iter().find(|(delta, _)| delta.name == x).map(|(delta, _)| delta);
            let was = if diverged { before } else { theirs };
            let expected =
                (here != was).then(|| RefDelta { name: x.clone(), before: target(was), after: target(here) });
            assert_eq!(pending, expected.as_ref(), "{case}");
        }
    }
}
