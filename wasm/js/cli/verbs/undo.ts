/** `govc undo`: takes back what moved refs last: a command of govc, or an operation of a program whose log the repository keeps. */
import { GovcError } from '../../errors.js';
import { Repository } from '../../repository.js';
import { gitDirectory } from '../../storage/git-directory/index.js';
import type { Operation } from '../../types.js';
import { readIdentity } from '../../worktree/commits.js';
import { readRef } from '../../worktree/refs.js';
import { refuseConflicts, switchTrees } from '../../worktree/switch.js';
import { shown } from '../../worktree/path.js';
import type { WorkTree } from '../../worktree/work-tree.js';
import { move, readOperations, type RecordedOperation, whoMoves } from '../operations.js';
import { safeLine } from '../output.js';
import type { Verb } from '../verb.js';

/** Operations of a kept log that are looked at. */
const LISTED_MAX = 1000;

/** What can be taken back: a command by its place in the list of commands, an operation by its id in the kept log. */
interface Undoable { by: 'command' | 'program'; number: number; operation: RecordedOperation }

export const undo: Verb = {
  name: 'undo',
  summary: 'take back what last moved a branch, a tag or HEAD: a command of govc, or a program whose log is kept here',
  usage: ['', '--list'],
  options: { list: { type: 'boolean', help: 'what could be taken back, the last first' } },
  async run(context) {
    const tree = await context.open();
    const log = await keptLog(tree);
    const left = [...undoable(readOperations(tree.layout)), ...log === undefined ? [] : undoableIn(log)].sort((a, b) => b.operation.time - a.operation.time);
    if (context.has('list')) {
      const value = left.map(({ by, number, operation: { time, kind, description, refs } }) => ({ by, number, time, kind, description, refs }));
      return { value, text: value.map(({ time, description }) => `${new Date(time).toISOString()} ${safeLine(description)}\n`).join('') };
    }
    const [last] = left;
    if (last === undefined) throw new GovcError('NotFound', 'govc has nothing to take back here: it remembers its own commands, and those of git are in the reflog', {});
    const files = await takeBack(tree, last, log);
    const { kind, description, refs } = last.operation;
    return { value: { undone: { by: last.by, kind, description, refs }, files }, text: `Took back: ${safeLine(description)}\n` };
  },
};

/** The repository with the log of operations that programs keep in it; undefined where none does, which is told without loading anything. */
async function keptLog(tree: WorkTree): Promise<Repository | undefined> {
  if (await readRef(tree.layout, 'refs/govc/log/main') === undefined) return undefined;
  const storage = gitDirectory(String(tree.layout.gitFolder), { onProblem: () => {}, partial: true });
  return Repository.open(storage, { author: readIdentity(whoMoves(tree)) });
}

/** Operations of a kept log that were not taken back, the last first. What others did was only seen there: it stays. */
function undoableIn(log: Repository): Undoable[] {
  const left: Operation[] = [];
  const taken: Operation[] = [];
  for (const operation of log.operations()) {
    const { kind, description } = operation;
    if (kind === 'undo') taken.push(...left.splice(-1));
    else if (kind === 'redo') left.push(...taken.splice(-1));
    else if (kind !== 'conflict' && (kind !== 'import' || /^import \d+ objects$/.test(description))) left.push(operation);
  }
  return left.slice(-LISTED_MAX).reverse().map((operation) => ({ by: 'program', number: operation.id, operation }));
}

/** Commands that were not taken back, the last first. Positions count from 0. */
function undoable(operations: readonly RecordedOperation[]): Undoable[] {
  const undone = new Set(operations.flatMap(({ undoes }) => undoes ?? []));
  return operations.map((operation, number): Undoable => ({ by: 'command', number, operation }))
    .filter(({ number, operation }) => operation.undoes === undefined && !undone.has(number)).reverse();
}

async function takeBack(tree: WorkTree, { by, number, operation: chosen }: Undoable, log: Repository | undefined): Promise<string[]> {
  const operation = by === 'command' ? chosen : log!.undo()!;
  for (const { name, after } of operation.refs) {
    const found = await readRef(tree.layout, name);
    if (found === after) continue;
    throw new GovcError('Stale', `'${name}' was moved since (${operation.description}): nothing was taken back`, { ref: name, expected: after, found });
  }
  const finish = by === 'command' ? () => moveBack(tree, number, operation) : async () => {
    await log!.flush();
    await tree.refreshHead();
  };
  const target = await treeAfter(tree, operation);
  // A commit that is taken back leaves its changes in the index, as they were before it.
  if (target === undefined || operation.kind === 'commit' || !tree.hasFiles) {
    await finish();
    return [];
  }
  return tree.changeIndex(async (index) => {
    refuseConflicts(index);
    const files = [...switchTrees(tree, index, tree.headTree, target).keys()].map(shown);
    await finish();
    return files;
  });
}

function moveBack(tree: WorkTree, number: number, { description, refs }: RecordedOperation): Promise<void> {
  const moves = refs.map(({ name, before, after }) => ({
    name, ...(after && { before: after }), ...(before && { after: before }), message: `undo: ${description}`,
  }));
  return move(tree, 'undo', `undo: ${description}`, moves, number);
}

/** The tree that HEAD will have; undefined where HEAD stays where it is. */
async function treeAfter(tree: WorkTree, { refs }: RecordedOperation): Promise<string | undefined> {
  const head = refs.find(({ name }) => name === 'HEAD' || name === tree.head.branch);
  if (head?.before === undefined) return undefined;
  const target = head.before.startsWith('ref: ') ? await readRef(tree.layout, head.before.slice('ref: '.length)) : head.before;
  return target === undefined ? undefined : tree.treeOf(target);
}
