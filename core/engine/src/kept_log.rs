//! The log of operations in a storage, as plain git: a commit under `refs/govc/log/NAME` that one move of a ref replaces.
//!
//! Its parents are commits of their own, each with a run of operations (`entries`); their parents in turn are the commits
//! that the log names and no ref leads to, so that git keeps what undo and time travel need (beside `entries`: `objects`,
//! where such a ref led to a file or a tree, and `tags`, the texts of annotated tags). Its tree holds `base`, the refs
//! before the first operation, and `marks`: small texts that belong to the log, such as cursors. Runs are joined as
//! they grow, so that there are few, and go at the front as the log drops its oldest operations. Moves no ref by itself.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bstr::BString;
use govc_git::id::hasher::object_id_checked;
use govc_git::name_map::NameMap;
use govc_git::object::{Commit, CommitRef, Mode, Signature, TagRef, TreeBuilder, TreeRef};
use govc_git::refs::{RefDelta, RefName, RefTarget};
use govc_git::sort::sort;
use govc_git::store::{IdMap, Overlay};
use govc_git::{Kind, Object, ObjectId, ObjectSink, ObjectSource};

use crate::entries::{decode_operations, decode_refs, encode_operations, encode_refs};
use crate::error::{Error, ErrorCode, Result};
use crate::operation::{Operation, OperationLog};
use crate::store::Store;

/// The folder of the refs that are no realities and nobody's but this engine's.
pub const OWN_REFS: &[u8] = b"refs/govc/";
/// Most operations in one run: what is written again when runs are joined or cut is no more.
const RUN_OPERATIONS_MAX: u64 = 16_384;
/// Most runs that are read.
const RUNS_MAX: usize = 65_536;
/// Most marks.
const MARKS_MAX: usize = 10_000;
/// Longest mark, in bytes.
const MARK_BYTES_MAX: usize = 1 << 20;

/// A log that a storage keeps.
pub(crate) struct KeptLog {
    /// The ref that leads to it.
    pub name: RefName,
    /// What the storage holds of it.
    pub kept: Kept,
    marks: NameMap<BString, Vec<u8>>,
    /// Grows with each change of a mark.
    marks_version: u64,
}

/// What a storage holds of a log.
#[derive(Clone)]
pub(crate) struct Kept {
    /// The commit; `None` before the first.
    pub head: Option<ObjectId>,
    base: ObjectId,
    runs: Vec<Run>,
    marks_version: u64,
}

/// Operations in one commit: those from `first` up to but without `end`.
#[derive(Clone)]
struct Run {
    first: u64,
    end: u64,
    commit: ObjectId,
    /// Commits, trees and files that it keeps.
    tips: Vec<ObjectId>,
}

/// A log as it was read.
pub(crate) struct Loaded {
    pub kept: KeptLog,
    pub log: OperationLog,
    /// The refs as they were at its end.
    pub refs: NameMap<RefName, RefTarget>,
    /// Annotated tags that the log keeps.
    pub tags: Vec<(ObjectId, Object)>,
}

impl KeptLog {
    /// A log without anything kept.
    pub fn new(name: RefName) -> Self {
        Self { name, kept: Kept::new(None), marks: NameMap::new(), marks_version: 0 }
    }

    /// The text of a mark.
    pub fn mark(&self, name: &[u8]) -> Option<&[u8]> {
        self.marks.get(name).map(Vec::as_slice)
    }

    /// The names of all marks.
    pub fn marks(&self) -> impl Iterator<Item = &BString> {
        self.marks.keys()
    }

    /// Sets a mark, or removes it.
    pub fn set_mark(&mut self, name: &[u8], text: Option<&[u8]>) -> Result<()> {
        let is_known = self.marks.contains_key(name);
        if !is_mark_name(name) {
            let message = format!(
                "'{}' is no name for a mark: letters, digits, '.', '_' and '-', at most 100, not '.' first",
                BString::from(name)
            );
            return Err(Error::new(ErrorCode::InvalidName, message));
        }
        if self.mark(name) == text {
            return Ok(());
        }
        let length = text.map_or(0, <[u8]>::len);
        if length > MARK_BYTES_MAX || !is_known && self.marks.len() >= MARKS_MAX {
            let message = format!("a log holds at most {MARKS_MAX} marks of {MARK_BYTES_MAX} bytes");
            return Err(Error::new(ErrorCode::LimitExceeded, message));
        }
        match text {
            Some(text) => drop(self.marks.insert(name.into(), text.into())),
            None => drop(self.marks.remove(name)),
        }
        self.marks_version += 1;
        Ok(())
    }

