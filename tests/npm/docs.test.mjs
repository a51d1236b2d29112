// Every `js` block of www/docs, run as it stands there in a project that installed the package. A `text` block right after
// it is what it prints: the same text, where `...` stands for anything.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { node, project } from './project.mjs';

const folder = new URL('../../www/docs/', import.meta.url);
const BLOCK = /^```js\n(.*?)^```$(?:\s*^```text\n(.*?)^```$)?/gms;

for (const name of readdirSync(folder).filter((file) => file.endsWith('.md'))) {
  const blocks = [...readFileSync(new URL(name, folder), 'utf8').matchAll(BLOCK)];
  test(`${name} has examples, and says what the first prints`, () => assert.ok(blocks[0]?.[2]));
  for (const [at, [, code, printed]] of blocks.entries()) {
    test(`example ${at + 1} of ${name} runs`, async () => {
      const output = await node(await project({ 'example.mjs': code }), 'example.mjs');
      if (printed !== undefined) assert.match(output.trimEnd(), pattern(printed.trimEnd()));
    });
  }
}

function pattern(printed) {
  const parts = printed.split('...').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
