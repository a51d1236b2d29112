/** `govc at`: what the repository showed at a moment, or shows at a revision, without touching the files. */
import { GovcError } from '../../errors.js';
import { LazyRepository } from '../../worktree/lazy.js';
import { shown } from '../../worktree/path.js';
import { readReflog } from '../../worktree/reflog.js';
import { filesOf } from '../../worktree/trees.js';
import type { WorkTree } from '../../worktree/work-tree.js';
import { moment } from '../dates.js';
import { named, safe, shortId } from '../output.js';
import { selected, selections } from '../select.js';
import { type Context, UsageError, type Verb } from '../verb.js';

export const at: Verb = {
  name: 'at',
  summary: 'show files as they were at a moment (03:42, 2026-01-31T03:42, yesterday) or a revision',
  usage: ['[--branch NAME] WHEN [PATH...]'],
  options: {
    branch: { type: 'string', value: 'NAME', help: 'of this branch; default the one that is checked out' },
    list: { type: 'boolean', help: 'list names, also where one file is meant' },
  },
  async run(context) {
    const [when, ...paths] = context.all;
    if (when === undefined) throw new UsageError('name a moment or a revision');
    const tree = await context.open();
    const commit = await commitAt(tree, context, when);
    const files = filesOf(tree.objects, tree.treeOf(commit));
    const some = selections(tree, context.folder, paths);
    const found = [...files].filter(([path]) => selected(some, path));
    if (found.length === 0 && some.length > 0) throw new GovcError('NotFound', `${paths.join(', ')}: no such file at ${when} (commit ${commit})`, { commit, paths });
    const [one] = some;
    const file = some.length === 1 && one !== undefined ? files.get(one.path) : undefined;
    if (file !== undefined && !context.has('list')) {
      const bytes = tree.objects.readKind(file.id, 'blob');
      const value = { commit, path: shown(one!.path), mode: file.mode.toString(8), id: file.id, size: bytes.length, text: bytes.toString('utf8') };
      return { value, text: process.stdout.isTTY ? safe(bytes.toString('utf8')) : bytes };
    }
    const value = { commit, files: found.map(([path, { mode, id }]) => ({ path: shown(path), mode: mode.toString(8), id })) };
    if (!context.json) context.note(`commit ${shortId(tree.objects, commit)}`);
    return { value, text: found.map(([path]) => `${named(path)}\n`).join('') };
  },
};

/** By the reflog, and before it begins by the dates of commits along first parents. */
async function commitAt(tree: WorkTree, context: Context, when: string): Promise<string> {
  const name = context.text('branch');
  const time = moment(when);
  if (time === undefined) return (await LazyRepository.open(tree)).commit(when);
  const ref = name === undefined ? tree.head.branch ?? 'HEAD' : `refs/heads/${name}`;
  const logged = readReflog(tree.layout, ref).atTime(time);
  if (logged !== undefined) return logged;
  const lazy = await LazyRepository.open(tree);
  const until = new Date(time);
  const [commit] = lazy.ask((repository) => [...repository.log({ from: lazy.commit(ref), until, limit: 1, firstParent: true })]);
  if (commit !== undefined) return commit.id;
  throw new GovcError('NotFound', `'${ref}' had no commit at ${until.toISOString()}`, { ref, time });
}
