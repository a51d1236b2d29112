//! Headers of bundles: pieces and the whole give the same, and what is read is written back.

use govc_git::transport::bundle::{BundleError, BundleHeader, BundleReader};

use super::pack::LIMITS;
use crate::pieces::first;

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let whole = BundleHeader::parse(rest, &LIMITS);
    let pieces = read(rest, usize::from(mode) + 1);
    assert_eq!(whole, pieces);
    if let Ok((header, used)) = whole {
        assert!(used <= rest.len());
        let mut out = Vec::new();
        header.write(&mut out);
        assert_eq!(BundleHeader::parse(&out, &LIMITS), Ok((header, out.len())));
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let id = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    vec![
        format!("\x07# v2 git bundle\n-{id} the first\n{id} refs/heads/main\n{id} HEAD\n\nPACK").into_bytes(),
        format!("\x01# v3 git bundle\n@object-format=sha1\n@filter=blob:none\n-{id}\n{id} refs/tags/v1\n\n")
            .into_bytes(),
    ]
}

fn read(bytes: &[u8], piece: usize) -> Result<(BundleHeader, usize), BundleError> {
    let mut reader = BundleReader::new(&LIMITS);
    let mut used = 0;
    for piece in bytes.chunks(piece) {
        used += reader.push(piece)?;
        if reader.is_complete() {
            break;
        }
    }
    Ok((reader.finish()?, used))
}
