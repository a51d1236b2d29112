//! What is known of the newest events without reading trees: the paths that commits changed, from when their trees were
//! written, and what merges with conflicts staged.
//!
//! Bounded, and void for what lies further back: then the trees tell. Knows nothing of who wants to know.

use alloc::vec::Vec;

use govc_git::ObjectId;
use govc_git::edit::EditedPaths;

/// Most commits whose paths are remembered: more than are made between two looks at the log.
const COMMITS_MAX: usize = 1024;
/// Most merges with conflicts whose staged trees are remembered.
const CONFLICTS_MAX: usize = 1024;

/// What is known of the newest events, by their positions in the log.
#[derive(Default)]
pub struct RecentEvents {
    /// Each at its position modulo [`COMMITS_MAX`].
    edited: Vec<(u64, EditedPaths)>,
    /// In the order of positions.
    staged: Vec<(u64, ObjectId)>,
}

impl RecentEvents {
    /// Remembers the paths that a commit changed.
    pub fn remember_edited(&mut self, position: u64, paths: EditedPaths) {
        let slot = (position % COMMITS_MAX as u64) as usize;
        if self.edited.len() <= slot {
            self.edited.resize_with(slot + 1, || (u64::MAX, EditedPaths::unknown()));
        }
        self.edited[slot] = (position, paths);
    }

    /// The paths that the event at a position changed, where they are known.
    pub fn edited(&self, position: u64) -> Option<impl Iterator<Item = &[u8]>> {
        let (known, paths) = self.edited.get((position % COMMITS_MAX as u64) as usize)?;
        if *known == position { paths.iter() } else { None }
    }

    /// Remembers the tree that a merge with conflicts staged.
    pub fn remember_staged(&mut self, position: u64, tree: ObjectId) {
        if self.staged.len() == CONFLICTS_MAX {
            self.staged.remove(0);
        }
        self.staged.push((position, tree));
    }

    /// The tree that the event at a position staged, where it is known.
    pub fn staged(&self, position: u64) -> Option<ObjectId> {
        let at = self.staged.binary_search_by_key(&position, |(known, _)| *known).ok()?;
        Some(self.staged[at].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_known_and_the_oldest_forgotten() {
        let mut recent = RecentEvents::default();
        let tree = |position: u64| ObjectId::from_bytes([position as u8; 20]);
        for position in 5..3000 {
            recent.remember_edited(position, EditedPaths::default());
            recent.remember_staged(position, tree(position));
        }
        for position in 0..4000 {
            let is_known = (3000 - 1024..3000).contains(&position);
            assert_eq!(recent.edited(position).is_some(), is_known, "{position}");
            assert_eq!(recent.staged(position), is_known.then(|| tree(position)), "{position}");
        }
        recent.remember_edited(3000, EditedPaths::unknown());
        assert!(recent.edited(3000).is_none());
    }
}
