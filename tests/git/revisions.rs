//! Revision expressions against `git rev-parse` and `git rev-list`.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use bstr::{BStr, BString, ByteSlice};
use govc_git::ObjectId;
use govc_git::refs::{Expected, NewValue, RefName, RefStore, RefUpdate};
use govc_git::rev::{
    CommitGraph, Hint, NoReflog, RefLookup, ReflogPosition, Resolver, RevisionError, WalkOptions,
};
use govc_git::store::MemoryStore;
use govc_tests::{Comparison, Dates, TestRepo, history, lines, run};

/// The refs of a repository, as git lists them.
fn refs_of(repo: &TestRepo) -> RefStore {
    let mut updates = Vec::new();
    let mut add = |name: &str, new: NewValue| {
        updates.push(RefUpdate { name: RefName::new(name).unwrap(), expected: Expected::Missing, new });
    };
    for line in repo.git(&["for-each-ref", "--format=%(refname) %(objectname) %(symref)"]).lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[2] {
            "" => add(words[0], NewValue::Set(words[1].parse().unwrap())),
            target => add(words[0], NewValue::Symbolic(RefName::new(target).unwrap())),
        }
    }
    let head = repo.git(&["symbolic-ref", "HEAD"]);
    add("HEAD", NewValue::Symbolic(RefName::new(head.trim()).unwrap()));
    let mut refs = RefStore::new();
    refs.update(&updates).unwrap();
    refs
}

/// What `git rev-parse --verify` makes of each expression and what we make of it, where these differ.
fn differing<'e>(
    repo: &TestRepo,
    store: &MemoryStore,
    refs: &impl RefLookup,
    expressions: impl IntoIterator<Item = &'e str>,
) -> (usize, usize, Vec<String>) {
    let mut graph = CommitGraph::new();
    let (mut count, mut valid, mut different) = (0, 0, Vec::new());
    for text in expressions {
        let output = repo.run(&["rev-parse", "--verify", "--end-of-options", text], b"");
        let theirs = ObjectId::from_hex(output.stdout.trim_ascii()).ok().filter(|_| output.status.success());
        let ours = Resolver::new(store, refs, &mut graph).resolve(text, Hint::Any);
        count += 1;
        valid += usize::from(theirs.is_some());
        if ours.as_ref().ok() != theirs.as_ref() {
            different.push(format!("{text}: {ours:?} here, {theirs:?} in git {}", output.stderr.as_bstr()));
        }
    }
    (count, valid, different)
}

/// A history with refs whose names are traps, tags of everything, and enough objects for ids that begin alike.
fn trap_repo() -> TestRepo {
    let (repo, ids) = history(7, 120, Dates::Coarse);
    let blobs: String = (0..2500)
        .map(|number| format!("blob\nmark :{}\ndata <<END\n{number}\nEND\n\n", number + 1))
        .collect();
    repo.git_bytes(&["fast-import", "--quiet"], blobs.as_bytes());
    // A merge with some history on either side.
    let is_deep = |id: &&ObjectId| {
        ["~8", "^2~3"].iter().all(|suffix| {
            repo.run(&["rev-parse", "--verify", &format!("{id}{suffix}")], b"").status.success()
        })
    };
    let main = *ids.iter().rev().find(is_deep).unwrap();
    repo.git(&["update-ref", "refs/heads/main", &main.to_string()]);
    let (old, main_text) = (ids[50].to_string(), main.to_string());
    let short = &main_text[..6];
    for name in [
        "refs/heads/__proto__",
        "refs/heads/constructor",
        "refs/heads/toString",
        "refs/heads/a@b",
        "refs/heads/HEADS",
        "refs/heads/feature/x",
        "refs/remotes/origin/main",
        "refs/remotes/origin/topic",
        "refs/notes/n",
        "refs/tags/light",
        "refs/tags/both",
        "refs/heads/v1-3-gabc",
        "refs/stash",
        "refs/heads/{x}",
        "refs/heads/0",
        "refs/heads/dead",
        "refs/heads/heads/deep",
        "refs/heads/tags/light",
    ] {
        repo.git(&["update-ref", name, &old]);
    }
    repo.git(&["update-ref", &format!("refs/heads/{short}"), &old]);
    repo.git(&["update-ref", "refs/heads/both", &main_text]);
    repo.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    repo.git(&["symbolic-ref", "refs/heads/dangling", "refs/heads/nowhere"]);
    repo.git(&["tag", "-a", "-m", "x", "v1.0", &old]);
    repo.git(&["tag", "-a", "-m", "x", "nested", "v1.0"]);
    repo.git(&["tag", "-a", "-m", "x", "of-tree", "main^{tree}"]);
    repo.git(&["tag", "-a", "-m", "x", "of-blob", "b119:a"]);
    repo
}

