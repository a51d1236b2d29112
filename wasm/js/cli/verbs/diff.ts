/** `govc diff`: what differs between two of files, index and commits. */
import { GovcError } from '../../errors.js';
import { contentOf, modeOf, stateOf } from '../../worktree/content.js';
import { LazyRepository } from '../../worktree/lazy.js';
import { idOf } from '../../worktree/objects.js';
import { type BytePath, onDisk, shown } from '../../worktree/path.js';
import { engineDiff } from '../../worktree/renames.js';
import { type FileChange, stagedChanges, treeChanges, unmerged } from '../../worktree/status.js';
import { submoduleHead } from '../../worktree/submodule.js';
import { filesOf, SUBMODULE, type TreeFile } from '../../worktree/trees.js';
import { lookAt, type ReadIndex, type WorkTree } from '../../worktree/work-tree.js';
import { diffValue, type PatchForm, printed } from '../patch.js';
import { named } from '../output.js';
import { revisionsAndPaths } from '../revisions.js';
import { selected, selections } from '../select.js';
import { type Context, type OptionSpec, UsageError, type Verb } from '../verb.js';

/** Options of everything that prints differences. */
export const DIFF_OPTIONS: Record<string, OptionSpec> = {
  'name-only': { type: 'boolean', help: 'only the names of the files' },
  'name-status': { type: 'boolean', help: 'their names, and a letter for what happened' },
  stat: { type: 'boolean', help: 'their names, and how many lines came and went' },
  unified: { type: 'string', short: 'U', value: 'LINES', help: 'so many lines around a change; default 3' },
  'no-renames': { type: 'boolean', help: 'a renamed file is one that went and one that came' },
};

export const diff: Verb = {
  name: 'diff',
  summary: 'show what differs',
  usage: ['[PATH...]                    files against the index', '--staged [COMMIT] [PATH...]  the index against a commit', 'COMMIT [PATH...]             files against a commit', 'A B | A..B | A...B [PATH...]  two commits'],
  options: {
    staged: { type: 'boolean', help: 'the index, against the last commit or the one that is named' },
    cached: { type: 'boolean', help: 'the same' },
    ...DIFF_OPTIONS,
    'exit-code': { type: 'boolean', help: 'end with 1 where there are differences' },
    quiet: { type: 'boolean', help: 'print nothing, and --exit-code' },
  },
  async run(context) {
    const tree = await context.open();
    const lazy = await LazyRepository.open(tree);
    const { revisions, paths } = revisionsAndPaths(tree, lazy, context);
    const some = selections(tree, context.folder, paths);
    const contents = new Map<string, Buffer>();
    const { changes, open } = changesOf(tree, lazy, context, revisions, contents);
    const wanted = changes.filter(({ path }) => selected(some, path));
    const diffs = engineDiff(tree.objects, wanted, !context.has('no-renames'), (id) => contents.get(id) ?? tree.objects.readKind(id, 'blob'));
    const unsettled = open.filter((path) => selected(some, path));
    const code = (context.has('exit-code') || context.has('quiet')) && diffs.length + unsettled.length > 0 ? 1 : 0;
    if (context.has('quiet')) return { value: { differs: code === 1 }, text: '', code };
    const head = unsettled.map((path) => `* Unmerged path ${named(path)}\n`).join('');
    const body = printed(diffs, formOf(context), linesOf(context));
    const value = { files: diffs.map(diffValue), unmerged: unsettled.map(shown) };
    return { value, text: head === '' ? body : Buffer.concat([Buffer.from(head), Buffer.from(body)]), code };
  },
};

/** The form that the options ask for. */
export function formOf(context: Context): PatchForm {
  return context.has('name-only') ? 'names' : context.has('name-status') ? 'status' : context.has('stat') ? 'stat' : 'patch';
}

/** Lines of context. */
export function linesOf(context: Context): number {
  const given = context.text('unified') ?? '3';
  if (!/^\d{1,9}$/.test(given)) throw new UsageError(`-U takes a number, not '${given}'`);
  return Number(given);
}

