// Copies of repositories, and worlds for tests: they part without a trace in each other, and leave nothing behind.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { GovcError, gitDirectory, Repository } from 'govc';
import { universes } from 'govc/test';

import { commit, git, repository } from '../../tests/npm/repository.mjs';

test('a copy has everything but the log, and parts from there', async () => {
  const repo = new Repository({ author: { name: 'Ada', email: 'ada@example.org' }, now: () => 1_000_000 });
  repo.main.apply({ a: '1\n' }, 'first');
  repo.main.write('b', 'staged\n');
  repo.createReality('x').apply({ c: '3\n' }, 'second');
  repo.tag('v1', 'main', 'tag');
  repo.validators = [(snapshot) => snapshot.has('forbidden') ? [{ message: 'no' }] : []];
  const copy = repo.copy();
  assert.deepEqual([copy.main.readText('a'), copy.main.readText('b'), copy.main.status().length], ['1\n', 'staged\n', 1]);
  assert.deepEqual([[...copy.operations()], copy.undo(), copy.resolve('v1')], [[], undefined, repo.resolve('v1')]);
  assert.throws(() => copy.main.apply({ forbidden: '' }), { code: 'ValidationFailed' });
  const before = [repo.main.head, repo.stats().objects, [...repo.operations()].length];
  copy.main.apply({ a: 'copy\n' }, 'third');
  copy.deleteReality('x');
  copy.setMain(copy.createReality('y'));
  assert.equal([...copy.log({ from: 'y' })][0].author.name, 'Ada');
  assert.deepEqual([repo.main.head, repo.stats().objects, [...repo.operations()].length], before);
  repo.main.apply({ a: 'original\n' }, 'fourth');
  const grandchild = repo.copy();
  repo[Symbol.dispose]();
  assert.deepEqual([copy.reality('main').readText('a'), grandchild.main.readText('a'), grandchild.reality('x').readText('c')], ['copy\n', 'original\n', '3\n']);
  for (const each of [copy, grandchild]) assert.deepEqual((await each.verify()).problems, []);
  assert.equal([...grandchild.log({ from: 'main' })].length, 2);
});

test('a copy of a stored repository is in memory alone', async () => {
  const folder = await repository(5);
  await git(folder, 'gc', '--quiet');
  await commit(folder, 'loose', 'loose\n');
  const stored = await Repository.open(gitDirectory(folder));
  const copies = [stored.copy(), stored.copy()];
  stored[Symbol.dispose]();
  const head = await git(folder, 'rev-parse', 'HEAD');
  for (const [at, copy] of copies.entries()) {
    copy.main.apply({ [`new ${at}`]: 'x' }, 'more');
    await copy.flush();
    assert.deepEqual([copy.main.readText('file 1'), copy.main.readText('loose'), copy.main.list().length], ['content 1\n', 'loose\n', 7]);
    assert.deepEqual((await copy.verify()).problems, []);
    assert.equal([...copy.main.log()].length, 7);
  }
  assert.equal(await git(folder, 'rev-parse', 'HEAD'), head);
});

test('a thousand tests at once write the same path and never meet, and nothing is left', async () => {
  const inUniverse = universes({ 'shared.txt': 'start', 'config/a.json': { a: 1 } });
  let [open, most] = [0, 0];
  const one = (n) => inUniverse(async ({ reality, repo }) => {
    most = Math.max(most, ++open);
    assert.equal(reality.readText('shared.txt'), 'start');
    reality.write('shared.txt', `${n}`);
    await new Promise(setImmediate);
    assert.equal(reality.readText('shared.txt'), `${n}`);
    reality.commit(`commit ${n}`);
    repo.createReality('side').apply({ 'shared.txt': `side ${n}` });
    await null;
    assert.deepEqual([reality.readText('shared.txt'), repo.reality('side').readText('shared.txt'), repo.listRealities().length], [`${n}`, `side ${n}`, 2]);
    open--;
  })();
  const figures = async () => {
    const universe = await inUniverse.open();
    const stats = universe.repo.stats();
    universe[Symbol.dispose]();
    return stats;
  };
  const before = await figures();
  await Promise.all(Array.from({ length: 1000 }, (_, n) => one(n)));
  assert.deepEqual([most, open, inUniverse.size, await figures()], [1000, 0, 0, before]);
});

