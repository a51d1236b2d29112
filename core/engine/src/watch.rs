//! Who wants which events: filters by files, realities and kinds, and the way from a new event to the filters that want it
//! without trying each.
//!
//! Knows no handlers and keeps no events: a reader that is behind goes on from its position in the log.

use alloc::vec::Vec;

use govc_git::glob::Globs;
use govc_git::glob_router::{GlobRouter, Verdict};
use govc_git::sort::sort;

use crate::Repository;
use crate::event::{Event, EventKind};

/// What a watcher wants; what is missing, it does not ask about.
#[derive(Clone, Debug, Default)]
pub struct WatchFilter {
    /// Events that changed such files.
    pub paths: Option<Globs>,
    /// Events of realities with such names.
    pub realities: Option<Globs>,
    /// Events of these kinds: their [`EventKind::bit`]s; 0 for all.
    pub kinds: u32,
}

impl WatchFilter {
    fn wants_kind(&self, kind: EventKind) -> bool {
        self.kinds == 0 || self.kinds & kind.bit() != 0
    }

    /// Whether an event passes. One whose files cannot be read does: its reader then meets the error.
    fn wants(&self, repository: &Repository, event: &Event<'_>) -> bool {
        self.wants_kind(event.kind)
            && self.realities.as_ref().is_none_or(|globs| globs.matches(event.reality))
            && self.paths.as_ref().is_none_or(|globs| repository.event_matches(event, globs).unwrap_or(true))
    }
}

/// Filters by key, and the routers that lead to them.
#[derive(Default)]
pub struct Watchers {
    /// In the order of their keys.
    filters: Vec<(u32, WatchFilter)>,
    next_key: u32,
    by_path: GlobRouter,
    by_reality: GlobRouter,
    /// Filters that ask about neither files nor realities.
    everywhere: Vec<u32>,
    /// How many ask about files in whatever reality.
    path_only: usize,
}

impl Watchers {
    /// Adds a filter; its key, which grows with each.
    pub fn add(&mut self, filter: WatchFilter) -> u32 {
        let key = self.next_key;
        self.next_key += 1;
        self.insert(key, &filter);
        self.filters.push((key, filter));
        key
    }

    /// Removes a filter.
    pub fn remove(&mut self, key: u32) {
        let Some(at) = self.place(key) else { return };
        let (_, filter) = self.filters.remove(at);
        self.path_only -= usize::from(is_path_only(&filter));
        self.everywhere.retain(|other| *other != key);
        self.by_path.remove(key);
        self.by_reality.remove(key);
        if self.by_path.is_stale() || self.by_reality.is_stale() {
            let filters = core::mem::take(&mut self.filters);
            *self = Self { next_key: self.next_key, ..Self::default() };
            filters.iter().for_each(|(key, filter)| self.insert(*key, filter));
            self.filters = filters;
        }
    }

    fn insert(&mut self, key: u32, filter: &WatchFilter) {
        self.path_only += usize::from(is_path_only(filter));
        if filter.paths.is_none() && filter.realities.is_none() {
            self.everywhere.push(key);
        }
        if let Some(globs) = &filter.paths {
            self.by_path.insert(key, globs);
        }
        if let Some(globs) = &filter.realities {
            self.by_reality.insert(key, globs);
        }
    }

    /// Who wants the events from a position on, looking at no more than `count` positions: pairs of position and key, in
    /// order, and the position behind those that were looked at.
    pub fn route(&mut self, repository: &Repository, from: u64, count: u64) -> (Vec<(u64, u32)>, u64) {
        let end = repository.events_end().min(from.saturating_add(count));
        let (mut wanted, mut keys) = (Vec::new(), Vec::new());
        for position in from..end {
            if let Some(event) = repository.event(position) {
                keys.clear();
                self.route_event(repository, &event, &mut keys);
                sort(&mut keys);
                wanted.extend(keys.iter().map(|key| (position, *key)));
            }
        }
        (wanted, end.max(from))
    }

    /// The keys of those who want an event, in no order.
    fn route_event(&mut self, repository: &Repository, event: &Event<'_>, keys: &mut Vec<u32>) {
        self.by_reality.begin();
        self.by_reality.add(event.reality);
        let mut here = self.by_reality.found().to_vec();
        sort(&mut here);
        let mut path_only = self.path_only;
        for key in here.iter().chain(&self.everywhere) {
            match self.filter(*key, event.kind) {
                Some(filter) if filter.paths.is_none() => keys.push(*key),
                Some(_) => path_only += 1,
                None => {}
            }
        }
        if path_only == 0 {
            return;
        }
        let by_path = &mut self.by_path;
        by_path.begin();
        let mut visit = |path: &[u8]| {
            by_path.add(path);
            !by_path.is_complete()
        };
        let is_readable = repository.each_changed_path(event, &mut visit).is_ok();
        let mut want = |key: u32| {
            if let Some(filter) = self.filter(key, event.kind)
                && (filter.realities.is_none() || here.binary_search(&key).is_ok())
            {
                keys.push(key);
            }
        };
        if is_readable {
            self.by_path.found().iter().for_each(|key| want(*key));
        } else {
            // Whoever asks about files may mean these, and meets the error when it looks at them.
            let asking = self.filters.iter().filter(|(_, filter)| filter.paths.is_some());
            asking.for_each(|(key, _)| want(*key));
        }
    }

    /// What each filter that asks about files says of one, in no order; of those that neither mean it nor speak of it, nothing.
    pub fn explain(&mut self, path: &[u8]) -> Vec<Verdict> {
        self.by_path.explain(path)
    }

    /// The filter of a key, where it wants events of a kind.
    fn filter(&self, key: u32, kind: EventKind) -> Option<&WatchFilter> {
        Some(&self.filters[self.place(key)?].1).filter(|filter| filter.wants_kind(kind))
    }

    fn place(&self, key: u32) -> Option<usize> {
        self.filters.binary_search_by_key(&key, |(key, _)| *key).ok()
    }

    /// The events from a position on that one filter wants: at most `found_max` of them, looking at no more than `count`
    /// positions; and the position behind those that were looked at.
    pub fn scan(
        &self,
        repository: &Repository,
        key: u32,
        from: u64,
        count: u64,
        found_max: usize,
    ) -> (Vec<u64>, u64) {
        let end = repository.events_end().min(from.saturating_add(count));
        let mut found = Vec::new();
        let Some(at) = self.place(key) else { return (found, end) };
        let filter = &self.filters[at].1;
        let mut position = from;
        while position < end && found.len() < found_max {
            if repository.event(position).is_some_and(|event| filter.wants(repository, &event)) {
                found.push(position);
            }
            position += 1;
        }
        (found, position)
    }
}

fn is_path_only(filter: &WatchFilter) -> bool {
    filter.paths.is_some() && filter.realities.is_none()
}
