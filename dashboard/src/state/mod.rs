//! What the dashboard knows: the repository, what was read of it for showing, and what is chosen.

pub mod conflicts;
pub mod difference;
pub mod history;
pub mod load;
pub mod moments;
pub mod store;
