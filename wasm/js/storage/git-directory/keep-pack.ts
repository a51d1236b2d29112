/**
 * Puts a pack into a repository so that git, which may be repacking, neither sees half of it nor removes it too early.
 *
 * The pack lies under another name until the disk has it; its index comes last, as git reads no pack without. A file
 * `.keep` guards it from `git repack` until the refs lead to it.
 */
import { randomUUID } from 'node:crypto';
import { chmod, link, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';

import { GovcError } from '../../errors.js';
import type { StorageBatch } from '../storage.js';
import { failedBecause, type FilePath, ifThere, readSmall, removeFile, syncFolder, throwIfStopped, within, writeDurably } from './files.js';
import type { Layout } from './layout.js';

/** How often a pack is written anew because `git gc --prune=now` took the unfinished one away. */
const ATTEMPTS_MAX = 5;
/** What a `.keep` of this storage says at its start. */
const KEEP_MARK = 'govc';
const KEEP_BYTES_MAX = 4096;
const READ_ONLY = 0o444;

/** Puts the pack into its place; returns the step that lets git repack it, for when the refs lead to it. */
export async function keepPack(
  layout: Layout, pack: NonNullable<StorageBatch['pack']>, signal?: AbortSignal,
): Promise<() => Promise<void>> {
  const { checksum } = pack;
  if (!/^[0-9a-f]{40}$/.test(checksum)) throw new GovcError('InvalidArgument', `'${checksum}' is no checksum of a pack`, { checksum });
  const name = `pack-${checksum}`;
  const folder = within(layout.commonFolder, 'objects', 'pack');
  await layout.settings.permissions.makeFolder(folder);
  const ours = await writeKeep(folder, within(folder, `${name}.keep`));
  const release = async () => {
    if (ours) await removeFile(within(folder, `${name}.keep`));
  };
  try {
    for (let attempt = 1; !await isThere(folder, name); attempt++) {
      throwIfStopped(signal);
      if (await putInPlace(layout, folder, pack)) break;
      if (attempt < ATTEMPTS_MAX) continue;
      throw new GovcError('Storage', `${folder}: another process keeps removing the pack as it is written`, { path: String(folder) });
    }
    await syncFolder(folder);
  } catch (thrown) {
    await release();
    throw thrown;
  }
  return release;
}

async function isThere(folder: FilePath, name: string): Promise<boolean> {
  const [pack, index] = await Promise.all(['pack', 'idx'].map((ending) => ifThere(stat(within(folder, `${name}.${ending}`)))));
  return pack !== undefined && index !== undefined;
}

/** False where the unfinished files were removed by another process. */
async function putInPlace(layout: Layout, folder: FilePath, { bytes, index, checksum }: NonNullable<StorageBatch['pack']>): Promise<boolean> {
  const id = randomUUID();
  // git calls its unfinished files so, and clears them away when they are old.
  const files = [
    { from: within(folder, `tmp_pack_${id}`), to: within(folder, `pack-${checksum}.pack`), content: bytes },
    { from: within(folder, `tmp_idx_${id}`), to: within(folder, `pack-${checksum}.idx`), content: index },
  ];
  try {
    for (const { from, content } of files) {
      await writeDurably(from, 'wx', content);
      await chmod(from, (await stat(from)).mode & READ_ONLY);
      await layout.settings.permissions.adjust(from);
    }
    for (const { from, to } of files) await rename(from, to);
    return true;
  } catch (thrown) {
    for (const { from } of files) await removeFile(from);
    if (failedBecause(thrown, 'ENOENT')) return false;
    throw thrown;
  }
}

/** False where the pack has a `.keep` of somebody else, which stays. */
async function writeKeep(folder: FilePath, path: FilePath): Promise<boolean> {
  const text = `${KEEP_MARK} ${process.pid} on ${hostname()}\n`;
  for (let attempt = 1; ; attempt++) {
    // Never half written, so that it is known for what it is after a kill. A rename would replace what is there.
    const unfinished = within(folder, `tmp_keep_${randomUUID()}`);
    try {
      await writeFile(unfinished, text, { flag: 'wx', mode: 0o600 });
      await link(unfinished, path).catch((thrown: unknown) => {
        if (!failedBecause(thrown, 'EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP')) throw thrown;
        // A file system without links.
        return writeFile(path, text, { flag: 'wx', mode: 0o600 });
      });
      return true;
    } catch (thrown) {
      if (failedBecause(thrown, 'EEXIST')) return false;
      if (!failedBecause(thrown, 'ENOENT') || attempt === ATTEMPTS_MAX) throw thrown;
    } finally {
      await removeFile(unfinished);
    }
  }
}

/**
 * Removes each `.keep` of a govc process of this machine that is gone, and the pack beside it where that process was
 * killed before it put the index there: git neither reads such a pack nor ever clears it away.
 */
export async function removeAbandonedPacks(layout: Layout): Promise<void> {
  const folder = within(layout.commonFolder, 'objects', 'pack');
  for (const name of await ifThere(readdir(folder)) ?? []) {
    if (!name.endsWith('.keep')) continue;
    const path = within(folder, name);
    const text = (await readSmall(path, KEEP_BYTES_MAX).catch(() => undefined))?.toString() ?? '';
    const [, pid, host] = new RegExp(`^${KEEP_MARK} (\\d+) on (.*)\n$`).exec(text) ?? [];
    if (pid === undefined || host !== hostname() || isRunning(Number(pid))) continue;
    const pack = name.slice(0, -'.keep'.length);
    if (await ifThere(stat(within(folder, `${pack}.idx`))) === undefined) await removeFile(within(folder, `${pack}.pack`));
    await removeFile(path);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return !failedBecause(thrown, 'ESRCH');
  }
}
