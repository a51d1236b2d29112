/** Walks over history, read in growing batches as the caller gets on. */
import { call } from './binding.js';
import { type Commit, commitsOf } from './commit.js';
import { GovcError } from './errors.js';
import type { Repository } from './repository.js';
import { encodeText } from './text.js';
import type { LogOptions, ObjectId, Revision } from './types.js';

const FIRST_BATCH = 16;
const LARGEST_BATCH = 1024;

/** The commits that `options` ask for; each iteration is a walk of its own. */
export function logOf(repository: Repository, options: LogOptions): Iterable<Commit> {
  return { [Symbol.iterator]: () => walk(repository, options) };
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
