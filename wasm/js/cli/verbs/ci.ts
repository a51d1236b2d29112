/** `govc ci`: runs the policies of `govc.config.*` on the index, a commit or a range. */
import { writeFileSync } from 'node:fs';

import { LazyRepository } from '../../worktree/lazy.js';
import type { WorkTree } from '../../worktree/work-tree.js';
import { check, commitSubject, stagedSubject, type Subject } from '../check.js';
import { loadConfiguration } from '../config.js';
import { rangeOf } from '../revisions.js';
import { counted, FORMATS, report, type ReportFormat, resultValue } from '../report.js';
import { selections } from '../select.js';
import { type Context, UsageError, type Verb } from '../verb.js';

export const ci: Verb = {
  name: 'ci',
  summary: 'check the index, a commit or a range with the policies of govc.config.*',
  usage: ['[--staged] [PATH...]', '--range A..B [PATH...]', '--commit REVISION [PATH...]'],
  options: {
    staged: { type: 'boolean', help: 'the index, as it would be committed (default)' },
    range: { type: 'string', value: 'A..B', help: 'what B has and A has not; A...B counts from where they parted' },
    commit: { type: 'string', value: 'REVISION', help: 'what a commit changes' },
    all: { type: 'boolean', help: 'all files, not only those that changed' },
    format: { type: 'string', value: 'FORM', help: FORMATS.join(', ') },
    output: { type: 'string', value: 'FILE', help: 'write the report to a file, and the text for people to the terminal' },
    config: { type: 'string', value: 'FILE', help: 'in the place of govc.config.* in the root' },
  },
  async run(context) {
    const format = (context.text('format') ?? (context.json ? 'json' : 'text')) as ReportFormat;
    if (!FORMATS.includes(format)) throw new UsageError(`--format takes ${FORMATS.join(', ')}, not '${format}'`);
    const tree = await context.open();
    const configuration = await loadConfiguration(tree.hasFiles ? String(tree.root) : context.folder, context.text('config'));
    const lazy = await LazyRepository.open(tree);
    const result = check(tree, lazy, configuration, subjectOf(tree, lazy, context), selections(tree, context.folder, context.all));
    const text = report(result, format);
    const output = context.text('output');
    if (output !== undefined) writeFileSync(output, text);
    const code = counted(result.problems).errors > 0 ? 1 : 0;
    return { value: resultValue(result), text: output === undefined ? text : report(result, 'text'), code };
  },
};

function subjectOf(tree: WorkTree, lazy: LazyRepository, context: Context): Subject {
  const [range, commit, all] = [context.text('range'), context.text('commit'), context.has('all')];
  if ([range !== undefined, commit !== undefined, context.has('staged')].filter(Boolean).length > 1) throw new UsageError('give one of --staged, --range and --commit');
  if (range === undefined && commit === undefined) return stagedSubject(tree, all);
  if (commit !== undefined) {
    const id = lazy.commit(commit);
    const parent = lazy.ask(() => parentOf(lazy, id));
    return commitSubject(tree, all ? undefined : parent, id, commit);
  }
  if (!range!.includes('..')) throw new UsageError(`--range takes A..B, not '${range}'`);
  const { from, not } = rangeOf(lazy, range!);
  return commitSubject(tree, all ? undefined : not[0], from.at(-1)!, range!);
}

function parentOf(lazy: LazyRepository, id: string): string | undefined {
  const [first] = lazy.repository.log({ from: id, limit: 1 });
  return first?.parents[0];
}
