//! What is shown, as pure data: no pixels, no browser, no repository.

pub mod compare;
pub mod hunks;
pub mod lanes;
pub mod link;
pub mod scenario;
pub mod text;
pub mod timeline;
