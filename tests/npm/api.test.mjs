// The API as a program uses it, beside real git.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { Repository } from './installed.mjs';

const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** An empty folder that goes when the tests end. */
function temporary() {
  folders.push(mkdtempSync(join(tmpdir(), 'govc-api-')));
  return folders.at(-1);
}

/** Runs git with a fixed identity; its output as text. */
function git(cwd, args, input) {
  const env = { PATH: process.env.PATH, HOME: cwd, GIT_CONFIG_NOSYSTEM: '1', GIT_AUTHOR_DATE: '1700000000 +0000', GIT_COMMITTER_DATE: '1700000000 +0000' };
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@b', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', [...identity, ...args], { cwd, env, input, maxBuffer: 1 << 28 }).toString();
}

/** A repository of real git that holds everything of `repo`. */
function exported(repo) {
  const cwd = temporary();
  git(cwd, ['init', '-q', '--bare']);
  git(cwd, ['index-pack', '--stdin', '--strict'], repo.exportPack());
  const refs = repo.listRealities().filter(({ head }) => head !== undefined).map(({ name, head }) => `create refs/heads/${name} ${head}\n`);
  git(cwd, ['update-ref', '--stdin'], refs.join(''));
  return cwd;
}

/** The code of what `action` throws. */
function codeOf(action) {
  try {
    action();
  } catch (error) {
    assert.equal(error.name, 'GovcError', String(error));
    return error.code;
  }
  return 'nothing thrown';
}

const author = { name: 'A', email: 'a@b', time: 1_700_000_000_000 };

test('a commit has the id that git gives the same commit', () => {
  const cwd = temporary();
  git(cwd, ['init', '-q']);
  execFileSync('sh', ['-c', 'mkdir -p a/b && printf hello > a/b/c && printf x > a-b && chmod +x a-b && ln -s a/b link'], { cwd });
  git(cwd, ['add', '.']);
  git(cwd, ['commit', '-q', '-m', 'first\n\nbody']);
  const repo = new Repository();
  repo.main.write('a/b/c', 'hello');
  repo.main.write('a-b', 'x', 'executable');
  repo.main.write('link', 'a/b', 'symlink');
  assert.equal(repo.main.commit('first\n\nbody', { author }).id, git(cwd, ['rev-parse', 'HEAD']).trim());
});

test('a thousand realities are isolated, and git finds nothing to complain of', () => {
  const repo = new Repository();
  repo.main.apply({ 'same.txt': 'base\n', 'dir/other.txt': 'x\n' }, 'base');
  const realities = repo.realities(Array.from({ length: 1000 }, (_, n) => `r/${n}`));
  realities.forEach((reality, n) => reality.apply({ 'same.txt': `${n}\n` }, `change ${n}`));
  realities.forEach((reality, n) => assert.equal(reality.readText('same.txt'), `${n}\n`));
  assert.equal(repo.main.readText('same.txt'), 'base\n');
  const cwd = exported(repo);
  assert.equal(git(cwd, ['fsck', '--strict']), '');
  assert.equal(git(cwd, ['rev-list', '--all', '--count']).trim(), '1001');
});

test('merges give the trees of git merge-tree, clean and conflicted', () => {
  const repo = new Repository();
  const lines = (...changed) => Array.from({ length: 30 }, (_, n) => `${changed.includes(n) ? 'changed' : 'line'} ${n}\n`).join('');
  repo.main.apply({ 'old/a.txt': lines(), 'b.txt': 'b\n' }, 'base');
  const [left, right, clash] = repo.realities(['left', 'right', 'clash']);
  left.apply({ 'old/a.txt': null, 'new/a.txt': lines(2) }, 'renamed and changed');
  right.apply({ 'old/a.txt': lines(20) }, 'changed elsewhere');
  clash.apply({ 'old/a.txt': lines(2).replace('changed 2', 'else 2') }, 'changed the same line');
  const cwd = exported(repo);
  for (const [ours, theirs] of [['left', 'right'], ['right', 'left'], ['left', 'clash'], ['clash', 'left']]) {
    const result = repo.mergeTree(ours, theirs);
    let expected;
    try {
      expected = git(cwd, ['merge-tree', '--write-tree', ours, theirs]);
      assert.equal(result.clean, true);
    } catch (error) {
      expected = error.stdout.toString();
      assert.equal(result.clean, false);
    }
    assert.equal(result.tree, expected.slice(0, 40), `${ours} ${theirs}`);
  }
});