#[test]
fn revisions_name_what_git_says() {
    let repo = trap_repo();
    let (store, refs) = (repo.objects(), refs_of(&repo));
    let main = repo.id("main").to_string();
    let old = repo.id("light").to_string();
    let missing = "1234567890123456789012345678901234567890";
    let mut expressions: Vec<String> = Vec::new();
    let describe = [format!("v1.0-3-g{}", &main[..8]), format!("x-g{}", &old[..7]), format!("a-gx-g{old}")];
    let shorts = [&main[..4], &main[..6], &main[..39], &old[..7], missing, &main];
    let names = [
        "main",
        "HEAD",
        "@",
        "heads/main",
        "refs/heads/main",
        "tags/v1.0",
        "v1.0",
        "nested",
        "of-tree",
        "of-blob",
        "both",
        "origin",
        "origin/main",
        "origin/HEAD",
        "remotes/origin/topic",
        "light",
        "__proto__",
        "constructor",
        "toString",
        "hasOwnProperty",
        "a@b",
        "stash",
        "notes/n",
        "n",
        "feature/x",
        "feature",
        "v1-3-gabc",
        "dangling",
        "{x}",
        "0",
        "dead",
        "refs",
        "refs/",
        "deep",
        "heads/deep",
        "head",
        "Main",
        "",
    ];
    let suffixes = [
        "",
        "^",
        "~",
        "^0",
        "^1",
        "^2",
        "^3",
        "^4",
        "^5",
        "~0",
        "~1",
        "~3",
        "~40",
        "~1000",
        "^^",
        "~2^2",
        "^2~1",
        "^{}",
        "^{commit}",
        "^{tree}",
        "^{blob}",
        "^{tag}",
        "^{object}",
        "^{commit}^{tree}",
        "^{tree}^{commit}",
        "^{}^{}",
        "^{/fix}",
        "^{/docs: fix 5}",
        "^{/}",
        "^{/nothing at all}",
        "^{/^release}",
        "^{/!-fix}",
        "^{/!!}",
        "^{/!x}",
        "^{/fix|feature}~1",
        "^{/r.*e 1[0-9]$}",
        "^{trees}",
        "^{Commit}",
        "^{",
        "^}",
        "^{tree",
        "{}",
        "^{tree}x",
        "^-1x",
        ":",
        ":a",
        ":d",
        ":d/",
        ":d/b",
        ":d/e/f",
        ":a/",
        ":a/b",
        ":d//b",
        ":/a",
        ":./a",
        ":d/../a",
        ":./d/../a",
        ":../a",
        ":nothing",
        ":__proto__",
        ":d.x",
        ":a^{}",
        ":d:b",
        "~1:a",
        "^{tree}:d",
        "^{tree}:d/e",
        ":a~1",
        ":.",
        ":./",
        ":d/.",
        "^00",
        "~01",
        "^2147483647",
        "^2147483648",
        "~2147483647",
        "~4294967296",
        "~99999999999999999999",
        "^-1",
        "~-1",
        "^a",
        "~~~",
        "^1^1^1",
        "@",
        "@{",
        "@{}",
        "..",
        "...",
        " ",
        "\t",
        "^ 1",
        "^{/(}",
        "^{/*}",
        "^{/a{2}",
    ];
    for name in names.iter().copied().chain(shorts).chain(describe.iter().map(String::as_str)) {
        // `:name` and `:` alone name the index, which is not here.
        let suffixes = suffixes.iter().filter(|suffix| !(name.is_empty() && suffix.starts_with(':')));
        expressions.extend(suffixes.map(|suffix| format!("{name}{suffix}")));
    }
    let (count, valid, different) = differing(&repo, &store, &refs, expressions.iter().map(String::as_str));
    println!("{} of {count} equal, {valid} of them valid", count - different.len());
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn abbreviated_ids_mean_what_git_says() {
    let repo = trap_repo();
    let (store, refs) = (repo.objects(), refs_of(&repo));
    let mut prefixes: Vec<String> = store.since(0).map(|(id, _)| id.to_string()[..4].to_string()).collect();
    prefixes.sort_unstable();
    let shared: Vec<&String> =
        prefixes.windows(2).filter(|two| two[0] == two[1]).map(|two| &two[0]).collect();
    assert!(shared.len() > 20, "{}", shared.len());
    let mut expressions = Vec::new();
    for prefix in shared {
        for suffix in [
            "",
            "^0",
            "^{commit}",
            "^{tree}",
            "^{}",
            "^{object}",
            "^{blob}",
            "^{tag}",
            ":",
            ":a",
            "~1",
            "^{/fix}",
        ] {
            expressions.push(format!("{prefix}{suffix}"));
        }
        expressions.push(format!("v1-4-g{prefix}"));
        expressions.push(prefix.to_uppercase());
    }
    let (count, valid, different) = differing(&repo, &store, &refs, expressions.iter().map(String::as_str));
    println!("{} of {count} equal, {valid} of them valid", count - different.len());
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn searches_of_all_refs_find_what_git_finds() {
    // One ref alone: git 2.47 looks through several from the oldest, against its own documentation.
    let (repo, _) = history(8, 120, Dates::Skewed);
    let others = repo.git(&["for-each-ref", "--format=delete %(refname)", "--exclude=refs/heads/main"]);
    repo.git_bytes(&["update-ref", "--stdin"], others.as_bytes());
    let mut expressions = Vec::new();
    for search in [
        "fix",
        "feature 7",
        "^release",
        "nothing at all",
        "!-fix",
        "!!",
        "!x",
        "docs: fix",
        "[0-9]{3}",
        "1|2",
        "fix^{tree}",
        "e 1?$",
        "(feature|release) [[:digit:]]*5",
        "a\\",
        "*",
        "a**",
        "^(docs|fix):",
        "..",
        "a..b",
        "}",
        "{",
    ] {
        expressions.push(format!(":/{search}"));
    }
    let (store, refs) = (repo.objects(), refs_of(&repo));
    let (count, valid, different) = differing(&repo, &store, &refs, expressions.iter().map(String::as_str));
    println!("{} of {count} equal, {valid} of them valid", count - different.len());
    assert!(different.is_empty() && valid >= 10, "{}", different.join("\n"));
}

/// Refs with the reflogs that git keeps, latest move first.
struct Logged<'a> {
    repo: &'a TestRepo,
    refs: RefStore,
}

impl RefLookup for Logged<'_> {
    fn target(&self, full_name: &BStr) -> Option<ObjectId> {
        self.refs.target(full_name)
    }

    fn visit(&self, visit: &mut dyn FnMut(&BStr, ObjectId)) {
        self.refs.visit(visit);
    }

    fn current_branch(&self) -> Option<BString> {
        self.refs.current_branch()
    }

    fn reflog(&self, full_name: &BStr, position: ReflogPosition<'_>) -> Result<Option<ObjectId>, NoReflog> {
        let ReflogPosition::Nth(nth) = position else { return Err(NoReflog) };
        let name = full_name.to_string();
        let log = self.repo.run(&["log", "-g", "--format=%H", &name, "--"], b"").stdout;
        Ok(log.lines().nth(nth as usize).map(|id| ObjectId::from_hex(id).unwrap()))
    }

    fn prior_branch(&self, nth: u32) -> Result<Option<BString>, NoReflog> {
        let log = self.repo.git(&["log", "-g", "--format=%gs", "HEAD"]);
        let mut moves = log.lines().filter_map(|line| line.strip_prefix("checkout: moving from "));
        let from = moves.nth(nth as usize - 1).map(|line| line.split(' ').next().unwrap());
        Ok(from.map(|name| format!("refs/heads/{name}").into()))
    }
}

