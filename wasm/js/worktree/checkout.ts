/**
 * Moves a work tree from one tree to another as git does: what has local changes, or would be overwritten, stops it
 * before anything is written; nothing is ever written outside, or through a symbolic link.
 */
import {
  closeSync, constants, fchmodSync, fstatSync, lstatSync, mkdirSync, openSync, readdirSync, rmdirSync, symlinkSync, unlinkSync,
  writeSync,
} from 'node:fs';

import { GovcError } from '../errors.js';
import { failedBecause } from '../storage/git-directory/files.js';
import type { AttributeRules } from './attributes.js';
import { forgetFolders, markUncertain, stateOf, statOf } from './content.js';
import { conversionOf, toWorkTree } from './convert.js';
import { type IndexEntry, inOrder, newEntry } from './index-file.js';
import { type BytePath, checkPath, folderOf, onDisk, shown } from './path.js';
import { Known, untracked } from './scan.js';
import { EXECUTABLE, forgetTrees, SUBMODULE, SYMLINK, type TreeFile } from './trees.js';
import { lookAt, type ReadIndex, type WorkTree } from './work-tree.js';

/** What a path becomes; undefined where it goes. */
export type Targets = ReadonlyMap<BytePath, TreeFile | undefined>;

/** Throws Conflict where a change would take away what is nowhere else. Every path is checked here, too. */
export function checkTargets(tree: WorkTree, index: ReadIndex, targets: Targets): void {
  const entries = new Map(index.entries.filter(({ stage }) => stage === 0).map((entry) => [entry.path, entry]));
  let inward: AttributeRules | undefined;
  const rules = () => inward ??= tree.attributesInward(index.entries);
  const changed: BytePath[] = [];
  const unknown: BytePath[] = [];
  const conversions = outwardRules(tree, index, targets);
  for (const [path, file] of targets) {
    if (file !== undefined) checkWritable(tree, path, file, conversions);
    const entry = entries.get(path);
    if (entry !== undefined) {
      if (stateOf(tree, index, entry, rules) !== 'same' && !isGone(tree, path)) changed.push(path);
    } else if (file !== undefined && inTheWay(tree, path, entries, targets)) {
      unknown.push(path);
    }
  }
  if (changed.length + unknown.length === 0) return;
  const list = (paths: BytePath[]) => paths.slice(0, 20).map((path) => `  ${shown(path)}`).join('\n') + (paths.length > 20 ? `\n  and ${paths.length - 20} more` : '');
  const parts = [
    ...changed.length > 0 ? [`files with local changes would be overwritten:\n${list(changed)}`] : [],
    ...unknown.length > 0 ? [`files that are not in the index would be overwritten:\n${list(unknown)}`] : [],
  ];
  throw new GovcError('Conflict', `${parts.join('\n')}\nNothing was changed. Commit them, move them away, or remove them first`, {
    changed: changed.map(shown), untracked: unknown.map(shown),
  });
}

/** Writes and removes files, and changes the index so that it agrees. Call `checkTargets` first. */
export function applyTargets(tree: WorkTree, index: ReadIndex, targets: Targets): void {
  markUncertain(tree, index, () => tree.attributesInward(index.entries));
  const rules = outwardRules(tree, index, targets);
  const entries = new Map<BytePath, IndexEntry[]>();
  for (const entry of index.entries) {
    const some = entries.get(entry.path);
    if (some === undefined) entries.set(entry.path, [entry]);
    else some.push(entry);
  }
  forgetFolders(tree);
  for (const [path, file] of targets) {
    if (file === undefined) removeFile(tree, path);
  }
  for (const [path, file] of targets) {
    forgetTrees(index.trees, path);
    if (file === undefined) entries.delete(path);
    else entries.set(path, [writeFile(tree, path, file, rules)]);
  }
  forgetFolders(tree);
  index.entries = inOrder([...entries.values()].flat());
}

/** Attributes as they are after the change: those of the new index. */
function outwardRules(tree: WorkTree, index: ReadIndex, targets: Targets): AttributeRules {
  const after = new Map(index.entries.filter(({ stage }) => stage === 0).map((entry) => [entry.path, entry]));
  for (const [path, file] of targets) {
    if (file === undefined) after.delete(path);
    else after.set(path, newEntry(path, file.mode, file.id));
  }
  return tree.attributesOutward([...after.values()]);
}

function checkWritable(tree: WorkTree, path: BytePath, { mode }: TreeFile, rules: AttributeRules): void {
  checkPath(path);
  if (mode === SYMLINK && /(?:^|\/)\.gitmodules$/i.test(path)) {
    throw new GovcError('InvalidPath', "'.gitmodules' is a symbolic link in this commit: it is not checked out", { path: shown(path) });
  }
  if (process.platform === 'win32' && path.includes('\\')) {
    throw new GovcError('InvalidPath', `'${shown(path)}' holds a backslash: Windows cannot hold it`, { path: shown(path) });
  }
  if (mode !== SYMLINK && mode !== SUBMODULE) conversionOf(path, rules.of(path), tree.config);
}

