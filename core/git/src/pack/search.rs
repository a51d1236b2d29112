//! Looks for a good base for each object that leaves in a pack: objects of one kind and like name stand beside each
//! other, the larger first, and each is tried against those of a small window before it.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::delta_index::{BASE_BYTES_MAX, DeltaIndex};
use super::error::PackError;
use super::plan::{Form, Item, PackSources, WriteOptions};
use super::zlib::Deflater;
use crate::sort::sort_positions;

/// Objects below this size, in bytes, are not worth a delta.
const SIZE_MIN: u64 = 50;
/// A base is not tried for a target that is this many times smaller: the delta would save little, and loading costs.
const SHRINK_MAX: u64 = 32;

/// A search for deltas that goes on step by step.
pub(super) struct DeltaSearch {
    /// Items in the order in which they are tried.
    order: Vec<u32>,
    next: usize,
    /// What was tried last, the most promising base in front.
    window: VecDeque<Member>,
    /// Bytes that the bodies and indexes of the window take.
    window_bytes: usize,
    /// Bytes of deltas that are kept until they are written.
    kept_bytes: usize,
}

/// A possible base.
struct Member {
    item: u32,
    body: Option<Arc<[u8]>>,
    index: Option<DeltaIndex>,
}

/// The best delta found for a target so far.
struct Best {
    /// Place of the base in the window.
    place: usize,
    delta: Vec<u8>,
    depth: u32,
}

