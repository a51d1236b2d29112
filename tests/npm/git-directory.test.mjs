// Repository and gitDirectory beside real git: what govc writes git reads, while both are at work.
import assert from 'node:assert/strict';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { gitDirectory, Repository } from './installed.mjs';
import { allRefs, assertSound, commit, git, repository, temporaryFolder } from './repository.mjs';

const OPTIONS = { author: { name: 'Grace', email: 'grace@example.org', offsetMinutes: 60 } };

/** Opens a repository; it is given back when the tests are over. */
async function open(folder, options) {
  const repo = await Repository.open(gitDirectory(folder, { lockTimeoutMs: 120_000, ...options }), OPTIONS);
  after(() => repo[Symbol.dispose]());
  return repo;
}

/** Writes a file and commits it in a reality. */
function change(repo, name, path, content = `${path}\n`) {
  const reality = repo.reality(name);
  reality.write(path, content);
  return reality.commit(`Add ${path}`).id;
}

/** Subjects of commits as git lists them. */
async function log(folder, ...args) {
  return (await git(folder, 'log', '--format=%s', ...args)).split('\n');
}

test('open, fork, commit, merge, flush: git reads all of it', async () => {
  const folder = await repository();
  const repo = await open(folder);
  assert.equal(repo.main.name, 'main');
  assert.equal(repo.main.head, await git(folder, 'rev-parse', 'HEAD'));
  assert.equal(repo.main.readText('file 2'), 'content 2\n');
  repo.createReality('topic');
  change(repo, 'topic', 'deep/er/file');
  change(repo, 'main', 'other');
  const { commit: merged } = repo.merge(repo.reality('topic'), 'main');
  const annotated = repo.tag('v1', 'topic', 'a release');
  await repo.flush();
  await assertSound(folder);
  assert.equal(await git(folder, 'rev-parse', 'main'), merged.id);
  assert.deepEqual(await log(folder, '-1', 'topic'), ['Add deep/er/file']);
  assert.equal(await git(folder, 'rev-parse', 'v1'), annotated);
  assert.match(await git(folder, 'reflog', 'show', '--format=%gn %gs', '-1', 'main'), /^Grace ./);
  // The work tree and the index are git's own.
  assert.match(await git(folder, 'status', '--porcelain'), /^D {2}deep\/er\/file$/m);
  await git(folder, 'reset', '--quiet', '--hard');
  assert.equal(await git(folder, 'status', '--porcelain'), '');
});

test('a flush with nothing new writes nothing; one with deletions and a new main does', async () => {
  const folder = await repository();
  const repo = await open(folder);
  const packs = () => readdir(join(folder, '.git/objects/pack'));
  await repo.flush();
  assert.deepEqual(await packs(), []);
  repo.realities(Array.from({ length: 100 }, (_, at) => `many/${at}`));
  repo.createReality('new');
  await repo.flush();
  assert.deepEqual(await packs(), []);
  assert.equal((await allRefs(folder)).size, 103);
  repo.setMain('new');
  for (let at = 0; at < 100; at++) repo.deleteReality(`many/${at}`);
  await repo.flush();
  assert.deepEqual([...(await allRefs(folder)).keys()], ['HEAD', 'refs/heads/main', 'refs/heads/new']);
  assert.equal(await git(folder, 'symbolic-ref', 'HEAD'), 'refs/heads/new');
  await assertSound(folder);
});

test('a repository without a commit', async () => {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--initial-branch=first');
  const repo = await open(folder);
  assert.equal(repo.main.name, 'first');
  assert.equal(repo.main.head, undefined);
  change(repo, 'first', 'a');
  await repo.flush();
  assert.deepEqual(await log(folder), ['Add a']);
  await assertSound(folder);
});

