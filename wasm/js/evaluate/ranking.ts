/** From values to ranks: who is better, by how much, and whether that is more than noise. */
import { call } from '../binding.js';
import { GovcError } from '../errors.js';
import type { EvaluationResult, Plan, VersusBaseline } from './options.js';
import { type Contestant, scoreOf } from './rounds.js';

/** The results of all candidates, the best first, and of the baseline. */
export function rank<T>(plan: Plan<T>, baseline: Contestant<T>, candidates: Contestant<T>[]): { results: EvaluationResult<T>[]; baselineResult: EvaluationResult<T> } {
  const order = orderOf(plan.better);
  const baselineResult = resultOf(plan, order, baseline);
  const results = candidates.map((candidate) => resultOf(plan, order, candidate));
  const finished = results.filter(({ error }) => error === undefined);
  if (plan.samples > 1 && baseline.error === undefined && finished.length > 0) {
    const compared = compare(plan, order, baselineResult, finished);
    finished.forEach((result, at) => { result.versusBaseline = compared[at]!; });
  }
  const byRank = (a: EvaluationResult<T>, b: EvaluationResult<T>): number =>
    a.score !== undefined && b.score !== undefined ? (plan.better === 'lower' ? a.score - b.score : b.score - a.score) : order(a.value!, b.value!);
  return { results: [...finished.sort(byRank), ...results.filter(({ error }) => error !== undefined)], baselineResult };
}

/** The best result, where it is better than the baseline. */
export function winnerOf<T>(plan: Plan<T>, results: EvaluationResult<T>[], baseline: EvaluationResult<T>): EvaluationResult<T> | undefined {
  const finished = results.filter(({ error }) => error === undefined);
  if (baseline.error !== undefined) return finished[0];
  if (plan.samples > 1) return finished.find(({ versusBaseline }) => versusBaseline?.verdict === 'better');
  const [best] = finished;
  return best !== undefined && orderOf(plan.better)(best.value!, baseline.value!) < 0 ? best : undefined;
}

/** Negative where `a` is better. */
type Order<T> = (a: T, b: T) => number;

function orderOf<T>(better: Plan<T>['better']): Order<T> {
  if (better === 'higher') return (a, b) => Math.sign(scoreOf(b) - scoreOf(a));
  if (better === 'lower') return (a, b) => Math.sign(scoreOf(a) - scoreOf(b));
  return (a, b) => {
    let sign: unknown;
    try {
      sign = better(a, b);
    } catch (cause) {
      throw new GovcError('InvalidArgument', "the order given as 'better' threw", {}, { cause });
    }
    if (typeof sign === 'number' && !Number.isNaN(sign)) return sign;
    throw new GovcError('InvalidArgument', `the order given as 'better' returned ${sign}: return a number, negative where the first is better`);
  };
}

function resultOf<T>(plan: Plan<T>, order: Order<T>, { name, values, ms, error }: Contestant<T>): EvaluationResult<T> {
  const runs = values.length + (error === undefined ? 0 : 1);
  const result: EvaluationResult<T> = { name, values, ms: ms / runs };
  if (error !== undefined) return { ...result, error };
  result.value = values.toSorted(order)[(values.length - 1) >> 1]!;
  if (typeof plan.better !== 'function') result.score = values.reduce((sum, value) => sum + scoreOf(value) / values.length, 0);
  return result;
}

/** By score, the higher the better; with an order of one's own by who is better in each round alone. */
function compare<T>(plan: Plan<T>, order: Order<T>, baseline: EvaluationResult<T>, results: EvaluationResult<T>[]): VersusBaseline[] {
  const onlyOrder = typeof plan.better === 'function';
  const figure = (value: T, round: number): number => onlyOrder ? Math.sign(order(baseline.values[round]!, value)) : scoreOf(value);
  const scores = Float64Array.from([baseline, ...results].flatMap(({ values }) => values.map(figure)));
  return versus(call((engine) => engine.compareScores(scores, plan.samples, onlyOrder)), plan.better === 'lower' ? -1 : 1);
}

function versus(figures: Float64Array, higher: 1 | -1): VersusBaseline[] {
  return Array.from({ length: figures.length / 4 }, (_, at) => {
    const [difference, low, high, sign] = figures.subarray(4 * at, 4 * at + 4) as unknown as [number, number, number, number];
    const verdict = sign === 0 ? 'no difference' : sign === higher ? 'better' : 'worse';
    return { difference, confidence95: [low, high], verdict };
  });
}
