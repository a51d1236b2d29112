//! Vector clocks: how many entries of each node's chain are included. A clock names a causally closed set of entries.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::id::NodeId;

/// A count of entries by node; a node that is missing has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VectorClock {
    /// In the order of the nodes, without zeros.
    counts: Vec<(NodeId, u64)>,
}

impl VectorClock {
    /// Nothing.
    pub const fn new() -> Self {
        Self { counts: Vec::new() }
    }

    /// How many entries of a node are included.
    pub fn get(&self, node: &NodeId) -> u64 {
        self.place(node).map_or(0, |at| self.counts[at].1)
    }

    /// Includes at least `count` entries of a node.
    pub fn raise(&mut self, node: &NodeId, count: u64) {
        if count > self.get(node) {
            self.set(node, count);
        }
    }

    /// Includes exactly `count` entries of a node.
    pub fn set(&mut self, node: &NodeId, count: u64) {
        match (self.place(node), count) {
            (Ok(at), 0) => drop(self.counts.remove(at)),
            (Ok(at), count) => self.counts[at].1 = count,
            (Err(_), 0) => {}
            (Err(at), count) => self.counts.insert(at, (*node, count)),
        }
    }

    /// Nodes and their counts, in the order of the nodes; no count is 0.
    pub fn iter(&self) -> impl Iterator<Item = (&NodeId, u64)> {
        self.counts.iter().map(|(node, count)| (node, *count))
    }

    /// How many nodes have entries in it.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether nothing is included.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Whether everything of `other` is included.
    pub fn includes(&self, other: &Self) -> bool {
        other.missing_from(self).next().is_none()
    }

    /// Before, after, the same, or `None` where each has what the other has not.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self.includes(other), other.includes(self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        }
    }

    /// Includes everything of `other` too: the least clock that includes both.
    pub fn join(&mut self, other: &Self) {
        other.iter().for_each(|(node, count)| self.raise(node, count));
    }

    /// What is in here and not in `other`: a node, and its entries from the first to before the second number.
    pub fn missing_from<'a>(
        &'a self,
        other: &'a Self,
    ) -> impl Iterator<Item = (&'a NodeId, core::ops::Range<u64>)> {
        // Both are in order: one walk over both.
        let mut rest = &other.counts[..];
        self.counts.iter().filter_map(move |(node, count)| {
            let passed = rest.partition_point(|(other, _)| other < node);
            rest = &rest[passed..];
            let had = rest.first().filter(|(other, _)| other == node).map_or(0, |(_, had)| *had);
            (had < *count).then_some((node, had..*count))
        })
    }

    fn place(&self, node: &NodeId) -> Result<usize, usize> {
        self.counts.binary_search_by(|(other, _)| other.cmp(node))
    }
}

impl FromIterator<(NodeId, u64)> for VectorClock {
    /// The larger count counts where a node comes twice.
    fn from_iter<I: IntoIterator<Item = (NodeId, u64)>>(counts: I) -> Self {
        let mut clock = Self::new();
        counts.into_iter().for_each(|(node, count)| clock.raise(&node, count));
        clock
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Numbers from a seed.
    fn random(seed: &mut u64) -> u64 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *seed >> 33
    }

    fn some_clock(seed: &mut u64) -> (VectorClock, BTreeMap<u8, u64>) {
        let (mut clock, mut model) = (VectorClock::new(), BTreeMap::new());
        for _ in 0..random(seed) % 6 {
            let (node, count) = ((random(seed) % 5) as u8, random(seed) % 3);
            clock.set(&NodeId([node; 32]), count);
            match count {
                0 => drop(model.remove(&node)),
                count => drop(model.insert(node, count)),
            }
        }
        (clock, model)
    }

    fn of(model: &BTreeMap<u8, u64>) -> VectorClock {
        model.iter().map(|(node, count)| (NodeId([*node; 32]), *count)).collect()
    }

    #[test]
    fn clocks_are_as_a_naive_map_has_it() {
        let mut seed = 7;
        let mut orders = [0; 4];
        for _ in 0..20_000 {
            let ((a, model_a), (b, model_b)) = (some_clock(&mut seed), some_clock(&mut seed));
            assert_eq!(a, of(&model_a));
            let count = |model: &BTreeMap<u8, u64>, node: u8| model.get(&node).copied().unwrap_or(0);
            let all = |holds: &dyn Fn(u64, u64) -> bool| {
                (0..5).all(|node| holds(count(&model_a, node), count(&model_b, node)))
            };
            let expected = match (all(&|a, b| a >= b), all(&|a, b| a <= b)) {
                (true, true) => Some(Ordering::Equal),
                (true, false) => Some(Ordering::Greater),
                (false, true) => Some(Ordering::Less),
                _ => None,
            };
            orders[expected.map_or(3, |order| (order as i8 + 1) as usize)] += 1;
            assert_eq!(a.compare(&b), expected);
            let mut joined = a.clone();
            joined.join(&b);
            let larger: BTreeMap<u8, u64> = (0..5)
                .map(|node| (node, count(&model_a, node).max(count(&model_b, node))))
                .filter(|(_, count)| *count > 0)
                .collect();
            assert_eq!(joined, of(&larger));
            let missing: Vec<_> = a.missing_from(&b).map(|(node, range)| (node.0[0], range)).collect();
            let expected: Vec<_> = model_a
                .iter()
                .filter(|(node, has)| **has > count(&model_b, **node))
                .map(|(node, has)| (*node, count(&model_b, *node)..*has))
                .collect();
            assert_eq!(missing, expected);
        }
        assert!(orders.iter().all(|count| *count > 500), "each order came up: {orders:?}");
    }

    #[test]
    fn joining_is_commutative_associative_and_idempotent() {
        let mut seed = 11;
        let join = |a: &VectorClock, b: &VectorClock| {
            let mut joined = a.clone();
            joined.join(b);
            joined
        };
        for _ in 0..5_000 {
            let [a, b, c] = core::array::from_fn(|_| some_clock(&mut seed).0);
            assert_eq!(join(&a, &b), join(&b, &a));
            assert_eq!(join(&join(&a, &b), &c), join(&a, &join(&b, &c)));
            assert_eq!(join(&a, &a), a);
        }
    }
}
