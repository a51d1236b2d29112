/** `govc show`: a commit with what it changed, a file of a commit, a tree, a tag. */
import { call } from '../../binding.js';
import { GovcError } from '../../errors.js';
import { LazyRepository } from '../../worktree/lazy.js';
import { parseTree } from '../../worktree/trees.js';
import { engineDiff } from '../../worktree/renames.js';
import { shown } from '../../worktree/path.js';
import { treeChanges } from '../../worktree/status.js';
import { Commit } from '../../commit.js';
import type { WorkTree } from '../../worktree/work-tree.js';
import { named, paint, safe } from '../output.js';
import { diffValue, printed } from '../patch.js';
import { type Answer, type Context, UsageError, type Verb } from '../verb.js';
import { DIFF_OPTIONS, formOf, linesOf } from './diff.js';
import { forPeople } from './log.js';

export const show: Verb = {
  name: 'show',
  summary: 'show a commit, a file of it (COMMIT:PATH), a tree or a tag',
  usage: ['[REVISION]'],
  options: DIFF_OPTIONS,
  async run(context) {
    if (context.all.length > 1) throw new UsageError('show takes one revision');
    const tree = await context.open();
    const lazy = await LazyRepository.open(tree);
    return answerOf(tree, lazy, context, lazy.resolve(context.all[0] ?? 'HEAD'), '');
  },
};

function answerOf(tree: WorkTree, lazy: LazyRepository, context: Context, id: string, before: string): Answer {
  const { kind, bytes } = tree.objects.read(id);
  if (kind === 'commit') return commitAnswer(tree, lazy, context, id, before);
  if (kind === 'blob') return { value: { id, kind, size: bytes.length, text: bytes.toString('utf8') }, text: process.stdout.isTTY ? safe(bytes.toString('utf8')) : bytes };
  if (kind === 'tree') {
    const entries = parseTree(bytes, id).map((entry) => ({ ...entry, mode: entry.mode.toString(8).padStart(6, '0') }));
    const text = `${paint(`tree ${id}`, 'yellow')}\n\n${entries.map(({ name, mode }) => `${named(name)}${mode === '040000' ? '/' : ''}\n`).join('')}`;
    return { value: { id, kind, entries: entries.map((entry) => ({ ...entry, name: shown(entry.name) })) }, text };
  }
  const target = /^object ([0-9a-f]{40})\n/.exec(bytes.toString('latin1', 0, 48))?.[1];
  if (target === undefined) throw new GovcError('CorruptObject', `tag ${id} names no object`, { id });
  const text = bytes.toString('utf8').replace(/^object .*\ntype .*\n/, '').replace(/^tag /, `${before}tag `).replace(/\ntagger (.*>).*\n/, '\nTagger: $1\n');
  return answerOf(tree, lazy, context, target, `${safe(text.trimEnd())}\n\n`);
}

function commitAnswer(tree: WorkTree, lazy: LazyRepository, context: Context, id: string, before: string): Answer {
  const commit = lazy.ask(({ engine }) => {
    call(() => engine.peelToCommit(id));
    return new Commit(engine, id).toJSON();
  });
  const [parent, ...others] = commit.parents;
  const known = parent !== undefined && tree.objects.has(parent);
  const changes = others.length > 0 ? [] : treeChanges(tree.objects, known ? tree.treeOf(parent) : undefined, commit.tree);
  const diffs = engineDiff(tree.objects, changes, !context.has('no-renames'));
  const head = `${before}${forPeople(commit)}${diffs.length > 0 ? '\n' : ''}`;
  const body = printed(diffs, formOf(context), linesOf(context));
  return { value: { ...commit, ...(others.length === 0 && { files: diffs.map(diffValue) }) }, text: Buffer.concat([Buffer.from(head), Buffer.from(body)]) };
}
