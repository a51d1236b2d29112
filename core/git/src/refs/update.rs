//! Several refs changed at once, all or none, each only where it still is what the caller expects.

use alloc::vec::Vec;
use core::fmt;

use super::{RefName, RefStore, RefTarget};
use crate::ObjectId;

/// What a ref must be before an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is.
    Any,
    /// Nothing: there is no such ref.
    Missing,
    /// A ref that leads to this object, itself or as a symbolic ref, as git compares it.
    Value(ObjectId),
    /// Exactly this.
    Target(RefTarget),
}

/// What a ref is after an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewValue {
    /// It points to this object. A symbolic ref is replaced, not followed: see [`RefStore::follow`].
    Set(ObjectId),
    /// It points to this ref.
    Symbolic(RefName),
    /// It is gone; nothing happens where there was none.
    Delete,
}

/// One ref to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// The ref.
    pub name: RefName,
    /// What it must be before.
    pub expected: Expected,
    /// What it is after.
    pub new: NewValue,
}

/// One ref that was changed, both ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefDelta {
    /// The ref.
    pub name: RefName,
    /// What it was; `None` where there was none.
    pub before: Option<RefTarget>,
    /// What it is; `None` where it is gone.
    pub after: Option<RefTarget>,
}

impl RefDelta {
    /// The change that takes this one back.
    pub fn inverse(&self) -> Self {
        Self { name: self.name.clone(), before: self.after.clone(), after: self.before.clone() }
    }
}

/// The update that makes this change again, where the ref is exactly what it was.
impl From<&RefDelta> for RefUpdate {
    fn from(delta: &RefDelta) -> Self {
        let expected = delta.before.clone().map_or(Expected::Missing, Expected::Target);
        let new = match &delta.after {
            Some(RefTarget::Direct(id)) => NewValue::Set(*id),
            Some(RefTarget::Symbolic(name)) => NewValue::Symbolic(name.clone()),
            None => NewValue::Delete,
        };
        Self { name: delta.name.clone(), expected, new }
    }
}

/// Why an update was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdateProblem {
    /// The ref is not what was expected.
    Unexpected {
        /// What was expected.
        expected: Expected,
        /// What it is.
        found: Option<RefTarget>,
    },
    /// Another ref stands where this one needs a folder, or this one where others have theirs.
    FolderClash {
        /// The other ref.
        other: RefName,
    },
    /// The same ref is named twice in one set of updates.
    Repeated,
    /// A symbolic ref is to point outside `refs/`.
    SymbolicOutsideRefs {
        /// Where it was to point.
        target: RefName,
    },
}

/// An update that was refused; no ref has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateError {
    /// The ref.
    pub name: RefName,
    /// Why.
    pub problem: UpdateProblem,
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.problem {
            UpdateProblem::Unexpected { expected, found } => {
                match found {
                    Some(found) => write!(f, "ref {name} is at {found}")?,
                    None => write!(f, "ref {name} does not exist")?,
                }
                match expected {
                    Expected::Any => Ok(()),
                    Expected::Missing => f.write_str(" and must not exist"),
                    Expected::Value(id) => write!(f, " but expected at {id}"),
                    Expected::Target(target) => write!(f, " but expected at {target}"),
                }
            }
            UpdateProblem::FolderClash { other } => {
                write!(f, "ref {name} and ref {other} cannot both exist: one is a folder of the other")
            }
            UpdateProblem::Repeated => write!(f, "ref {name} is named twice in one update"),
            UpdateProblem::SymbolicOutsideRefs { target } => {
                write!(f, "ref {name} cannot point to {target}, which is outside refs/")
            }
        }
    }
}

impl core::error::Error for UpdateError {}

