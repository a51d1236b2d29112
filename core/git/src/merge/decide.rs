//! What each path of a merge becomes, and what git says of it.

use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

use super::case::{Case, case, kind};
use super::conflict::{Conflict, ConflictKind, TreeMerge};
use super::content::contents;
use super::options::MergeError;
use super::state::{Entry, Merge};
use super::survey::{BASE, OURS, THEIRS, files, look_up};
use crate::Kind;
use crate::diff::Side;
use crate::store::Overlay;

/// What a path becomes.
struct Outcome {
    side: Option<Side>,
    conflict: Option<ConflictKind>,
}

impl Merge<'_> {
    /// Decides every path and writes the tree.
    pub fn finish(mut self) -> Result<TreeMerge, MergeError> {
        let mut beside_directories = Vec::new();
        for (path, entry) in core::mem::take(&mut self.entries).into_entries() {
            if entry.settled {
                self.place(&path, &entry, None);
            } else if entry.directories != 0 && files(&entry.stages) != 0 {
                beside_directories.push((path, entry));
            } else if entry.directories == 0 {
                self.decide(path, entry, false)?;
            }
        }
        self.decide_beside_directories(beside_directories)?;
        self.resolve()?;
        let tree = self.edits.apply(self.store, &self.trees[OURS], &self.options.limits)?;
        crate::sort::sort_by(&mut self.conflicts, |a, b| a.path.cmp(&b.path));
        crate::sort::sort_by(&mut self.report.notices, |a, b| a.path.cmp(&b.path));
        Ok(TreeMerge {
            tree,
            clean: self.conflicts.is_empty() && !self.report.unclear,
            conflicts: self.conflicts,
            notices: self.report.notices,
        })
    }

    /// Settles a path in the merged tree. Where no file stays, a directory there is left alone.
    fn place(&mut self, path: &BString, entry: &Entry, side: Option<Side>) {
        let directory = entry.directories & 1 << OURS != 0 || self.edits.holds_directory(path);
        if side.is_some() || !directory {
            self.edits.put(path.clone(), side);
        }
    }

    /// Files at paths where a directory is too: the file stays where the directory ends up empty, else it is moved.
    fn decide_beside_directories(&mut self, entries: Vec<(BString, Entry)>) -> Result<(), MergeError> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut scratch = Overlay::new(&*self.store);
        let tree = self.edits.apply(&mut scratch, &self.trees[OURS], &self.options.limits)?;
        let mut found = Vec::new();
        for (path, entry) in entries {
            let directory = look_up(&scratch, &tree, &path)?.is_some_and(|side| side.mode.is_directory());
            found.push((path, entry, directory));
        }
        let mut placed: Vec<BString> = Vec::new();
        // Inner paths first: a file that is moved keeps the directory that it is in.
        for (path, mut entry, directory) in found.into_iter().rev() {
            let below = |other: &BString| other.starts_with(&path) && other.get(path.len()) == Some(&b'/');
            let directory = directory || placed.iter().any(below);
            if !directory {
                entry.directories = 0;
                placed.push(path.clone());
                self.decide(path, entry, false)?;
                continue;
            }
            if files(&entry.stages) == 1 {
                continue;
            }
            let side = entry.displaced_side();
            let beside = self.free_path(&path, side)?;
            self.place(&path, &entry, None);
            if case(&entry.stages, entry.untouched) != Case::One(OURS + THEIRS - side) {
                let name = self.name(side);
                self.report.note(
                    &beside,
                    Some(ConflictKind::DirectoryFile),
                    format_args!(
                        "CONFLICT (file/directory): directory in the way of {path} from {name}; moving it to {beside} \
                         instead."
                    ),
                );
            }
            placed.push(beside.clone());
            for origin in entry.origins.iter_mut().filter(|origin| origin.is_none()) {
                *origin = Some(path.clone());
            }
            self.decide(beside, entry, true)?;
        }
        Ok(())
    }

    /// A path beside `path` that nobody has, named after a side.
    fn free_path(&self, path: &BString, side: usize) -> Result<BString, MergeError> {
        let mut free = path.clone();
        free.push(b'~');
        free.extend(self.name(side).iter().map(|byte| if *byte == b'/' { b'_' } else { *byte }));
        let stem = free.clone();
        for number in 0u32.. {
            let mut taken = self.conflicts.iter().any(|conflict| conflict.path == free);
            for side in [BASE, OURS, THEIRS] {
                taken |= self.look_up(side, &free)?.is_some();
            }
            if !taken {
                break;
            }
            free = alloc::format!("{stem}_{number}").into();
        }
        Ok(free)
    }

    /// Decides a path. `displaced` says that a directory took the file's place.
    fn decide(&mut self, path: BString, mut entry: Entry, displaced: bool) -> Result<(), MergeError> {
        let found = case(&entry.stages, entry.untouched);
        let outcome = match found {
            Case::Same => Outcome { side: entry.stages[OURS], conflict: None },
            Case::One(side) | Case::Added(side) => Outcome { side: entry.stages[side], conflict: None },
            Case::Gone => Outcome { side: None, conflict: None },
            Case::DistinctTypes if self.depth > 0 => {
                Outcome { side: entry.stages[BASE], conflict: Some(ConflictKind::Mode) }
            }
            Case::DistinctTypes => return self.separate(path, entry),
            Case::Merge => self.merge_content(&path, &mut entry, displaced)?,
            Case::ModifyDelete(side) => self.note_modify_delete(&path, &entry, side),
        };
        let removed_cleanly = outcome.side.is_none() && matches!(found, Case::Same | Case::One(_));
        let conflict = match outcome.conflict {
            Some(kind) => Some(entry.contested.or(entry.kind).unwrap_or(kind)),
            None if removed_cleanly => None,
            None if displaced => Some(ConflictKind::DirectoryFile),
            None => entry.contested,
        };
        if displaced {
            self.edits.put(path.clone(), outcome.side);
        } else {
            self.place(&path, &entry, outcome.side);
        }
        if let Some(kind) = conflict {
            self.record(path, kind, entry, outcome.side);
        }
        Ok(())
    }

    fn record(&mut self, path: BString, kind: ConflictKind, entry: Entry, merged: Option<Side>) {
        self.conflicts.push(Conflict { path, kind, stages: entry.stages, origins: entry.origins, merged });
    }

    fn merge_content(
        &mut self,
        path: &BString,
        entry: &mut Entry,
        displaced: bool,
    ) -> Result<Outcome, MergeError> {
        let origins = entry.origins.each_ref().map(|origin| origin.as_ref().unwrap_or(path).as_bstr());
        let merged = self.contents().merge(path.as_bstr(), &entry.stages, origins, false)?;
        if merged.conflict.is_none() && displaced {
            let side = entry.displaced_side();
            entry.stages = [None; 3];
            entry.stages[side] = Some(merged.side);
        }
        let added = entry.stages[BASE].is_none();
        let mut conflict = merged.conflict;
        if let Some(kind) = conflict {
            let reason = match kind {
                ConflictKind::Submodule => "submodule",
                _ if added => "add/add",
                _ => "content",
            };
            if added && kind != ConflictKind::Submodule {
                conflict = Some(ConflictKind::AddAdd);
            }
            self.report.note(path, conflict, format_args!("CONFLICT ({reason}): Merge conflict in {path}"));
        }
        Ok(Outcome { side: Some(merged.side), conflict })
    }

    fn note_modify_delete(&mut self, path: &BString, entry: &Entry, side: usize) -> Outcome {
        let kept = if self.depth > 0 { BASE } else { side };
        let (changed, removed) = (self.name(side), self.name(OURS + THEIRS - side));
        let only_renamed = entry.contested.is_some()
            && entry.stages[BASE].map(|base| base.id) == entry.stages[side].map(|side| side.id);
        if !only_renamed {
            self.report.note(
                path,
                Some(ConflictKind::ModifyDelete),
                format_args!(
                    "CONFLICT (modify/delete): {path} deleted in {removed} and modified in {changed}.  Version \
                     {changed} of {path} left in tree."
                ),
            );
        }
        Outcome { side: entry.stages[kept], conflict: Some(ConflictKind::ModifyDelete) }
    }

    /// Things of different types at one path: files move beside it, so that each is recorded somewhere.
    fn separate(&mut self, path: BString, entry: Entry) -> Result<(), MergeError> {
        let [base, Some(ours), Some(theirs)] = entry.stages else { return Ok(()) };
        let move_ours = ours.mode.is_regular() || !theirs.mode.is_regular();
        let move_theirs = !ours.mode.is_regular();
        let our_path = if move_ours { self.free_path(&path, OURS)? } else { path.clone() };
        let their_path = if move_theirs { self.free_path(&path, THEIRS)? } else { path.clone() };
        let which = if move_ours && move_theirs { "both" } else { "one" };
        self.report.note(
            &path,
            Some(ConflictKind::Mode),
            format_args!(
                "CONFLICT (distinct types): {path} had different types on each side; renamed {which} of them so each \
                 can be recorded somewhere."
            ),
        );
        self.place(&path, &entry, None);
        for (side, path, version) in [(OURS, our_path, ours), (THEIRS, their_path, theirs)] {
            let mut entry = entry.clone();
            entry.stages = [base.filter(|base| kind(base.mode) == kind(version.mode)), None, None];
            entry.stages[side] = Some(version);
            self.edits.put(path.clone(), Some(version));
            self.record(path, ConflictKind::Mode, entry, Some(version));
        }
        Ok(())
    }

    /// Asks the resolver about what is left.
    fn resolve(&mut self) -> Result<(), MergeError> {
        let (Some(resolver), 0) = (self.options.resolver, self.depth) else { return Ok(()) };
        for conflict in core::mem::take(&mut self.conflicts) {
            let sides = contents(self.store, &conflict.stages)?;
            let sides = sides.each_ref().map(|side| side.as_deref());
            let Some(content) = resolver.resolve(&conflict, sides) else {
                self.conflicts.push(conflict);
                continue;
            };
            let [base, ours, theirs] = conflict.stages;
            let mode = conflict.merged.or(ours).or(theirs).or(base).map(|side| side.mode);
            let mode = mode.filter(|mode| mode.is_regular()).unwrap_or(crate::object::Mode::FILE);
            let id = self.store.write(Kind::Blob, &content);
            self.edits.put(conflict.path, Some(Side { mode, id }));
        }
        Ok(())
    }
}
