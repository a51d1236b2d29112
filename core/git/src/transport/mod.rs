//! Serving a repository to git, and being its client: framing, capabilities, refs, fetch, push and bundles, as machines
//! without sockets.
//!
//! Requests go in and answers come out as bytes, in pieces that the caller chooses. Nothing here knows a connection, a
//! thread or a hook; what may change a ref is decided by the caller.

pub mod bundle;
pub mod capabilities;
pub mod client;
mod commands;
mod fetch;
mod fetch_error;
pub mod filter;
pub mod http;
pub mod ls_refs;
mod missing;
mod pack_stream;
pub mod pkt_line;
pub mod push;
mod quarantine;
pub mod request;
pub mod select;
mod served;
pub mod server;
mod shallow;
mod verdict;
mod want;

pub use fetch_error::FetchError;
pub use served::{ServeOptions, Served, WantPolicy};
pub use verdict::{PushPolicy, PushRequest, PushUpdate, Refusal};
