// Picks, reverts and rebases whose conflicts are recorded, resolved and continued, beside git.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { gitDirectory, Repository } from 'govc';

import { commit, git, temporaryFolder } from '../../tests/npm/repository.mjs';
import { codeOf } from './code.mjs';

const FORMAT = '--format=%T %an %ae %at %B';
const lines = (...changes) => Array.from({ length: 20 }, (_, at) => `${changes.find(([line]) => line === at)?.[1] ?? at}\n`).join('');
const record = { conflicts: 'record' };

/** main and side both changed line 3, and each something else. */
async function diverged() {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  await commit(folder, 'a', lines());
  await git(folder, 'switch', '--quiet', '--create', 'side');
  await commit(folder, 'b', 'side\n', 'a file');
  await commit(folder, 'a', lines([3, 'side']), 'change three\n\nWith a body.');
  await commit(folder, 'a', lines([3, 'side'], [15, 'fifteen']), 'and fifteen');
  await commit(folder, 'a', lines([3, 'side again'], [15, 'fifteen']), 'three again');
  await git(folder, 'switch', '--quiet', 'main');
  await commit(folder, 'a', lines([3, 'main']), 'main has three');
  return { folder, repo: await Repository.open(gitDirectory(folder)) };
}

async function resolvedByGit(folder, command, text) {
  await writeFile(join(folder, 'a'), text);
  await git(folder, 'add', 'a');
  return git(folder, '-c', 'core.editor=true', command, '--continue').then(() => true, () => false);
}

test('a recorded cherry-pick is committed as git continues it', async () => {
  const { folder, repo } = await diverged();
  const { main } = repo;
  assert.equal(codeOf(() => main.cherryPick('side~2')), 'Conflict');
  assert.equal(main.cherryPick('side~2', record), undefined);
  assert.deepEqual(main.conflicts().map(({ path }) => path), ['a']);
  assert.match(main.readText('a'), /^<<<<<<< main\nmain\n=======\nside\n>>>>>>> [0-9a-f]{7} \(change three\)$/m);
  assert.equal(codeOf(() => main.commit('')), 'Conflict');
  assert.equal(codeOf(() => main.cherryPick('side')), 'Rejected');
  main.resolve('a', lines([3, 'both']));
  const picked = main.commit('');
  await git(folder, 'cherry-pick', 'side~2').catch(() => {});
  assert.ok(await resolvedByGit(folder, 'cherry-pick', lines([3, 'both'])));
  await repo.flush().catch(() => {});
  const theirs = (await git(folder, 'log', '-1', FORMAT, 'HEAD')).trim();
  const { author } = picked;
  assert.equal(`${picked.tree} ${author.name} ${author.email} ${author.time / 1000} ${picked.message}`, theirs);
  assert.equal(repo.undo().kind, 'cherry-pick');
});

test('a recorded revert is committed with the message of git, or given up', async () => {
  const { repo } = await diverged();
  const side = repo.reality('side');
  const head = side.head;
  assert.equal(side.revert('side~2', record), undefined);
  side.discard();
  assert.deepEqual([side.head, side.status(), side.conflicts()], [head, [], []]);
  side.revert('side~2', record);
  side.resolve('a', lines([15, 'fifteen']));
  const reverted = side.commit('');
  assert.equal(reverted.message, `Revert "change three"\n\nThis reverts commit ${repo.resolve('side~3')}.`);
  assert.deepEqual(reverted.parents, [head]);
  assert.equal(repo.undo().kind, 'revert');
});

test('a rebase stops where git stops, and ends where git ends', async () => {
  const { folder, repo } = await diverged();
  const side = repo.reality('side');
  const head = side.head;
  assert.equal(codeOf(() => side.rebase('main')), 'Conflict');
  assert.equal(codeOf(() => side.rebaseContinue()), 'InvalidArgument');
  const texts = [lines([3, 'both']), lines([3, 'both again'], [15, 'fifteen'])];
  let stops = 0;
  for (let done = side.rebase('main', record); done === undefined; done = side.rebaseContinue()) {
    assert.equal(side.head, head);
    assert.equal(codeOf(() => side.rebaseContinue()), 'Conflict');
    for (const { path } of side.conflicts()) side.resolve(path, texts[stops]);
    assert.equal(codeOf(() => side.commit('no')), 'Rejected');
    stops += 1;
  }
  const ours = [...side.log({ not: ['main'] })].map(({ tree, author, message }) => `${tree} ${author.name} ${author.email} ${author.time / 1000} ${message}`);
  assert.equal(repo.undo().kind, 'rebase');
  assert.equal(side.head, head);
  await git(folder, 'switch', '--quiet', 'side');
  let [ended, theirStops] = [await git(folder, 'rebase', '--quiet', 'main').then(() => true, () => false), 0];
  while (!ended) ended = await resolvedByGit(folder, 'rebase', texts[theirStops++]);
  assert.equal(stops, theirStops);
  const theirs = (await git(folder, 'log', `${FORMAT}%x00`, 'main..side')).split('\0').map((text) => text.trim()).filter((text) => text !== '');
  assert.deepEqual(ours, theirs);
});

test('a stopped rebase is given up, or goes on without a commit of which nothing is left', async () => {
  const { repo } = await diverged();
  const side = repo.reality('side');
  const head = side.head;
  side.rebase('main', record);
  side.discard();
  assert.deepEqual([side.head, side.status(), side.conflicts()], [head, [], []]);
  // What takes our side makes the commit empty: it is left out, as git does.
  const ours = (text) => text.replace(/<<<<<<<.*\n([^]*?)=======\n[^]*?>>>>>>>.*\n/, '$1');
  for (let done = side.rebase('main', record); done === undefined; done = side.rebaseContinue()) side.resolve('a', ours(side.readText('a')));
  assert.ok([...side.log({ not: ['main'] })].every(({ message }) => !message.includes('three')));
});
