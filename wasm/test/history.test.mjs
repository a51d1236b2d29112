// Logs, revisions, merge bases and diffs of a history that git built, beside what git says of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { gitDirectory, Repository } from 'govc';

import { git, gitWith, temporaryFolder } from '../../tests/npm/repository.mjs';
import { codeOf } from './code.mjs';

/** A history with side lines, merges, a criss-cross, a second root and dates that go back. */
async function history(folder) {
  const lines = ['feature done'];
  const mark = {};
  let count = 0;
  const person = (who, at) => `${who} <${who.toLowerCase()}@example.org> ${at} +0200`;
  const commit = (name, branch, parents, changes, { who = 'Ada', at = 1_600_000_000 + count * 1000 } = {}) => {
    mark[name] = ++count;
    lines.push(`commit refs/heads/${branch}`, `mark :${count}`, `author ${person(who, at - 50)}`, `committer ${person(who, at)}`);
    lines.push(`data ${Buffer.byteLength(name)}`, name);
    parents.forEach((parent, n) => lines.push(`${n === 0 ? 'from' : 'merge'} :${mark[parent]}`));
    for (const [path, content] of Object.entries(changes)) {
      if (content === null) lines.push(`D ${path}`);
      else lines.push(`M ${path === 'run' ? 100755 : 100644} inline ${path}`, `data ${Buffer.byteLength(content)}`, content);
    }
  };
  const numbered = (n, text = 'line') => Array.from({ length: n }, (_, at) => `${text} ${at}\n`).join('');
  commit('root', 'main', [], { a: numbered(20), 'd/b': 'b\n', run: '#!\n' });
  commit('two', 'main', ['root'], { a: numbered(20).replace('line 3\n', 'three\n') });
  commit('side one', 'side', ['root'], { 'd/c': 'c\n' }, { who: 'Grace' });
  commit('side two', 'side', ['side one'], { a: numbered(22) }, { who: 'Grace', at: 1_500_000_000 });
  commit('three', 'main', ['two'], { 'd/b': null, 'e/b': 'b\n' });
  commit('merge one', 'main', ['three', 'side two'], { 'd/c': 'c\n', a: numbered(22).replace('line 3\n', 'three\n') });
  commit('cross', 'side', ['side two', 'three'], { x: 'x\n' });
  commit('four', 'main', ['merge one'], { renamed: numbered(22).replace('line 3\n', 'three\n'), a: null });
  commit('merge two', 'main', ['four', 'cross'], { x: 'x\n' }, { at: 1_600_000_001 });
  commit('other root', 'orphan', [], { z: 'z\n' }, { who: 'Linus' });
  commit('joined', 'main', ['merge two', 'other root'], { z: 'z\n', bin: 'a\0b' });
  commit('last', 'main', ['joined'], { bin: 'a\0c', 'no newline': 'x', 'd/c': 'c\nd\n' }, { who: 'Grace' });
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  await gitWith(folder, `${lines.join('\n')}\ndone\n`, 'fast-import', '--quiet');
  await git(folder, 'tag', '--annotate', '--message', 'first release', 'v1', 'main~3');
  await git(folder, 'tag', 'light', 'side');
}

const folder = await temporaryFolder();
await history(folder);
const repo = await Repository.open(gitDirectory(folder));

test('logs are those of git log', async () => {
  const since = new Date(1_600_003_000_000);
  const cases = [
    [{}, []], [{ order: 'topological' }, ['--topo-order']], [{ firstParent: true }, ['--first-parent']], [{ limit: 3 }, ['-3']], [{ limit: 0 }, ['-0']],
    [{ from: ['side', 'orphan'] }, ['side', 'orphan']], [{ from: 'main', not: ['side'] }, ['main', '^side']], [{ not: ['v1', 'orphan'] }, ['main', '^v1', '^orphan']],
    [{ path: 'a' }, ['--', 'a']], [{ path: 'd' }, ['--', 'd']], [{ path: 'd/c' }, ['--', 'd/c']], [{ path: 'e/b', order: 'topological' }, ['--topo-order', '--', 'e/b']],
    [{ path: 'renamed' }, ['--', 'renamed']], [{ path: 'none' }, ['--', 'none']], [{ author: 'grace' }, ['-F', '--author=grace']],
    [{ author: 'Grace <' }, ['-F', '--author=Grace <']], [{ author: 'nobody' }, ['--author=nobody']],
    [{ since }, [`--since=${since.toISOString()}`]], [{ until: since }, [`--until=${since.toISOString()}`]],
    [{ path: 'a', limit: 2, firstParent: true }, ['--first-parent', '-2', '--', 'a']], [{ from: 'main~2^2' }, ['main~2^2']],
  ];
  for (const [options, args] of cases) {
    const expected = (await git(folder, 'log', '--format=%H', ...args)).split('\n').filter(Boolean);
    assert.deepEqual([...repo.log(options)].map(({ id }) => id), expected, JSON.stringify(options));
  }
  const iterable = repo.log({ limit: 2 });
  assert.deepEqual([...iterable].map(({ id }) => id), [...iterable].map(({ id }) => id));
  for (const commit of repo.log()) {
    assert.equal(commit.message, 'last');
    break;
  }
  assert.deepEqual([...repo.reality('side').log({ limit: 1 })].map(({ message }) => message), ['cross']);
  for (const [options, code] of [[{ limit: -1 }, 'InvalidArgument'], [{ since: new Date('x') }, 'InvalidArgument'], [{ from: 'none' }, 'NotFound']]) {
    assert.equal(codeOf(() => [...repo.log(options)]), code, JSON.stringify(options));
  }
});

