//! Globs: a `!` turns the answer, and none takes long.

use govc_git::glob::Glob;

use crate::pieces::{joined, parts};

pub fn run(input: &[u8]) {
    let [pattern, path] = parts(input);
    let matches = Glob::new(pattern).matches(path);
    if !pattern.starts_with(b"!") {
        assert_eq!(Glob::new(&[b"!", pattern].concat()).matches(path), !matches);
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let cases: [(&str, &str); 7] = [
        ("*.rs", "src/main.rs"),
        ("/src/**/x?", "src/a/b/xy"),
        ("**/[a-c]*/", "d/a/file"),
        ("[!a]\\*[]-]", "b*]"),
        ("a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("**/**/**/**/b", "a/a/a/a/a/a/a/a/a/a"),
        ("[[:alpha:]][[:digit:]]", "a1"),
    ];
    cases.map(|(pattern, path)| joined(0, &[pattern.as_bytes(), path.as_bytes()])[1..].to_vec()).to_vec()
}
