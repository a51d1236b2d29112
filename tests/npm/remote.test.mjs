// Clone, fetch and push of the packed package, with real git's own server on the other side and real git beside it.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';

import { gitHost } from './git-host.mjs';
import { GovcError, Repository } from './installed.mjs';
import { allObjects, allRefs, assertSound, commit, git, gitWith, repository, temporaryFolder } from './repository.mjs';

/** A repository with branches, a merge and tags, and git's server for it. */
async function hosted(options) {
  const folder = await repository(12);
  await git(folder, 'tag', '--annotate', '--message', 'one', 'v1');
  await git(folder, 'checkout', '--quiet', '-b', 'side', 'HEAD~3');
  await commit(folder, 'side/file', 'on the side\n');
  await git(folder, 'tag', 'light');
  await git(folder, 'checkout', '--quiet', 'main');
  await git(folder, 'merge', '--quiet', '--message', 'Merge side', 'side');
  await git(folder, 'checkout', '--quiet', '-b', 'feature/deep', 'main~2');
  await commit(folder, 'feature', 'unmerged\n');
  await git(folder, 'checkout', '--quiet', 'main');
  await git(folder, 'checkout', '--quiet', '--detach');
  await git(folder, 'symbolic-ref', 'HEAD', 'refs/heads/main');
  const host = await gitHost(dirname(folder), options);
  return { folder, url: `${host.origin}/${basename(folder)}/.git`, ...host };
}

/** What `git clone` makes of the same address. */
async function gitClone(url, ...args) {
  const clone = await temporaryFolder();
  await git(clone, 'clone', '--quiet', ...args, url, '.');
  return clone;
}

/** The refs that a clone began with, in the form of `allRefs`. */
function clonedRefs(repo) {
  const [{ refs }] = repo.operations();
  return new Map([['HEAD', `ref: refs/heads/${repo.main.name}`], ...refs.map(({ name, after }) => [name, after])]);
}

/** All that a repository of govc holds, as git finds it. */
async function exported(repo) {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--bare', '--initial-branch=main');
  await gitWith(folder, repo.exportPack(), 'index-pack', '--stdin');
  await git(folder, 'update-ref', 'refs/heads/main', repo.main.head);
  return folder;
}

const sorted = (refs) => [...refs].sort(([a], [b]) => (a < b ? -1 : 1));

/** The commits that are reached from everything, and where history is cut. */
async function history(folder) {
  const cut = await readFile(join(folder, '.git/shallow'), 'utf8').catch(() => '');
  return { commits: (await git(folder, 'rev-list', '--all')).split('\n').sort(), cut: cut.split('\n').filter(Boolean).sort() };
}

/** The same of a repository of govc: the commits that name a parent which is not here are where history is cut. */
function historyOf(repo) {
  const tips = [...new Set([...repo.operations()].flatMap(({ refs }) => refs.map(({ after }) => after)).filter((after) => /^[0-9a-f]{40}$/.test(after)))];
  const commits = new Map();
  for (const { id, parents } of repo.log({ from: tips })) commits.set(id, parents);
  const cut = [...commits].filter(([, parents]) => parents.some((parent) => !commits.has(parent))).map(([id]) => id);
  return { commits: [...commits.keys()].sort(), cut: cut.sort() };
}

const rejects = (promise, code, told) => assert.rejects(promise, (error) => {
  assert.equal(error.constructor.name, 'GovcError');
  assert.equal(error.code, code, error.message);
  assert.match(error.message, told);
  assert.doesNotMatch(`${error.message} ${JSON.stringify(error.details)}`, /geheim/);
  return true;
});

test('a clone is what git clone makes', async () => {
  const { folder, url } = await hosted();
  const phases = new Set();
  const repo = await Repository.clone(url, { onProgress: ({ phase }) => phases.add(phase) });
  const theirs = await gitClone(url);
  assert.deepEqual(sorted(clonedRefs(repo)), sorted(await allRefs(theirs)));
  assert.equal(repo.main.head, await git(folder, 'rev-parse', 'main'));
  const copy = await exported(repo);
  assert.deepEqual(await allObjects(copy), await allObjects(theirs));
  await assertSound(copy);
  assert.deepEqual((await repo.verify()).problems, []);
  assert.deepEqual(repo.listRealities().map(({ name }) => name), ['main']);
  assert.equal(repo.createReality('feature/deep', 'origin/feature/deep').readText('feature'), 'unmerged\n');
  assert.deepEqual([...repo.remotes], [['origin', { url }]]);
  for (const phase of ['negotiate', 'receive', 'resolve', 'check', 'done']) assert.ok(phases.has(phase), phase);
});

