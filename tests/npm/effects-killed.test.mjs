// A process with an effect that is killed again and again: each event has its effect, by one key, and none comes twice that
// the storage knew to be done.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { folder as installed } from './installed.mjs';
import { assertSound, git, repository } from './repository.mjs';

/** Deaths that the test goes on for; each is a process of its own. */
const DEATHS = Number(process.env.GOVC_DEATHS ?? 50);

/** Commits and lets the effect write what it does to a file; dies before the given step that writes to the disk. */
const PROGRAM = `
  const files = require('node:fs/promises');
  const { appendFileSync } = require('node:fs');
  const [, , folder, outside, round, steps] = process.argv;
  let stepsLeft = Number(steps);
  const step = () => { if (stepsLeft-- === 0) process.kill(process.pid, 'SIGKILL'); };
  const deadly = (object, names) => {
    for (const name of names) {
      const call = object[name];
      object[name] = function (...args) {
        if (name !== 'open' || args[1] !== 'r' && args[1] !== 0) step();
        return Reflect.apply(call, this, args);
      };
    }
  };
  deadly(files, ['chmod', 'link', 'mkdir', 'open', 'rename', 'rmdir', 'truncate', 'unlink', 'writeFile']);
  const { Repository, gitDirectory } = require('govc');
  (async () => {
    const file = await files.open(process.execPath, 'r');
    deadly(Object.getPrototypeOf(file), ['appendFile', 'sync', 'writeFile']);
    await file.close();
    const repo = await Repository.open(gitDirectory(folder), { log: true });
    const effect = await repo.effect('mail', { realities: 'main' }, (event, { key, again }) => {
      step();
      appendFileSync(outside, JSON.stringify({ key, again, commit: event.commit.id }) + '\\n');
      step();
    }, { after: '0', retries: 0 });
    for (let number = 0; number < 2; number++) {
      repo.main.apply({ file: round + '.' + number }, 'commit');
      await repo.flush();
      console.log(repo.main.head);
    }
    while (effect.behind > 0) await new Promise(setImmediate);
    await repo.flush();
    if (effect.errors.length > 0) throw effect.errors[0];
  })().catch((error) => { console.error(error); process.exit(1); });`;

test('killed at random, a process loses no effect, and repeats only the one it was at', async () => {
  const folder = await repository();
  const outside = join(folder, '.git/outside');
  const program = join(installed, 'effects.cjs');
  await writeFile(program, PROGRAM);
  await writeFile(outside, '');
  const flushed = [];
  let seed = 1;
  let deaths = 0;
  let last = false;
  for (let round = 0; !last; round++) {
    seed = Math.imul(seed, 1103515245) + 12345 >>> 0;
    last = deaths >= DEATHS;
    const steps = last ? 1e9 : (seed >>> 8) % 70;
    const { isWhole, out } = await new Promise((resolve, reject) => {
      execFile(process.execPath, [program, folder, outside, String(round), String(steps)], (error, stdout, stderr) => {
        if (error === null || error.signal === 'SIGKILL') resolve({ isWhole: error === null, out: stdout });
        else reject(new Error(stderr, { cause: error }));
      });
    });
    flushed.push(...out.split('\n').filter((line) => line !== ''));
    deaths += isWhole ? 0 : 1;
    // As a person does who sees that nobody is at work.
    await removeLocks(folder);
    if (deaths % 25 === 0) await assertSound(folder);
  }
  await assertSound(folder);
  const done = (await readFile(outside, 'utf8')).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
  for (const commit of flushed) assert.ok(done.some((one) => one.commit === commit), `${commit} is lost`);
  const byKey = new Map();
  let repeated = 0;
  done.forEach(({ key, commit, again }, at) => {
    assert.equal(byKey.get(key) ?? commit, commit);
    if (byKey.has(key)) {
      assert.deepEqual([done[at - 1].key, again], [key, true]);
      repeated++;
    }
    byKey.set(key, commit);
  });
  assert.ok(repeated > 0 && byKey.size >= flushed.length, `${repeated}`);
});

async function removeLocks(folder) {
  const names = (await readdir(join(folder, '.git'), { recursive: true })).filter((name) => name.endsWith('.lock'));
  for (const name of names) await rm(join(folder, '.git', name));
}
