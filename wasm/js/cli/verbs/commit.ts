/** `govc commit`: records the index as a commit, of the branch that is checked out. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { GovcError } from '../../errors.js';
import { flag } from '../../storage/git-directory/config.js';
import { cleanMessage, commitBytes, dateOf, identity, readCommit, readIdentity, subject } from '../../worktree/commits.js';
import { markUncertain } from '../../worktree/content.js';
import { LazyRepository } from '../../worktree/lazy.js';
import { shown } from '../../worktree/path.js';
import { unmerged } from '../../worktree/status.js';
import { makeTrees } from '../../worktree/trees.js';
import { readGitFile, type ReadIndex, type WorkTree } from '../../worktree/work-tree.js';
import { check, stagedSubject } from '../check.js';
import { loadConfiguration } from '../config.js';
import { move } from '../operations.js';
import { counted, report } from '../report.js';
import { safe, safeLine, shortId } from '../output.js';
import { type Context, UsageError, type Verb } from '../verb.js';
import { addKnown } from './add.js';

/** What git leaves in its folder while a merge is under way. */
const MERGE_FILES = ['MERGE_HEAD', 'MERGE_MSG', 'MERGE_MODE', 'AUTO_MERGE', 'SQUASH_MSG'];

export const commit: Verb = {
  name: 'commit',
  summary: 'record the index as a commit',
  usage: ['[-a] [-m TEXT | -F FILE] [--amend] [--allow-empty] [--author WHO]'],
  options: {
    message: { type: 'string', short: 'm', multiple: true, value: 'TEXT', help: 'the message; more than one make paragraphs' },
    file: { type: 'string', short: 'F', value: 'FILE', help: "read the message from a file, '-' for the input" },
    all: { type: 'boolean', short: 'a', help: 'take all changes of known files into the index first' },
    amend: { type: 'boolean', help: 'in the place of the last commit' },
    'allow-empty': { type: 'boolean', help: 'also where nothing changed' },
    'no-verify': { type: 'boolean', short: 'n', help: 'without the policies of govc.config.*' },
    author: { type: 'string', value: 'WHO', help: "'Name <address>' in place of who runs this" },
  },
  async run(context) {
    const tree = await context.open();
    if (!tree.hasFiles) void tree.root;
    refuseOtherWork(tree);
    const made = await tree.changeIndex((index) => record(tree, index, context));
    for (const name of MERGE_FILES) rmSync(join(String(tree.layout.gitFolder), name), { force: true });
    const branch = tree.head.branch?.replace('refs/heads/', '') ?? 'detached HEAD';
    const value = { commit: made.id, tree: made.tree, parents: made.parents, branch: tree.head.branch ? branch : null, message: made.message };
    return { value, text: `[${safe(branch)} ${shortId(tree.objects, made.id)}] ${safeLine(subject(made.message))}\n` };
  },
};

function refuseOtherWork(tree: WorkTree): void {
  const unfinished = { CHERRY_PICK_HEAD: 'git cherry-pick --continue', REVERT_HEAD: 'git revert --continue' };
  for (const [name, how] of Object.entries(unfinished)) {
    if (readGitFile(tree.layout, name) !== undefined) throw new GovcError('Rejected', `${name} says that another command is unfinished: end it with '${how}'`, { file: name });
  }
  if (flag(tree.config, 'commit.gpgsign') === true) {
    throw new GovcError('Rejected', "commit.gpgSign asks for a signature, which govc does not make: use 'git commit', or unset it for this command with GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=commit.gpgSign GIT_CONFIG_VALUE_0=false", { setting: 'commit.gpgSign' });
  }
  const encoding = tree.config.get('i18n.commitencoding');
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) {
    throw new GovcError('Rejected', `i18n.commitEncoding is ${encoding}: govc writes UTF-8`, { setting: 'i18n.commitEncoding' });
  }
}

