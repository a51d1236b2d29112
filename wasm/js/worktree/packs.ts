/** Single objects out of packs: the index is searched on disk, and only what is asked for is read and inflated. */
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { inflateSync } from 'node:zlib';

import { GovcError } from '../errors.js';
import { type FilePath, within } from '../storage/git-directory/files.js';

/** An object as it was stored. */
export interface StoredObject { kind: string; bytes: Buffer }

/** Largest inflated object, in bytes; the engine's own default. */
export const OBJECT_BYTES_MAX = 512 << 20;
/** Longest chain of deltas that is followed. */
const DELTA_DEPTH_MAX = 4095;
const SIGNATURE = 0xff744f63;
const ID_BYTES = 20;
const FAN_OUT_BYTES = 1024;
const TRAILER_BYTES = 40;
const KINDS: Record<number, string> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const OFS_DELTA = 6;
const REF_DELTA = 7;

interface Entry { kind: number; size: number; at: number; baseOffset?: number; baseId?: string }

/** A pack and its index, open for reading. */
export class PackFile {
  readonly #index: number;
  #pack: number | undefined;
  readonly #path: FilePath;
  readonly #fanOut: Buffer;
  readonly #version: number;
  readonly #count: number;
  readonly #buckets = new Map<number, Buffer>();

