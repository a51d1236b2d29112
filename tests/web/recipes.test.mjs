// The recipes for browsers: the files that a page of www/docs/recipes shows, built and served by Vite as they stand, in Chromium.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { files, pages, pattern, printedBy } from '../npm/examples.mjs';
import { project, tool } from '../npm/project.mjs';
import { openPage, resultOf, serve } from './browser.mjs';

/** Runs main.js of a recipe and gathers what it prints. */
const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>recipe</title><link rel="icon" href="data:,"></head>
<body><script type="module" src="/page.js"></script></body></html>`;
const SCRIPT = `const lines = [];
const shown = (value) => Array.isArray(value) ? \`[ \${value.map((each) => \`'\${each}'\`).join(', ')} ]\` : String(value);
console.log = (...values) => lines.push(values.map(shown).join(' '));
await import('./main.js');
globalThis.result = lines.join('\\n');
`;

test('the recipe for Vite: built by its own command, it runs in the page and in a Worker', async () => {
  const folder = await project(files('recipes/vite.md'));
  symlinkSync(tool('vite'), join(folder, 'node_modules/vite'));
  symlinkSync(tool('vite/bin/vite.js'), join(folder, 'node_modules/.bin/vite'));
  const [{ code }] = pages('sh vite').find(({ name }) => name === 'recipes/vite.md').blocks;
  execFileSync('sh', ['-e', '-c', code], { cwd: folder, stdio: 'pipe' });
  const modules = readdirSync(join(folder, 'dist/assets')).filter((name) => name.endsWith('.wasm')).map((name) => name.split('-')[0]).sort();
  assert.deepEqual(modules, ['govc_bg', 'govc_deferred_bg'], 'page and Worker share them');
  const { page, errors } = await openPage(await serve(join(folder, 'dist')));
  await page.locator('#log li').nth(1).waitFor();
  assert.match(await page.locator('#log').innerText(), /It is 2[^]*from the Worker/);
  assert.deepEqual(errors, []);
  await page.close();
});

for (const name of ['recipes/workers.md', 'recipes/edge.md']) {
  test(`the files of ${name} print what it says, in a browser`, async () => {
    const vite = await import('vite');
    const root = await project({ 'index.html': PAGE, 'page.js': SCRIPT, ...files(name) });
    const server = await vite.createServer({ root, logLevel: 'error', server: { host: '127.0.0.1', port: 0, hmr: false } });
    try {
      await server.listen();
      assert.match(await resultOf(server.resolvedUrls.local[0]), pattern(printedBy(name, 'main.js')));
    } finally {
      await server.close();
    }
  });
}
