//! The refs that a server shows: v2's `ls-refs`, and the v0 and v1 advertisements of both services.
//!
//! Which refs are shown is decided by whoever makes the [`ServedRefs`]; what they point to is read here only to peel.

use alloc::vec::Vec;

use bstr::{BStr, BString, ByteSlice};

use super::capabilities::{Service, list_v0};
use super::pkt_line::{write_flush, write_line, write_parts};
use crate::refs::{RefStore, RefTarget};
use crate::{Kind, ObjectId, ObjectSource};

/// Longest ref name that is served, in bytes: two of them and two ids fit in a packet with room to spare.
const REF_NAME_BYTES_MAX: usize = 16_000;

/// Where HEAD points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// To a branch, which need not be born yet.
    Symbolic(BString),
    /// To an object.
    Detached(ObjectId),
    /// There is none, or it is hidden.
    Absent,
}

/// A ref as clients see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedRef {
    /// The full name.
    pub name: BString,
    /// What it points to.
    pub id: ObjectId,
    /// The ref through which it points there, if it is symbolic.
    pub symref_target: Option<BString>,
}

/// The refs of a repository as they were at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedRefs {
    head: Head,
    refs: Vec<ServedRef>,
}

impl ServedRefs {
    /// Sorts the refs by name. Leaves out what cannot travel: names with control characters or spaces, names longer than
    /// 16,000 bytes, and all but the first of the same name.
    pub fn new(head: Head, refs: impl IntoIterator<Item = ServedRef>) -> Self {
        let travels = |name: &BStr| {
            name.len() <= REF_NAME_BYTES_MAX && name.iter().all(|byte| *byte > b' ' && *byte != 0x7f)
        };
        let mut refs: Vec<_> = refs.into_iter().filter(|served| travels(served.name.as_bstr())).collect();
        crate::sort::sort_by(&mut refs, |a, b| a.name.cmp(&b.name));
        refs.dedup_by(|later, earlier| later.name == earlier.name);
        let head = match head {
            Head::Symbolic(target) if !travels(target.as_bstr()) => Head::Absent,
            head => head,
        };
        Self { head, refs }
    }

    /// All refs under `refs/` that lead to an object, and HEAD. A host that hides some filters what it hands to
    /// [`ServedRefs::new`] instead.
    pub fn from_store(store: &RefStore) -> Self {
        let head = match store.head() {
            Some(RefTarget::Symbolic(target)) => Head::Symbolic(target.as_bstr().into()),
            Some(RefTarget::Direct(id)) => Head::Detached(*id),
            None => Head::Absent,
        };
        let refs = store.iter_prefix(b"refs/").filter_map(|(name, target)| {
            let id = store.resolve(name.as_ref()).ok().flatten()?;
            let symref_target = match target {
                RefTarget::Symbolic(target) => Some(target.as_bstr().into()),
                RefTarget::Direct(_) => None,
            };
            Some(ServedRef { name: name.as_bstr().into(), id, symref_target })
        });
        Self::new(head, refs)
    }

    /// Where HEAD points.
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The refs, sorted by name, HEAD not among them.
    pub fn refs(&self) -> &[ServedRef] {
        &self.refs
    }

    /// What the ref of this name points to; `HEAD` is a name too.
    pub fn find(&self, name: &[u8]) -> Option<ObjectId> {
        if name == b"HEAD" {
            return match &self.head {
                Head::Symbolic(target) if target != "HEAD" => self.find(target),
                Head::Detached(id) => Some(*id),
                _ => None,
            };
        }
        let at = self.refs.binary_search_by(|served| served.name.as_slice().cmp(name)).ok()?;
        Some(self.refs[at].id)
    }

    /// Every id that a ref or HEAD points to.
    pub fn ids(&self) -> impl Iterator<Item = ObjectId> {
        let detached = match self.head {
            Head::Detached(id) => Some(id),
            _ => None,
        };
        detached.into_iter().chain(self.refs.iter().map(|served| served.id))
    }

