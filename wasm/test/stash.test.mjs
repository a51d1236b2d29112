// Stashes beside git's own, and what undo makes of them.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { gitDirectory, Repository } from 'govc';

import { commit, git, temporaryFolder } from '../../tests/npm/repository.mjs';
import { codeOf } from './code.mjs';

const staged = (reality) => reality.status().map(({ kind, path }) => `${kind} ${path}`);
const lines = (...changes) => Array.from({ length: 20 }, (_, at) => `${changes.find(([line]) => line === at)?.[1] ?? at}\n`).join('');

function started() {
  const repo = new Repository({ now: () => 1_700_000_000_000 });
  repo.main.apply({ a: lines(), b: 'b\n', c: 'c\n' }, 'start');
  return repo;
}

test('what is staged goes, comes back, and undo takes back either', () => {
  const repo = started();
  const { main } = repo;
  main.write('a', lines([3, 'three']));
  main.remove('b');
  main.write('d/new', 'new\n', 'executable');
  const [before, head] = [staged(main), main.head];
  const stash = main.stash();
  assert.match(stash.message, /^WIP on main: [0-9a-f]{7} start$/);
  assert.deepEqual([staged(main), main.head, stash.parents[0]], [[], head, head]);
  assert.deepEqual(repo.stashes().map(({ id }) => id), [stash.id]);
  assert.equal(repo.undo().kind, 'stash');
  assert.deepEqual([staged(main), repo.stashes()], [before, []]);
  repo.redo();
  assert.deepEqual([staged(main), repo.stashes().length], [[], 1]);
  assert.deepEqual(main.unstash(0, { drop: true }), []);
  assert.deepEqual([staged(main), repo.stashes()], [before, []]);
  assert.equal(repo.undo().kind, 'unstash');
  assert.deepEqual([staged(main), repo.stashes().length], [[], 1]);
  repo.dropStash();
  assert.deepEqual(repo.stashes(), []);
  repo.undo();
  assert.equal(repo.stashes()[0].id, stash.id);
  main.unstash(stash);
  main.write('c', 'changed since\n');
  assert.equal(codeOf(() => repo.undo()), 'Rejected');
  assert.equal(main.readText('c'), 'changed since\n');
});

test('a stash is merged into what is there, in any reality', () => {
  const repo = started();
  const { main } = repo;
  main.write('a', lines([3, 'three']));
  main.stash('first');
  main.write('a', lines([3, 'drei']));
  main.stash('second');
  assert.deepEqual(repo.stashes().map(({ message }) => message), ['On main: second', 'On main: first']);
  const other = main.fork('other');
  other.apply({ a: lines([15, 'fifteen']) }, 'meanwhile');
  other.write('c', 'staged\n');
  other.unstash(1);
  assert.equal(other.readText('a'), lines([3, 'three'], [15, 'fifteen']));
  assert.equal(other.readText('c'), 'staged\n');
  const conflicting = () => other.unstash(0, { drop: true });
  assert.equal(codeOf(conflicting), 'Conflict');
  const [conflict] = other.unstash(0, { drop: true, conflicts: 'record' });
  assert.equal(conflict.path, 'a');
  assert.match(other.readText('a'), /^<<<<<<< Updated upstream\nthree\n=======\ndrei\n>>>>>>> Stashed changes$/m);
  assert.equal(repo.stashes().length, 2);
  assert.equal(codeOf(() => other.commit('too early')), 'Conflict');
  other.resolve('a', lines([3, 'both']));
  assert.equal(other.commit('both').parents.length, 1);
  assert.equal(other.readText('a'), lines([3, 'both']));
  assert.equal(codeOf(() => main.stash()), 'InvalidArgument');
  assert.equal(codeOf(() => main.unstash(7)), 'NotFound');
  assert.equal(codeOf(() => repo.dropStash(-1)), 'NotFound');
});

test('git reads our stashes, and we read those of git', async () => {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  await commit(folder, 'a', lines());
  await commit(folder, 'b', 'b\n');
  await writeFile(join(folder, 'a'), lines([5, 'of git']));
  await writeFile(join(folder, 'untracked'), 'untracked\n');
  await git(folder, 'stash', 'push', '--quiet', '--include-untracked');
  const repo = await Repository.open(gitDirectory(folder));
  const [theirs] = repo.stashes();
  assert.equal(theirs.id, await git(folder, 'rev-parse', 'stash@{0}'));
  repo.main.unstash();
  assert.deepEqual(staged(repo.main).sort(), ['added untracked', 'modified a']);
  repo.main.discard();
  repo.main.write('b', 'ours\n');
  const ours = repo.main.stash('from here');
  await repo.flush();
  assert.match(await git(folder, 'stash', 'list'), /^stash@\{0\}: .*from here\nstash@\{1\}: WIP on main/);
  await git(folder, 'stash', 'apply', '--quiet');
  assert.equal(await git(folder, 'status', '--porcelain'), ' M b');
  await git(folder, 'stash', 'show', '--patch', ours.id);
  assert.equal(await git(folder, 'rev-parse', 'stash'), ours.id);
  assert.deepEqual(repo.stashes().map(({ id }) => id), [ours.id, theirs.id]);
  assert.equal(await git(folder, 'show', '--format=%s', '--no-patch', `${ours.id}^2`), `index on main: ${(await git(folder, 'rev-parse', 'main')).slice(0, 7)} Add b`);
});

test('what comes back is what git stash apply brings back', async () => {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  await commit(folder, 'a', lines());
  let seed = 7;
  const below = (end) => (seed = (seed * 48_271) % 2_147_483_647) % end;
  for (let round = 0; round < 12; round++) {
    const change = () => lines(...Array.from({ length: 1 + below(2) }, () => [below(20), `changed ${below(3)}`]));
    const [text, meanwhile] = [change(), change()];
    await git(folder, 'checkout', '--quiet', '-B', `round${round}`, 'main');
    await writeFile(join(folder, 'a'), text);
    await git(folder, 'stash', 'push', '--quiet');
    await commit(folder, 'a', meanwhile).catch(() => {});
    const repo = await Repository.open(gitDirectory(folder));
    const reality = repo.reality(`round${round}`);
    const code = codeOf(() => reality.unstash());
    const applied = await git(folder, 'stash', 'apply', '--quiet').then(() => undefined, () => 'Conflict');
    assert.equal(code, applied, `${text}\n${meanwhile}`);
    if (code !== undefined) reality.unstash(0, { conflicts: 'record' });
    await git(folder, 'add', 'a');
    const theirs = await git(folder, 'show', ':a');
    assert.equal(reality.readText('a').trimEnd(), theirs.trimEnd());
    await git(folder, 'reset', '--quiet', '--hard');
    await git(folder, 'stash', 'drop', '--quiet');
    repo[Symbol.dispose]();
  }
});
