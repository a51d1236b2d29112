/** Revisions and paths of a command line, told apart as git does. */
import { GovcError } from '../errors.js';
import { onDisk } from '../worktree/path.js';
import type { LazyRepository } from '../worktree/lazy.js';
import { lookAt, type WorkTree } from '../worktree/work-tree.js';
import type { Context } from './verb.js';
import { selections } from './select.js';

/** What stands before `--` names revisions; without `--`, everything up to the first word that names none. */
export function revisionsAndPaths(tree: WorkTree, lazy: LazyRepository, context: Context): { revisions: string[]; paths: string[] } {
  if (context.afterDashes !== undefined) return { revisions: [...context.words], paths: [...context.afterDashes] };
  const revisions: string[] = [];
  for (const [at, word] of context.words.entries()) {
    if (isRevision(lazy, word)) {
      revisions.push(word);
      continue;
    }
    const paths = context.words.slice(at);
    for (const [index, one] of selections(tree, context.folder, paths).entries()) {
      if (one.isGlob || tree.hasFiles && lookAt(onDisk(tree.root, one.path)) !== undefined) continue;
      throw new GovcError('NotFound', `'${paths[index]}' is neither a revision nor a file: put '--' before a path that is gone`, { name: paths[index] });
    }
    return { revisions, paths };
  }
  return { revisions, paths: [] };
}

function isRevision(lazy: LazyRepository, word: string): boolean {
  try {
    rangeOf(lazy, word);
    return true;
  } catch (thrown) {
    if (thrown instanceof GovcError && ['NotFound', 'InvalidName', 'InvalidArgument'].includes(thrown.code)) return false;
    throw thrown;
  }
}

/** Where a walk begins and what it leaves out: `A`, `^A`, `A..B` or `A...B`. */
export function rangeOf(lazy: LazyRepository, text: string): { from: string[]; not: string[] } {
  if (text.startsWith('^')) return { from: [], not: [lazy.commit(text.slice(1))] };
  const three = text.indexOf('...');
  if (three >= 0) {
    const sides = [text.slice(0, three) || 'HEAD', text.slice(three + 3) || 'HEAD'].map((side) => lazy.commit(side)) as [string, string];
    const base = lazy.ask((repository) => repository.mergeBase(...sides));
    return { from: sides, not: base === undefined ? [] : [base] };
  }
  const two = text.indexOf('..');
  if (two < 0) return { from: [lazy.commit(text)], not: [] };
  return { from: [lazy.commit(text.slice(two + 2) || 'HEAD')], not: [lazy.commit(text.slice(0, two) || 'HEAD')] };
}
