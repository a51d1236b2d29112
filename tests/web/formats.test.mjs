// `govc/formats` and `govc/validators` in a browser: without a bundler, and through Vite beside real Ajv.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lend, project } from '../npm/project.mjs';
import { resultOf, serve } from './browser.mjs';

const DIST = './node_modules/govc/dist';
const page = (head, script) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>visitor</title><link rel="icon" href="data:,">${head}</head>
<body><script type="module" ${script}</script></body></html>`;
const IMPORTS = Object.fromEntries(['', '/formats', '/validators'].map((name) => [`govc${name}`, `${DIST}/${name.slice(1) || 'browser'}.js`]));
const MAP = `<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>`;

test('formats are checked, read and written, and hold a repository to what parses', async () => {
  const folder = await project({
    'index.html': page(MAP, `>
      import { Repository } from 'govc';
      import { checkFormat, parseFormat, writeFormat } from 'govc/formats';
      import { syntax } from 'govc/validators';
      const repo = new Repository({ validators: [syntax()] });
      let refused;
      try { repo.main.apply({ 'a.yaml': 'a: [1, 2' }); } catch (error) { refused = error.details.problems[0].path; }
      repo.main.apply({ 'b.toml': { port: 80 } });
      globalThis.result = [refused, parseFormat('yaml', 'a: [1, 2]'), checkFormat('json', '{ "a": 1,').length, writeFormat('toml', { a: 1 }), repo.main.readText('b.toml')];
    `),
  });
  assert.deepEqual(await resultOf(await serve(folder)), ['a.yaml', { a: [1, 2] }, 1, 'a = 1\n', 'port = 80\n']);
});

test('Vite build: schemas by Ajv', async () => {
  const vite = await import('vite');
  const root = await project({
    'index.html': page('', 'src="/main.js">'),
    'main.js': `
      import { Ajv } from 'ajv';
      import { Repository } from 'govc';
      import 'govc/formats';
      import { jsonSchema } from 'govc/validators';
      const schema = { properties: { port: { type: 'integer' } } };
      const repo = new Repository({ validators: [jsonSchema(new Ajv(), { 'services/*.yaml': schema })] });
      try { repo.main.apply({ 'services/shop.yaml': 'name: shop\\nport: eighty\\n' }); } catch (error) { globalThis.result = error.message; }
    `,
  });
  await lend(root, 'ajv');
  await vite.build({ root, logLevel: 'error' });
  assert.equal(await resultOf(await serve(`${root}/dist`)), 'services/shop.yaml:2:7: /port must be integer');
});
