//! Real git as the client of a repository in memory: clones, fetches and pushes over HTTP, each checked by git itself.

use bstr::ByteSlice;
use govc_git::limits::Limits;
use govc_git::pack::{PackSources, PackWriter, WriteOptions};
use govc_git::refs::{Expected, NewValue, RefName, RefStore, RefUpdate};
use govc_git::rev::CommitGraph;
use govc_git::transport::Served;
use govc_git::transport::WantPolicy;
use govc_git::transport::bundle::BundleHeader;
use govc_git::transport::ls_refs::ServedRefs;
use govc_git::transport::request::Version;
use govc_git::transport::select::{Selection, SelectionRequest};
use govc_git::transport::server::UploadPack;
use govc_git::{ObjectId, ObjectSource};
use govc_tests::{GitServer, HeldRepository, TestRepo, corpus_bundle};

/// A history with a merge, tags, a rename, a deep folder and a file that grows; commits a day apart.
fn sample() -> TestRepo {
    let repo = TestRepo::init();
    for round in 0..12 {
        repo.write("src/deep/er/file.txt", "line\n".repeat(round * 50 + 1));
        repo.write(&format!("docs/{round}.md"), format!("page {round}\n"));
        repo.write("README", format!("round {round}\n"));
        commit_on_day(&repo, round, &format!("round {round}"));
        if round == 4 {
            repo.git(&["tag", "-a", "-m", "annotated", "v1"]);
            repo.git(&["branch", "side"]);
        }
    }
    repo.git(&["checkout", "-q", "side"]);
    repo.write("side.txt", "side\n");
    repo.git(&["mv", "docs/0.md", "docs/zero.md"]);
    commit_on_day(&repo, 12, "on the side");
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "-m", "merge side", "side"]);
    repo.git(&["tag", "light"]);
    repo
}

fn commit_on_day(repo: &TestRepo, day: usize, message: &str) {
    let date = format!("{} +0000", 1_600_000_000 + day * 86_400);
    repo.git(&["add", "-A"]);
    repo.git(&["-c", "user.name=x", "commit", "-q", "--date", &date, "-m", message]);
}

fn refs_of(repo: &TestRepo, pattern: &str) -> String {
    repo.git(&["for-each-ref", "--format=%(objectname) %(refname)", pattern])
}

/// `git clone` with more arguments into a fresh folder, and fsck.
fn clone(server: &GitServer, arguments: &[&str]) -> TestRepo {
    let clone = TestRepo::empty();
    let url = server.url();
    let all: Vec<&str> =
        ["clone", "-q"].iter().chain(arguments).copied().chain([url.as_str(), "."]).collect();
    clone.git(&all);
    clone.git(&["fsck", "--strict"]);
    clone
}

/// The same clone from the real repository, for comparison.
fn clone_real(origin: &TestRepo, arguments: &[&str]) -> TestRepo {
    let clone = TestRepo::empty();
    let url = format!("file://{}", origin.path().display());
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let all: Vec<&str> =
        ["clone", "-q"].iter().chain(arguments).copied().chain([url.as_str(), "."]).collect();
    clone.git(&all);
    clone
}

/// Ids of the objects that are in a repository, without any that a partial clone would fetch.
fn ids(repo: &TestRepo) -> Vec<String> {
    let args =
        ["cat-file", "--batch-check=%(objectname) %(objecttype)", "--batch-all-objects", "--unordered"];
    let mut ids: Vec<String> = repo.git(&args).lines().map(str::to_owned).collect();
    ids.sort();
    ids
}

