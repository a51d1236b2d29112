/** `govc hook`: puts govc into the hooks of a repository, and is what they run. */
import { readFileSync } from 'node:fs';

import type { Problem } from '../../types.js';
import { cleanMessage } from '../../worktree/commits.js';
import { LazyRepository } from '../../worktree/lazy.js';
import type { WorkTree } from '../../worktree/work-tree.js';
import { check, type CheckResult, commitSubject, type FoundProblem, stagedSubject, type Subject } from '../check.js';
import { type Configuration, loadConfiguration, type MessageCheck } from '../config.js';
import { type HookChange, hookFolder, type HookName, HOOKS, installHook, installWith, type Runner, RUNNERS, stateOfHook, uninstallHook } from '../hooks.js';
import { safe } from '../output.js';
import { counted, report, resultValue } from '../report.js';
import { type Answer, type Context, UsageError, type Verb } from '../verb.js';

/** What git puts in the place of an id where a ref is new. */
const NOTHING = '0'.repeat(40);

export const hook: Verb = {
  name: 'hook',
  summary: 'put govc into the hooks of this repository, list, remove or run them',
  usage: ['install [--hook NAME]... [--with RUNNER] [--chain]', 'uninstall [--hook NAME]...', 'list', 'run NAME [ARGUMENT...]'],
  options: {
    hook: { type: 'string', multiple: true, value: 'NAME', help: `${HOOKS.join(', ')}; default pre-commit` },
    with: { type: 'string', value: 'RUNNER', help: `write for ${RUNNERS.join(', ')} instead of plain git` },
    chain: { type: 'boolean', help: 'keep a hook that is there, and run it first' },
  },
  async run(context) {
    const [action, ...rest] = context.all;
    const tree = await context.open();
    switch (action) {
      case 'install': return changes(install(tree, context));
      case 'uninstall': return changes((context.texts('hook').length > 0 ? named(context) : [...HOOKS]).map((name) => uninstallHook(tree, name)));
      case 'list': return list(tree);
      case 'run': return runHook(tree, context, nameOf(rest[0]), rest.slice(1));
      default: throw new UsageError('hook takes install, uninstall, list or run');
    }
  },
};

function nameOf(given: string | undefined): HookName {
  const found = HOOKS.find((name) => name === given);
  if (found === undefined) throw new UsageError(`'${given ?? ''}' is none of the hooks ${HOOKS.join(', ')}`);
  return found;
}

function named(context: Context): HookName[] {
  const given = context.texts('hook');
  return given.length === 0 ? ['pre-commit'] : given.map(nameOf);
}

function install(tree: WorkTree, context: Context): HookChange[] {
  const given = context.text('with');
  if (given === undefined) return named(context).map((name) => installHook(tree, name, context.has('chain')));
  const runner = RUNNERS.find((name) => name === given);
  if (runner === undefined) throw new UsageError(`--with takes ${RUNNERS.join(', ')}, not '${given}'`);
  return named(context).map((name) => installWith(tree, runner satisfies Runner, name));
}

function changes(done: HookChange[]): Answer {
  const text = done.map(({ path, change, note }) => `${change} ${safe(path)}${note === undefined ? '' : ` (${note})`}\n`).join('');
  return { value: done, text };
}

function list(tree: WorkTree): Answer {
  const folder = hookFolder(tree);
  const hooks = HOOKS.map((name) => ({ name, state: stateOfHook(tree, name) }));
  return { value: { folder, hooks }, text: `${safe(folder)}\n${hooks.map(({ name, state }) => `  ${name.padEnd(18)}${state}\n`).join('')}` };
}

async function runHook(tree: WorkTree, context: Context, name: HookName, words: string[]): Promise<Answer> {
  const configuration = await loadConfiguration(tree.hasFiles ? String(tree.root) : context.folder);
  const results = name === 'commit-msg' ? [messageResult(configuration, words)] : await checked(tree, configuration, name);
  const failed = results.some(({ problems }) => counted(problems).errors > 0);
  // A hook with nothing to say says nothing.
  const told = results.filter(({ problems }) => problems.length > 0).map((result) => report(result, 'text')).join('');
  if (!context.json && told !== '') context.note(told.trimEnd());
  if (failed && !context.json) context.note(`govc: refused by the policies of ${configuration.file ?? 'govc (there is no govc.config.* here)'}. To pass them by: --no-verify`);
  return { value: results.map(resultValue), text: '', code: failed ? 1 : 0 };
}

function messageResult({ commitMessage, file }: Configuration, [path]: string[]): CheckResult {
  if (path === undefined) throw new UsageError('commit-msg is given the file of the message');
  // As git does before it records the message.
  const text = cleanMessage(readFileSync(path, 'utf8').replace(/^# -+ >8 -+\n[^]*/m, '').replace(/^#.*\n?/gm, ''));
  const subject = { tree: '', commit: undefined, changes: [], description: `the message (${file ?? 'no configuration'})` };
  return { subject, policies: ['commitMessage'], files: 0, problems: commitMessage === undefined ? [] : messageProblems(commitMessage, text) };
}

function messageProblems(commitMessage: MessageCheck, text: string): FoundProblem[] {
  let found: ReturnType<MessageCheck>;
  try {
    found = commitMessage(text);
  } catch (thrown) {
    found = thrown instanceof Error ? thrown.message : String(thrown);
  }
  const list = found === undefined ? [] : Array.isArray(found) ? found : [found];
  return list.map((one: string | Problem) => {
    const { message, line, severity } = typeof one === 'string' ? { message: one, line: undefined, severity: undefined } : one;
    return { message: String(message), ...(line !== undefined && { line }), rule: 'commitMessage', severity: severity ?? 'error' };
  });
}

async function checked(tree: WorkTree, configuration: Configuration, name: HookName): Promise<CheckResult[]> {
  const lazy = await LazyRepository.open(tree);
  const subjects = name === 'pre-push' ? pushed(tree, lazy, pushLines(tree)) : [stagedSubject(tree, false)];
  return subjects.map((subject) => check(tree, lazy, configuration, subject));
}

/** The lines that git gives the hook, which the program 'pre-commit' reads itself and tells by its environment. */
function pushLines({ environment, head }: WorkTree): string[] {
  if (environment['PRE_COMMIT'] === undefined) return readFileSync(0, 'utf8').split('\n');
  const { PRE_COMMIT_LOCAL_BRANCH: local = 'HEAD', PRE_COMMIT_TO_REF: to = head.commit, PRE_COMMIT_FROM_REF: from = NOTHING } = environment;
  return [`${local} ${to} ${local} ${from}`];
}

/** What a push would bring. */
function pushed(tree: WorkTree, lazy: LazyRepository, lines: readonly string[]): Subject[] {
  return lines.flatMap((line) => {
    const [, local, id, remote] = /^(\S+) ([0-9a-f]{40}) \S+ ([0-9a-f]{40})$/.exec(line) ?? [];
    if (local === undefined || id === undefined || /^0+$/.test(id)) return [];
    if (tree.objects.read(id).kind !== 'commit') return [];
    const known = remote !== undefined && !/^0+$/.test(remote) && tree.objects.has(remote) ? remote : undefined;
    const base = known === undefined ? undefined : lazy.ask((repository) => repository.mergeBase(known, id));
    return [commitSubject(tree, base, id, local)];
  });
}
