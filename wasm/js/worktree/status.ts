/** What differs between the last commit, the index and the files. */
import { GovcError } from '../errors.js';
import type { AttributeRules } from './attributes.js';
import { SUBMODULE, stateOf } from './content.js';
import type { CachedTree, IndexEntry } from './index-file.js';
import { findRenames } from './renames.js';
import { type BytePath, compare, shown } from './path.js';
import { type Depth, Known, untracked } from './scan.js';
import { filesOf, parseTree, type TreeFile } from './trees.js';
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
  for (const { path, before, after } of stagedChanges(tree, index)) {
    line(path).index = before === undefined ? 'A' : after === undefined ? 'D' : (before.mode ^ after.mode) & 0o170000 ? 'T' : 'M';
  }
  if (renames) renameLines(tree, index, lines);
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
  const entries = index.entries.filter(({ stage, intentToAdd }) => stage === 0 && !intentToAdd);
  const conflicts = unmerged(index);
  const changes: FileChange[] = [];
  const files = filesWithout(tree, from, index.trees, new Set());
  for (const { path, mode, id } of entries) {
    const before = files.changed.get(path);
    files.changed.delete(path);
    if (before?.id === id && before.mode === mode || before === undefined && files.covers(path)) continue;
    changes.push({ path, before, after: { mode, id } });
  }
  for (const [path, before] of files.changed) if (!conflicts.has(path)) changes.push({ path, before, after: undefined });
  return changes.sort((a, b) => compare(a.path, b.path));
}

/** Files of a tree, without folders of which the index remembers that they are the same. */
function filesWithout(tree: WorkTree, id: string | undefined, cached: CachedTree | undefined, same: Set<BytePath>) {
  const changed = new Map<BytePath, TreeFile>();
  const visit = (tree_id: string, known: CachedTree | undefined, prefix: string) => {
    if (known !== undefined && known.count >= 0 && known.id === tree_id) {
      same.add(prefix);
      return;
    }
    if (known === undefined) {
      for (const [path, file] of filesOf(tree.objects, tree_id)) changed.set(prefix + path, file);
      return;
    }
    for (const { name, mode, id } of parseTree(tree.objects.readKind(tree_id, 'tree'), tree_id)) {
      if (mode === 0o040000) visit(id, known.folders.get(name), `${prefix}${name}/`);
      else changed.set(prefix + name, { mode: (mode & 0o170000) === 0o100000 ? mode & 0o100 ? 0o100755 : 0o100644 : mode, id });
    }
  };
  if (id !== undefined) visit(id, cached, '');
  const covers = (path: BytePath) => {
    if (same.size === 0) return false;
    if (same.has('')) return true;
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) if (same.has(path.slice(0, slash + 1))) return true;
    return false;
  };
  return { changed, covers };
}

/** Turns an addition and a deletion into one line where git sees a rename. */
function renameLines(tree: WorkTree, index: ReadIndex, lines: Map<BytePath, StatusLine>): void {
  const changes = stagedChanges(tree, index);
  const candidates = changes.filter(({ before, after }) => before === undefined || after === undefined);
  for (const { from, path } of findRenames(tree, candidates)) {
    lines.delete(from);
    Object.assign(lines.get(path)!, { index: 'R', from });
  }
}

/** The message of what could not be compared. */
export function unclearMessage({ path, reason }: Unclear): string {
  return `${shown(path)} was not compared: ${reason}`;
}
