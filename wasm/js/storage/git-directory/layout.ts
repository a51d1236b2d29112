/**
 * Where the parts of a repository lie: found as git finds them, from a work tree, a bare repository or the folder itself.
 *
 * The environment (GIT_DIR and the like) is not looked at: the caller names the place.
 */
import { lstat, realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { GovcError } from '../../errors.js';
import { encodeText } from '../../text.js';
import { checkFormat, type Config, CONFIG_BYTES_MAX, flag, integer, parseConfig, sharedBits } from './config.js';
import { type FilePath, ifThere, parent, Permissions, readSmall, within } from './files.js';

/** Where the parts of a repository lie. */
export interface Layout {
  /** What belongs to this work tree alone: HEAD and a few refs. */
  gitFolder: FilePath;
  /** What all its work trees share: objects and refs. The same folder where there is one work tree. */
  commonFolder: FilePath;
  /** The file `packed-refs`, which may be borrowed from another repository by a symbolic link. */
  packedRefs: FilePath;
  /** Its own objects first, then those it borrows (objects/info/alternates). */
  objectFolders: FilePath[];
  /** Commits whose parents it lacks, by their ids. */
  shallow: string[];
  settings: Settings;
}

/** What the configuration says about the files. */
export interface Settings {
  /** Which refs get a reflog that have none yet. */
  reflogs: 'none' | 'usual' | 'all';
  /** How long a lock that somebody holds is waited for; below 0 for ever. */
  refLockTimeoutMs: number;
  packedRefsTimeoutMs: number;
  permissions: Permissions;
}

/** A file that names a folder, or refs of a linked work tree: longer ones are no such file, in bytes. */
const POINTER_BYTES_MAX = 64 << 10;
/** `shallow` and `alternates`: 41 bytes for each commit of the boundary, a line for each place. */
const LIST_BYTES_MAX = 16 << 20;
/** Alternates of alternates; git's own bound. */
const ALTERNATES_DEPTH_MAX = 5;
const ALTERNATES_MAX = 1024;

/** Finds the repository at `path` or above it, and checks that it is of a kind that is supported. */
export async function findRepository(path: string, partial: boolean): Promise<Layout> {
  const gitFolder = await findGitFolder(path);
  const pointer = await readSmall(within(gitFolder, 'commondir'), POINTER_BYTES_MAX);
  const commonFolder = pointer === undefined ? gitFolder : await resolved(joined(gitFolder, withoutNewline(pointer)));
  const config = await readConfig(gitFolder, commonFolder);
  checkFormat(config, String(commonFolder), partial);
  return {
    gitFolder,
    commonFolder,
    packedRefs: await resolved(within(commonFolder, 'packed-refs')),
    objectFolders: await findObjectFolders(within(commonFolder, 'objects')),
    shallow: await readShallow(commonFolder),
    settings: await settingsOf(config, gitFolder),
  };
}

async function findGitFolder(path: string): Promise<FilePath> {
  const start = withSlashes(Buffer.from(resolve(path)));
  const found = await ifThere(stat(start));
  if (found === undefined) throw new GovcError('NotFound', `${path} does not exist`, { path });
  for (let folder = start; ; folder = parent(folder)) {
    const gitFolder = await gitFolderAt(folder);
    if (gitFolder !== undefined) return resolved(gitFolder);
    const above = parent(folder);
    // As git does, the search ends where another file system begins.
    if (above.equals(folder) || (await stat(above)).dev !== found.dev) break;
  }
  throw new GovcError('NotFound', `${path} is in no git repository: run 'git init' there first`, { path });
}

/** The git folder of a work tree, or this folder where it is one itself. */
async function gitFolderAt(folder: FilePath): Promise<FilePath | undefined> {
  const inside = within(folder, '.git');
  const found = await ifThere(stat(inside));
  if (found?.isDirectory() && await isGitFolder(inside)) return inside;
  if (found?.isFile()) return followPointer(inside);
  if (await isGitFolder(folder)) return folder;
  // `path` may be the `.git` file of a linked work tree or a submodule itself.
  return (await ifThere(stat(folder)))?.isFile() ? followPointer(folder) : undefined;
}

/** Where a `.git` file of a linked work tree or a submodule leads. */
async function followPointer(file: FilePath): Promise<FilePath> {
  const text = await readSmall(file, POINTER_BYTES_MAX) ?? Buffer.of();
  const start = 'gitdir: ';
  if (text.subarray(0, start.length).toString('latin1') !== start) {
    throw new GovcError('Storage', `${file} is no git file: it should begin with '${start}'`, { path: String(file) });
  }
  const target = joined(parent(file), withoutNewline(text.subarray(start.length)));
  if (await isGitFolder(target)) return target;
  throw new GovcError('Storage', `${file} leads to ${target}, which is no git repository`, { path: String(file) });
}

/** git's own test: a valid HEAD, and folders for objects and refs here or where `commondir` says. */
async function isGitFolder(folder: FilePath): Promise<boolean> {
  const head = await ifThere(lstat(within(folder, 'HEAD')));
  if (head === undefined || !head.isSymbolicLink() && !await hasHead(folder)) return false;
  const pointer = await readSmall(within(folder, 'commondir'), POINTER_BYTES_MAX);
  const common = pointer === undefined ? folder : joined(folder, withoutNewline(pointer));
  const [objects, refs] = await Promise.all(['objects', 'refs'].map((name) => ifThere(stat(within(common, name)))));
  return objects?.isDirectory() === true && refs?.isDirectory() === true;
}

async function hasHead(folder: FilePath): Promise<boolean> {
  const path = within(folder, 'HEAD');
  if (!(await stat(path)).isFile()) return false;
  const head = await readSmall(path, POINTER_BYTES_MAX);
  return head !== undefined && /^(?:ref:\s*refs\/|[0-9a-f]{40})/.test(head.toString('latin1'));
}

async function readConfig(gitFolder: FilePath, commonFolder: FilePath): Promise<Config> {
  const config: Config = new Map();
  const read = async (path: FilePath) => {
    const bytes = await readSmall(path, CONFIG_BYTES_MAX);
    if (bytes !== undefined) parseConfig(bytes.toString(), String(path), config);
  };
  await read(within(commonFolder, 'config'));
  if (flag(config, 'extensions.worktreeconfig')) await read(within(gitFolder, 'config.worktree'));
  return config;
}

async function settingsOf(config: Config, gitFolder: FilePath): Promise<Settings> {
  const bare = flag(config, 'core.bare') ?? !gitFolder.subarray(-4).equals(Buffer.from('.git'));
  const always = config.get('core.logallrefupdates')?.toLowerCase() === 'always';
  const wanted = flag(config, 'core.logallrefupdates') ?? !bare;
  return {
    reflogs: always ? 'all' : wanted ? 'usual' : 'none',
    refLockTimeoutMs: integer(config, 'core.filesreflocktimeout') ?? 100,
    packedRefsTimeoutMs: integer(config, 'core.packedrefstimeout') ?? 1000,
    permissions: new Permissions(sharedBits(config)),
  };
}

/** The repository's own folder of objects, and all that it borrows from. */
async function findObjectFolders(own: FilePath): Promise<FilePath[]> {
  const folders: FilePath[] = [];
  const seen = new Set<string>();
  const visit = async (folder: FilePath, depth: number, from: FilePath): Promise<void> => {
    const real = await ifThere(realpath(folder, 'buffer'));
    if (real === undefined) {
      const message = `objects are borrowed from ${folder}, which does not exist: correct ${from}`;
      throw new GovcError('Storage', message, { path: String(from), missing: String(folder) });
    }
    if (seen.has(real.toString('latin1'))) return;
    if (depth > ALTERNATES_DEPTH_MAX || folders.length > ALTERNATES_MAX) {
      const message = `${from} borrows from too many places in a row: ${ALTERNATES_DEPTH_MAX} are followed`;
      throw new GovcError('LimitExceeded', message, { path: String(from), allowed: ALTERNATES_DEPTH_MAX, found: depth });
    }
    seen.add(real.toString('latin1'));
    folders.push(real);
    const list = within(real, 'info', 'alternates');
    for (const line of linesOf(await readSmall(list, LIST_BYTES_MAX))) {
      if (line[0] !== 0x23) await visit(joined(real, unquotedPath(line)), depth + 1, list);
    }
  };
  await visit(own, 0, own);
  return folders;
}

/** A path in git's C style of quoting, or as it stands. */
function unquotedPath(line: Buffer): Buffer {
  if (line[0] !== 0x22 || line.at(-1) !== 0x22) return line;
  const simple: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
  const text = line.subarray(1, -1).toString('latin1').replace(/\\([0-7]{3}|.)/g, (_, escape: string) =>
    escape.length === 3 ? String.fromCharCode(Number.parseInt(escape, 8)) : simple[escape] ?? escape);
  return Buffer.from(text, 'latin1');
}

async function readShallow(commonFolder: FilePath): Promise<string[]> {
  const path = within(commonFolder, 'shallow');
  const ids = linesOf(await readSmall(path, LIST_BYTES_MAX)).map((line) => line.toString('latin1'));
  const wrong = ids.find((id) => !/^[0-9a-f]{40}$/.test(id));
  if (wrong === undefined) return ids;
  throw new GovcError('Storage', `${path} holds a line that is no object id`, { path: String(path), line: wrong });
}

function linesOf(bytes: Buffer | undefined): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; bytes !== undefined && at < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, at);
    const end = newline < 0 ? bytes.length : newline;
    if (end > at) lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return lines;
}

