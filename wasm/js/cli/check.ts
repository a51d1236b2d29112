/** Runs policies on exactly what the index or a commit holds, without a look at the files of the work tree. */
import { GovcError } from '../errors.js';
import type { ObjectId, Problem } from '../types.js';
import { problemsOf } from '../validate.js';
import { type LazyRepository, LazySnapshot } from '../worktree/lazy.js';
import { bytePath, shown } from '../worktree/path.js';
import { engineDiff } from '../worktree/renames.js';
import { type FileChange, stagedChanges, treeChanges, unmerged } from '../worktree/status.js';
import { makeTrees } from '../worktree/trees.js';
import type { ReadIndex, WorkTree } from '../worktree/work-tree.js';
import type { Configuration } from './config.js';
import { selected, type Selection } from './select.js';

/** What is checked. */
export interface Subject {
  tree: ObjectId;
  /** The commit that it is, or that it will stand on. */
  commit: ObjectId | undefined;
  changes: FileChange[];
  /** For people. */
  description: string;
}

/** A problem with its policy. */
export interface FoundProblem extends Problem { rule: string; severity: 'error' | 'warning' }

export interface CheckResult { subject: Subject; policies: string[]; files: number; problems: FoundProblem[] }

/** The index, as it would be committed. Nothing is written to the repository. */
export function stagedSubject(tree: WorkTree, all: boolean, index: ReadIndex = tree.readIndex()): Subject {
  const open = [...unmerged(index).keys()].map(shown);
  if (open.length > 0) throw new GovcError('Conflict', `files are in conflict: ${open.slice(0, 20).join(', ')}. Settle and add them first`, { paths: open });
  const { objects } = tree;
  const entries = index.entries.filter(({ intentToAdd }) => !intentToAdd);
  const known = entries.length === index.entries.length ? index.trees : undefined;
  // Trees that the index remembers are not looked for: one that is missing shows when it is read.
  const id = makeTrees(entries, (bytes) => objects.keep('tree', bytes), known, () => true).id;
  const changes = all ? treeChanges(tree.objects, undefined, id) : stagedChanges(tree, index);
  return { tree: id, commit: tree.head.commit, changes, description: 'the index' };
}

/** A commit against another, or against nothing. */
export function commitSubject(tree: WorkTree, base: ObjectId | undefined, commit: ObjectId, description: string): Subject {
  const id = tree.treeOf(commit);
  return { tree: id, commit, changes: treeChanges(tree.objects, base === undefined ? undefined : tree.treeOf(base), id), description };
}

/** Runs all policies. */
export function check(tree: WorkTree, lazy: LazyRepository, configuration: Configuration, subject: Subject, some: readonly Selection[] = []): CheckResult {
  const snapshot = new LazySnapshot(lazy, tree.objects, subject.tree, subject.commit);
  const wanted = subject.changes.filter(({ path }) => selected(some, path));
  const changes = engineDiff(tree.objects, wanted, true);
  const problems = configuration.policies.flatMap(({ name, paths, validator, severity }): FoundProblem[] => {
    const meant = paths.length === 0 ? changes : snapshot.matching(paths, changes);
    if (meant.length === 0) return [];
    return problemsOf([validator], snapshot, meant).map((problem) => ({ ...problem, rule: problem.rule || name, severity: severity ?? problem.severity ?? 'error' }));
  });
  return { subject, policies: configuration.policies.map(({ name }) => name), files: changes.length, problems: problems.map(clean) };
}

/** Only what a problem has, of the right kinds: it came from somebody's code. */
function clean({ path, line, column, message, rule, severity }: FoundProblem): FoundProblem {
  const figure = (value: unknown) => Number.isInteger(value) && (value as number) > 0 ? value as number : undefined;
  const [at, across] = [figure(line), figure(column)];
  return {
    ...(typeof path === 'string' && { path: shown(bytePath(path)) }), ...(at !== undefined && { line: at }), ...(across !== undefined && { column: across }),
    message: String(message), rule: String(rule), severity: severity === 'warning' ? 'warning' : 'error',
  };
}
