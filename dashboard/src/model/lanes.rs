//! Lanes of a graph of commits: the column in which each commit stands, and the lines that pass its row.
//!
//! Rows are commits, children before parents. At most one lane leads to a commit, so a thousand realities forked from one
//! commit need two lanes, not a thousand. Laying out takes one pass; what a window shows is replayed from the nearest
//! checkpoint, so nothing is drawn, or kept by line, for rows that nobody looks at. Knows no pixels and no repository.

use std::collections::BTreeSet;
use std::ops::Range;

/// A position among the rows, from 0 at the top.
pub type Row = u32;

/// Stands for no row: a lane that leads nowhere, a commit that is not the trunk's.
const NONE: Row = Row::MAX;
/// Rows from one checkpoint to the next: a replay goes over fewer.
const CHECKPOINT_ROWS: usize = 256;

/// The commits of a graph by row: what [`Lanes`] needs to know of them.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Where each row's parents begin in `parents`, and the end of the last.
    starts: Vec<u32>,
    parents: Vec<Row>,
}

impl Graph {
    /// A graph without rows.
    pub fn new() -> Self {
        Self { starts: vec![0], parents: Vec::new() }
    }

    /// Adds the next row. A parent that has no row (it was not loaded) is left out by the caller. Returns `false`, and
    /// adds nothing, where a parent does not lie below its child.
    pub fn push(&mut self, parents: &[Row]) -> bool {
        let row = self.len() as Row;
        if parents.iter().any(|parent| *parent <= row) {
            return false;
        }
        for (at, parent) in parents.iter().enumerate() {
            if !parents[..at].contains(parent) {
                self.parents.push(*parent);
            }
        }
        self.starts.push(self.parents.len() as u32);
        true
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The parents of a row, the first first.
    pub fn parents(&self, row: Row) -> &[Row] {
        let at = row as usize;
        &self.parents[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// A line from one row to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its lane at the upper row.
    pub from: u32,
    /// Its lane at the lower row.
    pub to: u32,
    /// The commit that it leads to.
    pub target: Row,
}

/// A row as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLines {
    /// Where the commit stands.
    pub lane: u32,
    /// Whether a line comes in from above.
    pub has_child: bool,
    /// The lines to the row below.
    pub lines: Vec<Line>,
}

/// The layout of a graph.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    /// The lane of each row's commit.
    lanes: Vec<u32>,
    /// The lanes before every [`CHECKPOINT_ROWS`]th row.
    checkpoints: Vec<State>,
    /// The row below each row of the trunk; `NONE` for the others.
    trunk: Vec<Row>,
    width: u32,
}

/// The lanes between two rows: the commit that each leads to.
#[derive(Clone, Debug, Default)]
struct State {
    targets: Vec<Row>,
    /// Whether a line runs in lane 0: above the trunk's tip there is none before something leads to it.
    is_trunk_drawn: bool,
}

impl Lanes {
    /// Lays out a graph. The first parents of `trunk` stand in lane 0 all the way down; nothing else does.
    pub fn new(graph: &Graph, trunk: Option<Row>) -> Self {
        let mut layout = Self { trunk: vec![NONE; graph.len()], ..Self::default() };
        let mut next = trunk.filter(|row| (*row as usize) < graph.len());
        while let Some(row) = next {
            next = graph.parents(row).first().copied().filter(|parent| (*parent as usize) < graph.len());
            // The last of the trunk leads to itself: it is the trunk's, and has nothing below.
            layout.trunk[row as usize] = next.unwrap_or(row);
        }
        let mut walk = Walk::new(graph, &layout.trunk);
        if let Some(row) = trunk {
            walk.state.targets.push(row);
            walk.lane_of.insert(row, 0);
        } else {
            walk.state.targets.push(NONE);
        }
        let mut checkpoints = Vec::new();
        let mut lanes = Vec::with_capacity(graph.len());
        let mut width = 1;
        for row in 0..graph.len() as Row {
            if (row as usize).is_multiple_of(CHECKPOINT_ROWS) {
                checkpoints.push(walk.state.clone());
            }
            lanes.push(walk.step(row, None).0);
            width = width.max(walk.state.targets.len() as u32);
        }
        layout.lanes = lanes;
        layout.checkpoints = checkpoints;
        layout.width = width;
        layout
    }