  /** Opens `NAME.idx`; throws as the system does where it is gone. */
  constructor(path: FilePath) {
    this.#path = path;
    this.#index = openSync(Buffer.concat([path, Buffer.from('.idx')]), 'r');
    const head = read(this.#index, 0, 8 + FAN_OUT_BYTES);
    const isNew = head.length >= 8 && head.readUInt32BE(0) === SIGNATURE;
    this.#version = isNew ? head.readUInt32BE(4) : 1;
    this.#fanOut = isNew ? head.subarray(8) : head.subarray(0, FAN_OUT_BYTES);
    if (this.#fanOut.length < FAN_OUT_BYTES || this.#version > 2) throw this.#broken('its index is not of version 1 or 2');
    this.#count = this.#fanOut.readUInt32BE(255 * 4);
    const width = this.#version === 2 ? 28 : 24;
    if (fstatSync(this.#index).size < FAN_OUT_BYTES + this.#count * width + TRAILER_BYTES) throw this.#broken('its index is cut off');
  }

  close(): void {
    closeSync(this.#index);
    if (this.#pack !== undefined) closeSync(this.#pack);
  }

  /** Where an object begins in the pack, or undefined. */
  find(id: string): number | undefined {
    const { bucket, first, width, skip, at } = this.#search(id);
    if (bucket.toString('hex', at * width + skip, at * width + skip + ID_BYTES) !== id) return undefined;
    return this.#version === 2 ? this.#offset(first + at) : bucket.readUInt32BE(at * width);
  }

  /** Ids that begin with `prefix`, of at least two digits. */
  startingWith(prefix: string): string[] {
    const { bucket, width, skip, at } = this.#search(prefix);
    const found: string[] = [];
    for (let start = at * width + skip; start < bucket.length; start += width) {
      const id = bucket.toString('hex', start, start + ID_BYTES);
      if (!id.startsWith(prefix)) break;
      found.push(id);
    }
    return found;
  }

  /** The object at an offset; `other` reads bases that a delta names by their id. */
  read(offset: number, other: (id: string) => StoredObject): StoredObject {
    const deltas: Buffer[] = [];
    for (let at = offset; ; ) {
      const entry = this.#entry(at);
      const kind = KINDS[entry.kind];
      const bytes = this.#inflate(entry);
      if (kind !== undefined) return { kind, bytes: deltas.reduceRight((base, delta) => this.#applied(base, delta), bytes) };
      deltas.push(bytes);
      if (deltas.length > DELTA_DEPTH_MAX) throw this.#broken(`more than ${DELTA_DEPTH_MAX} deltas stand on each other`);
      const inside = entry.baseOffset ?? this.find(entry.baseId!);
      if (inside === undefined) {
        const base = other(entry.baseId!);
        return { kind: base.kind, bytes: deltas.reduceRight((bytes, delta) => this.#applied(bytes, delta), base.bytes) };
      }
      at = inside;
    }
  }

  /** The ids that begin with the same byte as `prefix`, and the place of the first that is not before it. */
  #search(prefix: string): { bucket: Buffer; first: number; width: number; skip: number; at: number } {
    const [bucket, first] = this.#bucket(Number.parseInt(prefix.slice(0, 2), 16));
    const [width, skip] = this.#version === 2 ? [ID_BYTES, 0] : [4 + ID_BYTES, 4];
    const wanted = Buffer.from(prefix.padEnd(2 * ID_BYTES, '0'), 'hex');
    let [low, high] = [0, bucket.length / width];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = middle * width + skip;
      if (bucket.compare(wanted, 0, ID_BYTES, start, start + ID_BYTES) < 0) low = middle + 1;
      else high = middle;
    }
    return { bucket, first, width, skip, at: low };
  }

  #bucket(first: number): [Buffer, number] {
    const start = first === 0 ? 0 : this.#fanOut.readUInt32BE(4 * (first - 1));
    const end = this.#fanOut.readUInt32BE(4 * first);
    if (start > end || end > this.#count) throw this.#broken('the table of its index is out of order');
    let bucket = this.#buckets.get(first);
    if (bucket === undefined) {
      const [width, head] = this.#version === 2 ? [20, 8] : [24, 0];
      bucket = read(this.#index, head + FAN_OUT_BYTES + start * width, (end - start) * width);
      this.#buckets.set(first, bucket);
    }
    return [bucket, start];
  }

  #offset(position: number): number {
    const offsets = 8 + FAN_OUT_BYTES + this.#count * 24;
    const offset = read(this.#index, offsets + position * 4, 4).readUInt32BE(0);
    if (offset < 0x80000000) return offset;
    const large = read(this.#index, offsets + this.#count * 4 + (offset - 0x80000000) * 8, 8);
    if (large.length < 8) throw this.#broken('an offset of its index is out of range');
    return Number(large.readBigUInt64BE(0));
  }

  #entry(offset: number): Entry {
    const head = read(this.#file(), offset, 64);
    let at = 0;
    const next = () => {
      const byte = head[at++];
      if (byte === undefined) throw this.#broken('an entry is cut off');
      return byte;
    };
    let byte = next();
    const kind = (byte >> 4) & 7;
    let size = byte & 15;
    for (let scale = 16; byte & 0x80; scale *= 128) {
      byte = next();
      size += (byte & 0x7f) * scale;
    }
    if (size > OBJECT_BYTES_MAX) throw tooLarge(size);
    const entry: Entry = { kind, size, at: offset };
    if (kind === OFS_DELTA) {
      byte = next();
      let distance = byte & 0x7f;
      while (byte & 0x80) {
        byte = next();
        distance = (distance + 1) * 128 + (byte & 0x7f);
      }
      if (distance <= 0 || distance > offset) throw this.#broken('the base of a delta lies outside');
      entry.baseOffset = offset - distance;
    } else if (kind === REF_DELTA) {
      entry.baseId = head.toString('hex', at, at + 20);
      at += 20;
    } else if (KINDS[kind] === undefined) {
      throw this.#broken(`an entry is of the unknown kind ${kind}`);
    }
    entry.at = offset + at;
    return entry;
  }

  #inflate({ at, size }: Entry): Buffer {
    // What zlib needs for bytes that it cannot press; then everything up to the end, for a stream that is stranger.
    const usual = size + (size >> 10) + 64;
    for (const most of [usual, Math.min(2 * usual + (1 << 16), OBJECT_BYTES_MAX)]) {
      try {
        const bytes = inflateSync(read(this.#file(), at, most), { maxOutputLength: Math.max(size, 1) });
        if (bytes.length === size) return bytes;
        throw this.#broken('an entry has another size than it says');
      } catch (thrown) {
        if (thrown instanceof GovcError) throw thrown;
        if (most === usual && (thrown as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') continue;
        throw this.#broken(`an entry does not inflate: ${(thrown as Error).message}`);
      }
    }
    throw this.#broken('an entry is cut off');
  }

  #applied(base: Buffer, delta: Buffer): Buffer {
    const result = applyDelta(base, delta);
    if (result === undefined) throw this.#broken('a delta does not fit its base');
    return result;
  }

  #file(): number {
    return this.#pack ??= openSync(Buffer.concat([this.#path, Buffer.from('.pack')]), 'r');
  }

  #broken(problem: string): GovcError {
    return new GovcError('CorruptPack', `${this.#path}.pack: ${problem}. 'git fsck' says more`, { pack: `${this.#path}.pack` });
  }
}

/** The packs of a folder of objects. */
export function openPacks(objects: FilePath): PackFile[] {
  const folder = within(objects, 'pack');
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const found = new Set(names);
  const complete = names.filter((name) => name.endsWith('.idx') && found.has(`${name.slice(0, -4)}.pack`));
  return complete.sort().flatMap((name) => {
    try {
      return [new PackFile(within(folder, name.slice(0, -4)))];
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw thrown;
    }
  });
}

/** What a delta makes of its base; undefined where it does not fit. */
function applyDelta(base: Buffer, delta: Buffer): Buffer | undefined {
  let at = 0;
  const size = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = delta[at++];
      if (byte === undefined || scale > 2 ** 42) return -1;
      value += (byte & 0x7f) * scale;
      if (!(byte & 0x80)) return value;
    }
  };
  if (size() !== base.length) return undefined;
  const length = size();
  if (length < 0) return undefined;
  if (length > OBJECT_BYTES_MAX) throw tooLarge(length);
  const out = Buffer.allocUnsafe(length);
  let filled = 0;
  while (at < delta.length) {
    const command = delta[at++]!;
    let [start, count, from] = [0, command, delta];
    if (command & 0x80) {
      [count, from] = [0, base];
      for (let bit = 0; bit < 4; bit++) if (command & (1 << bit)) start += (delta[at++] ?? 0) * 256 ** bit;
      for (let bit = 0; bit < 3; bit++) if (command & (16 << bit)) count += (delta[at++] ?? 0) * 256 ** bit;
      count ||= 0x10000;
    } else {
      start = at;
      at += count;
    }
    if (count === 0 || start + count > from.length || filled + count > length || at > delta.length) return undefined;
    from.copy(out, filled, start, start + count);
    filled += count;
  }
  return filled === length ? out : undefined;
}

function tooLarge(size: number): GovcError {
  return new GovcError('LimitExceeded', `an object has ${size} bytes: ${OBJECT_BYTES_MAX} are read at most`, { allowed: OBJECT_BYTES_MAX, found: size });
}

/** Up to `length` bytes from an offset. */
function read(file: number, at: number, length: number): Buffer {
  const { size } = fstatSync(file);
  const buffer = Buffer.allocUnsafe(Math.max(Math.min(length, size - at), 0));
  let filled = 0;
  while (filled < buffer.length) {
    const count = readSync(file, buffer, filled, buffer.length - filled, at + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}
