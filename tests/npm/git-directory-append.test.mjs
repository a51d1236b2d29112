// What gitDirectory writes into repositories of real git, and how it holds git's locks, without an engine behind it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { gitDirectory } from './installed.mjs';
import { allRefs, assertSound, commit, git, gitFails, loaded, packOf, repository, temporaryFolder } from './repository.mjs';

const BY = 'Grace <grace@example.org> 1700000000 +0100';

/** A commit on top of `start` that the folder does not have: its id and the pack that brings it. */
async function change(folder, start = 'main', name = 'new') {
  const workshop = join(await temporaryFolder(), 'workshop');
  await git(folder, 'clone', '--quiet', '--no-checkout', folder, workshop);
  await git(workshop, 'checkout', '--quiet', '--detach', await git(folder, 'rev-parse', start));
  const id = await commit(workshop, name, `${name}\n`);
  const objects = (await git(workshop, 'rev-list', '--objects', '--no-object-names', `${id}`, `^${id}~1`)).split('\n');
  return { id, pack: await packOf(workshop, objects) };
}

function batch(refs, pack) {
  return { refs: refs.map((move) => ({ message: 'govc: test', ...move })), entries: [], needs: [], by: BY, ...(pack && { pack }) };
}

/** Names of locks and unfinished files that lie in a repository. */
async function leftovers(folder) {
  const names = await readdir(join(folder, '.git'), { recursive: true });
  return names.filter((name) => /\.lock$|tmp_|\.keep$|packed-refs\.new$/.test(name));
}

async function reflog(folder, name) {
  return (await readFile(join(folder, '.git/logs', name), 'utf8')).trimEnd().split('\n');
}

test('a commit on the branch that is checked out', async () => {
  const folder = await repository();
  const before = await git(folder, 'rev-parse', 'main');
  const { id, pack } = await change(folder);
  await gitDirectory(folder).append(batch([{ name: 'refs/heads/main', before, after: id, message: 'commit:  a \n message\n' }], pack));
  await assertSound(folder);
  assert.equal(await git(folder, 'rev-parse', 'HEAD'), id);
  const line = `${before} ${id} ${BY}\tcommit: a message`;
  assert.equal((await reflog(folder, 'refs/heads/main')).at(-1), line);
  assert.equal((await reflog(folder, 'HEAD')).at(-1), line);
  assert.deepEqual(await leftovers(folder), []);
  // The work tree and the index are git's.
  assert.equal(await git(folder, 'status', '--porcelain'), 'D  new');
  const packs = join(folder, '.git/objects/pack');
  for (const name of await readdir(packs)) assert.equal((await stat(join(packs, name))).mode & 0o777, 0o444);
});

test('many refs: created, moved, deleted, HEAD set, in one batch', async () => {
  const folder = await repository();
  for (const name of ['packed', 'deep/er/packed']) await git(folder, 'branch', name);
  await git(folder, 'tag', '--annotate', '--message', 'x', 'v1');
  await git(folder, 'pack-refs', '--all');
  for (const name of ['loose', 'deep/loose', 'both']) await git(folder, 'branch', name);
  await git(folder, 'branch', 'packed2');
  await git(folder, 'pack-refs', '--all');
  await commit(folder, 'more', 'more\n');
  await git(folder, 'branch', '--force', 'both');
  const old = await allRefs(folder);
  const { id, pack } = await change(folder);
  const gone = ['packed', 'deep/er/packed', 'loose', 'deep/loose', 'both'].map((name) => `refs/heads/${name}`);
  await gitDirectory(folder).append(batch([
    ...gone.map((name) => ({ name, before: old.get(name) })),
    { name: 'refs/heads/main', before: old.get('refs/heads/main'), after: id },
    { name: 'refs/heads/topic/x', after: id },
    { name: 'HEAD', before: 'ref: refs/heads/main', after: 'ref: refs/heads/topic/x' },
    { name: 'refs/remotes/o/HEAD', after: 'ref: refs/remotes/o/main' },
    { name: 'refs/remotes/o/main', after: id },
    { name: 'refs/tags/v2', after: id },
  ], pack));
  await assertSound(folder);
  assert.deepEqual([...await allRefs(folder)].sort(), [
    ['HEAD', 'ref: refs/heads/topic/x'], ['refs/heads/main', id], ['refs/heads/packed2', old.get('refs/heads/packed2')],
    ['refs/heads/topic/x', id], ['refs/remotes/o/HEAD', 'ref: refs/remotes/o/main'], ['refs/remotes/o/main', id],
    ['refs/tags/v1', old.get('refs/tags/v1')], ['refs/tags/v2', id],
  ]);
  assert.equal(await git(folder, 'rev-parse', 'v1^{}'), await git(folder, 'rev-parse', 'packed2'));
  assert.match((await reflog(folder, 'HEAD')).at(-1), new RegExp(`^${old.get('refs/heads/main')} ${id} Grace`));
  // As git leaves it: no folder and no log of what is gone.
  assert.deepEqual(await readdir(join(folder, '.git/refs/heads')), ['main', 'topic']);
  assert.deepEqual((await readdir(join(folder, '.git/logs/refs/heads'))).sort(), ['main', 'packed2', 'topic']);
  assert.ok(!existsSync(join(folder, '.git/logs/refs/tags')));
  assert.deepEqual(await leftovers(folder), []);
});

