// Events: each subscription beside a model that knows what happened and what it asked for.
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { CommitEvent, GovcError, Repository } from 'govc';

import { choices } from './choices.mjs';
import { codeOf } from './code.mjs';

const NAMES = ['main', 'a', 'b', 'x/c'];
const PATHS = ['a', 'k8s/x.yaml', 'k8s/deep/y.yaml', 'docs/a.md', 'docs/b', 'README.md'];
/** Patterns, and what they mean in the test's own words. */
const PATTERNS = [
  ['k8s/**/*.yaml', (path) => /^k8s\/.*yaml$/.test(path)],
  ['*.md', (path) => path.endsWith('.md')],
  ['docs', (path) => path.startsWith('docs/')],
  ['!docs', (path) => !path.startsWith('docs/')],
  [['k8s/**', '!k8s/x.yaml'], (path) => path === 'k8s/deep/y.yaml'],
  [['a', 'README.md'], (path) => path === 'a' || path === 'README.md'],
  ['none/**', () => false],
];

/** A repository on which things happen at random, and the events that follow from its heads before and after. */
class World {
  constructor(seed) {
    this.random = choices(seed);
    this.repo = new Repository({ author: { name: 'Ada', email: 'ada@x' }, now: () => 1_600_000_000_000 });
    this.events = [];
    this.done = [];
    this.undone = [];
    this.states = new Map();
  }

  heads() {
    return new Map(this.repo.listRealities().filter(({ head }) => head !== undefined).map(({ name, head }) => [name, head]));
  }

  files(commit) {
    if (commit === undefined) return new Map();
    if (!this.states.has(commit)) {
      const state = this.repo.at(commit);
      this.states.set(commit, new Map(state.list().map((path) => [path, state.readText(path)])));
    }
    return this.states.get(commit);
  }

  changed(before, after) {
    const [old, now] = [this.files(before), this.files(after)];
    return PATHS.filter((path) => old.get(path) !== now.get(path));
  }

  step() {
    const before = this.heads();
    const logged = this.repo.stats().operations;
    const what = this.random.below(16);
    let kind;
    try {
      kind = this.act(what);
    } catch (error) {
      assert.ok(error instanceof GovcError, String(error));
    }
    if (this.repo.stats().operations === logged) {
      assert.deepEqual(this.heads(), before);
      return;
    }
    const after = this.heads();
    const moved = [];
    for (const reality of [...NAMES].sort()) {
      const [old, now] = [before.get(reality), after.get(reality)];
      if (old === now) continue;
      const byName = kind === 'created' || kind === 'deleted';
      moved.push({ kind, reality, before: old, after: now, paths: byName ? [] : this.changed(old, now) });
    }
    this.settle(kind, moved);
    this.events.push(...moved);
  }

  settle(kind, moved) {
    if (kind !== 'undo' && kind !== 'redo') {
      this.done.push(moved);
      this.undone = [];
      return;
    }
    const inverse = { created: 'deleted', deleted: 'created' };
    const first = kind === 'undo' ? this.done.pop() : this.undone.pop();
    (kind === 'undo' ? this.undone : this.done).push(first);
    moved.forEach((event, at) => {
      event.kind = kind === 'redo' ? first[at].kind : inverse[first[at].kind] ?? 'rollback';
      if (event.kind === 'created' || event.kind === 'deleted') event.paths = [];
    });
  }

  act(what) {
    const { random, repo } = this;
    const [name, other] = [random.pick(NAMES), random.pick(NAMES)];
    if (what === 0) return repo.createReality(name, other) && 'created';
    if (what === 1) return repo.deleteReality(name) ?? 'deleted';
    if (what === 2) return repo.reality(name).rollback(other) && 'rollback';
    if (what === 3) return repo.tag(`t${repo.stats().operations}`, other) && 'tag';
    if (what === 4) return repo.setMain(name) ?? 'main';
    if (what === 5) return repo.undo() && 'undo';
    if (what === 6) return repo.redo() && 'redo';
    if (what === 7) return repo.merge(other, name) && 'merge';
    if (what === 9) return repo.reality(name).cherryPick(other) && 'commit';
    if (what === 10) return repo.reality(name).revert(other) && 'commit';
    if (what === 8) {
      // What is refused leaves nothing to see.
      const transaction = repo.reality(name).begin().add('a', `${random.below(1000)}`);
      if (random.chance(50)) transaction.validate([() => [{ message: 'no' }]]);
      repo.reality(name).apply({ a: `${random.below(1000)}` }, 'in between');
      assert.equal(codeOf(() => transaction.commit('stale')), 'Stale');
      return 'commit';
    }
    const files = Array.from({ length: 1 + random.below(2) }, () => [random.pick(PATHS), `${random.below(9)}`]);
    repo.reality(name).apply(Object.fromEntries(files), random.pick(['fix', 'EMERGENCY stop', 'feature']));
    return 'commit';
  }
}

