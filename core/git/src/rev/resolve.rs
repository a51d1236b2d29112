//! Looks up what a revision expression names, with git's order of names and its way with abbreviated ids.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use bstr::{BStr, BString, ByteSlice};

use super::error::{Candidate, RevisionError};
use super::expr::{Expression, MessageSearch, Name, ObjectExpression, ReflogPosition, Suffix};
use super::queue::{DateQueue, Marks};
use super::{CommitGraph, CommitIndex, RefLookup};
use crate::id::Prefix;
use crate::object::CommitRef;
use crate::search;
use crate::store::find_path;
use crate::{Kind, ObjectId, ObjectSource, ReadError};

/// Most objects with the same abbreviation that are looked at.
const CANDIDATES_MAX: usize = 1024;

/// What a short name of a ref may be short for, in git's order: what goes before it, and after.
const REF_RULES: [(&str, &str); 6] = [
    ("", ""),
    ("refs/", ""),
    ("refs/tags/", ""),
    ("refs/heads/", ""),
    ("refs/remotes/", ""),
    ("refs/remotes/", "/HEAD"),
];

/// Which of several objects with the same abbreviated id is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hint {
    /// Nothing is known.
    #[default]
    Any,
    /// The one that is a commit, or a tag of one.
    Committish,
    /// The one that is a tree, a commit, or a tag of one of these.
    Treeish,
}

/// Looks up revisions in a repository.
pub struct Resolver<'a> {
    pub(super) source: &'a dyn ObjectSource,
    pub(super) refs: &'a dyn RefLookup,
    pub(super) graph: &'a mut CommitGraph,
}

impl<'a> Resolver<'a> {
    /// Takes the repository's objects, refs and graph of commits, which grows by what is walked.
    pub fn new(source: &'a dyn ObjectSource, refs: &'a dyn RefLookup, graph: &'a mut CommitGraph) -> Self {
        Self { source, refs, graph }
    }

    /// The object that an expression names, as `git rev-parse --verify`. 40 hex digits name themselves, whether the
    /// object is here or not.
    pub fn resolve(&mut self, text: impl AsRef<[u8]>, hint: Hint) -> Result<ObjectId, RevisionError> {
        let text = text.as_ref().as_bstr();
        match Expression::parse(text).map_err(RevisionError::Expression)? {
            Expression::Object(object) => self.object(&object, hint),
            Expression::Message(search) => self.search_refs(&search),
            Expression::Path { tree, path } => {
                let id = self.object(&tree, Hint::Treeish)?;
                let tree = self.source.peel_to_tree(&id)?;
                let not_found = || RevisionError::NoPath { tree, path: path.into() };
                let path = from_root(path).ok_or_else(not_found)?;
                Ok(find_path(self.source, &tree, &path)?.ok_or_else(not_found)?.id)
            }
        }
    }

    /// The commit that an expression leads to, through tags.
    pub fn resolve_commit(&mut self, text: impl AsRef<[u8]>) -> Result<ObjectId, RevisionError> {
        let id = self.resolve(text, Hint::Committish)?;
        let commit = self.commit(&id)?;
        Ok(*self.graph.id(commit))
    }

    /// The full name of the ref that a short name stands for, and the object it leads to.
    pub fn find_ref(&self, short: &BStr) -> Option<(BString, ObjectId)> {
        REF_RULES.iter().find_map(|(before, after)| {
            let full = BString::from([before.as_bytes(), short, after.as_bytes()].concat());
            let id = self.refs.target(full.as_bstr())?;
            Some((full, id))
        })
    }

    fn object(&mut self, expression: &ObjectExpression<'_>, hint: Hint) -> Result<ObjectId, RevisionError> {
        let hint = match expression.suffixes.first() {
            None => hint,
            Some(
                Suffix::Parent(_) | Suffix::Ancestor(_) | Suffix::Message(_) | Suffix::Kind(Kind::Commit),
            ) => Hint::Committish,
            Some(Suffix::Kind(Kind::Tree)) => Hint::Treeish,
            Some(_) => Hint::Any,
        };
        let mut id = self.name(expression.name, hint)?;
        for suffix in &expression.suffixes {
            id = self.step(id, suffix)?;
        }
        Ok(id)
    }

