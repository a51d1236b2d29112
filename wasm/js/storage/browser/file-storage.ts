/**
 * A repository in files that a crash may tear: each batch is its pack, then a new generation, each durable before the next.
 *
 * Nothing that a whole generation names is ever written over or removed; so a crash at any step leaves the state before or
 * after the batch. One tab writes at a time, by a lock; the others are woken and read what is new. It knows files by
 * `Files` alone, whatever keeps them.
 */
import { GovcError } from '../../errors.js';
import { throwIfAborted } from '../../progress.js';
import type { Progressive } from '../../types.js';
import type { Storage, StorageBatch, StorageSink } from '../storage.js';
import { evicted, explained, failure, type Files, PIECE_BYTES, type StoredFile } from './files.js';
import {
  formatGeneration, type Generation, GENERATION_BYTES_MAX, generationNumber, generationPath, GENERATIONS, parseGeneration, randomRepository, type StoredPack,
} from './generation.js';
import { joinPacks, packsToJoin } from './join.js';
import type { Lock } from './lock.js';
import { movedRefs } from './moves.js';
import { plainFiles } from './plain.js';
import type { Wake } from './wake.js';

const PACKS = 'objects/pack';

/** What a storage is made of. */
export interface FileStorageParts {
  /** What messages call the repository. */
  title: string;
  files: Files;
  lock: Lock;
  wake: Wake;
}

/** A repository in files. */
export class FileStorage implements Storage {
  readonly #title: string;
  readonly #files: Files;
  readonly #lock: Lock;
  readonly #wake: Wake;
  /** Packs that were handed over or came from here. */
  readonly #known = new Set<string>();
  /** The newest generation that was seen, and of which repository. */
  #seen: { number: number; repository: string } | undefined;
  /** The generation whose refs are in the files that git reads. */
  #plain = 0;

  constructor({ title, files, lock, wake }: FileStorageParts) {
    this.#title = title;
    this.#files = files;
    this.#lock = lock;
    this.#wake = wake;
  }

  /** Hands over everything that is stored; nothing where nothing was stored yet. */
  load(sink: StorageSink, options: Progressive = {}): Promise<void> {
    this.#lost();
    return this.refresh(sink, options);
  }

