//! The shared corpus, when the checkout has it beside it.

use std::path::{Path, PathBuf};

/// A file of the shared corpus, e.g. `flask.bundle`; `None` where the folder is not there.
pub fn corpus_bundle(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus").join(name);
    path.exists().then_some(path)
}
