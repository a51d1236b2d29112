//! Renames of both sides, found as git finds them, and what they do to the paths of a merge.

use alloc::vec::Vec;

use bstr::{BStr, BString, ByteSlice};

use super::conflict::ConflictKind;
use super::options::MergeError;
use super::state::Merge;
use super::survey::{BASE, OURS, Reason, SideChanges, THEIRS, files};
use crate::diff::directory::{DirectoryRelevance, DirectoryRenames, split, table_order};
use crate::diff::rename::{Destination, Fate, Relevance, RenameOptions, Source, detect};
use crate::diff::similarity::Fingerprints;
use crate::diff::tree::TreeDiff;
use crate::limits::Limits;
use crate::name_map::NameMap;
use crate::store::ObjectSource;

/// A file that a side moved, or added to a directory that was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rename {
    /// Who did it.
    pub side: usize,
    /// Where it was; `None` for what was added.
    pub source: Option<BString>,
    /// Where it is.
    pub destination: BString,
    /// Whether it was put there because the other side moved the directory.
    pub relocated: bool,
}

/// What one side moved.
#[derive(Clone, Debug, Default)]
pub(super) struct SideRenames {
    /// Renames and additions, in git's order of destinations.
    pub moved: Vec<Rename>,
    /// For each directory of the base that is gone: where its files went.
    pub directories: DirectoryRenames,
}

/// Finds what `side` moved. Without a removed file whose new place matters there is nothing to find.
pub(super) fn find(
    store: &dyn ObjectSource,
    side: usize,
    changes: &mut SideChanges,
    options: &RenameOptions,
    limits: &Limits,
) -> Result<SideRenames, MergeError> {
    if changes.relevant.is_empty() {
        let added = changes.added.iter().map(|(path, _)| Rename {
            side,
            source: None,
            destination: path.clone(),
            relocated: false,
        });
        return Ok(SideRenames { moved: added.collect(), directories: DirectoryRenames::new() });
    }
    read_unread(store, changes, limits)?;
    let source = |(path, side): &'_ (BString, crate::diff::Side)| (path.clone(), *side);
    let (removed, added): (Vec<_>, Vec<_>) =
        (changes.removed.iter().map(source).collect(), changes.added.iter().map(source).collect());
    let sources: Vec<Source<'_>> = removed
        .iter()
        .map(|(path, side)| Source { path: path.as_bstr(), side: *side, fate: Fate::Removed })
        .collect();
    let destinations: Vec<Destination<'_>> =
        added.iter().map(|(path, side)| Destination { path: path.as_bstr(), side: *side }).collect();
    let mut relevance = SideRelevance::new(changes);
    let found =
        detect(store, &sources, &destinations, options, Some(&mut relevance), &mut Fingerprints::new())?;
    let directories = relevance.directories;
    let mut moved: Vec<Rename> = added
        .into_iter()
        .map(|(path, _)| Rename { side, source: None, destination: path, relocated: false })
        .collect();
    for pair in found.pairs {
        moved[pair.destination].source = Some(removed[pair.source].0.clone());
    }
    Ok(SideRenames { moved, directories })
}

/// Reads the directories that only this side changed: a rename may end there.
fn read_unread(
    store: &dyn ObjectSource,
    changes: &mut SideChanges,
    limits: &Limits,
) -> Result<(), MergeError> {
    let unread = core::mem::take(&mut changes.unread);
    for at in table_order(unread.iter().map(|(path, ..)| path.as_bytes())) {
        let (directory, base, side) = &unread[at];
        let mut diff = TreeDiff::new(store, base.as_ref(), side.as_ref(), limits)?;
        while let Some(change) = diff.next_change()? {
            let list = match (change.old, change.new) {
                (Some(_), None) => &mut changes.removed,
                (None, Some(_)) => &mut changes.added,
                _ => continue,
            };
            let mut path = directory.clone();
            path.push(b'/');
            path.extend_from_slice(change.path);
            list.extend(change.old.or(change.new).map(|side| (path, side)));
        }
    }
    Ok(())
}

/// What matters to this merge about one side's renames, and where directories went by those found so far.
struct SideRelevance<'c> {
    relevant: &'c mut NameMap<BString, Reason>,
    gone: &'c mut NameMap<BString, DirectoryRelevance>,
    directories: DirectoryRenames,
}

impl<'c> SideRelevance<'c> {
    fn new(changes: &'c mut SideChanges) -> Self {
        let SideChanges { relevant, gone, .. } = changes;
        Self { relevant, gone, directories: DirectoryRenames::new() }
    }

