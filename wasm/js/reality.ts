/** A branch as an isolated universe: cheap to fork, free to break, merged only when it proves itself. */
import { call } from './binding.js';
import { Commit, commitDetails } from './commit.js';
import { contentBytes, modeBits } from './content.js';
import type { FileDiff } from './diff.js';
import { GovcError } from './errors.js';
import { type Conflict, conflictsOf, mergeFlags, resolutions } from './merge.js';
import type { Repository } from './repository.js';
import { type Snapshot, splitPaths } from './snapshot.js';
import { stashIndex } from './stash.js';
import { decodeContent, encodeContent, encodeText } from './text.js';
import { Transaction } from './transaction.js';
import type { ApplyPatchOptions, Change, CommitOptions, Content, FileMode, Glob, LogOptions, ObjectId, Path, PickOptions, Problem, RebaseOptions, Revision, Stash, UnstashOptions, Validator } from './types.js';
import { enforce, validated } from './validate.js';

/** A branch with a workspace of its own. It is named by its name: what it shows is looked up with each call. */
export class Reality {
  /** The name of its branch. */
  readonly name: string;
  readonly #repository: Repository;
  #encoded: Uint8Array | undefined;

  /** @internal */
  constructor(repository: Repository, name: string) {
    this.#repository = repository;
    this.name = name;
  }