    /// What the log becomes, its new objects written to `objects`; `None` where nothing happened since. `refs` are the
    /// refs as they are; `is_lost` says that the storage no longer holds what it held.
    pub fn next(
        &self,
        log: &OperationLog,
        refs: &[(RefName, RefTarget)],
        is_lost: bool,
        objects: &mut Overlay<'_>,
    ) -> Option<Kept> {
        if log.last_id() < self.kept.next_id(log) && self.kept.marks_version == self.marks_version && !is_lost
        {
            return None;
        }
        let lost = Kept::new(self.kept.head);
        let kept = if is_lost { &lost } else { &self.kept };
        let runs = kept.next_runs(log, objects);
        let first = runs.first().map(|run| run.first);
        let is_same_base = kept.base != ObjectId::NULL && first == kept.runs.first().map(|run| run.first);
        let base = if is_same_base {
            kept.base
        } else {
            let base = refs_before(log, first.unwrap_or(log.last_id() + 1), refs);
            objects.write(Kind::Blob, &encode_refs(&mut base.iter()))
        };
        let time = log.all().last().map_or(0, seconds);
        let mut tree = TreeBuilder::new();
        tree.push(Mode::FILE, b"base", base);
        if let Some(marks) = self.write_marks(objects) {
            tree.push(Mode::DIRECTORY, b"marks", marks);
        }
        let tree = objects.write(Kind::Tree, &tree.write());
        let end = runs.last().map_or(0, |run| run.end - 1);
        let message = format!("log of operations {} to {end}\n", first.unwrap_or(0));
        let commit = commit(tree, runs.iter().map(|run| run.commit).collect(), message, time);
        let head = Some(objects.write(Kind::Commit, &commit));
        Some(Kept { head, base, runs, marks_version: self.marks_version })
    }

    /// The move of the ref that keeps it.
    pub fn delta(&self, kept: &Kept) -> RefDelta {
        let [before, after] = [self.kept.head, kept.head].map(|head| head.map(RefTarget::Direct));
        RefDelta { name: self.name.clone(), before, after }
    }

    fn write_marks(&self, objects: &mut Overlay<'_>) -> Option<ObjectId> {
        let mut tree = TreeBuilder::new();
        for (name, text) in self.marks.iter() {
            tree.push(Mode::FILE, name, objects.write(Kind::Blob, text));
        }
        if tree.is_empty() { None } else { Some(objects.write(Kind::Tree, &tree.write())) }
    }

    /// Reads a log.
    pub fn load(name: RefName, head: ObjectId, store: &Store, operations_max: usize) -> Result<Loaded> {
        let ref_name = name.clone();
        Self::read(name, head, store, operations_max).map_err(|problem| {
            let message = format!(
                "the log at {ref_name} cannot be read: {problem}. Open the repository with log: false to do without it, or delete the ref"
            );
            Error::new(ErrorCode::CorruptObject, message).with("ref", &ref_name)
        })
    }

    fn read(name: RefName, head: ObjectId, store: &Store, operations_max: usize) -> Result<Loaded, String> {
        let mut kept = Self::new(name);
        let mut log = OperationLog::default();
        let bytes = read(store, &head, Kind::Commit)?;
        let commit = CommitRef::parse(&bytes).map_err(|error| error.to_string())?;
        if commit.parents.len() > RUNS_MAX {
            return Err(format!("it has {} runs, more than {RUNS_MAX}", commit.parents.len()));
        }
        let tree = read(store, &commit.tree, Kind::Tree)?;
        let base = entry(&tree, b"base")?.ok_or("it has no 'base'")?;
        if let Some(marks) = entry(&tree, b"marks")? {
            kept.load_marks(&marks, store)?;
        }
        let mut refs: NameMap<RefName, RefTarget> = NameMap::new();
        let bytes = read(store, &base, Kind::Blob)?;
        for (name, target) in decode_refs(&bytes).map_err(|error| error.to_string())? {
            refs.insert(name, target);
        }
        let (mut runs, mut tags) = (Vec::new(), Vec::new());
        for parent in &commit.parents {
            let run = load_run(*parent, store, &mut log, &mut tags)?;
            for operation in log.since(run.first) {
                if !operation.deltas.iter().all(|delta| step(&mut refs, delta)) {
                    return Err(format!("operation {} moves what was elsewhere", operation.id));
                }
            }
            runs.push(run);
            if log.all().len() > operations_max {
                log.drop_oldest(log.all().len() - operations_max);
            }
        }
        kept.kept = Kept { head: Some(head), base, runs, marks_version: kept.marks_version };
        Ok(Loaded { kept, log, refs, tags })
    }