function withoutNewline(text: Buffer): Buffer {
  let end = text.length;
  while (end > 0 && (text[end - 1] === 0x0a || text[end - 1] === 0x0d)) end--;
  return text.subarray(0, end);
}

/** A path that may be relative to a folder. */
function joined(folder: FilePath, path: Buffer): FilePath {
  const absolute = path[0] === 0x2f || process.platform === 'win32' && /^(?:[A-Za-z]:)?[\\/]/.test(path.toString());
  return absolute ? path : within(folder, path);
}

async function resolved(path: FilePath): Promise<FilePath> {
  return withSlashes(await ifThere(realpath(path, 'buffer')) ?? path);
}

/** A path of Windows with the separator that Windows takes as well. */
function withSlashes(path: FilePath): FilePath {
  return process.platform === 'win32' ? path.map((byte) => byte === 0x5c ? 0x2f : byte) as FilePath : path;
}

/** Refs that each linked work tree has for itself; `HEAD` and its like (no `refs/`) are so, too. */
export function isPerWorktree(name: string): boolean {
  return !name.startsWith('refs/') || /^refs\/(?:bisect|worktree|rewritten)\//.test(name);
}

/** The folder that a ref and its log lie under. */
export function refFolder(layout: Layout, name: string): FilePath {
  return isPerWorktree(name) ? layout.gitFolder : layout.commonFolder;
}

/** The path of a ref's own file. */
export function refPath(layout: Layout, name: string): FilePath {
  return within(refFolder(layout, name), encodeText(name));
}
