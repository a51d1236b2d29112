// The playground's scenarios, played to their ends with the package: what came out of each, and that it comes out again.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';

import { Player } from '../../dashboard/worker/player.js';
import { Repository } from './installed.mjs';

const folder = new URL('../../dashboard/worker/scenarios/', import.meta.url);
const names = (await readdir(folder)).map((file) => file.replace('.js', ''));

/** Plays a whole scenario; what each step answered, and what the repository became. */
async function played(name) {
  const { default: steps } = await import(new URL(`${name}.js`, folder));
  const player = new Player(Repository, steps);
  const told = [];
  for (let step = 1; step <= steps.length; step++) told.push(await player.to(step));
  return { player, told, ...player.stage };
}

const texts = ({ printed }) => printed.filter(({ kind }) => kind === 'line').map(({ text }) => text).join('\n');
const json = (state, path) => JSON.parse(state.readText(path));
const main = (repo) => [repo.main.name, repo.main.head, repo.listRealities().map(({ name, head }) => [name, head])];

for (const name of names) {
  test(`${name}: every step shows the calls that it made, and plays again to the same commits`, async () => {
    const source = await readFile(new URL(`${name}.js`, folder), 'utf8');
    const { player, repo, told } = await played(name);
    for (const { title, text, code, show, printed } of told) {
      assert.ok(title && text.length > 40 && printed.length > 0, title);
      assert.match(show, /^#(playground|realities|compare|timeline|activity)\b[\w?=&:./-]*$/);
      for (const line of code.split('\n')) assert.ok(source.includes(line), line);
    }
    const end = main(repo);
    const half = Math.ceil(told.length / 2);
    assert.equal((await player.to(half)).code, told[half - 1].code);
    await player.to(told.length);
    assert.deepEqual(main(player.stage.repo), end);
    await assert.rejects(player.to(told.length + 1), /there is no step/);
  });

  test(`${name}: what is handed over is the repository, with its log of operations`, async () => {
    const { repo, storage, told: { length }, player } = await played(name);
    const { packs, refs } = await player.to(length);
    assert.ok(packs.length > 0 && refs.length > 0 && storage !== player.stage.storage);
    const load = async (sink) => {
      for (const pack of packs) sink.pack(pack);
      for (const [ref, target] of refs) sink.ref(ref, target);
    };
    const copy = await Repository.open({ load, append: async () => {}, close: async () => {} });
    assert.deepEqual(main(copy), main(player.stage.repo));
    const log = (of) => [...of.operations()].map(({ kind, description }) => `${kind} ${description}`);
    assert.deepEqual(log(copy), log(player.stage.repo));
    assert.equal((await copy.verify()).problems.length, 0);
    repo[Symbol.dispose]();
  });
}

test('cdn: two regions share a winner, the third keeps its own', async () => {
  const { repo, made, told } = await played('cdn');
  assert.deepEqual(made.best, { 'us-east': 'ttl-1h-edge-800', 'eu-west': 'ttl-1h-edge-800', 'ap-south': 'ttl-1h-tiered' });
  for (const { kind, rows } of told[2].printed) {
    assert.equal(kind, 'ranking');
    assert.equal(rows.length, 11);
    const [, score, difference, low, high, verdict, error, isWinner] = rows[1];
    assert.ok(isWinner && verdict === 'better' && error === '' && low < difference && difference < high && high < 0 && score > 0);
  }
  const [us, eu, ap] = ['us-east', 'eu-west', 'ap-south'].map((region) => json(repo.main, `cdn/${region}.json`));
  assert.deepEqual(us, { ttl: 3600, edge: 800, tiered: false });
  assert.deepEqual(eu, us);
  assert.deepEqual(ap, { ...us, tiered: true });
  assert.equal(repo.listRealities('ttl-*').length + repo.listRealities('edge-*').length + repo.listRealities('tiered').length, 10);
});

test('cdn: its test is a file that the playground can run', async () => {
  const { repo } = await played('cdn');
  const text = repo.main.readText('tests/traffic.js');
  const { default: traffic, better } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  assert.equal(better, 'lower');
  assert.ok(traffic(repo.main) < traffic(repo.reality('ttl-1m')));
});

test('schema: the validator refuses both, the broken rows and the clean merge that is wrong', async () => {
  const { repo, told } = await played('schema');
  assert.match(texts(told[2]), /^ValidationFailed: data\/users\.json: user 1 has no first[^]*has not moved: true$/);
  assert.equal(told[2].printed.find(({ kind }) => kind === 'table').rows.length, 9);
  assert.match(texts(told[4]), /a clean merge\nValidationFailed: migrations: two migrations are numbered 002\n.*true$/);
  assert.deepEqual(repo.main.list('migrations/*').map((path) => path.slice(11)), ['001-users.sql', '002-add-email.sql', '003-split-name.sql']);
  assert.deepEqual(Object.keys(json(repo.main, 'schema/users.json').columns), ['id', 'first', 'last', 'email']);
  assert.equal(json(repo.main, 'data/users.json')[1].last, 'Hopper');
  assert.equal([...repo.log({ limit: 1 })][0].parents.length, 2);
});

test('ab: visitors stay where they are, the better one is promoted, a stale promotion is refused', async () => {
  const { repo, made, told } = await played('ab');
  assert.match(texts(told[1]), /^see B: 1\d{3}\n.*: 0$/);
  assert.deepEqual(told[2].printed[0].rows[1][2], '0');
  assert.equal(made.winner, 'short-form');
  assert.match(texts(told[4]), /^Stale: [^]*main is still 'main'$/);
  assert.equal(repo.main.name, 'short-form');
  assert.deepEqual([json(repo.main, 'checkout.json').fields, json(repo.main, 'theme.json').colour], [5, 'blue']);
});

test('incident: the state at 03:42, the culprit, and a revert that keeps what came later', async () => {
  const { repo, made, told } = await played('incident');
  assert.deepEqual(told[1].printed[0].rows.map(([time, , , , serves]) => [time, serves]), [['02:42', '1152'], ['03:42', '720']]);
  assert.equal(made.culprit.message.trim(), 'Same settings as in the test environment');
  assert.equal(made.culprit.author.name, 'Grace');
  assert.ok(told[3].printed[0].rows.length <= 7, 'more tests than the logarithm');
  assert.ok(told[4].printed[0].rows.some(([, text, commit]) => text.includes('connections') && made.culprit.id.startsWith(commit)));
  assert.deepEqual(json(repo.main, 'app/pool.json'), { workers: 16, timeoutMs: 2000, connections: 64 });
  assert.equal([...repo.log()].length, 50);
});

test('emergency: taken back at once, held by the guard, undone and redone', async () => {
  const { repo, made, told } = await played('emergency');
  assert.match(texts(told[2]), /^main is back at \w{10}: true\n.* took [\d,.]+ \u00b5s\n.* takes [\d,.]+ \u00b5s/);
  assert.deepEqual(texts(told[3]).split('\n').slice(0, 4).map((line) => line.slice(11)), ['taken back', 'taken back', 'stays', 'stays']);
  assert.equal(made.rule.actions, 3);
  assert.equal(json(repo.main, 'deploy/service.json').version, 4);
  assert.match(texts(told[5]), /version 5\n.*version 4$/);
});
