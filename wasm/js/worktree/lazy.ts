/**
 * The engine over a repository on disk, of which only those objects are loaded that are asked for.
 *
 * A question that meets an object which is not there yet is asked again when it is: only what reads may be asked so.
 */
import { call, deferredEngineNow } from '../binding.js';
import type { Commit } from '../commit.js';
import type { FileDiff } from '../diff.js';
import { GovcError } from '../errors.js';
import { Repository } from '../repository.js';
import { Snapshot } from '../snapshot.js';
import { readRefs, type StoredRef } from '../storage/git-directory/refs.js';
import { encodeText } from '../text.js';
import type { BlameLine, Glob, ObjectId, Path, Revision } from '../types.js';
import { readCommit } from './commits.js';
import { readReflog } from './reflog.js';
import type { ObjectDatabase } from './objects.js';
import { type BytePath, bytePath } from './path.js';
import { FOLDER, isFile, parseTree, type TreeFile } from './trees.js';
import type { WorkTree } from './work-tree.js';

/** So many commits are loaded when one is met that is missing; twice as many the next time. */
const COMMITS_AT_ONCE = 64;
const COMMITS_AT_ONCE_MAX = 1 << 20;

/** A repository in memory that fetches what it lacks. */
export class LazyRepository {
  readonly #refs: readonly StoredRef[];
  readonly #tree: WorkTree;
  #repository: Repository | undefined;
  readonly #loaded = new Set<ObjectId>();
  #commits = COMMITS_AT_ONCE;

  private constructor(tree: WorkTree, refs: readonly StoredRef[]) {
    this.#tree = tree;
    this.#refs = refs;
  }

  static async open(tree: WorkTree): Promise<LazyRepository> {
    return new LazyRepository(tree, await readRefs(tree.layout, () => {}));
  }