async function record(tree: WorkTree, index: ReadIndex, context: Context) {
  if (context.has('all')) addKnown(tree, index);
  else markUncertain(tree, index, () => tree.attributesInward(index.entries));
  const open = [...unmerged(index).keys()];
  if (open.length > 0) {
    throw new GovcError('Conflict', `${open.length} files are in conflict: settle them and 'govc add' them first: ${open.slice(0, 10).map(shown).join(', ')}`, { paths: open.map(shown) });
  }
  if (!context.has('no-verify')) await verify(tree, index, context);
  const { objects, head } = tree;
  const entries = index.entries.filter(({ intentToAdd }) => !intentToAdd);
  const known = entries.length === index.entries.length ? index.trees : undefined;
  const trees = makeTrees(entries, (bytes) => objects.write('tree', bytes), known, (id) => objects.has(id));
  index.trees = entries.length === index.entries.length ? trees : undefined;
  const amended = context.has('amend') ? readCommit(objects, head.commit ?? nothingToAmend()) : undefined;
  const merged = readGitFile(tree.layout, 'MERGE_HEAD')?.trim().split('\n') ?? [];
  if (amended !== undefined && merged.length > 0) throw new UsageError('a merge is under way: it cannot be amended');
  const parents = amended?.parents ?? [...head.commit === undefined ? [] : [head.commit], ...merged];
  const before = parents[0] === undefined ? undefined : tree.treeOf(parents[0]);
  const isEmpty = before === trees.id || before === undefined && entries.length === 0;
  if (isEmpty && parents.length < 2 && amended === undefined && !context.has('allow-empty')) {
    throw new GovcError('Conflict', "nothing to commit: the index is as the last commit. 'govc add' takes changes in; --allow-empty commits all the same", {});
  }
  const message = messageOf(tree, context, amended?.message);
  const header = { tree: trees.id, parents, author: authorOf(tree, context, amended?.author), committer: identity(tree, 'committer'), message };
  const id = objects.write('commit', commitBytes(header));
  const how = amended ? ' (amend)' : parents.length > 1 ? ' (merge)' : parents.length === 0 ? ' (initial)' : '';
  const line = `commit${how}: ${subject(message)}`;
  const ref = head.branch ?? 'HEAD';
  await move(tree, 'commit', line, [{ name: ref, ...(head.commit && { before: head.commit }), after: id, message: line }]);
  return { id, tree: trees.id, parents, message };
}

/** Runs the policies where the repository has any. Hooks of git are programs: `govc commit` runs none of them. */
async function verify(tree: WorkTree, index: ReadIndex, context: Context): Promise<void> {
  const configuration = await loadConfiguration(String(tree.root));
  if (configuration.file === undefined) return;
  const result = check(tree, await LazyRepository.open(tree), configuration, stagedSubject(tree, false, index));
  if (counted(result.problems).errors === 0) {
    if (result.problems.length > 0) context.note(report(result, 'text').trimEnd());
    return;
  }
  const message = `${report(result, 'text')}Nothing was committed. To pass the policies of ${configuration.file} by: --no-verify`;
  throw new GovcError('ValidationFailed', message, { problems: result.problems });
}

function nothingToAmend(): never {
  throw new GovcError('NotFound', 'there is no commit yet that could be amended', {});
}

function messageOf(tree: WorkTree, context: Context, amended: string | undefined): string {
  const given = context.texts('message');
  const file = context.text('file');
  const merge = readGitFile(tree.layout, 'MERGE_MSG')?.replace(/^#.*\n?/gm, '');
  const raw = given.length > 0 ? given.join('\n\n') : file !== undefined ? readFileSync(file === '-' ? 0 : file, 'utf8') : amended ?? merge;
  if (raw === undefined) throw new UsageError("a commit needs a message: give -m TEXT or -F FILE; govc starts no editor");
  const message = cleanMessage(raw);
  if (message === '') throw new UsageError('the message is empty');
  return message;
}

function authorOf(tree: WorkTree, context: Context, amended: string | undefined): string {
  const given = context.text('author');
  if (given === undefined) return amended ?? identity(tree, 'author');
  const { name, email } = readIdentity(given);
  if (name === '' || !given.includes('<')) throw new UsageError(`--author takes 'Name <address>', not '${given}'`);
  return `${name} <${email}> ${dateOf(tree.environment['GIT_AUTHOR_DATE'], Date.now())}`;
}
