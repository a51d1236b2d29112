/** The moves of a batch against the refs that are stored. */
import { GovcError } from '../../errors.js';
import type { StorageBatch } from '../storage.js';

/** Throws Stale where a ref is neither what it was before the move nor what it is to be. */
export function checkMoves(title: string, refs: ReadonlyMap<string, string>, moves: StorageBatch['refs']): void {
  for (const { name, before, after } of moves) {
    const found = refs.get(name);
    if (found === before || found === after) continue;
    const was = found === undefined ? 'is gone' : `is at ${found}`;
    const message = `${title}: '${name}' was moved by another tab: it ${was}, no longer at ${before ?? 'nothing'}. Nothing was written`;
    throw new GovcError('Stale', message, { ref: name, ...(before && { expected: before }), ...(found && { found }) });
  }
}

/** The refs after the moves. */
export function movedRefs(refs: ReadonlyMap<string, string>, moves: StorageBatch['refs']): Map<string, string> {
  const moved = new Map(refs);
  for (const { name, after } of moves) {
    if (after === undefined) moved.delete(name);
    else moved.set(name, after);
  }
  return moved;
}
