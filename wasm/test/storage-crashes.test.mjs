// The storage of browsers over files that lie, crashed at every step and at random ones: what a flush acknowledged is there.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { assertSound, git, temporaryFolder } from '../../tests/npm/repository.mjs';
import { choices } from './choices.mjs';
import { Crash, fakeLock, FaultyFiles, survivors } from './faulty-files.mjs';
import { FileStorage, PACKS_MAX, Repository } from './inside.mjs';

const SEED = Number(process.env.GOVC_SEED ?? 20261120);
const WAKE = { tell() {}, watch() {}, close() {} };

function storageOver(files, lock = fakeLock()) {
  return new FileStorage({ title: 'test', files, lock, wake: WAKE });
}

function open(files, options) {
  let now = 1_700_000_000_000;
  return Repository.open(storageOver(files), { now: () => now += 1000, ...options });
}

/** All refs of a repository in memory, as text. */
function refsOf(repo) {
  const heads = repo.listRealities().map((reality) => `${reality.name} ${reality.head}`);
  return [`HEAD ${repo.main.name}`, ...heads].join('\n');
}

/** Changes something at random. */
function change(repo, { below, pick, chance }, round) {
  const names = repo.listRealities().map((reality) => reality.name);
  const reality = repo.reality(pick(names));
  const text = `round ${round}\n`.repeat(1 + below(chance(10) ? 2000 : 20));
  reality.apply({ [`file${below(5)}`]: text, [`deep/${below(3)}/x`]: `${round}` }, `change ${round}`);
  if (chance(20)) repo.createReality(`r${round}`, reality.head);
  if (chance(20)) repo.tag(`v${round}`, reality.head, chance(50) ? 'a tag' : undefined);
  if (chance(10)) repo.setMain(pick(names));
  const [gone] = names.filter((name) => name !== repo.main.name && chance(10));
  if (gone !== undefined) repo.deleteReality(gone);
}

/** What a repository was when a flush was acknowledged, and what the flush after that would make it. */
async function work(repo, flushes, random, expected, name) {
  for (let round = 0; round < flushes; round++) {
    change(repo, random, `${name}-${round}`);
    expected.next = refsOf(repo);
    await repo.flush();
    expected.acknowledged = expected.next;
  }
}

/** Opens what a crash left, and looks for everything; says what is wrong. */
async function problemOf(disk, { acknowledged, next }) {
  let repo;
  try {
    repo = await open(new FaultyFiles(disk));
    const found = refsOf(repo);
    if (found !== acknowledged && found !== next) return `it is neither what was acknowledged nor what was being flushed: ${found}`;
    const { problems } = await repo.verify();
    return problems.length === 0 ? undefined : JSON.stringify(problems[0]);
  } catch (error) {
    return error.message;
  } finally {
    repo?.[Symbol.dispose]();
  }
}

const EMPTY = refsOf(new Repository());

/** Every moment at which a crash may come in a run of flushes: what is on the disk, and what must be found. */
async function moments(seed, flushes, options = {}, wrap = (files) => files) {
  const expected = { acknowledged: EMPTY, next: EMPTY };
  const found = [];
  const files = new FaultyFiles(new Map(), { ...options, onStep: (files) => found.push({ ...files.state, ...expected }) });
  const repo = await open(wrap(files));
  await work(repo, flushes, choices(seed), expected, 'w');
  repo[Symbol.dispose]();
  return found;
}

/** Crashes at each moment, `times` each; what is found wrong. */
async function crashAtEach(found, times, seed) {
  const random = choices(seed);
  const wrong = [];
  for (const [step, moment] of found.entries()) {
    for (let time = 0; time < times; time++) {
      const problem = await problemOf(survivors(moment, random), moment);
      if (problem !== undefined) wrong.push(`seed ${seed}, step ${step}, time ${time}: ${problem}`);
    }
  }
  return wrong;
}

test('crashed at every step of every flush and of joining packs', async (t) => {
  const found = await moments(SEED, 2 * PACKS_MAX + 4);
  const joins = found.filter(({ pending }) => pending.some(({ path, bytes }) => path.endsWith('.idx') && bytes === undefined)).length;
  assert.ok(joins > 0, 'packs were joined and removed');
  assert.deepEqual(await crashAtEach(found, 2, SEED), []);
  t.diagnostic(`${2 * found.length} crashes at ${found.length} steps`);
});