#[test]
fn reflogs_are_asked_where_there_are_some() {
    let repo = TestRepo::init();
    for (branch, count) in [("main", 3), ("topic", 2), ("third", 1)] {
        repo.git(&["checkout", "-q", "-B", branch]);
        for number in 0..count {
            repo.commit_all(&format!("{branch} {number}"));
        }
    }
    repo.git(&["checkout", "-q", "main"]);
    let store = repo.objects();
    let logged = Logged { repo: &repo, refs: refs_of(&repo) };
    let expressions = [
        "@{0}",
        "@{1}",
        "@{1}^",
        "@{2}~1",
        "@{9}",
        "main@{0}",
        "main@{2}^{tree}",
        "topic@{1}",
        "heads/topic@{1}~1",
        "HEAD@{1}",
        "HEAD@{4}",
        "HEAD@{99}",
        "@@{1}",
        "@{-1}",
        "@{-2}",
        "@{-3}",
        "@{-9}",
        "@{-0}",
        "@{-1}~1",
        "@{-1}^{tree}",
        "x@{0}",
        "main@{-1}",
        "main@{u}",
        "@{upstream}",
        "@{PUSH}",
        "main@{}",
        "@{",
        "topic@{0}:",
        "@{1}@{1}",
    ];
    let (count, valid, different) = differing(&repo, &store, &logged, expressions);
    println!("{} of {count} equal, {valid} of them valid", count - different.len());
    assert!(different.is_empty() && valid >= 10, "{}", different.join("\n"));

    let mut graph = CommitGraph::new();
    let mut resolver = Resolver::new(&store, &logged.refs, &mut graph);
    for text in ["@{1}", "main@{yesterday}", "@{-1}"] {
        assert_eq!(resolver.resolve(text, Hint::Any), Err(RevisionError::NoReflog), "{text}");
    }
    assert!(matches!(resolver.resolve("@{u}", Hint::Any), Err(RevisionError::NoUpstream { .. })));
}

