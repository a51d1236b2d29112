/** `govc checkout`: another branch or commit in the work tree; or single files from the index or a commit. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { GovcError } from '../../errors.js';
import { applyTargets } from '../../worktree/checkout.js';
import { LazyRepository } from '../../worktree/lazy.js';
import { type BytePath, checkPath, shown } from '../../worktree/path.js';
import { branchRef, refId } from '../../worktree/refs.js';
import { checkedOutElsewhere, switchTrees } from '../../worktree/switch.js';
import { filesOf, type TreeFile } from '../../worktree/trees.js';
import type { WorkTree } from '../../worktree/work-tree.js';
import { move } from '../operations.js';
import { safe, shortId } from '../output.js';
import { selected, selections } from '../select.js';
import { type Answer, type Context, UsageError, type Verb } from '../verb.js';

export const checkout: Verb = {
  name: 'checkout',
  summary: 'switch to another branch or commit, or take files back',
  usage: ['BRANCH', '-b NEW [START]', '--detach [REVISION]', '[REVISION] -- PATH...'],
  options: {
    b: { type: 'boolean', short: 'b', help: 'make a new branch, and switch to it' },
    detach: { type: 'boolean', help: 'no branch: HEAD leads to the commit itself' },
  },
  async run(context) {
    const tree = await context.open();
    const lazy = await LazyRepository.open(tree);
    if (context.afterDashes !== undefined) return files(tree, lazy, context);
    const [first, second, third] = context.words;
    if (third !== undefined || second !== undefined && !context.has('b')) throw new UsageError("checkout takes one branch or revision; paths stand behind '--'");
    if (context.has('b')) return newBranch(tree, lazy, first ?? usage('-b needs a name'), second);
    if (first === undefined && !context.has('detach')) usage('name a branch or a revision');
    const name = first ?? 'HEAD';
    const branch = context.has('detach') ? undefined : await existingBranch(tree, name);
    if (branch !== undefined) return switchTo(tree, branch.ref, branch.commit, name);
    return switchTo(tree, undefined, commitOf(tree, lazy, name), name);
  },
};

function usage(message: string): never {
  throw new UsageError(message);
}

async function existingBranch(tree: WorkTree, name: string): Promise<{ ref: string; commit: string } | undefined> {
  if (name === 'HEAD' || name.startsWith('-')) return undefined;
  const ref = (() => {
    try {
      return branchRef(name);
    } catch {
      return undefined;
    }
  })();
  const commit = ref && await refId(tree.layout, ref);
  return ref && commit ? { ref, commit } : undefined;
}

function commitOf(tree: WorkTree, lazy: LazyRepository, name: string): string {
  try {
    return lazy.commit(name);
  } catch (thrown) {
    if (!(thrown instanceof GovcError) || thrown.code !== 'NotFound') throw thrown;
    const advice = tree.hasFiles ? `. To take a file back: govc checkout -- ${name}. To make a branch: govc checkout -b ${name}` : '';
    throw new GovcError('NotFound', `${thrown.message}${advice}`, thrown.details);
  }
}

async function newBranch(tree: WorkTree, lazy: LazyRepository, name: string, start: string | undefined): Promise<Answer> {
  const ref = branchRef(name);
  if (await refId(tree.layout, ref) !== undefined) throw new GovcError('AlreadyExists', `branch '${name}' exists already: 'govc checkout ${name}' switches to it`, { name });
  const { head } = tree;
  if (head.commit === undefined && start === undefined) {
    await move(tree, 'checkout', `checkout: moving to ${name}`, [{ name: 'HEAD', before: `ref: ${head.branch}`, after: `ref: ${ref}`, message: '' }]);
    return { value: { branch: name, commit: null, files: [] }, text: `Switched to branch ${safe(name)}, without a commit yet\n` };
  }
  const commit = start === undefined ? head.commit! : lazy.commit(start);
  return switchTo(tree, ref, commit, name, start ?? 'HEAD');
}

/** Switches files, index and HEAD; makes the branch where it is new. */
async function switchTo(tree: WorkTree, ref: string | undefined, commit: string, name: string, createdFrom?: string): Promise<Answer> {
  refuseUnfinished(tree);
  const elsewhere = ref && createdFrom === undefined ? checkedOutElsewhere(tree.layout, ref) : undefined;
  if (elsewhere !== undefined) throw new GovcError('Protected', `branch '${name}' is checked out in another work tree (${elsewhere})`, { name, path: elsewhere });
  const { head } = tree;
  const from = head.branch?.replace('refs/heads/', '') ?? head.commit ?? '';
  const changed = await tree.changeIndex(async (index) => {
    const targets = switchTrees(tree, index, tree.headTree, tree.treeOf(commit));
    const message = `checkout: moving from ${from} to ${name}`;
    const [before, after] = [head.branch === undefined ? head.commit : `ref: ${head.branch}`, ref === undefined ? commit : `ref: ${ref}`];
    const moves = [{ name: 'HEAD', ...(before && { before }), after, message }];
    if (createdFrom !== undefined) await move(tree, 'branch', `branch: Created from ${createdFrom}`, [{ name: ref!, after: commit, message: `branch: Created from ${createdFrom}` }]);
    await move(tree, 'checkout', message, moves);
    return [...targets.keys()].map(shown);
  });
  const value = { branch: ref === undefined ? null : name, commit, files: changed };
  const where = ref === undefined ? `HEAD is now at ${shortId(tree.objects, commit)}, on no branch` : `Switched to ${createdFrom === undefined ? '' : 'a new '}branch ${safe(name)}`;
  return { value, text: `${where}\n` };
}

function refuseUnfinished(tree: WorkTree): void {
  const unfinished = ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'rebase-merge', 'rebase-apply'];
  const found = unfinished.find((name) => existsSync(join(String(tree.layout.gitFolder), name)));
  if (found === undefined) return;
  const how = found === 'MERGE_HEAD' ? "end it with 'govc commit', or 'govc merge --abort'" : 'end it with git, which began it';
  throw new GovcError('Rejected', `something is under way (${found}): ${how}`, { file: found });
}

/** Takes single files from the index, or from a commit into index and files. What they were is gone: they were named. */
async function files(tree: WorkTree, lazy: LazyRepository, context: Context): Promise<Answer> {
  const [revision, more] = context.words;
  if (more !== undefined) throw new UsageError("checkout takes one revision before '--'");
  const some = selections(tree, context.folder, context.afterDashes!);
  if (some.length === 0) throw new UsageError("name files behind '--'");
  const taken = await tree.changeIndex((index) => {
    const source = revision === undefined
      ? new Map<BytePath, TreeFile>(index.entries.filter(({ stage }) => stage === 0).map(({ path, mode, id }) => [path, { mode, id }]))
      : filesOf(tree.objects, lazy.resolve(`${revision}^{tree}`));
    const targets = new Map([...source].filter(([path]) => selected(some, path)));
    for (const { given, matches } of some) {
      if (![...targets.keys()].some(matches)) throw new GovcError('NotFound', `'${given}' is no file of ${revision ?? 'the index'}`, { path: given });
    }
    for (const path of targets.keys()) checkPath(path);
    applyTargets(tree, index, targets);
    return [...targets.keys()];
  });
  return { value: { files: taken.map(shown) }, text: `${taken.length} ${taken.length === 1 ? 'file' : 'files'} taken from ${safe(revision ?? 'the index')}\n` };
}
