// Several tabs on one stored repository: each follows the others, nobody's acknowledged commit is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { choices } from './choices.mjs';
import { fakeLock, FaultyFiles } from './faulty-files.mjs';
import { FileStorage, indexedDb, opfs, Repository } from './inside.mjs';

const SEED = Number(process.env.GOVC_SEED ?? 20261120);

/** Opens tabs on the same files; with `wakes`, each is woken by the others; with `logs`, each keeps a log of its own. */
async function tabs(count, { wakes = false, logs = false, files = new FaultyFiles() } = {}) {
  const lock = fakeLock();
  const listeners = [];
  const opened = [];
  for (let at = 0; at < count; at++) {
    const wake = { tell: () => wakes && listeners.forEach((listener, of) => of !== at && listener()), watch: (listener) => { listeners[at] = listener; }, close() {} };
    const storage = new FileStorage({ title: 'test', files, lock, wake });
    opened.push(await Repository.open(storage, logs ? { log: `tab${at}` } : {}));
  }
  return opened;
}

function write(repo, path, content = path) {
  repo.main.write(path, content);
  return repo.main.commit(`write ${path}`).id;
}

/** What came of a flush: 'flushed', or 'diverged' and what is there was merged. */
async function flushOrMerge(repo) {
  try {
    await repo.flush();
    return 'flushed';
  } catch (error) {
    assert.equal(error.code, 'Stale', error.message);
    assert.equal(error.details.ref, 'refs/heads/main');
    assert.equal(error.details.diverged[0].after, error.details.found);
    repo.merge(error.details.found, 'main');
    return 'diverged';
  }
}

test('the first flush makes the repository, its main and all', async () => {
  const [one, two] = await tabs(2);
  await one.flush();
  await two.refresh();
  const id = write(one, 'a');
  await one.flush();
  assert.deepEqual(await two.refresh(), { moved: [{ name: 'refs/heads/main', after: id }], diverged: [] });
  assert.equal(two.main.readText('a'), 'a');
  const [operation] = [...two.operations()];
  assert.equal(operation.kind, 'import');
  assert.equal(two.undo(), undefined, 'what another tab did is not undone here');
});

test('a first commit of nothing', async () => {
  const files = new FaultyFiles();
  const [one] = await tabs(1, { files });
  const { id } = one.main.commit('nothing', { allowEmpty: true });
  await one.flush();
  const [two] = await tabs(1, { files });
  assert.equal(two.main.head, id);
  assert.deepEqual(two.main.list(), []);
  assert.deepEqual((await two.verify()).problems, []);
});

test('a tab that is woken follows: commits, deletions, a new main, tags', async () => {
  const [one, two] = await tabs(2, { wakes: true });
  const events = [];
  two.watch({}, (event) => { events.push(event.kind); });
  for (let round = 0; round < 40; round++) {
    write(one, `file ${round}`);
    if (round === 3) one.createReality('topic');
    if (round === 5) one.tag('v1', undefined, 'a tag');
    if (round === 7) one.setMain('topic');
    if (round === 9) one.deleteReality('main');
    await one.flush();
    await two.refresh();
    assert.equal(two.main.name, one.main.name);
    assert.deepEqual(two.listRealities().map(String), one.listRealities().map(String));
    assert.equal(two.main.head, one.main.head);
  }
  assert.equal(two.resolve('v1^{commit}'), one.resolve('v1^{commit}'));
  assert.deepEqual((await two.verify()).problems, []);
  await new Promise((resolve) => setTimeout(resolve));
  assert.ok(events.length >= 40, `${events.length} events`);
});

test('a ref that both moved: Stale, then merged, then flushed; the others go on', async () => {
  const [one, two] = await tabs(2);
  write(one, 'base');
  await one.flush();
  await two.refresh();
  const theirs = write(one, 'theirs');
  one.createReality('only/here');
  await one.flush();
  const ours = write(two, 'ours');
  await assert.rejects(two.flush(), (error) => error.code === 'Stale' && error.message.includes(theirs)
    && error.details.diverged.length === 1 && error.details.diverged[0].before === ours);
  assert.equal(two.main.head, ours, 'what is here stays');
  assert.equal(two.reality('only/here').head, theirs, 'what only they moved was taken over');
  assert.deepEqual((await two.refresh()).diverged, [{ name: 'refs/heads/main', before: ours, after: theirs }]);
  two.merge(theirs, 'main');
  await two.flush();
  assert.deepEqual((await one.refresh()).diverged, []);
  assert.equal(one.main.head, two.main.head);
  // A deletion gives way to a change, here or there.
  two.deleteReality('only/here');
  one.reality('only/here').apply({ more: 'x' }, 'more');
  await one.flush();
  await two.flush();
  assert.equal(two.reality('only/here').head, one.reality('only/here').head);
  two.deleteReality('only/here');
  await two.flush();
  one.reality('only/here').apply({ more: 'y' }, 'more');
  await one.flush();
  await two.refresh();
  assert.equal(two.reality('only/here').head, one.reality('only/here').head);
  // A name that is in the way of another.
  one.createReality('x');
  await one.flush();
  two.createReality('x/y');
  await assert.rejects(two.flush(), { code: 'Stale' });
  two.deleteReality('x/y');
  await two.refresh();
  assert.equal(two.reality('x').head, one.reality('x').head);
});