    fn name(&mut self, name: Name<'_>, hint: Hint) -> Result<ObjectId, RevisionError> {
        let not_found = |text: &BStr| RevisionError::NotFound { name: text.into() };
        match name {
            Name::Id(id) => Ok(id),
            Name::Text(text) => {
                let name = if text == "@" { "HEAD".into() } else { text };
                if let Some((_, id)) = self.find_ref(name) {
                    return Ok(id);
                }
                if let Some(digits) = described(text) {
                    return self.abbreviated(digits, Hint::Committish)?.ok_or_else(|| not_found(text));
                }
                self.abbreviated(text, hint)?.ok_or_else(|| not_found(text))
            }
            Name::PriorBranch(nth) => {
                let branch = self.refs.prior_branch(nth).map_err(|_| RevisionError::NoReflog)?;
                let id = branch.and_then(|branch| self.refs.target(branch.as_bstr()));
                id.ok_or(RevisionError::NoPriorBranch { nth })
            }
            Name::Upstream(name) => Err(RevisionError::NoUpstream { name: name.into() }),
            Name::Reflog(name, position) => {
                let full = match name.as_bytes() {
                    b"" => self.refs.current_branch().unwrap_or_else(|| "HEAD".into()),
                    b"@" => "HEAD".into(),
                    _ => self.find_ref(name).ok_or_else(|| not_found(name))?.0,
                };
                let id = self.refs.reflog(full.as_bstr(), position).map_err(|_| RevisionError::NoReflog)?;
                id.ok_or_else(|| RevisionError::NoReflogEntry { name: full, position: written(position) })
            }
        }
    }

    /// The object with this abbreviated id; `None` where the text is none, or nothing begins with it.
    fn abbreviated(&self, text: &[u8], hint: Hint) -> Result<Option<ObjectId>, RevisionError> {
        let Ok(prefix) = Prefix::from_hex(text) else { return Ok(None) };
        let mut found = Vec::new();
        self.source.find_prefix(&prefix, CANDIDATES_MAX, &mut found);
        crate::sort::sort(&mut found);
        found.dedup();
        if found.len() < 2 {
            return Ok(found.first().copied());
        }
        let fitting: Vec<_> = found.iter().copied().filter(|id| self.fits(id, hint)).collect();
        match (fitting.as_slice(), hint) {
            ([only], Hint::Committish | Hint::Treeish) => Ok(Some(*only)),
            _ => {
                let listed = if fitting.is_empty() { found } else { fitting };
                let mut candidates: Vec<_> = listed
                    .into_iter()
                    .map(|id| Candidate { id, kind: self.source.header(&id).ok().map(|(kind, _)| kind) })
                    .collect();
                // As git lists them: tags, commits, trees, blobs; within a kind by id.
                let rank = |kind| match kind {
                    Some(Kind::Tag) => 0,
                    Some(Kind::Commit) => 1,
                    Some(Kind::Tree) => 2,
                    Some(Kind::Blob) => 3,
                    None => 4,
                };
                crate::sort::sort_by_key(&mut candidates, |candidate| (rank(candidate.kind), candidate.id));
                Err(RevisionError::Ambiguous { prefix: text.into(), candidates })
            }
        }
    }

    fn fits(&self, id: &ObjectId, hint: Hint) -> bool {
        let kind = || self.source.peel_tags(id).map(|(kind, _)| kind).ok();
        match hint {
            Hint::Any => true,
            Hint::Committish => kind() == Some(Kind::Commit),
            Hint::Treeish => matches!(kind(), Some(Kind::Commit | Kind::Tree)),
        }
    }

    fn step(&mut self, id: ObjectId, suffix: &Suffix) -> Result<ObjectId, RevisionError> {
        match suffix {
            Suffix::Parent(number) => {
                let commit = self.commit(&id)?;
                if *number == 0 {
                    return Ok(*self.graph.id(commit));
                }
                let parent = self.graph.parents(commit).nth(*number as usize - 1);
                let missing = RevisionError::NoParent { commit: *self.graph.id(commit), number: *number };
                parent.map(|parent| *self.graph.id(parent)).ok_or(missing)
            }
            Suffix::Ancestor(number) => self.ancestor(&id, *number),
            Suffix::Object => {
                self.source.header(&id)?;
                Ok(id)
            }
            Suffix::Untagged => Ok(self.source.peel_tags(&id)?.1),
            Suffix::Kind(expected) => self.of_kind(id, *expected),
            Suffix::Message(search) => {
                let commit = self.commit(&id)?;
                let found = self.search(&[commit], search)?;
                found.ok_or(RevisionError::NoMatch { from: Some(*self.graph.id(commit)) })
            }
        }
    }

    /// The commit that an object leads to, through tags.
    pub(super) fn commit(&mut self, id: &ObjectId) -> Result<CommitIndex, RevisionError> {
        if let Some(index) = self.graph.find(id).filter(|index| self.graph.is_loaded(*index)) {
            return Ok(index);
        }
        let id = self.of_kind(*id, Kind::Commit)?;
        Ok(self.graph.load(self.source, &id)?)
    }