    /// The most lanes side by side.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The lane of a row's commit.
    pub fn lane(&self, row: Row) -> u32 {
        self.lanes[row as usize]
    }

    /// Some rows as they are drawn. Rows beyond the end are left out.
    pub fn window(&self, graph: &Graph, rows: Range<Row>) -> Vec<RowLines> {
        let end = (rows.end as usize).min(self.lanes.len());
        let start = rows.start as usize;
        if start >= end {
            return Vec::new();
        }
        let mut walk = Walk::new(graph, &self.trunk);
        walk.resume(self.checkpoints[start / CHECKPOINT_ROWS].clone());
        let mut shown = Vec::with_capacity(end - start);
        for row in start / CHECKPOINT_ROWS * CHECKPOINT_ROWS..end {
            let mut lines = Vec::new();
            let (lane, has_child) = walk.step(row as Row, Some(&mut lines));
            if row >= start {
                shown.push(RowLines { lane, has_child, lines });
            }
        }
        shown
    }
}

/// One way down the rows.
struct Walk<'a> {
    graph: &'a Graph,
    trunk: &'a [Row],
    state: State,
    /// The lane that leads to a row, for those that one leads to.
    lane_of: std::collections::HashMap<Row, u32>,
    free: BTreeSet<u32>,
}

impl<'a> Walk<'a> {
    fn new(graph: &'a Graph, trunk: &'a [Row]) -> Self {
        Self {
            graph,
            trunk,
            state: State::default(),
            lane_of: std::collections::HashMap::new(),
            free: BTreeSet::new(),
        }
    }

    fn resume(&mut self, state: State) {
        for (lane, target) in state.targets.iter().enumerate() {
            if *target != NONE {
                self.lane_of.insert(*target, lane as u32);
            } else if lane > 0 {
                self.free.insert(lane as u32);
            }
        }
        self.state = state;
    }

    /// Goes past a row: the commit's lane, and whether a line comes in from above. Lines go to `lines`.
    fn step(&mut self, row: Row, lines: Option<&mut Vec<Line>>) -> (u32, bool) {
        let is_trunk = self.trunk[row as usize] != NONE;
        let incoming = self.lane_of.remove(&row);
        let has_child = incoming.is_some_and(|lane| lane > 0 || self.state.is_trunk_drawn);
        let lane = incoming.unwrap_or_else(|| self.take_free());
        self.state.targets[lane as usize] = NONE;
        let mut passing = lines.is_some().then(|| self.state.targets.clone());
        if let Some(targets) = passing.as_mut().filter(|_| !self.state.is_trunk_drawn) {
            targets[0] = NONE;
        }
        let mut moved = None;
        let mut outgoing: Vec<(u32, Row)> = Vec::new();
        let mut is_lane_taken = false;
        for (at, parent) in self.graph.parents(row).iter().enumerate() {
            let to = match self.lane_of.get(parent).copied() {
                // The trunk stays in its lane: who was on the way to its next commit joins it.
                Some(other) if is_trunk && at == 0 => {
                    self.release(other);
                    moved = Some((other, *parent));
                    self.put(0, *parent);
                    is_lane_taken = true;
                    0
                }
                Some(other) => other,
                None if !is_lane_taken => {
                    is_lane_taken = true;
                    self.put(lane, *parent);
                    lane
                }
                None => {
                    let free = self.take_free();
                    self.put(free, *parent);
                    free
                }
            };
            self.state.is_trunk_drawn |= to == 0;
            outgoing.push((to, *parent));
        }
        if !is_lane_taken && lane > 0 {
            self.free.insert(lane);
        }
        if let (Some(lines), Some(passing)) = (lines, passing) {
            for (from, target) in (0u32..).zip(passing).filter(|(_, target)| *target != NONE) {
                let to = if moved == Some((from, target)) { 0 } else { from };
                lines.push(Line { from, to, target });
            }
            lines.extend(outgoing.into_iter().map(|(to, target)| Line { from: lane, to, target }));
        }
        (lane, has_child)
    }

    fn put(&mut self, lane: u32, target: Row) {
        self.state.targets[lane as usize] = target;
        self.lane_of.insert(target, lane);
    }

