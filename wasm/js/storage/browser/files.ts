/** What a browser's storage must do with files so that a repository can be kept in them, and how its failures are told. */
import { GovcError } from '../../errors.js';

/** Files by their paths, `/` between the names. Whoever calls holds the lock of the repository. */
export interface Files {
  /** The names of the files in a folder, none where there is no folder. */
  list(folder: string): Promise<string[]>;
  /** A file, or undefined where there is none. */
  open(path: string): Promise<StoredFile | undefined>;
  /**
   * Writes a whole file in the place of what was there, and its folders. It is durable when this resolves; before that a
   * crash may leave any part of it. `onBytes` is told after each piece, and stops the writing when it throws.
   */
  write(path: string, bytes: Uint8Array, onBytes?: (bytes: number) => void): Promise<void>;
  /** Removes a file, if it is there. A crash may bring it back. */
  remove(path: string): Promise<void>;
  /** Removes everything. */
  destroy(): Promise<void>;
  close(): void;
}

/** A file that is read in pieces. */
export interface StoredFile {
  readonly size: number;
  read(at: number, length: number): Promise<Uint8Array>;
}

/** Files are read and written in pieces of this many bytes. */
export const PIECE_BYTES = 4 << 20;

/** Why a storage failed: `details.reason` of the error. */
export type StorageFailure =
  /** The browser gives this origin no more room. */
  | 'quota'
  /** What was stored is gone: the browser cleared it, or somebody deleted it. */
  | 'evicted'
  /** A file is not what was written. */
  | 'corrupt'
  /** The browser lacks what is needed. */
  | 'unsupported'
  /** The browser refused the access. */
  | 'failed';

/** An error of the storage. */
export function failure(
  reason: StorageFailure, message: string, details: Record<string, unknown> = {}, cause?: unknown,
): GovcError {
  return new GovcError('Storage', message, { reason, ...details }, cause === undefined ? undefined : { cause });
}

/** Names of the browser's errors that say that what was there is gone. */
const GONE = ['NotFoundError', 'InvalidStateError'];

/** Runs a step with files of the repository `title`; what the browser throws becomes an error of the storage. */
export async function explained<T>(title: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (thrown) {
    if (thrown instanceof GovcError || !(thrown instanceof Error)) throw thrown;
    if (thrown.name === 'QuotaExceededError') {
      const message = `${title}: the browser gives no more room. Nothing in memory is lost: make room and flush again`;
      throw failure('quota', message, {}, thrown);
    }
    if (thrown.name === 'AbortError') throw new GovcError('Aborted', 'stopped on request', {}, { cause: thrown });
    if (GONE.includes(thrown.name)) throw evicted(title, thrown);
    throw failure('failed', `${title}: ${thrown.message}`, {}, thrown);
  }
}

/** What was stored is gone. */
export function evicted(title: string, cause?: unknown): GovcError {
  const message = `${title}: what was stored is gone: the browser cleared it, or somebody deleted it. Nothing in memory is `
    + 'lost: the next flush stores all of it anew';
  return failure('evicted', message, {}, cause);
}