/// Where like names come to stand beside each other: files of one ending together, within them those of one name,
/// within them those of one folder. Recorded for each object that is found on a path.
pub fn name_hash(path: &[u8]) -> u32 {
    let fold = |bytes: &[u8]| {
        bytes.iter().fold(0x811c_9dc5u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
    };
    let file = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let ending = path[file..].iter().rposition(|byte| *byte == b'.').map_or(path.len(), |dot| file + dot);
    let mix = |hash: u32, bits: u32| (hash ^ hash >> 15).wrapping_mul(0x9e37_79b1) >> (32 - bits);
    mix(fold(&path[ending..]), 8) << 24 | mix(fold(&path[file..]), 12) << 12 | mix(fold(&path[..file]), 12)
}

impl DeltaSearch {
    /// Orders the items that can be a base or get one. `thin` and what follows are bases only.
    pub(super) fn new(items: &[Item], thin: usize, options: &WriteOptions) -> Self {
        let largest = (options.window_bytes_max as u64 / 4).min(BASE_BYTES_MAX as u64);
        let fits = |item: &Item| (SIZE_MIN..=largest).contains(&item.size);
        let has_delta = |item: &Item| matches!(item.form, Form::ReusedDelta { .. });
        let mut order: Vec<u32> = (0..items.len() as u32)
            .filter(|at| fits(&items[*at as usize]) && !has_delta(&items[*at as usize]))
            .collect();
        let rank = |at: u32| {
            let item = &items[at as usize];
            (item.kind, item.name_hash, (at as usize) < thin, core::cmp::Reverse(item.size), at)
        };
        sort_positions(&mut order, &mut |a, b| rank(a).cmp(&rank(b)));
        Self { order, next: 0, window: VecDeque::new(), window_bytes: 0, kept_bytes: 0 }
    }

    /// Objects tried, of how many.
    pub(super) fn progress(&self) -> (usize, usize) {
        (self.next, self.order.len())
    }

    /// Tries the next object; returns the bytes that were looked at, `None` when there is no further one.
    pub(super) fn step(
        &mut self,
        items: &mut [Item],
        thin: usize,
        sources: &PackSources<'_>,
        options: &WriteOptions,
        deflater: &mut Deflater,
    ) -> Result<Option<u64>, PackError> {
        let Some(at) = self.order.get(self.next).copied() else {
            self.window.clear();
            return Ok(None);
        };
        self.next += 1;
        let mut target = Member { item: at, body: None, index: None };
        let mut work = 0;
        let mut best: Option<Best> = None;
        if (at as usize) < thin && !items[at as usize].is_reused_base {
            for place in 0..self.window.len() {
                if !self.is_worth_trying(items, at, place, best.as_ref(), options) {
                    continue;
                }
                let found = self.try_base(items, &mut target, place, best.as_ref(), sources, options)?;
                work += items[at as usize].size;
                best = found.or(best);
            }
        }
        if let Some(best) = best {
            self.keep(&mut items[at as usize], best, options, deflater);
        }
        self.window_bytes += target.bytes();
        self.window.push_front(target);
        let most = options.window.max(1);
        while self.window.len() > most
            || (self.window_bytes > options.window_bytes_max && self.window.len() > 1)
        {
            let Some(gone) = self.window.pop_back() else { break };
            self.window_bytes -= gone.bytes();
        }
        Ok(Some(work))
    }

    fn is_worth_trying(
        &self,
        items: &[Item],
        target: u32,
        place: usize,
        best: Option<&Best>,
        options: &WriteOptions,
    ) -> bool {
        let (base, target) = (&items[self.window[place].item as usize], &items[target as usize]);
        let was_tried = match (&base.form, &target.form) {
            // Whoever made that pack has tried.
            (Form::ReusedWhole { pack: one }, Form::ReusedWhole { pack: other }) => one == other,
            _ => false,
        };
        let growth = target.size.saturating_sub(base.size);
        base.kind == target.kind
            && !was_tried
            && base.depth < options.depth
            && growth < size_max(base.depth, target.size, best, options) as u64
            && target.size >= base.size / SHRINK_MAX
    }

    fn try_base(
        &mut self,
        items: &[Item],
        target: &mut Member,
        place: usize,
        best: Option<&Best>,
        sources: &PackSources<'_>,
        options: &WriteOptions,
    ) -> Result<Option<Best>, PackError> {
        let wanted = target.load(items, sources)?;
        let base = &mut self.window[place];
        let before = base.bytes();
        let body = base.load(items, sources)?;
        let index = base.index.get_or_insert_with(|| DeltaIndex::new(&body));
        let base_depth = items[base.item as usize].depth;
        let most = size_max(base_depth, wanted.len() as u64, best, options);
        let delta = index.delta(&body, &wanted, most);
        self.window_bytes += self.window[place].bytes() - before;
        Ok(delta.map(|delta| Best { place, delta, depth: base_depth + 1 }))
    }

    /// Settles on a delta, and moves its base to the front: it is likely to serve the next object too.
    fn keep(&mut self, item: &mut Item, best: Best, options: &WriteOptions, deflater: &mut Deflater) {
        let Some(base) = self.window.remove(best.place) else { return };
        let mut stream = Vec::new();
        deflater.deflate(&best.delta, &mut stream);
        let room = options.delta_bytes_max.saturating_sub(self.kept_bytes);
        let stream = (stream.len() <= room).then(|| stream.into_boxed_slice());
        self.kept_bytes += stream.as_ref().map_or(0, |stream| stream.len());
        item.depth = best.depth;
        item.form = Form::Delta { base: base.item, size: best.delta.len() as u64, stream };
        self.window.push_front(base);
    }
}

/// Most bytes that a delta may take to be the best: the deeper the base, the fewer.
fn size_max(base_depth: u32, target_size: u64, best: Option<&Best>, options: &WriteOptions) -> usize {
    let (size, depth) = match best {
        Some(best) => (best.delta.len() as u64, best.depth),
        None => ((target_size / 2).saturating_sub(20), 1),
    };
    let left = u64::from(options.depth.saturating_sub(base_depth));
    let best_left = u64::from(options.depth.saturating_sub(depth)) + 1;
    let most = size.saturating_mul(left) / best_left;
    // A delta that is no smaller has to be shallower.
    let ties = best.is_some_and(|best| base_depth + 1 >= best.depth);
    usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(usize::from(ties))
}

impl Member {
    fn load(&mut self, items: &[Item], sources: &PackSources<'_>) -> Result<Arc<[u8]>, PackError> {
        if let Some(body) = &self.body {
            return Ok(body.clone());
        }
        let body = sources.objects.read(&items[self.item as usize].id)?.bytes;
        self.body = Some(body.clone());
        Ok(body)
    }

    fn bytes(&self) -> usize {
        self.body.as_ref().map_or(0, |body| body.len())
            + self.index.as_ref().map_or(0, DeltaIndex::memory_bytes)
    }
}
