// Patches through the API, beside git apply.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { gitDirectory, Repository } from 'govc';

import { commit, git, temporaryFolder } from '../../tests/npm/repository.mjs';
import { codeOf } from './code.mjs';

const lines = (count, change = (line) => line) => Array.from({ length: count }, (_, at) => `${change(`line ${at}`)}\n`).join('');

test('what git diff prints is staged, and taken back', async () => {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  await commit(folder, 'd/a b', lines(30));
  await commit(folder, 'gone', 'gone\n');
  await git(folder, 'mv', 'd/a b', 'ä"');
  await git(folder, 'rm', '--quiet', 'gone');
  await commit(folder, 'ä"', lines(30, (line) => line.replace('7', 'seven')));
  await commit(folder, 'new', 'no newline at the end');
  await git(folder, 'update-index', '--chmod=+x', 'new');
  await git(folder, 'commit', '--quiet', '--amend', '--no-edit');
  const patch = `${await git(folder, 'diff', '-M', 'main~3', 'main')}\n`;
  const repo = await Repository.open(gitDirectory(folder));
  const reality = repo.createReality('work', 'main~3');
  reality.applyPatch(patch);
  assert.equal(reality.commit('patched').tree, repo.at('main').commit.tree);
  reality.applyPatch(new TextEncoder().encode(patch), { reverse: true });
  assert.equal(reality.commit('taken back').tree, repo.at('main~3').commit.tree);
  repo.undo();
  repo.undo();
  assert.equal(reality.head, repo.resolve('main~3'));
});

test('what is printed here, git applies, and the other way round', async () => {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  await commit(folder, 'a', lines(20));
  const repo = await Repository.open(gitDirectory(folder));
  const next = repo.main.fork('next');
  next.apply({ a: lines(20, (line) => line.replace(/^line 1\d$/, 'x')), 'b/c': 'c\n' }, 'change');
  const patch = repo.diff('main', next).map((file) => file.unified()).join('');
  await writeFile(join(folder, 'patch'), patch);
  await git(folder, 'apply', '--index', 'patch');
  repo.main.applyPatch(patch);
  assert.equal(repo.main.commit('patched').tree, await git(folder, 'write-tree'));
});

test('a patch lies over what is staged, and refusals leave it', () => {
  const repo = new Repository();
  repo.main.apply({ a: lines(9) }, 'start');
  repo.main.write('a', `first\n${lines(9)}`);
  repo.main.write('other', 'other\n');
  const patch = (path, from, to) => `--- a/${path}\n+++ b/${path}\n@@ -3,3 +3,3 @@\n line 2\n-${from}\n+${to}\n line 4\n`;
  repo.main.applyPatch(patch('a', 'line 3', 'three'));
  const text = repo.main.readText('a');
  assert.equal(text.split('\n')[4], 'three');
  assert.equal(repo.main.readText('other'), 'other\n');
  for (const [bad, code] of [
    [patch('a', 'line 3', 'x'), 'Conflict'], [patch('none', 'line 3', 'x').replaceAll('@@ -3,3', '@@ -3,4'), 'InvalidArgument'],
    [patch('../a', 'line 3', 'x'), 'InvalidPath'], [patch('.git/config', 'a', 'b'), 'InvalidPath'], ['no patch\n', 'InvalidArgument'], ['', 'InvalidArgument'],
    [`${patch('other', 'line 3', 'x')}${patch('a', 'three', 'four')}`, 'Conflict'], ['diff --git a/a b/a\nindex 1..2\nBinary files a/a and b/a differ\n', 'InvalidArgument'],
    ['diff --git a/other b/other\nnew file mode 100644\n', 'Conflict'], ['diff --git a/a b/l\nrename from a\nrename to .git/x\n', 'InvalidPath'],
  ]) assert.equal(codeOf(() => repo.main.applyPatch(bad)), code, bad);
  assert.equal(codeOf(() => repo.main.applyPatch('', { strip: -1 })), 'InvalidArgument');
  assert.equal(repo.main.readText('a'), text);
});

test('three ways, a patch fits where its context has changed', () => {
  const repo = new Repository();
  repo.main.apply({ a: lines(9) }, 'start');
  const change = repo.main.fork('change');
  change.apply({ a: lines(9, (line) => line.replace('4', 'four')) }, 'change');
  const [file] = repo.diff('main', change);
  repo.main.apply({ a: lines(9, (line) => line.replace('2', 'two')) }, 'meanwhile');
  assert.equal(codeOf(() => repo.main.applyPatch(file.unified())), 'Conflict');
  repo.main.applyPatch(file.unified(), { threeWay: true });
  assert.equal(repo.main.readText('a'), lines(9, (line) => line.replace('2', 'two').replace('4', 'four')));
});
