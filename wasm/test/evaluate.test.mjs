// Evaluation in parallel realities, assignment of keys, and main as a compare-and-set.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { GovcError, Repository } from 'govc';

import { codeOf } from './code.mjs';

function sample() {
  const repo = new Repository({ now: () => 1_700_000_000_000 });
  repo.main.apply({ 'level': '0' }, 'first');
  return repo;
}

const level = (reality) => Number(reality.readText('level'));
const names = (repo) => repo.listRealities().map(({ name }) => name);
const codeLater = (promise) => promise.then(() => undefined, (error) => {
  assert.ok(error instanceof GovcError, String(error));
  return error.code;
});

test('the best candidate wins, is merged, and leaves only its own reality', async () => {
  const repo = sample();
  const seen = [];
  const { results, baseline, winner, merged } = await repo.evaluate({
    candidates: { low: { level: '1' }, high: (reality) => reality.write('level', '7'), same: {}, gone: { level: null } },
    test: level,
    mergeInto: 'main',
    onProgress: (progress) => seen.push(progress),
  });
  assert.deepEqual(results.map(({ name, value, score }) => [name, value, score]), [['high', 7, 7], ['low', 1, 1], ['same', 0, 0], ['gone', undefined, undefined]]);
  assert.deepEqual([results[3].error.code, results[3].error.cause.code], ['Rejected', 'NotFound']);
  assert.deepEqual([baseline, winner.name, level(repo.main), merged.id], [0, 'high', 7, repo.main.head]);
  assert.deepEqual(names(repo), ['high', 'main']);
  assert.deepEqual(seen.at(-1), { phase: 'evaluate', done: 5, total: 5 });
  assert.equal(results[0].versusBaseline, undefined);
});

test('what is not better than the baseline does not win', async () => {
  const repo = sample();
  const before = repo.main.head;
  const { winner, merged } = await repo.evaluate({ candidates: { a: { level: '0' }, b: { level: '-1' } }, test: level, mergeInto: 'main' });
  assert.deepEqual([winner, merged, repo.main.head, names(repo)], [undefined, undefined, before, ['main']]);
  const lower = await repo.evaluate({ candidates: { a: { level: '0' }, b: { level: '-1' } }, test: (reality) => ({ score: level(reality) }), better: 'lower', keep: 'all' });
  assert.deepEqual([lower.winner.name, lower.baseline, names(repo)], ['b', { score: 0 }, ['a', 'b', 'main']]);
});

test('a baseline that fails loses to the first that passes', async () => {
  const repo = sample();
  const run = (reality) => { if (level(reality) < 2) throw new Error('red'); return level(reality); };
  const { winner, baseline, baselineResult, results } = await repo.evaluate({ candidates: { a: { level: '1' }, b: { level: '3' } }, test: run, samples: 3, keep: 'none' });
  assert.deepEqual([winner.name, baseline, baselineResult.error.code], ['b', undefined, 'Rejected']);
  assert.match(baselineResult.error.message, /'baseline'.*red/);
  assert.deepEqual(results.map(({ values }) => values), [[3, 3, 3], []]);
  assert.deepEqual(names(repo), ['main']);
});

test('with samples a difference beyond the noise wins and one within it does not', async () => {
  const repo = sample();
  let turn = 0;
  const noisy = (reality) => level(reality) + Math.sin(turn++ * 12.9898) * 3;
  const found = await repo.evaluate({ candidates: { better: { level: '20' }, near: { level: '0.1' }, worse: { level: '-20' } }, test: noisy, samples: 8 });
  const verdicts = Object.fromEntries(found.results.map(({ name, versusBaseline }) => [name, versusBaseline.verdict]));
  assert.deepEqual(verdicts, { better: 'better', near: 'no difference', worse: 'worse' });
  assert.deepEqual([found.winner.name, found.results.map(({ name }) => name)], ['better', ['better', 'near', 'worse']]);
  const { difference, confidence95: [low, high] } = found.results[0].versusBaseline;
  assert.ok(low < 20 && 20 < high && low < difference && difference < high);
  const none = await repo.evaluate({ candidates: { near: { level: '0.1' } }, test: noisy, samples: 8, mergeInto: 'main' });
  assert.deepEqual([none.winner, none.merged], [undefined, undefined]);
});