impl RefStore {
    /// Makes all changes, or none. Returns those that changed something, in the order of `updates`.
    ///
    /// What is expected is compared with the refs as they are before any of the updates. Whether refs get in each
    /// other's way (`a` and `a/b`) is judged when all are made, so one set may delete `a` and create `a/b`.
    pub fn update(&mut self, updates: &[RefUpdate]) -> Result<Vec<RefDelta>, UpdateError> {
        let creates_only = updates.iter().all(is_creation);
        if !creates_only {
            check_repeated(updates)?;
        }
        let mut deltas = Vec::with_capacity(updates.len());
        if let Err(error) = self.apply_all(updates, &mut deltas) {
            self.take_back(deltas);
            // Of two creations of one ref the second fails, so that names are compared only then.
            if creates_only {
                check_repeated(updates)?;
            }
            return Err(error);
        }
        Ok(deltas)
    }

    /// Makes the changes and notes them; where it fails, what was noted is to be taken back.
    fn apply_all(&mut self, updates: &[RefUpdate], deltas: &mut Vec<RefDelta>) -> Result<(), UpdateError> {
        self.check_symbolic(updates)?;
        let mut folders = Vec::new();
        for update in updates {
            self.apply(update, deltas, &mut folders)?;
        }
        self.check_folders(deltas, &folders)
    }

    /// Checks what has to be judged before any change: symbolic targets, and symbolic refs compared by what they lead to.
    fn check_symbolic(&self, updates: &[RefUpdate]) -> Result<(), UpdateError> {
        for update in updates {
            if let NewValue::Symbolic(target) = &update.new
                && !target.is_under_refs()
            {
                let problem = UpdateProblem::SymbolicOutsideRefs { target: target.clone() };
                return Err(UpdateError { name: update.name.clone(), problem });
            }
            if let Expected::Value(id) = update.expected
                && let Some(found @ RefTarget::Symbolic(_)) = self.get(update.name.as_ref())
                && self.resolve(update.name.as_ref()) != Ok(Some(id))
            {
                return Err(unexpected(update, Some(found)));
            }
        }
        Ok(())
    }

    /// Makes one change if the ref is as expected, and notes it, and the folders that come to be with it.
    fn apply(
        &mut self,
        update: &RefUpdate,
        deltas: &mut Vec<RefDelta>,
        new_folders: &mut Vec<NewFolder>,
    ) -> Result<(), UpdateError> {
        let after = match &update.new {
            NewValue::Set(id) => Some(RefTarget::Direct(*id)),
            NewValue::Symbolic(name) => Some(RefTarget::Symbolic(name.clone())),
            NewValue::Delete => None,
        };
        let before = match &after {
            Some(_) => {
                let slot = self.refs.slot(update.name.clone());
                let checked = check_expected(update, slot.as_ref());
                if checked.is_err() && slot.is_none() {
                    self.refs.remove(&update.name);
                    return checked;
                }
                checked?;
                if *slot == after {
                    return Ok(());
                }
                core::mem::replace(slot, after.clone())
            }
            None => {
                check_expected(update, self.refs.get(&update.name))?;
                match self.refs.remove(&update.name) {
                    None => return Ok(()),
                    before => before,
                }
            }
        };
        if before.is_none() {
            let delta = deltas.len();
            self.enter_folder(&update.name, |length| new_folders.push(NewFolder { delta, length }));
        } else if after.is_none() {
            self.leave_folder(&update.name);
        }
        deltas.push(RefDelta { name: update.name.clone(), before, after });
        Ok(())
    }

    fn take_back(&mut self, deltas: Vec<RefDelta>) {
        for RefDelta { name, before, after } in deltas {
            match (&before, &after) {
                (None, _) => self.leave_folder(&name),
                (_, None) => self.enter_folder(&name, |_| ()),
                _ => {}
            }
            match before {
                Some(before) => self.refs.insert(name, before),
                None => self.refs.remove(&name),
            };
        }
    }

    /// Checks that no ref is a folder: neither one that was made by `deltas`, nor one where a folder came to be.
    fn check_folders(&self, deltas: &[RefDelta], new_folders: &[NewFolder]) -> Result<(), UpdateError> {
        for delta in deltas.iter().filter(|delta| delta.before.is_none()) {
            let name: &[u8] = delta.name.as_ref();
            if self.folders.contains_key(name) {
                let below = [name, b"/"].concat();
                let other = self.iter_prefix(&below).next().map_or(&delta.name, |(other, _)| other);
                return Err(folder_clash(&delta.name, other));
            }
        }
        for NewFolder { delta, length } in new_folders {
            let name = &deltas[*delta].name;
            let folder: &[u8] = &name.as_bstr()[..*length];
            if let Some((other, _)) = self.refs.get_key_value(folder) {
                return Err(folder_clash(name, other));
            }
        }
        Ok(())
    }
}

