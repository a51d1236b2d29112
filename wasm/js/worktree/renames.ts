/** Differences as the engine sees them: the few files that changed, put into trees of their own, in a repository in memory. */
import { encodeText } from '../text.js';
import { call } from '../binding.js';
import { type FileDiff, fileDiffs } from '../diff.js';
import { Repository } from '../repository.js';
import type { ObjectDatabase } from './objects.js';
import { bytePath, type BytePath, compare } from './path.js';
import { makeTrees, type TreeFile } from './trees.js';
import type { FileChange } from './status.js';
import type { WorkTree } from './work-tree.js';

const SUBMODULE = 0o160000;

/** Reads what a change refers to; files of the work tree are not among the objects. */
export type ReadBlob = (id: string) => Uint8Array;

/** The differences of changed files, with renames where they are asked for. The repository lives as long as they are used. */
export function engineDiff(
  objects: ObjectDatabase, changes: readonly FileChange[], renames: boolean, read: ReadBlob = (id) => objects.readKind(id, 'blob'),
): FileDiff[] {
  const repository = new Repository();
  const { engine } = repository;
  const loaded = new Set<string>();
  const load = (id: string, kind: string, bytes: Uint8Array) => {
    if (!loaded.has(id)) call(() => engine.loadObject(id, kind, bytes));
    loaded.add(id);
  };
  const sides = (['before', 'after'] as const).map((side) => {
    const files = changes.flatMap((change) => {
      const file = change[side];
      return file === undefined ? [] : [{ path: change.path, ...file }];
    });
    files.sort((a, b) => compare(a.path, b.path));
    for (const { mode, id } of files) if (mode !== SUBMODULE) load(id, 'blob', read(id));
    return makeTrees(files, (bytes) => {
      const id = call((module) => module.hashObject('tree', bytes));
      load(id, 'tree', bytes);
      return id;
    }).id;
  });
  return fileDiffs(engine, call(() => engine.diff(sides[0]!, sides[1]!, encodeText(''), renames ? 50 : 0)));
}

/** Deleted files that are there again under another name. */
export function findRenames(tree: WorkTree, changes: readonly FileChange[]): { from: BytePath; path: BytePath }[] {
  const isFile = (file: TreeFile | undefined) => file !== undefined && file.mode !== SUBMODULE;
  const deleted = changes.filter(({ before, after }) => after === undefined && isFile(before));
  const added = changes.filter(({ before, after }) => before === undefined && isFile(after));
  if (deleted.length === 0 || added.length === 0) return [];
  return engineDiff(tree.objects, [...deleted, ...added], true)
    .flatMap(({ kind, from, path }) => kind === 'renamed' && from !== undefined ? [{ from: bytePath(from), path: bytePath(path) }] : []);
}
