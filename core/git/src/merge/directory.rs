//! Renamed directories: what one side adds to a directory that the other side moved goes along.

use alloc::vec::Vec;

use bstr::{BString, ByteSlice};

use super::conflict::ConflictKind;
use super::options::{DirectoryRenamePolicy, MergeError};
use super::rename::{Rename, SideRenames};
use super::state::Merge;
use super::survey::{OURS, SideChanges, THEIRS, files};
use crate::diff::directory::{DirectoryRelevance, split};
use crate::name_map::NameMap;

/// Old directories and where they went; `""` is the root.
type Moves = NameMap<BString, BString>;

/// Paths that would come to a new one, and whether that was reported as impossible.
type Arrivals = NameMap<BString, (NameMap<BString, ()>, bool)>;

impl Merge<'_> {
    /// Moves what was added to, or renamed into, a directory that the other side moved.
    pub(super) fn follow_directories(
        &mut self,
        changes: &[SideChanges; 2],
        renames: &mut [SideRenames; 2],
    ) -> Result<(), MergeError> {
        let mut moves = [Moves::new(), Moves::new()];
        for (at, moves) in moves.iter_mut().enumerate() {
            *moves = self.decide_moves(&changes[at], &renames[at]);
        }
        // A directory that both moved goes its ways file by file.
        let both: Vec<BString> = moves[0].keys().filter(|old| moves[1].contains_key(*old)).cloned().collect();
        for old in &both {
            moves[0].remove(old);
            moves[1].remove(old);
        }
        for side in [OURS, THEIRS] {
            let (own, other) = (&moves[side - 1], &moves[THEIRS - side]);
            if !other.is_empty() {
                let claimed = arrivals(&renames[THEIRS - side].moved, own);
                self.move_along(&mut renames[side - 1].moved, own, other, &claimed)?;
            }
        }
        Ok(())
    }

    /// Where each directory that a side removed went: where most of its files did.
    fn decide_moves(&mut self, changes: &SideChanges, renames: &SideRenames) -> Moves {
        let mut moves = Moves::new();
        for old in renames.directories.directories() {
            if changes.gone.get(old).is_none_or(|relevance| *relevance == DirectoryRelevance::Gone) {
                continue;
            }
            let most = renames.directories.of(old).map(|(_, count)| count).max();
            let mut best = renames.directories.of(old).filter(|(_, count)| Some(*count) == most);
            match (best.next(), best.next()) {
                (Some((new, _)), None) => drop(moves.insert(old.clone(), new.clone())),
                (Some(_), Some(_)) => {
                    self.report.unclear = true;
                    self.report.note(
                        old,
                        Some(ConflictKind::DirectoryRename),
                        format_args!(
                            "CONFLICT (directory rename split): Unclear where to rename {old} to; it was renamed to \
                             multiple other directories, with no destination getting a majority of the files."
                        ),
                    );
                }
                _ => {}
            }
        }
        moves
    }

    /// Moves one side's files along `other`, the moves of the other side. Those stay to which a file of the other side
    /// is to come: the paths in `claimed`.
    fn move_along(
        &mut self,
        moved: &mut [Rename],
        own: &Moves,
        other: &Moves,
        claimed: &Arrivals,
    ) -> Result<(), MergeError> {
        let mut arrivals = arrivals(moved, other);
        for rename in moved.iter_mut().filter(|rename| !claimed.contains_key(&rename.destination)) {
            let Some((old, new)) = moved_above(&rename.destination, other) else { continue };
            if own.contains_key(new) {
                let path = &rename.destination;
                self.report.note(
                    old,
                    None,
                    format_args!(
                        "WARNING: Avoiding applying {old} -> {new} rename to {path}, because {new} itself was renamed."
                    ),
                );
                continue;
            }
            let path = moved_path(&rename.destination, old, new);
            if self.has_room(rename.side, &path, &mut arrivals)? {
                self.relocate(rename, path)?;
            } else {
                self.report.unclear = true;
            }
        }
        Ok(())
    }

    /// Whether the path is free and only one file comes to it.
    fn has_room(&mut self, side: usize, path: &BString, arrivals: &mut Arrivals) -> Result<bool, MergeError> {
        let Some((sources, reported)) = arrivals.get_mut(path) else { return Ok(true) };
        if *reported {
            return Ok(false);
        }
        let occupied = self.look_up(side, path)?.is_some();
        if !occupied && sources.len() <= 1 {
            return Ok(true);
        }
        *reported = true;
        let list = bstr::join(", ", sources.keys());
        let list = list.as_bstr();
        let kind = Some(ConflictKind::DirectoryRename);
        if occupied {
            self.report.note(
                path,
                kind,
                format_args!(
                    "CONFLICT (implicit dir rename): Existing file/dir at {path} in the way of implicit directory \
                     rename(s) putting the following path(s) there: {list}."
                ),
            );
        } else {
            self.report.note(
                path,
                kind,
                format_args!(
                    "CONFLICT (implicit dir rename): Cannot map more than one path to {path}; implicit directory \
                     renames tried to put these paths there: {list}"
                ),
            );
        }
        Ok(false)
    }

    /// Puts what a side has at a rename's destination to `path`.
    fn relocate(&mut self, rename: &mut Rename, path: BString) -> Result<(), MergeError> {
        let side = rename.side;
        let old = core::mem::replace(&mut rename.destination, path.clone());
        rename.relocated = true;
        let from = self.entry(&old)?;
        let moved = from.stages[side].take();
        let origin = from.origins[side].take().unwrap_or_else(|| old.clone());
        let to = self.entry(&path)?;
        to.stages[side] = moved;
        to.origins[side] = Some(origin);
        self.note_directories_above(side, &path)?;
        let (adder, mover) = (self.name(side), self.name(OURS + THEIRS - side));
        let follows = self.options.directory_renames == DirectoryRenamePolicy::Follow;
        let kind = if follows { None } else { Some(ConflictKind::FileLocation) };
        if !follows {
            self.entry(&path)?.contested = kind;
        }
        match (&rename.source, follows) {
            (None, true) => self.report.note(
                &path,
                kind,
                format_args!(
                    "Path updated: {old} added in {adder} inside a directory that was renamed in {mover}; moving it \
                     to {path}."
                ),
            ),
            (Some(source), true) => self.report.note(
                &path,
                kind,
                format_args!(
                    "Path updated: {source} renamed to {old} in {adder}, inside a directory that was renamed in \
                     {mover}; moving it to {path}."
                ),
            ),
            (None, false) => self.report.note(
                &path,
                kind,
                format_args!(
                    "CONFLICT (file location): {old} added in {adder} inside a directory that was renamed in {mover}, \
                     suggesting it should perhaps be moved to {path}."
                ),
            ),
            (Some(source), false) => self.report.note(
                &path,
                kind,
                format_args!(
                    "CONFLICT (file location): {source} renamed to {old} in {adder}, inside a directory that was \
                     renamed in {mover}, suggesting it should perhaps be moved to {path}."
                ),
            ),
        }
        Ok(())
    }
}

