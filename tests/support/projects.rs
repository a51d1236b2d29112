//! Random histories as projects have them: files of code and prose that are edited, moved, moved with their directory,
//! copied, linked and replaced on two sides. Real git builds them, from one stream.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use govc_git::ObjectId;

use crate::{Random, TestRepo};

/// A file of a history: mode and content.
#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    mode: &'static str,
    content: Vec<u8>,
}

/// The files of a commit.
type Files = BTreeMap<String, File>;

/// Two commits to merge.
#[derive(Clone, Debug)]
pub struct Pair {
    /// What made it.
    pub seed: u64,
    /// Our commit.
    pub ours: ObjectId,
    /// Their commit.
    pub theirs: ObjectId,
}

/// How wild the histories are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Edits, renames of files and directories, additions, removals.
    Ordinary,
    /// Also links, submodules, binary files, and files in the place of directories.
    Wild,
    /// Ordinary, with several merge bases.
    CrissCross,
}

/// Builds `count` pairs in `repo`, the first from `seed`, each from a seed one higher.
pub fn build(repo: &TestRepo, style: Style, seed: u64, count: usize) -> Vec<Pair> {
    let mut stream = Stream { text: Vec::new(), marks: 0, clock: 1_700_000_000 };
    let mut tips = Vec::new();
    for seed in seed..seed + count as u64 {
        let mut random = Random::new(seed);
        let (ours, theirs) = match style {
            Style::CrissCross => criss_cross(&mut random, &mut stream),
            _ => fork(&mut random, &mut stream, style == Style::Wild),
        };
        tips.push((seed, ours, theirs));
    }
    let marks = repo.path().join("marks");
    let export = format!("--export-marks={}", marks.display());
    repo.git_bytes(&["fast-import", "--quiet", "--force", &export], &stream.text);
    let marks = std::fs::read_to_string(marks).unwrap();
    let marks: BTreeMap<&str, &str> =
        marks.lines().filter_map(|line| line.strip_prefix(':')?.split_once(' ')).collect();
    let id = |mark: usize| marks[mark.to_string().as_str()].parse().unwrap();
    tips.into_iter().map(|(seed, ours, theirs)| Pair { seed, ours: id(ours), theirs: id(theirs) }).collect()
}

fn fork(random: &mut Random, stream: &mut Stream, wild: bool) -> (usize, usize) {
    let base = project(random, wild);
    let root = stream.commit(&[], &base);
    let mut tips = [0, 0];
    for tip in &mut tips {
        let mut files = base.clone();
        *tip = root;
        for _ in 0..1 + random.below(3) {
            change(random, &mut files, wild);
            *tip = stream.commit(&[*tip], &files);
        }
    }
    (tips[0], tips[1])
}

fn criss_cross(random: &mut Random, stream: &mut Stream) -> (usize, usize) {
    let base = project(random, false);
    let root = stream.commit(&[], &base);
    let width = 2 + usize::from(random.chance(25));
    let mut tips: Vec<(usize, Files)> = vec![(root, base); width];
    for round in 0..1 + random.below(3) {
        for (tip, files) in &mut tips {
            change(random, files, false);
            *tip = stream.commit(&[*tip], files);
        }
        if round > 0 && random.chance(20) {
            continue;
        }
        let before = tips.clone();
        for (at, (tip, files)) in tips.iter_mut().enumerate() {
            let mut parents = vec![*tip];
            for (other, (their_tip, theirs)) in before.iter().enumerate() {
                if other != at {
                    parents.push(*their_tip);
                    mix(random, files, theirs);
                }
            }
            *tip = stream.commit(&parents, files);
        }
    }
    for (tip, files) in &mut tips {
        change(random, files, false);
        *tip = stream.commit(&[*tip], files);
    }
    (tips[0].0, tips[1].0)
}

/// What somebody might commit as the merge of two sides.
fn mix(random: &mut Random, ours: &mut Files, theirs: &Files) {
    let paths: BTreeSet<String> = ours.keys().chain(theirs.keys()).cloned().collect();
    for path in paths {
        if ours.get(&path) != theirs.get(&path) && random.chance(50) {
            match theirs.get(&path) {
                Some(file) => put(ours, &path, file.clone()),
                None => drop(ours.remove(&path)),
            }
        }
    }
}

const NAMES: [&str; 14] = [
    "app",
    "views",
    "models",
    "forms",
    "index",
    "main",
    "config",
    "helpers",
    "signals",
    "README",
    "guide",
    "test_app",
    "test_views",
    "__init__",
];
const ENDS: [&str; 4] = [".py", ".js", ".md", ""];
const DIRECTORIES: [&str; 12] = [
    "",
    "src",
    "src/core",
    "src/core/json",
    "lib",
    "lib/core",
    "tests",
    "tests/unit",
    "docs",
    "docs/api",
    "app",
    "examples/blog",
];
const WORDS: [&str; 16] = [
    "request", "app", "route", "name", "value", "context", "self", "config", "error", "path", "test", "view",
    "user", "session", "field", "table",
];

