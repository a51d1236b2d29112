//! Inflated objects that are asked for again, kept within a budget of bytes; the one that was not asked for longest goes.

use alloc::vec::Vec;

use hashbrown::HashMap;

use crate::Object;
use core::hash::BuildHasherDefault;

/// Objects by where their entry begins.
pub(super) struct BaseCache {
    slots: Vec<Slot>,
    by_offset: HashMap<u64, usize, BuildHasherDefault<OffsetHash>>,
    /// Where the search for the next one to go stands.
    hand: usize,
    bytes: usize,
    budget: usize,
}

struct Slot {
    offset: u64,
    object: Object,
    /// Asked for since the hand last passed.
    used: bool,
}

/// Spreads offsets over a table.
#[derive(Clone, Copy, Default)]
pub(super) struct OffsetHash(u64);

impl core::hash::Hasher for OffsetHash {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.write_u64(u64::from_le_bytes(*first));
        }
    }
    fn write_u64(&mut self, offset: u64) {
        self.0 = offset.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }
}

/// Bytes that a slot takes beside the object's own, in the table and out of it.
const SLOT_BYTES: usize = 96;

impl BaseCache {
    pub(super) fn new(budget: usize) -> Self {
        Self { slots: Vec::new(), by_offset: HashMap::default(), hand: 0, bytes: 0, budget }
    }

    /// Bytes that are held.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The object whose entry begins there.
    pub(super) fn find(&mut self, offset: u64) -> Option<Object> {
        let slot = &mut self.slots[*self.by_offset.get(&offset)?];
        slot.used = true;
        Some(slot.object.clone())
    }

    /// Keeps an object, unless it would take a quarter of the budget alone.
    pub(super) fn insert(&mut self, offset: u64, object: &Object) {
        let cost = object.bytes.len() + SLOT_BYTES;
        if cost > self.budget / 4 || self.by_offset.contains_key(&offset) {
            return;
        }
        while self.bytes + cost > self.budget {
            self.evict_one();
        }
        self.by_offset.insert(offset, self.slots.len());
        self.slots.push(Slot { offset, object: object.clone(), used: false });
        self.bytes += cost;
    }

    fn evict_one(&mut self) {
        // Each pass clears what it meets, so the second one ends.
        loop {
            self.hand = if self.hand < self.slots.len() { self.hand } else { 0 };
            if core::mem::take(&mut self.slots[self.hand].used) {
                self.hand += 1;
            } else {
                break;
            }
        }
        let gone = self.slots.swap_remove(self.hand);
        self.by_offset.remove(&gone.offset);
        self.bytes -= gone.object.bytes.len() + SLOT_BYTES;
        if let Some(moved) = self.slots.get(self.hand) {
            self.by_offset.insert(moved.offset, self.hand);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn the_budget_holds_and_what_is_used_stays() {
        let mut cache = BaseCache::new(100_000);
        let object = |n: u64| Object { kind: Kind::Blob, bytes: std::vec![n as u8; 1000].into() };
        for n in 0..1000 {
            cache.insert(n, &object(n));
            assert!(cache.bytes() <= 100_000);
            assert_eq!(cache.find(0), Some(object(0)), "asked for all the time");
        }
        assert_eq!(cache.find(1), None);
        let held = (0..1000).filter(|n| cache.find(*n) == Some(object(*n))).count();
        assert!((80..=91).contains(&held), "{held}");
        cache.insert(5000, &Object { kind: Kind::Blob, bytes: std::vec![0; 50_000].into() });
        assert_eq!(cache.find(5000), None, "too large to be worth it");
    }
}