/** A filter at random, and the same as a test of a model's event. */
function randomFilter({ below, chance, pick }, repo) {
  const filter = {};
  const tests = [];
  if (chance(60)) {
    const [paths, means] = pick(PATTERNS);
    filter.paths = paths;
    tests.push(({ paths: changed }) => changed.some(means));
  }
  if (chance(30)) {
    filter.realities = pick([['main'], ['a', 'x/*'], '!main']);
    const main = [filter.realities].flat();
    tests.push(({ reality }) => main.includes('main') ? reality === 'main' : main.includes('!main') ? reality !== 'main' : reality === 'a' || reality === 'x/c');
  }
  if (chance(30)) {
    filter.kinds = [['commit'], ['commit', 'merge'], ['created', 'deleted', 'rollback']][below(3)];
    tests.push(({ kind }) => filter.kinds.includes(kind));
  }
  if (chance(20)) {
    filter.message = pick([/^EMERGENCY/, 'EMERGENCY']);
    const begins = filter.message !== 'EMERGENCY';
    tests.push(({ kind, after }) => (kind === 'commit' || kind === 'merge')
      && repo.at(after).commit.message[begins ? 'startsWith' : 'includes']('EMERGENCY'));
  }
  if (chance(20)) {
    filter.where = (event) => event.reality < 'b';
    tests.push(({ reality }) => reality < 'b');
  }
  return [filter, (event) => tests.every((test) => test(event))];
}

const shown = ({ kind, reality, before, commit, after = commit?.id }) => `${kind} ${reality} ${before} ${after}`;

/** Handlers of random slowness, from at once to some turns of the event loop. */
async function dawdle({ below }) {
  for (let count = below(4); count > 0; count--) await (below(3) === 0 ? turn() : undefined);
}

// Each test begins with a turn of its own.
beforeEach(() => new Promise((resolve) => setTimeout(resolve)));

async function drained(subscriptions) {
  while (subscriptions.some(({ behind }) => behind > 0)) await turn();
}

test('each subscription sees what the model says, in order, once', async () => {
  let seen = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const world = new World(seed);
    const { random, repo } = world;
    const watched = [];
    for (let round = 0; round < 25; round++) {
      while (random.chance(45)) {
        const [filter, passes] = randomFilter(random, repo);
        const one = { passes, from: world.events.length, got: [], until: undefined };
        const slow = random.below(3);
        const handler = (event) => {
          one.got.push(event);
          return slow === 0 ? undefined : dawdle(random);
        };
        one.subscription = repo.watch(filter, handler);
        watched.push(one);
      }
      for (let count = random.below(12); count > 0; count--) world.step();
      const open = watched.filter(({ until }) => until === undefined);
      if (random.chance(30) && open.length > 0) {
        const one = random.pick(open);
        if (random.chance(50)) await drained([one.subscription]);
        one.until = world.events.length;
        one.wasDrained = one.subscription.behind === 0;
        one.subscription.unsubscribe();
      }
      if (random.chance(40)) await turn();
    }
    await drained(watched.map(({ subscription }) => subscription));
    for (const { passes, from, until, got, subscription, wasDrained = true } of watched) {
      const expected = world.events.slice(from, until).filter(passes).map(shown);
      // What was ended while it was behind has seen the beginning.
      assert.deepEqual(got.map(shown), wasDrained ? expected : expected.slice(0, got.length), `seed ${seed}`);
      if (wasDrained && until === undefined) assert.deepEqual([subscription.delivered, subscription.errors], [got.length, []]);
      seen += got.length;
    }
    repo[Symbol.dispose]();
  }
  assert.ok(seen > 2000, `many events are seen: ${seen}`);
});

