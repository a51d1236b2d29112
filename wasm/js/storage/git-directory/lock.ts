/**
 * git's locks: a file `NAME.lock` that only one process can create, filled and then renamed to `NAME`.
 *
 * Who finds it waits a bounded time. A lock that a killed process left behind is not broken by anyone: that its owner is
 * dead cannot be known, so a person removes it, with git and with govc alike.
 */
import { unlinkSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { GovcError } from '../../errors.js';
import {
  failedBecause, type FilePath, parent, type Permissions, removeFile, throwIfStopped, writeDurably,
} from './files.js';

/** The longest pause between two attempts, in milliseconds. */
const PAUSE_MS_MAX = 1000;
/** How often a folder may vanish while a lock is made in it: another process removes empty ones. */
const VANISHED_MAX = 100;

/** Locks that this process holds: a process that ends in the middle takes them away. */
const held = new Set<FilePath>();
let watching = false;

/** A lock that is held. */
export class LockFile {
  readonly path: FilePath;
  readonly #target: FilePath;

  private constructor(target: FilePath, path: FilePath) {
    this.#target = target;
    this.path = path;
    held.add(path);
    if (!watching) process.on('exit', releaseAll);
    watching = true;
  }

  /** Locks `target`, whose folders are made; waits up to `timeoutMs` (below 0: for ever) for who holds the lock. */
  static async take(
    target: FilePath, timeoutMs: number, permissions: Permissions, signal?: AbortSignal,
  ): Promise<LockFile> {
    const path = Buffer.concat([target, Buffer.from('.lock')]);
    const started = performance.now();
    let vanished = 0;
    for (let attempt = 1; ; attempt++) {
      throwIfStopped(signal);
      try {
        // Closed at once: a batch may hold more locks than a process may have files open.
        await (await open(path, 'wx', 0o666)).close();
        const lock = new LockFile(target, path);
        await permissions.adjust(path);
        return lock;
      } catch (thrown) {
        if (failedBecause(thrown, 'ENOENT') && vanished++ < VANISHED_MAX) {
          await permissions.makeFolder(parent(path));
          continue;
        }
        if (!failedBecause(thrown, 'EEXIST')) throw thrown;
        const left = timeoutMs < 0 ? PAUSE_MS_MAX : started + timeoutMs - performance.now();
        if (left <= 0) throw heldByOther(path, timeoutMs, thrown);
        await pause(Math.min(attempt * attempt, PAUSE_MS_MAX, left), signal);
      }
    }
  }

  /** Fills the file that will take the target's place; returns when the disk has it. */
  async write(content: Uint8Array): Promise<void> {
    await writeDurably(this.path, 'r+', content);
  }

  /** Puts the written file in the target's place, which ends the lock. */
  async commit(): Promise<void> {
    await rename(this.path, this.#target);
    held.delete(this.path);
  }

  /** Ends the lock and leaves the target as it is. Does nothing after `commit`. */
  async release(): Promise<void> {
    if (!held.has(this.path)) return;
    await removeFile(this.path);
    held.delete(this.path);
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal && { signal });
  } catch {
    throwIfStopped(signal);
  }
}

function heldByOther(path: FilePath, waitedMs: number, cause: unknown): GovcError {
  const message = `${path} is held by another process, after ${waitedMs} ms of waiting. Try again; if no git or govc `
    + 'process is running in this repository, one was killed: remove the file';
  return new GovcError('Storage', message, { path: String(path), lock: String(path), waitedMs }, { cause });
}

function releaseAll(): void {
  for (const path of held) {
    try {
      unlinkSync(path);
    } catch {
      // The process ends: there is nobody to tell.
    }
  }
}
