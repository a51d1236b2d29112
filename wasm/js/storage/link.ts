/** A repository and the place where it is kept: memory leads, storage follows in order. */
import { call, deferredEngine } from '../binding.js';
import { GovcError } from '../errors.js';
import { throwIfAborted } from '../progress.js';
import type { Repository } from '../repository.js';
import { PackedReader } from '../packed.js';
import { encodeText } from '../text.js';
import type { Progressive, RepositoryOptions } from '../types.js';
import type { PackSink, Storage, StorageBatch, StorageSink } from './storage.js';

/** A flush that others keep getting in the way of is given up after so many attempts. */
const ATTEMPTS_MAX = 20;

/** A ref, and what it is here and in the storage. */
export interface RefChange {
  /** The whole name, such as `refs/heads/main`. */
  name: string;
  /** What it was, or is here; none where there was no such ref. */
  before?: string;
  /** What it is, or is in the storage; none where it is gone. */
  after?: string;
}

/** What came of the refs that others moved in the storage. */
export interface Refreshed {
  /** Refs that were taken over: what they were, and what they are. */
  moved: RefChange[];
  /** Refs that were changed here and there, each in its own way: what they are here, and what they are in the storage. */
  diverged: RefChange[];
}

/** Brings a repository and its storage together. */
export class StorageLink {
  readonly #storage: Storage;
  readonly #repository: Repository;
  #work: Promise<void> = Promise.resolve();
  #isWoken = false;

  private constructor(storage: Storage, repository: Repository) {
    this.#storage = storage;
    this.#repository = repository;
  }

  static async open(storage: Storage, repository: Repository, options: RepositoryOptions & Progressive): Promise<StorageLink> {
    try {
      await deferredEngine();
      const link = new StorageLink(storage, repository);
      const refs = await link.#read((sink) => storage.load(sink, options));
      call(() => repository.engine.loadRefs(refs));
      const { log } = options;
      if (log !== false) repository.keepLog(typeof log === 'string' ? log : undefined, log === undefined);
      storage.watch?.(() => link.#wake());
      return link;
    } catch (thrown) {
      repository[Symbol.dispose]();
      throw thrown;
    }
  }

  /** Keeps everything so far; one batch at a time, in order. */
  flush(options: Progressive): Promise<void> {
    return this.#next(() => this.#append(options));
  }

  /** Takes over what others wrote. */
  refresh(options: Progressive): Promise<Refreshed> {
    return this.#next(() => this.#follow(options));
  }

  close(): void {
    void this.#work.then(() => this.#storage.close()).catch(() => {});
  }

  #next<T>(step: () => Promise<T>): Promise<T> {
    const next = this.#work.then(step);
    this.#work = next.then(() => {}, () => {});
    return next;
  }

