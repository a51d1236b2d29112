//! The other end: a client of git's smart HTTP, as machines without sockets. Requests come out as bytes, answers go in as
//! bytes, in pieces of any size; all of them are hostile.
//!
//! Fetches speak protocol v2, pushes the only one there is, v0. Which refs to want, and what to do with what came, is
//! the caller's business, who also sends the requests.

mod advertisement;
mod answer;
mod command;
mod error;
mod head;
mod ls_refs;
mod negotiate;
mod report;

pub use advertisement::{Advertised, AdvertisementReader};
pub use answer::{FetchAnswer, Fetched, FetchedCut};
pub use command::{FetchCommand, PushCommand, write_fetch, write_ls_refs, write_push};
pub use error::ClientError;
pub use head::{RequestTarget, check_head};
pub use ls_refs::{LsRefsReader, RemoteHead, RemoteRef, RemoteRefs};
pub use negotiate::Negotiator;
pub use report::{PushReport, ReportReader};

pub use super::quarantine::ConnectivityCheck;
