// Every `js` block of the README, run as it stands there in a project that installed the package.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { node, project } from './project.mjs';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const blocks = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
const EXPECTED = [
  /^true diff --git a\/config\.json.*"retries": 50.*try 50 retries/s, /^[0-9a-f]{7} 1 start\(\);\n[0-9a-f]{7} 2 stop\(\);\nstart\(\);\ncrash\(\);/,
  /written in memory/, /^main one replica.*^\S+ commit one replica$.*^2 0$/ms, /first/,
];

test('the README has the examples that are expected', () => assert.equal(blocks.length, EXPECTED.length));

for (const [at, code] of blocks.entries()) {
  test(`example ${at + 1} of the README runs`, async () => {
    const folder = await project({ 'example.mjs': code });
    assert.match(await node(folder, 'example.mjs'), EXPECTED[at]);
  });
}
