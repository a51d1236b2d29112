//! An ordered map from names in little code: std's tree once for each type of key, instead of once for each pair.
//!
//! Each instance of std's ordered map is 4 to 8 KB of wasm, and there would be twenty of them. Here the tree holds
//! places, and the values lie beside it.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;
use core::ops::Bound;

/// A map in the order of its keys: names, paths, lines.
#[derive(Clone)]
pub struct NameMap<K, V> {
    places: BTreeMap<K, u32>,
    values: Vec<Option<V>>,
    /// Places whose value was removed.
    free: Vec<u32>,
}

impl<K: Ord, V> NameMap<K, V> {
    /// Starts without any.
    pub const fn new() -> Self {
        Self { places: BTreeMap::new(), values: Vec::new(), free: Vec::new() }
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether there is this key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.places.contains_key(key)
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.values[*self.places.get(key)? as usize].as_ref()
    }

    /// The value of a key, to change it.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.values[*self.places.get(key)? as usize].as_mut()
    }

    /// The key as it is held, and its value.
    pub fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let (key, at) = self.places.get_key_value(key)?;
        Some((key, self.values[*at as usize].as_ref()?))
    }

    /// Gives a key a value; returns the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.place(key).replace(value)
    }

    /// The place of a key's value: with one way down the tree, it can be looked at and filled. Where it stays empty, the
    /// caller removes the key again.
    pub(crate) fn slot(&mut self, key: K) -> &mut Option<V> {
        self.place(key)
    }

    /// The value of a key, which is made where there is none.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        self.place(key).get_or_insert_with(make)
    }

    /// Removes a key; returns its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.places.remove(key)?;
        self.free.push(at);
        self.values[at as usize].take()
    }

    /// Removes all keys.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// All keys and values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
        self.places.iter().filter_map(|(key, at)| Some((key, self.values[*at as usize].as_ref()?)))
    }

    /// Keys and values from this key on, in order.
    pub fn range_from<Q: Ord + ?Sized>(
        &self,
        start: Bound<&Q>,
    ) -> impl Iterator<Item = (&K, &V)> + Clone + use<'_, K, V, Q>
    where
        K: Borrow<Q>,
    {
        let range = self.places.range::<Q, _>((start, Bound::Unbounded));
        range.filter_map(|(key, at)| Some((key, self.values[*at as usize].as_ref()?)))
    }

    /// All keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.places.keys()
    }

    /// Takes all keys and values out, in order.
    pub fn into_entries(mut self) -> impl Iterator<Item = (K, V)> {
        self.places.into_iter().filter_map(move |(key, at)| Some((key, self.values[at as usize].take()?)))
    }

    /// The place of a key's value, which is empty where the key is new.
    fn place(&mut self, key: K) -> &mut Option<V> {
        let next = self.free.last().copied().unwrap_or(self.values.len() as u32);
        let at = *self.places.entry(key).or_insert(next);
        if at == next && self.free.pop().is_none() {
            self.values.push(None);
        }
        &mut self.values[at as usize]
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

    #[test]
    fn equals_the_ordered_map_of_std() {
        let (mut map, mut model) = (NameMap::new(), BTreeMap::new());
        let mut seed = 1u32;
        for step in 0..4_000u32 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = seed >> 26;
            match seed >> 20 & 3 {
                0 => assert_eq!(map.remove(&key), model.remove(&key)),
                1 => assert_eq!(map.get_or_insert_with(key, || step), model.entry(key).or_insert(step)),
                _ => assert_eq!(map.insert(key, step), model.insert(key, step)),
            }
            assert_eq!(map.get(&key), model.get(&key));
            assert_eq!(map.len(), model.len());
            assert!(map.values.len() <= 64, "places are used again");
        }
        assert!(map.iter().eq(model.iter()) && map.iter().rev().eq(model.iter().rev()));
        let start = Bound::Excluded(&20);
        assert!(map.range_from(start).eq(model.range((start, Bound::Unbounded))));
        assert_eq!(map, map.iter().map(|(key, value)| (*key, *value)).collect());
        assert!(map.into_entries().eq(model));
    }
}
