/**
 * git's index, `.git/index`, as bytes: versions 2, 3 and 4 are read, 2 and 3 are written.
 *
 * Knows nothing of files and trees. What it cannot keep right it refuses: a split or sparse index, an extension that is
 * not optional. Optional extensions are caches and fall away when the entries change, except those that are understood.
 */
import { createHash } from 'node:crypto';

import { GovcError } from '../errors.js';
import { type BytePath, compare, shown } from './path.js';
import { EXECUTABLE, FILE, FOLDER, SUBMODULE, SYMLINK } from './trees.js';

/** What `lstat` said of a file when its content was hashed; times in nanoseconds as git keeps them, in two halves. */
export interface FileStat {
  changeSeconds: number;
  changeNanoseconds: number;
  modifySeconds: number;
  modifyNanoseconds: number;
  device: number;
  inode: number;
  user: number;
  group: number;
  /** The lowest 32 bits of the size; 0 also where it must be looked at again. */
  size: number;
}

/** A file of the index. */
export interface IndexEntry {
  /** Read from the bytes of the index when it is asked for. */
  stat: FileStat;
  readonly path: BytePath;
  /** 0o100644, 0o100755, 0o120000 or 0o160000. */
  readonly mode: number;
  readonly id: string;
  /** 0, or 1 to 3 for base, ours and theirs of a conflict. */
  readonly stage: number;
  readonly assumeUnchanged: boolean;
  readonly skipWorktree: boolean;
  readonly intentToAdd: boolean;
}

/** A tree that entries make, known from an earlier time; `count` below 0 where they have changed since. */
export interface CachedTree { count: number; id?: string; folders: Map<string, CachedTree> }

/** What the file says. */
export interface Index {
  version: number;
  entries: IndexEntry[];
  trees?: CachedTree | undefined;
  /** What a conflict was before it was settled (REUC), as bytes. */
  resolved?: Buffer | undefined;
}

/** A larger file is not read, in bytes: what a string can hold. */
export const INDEX_BYTES_MAX = 500 << 20;
const SIGNATURE = 'DIRC';
const ID_BYTES = 20;
const HEADER_BYTES = 12;
/** An entry without its name: ten numbers, an id and the flags. */
const FIXED_BYTES = 62;
const NAME_BYTES_MAX = 4096;
const NAME_MASK = 0xfff;
const [ASSUME_UNCHANGED, EXTENDED] = [0x8000, 0x4000];
const [SKIP_WORKTREE, INTENT_TO_ADD, UNKNOWN_FLAGS] = [0x4000, 0x2000, 0x9fff];
const DEPTH_MAX = 2048;
const NO_STAT: FileStat = {
  changeSeconds: 0, changeNanoseconds: 0, modifySeconds: 0, modifyNanoseconds: 0, device: 0, inode: 0, user: 0, group: 0, size: 0,
};

/** An entry that has not been compared with a file. */
export function newEntry(path: BytePath, mode: number, id: string, stage = 0, stat: FileStat = NO_STAT): IndexEntry {
  return { stat: { ...stat }, path, mode, id, stage, assumeUnchanged: false, skipWorktree: false, intentToAdd: false };
}

/** Reads an index. Throws Storage, with the place, where it is broken or of a kind that is not supported. */
export function parseIndex(bytes: Buffer, file = 'index'): Index {
  return new Parser(bytes, file).parse();
}

/** An entry as it was read; most commands look at what few entries say. */
class ParsedEntry implements IndexEntry {
  readonly path: BytePath;
  readonly mode: number;
  readonly stage: number;
  readonly #bytes: Buffer;
  readonly #start: number;
  /** The flags, and above them those of version 3. */
  readonly #flags: number;
  #id: string | undefined;
  #stat: FileStat | undefined;

  constructor(bytes: Buffer, start: number, path: BytePath, mode: number, flags: number) {
    this.path = path;
    this.mode = mode;
    this.stage = (flags >> 12) & 3;
    this.#bytes = bytes;
    this.#start = start;
    this.#flags = flags;
  }

