//! A repository in a temporary folder, driven by the git on PATH with a fixed identity, clock and configuration.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use bstr::ByteSlice;
use govc_git::id::hasher;
use govc_git::store::MemoryStore;
use govc_git::{Kind, Object, ObjectId};

/// A repository that real git made; its folder goes with it.
pub struct TestRepo {
    root: PathBuf,
}

impl TestRepo {
    /// `git init` in a fresh folder, with branch `main`.
    pub fn init() -> Self {
        let repo = Self { root: fresh_folder() };
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    /// `git clone --bare` of a path, bundle or URL.
    pub fn clone_bare(source: &str) -> Self {
        let repo = Self { root: fresh_folder() };
        repo.git(&["clone", "-q", "--bare", source, "."]);
        repo
    }

    /// A fresh folder without a repository, for `git clone` into `.`.
    pub fn empty() -> Self {
        Self { root: fresh_folder() }
    }

    /// The work tree, or the bare repository.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Writes a file into the work tree, with the folders above it.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Stages everything and commits; returns the commit.
    pub fn commit_all(&self, message: &str) -> ObjectId {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    /// What `git rev-parse` says of a revision that must exist.
    pub fn id(&self, revision: &str) -> ObjectId {
        self.git(&["rev-parse", "--verify", revision]).trim().parse().unwrap()
    }

    /// Standard output of a git command that must succeed, as text.
    pub fn git(&self, args: &[&str]) -> String {
        String::from_utf8(self.git_bytes(args, b"")).unwrap()
    }

    /// Standard output of a git command that must succeed.
    pub fn git_bytes(&self, args: &[&str], input: &[u8]) -> Vec<u8> {
        let output = self.run(args, input);
        assert!(output.status.success(), "git {args:?}: {}", output.stderr.as_bstr());
        output.stdout
    }

    /// Runs a git command with `input` on its standard input and returns whatever it did.
    pub fn run(&self, args: &[&str], input: &[u8]) -> Output {
        let mut child = Command::new("git")
            .args(args)
            .current_dir(&self.root)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "TMPDIR"))
            .env("HOME", &self.root)
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_NAME", "A U Thor")
            .env("GIT_AUTHOR_EMAIL", "author@example.com")
            .env("GIT_COMMITTER_NAME", "C O Mitter")
            .env("GIT_COMMITTER_EMAIL", "committer@example.com")
            .env("GIT_AUTHOR_DATE", "1700000000 +0000")
            .env("GIT_COMMITTER_DATE", "1700000000 +0000")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("git is on PATH");
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            // A command that does not read its input closes the pipe; that is its right.
            scope.spawn(move || drop(stdin.write_all(input)));
            child.wait_with_output().unwrap()
        })
    }

    /// Every object of the repository, read through `git cat-file`; each id is checked against the bytes.
    pub fn objects(&self) -> MemoryStore {
        let all = self.git_bytes(&["cat-file", "--batch", "--batch-all-objects", "--unordered"], b"");
        let mut store = MemoryStore::new();
        let mut rest = all.as_slice();
        while let Some(end) = rest.find_byte(b'\n') {
            let words: Vec<&[u8]> = rest[..end].split_str(" ").collect();
            let id = ObjectId::from_hex(words[0]).unwrap();
            let kind = Kind::from_name(words[1]).unwrap();
            let size: usize = words[2].to_str().unwrap().parse().unwrap();
            let body = &rest[end + 1..end + 1 + size];
            assert_eq!(hasher::object_id_checked(kind, body), Ok(id));
            store.insert(id, Object { kind, bytes: body.into() });
            rest = &rest[end + 1 + size + 1..];
        }
        store
    }
}

impl Drop for TestRepo {
    fn drop(&mut self) {
        // A folder that cannot be removed is the system's to clean.
        drop(std::fs::remove_dir_all(&self.root));
    }
}

fn fresh_folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let root = std::env::temp_dir().join(format!("govc-test-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&root).unwrap();
    root
}
