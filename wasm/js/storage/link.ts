/** A repository and the place where it is kept: memory leads, storage follows in order. */
import { call } from '../binding.js';
import { GovcError } from '../errors.js';
import { throwIfAborted } from '../progress.js';
import type { Repository } from '../repository.js';
import { PackedReader } from '../packed.js';
import { encodeText } from '../text.js';
import type { ObjectId, Progressive } from '../types.js';

/** Where a repository is kept. */
export interface Storage {
  /** Hands over everything that is kept. */
  load(sink: StorageSink, options?: Progressive): Promise<void>;
  /** Keeps a batch: its pack, then its refs, each only where it still is `before`. Resolves when it is durable. */
  append(batch: StorageBatch): Promise<void>;
  close(): Promise<void>;
}

/** Takes what a storage holds. */
export interface StorageSink {
  /** A pack, with its index (v2) where there is one: then nothing is inflated before it is read. */
  pack(bytes: Uint8Array, index?: Uint8Array): void;
  /** An object as git keeps it in `objects/xx/`: zlib over header and body. */
  loose(id: ObjectId, compressed: Uint8Array): void;
  object(id: ObjectId, kind: string, bytes: Uint8Array): void;
  /** A ref: an id, or `ref: ` and the name that a symbolic ref leads to. */
  ref(name: string, target: string): void;
  entry(bytes: Uint8Array): void;
}

/** What changed since the last batch; refs in the form of `StorageSink.ref`. */
export interface StorageBatch {
  pack?: { bytes: Uint8Array; index: Uint8Array; checksum: ObjectId };
  refs: { name: string; before?: string; after?: string; message: string }[];
  entries: Uint8Array[];
}

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
    let done = 0;
    const arrived = () => {
      throwIfAborted(options.signal);
      options.onProgress?.({ phase: 'open', done: ++done });
    };
    try {
      await storage.load({
        pack: (bytes, index) => { call(() => engine.loadPack(bytes, index)); arrived(); },
        loose: (id, compressed) => { call(() => engine.loadLoose(id, compressed)); arrived(); },
        object: (id, kind, bytes) => { call(() => engine.loadObject(id, kind, bytes)); arrived(); },
        ref: (name, target) => refs.push(`${name}\0${target}`),
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
  flush(): Promise<void> {
    const next = this.#work.then(() => this.#append());
    this.#work = next.catch(() => {});
    return next;
  }

  close(): void {
    void this.#work.then(() => this.#storage.close()).catch(() => {});
  }

  async #append(): Promise<void> {
    const { engine } = this.#repository;
    const pending = call((module) => new module.PendingBatch(engine));
    try {
      const refs = refChanges(call(() => pending.refs()));
      const bytes = call(() => pending.pack());
      if (refs.length === 0 && bytes.length === 0) return;
      const pack = bytes.length > 0 && { bytes, index: call(() => pending.index()), checksum: call(() => pending.checksum()) };
      await this.#storage.append({ refs, entries: [], ...(pack && { pack }) });
      call(() => this.#repository.engine.markPersisted(pending));
    } finally {
      pending.free();
    }
  }
}

function refChanges(bytes: Uint8Array): StorageBatch['refs'] {
  const packed = new PackedReader(bytes);
  return packed.list(() => {
    const [name, before, after, message] = [packed.text(), packed.text(), packed.text(), packed.text()];
    return { name, ...(before && { before }), ...(after && { after }), message };
  });
}