impl Merge<'_> {
    /// Lets files at the directories above a path know that a side needs these directories now.
    fn note_directories_above(&mut self, side: usize, path: &BString) -> Result<(), MergeError> {
        let mut directory = split(path).0;
        while !directory.is_empty() {
            let above = BString::from(directory);
            if files(&self.entry(&above)?.stages) != 0 {
                self.entry(&above)?.directories |= 1 << side;
            }
            directory = split(directory).0;
        }
        Ok(())
    }
}

/// What would come to new paths along the moves of the other side.
fn arrivals(moved: &[Rename], moves: &Moves) -> Arrivals {
    let mut arrivals = Arrivals::new();
    for rename in moved {
        if let Some((old, new)) = moved_above(&rename.destination, moves) {
            let path = moved_path(&rename.destination, old, new);
            let (sources, _) = arrivals.get_or_insert_with(path, Default::default);
            sources.insert(rename.destination.clone(), ());
        }
    }
    arrivals
}

/// The innermost directory above a path that was moved, and where to.
fn moved_above<'m>(path: &[u8], moves: &'m Moves) -> Option<(&'m BString, &'m BString)> {
    let mut directory = split(path).0;
    while !directory.is_empty() {
        if let Some(found) = moves.get_key_value(directory.as_bstr()) {
            return Some(found);
        }
        directory = split(directory).0;
    }
    None
}

/// A path below `old` as it is below `new`.
fn moved_path(path: &[u8], old: &[u8], new: &[u8]) -> BString {
    let below = &path[old.len() + 1..];
    if new.is_empty() { below.into() } else { [new, b"/", below].concat().into() }
}
