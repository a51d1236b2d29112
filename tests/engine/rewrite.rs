//! Cherry-pick, revert and rebase beside real git: the same commits, byte for byte, and the same refusals.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use bstr::ByteSlice;
use govc_engine::git::ObjectId;
use govc_engine::git::diff::rename::RenameOptions;
use govc_engine::git::limits::Limits;
use govc_engine::git::object::Signature;
use govc_engine::git::refs::{RefName, RefTarget};
use govc_engine::{
    Author, CommitRequest, Detail, Env, Error, ErrorCode, MergeRequest, PickKind, PickRequest, Repository,
};
use govc_tests::projects::{Style, build};
use govc_tests::{Dates, Random, TestRepo, history};

fn env() -> Env {
    let author =
        Author { name: "C O Mitter".into(), email: "committer@example.com".into(), offset_minutes: 0 };
    Env { now_ms: 1_700_000_000_000, author }
}

/// The identity that git's author is in the tests.
fn author() -> Signature {
    Signature {
        name: "A U Thor".into(),
        email: "author@example.com".into(),
        time: 1_700_000_000,
        offset_minutes: 0,
    }
}

fn main() -> RefName {
    RefName::branch("main").unwrap()
}

/// The objects of a repository of git's, with main at `head`.
fn load(repo: &TestRepo, head: ObjectId) -> Repository {
    let mut repository = Repository::new(b"main", Limits::default()).unwrap();
    for (id, object) in repo.objects().since(0) {
        repository.load_object(*id, object.clone()).unwrap();
    }
    repository.load_refs(vec![(main(), RefTarget::Direct(head))]).unwrap();
    repository
}

fn merge_request() -> MergeRequest {
    MergeRequest { renames: Some(RenameOptions::MERGE), ..MergeRequest::default() }
}

fn request(kind: PickKind, mainline: Option<u32>) -> PickRequest {
    // Git's author is the committer's own where a commit is taken back.
    let author = (kind == PickKind::Revert).then(author);
    let commit = CommitRequest { author, ..CommitRequest::default() };
    PickRequest { mainline, merge: merge_request(), commit }
}

fn pick(repository: &mut Repository, commit: &ObjectId, kind: PickKind, request: PickRequest) -> Outcome {
    let prepared = repository.prepare_pick(&main(), commit, kind, request, false, &env());
    outcome(prepared.and_then(|prepared| repository.finish_commit(prepared.unwrap(), &env())))
}

/// What a command came to.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Head(ObjectId),
    /// The paths.
    Conflict(Vec<String>),
    Refused,
}

fn outcome(result: Result<ObjectId, Error>) -> Outcome {
    match result {
        Ok(id) => Outcome::Head(id),
        Err(error) if error.code() == ErrorCode::Conflict => {
            Outcome::Conflict(list_of(&error, "paths").unwrap_or_default())
        }
        Err(_) => Outcome::Refused,
    }
}

fn list_of(error: &Error, key: &str) -> Option<Vec<String>> {
    error.details().iter().find(|(name, _)| *name == key).and_then(|(_, detail)| match detail {
        Detail::List(list) => Some(list.clone()),
        _ => None,
    })
}

fn text_of<'e>(error: &'e Error, key: &str) -> Option<&'e str> {
    error.details().iter().find(|(name, _)| *name == key).and_then(|(_, detail)| match detail {
        Detail::Text(text) => Some(text.as_str()),
        _ => None,
    })
}

/// What git's command comes to on a detached `head`.
fn of_git(repo: &TestRepo, head: &ObjectId, args: &[&str]) -> Outcome {
    repo.git(&["checkout", "-q", "-f", "--detach", &head.to_string()]);
    repo.git(&["clean", "-q", "-f", "-f", "-d", "-x"]);
    let output = repo.run(args, b"");
    if output.status.success() {
        return Outcome::Head(repo.id("HEAD"));
    }
    let unmerged = repo.git(&["diff", "--name-only", "--diff-filter=U", "-z"]);
    // Our side is called by its name here.
    let named = |path: &str| path.replace("~HEAD", "~main");
    let mut paths: Vec<String> = unmerged.split('\0').filter(|path| !path.is_empty()).map(named).collect();
    paths.sort();
    paths.dedup();
    // What conflicts and leaves no entry open is told apart by git's words.
    let conflicted = output.stdout.contains_str("CONFLICT");
    if paths.is_empty() && !conflicted { Outcome::Refused } else { Outcome::Conflict(paths) }
}

/// A history, and pairs of its commits.
type Scene = (String, TestRepo, Vec<(ObjectId, ObjectId)>);

/// Histories to take commits from: of projects with renames, and of a few paths that criss-cross.
fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    for (style, seed, count) in
        [(Style::Ordinary, 1, 16), (Style::Wild, 300, 10), (Style::CrissCross, 100, 8)]
    {
        let repo = TestRepo::init();
        let pairs = build(&repo, style, seed, count).iter().map(|pair| (pair.ours, pair.theirs)).collect();
        scenes.push((format!("{style:?} {seed}"), repo, pairs));
    }
    for seed in 0..3 {
        let (repo, ids) = history(seed, 40, Dates::Rising);
        let mut random = Random::new(seed);
        let pairs = (0..12).map(|_| (*random.pick(&ids), *random.pick(&ids))).collect();
        scenes.push((format!("history {seed}"), repo, pairs));
    }
    scenes
}

