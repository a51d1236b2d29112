/**
 * The objects of a repository one by one, straight from disk: for commands that look at a few of many.
 *
 * What they mean is the engine's business; here they are only found, checked against their names, and written as loose
 * objects, as git writes them.
 */
import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { deflateSync, inflateSync } from 'node:zlib';

import { GovcError } from '../errors.js';
import type { ObjectKind } from '../object.js';
import { failedBecause, type FilePath, within } from '../storage/git-directory/files.js';
import type { Layout } from '../storage/git-directory/layout.js';
import { OBJECT_BYTES_MAX, openPacks, type PackFile, type StoredObject } from './packs.js';

/** How many bytes of a loose object its header takes at most. */
const HEADER_BYTES_MAX = 32;

/** Reads objects of a repository and writes new ones. */
export class ObjectDatabase {
  readonly #folders: readonly FilePath[];
  readonly #layout: Layout;
  #packs: PackFile[] | undefined;
  /** Objects that were made here and are not on disk: a tree that is looked at before it is recorded. */
  readonly #inMemory = new Map<string, StoredObject>();

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#folders = layout.objectFolders;
  }

  /** Throws NotFound where it is nowhere, CorruptObject where its bytes do not make its name. */
  read(id: string): StoredObject {
    const found = this.#find(id);
    if (found === undefined) {
      throw new GovcError('NotFound', `object ${id} is not in this repository: 'git fsck' says what else is missing`, { id });
    }
    return found;
  }

  /** As `read`, and of this kind. */
  readKind(id: string, kind: ObjectKind): Buffer {
    const found = this.read(id);
    if (found.kind === kind) return found.bytes;
    throw new GovcError('CorruptObject', `object ${id} is a ${found.kind} where a ${kind} should be`, { id, kind: found.kind });
  }

  has(id: string): boolean {
    if (this.#inMemory.has(id)) return true;
    const [first, rest] = [id.slice(0, 2), id.slice(2)];
    if (this.#folders.some((folder) => exists(within(folder, first, rest)))) return true;
    return this.#openPacks().some((pack) => pack.find(id) !== undefined);
  }

  /** Ids that begin with these digits, of which there are at least four. */
  startingWith(prefix: string): string[] {
    const found = new Set(this.#openPacks().flatMap((pack) => pack.startingWith(prefix)));
    for (const folder of this.#folders) {
      for (const rest of listed(within(folder, prefix.slice(0, 2)))) {
        const id = prefix.slice(0, 2) + rest;
        if (id.startsWith(prefix) && /^[0-9a-f]{40}$/.test(id)) found.add(id);
      }
    }
    return [...found];
  }

  /** Keeps an object for this process only. */
  keep(kind: ObjectKind, bytes: Uint8Array): string {
    const id = idOf(kind, bytes);
    if (!this.#inMemory.has(id)) this.#inMemory.set(id, { kind, bytes: Buffer.from(bytes) });
    return id;
  }

  /** Writes a loose object where the repository has none of this name. */
  write(kind: ObjectKind, bytes: Uint8Array): string {
    const id = idOf(kind, bytes);
    if (this.has(id)) return id;
    const folder = within(this.#layout.commonFolder, 'objects', id.slice(0, 2));
    const path = within(folder, id.slice(2));
    const unfinished = within(this.#layout.commonFolder, 'objects', `tmp_obj_${randomUUID()}`);
    const content = deflateSync(Buffer.concat([Buffer.from(`${kind} ${bytes.length}\0`), bytes]), { level: 1 });
    const { shared } = this.#layout.settings.permissions;
    mkdirSync(folder, { recursive: true });
    writeFileSync(unfinished, content, { flag: 'wx', mode: 0o444 });
    if (shared !== undefined) chmodSync(unfinished, (statSync(unfinished).mode & 0o777) | (shared & ~0o222));
    putInPlace(unfinished, path);
    return id;
  }

  close(): void {
    for (const pack of this.#packs ?? []) pack.close();
    this.#packs = undefined;
  }

  #find(id: string): StoredObject | undefined {
    const kept = this.#inMemory.get(id);
    if (kept !== undefined) return kept;
    const first = this.#loose(id) ?? this.#packed(id);
    if (first !== undefined) return checked(id, first);
    // git may have packed it, or packed anew what was open here.
    this.close();
    const second = this.#packed(id) ?? this.#loose(id);
    return second && checked(id, second);
  }

  #loose(id: string): StoredObject | undefined {
    for (const folder of this.#folders) {
      try {
        return inflated(id, readFileSync(within(folder, id.slice(0, 2), id.slice(2))));
      } catch (thrown) {
        if (!failedBecause(thrown, 'ENOENT', 'ENOTDIR')) throw thrown;
      }
    }
    return undefined;
  }

  #packed(id: string): StoredObject | undefined {
    for (const pack of this.#openPacks()) {
      const offset = pack.find(id);
      if (offset !== undefined) return pack.read(offset, (base) => this.read(base));
    }
    return undefined;
  }

  #openPacks(): PackFile[] {
    return this.#packs ??= this.#folders.flatMap(openPacks);
  }
}

function inflated(id: string, compressed: Buffer): StoredObject {
  let all: Buffer;
  try {
    all = inflateSync(compressed, { maxOutputLength: OBJECT_BYTES_MAX + HEADER_BYTES_MAX });
  } catch (thrown) {
    throw new GovcError('CorruptObject', `object ${id} does not inflate: ${(thrown as Error).message}`, { id }, { cause: thrown });
  }
  const end = all.subarray(0, HEADER_BYTES_MAX).indexOf(0);
  const header = /^(blob|tree|commit|tag) (0|[1-9][0-9]*)$/.exec(all.toString('latin1', 0, Math.max(end, 0)));
  const bytes = all.subarray(end + 1);
  if (header === null || Number(header[2]) !== bytes.length) {
    throw new GovcError('CorruptObject', `object ${id} begins with no valid header`, { id });
  }
  return { kind: header[1]!, bytes };
}

function checked(id: string, object: StoredObject): StoredObject {
  const hash = idOf(object.kind, object.bytes);
  if (hash === id) return object;
  throw new GovcError('CorruptObject', `object ${id} has the bytes of ${hash}: it is damaged on disk`, { id, found: hash });
}

/** The id that git gives an object. The engine need not be loaded for it. */
export function idOf(kind: string, bytes: Uint8Array): string {
  return createHash('sha1').update(`${kind} ${bytes.length}\0`).update(bytes).digest('hex');
}

/** A rename would replace what another process put there; a link does not. */
function putInPlace(unfinished: FilePath, path: FilePath): void {
  try {
    linkSync(unfinished, path);
    unlinkSync(unfinished);
  } catch (thrown) {
    if (failedBecause(thrown, 'EEXIST')) unlinkSync(unfinished);
    else renameSync(unfinished, path);
  }
}

function exists(path: FilePath): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function listed(folder: FilePath): string[] {
  try {
    return readdirSync(folder);
  } catch (thrown) {
    if (failedBecause(thrown, 'ENOENT', 'ENOTDIR')) return [];
    throw thrown;
  }
}
