/** What every entry of the package exports. */
/// <reference lib="esnext.disposable" preserve="true" />
export { Bisector, type BisectOptions, type BisectRange, type BisectResult, type BisectStep, type Verdict } from './bisect.js';
export { Commit } from './commit.js';
export { FileDiff, type DiffOptions, type Hunk } from './diff.js';
export { GovcError, type ErrorCode } from './errors.js';
export type { EvaluateOptions, Evaluation, EvaluationResult, VersusBaseline } from './evaluate/options.js';
export { CommitEvent, type EventCursor, type EventFilter, type EventKind } from './events/event.js';
export type { Explanation } from './events/dispatcher.js';
export type { Effect, EffectContext, EffectOptions } from './events/outbox.js';
export type { Rule, RuleOptions } from './events/rule.js';
export type { GrepMatch, GrepOptions } from './grep.js';
export type { ImportResult, PackBytes } from './exchange.js';
export type { HandlerOptions } from './handler.js';
export type { Conflict, ConflictKind, ConflictResolver, MergeOptions, MergeResult } from './merge.js';
export { hashObject, type ObjectKind } from './object.js';
export { Reality } from './reality.js';
export type { Auth, CloneOptions, ConnectionOptions, Credentials, FetchOptions, FetchResult, PushOptions, PushResult, Remote } from './remote/options.js';
export { Repository } from './repository.js';
export { Snapshot } from './snapshot.js';
export { indexedDb, opfs, type BrowserStorage, type BrowserStorageOptions } from './storage/browser/index.js';
export type { RefChange, Refreshed } from './storage/link.js';
export type { PackSink, Storage, StorageBatch, StorageSink } from './storage/storage.js';
export type { Subscription, WatchOptions } from './events/subscription.js';
export { broadcastChannel } from './sync/broadcast-channel.js';
export { memoryBus, type MemoryBus } from './sync/memory.js';
export type { NodeIdentity, SyncProvider } from './sync/provider.js';
export type { ConnectOptions, Entry, Session, VectorClock } from './sync/session.js';
export { Transaction } from './transaction.js';
export type {
  ApplyPatchOptions, BlameLine, Change, CommitOptions, Content, DescribeOptions, FileMode, Glob, Limits, LogOptions, Moment, ObjectId, Operation, Path, PickOptions, Problem, Progressive,
  RebaseOptions, RepositoryOptions, RepositoryStats, Revision, Signature, Stash, UnstashOptions, Validator,
} from './types.js';
export type { VerifyReport } from './verify.js';
