//! An ordered map from names in little code: the order is kept once for all types, and each map adds what compares.
//!
//! Each instance of std's ordered map is 4 to 8 KB of wasm, and there would be twenty of them. Here keys and values lie
//! at places, and [`Order`] holds the places sorted.

use alloc::vec::Vec;
use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;
use core::ops::Bound;

/// Most places in one run of an [`Order`]: what one insertion moves.
const RUN_MAX: usize = 256;

/// Places in the order of what stands at them: runs, none of which is empty.
#[derive(Clone)]
struct Order {
    runs: Vec<Vec<u32>>,
    /// Where the last insertion was: what comes in order, comes behind it.
    newest: Position,
}

/// A position in an [`Order`]: its run, and where in it.
type Position = (usize, usize);

impl Order {
    /// Where the place stands for which `compare` says equal; else where it would.
    fn find(&self, compare: &mut dyn FnMut(u32) -> Ordering) -> Result<Position, Position> {
        let is_before = |run: &Vec<u32>| run.last().is_some_and(|last| compare(*last).is_lt());
        let run = self.runs.partition_point(is_before);
        match self.runs.get(run) {
            Some(places) => match places.binary_search_by(|place| compare(*place)) {
                Ok(at) => Ok((run, at)),
                Err(at) => Err((run, at)),
            },
            // Behind all: the last run grows.
            None => Err(self.runs.last().map_or((0, 0), |last| (run - 1, last.len()))),
        }
    }

    /// Where a place goes that follows the newest one at once; `None` where that is not known without a search.
    fn behind_newest(&self, compare: &mut dyn FnMut(u32) -> Ordering) -> Option<Position> {
        let (run, at) = self.newest;
        let places = self.runs.get(run)?;
        let next = places.get(at + 1).or_else(|| self.runs.get(run + 1)?.first());
        let follows = compare(*places.get(at)?).is_lt() && next.is_none_or(|next| compare(*next).is_gt());
        follows.then_some((run, at + 1))
    }

    fn at(&self, (run, at): Position) -> u32 {
        self.runs[run][at]
    }

    fn insert(&mut self, (run, at): Position, place: u32) {
        if self.runs.is_empty() {
            self.runs.push(Vec::new());
        }
        let places = &mut self.runs[run];
        places.insert(at, place);
        self.newest = (run, at);
        if places.len() > RUN_MAX {
            let later = places.split_off(RUN_MAX / 2);
            self.runs.insert(run + 1, later);
            if at >= RUN_MAX / 2 {
                self.newest = (run + 1, at - RUN_MAX / 2);
            }
        }
    }

    fn remove(&mut self, (run, at): Position) -> u32 {
        let place = self.runs[run].remove(at);
        if self.runs[run].is_empty() {
            self.runs.remove(run);
        }
        place
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = usize> + Clone {
        self.runs.iter().flatten().map(|place| *place as usize)
    }

    fn iter_from(&self, (run, at): Position) -> impl Iterator<Item = usize> + Clone {
        self.runs[run..].iter().flatten().skip(at).map(|place| *place as usize)
    }
}

/// A map in the order of its keys: names, paths, lines.
#[derive(Clone)]
pub struct NameMap<K, V> {
    order: Order,
    keys: Vec<Option<K>>,
    values: Vec<Option<V>>,
    /// Places whose key was removed.
    free: Vec<u32>,
}

impl<K: Ord, V> NameMap<K, V> {
    /// Starts without any.
    pub const fn new() -> Self {
        Self {
            order: Order { runs: Vec::new(), newest: (0, 0) },
            keys: Vec::new(),
            values: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.keys.len() - self.free.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is this key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// The value of a key, to change it.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let position = self.find(key).ok()?;
        self.values[self.order.at(position) as usize].as_mut()
    }

    /// The key as it is held, and its value.
    pub fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let position = self.find(key).ok()?;
        self.entry(self.order.at(position) as usize)
    }

    /// Gives a key a value; returns the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.slot(key).replace(value)
    }

