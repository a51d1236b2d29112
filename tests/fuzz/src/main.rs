//! The search: libFuzzer over one target, named by the environment. `cargo xtask fuzz` builds and runs it.
#![no_main]
#![allow(clippy::panic, reason = "a target fails by panicking")]

use std::sync::OnceLock;

use govc_fuzz::{TARGETS, Target};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Most bytes that one input may make a target hold beside what it held before: inputs are a few KiB, the bounds that
/// targets set are at most 1 MiB for an object and 16 MiB for a pack.
const HELD_BYTES_MAX: usize = 64 << 20;

static TARGET: OnceLock<&'static Target> = OnceLock::new();

fn start() {
    let name = std::env::var("GOVC_FUZZ_TARGET").unwrap_or_default();
    let Some(target) = TARGETS.iter().find(|target| target.name == name) else {
        panic!("GOVC_FUZZ_TARGET names no target: {name:?}");
    };
    TARGET.get_or_init(|| target);
    // libFuzzer reads the folder of the corpus after this.
    if let Some(folder) = std::env::var_os("GOVC_FUZZ_SEEDS") {
        for (number, seed) in (target.seeds)().iter().enumerate() {
            let path = std::path::Path::new(&folder).join(format!("seed-{number}"));
            std::fs::write(path, seed).expect("the folder of the corpus can be written");
        }
    }
}

libfuzzer_sys::fuzz_target!(init: start(), |input: &[u8]| {
    let target = TARGET.get().expect("because libFuzzer initialises first");
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    (target.run)(input);
    let held = ALLOCATOR.peak_usage().saturating_sub(before);
    assert!(held <= HELD_BYTES_MAX, "{} bytes of input made it hold {held} bytes", input.len());
});