    fn ancestor(&mut self, id: &ObjectId, number: u32) -> Result<ObjectId, RevisionError> {
        let mut commit = self.commit(id)?;
        let from = commit;
        for step in 0..number {
            self.graph.load_index(self.source, commit)?;
            let parent = self.graph.parents(commit).next();
            // More steps than commits: only in a forged store, where a commit is its own ancestor.
            let Some(parent) = parent.filter(|_| step as usize <= self.graph.len()) else {
                return Err(RevisionError::NoAncestor {
                    commit: *self.graph.id(from),
                    number,
                    there_are: step,
                });
            };
            commit = parent;
        }
        self.graph.load_index(self.source, commit)?;
        Ok(*self.graph.id(commit))
    }

    fn of_kind(&self, id: ObjectId, expected: Kind) -> Result<ObjectId, RevisionError> {
        let (kind, _) = self.source.header(&id)?;
        if kind == expected {
            return Ok(id);
        }
        let (found, end) = self.source.peel_tags(&id)?;
        match (found, expected) {
            (found, expected) if found == expected => Ok(end),
            (Kind::Commit, Kind::Tree) => Ok(self.source.peel_to_tree(&end)?),
            (found, expected) => Err(RevisionError::WrongKind { id, expected, found }),
        }
    }

    /// The latest commit that any ref reaches and that is searched for.
    fn search_refs(&mut self, search: &MessageSearch) -> Result<ObjectId, RevisionError> {
        let mut ids = Vec::new();
        self.refs.visit(&mut |_, id| ids.push(id));
        ids.extend(self.refs.target("HEAD".into()));
        let mut tips = Vec::new();
        // Of equally late ones git takes the last named first.
        for id in ids.iter().rev() {
            match self.commit(id) {
                Ok(commit) => tips.push(commit),
                Err(RevisionError::WrongKind { .. }) => {}
                Err(RevisionError::Read(error)) if error.is_missing() => {}
                Err(error) => return Err(error),
            }
        }
        self.search(&tips, search)?.ok_or(RevisionError::NoMatch { from: None })
    }

    /// The latest commit that the tips reach and that is searched for.
    fn search(
        &mut self,
        tips: &[CommitIndex],
        search: &MessageSearch,
    ) -> Result<Option<ObjectId>, RevisionError> {
        let mut seen = Marks::default();
        let mut queue = DateQueue::default();
        for tip in tips {
            if !seen.has(*tip, 1) {
                seen.add(*tip, 1);
                queue.push(self.graph.time(*tip), *tip);
            }
        }
        while let Some(queued) = queue.pop() {
            let id = *self.graph.id(queued.commit);
            let bytes = self.source.read_commit(&id)?;
            let commit = CommitRef::parse(&bytes).map_err(|error| ReadError::corrupt(id, error))?;
            let message = commit.message.split(|byte| *byte == 0).next().unwrap_or_default();
            if search.accepts(message) {
                return Ok(Some(id));
            }
            for parent in self.graph.parents(queued.commit).collect::<Vec<_>>() {
                if !seen.has(parent, 1) {
                    self.graph.load_index(self.source, parent)?;
                    seen.add(parent, 1);
                    queue.push(self.graph.time(parent), parent);
                }
            }
        }
        Ok(None)
    }
}

/// The abbreviated id at the end of what `git describe` prints: `v1.0-3-gabcdef`.
fn described(text: &BStr) -> Option<&[u8]> {
    let digits = text.rsplit(|byte| !byte.is_ascii_hexdigit()).next()?;
    let before = &text[..text.len() - digits.len()];
    before.ends_with(b"-g").then_some(digits)
}

/// A path with `./` and `../` at its start taken out, as seen from the root; `None` where it leaves the root.
fn from_root(path: &BStr) -> Option<Cow<'_, [u8]>> {
    if !path.starts_with(b"./") && !path.starts_with(b"../") {
        return Some(Cow::Borrowed(path));
    }
    let mut names: Vec<&[u8]> = Vec::new();
    for name in search::split(path, b'/') {
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()?),
            name => names.push(name),
        }
    }
    Some(Cow::Owned(names.join(&b'/')))
}

fn written(position: ReflogPosition<'_>) -> BString {
    match position {
        ReflogPosition::Nth(nth) => alloc::format!("{nth}").into(),
        ReflogPosition::Date(text) => text.into(),
    }
}
