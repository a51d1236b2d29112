// Native and wasm give the same bytes: this runs tests/cases/same/same.in in wasm, tests/engine/same.rs natively.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Repository } from './installed.mjs';

const read = (name) => readFileSync(new URL(`../cases/same/${name}`, import.meta.url), 'utf8');

const COMMANDS = {
  write: (repo, name, path, text) => void repo.reality(name).write(path, text.replaceAll(';', '\n')),
  commit: (repo, name) => orCode(() => repo.reality(name).commit('change').id),
  fork: (repo, from, name) => void repo.reality(from).fork(name),
  merge: (repo, from, into) => orCode(() => {
    const before = repo.reality(into).head;
    const { commit, tree, fastForward } = repo.merge(repo.reality(from), into);
    return fastForward || commit.id === before ? `tree ${tree}` : commit.id;
  }),
  undo: (repo) => `undone ${repo.undo()?.id ?? 0}`,
  export: (repo) => {
    const pack = repo.exportPack();
    return `pack ${new DataView(pack.buffer).getUint32(8)} ${Buffer.from(pack.subarray(-20)).toString('hex')}`;
  },
};

function orCode(action) {
  try {
    return action();
  } catch (error) {
    return error.code;
  }
}

test('wasm prints what native prints', () => {
  const repo = new Repository({ author: { name: 'A', email: 'a@b', offsetMinutes: 60 }, now: () => 1_700_000_000_000 });
  let printed = '';
  for (const line of read('same.in').trimEnd().split('\n').filter((line) => !line.startsWith('#'))) {
    const [command, ...words] = line.split(' ');
    const text = COMMANDS[command](repo, ...words);
    if (text !== undefined) printed += `${text}\n`;
  }
  assert.equal(printed, read('same.out'));
});