test('reflogs follow the configuration', async () => {
  const folder = await repository();
  const id = await git(folder, 'rev-parse', 'HEAD');
  const storage = () => gitDirectory(folder);
  await git(folder, 'config', 'core.logAllRefUpdates', 'false');
  await storage().append(batch([{ name: 'refs/heads/quiet', after: id }]));
  assert.ok(!existsSync(join(folder, '.git/logs/refs/heads/quiet')));
  await storage().append(batch([{ name: 'refs/heads/main', before: id, after: await git(folder, 'rev-parse', 'HEAD~1') }]));
  assert.match((await reflog(folder, 'refs/heads/main')).at(-1), /Grace/);
  await git(folder, 'config', 'core.logAllRefUpdates', 'always');
  await storage().append(batch([{ name: 'refs/tags/t', after: id, message: '' }]));
  assert.deepEqual(await reflog(folder, 'refs/tags/t'), [`${'0'.repeat(40)} ${id} ${BY}`]);
});

test('many new branches go to packed-refs in its order', async () => {
  const folder = await repository();
  const id = await git(folder, 'rev-parse', 'main');
  await git(folder, 'tag', '--annotate', '--message', 'x', 'v1');
  const names = (from, step) => Array.from({ length: 50 }, (_, at) => `refs/heads/n/${from + at * step}`);
  const storage = gitDirectory(folder);
  for (const [from, pack] of [[0, false], [1, true], [2, false]]) {
    if (pack) await git(folder, 'pack-refs', '--all');
    await storage.append(batch(names(from, 3).map((name) => ({ name, after: id }))));
    await git(folder, 'show-ref', '--verify', `refs/heads/n/${from + 147}`);
    assert.deepEqual(await leftovers(folder), []);
  }
  assert.equal((await allRefs(folder)).size, 153);
  assert.equal(await git(folder, 'rev-parse', 'v1^{}'), id);
  const text = await readFile(join(folder, '.git/packed-refs'), 'utf8');
  assert.match(text, /fully-peeled sorted/);
  await git(folder, 'pack-refs', '--all', '--no-prune');
  const rewritten = await readFile(join(folder, '.git/packed-refs'), 'utf8');
  assert.deepEqual(text.split('\n').filter((line) => line.includes('/n/')), rewritten.split('\n').filter((line) => line.includes('/n/')));
  assert.match((await reflog(folder, 'refs/heads/n/7')).at(-1), /govc: test/);
  // One that exists makes all of them fail.
  const some = [...Array.from({ length: 40 }, (_, at) => `refs/heads/o/${at}`), 'refs/heads/n/7'];
  await assert.rejects(storage.append(batch(some.map((name) => ({ name, after: id })))), { code: 'Stale' });
  await storage.append(batch(names(0, 3).map((name) => ({ name, before: id }))));
  assert.equal((await allRefs(folder)).size, 103);
  await assertSound(folder);
});

