//! The deltas of a pack that name their base by distance, grouped by it.

use alloc::vec::Vec;
use core::ops::Range;

use super::entries::NO_BASE;

/// The deltas by distance, grouped by what they stand on.
pub(super) struct Children {
    /// Where the group of each entry begins; one more than entries.
    starts: Vec<u32>,
    /// In each group the one with the largest family is last.
    pub(super) entries: Vec<u32>,
}

impl Children {
    /// Groups entries by their base. A base comes before what stands on it, so one pass backwards sums up families.
    pub(super) fn new(bases: &[u32]) -> Self {
        let mut family = alloc::vec![1u32; bases.len()];
        let mut starts = alloc::vec![0u32; bases.len() + 1];
        for (entry, base) in bases.iter().enumerate().rev() {
            if *base != NO_BASE {
                family[*base as usize] = family[*base as usize].saturating_add(family[entry]);
                starts[*base as usize + 1] += 1;
            }
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut entries = alloc::vec![0u32; starts.last().map_or(0, |end| *end as usize)];
        for (entry, base) in bases.iter().enumerate() {
            if *base != NO_BASE {
                let place = &mut next[*base as usize];
                entries[*place as usize] = entry as u32;
                *place += 1;
            }
        }
        for group in starts.windows(2) {
            let group = &mut entries[group[0] as usize..group[1] as usize];
            if let Some(largest) = (0..group.len()).max_by_key(|at| family[group[*at] as usize]) {
                group[largest..].rotate_left(1);
            }
        }
        Self { starts, entries }
    }

    /// The group of an entry; empty for a base from elsewhere.
    pub(super) fn of(&self, entry: u32) -> Range<u32> {
        match self.starts.get(entry as usize..entry as usize + 2) {
            Some(range) => range[0]..range[1],
            None => 0..0,
        }
    }
}

/// The first entry from which more than `most` steps lead to one that stands on nothing in the pack: a chain that is too
/// long, or a circle.
pub(super) fn beyond_depth(bases: &[u32], most: u32) -> Option<usize> {
    const UNKNOWN: u32 = u32::MAX;
    let mut depths = alloc::vec![UNKNOWN; bases.len()];
    let mut chain = Vec::new();
    for start in 0..bases.len() {
        let mut at = start;
        let mut depth = loop {
            match (depths.get(at), bases.get(at)) {
                (Some(&UNKNOWN), Some(base)) if chain.len() <= most as usize => {
                    chain.push(at);
                    at = *base as usize;
                }
                (Some(&UNKNOWN), _) => return Some(start),
                (Some(depth), _) => break depth + 1,
                (None, _) => break u32::from(at != NO_BASE as usize),
            }
        };
        while let Some(entry) = chain.pop() {
            if depth > most {
                return Some(entry);
            }
            depths[entry] = depth;
            depth += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_family_comes_last() {
        // 0 has 1, 2 and 3; 2 has 4, which has 5.
        let children = Children::new(&[NO_BASE, 0, 0, 0, 2, 4]);
        let of =
            |entry| &children.entries[children.of(entry).start as usize..children.of(entry).end as usize];
        assert_eq!((of(0), of(2), of(4), of(5)), (&[1, 3, 2][..], &[4][..], &[5][..], &[][..]));
        assert!(children.of(6).is_empty() && children.of(u32::MAX - 2).is_empty());
    }

    #[test]
    fn chains_and_circles_are_measured() {
        // 4 stands on 2, that on 0; 5 on something elsewhere.
        let bases = [NO_BASE, 0, 0, NO_BASE, 2, 1000];
        assert_eq!(beyond_depth(&bases[3..], 0), Some(1));
        assert_eq!(
            (beyond_depth(&bases, 2), beyond_depth(&bases, 1), beyond_depth(&bases, 0)),
            (None, Some(4), Some(1))
        );
        let long: Vec<u32> = [NO_BASE].into_iter().chain(0..999).collect();
        assert_eq!((beyond_depth(&long, 999), beyond_depth(&long, 998)), (None, Some(999)));
        let backwards: Vec<u32> = (1..1000).chain([NO_BASE]).collect();
        assert_eq!((beyond_depth(&backwards, 999), beyond_depth(&backwards, 998)), (None, Some(0)));
        assert_eq!(beyond_depth(&[NO_BASE, 2, 3, 1], 4095), Some(1));
        assert_eq!(beyond_depth(&[0], 4095), Some(0));
    }
}