function changesOf(tree: WorkTree, lazy: LazyRepository, context: Context, revisions: string[], contents: Map<string, Buffer>): { changes: FileChange[]; open: BytePath[] } {
  const staged = context.has('staged') || context.has('cached');
  const [first, second, third] = revisions;
  if (third !== undefined || staged && second !== undefined) throw new UsageError('diff takes at most two commits, and one with --staged');
  if (staged) {
    const index = tree.readIndex();
    const from = first === undefined ? tree.headTree : treeOf(lazy, first);
    return { changes: stagedChanges(tree, index, from), open: [...unmerged(index).keys()] };
  }
  if (second !== undefined) return { changes: treeChanges(tree.objects, treeOf(lazy, first!), treeOf(lazy, second)), open: [] };
  const three = first?.indexOf('...') ?? -1;
  if (first !== undefined && three >= 0) {
    const sides = [first.slice(0, three) || 'HEAD', first.slice(three + 3) || 'HEAD'].map((side) => lazy.commit(side)) as [string, string];
    const base = lazy.ask((repository) => repository.mergeBase(...sides));
    if (base === undefined) throw new GovcError('NotFound', `${first}: these have no commit in common`, { revision: first });
    return { changes: treeChanges(tree.objects, treeOf(lazy, base), treeOf(lazy, sides[1])), open: [] };
  }
  const two = first?.indexOf('..') ?? -1;
  if (first !== undefined && two >= 0) return { changes: treeChanges(tree.objects, treeOf(lazy, first.slice(0, two) || 'HEAD'), treeOf(lazy, first.slice(two + 2) || 'HEAD')), open: [] };
  const index = tree.readIndex();
  const files = fileChanges(tree, index, contents);
  if (first === undefined) return { changes: files, open: [...unmerged(index).keys()] };
  return { changes: overCommit(tree, index, files, treeOf(lazy, first)), open: [...unmerged(index).keys()] };
}

function treeOf(lazy: LazyRepository, revision: string): string {
  return lazy.resolve(`${revision}^{tree}`);
}

/** Files that differ from the index; their content is put into `contents`. */
function fileChanges(tree: WorkTree, index: ReadIndex, contents: Map<string, Buffer>): FileChange[] {
  const changes: FileChange[] = [];
  const rules = tree.attributesInward(index.entries);
  for (const entry of index.entries) {
    if (entry.stage !== 0) continue;
    const before = entry.intentToAdd ? undefined : { mode: entry.mode, id: entry.id };
    const state = stateOf(tree, index, entry, () => rules);
    if (entry.mode === SUBMODULE) {
      const id = submoduleHead(tree, entry.path);
      if (id !== undefined && id !== entry.id) changes.push({ path: entry.path, before, after: { mode: SUBMODULE, id } });
    } else if (state === 'deleted') {
      changes.push({ path: entry.path, before, after: undefined });
    } else if (state !== 'same') {
      changes.push({ path: entry.path, before, after: fileNow(tree, entry.path, entry.mode, entry.id, contents, rules) });
    }
  }
  return changes;
}

function fileNow(tree: WorkTree, path: BytePath, keptMode: number, keptId: string, contents: Map<string, Buffer>, rules: ReturnType<WorkTree['attributesInward']>): TreeFile | undefined {
  const found = lookAt(onDisk(tree.root, path));
  const mode = found && modeOf(tree, found, keptMode);
  if (mode === undefined) return undefined;
  const content = contentOf(tree, path, mode, rules, keptId);
  const id = idOf('blob', content);
  contents.set(id, content);
  return { mode, id };
}

/** What the files are against a commit: those that the index knows. */
function overCommit(tree: WorkTree, index: ReadIndex, files: FileChange[], commitTree: string): FileChange[] {
  const now = new Map<BytePath, TreeFile | undefined>(index.entries.filter(({ stage, intentToAdd }) => stage === 0 && !intentToAdd).map(({ path, mode, id }) => [path, { mode, id }]));
  for (const { path, after } of files) now.set(path, after);
  const before = filesOf(tree.objects, commitTree);
  const changes: FileChange[] = [];
  for (const path of new Set([...before.keys(), ...now.keys()])) {
    const [one, other] = [before.get(path), now.get(path)];
    if (one?.id !== other?.id || one?.mode !== other?.mode) changes.push({ path, before: one, after: other });
  }
  return changes;
}