/// A folder that did not exist before: the first bytes of the name that a delta made.
struct NewFolder {
    delta: usize,
    length: usize,
}

fn folder_clash(name: &RefName, other: &RefName) -> UpdateError {
    UpdateError { name: name.clone(), problem: UpdateProblem::FolderClash { other: other.clone() } }
}

fn unexpected(update: &RefUpdate, found: Option<&RefTarget>) -> UpdateError {
    let problem = UpdateProblem::Unexpected { expected: update.expected.clone(), found: found.cloned() };
    UpdateError { name: update.name.clone(), problem }
}

/// Compares a ref with what is expected, but for symbolic refs and values, which were compared before any change.
fn check_expected(update: &RefUpdate, found: Option<&RefTarget>) -> Result<(), UpdateError> {
    let as_expected = match (&update.expected, found) {
        (Expected::Any, _) | (Expected::Value(_), Some(RefTarget::Symbolic(_))) => true,
        (Expected::Missing, found) => found.is_none(),
        (Expected::Value(id), Some(RefTarget::Direct(found))) => id == found,
        (Expected::Value(_), None) => false,
        (Expected::Target(target), found) => found == Some(target),
    };
    if as_expected { Ok(()) } else { Err(unexpected(update, found)) }
}

/// Whether the ref must not exist before and exists afterwards.
fn is_creation(update: &RefUpdate) -> bool {
    update.expected == Expected::Missing && update.new != NewValue::Delete
}