test('a ref that moved is named, and nothing moves', async () => {
  const folder = await repository();
  const before = await git(folder, 'rev-parse', 'main');
  const older = await git(folder, 'rev-parse', 'main~1');
  const { id, pack } = await change(folder);
  for (const name of ['created', 'packed']) await git(folder, 'branch', name);
  await git(folder, 'pack-refs', '--all');
  await git(folder, 'branch', '--force', 'packed', older);
  await git(folder, 'symbolic-ref', 'HEAD', 'refs/heads/created');
  const cases = [
    { name: 'refs/heads/created', after: id },
    { name: 'refs/heads/packed', before, after: id },
    { name: 'refs/heads/packed', before },
    { name: 'refs/heads/missing', before, after: id },
    { name: 'refs/heads/missing', before },
    { name: 'HEAD', before: 'ref: refs/heads/main', after: 'ref: refs/heads/packed' },
    { name: 'refs/heads/created/below', after: id },
    { name: 'refs/heads/main/below/it', after: id },
  ];
  const refs = await allRefs(folder);
  for (const move of cases) {
    const moves = [{ name: 'refs/heads/a', after: id }, move, { name: 'refs/heads/z', after: id }];
    await assert.rejects(gitDirectory(folder).append(batch(moves, pack)), (error) =>
      error.code === 'Stale' && error.details.ref === move.name && error.message.includes(move.name), JSON.stringify(move));
    assert.deepEqual(await allRefs(folder), refs);
    assert.deepEqual(await leftovers(folder), []);
  }
  await assertSound(folder);
});

test('folders and names that clash', async () => {
  const folder = await repository();
  const id = await git(folder, 'rev-parse', 'main');
  const storage = gitDirectory(folder);
  // Empty folders that deleted refs of git left.
  await mkdir(join(folder, '.git/refs/heads/a/b/c'), { recursive: true });
  await mkdir(join(folder, '.git/logs/refs/heads/a/b'), { recursive: true });
  await storage.append(batch([{ name: 'refs/heads/a', after: id }]));
  // What is deleted makes room for what is created.
  await storage.append(batch([{ name: 'refs/heads/a', before: id }, { name: 'refs/heads/a/b', after: id }]));
  await git(folder, 'pack-refs', '--all');
  await storage.append(batch([{ name: 'refs/heads/a', after: id }, { name: 'refs/heads/a/b', before: id }]));
  await git(folder, 'pack-refs', '--all');
  await assert.rejects(storage.append(batch([{ name: 'refs/heads/a/b', after: id }])), { code: 'Stale' });
  await storage.append(batch([{ name: 'refs/heads/b/c', after: id }]));
  await assert.rejects(storage.append(batch([{ name: 'refs/heads/b', after: id }])), { code: 'Stale' });
  assert.deepEqual([...(await allRefs(folder)).keys()], ['HEAD', 'refs/heads/a', 'refs/heads/b/c', 'refs/heads/main']);
  await assertSound(folder);
});

test('what cannot be renamed moves the others back', async () => {
  const folder = await repository();
  const before = await git(folder, 'rev-parse', 'main');
  await git(folder, 'branch', 'packed');
  await git(folder, 'pack-refs', '--all');
  await git(folder, 'branch', 'loose');
  const { id, pack } = await change(folder);
  // No ref, and no empty folder either.
  await mkdir(join(folder, '.git/refs/heads/z'));
  await writeFile(join(folder, '.git/refs/heads/z/.hidden'), '');
  const [refs, logs] = [await allRefs(folder), await reflog(folder, 'HEAD')];
  const moves = [
    { name: 'refs/heads/main', before, after: id }, { name: 'refs/heads/loose', before, after: id },
    { name: 'refs/heads/packed', before, after: id }, { name: 'refs/heads/created', after: id }, { name: 'refs/heads/z', after: id },
  ];
  await assert.rejects(gitDirectory(folder).append(batch(moves, pack)), { code: 'Storage', message: /refs\/heads\/z/ });
  assert.deepEqual(await allRefs(folder), refs);
  assert.deepEqual(await reflog(folder, 'HEAD'), logs);
  assert.deepEqual(await leftovers(folder), []);
  await assertSound(folder);
});