    fn release(&mut self, lane: u32) {
        self.state.targets[lane as usize] = NONE;
        if lane > 0 {
            self.free.insert(lane);
        }
    }

    /// The leftmost free lane beside the trunk's.
    fn take_free(&mut self) -> u32 {
        self.free.pop_first().unwrap_or_else(|| {
            self.state.targets.push(NONE);
            self.state.targets.len() as u32 - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % bound
        }
    }

    fn random_graph(rows: u32, seed: u64) -> Graph {
        let mut random = Random(seed);
        let mut graph = Graph::new();
        for row in 0..rows {
            let left = u64::from(rows - row - 1);
            let count = if left == 0 { 0 } else { [1, 1, 1, 1, 2, 2, 3, 0][random.below(8) as usize] };
            let mut parents = Vec::new();
            for _ in 0..count {
                parents.push(row + 1 + random.below(left.min(40)) as u32);
            }
            assert!(graph.push(&parents));
        }
        graph
    }

    /// From each commit, the lines lead to the lanes of its parents, and to nothing else.
    fn assert_leads_to_parents(graph: &Graph, lanes: &Lanes) {
        let rows = lanes.window(graph, 0..graph.len() as Row);
        for (row, shown) in rows.iter().enumerate() {
            assert_eq!(shown.lane, lanes.lane(row as Row));
            for parent in graph.parents(row as Row) {
                let mut lane = shown.lane;
                for (at, between) in rows.iter().enumerate().take(*parent as usize).skip(row) {
                    let step = between.lines.iter().find(|line| line.from == lane && line.target == *parent);
                    lane = step.unwrap_or_else(|| panic!("row {row} loses its way to {parent} at {at}")).to;
                }
                assert_eq!(lane, lanes.lane(*parent), "of {row} to {parent}");
            }
            for line in &shown.lines {
                let next = rows.get(row + 1).unwrap_or_else(|| panic!("a line leaves the last row"));
                let goes_on = if line.target as usize == row + 1 {
                    next.lane == line.to
                } else {
                    next.lines.iter().any(|below| below.from == line.to && below.target == line.target)
                };
                assert!(goes_on, "the line of row {row} to {} breaks off", line.target);
            }
        }
    }

    #[test]
    fn lines_lead_to_parents() {
        for seed in 1..60 {
            let graph = random_graph(40 + 10 * seed as u32, seed);
            for trunk in [None, Some(0), Some(7), Some(graph.len() as Row - 1)] {
                assert_leads_to_parents(&graph, &Lanes::new(&graph, trunk));
            }
        }
    }

    #[test]
    fn a_window_is_a_part_of_the_whole() {
        let graph = random_graph(1500, 5);
        let lanes = Lanes::new(&graph, Some(300));
        let whole = lanes.window(&graph, 0..u32::MAX);
        for start in [0, 1, 255, 256, 257, 300, 301, 511, 700, 1490, 1500, 4000] {
            let end = whole.len().min(start + 60);
            assert_eq!(
                lanes.window(&graph, start as Row..start as Row + 60),
                whole.get(start..end).unwrap_or_default()
            );
        }
    }

    #[test]
    fn the_trunk_has_a_lane_of_its_own() {
        for seed in 1..40 {
            let graph = random_graph(600, seed);
            let lanes = Lanes::new(&graph, Some(9));
            let mut trunk = vec![9];
            while let Some(parent) = graph.parents(*trunk.last().expect("because it begins with one")).first()
            {
                trunk.push(*parent);
            }
            for row in 0..graph.len() as Row {
                assert_eq!(lanes.lane(row) == 0, trunk.contains(&row), "row {row} of seed {seed}");
            }
        }
    }

    #[test]
    fn many_forks_of_one_commit_are_narrow() {
        let mut graph = Graph::new();
        for _ in 0..1000 {
            assert!(graph.push(&[1000]));
        }
        assert!(graph.push(&[]));
        assert!(Lanes::new(&graph, Some(1000)).width() <= 2);
    }

    #[test]
    fn a_parent_above_its_child_is_refused() {
        let mut graph = Graph::new();
        assert!(!graph.push(&[0]));
        assert!(graph.push(&[1]));
        assert!(!graph.push(&[1]));
        assert_eq!(graph.len(), 1);
    }
}