test('an order of values ranks by rounds won', async () => {
  const repo = sample();
  const longer = (a, b) => b.length - a.length;
  const run = (reality) => 'x'.repeat(level(reality) + 1);
  const { results, winner, baseline } = await repo.evaluate({ candidates: { a: { level: '3' }, b: { level: '0' } }, test: run, better: longer, samples: 7 });
  assert.deepEqual([winner.name, baseline], ['a', 'x']);
  assert.deepEqual(results.map(({ value, score, versusBaseline: { difference, verdict } }) => [value, score, difference, verdict]),
    [['xxxx', undefined, 1, 'better'], ['x', undefined, 0, 'no difference']]);
  for (const better of [() => NaN, () => 'x', () => { throw new Error('no'); }]) {
    assert.equal(await codeLater(repo.evaluate({ candidates: { c: {} }, test: run, better })), 'InvalidArgument');
  }
  assert.deepEqual(names(repo), ['a', 'main']);
});

test('scores that are no finite number disqualify', async () => {
  const repo = sample();
  for (const value of [NaN, Infinity, -Infinity, 'x', undefined, null, {}, { score: NaN }]) {
    const { results, winner } = await repo.evaluate({ candidates: { a: { level: '1' } }, test: (reality) => level(reality) === 1 ? value : 0, samples: 2 });
    assert.deepEqual([results[0].error.code, winner], ['InvalidArgument', undefined], String(value));
  }
});

test('a test that never ends is cut off, and what comes late does no harm', async () => {
  const repo = sample();
  const late = [];
  let reason;
  const run = async (reality, signal) => {
    if (level(reality) !== 1) return level(reality);
    signal.addEventListener('abort', () => { reason = signal.reason; });
    await new Promise((resolve) => late.push(resolve));
    reality.write('level', '99');
    return 99;
  };
  const { results, winner } = await repo.evaluate({ candidates: { hangs: { level: '1' }, fine: { level: '2' } }, test: run, timeoutMs: 20, samples: 2 });
  assert.deepEqual([results[1].name, results[1].error.code, reason.code, results[1].values], ['hangs', 'Timeout', 'Timeout', []]);
  assert.deepEqual([results[0].values, winner], [[2, 2], undefined]);
  late.forEach((resolve) => resolve());
  await new Promise(setImmediate);
  assert.deepEqual([level(repo.main), names(repo)], [0, ['main']]);
});

test('stopping rejects at once, aborts every run, and leaves nothing behind', async () => {
  const repo = sample();
  const stopper = new AbortController();
  const aborted = [];
  const run = (_, signal) => new Promise((resolve) => {
    signal.addEventListener('abort', () => aborted.push(signal.reason.code));
    if (aborted.length === 0) setTimeout(() => stopper.abort(new Error('enough')), 5);
  });
  const error = await repo.evaluate({ candidates: { a: { level: '1' }, b: { level: '2' } }, test: run, signal: stopper.signal, concurrency: 2 }).catch((thrown) => thrown);
  assert.deepEqual([error.code, error.cause.message, aborted, names(repo)], ['Aborted', 'enough', ['Aborted', 'Aborted'], ['main']]);
  assert.equal(await codeLater(repo.evaluate({ candidates: { a: {} }, test: level, signal: stopper.signal })), 'Aborted');
});

test('runs are interleaved in an order that the seed decides, and no more at a time than asked', async () => {
  const order = async (seed) => {
    const repo = sample();
    const ran = [];
    let [running, most] = [0, 0];
    await repo.evaluate({
      candidates: Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`c${at}`, { level: String(at) }])),
      test: async (reality) => {
        most = Math.max(most, ++running);
        ran.push(reality.name.replace(/^evaluation-\d+/, ''));
        await null;
        running--;
        return 0;
      },
      samples: 3, concurrency: 4, seed,
    });
    assert.equal(most, 4);
    for (let round = 0; round < 3; round++) assert.equal(new Set(ran.slice(10 * round, 10 * round + 10).map((name) => name.split('/')[1])).size, 10);
    return ran.join();
  };
  assert.equal(await order(5), await order(5));
  assert.notEqual(await order(5), await order(6));
});

test('a run sees no other run, and what it writes is not merged', async () => {
  const repo = sample();
  const run = async (reality) => {
    assert.equal(reality.has('scratch'), false);
    reality.apply({ scratch: 'mine' }, 'scratch');
    reality.write('level', '1000');
    await null;
    return level(repo.reality(reality.name)) + (reality.name.includes('/a/') ? 1 : 0);
  };
  const { winner } = await repo.evaluate({ candidates: { a: { level: '1' } }, test: run, samples: 4, concurrency: 10, mergeInto: 'main' });
  assert.deepEqual([winner.name, repo.main.list(), level(repo.main)], ['a', ['level'], 1]);
});