test('opening inflates nothing', async () => {
  const folder = await repository();
  await git(folder, 'gc', '--quiet');
  const repo = await open(folder);
  const { objects, objectBytes, commits, memoryBytes } = repo.stats();
  assert.deepEqual({ objects, objectBytes, commits }, { objects: 9, objectBytes: 0, commits: 0 });
  // Loose ones stay as they are on disk, too.
  const loose = await repository();
  await writeFile(join(loose, 'large'), 'x'.repeat(1 << 20));
  await git(loose, 'add', 'large');
  const figures = (await open(loose)).stats();
  assert.deepEqual([figures.objects, figures.objectBytes], [10, 0]);
  assert.ok(figures.memoryBytes < memoryBytes + 10_000, String(figures.memoryBytes));
});

test('broken objects do no harm until they are read', async () => {
  const folder = await repository();
  const [id, blob] = (await git(folder, 'rev-parse', 'HEAD', 'HEAD:file 1')).split('\n');
  const file = (name) => join(folder, '.git/objects', name.slice(0, 2), name.slice(2));
  await chmod(file(blob), 0o644);
  for (const content of ['', 'x', await readFile(file(id))]) {
    await writeFile(file(blob), content);
    const repo = await open(folder);
    assert.equal(repo.main.readText('file 2'), 'content 2\n');
    assert.throws(() => repo.main.readText('file 1'), { code: 'CorruptObject', message: new RegExp(blob) });
    const { problems } = await repo.verify();
    assert.ok(problems.some((problem) => problem.id === blob));
  }
});

test('a broken pack, a broken index', async () => {
  const folder = await repository();
  await git(folder, 'gc', '--quiet');
  const packs = join(folder, '.git/objects/pack');
  const [name] = (await readdir(packs)).filter((name) => name.endsWith('.pack'));
  for (const ending of ['.pack', '.idx']) {
    const file = join(packs, name.replace('.pack', ending));
    const whole = await readFile(file);
    await chmod(file, 0o644);
    for (const length of [11, whole.length - 21, whole.length - 1]) {
      await writeFile(file, whole.subarray(0, length));
      await assert.rejects(open(folder), (error) => error.code === 'CorruptPack' && error.details.pack === name, `${ending} ${length}`);
    }
    await writeFile(file, whole);
  }
  await open(folder);
});

test('a shallow clone: the log ends at its boundary, new commits are pushed from it', async () => {
  const folder = await repository(5);
  await git(folder, 'config', 'receive.denyCurrentBranch', 'ignore');
  const shallow = join(await temporaryFolder(), 'shallow');
  await git(folder, 'clone', '--quiet', '--depth', '2', `file://${folder}`, shallow);
  const repo = await open(shallow);
  assert.equal([...repo.log()].length, 2);
  assert.deepEqual((await repo.verify()).problems, []);
  assert.ok(repo.exportPack().length > 0);
  const id = change(repo, 'main', 'x');
  await repo.flush();
  await assertSound(shallow);
  await git(shallow, 'push', '--quiet');
  assert.equal(await git(folder, 'rev-parse', 'main'), id);
  await assertSound(folder);
});

test('Stale where git moved the ref since; other realities flush after an undo', async () => {
  const folder = await repository();
  const repo = await open(folder);
  const theirs = await commit(folder, 'theirs', 'x\n');
  const ours = change(repo, 'main', 'ours');
  const expected = await git(folder, 'rev-parse', 'main~1');
  const diverged = [{ name: 'refs/heads/main', before: ours, after: theirs }];
  await assert.rejects(repo.flush(), { code: 'Stale', details: { ref: 'refs/heads/main', expected, found: theirs, diverged } });
  assert.equal(await git(folder, 'rev-parse', 'main'), theirs);
  repo.undo();
  repo.createReality('side');
  change(repo, 'side', 'ours');
  await repo.flush();
  assert.deepEqual(await log(folder, '-1', 'side'), ['Add ours']);
  await assertSound(folder);
});