test('a shallow clone is cut where git cuts it, deepens and becomes whole', async () => {
  const { url } = await hosted();
  for (const depth of [1, 3, 100]) {
    const repo = await Repository.clone(url, { depth });
    const theirs = await gitClone(url, '--depth', depth);
    assert.deepEqual(sorted(clonedRefs(repo)), sorted(await allRefs(theirs)), `depth ${depth}`);
    assert.deepEqual(historyOf(repo), await history(theirs), `depth ${depth}`);
    assert.deepEqual((await repo.verify()).problems, []);
    await repo.fetch('origin', { depth: depth + 2 });
    await git(theirs, 'fetch', '--quiet', '--depth', depth + 2);
    assert.deepEqual(historyOf(repo).commits, (await history(theirs)).commits, `deepened from ${depth}`);
    await repo.fetch('origin', { depth: 1 });
    await git(theirs, 'fetch', '--quiet', '--depth', '1');
    assert.deepEqual(historyOf(repo).commits, (await history(theirs)).commits, `cut again from ${depth}`);
    await repo.fetch('origin', { depth: Infinity });
    await git(theirs, 'fetch', '--quiet', '--unshallow');
    assert.deepEqual(historyOf(repo), await history(theirs), `whole from ${depth}`);
    assert.deepEqual((await repo.verify()).problems, []);
  }
});

test('a shallow clone fetches what is new and pushes', async () => {
  const { url, folder } = await hosted();
  await git(folder, 'config', 'receive.denyCurrentBranch', 'ignore');
  const repo = await Repository.clone(url, { depth: 2 });
  const theirs = await gitClone(url, '--depth', '2');
  await commit(folder, 'new', 'new\n');
  assert.equal((await repo.fetch('origin')).objects, 3);
  await git(theirs, 'fetch', '--quiet');
  assert.deepEqual(historyOf(repo), await history(theirs));
  repo.merge('origin/main', 'main');
  repo.main.write('shallow', 'from a cut history\n');
  const { id } = repo.main.commit('From a cut history');
  assert.deepEqual(await repo.push('origin'), { ok: true, refs: { 'refs/heads/main': { ok: true } }, messages: '' });
  assert.equal(await git(folder, 'rev-parse', 'main'), id);
  await assertSound(folder);
});

test('one branch alone: the same refs and objects as with git', async () => {
  const { url } = await hosted();
  const repo = await Repository.clone(url, { singleBranch: 'side' });
  const theirs = await gitClone(url, '--single-branch', '--branch', 'side');
  assert.deepEqual(sorted(clonedRefs(repo)), sorted(await allRefs(theirs)));
  assert.deepEqual(await allObjects(await exported(repo)), await allObjects(theirs));
  assert.equal(repo.main.name, 'side');
  assert.deepEqual(await repo.fetch('origin'), { updated: {}, pruned: [], rejected: {}, objects: 0, bytes: 0 });
  await rejects(Repository.clone(url, { singleBranch: 'nowhere' }), 'NotFound', /no ref 'nowhere'/);
  await rejects(Repository.clone(url, { singleBranch: 'v1' }), 'NotFound', /no branch 'v1'/);
  assert.equal((await Repository.clone(url, { singleBranch: 'refs/heads/side' })).main.name, 'side');
});

test('an empty repository and a detached HEAD: as git clones them', async () => {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--initial-branch=trunk');
  const host = await gitHost(dirname(folder));
  const url = `${host.origin}/${basename(folder)}/.git`;
  const empty = await Repository.clone(url);
  assert.equal(empty.main.name, 'trunk');
  assert.equal(empty.main.head, undefined);
  assert.deepEqual(empty.listRealities().map(({ name }) => name), ['trunk']);
  const id = await commit(folder, 'file', 'content\n');
  await git(folder, 'checkout', '--quiet', '--detach');
  const detached = await Repository.clone(url);
  assert.equal(detached.resolve('HEAD'), id);
  assert.throws(() => detached.main, /HEAD names a commit/);
  assert.deepEqual(detached.listRealities(), []);
});

