// The packed package in a browser: without a bundler, through Vite, through webpack; in the page and in a Worker.
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';

import { HELLO_ID, project } from '../npm/project.mjs';
import { resultOf, serve } from './browser.mjs';

const html = (script, head = '') => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>visitor</title><link rel="icon" href="data:,">${head}</head>
<body>${script}</body></html>`;

const BARE = './node_modules/govc/dist/browser.js';
/** Makes a repository with one file, has a chunk loaded that comes when it is asked for, and names the file's blob as git's revisions do. */
const USE = `await (async () => {
  const repo = new Repository();
  repo.main.apply({ 'hello.txt': 'hi\\n' }, 'first');
  const candidates = { longer: { 'hello.txt': 'hello\\n' } };
  await repo.evaluate({ candidates, test: (reality) => reality.readText('hello.txt').length, mergeInto: 'main' });
  return repo.resolve('main:hello.txt');
})()`;
const WORKER = `import { Repository } from 'govc'; postMessage(${USE});`;
const PAGE_AND_WORKER = `
import { Repository } from 'govc';
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
worker.onmessage = async (message) => { globalThis.result = [${USE}, message.data]; };
worker.onerror = (error) => console.error(error.message);
`;

test('a script of the page with an import map', async () => {
  const folder = await project({
    'index.html': html(
      `<script type="module">import { Repository } from 'govc'; globalThis.result = ${USE};</script>`,
      `<script type="importmap">{ "imports": { "govc": "${BARE}" } }</script>`,
    ),
  });
  assert.equal(await resultOf(await serve(folder)), HELLO_ID);
});

test('a module Worker without a bundler', async () => {
  const folder = await project({
    'index.html': html(`<script type="module">
      new Worker('./worker.js', { type: 'module' }).onmessage = (message) => { globalThis.result = message.data; };
    </script>`),
    'worker.js': WORKER.replace(`'govc'`, `'${BARE}'`),
  });
  assert.equal(await resultOf(await serve(folder)), HELLO_ID);
});

test('under a content security policy that allows wasm and nothing else', async () => {
  const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'`;
  const folder = await project({
    'index.html': html('<script type="module" src="main.js"></script>',
      `<meta http-equiv="Content-Security-Policy" content="${policy}">`),
    'main.js': `import { Repository } from '${BARE}'; globalThis.result = ${USE};`,
  });
  assert.equal(await resultOf(await serve(folder)), HELLO_ID);
});

test('govc/slim with the responses that bring the modules', async () => {
  const folder = await project({
    'index.html': html(`<script type="module">
      import { initialize, Repository } from '${BARE.replace('browser', 'slim')}';
      const module = (name) => fetch('./node_modules/govc/dist/' + name);
      await initialize(module('govc_bg.wasm'), () => module('govc_deferred_bg.wasm'));
      globalThis.result = ${USE};
    </script>`),
  });
  assert.equal(await resultOf(await serve(folder)), HELLO_ID);
});

const visitor = () => project({
  'index.html': html('<script type="module" src="/main.js"></script>'),
  'main.js': PAGE_AND_WORKER,
  'worker.js': WORKER,
});

test('Vite build: page and Worker, one of each module', async () => {
  const vite = await import('vite');
  const root = await visitor();
  await vite.build({ root, logLevel: 'error', worker: { format: 'es' } });
  assert.deepEqual(await resultOf(await serve(`${root}/dist`)), [HELLO_ID, HELLO_ID]);
  const modules = (await readdir(`${root}/dist/assets`)).filter((name) => name.endsWith('.wasm'));
  assert.equal(modules.length, 2);
});

test('Vite development server: page and Worker', async () => {
  const vite = await import('vite');
  const root = await visitor();
  const server = await vite.createServer({ root, logLevel: 'error', server: { host: '127.0.0.1', port: 0 } });
  try {
    await server.listen();
    assert.deepEqual(await resultOf(server.resolvedUrls.local[0]), [HELLO_ID, HELLO_ID]);
  } finally {
    await server.close();
  }
});

test('webpack build: page and Worker, one of each module', async () => {
  const { default: webpack } = await import('webpack');
  const context = await visitor();
  const compiler = webpack({ context, mode: 'production', entry: './main.js', output: { path: `${context}/dist` } });
  const statistics = await new Promise((resolve, reject) => {
    compiler.run((error, result) => (error ? reject(error) : resolve(result)));
  });
  assert.equal(statistics.hasErrors(), false, statistics.toString());
  await writeFile(`${context}/dist/index.html`, html('<script src="main.js"></script>'));
  assert.deepEqual(await resultOf(await serve(`${context}/dist`)), [HELLO_ID, HELLO_ID]);
  const modules = (await readdir(`${context}/dist`)).filter((name) => name.endsWith('.wasm'));
  assert.equal(modules.length, 2);
});
