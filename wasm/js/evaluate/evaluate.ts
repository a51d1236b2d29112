/** Evaluation of candidates in parallel realities: make them, test them, rank them, merge the winner. Loaded when asked for. */
import { deferredEngine } from '../binding.js';
import { GovcError } from '../errors.js';
import { throwIfAborted } from '../progress.js';
import type { Reality } from '../reality.js';
import type { Repository } from '../repository.js';
import type { ObjectId } from '../types.js';
import { type EvaluateOptions, type Evaluation, type Plan, planOf } from './options.js';
import { rank, winnerOf } from './ranking.js';
import { type Contestant, disqualified, removeRealities, runRounds } from './rounds.js';

let evaluations = 0;

export async function evaluate<T>(repository: Repository, options: EvaluateOptions<T>): Promise<Evaluation<T>> {
  const plan = planOf(options);
  throwIfAborted(plan.signal);
  await deferredEngine();
  const from = repository.at(plan.from ?? repository.main).commit.id;
  const target = plan.mergeInto === undefined ? undefined : repository.reality(plan.mergeInto);
  const before = target?.head;
  const names = Object.keys(plan.candidates);
  // From here on, what is in `made` goes whatever happens.
  const realities = repository.realities(names, from);
  const made = new Set(names);
  try {
    const folder = freeFolder(repository);
    const baseline = contestant<T>('baseline', from, `${folder}-baseline`);
    const candidates: Contestant<T>[] = [];
    for (const reality of realities) candidates.push(await makeCandidate(plan, reality, folder));
    await runRounds(repository, plan, [baseline, ...candidates], made);
    const { results, baselineResult } = rank(plan, baseline, candidates);
    const best = winnerOf(plan, results, baselineResult);
    const evaluation: Evaluation<T> = { results, baselineResult };
    if (baselineResult.error === undefined) evaluation.baseline = baselineResult.value!;
    if (best !== undefined) {
      evaluation.winner = realities[names.indexOf(best.name)]!;
      if (plan.keep === 'winner') made.delete(best.name);
      if (target !== undefined) mergeWinner(repository, evaluation, target, before, made);
    }
    if (plan.keep === 'all') names.forEach((name) => made.delete(name));
    return evaluation;
  } finally {
    removeRealities(repository, made);
  }
}

function contestant<T>(name: string, start: ObjectId | undefined, folder: string): Contestant<T> {
  return { name, start, folder, values: [], ms: 0, error: undefined };
}

/** A name that no reality has or lies below. */
function freeFolder(repository: Repository): string {
  for (;;) {
    const folder = `evaluation-${++evaluations}`;
    if (repository.listRealities(`${folder}*`).length + repository.listRealities(`${folder}*/**`).length === 0) return folder;
  }
}

async function makeCandidate<T>(plan: Plan<T>, reality: Reality, folder: string): Promise<Contestant<T>> {
  const { name } = reality;
  const made = contestant<T>(name, undefined, `${folder}/${name}`);
  throwIfAborted(plan.signal);
  try {
    const changes = plan.candidates[name]!;
    if (typeof changes === 'function') {
      await changes(reality);
    } else {
      for (const [path, content] of Object.entries(changes)) {
        if (content === null) reality.remove(path);
        else reality.write(path, content);
      }
    }
    if (reality.status().length > 0) reality.commit(`Candidate ${name}`);
    made.start = reality.head;
  } catch (thrown) {
    made.error = disqualified(name, thrown);
  }
  return made;
}

/** Merges where the target is what it was when the evaluation began: what was tested is what is merged. */
function mergeWinner<T>(repository: Repository, evaluation: Evaluation<T>, target: Reality, before: ObjectId | undefined, made: Set<string>): void {
  const winner = evaluation.winner!;
  try {
    if (repository.hasReality(target.name) && target.head !== before) {
      const message = `'${target.name}' has moved since the evaluation began: evaluate again, or merge '${winner.name}' yourself`;
      throw new GovcError('Stale', message, { reality: target.name, expected: before, head: target.head });
    }
    repository.merge(winner, target);
    evaluation.merged = target.snapshot().commit;
  } catch (thrown) {
    made.delete(winner.name);
    if (!(thrown instanceof GovcError)) throw thrown;
    throw new GovcError(thrown.code, thrown.message, { ...thrown.details, evaluation }, { cause: thrown });
  }
}