#[test]
fn picks_and_reverts_are_those_of_git() {
    let (mut made, mut conflicts, mut refused) = (0, 0, 0);
    for (name, repo, pairs) in scenes() {
        for (ours, theirs) in pairs {
            for (kind, commit) in
                [(PickKind::Apply, theirs), (PickKind::Revert, ours), (PickKind::Revert, theirs)]
            {
                let verb = if kind == PickKind::Apply { "cherry-pick" } else { "revert" };
                let parents = repo.git(&["rev-list", "--no-walk", "--parents", &commit.to_string()]);
                for mainline in [None, Some(1), Some(2)] {
                    // A commit of one parent is the same for its first as for none.
                    if parents.split(' ').count() < 3 && mainline == Some(1) {
                        continue;
                    }
                    let number = mainline.map(|number| format!("-m{number}"));
                    let hex = commit.to_string();
                    let args: Vec<&str> = [verb]
                        .into_iter()
                        .chain((kind == PickKind::Revert).then_some("--no-edit"))
                        .chain(number.as_deref())
                        .chain([hex.as_str()])
                        .collect();
                    let expected = of_git(&repo, &ours, &args);
                    let mut repository = load(&repo, ours);
                    let objects = repository.store().object_count();
                    let found = pick(&mut repository, &commit, kind, request(kind, mainline));
                    match (&found, &expected) {
                        (Outcome::Head(id), _) => {
                            made += 1;
                            assert_eq!(found, expected, "{name} {args:?} on {ours}");
                            assert_eq!(repository.head(&main()).unwrap(), Some(*id));
                            assert_eq!(repository.operations().len(), 1);
                            repository.undo(&env()).unwrap();
                        }
                        (Outcome::Conflict(paths), Outcome::Conflict(theirs)) => {
                            conflicts += 1;
                            assert!(theirs.iter().all(|path| paths.contains(path)), "{paths:?} {theirs:?}");
                        }
                        _ => {
                            refused += 1;
                            assert_eq!(found, expected, "{name} {args:?} on {ours}");
                        }
                    }
                    if !matches!(found, Outcome::Head(_)) {
                        assert_eq!(repository.store().object_count(), objects, "nothing is left behind");
                        assert_eq!(repository.operations().len(), 0);
                    }
                    assert_eq!(repository.head(&main()).unwrap(), Some(ours));
                }
            }
        }
    }
    assert!(made > 60 && conflicts > 20 && refused > 20, "{made} {conflicts} {refused}");
}

#[test]
fn messages_are_those_of_git() {
    let repo = TestRepo::init();
    repo.write("a", "1\n");
    let first = repo.commit_all("first");
    repo.write("a", "2\n");
    repo.git(&["add", "-A"]);
    let tree = repo.git(&["write-tree"]);
    let messages: [&[u8]; 9] = [
        b"subject\n\nbody\n",
        b"no newline",
        b"\n\n  spaced  \n\n\nbody  \n\n",
        b"Revert \"x\"\n",
        b"Revert \"Revert \"x\"\"\n",
        b"Reapply \"x\"\n\nThis reverts commit 1.\n",
        b"Revert x\n",
        b"two\nlines\n# comment\n",
        b"\xc3\xbc\xe2\x82\xac\n",
    ];
    for message in messages {
        let commit =
            repo.git_bytes(&["commit-tree", tree.trim(), "-p", &first.to_string(), "-F", "-"], message);
        // Git's own tools add a newline; the raw object does not.
        let id = commit.to_str().unwrap().trim().to_owned();
        let raw = repo.git_bytes(&["cat-file", "commit", &id], b"");
        let head_end = raw.find("\n\n").unwrap() + 2;
        let raw = [&raw[..head_end], message].concat();
        let id = repo.git_bytes(&["hash-object", "-t", "commit", "-w", "--stdin"], &raw);
        let id: ObjectId = id.to_str().unwrap().trim().parse().unwrap();
        for (kind, head, verb) in [(PickKind::Apply, first, "cherry-pick"), (PickKind::Revert, id, "revert")]
        {
            let hex = id.to_string();
            let args: Vec<&str> = [verb]
                .into_iter()
                .chain((kind == PickKind::Revert).then_some("--no-edit"))
                .chain([hex.as_str()])
                .collect();
            let expected = of_git(&repo, &head, &args);
            let found = pick(&mut load(&repo, head), &id, kind, request(kind, None));
            let show = |outcome: &Outcome| match outcome {
                Outcome::Head(id) => {
                    repo.run(&["cat-file", "commit", &id.to_string()], b"").stdout.to_str_lossy().into_owned()
                }
                other => format!("{other:?}"),
            };
            assert_eq!(found, expected, "{verb} of {:?}: {}", message.as_bstr(), show(&expected));
        }
    }
}