test('crashed at random, again and again on what the crashes left', async (t) => {
  const random = choices(SEED + 1);
  let disk = new Map();
  let expected = { acknowledged: EMPTY, next: EMPTY };
  const crashes = 400;
  const folder = await temporaryFolder();
  for (let crash = 0; crash < crashes; crash++) {
    // What has become long takes long to look at.
    if (crash % 50 === 0) disk = new Map();
    let stepsLeft = 1 + random.below(120);
    const files = new FaultyFiles(disk, { onStep: () => { if (--stepsLeft === 0) throw new Crash('crash'); } });
    // Every other time the log is kept, too; from then on it is kept in this repository.
    const repo = await open(files, random.chance(50) ? { log: true } : {});
    expected = { acknowledged: refsOf(repo), next: refsOf(repo) };
    await work(repo, 40, random, expected, `c${crash}`).catch((error) => {
      if (stepsLeft > 0) throw error;
    });
    repo[Symbol.dispose]();
    disk = survivors(files.state, random);
    assert.equal(await problemOf(disk, expected), undefined, `seed ${SEED + 1}, crash ${crash}`);
    if (crash % 40 === 39) await assertGitOpens(join(folder, `${crash}`), new FaultyFiles(disk));
  }
  t.diagnostic(`${crashes} crashes`);
});

/** Writes the files of a repository out, has real git check them, and compares what it finds with what govc finds. */
async function assertGitOpens(folder, files) {
  for await (const { path, bytes } of storageOver(files).exported()) {
    await mkdir(join(folder, path.endsWith('/') ? path : dirname(path)), { recursive: true });
    if (!path.endsWith('/')) await writeFile(join(folder, path), bytes);
  }
  await assertSound(folder);
  const repo = await open(files);
  const heads = await git(folder, 'for-each-ref', '--format=%(refname:lstrip=2) %(objectname)', 'refs/heads');
  const head = await git(folder, 'symbolic-ref', '--short', 'HEAD');
  assert.equal(`HEAD ${head}\n${heads}`.trim(), refsOf(repo));
  repo[Symbol.dispose]();
}

test('few packs and files, and no object copied often, whatever the number of flushes', async () => {
  let written = 0;
  const files = new FaultyFiles();
  const { write } = files;
  files.write = function (path, bytes, onBytes) {
    if (path.endsWith('.pack')) written += bytes.length;
    return write.call(this, path, bytes, onBytes);
  };
  const repo = await open(files);
  const { below } = choices(SEED);
  const flushes = 500;
  for (let round = 0; round < flushes; round++) {
    repo.main.apply({ [`file ${below(10)}`]: `${below(1e9)}\n`.repeat(20 + below(200)) }, `change ${round}`);
    await repo.flush();
    const names = [...files.contents.keys()];
    assert.ok(names.filter((name) => name.endsWith('.pack')).length <= PACKS_MAX, `${names.length} files`);
    assert.equal(names.length, 2 * names.filter((name) => name.endsWith('.pack')).length + 4, names.join());
  }
  const stored = [...files.contents].reduce((sum, [path, bytes]) => sum + (path.endsWith('.pack') ? bytes.length : 0), 0);
  assert.ok(written < Math.log2(flushes) * stored, `${written} bytes were written for ${stored}`);
  assert.deepEqual((await repo.verify()).problems, []);
  assert.equal(await problemOf(files.contents, { acknowledged: refsOf(repo), next: '' }), undefined);
});

test('the test finds a storage that acknowledges what it has not flushed', async () => {
  const found = await moments(SEED, 6, { flushes: false });
  const wrong = await crashAtEach(found, 2, SEED);
  assert.ok(wrong.length > found.length / 2, `${wrong.length} of ${2 * found.length} crashes were noticed`);
});

test('the test finds a storage that writes refs before the objects they lead to', async () => {
  // Packs wait until the next generation has been written.
  const wrap = (files) => {
    let waiting = [];
    return {
      list: (folder) => files.list(folder),
      open: (path) => files.open(path),
      remove: (path) => files.remove(path),
      close() {},
      async write(path, bytes) {
        if (path.startsWith('objects/')) return void waiting.push([path, bytes.slice()]);
        await files.write(path, bytes);
        for (const file of waiting.splice(0)) await files.write(...file);
      },
    };
  };
  const found = await moments(SEED, 6, {}, wrap);
  const wrong = await crashAtEach(found, 2, SEED);
  assert.ok(wrong.some((problem) => problem.includes('is gone')), wrong.join('\n'));
});
