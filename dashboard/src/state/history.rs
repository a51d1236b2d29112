//! The commits of all realities as rows of the graph, read in slices.

use std::collections::HashMap;

use govc_engine::Repository;
use govc_engine::git::ObjectId;
use govc_engine::git::rev::{Order, WalkOptions};

use leptos::prelude::{GetUntracked, Set};

use crate::io::clock;
use crate::model::lanes::{Graph, Lanes, Row};
use crate::state::store::{Progress, Store};

/// Commits that are asked for at once; a slice of time has many such steps.
const STEP_COMMITS: usize = 256;
/// The most commits that the graph shows.
pub const COMMITS_MAX: usize = 1_000_000;

/// Rows, the newest first.
#[derive(Debug, Default)]
pub struct History {
    /// By row: the commit.
    pub ids: Vec<ObjectId>,
    /// By row: when it was committed, in milliseconds since the epoch.
    pub times: Vec<i64>,
    /// By row: the realities whose head it is.
    pub heads: HashMap<Row, Vec<String>>,
    /// The row of a commit.
    pub rows: HashMap<ObjectId, Row>,
    /// Who is whose parent.
    pub graph: Graph,
    /// Where they stand.
    pub lanes: Lanes,
}

/// Reads all realities' commits and shows them, unless the repository changes meanwhile: then whoever heard of that
/// change reads again.
pub async fn read(store: Store) {
    let version = store.version.get_untracked();
    let Some(heads) = store.read(heads) else { return };
    let tips: Vec<ObjectId> = heads.iter().map(|(_, id)| *id).collect();
    let options = WalkOptions { order: Order::Topological, ..WalkOptions::default() };
    let Some(Ok(mut walk)) = store.read(|repository| repository.history(&tips, &[], options)) else { return };
    let (mut ids, mut places) = (Vec::new(), Vec::new());
    let mut slice_end = clock::ticks_ms() + clock::SLICE_MS;
    while ids.len() < COMMITS_MAX {
        let step = store.read(|repository| {
            let commits = repository.next_commits(&mut walk, STEP_COMMITS)?;
            let places = commits.iter().map(|id| repository.commit_place(id)).collect::<Result<Vec<_>, _>>();
            places.map(|places| (commits, places))
        });
        match step {
            Some(Ok((commits, _))) if commits.is_empty() => break,
            Some(Ok((commits, found))) => {
                ids.extend(commits);
                places.extend(found);
            }
            Some(Err(error)) => return store.tell(error.to_string(), true),
            None => return,
        }
        if clock::ticks_ms() > slice_end {
            let progress = Progress { phase: "Reading commits".into(), done: ids.len() as u64, total: None };
            store.progress.set(Some(progress));
            clock::next_turn().await;
            slice_end = clock::ticks_ms() + clock::SLICE_MS;
            if store.version.get_untracked() != version {
                return;
            }
        }
    }
    let main = store.read(main_head).flatten();
    store.set_history(laid_out(ids, places, heads, main));
    store.progress.set(None);
}

fn laid_out(
    ids: Vec<ObjectId>,
    places: Vec<(Vec<ObjectId>, u64)>,
    heads: Vec<(String, ObjectId)>,
    main: Option<ObjectId>,
) -> History {
    let rows: HashMap<ObjectId, Row> = ids.iter().zip(0..).map(|(id, row)| (*id, row)).collect();
    let mut graph = Graph::new();
    let mut times = Vec::with_capacity(ids.len());
    for (parents, time) in &places {
        let row = times.len() as Row;
        let below: Vec<Row> =
            parents.iter().filter_map(|id| rows.get(id).copied()).filter(|parent| *parent > row).collect();
        graph.push(&below);
        times.push(i64::try_from(time.saturating_mul(1000)).unwrap_or(i64::MAX));
    }
    let lanes = Lanes::new(&graph, main.and_then(|id| rows.get(&id).copied()));
    let mut by_row: HashMap<Row, Vec<String>> = HashMap::new();
    for (name, id) in heads {
        if let Some(row) = rows.get(&id) {
            by_row.entry(*row).or_default().push(name);
        }
    }
    History { ids, times, heads: by_row, rows, graph, lanes }
}

fn heads(repository: &Repository) -> Vec<(String, ObjectId)> {
    let realities = repository.list_realities(None);
    let head = |name| repository.head(name).ok().flatten();
    realities.iter().filter_map(|name| Some((name.short().to_string(), head(name)?))).collect()
}

fn main_head(repository: &Repository) -> Option<ObjectId> {
    repository.head(&repository.main().ok()?).ok().flatten()
}
