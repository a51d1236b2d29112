/** `govc merge`: another branch's changes into the one that is checked out; conflicts are left as git leaves them. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { call } from '../../binding.js';
import { GovcError } from '../../errors.js';
import type { Conflict, MergeResult } from '../../merge.js';
import { applyTargets, checkTargets } from '../../worktree/checkout.js';
import { cleanMessage, commitBytes, identity } from '../../worktree/commits.js';
import { newEntry } from '../../worktree/index-file.js';
import { LazyRepository } from '../../worktree/lazy.js';
import { type BytePath, bytePath, shown } from '../../worktree/path.js';
import { refId } from '../../worktree/refs.js';
import { stagedChanges, unmerged } from '../../worktree/status.js';
import { switchTrees } from '../../worktree/switch.js';
import { changedFiles, FILE, filesOf, forgetTrees, makeTrees, SUBMODULE, type TreeFile } from '../../worktree/trees.js';
import { readGitFile, type ReadIndex, type WorkTree } from '../../worktree/work-tree.js';
import { move } from '../operations.js';
import { safe, shortId } from '../output.js';
import { type Answer, type Context, UsageError, type Verb } from '../verb.js';

/** What a merge that is under way leaves in the git folder. */
const STATE = ['MERGE_HEAD', 'MERGE_MSG', 'MERGE_MODE', 'AUTO_MERGE'];

export const merge: Verb = {
  name: 'merge',
  summary: 'take in the changes of another branch',
  usage: ['[--no-ff | --ff-only] [-X ours|theirs|union] [-m TEXT] REVISION', '--abort'],
  options: {
    'no-ff': { type: 'boolean', help: 'make a merge commit even where the branch could just move on' },
    'ff-only': { type: 'boolean', help: 'refuse where a merge commit would be needed' },
    'strategy-option': { type: 'string', short: 'X', value: 'SIDE', help: "which side wins where lines conflict: 'ours', 'theirs', or both with 'union'" },
    message: { type: 'string', short: 'm', multiple: true, value: 'TEXT', help: 'the message of the merge commit' },
    abort: { type: 'boolean', help: 'go back to before a merge that ended in conflicts' },
  },
  async run(context) {
    const tree = await context.open();
    if (context.has('abort')) return abort(tree);
    const [name, more] = context.all;
    if (name === undefined || more !== undefined) throw new UsageError('merge takes one revision');
    if (readGitFile(tree.layout, 'MERGE_HEAD') !== undefined) throw new GovcError('Rejected', "a merge is under way: end it with 'govc commit', or 'govc merge --abort'", { file: 'MERGE_HEAD' });
    const lazy = await LazyRepository.open(tree);
    const theirs = lazy.commit(name);
    const ours = tree.head.commit;
    const base = ours === undefined ? undefined : lazy.ask((repository) => repository.mergeBase(ours, theirs));
    if (base === theirs) return { value: { upToDate: true, fastForward: false, commit: ours, conflicts: [] }, text: 'Already up to date\n' };
    if (ours === undefined || base === ours && !context.has('no-ff')) return fastForward(tree, name, theirs);
    if (context.has('ff-only')) throw new GovcError('Conflict', `'${name}' does not hold HEAD: there is no way without a merge commit`, { ours, theirs });
    return trueMerge(tree, lazy, context, { name, ours, theirs, base });
  },
};

async function fastForward(tree: WorkTree, name: string, theirs: string): Promise<Answer> {
  const { head } = tree;
  const files = await tree.changeIndex(async (index) => {
    const targets = switchTrees(tree, index, tree.headTree, tree.treeOf(theirs));
    const message = `merge ${name}: Fast-forward`;
    await move(tree, 'merge', message, [{ name: head.branch ?? 'HEAD', ...(head.commit && { before: head.commit }), after: theirs, message }]);
    return [...targets.keys()].map(shown);
  });
  return { value: { upToDate: false, fastForward: true, commit: theirs, conflicts: [], files }, text: `Fast-forward to ${shortId(tree.objects, theirs)}\n` };
}

interface Sides { name: string; ours: string; theirs: string; base: string | undefined }

