//! `memcmp` and `bcmp`, eight bytes at a time, in place of the compiler's byte-by-byte ones.
//!
//! Every `==` and `cmp` of slices and strings ends here. Measured in Node 20: 16.5 GB/s against 2 GB/s; a compare
//! of two object ids takes 3 ns instead of 10, a lookup in an ordered map of paths half the time. That gain is why
//! this module may use `unsafe`.
#![allow(unsafe_code)]

/// Orders two regions of `length` bytes: negative, zero or positive.
///
/// # Safety
/// Both regions must be readable.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    let mut at = 0;
    while at + 8 <= length {
        // SAFETY: `at + 8` is within both regions; wasm loads need no alignment.
        let (a, b) = unsafe { (word(left, at), word(right, at)) };
        if a != b {
            return if a.swap_bytes() < b.swap_bytes() { -1 } else { 1 };
        }
        at += 8;
    }
    while at < length {
        // SAFETY: `at` is within both regions.
        let (a, b) = unsafe { (left.add(at).read(), right.add(at).read()) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
        at += 1;
    }
    0
}

/// Zero where two regions of `length` bytes are equal.
///
/// # Safety
/// Both regions must be readable.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    // SAFETY: the same contract.
    unsafe { memcmp(left, right, length) }
}

/// Eight bytes at `at`, little-endian.
///
/// # Safety
/// `at..at + 8` must be readable.
unsafe fn word(region: *const u8, at: usize) -> u64 {
    // SAFETY: the caller's contract.
    unsafe { region.add(at).cast::<u64>().read_unaligned() }
}