  /** The newest commit; undefined before the first. */
  get head(): ObjectId | undefined {
    return call(() => this.#repository.engine.head(this.#key));
  }

  /** A new reality with the same commit and the same staged changes. */
  fork(name: string): Reality {
    call(() => this.#repository.engine.fork(this.#key, encodeText(name), this.#repository.now()));
    return new Reality(this.#repository, name);
  }

  /** What is at `path`, staged or committed. */
  read(path: Path): Uint8Array {
    return call(() => this.#repository.engine.read(this.#key, encodeText(path)));
  }

  /** The same as text; bytes that are no UTF-8 survive as lone surrogates. */
  readText(path: Path): string {
    return decodeContent(this.read(path));
  }

  /** The paths of all files, staged or committed, or of those that a glob means, in git's order. */
  list(pattern?: Glob): Path[] {
    return splitPaths(call(() => this.#repository.engine.list(this.#key, pattern === undefined ? undefined : encodeText(pattern))));
  }

  /** Whether there is a file at `path`, staged or committed. */
  has(path: Path): boolean {
    return call(() => this.#repository.engine.has(this.#key, encodeText(path)));
  }

  /** Stages; commit() records. Without a mode, a file that can be run stays so. */
  write(path: Path, content: Content, mode?: FileMode): void {
    const bytes = contentBytes(content, path);
    call(() => this.#repository.engine.write(this.#key, encodeText(path), bytes, modeBits(mode)));
  }

  /** Stages the removal of a file, or of a folder with everything in it. */
  remove(path: Path): void {
    call(() => this.#repository.engine.remove(this.#key, encodeText(path)));
  }

  /** What is staged. */
  status(): Change[] {
    return this.#repository.changesFrom(call(() => this.#repository.engine.status(this.#key)));
  }

  /** Forgets what is staged, at a path or everywhere. */
  discard(path?: Path): void {
    call(() => this.#repository.engine.discard(this.#key, path === undefined ? undefined : encodeText(path)));
  }

  /** Records what is staged. */
  commit(message: string, options: CommitOptions = {}): Commit {
    const { engine } = this.#repository;
    const now = this.#repository.now();
    const details = commitDetails(message, options, now);
    const { sign } = options;
    enforce(this.#repository, () => ({ base: this.head, state: call(() => engine.previewStaged(this.#key)) }));
    if (sign === undefined) return new Commit(engine, call(() => engine.commit(this.#key, details, now)));
    return this.#repository.finishSigned(call(() => engine.prepareCommit(this.#key, details, now)), sign, now);
  }

  /** Writes and commits in one step; `null` removes. What is staged at other paths stays staged. */
  apply(changes: Record<Path, Content | null>, message = 'apply changes'): Commit {
    const { engine } = this.#repository;
    const now = this.#repository.now();
    const staged = this.begin();
    try {
      for (const [path, content] of Object.entries(changes)) {
        if (content === null) staged.remove(path);
        else staged.add(path, content);
      }
      enforce(this.#repository, () => ({ base: this.head, state: call(() => engine.transactionPreview(staged.inner, true)) }));
      return new Commit(engine, call(() => engine.apply(this.#key, staged.inner, commitDetails(message, {}, now), now)));
    } finally {
      staged.rollback();
    }
  }

  /** All or nothing, over the newest commit. */
  begin(): Transaction {
    return new Transaction(this.#repository, this, call(() => this.#repository.engine.begin(this.#key)));
  }

  /**
   * Runs validators on the state with what is staged: those built in (JSON, YAML and TOML that parse, by extension), the
   * repository's and yours. Throws ValidationFailed with every problem, or returns the warnings.
   */
  validate(validators: Validator[] = []): Problem[] {
    const tree = call(() => this.#repository.engine.previewStaged(this.#key));
    return validated(this.#repository, validators, tree, this.head);
  }

  /** The committed state. */
  snapshot(): Snapshot {
    return this.#repository.at(this);
  }

  /** Its commits, the newest first. */
  log(options: LogOptions = {}): Iterable<Commit> {
    return this.#repository.log({ from: this, ...options });
  }

  /** What is different in `other`: its newest commit is the old side. */
  diff(other: Revision): FileDiff[] {
    return this.#repository.diff(this, other);
  }

  /** Moves back to an earlier state at once, by default to the first parent. What is staged goes. */
  rollback(to?: Revision): Commit {
    const { engine } = this.#repository;
    const target = this.#repository.resolve(to ?? `refs/heads/${this.name}~1`);
    this.#repository.enforceNew(target, this.head);
    call(() => engine.rollback(this.#key, target, undefined, this.#repository.now()));
    return new Commit(engine, this.head ?? target);
  }

  /**
   * Puts the change of a commit on top, as `git cherry-pick` does. A conflict throws; with `conflicts: 'record'` it is staged
   * and undefined returned: `resolve()` each path and `commit('')`, or `discard()`.
   */
  cherryPick(commit: Revision, options: PickOptions & { conflicts: 'record' }): Commit | undefined;
  cherryPick(commit: Revision, options?: PickOptions): Commit;
  cherryPick(commit: Revision, options: PickOptions = {}): Commit | undefined {
    return this.#pick(commit, false, options);
  }

  /** Takes the change of a commit back with a new commit, as `git revert` does. Conflicts are as those of `cherryPick`. */
  revert(commit: Revision, options: PickOptions & { conflicts: 'record' }): Commit | undefined;
  revert(commit: Revision, options?: PickOptions): Commit;
  revert(commit: Revision, options: PickOptions = {}): Commit | undefined {
    return this.#pick(commit, true, options);
  }

  /**
   * Puts the commits that this reality has and `onto` has not on `onto`, as `git rebase` does: without merges, and
   * without changes that are there already. One operation. A conflict throws and leaves everything as it was; with
   * `conflicts: 'record'` it is staged and undefined returned: `resolve()` each path and `rebaseContinue()`, or `discard()`.
   */
  rebase(onto: Revision, options: RebaseOptions & { conflicts: 'record' }): Commit | undefined;
  rebase(onto: Revision, options?: RebaseOptions): Commit;
  rebase(onto: Revision, options: RebaseOptions = {}): Commit | undefined {
    const { engine } = this.#repository;
    const target = this.#repository.resolve(onto);
    const [flags, now] = [mergeFlags(options), this.#repository.now()];
    enforce(this.#repository, () => ({ base: this.head, state: call(() => engine.previewRebase(this.#key, target, flags, now)) }));
    return this.#commitAt(call(() => engine.rebase(this.#key, target, flags, now)));
  }

  /** Goes on with a rebase whose conflicts are resolved. Undefined where it stops again. */
  rebaseContinue(): Commit | undefined {
    const { engine } = this.#repository;
    const now = this.#repository.now();
    enforce(this.#repository, () => ({ base: this.head, state: call(() => engine.previewRebase(this.#key, undefined, new Uint8Array(), now)) }));
    return this.#commitAt(call(() => engine.rebaseContinue(this.#key, now)));
  }

  /** Puts aside what is staged, in git's own form; `unstash` brings it back, here or in another reality. */
  stash(message = ''): Stash {
    const id = call(() => this.#repository.engine.stash(this.#key, encodeContent(message), this.#repository.now()));
    return new Commit(this.#repository.engine, id);
  }

  /**
   * Merges a stash, by default the newest, into what this reality shows, and stages that, as `git stash apply` does. A conflict
   * throws, unless `conflicts: 'record'` leaves it staged.
   */
  unstash(which: number | Stash = 0, options: UnstashOptions = {}): Conflict[] {
    const { engine } = this.#repository;
    const at = stashIndex(this.#repository, which);
    return conflictsOf(call(() => engine.unstash(this.#key, at, options.drop ?? false, mergeFlags(options), this.#repository.now())));
  }

  /**
   * Stages what a patch in git's form makes of this reality, all of it or nothing, as `git apply --index` does: hunks may
   * move, their context must match. Throws Conflict with path and line where it does not.
   */
  applyPatch(text: string | Uint8Array, options: ApplyPatchOptions = {}): void {
    const { reverse = false, strip = 1, threeWay = false } = options;
    if (!(Number.isInteger(strip) && strip >= 0)) throw new GovcError('InvalidArgument', `strip is ${strip}: give a whole number`, { strip });
    const bytes = typeof text === 'string' ? encodeContent(text) : text;
    call(() => this.#repository.engine.applyPatch(this.#key, bytes, strip, (reverse ? 1 : 0) | (threeWay ? 2 : 0)));
  }

  /** Paths that a recorded conflict left open, each with base, ours and theirs. */
  conflicts(): Conflict[] {
    return conflictsOf(call(() => this.#repository.engine.conflicts(this.#key)));
  }

  /** Stages the content that settles a recorded conflict; `null` settles it by removing the path. */
  resolve(path: Path, content: Content | null): void {
    const bytes = content === null ? undefined : contentBytes(content, path);
    call(() => this.#repository.engine.resolveConflict(this.#key, encodeText(path), bytes));
  }

  #commitAt(id: ObjectId | undefined): Commit | undefined {
    return id === undefined ? undefined : new Commit(this.#repository.engine, id);
  }

  #pick(commit: Revision, revert: boolean, options: PickOptions): Commit | undefined {
    const { engine } = this.#repository;
    const { mainline, message = '', resolver, sign } = options;
    if (mainline !== undefined && !(Number.isInteger(mainline) && mainline >= 1)) {
      throw new GovcError('InvalidArgument', `mainline is ${mainline}: give the number of a parent, from 1`, { mainline });
    }
    const [id, parent, flags, now] = [this.#repository.resolve(commit), mainline ?? 0, mergeFlags(options), this.#repository.now()];
    const conflicts = resolver && conflictsOf(call(() => engine.pickConflicts(this.#key, id, revert, parent, flags)));
    const decided = conflicts === undefined ? new Uint8Array() : resolutions(resolver!, conflicts, engine);
    enforce(this.#repository, () => ({
      base: this.head, state: call(() => engine.previewPick(this.#key, id, revert, parent, flags, decided)),
    }));
    const details = commitDetails(message, options, now);
    const prepared = call(() => engine.pick(this.#key, id, revert, parent, flags, decided, details, now));
    return prepared && this.#repository.finishSigned(prepared, sign, now);
  }

  get #key(): Uint8Array {
    return this.#encoded ??= encodeText(this.name);
  }
}