/// A line as programs have them: blank lines, braces and returns repeat, others seldom do.
pub fn line(random: &mut Random) -> String {
    let indent = "    ".repeat(random.below(3));
    match random.below(10) {
        0 | 1 => String::new(),
        2 => "    }".into(),
        3 => format!("{indent}return {}", random.pick(&WORDS)),
        4 => format!("{indent}{}({})", random.pick(&WORDS), random.pick(&WORDS)),
        _ => format!("{indent}{}.{} = {}", random.pick(&WORDS), random.pick(&WORDS), random.below(1000)),
    }
}

/// Inserts, removes, replaces, extends and copies lines.
pub fn edit(random: &mut Random, lines: &[String], edits: usize) -> Vec<String> {
    let mut lines = lines.to_vec();
    for _ in 0..edits {
        let at = random.below(lines.len() + 1);
        let count = 1 + random.below(3);
        match random.below(5) {
            0 => {
                for _ in 0..count {
                    let new = line(random);
                    lines.insert(at, new);
                }
            }
            1 => drop(lines.drain(at.min(lines.len())..(at + count).min(lines.len()))),
            2 if at < lines.len() => lines[at].push_str(" # changed"),
            3 if at < lines.len() => {
                let copy: Vec<String> = lines[at..(at + count).min(lines.len())].to_vec();
                let to = random.below(lines.len() + 1);
                lines.splice(to..to, copy);
            }
            _ => {
                let end = (at + count).min(lines.len());
                let new: Vec<String> = (0..1 + random.below(3)).map(|_| line(random)).collect();
                lines.splice(at.min(end)..end, new);
            }
        }
    }
    lines
}

fn text(lines: &[String]) -> Vec<u8> {
    let mut text = lines.join("\n").into_bytes();
    if !text.is_empty() {
        text.push(b'\n');
    }
    text
}

fn new_file(random: &mut Random, wild: bool) -> File {
    let length = if random.chance(8) { 0 } else { 4 + random.below(40) };
    let lines: Vec<String> = (0..length).map(|_| line(random)).collect();
    let mut file = File { mode: "100644", content: text(&lines) };
    if random.chance(8) {
        file.mode = "100755";
    }
    if wild {
        match random.below(30) {
            0 => file = File { mode: "120000", content: random.pick(&DIRECTORIES).as_bytes().to_vec() },
            1 => {
                file = File { mode: "160000", content: format!("{:040x}", 1 + random.below(6)).into_bytes() }
            }
            2 => file.content.insert(0, 0),
            3 => file.content = vec![b'x'; 1 + random.below(3)],
            _ => {}
        }
        if file.mode == "120000" && file.content.is_empty() {
            file.content = b"here".to_vec();
        }
    }
    file
}

fn new_path(random: &mut Random, files: &Files) -> String {
    let directories = directories(files);
    let directory = if random.chance(70) && !directories.is_empty() {
        random.pick(&directories).clone()
    } else {
        (*random.pick(&DIRECTORIES)).to_owned()
    };
    below(&directory, &format!("{}{}", random.pick(&NAMES), random.pick(&ENDS)))
}