fn shallow(repo: &TestRepo) -> Vec<String> {
    let text = std::fs::read_to_string(repo.path().join(".git/shallow")).unwrap_or_default();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Nothing went wrong on the server's side.
fn assert_quiet(server: &GitServer) {
    assert_eq!(server.repository().failures, Vec::<String>::new());
}

#[test]
fn a_clone_has_everything_in_every_version_of_the_protocol() {
    let origin = sample();
    let server = GitServer::start(HeldRepository::from_git(&origin));
    for version in ["0", "1", "2"] {
        let clone = TestRepo::empty();
        clone.git(&[
            "-c",
            &format!("protocol.version={version}"),
            "clone",
            "-q",
            "--mirror",
            &server.url(),
            ".",
        ]);
        clone.git(&["fsck", "--strict"]);
        assert_eq!(refs_of(&clone, "refs"), refs_of(&origin, "refs"));
        assert_eq!(ids(&clone), ids(&origin), "protocol {version}");
    }
    let listed = origin.git(&["ls-remote", &server.url()]);
    assert_eq!(listed, origin.git(&["ls-remote", &format!("file://{}", origin.path().display())]));
    assert_quiet(&server);
}

#[test]
fn what_a_clone_leaves_out_is_what_git_leaves_out() {
    let origin = sample();
    let server = GitServer::start(HeldRepository::from_git(&origin));
    let cases: [&[&str]; 12] = [
        &["--single-branch", "--branch", "side"],
        &["--single-branch", "--no-tags"],
        &["--depth", "1"],
        &["--depth", "3"],
        &["--depth", "100", "--no-single-branch"],
        &["--shallow-since", "1600500000 +0000"],
        &["--shallow-exclude", "v1"],
        &["--no-checkout", "--filter=blob:none"],
        &["--no-checkout", "--filter=blob:limit=100"],
        &["--no-checkout", "--filter=tree:0"],
        &["--no-checkout", "--filter=tree:2"],
        &["--no-checkout", "--depth", "2", "--filter=combine:blob:none+tree:3"],
    ];
    for case in cases {
        let real = clone_real(&origin, case);
        for version in ["0", "2"] {
            let version = format!("protocol.version={version}");
            let arguments: Vec<&str> = ["-c", &version].iter().chain(case).copied().collect();
            let ours = clone(&server, &arguments);
            assert_eq!(refs_of(&ours, "refs"), refs_of(&real, "refs"), "{arguments:?}");
            assert_eq!(ids(&ours), ids(&real), "{arguments:?}");
            assert_eq!(shallow(&ours), shallow(&real), "{arguments:?}");
        }
    }
    assert_quiet(&server);
}

#[test]
fn a_partial_clone_fetches_what_it_needs_later() {
    let origin = sample();
    let server = GitServer::start(HeldRepository::from_git(&origin));
    for filter in ["blob:none", "tree:0"] {
        let clone = clone(&server, &[&format!("--filter={filter}")]);
        assert_eq!(clone.git(&["show", "HEAD~3:README"]), origin.git(&["show", "HEAD~3:README"]));
        assert_eq!(
            clone.git(&["log", "--format=%H", "--", "docs"]),
            origin.git(&["log", "--format=%H", "--", "docs"])
        );
        clone.git(&["fsck", "--strict"]);
    }
    assert_quiet(&server);
}

#[test]
fn a_fetch_brings_what_is_new_and_no_more() {
    let origin = sample();
    let server = GitServer::start(HeldRepository::from_git(&origin));
    for version in ["0", "2"] {
        let clone = clone(&server, &["-c", &format!("protocol.version={version}")]);
        clone.write("mine.txt", "what the server does not know\n");
        clone.commit_all("mine");
        for round in 0..3 {
            origin.write("src/deep/er/file.txt", format!("{version} {round}\n"));
            origin.commit_all("newer");
            server.repository().update_from_git(&origin);
            let before = ids(&clone).len();
            clone.git(&["fetch", "-q"]);
            // A commit, the four trees above the file, and the file.
            assert_eq!(ids(&clone).len() - before, 6, "protocol {version}");
            assert_eq!(refs_of(&clone, "refs/remotes/origin/main"), refs_of_as_remote(&origin, "main"));
        }
        origin.git(&["tag", "-a", "-m", "new tag", &format!("v2-{version}")]);
        origin.write("README", format!("tagged {version}\n"));
        origin.commit_all("after the tag");
        server.repository().update_from_git(&origin);
        clone.git(&["fetch", "-q"]);
        assert_eq!(refs_of(&clone, "refs/tags"), refs_of(&origin, "refs/tags"));
        clone.git(&["fetch", "-q", &server.url(), "refs/heads/side:refs/heads/from-side"]);
        assert_eq!(clone.id("from-side"), origin.id("side"));
        clone.git(&["fsck", "--strict"]);
    }
    assert_quiet(&server);
}

fn refs_of_as_remote(origin: &TestRepo, branch: &str) -> String {
    format!("{} refs/remotes/origin/{branch}\n", origin.id(branch))
}

#[test]
fn a_shallow_clone_deepens_as_with_git() {
    let origin = sample();
    let server = GitServer::start(HeldRepository::from_git(&origin));
    let steps: [&[&str]; 8] = [
        &["--depth", "2"],
        &["--deepen", "2"],
        &["--depth", "3"],
        &["--shallow-since", "1600300000 +0000"],
        &["--shallow-exclude", "v1"],
        &["--deepen", "1"],
        &[],
        &["--unshallow"],
    ];
    for version in ["0", "2"] {
        let version = format!("protocol.version={version}");
        let ours = clone(&server, &["-c", &version, "--depth", "1", "--no-single-branch"]);
        let real = clone_real(&origin, &["-c", &version, "--depth", "1", "--no-single-branch"]);
        for step in steps {
            if step.is_empty() {
                origin.write("README", format!("{version} moves on\n"));
                origin.commit_all("moves on");
                server.repository().update_from_git(&origin);
            }
            let arguments: Vec<&str> = ["fetch", "-q"].iter().chain(step).copied().collect();
            ours.git(&arguments);
            real.git(&arguments);
            assert_eq!(shallow(&ours), shallow(&real), "{version} {step:?}");
            assert_eq!(refs_of(&ours, "refs"), refs_of(&real, "refs"), "{version} {step:?}");
            assert_eq!(ids(&ours), ids(&real), "{version} {step:?}");
            ours.git(&["fsck", "--strict"]);
        }
    }
    assert_quiet(&server);
}

#[test]
fn an_empty_repository_is_cloned_and_pushed_to() {
    let mut held = HeldRepository::default();
    let head = NewValue::Symbolic(RefName::branch("trunk").unwrap());
    let name = RefName::new("HEAD").unwrap();
    held.refs.update(&[RefUpdate { name, expected: Expected::Any, new: head }]).unwrap();
    let server = GitServer::start(held);
    let clone = clone(&server, &[]);
    assert_eq!(clone.git(&["symbolic-ref", "HEAD"]), "refs/heads/trunk\n");
    clone.write("a", "a\n");
    clone.commit_all("first");
    clone.git(&["push", "-q", "origin", "trunk"]);
    assert_eq!(server.repository().ref_lines(), refs_of(&clone, "refs/heads"));
    assert_quiet(&server);
}

/// `git push` with these arguments; what it printed and whether it succeeded.
fn push(repo: &TestRepo, arguments: &[&str]) -> (bool, String) {
    let all: Vec<&str> = ["push"].iter().chain(arguments).copied().collect();
    let output = repo.run(&all, b"");
    (output.status.success(), output.stderr.to_str_lossy().into_owned())
}

#[test]
fn pushes_change_refs_as_git_would() {
    let origin = sample();
    let server = GitServer::start(HeldRepository::from_git(&origin));
    let work = clone(&server, &[]);
    let url = server.url();
    let id_of = |name: &str| server.repository().refs.resolve(name.as_bytes()).unwrap();

    work.git(&["checkout", "-q", "-b", "topic"]);
    work.write("topic/new.txt", "topic\n");
    let first = work.commit_all("topic");
    assert!(push(&work, &["origin", "topic", "light", "HEAD:refs/heads/copy"]).0);
    assert_eq!((id_of("refs/heads/topic"), id_of("refs/heads/copy")), (Some(first), Some(first)));

    work.git(&["commit", "-q", "--amend", "-m", "topic, again"]);
    let second = work.id("HEAD");
    let (ok, said) = push(&work, &["origin", "topic"]);
    assert!(!ok && said.contains("[rejected]"), "{said}");
    assert!(push(&work, &["--force", "origin", "topic"]).0);
    assert_eq!(id_of("refs/heads/topic"), Some(second));

    assert!(push(&work, &["origin", "--delete", "copy"]).0);
    assert_eq!(id_of("refs/heads/copy"), None);
    let (ok, said) = push(&work, &["origin", "--delete", "main"]);
    assert!(!ok && said.contains("deletion of the current branch prohibited"), "{said}");

    work.git(&["tag", "-a", "-m", "pushed", "v3"]);
    assert!(push(&work, &["origin", "--tags"]).0);
    let (ok, said) = push(&work, &["origin", "HEAD:refs/heads/locked"]);
    assert!(!ok && said.contains("the host says no"), "{said}");
    assert!(push(&work, &["-o", "ci.skip", "origin", "HEAD:refs/heads/with-option"]).0);
    assert_eq!(server.repository().options_seen, ["ci.skip"]);

    let again = TestRepo::empty();
    again.git(&["clone", "-q", "--mirror", &url, "."]);
    again.git(&["fsck", "--strict"]);
    assert_eq!(refs_of(&again, "refs"), server.repository().ref_lines());
    assert_quiet(&server);
}

#[test]
fn an_atomic_push_changes_all_or_nothing() {
    let origin = sample();
    let server = GitServer::start(HeldRepository::from_git(&origin));
    let (one, other) = (clone(&server, &[]), clone(&server, &[]));
    one.write("one", "1\n");
    one.commit_all("one");
    assert!(push(&one, &["origin", "main"]).0);
    let before = server.repository().ref_lines();

    // The other has not seen the push, and forces its own ideas past its client, not past the server.
    other.write("other", "2\n");
    other.commit_all("other");
    let stale = other.id("HEAD~1");
    let lease = format!("--force-with-lease=main:{stale}");
    let (ok, said) = push(&other, &["--atomic", &lease, "origin", "main", "HEAD:refs/heads/fresh"]);
    assert!(!ok, "{said}");
    assert_eq!(server.repository().ref_lines(), before);

    let (ok, said) = push(&other, &["--atomic", "origin", "HEAD:refs/heads/fresh", "HEAD:refs/heads/locked"]);
    assert!(!ok && said.contains("atomic transaction failed"), "{said}");
    assert_eq!(server.repository().ref_lines(), before);
    assert!(push(&other, &["--atomic", "origin", "HEAD:refs/heads/fresh", "HEAD:refs/heads/fine"]).0);
    assert_ne!(server.repository().ref_lines(), before);
}

#[test]
fn what_is_not_sound_is_refused_and_stays_invisible() {
    let origin = sample();
    let server = GitServer::start(HeldRepository::from_git(&origin));
    let before = server.repository().ref_lines();
    let work = clone(&server, &[]);
    let hash = |kind: &str, bytes: &[u8]| -> ObjectId {
        let written = work.git_bytes(&["hash-object", "-w", "--literally", "-t", kind, "--stdin"], bytes);
        written.to_str().unwrap().trim().parse().unwrap()
    };
    let blob = work.id("main:README");
    let entry = |mode: &str, name: &str, id: ObjectId| {
        [mode.as_bytes(), b" ", name.as_bytes(), b"\0", id.as_bytes()].concat()
    };
    let evil = hash("blob", b"[submodule \"x\"]\n\tpath = x\n\turl = -u./payload\n");
    let unsorted = [entry("100644", "b", blob), entry("100644", "a", blob)].concat();
    let cases: [(Vec<u8>, &str); 4] = [
        (unsorted, "treeNotSorted"),
        (entry("40000", ".git", origin.id("main^{tree}")), "hasDotgit"),
        (entry("100644", "..", blob), "hasDotdot"),
        (entry("100644", ".gitmodules", evil), "gitmodulesUrl"),
    ];
    for (tree, problem) in cases {
        let tree = hash("tree", &tree);
        let who = "A U Thor <author@example.com> 1700000000 +0000";
        let commit = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nbad\n");
        let bad = hash("commit", commit.as_bytes());
        let (ok, said) = push(&work, &["origin", &format!("{bad}:refs/heads/bad")]);
        assert!(!ok && said.contains("unpacker error") && said.contains(problem), "{said}");
        let held = server.repository();
        assert_eq!(held.ref_lines(), before);
        assert!(!held.contains(&bad) && !held.contains(&tree) && held.packs.is_empty());
    }
}

fn packet(text: &str) -> String {
    format!("{:04x}{text}", text.len() + 4)
}

#[test]
fn broken_packs_are_refused() {
    let origin = sample();
    let server = GitServer::start(HeldRepository::from_git(&origin));
    let before = server.repository().ref_lines();
    let work = clone(&server, &[]);
    work.write("new", "new\n");
    let tip = work.commit_all("new");
    let pack = work
        .git_bytes(&["pack-objects", "--stdout", "-q", "--revs"], format!("{tip}\n^{tip}~1\n").as_bytes());
    let head = packet(&format!("{} {tip} refs/heads/new\0report-status", ObjectId::NULL)) + "0000";
    let send = |pack: &[u8]| {
        let answer = server.post("git-receive-pack", &[head.as_bytes(), pack].concat());
        answer.to_str_lossy().into_owned()
    };
    for length in [0, 3, 12, 20, pack.len() / 2, pack.len() - 1] {
        let said = send(&pack[..length]);
        assert!(said.contains("unpack ") && said.contains("ng refs/heads/new unpacker error"), "{said}");
    }
    for at in [0, 5, 8, 15, pack.len() / 2, pack.len() - 3] {
        let mut broken = pack.clone();
        broken[at] ^= 0x55;
        let said = send(&broken);
        assert!(said.contains("ng refs/heads/new unpacker error"), "byte {at}: {said}");
    }
    let mut longer = pack.clone();
    longer.push(0);
    assert!(send(&longer).contains("ng refs/heads/new unpacker error"));
    // A pack that is sound and not whole: the commit without its tree.
    let commit_only = work.git_bytes(&["pack-objects", "--stdout", "-q"], format!("{tip}\n").as_bytes());
    let said = send(&commit_only);
    assert!(
        said.contains("unpack ok") && said.contains("ng refs/heads/new missing necessary objects"),
        "{said}"
    );
    assert_eq!(server.repository().ref_lines(), before);
    assert!(!server.repository().contains(&tip) && server.repository().packs.is_empty());
    assert!(send(&pack).contains("ok refs/heads/new"));
}

#[test]
fn hostile_requests_get_an_answer_and_change_nothing() {
    let origin = sample();
    let server = GitServer::start(HeldRepository::from_git(&origin));
    let before = server.repository().ref_lines();
    let tip = origin.id("main");
    let fetch = |line: &str| format!("{}0001{}0000", packet("command=fetch"), packet(line));
    let null = ObjectId::NULL;
    let foreign = "1".repeat(40);
    let upload: Vec<(String, &str)> = vec![
        ("zzzz".into(), "no packet length"),
        ("0003".into(), "bad packet length 3"),
        ("ffff".into(), "bad packet length 65535"),
        ("0032want".into(), "ends inside"),
        (packet("command=fetch\0want x"), "invalid command"),
        (packet("command=upload-archive") + "0000", "invalid command"),
        (packet("command=fetch") + &packet("sparse=1") + "0000", "unexpected line"),
        (fetch(&format!("want {foreign}")), "not our ref"),
        (fetch("want-ref refs/heads/nope"), "unknown ref"),
        (fetch("deepen 9223372036854775808"), "invalid deepen"),
        (fetch("filter sparse:oid=main:x"), "not supported"),
        (fetch("filter blob:limit=-1"), "no valid number"),
        (fetch("packfile-uris https"), "unexpected line"),
        (
            format!(
                "{}0001{}{}0000",
                packet("command=fetch"),
                packet(&format!("want {tip}")),
                packet("deepen-not nope")
            ),
            "deepen-not",
        ),
        (
            format!(
                "{}0001{}{}{}0000",
                packet("command=fetch"),
                packet(&format!("want {tip}")),
                packet("deepen-since 4000000000"),
                packet("done")
            ),
            "no commits selected",
        ),
        (
            format!(
                "{}0001{}{}0000",
                packet("command=fetch"),
                packet(&format!("want {tip}")),
                packet(&format!("shallow {}", origin.id("main^{tree}")))
            ),
            "invalid shallow object",
        ),
    ];
    for (body, reason) in upload {
        let said = server.post("git-upload-pack", body.as_bytes()).to_str_lossy().into_owned();
        assert!(said.contains("ERR ") && said.contains(reason), "{body:?}: {said:?}");
    }
    let receive: Vec<(String, &str)> = vec![
        ("0001".into(), "ERR"),
        ("00000000".into(), "ERR"),
        (packet("nonsense") + "0000", "ERR"),
        (packet(&format!("{null} {tip} HEAD\0report-status")) + "0000", "unpacker error"),
        (packet(&format!("{tip} {null} HEAD\0report-status delete-refs")) + "0000", "funny refname"),
        (packet(&format!("{tip} {null} refs/heads/a..b\0report-status")) + "0000", "funny refname"),
        (packet(&format!("{tip} {null} refs/heads\0report-status")) + "0000", "funny refname"),
        (
            packet(&format!("{foreign} {null} refs/heads/side\0report-status")) + "0000",
            "failed to update ref",
        ),
        (packet(&format!("{tip} {null} refs/heads/none\0report-status")) + "0000", "failed to update ref"),
        (
            packet(&format!("{tip} {null} refs/heads/main\0report-status")) + "0000",
            "deletion of the current branch",
        ),
        (
            packet(&format!("{null} {tip} refs/heads/x\0push-options")) + "0000" + &packet("a\nb") + "0000",
            "ERR",
        ),
    ];
    for (body, reason) in receive {
        let said = server.post("git-receive-pack", body.as_bytes()).to_str_lossy().into_owned();
        assert!(said.contains(reason), "{body:?}: {said:?}");
    }
    assert_eq!(server.repository().ref_lines(), before);
    assert!(server.repository().packs.is_empty());
}

#[test]
fn a_new_value_must_fit_its_ref() {
    let origin = sample();
    let server = GitServer::start(HeldRepository::from_git(&origin));
    let empty_pack = origin.git_bytes(&["pack-objects", "--stdout", "-q"], b"");
    let null = ObjectId::NULL;
    let send = |name: &str, id: &str| {
        let head = packet(&format!("{null} {id} {name}\0report-status")) + "0000";
        server.post("git-receive-pack", &[head.as_bytes(), &empty_pack].concat()).to_str_lossy().into_owned()
    };
    let blob = origin.id("main:README").to_string();
    assert!(send("refs/heads/blob", &blob).contains("not a commit"));
    assert!(send("refs/tags/blob", &blob).contains("ok refs/tags/blob"));
    assert!(send("refs/heads/nowhere", &"1".repeat(40)).contains("missing necessary objects"));
    assert!(send("refs/heads/main/below", &origin.id("main").to_string()).contains("cannot both exist"));
    let refs: &RefStore = &server.repository().refs;
    assert!(refs.get(b"refs/tags/blob").is_some() && refs.get(b"refs/heads/blob").is_none());
}

#[test]
fn bundles_go_both_ways() {
    let origin = sample();
    origin.git(&["bundle", "create", "-q", "all.bundle", "--all"]);
    let held = HeldRepository::from_bundle(&std::fs::read(origin.path().join("all.bundle")).unwrap());
    assert_eq!(held.ref_lines(), refs_of(&origin, "refs"));

    // What comes after a tag, as git bundles it and as it is bundled here.
    origin.git(&["bundle", "create", "-q", "new.bundle", "v1..main"]);
    let bytes = std::fs::read(origin.path().join("new.bundle")).unwrap();
    let (header, _) = BundleHeader::parse(&bytes, &Limits::default()).unwrap();
    let limits = Limits::default();
    let request = SelectionRequest {
        wants: header.refs.iter().map(|(_, id)| *id).collect(),
        haves: header.prerequisites.iter().map(|prerequisite| prerequisite.id).collect(),
        ..SelectionRequest::default()
    };
    let mut selection = Selection::new(&request, CommitGraph::new(), &held, &limits).unwrap();
    while !selection.step(&held, 10).unwrap() {}
    let (objects, bases) = selection.into_parts();
    let packs: Vec<_> = held.packs.iter().collect();
    let writer = PackWriter::new(objects, bases, WriteOptions::default());
    let pack = writer.write(&PackSources { objects: &held, packs: &packs }).unwrap();
    let mut bundle = Vec::new();
    header.write(&mut bundle);
    bundle.extend_from_slice(&pack);
    let reader = TestRepo::empty();
    reader.git(&[
        "clone",
        "-q",
        "--bare",
        &format!("file://{}", origin.path().display()),
        ".",
        "--branch",
        "v1",
        "--single-branch",
    ]);
    reader.write("ours.bundle", &bundle);
    reader.git(&["bundle", "verify", "-q", "ours.bundle"]);
    reader.git(&["fetch", "-q", "./ours.bundle", "refs/heads/main:refs/heads/main"]);
    reader.git(&["fsck", "--strict"]);
    assert_eq!(reader.id("main"), origin.id("main"));
}

#[test]
fn the_corpus_is_cloned_whole() {
    let Some(path) = corpus_bundle("flask.bundle") else { return };
    let real = TestRepo::clone_bare(path.to_str().unwrap());
    let held = HeldRepository::from_bundle(&std::fs::read(&path).unwrap());
    let server = GitServer::start(held);
    let timed = |what: &str, url: &str, arguments: &[&str]| {
        let clone = TestRepo::empty();
        let all: Vec<&str> =
            ["clone", "-q", "--bare"].iter().chain(arguments).copied().chain([url, "."]).collect();
        let start = std::time::Instant::now();
        clone.git(&all);
        println!("{what} {arguments:?}: {} ms", start.elapsed().as_millis());
        clone
    };
    let file = format!("file://{}", real.path().display());
    for arguments in [&[][..], &["--depth", "1"], &["--filter=blob:none"]] {
        real.git(&["config", "uploadpack.allowFilter", "true"]);
        let theirs = timed("git over file://", &file, arguments);
        let ours = timed("in memory over HTTP", &server.url(), arguments);
        assert_eq!(ids(&ours), ids(&theirs), "{arguments:?}");
        // Trees of 2010 have modes with a leading zero.
        ours.git(&["-c", "fsck.zeroPaddedFilemode=ignore", "fsck", "--strict"]);
    }
    assert_quiet(&server);
}

/// What git's own server answers to a request over HTTP, up to the pack.
fn real_answer(origin: &TestRepo, version: &str, request: &[u8]) -> Vec<u8> {
    let arguments = [
        "-c",
        &format!("alias.serve=!GIT_PROTOCOL=version={version} git upload-pack --stateless-rpc ."),
        "serve",
    ];
    let output = origin.run(&arguments, request);
    before_pack(&output.stdout)
}

/// What is answered here.
fn our_answer(held: &HeldRepository, version: Version, request: &[u8]) -> Vec<u8> {
    let mut machine = UploadPack::new(version, held.options);
    request.chunks(11).for_each(|piece| machine.handle_input(piece));
    machine.end_input();
    let refs = ServedRefs::from_store(&held.refs);
    let served = Served { source: held, packs: &[], refs: &refs, shallow: &held.shallow };
    let mut answer = Vec::new();
    while let Some(chunk) = machine.next_chunk(&served) {
        answer.extend_from_slice(&chunk);
    }
    before_pack(&answer)
}

/// Cuts an answer off where the pack, or talk of it, begins.
fn before_pack(answer: &[u8]) -> Vec<u8> {
    // A packet's four digits stand before what is searched for, except before a bare pack.
    let starts = [(&b"packfile\n"[..], 4), (b"\x02Enumerating", 4), (b"\x01PACK", 4), (b"PACK", 0)];
    let found = starts.iter().filter_map(|(start, before)| Some(answer.find(start)? - before));
    answer[..found.min().unwrap_or(answer.len())].to_vec()
}

#[test]
fn negotiations_are_answered_with_gits_bytes() {
    let origin = sample();
    let held = HeldRepository::from_git(&origin);
    let id = |revision: &str| origin.id(revision).to_string();
    let (main, side, old, root) = (id("main"), id("side"), id("main~5"), id("main~11"));
    let tag = id("v1");
    let foreign = "1".repeat(40);
    let v2: Vec<Vec<String>> = vec![
        vec![format!("want {main}")],
        vec![format!("want {main}"), format!("have {foreign}")],
        vec![format!("want {main}"), format!("have {old}")],
        vec![
            format!("want {main}"),
            format!("want {tag}"),
            format!("have {old}"),
            format!("have {root}"),
            format!("have {foreign}"),
        ],
        vec![format!("want {main}"), format!("have {side}")],
        vec![format!("want {side}"), format!("have {main}")],
        vec![format!("want {root}"), format!("have {main}")],
        vec![format!("want {main}"), format!("have {tag}")],
        vec![format!("want {main}"), format!("have {old}"), "wait-for-done".into()],
        vec![format!("want {main}"), format!("have {old}"), "done".into()],
        vec![format!("have {old}"), "wait-for-done".into()],
        vec![format!("have {old}")],
        vec![format!("want {main}"), "deepen 1".into(), "done".into()],
        vec![format!("want {main}"), "deepen 3".into(), format!("shallow {main}"), format!("have {main}")],
        vec![format!("want {main}"), format!("shallow {old}"), format!("have {old}")],
        vec![format!("want {main}"), format!("shallow {foreign}"), "done".into()],
        vec![
            format!("want {main}"),
            "deepen 2147483647".into(),
            format!("shallow {old}"),
            format!("have {old}"),
        ],
        vec![
            format!("want {main}"),
            "deepen-relative".into(),
            "deepen 2".into(),
            format!("shallow {old}"),
            format!("have {old}"),
        ],
        vec![format!("want {main}"), "deepen-not v1".into(), "done".into()],
        vec![
            format!("want {main}"),
            format!("want {}", id("main^{tree}")),
            format!("want {}", id("main:README")),
            "done".into(),
        ],
    ];
    for lines in &v2 {
        let lines: String = lines.iter().map(|line| packet(line)).collect();
        let request = format!("{}0001{lines}0000", packet("command=fetch"));
        let (ours, real) = (
            our_answer(&held, Version::V2, request.as_bytes()),
            real_answer(&origin, "2", request.as_bytes()),
        );
        assert_eq!(ours.as_bstr(), real.as_bstr(), "{request}");
    }
    let wants = |caps: &str, more: &str| format!("{}{more}0000", packet(&format!("want {main} {caps}\n")));
    let have = |ids: &[&str]| ids.iter().map(|id| packet(&format!("have {id}\n"))).collect::<String>();
    for caps in [
        "",
        "multi_ack",
        "multi_ack_detailed",
        "multi_ack_detailed no-done",
        "multi_ack_detailed side-band-64k",
    ] {
        for tail in [
            have(&[&old]) + "0000",
            have(&[&foreign]) + "0000",
            have(&[&old, &root]) + "0000",
            have(&[&old]) + &packet("done\n"),
            have(&[&old, &side]) + &packet("done\n"),
            have(&[&foreign]) + &packet("done\n"),
            packet("done\n"),
        ] {
            let request = wants(caps, "") + &tail;
            let (ours, real) = (
                our_answer(&held, Version::V0, request.as_bytes()),
                real_answer(&origin, "0", request.as_bytes()),
            );
            assert_eq!(ours.as_bstr(), real.as_bstr(), "{request}");
        }
    }
    for more in [packet("deepen 2"), packet(&format!("shallow {main}")) + &packet("deepen 3")] {
        let request = wants("multi_ack_detailed", &more);
        let (ours, real) = (
            our_answer(&held, Version::V0, request.as_bytes()),
            real_answer(&origin, "0", request.as_bytes()),
        );
        assert_eq!(ours.as_bstr(), real.as_bstr(), "{request}");
    }
}

#[test]
fn wants_are_held_to_the_policy() {
    let origin = sample();
    let mut held = HeldRepository::from_git(&origin);
    let unreachable: ObjectId =
        origin.git(&["commit-tree", "-m", "loose end", "main^{tree}"]).trim().parse().unwrap();
    held.store = origin.objects();
    let (tip, old) = (origin.id("main"), origin.id("main~3"));
    let (blob, tree) = (origin.id("main~3:README"), origin.id("main~3^{tree}"));
    let answers = |held: &HeldRepository, version: Version, id: ObjectId| {
        let request = match version {
            Version::V2 => format!(
                "{}0001{}{}0000",
                packet("command=fetch"),
                packet(&format!("want {id}")),
                packet("done")
            ),
            _ => packet(&format!("want {id} side-band-64k")) + "0000" + &packet("done"),
        };
        !our_answer(held, version, request.as_bytes()).contains_str("not our ref")
    };
    let all = [tip, old, blob, tree, unreachable];
    let table = [
        (WantPolicy::AsGit, Version::V2, [true, true, true, true, true]),
        (WantPolicy::AsGit, Version::V0, [true, true, true, true, false]),
        (WantPolicy::Reachable, Version::V2, [true, true, true, true, false]),
        (WantPolicy::Tips, Version::V2, [true, false, false, false, false]),
    ];
    for (policy, version, expected) in table {
        held.options.wants = policy;
        assert_eq!(all.map(|id| answers(&held, version, id)), expected, "{policy:?} {version:?}");
    }
}

/// A repository whose history is cut, and the same one as it is served.
fn shallow_server(depth: &str) -> (TestRepo, HeldRepository) {
    let cut = clone_real(&sample(), &["--depth", depth, "--no-single-branch"]);
    cut.git(&["branch", "side", "origin/side"]);
    cut.git(&["remote", "remove", "origin"]);
    let mut held = HeldRepository::from_git(&cut);
    held.shallow = shallow(&cut).iter().map(|line| line.parse().expect("because git wrote it")).collect();
    assert!(!held.shallow.is_empty());
    (cut, held)
}

#[test]
fn a_shallow_repository_is_served_as_shallow() {
    let (cut, held) = shallow_server("4");
    let server = GitServer::start(held);
    for version in ["0", "2"] {
        let clone = clone(&server, &["-c", &format!("protocol.version={version}")]);
        assert_eq!(shallow(&clone), shallow(&cut), "protocol {version}");
        assert_eq!(clone.id("HEAD"), cut.id("main"));
        // The boundary travels with a push too, and the server already knows what lies behind it.
        clone.write("new", version);
        let new = clone.commit_all("new");
        assert!(push(&clone, &["origin", &format!("HEAD:refs/heads/new-{version}")]).0);
        assert_eq!(
            server.repository().refs.resolve(format!("refs/heads/new-{version}").as_bytes()),
            Ok(Some(new))
        );
    }
    assert_quiet(&server);
}

/// What a client's command did, apart from the address that it spoke to.
fn outcome(client: &TestRepo, arguments: &[&str], url: &str) -> String {
    let output = client.run(arguments, b"");
    let said = String::from_utf8_lossy(&output.stderr).replace(url, "URL");
    if !output.status.success() {
        return said;
    }
    let ids = ids(client);
    // A cut at a commit that the client has not says nothing: git leaves some of those away, and repeats others.
    let mut cuts = shallow(client);
    cuts.dedup();
    cuts.retain(|cut| ids.iter().any(|id| id.starts_with(cut.as_str())));
    format!("done {said}\n{cuts:?}\n{}{ids:#?}", refs_of(client, "refs"))
}

#[test]
fn a_shallow_repository_is_cloned_and_fetched_from_as_from_git() {
    // Nothing is had, all is had, or what is had is cut elsewhere; then fetches that deepen it.
    let starts: [&[&str]; 7] = [
        &["clone", "-q", "URL", "."],
        &["clone", "-q", "--depth", "1", "URL", "."],
        &["clone", "-q", "--depth", "2", "--no-single-branch", "URL", "."],
        &["clone", "-q", "--depth", "9", "--no-single-branch", "URL", "."],
        &["clone", "-q", "--shallow-exclude", "side", "URL", "."],
        &["clone", "-q", "--shallow-since", "1600800000 +0000", "URL", "."],
        &["clone", "-q", "--mirror", "URL", "."],
    ];
    let fetches: [&[&str]; 7] = [
        &["fetch", "-q"],
        &["fetch", "-q", "--deepen", "1"],
        &["fetch", "-q", "--depth", "3"],
        &["fetch", "-q", "--deepen", "2"],
        &["fetch", "-q", "--unshallow"],
        &["fetch", "-q", "--update-shallow"],
        &["fetch", "-q", "--shallow-since", "1600600000 +0000"],
    ];
    let (cut, held) = shallow_server("3");
    let server = GitServer::start(held);
    let urls = [server.url(), format!("file://{}", cut.path().display())];
    for version in ["0", "2"] {
        let version = format!("protocol.version={version}");
        for start in starts {
            let clients = [TestRepo::empty(), TestRepo::empty()];
            for step in [&[start][..], &fetches].concat() {
                let [ours, real] = [0, 1].map(|at| {
                    let step = step.iter().map(|word| if *word == "URL" { &urls[at] } else { *word });
                    let arguments: Vec<&str> = ["-c", &version].into_iter().chain(step).collect();
                    outcome(&clients[at], &arguments, &urls[at])
                });
                // A date or a ref to stop at makes git forget its own cut: it sends too little, or dies.
                if step.contains(&"--shallow-since") && !real.starts_with("done") {
                    assert!(ours.starts_with("done"), "{version} {start:?} {step:?}: {ours}");
                    clients[0].git(&["fsck", "--strict"]);
                    break;
                }
                assert_eq!(ours, real, "{version} {start:?} {step:?}");
            }
        }
    }
    assert_quiet(&server);
}

#[test]
fn a_shallow_clone_pushes_to_a_whole_repository() {
    let origin = sample();
    let server = GitServer::start(HeldRepository::from_git(&origin));
    let clone = clone(&server, &["--depth", "1"]);
    clone.write("new", "new\n");
    let new = clone.commit_all("new");
    assert!(push(&clone, &["origin", "main"]).0);
    assert_eq!(server.repository().refs.resolve(b"refs/heads/main"), Ok(Some(new)));
    assert_quiet(&server);
}
