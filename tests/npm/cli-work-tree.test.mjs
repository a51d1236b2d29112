// govc and git on the same work trees: the same status, the same index, the same trees; each goes on where the other stopped.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { govc, json, run } from './govc.mjs';
import { changeAtRandom, random } from './random-tree.mjs';
import { assertSound, git, gitAs, repository, temporaryFolder } from './repository.mjs';

const SEEDS = 10;
const ROUNDS = 4;

const status = (folder) => git(folder, '-c', 'core.quotePath=true', 'status', '--porcelain');

test('init, add, commit, status and log, and git takes all of it', async () => {
  const folder = await temporaryFolder();
  await govc(folder, 'init', '-b', 'trunk');
  await writeFile(join(folder, 'a'), 'one\n');
  assert.equal(await govc(folder, 'status', '--porcelain'), '?? a');
  await govc(folder, 'add', 'a');
  const { commit } = await json(folder, 'commit', '-m', 'First');
  assert.equal(commit, await git(folder, 'rev-parse', 'trunk'));
  assert.equal(await git(folder, 'status', '--porcelain'), '');
  assert.equal(await git(folder, 'diff', '--cached'), '');
  assert.match(await git(folder, 'reflog', '--format=%gs'), /^commit \(initial\): First$/);
  await assertSound(folder);
  const [{ id, message, author }] = await json(folder, 'log');
  assert.deepEqual([id, message, author.name], [commit, 'First', 'Ada']);
  assert.equal(await govc(folder, 'log'), await git(folder, 'log', '--date=default'));
});

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`random work trees: status, add and commit as git does (seed ${seed})`, async () => {
    const next = random(seed);
    const folder = await repository(2);
    for (let round = 0; round < ROUNDS; round++) {
      await changeAtRandom(folder, next, 30);
      if (next(2) === 0) await git(folder, 'add', '-A');
      if (next(2) === 0) await changeAtRandom(folder, next, 10);
      same(await govc(folder, 'status', '--porcelain'), await status(folder));
      same(await govc(folder, 'status', '--porcelain', '-u', 'all'), await git(folder, 'status', '--porcelain', '-uall'));
      // git's own index of the same files, beside the one that govc makes.
      const beside = { GIT_INDEX_FILE: join(folder, '.git', 'beside') };
      await git(folder, 'read-tree', 'HEAD');
      await gitAs(folder, beside, 'read-tree', 'HEAD');
      await gitAs(folder, beside, 'add', '-A');
      await govc(folder, 'add', '-A');
      same(await git(folder, 'ls-files', '--stage'), await gitAs(folder, beside, 'ls-files', '--stage'));
      assert.doesNotMatch(await status(folder), /^.[MDT?]/m);
      const { code } = await run(folder, ['commit', '-m', `Round ${round}`]);
      if (code === 0) assert.equal(await git(folder, 'rev-parse', 'HEAD^{tree}'), await gitAs(folder, beside, 'write-tree'));
      else assert.equal(await status(folder), '');
      assert.equal(await status(folder), '');
    }
    await assertSound(folder);
  });
}

/** Compares lines; a failure shows those that are in one of them only. */
function same(actual, expected) {
  const sides = [actual, expected].map((text) => text.split('\n'));
  const only = (one, other) => one.filter((line) => !other.includes(line));
  assert.deepEqual({ govc: only(sides[0], sides[1]), git: only(sides[1], sides[0]) }, { govc: [], git: [] });
  assert.equal(actual, expected);
}
