// Rules and effects: rolled back at once, never in circles; once for each event, also where the program dies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { Repository } from 'govc';

import { codeOf } from './code.mjs';
import { choices } from './choices.mjs';
import { MemoryStorage } from './memory-storage.mjs';

const EMERGENCY = { name: 'emergency', filter: { message: 'EMERGENCY' } };

test('a commit that says EMERGENCY takes its reality back, as an operation that can be undone', async () => {
  const repo = new Repository();
  const rule = await repo.rule(EMERGENCY);
  const { id: good } = repo.main.apply({ a: '1' }, 'good');
  const { id: bad } = repo.main.apply({ a: '2' }, 'EMERGENCY: all is lost\n\nmore');
  await turn();
  assert.equal(repo.main.head, good);
  assert.equal(rule.actions, 1);
  const { kind, description } = [...repo.operations()].at(-1);
  assert.deepEqual([kind, description], ['rule', `rule emergency: roll main back to ${good} because of 'EMERGENCY: all is lost'`]);
  // What a person takes back stays so.
  repo.undo();
  await turn();
  assert.equal(repo.main.head, bad);
  assert.equal(rule.actions, 1);
});

test('what came on top of it goes with it; what is no longer there is left alone', async () => {
  const repo = new Repository();
  const rule = await repo.rule(EMERGENCY);
  const { id: good } = repo.main.apply({ a: '1' }, 'good');
  repo.main.apply({ a: '2' }, 'EMERGENCY');
  repo.main.apply({ a: '3' }, 'on top');
  await turn();
  assert.equal(repo.main.head, good);
  repo.main.apply({ a: '2' }, 'EMERGENCY again');
  repo.undo();
  const { id: other } = repo.main.apply({ b: '1' }, 'other');
  await turn();
  assert.deepEqual([repo.main.head, rule.actions, rule.errors], [other, 1, []]);
});

test('the guard opens after so many in a window, says so, and closes again', async () => {
  let now = 1_000_000;
  const storage = new MemoryStorage();
  let repo = await Repository.open(storage, { log: true, now: () => now });
  const told = [];
  const options = { ...EMERGENCY, guard: { maxPerWindow: 2, windowMs: 1000 }, onGuard: ({ code }) => told.push(code) };
  let rule = await repo.rule(options);
  const { id: good } = repo.main.apply({ a: '1' }, 'good');
  // The same tree again and again.
  for (let round = 0; round < 2; round++) {
    repo.main.apply({ a: '2' }, 'EMERGENCY');
    await turn();
    assert.equal(repo.main.head, good);
  }
  assert.equal(rule.isGuarded, true);
  const { id: third } = repo.main.apply({ a: '2' }, 'EMERGENCY third');
  await turn();
  assert.deepEqual([repo.main.head, rule.actions, told, rule.errors.map(({ code }) => code)], [third, 2, ['Rejected'], ['Rejected']]);
  await repo.flush();
  repo[Symbol.dispose]();
  // The log remembers what it did.
  repo = await Repository.open(storage, { now: () => now });
  rule = await repo.rule(options);
  assert.equal(rule.isGuarded, true);
  now += 1001;
  assert.equal(rule.isGuarded, false);
  repo.main.apply({ a: '4' }, 'EMERGENCY fourth');
  await turn();
  assert.equal(repo.main.head, third);
});

test('rules never see what rules did', async () => {
  const repo = new Repository();
  repo.main.apply({ a: '1' }, 'one');
  repo.tag('stable');
  repo.main.apply({ a: '2' }, 'two');
  // Two rules that would send main back and forth.
  const one = await repo.rule({ name: 'one', filter: {}, action: { rollbackTo: 'stable' }, guard: { maxPerWindow: 100 } });
  const two = await repo.rule({ name: 'two', filter: { kinds: ['rollback', 'commit'] }, guard: { maxPerWindow: 100 } });
  repo.main.apply({ a: '3' }, 'three');
  for (let round = 0; round < 5; round++) await turn();
  assert.deepEqual([one.actions, two.actions], [1, 0]);
  assert.equal(repo.main.head, repo.resolve('stable'));
});

