// Reality: staging, reading, forks, commits, going back. The oracle is git's index and work tree.
import assert from 'node:assert/strict';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { Repository } from 'govc';

import { git, gitWith, temporaryFolder } from '../../tests/npm/repository.mjs';
import { codeOf } from './code.mjs';

const author = { name: 'Ada', email: 'ada@example.org', time: 1_700_000_000_000, offsetMinutes: -90 };

/** A repository with a few files on main. */
function sample(options) {
  const repo = new Repository({ author, ...options });
  repo.main.apply({ 'a/b/c': 'c\n', 'a/d': 'd\n', 'e': 'e\n', 'run.sh': '#!/bin/sh\n' }, 'first');
  return repo;
}

const kinds = (changes) => changes.map(({ kind, path, from }) => [kind, path, ...(from ? [from] : [])]);

test('what is written is read, listed and committed; what was committed stays until then', () => {
  const { main } = sample();
  const committed = main.snapshot();
  main.write('a/b/c', 'changed');
  main.write('new/file', new Uint8Array([0, 255, 10]));
  main.remove('e');
  assert.equal(main.readText('a/b/c'), 'changed');
  assert.deepEqual([...main.read('new/file')], [0, 255, 10]);
  assert.deepEqual(main.list(), ['a/b/c', 'a/d', 'new/file', 'run.sh']);
  assert.deepEqual([main.has('e'), main.has('a'), main.has('a/d'), main.has('a/x')], [false, false, true, false]);
  assert.equal(committed.readText('a/b/c'), 'c\n');
  assert.deepEqual(kinds(main.status()), [['modified', 'a/b/c'], ['removed', 'e'], ['added', 'new/file']]);
  const commit = main.commit('second');
  assert.equal(main.head, commit.id);
  assert.deepEqual(main.status(), []);
  assert.deepEqual(commit.parents, [committed.commit.id]);
  assert.equal(committed.readText('e'), 'e\n');
});

test('staging the same as git does, step by step, gives git the same tree and status', async () => {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet');
  const repo = new Repository();
  const { main } = repo;
  const put = async (path, content, mode) => {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await rm(file, { force: true, recursive: true });
    await (mode === 'symlink' ? symlink(content, file) : writeFile(file, content));
    if (mode === 'executable') await chmod(file, 0o755);
    main.write(path, content, mode);
  };
  const remove = async (path) => {
    await rm(join(folder, path), { recursive: true });
    main.remove(path);
  };
  const rounds = [
    async () => { await put('f', '1'); await put('d/e/f', '2'); await put('d.x', '3'); await put('x', 'y', 'executable'); await put('l', 'd/e', 'symlink'); },
    async () => { await put('f', '1\n2\n'); await remove('d/e'); await put('d/g', '4'); await put('x', 'z', 'executable'); },
    async () => { await remove('d'); await put('d', 'a file now'); await remove('l'); await put('l', 'a file now', 'file'); },
    async () => { await remove('d'); await put('d/again', 'a folder'); await put('x', 'z', 'file'); await put('ünï/☃', 'snow'); },
    async () => { for (const path of ['f', 'd', 'd.x', 'x', 'l', 'ünï']) await remove(path); },
  ];
  const letters = { added: 'A', modified: 'M', removed: 'D', mode: 'M', renamed: 'R' };
  for (const [at, round] of rounds.entries()) {
    await round();
    await git(folder, 'add', '--all');
    const expected = (await git(folder, '-c', 'core.quotePath=false', 'status', '--porcelain', '--no-renames')).split('\n').filter(Boolean);
    const found = main.status().map(({ kind, path }) => `${letters[kind]}  ${path}`);
    // git tells a file that became a symbolic link or back by another letter.
    assert.deepEqual(found, expected.map((line) => line.replace(/^T/, 'M')), `round ${at}`);
    const { tree } = main.commit(`round ${at}`);
    assert.equal(tree, await git(folder, 'write-tree'), `round ${at}`);
    await git(folder, 'commit', '--quiet', '--message', `round ${at}`);
  }
  assert.deepEqual(main.list(), []);
});

