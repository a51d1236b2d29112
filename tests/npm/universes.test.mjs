// `govc/test` as its users have it: with vitest, as the docs show it, and with thousands of tests in one process.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { node, project, tool } from './project.mjs';

const DOCS = readFileSync(new URL('../../www/docs/testing.md', import.meta.url), 'utf8');
const VITEST = tool('vitest/vitest.mjs');

const FAILING = `
import { expect, test } from 'vitest';
import { universes } from 'govc/test';
const inUniverse = universes({ 'a.txt': 'one\\n' });
test('wrapped', inUniverse(({ reality }) => {
  reality.apply({ 'a.txt': 'wrapped\\n' });
  expect(1).toBe(2);
}));
test.extend(inUniverse.fixtures)('fixture', ({ reality }) => {
  reality.apply({ 'a.txt': 'fixture\\n' });
  expect(1).toBe(2);
});
`;

test('the vitest example of the docs passes', async () => {
  const [, example] = /^```js vitest\n(.*?)^```$/ms.exec(DOCS);
  const folder = await project({ 'example.test.mjs': example });
  const printed = await node(folder, VITEST, 'run', '--reporter=verbose', '--no-color');
  assert.match(printed, /with the wrapper/);
  assert.match(printed, /with fixtures/);
  assert.match(printed, /2 passed/);
});

test('in vitest a failure says what the test had changed, with the wrapper and with fixtures', async () => {
  const folder = await project({ 'failing.test.mjs': FAILING });
  const { stdout, stderr } = await node(folder, VITEST, 'run', '--no-color').catch((error) => error);
  for (const word of ['wrapped', 'fixture']) assert.match(stdout + stderr, new RegExp(`What the test had changed:\\nmain:\\n[^]*-one\\n\\+${word}`));
  assert.match(stdout, /2 failed/);
});

test('memory is where it was after thousands of tests', async () => {
  const program = `
    import { universes } from 'govc/test';
    const inUniverse = universes(Object.fromEntries(Array.from({ length: 200 }, (_, n) => ['folder/' + n, 'content of ' + n])));
    const batch = async () => {
      const one = (n) => inUniverse(async ({ reality }) => {
        reality.apply({ 'folder/7': 'x'.repeat(1000) + n });
        await null;
        reality.write('folder/8', String(n));
      })();
      await Promise.all(Array.from({ length: 1000 }, (_, n) => one(n)));
      for (let times = 0; times < 3; times++) {
        globalThis.gc();
        await new Promise(setImmediate);
      }
      const { external, heapUsed } = process.memoryUsage();
      return { external, heapUsed, open: inUniverse.size };
    };
    const figures = [];
    for (let times = 0; times < 10; times++) figures.push(await batch());
    console.log(JSON.stringify(figures));
  `;
  const figures = JSON.parse(await node(await project({ 'main.mjs': program }), '--expose-gc', 'main.mjs'));
  const [warm, last] = [figures[2], figures.at(-1)];
  // The memory of the module is in 'external': it never shrinks, so it is exact. 7,000 tests later nothing was added.
  assert.equal(last.open, 0);
  assert.ok(last.external <= warm.external, JSON.stringify(figures));
  assert.ok(last.heapUsed - warm.heapUsed < 7_000 * 64, JSON.stringify(figures));
});
