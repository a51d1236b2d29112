//! A map from ids in little code: the table is kept once for all types of values, which lie beside it.

use alloc::vec::Vec;

use super::id_places::IdPlaces;
use crate::ObjectId;

/// A map from ids, in the order in which they came; only the newest are ever removed.
#[derive(Clone, Debug)]
pub struct IdMap<V> {
    places: IdPlaces,
    values: Vec<V>,
}

impl<V> IdMap<V> {
    /// Number of ids.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no id.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether there is this id.
    pub fn contains_key(&self, id: &ObjectId) -> bool {
        self.places.find(id).is_some()
    }

    /// The value of an id.
    pub fn get(&self, id: &ObjectId) -> Option<&V> {
        Some(&self.values[self.places.find(id)?])
    }

    /// The value of an id, to change it.
    pub fn get_mut(&mut self, id: &ObjectId) -> Option<&mut V> {
        Some(&mut self.values[self.places.find(id)?])
    }

    /// Gives an id a value; returns the one that it had.
    pub fn insert(&mut self, id: ObjectId, value: V) -> Option<V> {
        match self.places.find(&id) {
            Some(place) => Some(core::mem::replace(&mut self.values[place], value)),
            None => {
                self.places.add(id);
                self.values.push(value);
                None
            }
        }
    }

    /// The value of an id, which is made where there is none.
    pub fn get_or_insert_with(&mut self, id: ObjectId, make: impl FnOnce() -> V) -> &mut V {
        let place = self.places.find(&id).unwrap_or_else(|| {
            self.places.add(id);
            self.values.push(make());
            self.values.len() - 1
        });
        &mut self.values[place]
    }

    /// Removes all ids.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Removes every id after the first `length`.
    pub fn truncate(&mut self, length: usize) {
        self.places.truncate(length);
        self.values.truncate(length);
    }

    /// All ids.
    pub fn keys(&self) -> impl Iterator<Item = &ObjectId> {
        self.places.ids().iter()
    }

    /// All values.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.values.iter()
    }

    /// All ids and values.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectId, &V)> {
        self.since(0)
    }

    /// Ids and values from the `start`-th on.
    pub fn since(&self, start: usize) -> impl Iterator<Item = (&ObjectId, &V)> {
        self.places.ids().iter().zip(&self.values).skip(start)
    }
}

impl<V> Default for IdMap<V> {
    fn default() -> Self {
        Self { places: IdPlaces::default(), values: Vec::new() }
    }
}

impl<V> Extend<(ObjectId, V)> for IdMap<V> {
    fn extend<I: IntoIterator<Item = (ObjectId, V)>>(&mut self, entries: I) {
        for (id, value) in entries {
            self.insert(id, value);
        }
    }
}

impl<V> FromIterator<(ObjectId, V)> for IdMap<V> {
    fn from_iter<I: IntoIterator<Item = (ObjectId, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn equals_the_map_of_std() {
        let (mut map, mut model) = (IdMap::default(), HashMap::new());
        let mut seed = 1u32;
        for step in 0..4_000u32 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let mut bytes = [0; ObjectId::LEN];
            bytes[3] = (seed >> 24) as u8;
            bytes[19] = (seed >> 30) as u8;
            let id = ObjectId::from_bytes(bytes);
            match seed >> 20 & 1 {
                0 => assert_eq!(map.get_or_insert_with(id, || step), model.entry(id).or_insert(step)),
                _ => assert_eq!(map.insert(id, step), model.insert(id, step)),
            }
            assert_eq!((map.get(&id), map.len()), (model.get(&id), model.len()));
        }
        assert!(map.iter().all(|(id, value)| model.get(id) == Some(value)));
        assert_eq!(map.keys().count(), model.len());
    }
}
