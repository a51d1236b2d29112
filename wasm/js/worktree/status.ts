/** What differs between the last commit, the index and the files. */
import { GovcError } from '../errors.js';
import type { AttributeRules } from './attributes.js';
import { stateOf } from './content.js';
import type { CachedTree, IndexEntry } from './index-file.js';
import type { ObjectDatabase } from './objects.js';
import { findRenames } from './renames.js';
import { type BytePath, compare, shown } from './path.js';
import { type Depth, Known, untracked } from './scan.js';
import { canonicalMode, changedFiles, covers, filesOf, FOLDER, KIND_MASK, parseTree, SUBMODULE, type TreeFile } from './trees.js';
import type { ReadIndex, WorkTree } from './work-tree.js';
import { submoduleHead } from './submodule.js';

/** A path with git's two letters: index against commit, files against index. */
export interface StatusLine { path: BytePath; from?: BytePath; index: string; files: string }

/** A file that could not be compared, and why. */
export interface Unclear { path: BytePath; reason: string }

export interface Status { lines: StatusLine[]; unclear: Unclear[] }

const UNMERGED: Record<number, string> = { 1: 'DD', 2: 'AU', 3: 'UD', 4: 'UA', 5: 'DU', 6: 'AA', 7: 'UU' };

/** Compares everything. `depth` 'none' leaves out what the index does not know. */
export function statusOf(tree: WorkTree, index: ReadIndex, depth: Depth | 'none' = 'folders', renames = true): Status {
  const lines = new Map<BytePath, StatusLine>();
  const line = (path: BytePath) => {
    let found = lines.get(path);
    if (found === undefined) lines.set(path, found = { path, index: ' ', files: ' ' });
    return found;
  };
  const staged = stagedChanges(tree, index);
  for (const { path, before, after } of staged) {
    line(path).index = before === undefined ? 'A' : after === undefined ? 'D' : (before.mode ^ after.mode) & KIND_MASK ? 'T' : 'M';
  }
  if (renames) renameLines(tree, staged, lines);
  for (const [path, stages] of unmerged(index)) Object.assign(line(path), { index: UNMERGED[stages]![0], files: UNMERGED[stages]![1] });
  const unclear = compareFiles(tree, index, line);
  if (depth !== 'none') {
    for (const path of untracked(tree, new Known(index.entries), depth)) lines.set(path, { path, index: '?', files: '?' });
  }
  const rank = ({ index: letter }: StatusLine) => letter === '?' ? 1 : 0;
  return { lines: [...lines.values()].sort((a, b) => rank(a) - rank(b) || compare(a.path, b.path)), unclear };
}

/** Compares the files with their entries; which could not be. */
function compareFiles(tree: WorkTree, index: ReadIndex, line: (path: BytePath) => StatusLine): Unclear[] {
  const unclear: Unclear[] = [];
  let rules: AttributeRules | undefined;
  for (const entry of index.entries) {
    if (entry.stage !== 0) continue;
    try {
      const letter = fileLetter(tree, index, entry, () => rules ??= tree.attributesInward(index.entries));
      if (letter !== ' ') line(entry.path).files = letter;
    } catch (thrown) {
      if (!(thrown instanceof GovcError) || thrown.code !== 'Rejected') throw thrown;
      unclear.push({ path: entry.path, reason: thrown.message });
    }
  }
  return unclear;
}

function fileLetter(tree: WorkTree, index: ReadIndex, entry: IndexEntry, rules: () => AttributeRules): string {
  const state = stateOf(tree, index, entry, rules);
  if (state === 'deleted') return 'D';
  if (entry.intentToAdd) return 'A';
  if (state === 'type') return 'T';
  if (entry.mode === SUBMODULE) {
    const head = submoduleHead(tree, entry.path);
    return head === undefined || head === entry.id ? ' ' : 'M';
  }
  return state === 'same' ? ' ' : 'M';
}

