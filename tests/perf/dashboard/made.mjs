// A large repository, made from a seed: the same commits with the same ids each time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';

import { git } from '../engines/native.mjs';

const FILES = 2_000;
const AUTHORS = 60;
/** Realities that are left unmerged at the end. */
const OPEN_REALITIES = 60;
const WORDS = 'retry region cache origin edge limit queue lane merge clock shard index token policy route budget window batch lease quorum'.split(' ');

/** Numbers that look random, and are the same for the same seed. */
function random(seed) {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** A bare repository of this many commits in `folder`; made once. */
export async function madeRepository(folder, commits, seed = 7) {
  if (existsSync(folder)) return folder;
  const made = `${folder}.part`;
  await rm(made, { recursive: true, force: true });
  git('/', ['init', '--quiet', '--bare', '--initial-branch=main', made]);
  const child = spawn('git', ['fast-import', '--quiet', '--depth=20'], { cwd: made, stdio: ['pipe', 'inherit', 'inherit'] });
  for (const text of stream(commits, random(seed))) {
    if (!child.stdin.write(text)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`git fast-import ended with ${status}`);
  await rename(made, folder);
  return folder;
}

/** The stream of `git fast-import`: main, topics of a few commits that it merges, and realities left open. */
function* stream(commits, below) {
  const words = (count) => Array.from({ length: count }, () => WORDS[below(WORDS.length)]).join(' ');
  const data = (text) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const path = (file) => `area${file % 20}/part${Math.floor(file / 20) % 10}/file${file}.txt`;
  const files = Array.from({ length: FILES }, () => Array.from({ length: 20 + below(40) }, () => words(6)));
  let [mark, time] = [0, 1_200_000_000];
  const write = (file, lines) => `M 100644 inline ${path(file)}\n${data(`${lines.join('\n')}\n`)}`;
  const edited = (file) => {
    const lines = [...files[file]];
    lines[below(lines.length)] = words(6);
    return lines;
  };
  const commit = (branch, message, changes, parents) => {
    const author = `Author ${below(AUTHORS)} <author${below(AUTHORS)}@example.com> ${(time += 1 + below(7_200))} +0000`;
    const from = parents.map((parent, at) => `${at === 0 ? 'from' : 'merge'} :${parent}\n`).join('');
    return `commit refs/heads/${branch}\nmark :${++mark}\nauthor ${author}\ncommitter ${author}\n${data(message)}${from}${changes}`;
  };
  yield commit('main', 'Begin', files.map((lines, file) => write(file, lines)).join(''), []);
  let head = mark;
  const onMain = () => {
    const file = below(FILES);
    files[file] = edited(file);
    return commit('main', `Change ${words(4)}`, write(file, files[file]), [head]);
  };
  while (mark < commits - 2 * OPEN_REALITIES) {
    if (below(8) > 0) {
      yield onMain();
      head = mark;
      continue;
    }
    // A topic, main going on beside it, and the merge.
    let [topic, changes] = [head, ''];
    for (let left = 1 + below(4); left > 0; left -= 1) {
      const file = below(FILES);
      const lines = edited(file);
      files[file] = lines;
      changes += write(file, lines);
      yield commit('topic', `Try ${words(4)}`, write(file, lines), [topic]);
      topic = mark;
    }
    for (let left = below(3); left > 0; left -= 1) {
      yield onMain();
      head = mark;
    }
    yield commit('main', `Merge ${words(2)}`, changes, [head, topic]);
    head = mark;
  }
  for (let reality = 0; reality < OPEN_REALITIES; reality += 1) {
    let tip = head - below(Math.min(500, head - 1));
    for (let left = 2; left > 0; left -= 1) {
      const file = below(FILES);
      yield commit(`idea/${reality}`, `Try ${words(4)}`, write(file, edited(file)), [tip]);
      tip = mark;
    }
  }
}
