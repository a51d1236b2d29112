// Bisect and describe through the API, beside git on the same history.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { gitDirectory, Repository } from 'govc';

import { commit, git, gitFails, temporaryFolder } from '../../tests/npm/repository.mjs';
import { codeOf } from './code.mjs';

const COMMITS = 40;
const CULPRIT = 23;

/** A line of commits of which one breaks something. */
function broken() {
  const repo = new Repository({ now: () => 1_700_000_000_000 });
  for (let at = 1; at <= COMMITS; at++) repo.main.apply({ n: `${at}\n`, [at % 2 ? 'odd' : 'even']: `${at}\n`, works: at < CULPRIT ? 'yes' : 'no' }, `change ${at}`);
  return repo;
}

test('a search finds the culprit in as few tests as its logarithm', async () => {
  const repo = broken();
  const [first] = [...repo.log({ order: 'topological' })].slice(-1);
  const told = [];
  const { culprit, candidates, steps } = await repo.bisect({
    good: first,
    test: (state) => state.readText('works') === 'yes' ? 'good' : 'bad',
    onProgress: ({ phase, done, total }) => told.push([phase, done, total]),
  });
  assert.equal(culprit.message, `change ${CULPRIT}`);
  assert.deepEqual(candidates.map(({ id }) => id), [culprit.id]);
  assert.ok(steps.length <= 6, `${steps.length} tests of ${COMMITS} commits`);
  assert.deepEqual(told.at(-1), ['bisect', steps.length, steps.length]);
});

test('a throw is bad, nothing said is good, and what was thrown is kept', async () => {
  const repo = broken();
  const { culprit, steps } = await repo.bisect({
    good: `main~${COMMITS - 1}`, bad: 'main',
    test: async (state) => assert.equal(state.readText('works'), 'yes'),
  });
  assert.equal(culprit.message, `change ${CULPRIT}`);
  for (const { verdict, error } of steps) assert.equal(verdict === 'bad', error instanceof assert.AssertionError);
});

test('skipped commits leave candidates', async () => {
  const repo = broken();
  const { culprit, candidates } = await repo.bisect({
    good: `main~${COMMITS - 1}`,
    test: (state) => {
      const at = Number(state.readText('n'));
      return at >= CULPRIT - 2 && at <= CULPRIT ? 'skip' : at < CULPRIT ? 'good' : 'bad';
    },
  });
  assert.equal(culprit, undefined);
  assert.deepEqual(candidates.map(({ message }) => message).sort(), ['change 21', 'change 22', 'change 23', 'change 24']);
});

test('only commits that changed the paths are tested', async () => {
  const repo = broken();
  const { culprit, steps } = await repo.bisect({
    good: `main~${COMMITS - 1}`, paths: ['even'],
    test: (state) => Number(state.readText('even')) < CULPRIT ? 'good' : 'bad',
  });
  assert.equal(culprit.message, 'change 24');
  assert.ok(steps.every(({ commit }) => Number(commit.message.slice(7)) % 2 === 0));
});

test('step by step, a search asks for what git bisect asks for', async () => {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  for (let at = 1; at <= 12; at++) await commit(folder, 'n', `${at}\n`);
  await git(folder, 'switch', '--quiet', '--create', 'side', 'main~6');
  for (let at = 1; at <= 5; at++) await commit(folder, 'side', `${at}\n`);
  await git(folder, 'switch', '--quiet', 'main');
  await git(folder, 'merge', '--quiet', '--no-edit', 'side');
  const repo = await Repository.open(gitDirectory(folder));
  const bad = ['main', 'main^2~1', 'main~4'].map((revision) => repo.resolve(revision));
  const search = repo.bisector({ good: 'main~12' });
  await git(folder, 'bisect', 'start', '--no-checkout', 'main', 'main~12');
  for (let commit = search.next(); commit !== undefined; commit = search.next()) {
    assert.equal(commit.id, await git(folder, 'rev-parse', 'BISECT_HEAD'));
    const verdict = bad.includes(commit.id) ? 'bad' : 'good';
    await git(folder, 'bisect', verdict);
    search.mark(verdict);
  }
  assert.match(await git(folder, 'bisect', 'log'), new RegExp(`first bad commit: \\[${search.result.culprit.id}\\]`));
  assert.ok(search.result.steps.length > 1);
  assert.equal(codeOf(() => search.mark('good')), 'InvalidArgument');
});

test('what cannot be searched is refused, and a search stops on request', async () => {
  const repo = broken();
  const options = { good: 'main~9', test: () => 'good' };
  await assert.rejects(repo.bisect({ ...options, good: 'main', bad: 'main~9' }), { code: 'InvalidArgument', message: /swap good and bad/ });
  await assert.rejects(repo.bisect({ ...options, good: 'main' }), { code: 'InvalidArgument', message: /good, bad and paths/ });
  await assert.rejects(repo.bisect({ ...options, good: [] }), { code: 'InvalidArgument' });
  await assert.rejects(repo.bisect({ ...options, test: () => 'fine' }), { code: 'InvalidArgument', message: /verdict/ });
  await assert.rejects(repo.bisect({ ...options, good: 'nowhere' }), { code: 'NotFound' });
  const stop = new AbortController();
  const test = () => {
    stop.abort();
    throw new Error('stopped');
  };
  await assert.rejects(repo.bisect({ ...options, test, signal: stop.signal }), { code: 'Aborted' });
});

test('descriptions are those of git describe', async () => {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  for (let at = 1; at <= 6; at++) await commit(folder, 'n', `${at}\n`);
  await git(folder, 'tag', '--annotate', '--message', 'x', 'v1', 'main~4');
  await git(folder, 'tag', 'rc/light', 'main~2');
  const repo = await Repository.open(gitDirectory(folder));
  const cases = [
    [{}], [{ tags: true }, '--tags'], [{ abbrev: 12 }, '--abbrev=12'], [{ abbrev: 0 }, '--abbrev=0'], [{ tags: true, match: 'rc*' }, '--tags', '--match=rc*'],
    [{ tags: true, exclude: ['rc/*'] }, '--tags', '--exclude=rc/*'], [{ always: true, match: 'z' }, '--always', '--match=z'], [{ firstParent: true }, '--first-parent'],
  ];
  for (const [options, ...args] of cases) assert.equal(repo.describe('main', options), await git(folder, 'describe', ...args));
  assert.equal(repo.describe(), await git(folder, 'describe'));
  assert.equal(repo.describe('v1', { long: true }), await git(folder, 'describe', '--long', 'v1'));
  assert.equal(repo.describe('v1', { exactMatch: true }), 'v1');
  await gitFails(folder, 'describe', '--exact-match');
  assert.equal(codeOf(() => repo.describe('main', { exactMatch: true })), 'NotFound');
  assert.equal(codeOf(() => repo.describe('main~5')), 'NotFound');
  assert.equal(codeOf(() => repo.describe('main', { long: true, abbrev: 0 })), 'InvalidArgument');
  assert.equal(codeOf(() => repo.describe('main', { abbrev: 41 })), 'InvalidArgument');
});
