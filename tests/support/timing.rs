//! How long a piece of work takes, for the measurements; no test judges by it.

use std::time::{Duration, Instant};

/// The best and the median time of so many rounds, at least one.
pub fn best_and_median(rounds: usize, mut work: impl FnMut()) -> (Duration, Duration) {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    (times[0], times[rounds / 2])
}
