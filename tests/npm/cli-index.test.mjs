// The codec of git's index: what git writes is read, what govc writes git reads, and broken bytes are refused.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { govc, run } from './govc.mjs';
import { changeAtRandom, random } from './random-tree.mjs';
import { git, repository } from './repository.mjs';

const BROKEN = 60;

/** The bytes with a checksum that fits. */
function signed(bytes) {
  return Buffer.concat([bytes, createHash('sha1').update(bytes).digest()]);
}

for (const version of [2, 3, 4]) {
  test(`version ${version} as git writes it, and back`, async () => {
    const folder = await repository(2);
    await changeAtRandom(folder, random(version), 60);
    await git(folder, 'add', '-A');
    await git(folder, 'update-index', '--index-version', String(version));
    if (version === 3) {
      await git(folder, 'update-index', '--skip-worktree', 'file 1');
      await writeFile(join(folder, 'later'), 'x\n');
      await git(folder, 'add', '-N', 'later');
    }
    const bytes = await readFile(join(folder, '.git/index'));
    assert.equal(bytes.readUInt32BE(4), version);
    const before = await git(folder, 'ls-files', '--stage', '--debug', '-v');
    await govc(folder, 'add', '-u');
    assert.equal((await readFile(join(folder, '.git/index'))).readUInt32BE(4), version === 3 ? 3 : 2);
    // What govc keeps of a file is what git keeps, to the nanosecond.
    const after = await git(folder, 'ls-files', '--stage', '--debug', '-v');
    if (version !== 3) assert.equal(after, before);
    assert.equal(await git(folder, 'diff-files', '--name-only'), '');
  });
}

test('git reads the trees that govc remembers, and finds them right', async () => {
  const folder = await repository(1);
  await changeAtRandom(folder, random(77), 80);
  await govc(folder, 'add', '-A');
  await govc(folder, 'commit', '-m', 'many');
  const bytes = await readFile(join(folder, '.git/index'));
  assert.ok(bytes.includes('TREE'));
  assert.equal(await git(folder, 'write-tree'), await git(folder, 'rev-parse', 'HEAD^{tree}'));
  assert.equal(await git(folder, 'fsck', '--cache', '--strict'), '');
});

test('broken and hostile indexes are refused, and never written over', async () => {
  const folder = await repository(3);
  await git(folder, 'update-index', '--index-version', '4');
  const path = join(folder, '.git/index');
  const whole = await readFile(path);
  const next = random(5);
  let refused = 0;
  for (let at = 0; at < BROKEN; at++) {
    const body = Buffer.from(whole.subarray(0, at % 3 === 0 ? 12 + next(whole.length - 32) : whole.length - 20));
    if (at % 3 !== 0) body[next(body.length)] ^= 1 << next(8);
    const broken = at % 2 === 0 ? signed(body) : Buffer.concat([body, whole.subarray(-20)]);
    await writeFile(path, broken);
    const { code, stderr } = await run(folder, ['status', '--porcelain', '--no-renames']);
    // A flipped bit of a time, an id or a cache is no damage that can be seen, or shows as a change.
    assert.ok([0, 3, 6, 7, 10].includes(code), `${code}: ${stderr}`);
    assert.doesNotMatch(stderr, /a fault of govc itself/);
    if (code === 10) {
      refused++;
      assert.equal((await run(folder, ['add', '-A'])).code, 10);
      assert.deepEqual(await readFile(path), broken);
    }
  }
  assert.ok(refused > BROKEN / 2, `${refused} of ${BROKEN} were refused`);
});

test('what is not supported is refused with a reason', async () => {
  const folder = await repository(1);
  await git(folder, 'update-index', '--split-index');
  assert.match((await run(folder, ['status'])).stderr, /split.*--no-split-index/);
  await git(folder, 'update-index', '--no-split-index');
  assert.equal((await run(folder, ['status'])).code, 0);
  const whole = (await readFile(join(folder, '.git/index'))).subarray(0, -20);
  await writeFile(join(folder, '.git/index'), signed(Buffer.concat([whole, Buffer.from('what\0\0\0\0')])));
  const { code, stderr } = await run(folder, ['add', '-A']);
  assert.equal(code, 10);
  assert.match(stderr, /extension that is not known, "what"/);
});

test('another process holds the lock: the index stays as it is', async () => {
  const folder = await repository(1);
  await writeFile(join(folder, 'new'), 'x');
  await writeFile(join(folder, '.git/index.lock'), '');
  const before = await readFile(join(folder, '.git/index'));
  const { code, stderr } = await run(folder, ['add', 'new']);
  assert.equal(code, 10);
  assert.match(stderr, /index\.lock is held by another process/);
  assert.deepEqual(await readFile(join(folder, '.git/index')), before);
});
