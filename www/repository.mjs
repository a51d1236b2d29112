// A repository on disk as the page takes it: its refs as `history.json`, its objects as `history.pack`, told apart by state.
//
// A state is what all refs were at one moment; its name is the ETag of `history.json`. A page that has a state asks for
// another with `history.pack?state=NEW&since=OLD` and gets what is new alone. Git does the work; nothing is written.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Bytes of refs that are read. */
const REFS_BYTES_MAX = 256 << 20;
/** States of which the pages may ask for packs. */
const STATES_MAX = 16;
/** Kinds of refs that the page shows. */
const SHOWN = ['refs/heads', 'refs/tags'];

/** A repository on disk; fails where there is none. */
export async function repositoryAt(path) {
  const folder = resolve(path);
  const git = async (...args) => (await run('git', ['-C', folder, ...args], { maxBuffer: REFS_BYTES_MAX })).stdout.trim();
  const gitFolder = await git('rev-parse', '--absolute-git-dir');
  /** Names of states, the oldest first: the ids of their refs. */
  const states = new Map();

  async function refs() {
    const lines = await git('for-each-ref', '--format=%(refname) %(objectname)', ...SHOWN);
    const all = lines === '' ? [] : lines.split('\n').map((line) => line.split(' '));
    const main = await git('symbolic-ref', '--short', 'HEAD').catch(() => undefined);
    if (main !== undefined) return { main, all };
    // A detached HEAD is no branch: the usual names, else the first.
    const branches = all.map(([name]) => name).filter((name) => name.startsWith('refs/heads/')).map((name) => name.slice(11));
    return { main: ['main', 'master'].find((name) => branches.includes(name)) ?? branches[0] ?? 'main', all };
  }

  /** The refs, and the state's name. */
  async function about() {
    const [{ main, all }, shallow] = await Promise.all([refs(), readFile(`${gitFolder}/shallow`, 'utf8').catch(() => '')]);
    const told = { main, note: '', shallow: shallow.split('\n').filter(Boolean), refs: Object.fromEntries(all) };
    const state = createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 32);
    states.delete(state);
    states.set(state, all.map(([, id]) => id));
    if (states.size > STATES_MAX) states.delete(states.keys().next().value);
    return { body: JSON.stringify({ state, ...told }), state };
  }

  /** The objects of a state, the newest known where none is named, less those of another; none where one is not known. */
  function pack(state, since) {
    const newest = [...states.keys()].at(-1);
    const [wanted, known] = [states.get(state ?? newest), since === null ? [] : states.get(since)];
    if (wanted === undefined || known === undefined) return undefined;
    const args = ['-C', folder, 'pack-objects', '--revs', '--stdout', '--delta-base-offset', '-q'];
    const child = spawn('git', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    // Git that ends early says why on its own; the stream then ends before the pack does, which the page notices.
    child.stdin.on('error', () => {});
    child.stdin.end(`${wanted.join('\n')}\n${known.map((id) => `^${id}\n`).join('')}`);
    return { stream: child.stdout, stop: () => child.kill() };
  }

  return { folder, about, pack };
}
