// Every `js browser` block of www/docs, run as it stands there in a page of a project that installed the package.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pages, pattern } from '../npm/examples.mjs';
import { project } from '../npm/project.mjs';
import { resultOf, serve } from './browser.mjs';

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>example</title><link rel="icon" href="data:,">
<script type="importmap">{ "imports": { "govc": "./node_modules/govc/dist/browser.js", "govc/slim": "./node_modules/govc/dist/slim.js" } }</script></head>
<body><script type="module">
  const lines = [];
  console.log = (...values) => lines.push(values.join(' '));
  await import('./example.js');
  globalThis.result = lines.join('\\n') || ' ';
</script></body></html>`;

for (const { name, blocks } of pages('js browser')) {
  for (const [at, { code, printed }] of blocks.entries()) {
    test(`browser example ${at + 1} of ${name} runs`, async () => {
      const output = await resultOf(await serve(await project({ 'index.html': PAGE, 'example.js': code })));
      if (printed !== undefined) assert.match(output.trimEnd(), pattern(printed));
    });
  }
}
