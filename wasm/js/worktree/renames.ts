/** Differences as the engine sees them: the few files that changed, put into trees of their own, in a repository in memory. */
import { encodeText } from '../text.js';
import { call } from '../binding.js';
import { FileDiff, fileDiffs } from '../diff.js';
import { Repository } from '../repository.js';
import { idOf, type ObjectDatabase } from './objects.js';
import { bytePath, type BytePath, compare, shown } from './path.js';
import { KIND_MASK, makeTrees, SUBMODULE, type TreeFile } from './trees.js';
import type { FileChange } from './status.js';
import type { WorkTree } from './work-tree.js';

/** Reads what a change refers to; files of the work tree are not among the objects. */
export type ReadBlob = (id: string) => Uint8Array;

/** The differences of changed files, with renames where they are asked for. */
export function engineDiff(
  objects: ObjectDatabase, changes: readonly FileChange[], renames: boolean, read: ReadBlob = (id) => objects.readKind(id, 'blob'),
): FileDiff[] {
  let repository: Repository | undefined;
  const engine = () => (repository ??= withFiles(changes, read)).engine;
  if (changes.every(isPlain) && !(renames && changes.some(({ before }) => before === undefined) && changes.some(({ after }) => after === undefined))) {
    return [...changes].sort((a, b) => compare(a.path, b.path)).map(({ path, before, after }) => new FileDiff(engine, {
      kind: before === undefined ? 'added' : after === undefined ? 'removed' : before.id === after.id ? 'mode' : 'modified',
      path: shown(path), oldMode: before?.mode, newMode: after?.mode, oldId: before?.id, newId: after?.id,
    }));
  }
  const made = new Set<string>();
  const sides = (['before', 'after'] as const).map((side) => {
    const files = changes.flatMap((change) => {
      const file = change[side];
      return file === undefined ? [] : [{ path: change.path, ...file }];
    });
    files.sort((a, b) => compare(a.path, b.path));
    return makeTrees(files, (bytes) => {
      const id = idOf('tree', bytes);
      if (!made.has(id)) call(() => engine().loadObject(id, 'tree', bytes));
      made.add(id);
      return id;
    }).id;
  });
  return fileDiffs(engine(), call(() => engine().diff(sides[0]!, sides[1]!, encodeText(''), renames ? 50 : 0)));
}

/** Whether a file stays what it is, and does not become a link or a submodule. */
function isPlain({ before, after }: FileChange): boolean {
  return before === undefined || after === undefined || ((before.mode ^ after.mode) & KIND_MASK) === 0;
}

/** A repository in memory that holds what the changes are about. */
function withFiles(changes: readonly FileChange[], read: ReadBlob): Repository {
  const repository = new Repository();
  const loaded = new Set<string>();
  for (const file of changes.flatMap(({ before, after }) => [before, after])) {
    if (file === undefined || file.mode === SUBMODULE || loaded.has(file.id)) continue;
    loaded.add(file.id);
    call(() => repository.engine.loadObject(file.id, 'blob', read(file.id)));
  }
  return repository;
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
