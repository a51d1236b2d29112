/** `govc log`: commits and what they say. */
import type { Commit } from '../../commit.js';
import type { LogOptions } from '../../types.js';
import { zone } from '../../worktree/commits.js';
import { LazyRepository } from '../../worktree/lazy.js';
import { bytePath, shown } from '../../worktree/path.js';
import type { WorkTree } from '../../worktree/work-tree.js';
import { momentOf } from '../dates.js';
import { paint, safe, safeLine, shortId } from '../output.js';
import { revisionsAndPaths, rangeOf } from '../revisions.js';
import { selections } from '../select.js';
import { type Context, UsageError, type Verb } from '../verb.js';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export const log: Verb = {
  name: 'log',
  summary: 'list commits, the newest first',
  usage: ['[-n COUNT] [--oneline] [--author TEXT] [--since DATE] [--until DATE] [REVISION | A..B]... [--] [PATH]'],
  options: {
    'max-count': { type: 'string', short: 'n', value: 'COUNT', help: 'at most so many' },
    oneline: { type: 'boolean', help: 'a line each' },
    author: { type: 'string', value: 'TEXT', help: 'whose author line holds this' },
    since: { type: 'string', value: 'DATE', help: 'not older' },
    until: { type: 'string', value: 'DATE', help: 'not newer' },
    'first-parent': { type: 'boolean', help: 'only along first parents' },
    all: { type: 'boolean', help: 'from all refs' },
  },
  async run(context) {
    const tree = await context.open();
    const lazy = await LazyRepository.open(tree);
    const options = optionsOf(tree, lazy, context);
    if (options === undefined) return { value: [], text: `${safe(tree.head.branch ?? 'HEAD')} has no commits yet\n` };
    if (options.path !== undefined) loadPath(lazy, options, options.path);
    const commits = lazy.ask((repository) => [...repository.log(options)].map((commit) => commit.toJSON()));
    const print = context.has('oneline') ? (commit: Fields) => oneline(tree, commit) : forPeople;
    return { value: commits, text: commits.map(print).join(context.has('oneline') ? '' : '\n') };
  },
};

/** Loads what a walk by path looks at in each commit, so that it is not begun anew for each. */
function loadPath(lazy: LazyRepository, { from, not }: LogOptions, path: string): void {
  const all = lazy.ask((repository) => [...repository.log({ ...from && { from }, ...not && { not } })].map(({ tree }) => tree));
  for (const tree of all) lazy.loadAlong(tree, bytePath(path));
}

type Fields = ReturnType<Commit['toJSON']>;

function optionsOf(tree: WorkTree, lazy: LazyRepository, context: Context): LogOptions | undefined {
  const { revisions, paths } = revisionsAndPaths(tree, lazy, context);
  const [path, ...more] = selections(tree, context.folder, paths);
  if (more.length > 0 || path?.isGlob) throw new UsageError('log takes one file or folder');
  const ranges = revisions.map((revision) => rangeOf(lazy, revision));
  const from = ranges.flatMap((range) => range.from);
  if (context.has('all')) from.push(...lazy.repository.listRealities().flatMap(({ head }) => head ?? []));
  if (from.length === 0) {
    if (tree.head.commit === undefined) return undefined;
    from.push(tree.head.commit);
  }
  const [count, since, until, author] = ['max-count', 'since', 'until', 'author'].map((name) => context.text(name));
  if (count !== undefined && !/^\d+$/.test(count)) throw new UsageError(`-n takes a number, not '${count}'`);
  return {
    from, not: ranges.flatMap((range) => range.not), firstParent: context.has('first-parent'),
    ...(count !== undefined && { limit: Number(count) }), ...(author !== undefined && { author }),
    ...(since !== undefined && { since: momentOf(since, '--since') }), ...(until !== undefined && { until: momentOf(until, '--until') }),
    ...(path !== undefined && path.path !== '' && { path: shown(path.path) }),
  };
}

/** A commit as `git log` shows it. */
export function forPeople({ id, parents, author, message }: Fields): string {
  const merge = parents.length > 1 ? `Merge: ${parents.map((parent) => parent.slice(0, 7)).join(' ')}\n` : '';
  const text = message.split('\n').map((line) => `    ${safe(line)}`).join('\n');
  return `${paint(`commit ${id}`, 'yellow')}\n${merge}Author: ${safeLine(author.name)} <${safeLine(author.email)}>\nDate:   ${gitDate(author)}\n\n${text}\n`;
}

function oneline(tree: WorkTree, { id, message }: Fields): string {
  return `${paint(shortId(tree.objects, id), 'yellow')} ${safeLine(message.split('\n\n', 1)[0] ?? '')}\n`;
}

function gitDate({ time, offsetMinutes }: Fields['author']): string {
  const date = new Date(Number(time) + offsetMinutes * 60_000);
  const two = (figure: number) => String(figure).padStart(2, '0');
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${date.getUTCDate()} ${clock} ${date.getUTCFullYear()} ${zone(offsetMinutes)}`;
}