test('random steps over a few paths end where a map of paths ends', () => {
  const paths = ['a', 'a/b', 'a/b/c', 'a/d', 'e', 'e/f'];
  let seed = 1;
  const random = (below) => (seed = seed * 48271 % 2147483647) % below;
  const isBelow = (path, folder) => path.startsWith(`${folder}/`);
  for (let run = 0; run < 60; run++) {
    const repo = new Repository();
    repo.main.commit('empty', { allowEmpty: true });
    let committed = new Map();
    let current = new Map();
    const said = [];
    for (let step = 0; step < 40; step++) {
      const path = paths[random(paths.length)];
      const under = [...current.keys()].filter((other) => other === path || isBelow(other, path));
      const choice = random(8);
      said.push(`${choice} ${path}`);
      if (choice < 3) {
        // A file takes no folder's place, and none lies in a file.
        if ([...current.keys()].some((other) => isBelow(other, path) || isBelow(path, other))) continue;
        current.set(path, `${step}`);
        repo.main.write(path, `${step}`);
      } else if (choice < 6) {
        assert.equal(codeOf(() => repo.main.remove(path)), under.length === 0 ? 'NotFound' : undefined, said.join(', '));
        under.forEach((other) => current.delete(other));
      } else if (choice === 6 && random(4) === 0) {
        repo.main.discard();
        current = new Map(committed);
      } else if (choice === 7) {
        repo.main.commit('step', { allowEmpty: true });
        committed = new Map(current);
      }
      const sorted = [...current.keys()].sort();
      assert.deepEqual(repo.main.list(), sorted, said.join(', '));
      for (const other of sorted) assert.equal(repo.main.readText(other), current.get(other));
      const changed = new Set([...committed.keys(), ...sorted].filter((other) => committed.get(other) !== current.get(other)));
      const found = repo.main.status().flatMap(({ path, from }) => from ? [path, from] : [path]);
      assert.deepEqual(found.sort(), [...changed].sort(), said.join(', '));
    }
    const fresh = new Repository();
    current.forEach((content, path) => fresh.main.write(path, content));
    assert.equal(repo.main.commit('end', { allowEmpty: true }).tree, fresh.main.commit('end', { allowEmpty: true }).tree, said.join(', '));
  }
});

test('globs list what gitignore patterns mean', async () => {
  const repo = new Repository();
  const paths = ['a.js', 'b.ts', 'src/a.js', 'src/deep/a.js', 'src/deep/b.ts', 'docs/a.md', 'x/src/c.js'];
  repo.main.apply(Object.fromEntries(paths.map((path) => [path, path])));
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet');
  for (const glob of ['*.js', '/*.js', 'src/', 'src/*.js', 'src/**', '**/deep/*', 'src/**/a.js', '?.ts', '[ab].md', 'none', 'deep', '/src/deep']) {
    await writeFile(join(folder, '.gitignore'), `${glob}\n`);
    const ignored = await gitWith(folder, paths.join('\n'), 'check-ignore', '--no-index', '--stdin').catch(() => '');
    assert.deepEqual(repo.main.list(glob), String(ignored).split('\n').filter(Boolean).sort(), glob);
  }
});

