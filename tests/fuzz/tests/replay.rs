//! Every target over the inputs that once broke it, its seeds, and mutations of these from one seed.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use govc_fuzz::{Mutator, TARGETS, Target};

fn replay(name: &str) {
    let target: &Target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crashes").join(name);
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        println!("{}", path.display());
        (target.run)(&std::fs::read(&path).unwrap());
    }
    let seeds = (target.seeds)();
    let mut mutator = Mutator::new(1);
    for input in seeds.iter().cloned().chain((0..target.executions).map(|_| mutator.input(&seeds))) {
        let outcome = std::panic::catch_unwind(|| (target.run)(&input));
        assert!(outcome.is_ok(), "{name} breaks on {:?}", bstr::BStr::new(&input));
    }
}

macro_rules! replay {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            replay(stringify!($name));
        })*

        #[test]
        fn every_target_is_replayed() {
            let named = [$(stringify!($name)),*];
            assert_eq!(TARGETS.iter().map(|target| target.name).collect::<Vec<_>>(), named);
        }
    };
}

replay! {
    object pack index delta loose pkt_line upload client push bundle refs revision glob attributes formats merge_formats path text_diff merge_text patch apply verify entries
    tree_merge messages
}
