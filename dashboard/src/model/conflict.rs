//! A text in conflict, part by part, and what a person makes of each part. Knows no paths and no repository.
//!
//! The parts come from the engine's merge. What is made of one part changes no other, so the order does not matter.

use std::borrow::Cow;

/// Who made a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Both sides hold the same.
    Both,
    /// Only we changed it.
    Ours,
    /// Only they changed it.
    Theirs,
    /// Both changed it: somebody has to decide.
    Conflict,
}

/// A part of the merged text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Who made it.
    pub origin: Origin,
    /// What it was.
    pub base: Vec<u8>,
    /// What we have.
    pub ours: Vec<u8>,
    /// What they have.
    pub theirs: Vec<u8>,
    /// What the merge wrote: of a conflict, git's text with markers.
    pub merged: Vec<u8>,
}

/// What a person makes of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Our lines.
    Ours,
    /// Their lines.
    Theirs,
    /// Ours, then theirs.
    OursTheirs,
    /// Theirs, then ours.
    TheirsOurs,
    /// What was written by hand.
    Edited(Vec<u8>),
}

/// A text with its parts and what has been made of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextConflict {
    parts: Vec<Part>,
    choices: Vec<Option<Choice>>,
    /// Lines that leave a part open as long as one of them is in it, by part.
    markers: Vec<Vec<Vec<u8>>>,
}

impl TextConflict {
    /// Nothing is decided.
    pub fn new(parts: Vec<Part>) -> Self {
        let choices = vec![None; parts.len()];
        let ends = |part: &Part| {
            let lines = || part.merged.split_inclusive(is_line_end).map(without_end);
            let is_open = part.origin == Origin::Conflict;
            lines()
                .next()
                .into_iter()
                .chain(lines().next_back())
                .filter(|_| is_open)
                .map(Into::into)
                .collect()
        };
        let markers = parts.iter().map(ends).collect();
        Self { parts, choices, markers }
    }

    /// One part, the whole text: for what was merged in a way that nothing tells part by part. Every line that looks like
    /// a marker leaves it open.
    pub fn whole(part: Part) -> Self {
        let is_marker = |line: &&[u8]| line.starts_with(b"<<<<<<<") || line.starts_with(b">>>>>>>");
        let lines = part.merged.split_inclusive(is_line_end).map(without_end);
        let markers = vec![lines.filter(is_marker).map(Into::into).collect()];
        Self { parts: vec![part], choices: vec![None], markers }
    }

    /// The parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// What was made of a part.
    pub fn choice(&self, at: usize) -> Option<&Choice> {
        self.choices.get(at)?.as_ref()
    }

    /// Makes something of a part, or leaves it to the merge again. Lines written by hand get an end where another part
    /// follows.
    pub fn choose(&mut self, at: usize, choice: Option<Choice>) {
        let is_last = self.parts.iter().skip(at + 1).all(|part| part.merged.is_empty());
        let Some(place) = self.choices.get_mut(at) else { return };
        *place = choice;
        if let Some(Choice::Edited(text)) = place
            && !is_last
        {
            let end = line_end(&self.parts[at].merged);
            end_last_line(text, end);
        }
    }

    /// Makes the same of every conflict.
    pub fn choose_all(&mut self, choice: Option<&Choice>) {
        for at in 0..self.parts.len() {
            if self.parts[at].origin == Origin::Conflict {
                self.choices[at] = choice.cloned();
            }
        }
    }

