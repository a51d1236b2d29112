//! What two peers say to each other so that both have the same log: messages, and the machine at each end of a link.

pub mod message;
pub mod session;