#[test]
fn a_merge_needs_a_parent_to_count_from() {
    let (repo, ids) = history(5, 40, Dates::Rising);
    let merges = repo.git(&["rev-list", "--min-parents=2", "--all"]);
    let merge: ObjectId = merges.lines().next().unwrap().parse().unwrap();
    let mut repository = load(&repo, ids[0]);
    let request = request(PickKind::Apply, None);
    let error =
        repository.prepare_pick(&main(), &merge, PickKind::Apply, request, false, &env()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
    assert!(error.message().contains("mainline"), "{error}");
}

#[test]
fn rebases_are_those_of_git() {
    let (mut moved, mut same, mut conflicts) = (0, 0, 0);
    for (name, repo, pairs) in scenes() {
        for (head, onto) in pairs {
            let args = ["rebase", "-q", "--no-fork-point", &onto.to_string()];
            let expected = of_git(&repo, &head, &args);
            let stopped_at = repo.run(&["rev-parse", "-q", "--verify", "REBASE_HEAD"], b"").stdout;
            if matches!(expected, Outcome::Conflict(_)) {
                repo.run(&["rebase", "--abort"], b"");
            }
            let mut repository = load(&repo, head);
            let objects = repository.store().object_count();
            let result =
                repository.rebase(&main(), &onto, merge_request(), false, &env()).map(Option::unwrap);
            let error = result.clone().err();
            let found = outcome(result);
            match (&found, &expected) {
                (Outcome::Conflict(paths), Outcome::Conflict(theirs)) => {
                    conflicts += 1;
                    assert!(theirs.iter().all(|path| paths.contains(path)), "{paths:?} {theirs:?}");
                    let error = error.unwrap();
                    assert_eq!(text_of(&error, "commit").unwrap(), stopped_at.to_str().unwrap().trim());
                    assert_eq!(repository.store().object_count(), objects, "nothing is left behind");
                    assert_eq!(repository.head(&main()).unwrap(), Some(head));
                }
                _ => {
                    assert_eq!(found, expected, "{name} {args:?} of {head}");
                    let unmoved = found == Outcome::Head(head);
                    (moved, same) = (moved + usize::from(!unmoved), same + usize::from(unmoved));
                    assert_eq!(repository.operations().len(), usize::from(!unmoved));
                    repository.undo(&env()).unwrap();
                    assert_eq!(repository.head(&main()).unwrap(), Some(head));
                }
            }
        }
    }
    assert!(moved > 20 && same > 1 && conflicts > 5, "{moved} {same} {conflicts}");
}

/// A file of numbered lines with some of them replaced.
fn numbered(replaced: &[(usize, &str)]) -> String {
    let line = |at: usize| replaced.iter().find(|(line, _)| *line == at).map(|(_, text)| (*text).to_owned());
    (0..40).map(|at| line(at).unwrap_or_else(|| format!("line {at}")) + "\n").collect()
}

#[test]
fn changes_that_are_upstream_already_are_left_out() {
    let repo = TestRepo::init();
    repo.write("a", numbered(&[]));
    repo.write("b", "b\n");
    repo.write("bin", b"a\0b");
    repo.commit_all("base");
    repo.git(&["checkout", "-q", "-b", "topic"]);
    repo.write("a", numbered(&[(5, "five")]));
    repo.commit_all("five");
    repo.write("a", numbered(&[(5, "five"), (30, "thirty  here")]));
    repo.commit_all("thirty");
    repo.commit_all("empty from the start");
    repo.git(&["update-index", "--chmod=+x", "b"]);
    repo.git(&["commit", "-q", "-m", "mode"]);
    repo.git(&["checkout", "-q", "-f", "topic"]);
    repo.write("bin", b"a\0c");
    repo.commit_all("binary");
    repo.write("c", "c\n");
    repo.commit_all("c");
    repo.git(&["checkout", "-q", "-f", "-b", "upstream", "main"]);
    // The same change with other white space, elsewhere in a file that was changed before; then undone again.
    repo.write("a", format!("zero\n{}", numbered(&[(30, "thirty here")])));
    repo.commit_all("two changes in one");
    repo.write("a", format!("zero\n{}", numbered(&[])));
    repo.commit_all("one of them back");
    repo.write("a", format!("zero\n{}", numbered(&[(30, "thirty here")])));
    repo.commit_all("thirty, with less space");
    repo.write("bin", b"a\0c");
    repo.commit_all("binary upstream");
    repo.commit_all("empty upstream");
    repo.write("c", "c\n");
    repo.write("d", "d\n");
    repo.commit_all("c and more");
    let (head, onto) = (repo.id("topic"), repo.id("upstream"));
    let expected = of_git(&repo, &head, &["rebase", "-q", "--no-fork-point", &onto.to_string()]);
    let mut repository = load(&repo, head);
    let found =
        outcome(repository.rebase(&main(), &onto, merge_request(), false, &env()).map(Option::unwrap));
    assert_eq!(found, expected);
    let kept = repo.git(&["log", "--format=%s", &format!("{onto}..HEAD")]);
    assert_eq!(kept, "mode\nempty from the start\nfive\n");
}
