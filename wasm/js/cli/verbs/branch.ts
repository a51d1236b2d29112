/** `govc branch`: lists, makes and deletes branches. */
import { GovcError } from '../../errors.js';
import { readRefs } from '../../storage/git-directory/refs.js';
import { readCommit, subject } from '../../worktree/commits.js';
import { LazyRepository } from '../../worktree/lazy.js';
import { branchRef, refId } from '../../worktree/refs.js';
import { checkedOutElsewhere } from '../../worktree/switch.js';
import type { WorkTree } from '../../worktree/work-tree.js';
import { move } from '../operations.js';
import { paint, safe, safeLine, shortId } from '../output.js';
import { type Answer, UsageError, type Verb } from '../verb.js';

export const branch: Verb = {
  name: 'branch',
  summary: 'list, make or delete branches',
  usage: ['[-a | -r] [-v]', 'NAME [START]', '-d NAME...', '--show-current'],
  options: {
    all: { type: 'boolean', short: 'a', help: 'those of remotes, too' },
    remotes: { type: 'boolean', short: 'r', help: 'only those of remotes' },
    verbose: { type: 'boolean', short: 'v', help: 'with commit and subject' },
    delete: { type: 'boolean', short: 'd', help: 'delete branches that HEAD holds' },
    'force-delete': { type: 'boolean', short: 'D', help: 'delete branches, whatever would be lost' },
    force: { type: 'boolean', short: 'f', help: 'move a branch that exists' },
    'show-current': { type: 'boolean', help: 'print the name of the branch that is checked out' },
  },
  async run(context) {
    const tree = await context.open();
    if (context.has('show-current')) {
      const name = tree.head.branch?.replace('refs/heads/', '');
      return { value: { branch: name ?? null }, text: name === undefined ? '' : `${safe(name)}\n` };
    }
    const names = context.all;
    if (context.has('delete') || context.has('force-delete')) return remove(tree, names, context.has('force-delete'));
    if (names.length === 0) return list(tree, context.has('all'), context.has('remotes'), context.has('verbose'));
    if (names.length > 2) throw new UsageError('branch takes a name and where it begins');
    return make(tree, names[0]!, names[1] ?? 'HEAD', context.has('force'));
  },
};

async function list(tree: WorkTree, all: boolean, remotes: boolean, verbose: boolean): Promise<Answer> {
  const prefixes = [...remotes ? [] : ['refs/heads/'], ...all || remotes ? ['refs/remotes/'] : []];
  const refs = (await readRefs(tree.layout, () => {})).filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
  const branches = await Promise.all(refs.map(async ({ name, target }) => ({
    name: name.replace(/^refs\/(?:heads|remotes)\//, ''), ref: name, commit: target.startsWith('ref: ') ? await refId(tree.layout, name) ?? null : target,
    current: name === tree.head.branch,
  })));
  const width = Math.max(0, ...branches.map(({ name }) => name.length));
  const lines = branches.map(({ name, current, commit }) => {
    const text = `${current ? '*' : ' '} ${verbose ? safe(name).padEnd(width) : safe(name)}`;
    const more = verbose && commit !== null ? ` ${shortId(tree.objects, commit)} ${safeLine(subject(readCommit(tree.objects, commit).message))}` : '';
    return `${current ? paint(text, 'green') : text}${more}\n`;
  });
  const detached = tree.head.branch === undefined && !remotes ? [`* (no branch, at ${tree.head.commit?.slice(0, 7)})\n`] : [];
  return { value: branches, text: [...detached, ...lines].join('') };
}

async function make(tree: WorkTree, name: string, start: string, force: boolean): Promise<Answer> {
  const ref = branchRef(name);
  const commit = (await LazyRepository.open(tree)).commit(start);
  const before = await refId(tree.layout, ref);
  if (before !== undefined && !force) throw new GovcError('AlreadyExists', `branch '${name}' exists already, at ${before}: -f moves it`, { name, commit: before });
  if (before !== undefined) refuseCheckedOut(tree, ref, name, 'moved');
  const message = before === undefined ? `branch: Created from ${start}` : `branch: Reset to ${start}`;
  await move(tree, 'branch', `branch ${name}`, [{ name: ref, ...(before && { before }), after: commit, message }]);
  return { value: { name, commit, ...(before && { before }) }, text: `Branch ${safe(name)} is at ${shortId(tree.objects, commit)}\n` };
}

async function remove(tree: WorkTree, names: readonly string[], force: boolean): Promise<Answer> {
  if (names.length === 0) throw new UsageError('name the branches to delete');
  const lazy = await LazyRepository.open(tree);
  const moves = await Promise.all(names.map(async (name) => {
    const ref = branchRef(name);
    const before = await refId(tree.layout, ref);
    if (before === undefined) throw new GovcError('NotFound', `there is no branch '${name}'`, { name });
    refuseCheckedOut(tree, ref, name, 'deleted');
    const held = tree.head.commit !== undefined && lazy.ask((repository) => repository.mergeBase(before, tree.head.commit!)) === before;
    if (!held && !force) {
      throw new GovcError('Conflict', `branch '${name}' has commits that HEAD does not have: merge them, or delete it with -D. It is at ${before}`, { name, commit: before });
    }
    return { name: ref, before, message: '' };
  }));
  await move(tree, 'branch', `delete ${names.join(', ')}`, moves);
  const deleted = moves.map(({ before }, at) => ({ name: names[at]!, commit: before }));
  return { value: { deleted }, text: deleted.map(({ name, commit }) => `Deleted branch ${safe(name)}, which was at ${shortId(tree.objects, commit)}\n`).join('') };
}

function refuseCheckedOut(tree: WorkTree, ref: string, name: string, what: string): void {
  const elsewhere = ref === tree.head.branch ? 'here' : checkedOutElsewhere(tree.layout, ref);
  if (elsewhere !== undefined) throw new GovcError('Protected', `branch '${name}' is checked out (${elsewhere}): it cannot be ${what}`, { name });
}
