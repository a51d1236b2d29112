// Every `js` block of www/docs, run as it stands there in a project that installed the package. A `text` block right after
// it is what it prints: the same text, where `...` stands for anything. Those for browsers are run in tests/web.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pages, pattern } from './examples.mjs';
import { node, project } from './project.mjs';

for (const { name, blocks } of pages('js')) {
  test(`${name} has examples, and says what the first prints`, () => assert.ok(blocks[0]?.printed));
  for (const [at, { code, printed }] of blocks.entries()) {
    test(`example ${at + 1} of ${name} runs`, async () => {
      const output = await node(await project({ 'example.mjs': code }), 'example.mjs');
      if (printed !== undefined) assert.match(output.trimEnd(), pattern(printed));
    });
  }
}
