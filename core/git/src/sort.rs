//! Sorting in little code: one merge sort, of positions, instead of std's sort once for each type.
//!
//! Each instance of std's sorts is 3 to 8 KB of wasm, and there would be thirty of them. Here the comparison is a call
//! through a table, and each type adds only the loop that puts the items in their places.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// Sorts positions by what stands at them; equal ones keep their order.
pub fn sort_positions(positions: &mut [u32], compare: &mut dyn FnMut(u32, u32) -> Ordering) {
    let mut merged = Vec::with_capacity(positions.len());
    let mut length = 1;
    while length < positions.len() {
        for both in positions.chunks_mut(2 * length) {
            let (left, right) = both.split_at(length.min(both.len()));
            // Most of what is sorted here comes nearly in order.
            if right.is_empty() || compare(left[left.len() - 1], right[0]).is_le() {
                continue;
            }
            merged.clear();
            merge(left, right, compare, &mut merged);
            both.copy_from_slice(&merged);
        }
        length *= 2;
    }
}

/// Appends what two sorted slices hold, in order.
fn merge(
    mut left: &[u32],
    mut right: &[u32],
    compare: &mut dyn FnMut(u32, u32) -> Ordering,
    out: &mut Vec<u32>,
) {
    while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
        if compare(*a, *b).is_le() {
            out.push(*a);
            left = left_rest;
        } else {
            out.push(*b);
            right = right_rest;
        }
    }
    out.extend_from_slice(left);
    out.extend_from_slice(right);
}

/// Sorts items; equal ones keep their order.
pub fn sort_by<T>(items: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    if items.len() < 2 {
        return;
    }
    let mut order: Vec<u32> = (0..items.len() as u32).collect();
    sort_positions(&mut order, &mut |a, b| compare(&items[a as usize], &items[b as usize]));
    // Each cycle of the permutation is walked once; a place that is filled names itself.
    for start in 0..order.len() {
        let mut place = start;
        loop {
            let from = order[place] as usize;
            order[place] = place as u32;
            if from == start {
                break;
            }
            items.swap(place, from);
            place = from;
        }
    }
}

/// Sorts items by a key; equal ones keep their order.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], mut key: impl FnMut(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// Sorts items by their own order.
pub fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_stable_sort_of_std() {
        let mut seed = 1u64;
        for length in 0..200 {
            let mut items: Vec<(u64, usize)> = (0..length)
                .map(|at| {
                    seed =
                        seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (seed >> 33 & 15, at)
                })
                .collect();
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            sort_by_key(&mut items, |item| item.0);
            assert_eq!(items, expected);
        }
    }
}