function isGone(tree: WorkTree, path: BytePath): boolean {
  return lookAt(onDisk(tree.root, path)) === undefined;
}

/** Whether a file that git does not know lies where one is to be written. One that is ignored may go, as with git. */
function inTheWay(tree: WorkTree, path: BytePath, entries: ReadonlyMap<BytePath, IndexEntry>, targets: Targets): boolean {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const folder = path.slice(0, slash);
    const found = lookAt(onDisk(tree.root, folder));
    if (found === undefined) return false;
    // A file or a link where a folder must be: fine where the change removes it.
    if (!found.isDirectory()) return !entries.has(folder) || targets.get(folder) !== undefined ? !tree.ignore.covers(folder, false) : false;
  }
  const found = lookAt(onDisk(tree.root, path));
  if (found === undefined) return false;
  if (!found.isDirectory()) return !tree.ignore.covers(path, false);
  // A folder: in the way when something in it is not known.
  const known = new Known([...entries.values()]);
  return untracked(tree, known, 'files').some((file) => file.startsWith(`${path}/`));
}

function removeFile(tree: WorkTree, path: BytePath): void {
  if (isBehindLink(tree, path)) return;
  try {
    const found = lstatSync(onDisk(tree.root, path));
    if (found.isDirectory()) {
      // A submodule: its folder goes only where it is empty.
      removeIfEmpty(tree, path);
      return;
    }
    unlinkSync(onDisk(tree.root, path));
  } catch (thrown) {
    if (!failedBecause(thrown, 'ENOENT', 'ENOTDIR')) throw thrown;
  }
  for (let folder = folderOf(path); folder !== ''; folder = folderOf(folder)) if (!removeIfEmpty(tree, folder)) return;
}

function removeIfEmpty(tree: WorkTree, folder: BytePath): boolean {
  try {
    // The folder in which this process runs stays, as with git.
    if (onDisk(tree.root, folder).equals(Buffer.from(process.cwd()))) return false;
    rmdirSync(onDisk(tree.root, folder));
    return true;
  } catch {
    return false;
  }
}

function isBehindLink(tree: WorkTree, path: BytePath): boolean {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const found = lookAt(onDisk(tree.root, path.slice(0, slash)));
    if (found === undefined || !found.isDirectory()) return true;
  }
  return false;
}

/** Makes the folders above a path; what is in the way there was checked, and goes. */
function makeFolders(tree: WorkTree, path: BytePath): void {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const folder = onDisk(tree.root, path.slice(0, slash));
    const found = lookAt(folder);
    if (found?.isDirectory()) continue;
    if (found !== undefined) unlinkSync(folder);
    mkdirSync(folder);
  }
}

function writeFile(tree: WorkTree, path: BytePath, file: TreeFile, rules: AttributeRules): IndexEntry {
  makeFolders(tree, path);
  const place = onDisk(tree.root, path);
  if (file.mode === SUBMODULE) {
    if (lookAt(place) === undefined) mkdirSync(place);
    return newEntry(path, file.mode, file.id);
  }
  const found = lookAt(place);
  if (found?.isDirectory()) removeFolder(place);
  else if (found !== undefined) unlinkSync(place);
  const kept = tree.objects.readKind(file.id, 'blob');
  if (file.mode === SYMLINK && tree.habits.symlinks) symlinkSync(kept, place);
  else writeNew(place, file.mode === SYMLINK ? kept : toWorkTree(path, kept, conversionOf(path, rules.of(path), tree.config)), file.mode);
  return newEntry(path, file.mode, file.id, 0, statOf(place));
}

/** Never follows a link that somebody puts in the way in the meantime. */
function writeNew(place: Buffer, content: Uint8Array, mode: number): void {
  const file = openSync(place, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0), mode === EXECUTABLE ? 0o777 : 0o666);
  try {
    for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
    if (mode === EXECUTABLE && !(fstatSync(file).mode & 0o100)) fchmodSync(file, fstatSync(file).mode | 0o100);
  } finally {
    closeSync(file);
  }
}

/** A folder that holds nothing but what may go: empty folders and files that are ignored. */
function removeFolder(folder: Buffer): void {
  for (const name of readdirSync(folder, 'buffer')) {
    const path = Buffer.concat([folder, Buffer.from('/'), name]);
    if (lookAt(path)?.isDirectory()) removeFolder(path);
    else unlinkSync(path);
  }
  rmdirSync(folder);
}
