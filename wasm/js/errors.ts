/** The one error that the package throws, and how a failure of the engine becomes it. */

/** Stable: a program may act on it. */
export type ErrorCode =
  | 'NotFound' | 'AlreadyExists' | 'InvalidName' | 'InvalidPath' | 'InvalidArgument'
  | 'CorruptObject' | 'CorruptPack' | 'LimitExceeded'
  | 'ValidationFailed' | 'Conflict' | 'Stale' | 'Protected' | 'Rejected'
  | 'Unauthorized' | 'Disconnected' | 'Forked' | 'Timeout' | 'Aborted' | 'Storage' | 'Protocol' | 'Disposed';

/** Every failure of the package. */
export class GovcError extends Error {
  readonly code: ErrorCode;
  /** What a program needs to act: the path, the ref, the problems, the two sides. */
  readonly details: Record<string, unknown>;

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