    /// The `position`-th line of an advertisement: HEAD if it is born, then the refs; `None` after the last.
    fn line(&self, position: usize) -> Option<Option<Line<'_>>> {
        if position > 0 {
            let served = self.refs.get(position - 1)?;
            let symref_target = served.symref_target.as_ref().map(|target| target.as_bstr());
            return Some(Some(Line { name: served.name.as_bstr(), id: served.id, symref_target }));
        }
        let symref_target = match &self.head {
            Head::Symbolic(target) => Some(target.as_bstr()),
            _ => None,
        };
        Some(self.find(b"HEAD").map(|id| Line { name: b"HEAD".as_bstr(), id, symref_target }))
    }
}

/// A ref about to be written.
struct Line<'a> {
    name: &'a BStr,
    id: ObjectId,
    symref_target: Option<&'a BStr>,
}

impl Line<'_> {
    /// What an annotated tag finally names. Branches hold commits, so nothing is read for them.
    fn peeled(&self, source: &dyn ObjectSource) -> Option<ObjectId> {
        if self.name.starts_with(b"refs/heads/") {
            return None;
        }
        let (kind, _) = source.header(&self.id).ok()?;
        let peeled = if kind == Kind::Tag { source.peel_tags(&self.id).ok()?.1 } else { self.id };
        (peeled != self.id).then_some(peeled)
    }
}

/// What an `ls-refs` request asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LsRefs {
    /// Say what annotated tags name.
    pub peel: bool,
    /// Say where symbolic refs point.
    pub symrefs: bool,
    /// Say where HEAD points even if that branch is not born.
    pub unborn: bool,
    /// Only refs that begin with one of these; all where there is none.
    pub prefixes: Vec<BString>,
}

impl LsRefs {
    /// Most prefixes that are looked at, as in git; with more, every ref is shown.
    pub const PREFIXES_MAX: usize = 65_536;

    fn shows(&self, name: &[u8]) -> bool {
        if self.prefixes.is_empty() || self.prefixes.len() >= Self::PREFIXES_MAX {
            return true;
        }
        // Sorted, and none begins with another: only the last one not after the name can begin it.
        let after = self.prefixes.partition_point(|prefix| prefix.as_slice() <= name);
        after.checked_sub(1).is_some_and(|at| name.starts_with(&self.prefixes[at]))
    }

    /// Brings the prefixes into the order that [`LsRefsResponse`] needs.
    fn sort_prefixes(&mut self) {
        crate::sort::sort(&mut self.prefixes);
        self.prefixes.dedup_by(|later, earlier| later.starts_with(earlier));
    }
}

/// Writes the answer to `ls-refs`, piece by piece.
#[derive(Clone, Debug)]
pub struct LsRefsResponse {
    request: LsRefs,
    position: usize,
}

impl LsRefsResponse {
    /// Starts before HEAD.
    pub fn new(mut request: LsRefs) -> Self {
        request.sort_prefixes();
        Self { request, position: 0 }
    }

    /// Appends lines until `out` holds about `bytes`; `true` when the answer is complete.
    /// A ref whose object is not here is passed over, as in git.
    pub fn write(
        &mut self,
        source: &dyn ObjectSource,
        refs: &ServedRefs,
        bytes: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        while out.len() < bytes {
            let Some(line) = refs.line(self.position) else {
                write_flush(out);
                return true;
            };
            match line {
                Some(line) if self.request.shows(line.name) && source.contains(&line.id) => {
                    self.write_ref(&line, source, out);
                }
                Some(_) => {}
                None => self.write_unborn(refs, out),
            }
            self.position += 1;
        }
        false
    }

    fn write_ref(&self, line: &Line<'_>, source: &dyn ObjectSource, out: &mut Vec<u8>) {
        let hex = line.id.to_hex();
        let mut parts: Vec<&[u8]> = Vec::from([&hex[..], b" ", line.name]);
        if let Some(target) = line.symref_target.filter(|_| self.request.symrefs) {
            parts.extend([&b" symref-target:"[..], target]);
        }
        let peeled = if self.request.peel { line.peeled(source) } else { None };
        let peeled = peeled.map(|id| id.to_hex());
        if let Some(peeled) = &peeled {
            parts.extend([&b" peeled:"[..], peeled]);
        }
        parts.push(b"\n");
        write_parts(&parts, out);
    }