fn below(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

fn directories(files: &Files) -> Vec<String> {
    let mut all = BTreeSet::new();
    for path in files.keys() {
        let mut rest = path.as_str();
        while let Some((directory, _)) = rest.rsplit_once('/') {
            all.insert(directory.to_owned());
            rest = directory;
        }
    }
    all.into_iter().collect()
}

/// Puts a file; what stands in its way goes.
fn put(files: &mut Files, path: &str, file: File) {
    let inside = format!("{path}/");
    files.retain(|other, _| !other.starts_with(&inside) && !path.starts_with(&format!("{other}/")));
    files.insert(path.to_owned(), file);
}

fn project(random: &mut Random, wild: bool) -> Files {
    let mut files = Files::new();
    for _ in 0..6 + random.below(18) {
        let path = new_path(random, &files);
        let file = if random.chance(12) && !files.is_empty() {
            // Files that resemble each other make it hard to say which became which.
            let other = any(random, &files);
            edited(random, &files[&other], wild)
        } else {
            new_file(random, wild)
        };
        put(&mut files, &path, file);
    }
    files
}

fn any(random: &mut Random, files: &Files) -> String {
    files.keys().nth(random.below(files.len())).cloned().unwrap()
}

fn edited(random: &mut Random, file: &File, wild: bool) -> File {
    let mut file = file.clone();
    match file.mode {
        "120000" | "160000" => return new_file(random, wild),
        _ if random.chance(6) => {
            file.mode = if file.mode == "100644" { "100755" } else { "100644" };
            if random.chance(50) {
                return file;
            }
        }
        _ => {}
    }
    let content = String::from_utf8_lossy(&file.content).into_owned();
    let lines: Vec<String> = content.lines().map(str::to_owned).collect();
    let count = 1 + random.below(3);
    file.content = text(&edit(random, &lines, count));
    file
}

/// Does what people do between two commits.
fn change(random: &mut Random, files: &mut Files, wild: bool) {
    for _ in 0..1 + random.below(5) {
        if files.is_empty() {
            *files = project(random, wild);
        }
        step(random, files, wild);
    }
}

fn step(random: &mut Random, files: &mut Files, wild: bool) {
    let path = any(random, files);
    match random.below(if wild { 32 } else { 26 }) {
        0..=8 => {
            let file = edited(random, &files[&path], wild);
            files.insert(path, file);
        }
        9..=12 => {
            let path = new_path(random, files);
            let file = new_file(random, wild);
            put(files, &path, file);
        }
        13 | 14 => drop(files.remove(&path)),
        15..=18 => {
            let to = new_path(random, files);
            move_file(random, files, &path, &to, wild);
        }
        19..=22 => move_directory(random, files, wild),
        23 => {
            let to = new_path(random, files);
            let file = edited(random, &files[&path], wild);
            put(files, &to, file);
        }
        24 => {
            // Moved away, and something new in its place.
            let to = new_path(random, files);
            move_file(random, files, &path, &to, wild);
            let file = new_file(random, wild);
            put(files, &path, file);
        }
        25 => {
            let other = any(random, files);
            let (a, b) = (files[&path].clone(), files[&other].clone());
            files.insert(path, b);
            files.insert(other, a);
        }
        26 | 27 => {
            // A directory in the place of a file.
            if let Some(file) = files.remove(&path) {
                let name = *random.pick(&NAMES);
                put(files, &below(&path, name), file);
            }
        }
        28 | 29 => {
            if let Some(directory) = directories(files).last().cloned() {
                let file = new_file(random, wild);
                put(files, &directory, file);
            }
        }
        _ => {
            let mut file = new_file(random, true);
            if random.chance(40) {
                file = File { mode: "120000", content: random.pick(&NAMES).as_bytes().to_vec() };
            } else if random.chance(40) {
                file = File { mode: "160000", content: format!("{:040x}", 1 + random.below(6)).into_bytes() };
            }
            put(files, &path, file);
        }
    }
}

fn move_file(random: &mut Random, files: &mut Files, from: &str, to: &str, wild: bool) {
    let Some(file) = files.remove(from) else { return };
    let file = if random.chance(40) { edited(random, &file, wild) } else { file };
    put(files, to, file);
}

fn move_directory(random: &mut Random, files: &mut Files, wild: bool) {
    let all = directories(files);
    if all.is_empty() {
        return;
    }
    let from = random.pick(&all).clone();
    let to = match random.below(4) {
        0 => random.pick(&all).clone(),
        1 => (*random.pick(&DIRECTORIES)).to_owned(),
        2 => {
            let above = *random.pick(&DIRECTORIES);
            let name = *random.pick(&NAMES);
            below(above, name)
        }
        _ => format!("{from}_{}", random.pick(&NAMES)),
    };
    if to == from || to.starts_with(&format!("{from}/")) {
        return;
    }
    let inside = format!("{from}/");
    let paths: Vec<String> = files.keys().filter(|path| path.starts_with(&inside)).cloned().collect();
    let partial = random.chance(20);
    for path in paths {
        if partial && random.chance(40) {
            continue;
        }
        let Some(file) = files.remove(&path) else { continue };
        let file = if random.chance(15) { edited(random, &file, wild) } else { file };
        put(files, &below(&to, &path[inside.len()..]), file);
    }
}

/// The input of `git fast-import`.
struct Stream {
    text: Vec<u8>,
    marks: usize,
    clock: u64,
}

impl Stream {
    fn commit(&mut self, parents: &[usize], files: &Files) -> usize {
        self.marks += 1;
        self.clock += 60;
        let mut head = String::new();
        write!(head, "commit refs/heads/m{}\nmark :{}\n", self.marks, self.marks).unwrap();
        write!(head, "committer C <c@example.com> {} +0000\ndata 0\n", self.clock).unwrap();
        for (at, parent) in parents.iter().enumerate() {
            writeln!(head, "{} :{parent}", if at == 0 { "from" } else { "merge" }).unwrap();
        }
        head.push_str("deleteall\n");
        self.text.extend_from_slice(head.as_bytes());
        for (path, file) in files {
            if file.mode == "160000" {
                let id = String::from_utf8_lossy(&file.content).into_owned();
                self.text.extend_from_slice(format!("M 160000 {id} {path}\n").as_bytes());
                continue;
            }
            let head = format!("M {} inline {path}\ndata {}\n", file.mode, file.content.len());
            self.text.extend_from_slice(head.as_bytes());
            self.text.extend_from_slice(&file.content);
            self.text.push(b'\n');
        }
        self.marks
    }
}
