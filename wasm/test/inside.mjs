// Parts of the package that it does not export, with an engine of their own: bundled from the sources for these tests.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

const wasm = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'govc-inside-'));
after(() => rm(folder, { recursive: true, force: true }));

const outfile = join(folder, 'inside.mjs');
await build({
  stdin: {
    contents: `
      export * from './js/index.ts';
      export { instantiate, provideDeferred } from './js/binding.ts';
      export { FileStorage } from './js/storage/browser/file-storage.ts';
      export { PACKS_MAX } from './js/storage/browser/join.ts';`,
    resolveDir: wasm,
  },
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  logLevel: 'warning',
  outfile,
});
const inside = await import(pathToFileURL(outfile));
inside.instantiate(await readFile(join(wasm, 'pkg/govc_bg.wasm')));
inside.provideDeferred(() => readFile(join(wasm, 'pkg/govc_deferred_bg.wasm')));

export const { FileStorage, GovcError, indexedDb, opfs, PACKS_MAX, Repository } = inside;
