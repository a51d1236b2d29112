/** The moves of a batch against the refs that are stored. */
import { GovcError } from '../../errors.js';
import type { StorageBatch } from '../storage.js';

/** The refs after the moves. Throws Stale where a ref is neither what it was before its move nor what it is to be. */
export function movedRefs(title: string, refs: ReadonlyMap<string, string>, moves: StorageBatch['refs']): Map<string, string> {
  const moved = new Map(refs);
  for (const { name, before, after } of moves) {
    const found = refs.get(name);
    if (found !== before && found !== after) throw stale(title, name, before, found);
    if (after === undefined) moved.delete(name);
    else moved.set(name, after);
  }
  const created = moves.filter(({ name }) => !refs.has(name));
  if (created.length > 0) checkFolders(title, moved, created.map(({ name }) => name));
  return moved;
}

/** git keeps no two refs of which one is the folder of the other. */
function checkFolders(title: string, refs: ReadonlyMap<string, string>, created: string[]): void {
  const folders = new Map<string, string>();
  for (const name of refs.keys()) for (const folder of foldersOf(name)) folders.set(folder, name);
  for (const name of created) {
    const other = folders.get(name) ?? foldersOf(name).find((folder) => refs.has(folder));
    if (other === undefined) continue;
    const message = `${title}: '${name}' cannot be created: another tab created '${other}', and one is the folder of the other`;
    throw new GovcError('Stale', message, { ref: name, found: other });
  }
}

function foldersOf(name: string): string[] {
  const parts = name.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
}

function stale(title: string, ref: string, expected: string | undefined, found: string | undefined): GovcError {
  const was = found === undefined ? 'is gone' : `is at ${found}`;
  const message = `${title}: '${ref}' was moved by another tab: it ${was}, no longer at ${expected ?? 'nothing'}. Nothing was written`;
  return new GovcError('Stale', message, { ref, ...(expected && { expected }), ...(found && { found }) });
}
