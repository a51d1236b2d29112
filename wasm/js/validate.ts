/** Runs validators on a would-be state and gathers what they find. */
import { call } from './binding.js';
import { fileDiffs } from './diff.js';
import { GovcError } from './errors.js';
import type { Repository } from './repository.js';
import { Snapshot } from './snapshot.js';
import type { Change, ObjectId, Problem, Validator } from './types.js';
import { syntax } from './validators/syntax.js';

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** Most problems that one refusal tells of. */
const PROBLEMS_MAX = 1_000;

/** What `validate()` runs beside the repository's validators and the caller's. */
const BUILT_IN = [syntax()];

/**
 * Everything that these validators find, at most 1,000. A validator that throws has found one problem. `changes` are what
 * `Repository.diff` returns.
 */
export function problemsOf(validators: readonly Validator[], snapshot: Snapshot, changes: Change[]): Problem[] {
  const problems: Problem[] = [];
  for (const validator of validators) {
    problems.push(...found(validator, snapshot, changes).slice(0, PROBLEMS_MAX - problems.length));
  }
  return problems;
}

/** @internal Runs the built-in validators, the repository's and these. Returns the warnings, throws where there is more. */
export function validated(repository: Repository, validators: readonly Validator[], state: ObjectId, base: ObjectId | undefined): Problem[] {
  return judged(repository, [...BUILT_IN, ...repository.validators, ...validators], state, base);
}

/**
 * @internal Refuses a state that the repository's validators do not want. `move` says from where to where a reality would go,
 * and is asked only where there are validators; a state that is missing is none that a reality would come to.
 */
export function enforce(repository: Repository, move: () => { base: ObjectId | undefined; state: ObjectId | undefined }): void {
  const { validators } = repository;
  if (validators.length === 0) return;
  const { base, state } = move();
  if (state === undefined) return;
  const warnings = judged(repository, validators, state, base);
  if (warnings.length > 0) repository.warn(warnings);
}

function judged(repository: Repository, validators: readonly Validator[], state: ObjectId, base: ObjectId | undefined): Problem[] {
  const { engine } = repository;
  const changes = fileDiffs(engine, call(() => engine.diff(base ?? EMPTY_TREE, state, new Uint8Array(), 50)));
  const problems = problemsOf(validators, new Snapshot(repository, state, base), changes);
  const errors = problems.filter(({ severity }) => severity !== 'warning');
  if (errors.length === 0) return problems;
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
  throw new GovcError('ValidationFailed', `${told(errors[0]!)}${more}`, { problems });
}

function told({ path, line, column, message }: Problem): string {
  const place = line === undefined ? '' : `:${line}:${column ?? 1}`;
  return path === undefined ? message : `${path}${place}: ${message}`;
}

/** What one validator finds. That the formats module is missing is no finding, but the caller's to mend. */
function found(validator: Validator, snapshot: Snapshot, changes: Change[]): Problem[] {
  try {
    const problems: unknown = validator(snapshot, changes) ?? [];
    if (Array.isArray(problems)) return problems;
    return [{ message: 'the validator returned no list: it answers at once, with problems or nothing', rule: validator.name }];
  } catch (thrown) {
    if (thrown instanceof GovcError && thrown.code === 'Disposed') throw thrown;
    return [{ message: thrown instanceof Error ? thrown.message : String(thrown), rule: validator.name }];
  }
}
