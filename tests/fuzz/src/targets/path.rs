//! Paths and names: the guards agree with each other, the order is one, and clashes do not depend on who comes first.

use bstr::ByteSlice;
use govc_git::diff::quote::quote_path;
use govc_git::object::Mode;
use govc_git::path::{RepoPath, check_entry, check_name, check_windows_name, compare_paths, find_clashes};

use crate::pieces::{joined, parts};

pub fn run(input: &[u8]) {
    let names: [&[u8]; 3] = parts(input);
    for name in names {
        let _ = (check_windows_name(name), quote_path(name.as_bstr()));
        if check_entry(name, Mode::SYMLINK).is_ok() {
            assert_eq!(check_entry(name, Mode::FILE), Ok(()));
            assert_eq!(check_name(name), Ok(()));
        }
        if let Ok(path) = RepoPath::new(name) {
            assert!(path.components().all(|part| check_name(part).is_ok()));
            assert!(path.as_bstr().ends_with(path.file_name()));
        }
    }
    let [a, b, c] = names;
    assert_eq!(compare_paths(a, b), compare_paths(b, a).reverse());
    if compare_paths(a, b).is_le() && compare_paths(b, c).is_le() {
        assert!(compare_paths(a, c).is_le());
    }
    let clashes = |one, other| !find_clashes([one, other]).is_empty();
    assert_eq!(clashes(a, b), clashes(b, a));
    if clashes(a, b) && clashes(b, c) {
        assert!(clashes(a, c));
    }
    assert!(clashes(a, a));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let cases = [
        [".git", "git~1", ".GIT. "],
        [".gitmodules", "GI7EBA~1", ".g\u{200c}it"],
        ["src/a-b", "src/a/b", "src/a"],
        ["\u{e9}", "e\u{301}", "\u{c9}"],
        ["CON.txt", "COM1 ", "a\\..\\b"],
        ["\u{ac00}\u{3b1}\u{345}", "\u{1100}\u{1161}", "\u{df}SS"],
    ];
    cases.map(|case| joined(0, &case.map(str::as_bytes))[1..].to_vec()).to_vec()
}