    /// What the result holds of a part.
    pub fn text(&self, at: usize) -> Cow<'_, [u8]> {
        let part = &self.parts[at];
        let both = |first: &[u8], second: &[u8]| {
            let mut text = first.to_vec();
            end_last_line(&mut text, line_end(&part.merged));
            text.extend_from_slice(second);
            Cow::Owned(text)
        };
        match &self.choices[at] {
            None => Cow::Borrowed(&part.merged),
            Some(Choice::Ours) => Cow::Borrowed(&part.ours),
            Some(Choice::Theirs) => Cow::Borrowed(&part.theirs),
            Some(Choice::OursTheirs) => both(&part.ours, &part.theirs),
            Some(Choice::TheirsOurs) => both(&part.theirs, &part.ours),
            Some(Choice::Edited(text)) => Cow::Borrowed(text),
        }
    }

    /// The whole result. While nothing is decided it is git's text with its markers.
    pub fn result(&self) -> Vec<u8> {
        (0..self.parts.len()).flat_map(|at| self.text(at).into_owned()).collect()
    }

    /// Whether a part waits for a decision: nothing was made of a conflict, or what was written still has its markers.
    pub fn is_open(&self, at: usize) -> bool {
        match self.choices.get(at) {
            Some(None) => self.parts[at].origin == Origin::Conflict,
            Some(Some(Choice::Edited(text))) => {
                let is_marker = |line| self.markers[at].iter().any(|marker| marker[..] == *without_end(line));
                text.split_inclusive(is_line_end).any(is_marker)
            }
            _ => false,
        }
    }

    /// The conflicts, decided or not.
    pub fn conflicts(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.parts.len()).filter(|at| self.parts[*at].origin == Origin::Conflict)
    }

    /// The parts that wait for a decision.
    pub fn open(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.parts.len()).filter(|at| self.is_open(*at))
    }

    /// Takes a whole result that was written by hand: the parts in which it differs become what is written there, all
    /// others stay as they are. The result is this text then, byte for byte.
    pub fn edit(&mut self, text: &[u8]) {
        let old = self.result();
        let Some((start, end, new)) = changed(&old, text) else { return };
        let mut written = Some(new);
        for (at, from, to) in self.touched(start, end) {
            let mut own = old[from..start.clamp(from, to)].to_vec();
            own.extend_from_slice(written.take().unwrap_or_default());
            own.extend_from_slice(&old[end.clamp(from, to)..to]);
            self.choices[at] = Some(Choice::Edited(own));
        }
    }

    /// The parts in which a change of these bytes of the result lies, and where each stands; of those that could take an
    /// insertion, a conflict takes it.
    fn touched(&self, start: usize, end: usize) -> Vec<(usize, usize, usize)> {
        let mut places = Vec::with_capacity(self.parts.len());
        let mut from = 0;
        for at in 0..self.parts.len() {
            let to = from + self.text(at).len();
            places.push((at, from, to));
            from = to;
        }
        if start < end {
            places.retain(|(_, from, to)| *from < end && start < *to);
        } else {
            places.retain(|(_, from, to)| (*from..=*to).contains(&start));
            let conflict = places.iter().position(|(at, ..)| self.parts[*at].origin == Origin::Conflict);
            places = places.get(conflict.unwrap_or(0)).copied().into_iter().collect();
        }
        places
    }
}

/// The bytes in which two texts differ, by whole lines: where they stand in the old one, and the new ones.
fn changed<'a>(old: &[u8], new: &'a [u8]) -> Option<(usize, usize, &'a [u8])> {
    if old == new {
        return None;
    }
    let old_lines: Vec<&[u8]> = old.split_inclusive(is_line_end).collect();
    let new_lines: Vec<&[u8]> = new.split_inclusive(is_line_end).collect();
    let (head, tail) = common_ends(&old_lines, &new_lines, |one, other| one == other);
    let length = |lines: &[&[u8]]| lines.iter().map(|line| line.len()).sum::<usize>();
    let old_end = old.len() - length(&old_lines[old_lines.len() - tail..]);
    let new_end = new.len() - length(&new_lines[new_lines.len() - tail..]);
    Some((length(&old_lines[..head]), old_end, &new[length(&new_lines[..head])..new_end]))
}

/// How many lines two texts share at their beginning, and how many of the rest at their end.
fn common_ends<T>(old: &[T], new: &[T], is_equal: impl Fn(&T, &T) -> bool) -> (usize, usize) {
    let head = old.iter().zip(new).take_while(|(one, other)| is_equal(one, other)).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| is_equal(one, other)).count();
    (head, tail)
}

/// What was typed, with the line ends that the old text has: an editor knows but one kind.
pub fn typed(old: &[u8], text: &str) -> Vec<u8> {
    let old_lines = lines_of(old);
    let new_lines = lines_of(text.as_bytes());
    let (head, tail) = common_ends(&old_lines, &new_lines, |one, other| {
        one.0 == other.0 && one.1.is_empty() == other.1.is_empty()
    });
    let end = line_end(old);
    let mut out = Vec::with_capacity(text.len());
    for (at, (line, own_end)) in new_lines.iter().enumerate() {
        let from_tail = new_lines.len() - at;
        let kept = match () {
            () if at < head => Some(old_lines[at].1),
            () if from_tail <= tail => Some(old_lines[old_lines.len() - from_tail].1),
            () => None,
        };
        out.extend_from_slice(line);
        out.extend_from_slice(kept.unwrap_or(if own_end.is_empty() { b"" } else { end }));
    }
    out
}