    /// Whether the files of a directory that are still without partner cannot change where most of them went.
    fn is_decided(&self, directory: &[u8], unpaired: &NameMap<BString, u32>) -> bool {
        let (mut first, mut second) = (0, 0);
        for (_, count) in self.directories.of(directory) {
            if count > first {
                (first, second) = (count, first);
            } else {
                second = second.max(count);
            }
        }
        first > second + unpaired.get(directory.as_bstr()).copied().unwrap_or(0)
    }

    /// Whether a file matters for a directory above it whose place is still open.
    fn is_asked(&self, path: &[u8]) -> bool {
        let mut directory = split(path).0;
        loop {
            match self.gone.get(directory.as_bstr()) {
                Some(DirectoryRelevance::ForItself) => return true,
                Some(DirectoryRelevance::ForAncestor) if !directory.is_empty() => {
                    directory = split(directory).0
                }
                _ => return false,
            }
        }
    }
}

impl Relevance for SideRelevance<'_> {
    fn matters(&self, source: &BStr) -> bool {
        self.relevant.contains_key(source)
    }

    fn pair(&mut self, source: &BStr, destination: &BStr) {
        let gone = &self.gone;
        self.directories.count(source, destination, &mut |path| gone.get(path.as_bstr()).copied());
    }

    fn likely_directory(&self, directory: &BStr) -> Option<BString> {
        self.directories.most_likely(directory).cloned()
    }

    fn before_content(&mut self, sources: &mut dyn Iterator<Item = &BStr>) {
        let located: Vec<BString> = sources.map(BString::from).collect();
        let mut unpaired: NameMap<BString, u32> = NameMap::new();
        for path in &located {
            let mut directory = split(path).0;
            while !directory.is_empty()
                && self.gone.get(directory.as_bstr()).is_some_and(|gone| *gone != DirectoryRelevance::Gone)
            {
                *unpaired.get_or_insert_with(directory.into(), u32::default) += 1;
                directory = split(directory).0;
            }
        }
        let counted: Vec<BString> = self.directories.directories().cloned().collect();
        for directory in counted {
            let decided = self.is_decided(&directory, &unpaired);
            if let Some(relevance) = self.gone.get_mut(&directory)
                && *relevance == DirectoryRelevance::ForItself
                && decided
            {
                *relevance = DirectoryRelevance::ForAncestor;
            }
        }
        for path in located {
            if self.relevant.get(&path) == Some(&Reason::Location) && !self.is_asked(&path) {
                self.relevant.remove(&path);
            }
        }
    }
}