test('a fetch brings what is new, in about as much as git needs, and follows, prunes and keeps as git does', async () => {
  const { folder, url, requests } = await hosted();
  const repo = await Repository.clone(url);
  const theirs = await gitClone(url);
  await git(theirs, 'config', 'fetch.negotiationAlgorithm', 'consecutive');
  const events = [];
  repo.on('*', (event) => { events.push(event); });
  repo.main.write('local', 'only here\n');
  repo.main.commit('Only here');
  await commit(theirs, 'local', 'only there\n');
  for (let at = 0; at < 3; at++) await commit(folder, `file ${at}`, `changed ${at}\n`);
  await git(folder, 'tag', '--annotate', '--message', 'two', 'v2');
  await git(folder, 'tag', '--annotate', '--message', 'late', 'late', 'HEAD~4');
  await git(folder, 'branch', '--quiet', '--delete', '--force', 'feature/deep');
  await git(folder, 'branch', '--quiet', 'feature');
  await git(folder, 'branch', '--quiet', '--force', 'side', 'main~6');
  const before = { ours: requests.length };
  const result = await repo.fetch('origin', { prune: true });
  const between = requests.length;
  await git(theirs, 'fetch', '--quiet', '--prune');
  const ours = requests.slice(before.ours, between);
  const gits = requests.slice(between);
  assert.ok(Math.abs(ours.length - gits.length) <= 1, `about as many requests: ${ours.length} and ${gits.length}`);
  const had = (all) => all.flatMap(({ body }) => body.toString('latin1').match(/have [0-9a-f]{40}/g) ?? []).length;
  // Commits of the same second have no order: the two may stop a commit or two apart.
  assert.ok(Math.abs(had(ours) - had(gits)) <= 3, `about as many haves: ${had(ours)} and ${had(gits)}`);
  const received = Number((await git(theirs, 'count-objects', '-v')).match(/^count: (\d+)/m)[1]) - 3;
  assert.equal(result.objects, received, 'as many objects, but for what was committed there');
  assert.deepEqual(result.pruned, ['refs/remotes/origin/feature/deep']);
  const refs = await allRefs(theirs);
  for (const [name, target] of refs) if (name.startsWith('refs/remotes/') || name.startsWith('refs/tags/')) assert.equal(repo.resolve(name), target.startsWith('ref: ') ? repo.resolve('origin/main') : target, name);
  assert.equal(Object.keys(result.updated).length, 5);
  const last = [...repo.operations()].at(-1);
  assert.deepEqual([last.kind, last.description], ['import', 'fetch origin: 6 refs']);
  assert.deepEqual((await repo.verify()).problems, []);
  repo.undo();
  assert.equal(repo.resolve('origin/feature/deep'), await git(theirs, 'rev-parse', 'main@{1}').then(() => repo.resolve('origin/feature/deep')));
  repo.redo();
  repo.merge('origin/main', 'main');
  assert.deepEqual(await repo.fetch('origin'), { updated: {}, pruned: [], rejected: {}, objects: 0, bytes: 0 });
});

test('named refs and refspecs', async () => {
  const { folder, url } = await hosted();
  await git(folder, 'update-ref', 'refs/pull/7/head', 'feature/deep');
  const repo = new Repository();
  const { updated } = await repo.fetch(url, { refs: ['side', 'refs/pull/7/head:refs/remotes/origin/pull/7'] });
  assert.deepEqual(Object.keys(updated).sort(), ['refs/remotes/origin/pull/7', 'refs/remotes/origin/side', 'refs/tags/light']);
  assert.equal(repo.resolve('origin/pull/7'), await git(folder, 'rev-parse', 'feature/deep'));
  assert.deepEqual([...repo.remotes], [['origin', { url }]]);
  const first = repo.resolve('light');
  await git(folder, 'tag', '--force', 'light', 'main');
  const again = await repo.fetch('origin', { refs: ['refs/tags/*:refs/tags/*'] });
  assert.deepEqual(again.rejected, { 'refs/tags/light': 'would clobber existing tag' });
  assert.equal(repo.resolve('light'), first);
  await repo.fetch('origin', { refs: ['+refs/tags/*:refs/tags/*'] });
  assert.equal(repo.resolve('light'), await git(folder, 'rev-parse', 'main'));
  await rejects(repo.fetch('origin', { refs: ['refs/pull/7/head'] }), 'InvalidArgument', /neither branch nor tag/);
  await rejects(repo.fetch('origin', { refs: ['side:refs/heads/side'] }), 'InvalidName', /does not move 'refs\/heads\/side'/);
  await rejects(repo.fetch('origin', { refs: ['a*b*'] }), 'InvalidArgument', /no refspec/);
  await rejects(repo.fetch('upstream'), 'NotFound', /there is no remote 'upstream'/);
  await rejects(repo.fetch(`${url}/x`), 'InvalidArgument', /no remote has this address/);
});

