/** What an evaluation is asked, and what it answers. */
import type { Commit } from '../commit.js';
import { GovcError } from '../errors.js';
import type { Reality } from '../reality.js';
import type { Content, Path, Progressive, Revision } from '../types.js';

/** What is tried, how it is measured, and what becomes of the winner. */
export interface EvaluateOptions<T> extends Progressive {
  /** Where every candidate starts, and the baseline that it is compared with. Default main. */
  from?: Revision;
  /** One reality for each: a name with the changes it tries. What a function stages and does not commit is committed. */
  candidates: Record<string, Record<Path, Content | null> | ((reality: Reality) => void | Promise<void>)>;
  /**
   * The test: its number, or its `{ score }`, ranks the candidates; a throw disqualifies. Each run has a reality of its own,
   * a fork of the candidate that is gone afterwards. `signal` aborts when the run is over time or the evaluation is stopped.
   */
  test: (reality: Reality, signal: AbortSignal) => T | Promise<T>;
  /** Runs at a time. Default 8; take 1 where the test measures time. */
  concurrency?: number;
  /** Most milliseconds that a run may take. One that takes longer is left alone, and its candidate disqualified. */
  timeoutMs?: number;
  /**
   * Runs of each candidate and of the baseline, interleaved in rounds. Default 1: the winner is the one with the best value,
   * which proves nothing where values vary. With more, a difference within the noise is no win.
   */
  samples?: number;
  /** Which score is better, or an order of values: negative where `a` is better, as for `sort`. Default 'higher'. */
  better?: 'higher' | 'lower' | ((a: T, b: T) => number);
  /** Which candidates' realities stay. Default 'winner'. */
  keep?: 'winner' | 'all' | 'none';
  /**
   * Merges the winner here. Rejects with Stale where that reality has moved since the evaluation began, and with Conflict
   * where the merge has conflicts; `details.evaluation` is the evaluation, and the winner's reality stays.
   */
  mergeInto?: string;
  /** Decides the order of runs in each round. Default 1. */
  seed?: number;
}

/** What came out for one candidate. */
export interface EvaluationResult<T> {
  /** The candidate's name; 'baseline' of `baselineResult`. */
  name: string;
  /** The value in the middle of `values`: of two in the middle the better. */
  value?: T;
  /** By round. */
  values: T[];
  /** The mean of the scores, which ranks; not with an order of one's own. */
  score?: number;
  /** Why it is disqualified; `cause` is what was thrown. */
  error?: GovcError;
  /** Milliseconds that a run took, the mean. */
  ms: number;
  /** With two samples at least, where neither it nor the baseline is disqualified. */
  versusBaseline?: VersusBaseline;
}

/** A candidate beside the baseline. */
export interface VersusBaseline {
  /** The mean of the differences of each round. With an order of one's own: the part of decided rounds won less that lost. */
  difference: number;
  /** Covers the true difference in 95 of 100 cases: Student's t, or Clopper's and Pearson's interval. */
  confidence95: [number, number];
  /** Corrected (Holm) for the number of candidates: among equal ones, any is called better in at most 5 of 100 evaluations. */
  verdict: 'better' | 'worse' | 'no difference';
}

/** What an evaluation found. */
export interface Evaluation<T> {
  /** The best first; those that are disqualified last. */
  results: EvaluationResult<T>[];
  /** The baseline's value; undefined where its test failed. */
  baseline?: T;
  /** All of the baseline. */
  baselineResult: EvaluationResult<T>;
  /** The best of those that are better than the baseline. None: no difference was found. */
  winner?: Reality;
  /** The commit that `mergeInto` has become. */
  merged?: Commit;
}

/** Options with their defaults, checked. */
export type Plan<T> = EvaluateOptions<T> & Required<Pick<EvaluateOptions<T>, 'concurrency' | 'samples' | 'better' | 'keep' | 'seed'>>;

const SAMPLES_MAX = 10_000;
/** The longest timer of every host. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/** Throws InvalidArgument for what makes no sense. */
export function planOf<T>(options: EvaluateOptions<T>): Plan<T> {
  const plan: Plan<T> = { concurrency: 8, samples: 1, better: 'higher', keep: 'winner', seed: 1, ...options };
  check('candidates', Object.keys(plan.candidates ?? {}).length > 0, 'give at least one');
  check('test', typeof plan.test === 'function', 'give a function of a reality');
  check('samples', isWhole(plan.samples, 1, SAMPLES_MAX), `give a whole number from 1 to ${SAMPLES_MAX}`);
  check('concurrency', plan.concurrency === Infinity || isWhole(plan.concurrency, 1, Infinity), 'give a whole number from 1');
  check('timeoutMs', plan.timeoutMs === undefined || plan.timeoutMs > 0 && plan.timeoutMs <= TIMEOUT_MS_MAX, 'give milliseconds above 0');
  check('better', plan.better === 'higher' || plan.better === 'lower' || typeof plan.better === 'function', "give 'higher', 'lower' or an order");
  check('keep', ['winner', 'all', 'none'].includes(plan.keep), "give 'winner', 'all' or 'none'");
  check('seed', Number.isSafeInteger(plan.seed), 'give a whole number');
  return plan;

  function check(name: keyof EvaluateOptions<T>, isRight: boolean, advice: string): void {
    if (!isRight) throw new GovcError('InvalidArgument', `${name}: ${advice}`, { [name]: plan[name] });
  }
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
