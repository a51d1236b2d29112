//! Serving a repository to git: framing, capabilities, refs, fetch, push and bundles, as machines without sockets.
//!
//! Requests go in and answers come out as bytes, in pieces that the caller chooses. Nothing here knows a connection, a
//! thread or a hook; what may change a ref is decided by the caller.

pub mod capabilities;
pub mod filter;
pub mod ls_refs;
pub mod pkt_line;
