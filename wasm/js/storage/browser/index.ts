/** Storages of browsers. Their code is loaded when one is opened: a page that uses none loads next to nothing of it. */
import type { Storage } from '../storage.js';
import type { FileStorage } from './file-storage.js';

/** How a repository is kept in a browser. */
export interface BrowserStorageOptions {
  /** Asks the browser to keep what this origin stores until somebody deletes it. Some browsers ask the user. Default false. */
  persist?: boolean;
  /** Whether what other tabs write is taken over as they write it; else when `refresh` or `flush` is called. Default true. */
  follow?: boolean;
}

/** A repository in a browser, in the form of a bare git directory. Belongs to one `Repository`. */
export interface BrowserStorage extends Storage {
  /**
   * The files of the directory that git opens. A path that ends with '/' is a folder that git wants.
   */
  files(): AsyncIterable<{ path: string; bytes: Uint8Array }>;
  /** Deletes what is stored. A repository in memory stays; its next flush throws, the one after stores it anew. */
  delete(): Promise<void>;
}

/**
 * The repository of this name in the browser's file system (OPFS), for this origin. It comes to be with the first flush.
 * In a Worker each flush is on the disk when it resolves; in a page it is with the browser.
 */
export function opfs(name: string, options: BrowserStorageOptions = {}): BrowserStorage {
  return later(options, async () => (await import('./opfs.js')).openOpfs(name));
}
/** The names of the repositories in the browser's file system, for this origin. */
opfs.list = async (): Promise<string[]> => (await import('./opfs.js')).listOpfs();

/** The repository of this name in the browser's database (IndexedDB), for this origin. It comes to be with the first flush. */
export function indexedDb(name: string, options: BrowserStorageOptions = {}): BrowserStorage {
  return later(options, async () => (await import('./indexed-db.js')).openIndexedDb(name));
}
/** The names of the repositories in the browser's database, for this origin. */
indexedDb.list = async (): Promise<string[]> => (await import('./indexed-db.js')).listIndexedDb();

function later({ persist = false, follow = true }: BrowserStorageOptions, open: () => Promise<FileStorage>): BrowserStorage {
  let opened: Promise<FileStorage> | undefined;
  const storage = () => opened ??= open();
  return {
    async load(sink, options) {
      // Nobody waits for it: a browser may ask the user.
      if (persist) void globalThis.navigator?.storage?.persist?.().catch(() => {});
      return (await storage()).load(sink, options);
    },
    append: async (batch, options) => (await storage()).append(batch, options),
    refresh: async (sink, options) => (await storage()).refresh(sink, options),
    watch: async (onChange) => { if (follow) (await storage()).watch(onChange); },
    async *files() {
      yield* (await storage()).exported();
    },
    delete: async () => (await storage()).delete(),
    async close() {
      const last = opened;
      // Whoever opens it once more begins anew.
      opened = undefined;
      await (await last)?.close();
    },
  };
}
