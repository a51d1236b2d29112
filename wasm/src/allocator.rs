//! The allocator: dlmalloc over wasm memory that grows in large steps.
//!
//! Each `memory.grow` makes a new `ArrayBuffer`; past the first 30 to 60 MB small steps set off full garbage
//! collections of the host. Measured in Node 20: 256 MB of 1 KB objects took 179 ms with these steps and 850 to
//! 1,289 ms with the 64 KiB steps of every stock allocator. That gain is why this module may use `unsafe`.
#![allow(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::UnsafeCell;
use core::ptr;

use dlmalloc::{Allocator, Dlmalloc};

const PAGE_BYTES: usize = 64 * 1024;
/// The smallest step, in pages: 1 MiB.
const STEP_PAGES_MIN: usize = 16;
/// A step is at least this part of the memory in use.
const STEP_PART: usize = 8;

/// Memory from `memory.grow`, which is never given back.
struct WasmMemory;

// SAFETY: `alloc` hands out each page once, fresh from `memory.grow`; nothing is ever taken back.
unsafe impl Allocator for WasmMemory {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let need = size.div_ceil(PAGE_BYTES);
        let step = need.max(STEP_PAGES_MIN).max(wasm32::memory_size::<0>() / STEP_PART);
        match grow(step).or_else(|| grow(need)) {
            Some((start, bytes)) => (start, bytes, 0),
            None => (ptr::null_mut(), 0, 0),
        }
    }

    fn remap(&self, _start: *mut u8, _old_size: usize, _new_size: usize, _can_move: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _start: *mut u8, _old_size: usize, _new_size: usize) -> bool {
        false
    }

    fn free(&self, _start: *mut u8, _size: usize) -> bool {
        false
    }

    fn can_release_part(&self, _flags: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE_BYTES
    }
}

/// Start and length in bytes of `pages` new pages, or `None` where the host has no more.
fn grow(pages: usize) -> Option<(*mut u8, usize)> {
    let first = wasm32::memory_grow::<0>(pages);
    if first == usize::MAX {
        return None;
    }
    let start = first * PAGE_BYTES;
    // A region that ends at the very end of the address space would end at address 0.
    let bytes = (pages * PAGE_BYTES).min(usize::MAX - 15 - start);
    Some((ptr::without_provenance_mut(start), bytes))
}

/// The one allocator of the module.
struct Heap(UnsafeCell<Dlmalloc<WasmMemory>>);

// SAFETY: a wasm module without the atomics feature has one thread.
unsafe impl Sync for Heap {}

// SAFETY: `Dlmalloc` is a general-purpose allocator; with one thread, and no call back from it, no two of these
// mutable borrows overlap.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { (*self.0.get()).free(block, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe { (*self.0.get()).realloc(block, layout.size(), layout.align(), size) }
    }
}

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Dlmalloc::new_with_allocator(WasmMemory)));

#[cfg(target_feature = "atomics")]
compile_error!("the allocator takes no lock: it is for a module with one thread");