/** For each path in conflict, which of its stages there are: 1, 2 and 4 for base, ours and theirs. */
export function unmerged(index: ReadIndex): Map<BytePath, number> {
  const found = new Map<BytePath, number>();
  for (const { path, stage } of index.entries) if (stage > 0) found.set(path, (found.get(path) ?? 0) | (1 << (stage - 1)));
  return found;
}

/** A file that differs between two states. */
export interface FileChange { path: BytePath; before: TreeFile | undefined; after: TreeFile | undefined }

/** Files in which the index differs from the last commit; those in conflict are left out. */
export function stagedChanges(tree: WorkTree, index: ReadIndex, from = tree.headTree): FileChange[] {
  const walk = new StagedWalk(tree.objects, index.entries);
  walk.folder(from, index.trees, '');
  return walk.changes.sort((a, b) => compare(a.path, b.path));
}

/** Goes through the entries of an index beside a tree. Folders of which the index remembers that they are the same are passed over. */
class StagedWalk {
  readonly changes: FileChange[] = [];
  readonly #objects: ObjectDatabase;
  readonly #entries: readonly IndexEntry[];
  #at = 0;

  constructor(objects: ObjectDatabase, entries: readonly IndexEntry[]) {
    this.#objects = objects;
    this.#entries = entries;
  }

  /** `id` is what the tree has where the entries begin with `prefix`. */
  folder(id: string | undefined, known: CachedTree | undefined, prefix: BytePath): void {
    const entries = this.#entries;
    if (id !== undefined && known?.id === id && covers(entries, this.#at, known.count, prefix)) {
      this.#at += known.count;
      return;
    }
    const before = new Map((id === undefined ? [] : parseTree(this.#objects.readKind(id, 'tree'), id)).map((entry) => [entry.name, entry]));
    for (let entry = entries[this.#at]; entry?.path.startsWith(prefix); entry = entries[this.#at]) {
      const { path } = entry;
      const slash = path.indexOf('/', prefix.length);
      const name = path.slice(prefix.length, slash < 0 ? path.length : slash);
      const there = before.get(name);
      const isSame = slash >= 0 === (there?.mode === FOLDER);
      if (isSame) before.delete(name);
      if (slash >= 0) this.folder(isSame ? there?.id : undefined, known?.folders.get(name), path.slice(0, slash + 1));
      else this.#file(entry, isSame && there ? { mode: canonicalMode(there.mode), id: there.id } : undefined);
    }
    for (const { name, mode, id } of before.values()) this.#gone(prefix + name, mode, id);
  }

  #file({ path, mode, id, stage, intentToAdd }: IndexEntry, before: TreeFile | undefined): void {
    this.#at++;
    if (intentToAdd) {
      if (before !== undefined) this.changes.push({ path, before, after: undefined });
    } else if (stage === 0 && (before?.id !== id || before.mode !== mode)) {
      this.changes.push({ path, before, after: { mode, id } });
    }
  }

  #gone(path: BytePath, mode: number, id: string): void {
    const files = mode === FOLDER ? [...filesOf(this.#objects, id)].map(([name, file]) => [`${path}/${name}`, file] as const) : [[path, { mode: canonicalMode(mode), id }] as const];
    for (const [name, before] of files) this.changes.push({ path: name, before, after: undefined });
  }
}

/** Files in which two trees differ. */
export function treeChanges(objects: ObjectDatabase, before: string | undefined, after: string | undefined): FileChange[] {
  return [...changedFiles(objects, before, after)].map(([path, sides]) => ({ path, before: sides[0], after: sides[1] }));
}

/** Turns an addition and a deletion into one line where git sees a rename. */
function renameLines(tree: WorkTree, staged: readonly FileChange[], lines: Map<BytePath, StatusLine>): void {
  for (const { from, path } of findRenames(tree, staged)) {
    lines.delete(from);
    Object.assign(lines.get(path)!, { index: 'R', from });
  }
}

/** The message of what could not be compared. */
export function unclearMessage({ path, reason }: Unclear): string {
  return `${shown(path)} was not compared: ${reason}`;
}