/// Lines and their ends, as editors tell them.
fn lines_of(text: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let end = match rest[length..] {
            [] => 0,
            [b'\r', b'\n', ..] => 2,
            _ => 1,
        };
        lines.push((&rest[..length], &rest[length..length + end]));
        rest = &rest[length + end..];
    }
    lines
}

fn is_line_end(byte: &u8) -> bool {
    *byte == b'\n'
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// How the lines of a text end: as the first does.
fn line_end(text: &[u8]) -> &'static [u8] {
    let first = text.split_inclusive(is_line_end).next().unwrap_or_default();
    if first.ends_with(b"\r\n") { b"\r\n" } else { b"\n" }
}

fn end_last_line(text: &mut Vec<u8>, end: &[u8]) {
    if text.last().is_some_and(|last| *last != b'\n') {
        text.extend_from_slice(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use govc_engine::git::merge::text::{Favor, Origin as Made, TextOptions, merge_parts, merge_text};

    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % end
        }

        /// Lines that often are the base's, some of them ending as on Windows, the last perhaps without end.
        fn text(&mut self, base: &str, crlf: bool) -> String {
            let end = if crlf { "\r\n" } else { "\n" };
            let mut lines: Vec<String> = base.split_inclusive('\n').map(Into::into).collect();
            for _ in 0..1 + self.below(10) {
                let at = self.below(lines.len() + 1);
                match self.below(3) {
                    0 => lines.insert(at, format!("new {}{end}", self.below(5))),
                    1 if at < lines.len() => drop(lines.remove(at)),
                    _ if at < lines.len() => lines[at] = format!("other {}{end}", self.below(5)),
                    _ => {}
                }
            }
            let mut text = lines.concat();
            if self.below(4) == 0 {
                text.truncate(text.trim_end().len());
            }
            text
        }
    }

    /// Three random texts, and a text in conflict that the engine made of them.
    fn cases() -> Vec<([String; 3], TextConflict)> {
        let mut random = Random(7);
        let mut found = Vec::new();
        for round in 0..400 {
            let crlf = round % 5 == 0;
            let end = if crlf { "\r\n" } else { "\n" };
            let base: String = (0..random.below(60)).map(|at| format!("line {at}{end}")).collect();
            let (ours, theirs) = (random.text(&base, crlf), random.text(&base, crlf));
            let texts = [base, ours, theirs];
            let conflict = TextConflict::new(parts(&texts));
            found.push((texts, conflict));
        }
        assert!(found.iter().filter(|(_, conflict)| conflict.conflicts().count() > 1).count() > 30);
        found
    }

    fn parts([base, ours, theirs]: &[String; 3]) -> Vec<Part> {
        let options = TextOptions::default();
        let parts = merge_parts(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), &options).unwrap();
        parts
            .into_iter()
            .map(|part| Part {
                origin: match part.origin {
                    None => Origin::Both,
                    Some(Made::Ours) => Origin::Ours,
                    Some(Made::Theirs) => Origin::Theirs,
                    Some(Made::Conflict) => Origin::Conflict,
                },
                base: part.base.into(),
                ours: part.ours.into(),
                theirs: part.theirs.into(),
                merged: part.merged,
            })
            .collect()
    }

    fn git([base, ours, theirs]: &[String; 3], favor: Favor) -> String {
        let options = TextOptions { favor, ..TextOptions::default() };
        let [base, ours, theirs] = [base.as_bytes(), ours.as_bytes(), theirs.as_bytes()];
        String::from_utf8(merge_text(base, ours, theirs, &options).unwrap().bytes).unwrap()
    }

    fn result(conflict: &TextConflict) -> String {
        String::from_utf8(conflict.result()).unwrap()
    }

    #[test]
    fn without_choices_it_is_gits_text_and_with_one_choice_for_all_gits_favour() {
        for (texts, conflict) in cases() {
            assert_eq!(result(&conflict), git(&texts, Favor::None));
            assert_eq!(conflict.open().count(), conflict.conflicts().count());
            let favours = [
                (Choice::Ours, Favor::Ours),
                (Choice::Theirs, Favor::Theirs),
                (Choice::OursTheirs, Favor::Union),
            ];
            for (choice, favour) in favours {
                let mut decided = conflict.clone();
                decided.choose_all(Some(&choice));
                assert_eq!(result(&decided), git(&texts, favour), "{choice:?} {texts:?}");
                assert_eq!(decided.open().count(), 0);
                decided.choose_all(None);
                assert_eq!(decided, conflict);
            }
        }
    }

    #[test]
    fn the_order_of_choices_does_not_matter() {
        let mut random = Random(3);
        let choices = [Choice::Ours, Choice::Theirs, Choice::OursTheirs, Choice::TheirsOurs];
        for (_, conflict) in cases() {
            let mut decisions: Vec<_> = conflict
                .conflicts()
                .map(|at| match random.below(5) {
                    4 => (at, Choice::Edited(format!("by hand {at}").into())),
                    choice => (at, choices[choice].clone()),
                })
                .collect();
            let decided = |decisions: &[(usize, Choice)]| {
                let mut decided = conflict.clone();
                decisions.iter().for_each(|(at, choice)| decided.choose(*at, Some(choice.clone())));
                decided
            };
            let one = decided(&decisions);
            decisions.reverse();
            assert_eq!(one, decided(&decisions));
            let again = [&decisions[..], &decisions[..]].concat();
            assert_eq!(one, decided(&again));
            for (at, choice) in &decisions {
                assert!(one.choice(*at).is_some(), "{choice:?}");
            }
        }
    }

    #[test]
    fn a_result_written_by_hand_is_the_result() {
        let mut random = Random(11);
        for (_, conflict) in cases() {
            let mut edited = conflict.clone();
            for _ in 0..6 {
                let text = random.text(&result(&edited), false);
                edited.edit(text.as_bytes());
                assert_eq!(result(&edited), text);
            }
            let before = edited.clone();
            edited.edit(&before.result());
            assert_eq!(edited, before);
        }
    }

    #[test]
    fn an_edit_decides_where_it_is_and_nowhere_else() {
        let text = |change: &[(usize, &str)]| -> String {
            let line =
                |at: usize| change.iter().find(|(place, _)| *place == at).map_or("line", |(_, line)| line);
            (0..30).map(|at| format!("{} {at}\n", line(at))).collect()
        };
        let texts = [text(&[]), text(&[(5, "a"), (20, "a")]), text(&[(5, "b"), (20, "b")])];
        let mut conflict = TextConflict::new(parts(&texts));
        let conflicts: Vec<usize> = conflict.conflicts().collect();
        assert_eq!(conflicts.len(), 2);
        // A line more between its markers leaves it open.
        let more = result(&conflict).replacen("a 5\n", "a 5\nand more\n", 1);
        conflict.edit(more.as_bytes());
        assert_eq!(conflict.open().collect::<Vec<_>>(), conflicts);
        let settled = more.replacen("<<<<<<<\na 5\nand more\n=======\nb 5\n>>>>>>>\n", "both 5\n", 1);
        conflict.edit(settled.as_bytes());
        assert_eq!(conflict.open().collect::<Vec<_>>(), conflicts[1..]);
        assert_eq!(conflict.choice(conflicts[0]), Some(&Choice::Edited("both 5\n".into())));
        assert_eq!(conflict.choice(conflicts[1]), None);
        // Marks that are not its own are text.
        conflict.choose(conflicts[1], Some(Choice::Edited("=======\n<<<<<<< of a manual".into())));
        assert_eq!(conflict.open().count(), 0);
        assert!(result(&conflict).contains("<<<<<<< of a manual\nline 21\n"));
    }

    #[test]
    fn what_is_typed_keeps_the_line_ends() {
        let old = b"a\r\nb\r\nc\rd\ne";
        assert_eq!(typed(old, "a\nb\nc\nd\ne"), old);
        assert_eq!(typed(old, "a\nB\nc\nd\ne"), b"a\r\nB\r\nc\rd\ne");
        assert_eq!(typed(old, "a\nb\nc\nd\ne\nf"), b"a\r\nb\r\nc\rd\ne\r\nf");
        assert_eq!(typed(b"a\n", ""), b"");
        assert_eq!(typed(b"", "x\ny"), b"x\ny");
    }

    #[test]
    fn a_text_that_nothing_tells_part_by_part_is_open_until_its_marks_are_gone() {
        let merged = b"x\n<<<<<<<< HEAD:a\n1\n========\n2\n>>>>>>>> side:b\n".to_vec();
        let (base, ours, theirs) = (Vec::new(), Vec::new(), Vec::new());
        let mut conflict = TextConflict::whole(Part {
            origin: Origin::Conflict,
            base,
            ours,
            theirs,
            merged: merged.clone(),
        });
        assert_eq!((conflict.result(), conflict.open().count()), (merged, 1));
        conflict.edit(b"x\n1\n========\n2\n>>>>>>>> side:b\n");
        assert_eq!(conflict.open().count(), 1);
        conflict.edit(b"x\n1\n2\n");
        assert_eq!((conflict.result(), conflict.open().count()), (b"x\n1\n2\n".to_vec(), 0));
    }
}
