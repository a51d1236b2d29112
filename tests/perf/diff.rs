//! 500 comparisons of neighbouring commits, native, beside `git diff-tree --stdin` in the same run.
//!
//! `cargo run --release -p govc-tests --example diff -- REPOSITORY-OR-BUNDLE`. Prints microseconds for one comparison,
//! the best and the median of some rounds, for trees alone, with renames, and with patches.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a measurement ends by panicking")]

use std::hint::black_box;
use std::time::Duration;

use govc_git::ObjectId;
use govc_git::diff::rename::RenameOptions;
use govc_git::diff::unified::{PatchOptions, write_patch};
use govc_git::diff::{DiffOptions, diff_trees};
use govc_git::limits::Limits;
use govc_git::store::MemoryStore;
use govc_tests::{TestRepo, best_and_median};

const COMPARISONS: usize = 500;
const ROUNDS: usize = 9;

/// A workload: its name, what git is asked for, and how trees are compared here.
type Workload = (&'static str, &'static [&'static str], Option<RenameOptions>, bool);

const WORKLOADS: [Workload; 3] = [
    ("trees", &["--raw"], None, false),
    ("trees with renames", &["--raw", "-M"], Some(RenameOptions::DIFF), false),
    ("patches with renames", &["-p", "-M", "--full-index"], Some(RenameOptions::DIFF), true),
];

fn main() {
    let source = std::env::args().nth(1).expect("a repository or a bundle");
    let repo = TestRepo::clone_bare(&source);
    let store = repo.objects();
    let trees = repo.git(&["log", "--first-parent", "--format=%T", &format!("-{}", COMPARISONS + 1)]);
    let trees: Vec<ObjectId> = trees.lines().rev().map(|line| line.parse().unwrap()).collect();
    let input: String = trees.windows(2).map(|pair| format!("{} {}\n", pair[0], pair[1])).collect();
    let empty = best_and_median(ROUNDS, || drop(repo.git_bytes(&["diff-tree", "--stdin", "-r"], b"")));
    println!("microseconds for one comparison of {} (best, median of {ROUNDS} rounds)", trees.len() - 1);
    println!("git: without the start of the process, {:.1} ms", empty.1.as_secs_f64() * 1e3);
    for (name, git_options, renames, patches) in WORKLOADS {
        let ours = best_and_median(ROUNDS, || {
            black_box(compare(&store, &trees, renames, patches));
        });
        let args = [&["diff-tree", "--stdin", "-r"], git_options].concat();
        let git = best_and_median(ROUNDS, || drop(black_box(repo.git_bytes(&args, input.as_bytes()))));
        let each = |time: Duration| time.as_secs_f64() * 1e6 / (trees.len() - 1) as f64;
        let git = (git.0.saturating_sub(empty.0), git.1.saturating_sub(empty.1));
        println!(
            "{name:22} govc {:8.2} {:8.2}   git {:8.2} {:8.2}",
            each(ours.0),
            each(ours.1),
            each(git.0),
            each(git.1)
        );
    }
}

/// Compares all neighbours; returns how much there was to say.
fn compare(store: &MemoryStore, trees: &[ObjectId], renames: Option<RenameOptions>, patches: bool) -> usize {
    let mut out = Vec::new();
    let mut size = 0;
    for pair in trees.windows(2) {
        let options = DiffOptions { renames };
        let changes =
            diff_trees(store, Some(&pair[0]), Some(&pair[1]), &options, &Limits::default()).unwrap();
        if patches {
            out.clear();
            write_patch(store, &changes.files, &PatchOptions::default(), &mut out).unwrap();
        }
        size += changes.files.len() + out.len();
    }
    size
}
