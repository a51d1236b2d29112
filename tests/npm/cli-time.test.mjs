// govc undo, at, watch and serve: across processes, beside git.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';

import { command, govc, json, run } from './govc.mjs';
import { gitDirectory, Repository } from './installed.mjs';
import { assertSound, commit, environment, git, gitFails, repository, temporaryFolder } from './repository.mjs';

/** A process of govc that goes on; its lines come one by one. */
function started(folder, ...words) {
  const child = spawn(command, words, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value;
  return { child, line };
}

test('undo takes back a commit, a merge, a branch and a checkout, the last first', async () => {
  const folder = await repository(1);
  const start = await git(folder, 'rev-parse', 'HEAD');
  await govc(folder, 'checkout', '-b', 'topic');
  await writeFile(join(folder, 'a'), 'a\n');
  await govc(folder, 'add', 'a');
  await govc(folder, 'commit', '-m', 'Add a');
  await govc(folder, 'checkout', 'main');
  await govc(folder, 'merge', 'topic');
  assert.equal(await readFile(join(folder, 'a'), 'utf8'), 'a\n');
  await govc(folder, 'tag', 'v1');
  await govc(folder, 'undo');
  assert.equal(await git(folder, 'tag'), '');
  await govc(folder, 'undo');
  assert.equal(await git(folder, 'rev-parse', 'HEAD'), start);
  assert.equal(await git(folder, 'status', '--porcelain'), '');
  await govc(folder, 'undo');
  assert.equal(await git(folder, 'symbolic-ref', 'HEAD'), 'refs/heads/topic');
  await govc(folder, 'undo');
  // A commit that is taken back leaves its changes in the index.
  assert.equal(await git(folder, 'status', '--porcelain'), 'A  a');
  await govc(folder, 'undo');
  await govc(folder, 'undo');
  assert.equal(await git(folder, 'for-each-ref', '--format=%(refname)'), 'refs/heads/main');
  assert.equal((await run(folder, ['undo'])).code, 3);
  await assertSound(folder);
});

test('undo stops where somebody else has moved on', async () => {
  const folder = await repository(1);
  await govc(folder, 'commit', '--allow-empty', '-m', 'Empty');
  await commit(folder, 'later', 'x');
  const { code, stderr } = await run(folder, ['undo']);
  assert.equal(code, 8);
  assert.match(stderr, /was moved since/);
});

test('undo takes back what a program did whose log is kept, between commands, each in its place', async () => {
  const folder = await repository(1);
  const start = await git(folder, 'rev-parse', 'HEAD');
  let now = Date.now() - 10_000;
  const open = (options) => Repository.open(gitDirectory(folder), { now: () => now++, ...options });
  let repo = await open({ log: true });
  repo.createReality('topic').apply({ 'of a program': '1\n' }, 'By a program');
  await repo.flush();
  repo[Symbol.dispose]();
  await govc(folder, 'checkout', 'topic');
  await govc(folder, 'commit', '--allow-empty', '-m', 'By a command');
  now = Date.now() + 10_000;
  repo = await open();
  repo.main.apply({ 'of a program': '2\n' }, 'By a program again');
  repo.tag('v1');
  await repo.flush();
  repo[Symbol.dispose]();
  await git(folder, 'reset', '-q', '--hard');
  const left = await json(folder, 'undo', '--list');
  assert.deepEqual(left.map(({ by, kind }) => `${by} ${kind}`), ['program tag', 'program commit', 'command commit', 'command checkout', 'program commit', 'program create']);
  const undone = [];
  while (undone.length < left.length) {
    undone.push((await json(folder, 'undo')).undone.description);
    // What a commit brought is left in the index.
    await git(folder, 'reset', '-q', '--hard');
  }
  assert.deepEqual(undone, left.map(({ description }) => description));
  assert.equal(await git(folder, 'for-each-ref', '--format=%(refname)', 'refs/heads', 'refs/tags'), 'refs/heads/main');
  assert.equal(await git(folder, 'rev-parse', 'HEAD'), start);
  assert.equal((await run(folder, ['undo'])).code, 3);
  // The program sees that its operations were taken back, and what the commands did in between.
  repo = await open();
  const kinds = [...repo.operations()].map(({ kind }) => kind);
  assert.deepEqual(kinds.filter((kind) => kind === 'undo').length, 4);
  assert.ok(kinds.includes('import'));
  repo[Symbol.dispose]();
  await assertSound(folder);
});

test('at shows files at a moment by the reflog, and at a revision', async () => {
  const folder = await repository(0);
  const ids = [];
  for (const [at, hour] of ['03:00', '04:00', '05:00'].entries()) {
    await writeFile(join(folder, 'file'), `version ${at}\n`);
    const date = `2026-01-31T${hour}:00Z`;
    const { stdout } = await run(folder, ['add', 'file']);
    assert.equal(stdout, '');
    const made = await run(folder, ['commit', '-m', `version ${at}`, '--json'], { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date });
    ids.push(JSON.parse(made.stdout).commit);
  }
  assert.equal(await govc(folder, 'at', '2026-01-31T03:42Z', 'file'), 'version 0');
  assert.equal((await json(folder, 'at', '2026-01-31T04:59Z')).commit, ids[1]);
  assert.equal(await govc(folder, 'at', 'HEAD@{2026-01-31T04:59Z}', 'file'), 'version 1');
  assert.equal(await govc(folder, 'at', 'HEAD~2', 'file'), 'version 0');
  // As git reads the same log.
  assert.equal(await git(folder, 'rev-parse', 'main@{2026-01-31T04:59Z}'), ids[1]);
  assert.equal((await run(folder, ['at', '2026-01-30', 'file'])).code, 3);
  assert.equal(await readFile(join(folder, 'file'), 'utf8'), 'version 2\n');
});

test('watch prints commits that git makes in another process', async () => {
  const folder = await repository(1);
  const { child, line } = started(folder, 'watch', '--json', '--count', '3');
  await once(child.stderr, 'data');
  const first = await commit(folder, 'one', '1');
  const told = JSON.parse(await line());
  assert.deepEqual([told.commit, told.ref, told.files, told.message], [first, 'refs/heads/main', ['one'], 'Add one']);
  await git(folder, 'checkout', '-q', '-b', 'topic');
  await git(folder, 'pack-refs', '--all');
  const others = [await commit(folder, 'two', '2'), await commit(folder, 'three', '3')];
  assert.deepEqual([JSON.parse(await line()).commit, JSON.parse(await line()).commit], others);
  if (child.exitCode === null) await once(child, 'exit');
  assert.equal(child.exitCode, 0);
});

test('serve: git clones and fetches from it, and pushes where it may', async () => {
  const folder = await repository(2);
  const { line } = started(folder, 'serve', '--push', '--json');
  const { url } = JSON.parse(await line());
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  const clone = join(await temporaryFolder(), 'clone');
  await git(folder, 'clone', '-q', url, clone);
  assert.equal(await git(clone, 'rev-parse', 'HEAD'), await git(folder, 'rev-parse', 'HEAD'));
  const later = await commit(folder, 'later', 'x');
  await git(clone, 'pull', '-q');
  assert.equal(await git(clone, 'rev-parse', 'HEAD'), later);
  const pushed = await commit(clone, 'mine', 'y');
  await git(clone, 'push', '-q', 'origin', 'main:topic');
  assert.equal(await git(folder, 'rev-parse', 'topic'), pushed);
  assert.match(await gitFails(clone, 'push', 'origin', 'main'), /checked out/);
  await assertSound(folder);
  const { line: reading } = started(folder, 'serve');
  const readOnly = /http:\S+/.exec(await reading())[0].replace(/,$/, '');
  await gitFails(clone, 'push', readOnly, 'main:other');
});

test('every verb has its help, and a wrong use is told', async () => {
  const folder = await repository(1);
  const general = await govc(folder, '--help');
  for (const verb of ['init', 'add', 'commit', 'branch', 'checkout', 'merge', 'log', 'status', 'diff', 'show', 'tag', 'undo', 'at', 'watch', 'serve', 'hook', 'ci']) {
    assert.match(general, new RegExp(`^  ${verb} `, 'm'));
    assert.match(await govc(folder, verb, '--help'), new RegExp(`^govc ${verb}: `));
    assert.equal((await run(folder, [verb, '--nonsense'])).code, 2);
  }
  assert.match(await govc(folder, '--version'), /^govc \d+\.\d+\.\d+$/);
  assert.equal((await run(folder, [])).code, 2);
  assert.equal((await run(await temporaryFolder(), ['status'])).code, 3);
  assert.equal((await run('/', ['-C', folder, 'status', '--porcelain'])).code, 0);
});

