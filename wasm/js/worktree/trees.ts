/** Trees and what they hold: read from the objects one by one, and made from the entries of an index. */
import { GovcError } from '../errors.js';
import type { ObjectDatabase } from './objects.js';
import type { CachedTree, IndexEntry } from './index-file.js';
import type { BytePath } from './path.js';

/** What a tree has at a path. */
export interface TreeFile { mode: number; id: string }

/** The modes that git gives what a tree holds. */
export const [FOLDER, FILE, EXECUTABLE, SYMLINK, SUBMODULE] = [0o040000, 0o100644, 0o100755, 0o120000, 0o160000] as const;
/** What of a mode says whether it is a file, a link or a submodule. */
export const KIND_MASK = 0o170000;

/** Folders in folders. */
const DEPTH_MAX = 2048;

/** The entries of one tree, in its order. */
export function parseTree(bytes: Buffer, id: string): { name: string; mode: number; id: string }[] {
  const entries = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, space);
    const mode = Number.parseInt(bytes.toString('latin1', at, Math.max(space, at)), 8);
    if (space < 0 || end < 0 || end + 21 > bytes.length || Number.isNaN(mode)) {
      throw new GovcError('CorruptObject', `tree ${id} is damaged at byte ${at}`, { id, at });
    }
    entries.push({ name: bytes.toString('latin1', space + 1, end), mode, id: bytes.toString('hex', end + 1, end + 21) });
    at = end + 21;
  }
  return entries;
}

/** All files of a tree by path. Modes are as git takes them: any regular file is 0o100644 or 0o100755. */
export function filesOf(objects: ObjectDatabase, tree: string | undefined): Map<BytePath, TreeFile> {
  const files = new Map<BytePath, TreeFile>();
  if (tree !== undefined) gather(objects, tree, '', files, 0);
  return files;
}

function gather(objects: ObjectDatabase, tree: string, prefix: string, files: Map<BytePath, TreeFile>, depth: number): void {
  if (depth > DEPTH_MAX) {
    throw new GovcError('LimitExceeded', `tree ${tree}: more than ${DEPTH_MAX} folders in each other`, { id: tree, allowed: DEPTH_MAX });
  }
  for (const { name, mode, id } of parseTree(objects.readKind(tree, 'tree'), tree)) {
    if (mode === FOLDER) gather(objects, id, `${prefix}${name}/`, files, depth + 1);
    else files.set(prefix + name, { mode: canonicalMode(mode), id });
  }
}

/** Files in which two trees differ: those of the new one, undefined where it has none. Equal folders are not read. */
export function changedFiles(
  objects: ObjectDatabase, before: string | undefined, after: string | undefined,
): Map<BytePath, [TreeFile | undefined, TreeFile | undefined]> {
  const changes = new Map<BytePath, [TreeFile | undefined, TreeFile | undefined]>();
  compareTrees(objects, before, after, '', changes, 0);
  return changes;
}

function compareTrees(
  objects: ObjectDatabase, before: string | undefined, after: string | undefined, prefix: string,
  changes: Map<BytePath, [TreeFile | undefined, TreeFile | undefined]>, depth: number,
): void {
  if (before === after) return;
  if (depth > DEPTH_MAX) throw new GovcError('LimitExceeded', `more than ${DEPTH_MAX} folders in each other`, { allowed: DEPTH_MAX });
  const sides = [before, after].map((tree) =>
    new Map(tree === undefined ? [] : parseTree(objects.readKind(tree, 'tree'), tree).map((entry) => [entry.name, entry])));
  for (const name of new Set([...sides[0]!.keys(), ...sides[1]!.keys()])) {
    const [one, other] = sides.map((side) => side.get(name));
    if (one?.id === other?.id && one?.mode === other?.mode) continue;
    const folders = [one, other].map((entry) => entry?.mode === FOLDER ? entry.id : undefined);
    if (folders.some((id) => id !== undefined)) compareTrees(objects, folders[0], folders[1], `${prefix}${name}/`, changes, depth + 1);
    const files = [one, other].map((entry) => entry === undefined || entry.mode === FOLDER ? undefined : { mode: canonicalMode(entry.mode), id: entry.id });
    if ((files[0] ?? files[1]) === undefined || files[0]?.id === files[1]?.id && files[0]?.mode === files[1]?.mode) continue;
    changes.set(prefix + name, [files[0], files[1]]);
  }
}

/** A mode as git takes it: that of a regular file is one of two. */
export function canonicalMode(mode: number): number {
  return !isFile(mode) ? mode : mode & 0o100 ? EXECUTABLE : FILE;
}

/** Whether a mode is that of a regular file, of whatever permissions. */
export function isFile(mode: number): boolean {
  return (mode & KIND_MASK) === 0o100000;
}

/** Where a tree that is made goes: into the repository, or into the memory of this process. */
export type TreeSink = (bytes: Buffer) => string;

/** Entries as trees: the root's id, and what an index may remember of all of them. `known` trees are taken as they are. */
export function makeTrees(
  entries: readonly Pick<IndexEntry, 'path' | 'mode' | 'id'>[], sink: TreeSink, known?: CachedTree, has?: (id: string) => boolean,
): Required<CachedTree> {
  let at = 0;
  const make = (prefix: string, cached: CachedTree | undefined): Required<CachedTree> => {
    const start = at;
    if (cached?.id !== undefined && covers(entries, at, cached.count, prefix) && has?.(cached.id)) {
      at += cached.count;
      return cached as Required<CachedTree>;
    }
    const parts: Buffer[] = [];
    const folders = new Map<string, CachedTree>();
    while (at < entries.length && entries[at]!.path.startsWith(prefix)) {
      const { path, mode, id } = entries[at]!;
      const slash = path.indexOf('/', prefix.length);
      if (slash < 0) {
        parts.push(line(mode, path.slice(prefix.length), id));
        at++;
      } else {
        const name = path.slice(prefix.length, slash);
        const below = make(path.slice(0, slash + 1), cached?.folders.get(name));
        folders.set(name, below);
        parts.push(line(FOLDER, name, below.id));
      }
    }
    return { count: at - start, id: sink(Buffer.concat(parts)), folders };
  };
  const root = make('', known);
  if (at !== entries.length) throw new Error('because entries are in the order of an index, the walk ends with the last');
  return root;
}

/** Whether exactly `count` entries from here on lie below `prefix`. */
export function covers(entries: readonly Pick<IndexEntry, 'path'>[], at: number, count: number, prefix: string): boolean {
  return count > 0 && entries[at + count - 1]?.path.startsWith(prefix) === true && entries[at + count]?.path.startsWith(prefix) !== true;
}

function line(mode: number, name: string, id: string): Buffer {
  return Buffer.concat([Buffer.from(`${mode.toString(8)} ${name}\0`, 'latin1'), Buffer.from(id, 'hex')]);
}

/** Marks the trees above a path as changed. */
export function forgetTrees(trees: CachedTree | undefined, path: BytePath): void {
  const parts = path.split('/');
  for (let tree = trees; tree !== undefined; tree = tree.folders.get(parts.shift()!)) {
    tree.count = -1;
    delete tree.id;
    // A folder in whose place a file comes is forgotten with all that is in it.
    if (parts.length === 1) tree.folders.delete(parts[0]!);
    if (parts.length <= 1) return;
  }
}
