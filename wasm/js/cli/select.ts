/** Paths that a command names: relative to where it runs; a file, a folder, or a glob as in a .gitignore. */
import { relative, resolve, sep } from 'node:path';

import { GovcError } from '../errors.js';
import { patternsOf } from '../worktree/ignore.js';
import { type BytePath, bytePath, pathBytes } from '../worktree/path.js';
import type { WorkTree } from '../worktree/work-tree.js';

/** One path of a command. */
export interface Selection { given: string; path: BytePath; matches(path: BytePath): boolean; isGlob: boolean }

/** Reads the paths of a command. Throws InvalidPath where one lies outside. */
export function selections(tree: WorkTree, folder: string, given: readonly string[]): Selection[] {
  return given.map((text) => {
    const root = tree.hasFiles ? String(tree.root) : folder;
    const fromRoot = relative(root, resolve(folder, text)).split(sep).join('/');
    if (fromRoot === '..' || fromRoot.startsWith('../')) {
      throw new GovcError('InvalidPath', `'${text}' lies outside of ${root}`, { path: text });
    }
    const path = bytePath(fromRoot);
    const isGlob = /[*?[]/.test(text);
    const patterns = isGlob ? patternsOf([`/${path}`]) : undefined;
    const matches = (other: BytePath) => path === '' || other === path || other.startsWith(`${path}/`) || patterns?.matches(pathBytes(other)) === true;
    return { given: text, path, matches, isGlob };
  });
}

/** Whether any of them means a path; without any, all paths are meant. */
export function selected(some: readonly Selection[], path: BytePath): boolean {
  return some.length === 0 || some.some(({ matches }) => matches(path));
}
