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
        assert!(super::lines(&[]).is_empty());
    }
}