  get id(): string {
    return this.#id ??= this.#bytes.toString('hex', this.#start + 40, this.#start + 40 + ID_BYTES);
  }

  get assumeUnchanged(): boolean {
    return (this.#flags & ASSUME_UNCHANGED) !== 0;
  }

  get skipWorktree(): boolean {
    return (this.#flags & SKIP_WORKTREE << 16) !== 0;
  }

  get intentToAdd(): boolean {
    return (this.#flags & INTENT_TO_ADD << 16) !== 0;
  }

  get stat(): FileStat {
    const u32 = (at: number) => this.#bytes.readUInt32BE(this.#start + at);
    return this.#stat ??= {
      changeSeconds: u32(0), changeNanoseconds: u32(4), modifySeconds: u32(8), modifyNanoseconds: u32(12), device: u32(16),
      inode: u32(20), user: u32(28), group: u32(32), size: u32(36),
    };
  }

  set stat(stat: FileStat) {
    this.#stat = stat;
  }
}

class Parser {
  readonly #bytes: Buffer;
  /** The same, a character for each byte: names are cut out of it. */
  readonly #text: string;
  readonly #file: string;
  readonly #end: number;
  #at = HEADER_BYTES;
  /** Where an entry without a name is: a split index has such. */
  #nameless: number | undefined;

  constructor(bytes: Buffer, file: string) {
    this.#bytes = bytes;
    this.#text = bytes.toString('latin1');
    this.#file = file;
    this.#end = bytes.length - ID_BYTES;
  }

  parse(): Index {
    const bytes = this.#bytes;
    if (bytes.length < HEADER_BYTES + ID_BYTES) throw this.#broken('it is cut off', 0);
    if (!this.#text.startsWith(SIGNATURE)) throw this.#broken("it does not begin with 'DIRC'", 0);
    const version = bytes.readUInt32BE(4);
    if (version < 2 || version > 4) throw this.#refused(`version ${version} is not supported: 2, 3 and 4 are`);
    const checksum = bytes.subarray(this.#end);
    // index.skipHash writes none.
    if (checksum.some((byte) => byte !== 0) && !createHash('sha1').update(bytes.subarray(0, this.#end)).digest().equals(checksum)) {
      throw this.#broken('its checksum does not fit', this.#end);
    }
    const count = bytes.readUInt32BE(8);
    if (count * (FIXED_BYTES + 1) > this.#end) throw this.#broken(`it cannot hold ${count} entries`, 8);
    const entries: IndexEntry[] = [];
    let before: IndexEntry | undefined;
    for (let at = 0; at < count; at++) entries.push(before = this.#entry(version, before));
    const index = this.#extensions({ version, entries });
    if (this.#nameless !== undefined) throw this.#broken('a name is empty', this.#nameless);
    return index;
  }

  #entry(version: number, before: IndexEntry | undefined): IndexEntry {
    const bytes = this.#bytes;
    const start = this.#at;
    if (start + FIXED_BYTES > this.#end) throw this.#broken('an entry is cut off', start);
    const flags = bytes[start + 60]! << 8 | bytes[start + 61]!;
    this.#at = start + FIXED_BYTES;
    const more = flags & EXTENDED ? this.#extendedFlags(version) : 0;
    const length = flags & NAME_MASK;
    const path = version === 4 ? this.#shortenedName(before?.path ?? '') : this.#name(start);
    if (path.length < NAME_MASK ? path.length !== length : length !== NAME_MASK) throw this.#broken('the length of a name is wrong', start);
    const entry = new ParsedEntry(bytes, start, path, bytes.readUInt32BE(start + 24), flags | more << 16);
    this.#check(entry, before, start);
    return entry;
  }

  #extendedFlags(version: number): number {
    if (version < 3) throw this.#broken('an entry has flags that its version does not know', this.#at);
    if (this.#at + 2 > this.#end) throw this.#broken('an entry is cut off', this.#at);
    const flags = this.#bytes.readUInt16BE(this.#at);
    if (flags & UNKNOWN_FLAGS) throw this.#refused('an entry has flags of a later version of git');
    this.#at += 2;
    return flags;
  }

  /** A name that ends with NUL, and is filled up with it to a multiple of eight bytes. */
  #name(start: number): BytePath {
    const from = this.#at;
    const end = this.#text.indexOf('\0', from);
    if (end < 0 || end >= this.#end) throw this.#broken('a name does not end', start);
    const next = start + ((end - start + 8) & ~7);
    if (next > this.#end) throw this.#broken('an entry is cut off', start);
    for (let at = end; at < next; at++) if (this.#bytes[at] !== 0) throw this.#broken('a name is not filled up', start);
    this.#at = next;
    return this.#text.slice(from, end);
  }

  /** How much of the name before falls away at its end, and what comes instead. */
  #shortenedName(before: BytePath): BytePath {
    const start = this.#at;
    let byte = this.#bytes[this.#at++]!;
    let strip = byte & 0x7f;
    while (byte & 0x80) {
      if (this.#at >= this.#end || strip > NAME_BYTES_MAX) throw this.#broken('a name takes away more than there is', start);
      byte = this.#bytes[this.#at++]!;
      strip = (strip + 1) * 128 + (byte & 0x7f);
    }
    if (strip > before.length) throw this.#broken('a name takes away more than there is', start);
    const end = this.#text.indexOf('\0', this.#at);
    if (end < 0 || end >= this.#end) throw this.#broken('a name does not end', start);
    const name = before.slice(0, before.length - strip) + this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return name;
  }

  #check(entry: IndexEntry, before: IndexEntry | undefined, start: number): void {
    const { path, mode, stage } = entry;
    if (path === '') this.#nameless ??= start;
    if (path.startsWith('/')) throw this.#broken('a name begins with a slash', start);
    if (path.length > NAME_BYTES_MAX) throw this.#broken(`a name is longer than ${NAME_BYTES_MAX} bytes`, start);
    if (mode === FOLDER) {
      throw this.#refused("it is a sparse index: run 'git config index.sparse false' and 'git sparse-checkout reapply' first");
    }
    if (mode !== FILE && mode !== EXECUTABLE && mode !== SYMLINK && mode !== SUBMODULE) {
      throw this.#broken(`'${shown(path)}' has the unknown mode ${mode.toString(8)}`, start);
    }
    if (path.endsWith('/')) throw this.#broken('a name ends with a slash', start);
    if (before === undefined || path === '') return;
    if (before.path < path) return;
    if (before.path > path || before.stage >= stage) throw this.#broken(`'${shown(path)}' is out of order`, start);
    if (before.stage === 0) throw this.#broken(`'${shown(path)}' is both settled and in conflict`, start);
  }

  #extensions(index: Index): Index {
    while (this.#at < this.#end) {
      const start = this.#at;
      if (start + 8 > this.#end) throw this.#broken('an extension is cut off', start);
      const name = this.#bytes.toString('latin1', start, start + 4);
      const length = this.#bytes.readUInt32BE(start + 4);
      this.#at = start + 8 + length;
      if (this.#at > this.#end) throw this.#broken('an extension is cut off', start);
      const content = this.#bytes.subarray(start + 8, this.#at);
      if (name === 'TREE') index.trees = cachedTrees(content);
      else if (name === 'REUC') index.resolved = Buffer.from(content);
      else if (name === 'link') throw this.#refused("it is split: run 'git update-index --no-split-index' first");
      else if (name === 'sdir') throw this.#refused("it is sparse: run 'git config index.sparse false' and 'git sparse-checkout reapply' first");
      else if (!/^[A-Z]/.test(name)) throw this.#refused(`it has an extension that is not known, ${JSON.stringify(name)}`);
    }
    return index;
  }

  #broken(problem: string, at: number): GovcError {
    const message = `${this.#file} is damaged at byte ${at}: ${problem}. 'git read-tree HEAD' makes a new one from the last commit`;
    return new GovcError('Storage', message, { path: this.#file, at });
  }

  #refused(problem: string): GovcError {
    return new GovcError('Storage', `${this.#file}: ${problem}`, { path: this.#file });
  }
}

/** The trees of the extension `TREE`; undefined where it makes no sense: it is a cache. */
function cachedTrees(bytes: Buffer): CachedTree | undefined {
  let at = 0;
  const read = (depth: number): [string, CachedTree] | undefined => {
    const nameEnd = bytes.indexOf(0, at);
    const lineEnd = nameEnd < 0 ? -1 : bytes.indexOf(0x0a, nameEnd);
    if (lineEnd < 0 || depth > DEPTH_MAX) return undefined;
    const name = bytes.toString('latin1', at, nameEnd);
    const figures = /^(-?\d{1,10}) (\d{1,10})$/.exec(bytes.toString('latin1', nameEnd + 1, lineEnd));
    if (figures === null) return undefined;
    const tree: CachedTree = { count: Number(figures[1]), folders: new Map() };
    at = lineEnd + 1;
    if (tree.count >= 0) {
      if (at + ID_BYTES > bytes.length) return undefined;
      tree.id = bytes.toString('hex', at, at + ID_BYTES);
      at += ID_BYTES;
    }
    for (let left = Number(figures[2]); left > 0; left--) {
      const folder = read(depth + 1);
      if (folder === undefined) return undefined;
      tree.folders.set(...folder);
    }
    return [name, tree];
  };
  const root = read(0);
  return at === bytes.length ? root?.[1] : undefined;
}

function cachedTreeBytes(tree: CachedTree, name = ''): Buffer {
  const head = Buffer.from(`${name}\0${tree.count} ${tree.folders.size}\n`, 'latin1');
  const id = tree.count >= 0 ? Buffer.from(tree.id ?? '', 'hex') : Buffer.of();
  return Buffer.concat([head, id, ...[...tree.folders].map(([folder, below]) => cachedTreeBytes(below, folder))]);
}

/** Entries as an index orders them. */
export function inOrder(entries: Iterable<IndexEntry>): IndexEntry[] {
  return [...entries].sort((a, b) => compare(a.path, b.path) || a.stage - b.stage);
}

/** The bytes of an index: version 3 where an entry has flags that need it, else 2. The entries are put in order. */
export function formatIndex({ entries, trees, resolved }: Omit<Index, 'version'>): Buffer {
  const ordered = inOrder(entries);
  const version = ordered.some((entry) => entry.skipWorktree || entry.intentToAdd) ? 3 : 2;
  const header = Buffer.from(`${SIGNATURE}\0\0\0\0\0\0\0\0`, 'latin1');
  header.writeUInt32BE(version, 4);
  header.writeUInt32BE(ordered.length, 8);
  const parts = [header, ...ordered.map(entryBytes)];
  if (trees !== undefined) parts.push(...extension('TREE', cachedTreeBytes(trees)));
  if (resolved !== undefined) parts.push(...extension('REUC', resolved));
  const body = Buffer.concat(parts);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

function entryBytes(entry: IndexEntry): Buffer {
  const { path, stage, assumeUnchanged, skipWorktree, intentToAdd } = entry;
  const extended = skipWorktree || intentToAdd;
  const named = FIXED_BYTES + (extended ? 2 : 0);
  const bytes = Buffer.alloc((named + path.length + 8) & ~7);
  const { stat } = entry;
  const figures = [
    stat.changeSeconds, stat.changeNanoseconds, stat.modifySeconds, stat.modifyNanoseconds, stat.device, stat.inode,
    entry.mode, stat.user, stat.group, stat.size,
  ];
  figures.forEach((figure, at) => bytes.writeUInt32BE(figure >>> 0, at * 4));
  bytes.write(entry.id, 40, 'hex');
  const flags = (assumeUnchanged ? ASSUME_UNCHANGED : 0) | (extended ? EXTENDED : 0) | (stage << 12) | Math.min(path.length, NAME_MASK);
  bytes.writeUInt16BE(flags, 60);
  if (extended) bytes.writeUInt16BE((skipWorktree ? SKIP_WORKTREE : 0) | (intentToAdd ? INTENT_TO_ADD : 0), 62);
  bytes.write(path, named, 'latin1');
  return bytes;
}

function extension(name: string, content: Buffer): [Buffer, Buffer] {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32BE(content.length, 4);
  return [head, content];
}