test('a push is taken by git, and refused with its reasons', async () => {
  const { folder, url, requests } = await hosted();
  const bare = await temporaryFolder();
  await git(bare, 'clone', '--quiet', '--bare', folder, '.');
  const address = url.replace(`${basename(folder)}/.git`, basename(bare));
  const repo = await Repository.clone(address);
  repo.main.write('pushed', 'from here\n');
  const { id } = repo.main.commit('Pushed');
  repo.tag('v3', 'main', 'three');
  repo.createReality('new/one');
  const sent = requests.length;
  const result = await repo.push('origin', { refs: ['main', 'v3', 'new/one', 'feature/deep', 'main:copy'].filter((name) => name !== 'feature/deep') });
  assert.deepEqual(result, {
    ok: true,
    refs: Object.fromEntries(['refs/heads/main', 'refs/tags/v3', 'refs/heads/new/one', 'refs/heads/copy'].map((name) => [name, { ok: true }])),
    messages: '',
  });
  assert.equal(await git(bare, 'rev-parse', 'main'), id);
  assert.equal(await git(bare, 'rev-parse', 'copy'), id);
  await assertSound(bare);
  const body = requests.at(-1).body;
  assert.equal(requests.length - sent, 2);
  assert.equal(body.readUInt32BE(body.indexOf('PACK') + 8), 4, 'a blob, a tree, a commit and a tag');
  assert.equal(repo.resolve('origin/main'), id);
  assert.equal([...repo.operations()].at(-1).description, 'push main, new/one, copy to origin');

  const other = await gitClone(address);
  await commit(other, 'theirs', 'from there\n');
  await git(other, 'push', '--quiet');
  repo.main.write('pushed', 'again\n');
  repo.main.commit('Again');
  const refused = { ok: false, refs: { 'refs/heads/main': { ok: false, reason: 'fetch first' } }, messages: '' };
  assert.deepEqual(await repo.push('origin'), refused);
  assert.deepEqual((await repo.push('origin', { force: 'with-lease' })).refs['refs/heads/main'], { ok: false, reason: 'stale info' });
  await repo.fetch('origin');
  assert.deepEqual((await repo.push('origin')).refs['refs/heads/main'], { ok: false, reason: 'non-fast-forward' });
  const atomic = await repo.push('origin', { refs: ['main', 'main:another'], atomic: true });
  assert.deepEqual(Object.values(atomic.refs), [{ ok: false, reason: 'non-fast-forward' }, { ok: false, reason: 'atomic push failed' }]);
  assert.equal((await repo.push('origin', { force: 'with-lease' })).ok, true);
  assert.equal(await git(bare, 'rev-parse', 'main'), repo.main.head);
  assert.deepEqual((await repo.push('origin', { refs: [':copy', ':never', 'main'] })).refs, {
    'refs/heads/copy': { ok: true },
    'refs/heads/never': { ok: false, reason: 'remote ref does not exist' },
    'refs/heads/main': { ok: true },
  });
  assert.throws(() => repo.resolve('origin/copy'));
  await rejects(repo.push('origin', { refs: ['nothing'] }), 'NotFound', /no reality, tag or ref 'nothing'/);
  await assertSound(bare);
});

