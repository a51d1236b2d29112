//! Extended regular expressions of POSIX, as far as a yes or no takes: what git searches messages with.
//!
//! All alternatives advance together over the text, so time is bounded by text times pattern, whatever either holds.
//! Bytes are compared, not letters of a language. Back references and word edges are refused.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use bstr::{BString, ByteSlice};

use crate::search;

/// Most steps that a compiled pattern may have; repetition counts multiply them.
const STEPS_MAX: usize = 1024;
/// Deepest nesting of groups, and most repetitions of a repetition.
const GROUP_DEPTH_MAX: usize = 50;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The text itself, where it holds nothing special.
    literal: Option<BString>,
    steps: Vec<Step>,
}

/// Why a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternError {
    /// A bracket, group or repetition is not closed, or an escape has nothing after it.
    Unclosed,
    /// A repetition has nothing to repeat, or its counts are not in order.
    Repetition,
    /// A set has an unknown class, or a range that runs backwards.
    Set,
    /// It is a back reference, a word edge, or another extension that is not known here.
    Unsupported,
    /// It needs more than 1,024 steps, or nests deeper than 50.
    TooLarge,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unclosed => "something is opened and not closed",
            Self::Repetition => "a repetition has nothing to repeat, or wrong counts",
            Self::Set => "a set in brackets has an unknown class or a range that runs backwards",
            Self::Unsupported => "back references and word edges are not supported",
            Self::TooLarge => "the pattern is too large",
        })
    }
}

impl core::error::Error for PatternError {}

/// One bit for each byte.
type ByteSet = [u64; 4];

/// A step of the compiled pattern; numbers are places in the list of steps.
#[derive(Clone, Debug)]
enum Step {
    One(Box<ByteSet>),
    Start,
    End,
    Either(usize, usize),
    Jump(usize),
    Accept,
}

/// The pattern as it is written.
#[derive(Clone)]
enum Node {
    One(Box<ByteSet>),
    Start,
    End,
    Sequence(Vec<Self>),
    Choice(Vec<Self>),
    Repeat { what: Box<Self>, least: u32, most: Option<u32> },
}

impl Pattern {
    /// Compiles a pattern.
    pub fn new(text: &[u8]) -> Result<Self, PatternError> {
        if !text.iter().any(|byte| b"\\.[]()*+?{}|^$".contains(byte)) {
            return Ok(Self { literal: Some(text.into()), steps: Vec::new() });
        }
        let mut parser = Parser { rest: text, depth: 0 };
        let node = parser.choice()?;
        let mut steps = Vec::new();
        emit(&node, &mut steps)?;
        steps.push(Step::Accept);
        Ok(Self { literal: None, steps })
    }

    /// Whether the text holds a match.
    pub fn is_match(&self, text: &[u8]) -> bool {
        if let Some(literal) = &self.literal {
            return search::contains(text, literal);
        }
        let mut threads =
            Threads { steps: &self.steps, active: Vec::new(), seen: Vec::new(), stack: Vec::new() };
        let mut current = Vec::new();
        for at in 0..=text.len() {
            threads.seen.clear();
            threads.seen.resize(self.steps.len(), false);
            for thread in current.drain(..).chain([0]) {
                if threads.add(thread, at == 0, at == text.len()) {
                    return true;
                }
            }
            let Some(byte) = text.get(at) else { break };
            core::mem::swap(&mut current, &mut threads.active);
            current.retain(|thread| matches!(&self.steps[*thread], Step::One(set) if contains(set, *byte)));
            current.iter_mut().for_each(|thread| *thread += 1);
            threads.active.clear();
        }
        false
    }
}

/// The steps at which the search is, all at once.
struct Threads<'a> {
    steps: &'a [Step],
    /// Steps that wait for a byte.
    active: Vec<usize>,
    seen: Vec<bool>,
    stack: Vec<usize>,
}

