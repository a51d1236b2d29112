//! Realities side by side: which files differ from the base in which of them.

use std::collections::BTreeMap;

/// How a file differs from the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Added,
    /// Its content or mode is another.
    Modified,
    /// It is gone.
    Removed,
    /// It has another name; this is the new one.
    Renamed,
}

/// A file and what each reality made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The file's path.
    pub path: String,
    /// By reality: how it differs from the base and which content it has there; `None` where it is as in the base.
    pub cells: Vec<Option<(Change, String)>>,
}

impl Line {
    /// Whether all that changed it made the same of it.
    pub fn agrees(&self) -> bool {
        let mut changed = self.cells.iter().flatten();
        let first = changed.next();
        changed.all(|cell| Some(cell) == first)
    }

    /// The first of the other realities that made the same of it as this one.
    pub fn same_as(&self, at: usize) -> Option<usize> {
        let own = self.cells.get(at)?.as_ref()?;
        (0..self.cells.len()).find(|other| *other != at && self.cells[*other].as_ref() == Some(own))
    }

    /// The next reality that changed it, in a direction.
    pub fn next(&self, from: usize, forward: bool) -> Option<usize> {
        let is_changed = |at: &usize| self.cells[*at].is_some();
        if forward {
            (from + 1..self.cells.len()).find(is_changed)
        } else {
            (0..from.min(self.cells.len())).rev().find(is_changed)
        }
    }

    /// How many realities changed it.
    pub fn changed(&self) -> usize {
        self.cells.iter().flatten().count()
    }
}

/// Joins the changes of each reality (path, how, the new content's id) into lines: those that most changed and that they
/// do not agree on come first, then by path.
pub fn lines(realities: &[Vec<(String, Change, String)>]) -> Vec<Line> {
    let mut by_path: BTreeMap<&str, Vec<Option<(Change, String)>>> = BTreeMap::new();
    for (at, changes) in realities.iter().enumerate() {
        for (path, change, id) in changes {
            let cells = by_path.entry(path).or_insert_with(|| vec![None; realities.len()]);
            cells[at] = Some((*change, id.clone()));
        }
    }
    let mut lines: Vec<Line> =
        by_path.into_iter().map(|(path, cells)| Line { path: path.to_owned(), cells }).collect();
    lines.sort_by_key(|line| (line.agrees(), std::cmp::Reverse(line.changed())));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_they_do_not_agree_on_comes_first() {
        let change = |path: &str, id: &str| (path.to_owned(), Change::Modified, id.to_owned());
        let lines = lines(&[
            vec![change("a", "1"), change("b", "1"), change("z", "9")],
            vec![change("b", "2")],
            vec![change("z", "9")],
        ]);
        let shown: Vec<_> =
            lines.iter().map(|line| (line.path.as_str(), line.agrees(), line.changed())).collect();
        assert_eq!(shown, [("b", false, 2), ("z", true, 2), ("a", true, 1)]);
        assert_eq!(lines[2].cells, [Some((Change::Modified, "1".into())), None, None]);
        let same: Vec<_> = lines.iter().map(|line| (line.same_as(0), line.same_as(2))).collect();
        assert_eq!(same, [(None, None), (Some(2), Some(0)), (None, None)]);
        assert_eq!(
            (lines[1].next(0, true), lines[1].next(2, false), lines[1].next(2, true)),
            (Some(2), Some(0), None)
        );
        assert!(super::lines(&[]).is_empty());
    }
}