test('a rule that cannot act says why', async () => {
  const repo = new Repository();
  const rule = await repo.rule(EMERGENCY);
  repo.main.apply({ a: '1' }, 'EMERGENCY from the start');
  await turn();
  assert.deepEqual(rule.errors.map(({ code }) => code), ['NotFound']);
  await assert.rejects(repo.rule({ name: 'a b', filter: {} }), { code: 'InvalidName' });
  await assert.rejects(repo.rule({ name: 'a', filter: {}, guard: { maxPerWindow: 0 } }), { code: 'InvalidArgument' });
});

test('a conflict that is recorded is an event', async () => {
  const repo = new Repository();
  repo.main.apply({ a: '1\n' }, 'one');
  repo.createReality('b').apply({ a: '2\n' }, 'two');
  repo.main.apply({ a: '3\n' }, 'three');
  const seen = [];
  repo.watch({ kinds: ['conflict'] }, ({ reality, message, commit, before }) => seen.push([reality, message, commit.id === before]));
  repo.merge('b', 'main', { conflicts: 'record' });
  await turn();
  assert.deepEqual(seen, [['main', 'conflict in main: 1 paths are open', true]]);
  const { head } = repo.main;
  repo.undo();
  assert.notEqual(repo.main.head, head);
});

test('a conflict says what the merge staged, also when it was resolved since', async () => {
  const repo = new Repository();
  repo.main.apply({ a: 'base\n', gone: '1', same: '1' });
  repo.createReality('b').apply({ a: 'theirs\n', new: '2', gone: null });
  repo.main.apply({ a: 'ours\n' });
  const [all, some, none] = [[], [], []];
  repo.watch({ kinds: ['conflict'] }, (event) => void all.push(event));
  repo.watch({ kinds: ['conflict'], paths: 'new' }, (event) => void some.push(event));
  repo.watch({ kinds: ['conflict'], paths: 'same' }, (event) => void none.push(event));
  repo.merge('b', 'main', { conflicts: 'record' });
  const staged = repo.main.status();
  repo.main.resolve('a', 'both\n');
  repo.main.commit('merged');
  await turn();
  const [event] = all;
  assert.deepEqual([all.length, some.length, none.length], [1, 1, 0]);
  assert.deepEqual(event.changes(), staged);
  assert.deepEqual(staged.map(({ kind, path }) => `${kind} ${path}`), ['modified a', 'removed gone', 'added new']);
  assert.deepEqual([event.changes('a').length, event.matches('new'), event.matches('same')], [1, true, false]);
});

test('what outlives the program needs a storage, a name, and one at a time', async () => {
  const repo = new Repository();
  assert.equal(codeOf(() => repo.watch({}, () => {}, { durable: 'a' })), 'Rejected');
  await assert.rejects(repo.effect('a', '*', () => {}), { code: 'Rejected' });
  const stored = await Repository.open(new MemoryStorage());
  assert.equal(codeOf(() => stored.watch({}, () => {}, { durable: 'a/b' })), 'InvalidName');
  stored.watch({}, () => {}, { durable: 'a' });
  assert.equal(codeOf(() => stored.watch({}, () => {}, { durable: 'a' })), 'AlreadyExists');
  await stored.effect('a', '*', () => {});
  await assert.rejects(stored.effect('a', '*', () => {}), { code: 'AlreadyExists' });
});

