//! Many lists of patterns at once: which of them mean a file, without trying each.
//!
//! The patterns of all lists lie in one tree by their segments, and a path walks it with the set of nodes that it has
//! reached. A segment with wildcards is found by the literal text that it begins or ends with. What is found equals what
//! [`Globs::matches`] says of each list. Knows nothing of what the keys stand for.

use alloc::vec::Vec;

use bstr::BString;

use crate::glob::{Glob, Globs, matches_name};
use crate::search;

/// Lists of patterns, each with its key.
#[derive(Default)]
pub struct GlobRouter {
    tree: Tree,
    /// In the order of their keys.
    slots: Vec<Slot>,
    /// Slots of lists that mean files of which none of their patterns speaks.
    resting: Vec<u32>,
    removed: usize,
    walk: Walk,
}

/// What a list says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verdict {
    /// The list.
    pub key: u32,
    /// The place of the pattern that decides, from 0; `None` where none speaks of the file and the list means the rest.
    pub index: Option<u32>,
    /// Whether the list means the file.
    pub is_meant: bool,
}

/// A list.
struct Slot {
    key: u32,
    live: bool,
}

impl GlobRouter {
    /// Adds a list. Its key is above all that were added before.
    pub fn insert(&mut self, key: u32, globs: &Globs) {
        debug_assert!(self.slots.last().is_none_or(|slot| slot.key < key), "keys come in order");
        let slot = self.slots.len() as u32;
        self.slots.push(Slot { key, live: true });
        if globs.means_rest() {
            self.resting.push(slot);
        }
        for (index, glob) in globs.iter().enumerate() {
            let Glob { directories_only, negated, .. } = *glob;
            let node = self.tree.node_of(glob);
            let ending = Ending { slot, index: index as u32, directories_only, negated };
            self.tree.nodes[node as usize].endings.push(ending);
        }
        self.walk.best.push(Best::default());
        self.walk.found_in.push(0);
    }

    /// Removes a list. Its patterns stay until the router is built anew.
    pub fn remove(&mut self, key: u32) {
        if let Ok(at) = self.slots.binary_search_by_key(&key, |slot| slot.key)
            && self.slots[at].live
        {
            self.slots[at].live = false;
            self.removed += 1;
        }
    }

    /// Whether more lists were removed than are left, so that building anew pays.
    pub fn is_stale(&self) -> bool {
        self.removed * 2 > self.slots.len()
    }

    /// Begins with a new set of files.
    pub fn begin(&mut self) {
        self.walk.round += 1;
        self.walk.found.clear();
        self.walk.open.clone_from(&self.resting);
    }

    /// Adds a file to the set.
    pub fn add(&mut self, path: &[u8]) {
        let Self { tree, slots, walk, .. } = self;
        walk.path(tree, path);
        while let Some(at) = walk.touched.pop() {
            if !walk.best[at as usize].negated {
                walk.find(slots, at);
            }
        }
        for position in (0..walk.open.len()).rev() {
            let at = walk.open[position];
            let best = walk.best[at as usize];
            if best.path != walk.paths || !best.negated {
                walk.open.swap_remove(position);
                walk.find(slots, at);
            }
        }
    }

    /// The keys of the lists that mean a file of the set, each once, in no order.
    pub fn found(&self) -> &[u32] {
        &self.walk.found
    }

    /// What each list that speaks of a file, or means the rest, says of it, in no order. Not part of any set.
    pub fn explain(&mut self, path: &[u8]) -> Vec<Verdict> {
        let Self { tree, slots, resting, walk, .. } = self;
        walk.path(tree, path);
        let mut verdicts = Vec::new();
        for at in resting.iter().filter(|at| walk.best[**at as usize].path != walk.paths) {
            verdicts.push(Verdict { key: slots[*at as usize].key, index: None, is_meant: true });
        }
        while let Some(at) = walk.touched.pop() {
            let Best { index, negated, .. } = walk.best[at as usize];
            verdicts.push(Verdict { key: slots[at as usize].key, index: Some(index), is_meant: !negated });
        }
        verdicts.retain(|verdict| {
            slots.binary_search_by_key(&verdict.key, |slot| slot.key).is_ok_and(|at| slots[at].live)
        });
        verdicts
    }

