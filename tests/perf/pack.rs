//! Times the pack code beside `git`: `cargo run --release -p govc-tests --example pack -- REPOSITORY.git`,
//! which must be bare and have one pack. No test.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement stops where it cannot go on")]

use std::process::Command;
use std::time::Instant;

use govc_git::limits::Limits;
use govc_git::pack::{Pack, PackItem, PackReceiver, PackSources, PackWriter, WriteOptions, name_hash};
use govc_git::store::MemoryStore;
use govc_git::{ObjectId, ObjectSource};

/// The median of five runs, in milliseconds, and what the last one gave.
fn timed<T>(mut run: impl FnMut() -> T) -> (f64, T) {
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..5 {
        let start = Instant::now();
        last = Some(run());
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    (times[2], last.unwrap())
}

fn main() {
    let repository = std::env::args().nth(1).unwrap();
    let mut files =
        std::fs::read_dir(format!("{repository}/objects/pack")).unwrap().map(|file| file.unwrap().path());
    let path = files.find(|path| path.extension().is_some_and(|found| found == "pack")).unwrap();
    let path = path.to_str().unwrap().to_owned();
    let bytes = std::fs::read(&path).unwrap();
    let (git, _) = timed(|| {
        let index = std::env::temp_dir().join("govc-perf.idx");
        let args = ["index-pack", "--threads=1", "-o", index.to_str().unwrap(), &path];
        assert!(Command::new("git").args(args).output().unwrap().status.success());
        drop(std::fs::remove_file(index));
    });
    let (arrive, _) = timed(|| {
        let mut receiver = PackReceiver::new(Limits::default());
        receiver.push(&bytes).unwrap();
        receiver.progress()
    });
    let (index, pack) =
        timed(|| PackReceiver::receive(&bytes, &MemoryStore::new(), Limits::default()).unwrap());
    println!("{} objects, {} bytes", pack.len(), bytes.len());
    println!("index: git {git:.1} ms, here {index:.1} ms ({arrive:.1} ms of it while it arrives)");
    let (open, opened) =
        timed(|| Pack::open(bytes.clone(), pack.index_bytes().to_vec(), Limits::default()).unwrap());
    println!("open with its index: {open:.2} ms, {} bytes of memory", opened.memory_bytes());
    let ids: Vec<ObjectId> = opened.ids().collect();
    let (read, _) = timed(|| ids.iter().map(|id| opened.read(id).unwrap().bytes.len()).sum::<usize>());
    let (header, _) = timed(|| ids.iter().map(|id| opened.header(id).unwrap().1).sum::<u64>());
    println!("read all, by id: {read:.1} ms; all headers: {header:.1} ms");
    write(&repository, &opened);
}

/// Writes everything reachable again: with what lies ready, and with a search for deltas from nothing.
fn write(repository: &str, pack: &Pack) {
    let list = Command::new("git")
        .args(["-C", repository, "rev-list", "--objects", "--all"])
        .output()
        .unwrap()
        .stdout;
    let lines = list.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let item = |line: &[u8]| PackItem {
        id: ObjectId::from_hex(&line[..40]).unwrap(),
        name_hash: line.get(41..).map_or(0, name_hash),
    };
    let items: Vec<PackItem> = lines.map(item).collect();
    let script = "git -C $0 pack-objects --no-reuse-delta --no-reuse-object --threads=1 --delta-base-offset --stdout -q";
    let git = |options: &str| {
        let mut child = Command::new("sh")
            .args(["-c", &format!("{script} {options}"), repository])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let list = list.clone();
        let feed = std::thread::spawn(move || std::io::Write::write_all(&mut input, &list));
        let written = child.wait_with_output().unwrap().stdout.len();
        feed.join().unwrap().unwrap();
        written
    };
    let (git_time, git_size) = timed(|| git(""));
    for (name, options) in [
        ("with what lies ready", WriteOptions::default()),
        ("from nothing", WriteOptions { reuse: false, ..WriteOptions::default() }),
    ] {
        let sources = PackSources { objects: pack, packs: &[pack] };
        let (time, bytes) =
            timed(|| PackWriter::new(items.clone(), Vec::new(), options).write(&sources).unwrap());
        println!("write {name}: {time:.0} ms, {} bytes", bytes.len());
    }
    println!("git pack-objects from nothing: {git_time:.0} ms, {git_size} bytes");
}
