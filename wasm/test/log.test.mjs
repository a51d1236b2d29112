// The kept log: a repository that is opened again and again beside one that never ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Repository } from 'govc';

import { codeOf } from './code.mjs';
import { choices } from './choices.mjs';
import { MemoryStorage } from './memory-storage.mjs';

/** Does one thing; what is refused is refused. */
function act(repo, { below, pick, chance }) {
  const name = pick(['main', 'a', 'b', 'deep/c']);
  const other = pick(['main', 'a', 'b', 'main~1', 'a~2']);
  try {
    switch (below(12)) {
      case 0: return repo.createReality(name, other);
      case 1: return repo.deleteReality(name);
      case 2: return repo.reality(name).rollback(other);
      case 3: return repo.undo();
      case 4: return repo.undo() && chance(50) && repo.redo();
      case 5: return repo.redo();
      case 6: return repo.tag(`t${below(1000)}`, other, chance(50) ? 'a tag\nof two lines' : undefined);
      case 7: return repo.setMain(name);
      case 8: return repo.restore(below(20));
      case 9: return repo.merge(other, name, { conflicts: 'record' });
      default: return repo.reality(name).apply({ [pick(['x', 'y/z', 'w'])]: `${below(5)}\n` }, pick(['fix', 'two\n\nlines', '\\n "%" é']));
    }
  } catch (error) {
    assert.equal(error.name, 'GovcError', String(error));
    return undefined;
  }
}

const headsOf = (repo) => repo.listRealities().map(({ name, head }) => [name, head]);
const stateOf = (repo) => ({ operations: [...repo.operations()], heads: headsOf(repo), main: repo.main.name });

test('a repository that is opened again goes on where it was', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const storage = new MemoryStorage();
    let time = 1_600_000_000_000;
    const now = () => time;
    const maxOperations = seed % 3 === 0 ? 16 : undefined;
    const options = { author: { name: 'Ada', email: 'ada@x' }, log: true, ...(maxOperations && { limits: { maxOperations } }) };
    const whole = await Repository.open(new MemoryStorage(), { ...options, now });
    let repo = await Repository.open(storage, { ...options, now });
    const random = choices(seed);
    for (const one of [repo, whole]) one.main.apply({ first: '1' }, 'first');
    for (let step = 0; step < 60; step++) {
      time += random.below(3) * 1000;
      const choice = random.below(1 << 30);
      act(repo, choices(choice));
      act(whole, choices(choice));
      if (random.chance(30)) await repo.flush();
      if (random.chance(15)) {
        await repo.flush();
        // What is staged ends with the program.
        for (const reality of whole.listRealities()) reality.discard();
        repo[Symbol.dispose]();
        repo = await Repository.open(storage, { ...options, now });
        assert.deepEqual(stateOf(repo), stateOf(whole), `seed ${seed} step ${step}`);
        const operations = [...repo.operations()];
        for (const { id, time } of operations) {
          assert.deepEqual(repo.atOperation(id), whole.atOperation(id));
          const moment = (of) => { try { return of.at(new Date(time), 'a').id; } catch (error) { return error.code; } };
          assert.equal(moment(repo), moment(whole));
        }
        const events = async (of) => {
          const all = [];
          const stop = new AbortController();
          const end = setImmediate(() => stop.abort());
          try {
            for await (const { cursor, kind, reality, message } of of.events({ after: '0', signal: stop.signal })) all.push([cursor, kind, reality, message]);
          } catch {
            clearImmediate(end);
          }
          return all;
        };
        assert.deepEqual(await events(repo), await events(whole));
        assert.ok(maxOperations === undefined || operations.length <= maxOperations);
      }
    }
    repo[Symbol.dispose]();
    whole[Symbol.dispose]();
  }
});