    /// Whether every list is found.
    pub fn is_complete(&self) -> bool {
        self.walk.found.len() + self.removed == self.slots.len()
    }
}

/// The patterns by their segments. Node 0 is the root.
struct Tree {
    /// To a node or to a list of wildcards.
    edges: Edges,
    nodes: Vec<Node>,
    wildcards: Vec<Vec<Wildcard>>,
}

#[derive(Default)]
struct Node {
    /// The patterns that end here.
    endings: Vec<Ending>,
    /// The node behind `**`, 0 for none.
    any_depth: u32,
    /// Whether this node lies behind `**`, and stays reached whatever comes.
    stays: bool,
    has_literals: bool,
    /// Lengths of the literal text that wildcards of this node begin or end with: bit n for n bytes.
    prefix_lengths: u64,
    suffix_lengths: u64,
}

/// The end of a pattern.
#[derive(Clone, Copy)]
struct Ending {
    slot: u32,
    /// Its place in its list.
    index: u32,
    directories_only: bool,
    negated: bool,
}

/// A segment that is no literal text, and the node behind it.
struct Wildcard {
    pattern: BString,
    node: u32,
}

/// How the text of an edge stands in its segment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// It is all of it.
    Literal,
    /// It is all of it, wildcards and all.
    Pattern,
    /// Wildcards follow it.
    Prefix,
    /// Wildcards come before it.
    Suffix,
}

/// The longest literal text of a wildcard that is looked up.
const LITERAL_BYTES_MAX: usize = 63;

impl Default for Tree {
    fn default() -> Self {
        Self { edges: Edges::default(), nodes: [Node::default()].into(), wildcards: Vec::new() }
    }
}

impl Tree {
    /// The node at which a pattern ends.
    fn node_of(&mut self, glob: &Glob) -> u32 {
        if !glob.anchored {
            let node = self.any_depth(0);
            return self.named(node, glob.segments.first().map_or(b"", |name| name.as_slice()));
        }
        glob.segments.iter().fold(0, |node, segment| match segment.as_slice() {
            b"**" => self.any_depth(node),
            name => self.named(node, name),
        })
    }

    fn any_depth(&mut self, node: u32) -> u32 {
        if self.nodes[node as usize].any_depth == 0 {
            let behind = self.add_node();
            self.nodes[behind as usize].stays = true;
            self.nodes[node as usize].any_depth = behind;
        }
        self.nodes[node as usize].any_depth
    }

    fn named(&mut self, node: u32, name: &[u8]) -> u32 {
        let is_special = |byte: &u8| b"*?[\\".contains(byte);
        let Some(first) = name.iter().position(is_special) else {
            self.nodes[node as usize].has_literals = true;
            return self.child(node, Edge::Literal, name).0;
        };
        let (child, is_new) = self.child(node, Edge::Pattern, name);
        if is_new {
            let last = name.iter().rposition(|byte| is_special(byte) || *byte == b']').unwrap_or(first);
            let (before, behind) = (&name[..first], &name[last + 1..]);
            let wildcard = Wildcard { pattern: name.into(), node: child };
            if before.len() >= behind.len() {
                let before = &before[..before.len().min(LITERAL_BYTES_MAX)];
                self.nodes[node as usize].prefix_lengths |= 1 << before.len();
                self.add_wildcard(node, Edge::Prefix, before, wildcard);
            } else {
                let behind = &behind[behind.len().saturating_sub(LITERAL_BYTES_MAX)..];
                self.nodes[node as usize].suffix_lengths |= 1 << behind.len();
                self.add_wildcard(node, Edge::Suffix, behind, wildcard);
            }
        }
        child
    }

