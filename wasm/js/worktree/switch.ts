/** Work trees from one commit's tree to another's, and what stops it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { GovcError } from '../errors.js';
import type { Layout } from '../storage/git-directory/layout.js';
import { applyTargets, checkTargets, type Targets } from './checkout.js';
import { type BytePath, shown } from './path.js';
import { unmerged } from './status.js';
import { changedFiles, type TreeFile } from './trees.js';
import type { ReadIndex, WorkTree } from './work-tree.js';

/**
 * What changes in index and files on the way from one tree to another. What the index has differently from both stops
 * it; what it has as the new one stays as it is.
 */
function targetsBetween(tree: WorkTree, index: ReadIndex, before: string | undefined, after: string): Map<BytePath, TreeFile | undefined> {
  refuseConflicts(index);
  const entries = new Map(index.entries.map((entry) => [entry.path, entry]));
  const targets = new Map<BytePath, TreeFile | undefined>();
  const staged: BytePath[] = [];
  for (const [path, [from, to]] of changedFiles(tree.objects, before, after)) {
    const entry = entries.get(path);
    const same = (file: TreeFile | undefined) => entry?.id === file?.id && entry?.mode === file?.mode;
    if (same(to)) continue;
    if (same(from)) targets.set(path, to);
    else staged.push(path);
  }
  if (staged.length === 0) return targets;
  throw new GovcError('Conflict', `files with changes in the index would be overwritten: ${staged.slice(0, 20).map(shown).join(', ')}. Nothing was changed. Commit them first`, {
    changed: staged.map(shown), untracked: [],
  });
}

/** Brings index and files from one tree to another, or throws Conflict before anything was changed. */
export function switchTrees(tree: WorkTree, index: ReadIndex, before: string | undefined, after: string): Targets {
  const targets = targetsBetween(tree, index, before, after);
  checkTargets(tree, index, targets);
  applyTargets(tree, index, targets);
  return targets;
}

/** Throws Conflict where files are in conflict. */
export function refuseConflicts(index: ReadIndex): void {
  const open = [...unmerged(index).keys()].map(shown);
  if (open.length === 0) return;
  throw new GovcError('Conflict', `files are in conflict: ${open.slice(0, 20).join(', ')}. Settle and commit them, or 'govc merge --abort'`, { paths: open });
}

/** Where a branch is checked out in another work tree of the same repository, or undefined. */
export function checkedOutElsewhere(layout: Layout, branch: string): string | undefined {
  const common = String(layout.commonFolder);
  const linked = join(common, 'worktrees');
  const folders = [common, ...existsSync(linked) ? readdirSync(linked).map((name) => join(linked, name)) : []];
  return folders.filter((folder) => folder !== String(layout.gitFolder)).find((folder) => {
    try {
      return readFileSync(join(folder, 'HEAD'), 'utf8').trim() === `ref: ${branch}`;
    } catch {
      return false;
    }
  });
}
