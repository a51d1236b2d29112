/** Runs validators on a would-be state and gathers what they find. */
import { GovcError } from './errors.js';
import type { Snapshot } from './snapshot.js';
import type { Change, Problem, Validator } from './types.js';

/** Throws ValidationFailed with every problem of severity 'error' (the default); warnings alone pass. */
export function checkedBy(validators: Validator[], snapshot: Snapshot, changes: Change[]): void {
  const problems = validators.flatMap((validator) => problemsOf(validator, snapshot, changes));
  const errors = problems.filter(({ severity }) => severity !== 'warning');
  if (errors.length === 0) return;
  const [first] = errors;
  const place = first?.path === undefined ? '' : `${first.path}: `;
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
  throw new GovcError('ValidationFailed', `${place}${first?.message}${more}`, { problems });
}

/** A validator that throws has found one problem. */
function problemsOf(validator: Validator, snapshot: Snapshot, changes: Change[]): Problem[] {
  try {
    return validator(snapshot, changes) ?? [];
  } catch (thrown) {
    return [{ message: thrown instanceof Error ? thrown.message : String(thrown), rule: validator.name }];
  }
}