    /// The node behind an edge, and whether it is new.
    fn child(&mut self, node: u32, edge: Edge, text: &[u8]) -> (u32, bool) {
        if let Some(child) = self.edges.find(node, edge, text) {
            return (child, false);
        }
        let child = self.add_node();
        self.edges.insert(node, edge, text, child);
        (child, true)
    }

    fn add_wildcard(&mut self, node: u32, edge: Edge, text: &[u8], wildcard: Wildcard) {
        let at = self.edges.find(node, edge, text).unwrap_or_else(|| {
            let new = self.wildcards.len() as u32;
            self.wildcards.push(Vec::new());
            self.edges.insert(node, edge, text, new);
            new
        });
        self.wildcards[at as usize].push(wildcard);
    }

    fn add_node(&mut self) -> u32 {
        self.nodes.push(Node::default());
        self.nodes.len() as u32 - 1
    }
}

/// The ways on from all nodes, by node, kind and text: a hash table, because each name of a path asks it several times.
#[derive(Default)]
struct Edges {
    all: Vec<Way>,
    /// Positions in `all` and 1, 0 for none; the length is a power of two.
    table: Vec<u32>,
}

struct Way {
    from: u32,
    edge: Edge,
    text: BString,
    to: u32,
}

impl Edges {
    fn find(&self, from: u32, edge: Edge, text: &[u8]) -> Option<u32> {
        let mut at = self.home(from, edge, text)?;
        while let Some(position) = self.table[at].checked_sub(1) {
            let way = &self.all[position as usize];
            if way.from == from && way.edge == edge && way.text == text {
                return Some(way.to);
            }
            at = (at + 1) & (self.table.len() - 1);
        }
        None
    }

    /// Adds a way that is not there.
    fn insert(&mut self, from: u32, edge: Edge, text: &[u8], to: u32) {
        self.all.push(Way { from, edge, text: text.into(), to });
        if self.all.len() * 2 > self.table.len() {
            self.table = alloc::vec![0; (self.all.len() * 4).next_power_of_two()];
            (0..self.all.len()).for_each(|position| self.enter(position));
        } else {
            self.enter(self.all.len() - 1);
        }
    }

    fn enter(&mut self, position: usize) {
        let way = &self.all[position];
        let Some(mut at) = self.home(way.from, way.edge, &way.text) else { return };
        while self.table[at] != 0 {
            at = (at + 1) & (self.table.len() - 1);
        }
        self.table[at] = position as u32 + 1;
    }

    /// Where the search begins: FNV-1a over all parts. `None` while there is no table.
    fn home(&self, from: u32, edge: Edge, text: &[u8]) -> Option<usize> {
        let start = (0x811c_9dc5 ^ from).wrapping_mul(0x0100_0193) ^ edge as u32;
        let hash = text.iter().fold(start, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
        Some((hash ^ (hash >> 15)) as usize & self.table.len().checked_sub(1)?)
    }
}

/// The pattern of a list that decides about a path.
#[derive(Clone, Copy, Default)]
struct Best {
    /// The number of the path; what stands here of another is void.
    path: u64,
    index: u32,
    negated: bool,
}

/// What is remembered while paths go through the tree. Numbers that only grow save the clearing.
#[derive(Default)]
struct Walk {
    /// Nodes that the path has reached so far, and with the name that is looked at.
    active: Vec<u32>,
    next: Vec<u32>,
    /// For each node the step in which it was reached last.
    reached_in: Vec<u64>,
    steps: u64,
    paths: u64,
    best: Vec<Best>,
    /// Slots that have a `best` for this path.
    touched: Vec<u32>,
    round: u64,
    /// For each slot the round in which it was found last.
    found_in: Vec<u64>,
    found: Vec<u32>,
    /// Slots that mean the rest and are not found yet.
    open: Vec<u32>,
}

impl Walk {
    /// Takes a path through the tree: `touched` and `best` say what the lists that speak of it say.
    fn path(&mut self, tree: &Tree, path: &[u8]) {
        self.paths += 1;
        self.steps += 1;
        self.reached_in.resize(tree.nodes.len(), 0);
        self.active.clear();
        self.next.clear();
        self.arrive(tree, 0);
        let mut rest = Some(path);
        while let Some(names) = rest {
            let (name, behind) = match search::split_once(names, b'/') {
                Some((name, behind)) => (name, Some(behind)),
                None => (names, None),
            };
            rest = behind;
            self.steps += 1;
            core::mem::swap(&mut self.active, &mut self.next);
            self.next.clear();
            while let Some(node) = self.active.pop() {
                self.step(tree, node, name, rest.is_none());
            }
        }
    }

