//! Native and wasm give the same bytes: this runs `tests/cases/same/same.in` natively, `tests/npm/same.test.mjs` in wasm,
//! and both must print `same.out`. `GOVC_WRITE_CASES=1` writes it anew.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::path::Path;

use govc_engine::git::limits::Limits;
use govc_engine::git::pack::PackReceiver;
use govc_engine::git::path::RepoPath;
use govc_engine::git::refs::RefName;
use govc_engine::{Author, CommitRequest, Env, FastForward, MergeRequest, Merged, Repository};

fn env() -> Env {
    Env {
        now_ms: 1_700_000_000_000,
        author: Author { name: "A".into(), email: "a@b".into(), offset_minutes: 60 },
    }
}

fn request(message: &str) -> CommitRequest {
    CommitRequest { message: message.into(), ..CommitRequest::default() }
}

/// Carries a command out; what it prints.
fn run(repository: &mut Repository, words: &[&str]) -> Option<String> {
    let reality = |name: &str| RefName::branch(name).unwrap();
    match words {
        ["write", name, path, text] => {
            let content = text.replace(';', "\n").into_bytes();
            repository.write(&reality(name), RepoPath::new(path).unwrap(), None, content.into()).unwrap();
            None
        }
        ["commit", name] => Some(match repository.commit(&reality(name), request("change"), &env()) {
            Ok(id) => id.to_string(),
            Err(error) => error.code().name().to_owned(),
        }),
        ["fork", from, name] => {
            repository.fork(&reality(from), name.as_bytes(), &env()).unwrap();
            None
        }
        ["merge", from, into] => Some(merge(repository, &reality(from), &reality(into))),
        ["undo"] => Some(format!("undone {}", repository.undo(&env()).unwrap().unwrap_or(0))),
        ["export"] => {
            let mut export = repository.export(None, Vec::new()).unwrap();
            let mut receiver = PackReceiver::new(Limits::default());
            while let Some(chunk) = repository.export_chunk(&mut export).unwrap() {
                receiver.push(&chunk).unwrap();
            }
            let pack = receiver.end().unwrap().finish(repository.store()).unwrap();
            Some(format!("pack {} {}", pack.len(), pack.checksum()))
        }
        _ => panic!("unknown command {words:?}"),
    }
}

fn merge(repository: &mut Repository, from: &RefName, into: &RefName) -> String {
    let theirs = repository.head(from).unwrap().unwrap();
    let merge = MergeRequest {
        renames: Some(govc_engine::git::diff::rename::RenameOptions::MERGE),
        ours: into.short().into(),
        theirs: from.short().into(),
        ..MergeRequest::default()
    };
    let how = (FastForward::Allow, false);
    match repository.merge(into, &theirs, &merge, how, CommitRequest::default(), &env()) {
        Err(error) => error.code().name().to_owned(),
        Ok(outcome) => match outcome.merged {
            Merged::Ready(prepared) => repository.finish_commit(*prepared, &env()).unwrap().to_string(),
            _ => format!("tree {}", outcome.tree),
        },
    }
}

#[test]
fn native_prints_what_wasm_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/same");
    let commands = std::fs::read_to_string(folder.join("same.in")).unwrap();
    let mut repository = Repository::new(b"main", Limits::default()).unwrap();
    let mut printed = String::new();
    for line in commands.lines().filter(|line| !line.starts_with('#')) {
        if let Some(text) = run(&mut repository, &line.split(' ').collect::<Vec<_>>()) {
            writeln!(printed, "{text}").unwrap();
        }
    }
    if std::env::var_os("GOVC_WRITE_CASES").is_some() {
        std::fs::write(folder.join("same.out"), &printed).unwrap();
    }
    assert_eq!(printed, std::fs::read_to_string(folder.join("same.out")).unwrap());
}
