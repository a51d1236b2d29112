/** A browser's database (IndexedDB): one for each repository, which holds the files of a bare git directory in pieces. */
import { FileStorage } from './file-storage.js';
import { failure, type Files, PIECE_BYTES, type StoredFile } from './files.js';
import { webLock } from './lock.js';
import { broadcastWake } from './wake.js';

/** Lengths of files by path. */
const FILES = 'files';
/** Bytes by path and the place in the file. */
const PIECES = 'pieces';
const PREFIX = 'govc:';

/** The storage of the repository of this name. */
export function openIndexedDb(name: string): FileStorage {
  const scope = `govc:indexedDb:${name}`;
  return new FileStorage({ title: `indexedDb '${name}'`, files: new DatabaseFiles(name), lock: webLock(scope), wake: broadcastWake(scope) });
}

/** The names of the repositories that are stored. */
export async function listIndexedDb(): Promise<string[]> {
  const names = (await factory().databases()).map(({ name = '' }) => name);
  return names.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length)).sort();
}

class DatabaseFiles implements Files {
  readonly #name: string;
  #database: Promise<IDBDatabase | undefined> | undefined;

  constructor(name: string) {
    this.#name = `${PREFIX}${name}`;
  }

  async list(folder: string): Promise<string[]> {
    const start = `${folder}/`;
    // The character after the slash.
    const keys = await this.#read(FILES, (store) => store.getAllKeys(IDBKeyRange.bound(start, `${folder}0`, false, true)));
    return (keys ?? []).map((key) => String(key).slice(start.length)).filter((name) => !name.includes('/'));
  }

  async open(path: string): Promise<StoredFile | undefined> {
    const size: unknown = await this.#read(FILES, (store) => store.get(path));
    if (size === undefined) return undefined;
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw this.#broken(path);
    return { size, read: (at, length) => this.#readPieces(path, size, at, length) };
  }

  async write(path: string, bytes: Uint8Array, onBytes?: (bytes: number) => void): Promise<void> {
    // Somebody may have been looking whether there is one: then the first answer is that there is none.
    const database = (await this.#open(true) ?? await this.#open(true))!;
    const transaction = database.transaction([FILES, PIECES], 'readwrite', { durability: 'strict' });
    const kept = done(transaction);
    try {
      const pieces = transaction.objectStore(PIECES);
      pieces.delete(IDBKeyRange.bound([path, 0], [path, Infinity]));
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        // A view would bring along everything that it is a view of.
        const piece = bytes.slice(at, at + PIECE_BYTES);
        pieces.put(piece, [path, at]);
        onBytes?.(piece.length);
      }
      transaction.objectStore(FILES).put(bytes.length, path);
    } catch (thrown) {
      transaction.abort();
      await kept.catch(() => {});
      throw thrown;
    }
    await kept;
  }

  async remove(path: string): Promise<void> {
    const database = await this.#open(false);
    if (database === undefined) return;
    const transaction = database.transaction([FILES, PIECES], 'readwrite');
    transaction.objectStore(PIECES).delete(IDBKeyRange.bound([path, 0], [path, Infinity]));
    transaction.objectStore(FILES).delete(path);
    await done(transaction);
  }

  async destroy(): Promise<void> {
    await this.#closed();
    await answer(factory().deleteDatabase(this.#name));
  }

  close(): void {
    void this.#closed();
  }

  async #closed(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    (await database?.catch(() => undefined))?.close();
  }

  /** The database; undefined where there is none and none is to be made. */
  #open(create: boolean): Promise<IDBDatabase | undefined> {
    this.#database ??= openDatabase(this.#name, create).then((database) => {
      if (database === undefined) {
        this.#database = undefined;
        return undefined;
      }
      // Another tab deletes it, or the browser did: the next access opens what is there then.
      database.onversionchange = () => this.close();
      database.onclose = () => { this.#database = undefined; };
      return database;
    });
    this.#database.catch(() => { this.#database = undefined; });
    return this.#database;
  }

  async #read<T>(store: string, request: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
    const database = await this.#open(false);
    return database && answer(request(database.transaction(store).objectStore(store)));
  }

  async #readPieces(path: string, size: number, start: number, length: number): Promise<Uint8Array> {
    const end = Math.min(start + length, size);
    const out = new Uint8Array(end - start);
    for (let at = start - start % PIECE_BYTES; at < end; at += PIECE_BYTES) {
      const piece: unknown = await this.#read(PIECES, (store) => store.get([path, at]));
      if (!(piece instanceof Uint8Array) || piece.length !== Math.min(PIECE_BYTES, size - at)) throw this.#broken(path);
      const from = Math.max(start - at, 0);
      out.set(piece.subarray(from, end - at), at + from - start);
    }
    return out;
  }

  #broken(path: string): Error {
    return failure('corrupt', `${path} in the database '${this.#name}' is broken: delete the repository`, { path });
  }
}

async function openDatabase(name: string, create: boolean): Promise<IDBDatabase | undefined> {
  const request = factory().open(name, 1);
  let isAbsent = false;
  request.onupgradeneeded = () => {
    isAbsent = !create;
    if (isAbsent) return request.transaction!.abort();
    request.result.createObjectStore(FILES);
    request.result.createObjectStore(PIECES);
  };
  try {
    return await answer(request);
  } catch (thrown) {
    if (isAbsent) return undefined;
    throw thrown;
  }
}

function factory(): IDBFactory {
  if (globalThis.indexedDB === undefined) throw failure('unsupported', 'there is no IndexedDB here: use gitDirectory on Node');
  return globalThis.indexedDB;
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
