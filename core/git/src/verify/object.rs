//! Objects one by one, and the blobs that only their name in a tree tells from others.

use alloc::vec::Vec;

use super::commit::{check_commit, check_tag};
use super::modules::{check_attributes, check_modules};
use super::tree::check_tree;
use super::{Message, Problem};
use crate::path::SpecialFile;
use crate::store::{IdMap, ObjectSource};
use crate::{Kind, Object, ObjectId};

/// Reports what is wrong with one object by its bytes alone. Whether they have this id is not asked.
pub fn check_object(id: &ObjectId, kind: Kind, bytes: &[u8], report: &mut dyn FnMut(Problem)) {
    ObjectChecker::new().check(id, kind, bytes, report);
}

/// Checks a set of objects: each by itself, and `.gitmodules` and `.gitattributes` by their content. Remembers about
/// 50 bytes for each object that is named so.
#[derive(Clone, Debug, Default)]
pub struct ObjectChecker {
    special: IdMap<Special>,
}

/// As what an object is named, and whether its content was checked as that.
#[derive(Clone, Copy, Debug, Default)]
struct Special {
    modules: Named,
    attributes: Named,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Named {
    #[default]
    No,
    Yes,
    Checked,
}

impl ObjectChecker {
    /// Starts with no objects.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reports what is wrong with one object; its id was checked, or is of no interest.
    pub fn check(&mut self, id: &ObjectId, kind: Kind, bytes: &[u8], report: &mut dyn FnMut(Problem)) {
        let mut tell = |message| report(Problem::object(id, message));
        match kind {
            Kind::Commit => check_commit(bytes, &mut tell),
            Kind::Tag => check_tag(bytes, &mut tell),
            Kind::Tree => {
                let mut note = |special, id| self.note(special, id);
                check_tree(bytes, &mut note, &mut tell);
            }
            Kind::Blob => {
                if let Some(special) = self.special.get_mut(id) {
                    check_special(special, bytes, &mut tell);
                }
            }
        }
    }

    fn note(&mut self, special: SpecialFile, id: ObjectId) {
        let entry = self.special.get_or_insert_with(id, Special::default);
        let named = match special {
            SpecialFile::Modules => &mut entry.modules,
            _ => &mut entry.attributes,
        };
        if *named == Named::No {
            *named = Named::Yes;
        }
    }

    /// Reads and reports what the trees named and what has not passed through [`ObjectChecker::check`] after them.
    pub fn finish(&mut self, source: &dyn ObjectSource, report: &mut dyn FnMut(Problem)) {
        let open = |special: &Special| special.modules == Named::Yes || special.attributes == Named::Yes;
        let mut ids: Vec<ObjectId> =
            self.special.iter().filter(|(_, special)| open(special)).map(|(id, _)| *id).collect();
        crate::sort::sort(&mut ids);
        for id in ids {
            let mut special = self.special.get(&id).copied().unwrap_or_default();
            let mut tell = |message| report(Problem::object(&id, message));
            match source.read(&id) {
                Ok(Object { kind: Kind::Blob, bytes }) => check_special(&mut special, &bytes, &mut tell),
                Ok(_) => tell_each(special, Message::GitmodulesBlob, Message::GitattributesBlob, &mut tell),
                Err(error) if error.is_limit() => {
                    tell_each(special, Message::GitmodulesLarge, Message::GitattributesLarge, &mut tell);
                }
                Err(_) => {
                    tell_each(special, Message::GitmodulesMissing, Message::GitattributesMissing, &mut tell);
                }
            }
            self.special.insert(id, Special { modules: Named::Checked, attributes: Named::Checked });
        }
    }
}

fn check_special(special: &mut Special, bytes: &[u8], tell: &mut impl FnMut(Message)) {
    if special.modules == Named::Yes {
        special.modules = Named::Checked;
        check_modules(bytes, tell);
    }
    if special.attributes == Named::Yes {
        special.attributes = Named::Checked;
        check_attributes(bytes, tell);
    }
}

fn tell_each(special: Special, modules: Message, attributes: Message, tell: &mut impl FnMut(Message)) {
    if special.modules == Named::Yes {
        tell(modules);
    }
    if special.attributes == Named::Yes {
        tell(attributes);
    }
}
