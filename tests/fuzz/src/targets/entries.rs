//! Operations and refs of a kept log: what is read is written as it was, and no bytes make it panic or grow.

use govc_engine::{OperationLog, decode_operations, decode_refs, encode_operations, encode_refs};

pub fn run(input: &[u8]) {
    let mut log = OperationLog::default();
    if decode_operations(input, &mut log).is_ok() {
        assert_eq!(encode_operations(log.all()), input);
    }
    if let Ok(refs) = decode_refs(input) {
        assert_eq!(encode_refs(&mut refs.iter().map(|(name, target)| (name, target))), input);
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let (a, b) = ("4b825dc642cb6eb9a060e54bf8d69288fbee4904", "ce013625030ba8dba906f756967f9e9ca394464a");
    [
        format!(
            "govc-log 1 1 0\ncommit 1600000000000 1 commit main: one\n refs/heads/main - {a}\nundo:1:commit -5 1 undo \\n\\\\\n \
             refs/heads/main {a} -\nset-main 7 1 main\n HEAD ref:refs/heads/main ref:refs/heads/%ff\n"
        ),
        format!("govc-log 1 900 1000\nfollow 1 2 take over 2 refs\n refs/heads/a {a} {b}\n refs/tags/%25 {b} -\n"),
        format!("govc-refs 1\nHEAD ref:refs/heads/main\nrefs/heads/%e4 {a}\nrefs/heads/main {b}\n"),
    ]
    .map(String::into_bytes)
    .into()
}
