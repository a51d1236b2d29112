// Prints what a page loads from the package (raw, gzip -9, brotli 11) and fails beyond the budget.
import { readFile } from 'node:fs/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** Most that module and JavaScript of a page may weigh together, gzipped. */
const GZIP_BYTES_GOAL = 250_000;
/** Where that stands: it may fall and must not rise. */
const GZIP_BYTES_MAX = 344_000;

const dist = new URL('dist/', import.meta.url);
const loaded = ['govc_bg.wasm', ...await withImports('browser.js')].sort();

/** A file and the chunks that it imports before it is done. */
async function withImports(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const text = await readFile(new URL(name, dist), 'utf8');
  for (const [, imported] of text.matchAll(/(?:import|export)[^'"();]*(?:from)?\s*['"]\.\/([^'"]+)['"]/g)) await withImports(imported, found);
  return found;
}

const total = { raw: 0, gzip: 0, brotli: 0 };
const print = (name, { raw, gzip, brotli }) =>
  console.log(name.padEnd(24) + [raw, gzip, brotli].map((figure) => String(figure).padStart(10)).join(''));

console.log('\nloaded by a page'.padEnd(25) + ['raw', 'gzip', 'brotli'].map((name) => name.padStart(10)).join(''));
for (const name of loaded) {
  const bytes = await readFile(new URL(name, dist));
  const weight = { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes).length };
  for (const kind of Object.keys(total)) total[kind] += weight[kind];
  print(name, weight);
}
print('together', total);
if (total.gzip > GZIP_BYTES_GOAL) console.log(`over the goal of ${GZIP_BYTES_GOAL} bytes (gzip) by ${total.gzip - GZIP_BYTES_GOAL}`);
if (total.gzip > GZIP_BYTES_MAX) {
  console.error(`a page may load ${GZIP_BYTES_MAX} bytes (gzip)`);
  process.exitCode = 1;
}