test('content of every form', () => {
  const { main } = new Repository();
  main.write('text', 'ü');
  main.write('bytes', Uint8Array.of(1, 2).subarray(1));
  main.write('buffer', Uint8Array.of(3).buffer);
  main.write('object.json', { b: [1, null], a: 'x' });
  main.write('list', [1]);
  assert.deepEqual([...main.read('text')], [0xc3, 0xbc]);
  assert.deepEqual([...main.read('bytes')], [2]);
  assert.deepEqual([...main.read('buffer')], [3]);
  assert.equal(main.readText('object.json'), '{\n  "b": [\n    1,\n    null\n  ],\n  "a": "x"\n}\n');
  assert.equal(main.readText('list'), '[\n  1\n]\n');
  for (const content of [undefined, null, 5, true, () => 1, Symbol('x')]) {
    assert.equal(codeOf(() => main.write('x', content)), 'InvalidArgument', String(content));
  }
  main.write('x.yaml', { a: ['b'] });
  assert.equal(main.readText('x.yaml'), 'a:\n  - b\n');
  assert.equal(codeOf(() => main.write('x', '', 'directory')), 'InvalidArgument');
  assert.equal(main.has('x'), false);
  main.write('lone', 'a\ud800b');
  assert.equal(main.readText('lone'), 'a\ufffdb');
});

test('what was staged is forgotten, at one path or everywhere', () => {
  const { main } = sample();
  main.write('e', 'changed');
  main.write('a/d', 'changed');
  main.write('a/new', 'new');
  main.discard('e');
  assert.equal(main.readText('e'), 'e\n');
  assert.deepEqual(kinds(main.status()), [['modified', 'a/d'], ['added', 'a/new']]);
  main.discard('a');
  assert.deepEqual(main.status(), []);
  main.remove('a');
  main.discard();
  assert.deepEqual(main.list(), ['a/b/c', 'a/d', 'e', 'run.sh']);
});

test('a fork takes what is staged with it, and then goes its own way', () => {
  const repo = sample();
  repo.main.write('staged', 'x');
  const fork = repo.main.fork('fork/one');
  assert.equal(fork.readText('staged'), 'x');
  fork.write('staged', 'y');
  fork.remove('e');
  assert.equal(repo.main.readText('staged'), 'x');
  assert.ok(repo.main.has('e'));
  const commit = fork.commit('in the fork');
  assert.deepEqual(commit.parents, [repo.main.head]);
  assert.deepEqual(kinds(repo.main.status()), [['added', 'staged']]);
  assert.equal(codeOf(() => repo.main.fork('fork/one')), 'AlreadyExists');
  assert.equal(codeOf(() => repo.main.fork('fork')), 'AlreadyExists');
  assert.equal(codeOf(() => repo.main.fork('fork/one/two')), 'AlreadyExists');
});

test('commits say who and when as git writes it, and are signed as git verifies it', async () => {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--bare');
  const repo = new Repository({ author, now: () => 1_234_567_890_999 });
  const committer = { name: 'Grace', email: 'g@h', time: new Date(1_600_000_000_000), offsetMinutes: 345 };
  const sign = (payload) => `-----BEGIN SSH SIGNATURE-----\n${Buffer.from(payload.subarray(0, 20)).toString('hex')}\n\nlast\n-----END SSH SIGNATURE-----`;
  repo.main.write('x', 'x');
  const commit = repo.main.commit('ünï\n\n body \n', { author, committer, sign });
  await gitWith(folder, repo.exportPack(), 'index-pack', '--stdin', '--strict');
  const text = await git(folder, 'cat-file', 'commit', commit.id);
  const unsigned = text.replace(/^gpgsig .*\n(?: .*\n)*/m, '');
  const signature = sign(Buffer.from(`tree ${commit.tree}\n`)).split('\n').join('\n ');
  assert.equal(unsigned, [
    `tree ${commit.tree}`, 'author Ada <ada@example.org> 1700000000 -0130', 'committer Grace <g@h> 1600000000 +0545', '', 'ünï', '', ' body ',
  ].join('\n'));
  assert.ok(text.includes(`\ngpgsig ${signature}\n`), text);
  assert.deepEqual(commit.author, author);
  assert.deepEqual(commit.committer, { ...committer, time: 1_600_000_000_000 });
  assert.equal(commit.message, 'ünï\n\n body ');
  // Without a committer, and without anybody.
  const plain = repo.main.apply({ y: 'y' }, 'plain');
  assert.deepEqual(plain.committer, { ...author, time: 1_234_567_890_000 });
});

