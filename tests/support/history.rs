//! Histories that git builds from a seed, for walks to go over.

use std::fmt::Write as _;

use bstr::ByteSlice;
use govc_git::ObjectId;

use crate::{Random, TestRepo};

/// How commits get their dates.
#[derive(Clone, Copy, Debug)]
pub enum Dates {
    /// Later than the parents'.
    Rising,
    /// All the same.
    Equal,
    /// Rising, many the same.
    Coarse,
    /// Rising, some of a clock that is wrong.
    Skewed,
    /// At random.
    Wild,
}

/// The paths in a history.
pub const PATHS: [&str; 6] = ["a", "d/b", "d/c", "d/e/f", "g/h", "d.x"];

/// A history of `count` commits: roots, merges of up to four parents, criss-crosses; few contents, so that merges often
/// have the state of one of their parents.
pub fn history(seed: u64, count: usize, dates: Dates) -> (TestRepo, Vec<ObjectId>) {
    let mut random = Random(seed * 2_654_435_761 + 88_172_645_463_325_252);
    let mut stream = String::new();
    let mut childless = vec![true; count];
    for at in 0..count {
        let base = 1_000_000_000 + at as u64 * 100;
        let date = match dates {
            Dates::Rising => base,
            Dates::Equal => 1_000_000_000,
            Dates::Coarse => base - base % 1000,
            Dates::Skewed if random.below(10) == 0 => base - 2000 + random.below(4000) as u64,
            Dates::Skewed => base,
            Dates::Wild => 1_000_000_000 + random.below(count * 100) as u64,
        };
        let author = ["Ada", "Grace", "Barbara", "Jean"][random.below(4)];
        let message = ["fix", "feature", "docs: fix", "release"][random.below(4)];
        writeln!(stream, "commit refs/x/c{at}\nmark :{}", at + 1).unwrap();
        writeln!(stream, "author {author} <{author}@example.com> {date} +0000").unwrap();
        writeln!(stream, "committer C <c@example.com> {date} +0000").unwrap();
        writeln!(stream, "data <<END\n{message} {at}\nEND").unwrap();
        let parents = match random.below(20) {
            _ if at == 0 => 0,
            0 => 0,
            1..=12 => 1,
            13..=18 => 2,
            _ => 4,
        };
        let mut chosen: Vec<usize> = Vec::new();
        for _ in 0..parents {
            let parent = at - 1 - random.below(at.min(12));
            if !chosen.contains(&parent) {
                chosen.push(parent);
            }
        }
        for (number, parent) in chosen.iter().enumerate() {
            childless[*parent] = false;
            writeln!(stream, "{} :{}", if number == 0 { "from" } else { "merge" }, parent + 1).unwrap();
        }
        for path in PATHS {
            if chosen.is_empty() || random.below(6) == 0 {
                match random.below(5) {
                    0 if !chosen.is_empty() => writeln!(stream, "D {path}").unwrap(),
                    value => writeln!(stream, "M 100644 inline {path}\ndata 2\n{}", value % 3).unwrap(),
                }
            }
        }
        writeln!(stream).unwrap();
    }
    for (at, childless) in childless.iter().enumerate() {
        if *childless || random.below(15) == 0 {
            writeln!(stream, "reset refs/heads/b{at}\nfrom :{}\n", at + 1).unwrap();
        }
    }
    writeln!(stream, "reset refs/heads/main\nfrom :{count}\n").unwrap();
    let repo = TestRepo::init();
    repo.git_bytes(&["fast-import", "--quiet", "--date-format=raw-permissive"], stream.as_bytes());
    let names: String = (0..count).map(|at| format!("refs/x/c{at}\n")).collect();
    let ids = repo.git_bytes(&["cat-file", "--batch-check=%(objectname)"], names.as_bytes());
    let ids: Vec<ObjectId> = ids.lines().map(|line| ObjectId::from_hex(line).unwrap()).collect();
    let delete: String = (0..count).map(|at| format!("delete refs/x/c{at}\n")).collect();
    repo.git_bytes(&["update-ref", "--stdin"], delete.as_bytes());
    (repo, ids)
}
