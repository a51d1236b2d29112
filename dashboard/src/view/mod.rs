//! Components, each with its styles beside it in `style/`.

pub mod activity;
pub mod canvas;
pub mod commit;
pub mod compare;
pub mod conflicts;
pub mod diff;
pub mod evaluation;
pub mod files;
pub mod find;
pub mod frame;
pub mod graph;
pub mod guide;
pub mod merge;
pub mod panes;
pub mod playground;
pub mod realities;
pub mod scrubber;
pub mod share;
pub mod sides;
pub mod start;
pub mod timeline;