    fn load_marks(&mut self, tree: &ObjectId, store: &Store) -> Result<(), String> {
        let bytes = read(store, tree, Kind::Tree)?;
        for entry in TreeRef::new(&bytes).iter() {
            let entry = entry.map_err(|error| error.to_string())?;
            let text = read(store, &entry.id, Kind::Blob)?;
            self.set_mark(entry.name, Some(&text)).map_err(|error| error.message().to_string())?;
        }
        Ok(())
    }
}

impl Kept {
    /// Nothing but the commit that is to be replaced.
    pub fn new(head: Option<ObjectId>) -> Self {
        Self { head, base: ObjectId::NULL, runs: Vec::new(), marks_version: 0 }
    }

    /// The first operation that the storage lacks.
    fn next_id(&self, log: &OperationLog) -> u64 {
        self.runs.last().map_or(log.first_id(), |run| run.end)
    }

    /// Adds what the storage keeps for the log alone.
    pub fn add_tips(&self, ids: &mut Vec<ObjectId>) {
        self.runs.iter().for_each(|run| ids.extend_from_slice(&run.tips));
    }

    /// Adds what the log's commit stands on.
    pub fn add_own(&self, ids: &mut Vec<ObjectId>) {
        if self.base != ObjectId::NULL {
            ids.push(self.base);
        }
        ids.extend(self.runs.iter().map(|run| run.commit));
    }

    /// The runs with the operations since: a new run takes up those before it that are no longer than itself.
    fn next_runs(&self, log: &OperationLog, objects: &mut Overlay<'_>) -> Vec<Run> {
        let mut make = |first, end| Run::write(log, first, end, objects);
        let mut runs: Vec<Run> = Vec::new();
        // What went with the log's oldest operations goes here too.
        for run in self.runs.iter().filter(|run| run.end > log.first_id()) {
            let is_whole = run.first >= log.first_id();
            runs.push(if is_whole { run.clone() } else { make(log.first_id(), run.end) });
        }
        let mut first = runs.last().map_or(log.first_id(), |run| run.end);
        let end = log.last_id() + 1;
        if first >= end {
            return runs;
        }
        while let Some(last) = runs.last()
            && last.end - last.first <= end - first
            && end - last.first <= RUN_OPERATIONS_MAX
        {
            first = last.first;
            runs.pop();
        }
        while first < end {
            let until = end.min(first + RUN_OPERATIONS_MAX);
            runs.push(make(first, until));
            first = until;
        }
        runs
    }
}

impl Run {
    fn write(log: &OperationLog, first: u64, end: u64, objects: &mut Overlay<'_>) -> Self {
        let some = log.since(first);
        let some = &some[..some.len().min((end - first) as usize)];
        let mut tree = TreeBuilder::new();
        let (parents, tips) = keep_left(some, &mut tree, objects);
        tree.push(Mode::FILE, b"entries", objects.write(Kind::Blob, &encode_operations(some)));
        let tree = objects.write(Kind::Tree, &tree.write());
        let time = some.last().map_or(0, seconds);
        let message = format!("operations {first} to {}\n", end - 1);
        let commit = objects.write(Kind::Commit, &commit(tree, parents, message, time));
        Self { first, end, commit, tips }
    }
}

/// Keeps what refs led to before operations moved them away from it: the commits to name as parents, and all that is kept.
fn keep_left(
    operations: &[Operation],
    tree: &mut TreeBuilder,
    objects: &mut Overlay<'_>,
) -> (Vec<ObjectId>, Vec<ObjectId>) {
    let leaving = operations.iter().filter(|operation| !operation.kind.keeps_history());
    let before = leaving.flat_map(|operation| &operation.deltas).map(|delta| direct(delta.before.as_ref()));
    let mut left: Vec<ObjectId> = before.flatten().collect();
    let (mut parents, mut tips) = (Vec::new(), Vec::new());
    let (mut others, mut tags) = (TreeBuilder::new(), TreeBuilder::new());
    let mut seen: IdMap<()> = IdMap::default();
    while let Some(id) = left.pop() {
        if seen.insert(id, ()).is_some() {
            continue;
        }
        // What is no longer here cannot be kept.
        let Ok((kind, _)) = objects.header(&id) else { continue };
        match kind {
            Kind::Commit => parents.push(id),
            Kind::Blob => others.push(Mode::FILE, &id.to_hex(), id),
            Kind::Tree => others.push(Mode::DIRECTORY, &id.to_hex(), id),
            Kind::Tag => {
                let Ok(bytes) = objects.read_kind(&id, Kind::Tag) else { continue };
                tags.push(Mode::FILE, &id.to_hex(), objects.write(Kind::Blob, &bytes));
                left.extend(TagRef::parse(&bytes).map(|tag| tag.target));
                continue;
            }
        }
        tips.push(id);
    }
    sort(&mut parents);
    for (name, entries) in [(b"objects".as_slice(), others), (b"tags", tags)] {
        if !entries.is_empty() {
            tree.push(Mode::DIRECTORY, name, objects.write(Kind::Tree, &entries.write()));
        }
    }
    (parents, tips)
}