async function trueMerge(tree: WorkTree, lazy: LazyRepository, context: Context, sides: Sides): Promise<Answer> {
  if (sides.base === undefined) throw new GovcError('Rejected', `'${sides.name}' and HEAD have no commit in common`, { ours: sides.ours, theirs: sides.theirs });
  const message = cleanMessage(context.texts('message').join('\n\n') || await defaultMessage(tree, sides.name));
  const who = { author: identity(tree, 'author'), committer: identity(tree, 'committer') };
  return tree.changeIndex(async (index) => {
    const staged = stagedChanges(tree, index).map(({ path }) => shown(path));
    if (staged.length + unmerged(index).size > 0) {
      throw new GovcError('Conflict', `the index has changes that are not committed: ${[...staged, ...[...unmerged(index).keys()].map(shown)].slice(0, 20).join(', ')}. Commit them first`, { changed: staged, untracked: [] });
    }
    loadSides(tree, lazy, sides);
    const strategy = strategyOf(context);
    const result = lazy.ask((repository) => repository.mergeTree('HEAD', sides.name, strategy === undefined ? {} : { strategy }));
    const merged = mergedFiles(tree, lazy, result.tree, sides.ours);
    const targets = targetsFrom(index, merged);
    checkTargets(tree, index, targets);
    applyTargets(tree, index, targets);
    if (!result.clean) return leaveConflicts(tree, index, sides, result, message, context);
    const trees = makeTrees(index.entries, (bytes) => tree.objects.write('tree', bytes), index.trees, (id) => tree.objects.has(id));
    index.trees = trees;
    const id = tree.objects.write('commit', commitBytes({ tree: trees.id, parents: [sides.ours, sides.theirs], ...who, message }));
    const line = `merge ${sides.name}: Merge made by govc.`;
    await move(tree, 'merge', line, [{ name: tree.head.branch ?? 'HEAD', before: sides.ours, after: id, message: line }]);
    const value = { upToDate: false, fastForward: false, commit: id, conflicts: [], files: [...targets.keys()].map(shown) };
    return { value, text: `Merged ${safe(sides.name)} as ${shortId(tree.objects, id)}\n` };
  });
}

function strategyOf(context: Context): 'ours' | 'theirs' | 'union' | undefined {
  const given = context.text('strategy-option');
  if (given === undefined || given === 'ours' || given === 'theirs' || given === 'union') return given;
  throw new UsageError(`-X takes ours, theirs or union, not '${given}'`);
}

/** Loads what the merge will surely look at, so that it is not begun anew for each of it. */
function loadSides(tree: WorkTree, lazy: LazyRepository, { ours, theirs, base }: Sides): void {
  const trees = [base!, ours, theirs].map((commit) => tree.treeOf(commit));
  for (const side of [trees[1], trees[2]]) {
    for (const [, files] of changedFiles(tree.objects, trees[0], side)) {
      for (const file of files) if (file !== undefined && file.mode !== SUBMODULE) lazy.load(file.id);
    }
  }
}

/** Files of the merged tree that are not as in `ours`; what is new is written to the repository. */
function mergedFiles(tree: WorkTree, lazy: LazyRepository, merged: string, ours: string): Map<BytePath, TreeFile | undefined> {
  const files = new Map<BytePath, TreeFile | undefined>();
  for (const { path, newId, newMode } of lazy.ask((repository) => repository.diff(ours, merged, { renames: false }))) {
    const file = newId === undefined ? undefined : { id: newId, mode: Number.parseInt(newMode ?? '100644', 8) };
    if (file !== undefined && file.mode !== SUBMODULE && !tree.objects.has(file.id)) {
      tree.objects.write('blob', call(() => lazy.repository.engine.readBlob(file.id)));
    }
    files.set(bytePath(path), file);
  }
  return files;
}

function targetsFrom(index: ReadIndex, merged: Map<BytePath, TreeFile | undefined>): Map<BytePath, TreeFile | undefined> {
  const entries = new Map(index.entries.map((entry) => [entry.path, entry]));
  return new Map([...merged].filter(([path, file]) => {
    const entry = entries.get(path);
    return entry?.id !== file?.id || entry?.mode !== file?.mode;
  }));
}

