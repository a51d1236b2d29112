/** Runs of a test: in rounds, in an order that a seed decides, each in a reality of its own, cut off in time. */
import { GovcError } from '../errors.js';
import { breath, throwIfAborted } from '../progress.js';
import type { Reality } from '../reality.js';
import type { Repository } from '../repository.js';
import type { ObjectId } from '../types.js';
import type { Plan } from './options.js';

/** A run of tests that never wait is this long before the host's event loop gets its turn. */
const SLICE_MS = 40;

/** A candidate, or the baseline, while it is evaluated. */
export interface Contestant<T> {
  name: string;
  /** Undefined where the candidate could not be made. */
  start: ObjectId | undefined;
  /** The names of its runs' realities lie below. */
  folder: string;
  values: T[];
  ms: number;
  error: GovcError | undefined;
}

/** Fills in values and errors of all contestants. `made` is told the name of each reality before it is created. */
export async function runRounds<T>(repository: Repository, plan: Plan<T>, contestants: Contestant<T>[], made: Set<string>): Promise<void> {
  const random = generator(plan.seed);
  const total = contestants.length * plan.samples;
  let sliced = performance.now();
  for (let round = 1; round <= plan.samples; round++) {
    const queue = shuffled(contestants.filter(({ error }) => error === undefined), random);
    if (queue.length === 0) return;
    let done = total - queue.length * (plan.samples - round + 1);
    const names: string[] = [];
    const work = async (): Promise<void> => {
      for (let contestant = queue.pop(); contestant !== undefined; contestant = queue.pop()) {
        throwIfAborted(plan.signal);
        const name = `${contestant.folder}/${round}`;
        names.push(name);
        made.add(name);
        const [reality] = repository.realitiesAt([name], contestant.start);
        await runOnce(reality!, plan, contestant);
        plan.onProgress?.({ phase: 'evaluate', done: ++done, total });
        if (performance.now() - sliced >= SLICE_MS) {
          await breath();
          sliced = performance.now();
        }
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(plan.concurrency, queue.length) }, work));
    } finally {
      queue.length = 0;
    }
    removeRealities(repository, names);
    names.forEach((name) => made.delete(name));
  }
}

/** Deletes those of these realities that are there still and not main. */
export function removeRealities(repository: Repository, names: Iterable<string>): void {
  const main = repository.main.name;
  const there = [...names].filter((name) => name !== main && repository.hasReality(name));
  if (there.length > 0) repository.deleteRealities(there);
}

async function runOnce<T>(reality: Reality, plan: Plan<T>, contestant: Contestant<T>): Promise<void> {
  const { signal, timeoutMs, test } = plan;
  const controller = new AbortController();
  const started = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stop: (() => void) | undefined;
  try {
    const value = await new Promise<T>((resolve, reject) => {
      const cut = (error: GovcError): void => {
        reject(error);
        controller.abort(error);
      };
      if (timeoutMs !== undefined) timer = setTimeout(() => cut(overTime(contestant.name, timeoutMs)), timeoutMs);
      stop = () => cut(new GovcError('Aborted', 'stopped on request', {}, { cause: signal!.reason }));
      signal?.addEventListener('abort', stop);
      // What comes after a cut settles a promise that is settled: nobody hears of it.
      Promise.resolve(test(reality, controller.signal)).then(resolve, reject);
    });
    if (typeof plan.better !== 'function') scoreOf(value);
    contestant.values.push(value);
  } catch (thrown) {
    throwIfAborted(signal);
    contestant.error = disqualified(contestant.name, thrown);
  } finally {
    clearTimeout(timer);
    if (stop) signal?.removeEventListener('abort', stop);
    contestant.ms += performance.now() - started;
  }
}

/** The number that ranks a value. */
export function scoreOf(value: unknown): number {
  const score = typeof value === 'object' && value !== null ? (value as { score?: unknown }).score : value;
  if (typeof score === 'number' && Number.isFinite(score)) return score;
  const shown = typeof score === 'number' ? String(score) : `a ${typeof score}`;
  throw new GovcError('InvalidArgument', `the score is ${shown}: return a finite number or { score }, or give an order as 'better'`, { score });
}

/** Why a candidate is out of the running: failures of our own as they are, all others with what was thrown as their cause. */
export function disqualified(name: string, thrown: unknown): GovcError {
  if (thrown instanceof GovcError && ['Timeout', 'InvalidArgument'].includes(thrown.code)) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new GovcError('Rejected', `'${name}' is disqualified: ${reason}`, { candidate: name }, { cause: thrown });
}

function overTime(candidate: string, timeoutMs: number): GovcError {
  return new GovcError('Timeout', `the test of '${candidate}' took more than ${timeoutMs} ms`, { candidate, timeoutMs });
}

function shuffled<T>(items: T[], random: () => number): T[] {
  for (let end = items.length; end > 1; end--) {
    const at = Math.floor(random() * end);
    [items[at], items[end - 1]] = [items[end - 1]!, items[at]!];
  }
  return items;
}

/** Numbers from 0 to 1: a counter, mixed by MurmurHash's last steps. */
function generator(seed: number): () => number {
  let counter = seed | 0;
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    let mixed = Math.imul(counter ^ counter >>> 16, 0x85ebca6b);
    mixed = Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35);
    return ((mixed ^ mixed >>> 16) >>> 0) / 2 ** 32;
  };
}