test('attributes count where they do in git: in a merge, not in a merge of trees', () => {
  const repo = new Repository({ author: { name: 'A', email: 'a@b' }, now: () => 1_700_000_000_000 });
  repo.main.apply({ '.gitattributes': 'CHANGES merge=union\n', CHANGES: 'first\n' }, 'base');
  const side = repo.createReality('side');
  side.apply({ CHANGES: 'first\ntheirs\n' }, 'theirs');
  repo.main.apply({ CHANGES: 'first\nours\n' }, 'ours');
  const bare = exported(repo);
  const { clean, tree } = repo.mergeTree('main', 'side');
  assert.throws(() => git(bare, ['merge-tree', '--write-tree', 'main', 'side']), ({ stdout }) => stdout.toString().startsWith(tree));
  assert.equal(clean, false);

  const cwd = temporary();
  git(cwd, ['clone', '-q', '-b', 'main', bare, '.']);
  git(cwd, ['merge', '-q', '-m', 'merged', 'origin/side']);
  const expected = git(cwd, ['rev-parse', 'HEAD^{tree}']).trim();
  assert.equal(repo.mergeTree('main', 'side', { attributes: true }).tree, expected);
  assert.equal(repo.merge('side', 'main').tree, expected);
});

test('a recorded conflict is resolved and committed with both parents; undo takes it back', () => {
  const repo = new Repository();
  repo.main.apply({ f: '1\n' }, 'base');
  const other = repo.createReality('other');
  other.apply({ f: '2\n' }, 'two');
  repo.main.apply({ f: '3\n' }, 'three');
  assert.equal(codeOf(() => repo.merge(other, 'main')), 'Conflict');
  const before = repo.main.head;
  const result = repo.merge(other, 'main', { conflicts: 'record' });
  assert.deepEqual([result.clean, result.commit, repo.main.head], [false, undefined, before]);
  assert.match(repo.main.readText('f'), /^<<<<<<< main\n3\n=======\n2\n>>>>>>> other\n$/);
  assert.equal(codeOf(() => repo.main.commit('too early')), 'Conflict');
  repo.main.resolve('f', '5\n');
  const merge = repo.main.commit('resolved');
  assert.deepEqual(merge.parents, [before, other.head]);
  repo.undo();
  assert.equal(repo.main.head, before);
  repo.redo();
  assert.equal(repo.main.head, merge.id);
});

test('validators see the would-be state, and a refusal leaves nothing behind', () => {
  const repo = new Repository();
  repo.main.apply({ 'a.json': '{}' }, 'base');
  const transaction = repo.main.begin().add('a.json', '{').add('b', 'x');
  const objects = repo.stats().objects;
  const json = (snapshot, changes) => changes.flatMap(({ path }) => {
    if (!path.endsWith('.json')) return [];
    try { JSON.parse(snapshot.readText(path)); return []; } catch (error) { return [{ path, message: error.message }]; }
  });
  let problems;
  try { transaction.validate([json]); } catch (error) { ({ problems } = error.details); assert.equal(error.code, 'ValidationFailed'); }
  assert.deepEqual(problems.map(({ path, line, column }) => [path, line, column]), [['a.json', 1, 2], ['a.json', undefined, undefined]]);
  transaction.rollback();
  assert.deepEqual([repo.stats().objects, repo.main.list(), codeOf(() => transaction.commit('late'))], [objects, ['a.json'], 'Disposed']);
});

