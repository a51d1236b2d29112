//! The engine as JavaScript sees it, before TypeScript gives it its shape.
//!
//! Every export decodes its arguments, makes one call, encodes the answer and maps the error: nothing is decided
//! here. It knows no file, socket, clock or DOM; `wasm/js` does, and `wasm/js/binding.ts` is its only caller.
//!
//! Modules, foundations first; a module uses only those above it: `allocator`, `memory_compare`, `panic`, `error`,
//! `packed`, `decode`, `object`, `repository`, `commit`, `difference`, `transaction`, `reality`, `history`, `blame`, `bisect`, `drivers`, `merge`, `rewrite`, `exchange`, `durable`,
//! `storage`, `serve`, `remote`, `verify`, `watch`, `work_tree`, `evaluate`, `world`.

#[cfg(target_family = "wasm")]
mod allocator;
mod bisect;
mod blame;
mod commit;
mod decode;
mod difference;
mod drivers;
mod durable;
mod error;
mod evaluate;
mod exchange;
mod history;
#[cfg(target_family = "wasm")]
mod memory_compare;
mod merge;
mod object;
mod packed;
mod panic;
mod reality;
mod remote;
mod repository;
mod rewrite;
mod serve;
mod storage;
mod transaction;
mod verify;
mod watch;
mod work_tree;
mod world;
