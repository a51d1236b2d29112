// The packed package in Node: both kinds of module, threads, the entry without a module of its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { HELLO_ID, node, project } from './project.mjs';

test('import', async () => {
  const folder = await project({
    'main.js': `import { hashObject } from 'govc'; console.log(hashObject('blob', 'hello\\n'));`,
  });
  assert.equal(await node(folder, 'main.js'), HELLO_ID);
});

test('require', async () => {
  const folder = await project({
    'main.cjs': `const { hashObject } = require('govc'); console.log(hashObject('blob', 'hello\\n'));`,
  });
  assert.equal(await node(folder, 'main.cjs'), HELLO_ID);
});

test('import and require in one process give the same classes', async () => {
  const folder = await project({
    'main.js': `
      import { createRequire } from 'node:module';
      import * as imported from 'govc';
      const required = createRequire(import.meta.url)('govc');
      const names = Object.keys(imported).filter((name) => name !== 'default' && name !== 'module.exports');
      console.log(names.length > 0 && names.every((name) => imported[name] === required[name]));`,
  });
  assert.equal(await node(folder, 'main.js'), 'true');
});

test('a worker thread has an engine of its own', async () => {
  const folder = await project({
    'main.js': `
      import { Worker } from 'node:worker_threads';
      new Worker(new URL('./worker.js', import.meta.url)).on('message', (id) => console.log(id));`,
    'worker.js': `
      import { parentPort } from 'node:worker_threads';
      import { hashObject } from 'govc';
      parentPort.postMessage(hashObject('blob', 'hello\\n'));`,
  });
  assert.equal(await node(folder, 'main.js'), HELLO_ID);
});

test('govc/slim takes the module from the caller, and says so before', async () => {
  const program = (load) => `
    const path = require.resolve('govc/govc_bg.wasm');
    try { hashObject('blob', ''); } catch (error) { console.log(error.code); }
    ${load}
    console.log(hashObject('blob', 'hello\\n'));`;
  const folder = await project({
    'main.js': `
      import { createRequire } from 'node:module';
      import { readFile } from 'node:fs/promises';
      import { hashObject, initialize } from 'govc/slim';
      const require = createRequire(import.meta.url);
      ${program('await initialize(await readFile(path));')}`,
    'main.cjs': `
      const { readFileSync } = require('node:fs');
      const { hashObject, initializeSync } = require('govc/slim');
      ${program('initializeSync(new WebAssembly.Module(readFileSync(path)));')}`,
  });
  assert.equal(await node(folder, 'main.js'), `Disposed\n${HELLO_ID}`);
  assert.equal(await node(folder, 'main.cjs'), `Disposed\n${HELLO_ID}`);
});

test('govc/slim asks for the deferred part when it is needed first, and again where that failed', async () => {
  const folder = await project({
    'main.js': `
      import { createRequire } from 'node:module';
      import { readFile } from 'node:fs/promises';
      import { initialize, initializeSync, Repository } from 'govc/slim';
      const module = (name) => readFile(createRequire(import.meta.url).resolve('govc/' + name));
      const verify = (repo) => repo.verify().then(({ problems }) => problems.length, ({ code }) => code);
      await initialize(await module('govc_bg.wasm'));
      const repo = new Repository();
      repo.main.apply({ a: '1' }, 'first');
      const answers = [await verify(repo)];
      let asked = 0;
      initializeSync(new Uint8Array(), () => asked++ === 0 ? Promise.reject(new Error('offline')) : module('govc_deferred_bg.wasm'));
      answers.push(await verify(repo), await verify(repo), await verify(repo), asked);
      console.log(answers.join(' '));`,
  });
  assert.equal(await node(folder, 'main.js'), 'Disposed Disconnected 0 0 2');
});

test('failures are coded errors', async () => {
  const folder = await project({
    'main.js': `
      import { GovcError, hashObject } from 'govc';
      try { hashObject('branch', ''); } catch (error) {
        console.log(error instanceof GovcError, error.name, error.code, JSON.stringify(error.details));
      }`,
  });
  assert.equal(await node(folder, 'main.js'), 'true GovcError InvalidArgument {"kind":"branch"}');
});

test('an engine that trapped refuses every later call, with the reason', async () => {
  const folder = await project({
    'main.js': `
      import { hashObject } from 'govc';
      // More than wasm memory can hold in one piece: the module traps.
      const content = new Uint8Array(2 ** 31);
      for (const bytes of [content, new Uint8Array(1)]) {
        try { console.log(hashObject('blob', bytes)); } catch (error) {
          console.log(error.code, typeof error.details.reason);
        }
      }`,
  });
  assert.equal(await node(folder, 'main.js'), 'Disposed string\nDisposed string');
});