  /** Hands over the packs that are new, and all refs. */
  refresh(sink: StorageSink, options: Progressive = {}): Promise<void> {
    return this.#run('shared', options, async () => {
      const { newest } = await this.#newest();
      if (newest === undefined) return;
      const packs = newest.packs.filter(({ checksum, joined }) =>
        !this.#known.has(checksum) && (joined.length === 0 || joined.some((id) => !this.#known.has(id))));
      const total = packs.reduce((sum, { packBytes, indexBytes }) => sum + packBytes + indexBytes, 0);
      let done = 0;
      for (const pack of packs) {
        await this.#handOver(pack, sink, (bytes) => {
          throwIfAborted(options.signal);
          options.onProgress?.({ phase: 'open', done: done += bytes, total });
        });
      }
      for (const { checksum } of newest.packs) this.#known.add(checksum);
      for (const [name, target] of newest.refs) sink.ref(name, target);
    });
  }

  /** Keeps a batch: resolves when it is durable. */
  append(batch: StorageBatch, options: Progressive = {}): Promise<void> {
    return this.#run('exclusive', options, async () => {
      if (batch.entries.length > 0) throw failure('failed', `${this.#title} has no place for the entries of a log`);
      const { newest, top } = await this.#newest();
      const refs = movedRefs(this.#title, newest?.refs ?? new Map(), batch.refs);
      const packs = newest?.packs ?? [];
      const pack = batch.pack && await this.#keepPack(packs, batch.pack, options);
      throwIfAborted(options.signal);
      // The torn file of a later generation is told from a broken one by this: see `#isPlain`.
      if (newest !== undefined && this.#plain !== newest.number && !await this.#isPlain(newest)) await this.#writePlain(newest, undefined);
      const next = {
        number: top + 1,
        repository: newest?.repository ?? randomRepository(),
        packs: pack === undefined ? packs : [...packs, pack],
        refs,
      };
      await this.#files.write(generationPath(next.number), formatGeneration(next));
      this.#seen = next;
      if (pack !== undefined) this.#known.add(pack.checksum);
      // The batch is kept. What fails from here on is done again by the next one.
      await this.#writePlain(next, newest).then(() => this.#tidy(next)).then(() => this.#join(next)).catch(() => {});
      this.#wake.tell();
    });
  }

  /** The files of the repository in the form that git reads; a path that ends with `/` is a folder that git wants. */
  async *exported(): AsyncGenerator<{ path: string; bytes: Uint8Array }> {
    // One file at a time, so that nobody waits for whoever reads them.
    const { newest } = await this.#run('shared', {}, () => this.#newest());
    if (newest === undefined) return;
    yield { path: 'refs/', bytes: new Uint8Array() };
    for (const [path, bytes] of plainFiles(newest)) yield { path, bytes };
    for (const pack of newest.packs) {
      for (const [path, length] of packFiles(pack)) {
        yield { path, bytes: await this.#run('shared', {}, async () => whole(await this.#expect(path, length))) };
      }
    }
  }

  /** Removes the repository from the storage. */
  delete(): Promise<void> {
    return this.#run('exclusive', {}, async () => {
      await this.#files.destroy();
      this.#lost();
      this.#wake.tell();
    });
  }

  /** Has `onChange` told when another tab may have written. */
  watch(onChange: () => void): void {
    this.#wake.watch(onChange);
  }

  async close(): Promise<void> {
    this.#wake.close();
    this.#files.close();
  }

  async #run<T>(mode: 'shared' | 'exclusive', { signal }: Progressive, work: () => Promise<T>): Promise<T> {
    try {
      return await explained(this.#title, () => this.#lock(mode, work, signal));
    } catch (thrown) {
      if (thrown instanceof GovcError && thrown.details['reason'] === 'evicted') this.#lost();
      throw thrown;
    }
  }

  #lost(): void {
    this.#known.clear();
    this.#seen = undefined;
    this.#plain = 0;
  }

  /** The newest whole generation, and the highest number that any file has. */
  async #newest(): Promise<{ newest: Generation | undefined; top: number }> {
    const numbers = (await this.#files.list(GENERATIONS)).flatMap((name) => generationNumber(name) ?? []).sort((a, b) => b - a);
    const top = numbers[0] ?? 0;
    let newest: Generation | undefined;
    for (const number of numbers) {
      newest = await this.#read(number);
      if (newest !== undefined) break;
    }
    const { number = 0, repository } = this.#seen ?? {};
    if (number > 0 && (newest?.repository !== repository || newest!.number < number)) throw evicted(this.#title);
    if (top !== (newest?.number ?? 0) && !await this.#isPlain(newest)) {
      const path = generationPath(top);
      throw failure('corrupt', `${this.#title}: ${path} is broken: delete the repository, or restore the file`, { path });
    }
    this.#seen = newest;
    return { newest, top };
  }

  async #read(number: number): Promise<Generation | undefined> {
    const file = await this.#files.open(generationPath(number));
    if (file === undefined || file.size > GENERATION_BYTES_MAX) return undefined;
    return parseGeneration(await whole(file), number);
  }

  /**
   * Whether the files that git reads say what this generation says. They are brought up to date before the next one is begun,
   * and again when that is whole: so where they say something else, a file of the next one that is not whole was so once.
   */
  async #isPlain(newest: Generation | undefined): Promise<boolean> {
    const expected = newest === undefined ? new Map<string, Uint8Array | undefined>([['packed-refs', undefined]]) : plainFiles(newest);
    for (const [path, bytes] of expected) {
      const file = await this.#files.open(path);
      if (file?.size !== bytes?.length) return false;
      if (file !== undefined && !equal(await whole(file), bytes!)) return false;
    }
    return true;
  }

  async #handOver(pack: StoredPack, sink: StorageSink, onBytes: (bytes: number) => void): Promise<void> {
    const [packFile, indexFile] = packFiles(pack);
    let path = indexFile![0];
    try {
      const index = await whole(await this.#expect(...indexFile!));
      onBytes(index.length);
      path = packFile![0];
      const file = await this.#expect(...packFile!);
      const target = sink.packOf(file.size);
      for (let at = 0; at < file.size; at += PIECE_BYTES) {
        const piece = await file.read(at, Math.min(PIECE_BYTES, file.size - at));
        target.push(piece);
        onBytes(piece.length);
      }
      target.end(index);
    } catch (thrown) {
      // The engine looks at both files at the end, and says so where it is the index.
      if (thrown instanceof GovcError) thrown.details['path'] ??= /^pack index/.test(thrown.message) ? indexFile![0] : path;
      throw thrown;
    }
  }

  /** A file that must be there with this length. */
  async #expect(path: string, length: number): Promise<StoredFile> {
    const file = await this.#files.open(path);
    if (file?.size === length) return file;
    const found = file === undefined ? 'is gone' : `has ${file.size} bytes`;
    throw failure('corrupt', `${this.#title}: ${path} ${found}; it was written with ${length}`, { path });
  }

  /** Writes a pack and its index, unless they are there. */
  async #keepPack(
    packs: StoredPack[], { bytes, index, checksum }: NonNullable<StorageBatch['pack']>, { signal, onProgress }: Progressive,
    joined: string[] = [],
  ): Promise<StoredPack | undefined> {
    if (packs.some((pack) => pack.checksum === checksum)) return undefined;
    const pack = { checksum, packBytes: bytes.length, indexBytes: index.length, joined };
    let done = 0;
    const onBytes = (written: number) => {
      throwIfAborted(signal);
      onProgress?.({ phase: 'write', done: done += written, total: bytes.length + index.length });
    };
    const [packFile, indexFile] = packFiles(pack);
    try {
      await this.#files.write(packFile![0], bytes, onBytes);
      await this.#files.write(indexFile![0], index, onBytes);
      return pack;
    } catch (thrown) {
      // It would take up the room that was lacking.
      for (const [path] of packFiles(pack)) await this.#files.remove(path).catch(() => {});
      throw thrown;
    }
  }

  /** Brings the files that git reads up to date. */
  async #writePlain(generation: Generation, before: Generation | undefined): Promise<void> {
    const [files, old] = [plainFiles(generation), before === undefined ? undefined : plainFiles(before)];
    for (const [path, bytes] of files) {
      const was = old?.get(path);
      if (was === undefined || !equal(was, bytes)) await this.#files.write(path, bytes);
    }
    for (const path of old?.keys() ?? []) if (!files.has(path)) await this.#files.remove(path);
    this.#plain = generation.number;
  }

  /** Removes files that the newest generation does not need: older ones, replaced packs, what a crash left. */
  async #tidy({ number, packs }: Generation): Promise<void> {
    for (const name of await this.#files.list(GENERATIONS)) {
      if (generationNumber(name) !== number) await this.#files.remove(`${GENERATIONS}/${name}`);
    }
    const needed = new Set(packs.flatMap(packFiles).map(([path]) => path));
    for (const name of await this.#files.list(PACKS)) {
      if (!needed.has(`${PACKS}/${name}`)) await this.#files.remove(`${PACKS}/${name}`);
    }
  }

  /** Makes one pack of the small ones where they have become many, and a generation that names it instead. */
  async #join(generation: Generation): Promise<void> {
    const small = packsToJoin(generation.packs);
    if (small.length === 0) return;
    const read = [];
    for (const pack of small) {
      const [bytes, index] = await Promise.all(packFiles(pack).map(async (file) => whole(await this.#expect(...file))));
      read.push({ bytes: bytes!, index: index! });
    }
    const names = small.map(({ checksum }) => checksum);
    const joined = await this.#keepPack(generation.packs, await joinPacks(read), {}, names);
    if (joined === undefined) return;
    const packs = [...generation.packs.filter((pack) => !small.includes(pack)), joined];
    const next = { ...generation, number: generation.number + 1, packs };
    await this.#files.write(generationPath(next.number), formatGeneration(next));
    this.#seen = next;
    this.#plain = next.number;
    this.#known.add(joined.checksum);
    await this.#tidy(next);
  }
}

/** The two files of a pack, each with its length. */
function packFiles({ checksum, packBytes, indexBytes }: StoredPack): [path: string, length: number][] {
  return [[`${PACKS}/pack-${checksum}.pack`, packBytes], [`${PACKS}/pack-${checksum}.idx`, indexBytes]];
}

function whole(file: StoredFile): Promise<Uint8Array> {
  return file.read(0, file.size);
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
