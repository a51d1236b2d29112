/** Reads packs with their indexes, and loose objects, while git may be repacking at the same time. */
import { open, readdir, readFile } from 'node:fs/promises';

import { GovcError } from '../../errors.js';
import type { StorageSink } from '../storage.js';
import { failedBecause, type FilePath, ifThere, inParallel, throwIfStopped, within } from './files.js';

/** A pack is read in pieces of this many bytes. */
const PIECE_BYTES = 4 << 20;
/** How often the list of packs is read again because git replaced some in the middle. */
const LISTINGS_MAX = 10;
/** The first bytes of an index of version 2; those of version 1 have none, and are made anew. */
const INDEX_SIGNATURE = Buffer.from('ff744f6300000002', 'hex');

/** Told how many bytes were read. */
export type OnBytes = (bytes: number) => void;

/**
 * Hands over the packs of a folder of objects that are not `known` by their names yet. Call it after the refs and the loose objects were read: what git packs
 * in the meantime is in a pack that is listed here.
 */
export async function loadPacks(
  objects: FilePath, known: Set<string>, sink: StorageSink, onBytes: OnBytes, signal?: AbortSignal,
): Promise<void> {
  const folder = within(objects, 'pack');
  for (let listing = 0; listing < LISTINGS_MAX; listing++) {
    let vanished = false;
    for (const name of await listPacks(folder)) {
      if (known.has(name)) continue;
      throwIfStopped(signal);
      if (await loadPack(folder, name, sink, onBytes, signal)) known.add(name);
      else vanished = true;
    }
    if (!vanished) return;
  }
  const message = `${folder}: packs kept vanishing while they were read; try again when git has finished`;
  throw new GovcError('Storage', message, { path: String(folder) });
}

/** Names without ending of the packs that are complete: git writes the index last. */
export async function listPacks(folder: FilePath): Promise<string[]> {
  const names = new Set(await ifThere(readdir(folder)) ?? []);
  return [...names].filter((name) => name.endsWith('.idx') && names.has(`${name.slice(0, -4)}.pack`))
    .map((name) => name.slice(0, -4)).sort();
}

/** False where git has removed it since it was listed. */
async function loadPack(
  folder: FilePath, name: string, sink: StorageSink, onBytes: OnBytes, signal: AbortSignal | undefined,
): Promise<boolean> {
  const index = await ifThere(readFile(within(folder, `${name}.idx`)));
  if (index === undefined) return false;
  const file = await ifThere(open(within(folder, `${name}.pack`), 'r'));
  if (file === undefined) return false;
  try {
    const { size } = await file.stat();
    const pack = sink.packOf(size);
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, Math.max(size, 1)));
    for (let at = 0; at < size; ) {
      throwIfStopped(signal);
      const { bytesRead } = await file.read(piece, 0, piece.length, at);
      if (bytesRead === 0) throw new GovcError('CorruptPack', `${name}.pack was cut off while it was read`, { pack: name });
      pack.push(piece.subarray(0, bytesRead));
      onBytes(bytesRead);
      at += bytesRead;
    }
    pack.end(index.subarray(0, 8).equals(INDEX_SIGNATURE) ? index : undefined);
    onBytes(index.length);
  } catch (thrown) {
    if (thrown instanceof GovcError && thrown.details['pack'] === undefined) thrown.details['pack'] = `${name}.pack`;
    throw thrown;
  } finally {
    await file.close();
  }
  return true;
}

/** Hands over the loose objects of a folder of objects that are not `known` by their ids yet. One that vanishes was packed: then its pack is read later. */
export async function loadLoose(
  objects: FilePath, known: Set<string>, sink: StorageSink, onBytes: OnBytes, signal?: AbortSignal,
): Promise<void> {
  const folders = (await ifThere(readdir(objects)) ?? []).filter((name) => /^[0-9a-f]{2}$/.test(name));
  const found: { id: string; path: FilePath }[] = [];
  await inParallel(folders, async (first) => {
    const folder = within(objects, first);
    for (const rest of await ifThere(readdir(folder)) ?? []) {
      if (/^[0-9a-f]{38}$/.test(rest) && !known.has(first + rest)) found.push({ id: first + rest, path: within(folder, rest) });
    }
  }, signal);
  await inParallel(found, async ({ id, path }) => {
    const bytes = await ifThere(readFile(path));
    if (bytes === undefined) return;
    sink.loose(id, bytes);
    known.add(id);
    onBytes(bytes.length);
  }, signal);
}

/** Those of `ids` that are neither loose nor in a pack of these folders at this moment. */
export async function missingObjects(objectFolders: readonly FilePath[], ids: readonly string[]): Promise<string[]> {
  let missing = [...ids];
  for (const objects of objectFolders) {
    const left: string[] = [];
    await inParallel(missing, async (id) => {
      const path = within(objects, id.slice(0, 2), id.slice(2));
      const file = await ifThere(open(path, 'r'));
      if (file === undefined) left.push(id);
      await file?.close();
    });
    missing = left;
  }
  for (const objects of objectFolders) {
    if (missing.length === 0) break;
    const folder = within(objects, 'pack');
    for (const name of await listPacks(folder)) {
      const file = await openIfThere(within(folder, `${name}.idx`));
      if (file === undefined) continue;
      try {
        const left: string[] = [];
        for (const id of missing) {
          if (!await indexHolds((at, length) => readAt(file, at, length), id)) left.push(id);
        }
        missing = left;
      } finally {
        await file.close();
      }
    }
  }
  return missing;
}

type IndexFile = Awaited<ReturnType<typeof open>>;

async function openIfThere(path: FilePath): Promise<IndexFile | undefined> {
  try {
    return await open(path, 'r');
  } catch (thrown) {
    if (failedBecause(thrown, 'ENOENT')) return undefined;
    throw thrown;
  }
}

async function readAt(file: IndexFile, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}

/** Whether an index, of version 1 or 2, names an object. */
export async function indexHolds(read: (at: number, length: number) => Buffer | Promise<Buffer>, id: string): Promise<boolean> {
  const wanted = Buffer.from(id, 'hex');
  const header = await read(0, 8 + 1024);
  const isNew = header.subarray(0, 4).equals(INDEX_SIGNATURE.subarray(0, 4));
  const [fanOut, width, skip] = isNew ? [8, 20, 0] : [0, 24, 4];
  if (header.length < fanOut + 1024) return false;
  const first = wanted[0]!;
  let low = first === 0 ? 0 : header.readUInt32BE(fanOut + 4 * (first - 1));
  let high = header.readUInt32BE(fanOut + 4 * first);
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    const found = await read(fanOut + 1024 + middle * width + skip, 20);
    const order = Buffer.compare(found, wanted);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}
