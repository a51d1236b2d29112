/** Walks over history, read in growing batches as the caller gets on. */
import { call } from './binding.js';
import { type Commit, commitsOf } from './commit.js';
import { GovcError } from './errors.js';
import type { Repository } from './repository.js';
import { decodeContent, decodeText, encodeText } from './text.js';
import type { DescribeOptions, LogOptions, ObjectId, Path, Revision } from './types.js';

const FIRST_BATCH = 16;
const LARGEST_BATCH = 1024;
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const SUBMODULE = '160000';

/** The commits that `options` ask for; each iteration is a walk of its own. */
export function logOf(repository: Repository, options: LogOptions): Iterable<Commit> {
  const { changed, limit, ...rest } = options;
  if (changed === undefined) return { [Symbol.iterator]: () => walk(repository, options) };
  return { [Symbol.iterator]: () => changing(repository, rest, changed, limitOf(limit)) };
}

/** The commits of a walk that change a text. */
function* changing(repository: Repository, options: LogOptions, changed: string | RegExp, limit: number): Generator<Commit, void, undefined> {
  let found = 0;
  for (const commit of walk(repository, options)) {
    if (found === limit) return;
    if (!changes(repository, commit, changed, options.path)) continue;
    yield commit;
    found += 1;
  }
}

/** Whether a commit changes how often a file holds a text, or a line that an expression finds. Merges do not. */
function changes(repository: Repository, { id, parents }: Commit, changed: string | RegExp, path: Path | undefined): boolean {
  if (parents.length > 1) return false;
  const { engine } = repository;
  const count = (blob: ObjectId | undefined, text: string) =>
    blob === undefined ? 0 : decodeContent(call(() => engine.readBlob(blob))).split(text).length - 1;
  return repository.diff(parents[0] ?? EMPTY_TREE, id).some((file) => {
    const isMeant = path === undefined || file.path === path || file.path.startsWith(`${path.replace(/\/$/, '')}/`);
    if (!isMeant || file.oldId === file.newId || [file.oldMode, file.newMode].includes(SUBMODULE)) return false;
    if (typeof changed === 'string') return count(file.oldId, changed) !== count(file.newId, changed);
    const line = new RegExp(changed.source, changed.flags.replace(/[gy]/g, ''));
    return !file.binary && file.hunks().some(({ lines }) => lines.some(({ kind, text }) => kind !== ' ' && line.test(text.replace(/\n$/, ''))));
  });
}

/** What `git describe` says of a commit. */
export function describe(repository: Repository, revision: Revision, options: DescribeOptions): string {
  const { tags, long, abbrev = -1, match = [], exclude = [], firstParent, exactMatch, candidates = 10, always } = options;
  if (!(Number.isInteger(abbrev) && abbrev >= -1 && abbrev <= 40)) {
    throw new GovcError('InvalidArgument', `abbrev is ${abbrev}: give a number of digits, at most 40`, { abbrev });
  }
  if (long && abbrev === 0) throw new GovcError('InvalidArgument', 'long and abbrev 0 exclude each other', {});
  const patterns = [...[match].flat().map((glob) => `=${glob}`), ...[exclude].flat().map((glob) => `!${glob}`)];
  const flags = [tags, long, exactMatch, firstParent, always].reduce((bits, on, at) => bits | (on ? 1 << at : 0), 0);
  const id = repository.resolve(revision);
  return decodeText(call(() => repository.engine.describe(id, encodeText(patterns.join('\0')), abbrev, candidates, flags)));
}

function* walk(repository: Repository, options: LogOptions): Generator<Commit, void, undefined> {
  const { engine } = repository;
  const from = tips(repository, options.from);
  if (from.length === 0) return;
  const not = (options.not ?? []).map((revision) => repository.resolve(revision));
  const { path = '', author = '', firstParent = false, order = 'time' } = options;
  const history = call(() => engine.history(
    from.join(''), not.join(''), encodeText(path), encodeText(author),
    seconds(options.since, 'since'), seconds(options.until, 'until'), limitOf(options.limit),
    (firstParent ? 1 : 0) | (order === 'topological' ? 2 : 0),
  ));
  try {
    for (let count = FIRST_BATCH; ; count = Math.min(2 * count, LARGEST_BATCH)) {
      const commits = commitsOf(engine, call(() => engine.nextCommits(history, count)));
      yield* commits;
      if (commits.length < count) return;
    }
  } finally {
    history.free();
  }
}

/** Where to start: main by default. A reality without a commit has no history. */
function tips(repository: Repository, from: LogOptions['from']): ObjectId[] {
  if (Array.isArray(from)) return from.map((revision) => repository.resolve(revision));
  const start: Revision = from ?? repository.main;
  if (typeof start === 'object' && 'head' in start && start.head === undefined) return [];
  return [repository.resolve(start)];
}

/** Seconds since the epoch; -1 for no bound. */
function seconds(date: Date | undefined, name: string): number {
  if (date === undefined) return -1;
  const time = Math.floor(Number(date) / 1000);
  if (Number.isNaN(time)) throw new GovcError('InvalidArgument', `${name} is no date`, { [name]: date });
  return Math.max(time, 0);
}

/** -1 for no limit. */
function limitOf(limit: number | undefined): number {
  if (limit === undefined) return -1;
  if (Number.isInteger(limit) && limit >= 0) return limit;
  throw new GovcError('InvalidArgument', `limit is ${limit}: give a whole number`, { limit });
}
