//! A repository with parallel realities: branches with a workspace of their own, forked in O(1), changed in isolation,
//! merged when they prove themselves. Every change is an operation in a log.
//!
//! The engine joins core/git to the product's words. It does no IO, has no clock and runs no user code: time and
//! author come in with each command ([`Env`]), bytes go in and out. What the shells may use is what is public here.
//!
//! Modules, foundations first; a module uses only those above it: `error`, `env`, `loose`, `store`, `workspace`, `operation`,
//! `entries`, `kept_log`, `timeline`, `recent`, `storage`, `repository`, `realities`, `commit`, `snapshot`, `transaction`, `history`, `blame`, `bisect`, `describe`, `difference`, `merge`, `stash`, `patch`, `pick`,
//! `rebase`, `exchange`, `follow`, `durable`, `export`, `serve`, `remote`, `stats`, `verify`, `event`, `watch`, `traffic`, `comparison`, `shared`.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod bisect;
mod blame;
mod commit;
mod comparison;
mod describe;
mod difference;
mod durable;
mod entries;
mod env;
mod error;
mod event;
mod exchange;
mod export;
mod follow;
mod history;
mod kept_log;
mod loose;
mod merge;
mod operation;
mod patch;
mod pick;
mod realities;
mod rebase;
mod recent;
mod remote;
mod repository;
mod serve;
mod shared;
mod snapshot;
mod stash;
mod stats;
mod storage;
mod store;
mod timeline;
mod traffic;
mod transaction;
mod verify;
mod watch;
mod workspace;

pub use bisect::Bisect;
pub use blame::Blame;
pub use commit::{CommitRequest, PreparedCommit};
pub use comparison::{Comparison, Scale, Verdict, compare};
pub use entries::{EntryError, decode_operations, decode_refs, encode_operations, encode_refs};
pub use env::{Author, Env};
pub use error::{Detail, Error, ErrorCode, Result};
pub use event::{Event, EventKind};
pub use export::PackExport;
pub use follow::Followed;
pub use govc_git as git;
pub use govc_replication as replication;
pub use history::History;
pub use merge::{FastForward, MergeOutcome, MergeRequest, Merged};
pub use operation::{Operation, OperationKind, OperationLog};
pub use pick::{PickKind, PickRequest};
pub use remote::{
    FetchOptions, Fetched, Force, PushOptions, Pushed, RemoteFetch, RemoteProgress, RemotePush, RemoteRequest,
};
pub use repository::Repository;
pub use serve::{GitExchange, ProposedUpdate};
pub use shared::{Absorbed, Converged, Moves, World, WorldEvent};
pub use stats::Stats;
pub use storage::{PendingBatch, PendingPack};
pub use store::Store;
pub use traffic::{Weight, assign};
pub use transaction::Transaction;
pub use verify::Verification;
pub use watch::{WatchFilter, Watchers};
