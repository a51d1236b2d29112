// The declarations, as every kind of TypeScript project resolves them; and what package linters say.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { node, packed, project, tool } from './project.mjs';

const run = promisify(execFile);

const PROGRAM = `
import { GovcError, hashObject, type ErrorCode, type ObjectId } from 'govc';
import { initialize } from 'govc/slim';
const id: ObjectId = hashObject('blob', 'hello');
const code: ErrorCode = new GovcError('Stale', id).code;
const loaded: Promise<void> = initialize(new Uint8Array());
// @ts-expect-error: there is no such kind
hashObject('branch', code);
void loaded;
`;

const DECLARED = readFileSync(new URL('declared.mts', import.meta.url), 'utf8');

const COMMON = { target: 'es2022', strict: true, noEmit: true, types: [] };
const KINDS = {
  nodenext: { ...COMMON, module: 'nodenext', lib: ['es2022', 'dom'] },
  bundler: { ...COMMON, module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom'] },
};

for (const [name, compilerOptions] of Object.entries(KINDS)) {
  test(`a strict project with module resolution ${name} compiles`, async () => {
    const files = { 'main.mts': PROGRAM, ...(name === 'nodenext' && { 'main.cts': PROGRAM }) };
    const folder = await project({
      ...files,
      'tsconfig.json': JSON.stringify({ compilerOptions, files: Object.keys(files) }),
    });
    await node(folder, tool('typescript/bin/tsc'), '--project', '.').catch((error) => assert.fail(error.stdout));
  });
}

test('the declarations accept every call of the API that is built', async () => {
  const compilerOptions = { ...KINDS.nodenext, lib: ['es2023', 'dom', 'dom.iterable', 'esnext.disposable'] };
  const folder = await project({
    'declared.mts': DECLARED,
    'tsconfig.json': JSON.stringify({ compilerOptions, files: ['declared.mts'] }),
  });
  await node(folder, tool('typescript/bin/tsc'), '--project', '.').catch((error) => assert.fail(error.stdout));
});

test('publint has nothing to say', async () => {
  const { publint } = await import('publint');
  const { formatMessage } = await import('publint/utils');
  const folder = await project({});
  const { messages, pkg } = await publint({ pkgDir: `${folder}/node_modules/govc`, strict: true, pack: false });
  assert.deepEqual(messages.map((message) => formatMessage(message, pkg)), []);
});

test('are the types wrong? they are not', async () => {
  await run(process.execPath, [
    tool('@arethetypeswrong/cli/dist/index.js'), packed, '--exclude-entrypoints', './govc_bg.wasm', './govc_deferred_bg.wasm', './govc_formats_bg.wasm', '--profile', 'node16',
  ]).catch((error) => assert.fail(error.stdout));
});
