//! A pack that was received, over the repository that it was sent to. Nobody else sees its objects.
//!
//! Here is checked that each new object is sound and that what the new refs reach is all here.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::select::{Selection, SelectionRequest};
use super::served::Served;
use crate::id::Prefix;
use crate::limits::Limits;
use crate::pack::Pack;
use crate::rev::CommitGraph;
use crate::verify::{Message, ObjectChecker, Problem, Severity};
use crate::{Kind, Object, ObjectId, ObjectSource, ReadError};

/// Bytes of objects that are checked in one step.
const CHECK_BYTES: u64 = 4 << 20;
/// Commits or tree entries that are looked at in one step.
const STEP_BUDGET: usize = 20_000;

/// The objects of a pack, then those of the repository.
#[derive(Clone, Copy)]
pub(super) struct Quarantine<'a> {
    pub(super) pack: Option<&'a Pack>,
    pub(super) base: &'a dyn ObjectSource,
}

impl ObjectSource for Quarantine<'_> {
    fn read(&self, id: &ObjectId) -> Result<Object, ReadError> {
        match self.pack.map(|pack| pack.read(id)) {
            Some(Err(error)) if error.is_missing() => self.base.read(id),
            Some(found) => found,
            None => self.base.read(id),
        }
    }

    fn contains(&self, id: &ObjectId) -> bool {
        self.pack.is_some_and(|pack| pack.contains(id)) || self.base.contains(id)
    }

    fn find_prefix(&self, prefix: &Prefix, most: usize, found: &mut Vec<ObjectId>) {
        if let Some(pack) = self.pack {
            pack.find_prefix(prefix, most, found);
        }
        self.base.find_prefix(prefix, most, found);
    }

    fn header(&self, id: &ObjectId) -> Result<(Kind, u64), ReadError> {
        match self.pack.map(|pack| pack.header(id)) {
            Some(Err(error)) if error.is_missing() => self.base.header(id),
            Some(found) => found,
            None => self.base.header(id),
        }
    }
}

/// A new object that is not sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CheckError {
    Read(ReadError),
    Unsound(Problem),
}

/// What git only warns of, and no honest history has: names that lead a checkout elsewhere.
const REFUSED_WARNINGS: [Message; 4] =
    [Message::FullPathname, Message::HasDot, Message::HasDotdot, Message::HasDotgit];

/// The check of every object of a pack, in the order of the pack so that delta chains are read once.
pub(super) struct ObjectCheck {
    positions: Vec<u32>,
    checker: ObjectChecker,
    refused_from: Severity,
}

impl ObjectCheck {
    /// Refuses problems of this severity or worse.
    pub(super) fn new(pack: &Pack, refused_from: Severity) -> Self {
        let mut positions: Vec<u32> = (0..pack.len() as u32).collect();
        let offset = |at: u32| pack.index().offset(at as usize);
        crate::sort::sort_positions(&mut positions, &mut |a, b| offset(b).cmp(&offset(a)));
        Self { positions, checker: ObjectChecker::new(), refused_from }
    }

    /// Checks some objects; `true` when all are.
    pub(super) fn step(&mut self, pack: &Pack, base: &dyn ObjectSource) -> Result<bool, CheckError> {
        let refused_from = self.refused_from;
        let mut found = None;
        let mut report = |problem: Problem| {
            let is_refused =
                problem.severity() >= refused_from || REFUSED_WARNINGS.contains(&problem.message);
            if is_refused && found.is_none() {
                found = Some(problem);
            }
        };
        let mut bytes = 0;
        let mut is_complete = false;
        while bytes < CHECK_BYTES && !is_complete {
            match self.positions.pop() {
                Some(at) => {
                    let id = pack.index().id(at as usize);
                    let object = pack.read(&id).map_err(CheckError::Read)?;
                    bytes += object.bytes.len() as u64 + 100;
                    self.checker.check(&id, object.kind, &object.bytes, &mut report);
                }
                None => {
                    self.checker.finish(&Quarantine { pack: Some(pack), base }, &mut report);
                    is_complete = true;
                }
            }
        }
        found.map_or(Ok(is_complete), |problem| Err(CheckError::Unsound(problem)))
    }
}

/// The check that everything is here that some tips reach and the refs do not.
pub struct ConnectivityCheck {
    selection: Box<Selection>,
}

impl ConnectivityCheck {
    /// Begins with the objects of `pack` over those of `served`, which has what its refs reach.
    pub fn new(
        tips: &[ObjectId],
        pack: Option<&Pack>,
        served: &Served<'_>,
        limits: &Limits,
    ) -> Result<Self, ReadError> {
        let request = SelectionRequest {
            wants: tips.to_vec(),
            haves: served.refs.ids().collect(),
            checks_blobs: true,
            ..SelectionRequest::default()
        };
        let graph = CommitGraph::with_shallow(served.shallow.iter().copied());
        let source = Quarantine { pack, base: served.source };
        let selection = Selection::new(&request, graph, &source, limits)?;
        Ok(Self { selection: Box::new(selection) })
    }

    /// Looks at some objects; `true` when all are here.
    pub fn step(&mut self, pack: Option<&Pack>, served: &Served<'_>) -> Result<bool, ReadError> {
        self.selection.step(&Quarantine { pack, base: served.source }, STEP_BUDGET)
    }
}

/// Whether everything is here that this tip reaches, in one go.
pub(super) fn is_connected(
    tip: &ObjectId,
    pack: Option<&Pack>,
    served: &Served<'_>,
    limits: &Limits,
) -> Result<bool, ReadError> {
    let outcome = ConnectivityCheck::new(&[*tip], pack, served, limits).and_then(|mut check| {
        while !check.step(pack, served)? {}
        Ok(())
    });
    match outcome {
        Ok(()) => Ok(true),
        Err(error) if error.is_limit() => Err(error),
        Err(_) => Ok(false),
    }
}
