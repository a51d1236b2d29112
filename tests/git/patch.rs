//! Patches against `git apply --cached`: the same are taken, the same are refused, and the same trees come out.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bstr::ByteSlice;
use govc_git::edit::{PathEdit, edit_tree};
use govc_git::patch::{ApplyOptions, apply_patch};
use govc_git::store::{MemoryStore, Overlay};
use govc_git::{Kind, ObjectId, ObjectSink};
use govc_tests::{Random, TestRepo};

type Files = BTreeMap<String, (&'static str, Vec<String>)>;

const NAMES: [&str; 10] =
    ["a", "d/b", "d/c c", "d/e/f", "g\"h", "\u{e4}/x", "tab\tname", "d2/b", "a b/a b", "z"];
const STATES: usize = 12;

/// Lines of few kinds, so that hunks fit in more than one place.
fn line(random: &mut Random) -> String {
    let kinds = ["x", "y", "", "{", "}", " x", "x ", "end\r", "-- sign", "++ sign"];
    if random.chance(60) { random.pick(&kinds).to_string() } else { format!("line {}", random.below(30)) }
}

fn edit(files: &mut Files, random: &mut Random) {
    let names: Vec<String> = files.keys().cloned().collect();
    let name = names[random.below(names.len())].clone();
    match random.below(12) {
        0 => drop(files.remove(&name).filter(|_| names.len() > 2)),
        1 => {
            let to = random.pick(&NAMES).to_string();
            if let Some(file) = files.remove(&name) {
                files.insert(to, file);
            }
        }
        2 => {
            let mode = if files[&name].0 == "100644" { "100755" } else { "100644" };
            let file = files.get_mut(&name).unwrap();
            if file.0 != "120000" {
                file.0 = mode;
            }
        }
        3 => {
            let to = random.pick(&NAMES).to_string();
            let text = (0..random.below(6)).map(|_| line(random) + "\n").collect();
            files.insert(to, ("100644", text));
        }
        4 => {
            let target = format!("target {}", random.below(3));
            files.insert(random.pick(&NAMES).to_string(), ("120000", vec![target]));
        }
        _ => {
            let text = &mut files.get_mut(&name).unwrap().1;
            for _ in 0..1 + random.below(3) {
                let at = random.below(text.len() + 1);
                if random.chance(50) || at == text.len() {
                    text.insert(at, line(random) + "\n");
                } else {
                    text.remove(at);
                }
            }
            // At most the last line is without its newline.
            let last = text.len().saturating_sub(1);
            text.iter_mut().take(last).filter(|line| !line.ends_with('\n')).for_each(|line| line.push('\n'));
            if random.chance(10)
                && let Some(last) = text.last_mut()
            {
                last.pop();
            }
        }
    }
}

/// Trees that come from one another by edits.
fn states(random: &mut Random) -> (TestRepo, Vec<ObjectId>) {
    let mut files: Files = NAMES[..6]
        .iter()
        .map(|name| {
            (name.to_string(), ("100644", (0..4 + random.below(30)).map(|_| line(random) + "\n").collect()))
        })
        .collect();
    let mut all = vec![files.clone()];
    for _ in 1..STATES {
        if random.chance(30) {
            files = all[random.below(all.len())].clone();
        }
        (0..1 + random.below(4)).for_each(|_| edit(&mut files, random));
        // No name is both a file and a folder.
        let names: Vec<String> = files.keys().cloned().collect();
        files.retain(|name, _| !names.iter().any(|other| other.starts_with(&format!("{name}/"))));
        all.push(files.clone());
    }
    let mut stream = String::new();
    for (at, files) in all.iter().enumerate() {
        writeln!(stream, "commit refs/heads/s{at}\ncommitter C <c> 1 +0000\ndata 0\ndeleteall").unwrap();
        for (name, (mode, text)) in files {
            let text = text.concat();
            writeln!(stream, "M {mode} inline {name:?}\ndata {}\n{text}", text.len()).unwrap();
        }
        writeln!(stream).unwrap();
    }
    let repo = TestRepo::init();
    repo.git_bytes(&["fast-import", "--quiet"], stream.replace("\\u{e4}", "\u{e4}").as_bytes());
    let trees = (0..STATES).map(|at| repo.id(&format!("s{at}^{{tree}}"))).collect();
    (repo, trees)
}

/// Makes a patch a little wrong.
fn mutate(patch: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<Vec<u8>> = patch.split_inclusive(|byte| *byte == b'\n').map(Vec::from).collect();
    if lines.is_empty() {
        return;
    }
    let at = random.below(lines.len());
    match random.below(9) {
        0 => drop(lines.remove(at)),
        // Of a header line that comes twice, git takes the names of the first over into the second.
        1 if lines[at].starts_with(b"diff ") => {}
        1 => lines.insert(at, lines[at].clone()),
        2 => lines.truncate(at),
        3 => {
            let with = random.below(lines.len());
            lines.swap(at, with);
        }
        4 => {
            let byte = random.below(lines[at].len());
            lines[at][byte] = *random.pick(b" -+\\@,0123456789ab/\"\t\n");
        }
        5 => {
            if let Some(hunk) = lines.iter_mut().find(|line| line.starts_with(b"@@ -")) {
                let digits: Vec<usize> = hunk.iter().positions_of_digits();
                let digit = digits[random.below(digits.len())];
                hunk[digit] = *random.pick(b"0123456789");
            }
        }
        6 => lines.retain(|line| !line.starts_with(b"diff --git") && !line.starts_with(b"index")),
        7 => lines.insert(at, b"some words between\n".to_vec()),
        _ => lines.retain(|line| !line.starts_with(b"new file") && !line.starts_with(b"deleted file")),
    }
    *patch = lines.concat();
}

trait Digits {
    fn positions_of_digits(self) -> Vec<usize>;
}

impl<'a, I: Iterator<Item = &'a u8>> Digits for I {
    fn positions_of_digits(self) -> Vec<usize> {
        self.enumerate().filter(|(_, byte)| byte.is_ascii_digit()).map(|(at, _)| at).collect()
    }
}

fn ours(
    store: &MemoryStore,
    tree: &ObjectId,
    patch: &[u8],
    options: &ApplyOptions,
) -> Result<ObjectId, String> {
    let patched = apply_patch(store, tree, patch, options).map_err(|error| error.to_string())?;
    let mut overlay = Overlay::new(store);
    let edits: Vec<_> = patched
        .iter()
        .map(|(path, file)| match file {
            Some((mode, bytes)) => (path, PathEdit::Put(*mode, overlay.write(Kind::Blob, bytes))),
            None => (path, PathEdit::Remove),
        })
        .collect();
    edit_tree(&mut overlay, tree, &edits).map_err(|error| error.to_string())
}

fn theirs(repo: &TestRepo, tree: &ObjectId, patch: &[u8], args: &[&str]) -> Result<ObjectId, String> {
    repo.git(&["read-tree", &tree.to_string()]);
    let output = repo.run(&[&["apply", "--cached", "--whitespace=nowarn"], args].concat(), patch);
    if !output.status.success() {
        // A git that dies of a patch leaves its lock.
        drop(std::fs::remove_file(repo.path().join(".git/index.lock")));
        return Err(output.stderr.as_bstr().to_string());
    }
    Ok(repo.git(&["write-tree"]).trim().parse().unwrap())
}

#[test]
fn patches_are_taken_and_refused_as_git_does() {
    let mut random = Random::new(71);
    let (mut taken, mut refused) = (0, 0);
    let mut different = Vec::new();
    for _ in 0..12 {
        let (repo, trees) = states(&mut random);
        let store = repo.objects();
        for _ in 0..70 {
            let [from, to, on, beyond] = [(); 4].map(|()| trees[random.below(STATES)]);
            let on = if random.chance(75) { from } else { on };
            let context = format!("-U{}", [0, 1, 2, 3, 3, 3, 8][random.below(7)]);
            let renames = *random.pick(&["-M", "--no-renames", "-C", "--find-copies-harder"]);
            let [from_text, to_text, beyond] = [from, to, beyond].map(|id| id.to_string());
            let diff = |from: &str, to: &str| repo.git_bytes(&["diff", &context, renames, from, to], b"");
            let mut patch = diff(&from_text, &to_text);
            if random.chance(10) {
                patch.extend(diff(&to_text, &beyond));
            }
            if random.chance(45) {
                (0..1 + random.below(2)).for_each(|_| mutate(&mut patch, &mut random));
            }
            let mut options = ApplyOptions { reverse: random.chance(25), ..ApplyOptions::default() };
            let mut args = Vec::new();
            args.extend(options.reverse.then_some("-R"));
            if random.chance(5) {
                options.strip = random.below(3) as u32;
                args.push(["-p0", "-p1", "-p2"][options.strip as usize]);
            }
            // Git 2.47 forgets the mode of a file that it brings back.
            let deleted = b"deleted file mode ";
            if options.reverse
                && patch.find_iter(deleted).any(|at| !patch[at + deleted.len()..].starts_with(b"100644"))
            {
                continue;
            }
            let ours = ours(&store, &on, &patch, &options);
            let theirs = theirs(&repo, &on, &patch, &args);
            if ours.as_ref().ok() == theirs.as_ref().ok() {
                taken += usize::from(theirs.is_ok());
                refused += usize::from(theirs.is_err());
            } else {
                different.push(format!(
                    "{args:?} {context} {renames}\nours {ours:?}\ngit {theirs:?}\n{}",
                    patch.as_bstr()
                ));
            }
        }
    }
    println!("{taken} taken, {refused} refused, {} different", different.len());
    assert!(different.is_empty(), "{}", different[..different.len().min(4)].join("\n======\n"));
}
