/** `govc undo`: takes back the last command of govc that moved refs, in whatever process it ran. */
import { GovcError } from '../../errors.js';
import { readRef } from '../../worktree/refs.js';
import { refuseConflicts, switchTrees } from '../../worktree/switch.js';
import { shown } from '../../worktree/path.js';
import type { WorkTree } from '../../worktree/work-tree.js';
import { move, readOperations, type RecordedOperation } from '../operations.js';
import { safeLine } from '../output.js';
import type { Verb } from '../verb.js';

export const undo: Verb = {
  name: 'undo',
  summary: 'take back the last command of govc that moved a branch, a tag or HEAD',
  usage: ['', '--list'],
  options: { list: { type: 'boolean', help: 'what could be taken back, the last first' } },
  async run(context) {
    const tree = await context.open();
    const left = undoable(readOperations(tree.layout));
    if (context.has('list')) {
      const value = left.map(({ number, operation: { time, kind, description, refs } }) => ({ number, time, kind, description, refs }));
      return { value, text: value.map(({ time, description }) => `${new Date(time).toISOString()} ${safeLine(description)}\n`).join('') };
    }
    const last = left[0];
    if (last === undefined) throw new GovcError('NotFound', 'govc has nothing to take back here: it remembers its own commands, and those of git are in the reflog', {});
    const files = await takeBack(tree, last.number, last.operation);
    const { kind, description, refs } = last.operation;
    return { value: { undone: { kind, description, refs }, files }, text: `Took back: ${safeLine(description)}\n` };
  },
};

/** Operations that were not taken back, the last first. Positions count from 0. */
function undoable(operations: readonly RecordedOperation[]): { number: number; operation: RecordedOperation }[] {
  const undone = new Set(operations.flatMap(({ undoes }) => undoes ?? []));
  return operations.map((operation, number) => ({ number, operation }))
    .filter(({ number, operation }) => operation.undoes === undefined && !undone.has(number)).reverse();
}

async function takeBack(tree: WorkTree, number: number, operation: RecordedOperation): Promise<string[]> {
  for (const { name, after } of operation.refs) {
    const found = await readRef(tree.layout, name);
    if (found === after) continue;
    throw new GovcError('Stale', `'${name}' was moved since (${operation.description}): nothing was taken back`, { ref: name, expected: after, found });
  }
  const moves = operation.refs.map(({ name, before, after }) => ({
    name, ...(after && { before: after }), ...(before && { after: before }), message: `undo: ${operation.description}`,
  }));
  const finish = () => move(tree, 'undo', `undo: ${operation.description}`, moves, number);
  const target = await treeAfter(tree, operation);
  // A commit that is taken back leaves its changes in the index, as they were before it.
  if (target === undefined || operation.kind === 'commit') {
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

/** The tree that HEAD will have; undefined where HEAD stays where it is. */
async function treeAfter(tree: WorkTree, { refs }: RecordedOperation): Promise<string | undefined> {
  const head = refs.find(({ name }) => name === 'HEAD' || name === tree.head.branch);
  if (head?.before === undefined) return undefined;
  const target = head.before.startsWith('ref: ') ? await readRef(tree.layout, head.before.slice('ref: '.length)) : head.before;
  return target === undefined ? undefined : tree.treeOf(target);
}
