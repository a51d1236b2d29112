/** Files of a work tree as git's objects, and whether they are still what the index has of them. */
import { lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';

import type { AttributeRules } from './attributes.js';
import { conversionOf, toRepository } from './convert.js';
import { idOf } from './objects.js';
import type { FileStat, IndexEntry } from './index-file.js';
import { type BytePath, onDisk } from './path.js';
import { EXECUTABLE, FILE, KIND_MASK, SUBMODULE, SYMLINK } from './trees.js';
import { lookAt, type ReadIndex, type WorkTree } from './work-tree.js';

/** Times are read as milliseconds with a fraction; they are equal within this many. */
const TIME_TOLERANCE_MS = 0.001;

/** The mode that git gives a file; undefined for what it does not keep. `kept` where the file system says nothing. */
export function modeOf(tree: WorkTree, found: Stats, kept: number | undefined): number | undefined {
  const { modes, symlinks } = tree.habits;
  if (found.isSymbolicLink()) return SYMLINK;
  if (!found.isFile()) return undefined;
  if (!symlinks && kept === SYMLINK) return SYMLINK;
  if (!modes) return kept === FILE || kept === EXECUTABLE ? kept : FILE;
  return found.mode & 0o100 ? EXECUTABLE : FILE;
}

/** The content that the repository would keep. Throws Rejected where it cannot be told here. */
export function contentOf(tree: WorkTree, path: BytePath, mode: number, rules: AttributeRules, keptId: string | undefined): Buffer {
  const place = onDisk(tree.root, path);
  if (mode === SYMLINK) {
    return lstatSync(place).isSymbolicLink() ? readlinkSync(place, 'buffer') : readFileSync(place);
  }
  const conversion = conversionOf(path, rules.of(path), tree.config);
  const kept = () => keptId === undefined || !tree.objects.has(keptId) ? undefined : tree.objects.readKind(keptId, 'blob');
  return toRepository(path, readFileSync(place), conversion, kept);
}

/** What the index remembers of a file. */
export function statOf(path: Buffer): FileStat {
  const found = lstatSync(path, { bigint: true });
  const [second, low] = [1_000_000_000n, 0xffffffffn];
  return {
    changeSeconds: Number(found.ctimeNs / second & low), changeNanoseconds: Number(found.ctimeNs % second),
    modifySeconds: Number(found.mtimeNs / second & low), modifyNanoseconds: Number(found.mtimeNs % second),
    device: Number(found.dev & low), inode: Number(found.ino & low), user: Number(found.uid & low), group: Number(found.gid & low),
    size: Number(found.size & low),
  };
}

/** What became of a file of the index. */
export type FileState = 'same' | 'modified' | 'mode' | 'type' | 'deleted';

/** Compares a file with its entry: by `lstat` where that is certain, else by content. */
export function stateOf(tree: WorkTree, index: ReadIndex, entry: IndexEntry, rules: () => AttributeRules): FileState {
  if (entry.assumeUnchanged || entry.skipWorktree) return 'same';
  const place = onDisk(tree.root, entry.path);
  const found = lookAt(place);
  if (found === undefined || behindLink(tree, entry.path)) return 'deleted';
  if (entry.mode === SUBMODULE) return found.isDirectory() ? 'same' : 'type';
  const mode = modeOf(tree, found, entry.mode);
  if (mode === undefined) return found.isDirectory() ? 'deleted' : 'type';
  if ((mode & KIND_MASK) !== (entry.mode & KIND_MASK)) return 'type';
  const unseen = entry.intentToAdd || !isSeen(tree, index, entry, found);
  if (!unseen) return mode === entry.mode ? 'same' : 'mode';
  const changed = idOf('blob', contentOf(tree, entry.path, mode, rules(), entry.id)) !== entry.id;
  return changed || entry.intentToAdd ? 'modified' : mode === entry.mode ? 'same' : 'mode';
}

/** Whether `lstat` alone proves that the content is that of the entry. */
function isSeen(tree: WorkTree, index: ReadIndex, entry: IndexEntry, found: Stats): boolean {
  const { stat } = entry;
  // As old as the index to the second: it may have changed after it was looked at.
  if (stat.modifySeconds >= Math.floor(index.writtenAt / 1000)) return false;
  const same = (milliseconds: number, seconds: number, nanoseconds: number) => {
    const kept = seconds * 1000 + nanoseconds / 1e6;
    // Where git keeps no fractions, the seconds must do.
    return nanoseconds === 0 ? Math.floor(milliseconds / 1000) % 2 ** 32 === seconds : Math.abs(milliseconds % (2 ** 32 * 1000) - kept) < TIME_TOLERANCE_MS;
  };
  return found.size % 2 ** 32 === stat.size && same(found.mtimeMs, stat.modifySeconds, stat.modifyNanoseconds)
    && (!tree.habits.changeTimes || same(found.ctimeMs, stat.changeSeconds, stat.changeNanoseconds))
    && found.ino % 2 ** 32 === stat.inode && found.uid === stat.user && found.gid === stat.group
    && !(stat.size === 0 && entry.id !== EMPTY_ID);
}
const EMPTY_ID = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391';

/** Folders that were found to be folders, and no symbolic links. */
const folders = new WeakMap<WorkTree, Map<BytePath, boolean>>();

/** Whether a folder above the path is a symbolic link: then the path is not in the work tree at all. */
export function behindLink(tree: WorkTree, path: BytePath): boolean {
  let known = folders.get(tree);
  if (known === undefined) folders.set(tree, known = new Map());
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const folder = path.slice(0, slash);
    let isFolder = known.get(folder);
    if (isFolder === undefined) {
      const found = lookAt(onDisk(tree.root, folder));
      isFolder = found === undefined || !found.isSymbolicLink();
      known.set(folder, isFolder);
    }
    if (!isFolder) return true;
  }
  return false;
}

/** Forgets what `behindLink` has seen, after the work tree was changed. */
export function forgetFolders(tree: WorkTree): void {
  folders.delete(tree);
}

/**
 * Before an index is written: an entry that may have changed after the old index saw it, and has, gets the size 0, by
 * which git and `stateOf` know that they must look at its content.
 */
export function markUncertain(tree: WorkTree, index: ReadIndex, rules: () => AttributeRules): void {
  for (const entry of index.entries) {
    if (entry.stage !== 0 || entry.mode === SUBMODULE || entry.stat.modifySeconds < Math.floor(index.writtenAt / 1000)) continue;
    if (entry.stat.size === 0) continue;
    try {
      if (stateOf(tree, index, entry, rules) !== 'same') entry.stat.size = 0;
    } catch {
      entry.stat.size = 0;
    }
  }
}
