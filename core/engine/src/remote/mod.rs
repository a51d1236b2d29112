//! This repository as the client of a git host: fetch, clone and push, as machines that say which request to send next
//! and take its answer. Who sends them is the shell's business, and so are addresses, credentials and redirects.
//!
//! A shell asks for the next request until there is none, sends it, and hands over the head of the answer and then its
//! bytes; then it lets the machine work in steps, and has it finish: only then anything of the repository changes.

mod fetch;
mod negotiation;
mod plan;
mod push;

use alloc::string::ToString;
use alloc::vec::Vec;

use govc_git::transport::client::{ClientError, RequestTarget};
use govc_git::transport::pkt_line::PacketError;

use crate::error::{Error, ErrorCode};

pub use fetch::{Fetched, RemoteFetch};
pub use plan::FetchOptions;
pub use push::{Force, PushOptions, Pushed, RemotePush};

/// A request to send: `GET` to the repository's address, a slash and the target's path; `POST` where there is a body.
pub struct RemoteRequest {
    /// Where it goes, and its headers.
    pub target: RequestTarget,
    /// The body, or where it begins: a push goes on with [`RemotePush::body_chunk`].
    pub body: Option<Vec<u8>>,
}

/// How far a machine has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteProgress {
    /// `negotiate`, `receive`, `resolve`, `check`, `pack` or `done`.
    pub phase: &'static str,
    /// What is done of it: objects, in `negotiate` commits that were named.
    pub done: u64,
    /// Of how many; 0 where that is not known.
    pub total: u64,
}

/// The server's end is what it is: what went wrong there, in the API's codes.
impl From<ClientError> for Error {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        let code = match error {
            ClientError::Pack(error) => return error.into(),
            ClientError::Limit(limit) => return limit.into(),
            ClientError::Status(401 | 403) => ErrorCode::Unauthorized,
            ClientError::Status(404 | 410) => ErrorCode::NotFound,
            ClientError::Status(429 | 500..) | ClientError::Ended { .. } => ErrorCode::Disconnected,
            ClientError::Packet(PacketError::Truncated { .. }) => ErrorCode::Disconnected,
            ClientError::Refused(_) => ErrorCode::Rejected,
            _ => ErrorCode::Protocol,
        };
        let failure = Self::new(code, message);
        match error {
            ClientError::Status(status) => failure.with_number("status", status.into()),
            _ => failure,
        }
    }
}

fn out_of_order() -> Error {
    Error::new(ErrorCode::InvalidArgument, "this exchange is over, or its steps were taken out of order")
}