test('what cannot be deleted moves the others back', async () => {
  const folder = await repository();
  const before = await git(folder, 'rev-parse', 'main');
  for (const name of ['packed', 'moved']) await git(folder, 'branch', name);
  await git(folder, 'pack-refs', '--all');
  await git(folder, 'branch', 'loose');
  // A log that nothing can be written to, which is found when main goes.
  await rm(join(folder, '.git/logs/HEAD'));
  await mkdir(join(folder, '.git/logs/HEAD/x/y'), { recursive: true });
  await writeFile(join(folder, '.git/logs/HEAD/x/y/z'), '');
  const { id, pack } = await change(folder);
  const refs = await allRefs(folder);
  const moves = [
    ...['main', 'packed', 'loose'].map((name) => ({ name: `refs/heads/${name}`, before })),
    { name: 'refs/heads/moved', before, after: id },
    ...Array.from({ length: 40 }, (_, at) => ({ name: `refs/heads/many/${at}`, after: id })),
  ];
  await assert.rejects(gitDirectory(folder).append(batch(moves, pack)), { code: 'Storage', message: /logs\/HEAD/ });
  assert.deepEqual(await allRefs(folder), refs);
  assert.deepEqual(await leftovers(folder), []);
  await rm(join(folder, '.git/logs/HEAD'), { recursive: true });
  await assertSound(folder);
});

test('locks of others: waited for, then named', async () => {
  const folder = await repository();
  const before = await git(folder, 'rev-parse', 'main');
  const { id, pack } = await change(folder);
  const moves = [{ name: 'refs/heads/main', before, after: id }];
  for (const name of ['refs/heads/main.lock', 'HEAD.lock']) {
    const lock = join(folder, '.git', name);
    await writeFile(lock, '');
    await assert.rejects(gitDirectory(folder).append(batch(moves, pack)), (error) =>
      error.code === 'Storage' && error.details.lock === lock && error.message.includes('remove the file'));
    await rm(lock);
    assert.deepEqual(await leftovers(folder), []);
    assert.equal(await git(folder, 'rev-parse', 'main'), before);
  }
  const packedLock = join(folder, '.git/packed-refs.lock');
  await git(folder, 'branch', 'other');
  await writeFile(packedLock, '');
  const deletion = batch([{ name: 'refs/heads/other', before }]);
  await assert.rejects(gitDirectory(folder, { lockTimeoutMs: 20 }).append(deletion), { code: 'Storage', details: { path: packedLock, lock: packedLock, waitedMs: 20 } });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 5);
  const forever = gitDirectory(folder, { lockTimeoutMs: -1 });
  await assert.rejects(forever.append(deletion, { signal: controller.signal }), { code: 'Aborted' });
  // Whoever gives the lock back lets the waiting one go on.
  const waiting = forever.append(deletion);
  await rm(packedLock);
  await waiting;
  await gitDirectory(folder).append(batch(moves, pack));
  assert.deepEqual([...(await allRefs(folder)).keys()], ['HEAD', 'refs/heads/main']);
  await assertSound(folder);
});

test('objects that git has removed since are missed', async () => {
  const folder = await repository();
  const lost = await commit(folder, 'lost', 'lost\n');
  await git(folder, 'reset', '--quiet', '--hard', 'HEAD~1');
  await git(folder, 'reflog', 'expire', '--expire=now', '--all');
  await git(folder, 'gc', '--quiet', '--prune=now');
  const storage = gitDirectory(folder);
  const { id, pack } = await change(folder);
  await assert.rejects(storage.append(batch([{ name: 'refs/heads/lost', after: lost }])), { code: 'Storage', details: { missing: [lost] } });
  const needy = { ...batch([{ name: 'refs/heads/x', after: id }], pack), needs: [lost, await git(folder, 'rev-parse', 'main')] };
  await assert.rejects(storage.append(needy), { code: 'Storage', details: { missing: [lost] } });
  assert.deepEqual([...(await allRefs(folder)).keys()], ['HEAD', 'refs/heads/main']);
  await assertSound(folder);
});

test('the same pack twice, and a keep of somebody else', async () => {
  const folder = await repository();
  const { id, pack } = await change(folder);
  const storage = gitDirectory(folder);
  await storage.append(batch([], pack));
  const keep = join(folder, `.git/objects/pack/pack-${pack.checksum}.keep`);
  await writeFile(keep, 'mine\n');
  await storage.append(batch([{ name: 'refs/heads/x', after: id }], pack));
  assert.equal(await readFile(keep, 'utf8'), 'mine\n');
  await assertSound(folder);
});

