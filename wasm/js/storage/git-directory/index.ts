/**
 * A repository's `.git` directory as a storage, on Node: git and govc may work on it at the same time.
 *
 * What git calls the work tree and the index are not touched: after a flush to the branch that is checked out,
 * `git status` shows the difference. Nothing of the repository's configuration is executed or included.
 */
import { GovcError } from '../../errors.js';
import type { ObjectId, Progressive } from '../../types.js';
import type { Storage, StorageBatch, StorageSink } from '../storage.js';
import { explained } from './files.js';
import { keepPack, removeAbandonedPacks } from './keep-pack.js';
import { findRepository, type Layout } from './layout.js';
import { indexHolds, loadLoose, loadPacks, missingObjects } from './packs.js';
import { expectRefs, moveRefs } from './ref-transaction.js';
import { readRefs } from './refs.js';

/** How a git directory is opened. */
export interface GitDirectoryOptions {
  /**
   * Told of each ref that cannot be read; git, too, passes over such refs with a warning. They are left alone.
   * Where this is missing, the first one makes the opening fail.
   */
  onProblem?: (problem: GovcError) => void;
  /** Opens a partial clone, too: reading an object that it lacks throws NotFound. Default false. */
  partial?: boolean;
  /** How long a lock that another process holds is waited for. Default: as git is configured, 100 ms for a ref. */
  lockTimeoutMs?: number;
}

/**
 * The git repository at `path`: a work tree, a folder in it, a linked work tree, a submodule, a bare repository, or the
 * `.git` folder itself.
 */
export function gitDirectory(path: string, options: GitDirectoryOptions = {}): Storage {
  return new GitDirectory(path, options);
}

class GitDirectory implements Storage {
  readonly #path: string;
  readonly #options: GitDirectoryOptions;
  #layout: Promise<Layout> | undefined;
  /** Ids of loose objects and names of packs that were handed over or came from here. */
  readonly #known = new Set<string>();

  constructor(path: string, options: GitDirectoryOptions) {
    this.#path = path;
    this.#options = options;
  }

  load(sink: StorageSink, options: Progressive = {}): Promise<void> {
    return explained(async () => {
      const layout = await this.#find();
      await removeAbandonedPacks(layout);
      this.#known.clear();
      sink.shallow(layout.shallow);
      await this.#handOver(layout, sink, options);
    });
  }

  refresh(sink: StorageSink, options: Progressive = {}): Promise<void> {
    return explained(async () => this.#handOver(await this.#find(), sink, options));
  }

  append(batch: StorageBatch, { signal }: Progressive = {}): Promise<void> {
    return explained(async () => {
      if (batch.entries.length > 0) {
        throw new GovcError('Storage', "a git directory keeps commits and refs: it has no place for a log's entries");
      }
      const layout = await this.#find();
      // Once more under locks; here so that no pack is written in vain.
      await expectRefs(layout, batch.refs);
      await checkObjects(layout, batch);
      const release = batch.pack && await keepPack(layout, batch.pack, signal);
      if (batch.pack !== undefined) this.#known.add(`pack-${batch.pack.checksum}`);
      try {
        await moveRefs(layout, batch.refs, { by: batch.by, signal });
      } finally {
        await release?.();
      }
    });
  }

  missing(ids: readonly ObjectId[]): Promise<ObjectId[]> {
    return explained(async () => missingObjects((await this.#find()).objectFolders, ids));
  }

  async close(): Promise<void> {}

  /** Hands over the objects that are not known yet, and all refs. */
  async #handOver(layout: Layout, sink: StorageSink, { signal, onProgress }: Progressive): Promise<void> {
    let done = 0;
    const onBytes = (bytes: number) => onProgress?.({ phase: 'open', done: done += bytes });
    // In this order nothing that a ref leads to is missed while git repacks.
    const refs = await readRefs(layout, this.#options.onProblem ?? refuse, signal);
    for (const objects of layout.objectFolders) await loadLoose(objects, this.#known, sink, onBytes, signal);
    for (const objects of layout.objectFolders) await loadPacks(objects, this.#known, sink, onBytes, signal);
    for (const { name, target } of refs) sink.ref(name, target);
  }

  #find(): Promise<Layout> {
    this.#layout ??= findRepository(this.#path, this.#options.partial ?? false).then((layout) => {
      const { lockTimeoutMs } = this.#options;
      if (lockTimeoutMs !== undefined) {
        layout.settings.refLockTimeoutMs = layout.settings.packedRefsTimeoutMs = lockTimeoutMs;
      }
      return layout;
    });
    // What was not found may be there at the next attempt.
    this.#layout.catch(() => { this.#layout = undefined; });
    return this.#layout;
  }
}

function refuse(problem: GovcError): never {
  const message = `${problem.message}. To open the repository without it, pass 'onProblem' to gitDirectory`;
  throw new GovcError(problem.code, message, problem.details);
}

/** Refuses to point refs at what this folder does not hold: `git gc` may have removed it since it was loaded. */
async function checkObjects({ objectFolders }: Layout, { pack, refs, needs }: StorageBatch): Promise<void> {
  const ids = new Set(needs);
  for (const { after } of refs) if (after !== undefined && !after.startsWith('ref: ')) ids.add(after);
  if (pack !== undefined) {
    const index = Buffer.from(pack.index.buffer, pack.index.byteOffset, pack.index.length);
    for (const id of ids) {
      if (await indexHolds((at, length) => index.subarray(at, at + length), id)) ids.delete(id);
    }
  }
  const missing = await missingObjects(objectFolders, [...ids]);
  if (missing.length === 0) return;
  const message = `the directory no longer holds ${missing.join(', ')}: 'git gc' or 'git prune' removed it since it was read`;
  throw new GovcError('Storage', message, { missing });
}
