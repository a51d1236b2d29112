/** `govc status`: what differs between the last commit, the index and the files. */
import { shown } from '../../worktree/path.js';
import { statusOf, type StatusLine, unclearMessage } from '../../worktree/status.js';
import { paint, quoted, safe } from '../output.js';
import { selected, selections } from '../select.js';
import { UsageError, type Verb } from '../verb.js';

const DEPTHS = { no: 'none', normal: 'folders', all: 'files' } as const;

export const status: Verb = {
  name: 'status',
  summary: 'show what is changed: in the index, in the files, and what is new',
  usage: ['[--porcelain] [-u no|normal|all] [--no-renames] [--exit-code] [PATH...]'],
  options: {
    porcelain: { type: 'boolean', help: "exactly the lines of 'git status --porcelain'" },
    'untracked-files': { type: 'string', short: 'u', value: 'MODE', help: "new files: 'no', 'normal' (default) or 'all'" },
    'no-renames': { type: 'boolean', help: 'a renamed file is one that went and one that came' },
    'exit-code': { type: 'boolean', help: 'end with 1 where there is anything to show' },
  },
  async run(context) {
    const tree = await context.open();
    const mode = context.text('untracked-files') ?? tree.config.get('status.showuntrackedfiles') ?? 'normal';
    if (!(mode in DEPTHS)) throw new UsageError(`-u takes no, normal or all, not '${mode}'`);
    const some = selections(tree, context.folder, context.all);
    const { lines, unclear } = statusOf(tree, tree.readIndex(), DEPTHS[mode as keyof typeof DEPTHS], !context.has('no-renames'));
    const wanted = lines.filter(({ path, from }) => selected(some, path.replace(/\/$/, '')) || from !== undefined && selected(some, from));
    for (const one of unclear) context.note(safe(unclearMessage(one)));
    const branch = tree.head.branch?.replace('refs/heads/', '');
    const value = {
      branch: branch ?? null, head: tree.head.commit ?? null, clean: wanted.length === 0 && unclear.length === 0,
      entries: wanted.map(({ path, from, index, files }) => ({ path: shown(path), ...(from !== undefined && { from: shown(from) }), index, files })),
      unclear: unclear.map(({ path, reason }) => ({ path: shown(path), reason })),
    };
    const text = context.has('porcelain') ? wanted.map(porcelain).join('') : forPeople(branch, tree.head.commit, wanted);
    return { value, text, code: context.has('exit-code') && !value.clean ? 1 : 0 };
  },
};

function porcelain({ path, from, index, files }: StatusLine): string {
  const arrow = from === undefined ? '' : `${quoted(from, true)} -> `;
  return `${index}${files} ${arrow}${quoted(path, true)}\n`;
}

function forPeople(branch: string | undefined, head: string | undefined, lines: StatusLine[]): string {
  const where = branch === undefined ? `HEAD detached at ${head?.slice(0, 7)}` : `On branch ${safe(branch)}${head === undefined ? ', no commits yet' : ''}`;
  if (lines.length === 0) return `${where}\nnothing to commit, working tree clean\n`;
  const painted = lines.map((line) => `${paint(line.index, line.index === '?' ? 'red' : 'green')}${paint(line.files, 'red')}${porcelain(line).slice(2)}`);
  return `${where}\n${painted.join('')}`;
}