test('a subscription goes on after any cursor', async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const world = new World(seed + 100);
    for (let count = 0; count < 80; count++) world.step();
    const { repo, random } = world;
    const all = [];
    const first = repo.watch({}, (event) => void all.push(event), { after: '0' });
    await drained([first]);
    assert.deepEqual(all.map(shown), world.events.map(shown));
    for (let count = 0; count < 10; count++) {
      const at = random.below(all.length);
      const [filter, passes] = randomFilter(random, repo);
      const got = [];
      const one = repo.watch(filter, (event) => void got.push(event), { after: all[at].cursor });
      world.step();
      await drained([one, first]);
      assert.deepEqual(got.map(shown), world.events.slice(at + 1).filter(passes).map(shown), `seed ${seed}`);
      one.unsubscribe();
    }
  }
});

test('cursors of elsewhere and options that make no sense are refused', () => {
  const repo = new Repository();
  repo.main.apply({ a: '1' });
  for (const after of ['', 'x', '1', '0.00000000', '5.12345678', '-1', '00']) {
    assert.equal(codeOf(() => repo.on('*', () => {}, { after })), 'NotFound', after);
  }
  assert.equal(codeOf(() => repo.on('*', () => {}, { retries: -1 })), 'InvalidArgument');
  assert.equal(codeOf(() => repo.on('*', () => {}, { concurrency: 0 })), 'InvalidArgument');
  assert.equal(codeOf(() => repo.watch({ kinds: ['sync'] }, () => {})), 'InvalidArgument');
  assert.equal(codeOf(() => repo.events({ after: 'x' })), 'NotFound');
});

test('an event says what happened', async () => {
  let clock = 0;
  const repo = new Repository({ author: { name: 'Ada', email: 'ada@x' }, now: () => clock += 1000 });
  const events = [];
  repo.watch({}, (event) => void events.push(event));
  const grace = { name: 'Grace', email: 'grace@x' };
  repo.main.write('k8s/a.yaml', 'one\ntwo\nthree\n');
  const first = repo.main.commit('first\n\nbody', { author: grace });
  assert.deepEqual(events, [], 'nothing is told inside a call');
  await undefined;
  const [event] = events;
  assert.ok(event instanceof CommitEvent);
  assert.deepEqual([event.kind, event.reality, event.commit.id, event.before], ['commit', 'main', first.id, undefined]);
  assert.deepEqual([event.author, event.message], ['Grace <grace@x>', 'first\n\nbody']);
  assert.deepEqual(event.changes().map(({ kind, path }) => [kind, path]), [['added', 'k8s/a.yaml']]);
  assert.equal(event.snapshot().readText('k8s/a.yaml'), 'one\ntwo\nthree\n');
  const second = repo.main.begin().move('k8s/a.yaml', 'old.yaml').commit('moved');
  repo.createReality('try');
  repo.deleteReality('try');
  repo.main.rollback();
  repo.undo();
  repo.merge(repo.realities(['side'], second)[0], repo.createReality('late', first));
  await undefined;
  const [, moved, created, deleted, rollback, undone, , , merged] = events;
  assert.equal(events.length, 9);
  assert.deepEqual([moved.before, moved.commit.id], [first.id, second.id]);
  const old = ['renamed', 'old.yaml', 'k8s/a.yaml'];
  for (const pattern of [undefined, 'k8s/**', '/old.yaml']) {
    assert.deepEqual(moved.changes(pattern).map(({ kind, path, from }) => [kind, path, from]), [old]);
  }
  assert.deepEqual([moved.changes('else'), moved.changes('')], [[], []]);
  assert.deepEqual(['k8s/**', 'old.yaml', 'else', '!k8s'].map((pattern) => moved.matches(pattern)), [true, true, false, true]);
  assert.deepEqual([created.kind, created.author, created.message], ['created', 'Ada <ada@x>', 'create try']);
  assert.deepEqual([created.changes(), created.matches('**'), created.snapshot().list()], [[], false, ['old.yaml']]);
  assert.deepEqual([deleted.kind, deleted.before, deleted.commit], ['deleted', second.id, undefined]);
  assert.equal(codeOf(() => deleted.snapshot()), 'NotFound');
  assert.deepEqual([rollback.kind, rollback.changes().length, undone.kind], ['rollback', 1, 'rollback']);
  assert.match(undone.message, /^undo/);
  assert.deepEqual([merged.kind, merged.reality, merged.before, merged.commit.id], ['merge', 'late', first.id, second.id]);
});