  /** Follows what others wrote, once for all that was told of until it begins. */
  #wake(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    // What fails here fails again where somebody waits for it.
    this.#next(() => {
      this.#isWoken = false;
      return this.#follow({});
    }).catch(() => {});
  }

  async #follow(options: Progressive): Promise<Refreshed> {
    throwIfAborted(options.signal);
    const { refresh } = this.#storage;
    if (refresh === undefined) return { moved: [], diverged: [] };
    const { engine } = this.#repository;
    const refs = await this.#read((sink) => refresh.call(this.#storage, sink, options)).catch((thrown) => this.#noteLoss(thrown));
    const packed = new PackedReader(call(() => engine.followRefs(refs, this.#repository.now())));
    return { moved: readMoves(packed), diverged: readMoves(packed) };
  }

  /** What `read` hands over goes to the engine; the refs, in the form of `loadRefs`, come back. */
  async #read(read: (sink: StorageSink) => Promise<void>): Promise<Uint8Array> {
    const { engine } = this.#repository;
    const refs: string[] = [];
    await read({
      pack: (bytes, index) => call(() => engine.loadPack(bytes, index)),
      packOf: (length) => packSink(this.#repository, length),
      loose: (id, compressed) => call(() => engine.loadLoose(id, compressed)),
      object: (id, kind, bytes) => call(() => engine.loadObject(id, kind, bytes)),
      ref: (name, target) => refs.push(`${name}\0${target}`),
      shallow: (ids) => call(() => engine.loadShallow(ids.join(''))),
      entry: () => { throw new GovcError('Storage', 'this version keeps no log entries: the storage is newer'); },
    });
    return encodeText(refs.join('\n'));
  }

  async #append(options: Progressive): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      throwIfAborted(options.signal);
      try {
        return await this.#appendOnce(options).catch((thrown) => this.#noteLoss(thrown));
      } catch (thrown) {
        // Others moved a ref: where that and what was done here go together, it is tried again on top of it.
        if (!(thrown instanceof GovcError && thrown.code === 'Stale') || this.#storage.refresh === undefined) throw thrown;
        const { diverged } = await this.#follow(options);
        if (diverged.length > 0) throw explainedStale(thrown, diverged);
        if (attempt === ATTEMPTS_MAX) throw thrown;
      }
    }
  }

  /** Where the storage lost everything, the next flush brings all of it. */
  #noteLoss(thrown: unknown): never {
    if (thrown instanceof GovcError && thrown.details['reason'] === 'evicted') call(() => this.#repository.engine.markLost());
    throw thrown;
  }

  async #appendOnce(options: Progressive): Promise<void> {
    this.#repository.keepCursors();
    try {
      await this.#appendBatch('', options);
    } catch (thrown) {
      if (!lacksObjects(thrown) || this.#storage.missing === undefined) throw thrown;
      // Somebody removed objects that were kept: those that the kept refs no longer bring are written again.
      const tips = call(() => this.#repository.engine.keptTips()).match(/.{40}/g) ?? [];
      const gone = await this.#storage.missing(tips);
      await this.#appendBatch(gone.join(''), options);
    }
  }

  async #appendBatch(gone: string, options: Progressive): Promise<void> {
    const { engine } = this.#repository;
    const pending = call((module) => new module.PendingBatch(engine, gone));
    try {
      const refs = refChanges(call(() => pending.refs()));
      if (refs.length === 0) return;
      const bytes = call(() => pending.pack());
      const pack = bytes.length > 0 && { bytes, index: call(() => pending.index()), checksum: call(() => pending.checksum()) };
      const needs = call(() => pending.needs()).match(/.{40}/g) ?? [];
      const by = this.#repository.identity();
      await this.#storage.append({ refs, by, needs, entries: [], ...(pack && { pack }) }, options);
      call(() => this.#repository.engine.markPersisted(pending));
    } finally {
      pending.free();
    }
  }
}

/** Takes a pack into the engine's memory as it comes. */
function packSink({ engine }: Repository, length: number): PackSink {
  const load = call((module) => new module.PackLoad(engine, length));
  return {
    push: (bytes) => call(() => load.push(bytes)),
    end: (index) => call(() => load.finish(engine, index)),
  };
}

function lacksObjects(thrown: unknown): boolean {
  return thrown instanceof GovcError && thrown.code === 'Storage' && Array.isArray(thrown.details['missing']);
}

function explainedStale(cause: GovcError, diverged: RefChange[]): GovcError {
  const named = diverged.map(({ name, after }) => `'${name}' is at ${after} there`).join(', ');
  const message = `refs were moved in the storage and here: ${named}. Nothing was written. What is there has been read: merge it, `
    + 'or move the ref to it, and flush again';
  const { name: ref, after: found } = diverged[0]!;
  return new GovcError('Stale', message, { ...cause.details, ref, ...(found && { found }), diverged }, { cause });
}

function refChanges(bytes: Uint8Array): StorageBatch['refs'] {
  const packed = new PackedReader(bytes);
  return packed.list(() => ({ ...readMove(packed), message: packed.text() }));
}

function readMoves(packed: PackedReader): RefChange[] {
  return packed.list(() => readMove(packed));
}

function readMove(packed: PackedReader): RefChange {
  const [name, before, after] = [packed.text(), packed.text(), packed.text()];
  return { name, ...(before && { before }), ...(after && { after }) };
}
