// Throw-away projects that install the packed package, as a user's project does.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The packed package: from `cargo xtask test`, else packed here from what `cargo xtask npm` built. */
export const packed = process.env.GOVC_PACKED ?? await pack();

/** The id of the blob "hello\n", as git prints it. */
export const HELLO_ID = 'ce013625030ba8dba906f756967f9e9ca394464a';

async function pack() {
  const folder = await temporaryFolder();
  const wasm = fileURLToPath(new URL('../../wasm', import.meta.url));
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: wasm });
  return join(folder, stdout.trim());
}

async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'govc-test-'));
  after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Makes a project with these files (path to text) and the packed package installed; says where it lies. */
export async function project(files, manifest = {}) {
  const folder = await temporaryFolder();
  const all = { 'package.json': JSON.stringify({ name: 'visitor', private: true, type: 'module', ...manifest }), ...files };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--no-package-lock', packed], { cwd: folder });
  return folder;
}

/** Has a project find a module of this folder's own, as if it had installed it. */
export function lend(folder, name) {
  return symlink(tool(name), join(folder, 'node_modules', name));
}

/** Runs Node in the project; what it printed. A failure carries what it printed, too. */
export async function node(folder, ...args) {
  // A program that is a test itself reports as it does to a person.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await run(process.execPath, args, { cwd: folder, env });
  return stdout.trim();
}

/** The path of a program among this folder's own node modules. */
export function tool(path) {
  return fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url));
}
