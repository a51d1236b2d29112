/** Files of a work tree that the index does not know. */
import { readdirSync } from 'node:fs';

import { failedBecause } from '../storage/git-directory/files.js';
import type { IndexEntry } from './index-file.js';
import { type BytePath, compare, onDisk } from './path.js';
import { SUBMODULE } from './trees.js';
import { lookAt, type WorkTree } from './work-tree.js';

/** How much of folders without a file that is known is listed: the folder alone, or each file. */
export type Depth = 'folders' | 'files';

/** What the index knows, for the walk: its paths, and the folders above them. */
export class Known {
  readonly #files: Set<BytePath>;
  readonly #folders = new Set<BytePath>();
  readonly #submodules: Set<BytePath>;

  constructor(entries: readonly Pick<IndexEntry, 'path' | 'mode'>[]) {
    this.#files = new Set(entries.map(({ path }) => path));
    this.#submodules = new Set(entries.filter(({ mode }) => mode === SUBMODULE).map(({ path }) => path));
    for (const path of this.#files) {
      for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
        const folder = path.slice(0, slash);
        if (this.#folders.has(folder)) break;
        this.#folders.add(folder);
      }
    }
  }

  hasFile(path: BytePath): boolean {
    return this.#files.has(path);
  }

  isSubmodule(path: BytePath): boolean {
    return this.#submodules.has(path);
  }

  hasFolder(path: BytePath): boolean {
    return path === '' || this.#folders.has(path);
  }
}

/** What is neither known nor ignored, in order; a folder ends with a slash. `within` restricts it to a folder or file. */
export function untracked(tree: WorkTree, known: Known, depth: Depth, options: { ignored?: boolean } = {}): BytePath[] {
  const found: BytePath[] = [];
  new Scan(tree, known, depth, options.ignored ?? false, found).folder('');
  return found.sort(compare);
}

class Scan {
  readonly #tree: WorkTree;
  readonly #known: Known;
  readonly #depth: Depth;
  readonly #ignored: boolean;
  readonly #found: BytePath[];

  constructor(tree: WorkTree, known: Known, depth: Depth, ignored: boolean, found: BytePath[]) {
    this.#tree = tree;
    this.#known = known;
    this.#depth = depth;
    this.#ignored = ignored;
    this.#found = found;
  }

  folder(folder: BytePath): void {
    for (const { path, isFolder } of list(this.#tree, folder)) {
      if (isFolder) this.#below(path);
      else if (!this.#known.hasFile(path) && !this.#isIgnored(path, false)) this.#found.push(path);
    }
  }

  #below(path: BytePath): void {
    // In an ignored folder nothing comes back, not even beside files that the index knows.
    if (this.#known.isSubmodule(path) || this.#isIgnored(path, true)) return;
    if (this.#known.hasFolder(path)) this.folder(path);
    else if (isRepository(this.#tree, path)) this.#addFolder(path);
    else if (this.#depth === 'files') this.folder(path);
    else if (this.#hasFile(path)) this.#addFolder(path);
  }

  /** As in git, a folder where the index has a file is not new. */
  #addFolder(path: BytePath): void {
    if (!this.#known.hasFile(path)) this.#found.push(`${path}/`);
  }

  #isIgnored(path: BytePath, isFolder: boolean): boolean {
    return !this.#ignored && this.#tree.ignore.has(path, isFolder);
  }

  /** Whether anything in an unknown folder is not ignored. */
  #hasFile(folder: BytePath): boolean {
    return list(this.#tree, folder).some(({ path, isFolder }) =>
      !this.#isIgnored(path, isFolder) && (!isFolder || isRepository(this.#tree, path) || this.#hasFile(path)));
  }
}

/** Files, symbolic links and folders in a folder, without git's own. */
function list(tree: WorkTree, folder: BytePath): { path: BytePath; isFolder: boolean }[] {
  const place = folder === '' ? tree.root : onDisk(tree.root, folder);
  let entries;
  try {
    entries = readdirSync(place, { withFileTypes: true, encoding: 'latin1' });
  } catch (thrown) {
    if (failedBecause(thrown, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw thrown;
  }
  return entries.filter((entry) => entry.name !== '.git' && (entry.isFile() || entry.isDirectory() || entry.isSymbolicLink()))
    .map((entry) => ({ path: folder === '' ? entry.name : `${folder}/${entry.name}`, isFolder: entry.isDirectory() }));
}

/** Whether a folder is a repository of its own. */
export function isRepository(tree: WorkTree, folder: BytePath): boolean {
  const found = lookAt(onDisk(tree.root, `${folder}/.git`));
  if (found === undefined) return false;
  return found.isFile() || lookAt(onDisk(tree.root, `${folder}/.git/HEAD`)) !== undefined;
}