test('imports and pushes of many refs are an event for each reality', async () => {
  const from = new Repository();
  from.main.apply({ a: '1', 'b/c': '2' }, 'one');
  from.createReality('side').apply({ a: '3' }, 'two');
  const repo = new Repository();
  const got = [];
  repo.watch({ paths: 'b/**' }, (event) => void got.push([event.kind, event.reality, event.message]));
  await repo.importPack(from.exportPack(), { main: from.main.head, side: from.reality('side').head, 'refs/tags/v1': from.main.head });
  await turn();
  assert.deepEqual(got, [['created', 'main', 'import 8 objects'], ['created', 'side', 'import 8 objects']]);
});

test('a slow handler is behind, and loses nothing where the backlog is long', async () => {
  const repo = new Repository();
  const got = [];
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const slow = repo.on('*.txt', (event) => got.push(event.message) && held);
  const fast = repo.on('!*.txt', () => {});
  const commits = 3000;
  for (let n = 0; n < commits; n++) repo.main.apply({ [n % 3 === 0 ? 'a.md' : 'a.txt']: `${n}` }, `${n}`);
  assert.deepEqual([slow.behind, fast.behind], [commits, commits]);
  await drained([fast]);
  assert.deepEqual([fast.delivered, slow.delivered, got.length], [1000, 0, 1]);
  assert.ok(slow.behind >= 2000 && slow.behind <= commits, `${slow.behind}`);
  release();
  await drained([slow]);
  assert.deepEqual(got, Array.from({ length: commits }, (_, n) => `${n}`).filter((n) => n % 3 !== 0));
  assert.deepEqual([slow.delivered, slow.behind], [2000, 0]);
});

test('handlers start in order, as many as may', async () => {
  const repo = new Repository();
  const [started, running] = [[], new Set()];
  let most = 0;
  const random = choices(7);
  const subscription = repo.watch({}, async (event) => {
    started.push(Number(event.message));
    running.add(event);
    most = Math.max(most, running.size);
    await dawdle(random);
    running.delete(event);
  }, { concurrency: 5 });
  for (let n = 0; n < 200; n++) repo.main.apply({ a: `${n}` }, `${n}`);
  await drained([subscription]);
  assert.deepEqual([started, most], [Array.from({ length: 200 }, (_, n) => n), 5]);
});

test('a handler that throws is tried again after pauses, then its event is set aside', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const repo = new Repository();
    const calls = [];
    const subscription = repo.watch({}, async ({ message }) => {
      calls.push(message);
      if (message === 'bad' || calls.length < 3) throw new Error(`no ${message}`);
    }, { retries: 2 });
    for (const message of ['good', 'bad', 'next']) repo.main.apply({ a: message }, message);
    await turn();
    assert.deepEqual([calls, subscription.behind], [['good'], 3]);
    const expected = [['good', 'good'], ['good', 'good', 'good', 'bad'], ['good', 'good', 'good', 'bad', 'bad']];
    for (const [at, ms] of [10, 20, 10].entries()) {
      mock.timers.tick(ms - 1);
      await turn();
      mock.timers.tick(1);
      await turn();
      assert.deepEqual(calls, expected[at]);
    }
    mock.timers.tick(20);
    await turn();
    assert.deepEqual([calls.slice(5), subscription.delivered, subscription.behind], [['bad', 'next'], 2, 0]);
    const [error] = subscription.errors;
    assert.deepEqual([subscription.errors.length, error.code, error.cause.message, error.details.attempts], [1, 'Rejected', 'no bad', 3]);
    const again = [];
    repo.watch({}, (event) => void again.push(event.message), { after: error.details.cursor });
    await turn();
    assert.deepEqual(again, ['next']);
    // What waits for another try ends with the subscription.
    const other = repo.watch({}, () => { throw new Error('never'); });
    repo.main.apply({ a: 'last' }, 'last');
    await turn();
    assert.equal(other.behind, 1);
    other.unsubscribe();
    mock.timers.tick(100_000);
    await turn();
    assert.deepEqual([other.behind, other.errors, other.delivered], [0, [], 0]);
  } finally {
    mock.timers.reset();
  }
});

