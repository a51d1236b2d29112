/** Submodules, as far as their commit is looked at: what is inside of them is theirs. */
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

import { onDisk, type BytePath } from './path.js';
import type { WorkTree } from './work-tree.js';

/** The commit that a submodule has checked out; undefined where it is not there. */
export function submoduleHead(tree: WorkTree, path: BytePath): string | undefined {
  try {
    const folder = String(onDisk(tree.root, path));
    let gitFolder = join(folder, '.git');
    if (statSync(gitFolder).isFile()) {
      const target = readFileSync(gitFolder, 'utf8').replace(/^gitdir: /, '').trimEnd();
      gitFolder = isAbsolute(target) ? target : join(folder, target);
    }
    return idAt(gitFolder, readFileSync(join(gitFolder, 'HEAD'), 'latin1').trim());
  } catch {
    return undefined;
  }
}

function idAt(gitFolder: string, target: string): string | undefined {
  if (/^[0-9a-f]{40}$/.test(target)) return target;
  const name = /^ref: (refs\/(?!.*\.\.)[^\0]+)$/.exec(target)?.[1];
  if (name === undefined) return undefined;
  try {
    return idAt(gitFolder, readFileSync(join(gitFolder, name), 'latin1').trim());
  } catch {
    const packed = readFileSync(join(gitFolder, 'packed-refs'), 'latin1');
    return packed.split('\n').find((line) => line.slice(41) === name)?.slice(0, 40);
  }
}
