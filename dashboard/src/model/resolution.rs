//! The paths that a merge left to decide, what can be made of each, and what is left. Knows no repository.

use crate::model::conflict::{Choice, TextConflict};

/// What a path holds on a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// A file.
    File,
    /// A file that can be run.
    Program,
    /// A symbolic link.
    Link,
    /// A commit of another repository.
    Submodule,
}

impl Held {
    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Program => "a file that can be run",
            Self::Link => "a symbolic link",
            Self::Submodule => "a submodule",
        }
    }
}

/// A side of a merge, in the order of git's stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What it was before both.
    Base,
    /// The reality that is merged into.
    Ours,
    /// The reality that is merged.
    Theirs,
}

/// What the whole path becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// What a side holds.
    Side(Side),
    /// What the merge put there, with what was written since.
    Merged,
    /// Nothing: the path is removed.
    Nothing,
}

/// Conflicts: the name in the API, a title, and what to do.
const KINDS: &[(&str, &str, &str)] = &[
    ("content", "Both changed the same", "Decide each conflict, or take one side's file as a whole."),
    (
        "add/add",
        "Both added a file of this name",
        "Put both together conflict by conflict, or take one of them.",
    ),
    ("modify/delete", "One changed what the other removed", "Keep the changed file, or remove it."),
    (
        "rename/rename",
        "Both renamed the file, to different names",
        "Each name is listed: keep the one that you want, and remove the others.",
    ),
    (
        "rename/delete",
        "One renamed what the other removed",
        "Keep the file under its new name, or remove it.",
    ),
    (
        "rename/add",
        "A renamed file meets another of this name",
        "Put both together conflict by conflict, or take one of them.",
    ),
    (
        "directory/file",
        "A file is in the way of a directory",
        "The file was put beside the directory, under this name: keep it there, or remove it.",
    ),
    (
        "mode",
        "The sides hold different kinds of things",
        "A file, a symbolic link or a submodule, or other permissions: take what it shall be.",
    ),
    (
        "submodule",
        "Both moved the submodule to different commits",
        "Take one side's commit; a merge of both is made in the submodule's own repository.",
    ),
    (
        "file location",
        "Added to a directory that the other side renamed",
        "The file was moved along with the directory: keep it here, or remove it.",
    ),
    ("directory rename", "Where a renamed directory went is unclear", "Keep the file here, or remove it."),
];

/// A path to decide.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenPath {
    /// As it is shown and linked to.
    pub path: String,
    /// The conflict's name in the API.
    pub kind: &'static str,
    /// What base, ours and theirs hold.
    pub sides: [Option<Held>; 3],
    /// Whether what the merge put there is something that no side holds, or has been changed since.
    pub is_mixed: bool,
    /// The text to decide part by part, where it is one.
    pub text: Option<TextConflict>,
    /// What the whole path becomes, where that was said.
    pub taken: Option<Take>,
}

impl OpenPath {
    /// What it is about, in words.
    pub fn title(&self) -> &'static str {
        self.words().1
    }

    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        let [_, ours, theirs] = self.sides;
        let is_whole = self.text.is_none() && ours.is_some() && theirs.is_some();
        match self.kind {
            "content" | "add/add" if is_whole => {
                "It has no lines that could be put together: take one side's."
            }
            _ => self.words().2,
        }
    }

    fn words(&self) -> &'static (&'static str, &'static str, &'static str) {
        let of_kind = |(kind, ..): &&(&str, &str, &str)| *kind == self.kind;
        KINDS.iter().find(of_kind).unwrap_or(&("", "It needs a decision", "Take what it shall be."))
    }

    /// What the whole path can become, with a word for each.
    pub fn offers(&self) -> Vec<(Take, String)> {
        let [base, ours, theirs] = self.sides;
        let keep = |held: Held, other: Option<Held>, whose: &str| match (held, other) {
            (_, None) => format!("Keep it ({whose})"),
            (held, Some(other)) if held == other => format!("Take {whose}"),
            (held, Some(_)) => format!("Take {whose}: {}", held.word()),
        };
        let ours_word = ours.map(|held| (Take::Side(Side::Ours), keep(held, theirs, "ours")));
        let theirs_word = theirs.map(|held| (Take::Side(Side::Theirs), keep(held, ours, "theirs")));
        let base_word = base.map(|_| (Take::Side(Side::Base), "Take what it was before".to_owned()));
        let mixed_word = self.is_mixed.then(|| (Take::Merged, "Take the result as it stands".to_owned()));
        let removal = Some((Take::Nothing, "Remove it".to_owned()));
        [ours_word, theirs_word, mixed_word, base_word, removal].into_iter().flatten().collect()
    }

    /// Whether nothing is left to decide here.
    pub fn is_settled(&self) -> bool {
        self.taken.is_some() || self.text.as_ref().is_some_and(|text| text.open().next().is_none())
    }

    /// How many decisions are left here.
    pub fn left(&self) -> usize {
        match &self.text {
            _ if self.taken.is_some() => 0,
            Some(text) => text.open().count(),
            None => 1,
        }
    }
}