    /// Goes from a node to all that `name` leads to.
    fn step(&mut self, tree: &Tree, at: u32, name: &[u8], is_file: bool) {
        let node = &tree.nodes[at as usize];
        if node.stays {
            self.reach(tree, at, is_file);
        }
        if node.has_literals
            && let Some(child) = tree.edges.find(at, Edge::Literal, name)
        {
            self.reach(tree, child, is_file);
        }
        for (edge, lengths) in [(Edge::Prefix, node.prefix_lengths), (Edge::Suffix, node.suffix_lengths)] {
            let mut lengths = lengths;
            while lengths != 0 {
                let length = lengths.trailing_zeros() as usize;
                lengths &= lengths - 1;
                if length > name.len() {
                    break;
                }
                let text = match edge {
                    Edge::Suffix => &name[name.len() - length..],
                    _ => &name[..length],
                };
                let Some(wildcards) = tree.edges.find(at, edge, text) else { continue };
                for wildcard in &tree.wildcards[wildcards as usize] {
                    if matches_name(&wildcard.pattern, name) {
                        self.reach(tree, wildcard.node, is_file);
                    }
                }
            }
        }
    }

    /// Notes the patterns that end at a node that a name has led to.
    fn reach(&mut self, tree: &Tree, at: u32, is_file: bool) {
        for ending in &tree.nodes[at as usize].endings {
            if ending.directories_only && is_file {
                continue;
            }
            let best = &mut self.best[ending.slot as usize];
            let is_first = best.path != self.paths;
            if is_first {
                self.touched.push(ending.slot);
            }
            if is_first || best.index <= ending.index {
                *best = Best { path: self.paths, index: ending.index, negated: ending.negated };
            }
        }
        self.arrive(tree, at);
    }

    /// Adds a node to those that the next name starts from, with those that `**` for nothing leads to.
    fn arrive(&mut self, tree: &Tree, mut at: u32) {
        while self.reached_in[at as usize] != self.steps {
            self.reached_in[at as usize] = self.steps;
            self.next.push(at);
            match tree.nodes[at as usize].any_depth {
                0 => return,
                behind => at = behind,
            }
        }
    }

