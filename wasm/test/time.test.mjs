// Blame and moments through the API; `tests/git/blame.rs` and `tests/engine/moments.rs` hold them to git and to a model.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { gitDirectory, Repository } from 'govc';

import { git, gitWith, temporaryFolder } from '../../tests/npm/repository.mjs';
import { codeOf } from './code.mjs';

test('each line has its commit, through a rename and a merge', async () => {
  const repo = new Repository();
  const one = repo.main.apply({ 'old name': 'a\nb\nc\nd\ne\nf' }, 'one');
  const side = repo.createReality('side');
  const two = side.apply({ 'old name': 'a\nB\nc\nd\ne\nf' }, 'two');
  const move = repo.main.begin();
  move.move('old name', 'd/new').add('d/new', 'a\nb\nc\nd\ne\nF\r\n');
  const three = move.commit('three');
  repo.merge('side', 'main');
  const expected = [
    { line: 1, text: 'a', commit: one.id, path: 'old name', originLine: 1 },
    { line: 2, text: 'B', commit: two.id, path: 'old name', originLine: 2 },
    { line: 3, text: 'c', commit: one.id, path: 'old name', originLine: 3 },
    { line: 4, text: 'd', commit: one.id, path: 'old name', originLine: 4 },
    { line: 5, text: 'e', commit: one.id, path: 'old name', originLine: 5 },
    { line: 6, text: 'F\r', commit: three.id, path: 'd/new', originLine: 6 },
  ];
  const snapshot = repo.main.snapshot();
  assert.deepEqual(snapshot.blame('d/new'), expected);
  const phases = new Set();
  assert.deepEqual(await snapshot.blameInSlices('d/new', { onProgress: ({ phase, done, total }) => phases.add(`${phase} ${done <= total}`) }), expected);
  assert.deepEqual([...phases], ['blame true']);
  await assert.rejects(snapshot.blameInSlices('d/new', { signal: AbortSignal.abort() }), { code: 'Aborted' });
  assert.deepEqual(repo.at('main~1').blame('d/new').map(({ commit }) => commit), [one.id, one.id, one.id, one.id, one.id, three.id]);
  for (const path of ['none', 'd', 'old name']) assert.equal(codeOf(() => snapshot.blame(path)), 'NotFound', path);
  assert.equal(codeOf(() => repo.at('main^{tree}').blame('d/new')), 'NotFound');
  repo.main.write('d/new', 'staged');
  let code;
  repo.main.validate([(staged) => { code = codeOf(() => staged.blame('d/new')); }]);
  assert.equal(code, 'InvalidArgument');
  repo.main.apply({ empty: '' }, 'empty');
  assert.deepEqual(repo.main.snapshot().blame('empty'), []);
});

test('the newest commit that changed a path', () => {
  const repo = new Repository();
  const first = repo.main.apply({ a: '1', 'd/b': '1' }, 'first');
  const second = repo.main.apply({ a: '2' }, 'second');
  const snapshot = repo.main.snapshot();
  assert.deepEqual([snapshot.lastCommit().id, snapshot.lastCommit('a').id, snapshot.lastCommit('d').id], [second.id, second.id, first.id]);
  assert.equal(repo.at(first).lastCommit('a').id, first.id);
  assert.equal(codeOf(() => snapshot.lastCommit('none')), 'NotFound');
});

test('a moment of the log shows what the repository showed', () => {
  let clock = 0;
  const repo = new Repository({ now: () => clock });
  const moments = [];
  const step = (time, work) => {
    clock = time;
    work();
    moments.push([time, repo.main.readText('a')]);
  };
  step(10_000, () => repo.main.apply({ a: 'one' }, 'one'));
  step(20_000, () => repo.main.apply({ a: 'two' }, 'two'));
  step(30_000, () => repo.undo());
  step(40_000, () => { repo.createReality('other').apply({ a: 'three' }, 'three'); });
  step(50_000, () => repo.setMain('other'));
  for (const [time, text] of moments) {
    for (const late of [0, 1, 9_999]) assert.equal(repo.at(new Date(time + late)).readText('a'), text, `${time}`);
  }
  assert.equal(repo.at(new Date(50_000), 'main').readText('a'), 'one');
  assert.equal(repo.at(new Date(20_000), 'main').commit.message, 'two');
  repo.setMain('main');
  repo.deleteReality('other');
  clock = 60_000;
  assert.equal(repo.at(new Date(45_000), 'other').readText('a'), 'three');
  for (const [when, name] of [[new Date(9_999)], [new Date(-1)], [new Date(20_000), 'other'], [new Date(50_000), 'none']]) {
    assert.equal(codeOf(() => repo.at(when, name)), 'NotFound', `${when} ${name}`);
  }
  assert.equal(codeOf(() => repo.at(new Date('x'))), 'InvalidArgument');
});

test('before the log, the dates of commits decide', async () => {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  const stream = [1, 2, 3].map((day) => `commit refs/heads/main\ncommitter A <a@b> ${1_577_836_800 + day * 86_400} +0000\ndata 2\n0${day}\n`);
  await gitWith(folder, stream.join(''), 'fast-import', '--quiet');
  const repo = await Repository.open(gitDirectory(folder));
  const dates = [...repo.log()].map(({ committer }) => new Date(committer.time));
  for (const date of dates) {
    const expected = await git(folder, 'rev-list', '-1', '--first-parent', `--before=${date.toISOString()}`, 'main');
    assert.equal(repo.at(date).commit.id, expected);
  }
  repo.main.apply({ a: 'new' }, 'new');
  assert.equal(repo.at(dates[1]).commit.id, await git(folder, 'rev-list', '-1', `--before=${dates[1].toISOString()}`, 'main'));
  assert.equal(repo.at(new Date()).readText('a'), 'new');
  assert.equal(codeOf(() => repo.at(new Date('2000-01-01'))), 'NotFound');
});