    /// The value of a key, which is made where there is none.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        self.slot(key).get_or_insert_with(make)
    }

    /// The place of a key's value, which is empty where the key is new: with one search, it can be looked at and filled.
    /// Where it stays empty, the caller removes the key again.
    pub(crate) fn slot(&mut self, key: K) -> &mut Option<V> {
        let found = {
            let mut compare = self.comparison(&key);
            match self.order.behind_newest(&mut compare) {
                Some(position) => Err(position),
                None => self.order.find(&mut compare),
            }
        };
        let place = match found {
            Ok(position) => self.order.at(position),
            Err(position) => {
                let place = self.free.pop().unwrap_or(self.keys.len() as u32);
                self.order.insert(position, place);
                if place as usize == self.keys.len() {
                    self.keys.push(None);
                    self.values.push(None);
                }
                self.keys[place as usize] = Some(key);
                place
            }
        };
        &mut self.values[place as usize]
    }

    /// Removes a key; returns its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let position = self.find(key).ok()?;
        let place = self.order.remove(position);
        self.free.push(place);
        self.keys[place as usize] = None;
        self.values[place as usize].take()
    }

    /// Removes all keys.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// All keys and values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
        self.order.iter().filter_map(|place| self.entry(place))
    }

    /// Keys and values from this key on, in order.
    pub fn range_from<Q: Ord + ?Sized>(
        &self,
        start: Bound<&Q>,
    ) -> impl Iterator<Item = (&K, &V)> + Clone + use<'_, K, V, Q>
    where
        K: Borrow<Q>,
    {
        let from = match start {
            Bound::Unbounded => (0, 0),
            Bound::Included(key) => self.find(key).unwrap_or_else(|position| position),
            Bound::Excluded(key) => {
                self.find(key).map_or_else(|position| position, |(run, at)| (run, at + 1))
            }
        };
        self.order.iter_from(from).filter_map(|place| self.entry(place))
    }

    /// All keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.order.iter().filter_map(|place| self.keys[place].as_ref())
    }

    /// Takes all keys and values out, in order.
    pub fn into_entries(self) -> impl Iterator<Item = (K, V)> {
        let Self { order, mut keys, mut values, .. } = self;
        let places = order.runs.into_iter().flatten();
        places.filter_map(move |place| keys[place as usize].take().zip(values[place as usize].take()))
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<Position, Position>
    where
        K: Borrow<Q>,
    {
        self.order.find(&mut self.comparison(key))
    }

    /// How the key at a place stands to another.
    fn comparison<Q: Ord + ?Sized>(&self, key: &Q) -> impl Fn(u32) -> Ordering
    where
        K: Borrow<Q>,
    {
        move |place| self.keys[place as usize].as_ref().map(Borrow::borrow).cmp(&Some(key))
    }

    fn entry(&self, place: usize) -> Option<(&K, &V)> {
        self.keys[place].as_ref().zip(self.values[place].as_ref())
    }
}

impl<K: Ord, V> Default for NameMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for NameMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

impl<K: Ord, V: PartialEq> PartialEq for NameMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Ord, V: Eq> Eq for NameMap<K, V> {}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for NameMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    #[test]
    fn keys_that_come_in_runs_equal_the_ordered_map_of_std() {
        let (mut map, mut model) = (NameMap::new(), BTreeMap::new());
        let mut seed = 1u32;
        for step in 0..2_000u32 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let start = seed >> 20;
            for key in start..start + (seed & 31) {
                assert_eq!(map.insert(key, step), model.insert(key, step));
            }
            if seed & 32 != 0 {
                assert_eq!(map.remove(&(start + 7)), model.remove(&(start + 7)));
            }
        }
        assert!(map.iter().eq(model.iter()));
        assert!(map.order.runs.len() > 8);
    }

    #[test]
    fn equals_the_ordered_map_of_std() {
        let (mut map, mut model) = (NameMap::new(), BTreeMap::new());
        let mut seed = 1u32;
        for step in 0..40_000u32 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = seed >> 21;
            match seed >> 16 & 3 {
                0 => assert_eq!(map.remove(&key), model.remove(&key)),
                1 => assert_eq!(map.get_or_insert_with(key, || step), model.entry(key).or_insert(step)),
                _ => assert_eq!(map.insert(key, step), model.insert(key, step)),
            }
            assert_eq!(map.get(&key), model.get(&key));
            assert_eq!(map.len(), model.len());
            assert!(map.values.len() <= 2048, "places are used again");
        }
        assert!(map.iter().eq(model.iter()) && map.iter().rev().eq(model.iter().rev()));
        let start = Bound::Excluded(&20);
        assert!(map.range_from(start).eq(model.range((start, Bound::Unbounded))));
        assert_eq!(map, map.iter().map(|(key, value)| (*key, *value)).collect());
        assert!(map.into_entries().eq(model));
    }
}