test('hostile paths and names are refused with a code, ordinary odd ones are not', () => {
  const repo = new Repository();
  for (const path of ['', '/', '/a', 'a/', 'a//b', '.', '..', 'a/../b', '.git', '.GIT/config', 'git~1', '.git ', '.git.', '.git::$INDEX_ALLOCATION', '.g\u200cit', 'a\0b', 'x'.repeat(5000)]) {
    assert.equal(codeOf(() => repo.main.write(path, 'x')), 'InvalidPath', JSON.stringify(path));
  }
  assert.equal(codeOf(() => repo.main.write('.gitmodules', 'x', 'symlink') ?? repo.main.commit('link')), 'InvalidPath');
  repo.main.discard();
  for (const path of ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'aux.c', '.gitu', 'a b', 'caf\u00e9', 'bad\udcff\udcfename']) repo.main.write(path, 'x');
  repo.main.commit('odd');
  assert.equal(repo.main.list().length, 9);
  assert.ok(repo.main.list().includes('bad\udcff\udcfename'));
  for (const name of ['', 'a..b', 'a b', 'a~1', 'a^', 'a:b', 'a\\b', 'a.lock', '@{x', '-x', 'HEAD', 'x/', '/x', 'x//y', '.x', 'x.', 'a\nb', 'x'.repeat(5000)]) {
    assert.equal(codeOf(() => repo.createReality(name)), 'InvalidName', JSON.stringify(name));
  }
  for (const name of ['__proto__', 'constructor', 'toString', 'a/b']) repo.createReality(name);
  assert.equal(codeOf(() => repo.createReality('a')), 'AlreadyExists');
  assert.equal(codeOf(() => repo.createReality('a/b')), 'AlreadyExists');
  assert.equal(codeOf(() => repo.reality('none')), 'NotFound');
  assert.equal(git(exported(repo), ['fsck', '--strict']), '');
});

test('packs that lie are refused with a code, and nothing stays', async () => {
  const repo = new Repository();
  repo.main.apply({ f: 'x\n' }, 'base');
  const good = repo.exportPack();
  const head = repo.main.head;
  const into = new Repository();
  const broken = [good.slice(0, -1), good.slice(0, 40), Uint8Array.from(good, (byte, at) => at === 30 ? byte ^ 1 : byte), new Uint8Array(0), new Uint8Array([...good, 0])];
  for (const bytes of broken) await assert.rejects(into.importPack(bytes, { main: head }), (error) => ['CorruptPack', 'CorruptObject'].includes(error.code));
  await assert.rejects(into.importPack(good, { main: '1'.repeat(40) }), { code: 'NotFound' });
  await assert.rejects(into.importPack(good, { main: 'zz' }), { code: 'InvalidArgument' });
  await assert.rejects(into.importPack(good, { main: head }, { signal: AbortSignal.abort() }), { code: 'Aborted' });
  assert.deepEqual([into.stats().objects, into.main.head], [0, undefined]);
  const phases = new Set();
  const { objects } = await into.importPack(good, { main: head }, { onProgress: ({ phase }) => phases.add(phase) });
  assert.deepEqual([objects, into.main.head, phases.size], [3, head, 2]);
  assert.deepEqual((await into.verify()).problems, []);
  const tight = new Repository({ limits: { maxMemoryBytes: 100 } });
  assert.equal(codeOf(() => tight.main.write('f', 'x'.repeat(200))), 'LimitExceeded');
});

test('a disposed repository says so, and so do its realities and commits', () => {
  const repo = new Repository();
  const { main } = repo;
  const commit = main.apply({ f: 'x' }, 'base');
  repo[Symbol.dispose]();
  assert.deepEqual([codeOf(() => main.head), codeOf(() => repo.stats()), codeOf(() => commit.message)], ['Disposed', 'Disposed', 'Disposed']);
});
