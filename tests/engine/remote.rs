//! The engine as a client of real git's own server, `git http-backend`, which is asked as a web server asks it: clones,
//! fetches and pushes beside those of git itself.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::process::{Command, Stdio};

use bstr::ByteSlice;
use govc_engine::git::limits::Limits;
use govc_engine::git::path::RepoPath;
use govc_engine::git::transport::client::RequestTarget;
use govc_engine::git::{ObjectId, ObjectSource};
use govc_engine::{
    Author, CommitRequest, Env, FetchOptions, Fetched, PushOptions, Pushed, RemoteFetch, RemotePush,
    Repository,
};
use govc_tests::{Random, TestRepo};

fn env() -> Env {
    let author = Author { name: "Ada".into(), email: "ada@example.com".into(), offset_minutes: 0 };
    Env { now_ms: 1_700_000_000_000, author }
}

/// Asks the server for what a machine wants, and gives it the answer in pieces.
macro_rules! exchange {
    ($machine:ident, $repository:expr, $server:expr, $body:expr) => {
        while let Some(request) = $machine.request($repository).unwrap() {
            let mut body = request.body.unwrap_or_default();
            $body(&mut $machine, &mut body);
            let (status, content_type, answer) = ask($server, request.target, &body);
            $machine.handle_head(status, content_type.as_bytes()).unwrap();
            for piece in answer.chunks(1000) {
                $machine.handle_input(piece).unwrap();
            }
            $machine.end_input($repository).unwrap();
        }
    };
}

fn fetch(repository: &mut Repository, server: &TestRepo, options: FetchOptions) -> Fetched {
    let options = FetchOptions { remote: "origin".into(), ..options };
    let mut machine = RemoteFetch::new(options, repository).unwrap();
    exchange!(machine, repository, server, |_: &mut RemoteFetch, _: &mut Vec<u8>| {});
    while !machine.step(repository, 1000).unwrap() {}
    machine.finish(repository, &env()).unwrap()
}

fn push(repository: &mut Repository, server: &TestRepo, refs: &[&str]) -> Pushed {
    let refs = refs.iter().map(|name| name.as_bytes().to_vec()).collect();
    let options = PushOptions { remote: "origin".into(), refs, ..PushOptions::default() };
    let mut machine = RemotePush::new(options, repository);
    exchange!(machine, repository, server, |machine: &mut RemotePush, body: &mut Vec<u8>| {
        while let Some(chunk) = machine.body_chunk(repository).unwrap() {
            body.extend_from_slice(&chunk);
        }
    });
    machine.finish(repository, &env()).unwrap()
}

/// One request to `git http-backend`: status, content type, body.
fn ask(server: &TestRepo, target: RequestTarget, body: &[u8]) -> (u16, String, Vec<u8>) {
    let programs = server.git(&["--exec-path"]);
    let (path, query) = target.path().split_once('?').unwrap_or((target.path(), ""));
    let method = if target.content_type().is_some() { "POST" } else { "GET" };
    let mut child = Command::new(format!("{}/git-http-backend", programs.trim()))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("GIT_PROJECT_ROOT", server.path())
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "http.receivepack")
        .env("GIT_CONFIG_VALUE_0", "true")
        .env("GIT_PROTOCOL", target.git_protocol().unwrap_or_default())
        .env("PATH_INFO", format!("/.git/{path}"))
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", method)
        .env("CONTENT_TYPE", target.content_type().unwrap_or_default())
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || drop(stdin.write_all(body)));
        child.wait_with_output().unwrap()
    });
    let end = output.stdout.find(b"\r\n\r\n").unwrap();
    let head = output.stdout[..end].to_str().unwrap();
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    let status = header("Status: ").map_or(200, |status| status[..3].parse().unwrap());
    (status, header("Content-Type: ").unwrap_or_default(), output.stdout[end + 4..].to_vec())
}

/// A history of branches and merges by chance, commits a day apart.
fn grow(repo: &TestRepo, random: &mut Random, from: usize, count: usize) {
    for step in from..from + count {
        let branch = format!("branch-{}", random.below(3));
        if repo.run(&["checkout", "-q", &branch], b"").status.code() != Some(0) {
            repo.git(&["checkout", "-q", "-b", &branch]);
        }
        let other = format!("branch-{}", random.below(3));
        let known = repo.run(&["rev-parse", "-q", "--verify", &other], b"").status.success();
        if known && random.below(4) == 0 {
            repo.git(&["merge", "-q", "--no-edit", "-X", "ours", &other]);
        }
        repo.write(&format!("file-{}", random.below(6)), format!("step {step}\n").repeat(step + 1));
        repo.git(&["add", "-A"]);
        let date = format!("{} +0000", 1_600_000_000 + step * 86_400);
        repo.git(&["commit", "-q", "--date", &date, "-m", &format!("step {step}")]);
        if random.below(5) == 0 {
            repo.git(&["tag", "-a", "-m", "tag", &format!("tag-{step}")]);
        }
    }
}

