// A process that is killed in the middle of a flush: git finds nothing wrong, and what was acknowledged is there.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { folder as installed, gitDirectory, Repository } from './installed.mjs';
import { assertSound, git, gitWith, repository } from './repository.mjs';

/** Flushes a commit, a new branch and two deletions; dies before the given step that writes to the disk. */
const WRITER = `
  const files = require('node:fs/promises');
  const [, , folder, round] = process.argv;
  let stepsLeft = Infinity;
  const deadly = (object, names) => {
    for (const name of names) {
      const call = object[name];
      object[name] = function (...args) {
        const reads = name === 'open' && (args[1] === 'r' || args[1] === 0);
        if (!reads && stepsLeft-- === 0) process.kill(process.pid, 'SIGKILL');
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
    const repo = await Repository.open(gitDirectory(folder));
    repo.main.write('file', round);
    const { id } = repo.main.commit('commit ' + round);
    repo.createReality('new/' + round);
    repo.deleteReality('loose/' + round);
    repo.deleteReality('packed/' + round);
    console.log(id);
    stepsLeft = Number(round);
    await repo.flush();
  })().catch((error) => { console.error(error.message); process.exit(1); });`;

/** Runs a writer: the commit that it flushed, and whether it came to the end. */
async function flush(folder, round) {
  const program = join(installed, 'writer.cjs');
  await writeFile(program, WRITER);
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, folder, String(round)], (error, stdout, stderr) => {
      if (error === null || error.signal === 'SIGKILL') resolve({ id: stdout.trim(), isWhole: error === null });
      else reject(new Error(stderr, { cause: error }));
    });
  });
}

/** Removes the locks that a killed process left, as a person does who sees that nobody is at work; how many there were. */
async function removeLocks(folder) {
  const names = (await readdir(join(folder, '.git'), { recursive: true })).filter((name) => name.endsWith('.lock'));
  for (const name of names) {
    assert.match(name, /^(?:HEAD|packed-refs|refs\/heads\/.*)\.lock$/);
    await rm(join(folder, '.git', name));
  }
  return names.length;
}

test('killed before any step of a flush: all that was flushed is there, and nothing is in the way', async () => {
  const folder = await repository();
  const branches = (kind) => Array.from({ length: 80 }, (_, at) => `create refs/heads/${kind}/${at} HEAD\n`).join('');
  const packs = () => readdir(join(folder, '.git/objects/pack'));
  await gitWith(folder, branches('packed'), 'update-ref', '--stdin');
  await git(folder, 'pack-refs', '--all');
  await gitWith(folder, branches('loose'), 'update-ref', '--stdin');
  const counts = { locks: 0, keeps: 0, halves: 0, moved: 0 };
  let flushed = await git(folder, 'rev-parse', 'main');
  let round = 0;
  for (let isWhole = false; !isWhole; round++) {
    const written = await flush(folder, round);
    isWhole = written.isWhole;
    counts.locks += await removeLocks(folder);
    await assertSound(folder);
    const main = await git(folder, 'rev-parse', 'main');
    assert.ok(main === written.id || !isWhole && main === flushed, `round ${round}: main is at ${main}`);
    if (main !== flushed) counts.moved++;
    flushed = main;
    const names = await packs();
    counts.keeps += names.filter((name) => name.endsWith('.keep')).length;
    counts.halves += names.filter((name) => name.endsWith('.pack') && !names.includes(name.replace('.pack', '.idx'))).length;
  }
  // Each kind of trace was left by some kill, a pack without an index by exactly one.
  assert.ok(counts.locks > 50 && counts.keeps > 20 && counts.moved > 10 && round > 40, JSON.stringify({ round, ...counts }));
  assert.equal(counts.halves, 1);
  // The next opening clears the guard of the pack that was being written.
  const repo = await Repository.open(gitDirectory(folder));
  repo[Symbol.dispose]();
  await git(folder, 'gc', '--quiet', '--prune=now');
  assert.deepEqual((await packs()).map((name) => name.replace(/.*\./, '')).sort(), ['idx', 'pack', 'rev']);
  await assertSound(folder);
  assert.equal(await git(folder, 'rev-parse', 'main'), flushed);
});

/** Flushes commits for ever, and says which were acknowledged. */
const ENDLESS = `
  const { writeSync } = require('node:fs');
  const { Repository, gitDirectory } = require('govc');
  (async () => {
    const repo = await Repository.open(gitDirectory(process.argv[2], { lockTimeoutMs: 2000 }));
    for (let round = 0; ; round++) {
      repo.main.write('file', process.pid + ' ' + round);
      const { id } = repo.main.commit('commit ' + round);
      const name = 'live/' + round % 5;
      if (repo.listRealities(name).length > 0) repo.deleteReality(name);
      else repo.createReality(name);
      await repo.flush();
      writeSync(1, id + '\\n');
    }
  })().catch((error) => { console.error(error.message); process.exit(1); });`;
/** How long processes are killed, in milliseconds; and how many at most. */
const KILLING_MS = 20_000;
const KILLS_MAX = 100;
const KILLS_MIN = 10;

test('killed at any moment, again and again: all that was acknowledged is there', async (t) => {
  const folder = await repository();
  const program = join(installed, 'endless.cjs');
  await writeFile(program, ENDLESS);
  const counts = { kills: 0, acknowledged: 0, locks: 0, further: 0 };
  for (const started = Date.now(); counts.kills < KILLS_MAX && (counts.kills < KILLS_MIN || Date.now() - started < KILLING_MS); counts.kills++) {
    const acknowledged = await killedAfter(program, folder, 1 + counts.kills * 7 % 5, counts.kills * 5 % 17);
    const last = acknowledged.at(-1);
    counts.acknowledged += acknowledged.length;
    counts.locks += await removeLocks(folder);
    await assertSound(folder);
    const [main, before] = (await git(folder, 'rev-parse', 'main', 'main~1')).split('\n');
    assert.ok(main === last || before === last, `kill ${counts.kills}: ${last} was acknowledged, main is at ${main}`);
    if (main !== last) counts.further++;
  }
  t.diagnostic(JSON.stringify(counts));
});

/** Runs a writer that is killed some milliseconds after so many flushes; what it acknowledged. */
async function killedAfter(program, folder, flushes, milliseconds) {
  const writer = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => writer.on('close', (code) => resolve(code)));
  let printed = '';
  let problem = '';
  let isDoomed = false;
  writer.stderr.on('data', (chunk) => { problem += chunk; });
  writer.stdout.on('data', (chunk) => {
    printed += chunk;
    if (isDoomed || printed.split('\n').length <= flushes) return;
    isDoomed = true;
    setTimeout(() => writer.kill('SIGKILL'), milliseconds);
  });
  assert.equal(await ended, null, problem);
  return printed.split('\n').filter((id) => id.length === 40);
}
