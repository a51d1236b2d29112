// The API reference of the site: it has what the package exports, each with what it is for.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { readReference, undescribed } from '../../www/build/reference.mjs';
import { folder } from './installed.mjs';

const installed = join(folder, 'node_modules/govc');
const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
const entries = readReference(installed, manifest);
const site = fileURLToPath(new URL('../../www/dist/', import.meta.url));

const wasm = fileURLToPath(new URL('../../wasm/js/', import.meta.url));

/** Names that the sources mark as internal. */
const internal = new Set(readdirSync(wasm, { recursive: true }).filter((name) => name.endsWith('.ts')).flatMap((name) =>
  [...readFileSync(join(wasm, name), 'utf8').matchAll(/^ *\/\*\*(?:(?!\*\/)[^])*@internal(?:(?!\*\/)[^])*\*\/\s*(?:export (\{[^}]*\})|(?:(?:get|set|async|readonly|static) )*(\w+))/gm)]
    .flatMap(([, list, one]) => list?.match(/\w+/g) ?? [one])));
/** What reading a member of every class or error brings. */
const ALWAYS = new Set(['constructor', 'name', 'default', 'module.exports', '__esModule']);

function membersOf(value) {
  if (typeof value !== 'function' || !/^class\b/.test(Function.prototype.toString.call(value))) return [];
  return Object.getOwnPropertyNames(value.prototype).filter((name) => !internal.has(name) && !ALWAYS.has(name));
}

for (const { entry, path } of entries) {
  const anchors = new Set([...readFileSync(join(site, path), 'utf8').matchAll(/ id="([^"]+)"/g)].map(([, anchor]) => anchor));
  const exported = createRequire(join(folder, 'package.json'))(entry);
  const isOwn = (name) => entry === 'govc' || !entries[0].exports.some((each) => each.name === name);

  test(`the reference has every value that ${entry} exports, and its members`, () => {
    const names = Object.keys(exported).filter((name) => !ALWAYS.has(name) && isOwn(name));
    assert.ok(names.length > 0);
    const missing = names.flatMap((name) => [name, ...membersOf(exported[name]).map((member) => `${name}.${member}`)]).filter((name) => !anchors.has(name) && !(entry === 'govc' && internal.has(name)));
    assert.deepEqual(missing, []);
  });
}

test('every type that the declarations name is in the reference', () => {
  const listed = /^export (?:declare )?(?:type )?(?:\{([^}]*)\}|(?:interface|type|class|function|const) (\w+))/gms;
  const declared = readFileSync(join(installed, 'dist/types/index.d.ts'), 'utf8');
  const names = [...declared.matchAll(listed)].flatMap(([, list = '', one = '']) => [...list.split(','), one])
    .map((name) => name.trim().replace(/^type /, '').replace(/^.* as /, '')).filter((name) => name !== '');
  assert.ok(names.length > 50);
  const described = new Set(entries[0].exports.map(({ name }) => name));
  assert.deepEqual(names.filter((name) => !described.has(name)), []);
});

test('everything in the reference says what it is for: a comment in wasm/js', () => assert.deepEqual(undescribed(entries), []));
