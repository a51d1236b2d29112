/** Which stash is meant. */
import { GovcError } from './errors.js';
import type { Repository } from './repository.js';
import type { Stash } from './types.js';

/** The place of a stash, from 0 for the newest. */
export function stashIndex(repository: Repository, which: number | Stash): number {
  const at = typeof which === 'number' ? which : repository.stashes().findIndex(({ id }) => id === which.id);
  if (Number.isInteger(at) && at >= 0) return at;
  throw new GovcError('NotFound', 'there is no such stash: stashes() lists those that there are', { which: String(which) });
}
