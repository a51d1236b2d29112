//! Names that are different in git and the same where they are checked out: by case, by normal form, or by code points
//! that are ignored.
//!
//! Compared more coarsely than any one file system does. Decomposed are Latin, Greek without its polytonic block,
//! Cyrillic, Japanese and Korean script; other letters are taken as they stand.

use alloc::vec::Vec;

use bstr::{BStr, BString, ByteVec};

use super::guard::is_ignored_by_hfs;
use super::marks::MARKED;
use crate::sort::{sort, sort_by_key};

/// Two names that cannot both be checked out on every file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clash<'a> {
    /// The one that comes first.
    pub first: &'a BStr,
    /// The one that would take its place.
    pub second: &'a BStr,
}

/// The names among siblings in one directory that some file system takes for one that comes before them, each with the
/// first of its kind, in the order in which they come.
pub fn find_clashes<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Vec<Clash<'a>> {
    let names: Vec<&[u8]> = names.into_iter().collect();
    let mut folded: Vec<(BString, usize)> =
        names.iter().enumerate().map(|(at, name)| (fold(name), at)).collect();
    sort(&mut folded);
    let mut found: Vec<(usize, usize)> = Vec::new();
    for same in folded.chunk_by(|(a, _), (b, _)| a == b) {
        found.extend(same[1..].iter().map(|(_, second)| (*second, same[0].1)));
    }
    sort(&mut found);
    let clash =
        |(second, first): (usize, usize)| Clash { first: names[first].into(), second: names[second].into() };
    found.into_iter().map(clash).collect()
}

/// What all names that may be taken for each other have in common. Bytes that are not UTF-8 stay.
fn fold(name: &[u8]) -> BString {
    let mut out = BString::default();
    if name.is_ascii() {
        out.extend(name.iter().map(u8::to_ascii_lowercase));
        return out;
    }
    let mut marks: Vec<char> = Vec::new();
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars().filter(|character| !is_ignored_by_hfs(*character)) {
            // Upper case first: it brings together what lower case leaves apart, such as the two forms of sigma.
            for lower in character.to_uppercase().flat_map(char::to_lowercase) {
                decompose(lower, &mut |part| {
                    if class(part) == 0 {
                        push_marks(&mut marks, &mut out);
                        out.push_char(part);
                    } else {
                        marks.push(part);
                    }
                });
            }
        }
        push_marks(&mut marks, &mut out);
        out.push_str(chunk.invalid());
    }
    out
}

/// Appends marks in their canonical order.
fn push_marks(marks: &mut Vec<char>, out: &mut BString) {
    sort_by_key(marks, |mark| class(*mark));
    marks.drain(..).for_each(|mark| out.push_char(mark));
}

/// Hands out a letter and its marks one by one.
fn decompose(character: char, each: &mut impl FnMut(char)) {
    let character = match character {
        '\u{340}' => '\u{300}',
        '\u{341}' => '\u{301}',
        '\u{343}' => '\u{313}',
        '\u{374}' => '\u{2b9}',
        '\u{37e}' => ';',
        '\u{387}' => '\u{b7}',
        other => other,
    };
    if let Some((letter, mark)) = split(character) {
        // At most twice: no letter of the table has more than three marks.
        decompose(letter, each);
        each(mark);
    } else if let Some(syllable) = (character as u32).checked_sub(HANGUL_BASE).filter(|at| *at < HANGUL_COUNT)
    {
        let part = |base: u32, index: u32| char::from_u32(base + index);
        let (lead, vowel, trail) = (syllable / 588, syllable % 588 / 28, syllable % 28);
        let trail = if trail == 0 { None } else { part(0x11a7, trail) };
        [part(0x1100, lead), part(0x1161, vowel), trail].into_iter().flatten().for_each(each);
    } else {
        each(character);
    }
}

/// First precomposed Korean syllable, and how many there are.
const HANGUL_BASE: u32 = 0xac00;
const HANGUL_COUNT: u32 = 11_172;

/// The letter and the mark that a letter with a mark is made of.
fn split(character: char) -> Option<(char, char)> {
    if character.is_ascii() {
        return None;
    }
    let character = u16::try_from(u32::from(character)).ok()?;
    MARKED.iter().find_map(|(mark, pairs)| {
        let (letter, _) = pairs.iter().find(|(_, marked)| *marked == character)?;
        Some((char::from_u32(u32::from(*letter))?, *mark))
    })
}

/// The canonical combining class of a mark; 0 for letters and for marks outside the common block.
const fn class(character: char) -> u8 {
    match character {
        '\u{334}'..='\u{338}' => 1,
        '\u{3099}' | '\u{309a}' => 8,
        '\u{321}' | '\u{322}' | '\u{327}' | '\u{328}' => 202,
        '\u{31b}' => 216,
        '\u{316}'..='\u{319}' | '\u{31c}'..='\u{320}' | '\u{323}'..='\u{326}' | '\u{329}'..='\u{333}' => 220,
        '\u{339}'..='\u{33c}' | '\u{347}'..='\u{349}' | '\u{34d}' | '\u{34e}' => 220,
        '\u{353}'..='\u{356}' | '\u{359}' | '\u{35a}' => 220,
        '\u{315}' | '\u{31a}' | '\u{358}' => 232,
        '\u{35c}' | '\u{35f}' | '\u{362}' => 233,
        '\u{35d}' | '\u{35e}' | '\u{360}' | '\u{361}' => 234,
        '\u{345}' => 240,
        '\u{34f}' => 0,
        '\u{300}'..='\u{36f}' => 230,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clashes(names: &[&str]) -> Vec<(usize, usize)> {
        let at = |name: &BStr| names.iter().position(|given| name == given).unwrap();
        let found = find_clashes(names.iter().map(|name| name.as_bytes()));
        found.iter().map(|clash| (at(clash.first), at(clash.second))).collect()
    }

    #[test]
    fn case_and_normal_form_are_seen_through() {
        assert_eq!(clashes(&["a", "B", "A", "b", "c"]), [(0, 2), (1, 3)]);
        for (a, b) in [
            ("\u{e9}", "e\u{301}"),
            ("É", "e\u{301}"),
            ("\u{1ead}", "a\u{302}\u{323}"),
            ("ǖ", "U\u{308}\u{304}"),
            ("\u{212b}", "å"),
            ("\u{2126}", "ω"),
            ("σ", "ς"),
            ("\u{212a}", "k"),
            ("ß", "SS"),
            ("が", "か\u{3099}"),
            ("한", "\u{1112}\u{1161}\u{11ab}"),
            ("й", "И\u{306}"),
            ("a\u{200c}b", "ab"),
        ] {
            assert_eq!(clashes(&[a, b]), [(0, 1)], "{a} {b}");
        }
        assert_eq!(clashes(&["e", "é", "ë", "ẹ́", "한", "핝", "か", "が"]), []);
    }

    #[test]
    fn bytes_that_are_not_text_stay() {
        let names: [&[u8]; 4] = [b"\xff", b"\xfe", b"a\xffA", b"A\xffa"];
        assert_eq!(find_clashes(names).len(), 1);
    }
}
