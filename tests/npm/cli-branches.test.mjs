// Branches, checkouts, merges, differences: govc does with a repository what git does with its twin.
import assert from 'node:assert/strict';
import { cp, lstat, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { govc, json, run } from './govc.mjs';
import { changeAtRandom, random } from './random-tree.mjs';
import { assertSound, commit, git, gitWith, repository, temporaryFolder } from './repository.mjs';

const SEEDS = 10;

/** A folder that is the same, file by file. */
async function twin(folder) {
  const other = await temporaryFolder();
  await cp(folder, other, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  await git(other, 'update-index', '-q', '--refresh').catch(() => {});
  return other;
}

/** What files lie in a folder, and what they hold. */
async function filesOf(folder, prefix = '') {
  const found = {};
  for (const name of await readdir(join(folder, prefix))) {
    if (prefix === '' && name === '.git') continue;
    const path = join(prefix, name);
    const what = await lstat(join(folder, path));
    if (what.isDirectory()) Object.assign(found, await filesOf(folder, path));
    else found[path] = what.isSymbolicLink() ? `-> ${await readlink(join(folder, path))}` : `${what.mode & 0o100 ? 'x' : '-'} ${await readFile(join(folder, path), 'latin1')}`;
  }
  return found;
}

async function assertSame(ours, theirs) {
  assert.deepEqual(await filesOf(ours), await filesOf(theirs));
  assert.equal(await git(ours, 'ls-files', '--stage'), await git(theirs, 'ls-files', '--stage'));
  assert.equal(await git(ours, 'status', '--porcelain', '--branch'), await git(theirs, 'status', '--porcelain', '--branch'));
}

/** Whether git did it. */
function tried(folder, ...words) {
  return git(folder, ...words).then(() => true, () => false);
}

test('branch, checkout, tag: git sees what govc made', async () => {
  const folder = await repository(2);
  await govc(folder, 'branch', 'topic', 'HEAD~1');
  await govc(folder, 'checkout', 'topic');
  assert.equal(await git(folder, 'status', '--porcelain', '--branch'), '## topic');
  await govc(folder, 'checkout', '-b', 'more');
  await commit(folder, 'new', 'new\n');
  await govc(folder, 'tag', '-m', 'A release', 'v1');
  await govc(folder, 'tag', 'light', 'main');
  assert.equal(await git(folder, 'cat-file', '-p', 'v1').then((text) => text.split('\n')[5]), 'A release');
  assert.equal(await govc(folder, 'tag'), await git(folder, 'tag'));
  assert.equal(await govc(folder, 'branch'), await git(folder, 'branch'));
  await govc(folder, 'checkout', '--detach', 'main');
  assert.equal(await git(folder, 'rev-parse', '--abbrev-ref', 'HEAD'), 'HEAD');
  await govc(folder, 'checkout', 'main');
  assert.equal((await run(folder, ['branch', '-d', 'more'])).code, 1);
  await govc(folder, 'branch', '-D', 'more');
  await govc(folder, 'branch', '-d', 'topic');
  await govc(folder, 'tag', '-d', 'light');
  assert.equal(await git(folder, 'for-each-ref', '--format=%(refname)'), 'refs/heads/main\nrefs/tags/v1');
  assert.deepEqual((await git(folder, 'reflog', '--format=%gs')).split('\n').slice(0, 3), [
    'checkout: moving from ' + await git(folder, 'rev-parse', 'main') + ' to main', 'checkout: moving from more to main', 'commit: Add new',
  ]);
  await assertSound(folder);
});

test('diff and show print what git prints', async () => {
  const folder = await repository(2);
  await writeFile(join(folder, 'file 1'), 'content 1\nmore\n');
  await writeFile(join(folder, 'bytes'), Buffer.from([0, 1, 2, 255]));
  await writeFile(join(folder, 'lätin'), Buffer.from('caf\xe9\n', 'latin1'));
  await git(folder, 'add', '-A');
  await git(folder, 'mv', 'file 2', 'moved');
  await writeFile(join(folder, 'lätin'), 'later\n');
  const same = async (...words) => {
    const theirs = await gitWith(folder, '', '-c', 'diff.renames=true', ...words);
    assert.equal((await run(folder, words)).stdout, theirs.toString(), words.join(' '));
  };
  await same('diff');
  await same('diff', '--staged');
  await same('diff', 'HEAD');
  await same('diff', '--staged', '--name-status');
  await same('diff', '--staged', '-U0', 'moved');
  await git(folder, 'commit', '-qm', 'More\n\nand a body');
  await same('diff', 'HEAD~1', 'HEAD');
  await same('diff', 'HEAD~2..HEAD', '--name-only');
  await same('show');
  await same('show', 'HEAD~1:file 1');
  await same('log', '-n', '2');
  await same('log', '--', 'file 1');
  assert.equal((await run(folder, ['diff', '--quiet'])).code, 1);
  const { files } = await json(folder, 'diff', 'HEAD~1', 'HEAD');
  assert.deepEqual(files.map(({ path, kind }) => [path, kind]), [['bytes', 'added'], ['file 1', 'modified'], ['lätin', 'added'], ['moved', 'renamed']]);
});

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`checkout and merge of random branches as git does them (seed ${seed})`, async () => {
    const next = random(1000 + seed);
    const ours = await repository(1);
    const record = async (message) => {
      await git(ours, 'add', '-A');
      await git(ours, 'commit', '-q', '--allow-empty', '-m', message);
    };
    await changeAtRandom(ours, next, 25);
    await record('base');
    await git(ours, 'checkout', '-q', '-b', 'topic');
    await changeAtRandom(ours, next, 12);
    await record('theirs');
    await git(ours, 'checkout', '-q', 'main');
    await changeAtRandom(ours, next, 12);
    await record('ours');
    const dirty = next(3) === 0;
    if (dirty) await changeAtRandom(ours, next, 3);
    const theirs = await twin(ours);
    for (const branch of ['topic', 'main']) {
      const moved = await tried(theirs, 'checkout', '-q', branch);
      const { code, stderr } = await run(ours, ['checkout', branch]);
      assert.equal(code, moved ? 0 : 1, stderr);
      await assertSame(ours, theirs);
    }
    const before = await filesOf(ours);
    const merged = await tried(theirs, '-c', 'merge.renames=true', 'merge', '-q', '--no-edit', 'topic');
    const { code, stdout, stderr } = await run(ours, ['merge', 'topic']);
    assert.equal(code, merged ? 0 : 1, stdout + stderr);
    const stopped = !merged && !await tried(theirs, 'rev-parse', 'MERGE_HEAD');
    // Where git refuses to merge, it may have removed a file that it does not know; govc has touched nothing.
    if (stopped) assert.deepEqual(await filesOf(ours), before);
    else await assertSame(ours, theirs);
    if (merged) {
      assert.equal(await git(ours, 'rev-parse', 'HEAD^{tree}'), await git(theirs, 'rev-parse', 'HEAD^{tree}'));
      assert.equal(await git(ours, 'log', '-1', '--format=%B%P'), await git(theirs, 'log', '-1', '--format=%B%P'));
    } else if (!stopped) {
      assert.equal(await govc(ours, 'status', '--porcelain'), await git(ours, 'status', '--porcelain'));
      await govc(ours, 'merge', '--abort');
      await git(theirs, 'merge', '--abort');
      await assertSame(ours, theirs);
    }
    await assertSound(ours);
  });
}