test('a keep that a killed govc left is cleared away at the next opening', async () => {
  const folder = await repository();
  const keeps = join(folder, '.git/objects/pack');
  const { hostname } = await import('node:os');
  const child = execFile(process.execPath, ['--version']);
  await new Promise((resolve) => child.on('close', resolve));
  const texts = [`govc ${child.pid} on ${hostname()}\n`, `govc ${process.pid} on ${hostname()}\n`, `govc ${child.pid} on elsewhere\n`, 'x'];
  for (const [at, text] of texts.entries()) await writeFile(join(keeps, `pack-${at}.keep`), text);
  await loaded(gitDirectory(folder));
  assert.deepEqual((await readdir(keeps)).sort(), ['pack-1.keep', 'pack-2.keep', 'pack-3.keep']);
});

test('shared repositories keep their permissions', async () => {
  const folder = await repository();
  await git(folder, 'config', 'core.sharedRepository', 'group');
  const { id, pack } = await change(folder);
  await gitDirectory(folder).append(batch([{ name: 'refs/heads/deep/x', after: id }], pack));
  const mode = async (path) => ((await stat(join(folder, '.git', path))).mode & 0o7777).toString(8);
  assert.equal(await mode('refs/heads/deep/x'), '664');
  assert.equal(await mode('refs/heads/deep'), '2775');
  assert.equal(await mode('logs/refs/heads/deep/x'), '664');
  assert.equal(await mode(`objects/pack/pack-${pack.checksum}.pack`), '444');
});

test('a linked work tree moves its own HEAD and the shared refs', async () => {
  const folder = await repository();
  const linked = join(await temporaryFolder(), 'linked');
  await git(folder, 'worktree', 'add', '--quiet', '-b', 'topic', linked);
  const before = await git(folder, 'rev-parse', 'topic');
  const { id, pack } = await change(folder);
  await gitDirectory(linked).append(batch([
    { name: 'refs/heads/topic', before, after: id }, { name: 'refs/worktree/mine', after: id },
  ], pack));
  assert.equal(await git(linked, 'rev-parse', 'HEAD'), id);
  assert.equal(await git(folder, 'rev-parse', 'topic'), id);
  assert.match(await gitFails(folder, 'rev-parse', '--verify', 'refs/worktree/mine'), /fatal/);
  assert.match(await git(linked, 'reflog', '--format=%gn', '-1'), /Grace/);
  await assertSound(folder);
});

test('two writers and git at once: every acknowledged move happened, none twice', async () => {
  const folder = await repository();
  const start = await git(folder, 'rev-parse', 'main');
  const ids = [start, await git(folder, 'rev-parse', 'main~1')];
  // Long enough for any machine: who waits for a lock is not to give up.
  const storages = [1, 2].map(() => gitDirectory(folder, { lockTimeoutMs: 120_000 }));
  const patient = ['-c', 'core.packedRefsTimeout=120000', '-c', 'core.filesRefLockTimeout=120000'];
  const counts = await Promise.all([
    ...storages.map(async (storage, which) => {
      let moved = 0;
      for (let at = 0; at < 60; at++) {
        const before = ids[at % 2];
        try {
          await storage.append(batch([
            { name: 'refs/heads/main', before, after: ids[(at + 1) % 2] }, { name: `refs/heads/w${which}/${at}`, after: start },
          ]));
          moved++;
        } catch (error) {
          assert.equal(error.code, 'Stale');
        }
      }
      return moved;
    }),
    (async () => {
      for (let at = 0; at < 12; at++) {
        await git(folder, ...patient, 'pack-refs', '--all');
        await git(folder, ...patient, 'update-ref', `refs/heads/git/${at}`, start);
      }
      return 0;
    })(),
  ]);
  const refs = [...(await allRefs(folder)).keys()];
  assert.equal(refs.filter((name) => /heads\/w/.test(name)).length, counts[0] + counts[1]);
  assert.equal(refs.filter((name) => name.includes('/git/')).length, 12);
  assert.ok(counts[0] + counts[1] >= 60, String(counts));
  assert.deepEqual(await leftovers(folder), []);
  await assertSound(folder);
});