test('what hooks say is told', async () => {
  const { folder, url } = await hosted();
  await git(folder, 'config', 'receive.denyCurrentBranch', 'ignore');
  const hook = join(folder, '.git/hooks/update');
  await writeFile(hook, '#!/bin/sh\necho "checking $1"\ncase $1 in */locked) echo "not on Fridays" >&2; exit 1;; esac\n', { mode: 0o755 });
  const repo = await Repository.clone(url);
  repo.main.write('x', 'y');
  repo.main.commit('x');
  const { ok, refs, messages } = await repo.push('origin', { refs: ['main', 'main:locked'] });
  assert.equal(ok, false);
  assert.deepEqual(refs, { 'refs/heads/main': { ok: true }, 'refs/heads/locked': { ok: false, reason: 'hook declined' } });
  assert.match(messages, /checking refs\/heads\/main\nchecking refs\/heads\/locked\nnot on Fridays/);
  await git(folder, 'config', 'receive.denyDeletes', 'true');
  assert.deepEqual((await repo.push('origin', { refs: [':side'] })).refs['refs/heads/side'], { ok: false, reason: 'deletion prohibited' });
});

test('credentials: asked for when the server wants them, sent to their own origin, told to nobody', async () => {
  const seen = [];
  const guarded = (name, challenge) => (request, response) => {
    seen.push([name, request.headers.authorization]);
    if (request.headers.authorization === `Basic ${Buffer.from('ada:geheim').toString('base64')}` || request.headers.authorization === 'Bearer geheim-token') return false;
    response.writeHead(401, { 'WWW-Authenticate': challenge }).end('no');
    return true;
  };
  const { url, folder } = await hosted({ before: guarded('first', 'Basic realm="x"') });
  const { origin } = new URL(url);
  await rejects(Repository.clone(url), 'Unauthorized', /asks for credentials/);
  await rejects(Repository.clone(url, { auth: { username: 'ada', password: 'geheim?' } }), 'Unauthorized', /401/);
  await Repository.clone(url, { auth: { username: 'ada', password: 'geheim' } });
  await Repository.clone(url, { auth: { token: 'geheim-token' } });
  await Repository.clone(url.replace('//', '//ada:geheim@'));
  const asked = [];
  const repo = await Repository.clone(url, { auth: async (address) => { asked.push(address); return { token: 'geheim-token' }; } });
  assert.deepEqual(asked, [url]);
  await git(folder, 'config', 'receive.denyCurrentBranch', 'ignore');
  repo.main.write('x', 'y');
  repo.main.commit('x');
  assert.equal((await repo.push('origin', { auth: { token: 'geheim-token' } })).ok, true);
  await rejects(Repository.clone(url, { auth: async () => undefined }), 'Unauthorized', /asks for credentials/);

  const redirecting = await gitHost('/', { before: (request, response) => {
    seen.push(['redirecting', request.headers.authorization]);
    response.writeHead(302, { Location: origin + request.url }).end();
    return true;
  } });
  seen.length = 0;
  const moved = url.replace(origin, redirecting.origin);
  await rejects(Repository.clone(moved, { auth: { token: 'geheim-token' } }), 'Unauthorized', /asks for credentials/);
  assert.ok(seen.every(([, authorization]) => authorization === undefined), 'no credentials went to either');
  const told = [];
  await Repository.clone(moved, { auth: async (address) => { told.push(address); return { token: 'geheim-token' }; } });
  assert.deepEqual(told, [url], 'who is asked is told the address that wants them');
  assert.ok(seen.filter(([name]) => name === 'redirecting').every(([, authorization]) => authorization === undefined));
});

