/** Exit codes: one table. Scripts may rely on them. */
import type { ErrorCode } from '../errors.js';

export const [DONE, NEGATIVE, USAGE, INTERNAL] = [0, 1, 2, 70] as const;

/** Each code with what it means, and the failures that end with it. */
export const EXIT_CODES: readonly { code: number; means: string; errors: readonly ErrorCode[] }[] = [
  { code: DONE, means: 'done', errors: [] },
  { code: NEGATIVE, means: 'a negative answer: problems found, a conflict, nothing to commit, changes in the way', errors: ['ValidationFailed', 'Conflict'] },
  { code: USAGE, means: 'the command line is wrong', errors: ['InvalidArgument'] },
  { code: 3, means: 'something that was named does not exist', errors: ['NotFound'] },
  { code: 4, means: 'it exists already', errors: ['AlreadyExists'] },
  { code: 5, means: 'a name or path that is not allowed', errors: ['InvalidName', 'InvalidPath'] },
  { code: 6, means: 'an object or pack is damaged', errors: ['CorruptObject', 'CorruptPack'] },
  { code: 7, means: 'larger than a limit allows', errors: ['LimitExceeded'] },
  { code: 8, means: 'somebody else moved it in the meantime: try again', errors: ['Stale'] },
  { code: 9, means: 'refused: not supported for this file or repository, or not allowed', errors: ['Rejected', 'Protected', 'Unauthorized'] },
  { code: 10, means: 'the repository on disk cannot be read or written', errors: ['Storage'] },
  { code: 11, means: 'the connection or the other side failed', errors: ['Disconnected', 'Timeout', 'Protocol', 'Forked'] },
  { code: INTERNAL, means: 'a fault of govc itself', errors: ['Disposed'] },
  { code: 130, means: 'stopped on request', errors: ['Aborted'] },
];

/** The exit code of a failure. */
export function exitCodeOf(error: ErrorCode): number {
  return EXIT_CODES.find(({ errors }) => errors.includes(error))?.code ?? INTERNAL;
}
