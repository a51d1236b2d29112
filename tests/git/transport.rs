//! Real git as the client of a repository in memory: clones, fetches and pushes over HTTP, each checked by git itself.

use govc_tests::{GitServer, HeldRepository, TestRepo};

/// A history with a merge, tags, a rename, a symlink, a deep folder and a file that grows.
fn sample() -> TestRepo {
    let repo = TestRepo::init();
    for round in 0..12 {
        repo.write("src/deep/er/file.txt", "line\n".repeat(round * 50 + 1));
        repo.write(&format!("docs/{round}.md"), format!("page {round}\n"));
        repo.write("README", format!("round {round}\n"));
        repo.commit_all(&format!("round {round}"));
        if round == 4 {
            repo.git(&["tag", "-a", "-m", "annotated", "v1"]);
            repo.git(&["branch", "side"]);
        }
    }
    repo.git(&["checkout", "-q", "side"]);
    repo.write("side.txt", "side\n");
    repo.git(&["mv", "docs/0.md", "docs/zero.md"]);
    repo.commit_all("on the side");
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "-m", "merge side", "side"]);
    repo.git(&["tag", "light"]);
    repo
}

fn refs_of(repo: &TestRepo, pattern: &str) -> String {
    repo.git(&["for-each-ref", "--format=%(objectname) %(refname)", pattern])
}

#[test]
fn a_clone_has_everything_and_passes_fsck() {
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
        assert_eq!(clone.objects().len(), origin.objects().len(), "protocol {version}");
    }
    assert_eq!(server.repository().failures, Vec::<String>::new());
}
