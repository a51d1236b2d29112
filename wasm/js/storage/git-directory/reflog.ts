/** git's reflogs: what a ref was, what it became, who moved it when and why; one line for each move. */
import { constants } from 'node:fs';
import { open, readdir, stat, truncate } from 'node:fs/promises';

import { encodeText } from '../../text.js';
import { failedBecause, type FilePath, ifThere, parent, removeEmptyFolders, removeFile, removeIfEmpty, within } from './files.js';
import { type Layout, refFolder } from './layout.js';

const NO_ID = '0'.repeat(40);

/** A line to be written. */
export interface LogLine {
  before: string | undefined;
  after: string | undefined;
  /** `NAME <EMAIL> SECONDS ZONE`. */
  by: string;
  message: string;
}

/** A line that was written, so that it can be taken back. */
export interface WrittenLine { path: FilePath; bytesBefore: number; bytesAfter: number }

/** The file of a ref's log. */
export function logPath(layout: Layout, name: string): FilePath {
  return within(refFolder(layout, name), 'logs', encodeText(name));
}

/** Adds a line to the log of a ref; only where it has a log, or the settings give it one. */
export async function appendReflog(layout: Layout, name: string, line: LogLine): Promise<WrittenLine | undefined> {
  const path = logPath(layout, name);
  const file = await openLog(layout, path, makesLog(layout, name));
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const text = encodeText(formatted(line));
    await file.appendFile(text);
    await layout.settings.permissions.adjust(path);
    return { path, bytesBefore: size, bytesAfter: size + text.length };
  } finally {
    await file.close();
  }
}

/** Takes a line back where nothing followed it. */
export async function takeBack({ path, bytesBefore, bytesAfter }: WrittenLine): Promise<void> {
  const found = await ifThere(stat(path));
  if (found?.size === bytesAfter) await truncate(path, bytesBefore);
}

/** Removes the log of a ref that was deleted, and the folders that are empty then. */
export async function removeReflog(layout: Layout, name: string): Promise<void> {
  const path = logPath(layout, name);
  // Where logs of other refs lie under this name, there is none of this one.
  if ((await ifThere(stat(path)))?.isDirectory() === false) await removeFile(path);
  await removeEmptyParents(path, name);
}

/** Removes the folders above a ref that hold nothing; `refs/` and the folders in it stay, as with git. */
export async function removeEmptyParents(path: FilePath, name: string): Promise<void> {
  const levels = name.split('/').length;
  let folder = parent(path);
  for (let level = levels - 1; level > 2; level--) {
    if (!await removeIfEmpty(folder)) return;
    folder = parent(folder);
  }
}

function makesLog(layout: Layout, name: string): boolean {
  const { reflogs } = layout.settings;
  return reflogs === 'all' || reflogs === 'usual' && /^(?:HEAD$|refs\/stash$|refs\/(?:heads|remotes|notes)\/)/.test(name);
}

async function openLog(layout: Layout, path: FilePath, create: boolean) {
  for (let attempt = 0; ; attempt++) {
    try {
      // Without O_CREAT, so that a ref without a log stays so.
      return create ? await open(path, 'a', 0o666) : await openExisting(path);
    } catch (thrown) {
      if (attempt > 2) throw thrown;
      if (failedBecause(thrown, 'ENOENT')) {
        if (!create) return undefined;
        await layout.settings.permissions.makeFolder(parent(path));
      } else if (failedBecause(thrown, 'EISDIR')) {
        // Folders that the logs of deleted refs left.
        if (!await removeEmptyFolders(path, (folder) => readdir(folder, 'buffer'))) {
          if (!create) return undefined;
          throw thrown;
        }
      } else if (failedBecause(thrown, 'ENOTDIR') && !create) {
        return undefined;
      } else {
        throw thrown;
      }
    }
  }
}

async function openExisting(path: FilePath) {
  return open(path, constants.O_WRONLY | constants.O_APPEND);
}

function formatted({ before = NO_ID, after = NO_ID, by, message }: LogLine): string {
  const text = message.replace(/[ \t\n\v\f\r]+/g, ' ').trim();
  return `${before} ${after} ${by}${text === '' ? '' : `\t${text}`}\n`;
}