/// All paths of a merge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolution {
    /// In the order of their bytes.
    pub paths: Vec<OpenPath>,
}

/// A conflict: a path, and in a text a part.
pub type Place = (usize, Option<usize>);

impl Resolution {
    /// How many decisions are left.
    pub fn left(&self) -> usize {
        self.paths.iter().map(OpenPath::left).sum()
    }

    /// How many paths are not settled.
    pub fn paths_left(&self) -> usize {
        self.paths.iter().filter(|path| !path.is_settled()).count()
    }

    /// Makes something of a conflict in a text; what was said of the whole path counts no more.
    pub fn choose(&mut self, path: usize, part: usize, choice: Option<Choice>) {
        self.write(path, |text| text.choose(part, choice));
    }

    /// Changes a path's text; what was said of the whole path counts no more.
    pub fn write(&mut self, path: usize, change: impl FnOnce(&mut TextConflict)) {
        let Some(path) = self.paths.get_mut(path) else { return };
        if let Some(text) = &mut path.text {
            change(text);
            path.taken = None;
        }
    }

    /// Says what a whole path becomes, or leaves it open again.
    pub fn take(&mut self, path: usize, take: Option<Take>) {
        if let Some(path) = self.paths.get_mut(path) {
            path.taken = take;
        }
    }

    /// Whether a conflict waits for a decision.
    pub fn is_open(&self, (path, part): Place) -> bool {
        let Some(path) = self.paths.get(path).filter(|path| !path.is_settled()) else { return false };
        match (&path.text, part) {
            (Some(text), Some(part)) => text.is_open(part),
            _ => true,
        }
    }

    /// The conflict that is next to, or before, a place: the nearest open one, round the end if need be; where none is open,
    /// the nearest in the same path.
    pub fn next(&self, from: Place, forward: bool) -> Option<Place> {
        let all = |is_open: bool| -> Vec<Place> {
            let places = self.paths.iter().enumerate().flat_map(|(at, path)| places(at, path, is_open));
            places.collect()
        };
        let mut places = all(true);
        if places.is_empty() {
            places = all(false).into_iter().filter(|(path, _)| *path == from.0).collect();
        }
        let after = places.iter().find(|place| **place > from).or(places.first());
        let before = places.iter().rev().find(|place| **place < from).or(places.last());
        if forward { after } else { before }.copied()
    }
}