  /** The repository with its refs, made when it is asked for first. */
  get repository(): Repository {
    if (this.#repository === undefined) {
      const { engine } = this.#repository = new Repository();
      deferredEngineNow();
      call(() => engine.loadShallow(this.#tree.layout.shallow.join('')));
      call(() => engine.loadRefs(encodeText(this.#refs.map(({ name, target }) => `${name}\0${target}`).join('\n'))));
    }
    return this.#repository;
  }

  /** Asks until nothing is missing. */
  ask<T>(question: (repository: Repository) => T): T {
    for (;;) {
      try {
        return question(this.repository);
      } catch (thrown) {
        const id = thrown instanceof GovcError && thrown.code === 'NotFound' ? thrown.details['id'] : undefined;
        if (typeof id !== 'string' || !/^[0-9a-f]{40}$/.test(id) || this.#loaded.has(id)) throw thrown;
        this.load(id);
      }
    }
  }

  /** Loads an object, and with a commit some of those behind it. */
  load(id: ObjectId): void {
    if (this.#one(id) !== 'commit') return;
    const queue = [id];
    for (let at = 0; at < queue.length && at < this.#commits; at++) {
      for (const parent of readCommit(this.#tree.objects, queue[at]!).parents) {
        if (this.#loaded.has(parent) || !this.#tree.objects.has(parent)) continue;
        this.#one(parent);
        queue.push(parent);
      }
    }
    this.#commits = Math.min(2 * this.#commits, COMMITS_AT_ONCE_MAX);
  }

  /** Loads the trees on the way to a path, for a walk that will look at it in every commit. */
  loadAlong(tree: ObjectId, path: BytePath): void {
    let id: ObjectId | undefined = tree;
    for (const name of path.split('/')) {
      if (this.#loaded.has(id)) return;
      this.#one(id);
      id = parseTree(this.#tree.objects.readKind(id, 'tree'), id).find((entry) => entry.name === name && entry.mode === FOLDER)?.id;
      if (id === undefined) return;
    }
  }

  /** The object that a revision expression names. `NAME@{...}` looks into the reflog; ids may be shortened. */
  resolve(revision: string): ObjectId {
    const fromLog = this.#fromReflog(revision);
    for (const prefix of fromLog.match(/(?<![\w./-])[0-9a-f]{4,40}(?![\w./-])|(?<=-g)[0-9a-f]{4,40}/g) ?? []) {
      for (const id of this.#tree.objects.startingWith(prefix)) if (!this.#loaded.has(id)) this.load(id);
    }
    return this.ask((repository) => repository.resolve(fromLog));
  }

  /** The commit that a revision names; throws NotFound where it names something else. */
  commit(revision: string): ObjectId {
    const id = this.resolve(revision);
    const commit = this.ask(() => call(() => this.repository.engine.peelToCommit(id)));
    if (commit !== undefined) return commit;
    throw new GovcError('NotFound', `'${revision}' names no commit`, { revision, id });
  }

  #one(id: ObjectId): string {
    const { kind, bytes } = this.#tree.objects.read(id);
    this.#loaded.add(id);
    call(() => this.repository.engine.loadObject(id, kind, bytes));
    return kind;
  }

  #fromReflog(revision: string): string {
    const [, name = '', selector = '', rest = ''] = /^([^@^~:]*)@\{([^{}]*)\}(.*)$/s.exec(revision) ?? [];
    if (selector === '' || /^(?:u|upstream|push)$/i.test(selector) || selector.startsWith('-')) return revision;
    const { head } = this.#tree;
    const ref = name === '' ? head.branch ?? 'HEAD' : name === 'HEAD' || name.startsWith('refs/') ? name : `refs/heads/${name}`;
    const id = readReflog(this.#tree.layout, ref).at(selector);
    if (id !== undefined) return id + rest;
    throw new GovcError('NotFound', `the reflog of '${ref}' does not go back to '${selector}'`, { ref, selector });
  }
}

/** A state of a lazy repository, for validators. */
export class LazySnapshot extends Snapshot {
  readonly #lazy: LazyRepository;
  readonly #objects: ObjectDatabase;
  readonly #tree: ObjectId;
  readonly #folders = new Map<ObjectId, Map<string, TreeFile>>();

  constructor(lazy: LazyRepository, objects: ObjectDatabase, tree: ObjectId, commit: ObjectId | undefined) {
    super(() => lazy.repository, tree, commit);
    this.#lazy = lazy;
    this.#objects = objects;
    this.#tree = tree;
  }

  /** A file straight from the objects; whatever else may be meant is the engine's business. */
  override read(path: Path): Uint8Array {
    const found = this.#find(path);
    return found !== undefined && isFile(found.mode) ? this.#objects.readKind(found.id, 'blob') : this.#lazy.ask(() => super.read(path));
  }

  override has(path: Path): boolean {
    return this.#lazy.ask(() => super.has(path));
  }

  override list(pattern?: Glob): Path[] {
    return this.#lazy.ask(() => super.list(pattern));
  }

  override lastCommit(path?: Path): Commit {
    return this.#lazy.ask(() => super.lastCommit(path));
  }

  override blame(path: Path): BlameLine[] {
    return this.#lazy.ask(() => super.blame(path));
  }

  override diff(other: Revision): FileDiff[] {
    return this.#lazy.ask(() => super.diff(other));
  }

  #find(path: Path): TreeFile | undefined {
    let found: TreeFile | undefined = { mode: FOLDER, id: this.#tree };
    for (const name of bytePath(path).split('/')) {
      if (found?.mode !== FOLDER) return undefined;
      found = this.#folder(found.id).get(name);
    }
    return found;
  }

  #folder(id: ObjectId): Map<string, TreeFile> {
    let entries = this.#folders.get(id);
    if (entries === undefined) {
      entries = new Map(parseTree(this.#objects.readKind(id, 'tree'), id).map(({ name, mode, id }) => [name, { mode, id }]));
      this.#folders.set(id, entries);
    }
    return entries;
  }
}
