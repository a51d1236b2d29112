//! What is shown, as pure data: no pixels, no browser, no repository.

pub mod compare;
pub mod conflict;
pub mod hunks;
pub mod lanes;
pub mod link;
pub mod resolution;
pub mod scenario;
pub mod text;
pub mod timeline;
