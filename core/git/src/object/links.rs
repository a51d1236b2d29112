//! What a walk needs of a commit: its tree, its parents and its time. Nothing is allocated, nothing else is read.

use alloc::vec::Vec;

use bstr::ByteSlice;

use super::ObjectError;
use super::commit::HeaderLines;
use crate::ObjectId;

/// The links of a commit, and where git's walk sorts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitLinks {
    /// The state.
    pub tree: ObjectId,
    /// Seconds since the epoch, as git's walk reads the committer line: 0 where there is no number, 2^64 - n for
    /// a negative one, `u64::MAX` where it overflows.
    pub time: u64,
}

impl CommitLinks {
    /// Reads the links and replaces `parents` by the commit's.
    pub fn parse(bytes: &[u8], parents: &mut Vec<ObjectId>) -> Result<Self, ObjectError> {
        parents.clear();
        let mut lines = HeaderLines::new(bytes);
        let tree = lines.id("tree").ok_or(lines.error("expected 'tree' and an id"))?;
        while let Some(parent) = lines.id("parent") {
            parents.push(parent);
        }
        if lines.rest().starts_with(b"parent ") {
            return Err(lines.error("expected 'parent' and an id"));
        }
        Ok(Self { tree, time: committer_time(lines.rest()).unwrap_or(0) })
    }
}

/// The time in the line after the author's, if that is a whole committer line with a number after its last `>`.
fn committer_time(rest: &[u8]) -> Option<u64> {
    let author_end = rest.strip_prefix(b"author").and_then(|author| author.find_byte(b'\n'))?;
    let line = rest["author".len() + author_end + 1..].strip_prefix(b"committer")?;
    let line = &line[..line.find_byte(b'\n')?];
    let date = &line[line.rfind_byte(b'>')? + 1..];
    let start = date.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r'))?;
    Some(number(&date[start..]))
}

/// An unsigned number the way C reads one: a minus wraps, too many digits saturate, what follows is left alone.
fn number(text: &[u8]) -> u64 {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let mut value = 0u64;
    for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
        let next = value.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit - b'0')));
        match next {
            Some(next) => value = next,
            None => return u64::MAX,
        }
    }
    if negative { value.wrapping_neg() } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    fn time(committer: &str) -> u64 {
        let text = format!(
            "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a> 7 +0000\n{committer}\n\nmessage"
        );
        CommitLinks::parse(text.as_bytes(), &mut Vec::new()).unwrap().time
    }

    #[test]
    fn times_are_read_as_git_reads_them() {
        for (line, expected) in [
            ("committer C <c> 12 +0000", 12),
            ("committer C <c>\t 12x", 12),
            ("committer C > <c> 12", 12),
            ("committer C <c> -3 +0000", u64::MAX - 2),
            ("committer C <c> 99999999999999999999 +0000", u64::MAX),
            ("committer C <c> x", 0),
            ("committer C <c>", 0),
            ("committer 12", 0),
            ("encoding x", 0),
        ] {
            assert_eq!(time(line), expected, "{line}");
        }
    }

    #[test]
    fn parents_replace_what_was_there() {
        let id = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let mut parents = [ObjectId::NULL].to_vec();
        let text = format!("tree {id}\nparent {id}\nparent {id}\n");
        assert_eq!(CommitLinks::parse(text.as_bytes(), &mut parents).unwrap().time, 0);
        assert_eq!(parents, [ObjectId::EMPTY_TREE; 2]);
        assert!(CommitLinks::parse(b"tree 4b\n", &mut parents).is_err());
        assert!(CommitLinks::parse(format!("tree {id}\nparent x\n").as_bytes(), &mut parents).is_err());
    }
}
