/**
 * Steps with files that the rest stands on: paths as bytes, reads that may find nothing, writes that are durable.
 *
 * Paths are Buffers, because a ref name is bytes on disk. A failure of the system stays as Node throws it until
 * `explained` makes it a GovcError at the edge of the storage.
 */
import { constants } from 'node:fs';
import { chmod, mkdir, open, readFile, rmdir, stat, unlink } from 'node:fs/promises';

import { GovcError } from '../../errors.js';
import { encodeText } from '../../text.js';

/** A path as the bytes that the file system has. */
export type FilePath = Buffer;

/** Reads of one load that run side by side. */
const READS_AT_ONCE = 16;
/** Permission bits that core.sharedRepository adds are never more than these. */
const PERMISSION_BITS = 0o777;
const SET_GROUP_ID = 0o2000;

/** The path of something inside `folder`. */
export function within(folder: FilePath, ...names: (string | Uint8Array)[]): FilePath {
  const parts = names.flatMap((name) => [SLASH, typeof name === 'string' ? encodeText(name) : name]);
  return Buffer.concat([folder, ...parts]);
}
const SLASH = Buffer.from('/');

/** The folder that a path lies in. */
export function parent(path: FilePath): FilePath {
  return path.subarray(0, Math.max(path.lastIndexOf(0x2f), 1));
}

/** Whether a system call failed for one of these reasons. */
export function failedBecause(thrown: unknown, ...codes: string[]): boolean {
  return thrown instanceof Error && codes.includes(String((thrown as NodeJS.ErrnoException).code));
}

/** What `work` gives, or undefined where the file or its folder is not there. */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (failedBecause(thrown, 'ENOENT', 'ENOTDIR')) return undefined;
    throw thrown;
  }
}

/** A file of at most `bytesMax` bytes, or undefined where there is none. Never waits for a pipe or a device. */
export async function readSmall(path: FilePath, bytesMax: number): Promise<Buffer | undefined> {
  const found = await ifThere(stat(path));
  if (found === undefined) return undefined;
  if (!found.isFile()) throw new GovcError('Storage', `${path} is no file`, { path: String(path) });
  if (found.size > bytesMax) {
    const message = `${path} has ${found.size} bytes: more than ${bytesMax} are not read`;
    throw new GovcError('LimitExceeded', message, { path: String(path), allowed: bytesMax, found: found.size });
  }
  return ifThere(readFile(path));
}

/** Makes folders and files as core.sharedRepository wants them, on top of the process's umask. */
export class Permissions {
  /** Bits that every file gets; undefined where the umask alone decides. */
  constructor(readonly shared: number | undefined = undefined) {}

  /** Gives a file that was made here its permissions. */
  async adjust(path: FilePath): Promise<void> {
    if (this.shared === undefined) return;
    const { mode } = await stat(path);
    const bits = mode & 0o200 ? this.shared : this.shared & ~0o222;
    await chmod(path, (mode & PERMISSION_BITS) | bits);
  }

  /** Makes a folder and those that it lies in. */
  async makeFolder(path: FilePath): Promise<void> {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined || this.shared === undefined) return;
    const search = (this.shared & 0o444) >> 2;
    for (let folder = path; folder.length >= Buffer.byteLength(first); folder = parent(folder)) {
      await chmod(folder, ((await stat(folder)).mode & PERMISSION_BITS) | this.shared | search | SET_GROUP_ID);
    }
  }
}

/** Writes a file and waits until the disk has it. `flags` as `open` takes them. */
export async function writeDurably(path: FilePath, flags: string, content: Uint8Array): Promise<void> {
  const file = await open(path, flags, 0o666);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the disk has the names in a folder. */
export async function syncFolder(path: FilePath): Promise<void> {
  // Windows has no handle of a folder to flush; its renames are in the journal.
  if (process.platform === 'win32') return;
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Removes a file that may be gone already. */
export async function removeFile(path: FilePath): Promise<void> {
  await ifThere(unlink(path));
}

/** Removes a folder where it holds nothing but empty folders; says whether it is gone. */
export async function removeEmptyFolders(path: FilePath, names: (path: FilePath) => Promise<Buffer[]>): Promise<boolean> {
  for (const name of await names(path)) {
    if (!await removeEmptyFolders(within(path, name), names)) return false;
  }
  return removeIfEmpty(path);
}

/** Removes a folder; false where it holds something. */
export async function removeIfEmpty(path: FilePath): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (thrown) {
    if (failedBecause(thrown, 'ENOENT')) return true;
    if (failedBecause(thrown, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EBUSY', 'EPERM')) return false;
    throw thrown;
  }
}

/** Works through all items, some of them side by side, in no order. The first failure is thrown when all have stopped. */
export async function inParallel<T>(
  items: readonly T[], work: (item: T) => Promise<void>, signal?: AbortSignal,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const worker = async () => {
    while (next < items.length && failures.length === 0) {
      const item = items[next++] as T;
      try {
        throwIfStopped(signal);
        await work(item);
      } catch (thrown) {
        failures.push(thrown);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(READS_AT_ONCE, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  throwIfStopped(signal);
}

/** Throws Aborted where the caller wants no more. */
export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new GovcError('Aborted', 'stopped on request', {}, { cause: signal.reason });
}

/** Runs work of the storage; what the system refuses becomes a coded error. */
export async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const { code, syscall, path } = thrown as NodeJS.ErrnoException;
    if (thrown instanceof GovcError || code === undefined || syscall === undefined) throw thrown;
    const details = { reason: code, ...(path !== undefined && { path: String(path) }) };
    throw new GovcError('Storage', (thrown as Error).message, details, { cause: thrown });
  }
}
