/** What a place where a repository is kept must do, whatever it is: a `.git` directory, a browser's storage. */
import type { ObjectId, Progressive } from '../types.js';

/** Where a repository is kept. Memory leads, storage follows in order. One object belongs to one repository. */
export interface Storage {
  /** Hands over everything that is kept. */
  load(sink: StorageSink, options?: Progressive): Promise<void>;
  /** Keeps a batch: its pack, then its refs, each only where it still is `before`. Resolves when it is durable. */
  append(batch: StorageBatch, options?: Progressive): Promise<void>;
  /** Those of `ids` that it does not hold, where others may remove what it held. */
  missing?(ids: readonly ObjectId[]): Promise<ObjectId[]>;
  /** Hands over what others wrote since it last handed something over, and all refs. */
  refresh?(sink: StorageSink, options?: Progressive): Promise<void>;
  /** Has `onChange` called whenever others may have written, until it is closed. */
  watch?(onChange: () => void): void;
  /** Lets go of what it holds open. What was appended stays. */
  close(): Promise<void>;
}

/** Takes what a storage holds. */
export interface StorageSink {
  /** A pack, with its index (v2) where there is one: then nothing is inflated before it is read. */
  pack(bytes: Uint8Array, index?: Uint8Array): void;
  /** The same for a pack of `length` bytes that comes in pieces, so that it never lies in memory twice. */
  packOf(length: number): PackSink;
  /** An object as git keeps it in `objects/xx/`: zlib over header and body. */
  loose(id: ObjectId, compressed: Uint8Array): void;
  /** An object as it is, without zlib and header. */
  object(id: ObjectId, kind: string, bytes: Uint8Array): void;
  /** A ref: an id, or `ref: ` and the name that a symbolic ref leads to. */
  ref(name: string, target: string): void;
  /** Commits whose parents are not kept. */
  shallow(ids: readonly ObjectId[]): void;
  /** An entry of the log, in order. */
  entry(bytes: Uint8Array): void;
}

/** Takes a pack in pieces. */
export interface PackSink {
  /** The next bytes; they are copied before the call returns. */
  push(bytes: Uint8Array): void;
  /** The pack is complete; `index` is its index (v2), if it is at hand. */
  end(index?: Uint8Array): void;
}

/** What changed since the last batch; refs in the form of `StorageSink.ref`. */
export interface StorageBatch {
  /** New objects, as a pack that needs no other, with its index and git's name for it. */
  pack?: { bytes: Uint8Array; index: Uint8Array; checksum: ObjectId };
  /** A ref without `before` is new, one without `after` goes; `message` is for its reflog. */
  refs: { name: string; before?: string; after?: string; message: string }[];
  /** Who moves the refs and when, as git's identity line. */
  by: string;
  /** What pack and refs stand on beside the pack: the batch is refused, and `details.missing` says so, where it is gone. */
  needs: readonly ObjectId[];
  /** New entries of the log, in order. */
  entries: Uint8Array[];
}