test('answers that are none, and connections that break', async () => {
  const answers = {
    '/missing': [404, 'text/plain', 'NotFound', /no repository/],
    '/forbidden': [403, 'text/plain', 'Unauthorized', /403/],
    '/broken': [503, 'text/html', 'Disconnected', /503/],
    '/page': [200, 'text/html', 'Protocol', /no answer of git's smart HTTP but 'text\/html'/],
    '/dumb': [200, 'text/plain', 'Protocol', /'text\/plain'/],
    '/old': [200, 'application/x-git-upload-pack-advertisement', 'Protocol', /no version 2/, '001e# service=git-upload-pack\n00000000'],
    '/garbage': [200, 'application/x-git-upload-pack-advertisement', 'Protocol', /no packets of git's/, 'garbage'],
    '/cut': [200, 'application/x-git-upload-pack-advertisement', 'Disconnected', /ends before/, '000eversion 2\n'],
  };
  const host = await gitHost('/', { before: (request, response) => {
    const found = Object.entries(answers).find(([path]) => request.url.startsWith(`${path}/`));
    if (found === undefined) response.destroy();
    else response.writeHead(found[1][0], { 'Content-Type': found[1][1] }).end(found[1][4] ?? '<html>');
    return true;
  } });
  for (const [path, [, , code, told]] of Object.entries(answers)) await rejects(Repository.clone(host.origin + path), code, told);
  await rejects(Repository.clone(`${host.origin}/gone`), 'Disconnected', /no connection to/);
  await rejects(Repository.clone('not an address'), 'InvalidArgument', /address such as/);
  await rejects(Repository.clone('ssh://git@example.org/x'), 'InvalidArgument', /http or https/);
  const { url } = await hosted();
  const control = new AbortController();
  control.abort();
  await rejects(Repository.clone(url, { signal: control.signal }), 'Aborted', /on request/);
  const late = new AbortController();
  await rejects(Repository.clone(url, { signal: late.signal, onProgress: ({ phase }) => phase === 'receive' && late.abort() }), 'Aborted', /on request/);
  await rejects(Repository.clone(url, { depth: 0 }), 'InvalidArgument', /depth is 0/);
});

test('a server that lies or leaves something out changes nothing', async () => {
  const { url, folder } = await hosted();
  const repo = await Repository.clone(url);
  await commit(folder, 'more', 'content\n');
  const before = repo.stats().objects;
  const operations = [...repo.operations()].length;
  const tampering = (change) => async (address, init) => {
    const response = await fetch(address, init);
    if (init.method !== 'POST' || !Buffer.from(await init.body.arrayBuffer()).includes('command=fetch')) return response;
    return new Response(change(Buffer.from(await response.arrayBuffer())), { headers: response.headers });
  };
  await rejects(repo.fetch('origin', { fetch: tampering((bytes) => bytes.subarray(0, -40)) }), 'Disconnected', /ends before the end of the pack|inside the packet/);
  await rejects(repo.fetch('origin', { fetch: tampering((bytes) => { bytes[bytes.length - 20] ^= 1; return bytes; }) }), 'CorruptPack', /./);
  await rejects(repo.fetch('origin', { fetch: tampering(() => '0011not a section') }), 'Protocol', /a section of a fetch before byte 0/);
  assert.deepEqual([repo.stats().objects, [...repo.operations()].length], [before, operations]);
  assert.equal((await repo.fetch('origin')).objects, 3);
});

test('govc serves govc, and two that push at once do not overwrite each other', async () => {
  const served = new Repository();
  served.main.write('a', '1\n');
  served.main.commit('first');
  const handler = served.handler({ push: () => {} });
  const through = (address, init) => handler(new Request(address, { ...init, ...(init.body && { duplex: 'half' }) }));
  const url = 'http://served.example/repo.git';
  const [one, two] = [await Repository.clone(url, { fetch: through }), await Repository.clone(url, { fetch: through })];
  for (const [name, repo] of Object.entries({ one, two })) {
    repo.main.write(name, 'x\n');
    repo.main.commit(name);
  }
  const results = await Promise.all([one.push('origin', { fetch: through }), two.push('origin', { fetch: through })]);
  assert.deepEqual(results.map(({ ok }) => ok).sort(), [false, true]);
  const late = results[0].ok ? two : one;
  await late.fetch('origin', { fetch: through });
  late.merge('origin/main', 'main');
  assert.equal((await late.push('origin', { fetch: through })).ok, true);
  assert.equal(served.main.head, late.main.head);
  assert.equal(served.main.readText('one') + served.main.readText('two'), 'x\nx\n');
});

test('a repository of its own with a remote branch of many commits that is not shared negotiates in few rounds', async () => {
  const { url, folder, requests } = await hosted();
  const repo = await Repository.clone(url);
  for (let at = 0; at < 300; at++) {
    repo.main.write('many', `${at}\n`);
    repo.main.commit(`many ${at}`);
  }
  await commit(folder, 'one more', 'content\n');
  const before = requests.length;
  const { objects } = await repo.fetch('origin');
  assert.equal(objects, 3);
  assert.ok(requests.length - before <= 8, `${requests.length - before} requests`);
});
