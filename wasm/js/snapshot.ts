/** An immutable state: a tree, with its commit and the history behind it. */
import { call } from './binding.js';
import { Blame } from './blame.js';
import { Commit } from './commit.js';
import { type FileDiff } from './diff.js';
import { GovcError } from './errors.js';
import type { Repository } from './repository.js';
import { decodeContent, decodeText, encodeText } from './text.js';
import type { BlameLine, Glob, ObjectId, Path, Progressive, Revision } from './types.js';

/** A state that does not change: at a commit, at a moment, or one that would be. */
export class Snapshot {
  readonly #source: Repository | (() => Repository);
  readonly #commit: ObjectId | undefined;
  readonly #state: ObjectId;

  /** @internal `state` is a commit or a tree; `commit` the commit that it is, or that it is built on. A repository may be made when it is needed. */
  constructor(repository: Repository | (() => Repository), state: ObjectId, commit: ObjectId | undefined) {
    this.#source = repository;
    this.#state = state;
    this.#commit = commit;
  }

  /** The commit whose state this is; for a would-be state, the commit that it is built on. */
  get commit(): Commit {
    if (this.#commit === undefined) throw new GovcError('NotFound', 'this state has no commit behind it', { tree: this.#state });
    return new Commit(this.#repository.engine, this.#commit);
  }

  /** The state's tree or commit. @internal */
  get id(): ObjectId {
    return this.#state;
  }

  /** What is at `path`. Throws NotFound where no file is. */
  read(path: Path): Uint8Array {
    return call(() => this.#repository.engine.readAt(this.#state, encodeText(path)));
  }

  /** The same as text; bytes that are no UTF-8 survive as lone surrogates. */
  readText(path: Path): string {
    return decodeContent(this.read(path));
  }

  /** Whether there is a file at `path`. */
  has(path: Path): boolean {
    return call(() => this.#repository.engine.hasAt(this.#state, encodeText(path)));
  }

  /** The paths of all files, or of those that a glob means, in git's order. */
  list(pattern?: Glob): Path[] {
    return splitPaths(call(() => this.#repository.engine.listAt(this.#state, pattern === undefined ? undefined : encodeText(pattern))));
  }

  /** Those of these files whose path the globs mean; of several globs, the last that matches a path decides. */
  matching<T extends { path: Path }>(globs: Glob[], files: T[]): T[] {
    if (files.length === 0 || globs.length === 0) return [];
    const [patterns, paths] = [encodeText(globs.join('\0')), encodeText(files.map(({ path }) => path).join('\0'))];
    const meant = call(() => this.#repository.engine.matchPaths(patterns, paths));
    return files.filter((_, at) => meant[at] === 1);
  }

  /** The newest commit at or before this state, or the newest that changed `path`. */
  lastCommit(path?: Path): Commit {
    if (path === undefined) return this.commit;
    for (const commit of this.#repository.log({ from: this.commit, path, limit: 1 })) return commit;
    throw new GovcError('NotFound', `no commit has changed '${path}'`, { path });
  }

  /** Which commit brought each line of a file, and where it stood there: `git blame`, through renames of whole files. */
  blame(path: Path): BlameLine[] {
    return this.#blame(path).run().lines(this.read(path));
  }

  /** As `blame`, with progress, a way to stop, and room for the page to breathe. */
  async blameInSlices(path: Path, options: Progressive = {}): Promise<BlameLine[]> {
    return (await this.#blame(path).runInSlices(options)).lines(this.read(path));
  }

  /** What is different in `other`: this state is the old side. */
  diff(other: Revision): FileDiff[] {
    return this.#repository.diff(this, other);
  }

  get #repository(): Repository {
    return typeof this.#source === 'function' ? this.#source() : this.#source;
  }

  #blame(path: Path): Blame {
    const { id } = this.commit;
    if (this.#state !== id) throw new GovcError('InvalidArgument', 'this state is no commit: commit it, then ask who brought its lines', { path });
    return new Blame(this.#repository, id, path);
  }
}

/** Paths of an answer that joins them by NUL. */
export function splitPaths(bytes: Uint8Array): Path[] {
  return bytes.length === 0 ? [] : decodeText(bytes).split('\0');
}
