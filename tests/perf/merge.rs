//! 300 merges of a repository, native, beside `git merge-tree --stdin` in the same run.
//!
//! `cargo run --release -p govc-tests --example merge -- REPOSITORY-OR-BUNDLE [COUNT]`. Takes two-parent merges of the
//! history, evenly spread, and prints microseconds for one of them, the best and the median of some rounds.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a measurement ends by panicking")]

use std::hint::black_box;
use std::time::Duration;

use govc_git::ObjectId;
use govc_git::merge::{MergeOptions, merge_commits};
use govc_git::rev::CommitGraph;
use govc_git::store::{MemoryStore, Overlay};
use govc_tests::{TestRepo, best_and_median};

const ROUNDS: usize = 9;

fn main() {
    let source = std::env::args().nth(1).expect("a repository or a bundle");
    let count: usize = std::env::args().nth(2).map_or(300, |text| text.parse().unwrap());
    let repo = TestRepo::clone_bare(&source);
    let store = repo.objects();
    let all = repo.git(&["rev-list", "--min-parents=2", "--max-parents=2", "--parents", "--all"]);
    let all: Vec<(ObjectId, ObjectId)> = all
        .lines()
        .map(|line| {
            let ids: Vec<&str> = line.split(' ').collect();
            (ids[1].parse().unwrap(), ids[2].parse().unwrap())
        })
        .collect();
    let merges: Vec<_> = all.iter().step_by((all.len() / count).max(1)).take(count).copied().collect();
    let input: String = merges.iter().map(|(ours, theirs)| format!("{ours} {theirs}\n")).collect();
    println!("microseconds for one merge of {} (best, median of {ROUNDS} rounds)", merges.len());
    let cold = best_and_median(ROUNDS, || {
        merge_all(&store, &mut CommitGraph::new(), &merges);
    });
    let mut graph = CommitGraph::new();
    let warm = best_and_median(ROUNDS, || {
        merge_all(&store, &mut graph, &merges);
    });
    let one = |text: &[u8]| drop(black_box(repo.git_bytes(&["merge-tree", "--write-tree", "--stdin"], text)));
    let empty = best_and_median(ROUNDS, || one(b""));
    let git = best_and_median(ROUNDS, || one(input.as_bytes()));
    let each = |time: Duration| time.as_secs_f64() * 1e6 / merges.len() as f64;
    println!("govc, history read in each round {:8.1} {:8.1}", each(cold.0), each(cold.1));
    println!("govc, history known              {:8.1} {:8.1}", each(warm.0), each(warm.1));
    let (best, usual) = (git.0.saturating_sub(empty.0), git.1.saturating_sub(empty.1));
    println!("git, without its start           {:8.1} {:8.1}", each(best), each(usual));
}

/// Merges all pairs; returns how many were clean.
fn merge_all(store: &MemoryStore, graph: &mut CommitGraph, merges: &[(ObjectId, ObjectId)]) -> usize {
    let options = MergeOptions::default();
    let clean = |(ours, theirs): &&(ObjectId, ObjectId)| {
        let mut overlay = Overlay::new(store);
        merge_commits(&mut overlay, graph, ours, theirs, &options).unwrap().clean
    };
    merges.iter().filter(clean).count()
}
