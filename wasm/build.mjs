// Builds the npm package from wasm/pkg (module and glue) and wasm/js into wasm/dist.
//
//   node.cjs   Node, both kinds of module: node.mjs re-exports it, so that `import` and `require` give the same classes
//   browser.js browsers and bundlers: loads the module that lies beside it while it is imported
//   slim.*     the caller gives the module
//   test.cjs   `govc/test`, on Node
//   cli.cjs    the command `govc`
import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = `${here}dist`;
await rm(dist, { recursive: true, force: true });
await mkdir(`${dist}/types-cjs`, { recursive: true });

const common = {
  absWorkingDir: here,
  bundle: true,
  outdir: 'dist',
  charset: 'utf8',
  legalComments: 'none',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
};

await build({
  ...common,
  entryPoints: ['js/entry/browser.ts', 'js/entry/slim.ts', 'js/entry/formats.ts', 'js/entry/validators.ts'],
  platform: 'neutral',
  format: 'esm',
  target: 'es2022',
  splitting: true,
  // A page loads short identifiers; functions and classes keep their names, which a stack trace shows.
  minifyIdentifiers: true,
  keepNames: true,
  // What is loaded when it is asked for is called by its name, what each entry loads 'chunk'.
  chunkNames: '[name]-[hash]',
});
await build({
  ...common,
  entryPoints: ['js/entry/node.ts', 'js/entry/slim.ts'],
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  outExtension: { '.js': '.cjs' },
});
// What these share with the entry of Node is that entry's, or there would be two of each class and of the formats module.
const ofNode = {
  name: 'of-node',
  setup: ({ onResolve }) => onResolve({ filter: /\/(errors|validate|port)\.js$/ }, () => ({ path: './node.cjs', external: true })),
};
await build({
  ...common,
  entryPoints: { formats: 'js/entry/formats.node.ts', validators: 'js/entry/validators.ts' },
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  outExtension: { '.js': '.cjs' },
  plugins: [ofNode],
});
await build({
  ...common,
  entryPoints: { test: 'js/entry/test.ts' },
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  outExtension: { '.js': '.cjs' },
  plugins: [{ ...ofNode, setup: ({ onResolve }) => onResolve({ filter: /\/node\.js$/ }, () => ({ path: './node.cjs', external: true })) }],
});
await build({
  ...common,
  entryPoints: { cli: 'js/cli/main.ts' },
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  outExtension: { '.js': '.cjs' },
  minifyIdentifiers: true,
  keepNames: true,
  // Text of one byte a letter is read faster.
  charset: 'ascii',
  banner: { js: '#!/usr/bin/env node' },
});
await chmod(`${dist}/cli.cjs`, 0o755);
for (const name of ['node', 'slim', 'formats', 'validators', 'test']) await writeFile(`${dist}/${name}.mjs`, `export * from './${name}.cjs';\n`);
for (const name of ['govc_bg.wasm', 'govc_deferred_bg.wasm', 'govc_formats_bg.wasm']) await cp(`${here}pkg/${name}`, `${dist}/${name}`);

execFileSync(process.execPath, [`${here}node_modules/typescript/bin/tsc`, '--project', here], { stdio: 'inherit' });
// Nobody outside sees the glue, or how a storage does its work: some of that needs the types of Node.
await rm(`${dist}/types/binding.d.ts`);
for (const folder of ['cli', 'worktree']) await rm(`${dist}/types/${folder}`, { recursive: true });
for (const kind of ['git-directory', 'browser']) {
  const storage = `${dist}/types/storage/${kind}`;
  for (const name of await readdir(storage)) if (name !== 'index.d.ts') await rm(`${storage}/${name}`);
}
for (const name of await readdir(`${dist}/types`, { recursive: true })) {
  if (!name.endsWith('.d.ts')) continue;
  const seen = await readFile(`${dist}/types/${name}`, 'utf8');
  if (/from '.*\/binding\.js'/.test(seen)) throw new Error(`js/${name.replace(/\.d\.ts$/, '.ts')} declares a name of the glue: mark it @internal`);
}
// The same declarations, seen as those of CommonJS.
await cp(`${dist}/types`, `${dist}/types-cjs`, { recursive: true });
await writeFile(`${dist}/types-cjs/package.json`, '{ "type": "commonjs" }\n');
