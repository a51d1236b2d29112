// Repositories that real git builds in temporary folders, and a storage that is looked at without an engine.
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What every git and govc of the tests runs with: nothing of who runs them. */
export const environment = {
  PATH: process.env.PATH,
  HOME: tmpdir(),
  LANG: 'C.UTF-8',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

/** A folder that is gone when the tests are over. */
export async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'govc-test-'));
  after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs git in a folder; what it printed, without the last newline. */
export function git(folder, ...args) {
  return gitAs(folder, {}, ...args);
}

/** As `git`, with `more` in its environment. */
export async function gitAs(folder, more, ...args) {
  const { stdout } = await run('git', args, { cwd: folder, env: { ...environment, ...more }, maxBuffer: 1 << 30 });
  return stdout.replace(/\n$/, '');
}

/** What git printed when it failed; throws where it succeeded. */
export async function gitFails(folder, ...args) {
  const stdout = await git(folder, ...args).catch((error) => error);
  if (typeof stdout === 'string') throw new Error(`git ${args.join(' ')} succeeded`);
  return stdout.stderr;
}

/** Runs git with bytes on its standard input; the bytes that it printed. */
export function gitWith(folder, input, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd: folder, env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
    const [out, err] = [[], []];
    child.stdout.on('data', (chunk) => out.push(chunk));
    child.stderr.on('data', (chunk) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out));
      else reject(new Error(`git ${args.join(' ')}: ${Buffer.concat(err)}`));
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** A repository with a work tree and `commits` commits on main, the last one packed with some of the others. */
export async function repository(commits = 3) {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  for (let at = 1; at <= commits; at++) await commit(folder, `file ${at}`, `content ${at}\n`);
  return folder;
}

/** Writes a file and commits it; the id of the commit. */
export async function commit(folder, path, content, message = `Add ${path}`) {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), content);
  await git(folder, 'add', '--', path);
  await git(folder, 'commit', '--quiet', '--message', message);
  return git(folder, 'rev-parse', 'HEAD');
}

/** Throws unless `git fsck --strict` finds nothing to say. */
export async function assertSound(folder) {
  const { stdout, stderr } = await run('git', ['fsck', '--strict', '--no-dangling', '--full'], { cwd: folder, env: environment });
  if (stdout + stderr !== '') throw new Error(`git fsck: ${stdout}${stderr}`);
}

/** What a storage hands over, in place of an engine. */
export async function loaded(storage, options) {
  const found = { packs: [], loose: new Map(), refs: new Map(), shallow: [] };
  await storage.load({
    packOf(length) {
      const pieces = [];
      return {
        push: (bytes) => pieces.push(Buffer.from(bytes)),
        end(index) {
          const bytes = Buffer.concat(pieces);
          if (bytes.length !== length) throw new Error(`a pack of ${length} bytes came as ${bytes.length}`);
          found.packs.push({ bytes, index });
        },
      };
    },
    loose: (id, bytes) => found.loose.set(id, Buffer.from(bytes)),
    ref: (name, target) => found.refs.set(name, target),
    shallow: (ids) => found.shallow.push(...ids),
  }, options);
  return found;
}

/** The ids of all objects that a storage handed over, as git finds them. */
export async function objectsOf(found) {
  const folder = await temporaryFolder();
  await git(folder, 'init', '--quiet', '--bare');
  for (const { bytes } of found.packs) await gitWith(folder, bytes, 'index-pack', '--stdin');
  for (const [id, bytes] of found.loose) {
    await mkdir(join(folder, 'objects', id.slice(0, 2)), { recursive: true });
    await writeFile(join(folder, 'objects', id.slice(0, 2), id.slice(2)), bytes);
  }
  return allObjects(folder);
}

/** The ids of all objects in a repository. */
export async function allObjects(folder) {
  const lines = await git(folder, 'cat-file', '--batch-all-objects', '--batch-check=%(objectname)');
  return lines.split('\n').filter(Boolean).sort();
}

/** The refs of a repository, HEAD among them, in the form in which a storage hands them over. */
export async function allRefs(folder) {
  const lines = await git(folder, 'for-each-ref', '--format=%(refname) %(objectname) %(symref)');
  const refs = lines.split('\n').filter(Boolean).map((line) => {
    const [name, id, leads] = line.split(' ');
    return [name, leads ? `ref: ${leads}` : id];
  });
  const head = await git(folder, 'symbolic-ref', '--quiet', 'HEAD').then((name) => `ref: ${name}`, () => git(folder, 'rev-parse', 'HEAD'));
  return new Map([['HEAD', head], ...refs]);
}

/** A pack of `ids` as a storage is given it, made by git from another folder's objects. */
export async function packOf(folder, ids) {
  const bytes = await gitWith(folder, `${ids.join('\n')}\n`, 'pack-objects', '--stdout', '--quiet');
  const elsewhere = await temporaryFolder();
  await git(elsewhere, 'init', '--quiet', '--bare');
  const line = (await gitWith(elsewhere, bytes, 'index-pack', '--stdin')).toString().trim();
  const checksum = line.split('\t')[1];
  const { readFile } = await import('node:fs/promises');
  const index = await readFile(join(elsewhere, 'objects', 'pack', `pack-${checksum}.idx`));
  return { bytes, index, checksum };
}
