/** A repository and the place where it is kept: memory leads, storage follows in order. */
import { call } from '../binding.js';
import { GovcError } from '../errors.js';
import { throwIfAborted } from '../progress.js';
import type { Repository } from '../repository.js';
import { PackedReader } from '../packed.js';
import { encodeText } from '../text.js';
import type { Progressive } from '../types.js';
import type { PackSink, Storage, StorageBatch } from './storage.js';

/** Brings a repository and its storage together. */
export class StorageLink {
  readonly #storage: Storage;
  readonly #repository: Repository;
  #work: Promise<void> = Promise.resolve();

  private constructor(storage: Storage, repository: Repository) {
    this.#storage = storage;
    this.#repository = repository;
  }

  static async open(storage: Storage, repository: Repository, options: Progressive): Promise<StorageLink> {
    const { engine } = repository;
    const refs: string[] = [];
    try {
      await storage.load({
        pack: (bytes, index) => call(() => engine.loadPack(bytes, index)),
        packOf: (length) => packSink(repository, length),
        loose: (id, compressed) => call(() => engine.loadLoose(id, compressed)),
        object: (id, kind, bytes) => call(() => engine.loadObject(id, kind, bytes)),
        ref: (name, target) => refs.push(`${name}\0${target}`),
        shallow: (ids) => call(() => engine.loadShallow(ids.join(''))),
        entry: () => { throw new GovcError('Storage', 'this version keeps no log entries: the storage is newer'); },
      }, options);
      call(() => engine.loadRefs(encodeText(refs.join('\n'))));
      return new StorageLink(storage, repository);
    } catch (thrown) {
      repository[Symbol.dispose]();
      throw thrown;
    }
  }

  /** Keeps everything so far; one batch at a time, in order. */
  flush(options: Progressive): Promise<void> {
    const next = this.#work.then(() => this.#append(options));
    this.#work = next.catch(() => {});
    return next;
  }

  close(): void {
    void this.#work.then(() => this.#storage.close()).catch(() => {});
  }

  async #append(options: Progressive): Promise<void> {
    throwIfAborted(options.signal);
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

function refChanges(bytes: Uint8Array): StorageBatch['refs'] {
  const packed = new PackedReader(bytes);
  return packed.list(() => {
    const [name, before, after, message] = [packed.text(), packed.text(), packed.text(), packed.text()];
    return { name, ...(before && { before }), ...(after && { after }), message };
  });
}