impl Threads<'_> {
    /// Adds a step and all that it leads to without a byte; whether that accepts.
    fn add(&mut self, step: usize, is_start: bool, is_end: bool) -> bool {
        self.stack.push(step);
        while let Some(step) = self.stack.pop() {
            if core::mem::replace(&mut self.seen[step], true) {
                continue;
            }
            match &self.steps[step] {
                Step::One(_) => self.active.push(step),
                Step::Start if is_start => self.stack.push(step + 1),
                Step::End if is_end => self.stack.push(step + 1),
                Step::Start | Step::End => {}
                Step::Either(one, other) => self.stack.extend([*one, *other]),
                Step::Jump(to) => self.stack.push(*to),
                Step::Accept => return true,
            }
        }
        false
    }
}

fn contains(set: &ByteSet, byte: u8) -> bool {
    set[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0
}

fn add(set: &mut ByteSet, bytes: core::ops::RangeInclusive<u8>) {
    bytes.for_each(|byte| set[usize::from(byte >> 6)] |= 1 << (byte & 63));
}

fn only(byte: u8) -> Node {
    let mut set = [0; 4];
    add(&mut set, byte..=byte);
    Node::One(Box::new(set))
}

/// Appends the steps of a node.
fn emit(node: &Node, steps: &mut Vec<Step>) -> Result<(), PatternError> {
    if steps.len() >= STEPS_MAX {
        return Err(PatternError::TooLarge);
    }
    match node {
        Node::One(set) => steps.push(Step::One(set.clone())),
        Node::Start => steps.push(Step::Start),
        Node::End => steps.push(Step::End),
        Node::Sequence(nodes) => nodes.iter().try_for_each(|node| emit(node, steps))?,
        Node::Choice(nodes) => emit_choice(nodes, steps)?,
        Node::Repeat { what, least, most } => {
            for _ in 0..*least {
                let before = steps.len();
                emit(what, steps)?;
                if steps.len() == before {
                    return Ok(());
                }
            }
            match most {
                None => emit_any_number(what, steps)?,
                Some(most) => {
                    let mut exits = Vec::new();
                    for _ in *least..*most {
                        exits.push(steps.len());
                        steps.push(Step::Either(steps.len() + 1, 0));
                        emit(what, steps)?;
                    }
                    let end = steps.len();
                    exits.into_iter().for_each(|exit| steps[exit] = Step::Either(exit + 1, end));
                }
            }
        }
    }
    Ok(())
}

fn emit_any_number(what: &Node, steps: &mut Vec<Step>) -> Result<(), PatternError> {
    let start = steps.len();
    steps.push(Step::Jump(0));
    emit(what, steps)?;
    steps.push(Step::Jump(start));
    steps[start] = Step::Either(start + 1, steps.len());
    Ok(())
}

fn emit_choice(nodes: &[Node], steps: &mut Vec<Step>) -> Result<(), PatternError> {
    let mut exits = Vec::new();
    for (number, node) in nodes.iter().enumerate() {
        let is_last = number + 1 == nodes.len();
        let split = steps.len();
        if !is_last {
            steps.push(Step::Jump(0));
        }
        emit(node, steps)?;
        if !is_last {
            exits.push(steps.len());
            steps.push(Step::Jump(0));
            steps[split] = Step::Either(split + 1, steps.len());
        }
    }
    let end = steps.len();
    exits.into_iter().for_each(|exit| steps[exit] = Step::Jump(end));
    Ok(())
}

/// Reads a pattern from the front.
struct Parser<'a> {
    rest: &'a [u8],
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take_if(&mut self, byte: u8) -> bool {
        let is_there = self.rest.first() == Some(&byte);
        self.rest = &self.rest[usize::from(is_there)..];
        is_there
    }

    fn choice(&mut self) -> Result<Node, PatternError> {
        let mut nodes = Vec::from([self.sequence()?]);
        while self.take_if(b'|') {
            nodes.push(self.sequence()?);
        }
        Ok(Node::Choice(nodes))
    }

    fn sequence(&mut self) -> Result<Node, PatternError> {
        let mut nodes = Vec::new();
        while let Some(first) = self.rest.first() {
            // Outside of a group, a closing parenthesis stands for itself.
            if *first == b'|' || (*first == b')' && self.depth > 0) {
                break;
            }
            let mut node = self.one()?;
            let mut repetitions = 0;
            while let Some((least, most)) = self.repetition()? {
                if matches!(node, Node::Start | Node::End) {
                    return Err(PatternError::Repetition);
                }
                repetitions += 1;
                if repetitions > GROUP_DEPTH_MAX {
                    return Err(PatternError::TooLarge);
                }
                node = Node::Repeat { what: Box::new(node), least, most };
            }
            nodes.push(node);
        }
        Ok(Node::Sequence(nodes))
    }

    fn one(&mut self) -> Result<Node, PatternError> {
        let Some(byte) = self.take() else { return Err(PatternError::Unclosed) };
        Ok(match byte {
            b'^' => Node::Start,
            b'$' => Node::End,
            b'.' => Node::One(Box::new([u64::MAX; 4])),
            b'[' => self.set()?,
            b'(' => {
                self.depth += 1;
                if self.depth > GROUP_DEPTH_MAX {
                    return Err(PatternError::TooLarge);
                }
                let node = self.choice()?;
                self.depth -= 1;
                if !self.take_if(b')') {
                    return Err(PatternError::Unclosed);
                }
                node
            }
            b'*' | b'+' | b'?' | b'{' => return Err(PatternError::Repetition),
            b'\\' => match self.take().ok_or(PatternError::Unclosed)? {
                b'w' => class(b"alnum", b"_", false)?,
                b'W' => class(b"alnum", b"_", true)?,
                b's' => class(b"space", &[], false)?,
                b'S' => class(b"space", &[], true)?,
                b'1'..=b'9' | b'b' | b'B' | b'<' | b'>' | b'`' | b'\'' => {
                    return Err(PatternError::Unsupported);
                }
                escaped => only(escaped),
            },
            byte => only(byte),
        })
    }

    /// The counts of a repetition, if there is one.
    fn repetition(&mut self) -> Result<Option<(u32, Option<u32>)>, PatternError> {
        let counts = match self.rest.first() {
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'?') => (0, Some(1)),
            Some(b'{') => {
                let end = self.rest.find_byte(b'}').ok_or(PatternError::Unclosed)?;
                let counts = counts(&self.rest[1..end]).ok_or(PatternError::Repetition)?;
                self.rest = &self.rest[end..];
                counts
            }
            _ => return Ok(None),
        };
        self.take();
        Ok(Some(counts))
    }

    /// A set, after its opening bracket.
    fn set(&mut self) -> Result<Node, PatternError> {
        let is_negative = self.take_if(b'^');
        let mut set = [0; 4];
        let mut is_first = true;
        loop {
            let low = self.take().ok_or(PatternError::Unclosed)?;
            match (low, self.rest.first()) {
                (b']', _) if !is_first => break,
                (b'[', Some(b':')) => {
                    let end = search::find(self.rest, b":]")
                        .filter(|end| *end > 0)
                        .ok_or(PatternError::Unclosed)?;
                    add_class(&mut set, &self.rest[1..end])?;
                    self.rest = &self.rest[end + 2..];
                }
                (b'[', Some(b'.' | b'=')) => return Err(PatternError::Unsupported),
                (low, Some(b'-')) if self.rest.get(1).is_some_and(|high| *high != b']') => {
                    let high = self.rest[1];
                    if high < low {
                        return Err(PatternError::Set);
                    }
                    add(&mut set, low..=high);
                    self.rest = &self.rest[2..];
                }
                (low, _) => add(&mut set, low..=low),
            }
            is_first = false;
        }
        Ok(Node::One(Box::new(if is_negative { set.map(|bits| !bits) } else { set })))
    }
}

