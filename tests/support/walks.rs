//! Walks beside `git rev-list`: what differs is told at the end.

use govc_git::rev::{CommitGraph, Walk, WalkOptions};
use govc_git::store::MemoryStore;
use govc_git::{ObjectId, ObjectSource};

use crate::TestRepo;

/// The ids in git's output, one a line.
pub fn lines(text: &str) -> Vec<ObjectId> {
    text.lines().map(|line| line.parse().unwrap()).collect()
}

/// The commits of a walk.
pub fn run(mut walk: Walk, graph: &mut CommitGraph, source: &impl ObjectSource) -> Vec<ObjectId> {
    let mut found = Vec::new();
    while let Some(commit) = walk.next(graph, source).unwrap() {
        found.push(*graph.id(commit));
    }
    found
}

/// What is compared, and how often.
pub struct Comparison<'a> {
    /// The repository.
    pub repo: &'a TestRepo,
    /// Its objects.
    pub store: &'a MemoryStore,
    /// Its commits.
    pub graph: CommitGraph,
    count: usize,
    different: Vec<String>,
}

impl<'a> Comparison<'a> {
    /// Starts with a cold graph.
    pub fn new(repo: &'a TestRepo, store: &'a MemoryStore) -> Self {
        Self { repo, store, graph: CommitGraph::new(), count: 0, different: Vec::new() }
    }

    /// Compares two lists of commits.
    pub fn note(&mut self, what: String, ours: &[ObjectId], theirs: &[ObjectId]) {
        self.count += 1;
        if ours != theirs {
            let at = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
            let (ours, theirs) = (ours.len(), theirs.len());
            self.different.push(format!("{what}: differs at {at} ({ours} here, {theirs} in git)"));
        }
    }

    /// Compares a walk with `git rev-list`.
    pub fn walk(&mut self, args: &[&str], options: WalkOptions) {
        let theirs = lines(&self.repo.git(&[&["rev-list"], args].concat()));
        let ours = run(Walk::new(options), &mut self.graph, self.store);
        self.note(format!("rev-list {args:?}"), &ours, &theirs);
    }

    /// Fails where anything differed.
    pub fn finish(self, label: &str) {
        println!("{label}: {} of {} equal", self.count - self.different.len(), self.count);
        assert!(self.different.is_empty(), "{label}:\n{}", self.different.join("\n"));
    }
}
