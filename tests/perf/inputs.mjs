// What is measured on: a real repository, and one of 10,000 files in three levels.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { emptyRepository, git, gitLines, gitText, packOf, scratch } from './engines/native.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bundle = fileURLToPath(new URL('../../../shared/corpus/flask.bundle', import.meta.url));

export const FILES = 10_000;
const MERGES = 300;
const DIFFS = 500;

/** The corpus where it lies beside the checkout, else this project's own history. */
export function realRepository() {
  const corpus = existsSync(bundle);
  const folder = join(scratch, 'real');
  git(scratch, ['clone', '--quiet', '--bare', '--no-local', '--single-branch', corpus ? bundle : root, folder]);
  const merges = mergesOf(folder) ?? madeMerges(folder);
  git(folder, ['repack', '-a', '-d', '-q', '--threads=1', ...(corpus ? [] : ['-f'])]);
  const head = gitText(folder, ['rev-parse', 'HEAD']);
  const graphed = join(scratch, 'graphed');
  git(scratch, ['clone', '--quiet', '--bare', '--local', folder, graphed]);
  git(graphed, ['commit-graph', 'write', '--reachable', '--no-progress']);
  const firstParents = gitLines(folder, ['rev-list', '--first-parent', `-${DIFFS + 1}`, 'HEAD']);
  const commits = Number(gitText(folder, ['rev-list', '--count', 'HEAD']));
  const name = corpus ? 'flask (shared corpus)' : "this project's own history";
  return { name, folder, graphed, head, firstParents, merges, commits, ...packOf(folder) };
}

/** Two-parent merges spread evenly over history, as pairs of commits; undefined where there are none. */
function mergesOf(folder) {
  const all = gitLines(folder, ['rev-list', '--min-parents=2', '--max-parents=2', '--parents', 'HEAD']);
  if (all.length === 0) return undefined;
  const count = Math.min(MERGES, all.length);
  return Array.from({ length: count }, (_, at) => all[Math.floor((at * all.length) / count)].split(' ').slice(1));
}

/** In a history without merges: each commit against a side branch that makes only its grandparent's change. */
function madeMerges(folder) {
  const commits = gitLines(folder, ['rev-list', '--first-parent', `-${MERGES + 4}`, 'HEAD']);
  const pairs = [];
  for (let at = 0; at + 4 < commits.length; at++) {
    const [tree, base] = [`${commits[at + 2]}^{tree}`, commits[at + 3]];
    const side = gitText(folder, ['commit-tree', tree, '-p', base, '-m', `side ${at}`]);
    pairs.push([gitText(folder, ['commit-tree', `${commits[at]}^{tree}`, '-p', base, '-m', `main ${at}`]), side]);
    // A ref keeps them in the pack.
    git(folder, ['update-ref', `refs/heads/side-${at}`, side]);
    git(folder, ['update-ref', `refs/heads/main-${at}`, pairs.at(-1)[0]]);
  }
  return pairs;
}

/** The path of the file with this number: 20 folders of 20 folders of 25 files. */
export function pathOf(number) {
  const pad = (value) => String(value).padStart(2, '0');
  return `area${pad(number % 20)}/part${pad(Math.floor(number / 20) % 20)}/file${pad(Math.floor(number / 400))}.txt`;
}

/** One commit with 10,000 files. */
export function wideRepository() {
  const folder = emptyRepository('wide');
  const lines = [...commitHead('refs/heads/main', 'base', 'base')];
  for (let number = 0; number < FILES; number++) {
    lines.push(`M 100644 inline ${pathOf(number)}`, ...dataOf(`content of file ${number}\n`));
  }
  git(folder, ['fast-import', '--quiet'], `${lines.join('\n')}\n`);
  git(folder, ['repack', '-a', '-d', '-q']);
  return { folder, head: gitText(folder, ['rev-parse', 'main']), ...packOf(folder) };
}

/** The lines that begin a commit for `git fast-import`. */
export function commitHead(ref, message) {
  return [`commit ${ref}`, 'committer bench <bench@localhost> 1700000000 +0000', ...dataOf(`${message}\n`)];
}

/** Content for `git fast-import`; it must be ASCII. */
export function dataOf(text) {
  return [`data ${text.length}`, text];
}

/** A short name for a long list. */
export function digest(lines) {
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);
}
