//! Merges that were recorded with conflicts, read for deciding. What is decided is kept here while the page lives, so that
//! one may leave and come back.

use std::collections::BTreeMap;

use govc_engine::git::ObjectId;
use govc_engine::git::diff::Side as Stage;
use govc_engine::git::diff::binary::is_binary;
use govc_engine::git::merge::Conflict;
use govc_engine::git::merge::text::{Labels, Origin as Made, TextOptions, merge_parts};
use govc_engine::git::object::{EntryKind, Mode};
use govc_engine::git::path::RepoPath;
use govc_engine::git::refs::RefName;
use govc_engine::{Repository, Result};
use leptos::prelude::*;

use crate::model::conflict::{Origin, Part, TextConflict};
use crate::model::resolution::{Held, OpenPath, Resolution};
use crate::state::store::Store;

/// Longest text whose conflicts are shown line by line, in bytes.
const TEXT_BYTES_MAX: usize = 4 << 20;

/// A recorded merge, and what has been decided of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The commit that is merged in.
    pub theirs: ObjectId,
    /// Where the reality stands.
    pub head: Option<ObjectId>,
    /// The conflicts, in the order of `resolution`.
    pub conflicts: Vec<Conflict>,
    /// What is made of them.
    pub resolution: Resolution,
}

/// All recorded merges, by reality.
pub type AllRecorded = RwSignal<BTreeMap<String, Recorded>>;

/// Brings what is known in step with the repository: new merges come in, those that are done or given up go.
pub fn refresh(store: Store, all: AllRecorded) {
    let changed = store.look(|repository| {
        let pending: Vec<(RefName, ObjectId, Option<ObjectId>)> = repository
            .pending_merges()
            .map(|(name, theirs, _)| (name.clone(), theirs, repository.head(name).ok().flatten()))
            .collect();
        let is_known = |all: &BTreeMap<String, Recorded>, name: &RefName, theirs, head| {
            let known = all.get(&name.short().to_string());
            known.is_some_and(|known| (known.theirs, known.head) == (theirs, head))
        };
        let is_same = all.with_untracked(|all| {
            let mut pending = pending.iter();
            all.len() == pending.len()
                && pending.all(|(name, theirs, head)| is_known(all, name, *theirs, *head))
        });
        (!is_same).then(|| {
            let new = pending.into_iter().map(|(name, theirs, head)| {
                let known = all.with_untracked(|all| {
                    is_known(all, &name, theirs, head).then(|| all.get(&name.short().to_string()).cloned())
                });
                let recorded = known.flatten().unwrap_or_else(|| recorded(repository, &name, theirs, head));
                (name.short().to_string(), recorded)
            });
            new.collect::<BTreeMap<_, _>>()
        })
    });
    if let Some(now) = changed.flatten() {
        all.set(now);
    }
}

fn recorded(repository: &Repository, name: &RefName, theirs: ObjectId, head: Option<ObjectId>) -> Recorded {
    let conflicts = repository.conflicts(name).unwrap_or_default();
    let paths = conflicts.iter().map(|conflict| open_path(repository, conflict)).collect();
    Recorded { theirs, head, conflicts, resolution: Resolution { paths } }
}

/// Takes over what was written elsewhere, in the playground, to paths in conflict.
pub fn take_over(repository: &Repository, reality: &str, recorded: &mut Recorded) {
    let Ok(name) = repository.reality(reality.as_bytes()) else { return };
    for (at, conflict) in recorded.conflicts.iter().enumerate() {
        let is_text =
            recorded.resolution.paths.get(at).is_some_and(|path| path.text.is_some() && path.taken.is_none());
        if !is_text {
            continue;
        }
        let written =
            RepoPath::new(&conflict.path[..]).ok().and_then(|path| repository.read(&name, &path).ok());
        if let Some(written) = written {
            recorded.resolution.write(at, |text| {
                if text.result() != written[..] {
                    text.edit(&written);
                }
            });
        }
    }
}

fn open_path(repository: &Repository, conflict: &Conflict) -> OpenPath {
    let is_mixed = conflict.merged.is_some_and(|merged| !conflict.stages.contains(&Some(merged)));
    OpenPath {
        path: conflict.path.to_string(),
        kind: conflict.kind.name(),
        sides: conflict.stages.map(|stage| stage.map(|stage| held(stage.mode))),
        is_mixed,
        text: if is_mixed { text(repository, conflict).ok().flatten() } else { None },
        taken: None,
    }
}

fn held(mode: Mode) -> Held {
    match mode.kind() {
        EntryKind::Executable => Held::Program,
        EntryKind::Symlink => Held::Link,
        EntryKind::Submodule => Held::Submodule,
        _ => Held::File,
    }
}

/// The text of a conflict, by the parts that the engine merged; as one part where those do not give what the merge wrote.
fn text(repository: &Repository, conflict: &Conflict) -> Result<Option<TextConflict>> {
    let read = |stage: Option<Stage>| match stage.filter(|stage| stage.mode.is_regular()) {
        Some(stage) => repository.read_blob(&stage.id).map(|bytes| bytes.to_vec()),
        None => Ok(Vec::new()),
    };
    let Some(merged) = conflict.merged.filter(|merged| merged.mode.is_regular()) else { return Ok(None) };
    let merged = read(Some(merged))?;
    let [base, ours, theirs] = conflict.stages;
    let (base, ours, theirs) = (read(base)?, read(ours)?, read(theirs)?);
    if [&merged, &base, &ours, &theirs].iter().any(|text| text.len() > TEXT_BYTES_MAX || is_binary(text)) {
        return Ok(None);
    }
    let (marker_size, labels) = marks(&merged);
    let labels = Labels { ours: labels[0].map(Into::into), base: None, theirs: labels[1].map(Into::into) };
    let options = TextOptions { marker_size, labels, ..TextOptions::default() };
    let parts = merge_parts(&base, &ours, &theirs, &options)
        .filter(|parts| parts.iter().flat_map(|part| &part.merged).eq(merged.iter()));
    Ok(Some(match parts {
        Some(parts) => TextConflict::new(parts.into_iter().map(part).collect()),
        None => TextConflict::whole(Part { origin: Origin::Conflict, base, ours, theirs, merged }),
    }))
}

fn part(part: govc_engine::git::merge::text::Part<'_>) -> Part {
    Part {
        origin: match part.origin {
            None => Origin::Both,
            Some(Made::Ours) => Origin::Ours,
            Some(Made::Theirs) => Origin::Theirs,
            Some(Made::Conflict) => Origin::Conflict,
        },
        base: part.base.into(),
        ours: part.ours.into(),
        theirs: part.theirs.into(),
        merged: part.merged,
    }
}

/// How long the markers of a text are, and what the first of either side calls it.
fn marks(merged: &[u8]) -> (u16, [Option<&[u8]>; 2]) {
    let lines = || merged.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let label = |sign: u8, size: usize| {
        let mut marker = vec![sign; size];
        marker.push(b' ');
        lines().find_map(|line| line.strip_prefix(&marker[..]))
    };
    let first = lines().find(|line| line.starts_with(b"<<<<<<<")).unwrap_or_default();
    let size = first.iter().take_while(|byte| **byte == b'<').count();
    (u16::try_from(size).unwrap_or(0), [label(b'<', size), label(b'>', size)])
}
