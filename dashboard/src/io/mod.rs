//! The browser: its clock, its network, its address line.

pub mod clock;
pub mod editor;
pub mod fetch;
pub mod files;
pub mod focus;
pub mod location;
pub mod resize;
pub mod worker;