    fn write_unborn(&self, refs: &ServedRefs, out: &mut Vec<u8>) {
        if let Head::Symbolic(target) = refs.head()
            && self.request.unborn
            && self.request.shows(b"HEAD")
        {
            let target: &[u8] = if self.request.symrefs { target } else { b"" };
            let keyword: &[u8] = if self.request.symrefs { b" symref-target:" } else { b"" };
            write_parts(&[b"unborn HEAD", keyword, target, b"\n"], out);
        }
    }
}

/// Writes the advertisement of protocol v0 or v1, piece by piece.
#[derive(Clone, Debug)]
pub struct Advertisement {
    service: Service,
    position: usize,
    is_empty: bool,
}

impl Advertisement {
    /// Starts with the service's line over HTTP, and for v1 with its version.
    pub fn new(service: Service, version_1: bool, out: &mut Vec<u8>) -> Self {
        write_parts(&[b"# service=", service.name().as_bytes(), b"\n"], out);
        write_flush(out);
        if version_1 {
            write_line(b"version 1", out);
        }
        // Only a fetch wants to know HEAD.
        let position = usize::from(service == Service::ReceivePack);
        Self { service, position, is_empty: true }
    }

    /// Appends lines until `out` holds about `bytes`; `true` when the advertisement is complete. `shallow` is where this
    /// repository's own history is cut.
    pub fn write(
        &mut self,
        source: &dyn ObjectSource,
        refs: &ServedRefs,
        shallow: &[ObjectId],
        bytes: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        while out.len() < bytes {
            let Some(line) = refs.line(self.position) else {
                self.finish(refs, shallow, out);
                return true;
            };
            self.position += 1;
            if let Some(line) = line
                && source.contains(&line.id)
            {
                self.write_ref(line.name, &line.id, refs, out);
                let peeled = if self.service == Service::UploadPack { line.peeled(source) } else { None };
                if let Some(peeled) = peeled {
                    write_parts(&[&peeled.to_hex(), b" ", line.name, b"^{}\n"], out);
                }
            }
        }
        false
    }

    fn write_ref(&mut self, name: &[u8], id: &ObjectId, refs: &ServedRefs, out: &mut Vec<u8>) {
        if !self.is_empty {
            return write_parts(&[&id.to_hex(), b" ", name, b"\n"], out);
        }
        self.is_empty = false;
        let symref = match refs.head() {
            Head::Symbolic(target) if self.service == Service::UploadPack && refs.find(b"HEAD").is_some() => {
                Some((&b"HEAD"[..], target.as_slice()))
            }
            _ => None,
        };
        write_parts(&[&id.to_hex(), b" ", name, b"\0", &list_v0(self.service, symref), b"\n"], out);
    }