#[test]
fn lists_of_revisions_walk_as_in_git() {
    let repo = trap_repo();
    let (store, refs) = (repo.objects(), refs_of(&repo));
    let mut comparison = Comparison::new(&repo, &store);
    let mut refused = 0;
    for list in [
        "main",
        "main ^v1.0",
        "v1.0..main",
        "v1.0..",
        "..v1.0",
        "..",
        "...",
        "main...light",
        "light...",
        "...light",
        "nested",
        "main light ^main~5",
        "main^@",
        "main^!",
        "main^-",
        "main^-1",
        "main^-2",
        "main^-9",
        "main^-0",
        "main^-x",
        "^main^@ main",
        "main~3^! light",
        "main^@^@",
        "^main",
        "^light main^!",
        "nothing..main",
        "main..nothing",
        "main^..main~3^2",
        "main~2...main^2 ^v1.0",
        "^^main",
        "main..light..origin",
        "@~3..@",
        "@..",
        "HEAD...v1.0 origin/main",
        "main^{/fix}..",
        "main^{/a..b}..main",
    ] {
        let words: Vec<&str> = list.split(' ').collect();
        let output = repo.run(&[&["rev-list"], &words[..], &["--"]].concat(), b"");
        let resolved = Resolver::new(&store, &refs, &mut comparison.graph).revisions(&words);
        assert_eq!(
            resolved.is_ok(),
            output.status.success(),
            "{list}: {resolved:?} {}",
            output.stderr.as_bstr()
        );
        let Ok(revisions) = resolved else {
            refused += 1;
            continue;
        };
        let ours = run(revisions.walk(WalkOptions::default()), &mut comparison.graph, &store);
        comparison.note(list.into(), &ours, &lines(&String::from_utf8(output.stdout).unwrap()));
    }
    let all = Resolver::new(&store, &refs, &mut comparison.graph).all_refs().unwrap();
    let ours = run(all.walk(WalkOptions::default()), &mut comparison.graph, &store);
    comparison.note("--all".into(), &ours, &lines(&repo.git(&["rev-list", "--all"])));
    println!("{refused} refused");
    comparison.finish("lists");
}
