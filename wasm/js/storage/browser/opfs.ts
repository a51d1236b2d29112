/** The browser's own file system (OPFS): a bare git directory `govc/NAME.git` in it. */
import { broadcastWake } from './wake.js';
import { failure, type Files, PIECE_BYTES, type StoredFile } from './files.js';
import { FileStorage } from './file-storage.js';
import { webLock } from './lock.js';

const ROOT = 'govc';
const ENDING = '.git';
/** How often a file is tried that a tab which has just ended still holds, and how long between, in milliseconds. */
const ATTEMPTS_MAX = 50;
const ATTEMPT_MS = 20;

/** The storage of the repository of this name. */
export function openOpfs(name: string): FileStorage {
  const scope = `govc:opfs:${name}`;
  return new FileStorage({ title: `opfs '${name}'`, files: new OpfsFiles(name), lock: webLock(scope), wake: broadcastWake(scope) });
}

/** The names of the repositories that are stored. */
export async function listOpfs(): Promise<string[]> {
  const names: string[] = [];
  const root = await folderIn(await origin(), [ROOT], false);
  for await (const [name, { kind }] of root?.entries() ?? []) {
    if (kind === 'directory' && name.endsWith(ENDING)) names.push(decodeURIComponent(name.slice(0, -ENDING.length)));
  }
  return names.sort();
}

/** What a Worker has beside the declarations for pages. */
interface SyncAccess {
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}
type FileHandle = FileSystemFileHandle & { createSyncAccessHandle?(): Promise<SyncAccess> };

class OpfsFiles implements Files {
  readonly #folder: string;
  /** Folders that were found, by path: to look for one takes as long as to write a small file. */
  readonly #folders = new Map<string, FileSystemDirectoryHandle>();

  constructor(name: string) {
    this.#folder = `${encodeURIComponent(name)}${ENDING}`;
  }

  async list(folder: string): Promise<string[]> {
    const names: string[] = [];
    const found = await this.#find(folder, false);
    try {
      for await (const [name, { kind }] of found?.entries() ?? []) if (kind === 'file') names.push(name);
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
      // Somebody removed it, and may have made another in its place.
      this.#folders.clear();
    }
    return names;
  }

  async open(path: string): Promise<StoredFile | undefined> {
    const handle = await this.#file(path, false);
    const file = handle && await ifThere(handle.getFile());
    return file && {
      size: file.size,
      read: async (at, length) => new Uint8Array(await file.slice(at, at + length).arrayBuffer()),
    };
  }

  async write(path: string, bytes: Uint8Array, onBytes?: (bytes: number) => void): Promise<void> {
    const handle: FileHandle | undefined = await this.#file(path, true);
    if (handle === undefined) throw new DOMException(`the folder of ${path} is gone`, 'NotFoundError');
    if (handle.createSyncAccessHandle !== undefined) await writeInPlace(await whenFree(() => handle.createSyncAccessHandle!()), bytes, onBytes);
    else if ('createWritable' in handle) await writeAside(await whenFree(() => handle.createWritable()), bytes, onBytes);
    else throw failure('unsupported', 'this browser writes to its file system in a Worker only: open the repository in one, or use indexedDb');
  }

  async remove(path: string): Promise<void> {
    const [names, name] = parted(path);
    const folder = await this.#find(names, false);
    if (folder !== undefined) await ifThere(whenFree(() => folder.removeEntry(name)));
  }

  async destroy(): Promise<void> {
    this.#folders.clear();
    const root = await folderIn(await origin(), [ROOT], false);
    if (root !== undefined) await ifThere(whenFree(() => root.removeEntry(this.#folder, { recursive: true })));
  }

  close(): void {}

  async #find(path: string, create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const names = [ROOT, this.#folder, ...path.split('/').filter((name) => name !== '')];
    const found = await folderIn(await origin(), names, create);
    if (found !== undefined) this.#folders.set(path, found);
    return found;
  }

  async #file(path: string, create: boolean): Promise<FileSystemFileHandle | undefined> {
    const [names, name] = parted(path);
    const folder = await this.#find(names, create);
    // git knows no repository without this folder.
    if (create && name === 'HEAD') await this.#find('refs', true);
    return folder && ifThere(folder.getFileHandle(name, { create }));
  }
}

/** The folder of a path, and the name in it. */
function parted(path: string): [folder: string, name: string] {
  const at = path.lastIndexOf('/');
  return [path.slice(0, Math.max(at, 0)), path.slice(at + 1)];
}

async function origin(): Promise<FileSystemDirectoryHandle> {
  const storage = globalThis.navigator?.storage;
  if (storage?.getDirectory === undefined) {
    throw failure('unsupported', 'there is no file system of the browser here, or the page is not served over HTTPS: use indexedDb');
  }
  return storage.getDirectory();
}

async function folderIn(folder: FileSystemDirectoryHandle, names: string[], create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
  let found: FileSystemDirectoryHandle | undefined = folder;
  for (const name of names) found = found && await ifThere(found.getDirectoryHandle(name, { create }));
  return found;
}

/** Writes into the file itself, and has it on the disk when it returns. */
async function writeInPlace(access: SyncAccess, bytes: Uint8Array, onBytes?: (bytes: number) => void): Promise<void> {
  // Some browsers return promises here.
  try {
    await access.truncate(0);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      const written = await access.write(piece, { at });
      if (written !== piece.length) throw failure('quota', 'the browser wrote a part of a file only: make room and flush again');
      onBytes?.(piece.length);
    }
    await access.flush();
  } finally {
    await access.close();
  }
}

/** Writes another file, which the browser puts in the place of this one when it is whole. */
async function writeAside(file: FileSystemWritableFileStream, bytes: Uint8Array, onBytes?: (bytes: number) => void): Promise<void> {
  try {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      await file.write(piece as Uint8Array<ArrayBuffer>);
      onBytes?.(piece.length);
    }
    await file.close();
  } catch (thrown) {
    await file.abort().catch(() => {});
    throw thrown;
  }
}

/** Undefined where there is nothing of this name. */
function ifThere<T>(found: Promise<T>): Promise<T | undefined> {
  return found.catch((thrown: unknown) => {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  });
}

function isNotFound(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'NotFoundError';
}

/** Does a step that fails as long as another tab that has just ended holds the file. */
async function whenFree<T>(step: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await step();
    } catch (thrown) {
      const isHeld = thrown instanceof DOMException && thrown.name === 'NoModificationAllowedError';
      if (!isHeld || attempt === ATTEMPTS_MAX) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, ATTEMPT_MS));
    }
  }
}
