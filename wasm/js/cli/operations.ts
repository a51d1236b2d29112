/**
 * Moves of refs by commands, remembered in `.git/govc/operations` (a line of JSON each) so that `govc undo` can take the
 * last one back, from whatever process.
 */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { failedBecause } from '../storage/git-directory/files.js';
import type { Layout } from '../storage/git-directory/layout.js';
import { moveRefs, type RefMove } from '../storage/git-directory/ref-transaction.js';
import { identity } from '../worktree/commits.js';
import type { WorkTree } from '../worktree/work-tree.js';

/** A larger file is not read, in bytes. */
const BYTES_MAX = 64 << 20;

/** A command that moved refs. */
export interface RecordedOperation {
  time: number;
  /** The verb and what it was about. */
  kind: string;
  description: string;
  refs: { name: string; before?: string; after?: string }[];
  /** Takes the operation back that has this number. */
  undoes?: number;
}

/** Moves refs and remembers it. */
export async function move(tree: WorkTree, kind: string, description: string, moves: RefMove[], undoes?: number): Promise<void> {
  await moveRefs(tree.layout, moves, { by: whoMoves(tree) });
  const refs = moves.map(({ name, before, after }) => ({ name, ...(before && { before }), ...(after && { after }) }));
  record(tree.layout, { time: Date.now(), kind, description, refs, ...(undoes !== undefined && { undoes }) });
  await tree.refreshHead();
}

/** Who is named in reflogs: git needs nobody's name for that. */
export function whoMoves(tree: WorkTree): string {
  try {
    return identity(tree, 'committer');
  } catch {
    return `govc <govc@localhost> ${Math.floor(Date.now() / 1000)} +0000`;
  }
}

function record(layout: Layout, operation: RecordedOperation): void {
  const folder = join(String(layout.gitFolder), 'govc');
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, 'operations'), `${JSON.stringify(operation)}\n`);
}

/** What was remembered, the oldest first. A line that a crash cut off is passed over. */
export function readOperations(layout: Layout): RecordedOperation[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(String(layout.gitFolder), 'govc', 'operations'));
  } catch (thrown) {
    if (failedBecause(thrown, 'ENOENT')) return [];
    throw thrown;
  }
  const text = bytes.subarray(Math.max(bytes.length - BYTES_MAX, 0)).toString('utf8');
  return text.split('\n').flatMap((line) => {
    try {
      const operation = JSON.parse(line) as RecordedOperation;
      return Array.isArray(operation.refs) ? [operation] : [];
    } catch {
      return [];
    }
  });
}
