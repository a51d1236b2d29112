// Sessions of several repositories on one way: what one commits, the others have; what conflicts is the same for all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as later } from 'node:timers/promises';

import { broadcastChannel, memoryBus, Repository } from 'govc';

import { choices } from './choices.mjs';

/** A way that loses and doubles, by a seed. */
function lossy(provider, seed) {
  const random = choices(seed);
  return {
    connect: (...rest) => provider.connect(...rest),
    disconnect: () => provider.disconnect(),
    get connected() { return provider.connected; },
    publish: (frames) => provider.publish(frames.flatMap((frame) => {
      const chance = random.below(10);
      return chance === 0 ? [] : chance === 1 ? [frame, frame] : [frame];
    })),
    subscribe: (subscriber) => provider.subscribe(subscriber),
  };
}

async function node(provider, name, options = {}) {
  const repo = new Repository({ author: { name, email: `${name}@x` } });
  const session = await repo.connect(provider, { world: 'team', identity: { name }, ...options });
  return { repo, session };
}

/** Waits until it holds; a test that waits for ever is stopped by its runner. */
async function until(holds) {
  while (!holds()) await later(5);
}

test('a commit in one is in the others, and so is what each did while it was alone', async () => {
  const bus = memoryBus();
  const ada = await node(bus.provider(), 'ada');
  ada.repo.main.apply({ 'a.txt': 'one\n', 'b.txt': 'one\n' }, 'first');
  ada.session.share('main');
  const ben = await node(bus.provider(), 'ben');
  ben.session.subscribe('*', '*');
  await until(() => ben.repo.hasReality('main') && ben.repo.main.head === ada.repo.main.head);
  assert.equal(ben.repo.main.readText('a.txt'), 'one\n');
  await ada.session.settled();

  // Both go on at once, and neither asks the other.
  ada.repo.main.apply({ 'a.txt': 'two\n' }, 'by ada');
  ben.repo.main.apply({ 'b.txt': 'two\n' }, 'by ben');
  await until(() => ada.repo.main.head === ben.repo.main.head && ben.repo.main.readText('a.txt') === 'two\n');
  assert.equal(ada.repo.main.readText('b.txt'), 'two\n');
  assert.equal([...ada.repo.log()].length, 4, 'a merge of both');
  await Promise.all([ada.session.settled({ timeoutMs: 5000 }), ben.session.settled({ timeoutMs: 5000 })]);
  assert.deepEqual(ada.session.clock, ben.session.clock);
  assert.deepEqual([ada.session.status, ben.session.status], ['synced', 'synced']);
  assert.deepEqual(ada.session.nodes().map(({ identity }) => identity.name), ['ben']);

  const entries = [...ben.session.chain({ node: ada.session.node.id })];
  assert.deepEqual(entries.map(({ seq, verified, kind }) => [seq, verified, kind]), [[0, true, 'commit'], [1, true, 'commit']]);
  assert.equal(entries[1].previous, entries[0].hash);
  assert.deepEqual(entries[1].clock, { [ada.session.node.id]: 2 });
  assert.deepEqual(ben.session.verifyChain(), { entries: 3, problems: [] });
  await ada.session.close();
  await until(() => ben.session.nodes().length === 0);
  assert.throws(() => ada.session.clock, { code: 'Disposed' });
  await assert.rejects(ben.session.settled({ timeoutMs: 10 }), { code: 'Timeout' });
  await ben.session.close();
});

