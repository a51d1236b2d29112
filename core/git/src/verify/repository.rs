//! All objects of a repository, in steps: each is hashed again and checked, and what they name must be here.
//!
//! A caller stops by not calling again. About 80 bytes an object are held until the end.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use bstr::BString;

use super::tree::links_of_tree;
use super::{Message, ObjectChecker, Problem, Subject};
use crate::id::hasher::object_id_checked;
use crate::object::{CommitLinks, TagRef};
use crate::store::{IdMap, ObjectSource};
use crate::{Kind, Object, ObjectId};

/// What is not asked of a repository.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// Commits whose parents need not be here: the boundary of a shallow clone.
    pub shallow: Vec<ObjectId>,
    /// Whether objects may be missing because a remote has promised them: a partial clone.
    pub is_partial: bool,
}

/// How far a verification has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Objects checked so far.
    pub checked: u64,
    /// Whether all is done.
    pub finished: bool,
}

/// What is known of one id.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// What it is, once it was read.
    found: Option<Kind>,
    /// What an object that was read says it is.
    named: Option<Kind>,
    /// That object.
    by: ObjectId,
}

/// Checks all objects of a repository.
#[derive(Clone, Debug)]
pub struct Verifier {
    options: VerifyOptions,
    objects: ObjectChecker,
    known: IdMap<Known>,
    parents: Vec<ObjectId>,
    checked: u64,
}

impl Verifier {
    /// Starts with nothing checked.
    pub fn new(mut options: VerifyOptions) -> Self {
        crate::sort::sort(&mut options.shallow);
        let (objects, known, parents) = Default::default();
        Self { options, objects, known, parents, checked: 0 }
    }

    /// Checks up to `most` further objects. When `ids` has no more, reports what is missing, and is finished.
    pub fn step(
        &mut self,
        source: &dyn ObjectSource,
        ids: &mut impl Iterator<Item = ObjectId>,
        most: usize,
        report: &mut dyn FnMut(Problem),
    ) -> Progress {
        for _ in 0..most {
            match ids.next() {
                Some(id) => self.check(source, &id, report),
                None => {
                    self.finish(source, report);
                    return Progress { checked: self.checked, finished: true };
                }
            }
        }
        Progress { checked: self.checked, finished: false }
    }

    fn check(&mut self, source: &dyn ObjectSource, id: &ObjectId, report: &mut dyn FnMut(Problem)) {
        self.checked += 1;
        let Object { kind, bytes } = match source.read(id) {
            Ok(object) => object,
            Err(error) => return report(with_detail(id, Message::Unreadable, format!("{error}"))),
        };
        match object_id_checked(kind, &bytes) {
            Err(_) => return report(Problem::object(id, Message::Collision)),
            Ok(found) if found != *id => {
                return report(with_detail(id, Message::HashMismatch, format!("{found}")));
            }
            Ok(_) => {}
        }
        self.objects.check(id, kind, &bytes, report);
        self.note_found(id, kind, report);
        match kind {
            Kind::Blob => {}
            Kind::Tree => links_of_tree(&bytes, |to, kind| self.note_named(id, &to, kind, report)),
            Kind::Commit => self.note_commit(id, &bytes, report),
            Kind::Tag => {
                if let Ok(tag) = TagRef::parse(&bytes) {
                    self.note_named(id, &tag.target, tag.kind, report);
                }
            }
        }
    }

    fn note_commit(&mut self, id: &ObjectId, bytes: &[u8], report: &mut dyn FnMut(Problem)) {
        let mut parents = core::mem::take(&mut self.parents);
        if let Ok(links) = CommitLinks::parse(bytes, &mut parents) {
            self.note_named(id, &links.tree, Kind::Tree, report);
            if self.options.shallow.binary_search(id).is_err() {
                for parent in &parents {
                    self.note_named(id, parent, Kind::Commit, report);
                }
            }
        }
        self.parents = parents;
    }

    fn note_found(&mut self, id: &ObjectId, kind: Kind, report: &mut dyn FnMut(Problem)) {
        let known = self.known.get_or_insert_with(*id, || Known { found: None, named: None, by: *id });
        known.found = Some(kind);
        if let Some(named) = known.named.filter(|named| *named != kind) {
            report(wrong_kind(&known.by, id, named, kind));
        }
    }

    fn note_named(&mut self, by: &ObjectId, id: &ObjectId, kind: Kind, report: &mut dyn FnMut(Problem)) {
        let known = self.known.get_or_insert_with(*id, || Known { found: None, named: Some(kind), by: *by });
        match (known.found, known.named) {
            (Some(found), _) if found != kind => report(wrong_kind(by, id, kind, found)),
            // Two objects name it as two kinds: one of them is wrong, whatever it is.
            (None, Some(named)) if named != kind => report(wrong_kind(by, id, kind, named)),
            _ => {}
        }
        known.named.get_or_insert(kind);
    }

    /// Reports objects that are named and not here, in the order of their ids, and checks the special blobs that remain.
    fn finish(&mut self, source: &dyn ObjectSource, report: &mut dyn FnMut(Problem)) {
        self.objects.finish(source, report);
        let is_open = |known: &Known| known.found.is_none();
        let mut open: Vec<(ObjectId, Known)> = core::mem::take(&mut self.known)
            .iter()
            .filter(|(_, known)| is_open(known))
            .map(|(id, known)| (*id, *known))
            .collect();
        crate::sort::sort_by_key(&mut open, |(id, _)| *id);
        for (id, Known { named, by, .. }) in open {
            let Some(named) = named else { continue };
            match source.header(&id) {
                Ok((kind, _)) if kind != named => report(wrong_kind(&by, &id, named, kind)),
                Err(error)
                    if error.is_missing() && (self.options.is_partial || id == ObjectId::EMPTY_TREE) => {}
                Err(error) if error.is_missing() => {
                    report(with_detail(&by, Message::MissingLink, format!("{named} {id}")));
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
}

fn wrong_kind(by: &ObjectId, id: &ObjectId, named: Kind, found: Kind) -> Problem {
    with_detail(by, Message::WrongKind, format!("{id} is a {found}, not a {named}"))
}

fn with_detail(id: &ObjectId, message: Message, detail: String) -> Problem {
    Problem { subject: Subject::Object(*id), message, detail: BString::from(detail) }
}
