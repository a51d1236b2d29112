//! What becomes of a path, by which of the three have a file there: the conflict table.

use super::survey::{Sides, Three, equal, files};
use crate::object::{EntryKind, Mode};

/// What becomes of a path where both sides did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// Ours stands: theirs did the same.
    Same,
    /// Only this side changed it, perhaps by removing it.
    One(usize),
    /// Both hold something there, of different types.
    DistinctTypes,
    /// Both hold the same type of thing there.
    Merge,
    /// This side changed what the other removed.
    ModifyDelete(usize),
    /// Only this side has it.
    Added(usize),
    /// Neither side has it.
    Gone,
}

/// Which of base, ours and theirs hold a file, as bits, to the case; where none of them are equal.
const CASES: [(Sides, Case); 8] = [
    (0b000, Case::Gone),
    (0b001, Case::Gone),
    (0b010, Case::Added(1)),
    (0b100, Case::Added(2)),
    (0b011, Case::ModifyDelete(1)),
    (0b101, Case::ModifyDelete(2)),
    (0b110, Case::Merge),
    (0b111, Case::Merge),
];

/// The case of a path. `untouched` are those of the three that were equal before renames moved anything.
pub(super) fn case(three: &Three, untouched: Sides) -> Case {
    let held = files(three);
    match untouched & held {
        0 => {}
        0b110 => return Case::Same,
        equal if equal & 0b010 != 0 => return Case::One(2),
        _ => return Case::One(1),
    }
    let found = CASES.iter().find(|(sides, _)| *sides == held).map_or(Case::Gone, |(_, case)| *case);
    match (found, &three[1], &three[2]) {
        (Case::Merge, Some(ours), Some(theirs)) if kind(ours.mode) != kind(theirs.mode) => {
            Case::DistinctTypes
        }
        _ => found,
    }
}

/// A mode without whether the file may be run.
pub(super) fn kind(mode: Mode) -> EntryKind {
    match mode.kind() {
        EntryKind::Executable => EntryKind::File,
        kind => kind,
    }
}

/// Which of the three were equal files.
pub(super) fn untouched(three: &Three) -> Sides {
    equal(three) & files(three)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ObjectId;
    use crate::diff::Side;
    use std::string::String;

    fn three(text: &str) -> Three {
        let mut sides = text.chars().map(|letter| match letter {
            '-' => None,
            'l' => Some(Side { mode: Mode::SYMLINK, id: ObjectId::from_bytes([1; 20]) }),
            _ => Some(Side { mode: Mode::FILE, id: ObjectId::from_bytes([letter as u8; 20]) }),
        });
        core::array::from_fn(|_| sides.next().flatten())
    }

    #[test]
    fn every_combination_has_its_case() {
        let table = [
            ("a-b", "ModifyDelete(2)"),
            ("ab-", "ModifyDelete(1)"),
            ("a--", "Gone"),
            ("-a-", "Added(1)"),
            ("--a", "Added(2)"),
            ("-ab", "Merge"),
            ("-aa", "Same"),
            ("abc", "Merge"),
            ("abb", "Same"),
            ("aab", "One(2)"),
            ("aba", "One(1)"),
            ("aa-", "One(2)"),
            ("a-a", "One(1)"),
            ("alb", "DistinctTypes"),
            ("-al", "DistinctTypes"),
        ];
        for (sides, expected) in table {
            let three = three(sides);
            let found: String = std::format!("{:?}", case(&three, untouched(&three)));
            assert_eq!(found, expected, "{sides}");
        }
    }
}