/// What stands between the braces of a repetition: `n`, `n,`, `,m` or `n,m`.
fn counts(text: &[u8]) -> Option<(u32, Option<u32>)> {
    let number = |digits: &[u8]| -> Option<u32> {
        let is_number = digits.len() <= 5 && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        if is_number { digits.to_str().ok()?.parse().ok() } else { None }
    };
    let Some((least, most)) = search::split_once(text, b',') else {
        return number(text).map(|count| (count, Some(count)));
    };
    let least = if least.is_empty() { 0 } else { number(least)? };
    let most = if most.is_empty() { None } else { Some(number(most)?) };
    (most.is_none_or(|most| least <= most)).then_some((least, most))
}

fn class(name: &[u8], more: &[u8], is_negative: bool) -> Result<Node, PatternError> {
    let mut set = [0; 4];
    add_class(&mut set, name)?;
    more.iter().for_each(|byte| add(&mut set, *byte..=*byte));
    Ok(Node::One(Box::new(if is_negative { set.map(|bits| !bits) } else { set })))
}

fn add_class(set: &mut ByteSet, name: &[u8]) -> Result<(), PatternError> {
    let is_member: fn(&u8) -> bool = match name {
        b"alpha" => u8::is_ascii_alphabetic,
        b"digit" => u8::is_ascii_digit,
        b"alnum" => u8::is_ascii_alphanumeric,
        b"upper" => u8::is_ascii_uppercase,
        b"lower" => u8::is_ascii_lowercase,
        b"space" => |byte| matches!(byte, 9..=13 | b' '),
        b"blank" => |byte| matches!(byte, b'\t' | b' '),
        b"punct" => u8::is_ascii_punctuation,
        b"print" => |byte| (32..127).contains(byte),
        b"graph" => u8::is_ascii_graphic,
        b"cntrl" => u8::is_ascii_control,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return Err(PatternError::Set),
    };
    (0..=255u8).filter(is_member).for_each(|byte| add(set, byte..=byte));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_posix_says() {
        for (pattern, yes, no) in [
            ("fix", "a fix", "f ix"),
            ("^fix$", "fix", "a fix"),
            ("f.x", "fax", "fx"),
            ("fi+x", "fiix", "fx"),
            ("fi?x", "fx", "fiix"),
            ("fi*x", "fiiix", "fa"),
            ("(ab|cd)*e$", "ababcde", "ab"),
            ("^(ab|cd){2}$", "abcd", "abcdab"),
            ("^a{2,3}$", "aaa", "aaaa"),
            ("^a{2,}$", "aaaaa", "a"),
            ("[]a-c-]x", "]x", "dx"),
            ("[^a-c]x", "dx", "ax"),
            ("[[:digit:]]{3}", "a123", "12a3"),
            ("\\.\\w\\s", ".a ", "aa "),
            ("a|^b", "cb a", "cb"),
            ("()", "", "\u{0}never"),
            ("a)", "a)", "a"),
        ] {
            let compiled = Pattern::new(pattern.as_bytes()).unwrap();
            assert!(compiled.is_match(yes.as_bytes()), "{pattern} should match {yes}");
            assert!(pattern == "()" || !compiled.is_match(no.as_bytes()), "{pattern} should not match {no}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for (pattern, error) in [
            ("*a", PatternError::Repetition),
            ("^*a", PatternError::Repetition),
            ("a{3,2}", PatternError::Repetition),
            ("(a", PatternError::Unclosed),
            ("[a", PatternError::Unclosed),
            ("a\\", PatternError::Unclosed),
            ("[b-a]", PatternError::Set),
            ("[[:what:]]", PatternError::Set),
            ("(a)\\1", PatternError::Unsupported),
            ("((((a{99}){99}){99}){99}){99}", PatternError::TooLarge),
        ] {
            assert_eq!(Pattern::new(pattern.as_bytes()).unwrap_err(), error, "{pattern}");
        }
        assert_eq!(
            Pattern::new(["a", &"*".repeat(60)].concat().as_bytes()).unwrap_err(),
            PatternError::TooLarge
        );
        assert_eq!(Pattern::new("(".repeat(60).as_bytes()).unwrap_err(), PatternError::TooLarge);
        assert_eq!(Pattern::new("((){99999}){99999}".as_bytes()).map(|_| ()), Ok(()));
    }

    #[test]
    fn hostile_patterns_stay_cheap() {
        let pattern = Pattern::new(b"^(a*)*(a|a)*(a?){40}b$").unwrap();
        assert!(!pattern.is_match(&[b'a'; 20_000]));
    }
}