test('a handler may do what the program may: commit, subscribe, end', async () => {
  const repo = new Repository();
  const seen = [];
  const subscription = repo.watch({ realities: 'main' }, (event) => {
    seen.push(event.message);
    const n = Number(event.message);
    if (n < 5) repo.main.apply({ a: `${n + 1}` }, `${n + 1}`);
    else subscription.unsubscribe();
    if (n === 2) repo.watch({}, (later) => void seen.push(`later ${later.message}`));
  });
  repo.main.apply({ a: '0' }, '0');
  await turn();
  repo.main.apply({ a: '9' }, '9');
  await turn();
  assert.deepEqual(seen.filter((text) => !text.startsWith('later')), ['0', '1', '2', '3', '4', '5']);
  assert.deepEqual(seen.filter((text) => text.startsWith('later')), ['later 4', 'later 5', 'later 9']);
});

test('a rule that reacts to itself lets the event loop have its turns', async () => {
  const repo = new Repository();
  let count = 0;
  const subscription = repo.watch({}, () => void repo.main.apply({ a: `${++count}` }, 'again'));
  repo.main.apply({ a: 'start' }, 'start');
  await turn();
  await turn();
  subscription.unsubscribe();
  assert.ok(count > 0);
});

test('an async iterable gives the events to whoever asks, from the moment it was made', async () => {
  const repo = new Repository();
  const stream = repo.events({ message: /^\d+$/ });
  for (let n = 0; n < 2000; n++) repo.main.apply({ a: `${n}` }, n % 2 === 0 ? `${n}` : 'odd');
  for (let time = 0; time < 2; time++) {
    const got = [];
    for await (const event of stream) {
      got.push(Number(event.message));
      if (got.length % 100 === 0) await turn();
      if (got.length === 1000) break;
    }
    assert.deepEqual(got, Array.from({ length: 1000 }, (_, n) => 2 * n));
  }
});

test('an async iterable ends with its signal and with its repository, and throws what its filter throws', async () => {
  const repo = new Repository();
  const stopper = new AbortController();
  const waiting = repo.events({ signal: stopper.signal })[Symbol.asyncIterator]();
  const next = waiting.next();
  await turn();
  stopper.abort();
  await assert.rejects(next, { code: 'Aborted' });
  assert.deepEqual(await waiting.next(), { value: undefined, done: true });
  const broken = repo.events({ where: () => { throw new Error('broken'); } })[Symbol.asyncIterator]();
  repo.main.apply({ a: '1' });
  await assert.rejects(broken.next(), { message: 'broken' });
  const last = repo.events()[Symbol.asyncIterator]();
  const end = last.next();
  await turn();
  repo[Symbol.dispose]();
  assert.deepEqual(await end, { value: undefined, done: true });
  assert.equal(codeOf(() => repo.on('*', () => {})), 'Disposed');
});

test('subscriptions of a disposed repository are over', async () => {
  const repo = new Repository();
  const seen = [];
  const subscription = repo.watch({}, (event) => void seen.push(event.message));
  repo.main.apply({ a: '1' }, '1');
  repo[Symbol.dispose]();
  await turn();
  assert.deepEqual([seen, subscription.behind, subscription.errors], [[], 0, []]);
  subscription.unsubscribe();
});

test('ten thousand subscriptions, each of a folder of its own, are told of their own', async () => {
  const repo = new Repository();
  const hits = [];
  const all = Array.from({ length: 10_000 }, (_, n) => repo.on(`area${n}/**/*.yaml`, () => void hits.push(n)));
  for (let n = 0; n < 500; n++) repo.main.apply({ [`area${n * 7}/deep/${n}.yaml`]: `${n}`, 'README.md': `${n}` }, `${n}`);
  await drained(all);
  assert.deepEqual(hits, Array.from({ length: 500 }, (_, n) => n * 7));
});

test('stats say how far the stream of events has come, and how many listen', async () => {
  const repo = new Repository();
  const figures = () => { const { events, subscriptions } = repo.stats(); return [events, subscriptions]; };
  assert.deepEqual(figures(), [0, 0]);
  repo.main.apply({ a: '1' });
  assert.deepEqual(figures(), [1, 0]);
  const subscriptions = [repo.on('*.md', () => {}), repo.watch({}, () => {})];
  repo.realities(['x', 'y', 'z']);
  assert.deepEqual(figures(), [4, 2]);
  subscriptions.forEach((subscription) => subscription.unsubscribe());
  await turn();
  assert.deepEqual(figures(), [4, 0]);
});
