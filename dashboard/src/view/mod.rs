//! Components, each with its styles beside it in `style/`.

pub mod activity;
pub mod canvas;
pub mod commit;
pub mod compare;
pub mod diff;
pub mod evaluation;
pub mod files;
pub mod find;
pub mod frame;
pub mod graph;
pub mod playground;
pub mod realities;
pub mod scrubber;
pub mod timeline;
