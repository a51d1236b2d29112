// A page that clones from, fetches from and pushes to real git's own server at another origin, which allows it by CORS headers.
import assert from 'node:assert/strict';
import { basename, dirname } from 'node:path';
import { test } from 'node:test';

import { gitHost } from '../npm/git-host.mjs';
import { project } from '../npm/project.mjs';
import { assertSound, commit, git, repository } from '../npm/repository.mjs';
import { resultOf, serve } from './browser.mjs';

const ALLOWED = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': 'authorization, content-type, git-protocol',
};

const preflight = (request, response) => {
  if (request.method !== 'OPTIONS') return false;
  response.writeHead(204).end();
  return true;
};

const page = (script) => project({
  'index.html': `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>visitor</title><link rel="icon" href="data:,"></head>
    <body><script type="module" src="main.js"></script></body></html>`,
  'main.js': `import { Repository } from './node_modules/govc/dist/browser.js';\n${script}`,
});

test('a page clones from another origin, pushes there and fetches what came since', async () => {
  const folder = await repository(4);
  await git(folder, 'config', 'receive.denyCurrentBranch', 'ignore');
  const asked = [];
  const host = await gitHost(dirname(folder), { headers: ALLOWED, before: (request, response) => {
    if (preflight(request, response)) return true;
    asked.push(request.headers.authorization);
    if (!request.url.includes('receive-pack') || request.headers.authorization === 'Bearer token') return false;
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
    return true;
  } });
  const url = `${host.origin}/${basename(folder)}/.git`;
  const script = `
    const repo = await Repository.clone('${url}');
    repo.main.write('page', 'from a page\\n');
    const { id } = repo.main.commit('From a page');
    const refused = await repo.push('origin').catch(({ code }) => code);
    const pushed = await repo.push('origin', { auth: { token: 'token' } });
    const fetched = await repo.fetch('origin');
    globalThis.result = { id, refused, pushed, fetched, text: repo.main.readText('file 4') };`;
  const { id, refused, pushed, fetched, text } = await resultOf(await serve(await page(script)));
  assert.equal(text, 'content 4\n');
  assert.equal(refused, 'Unauthorized');
  assert.deepEqual(pushed, { ok: true, refs: { 'refs/heads/main': { ok: true } }, messages: '' });
  assert.equal(fetched.objects, 0);
  assert.equal(await git(folder, 'rev-parse', 'main'), id);
  assert.ok(asked.includes('Bearer token'));
  await assertSound(folder);
});

test('a server that does not allow it is told apart from one that refuses', async () => {
  const folder = await repository(1);
  const host = await gitHost(dirname(folder), { before: preflight });
  const script = `globalThis.result = await Repository.clone('${host.origin}/${basename(folder)}/.git').catch(({ code, message }) => [code, message]);`;
  const [code, message] = await resultOf(await serve(await page(script)));
  assert.equal(code, 'Disconnected');
  assert.match(message, /CORS headers, or give a corsProxy/);
});
