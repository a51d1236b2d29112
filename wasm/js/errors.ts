/** The one error that the package throws, and how a failure of the engine becomes it. */

/** What kind of failure it is. Stable: a program may act on it. */
export type ErrorCode =
  /** What was named does not exist: a reality, a revision, a path, an operation. */
  | 'NotFound'
  /** A reality, a tag or a file of that name is there already. */
  | 'AlreadyExists'
  /** By git's rules, this is no name for a ref. */
  | 'InvalidName'
  /** This path cannot be in a tree: it is absolute, or has a part like `..` or `.git`. */
  | 'InvalidPath'
  /** An argument makes no sense; the message says what to give instead. */
  | 'InvalidArgument'
  /** An object is not what its id or its kind says. */
  | 'CorruptObject'
  /** A pack cannot be read: it is cut off, damaged, or lacks what it builds on. */
  | 'CorruptPack'
  /** Larger or more than a limit of `Limits` allows. */
  | 'LimitExceeded'
  /** A validator refused the change; `details.problems` has what it found. */
  | 'ValidationFailed'
  /** Changes do not fit together; `details` names the paths. Nothing has moved. */
  | 'Conflict'
  /** What the call built on was moved by somebody else meanwhile: read again, and try again. */
  | 'Stale'
  /** It is in use elsewhere and must not be moved. */
  | 'Protected'
  /** A rule, a handler or a test refused it; `cause` is what it threw. */
  | 'Rejected'
  /** The other side wants to know who asks, or does not allow it. */
  | 'Unauthorized'
  /** The connection was lost, or the other side cannot be reached. */
  | 'Disconnected'
  /** One author has two histories. */
  | 'Forked'
  /** It took longer than was allowed. */
  | 'Timeout'
  /** Its `AbortSignal` stopped it. Nothing is left half done. */
  | 'Aborted'
  /** The storage failed; `details.reason` says how, and nothing in memory is lost. */
  | 'Storage'
  /** The other side does not speak git's protocol as it should. */
  | 'Protocol'
  /** The repository, transaction or universe was disposed of, and is used all the same. */
  | 'Disposed';

/** Every failure of the package. */
export class GovcError extends Error {
  /** Which kind of failure it is. */
  readonly code: ErrorCode;
  /** What a program needs to act: the path, the ref, the problems, the two sides. */
  readonly details: Record<string, unknown>;

  /** For storages and validators of your own; `cause` is what was thrown before. */
  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
Object.defineProperty(GovcError.prototype, 'name', { value: 'GovcError', configurable: true, writable: true });

/** What the engine throws: the plain object that `wasm/src/error.rs` makes. */
export interface Failure { code: ErrorCode; message: string; details: Record<string, unknown> }

/** Whether `thrown` is a failure of the engine. */
export function isFailure(thrown: unknown): thrown is Failure {
  return typeof thrown === 'object' && thrown !== null && !(thrown instanceof Error)
    && typeof (thrown as Partial<Failure>).code === 'string' && typeof (thrown as Partial<Failure>).message === 'string';
}
