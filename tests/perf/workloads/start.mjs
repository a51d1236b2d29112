// Workloads around a visit: Node's start to a first commit, bytes to load, bytes of a reality.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { emptyRepository, git, gitText, removeFolder } from '../engines/native.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const HELLO_TREE = 'aaa96ced2d9a1c8e72c56b253a0e2fe78393feb7';
const ROUNDS = 15;

/** Processes, from their start to a first commit. */
export function start() {
  const node = (script) => async () => {
    const begin = performance.timeOrigin + performance.now();
    const [end, tree = HELLO_TREE] = execFileSync(process.execPath, [here(`../start/${script}`)]).toString().trim().split(' ');
    return { ms: end - begin, check: tree };
  };
  let repositories = 0;
  return {
    id: 'W8', title: 'start of a process to its first commit', count: 1, per: 'start', rounds: ROUNDS,
    engines: {
      'govc': node('govc.mjs'),
      'govc/require': node('govc.cjs'),
      'isomorphic-git': node('isomorphic.mjs'),
      'bare node': node('bare.mjs'),
      'native git': async () => {
        const begin = performance.now();
        const folder = emptyRepository(`start-${++repositories}`);
        const place = ['--git-dir', folder, '--work-tree', folder];
        writeFileSync(join(folder, 'hello.txt'), 'hello\n');
        git(folder, [...place, 'add', 'hello.txt']);
        git(folder, [...place, 'commit', '--quiet', '-m', 'first']);
        const ms = performance.now() - begin;
        const check = gitText(folder, ['rev-parse', 'HEAD^{tree}']);
        removeFolder(folder);
        return { ms, check };
      },
    },
  };
}

/** What a page loads, compressed. */
export function size() {
  const dist = here('../../../wasm/dist/');
  const loaded = readdirSync(dist).filter((name) => name === 'govc_bg.wasm' || name === 'browser.js' || name.startsWith('chunk-'));
  return {
    'govc': weight(loaded.map((name) => dist + name)),
    'isomorphic-git': weight([here('../node_modules/isomorphic-git/index.umd.min.js')]),
  };
}

function weight(paths) {
  const sum = { raw: 0, gzip: 0, brotli: 0 };
  for (const path of paths) {
    const bytes = readFileSync(path);
    sum.raw += bytes.length;
    sum.gzip += gzipSync(bytes, { level: 9 }).length;
    sum.brotli += brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
  }
  return sum;
}

/** Bytes of memory for each of this many realities. */
export function realityBytes(count) {
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', here('../start/bytes.mjs'), String(count)]).toString());
}