/** Leaves stages in the index, markers in the files and MERGE_HEAD, as git does: git and govc can both go on from there. */
function leaveConflicts(tree: WorkTree, index: ReadIndex, sides: Sides, { conflicts }: MergeResult, message: string, context: Context): Answer {
  const paths = [...new Set(conflicts.map(({ path }) => bytePath(path)))];
  const stages = stagesOf(tree, sides, conflicts);
  index.entries = index.entries.filter(({ path }) => !stages.has(path));
  for (const [path, files] of stages) {
    forgetTrees(index.trees, path);
    files.forEach((file, at) => { if (file !== undefined) index.entries.push(newEntry(path, file.mode, file.id, at + 1)); });
  }
  const list = paths.map((path) => `#\t${shown(path)}\n`).join('');
  writeState(tree, { MERGE_HEAD: `${sides.theirs}\n`, MERGE_MSG: `${message}\n# Conflicts:\n${list}`, MERGE_MODE: context.has('no-ff') ? 'no-ff' : '', ORIG_HEAD: `${sides.ours}\n` });
  const value = { upToDate: false, fastForward: false, commit: null, conflicts };
  const lines = conflicts.map(({ kind, path }) => `CONFLICT (${kind}): ${safe(path)}\n`);
  return { value, text: `${lines.join('')}Settle them, 'govc add' them and 'govc commit'; or 'govc merge --abort'\n`, code: 1 };
}

function writeState(tree: WorkTree, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(String(tree.layout.gitFolder), name), text);
}

/** For each path in conflict, what base, ours and theirs have. */
function stagesOf(tree: WorkTree, { ours, theirs, base }: Sides, conflicts: readonly Conflict[]): Map<BytePath, (TreeFile | undefined)[]> {
  const files = [base!, ours, theirs].map((commit) => filesOf(tree.objects, tree.treeOf(commit)));
  const modes = files.map((side) => new Map([...side.values()].map(({ id, mode }) => [id, mode])));
  const stages = new Map<BytePath, (TreeFile | undefined)[]>();
  for (const conflict of conflicts) {
    const path = bytePath(conflict.path);
    const found = [conflict.base, conflict.ours, conflict.theirs].map((id, side) => {
      if (id === undefined) return undefined;
      const here = files[side]!.get(path);
      return { id, mode: here?.id === id ? here.mode : modes[side]!.get(id) ?? FILE };
    });
    const before = stages.get(path) ?? [];
    if (found.some((file) => file !== undefined)) stages.set(path, found.map((file, side) => file ?? before[side]));
  }
  return stages;
}

async function defaultMessage(tree: WorkTree, name: string): Promise<string> {
  const kind = await refId(tree.layout, `refs/heads/${name}`).catch(() => undefined) !== undefined ? 'branch'
    : await refId(tree.layout, `refs/tags/${name}`).catch(() => undefined) !== undefined ? 'tag'
      : await refId(tree.layout, `refs/remotes/${name}`).catch(() => undefined) !== undefined ? 'remote-tracking branch' : 'commit';
  const into = tree.head.branch?.replace('refs/heads/', '') ?? 'HEAD';
  return `Merge ${kind} '${name}'${['main', 'master'].includes(into) ? '' : ` into ${into}`}`;
}

/** Takes index and files back to HEAD where the merge has touched them; what was changed beside it stays. */
async function abort(tree: WorkTree): Promise<Answer> {
  if (readGitFile(tree.layout, 'MERGE_HEAD') === undefined) throw new GovcError('NotFound', 'no merge is under way', { file: 'MERGE_HEAD' });
  await tree.changeIndex((index) => {
    const head = filesOf(tree.objects, tree.headTree);
    const targets = new Map<BytePath, TreeFile | undefined>();
    const open = unmerged(index);
    for (const { path } of stagedChanges(tree, index)) targets.set(path, head.get(path));
    for (const path of open.keys()) targets.set(path, head.get(path));
    index.entries = index.entries.filter(({ stage }) => stage === 0);
    applyTargets(tree, index, targets);
  });
  for (const name of STATE) rmSync(join(String(tree.layout.gitFolder), name), { force: true });
  return { value: { aborted: true }, text: 'The merge is undone: index and files are as HEAD has them\n' };
}