test('a function fills the start once; a repository is taken as it is', async () => {
  let times = 0;
  const made = universes(async (repo) => {
    times++;
    await null;
    repo.main.apply({ a: 'made\n' }, 'made');
  }, { main: 'trunk' });
  const read = ({ reality }) => assert.deepEqual([reality.name, reality.readText('a')], ['trunk', 'made\n']);
  await Promise.all([made(read)(), made(read)(), made(read)()]);
  assert.equal(times, 1);
  const repo = new Repository();
  repo.main.apply({ a: 'then\n' });
  const taken = universes(repo);
  repo.main.apply({ a: 'later\n' });
  repo[Symbol.dispose]();
  await taken(({ reality }) => assert.equal(reality.readText('a'), 'then\n'))();
  await universes({})(({ repo: empty }) => assert.deepEqual(empty.main.list(), []))();
  const refused = universes(() => { throw new Error('no start'); });
  await assert.rejects(refused(() => {})(), /no start/);
});

test('a stored repository is read once, and never written', async () => {
  const folder = await repository(3);
  const head = await git(folder, 'rev-parse', 'HEAD');
  const inUniverse = universes(gitDirectory(folder));
  const one = (n) => inUniverse(({ reality }) => reality.apply({ 'file 1': `${n}` }))();
  await Promise.all(Array.from({ length: 50 }, (_, n) => one(n)));
  assert.deepEqual([await git(folder, 'rev-parse', 'HEAD'), await git(folder, 'status', '--porcelain')], [head, '']);
});

test('a failure keeps its kind and says what was changed', async () => {
  const inUniverse = universes({ a: 'one\n', b: 'two\n' });
  const failure = (body) => inUniverse(body)().then(() => assert.fail('passed'), (error) => error);
  const changed = await failure(({ reality, repo }) => {
    reality.apply({ a: 'changed\n' });
    reality.write('staged', 'staged\n');
    repo.createReality('more').apply({ b: null });
    assert.equal(1, 2);
  });
  assert.ok(changed instanceof assert.AssertionError);
  assert.deepEqual([changed.actual, changed.expected], [1, 2]);
  assert.match(changed.message, /1 !== 2\n.*What the test had changed:\nmain:\n.*-one\n\+changed\n.*\+staged\n.*more:\n.*-two\n/s);
  assert.ok(changed.stack.includes(changed.message));
  const silent = await failure(() => { throw new Error('nothing changed'); });
  assert.equal(silent.message, 'nothing changed');
  for (const thrown of [undefined, 'text', Object.freeze(new Error('frozen'))]) {
    assert.equal(await failure(({ reality }) => { reality.remove('a'); throw thrown; }), thrown);
  }
  const many = await failure(({ reality }) => {
    reality.write('long', 'line\n'.repeat(1000));
    throw new Error('long');
  });
  assert.match(many.message, /\.\.\. and \d+ more lines\n$/);
  assert.equal(inUniverse.size, 0);
});

test('a world that is over throws Disposed, and so do universes that are', async () => {
  const inUniverse = universes({ a: '1' });
  let kept;
  await inUniverse(({ reality }) => { kept = reality; })();
  assert.throws(() => kept.readText('a'), (error) => error instanceof GovcError && error.code === 'Disposed');
  const open = await inUniverse.open();
  await inUniverse[Symbol.asyncDispose]();
  assert.throws(() => open.reality.readText('a'), { code: 'Disposed' });
  await assert.rejects(inUniverse.open(), { code: 'Disposed' });
});