test('three tabs write, flush, refresh and merge at random, at once', async () => {
  for (let seed = SEED; seed < SEED + 5; seed++) {
    const { below, pick, chance } = choices(seed);
    const opened = await tabs(3, { wakes: chance(50), logs: seed % 2 === 0 });
    write(opened[0], 'base');
    await opened[0].flush();
    for (const repo of opened) await repo.refresh();
    const acknowledged = [];
    const counts = { flushed: 0, diverged: 0 };
    await Promise.all(opened.map(async (repo, of) => {
      for (let round = 0; round < 40; round++) {
        write(repo, `${of}/${pick('abcde')}`, `${round}`);
        const id = repo.main.head;
        if (chance(20)) repo.createReality(`${of}-${round}`);
        if (chance(30)) await repo.refresh();
        for (let pause = below(4); pause > 0; pause--) await null;
        const outcome = await flushOrMerge(repo);
        counts[outcome]++;
        if (outcome === 'flushed') acknowledged.push(id);
      }
    }));
    for (let done = false; !done;) {
      done = true;
      for (const repo of opened) done = await flushOrMerge(repo) === 'flushed' && done;
    }
    for (const repo of opened) await repo.refresh();
    const heads = new Set(opened.map((repo) => repo.main.head));
    assert.equal(heads.size, 1, `seed ${seed}`);
    const reachable = new Set([...opened[0].log()].map(({ id }) => id));
    assert.deepEqual(acknowledged.filter((id) => !reachable.has(id)), [], `seed ${seed}`);
    for (const repo of opened) assert.deepEqual((await repo.verify()).problems, [], `seed ${seed}`);
    assert.ok(counts.flushed > 20 && counts.diverged > 5, JSON.stringify(counts));
    for (const repo of opened) repo[Symbol.dispose]();
  }
});

test('deleted, and stored anew by another: noticed, and what is in memory is stored again', async () => {
  const files = new FaultyFiles();
  const [one, two] = await tabs(2, { files });
  write(one, 'a');
  await one.flush();
  await two.refresh();
  await files.destroy();
  const id = write(one, 'b');
  for (const action of [() => one.flush(), () => two.refresh()]) {
    await assert.rejects(action(), { code: 'Storage', details: { reason: 'evicted' } });
  }
  await one.flush();
  await assert.doesNotReject(two.refresh());
  assert.equal(two.main.head, id);
  const [three] = await tabs(1, { files });
  assert.equal(three.main.head, id);
  assert.deepEqual((await three.verify()).problems, []);
  // Another repository in the same place.
  await files.destroy();
  const [other] = await tabs(1, { files });
  for (let round = 0; round < 9; round++) {
    write(other, `${round}`);
    await other.flush();
  }
  write(one, 'c');
  await assert.rejects(one.flush(), { details: { reason: 'evicted' } });
  await assert.rejects(one.flush(), { code: 'Stale' });
  assert.equal((await tabs(1, { files }))[0].main.head, other.main.head);
});

test('no room: nothing in memory is lost, and a later flush works', async () => {
  const files = new FaultyFiles();
  const [repo] = await tabs(1, { files });
  write(repo, 'a');
  await repo.flush();
  const { write: original } = files;
  for (let failing = 1; failing <= 4; failing++) {
    let left = failing;
    files.write = async function (...args) {
      if (--left > 0) return original.apply(this, args);
      throw new DOMException('full', 'QuotaExceededError');
    };
    const id = write(repo, `b${failing}`);
    const outcome = await repo.flush().catch((error) => error);
    // Where only the files for git had no room, the batch is kept.
    if (failing < 4) {
      assert.equal(outcome?.code, 'Storage', `write ${failing}`);
      assert.equal(outcome.details.reason, 'quota');
    }
    files.write = original;
    await repo.flush();
    assert.equal((await tabs(1, { files }))[0].main.head, id);
  }
});

test('where there is no browser, it is refused', async () => {
  for (const storage of [opfs('x'), indexedDb('x')]) {
    await assert.rejects(Repository.open(storage), { code: 'Storage', details: { reason: 'unsupported' } });
    await assert.rejects(storage.delete(), { code: 'Storage', details: { reason: 'unsupported' } });
  }
  await assert.rejects(opfs.list(), { code: 'Storage', details: { reason: 'unsupported' } });
  await assert.rejects(indexedDb.list(), { code: 'Storage', details: { reason: 'unsupported' } });
});