test('refresh takes over what git wrote; what both moved is merged, then flushed', async () => {
  const folder = await repository();
  const repo = await open(folder);
  const kinds = [];
  repo.watch({}, (event) => { kinds.push(event.kind); });
  const theirs = await commit(folder, 'theirs', 'x\n');
  await git(folder, 'branch', 'topic');
  await git(folder, 'gc', '--quiet');
  const packed = await commit(folder, 'loose/again', 'y\n');
  const { moved, diverged } = await repo.refresh();
  assert.deepEqual(diverged, []);
  assert.deepEqual(moved.map(({ name, after }) => [name, after]), [['refs/heads/main', packed], ['refs/heads/topic', theirs]]);
  assert.equal(repo.main.readText('loose/again'), 'y\n');
  assert.equal([...repo.operations()].at(-1).kind, 'import');
  assert.deepEqual(await repo.refresh(), { moved: [], diverged: [] });
  const further = await commit(folder, 'further', 'z\n');
  const ours = change(repo, 'main', 'ours');
  assert.deepEqual((await repo.refresh()).diverged, [{ name: 'refs/heads/main', before: ours, after: further }]);
  repo.merge(further, 'main');
  await repo.flush();
  await assertSound(folder);
  assert.equal(await git(folder, 'rev-parse', 'main'), repo.main.head);
  assert.equal(await git(folder, 'rev-parse', 'main^1', 'main^2'), `${ours}\n${further}`);
  assert.ok(kinds.length > 0);
});

test('what git removed in the meantime is written again', async () => {
  const folder = await repository();
  const prune = async () => {
    await git(folder, 'reflog', 'expire', '--expire=now', '--all');
    await git(folder, 'gc', '--quiet', '--prune=now');
  };
  const repo = await open(folder);
  const first = change(repo, 'main', 'a');
  await repo.flush();
  repo.undo();
  await repo.flush();
  await prune();
  repo.redo();
  await repo.flush();
  await assertSound(folder);
  assert.equal(await git(folder, 'rev-parse', 'main'), first);
  // A branch that only this process remembers.
  repo.createReality('topic');
  change(repo, 'topic', 'deep/b');
  await repo.flush();
  await git(folder, 'branch', '-D', 'topic');
  await prune();
  change(repo, 'main', 'c');
  repo.merge('topic', 'main');
  const { commit: merged } = repo.merge('topic', 'main');
  await repo.flush();
  await assertSound(folder);
  assert.ok((await log(folder, 'main')).includes('Add deep/b'), String(merged));
});

test('git and govc at work at once', async () => {
  const folder = await repository();
  await git(folder, 'branch', 'govc');
  const repo = await open(folder);
  const expected = [];
  for (let round = 0; round < 12; round++) {
    const gits = [
      () => git(folder, 'commit', '--quiet', '--allow-empty', '--message', `git ${round}`),
      () => git(folder, 'gc', '--quiet', '--prune=now'),
      () => git(folder, 'pack-refs', '--all'),
      () => git(folder, 'update-ref', `refs/heads/git/${round}`, 'HEAD'),
    ];
    const atOnce = gits.filter((_, at) => (at + round) % 2 === 0).map((step) => step());
    const afterwards = gits.filter((_, at) => (at + round) % 2 === 1);
    for (let at = 0; at < 3; at++) {
      const path = `round ${round}/${at}`;
      change(repo, 'govc', path);
      expected.unshift(`Add ${path}`);
      await repo.flush();
    }
    // In that order, because a commit beside `gc --prune=now` is what git itself warns of: it may lose its object.
    await Promise.all(atOnce);
    for (const step of afterwards) await step();
    await assertSound(folder);
    assert.deepEqual((await log(folder, 'govc')).slice(0, expected.length), expected);
  }
  assert.equal((await log(folder, 'main')).filter((subject) => subject.startsWith('git ')).length, 12);
  assert.equal([...(await allRefs(folder)).keys()].filter((name) => name.includes('/git/')).length, 12);
});