impl Merge<'_> {
    /// Leaves those renames in `renames` that change something: the other side touched the file, or has something at
    /// its new path. The others came out right without being known.
    pub(super) fn keep_open(
        &mut self,
        changes: &[SideChanges; 2],
        renames: &mut Vec<Rename>,
    ) -> Result<(), MergeError> {
        let mut kept = Vec::new();
        for rename in renames.drain(..) {
            let Some(source) = &rename.source else { continue };
            let touched = changes[rename.side - 1].relevant.get(source) == Some(&Reason::Content);
            let other = OURS + THEIRS - rename.side;
            if touched
                || rename.relocated
                || self.look_up(other, &rename.destination)?.is_some()
                || self.look_up(BASE, &rename.destination)?.is_some()
            {
                kept.push(rename);
            }
        }
        *renames = kept;
        Ok(())
    }

    /// Lets the changes of the other side follow each rename. `renames` are those of both sides.
    pub(super) fn follow(&mut self, mut renames: Vec<Rename>) -> Result<(), MergeError> {
        crate::sort::sort_by(&mut renames, |a, b| a.source.cmp(&b.source));
        let mut rest = renames.iter().peekable();
        while let Some(rename) = rest.next() {
            let Some(source) = &rename.source else { continue };
            if self.entry(source)?.settled {
                continue;
            }
            match rest.next_if(|next| next.source.as_ref() == Some(source)) {
                Some(second) if second.destination == rename.destination => {
                    self.follow_same(source, &rename.destination)?;
                }
                Some(second) => self.follow_apart(source, &rename.destination, &second.destination)?,
                None => self.follow_one(rename.side, source, &rename.destination)?,
            }
        }
        Ok(())
    }

    /// Both sides renamed a file to the same path.
    fn follow_same(&mut self, source: &BString, destination: &BString) -> Result<(), MergeError> {
        if source == destination {
            return Ok(());
        }
        let base = self.entry(source)?.stages[BASE];
        let target = self.entry(destination)?;
        target.stages[BASE] = base;
        self.entry(source)?.settled = true;
        Ok(())
    }

    /// Both sides renamed a file, to different paths: each gets the merged content, and all three are in conflict.
    fn follow_apart(&mut self, source: &BString, ours: &BString, theirs: &BString) -> Result<(), MergeError> {
        let base = self.entry(source)?.stages[BASE];
        let (our_side, their_side) = (self.entry(ours)?.stages[OURS], self.entry(theirs)?.stages[THEIRS]);
        let three = [base, our_side, their_side];
        let origins = [source.as_bstr(), ours.as_bstr(), theirs.as_bstr()];
        let merged = self.contents().merge(source.as_bstr(), &three, origins, true)?;
        // A content that has no lines cannot be merged: then each path keeps its own.
        let keeps_own = merged.conflict.is_some() && Some(merged.side) == our_side;
        for (path, side) in [(source, None), (ours, Some(OURS)), (theirs, Some(THEIRS))] {
            let entry = self.entry(path)?;
            entry.contested = Some(ConflictKind::RenameRename);
            if let Some(side) = side
                && !(keeps_own && side == THEIRS)
            {
                entry.stages[side] = Some(merged.side);
            }
        }
        let (our_name, their_name) = (self.name(OURS), self.name(THEIRS));
        self.report.note(
            source,
            Some(ConflictKind::RenameRename),
            format_args!(
                "CONFLICT (rename/rename): {source} renamed to {ours} in {our_name} and to {theirs} in {their_name}."
            ),
        );
        Ok(())
    }

    /// One side renamed a file.
    fn follow_one(&mut self, side: usize, source: &BString, destination: &BString) -> Result<(), MergeError> {
        let other = OURS + THEIRS - side;
        let old = self.entry(source)?.clone();
        let new = self.entry(destination)?.clone();
        let removed_there = files(&old.stages) == 1;
        let is_regular = |stage: Option<crate::diff::Side>| stage.is_some_and(|side| side.mode.is_regular());
        let type_changed = !removed_there && is_regular(old.stages[other]) != is_regular(new.stages[side]);
        let occupied = new.stages[other].is_some() && !type_changed;
        match (occupied, removed_there) {
            (true, false) => self.follow_into_other(side, source, destination)?,
            (true, true) => self.note_removed(side, source, destination)?,
            (false, _) => {
                let target = self.entry(destination)?;
                target.stages[BASE] = old.stages[BASE];
                target.origins[BASE] = Some(source.clone());
                if type_changed {
                    self.entry(source)?.stages[BASE] = None;
                } else if removed_there {
                    self.note_removed(side, source, destination)?;
                } else {
                    target.stages[other] = old.stages[other];
                    target.origins[other] = Some(source.clone());
                }
            }
        }
        if !type_changed {
            self.entry(source)?.settled = true;
        }
        Ok(())
    }

    /// The renamed file meets another one at its new path: its merge becomes one side of theirs.
    fn follow_into_other(
        &mut self,
        side: usize,
        source: &BString,
        destination: &BString,
    ) -> Result<(), MergeError> {
        let old = self.entry(source)?.stages;
        let mut three = old;
        three[side] = self.entry(destination)?.stages[side];
        let mut origins = [source.as_bstr(); 3];
        origins[side] = destination.as_bstr();
        let merged = self.contents().merge(source.as_bstr(), &three, origins, true)?;
        let entry = self.entry(destination)?;
        entry.stages[side] = Some(merged.side);
        entry.kind = Some(ConflictKind::RenameAdd);
        if merged.conflict.is_some() {
            self.report.note(
                destination,
                Some(ConflictKind::RenameAdd),
                format_args!(
                    "CONFLICT (rename involved in collision): rename of {source} -> {destination} has content \
                     conflicts AND collides with another path; this may result in nested conflict markers."
                ),
            );
        }
        Ok(())
    }

    /// The other side removed what this side renamed.
    fn note_removed(
        &mut self,
        side: usize,
        source: &BString,
        destination: &BString,
    ) -> Result<(), MergeError> {
        self.entry(destination)?.contested = Some(ConflictKind::RenameDelete);
        let (renamer, remover) = (self.name(side), self.name(OURS + THEIRS - side));
        self.report.note(
            destination,
            Some(ConflictKind::RenameDelete),
            format_args!(
                "CONFLICT (rename/delete): {source} renamed to {destination} in {renamer}, but deleted in {remover}."
            ),
        );
        Ok(())
    }
}