test('a durable subscription goes on after its last kept cursor, with what it gave up', async () => {
  const storage = new MemoryStorage();
  const seen = [];
  const begin = (repo, fails) => repo.watch({}, ({ message }) => {
    if (fails && message.trim() === '2') throw new Error('no');
    seen.push(message.trim());
  }, { durable: 'names', retries: 0, after: '0' });
  let repo = await Repository.open(storage);
  begin(repo, true);
  for (const message of ['1', '2', '3']) repo.main.apply({ a: message }, message);
  await turn();
  await repo.flush();
  repo.main.apply({ a: '4' }, '4');
  await turn();
  // Not flushed: it never was.
  repo[Symbol.dispose]();
  repo = await Repository.open(storage);
  const again = begin(repo, false);
  assert.deepEqual(again.errors.map(({ details }) => details.attempts), [1]);
  repo.main.apply({ a: '5' }, '5');
  await turn();
  assert.deepEqual(seen, ['1', '3', '4', '5']);
});

test('a position that the log dropped is refused, and a reader that was overtaken is told', async () => {
  const repo = new Repository({ limits: { maxOperations: 16 } });
  let cursor;
  repo.watch({}, (event) => { cursor ??= event.cursor; });
  repo.main.apply({ a: '0' }, '0');
  await turn();
  const slow = repo.watch({}, () => {}, { after: '0' });
  for (let number = 1; number < 100; number++) repo.main.apply({ a: `${number}` }, `${number}`);
  assert.ok([...repo.operations()].length <= 16);
  await turn();
  const [failure] = slow.errors;
  assert.equal(failure.code, 'NotFound');
  assert.equal(slow.delivered + failure.details.first, 100);
  assert.equal(codeOf(() => repo.watch({}, () => {}, { after: cursor })), 'NotFound');
  assert.equal(codeOf(() => repo.atOperation(1)), 'NotFound');
  for (let times = 0; times < 20; times++) repo.undo();
  assert.equal(codeOf(() => repo.watch({}, () => {}, { after: '0' })), undefined);
});

test('killed anywhere, each event has its effect, and what was kept as done has it no more', async () => {
  let again = 0;
  let deaths = 0;
  for (let seed = 1; seed <= 120; seed++) {
    const random = choices(seed);
    const storage = new MemoryStorage();
    // What happened outside: it outlives all programs.
    const outside = [];
    const flushed = [];
    for (let life = 0; life < 8; life++) {
      const isLast = life === 7;
      let left = isLast ? Infinity : random.below(40);
      let isDead = false;
      const dies = () => {
        if (isDead || left-- <= 0) {
          isDead = true;
          throw new Error('killed');
        }
      };
      storage.step = dies;
      const repo = await Repository.open(storage, { log: true });
      try {
        const effect = await repo.effect('mail', '*', (event, context) => {
          dies();
          outside.push({ key: context.key, again: context.again, message: event.message.trim() });
          dies();
        }, { after: '0', retries: 0 });
        for (let number = 0; number < 3; number++) {
          const message = `${life}.${number}`;
          repo.main.apply({ a: message }, message);
          if (random.chance(50)) {
            await repo.flush();
            for (let before = 0; before <= number; before++) if (!flushed.includes(`${life}.${before}`)) flushed.push(`${life}.${before}`);
          }
          if (random.chance(50)) await turn();
        }
        for (let wait = 0; wait < 30 && effect.behind > 0 && !isDead; wait++) await turn();
        if (isLast) {
          assert.equal(effect.behind, 0);
          assert.deepEqual(effect.errors, []);
        }
      } catch (error) {
        assert.match(error.message, /killed|storage|Stale|moved/);
      }
      deaths += isDead ? 1 : 0;
      await turn();
      storage.step = () => { throw new Error('killed'); };
      repo[Symbol.dispose]();
      await turn();
    }
    for (const message of flushed) assert.ok(outside.some((one) => one.message === message), `seed ${seed}: ${message} is lost`);
    // One key is one event; only the one that was at work comes again, at once after itself.
    const messages = new Map();
    outside.forEach(({ key, message }, at) => {
      assert.equal(messages.get(key) ?? message, message);
      if (messages.has(key)) {
        assert.equal(outside[at - 1].key, key, `seed ${seed}`);
        again++;
      }
      messages.set(key, message);
    });
  }
  assert.ok(again > 20 && deaths > 300, `${again} of ${deaths}`);
});
