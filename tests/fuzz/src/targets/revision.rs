//! Revision expressions over a small repository: what one resolves to is found again by its own id.

use bstr::ByteSlice;
use govc_git::rev::{CommitGraph, Expression, Hint, Pattern, Resolver};

use crate::sample::with;

pub fn run(input: &[u8]) {
    if let Ok(pattern) = Pattern::new(input) {
        let _ = pattern.is_match(b"commit 1600000200\n\nfix\n");
    }
    let _ = Expression::parse(input.as_bstr());
    with(|sample| {
        let mut graph = CommitGraph::new();
        let mut resolver = Resolver::new(&sample.store, &sample.refs, &mut graph);
        for hint in [Hint::Any, Hint::Committish, Hint::Treeish] {
            if let Ok(id) = resolver.resolve(input, hint) {
                assert_eq!(resolver.resolve(id.to_hex(), hint), Ok(id));
            }
        }
        let _ = resolver.resolve_commit(input);
    });
}

pub fn seeds() -> Vec<Vec<u8>> {
    let tip = with(|sample| sample.tip).to_string();
    let texts = [
        "main",
        "HEAD^2~1^{tree}",
        "v1^{}",
        "v1^{commit}:src/file",
        ":/fix.*1600",
        "main^{/!-f[a-z]x}",
        "main...side",
        "side^@",
        "main^!",
        "main^-1",
        "main@{upstream}",
        "main@{1}",
        "@{-1}",
        "main@{2020-09-13 12:26:40 +0100}",
        &tip[..7],
        "v1-3-g4b825dc",
        "main^{/\\(a\\|b\\)*\\{1,3\\}[[:alpha:]]$}",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}