/// What refs were before an operation, from what they are.
pub(crate) fn refs_before(
    log: &OperationLog,
    operation: u64,
    refs: &[(RefName, RefTarget)],
) -> NameMap<RefName, RefTarget> {
    let mut before: NameMap<RefName, Option<RefTarget>> = NameMap::new();
    for delta in log.since(operation).iter().flat_map(|operation| &operation.deltas) {
        before.get_or_insert_with(delta.name.clone(), || delta.before.clone());
    }
    let mut all: NameMap<RefName, RefTarget> = NameMap::new();
    for (name, target) in refs {
        if !before.contains_key(name) {
            all.insert(name.clone(), target.clone());
        }
    }
    for (name, target) in before.into_entries() {
        if let Some(target) = target {
            all.insert(name, target);
        }
    }
    all
}

/// Carries a move out; false where the ref is not what it was.
fn step(refs: &mut NameMap<RefName, RefTarget>, delta: &RefDelta) -> bool {
    if refs.get(&delta.name) != delta.before.as_ref() {
        return false;
    }
    match &delta.after {
        Some(target) => drop(refs.insert(delta.name.clone(), target.clone())),
        None => drop(refs.remove(&delta.name)),
    }
    true
}

fn load_run(
    commit: ObjectId,
    store: &Store,
    log: &mut OperationLog,
    tags: &mut Vec<(ObjectId, Object)>,
) -> Result<Run, String> {
    let bytes = read(store, &commit, Kind::Commit)?;
    let read_commit = CommitRef::parse(&bytes).map_err(|error| error.to_string())?;
    let tree = read(store, &read_commit.tree, Kind::Tree)?;
    let entries = entry(&tree, b"entries")?.ok_or_else(|| format!("{commit} has no 'entries'"))?;
    let bytes = read(store, &entries, Kind::Blob)?;
    let start = decode_operations(&bytes, log).map_err(|error| format!("{commit}, {error}"))?;
    let mut tips = read_commit.parents.to_vec();
    for id in entries_of(&tree, b"objects", store)? {
        tips.push(id);
    }
    for id in entries_of(&tree, b"tags", store)? {
        let bytes = read(store, &id, Kind::Blob)?;
        let tag = object_id_checked(Kind::Tag, &bytes).map_err(|error| error.to_string())?;
        tags.push((tag, Object { kind: Kind::Tag, bytes }));
    }
    Ok(Run { first: start, end: log.last_id() + 1, commit, tips })
}

fn read(store: &Store, id: &ObjectId, kind: Kind) -> Result<alloc::sync::Arc<[u8]>, String> {
    store.read_kind(id, kind).map_err(|error| error.to_string())
}

/// The objects in a tree within a tree; none where there is no such tree.
fn entries_of(tree: &[u8], name: &[u8], store: &Store) -> Result<Vec<ObjectId>, String> {
    let Some(id) = entry(tree, name)? else { return Ok(Vec::new()) };
    let bytes = read(store, &id, Kind::Tree)?;
    let entries = TreeRef::new(&bytes).iter().map(|entry| entry.map(|entry| entry.id));
    entries.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn entry(tree: &[u8], name: &[u8]) -> Result<Option<ObjectId>, String> {
    let entry = TreeRef::new(tree).find(name).map_err(|error| error.to_string())?;
    Ok(entry.map(|entry| entry.id))
}

/// The object that a ref leads to by itself.
pub(crate) fn direct(target: Option<&RefTarget>) -> Option<ObjectId> {
    match target {
        Some(RefTarget::Direct(id)) => Some(*id),
        _ => None,
    }
}

fn commit(tree: ObjectId, parents: Vec<ObjectId>, message: String, time: i64) -> Vec<u8> {
    let author = Signature { name: "govc".into(), email: "govc@localhost".into(), time, offset_minutes: 0 };
    let (committer, message) = (author.clone(), message.into());
    Commit { tree, parents, author, committer, extra_headers: Vec::new(), message }.write()
}

/// When an operation was, as a commit says it.
fn seconds(operation: &Operation) -> i64 {
    operation.time_ms.div_euclid(1000).clamp(0, i64::from(u32::MAX))
}

fn is_mark_name(name: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    (1..=100).contains(&name.len()) && name[0] != b'.' && name.iter().all(is_plain)
}
