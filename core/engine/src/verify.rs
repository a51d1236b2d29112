//! Verification in steps: every object, link and ref, as `git fsck` checks them.

use alloc::vec::Vec;

use govc_git::ObjectId;
use govc_git::sort::sort_positions;
use govc_git::verify::{Problem, Progress, Verifier, VerifyOptions, check_refs};

use crate::Repository;

/// Most problems that are kept; more than these tell nothing new.
const PROBLEMS_MAX: usize = 10_000;

/// A verification of the objects that were here when it began.
pub struct Verification {
    ids: Vec<ObjectId>,
    next: usize,
    verifier: Verifier,
    problems: Vec<Problem>,
}

impl Verification {
    /// What was found so far, at most 10,000 problems.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Objects in all.
    pub fn total(&self) -> usize {
        self.ids.len()
    }
}

impl Repository {
    /// Begins a verification.
    pub fn verify(&self) -> Verification {
        let mut ids: Vec<ObjectId> = Vec::new();
        for pack in self.store.packs() {
            // In the order of the pack, deltas find their bases in the cache.
            let offset = |position: u32| pack.index().offset(position as usize);
            let mut positions: Vec<u32> = (0..pack.len() as u32).collect();
            sort_positions(&mut positions, &mut |a, b| offset(a).cmp(&offset(b)));
            ids.extend(positions.iter().map(|position| pack.index().id(*position as usize)));
        }
        ids.extend(self.store.loose_ids());
        ids.extend(self.store.new_ids().copied());
        let verifier =
            Verifier::new(VerifyOptions { shallow: self.shallow.clone(), ..VerifyOptions::default() });
        Verification { ids, next: 0, verifier, problems: Vec::new() }
    }

    /// Checks up to `most` further objects; at the end, the links between them and the refs.
    pub fn verify_step(&self, verification: &mut Verification, most: usize) -> Progress {
        let Verification { ids, next, verifier, problems } = verification;
        let mut report = |problem| {
            if problems.len() < PROBLEMS_MAX {
                problems.push(problem);
            }
        };
        let end = ids.len().min(*next + most);
        let mut some = ids[*next..end].iter().copied();
        let is_last = end == ids.len();
        let count = if is_last { usize::MAX } else { end - *next };
        let progress = verifier.step(&self.store, &mut some, count, &mut report);
        *next = end;
        if progress.finished {
            check_refs(&self.refs, &self.store, &mut report);
        }
        progress
    }
}