test('a conflict can be ended by git, or by govc', async () => {
  const folder = await repository(1);
  await git(folder, 'checkout', '-q', '-b', 'topic');
  await commit(folder, 'file 1', 'theirs\n');
  await git(folder, 'checkout', '-q', 'main');
  await commit(folder, 'file 1', 'ours\n');
  const other = await twin(folder);
  const { code, stdout } = await run(folder, ['merge', 'topic', '--json']);
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(stdout).conflicts.map(({ path, kind }) => [path, kind]), [['file 1', 'content']]);
  assert.match(await readFile(join(folder, 'file 1'), 'utf8'), /^<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> topic\n$/);
  assert.equal((await run(folder, ['commit'])).code, 1);
  await writeFile(join(folder, 'file 1'), 'both\n');
  await git(folder, 'add', 'file 1');
  await git(folder, 'commit', '-q', '--no-edit');
  await git(other, 'merge', '-q', 'topic').catch(() => {});
  await writeFile(join(other, 'file 1'), 'both\n');
  await govc(other, 'add', 'file 1');
  await govc(other, 'commit');
  for (const one of [folder, other]) {
    assert.equal(await git(one, 'log', '-1', '--format=%s %p').then((text) => text.split(' ').length), 5);
    assert.equal(await git(one, 'status', '--porcelain'), '');
    await assertSound(one);
  }
});

test('a checkout writes neither outside nor through a link', async () => {
  const folder = await repository(1);
  const outside = await temporaryFolder();
  await git(folder, 'checkout', '-q', '-b', 'evil');
  await mkdir(join(folder, 'd'));
  await commit(folder, 'd/file', 'inside\n');
  await git(folder, 'checkout', '-q', 'main');
  await symlink(outside, join(folder, 'd'));
  const { code, stderr } = await run(folder, ['checkout', 'evil']);
  assert.equal(code, 1, stderr);
  assert.deepEqual(await readdir(outside), []);
  await rm(join(folder, 'd'));
  // A tree that git itself would not make.
  const blob = (await gitWith(folder, 'x', 'hash-object', '-w', '--stdin')).toString().trim();
  for (const name of ['.git', '..', '.GIT', 'git~1', '.g\u200cit']) {
    const inner = (await gitWith(folder, Buffer.concat([Buffer.from(`100644 config\0`), Buffer.from(blob, 'hex')]), 'hash-object', '-t', 'tree', '--literally', '-w', '--stdin')).toString().trim();
    const tree = (await gitWith(folder, Buffer.concat([Buffer.from(`40000 ${name}\0`), Buffer.from(inner, 'hex')]), 'hash-object', '-t', 'tree', '--literally', '-w', '--stdin')).toString().trim();
    const id = await git(folder, 'commit-tree', '-m', name, tree);
    const before = await filesOf(folder);
    const { code } = await run(folder, ['checkout', '--detach', id]);
    assert.equal(code, 5, name);
    assert.deepEqual(await filesOf(folder), before);
  }
});