fn places(at: usize, path: &OpenPath, is_open: bool) -> Vec<Place> {
    match &path.text {
        _ if is_open && path.is_settled() => Vec::new(),
        Some(text) if is_open => text.open().map(|part| (at, Some(part))).collect(),
        Some(text) => text.conflicts().map(|part| (at, Some(part))).collect(),
        None => vec![(at, None)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::conflict::{Origin, Part};

    fn text(origins: &[Origin]) -> TextConflict {
        let part = |(at, origin): (usize, &Origin)| Part {
            origin: *origin,
            base: Vec::new(),
            ours: format!("ours {at}\n").into(),
            theirs: format!("theirs {at}\n").into(),
            merged: format!("<<<<<<<\nours {at}\n=======\ntheirs {at}\n>>>>>>>\n").into(),
        };
        TextConflict::new(origins.iter().enumerate().map(part).collect())
    }

    fn path(
        name: &str,
        kind: &'static str,
        sides: [Option<Held>; 3],
        text: Option<TextConflict>,
    ) -> OpenPath {
        OpenPath { path: name.into(), kind, sides, is_mixed: false, text, taken: None }
    }

    fn some() -> Resolution {
        let file = Some(Held::File);
        let both = [Origin::Conflict, Origin::Both, Origin::Conflict];
        Resolution {
            paths: vec![
                path("a", "content", [file; 3], Some(text(&both))),
                path("b", "modify/delete", [file, file, None], None),
                path("c", "content", [file; 3], Some(text(&[Origin::Both, Origin::Conflict]))),
            ],
        }
    }

    #[test]
    fn what_is_left_is_counted_down() {
        let mut all = some();
        assert_eq!((all.left(), all.paths_left()), (4, 3));
        all.choose(0, 0, Some(Choice::Ours));
        assert_eq!((all.left(), all.paths_left()), (3, 3));
        all.choose(0, 2, Some(Choice::Theirs));
        all.take(1, Some(Take::Nothing));
        all.take(2, Some(Take::Side(Side::Ours)));
        assert_eq!((all.left(), all.paths_left()), (0, 0));
        // A choice in the text counts more than what was said before of the whole; and back.
        all.choose(2, 1, None);
        all.take(1, None);
        assert_eq!((all.left(), all.paths_left()), (2, 2));
    }

    #[test]
    fn next_and_previous_go_through_all_that_is_open() {
        let mut all = some();
        let walk = |all: &Resolution, mut at: Place, forward: bool| {
            let step = |_| {
                at = all.next(at, forward)?;
                Some(at)
            };
            (0..5).map_while(step).collect::<Vec<_>>()
        };
        let there = [(0, Some(0)), (0, Some(2)), (1, None), (2, Some(1)), (0, Some(0))];
        assert_eq!(walk(&all, (0, None), true), there);
        assert_eq!(walk(&all, (0, Some(0)), false), [there[3], there[2], there[1], there[0], there[3]]);
        all.take(1, Some(Take::Nothing));
        all.choose(0, 2, Some(Choice::Ours));
        let open = there.map(|place| all.is_open(place));
        assert_eq!(open, [true, false, false, true, true]);
        assert_eq!(walk(&all, (0, Some(0)), true)[..2], [there[3], there[0]]);
        all.take(0, Some(Take::Side(Side::Theirs)));
        all.choose(2, 1, Some(Choice::Ours));
        assert_eq!(all.next((0, Some(0)), true), Some((0, Some(2))));
        assert_eq!(all.next((1, None), true), Some((1, None)));
        assert_eq!(Resolution::default().next((0, None), true), None);
    }

    #[test]
    fn what_is_offered_fits_what_the_sides_hold() {
        let words = |path: &OpenPath| path.offers().into_iter().map(|(_, word)| word).collect::<Vec<_>>();
        let deleted = path("b", "modify/delete", [Some(Held::File), None, Some(Held::File)], None);
        assert_eq!(words(&deleted), ["Keep it (theirs)", "Take what it was before", "Remove it"]);
        let types = path("b", "mode", [None, Some(Held::File), Some(Held::Program)], None);
        assert_eq!(words(&types), ["Take ours: a file", "Take theirs: a file that can be run", "Remove it"]);
        let mut renamed = path("b", "rename/rename", [None, Some(Held::File), None], None);
        renamed.is_mixed = true;
        assert_eq!(words(&renamed), ["Keep it (ours)", "Take the result as it stands", "Remove it"]);
        let binary = path("b", "content", [Some(Held::File); 3], None);
        assert!(binary.advice().starts_with("It has no lines"));
        assert!(KINDS.iter().all(|(kind, ..)| path("p", kind, [None; 3], None).title().len() > 10));
    }
}