test('what conflicts is the same for all until one commits on top of it', async () => {
  const bus = memoryBus();
  const [ada, ben, eve] = await Promise.all(['ada', 'ben', 'eve'].map((name) => node(bus.provider(), name)));
  const all = [ada, ben, eve];
  ada.repo.main.apply({ 'a.txt': 'one\n' }, 'first');
  for (const { session } of all) session.share('main');
  await until(() => all.every(({ repo }) => repo.main.head === ada.repo.main.head && repo.main.head !== undefined));
  ada.repo.main.apply({ 'a.txt': 'by ada\n' }, 'ada');
  ben.repo.main.apply({ 'a.txt': 'by ben\n' }, 'ben');
  await until(() => all.every(({ session }) => session.conflict('main').length === 2));
  assert.equal(new Set(all.map(({ session }) => session.conflict('main').join())).size, 1);
  assert.equal(new Set(all.map(({ repo }) => repo.main.head)).size, 1, 'all show the same of the two');
  const [, other] = eve.session.conflict('main');
  eve.repo.merge(other, eve.repo.main, { resolver: { resolve: () => 'by both\n' } });
  await until(() => all.every(({ repo, session }) => session.conflict('main').length === 0 && repo.main.readText('a.txt') === 'by both\n'));
  assert.equal(new Set(all.map(({ repo }) => repo.main.head)).size, 1);
  await Promise.all(all.map(({ session }) => session.close()));
});

test('a way that loses and doubles comes to the same', async () => {
  const bus = memoryBus();
  const all = await Promise.all([1, 2, 3].map((seed) => node(lossy(bus.provider(), seed), `n${seed}`, { syncIntervalMs: 50 })));
  all[0].repo.main.apply({ base: 'x' }, 'first');
  for (const { session } of all) session.share('main');
  const random = choices(7);
  for (let step = 0; step < 30; step++) {
    all[random.below(3)].repo.main.apply({ [`file-${step}`]: `${step}` }, `step ${step}`);
    if (random.below(3) === 0) await later(1);
  }
  await until(() => new Set(all.map(({ repo }) => repo.main.head)).size === 1 && all[0].repo.main.list().length === 31);
  await Promise.all(all.map(({ session }) => session.close()));
});

test('two that write with one key are found out, and stop nobody else', async () => {
  const bus = memoryBus();
  const key = new Uint8Array(32).fill(7);
  const [one, two, eve] = await Promise.all([node(bus.provider(), 'one', { key }), node(bus.provider(), 'two', { key }), node(bus.provider(), 'eve')]);
  eve.repo.main.apply({ a: 'x' }, 'first');
  eve.session.share('main');
  for (const { repo, session } of [one, two]) {
    repo.main.apply({ [session === one.session ? 'b' : 'c']: 'x' }, 'mine');
    session.share('main');
  }
  await until(() => eve.session.verifyChain().problems.length === 1);
  assert.deepEqual(eve.session.verifyChain().problems.map(({ node: id, seq }) => [id, seq]), [[one.session.node.id, 0]]);
  eve.repo.main.apply({ d: 'x' }, 'goes on');
  const late = await node(bus.provider(), 'late');
  late.session.share('main');
  await until(() => late.repo.main.head === eve.repo.main.head && late.session.verifyChain().problems.length === 1);
  await Promise.all([one, two, eve, late].map(({ session }) => session.close()));
});

test('tabs meet on a channel, and others who speak there are not heard', async () => {
  const name = `test-${process.pid}`;
  const [ada, ben] = await Promise.all(['ada', 'ben'].map((who) => node(broadcastChannel(name), who)));
  ada.session.share('main');
  ben.session.subscribe('*', 'main');
  const noise = new BroadcastChannel(`govc-world:${name}`);
  for (const said of [null, 'x', [1], [new Uint8Array(3)], [new Uint8Array(64).fill(255)], [new Uint8Array([0, 9, 0, 0, 0, 0, 0, 0, 0, 123])]]) noise.postMessage(said);
  ada.repo.main.apply({ 'a.txt': 'one\n' }, 'first');
  await until(() => ben.repo.main.head === ada.repo.main.head && ada.repo.main.head !== undefined);
  assert.deepEqual(ben.session.nodes().map(({ identity }) => identity.name), ['ada']);
  noise.close();
  await Promise.all([ada.session.close(), ben.session.close()]);
});
