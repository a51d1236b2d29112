/** Reads refs as git does: a file of its own wins over the line in `packed-refs`; HEAD and a few belong to one work tree. */
import { readdir, readlink, stat } from 'node:fs/promises';
import { lstat, open } from 'node:fs/promises';

import { GovcError } from '../../errors.js';
import { decodeText } from '../../text.js';
import { failedBecause, type FilePath, ifThere, inParallel, within } from './files.js';
import { isPerWorktree, type Layout, refPath } from './layout.js';
import { PackedRefs } from './packed-refs.js';

/** A ref: an id, or `ref: ` and the name that it leads to. */
export interface StoredRef { name: string; target: string }

/** Folders in folders under `refs/`. */
const DEPTH_MAX = 256;
/** Of a ref's file only so much is read, in bytes; a name takes 4,096 at most. */
const CONTENT_BYTES_MAX = 8192;

/** What is told about refs that git itself passes over with a warning. */
export type OnProblem = (problem: GovcError) => void;

/** All refs of this work tree and those that all share, HEAD first. */
export async function readRefs(layout: Layout, onProblem: OnProblem, signal?: AbortSignal): Promise<StoredRef[]> {
  const found = new Map<string, string>();
  const names: string[] = [];
  const linked = !layout.gitFolder.equals(layout.commonFolder);
  await listLoose(within(layout.commonFolder, 'refs'), 'refs', names, onProblem);
  if (linked) {
    const shared = names.filter((name) => !isPerWorktree(name));
    const own: string[] = [];
    await listLoose(within(layout.gitFolder, 'refs'), 'refs', own, onProblem);
    names.splice(0, names.length, ...shared, ...own.filter(isPerWorktree));
  }
  await inParallel(['HEAD', ...names], async (name) => {
    try {
      const target = await readLoose(refPath(layout, name));
      if (target !== undefined) found.set(name, checkedTarget(name, target));
    } catch (thrown) {
      if (!(thrown instanceof GovcError) || thrown.code !== 'Storage') throw thrown;
      onProblem(thrown);
    }
  }, signal);
  // After the loose ones: `git pack-refs` writes this file before it removes theirs.
  const packed = await PackedRefs.read(layout.packedRefs);
  for (const { name, id } of packed.all()) {
    if (found.has(name)) continue;
    if (isRefName(name)) found.set(name, id);
    else onProblem(badName(name, String(layout.packedRefs)));
  }
  const [head, ...rest] = [found.get('HEAD'), ...[...found.keys()].filter((name) => name !== 'HEAD').sort()];
  const refs = rest.flatMap((name) => ({ name: name!, target: found.get(name!)! }));
  return head === undefined ? refs : [{ name: 'HEAD', target: head }, ...refs];
}

/** Gathers the names of files under a folder of refs. */
async function listLoose(
  folder: FilePath, prefix: string, names: string[], onProblem: OnProblem, depth = 0,
): Promise<void> {
  if (depth > DEPTH_MAX) {
    throw new GovcError('LimitExceeded', `${folder}: more than ${DEPTH_MAX} folders in each other`, { path: String(folder) });
  }
  for (const entry of await ifThere(readdir(folder, { withFileTypes: true, encoding: 'buffer' })) ?? []) {
    // Node's declarations of this form came later than Node 20.
    const file = entry.name as unknown as Buffer;
    const name = `${prefix}/${decodeText(file)}`;
    // Locks, and what file managers leave behind; git passes them over without a word.
    if (file[0] === 0x2e || name.endsWith('.lock')) continue;
    const path = within(folder, file);
    const kind = entry.isSymbolicLink() ? await ifThere(stat(path)) ?? entry : entry;
    if (kind.isDirectory()) await listLoose(path, name, names, onProblem, depth + 1);
    else if (!isRefName(name)) onProblem(badName(name, String(path)));
    else if (kind.isFile() || kind.isSymbolicLink()) names.push(name);
  }
}

function badName(name: string, path: string): GovcError {
  return new GovcError('Storage', `'${name}' is no name that git gives a ref: rename or remove it in ${path}`, { ref: name, path });
}

/** What the file of a ref says, or undefined where there is none. */
export async function readLoose(path: FilePath): Promise<string | undefined> {
  const found = await ifThere(lstat(path));
  if (found === undefined || found.isDirectory()) return undefined;
  if (found.isSymbolicLink()) {
    const link = decodeText(await readlink(path, 'buffer'));
    if (link.startsWith('refs/')) return `ref: ${link}`;
    if ((await ifThere(stat(path)))?.isFile() !== true) return undefined;
  } else if (!found.isFile()) {
    throw new GovcError('Storage', `${path} is no file`, { path: String(path) });
  }
  let text: Buffer;
  try {
    text = await readStart(path);
  } catch (thrown) {
    if (failedBecause(thrown, 'ENOENT', 'EISDIR', 'ENOTDIR')) return undefined;
    throw thrown;
  }
  return parseTarget(text) ?? refuse(path, text);
}

async function readStart(path: FilePath): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CONTENT_BYTES_MAX), 0, CONTENT_BYTES_MAX, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function refuse(path: FilePath, text: Buffer): never {
  const problem = text.length === 0 ? 'it is empty, as a crash of the machine may leave it' : 'it holds neither an id nor a name';
  const message = `${path} is a broken ref: ${problem}. Restore its id from its reflog, or remove the file`;
  throw new GovcError('Storage', message, { path: String(path) });
}

/** An id, or `ref: ` and a name; undefined where it is neither. */
export function parseTarget(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1');
  const symbolic = /^ref:[ \t\n\v\f\r]*/.exec(text);
  if (symbolic !== null) {
    return `ref: ${decodeText(bytes.subarray(symbolic[0].length)).replace(/[ \t\n\v\f\r]+$/, '')}`;
  }
  return /^([0-9a-fA-F]{40})(?:[ \t\n\v\f\r]|$)/.exec(text)?.[1]?.toLowerCase();
}

/** Refuses a symbolic ref that leads out of `refs/`. */
function checkedTarget(name: string, target: string): string {
  const leads = target.startsWith('ref: ') ? target.slice(5) : undefined;
  if (leads === undefined || leads.startsWith('refs/') && isRefName(leads)) return target;
  throw new GovcError('Storage', `'${name}' leads to '${leads}', which is no name of a ref`, { ref: name, target: leads });
}

/** git's rules for the name of a ref. */
export function isRefName(name: string): boolean {
  return !/^\/|\/$|\/\/|(?:^|\/)\.|\.\.|\.$|\.lock(?:\/|$)|@\{|[\x00-\x20\x7f~^:?*[\\]/.test(name) && name !== '' && name !== '@';
}