test('a commit needs a change, or leave to have none', () => {
  const { main } = sample();
  assert.equal(codeOf(() => main.commit('nothing')), 'InvalidArgument');
  main.write('e', 'e\n');
  assert.equal(codeOf(() => main.commit('still nothing')), 'InvalidArgument');
  const { tree, parents } = main.commit('empty', { allowEmpty: true });
  assert.equal(tree, main.snapshot().commit.tree);
  assert.equal(parents.length, 1);
  assert.equal(codeOf(() => main.commit('a\0b', { allowEmpty: true })), 'InvalidArgument');
  assert.equal(codeOf(() => main.commit(undefined, { allowEmpty: true })), 'InvalidArgument');
  assert.equal(codeOf(() => main.commit('x', { allowEmpty: true, author: { name: 'a', email: 'b', time: NaN } })), 'InvalidArgument');
  const failing = () => { throw new Error('no key'); };
  main.write('f', 'f');
  assert.throws(() => main.commit('unsigned', { sign: failing }), /no key/);
  assert.deepEqual(kinds(main.status()), [['added', 'f']]);
});

test('apply commits its own changes alone, all or none', () => {
  const { main } = sample();
  main.write('staged', 'x');
  const before = main.head;
  assert.equal(codeOf(() => main.apply({ 'new': 'n', '../out': 'x' })), 'InvalidPath');
  assert.equal(codeOf(() => main.apply({ 'new': 'n', 'missing': null })), 'NotFound');
  assert.deepEqual([main.head, main.has('new')], [before, false]);
  main.apply({ 'e': null, 'new': 'n' }, 'applied');
  assert.deepEqual(main.snapshot().list(), ['a/b/c', 'a/d', 'new', 'run.sh']);
  assert.deepEqual(kinds(main.status()), [['added', 'staged']]);
});

test('rollback moves back at once, by default to the commit before', () => {
  const repo = sample();
  const { main } = repo;
  const first = main.head;
  main.apply({ e: '2' });
  main.apply({ e: '3' });
  main.write('staged', 'x');
  main.rollback();
  assert.equal(main.readText('e'), '2');
  assert.deepEqual(main.status(), []);
  assert.equal(main.rollback(first).id, first);
  assert.equal(main.readText('e'), 'e\n');
  assert.equal(codeOf(() => main.rollback()), 'NotFound');
  repo.undo();
  repo.undo();
  assert.equal(main.readText('e'), '3');
});

test('what is not there, and what may not be, has its code', () => {
  const repo = sample();
  const { main } = repo;
  const cases = [
    [() => main.read('missing'), 'NotFound'], [() => main.read('a'), 'NotFound'], [() => main.readText('a/b/c/d'), 'NotFound'],
    [() => main.remove('missing'), 'NotFound'], [() => main.read(''), 'InvalidPath'], [() => main.write('a//b', ''), 'InvalidPath'],
    [() => main.write('/abs', ''), 'InvalidPath'], [() => main.write('a/', ''), 'InvalidPath'], [() => main.write('.git/config', ''), 'InvalidPath'],
    [() => main.write('a/.GIT', ''), 'InvalidPath'], [() => main.write('x/../y', ''), 'InvalidPath'], [() => main.write('a\0b', ''), 'InvalidPath'],
    [() => repo.reality('missing'), 'NotFound'], [() => repo.reality('a..b'), 'InvalidName'], [() => repo.createReality('a b'), 'InvalidName'],
    [() => repo.createReality('x', 'missing'), 'NotFound'], [() => repo.createReality('x', 'main^{tree}'), 'InvalidArgument'],
    [() => main.resolve('e', 'x'), 'NotFound'], [() => main.diff('missing'), 'NotFound'],
  ];
  for (const [action, code] of cases) assert.equal(codeOf(action), code, String(action));
});
