/** Rules of one's own, and rules about paths. */
import { GovcError } from '../errors.js';
import type { Snapshot } from '../snapshot.js';
import type { Change, Glob, Path, Problem, Validator } from '../types.js';
import { changedFiles } from './changed.js';

/** 'deny' refuses the change, 'warn' reports. */
export type PolicySeverity = 'deny' | 'warn';

/** A changed file, as a policy sees it. */
export interface PolicyFile {
  /** Where it is; for a removed one, where it was. */
  readonly path: Path;
  /** What happened to it: 'removed' too, whose content is gone. */
  readonly change: Change;
  /** The whole would-be state. */
  readonly snapshot: Snapshot;
  /** Its content. Throws NotFound where it is gone. */
  bytes(): Uint8Array;
  /** Its content as text. */
  text(): string;
}

/** What a policy found: nothing, what is wrong in words, or with a place. */
export type PolicyFinding = void | undefined | string | (Partial<Problem> & { message: string }) | (string | (Partial<Problem> & { message: string }))[];

/**
 * A rule of one's own for the changed files that `globs` mean (of several globs, the last that matches decides). What `check`
 * returns or throws is a problem with the policy's name as its rule.
 */
export function policy(name: string, globs: Glob | Glob[], severity: PolicySeverity, check: (file: PolicyFile) => PolicyFinding): Validator {
  if (severity !== 'deny' && severity !== 'warn') {
    throw new GovcError('InvalidArgument', `the severity of policy '${name}' is '${String(severity)}': give 'deny' or 'warn'`, { name, severity });
  }
  const patterns = Array.isArray(globs) ? globs : [globs];
  const problemSeverity = severity === 'deny' ? 'error' : 'warning';
  const validator: Validator = (snapshot, changes) => snapshot.matching(patterns, changes).flatMap((change) =>
    findings(check, change, snapshot).map((found): Problem => {
      const problem = typeof found === 'string' ? { message: found } : found;
      return { path: change.path, rule: name, ...problem, severity: problemSeverity };
    }));
  return named(validator, name);
}

function findings(check: (file: PolicyFile) => PolicyFinding, change: Change, snapshot: Snapshot): (string | (Partial<Problem> & { message: string }))[] {
  const { path } = change;
  const file: PolicyFile = { path, change, snapshot, bytes: () => snapshot.read(path), text: () => snapshot.readText(path) };
  try {
    const found: unknown = check(file);
    if (found === undefined || found === null) return [];
    if (typeof (found as { then?: unknown }).then === 'function') return ['the check returned a promise: a policy answers at once'];
    return Array.isArray(found) ? found : [found as string];
  } catch (thrown) {
    if (thrown instanceof GovcError && thrown.code === 'Disposed') throw thrown;
    return [thrown instanceof Error ? thrown.message : String(thrown)];
  }
}

/** Rules about names and sizes. */
export interface PathRules {
  /** No changed file may be one of these: '.env', '*.pem', 'dist/**'. */
  deny?: Glob[];
  /** For each of these, the state must have at least one file. */
  require?: Glob[];
  /** Most bytes that a changed file may have. */
  maxBytes?: number;
}

/** Rules about which files there may be, which must be, and how large they are. */
export function paths({ deny = [], require = [], maxBytes = Infinity }: PathRules): Validator {
  return function paths(snapshot, changes) {
    const problems: Problem[] = [];
    const present = changes.filter(({ kind }) => kind !== 'removed');
    if (deny.length > 0) {
      for (const { path } of snapshot.matching(deny, present)) problems.push({ path, message: 'a file of this name is not allowed here', rule: 'paths/deny', severity: 'error' });
    }
    for (const pattern of require) {
      if (snapshot.list(pattern).length === 0) problems.push({ message: `no file is '${pattern}', and one must be`, rule: 'paths/require', severity: 'error' });
    }
    if (maxBytes < Infinity) {
      for (const { path } of changedFiles(changes)) {
        const { length } = snapshot.read(path);
        if (length > maxBytes) problems.push({ path, message: `the file has ${length} bytes: at most ${maxBytes} are allowed`, rule: 'paths/maxBytes', severity: 'error' });
      }
    }
    return problems;
  };
}

function named(validator: Validator, name: string): Validator {
  return Object.defineProperty(validator, 'name', { value: name, configurable: true });
}
