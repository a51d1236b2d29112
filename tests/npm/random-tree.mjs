// Work trees that change at random, from a seed: files, folders, links, modes, names of all kinds.
import { chmod, lstat, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const NAMES = ['a', 'b', 'c.txt', 'd', 'e f', 'ü', 'x.log', 'build', 'a-b', 'a.b', 'Z', '"q"', 'tab\there', 'deep'];

/** Numbers from a seed: mulberry32. */
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}

/** Changes some files of a folder. */
export async function changeAtRandom(folder, next, steps) {
  for (let step = 0; step < steps; step++) {
    const path = join(folder, ...Array.from({ length: 1 + next(3) }, () => NAMES[next(NAMES.length)]));
    const found = await lstat(path).catch(() => undefined);
    try {
      await changeOne(folder, path, found, next);
    } catch (error) {
      // A file where a folder is needed, and the like: the next step does something else.
      if (!['ENOTDIR', 'EEXIST', 'EISDIR', 'ENOENT', 'ENOTEMPTY', 'EINVAL', 'ELOOP'].includes(error.code)) throw error;
    }
  }
}

async function changeOne(folder, path, found, next) {
  const what = next(12);
  if (what < 6) {
    if (found?.isDirectory()) return;
    await mkdir(dirname(path), { recursive: true });
    if (found?.isSymbolicLink()) await rm(path);
    await writeFile(path, content(next));
  } else if (what === 6) {
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { recursive: true, force: true });
    await symlink(NAMES[next(NAMES.length)], path);
  } else if (what === 7 && found?.isFile()) {
    await chmod(path, found.mode & 0o100 ? 0o644 : 0o755);
  } else if (what === 8) {
    await rm(path, { recursive: true, force: true });
  } else if (what === 9 && found !== undefined) {
    await rename(path, join(folder, NAMES[next(NAMES.length)]));
  } else if (what === 10) {
    await mkdir(dirname(path), { recursive: true });
    const patterns = ['*.log', 'build/', '!x.log', '/a', 'deep/**/b', 'e f', 'd/*', '!d/c.txt', '# nothing', 'a-b ', '\\"q\\"', '[a-c].txt', '**/Z'];
    if (!found?.isDirectory()) await writeFile(join(dirname(path), '.gitignore'), Array.from({ length: 1 + next(3) }, () => `${patterns[next(patterns.length)]}\n`).join(''));
  } else if (found?.isDirectory() && (await readdir(path)).length === 0) {
    await rm(path, { recursive: true });
  }
}

function content(next) {
  const lines = Array.from({ length: next(12) }, () => `line ${next(20)}`);
  return next(8) === 0 ? Buffer.from([0, next(256), next(256)]) : `${lines.join('\n')}${next(5) === 0 ? '' : '\n'}`;
}