test('killed between any two steps of a batch, it opens: what was flushed is there, and events say how it came', async () => {
  let inBetween = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const random = choices(seed);
    const storage = new MemoryStorage();
    let time = 1_600_000_000_000;
    const options = { log: true, now: () => time += 1000 };
    let repo = await Repository.open(storage, options);
    const kept = [];
    for (let life = 0; life < 4; life++) {
      for (let step = 0; step < 8; step++) act(repo, choices(random.below(1 << 30)));
      let left = random.below(8);
      let refs = new Map(storage.refs);
      storage.step = () => { if (left-- === 0) throw new Error('killed'); };
      const log = [...repo.operations()];
      let wasWhole = true;
      try {
        await repo.flush();
        kept.splice(0, kept.length, ...log);
      } catch (error) {
        assert.equal(error.message, 'killed');
        wasWhole = false;
        inBetween += storage.refs.size !== refs.size || [...refs].some(([name, target]) => storage.refs.get(name) !== target) ? 1 : 0;
      }
      storage.step = () => {};
      repo[Symbol.dispose]();
      repo = await Repository.open(storage, options);
      const operations = [...repo.operations()];
      // What was acknowledged stands first, and the whole tells of the refs as they are.
      assert.deepEqual(operations.slice(0, kept.length), kept);
      if (wasWhole) assert.equal(operations.length, kept.length);
      const heads = new Map([['HEAD', 'ref: refs/heads/main']]);
      for (const { refs: moves } of operations) for (const { name, before, after } of moves) {
        assert.equal(heads.get(name), before, `seed ${seed}: ${name}`);
        after === undefined ? heads.delete(name) : heads.set(name, after);
      }
      const found = new Map([...storage.refs].filter(([name]) => !name.startsWith('refs/govc/')));
      assert.deepEqual([...heads].sort(), [...found].sort(), `seed ${seed}`);
      assert.deepEqual((await repo.verify()).problems, []);
    }
    repo[Symbol.dispose]();
  }
  assert.ok(inBetween > 50, `${inBetween}`);
});

test('a log has one writer: the second is told so, and nothing of its flush is kept', async () => {
  const storage = new MemoryStorage();
  const first = await Repository.open(storage, { log: true });
  const second = await Repository.open(storage, { log: true });
  first.main.apply({ a: '1' }, 'first');
  second.createReality('x');
  second.reality('x').apply({ a: '2' }, 'second');
  await first.flush();
  await assert.rejects(second.flush(), { code: 'Stale' });
  assert.equal(storage.refs.has('refs/heads/x'), false);
  // With a log of its own it is nobody's rival.
  const third = await Repository.open(storage, { log: 'third' });
  third.createReality('y', 'main');
  await third.flush();
  first.createReality('z', 'main');
  await first.flush();
  assert.deepEqual([...storage.refs.keys()].filter((name) => name.startsWith('refs/govc/')).sort(), ['refs/govc/log/main', 'refs/govc/log/third']);
});

test('what is kept under refs/govc is nobody\'s to see or to move', async () => {
  const storage = new MemoryStorage();
  let repo = await Repository.open(storage, { log: true });
  const { id } = repo.main.apply({ a: '1' }, 'one');
  await repo.flush();
  repo[Symbol.dispose]();
  repo = await Repository.open(storage);
  assert.equal(codeOf(() => repo.resolve('refs/govc/log/main')), 'NotFound');
  const response = await repo.handler()(new Request('http://x/r/info/refs?service=git-upload-pack'));
  assert.doesNotMatch(await response.text(), /govc\/log/);
  await assert.rejects(repo.importPack(repo.exportPack(), { 'refs/govc/log/main': id }), { code: 'InvalidName' });
  assert.equal([...repo.operations()].length, 1);
  const without = await Repository.open(storage, { log: false });
  assert.equal([...without.operations()].length, 0);
});

test('a log that is broken is refused by name, and can be done without', async () => {
  const storage = new MemoryStorage();
  const repo = await Repository.open(storage, { log: true });
  const { id } = repo.main.apply({ a: '1' }, 'one');
  await repo.flush();
  const head = storage.refs.get('refs/govc/log/main');
  for (const target of [id, repo.at(id).commit.tree, '1'.repeat(40)]) {
    storage.refs.set('refs/govc/log/main', target);
    await assert.rejects(Repository.open(storage), (error) => error.code === 'CorruptObject' && error.details.ref === 'refs/govc/log/main');
    assert.equal((await Repository.open(storage, { log: false })).main.head, id);
  }
  storage.refs.set('refs/govc/log/main', head);
  assert.equal([...(await Repository.open(storage)).operations()].length, 1);
});