test('commits read as git prints them', async () => {
  const format = '%H%n%T%n%P%n%an%n%ae%n%at%n%cn%n%ce%n%ct%n%B%x00';
  const expected = (await git(folder, 'log', `--format=${format}`)).split('\0\n').map((text) => text.replace(/\0$/, '').split('\n'));
  const found = [...repo.log()].map(({ id, tree, parents, author, committer, message }) => [
    id, tree, parents.join(' '), author.name, author.email, `${author.time / 1000}`, committer.name, committer.email, `${committer.time / 1000}`, message,
  ]);
  assert.deepEqual(found, expected.map((lines) => lines.slice(0, 10)));
  const { offsetMinutes } = [...repo.log({ limit: 1 })][0].author;
  assert.equal(offsetMinutes, 120);
  assert.deepEqual(JSON.parse(JSON.stringify([...repo.log({ limit: 1 })][0])).message, 'last');
});

test('revisions are those of git rev-parse', async () => {
  const head = await git(folder, 'rev-parse', 'main');
  const revisions = [
    'main', 'HEAD', '@', 'main~1', 'main~4^2', 'main^^', 'main^0', 'main^1^2', 'v1', 'v1^{}', 'v1^{commit}', 'v1~1', 'refs/tags/v1', 'tags/v1', 'heads/side', 'light',
    'main^{tree}', 'main:e/b', 'main:e', 'main:', 'v1:renamed', head.slice(0, 7), head.slice(0, 12), head, `${head.slice(0, 10)}~1`, ':/three', 'main^{/side}', 'orphan~0',
  ];
  for (const revision of revisions) assert.equal(repo.resolve(revision), await git(folder, 'rev-parse', '--verify', revision), revision);
  for (const revision of ['none', 'main~99', 'main^3', 'main^{blob}', 'main:none', '0'.repeat(40), 'ab', '', 'main^{', '~1', 'a..b', '-1', 'main@{9}']) {
    assert.ok(['NotFound', 'InvalidArgument', 'InvalidName'].includes(codeOf(() => repo.resolve(revision))), revision);
  }
  assert.equal(repo.resolve(repo.main), head);
  assert.equal(repo.resolve(repo.at('main')), head);
  assert.equal(repo.resolve([...repo.log({ limit: 1 })][0]), head);
});

test('merge bases are those of git merge-base', async () => {
  const names = ['main', 'side', 'main~1', 'main~2', 'main~3', 'main~4', 'side~1', 'side~2', 'orphan', 'v1', 'main~2^2'];
  for (const a of names) {
    for (const b of names) {
      const expected = await git(folder, 'merge-base', a, b).catch(() => undefined);
      assert.equal(repo.mergeBase(a, b), expected, `${a} ${b}`);
    }
  }
});

test('diffs are those of git diff, and git applies them', async () => {
  const names = ['main', 'main~1', 'main~2', 'main~4', 'side', 'orphan', 'main~5', 'side~3'];
  const letters = { added: 'A', modified: 'M', removed: 'D', mode: 'M', renamed: 'R' };
  for (const a of names) {
    for (const b of names) {
      const diff = repo.diff(a, b);
      const expected = await git(folder, '-c', 'core.quotePath=false', 'diff', '--name-status', '-M', a, b);
      const found = diff.map(({ kind, from, path, similarity }) => kind === 'renamed' ? `R${String(similarity).padStart(3, '0')}\t${from}\t${path}` : `${letters[kind]}\t${path}`);
      assert.deepEqual(found, expected.split('\n').filter(Boolean), `${a} ${b}`);
      // How long the ids of the line `index` are is a matter of taste.
      const patches = diff.map((file) => Buffer.from(file.patch()).toString().replace(/^(index .{7}).*\.\.(.{7})[^ \n]*/gm, '$1..$2'));
      assert.equal(patches.join(''), (await gitWith(folder, '', 'diff', '-M', '--abbrev=7', a, b)).toString(), `${a} ${b}`);
    }
  }
});

test('hunks say where lines changed, with as much around them as asked for', () => {
  const [file] = repo.diff('main~4', 'side', { paths: ['a'] });
  assert.deepEqual([file.path, file.kind, file.binary], ['a', 'modified', false]);
  const [first, ...others] = file.hunks(0);
  assert.deepEqual(first, { oldStart: 4, oldLines: 1, newStart: 4, newLines: 1, lines: [{ kind: '-', text: 'three\n' }, { kind: '+', text: 'line 3\n' }] });
  assert.equal(others.length, file.hunks(0).length - 1);
  assert.equal(file.hunks()[0].oldLines, 7);
  assert.equal(file.hunks(100).length, 1);
  const [binary] = repo.diff('main~1', 'main', { paths: ['bin'] });
  assert.deepEqual([binary.binary, binary.hunks()], [true, []]);
  assert.match(binary.unified(), /Binary files a\/bin and b\/bin differ/);
  const plain = repo.diff('main~5', 'main~3', { renames: false }).map(({ kind }) => kind);
  assert.ok(!plain.includes('renamed'));
  assert.equal(codeOf(() => repo.diff('main', 'side', { renames: 101 })), 'InvalidArgument');
});

test('a patch of staged work is applied by git', async () => {
  const fork = repo.main.fork('patch');
  fork.write('renamed', fork.readText('renamed').replace('three', 'drei'));
  fork.remove('x');
  fork.write('new/ünï', 'no newline at end');
  fork.write('run', '#!\n', 'file');
  const commit = fork.commit('patch');
  const patch = repo.diff('main', fork).map((file) => file.unified()).join('');
  await git(folder, 'reset', '--quiet', '--hard', 'main');
  await gitWith(folder, patch, 'apply', '--index', '-');
  assert.equal(await git(folder, 'write-tree'), commit.tree);
});
