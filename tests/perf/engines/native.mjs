// Native git, run by its batch plumbing in a folder in memory where there is one.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const fixed = {
  GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_AUTHOR_NAME: 'bench', GIT_AUTHOR_EMAIL: 'bench@localhost',
  GIT_COMMITTER_NAME: 'bench', GIT_COMMITTER_EMAIL: 'bench@localhost', GIT_AUTHOR_DATE: '1700000000 +0000',
  GIT_COMMITTER_DATE: '1700000000 +0000',
};
const SHARED_MEMORY = '/dev/shm';

export const scratch = mkdtempSync(join(existsSync(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir(), 'govc-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Runs git; what it printed, as bytes. */
export function git(folder, args, input) {
  const options = { cwd: folder, input, maxBuffer: 1 << 30, env: { ...process.env, ...fixed }, stdio: ['pipe', 'pipe', 'pipe'] };
  return execFileSync('git', args, options);
}

/** Runs git; what it printed, as trimmed text. */
export function gitText(folder, args, input) {
  return git(folder, args, input).toString().trim();
}

/** Lines of what git printed. */
export function gitLines(folder, args, input) {
  const text = gitText(folder, args, input);
  return text === '' ? [] : text.split('\n');
}

let copies = 0;

/** A folder with a copy of a bare repository. */
export function copyOf(repository) {
  const folder = join(scratch, `copy-${++copies}`);
  cpSync(repository, folder, { recursive: true });
  return folder;
}

export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true });
}

/** An empty bare repository. */
export function emptyRepository(name) {
  const folder = join(scratch, name);
  git(scratch, ['init', '--quiet', '--bare', '--initial-branch=main', folder]);
  return folder;
}

/** The one pack of a bare repository, with its index. */
export function packOf(repository) {
  const folder = join(repository, 'objects/pack');
  const name = readdirSync(folder).find((file) => file.endsWith('.pack'));
  const path = join(folder, name);
  return { path, bytes: readFileSync(path), index: readFileSync(path.replace(/pack$/, 'idx')) };
}