test('a target that moved meanwhile is stale, and nothing is lost', async () => {
  const repo = sample();
  const run = (reality) => {
    if (level(repo.main) === 0) repo.main.apply({ level: '5' }, 'meanwhile');
    return level(reality);
  };
  const error = await repo.evaluate({ candidates: { a: { level: '9' } }, test: run, mergeInto: 'main', keep: 'none' }).catch((thrown) => thrown);
  assert.deepEqual([error.code, error.details.evaluation.winner.name, level(repo.main), names(repo)], ['Stale', 'a', 5, ['a', 'main']]);
  const conflict = await repo.evaluate({ from: 'main~1', candidates: { b: { level: '9' } }, test: level, mergeInto: 'main' }).catch((thrown) => thrown);
  assert.deepEqual([conflict.code, conflict.details.evaluation.winner.name, level(repo.main)], ['Conflict', 'b', 5]);
});

test('what makes no sense is refused before anything is made', async () => {
  const repo = sample();
  const candidates = { a: { level: '1' } };
  const wrong = [
    { candidates: {} }, { test: 1 }, { samples: 0 }, { samples: 1.5 }, { samples: 1e9 }, { concurrency: 0 }, { timeoutMs: 0 }, { timeoutMs: NaN },
    { better: 'best' }, { keep: 'some' }, { seed: 0.5 },
  ];
  for (const part of wrong) assert.equal(await codeLater(repo.evaluate({ candidates, test: level, ...part })), 'InvalidArgument', JSON.stringify(part));
  assert.equal(await codeLater(repo.evaluate({ candidates, test: level, mergeInto: 'nowhere' })), 'NotFound');
  assert.equal(await codeLater(repo.evaluate({ candidates, test: level, from: 'nowhere' })), 'NotFound');
  assert.equal(await codeLater(repo.evaluate({ candidates: { main: {} }, test: level })), 'AlreadyExists');
  assert.equal(await codeLater(repo.evaluate({ candidates: { 'a b': {} }, test: level })), 'InvalidName');
  assert.equal(await codeLater(new Repository().evaluate({ candidates, test: level })), 'NotFound');
  assert.deepEqual(names(repo), ['main']);
});

test('keys are assigned by weight, and stay', () => {
  const repo = sample();
  repo.realities(['a', 'b', 'line']);
  const count = (weights) => {
    const counts = {};
    for (let at = 0; at < 3000; at++) {
      const { name } = repo.assign(`user-${at}`, weights);
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  };
  const { main, a } = count({ main: 90, a: 10 });
  assert.ok(main > 2600 && a > 230 && main + a === 3000, `${main} ${a}`);
  assert.deepEqual(count({ main: 0, b: 0.1 }), { b: 3000 });
  // Fixed for good: other nodes and later versions must agree.
  const fixed = ['x', 'y', 'z', 'caf\u00e9', ''].map((key) => repo.assign(key, { main: 1, a: 1, b: 1 }, 'salt').name);
  assert.deepEqual(fixed, ['main', 'b', 'b', 'main', 'a']);
  for (const weight of [NaN, Infinity, -1]) assert.equal(codeOf(() => repo.assign('k', { main: 1, a: weight })), 'InvalidArgument');
  assert.equal(codeOf(() => repo.assign('k', {})), 'InvalidArgument');
  assert.equal(codeOf(() => repo.assign('k', { main: 0 })), 'InvalidArgument');
  assert.equal(codeOf(() => repo.assign('k', { main: 1, nowhere: 1 })), 'NotFound');
});

test('main is set where it is what was expected', () => {
  const repo = sample();
  const next = repo.createReality('next');
  repo.setMain(next, { expected: 'main' });
  assert.equal(codeOf(() => repo.setMain('main', { expected: 'main' })), 'Stale');
  const head = next.head;
  next.apply({ level: '1' });
  assert.equal(codeOf(() => repo.setMain('main', { expected: head })), 'Stale');
  assert.equal(repo.main.name, 'next');
  repo.setMain('main', { expected: next.head });
  repo.setMain(next, { expected: repo.main });
  assert.equal(repo.main.name, 'next');
});