/// Refuses a set that names a ref twice.
fn check_repeated(updates: &[RefUpdate]) -> Result<(), UpdateError> {
    if updates.is_sorted_by(|a, b| a.name < b.name) {
        return Ok(());
    }
    let mut names: Vec<&RefName> = updates.iter().map(|update| &update.name).collect();
    crate::sort::sort(&mut names);
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(UpdateError { name: pair[0].clone(), problem: UpdateProblem::Repeated }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use UpdateProblem::*;

    fn name(text: &str) -> RefName {
        RefName::new(text).unwrap()
    }

    fn id(number: u8) -> ObjectId {
        ObjectId::from_bytes([number; 20])
    }

    fn set(text: &str, expected: Expected, number: u8) -> RefUpdate {
        RefUpdate { name: name(text), expected, new: NewValue::Set(id(number)) }
    }

    fn problem(refs: &mut RefStore, updates: &[RefUpdate]) -> UpdateProblem {
        let before = refs.clone();
        let error = refs.update(updates).unwrap_err();
        assert_eq!(*refs, before, "nothing is changed by a refused update");
        error.problem
    }

    #[test]
    fn all_or_nothing_with_expected_values() {
        let mut refs = RefStore::new();
        refs.update(&[set("refs/heads/a", Expected::Missing, 1)]).unwrap();
        let updates =
            [set("refs/heads/b", Expected::Missing, 1), set("refs/heads/a", Expected::Value(id(2)), 3)];
        assert_eq!(
            problem(&mut refs, &updates),
            Unexpected { expected: Expected::Value(id(2)), found: Some(id(1).into()) }
        );
        let again = [set("refs/heads/a", Expected::Missing, 2)];
        assert!(matches!(problem(&mut refs, &again), Unexpected { .. }));
        let absent = [set("refs/heads/x", Expected::Value(id(2)), 2)];
        assert!(matches!(problem(&mut refs, &absent), Unexpected { found: None, .. }));
        let twice = [set("refs/heads/x", Expected::Any, 1), set("refs/heads/x", Expected::Any, 2)];
        assert_eq!(problem(&mut refs, &twice), Repeated);
        let created_twice =
            ["refs/heads/y", "refs/heads/x", "refs/heads/x"].map(|x| set(x, Expected::Missing, 1));
        assert_eq!(problem(&mut refs, &created_twice), Repeated);
        // That a ref is named twice is told before anything else.
        let taken_and_twice =
            ["refs/heads/a", "refs/heads/x", "refs/heads/x"].map(|x| set(x, Expected::Missing, 1));
        assert_eq!(problem(&mut refs, &taken_and_twice), Repeated);
    }

    #[test]
    fn deltas_say_what_changed_and_go_both_ways() {
        let mut refs = RefStore::new();
        let head = RefUpdate {
            name: name("HEAD"),
            expected: Expected::Missing,
            new: NewValue::Symbolic(name("refs/heads/a")),
        };
        let deltas = refs.update(&[head, set("refs/heads/a", Expected::Missing, 1)]).unwrap();
        assert_eq!(deltas.len(), 2);
        assert_eq!(refs.update(&[set("refs/heads/a", Expected::Any, 1)]).unwrap(), []);
        // A symbolic ref is compared through what it leads to, and replaced by what it is set to.
        let detached = refs.update(&[set("HEAD", Expected::Value(id(1)), 1)]).unwrap();
        assert_eq!(refs.head(), Some(&id(1).into()));
        let undo: Vec<RefUpdate> =
            detached.iter().chain(&deltas).map(|delta| (&delta.inverse()).into()).collect();
        refs.update(&undo[..1]).unwrap();
        assert_eq!(refs.head(), Some(&name("refs/heads/a").into()));
        assert!(matches!(problem(&mut refs, &undo[..1]), Unexpected { .. }));
        refs.update(&undo[1..]).unwrap();
        assert!(refs.is_empty());
    }

    #[test]
    fn no_ref_lies_below_another() {
        let mut refs = RefStore::new();
        refs.update(&[set("refs/heads/a/b", Expected::Any, 1), set("refs/heads/a-b", Expected::Any, 1)])
            .unwrap();
        for (below, above) in [("refs/heads/a", "refs/heads/a/b"), ("refs/heads/a/b/c/d", "refs/heads/a/b")] {
            let clash = FolderClash { other: name(above) };
            assert_eq!(problem(&mut refs, &[set(below, Expected::Any, 1)]), clash);
        }
        let both = [set("refs/heads/q/r", Expected::Any, 1), set("refs/heads/q", Expected::Any, 1)];
        assert!(matches!(problem(&mut refs, &both), FolderClash { .. }));
        let delete =
            RefUpdate { name: name("refs/heads/a/b"), expected: Expected::Any, new: NewValue::Delete };
        refs.update(&[set("refs/heads/a", Expected::Any, 1), delete]).unwrap();
        assert_eq!(refs.len(), 2);
    }

    #[test]
    fn symbolic_refs_stay_under_refs() {
        let new = NewValue::Symbolic(name("ORIG_HEAD"));
        let update = RefUpdate { name: name("HEAD"), expected: Expected::Any, new };
        assert_eq!(
            problem(&mut RefStore::new(), &[update]),
            SymbolicOutsideRefs { target: name("ORIG_HEAD") }
        );
    }

    /// Whether a folder was found free is remembered between neighbours; the answer must not depend on it.
    #[test]
    fn clashes_are_found_in_any_order() {
        let texts =
            ["refs/a/b/c", "refs/a/b", "refs/a", "refs/ab", "refs/a/bc", "refs/b/a", "refs/a-b/a", "refs/b"];
        for first in texts {
            for second in texts {
                for third in texts {
                    let picked = [first, second, third];
                    let clash = |a: &str, b: &str| b.strip_prefix(a).is_some_and(|r| r.starts_with('/'));
                    let bad = picked.iter().any(|a| picked.iter().any(|b| clash(a, b)))
                        || (first == second || second == third || first == third);
                    let updates = picked.map(|text| set(text, Expected::Missing, 1));
                    assert_eq!(RefStore::new().update(&updates).is_err(), bad, "{picked:?}");
                }
            }
        }
    }
}