fn ref_lines(repository: &Repository) -> Vec<String> {
    let refs = repository.refs();
    let line = |name: &[u8]| refs.resolve(name).unwrap().map(|id| format!("{id} {}", name.as_bstr()));
    refs.iter_prefix(b"refs/").filter_map(|(name, _)| line(name.as_ref())).collect()
}

fn lines(text: String) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[test]
fn clones_fetches_and_pushes_are_those_of_git() {
    for seed in 0..4 {
        let mut random = Random::new(seed);
        let server = TestRepo::init();
        server.git(&["config", "receive.denyCurrentBranch", "ignore"]);
        grow(&server, &mut random, 0, 12);
        let mut ours = Repository::new(b"main", Limits::default()).unwrap();
        let clone = FetchOptions { is_clone: true, ..FetchOptions::default() };
        let fetched = fetch(&mut ours, &server, clone);
        let theirs = TestRepo::empty();
        let url = format!("file://{}", server.path().display());
        theirs.git(&["clone", "-q", &url, "."]);
        let format = "--format=%(objectname) %(refname)";
        assert_eq!(ref_lines(&ours), lines(theirs.git(&["for-each-ref", format])), "seed {seed}");
        let objects = lines(theirs.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]));
        assert_eq!(fetched.objects as usize, objects.len());

        let mut had = 12;
        for _ in 0..3 {
            let more = 1 + random.below(6);
            grow(&server, &mut random, had, more);
            had += more;
            let fetched = fetch(&mut ours, &server, FetchOptions { prunes: true, ..FetchOptions::default() });
            theirs.git(&["fetch", "-q", "--prune"]);
            assert_eq!(ref_lines(&ours), lines(theirs.git(&["for-each-ref", format])), "seed {seed}");
            let all = lines(theirs.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]));
            assert!(all.iter().all(|id| ours.store().contains(&id.parse::<ObjectId>().unwrap())));
            assert!(fetched.objects > 0);
        }

        let main = ours.main().unwrap();
        ours.write(&main, RepoPath::new(b"pushed").unwrap(), None, b"from here\n".as_slice().into()).unwrap();
        let request = CommitRequest { message: "pushed".into(), ..CommitRequest::default() };
        let id = ours.commit(&main, request, &env()).unwrap();
        let pushed = push(&mut ours, &server, &["HEAD:refs/heads/new", ":branch-9"]);
        let refused: Vec<&str> = pushed
            .refs
            .iter()
            .filter_map(|(_, outcome)| outcome.as_ref().err())
            .map(String::as_str)
            .collect();
        assert_eq!(refused, ["remote ref does not exist"]);
        assert_eq!(server.id("refs/heads/new"), id);
        server.git(&["fsck", "--strict"]);
    }
}

#[test]
fn a_cut_history_is_cut_where_git_cuts_it() {
    let mut random = Random::new(9);
    let server = TestRepo::init();
    grow(&server, &mut random, 0, 25);
    for depth in [1, 2, 5, 40] {
        let mut ours = Repository::new(b"main", Limits::default()).unwrap();
        let theirs = TestRepo::empty();
        let url = format!("file://{}", server.path().display());
        theirs.git(&["clone", "-q", "--no-single-branch", "--depth", &depth.to_string(), &url, "."]);
        fetch(
            &mut ours,
            &server,
            FetchOptions { is_clone: true, depth: Some(depth), ..FetchOptions::default() },
        );
        for step in ["clone", "--depth=3", "--depth=7", "--depth=2", "--unshallow"] {
            if let Some(depth) = step.strip_prefix("--depth=") {
                theirs.git(&["fetch", "-q", step]);
                fetch(
                    &mut ours,
                    &server,
                    FetchOptions { depth: depth.parse().ok(), ..FetchOptions::default() },
                );
            } else if step == "--unshallow" && theirs.path().join(".git/shallow").exists() {
                theirs.git(&["fetch", "-q", step]);
                fetch(&mut ours, &server, FetchOptions { depth: Some(u32::MAX), ..FetchOptions::default() });
            }
            let mut cut =
                lines(std::fs::read_to_string(theirs.path().join(".git/shallow")).unwrap_or_default());
            cut.sort();
            let mut found: Vec<String> = ours.shallow().iter().map(ToString::to_string).collect();
            found.sort();
            assert_eq!(found, cut, "depth {depth}, {step}");
        }
    }
}
