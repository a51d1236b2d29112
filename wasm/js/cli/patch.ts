/** Differences of files as people and scripts read them. */
import type { FileDiff } from '../diff.js';
import { bytePath } from '../worktree/path.js';
import { paint, quoted, safe } from './output.js';

const LETTERS: Record<string, string> = { added: 'A', modified: 'M', removed: 'D', renamed: 'R', mode: 'M', copied: 'C' };

/** How differences are printed. */
export type PatchForm = 'patch' | 'names' | 'status' | 'stat';

/** The differences in one of the forms. For a terminal, nothing in a file's content controls it. */
export function printed(diffs: readonly FileDiff[], form: PatchForm, context = 3): string | Uint8Array {
  if (form === 'names') return diffs.map(({ path }) => `${quoted(bytePath(path))}\n`).join('');
  if (form === 'status') return diffs.map(statusLine).join('');
  if (form === 'stat') return diffs.map(statLine).join('');
  if (!process.stdout.isTTY) return Buffer.concat(diffs.map((diff) => diff.patch(context)));
  return diffs.map((diff) => coloured(safe(diff.unified(context)))).join('');
}

function letterOf({ kind, oldMode, newMode }: FileDiff): string {
  const isOther = oldMode !== undefined && newMode !== undefined && oldMode.slice(0, 3) !== newMode.slice(0, 3);
  return isOther ? 'T' : LETTERS[kind] ?? 'M';
}

function statusLine(diff: FileDiff): string {
  const { path, from, similarity } = diff;
  const rename = from === undefined ? '' : `${String(similarity ?? 100).padStart(3, '0')}\t${quoted(bytePath(from))}`;
  return `${letterOf(diff)}${rename}\t${quoted(bytePath(path))}\n`;
}

function statLine(diff: FileDiff): string {
  const { added, removed } = counts(diff);
  const what = diff.binary ? 'binary' : `+${added} -${removed}`;
  const from = diff.from === undefined ? '' : `${quoted(bytePath(diff.from))} => `;
  return ` ${from}${quoted(bytePath(diff.path))} | ${what}\n`;
}

function counts(diff: FileDiff): { added: number; removed: number } {
  const lines = diff.binary ? [] : diff.hunks(0).flatMap((hunk) => hunk.lines);
  return { added: lines.filter(({ kind }) => kind === '+').length, removed: lines.filter(({ kind }) => kind === '-').length };
}

function coloured(patch: string): string {
  return patch.split('\n').map((line) => {
    if (/^(?:diff |index |--- |\+\+\+ )/.test(line)) return paint(line, 'bold');
    return line.startsWith('+') ? paint(line, 'green') : line.startsWith('-') ? paint(line, 'red') : line.startsWith('@@') ? paint(line, 'cyan') : line;
  }).join('\n');
}

/** What `--json` prints of a difference. */
export function diffValue(diff: FileDiff) {
  const { path, kind, from, oldId, newId, oldMode, newMode, similarity } = diff;
  return {
    path, kind, ...(from !== undefined && { from }), ...(oldId && { oldId }), ...(newId && { newId }), ...(oldMode && { oldMode }), ...(newMode && { newMode }),
    ...(similarity !== undefined && { similarity }), binary: diff.binary, ...counts(diff),
  };
}