    fn finish(&mut self, refs: &ServedRefs, shallow: &[ObjectId], out: &mut Vec<u8>) {
        if self.is_empty {
            self.write_ref(b"capabilities^{}", &ObjectId::NULL, refs, out);
        }
        shallow.iter().for_each(|id| write_parts(&[b"shallow ", &id.to_hex(), b"\n"], out));
        write_flush(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ObjectSink;
    use crate::object::{Signature, Tag};
    use crate::store::MemoryStore;
    use std::string::{String, ToString};
    use std::vec;

    fn served(name: &str, id: ObjectId) -> ServedRef {
        ServedRef { name: name.into(), id, symref_target: None }
    }

    fn sample() -> (MemoryStore, ServedRefs, ObjectId, ObjectId) {
        let mut store = MemoryStore::new();
        let blob = store.write(Kind::Blob, b"x");
        let tagger = Signature { name: "A".into(), email: "a@b".into(), time: 1, offset_minutes: 0 };
        let tag = Tag { target: blob, kind: Kind::Blob, name: "v1".into(), tagger, message: "t\n".into() };
        let tag = store.write(Kind::Tag, &tag.write());
        let refs = ServedRefs::new(
            Head::Symbolic("refs/heads/main".into()),
            [
                served("refs/tags/v1", tag),
                served("refs/heads/main", blob),
                served("refs/heads/gone", ObjectId::NULL),
                served("refs/heads/evil\n0000", blob),
            ],
        );
        (store, refs, blob, tag)
    }

    fn answer(request: LsRefs, store: &MemoryStore, refs: &ServedRefs) -> String {
        let mut response = LsRefsResponse::new(request);
        let mut whole = Vec::new();
        loop {
            // One line at a time: the pieces do not matter.
            let mut out = Vec::new();
            let is_complete = response.write(store, refs, 1, &mut out);
            whole.extend_from_slice(&out);
            if is_complete {
                return String::from_utf8(whole).unwrap();
            }
        }
    }

    #[test]
    fn ls_refs_answers_as_git_does() {
        let (store, refs, blob, tag) = sample();
        let all = LsRefs { peel: true, symrefs: true, unborn: true, prefixes: vec![] };
        assert_eq!(
            answer(all.clone(), &store, &refs),
            std::format!(
                "0050{blob} HEAD symref-target:refs/heads/main\n003d{blob} refs/heads/main\n\
                 006a{tag} refs/tags/v1 peeled:{blob}\n0000"
            )
        );
        let few = LsRefs { prefixes: vec!["refs/tags/".into(), "refs/tags/v".into(), "HEAX".into()], ..all };
        assert_eq!(answer(few, &store, &refs), std::format!("006a{tag} refs/tags/v1 peeled:{blob}\n0000"));
    }

    #[test]
    fn an_unborn_head_is_told_to_those_who_ask() {
        let store = MemoryStore::new();
        let refs = ServedRefs::new(Head::Symbolic("refs/heads/main".into()), []);
        let request = LsRefs { symrefs: true, unborn: true, ..LsRefs::default() };
        assert_eq!(
            answer(request.clone(), &store, &refs),
            "002eunborn HEAD symref-target:refs/heads/main\n0000"
        );
        assert_eq!(answer(LsRefs { unborn: false, ..request }, &store, &refs), "0000");
    }

    #[test]
    fn too_many_prefixes_show_everything() {
        let prefixes = (0..LsRefs::PREFIXES_MAX).map(|n| std::format!("x{n:06}").into()).collect();
        assert!(LsRefs { prefixes, ..LsRefs::default() }.shows(b"refs/heads/main"));
    }

    #[test]
    fn the_advertisement_of_v0_is_gits() {
        let (store, refs, blob, tag) = sample();
        let mut out = Vec::new();
        let mut advertisement = Advertisement::new(Service::UploadPack, false, &mut out);
        assert!(advertisement.write(&store, &refs, &[], usize::MAX, &mut out));
        let text = out.to_str_lossy().to_string();
        assert!(text.starts_with("001e# service=git-upload-pack\n0000"));
        assert!(text.contains(&std::format!("{blob} HEAD\0multi_ack ")));
        assert!(text.contains(" symref=HEAD:refs/heads/main object-format=sha1 "));
        assert!(text.ends_with(&std::format!(
            "003d{blob} refs/heads/main\n003a{tag} refs/tags/v1\n003d{blob} refs/tags/v1^{{}}\n0000"
        )));
        let mut out = Vec::new();
        let mut advertisement = Advertisement::new(Service::ReceivePack, false, &mut out);
        let empty = ServedRefs::new(Head::Absent, []);
        assert!(advertisement.write(&store, &empty, &[blob], usize::MAX, &mut out));
        let text = out.to_str_lossy().to_string();
        assert!(text.contains(" capabilities^{}\0report-status "));
        assert!(text.ends_with(&std::format!("0035shallow {blob}\n0000")));
    }
}
