// The handler behind Node's HTTP server, with real git as its client and real git's own server beside it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';

import { gitDirectory, Repository } from './installed.mjs';
import { allObjects, allRefs, assertSound, commit, git, gitFails, repository, temporaryFolder } from './repository.mjs';

/** Opens the repository of a folder and serves it: the repository, and its address for git. */
async function serve(folder, options) {
  const repo = await Repository.open(gitDirectory(folder));
  const handler = repo.handler(options);
  const server = createServer(async (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const body = method === 'POST' ? Readable.toWeb(incoming) : undefined;
    const answer = await handler(new Request(`http://localhost${url}`, { method, headers, body, duplex: 'half' }));
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    Readable.fromWeb(answer.body).pipe(outgoing);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
    repo[Symbol.dispose]();
  });
  return { repo, url: `http://127.0.0.1:${server.address().port}/repo.git` };
}

/** A clone of a folder that has so many commits of its history. */
async function shallowClone(folder, depth) {
  const clone = join(await temporaryFolder(), 'shallow');
  await git(folder, 'clone', '--quiet', '--depth', depth, `file://${folder}`, clone);
  return clone;
}

async function shallow(folder) {
  return (await readFile(join(folder, '.git/shallow'), 'utf8').catch(() => '')).split('\n').sort();
}

test('a shallow repository: clones and fetches end at its boundary, as with git', async () => {
  const cut = await shallowClone(await repository(6), 3);
  const { repo, url } = await serve(cut);
  assert.equal([...repo.log()].length, 3);
  const depths = [[], ['--depth', '1'], ['--depth', '3'], ['--depth', '9']];
  for (const args of depths) {
    const clones = [];
    for (const from of [url, `file://${cut}`]) {
      const clone = await temporaryFolder();
      await git(clone, 'clone', '--quiet', ...args, from, '.');
      clones.push(clone);
    }
    for (const step of [[], ['--deepen', '1'], ['--unshallow']]) {
      const [ours, theirs] = await Promise.all(clones.map(async (clone) => {
        const failure = await git(clone, 'fetch', '--quiet', ...step).then(() => undefined, (error) => error.stderr);
        await assertSound(clone);
        return [failure, await shallow(clone), await allRefs(clone), await allObjects(clone)];
      }));
      assert.deepEqual(ours, theirs, `clone ${args.join(' ')}, fetch ${step.join(' ')}`);
    }
  }
});

test('a shallow repository: a clone pushes to it, and the flush is what git finds', async () => {
  const cut = await shallowClone(await repository(6), 3);
  const proposed = [];
  const { repo, url } = await serve(cut, { push: (refs) => { proposed.push(...refs); } });
  const clone = join(await temporaryFolder(), 'clone');
  await git(cut, 'clone', '--quiet', url, clone);
  const before = await git(clone, 'rev-parse', 'HEAD');
  const id = await commit(clone, 'pushed', 'x\n');
  await git(clone, 'push', '--quiet');
  assert.deepEqual(proposed, [{ name: 'refs/heads/main', before, after: id }]);
  await repo.flush();
  assert.equal(await git(cut, 'rev-parse', 'main'), id);
  await assertSound(cut);
});

test('a push is refused: without a hook, and by the hook with its reason', async () => {
  const folder = await repository();
  for (const [options, reason] of [
    [{}, /403/],
    [{ push: () => { throw new Error('closed on Fridays'); } }, /closed on Fridays/],
  ]) {
    const { repo, url } = await serve(folder, options);
    const clone = join(await temporaryFolder(), 'clone');
    await git(folder, 'clone', '--quiet', url, clone);
    await commit(clone, 'pushed', 'x\n');
    assert.match(await gitFails(clone, 'push', '--quiet'), reason);
    assert.equal(repo.main.head, await git(folder, 'rev-parse', 'main'));
  }
});

test('a push that the validators refuse moves nothing, leaves nothing, and says why', async () => {
  const folder = await repository(2);
  const { repo, url } = await serve(folder, { push: () => {} });
  repo.validators = [(snapshot, changes) => changes.filter(({ path }) => path.endsWith('.secret')).map(({ path }) => ({ path, message: 'no secrets' }))];
  const clone = join(await temporaryFolder(), 'clone');
  await git(folder, 'clone', '--quiet', url, clone);
  const state = () => JSON.stringify([repo.stats().objects, repo.stats().objectBytes, [...repo.operations()].length, repo.listRealities().map(({ name, head }) => name + head)]);
  const before = state();
  await commit(clone, 'a.secret', 'token');
  for (const target of ['HEAD:main', 'HEAD:refs/heads/elsewhere']) {
    assert.match(await gitFails(clone, 'push', url, target), /a\.secret: no secrets/);
    assert.equal(state(), before);
  }
  await git(clone, 'rm', '--quiet', 'a.secret');
  await git(clone, 'commit', '--quiet', '--message', 'gone');
  await git(clone, 'push', '--quiet', url, 'HEAD:main');
  assert.deepEqual(repo.main.list('*.secret'), []);
});