    fn find(&mut self, slots: &[Slot], at: u32) {
        let slot = &slots[at as usize];
        if slot.live && self.found_in[at as usize] != self.round {
            self.found_in[at as usize] = self.round;
            self.found.push(slot.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec;

    use super::*;

    /// Choices that follow from a seed.
    struct Choices(u64);

    impl Choices {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 16) as usize % end
        }

        fn text(&mut self, pieces: &[&str], count: usize, between: &str) -> String {
            (0..=self.below(count))
                .map(|_| pieces[self.below(pieces.len())])
                .collect::<Vec<_>>()
                .join(between)
        }

        fn pattern(&mut self) -> String {
            let segments = [
                "**", "a", "b", "ab", "*", "a*", "*b", "?", "[ab]", "a*b", "\\a", "[!a]b", "[a", "", "*.b",
                "**b",
            ];
            let text = self.text(&segments, 4, "/");
            let front = ["", "", "", "/", "!", "!/"][self.below(6)];
            std::format!("{front}{text}{}", ["", "", "/", "/**"][self.below(4)])
        }

        fn path(&mut self) -> String {
            self.text(&["a", "b", "ab", "ba", "a.b", "aab", "c", "x.b"], 4, "/")
        }
    }

    fn globs(patterns: &[String]) -> Globs {
        Globs::new(patterns.iter().map(|pattern| pattern.as_bytes()))
    }

    /// What each list says of a path, by trying the lists one pattern after the other.
    fn explained(lists: &[(u32, Vec<String>)], path: &str) -> Vec<Verdict> {
        let means = |pattern: &String| {
            let glob = Glob::new(pattern.as_bytes());
            glob.matches(path.as_bytes()) != glob.negated
        };
        let verdict = |(key, patterns): &(u32, Vec<String>)| {
            let last = patterns.iter().rposition(means);
            let is_meant = last.map_or(patterns[0].starts_with('!'), |at| !patterns[at].starts_with('!'));
            (last.is_some() || is_meant).then_some(Verdict {
                key: *key,
                index: last.map(|at| at as u32),
                is_meant,
            })
        };
        lists.iter().filter_map(verdict).collect()
    }

    fn sorted(keys: &[u32]) -> Vec<u32> {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn finds_what_each_list_says_by_itself() {
        for seed in 1..400 {
            let mut choices = Choices(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
            let mut router = GlobRouter::default();
            let mut lists: Vec<(u32, Vec<String>)> = Vec::new();
            for key in 0..choices.below(30) as u32 {
                let patterns: Vec<String> = (0..1 + choices.below(3)).map(|_| choices.pattern()).collect();
                router.insert(key, &globs(&patterns));
                lists.push((key, patterns));
            }
            for _ in 0..10 {
                let paths: Vec<String> = (0..choices.below(4)).map(|_| choices.path()).collect();
                router.begin();
                paths.iter().for_each(|path| router.add(path.as_bytes()));
                let meant =
                    |patterns: &[String]| paths.iter().any(|path| globs(patterns).matches(path.as_bytes()));
                let expected: Vec<u32> =
                    lists.iter().filter(|(_, patterns)| meant(patterns)).map(|(key, _)| *key).collect();
                assert_eq!(sorted(router.found()), expected, "seed {seed} {lists:?} {paths:?}");
                assert_eq!(router.is_complete(), expected.len() == lists.len());
                let path = choices.path();
                let mut verdicts = router.explain(path.as_bytes());
                verdicts.sort_unstable();
                assert_eq!(verdicts, explained(&lists, &path), "seed {seed} {lists:?} {path}");
                if !lists.is_empty() && choices.below(4) == 0 {
                    let (key, _) = lists.remove(choices.below(lists.len()));
                    router.remove(key);
                    router.remove(key);
                }
            }
        }
    }

    #[test]
    fn long_literals_are_found_by_a_part_of_them() {
        let mut router = GlobRouter::default();
        let long = "x".repeat(100);
        for (key, pattern) in (0..).zip([std::format!("{long}*"), std::format!("*{long}"), long.clone()]) {
            router.insert(key, &globs(&[pattern]));
        }
        let find = |router: &mut GlobRouter, path: &str| {
            router.begin();
            router.add(path.as_bytes());
            sorted(router.found())
        };
        assert_eq!(find(&mut router, &std::format!("a/{long}")), [0, 1, 2]);
        assert_eq!(find(&mut router, &std::format!("y{long}")), [1]);
        assert_eq!(find(&mut router, &"x".repeat(99)), vec![0; 0]);
    }

    #[test]
    fn hostile_patterns_stay_cheap() {
        let mut router = GlobRouter::default();
        for (key, pattern) in
            (0..).zip(["**/".repeat(500) + "z", "a/**/".repeat(300) + "b", "*a".repeat(300)])
        {
            router.insert(key, &globs(&[pattern]));
        }
        router.begin();
        router.add(("a/".repeat(1000) + "y").as_bytes());
        assert_eq!(router.found(), [0; 0]);
    }
}
