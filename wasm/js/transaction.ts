/** All or nothing. Nothing is visible until commit() returns. */
import { call, type EngineTransaction } from './binding.js';
import { Commit, commitDetails } from './commit.js';
import { contentBytes, modeBits } from './content.js';
import { GovcError } from './errors.js';
import type { Reality } from './reality.js';
import type { Repository } from './repository.js';
import { encodeText } from './text.js';
import type { Change, CommitOptions, Content, FileMode, Path, Problem, Validator } from './types.js';
import { enforce, validated } from './validate.js';

/** Changes to a reality that are made together, or not at all. Nothing is seen elsewhere before `commit()`. */
export class Transaction implements Disposable {
  readonly #repository: Repository;
  readonly #reality: Reality;
  #inner: EngineTransaction | undefined;

  /** @internal */
  constructor(repository: Repository, reality: Reality, inner: EngineTransaction) {
    this.#repository = repository;
    this.#reality = reality;
    this.#inner = inner;
  }

  /** Writes a file. Without a mode, a file that can be run stays so. */
  add(path: Path, content: Content, mode?: FileMode): this {
    const bytes = contentBytes(content, path);
    call(() => this.#repository.engine.transactionPut(this.inner, encodeText(path), bytes, modeBits(mode)));
    return this;
  }

  /** Removes a file, or a folder with everything in it. */
  remove(path: Path): this {
    call(() => this.#repository.engine.transactionRemove(this.inner, encodeText(path)));
    return this;
  }

  /** Moves a file, or a folder with everything in it; modes go with them. */
  move(from: Path, to: Path): this {
    call(() => this.#repository.engine.transactionMove(this.inner, encodeText(from), encodeText(to)));
    return this;
  }

  /** What the transaction sees: its own writes over the state at its begin. */
  read(path: Path): Uint8Array {
    return call(() => this.#repository.engine.transactionRead(this.inner, encodeText(path)));
  }

  /** What it has changed so far. */
  changes(): Change[] {
    return this.#repository.changesFrom(call(() => this.#repository.engine.transactionChanges(this.inner)));
  }

  /**
   * Runs validators on the would-be state: those built in (JSON, YAML and TOML that parse, by extension), the repository's and
   * yours. Throws ValidationFailed with every problem, or returns the warnings. The transaction stays open.
   */
  validate(validators: Validator[] = []): Problem[] {
    const { engine } = this.#repository;
    const tree = call(() => engine.transactionPreview(this.inner, false));
    return validated(this.#repository, validators, tree, call(() => engine.transactionBase(this.inner)));
  }

  /** Throws Stale where the reality has moved under the paths this transaction read or wrote. */
  commit(message: string, options: CommitOptions = {}): Commit {
    const now = this.#repository.now();
    const details = commitDetails(message, options, now);
    const { engine } = this.#repository;
    enforce(this.#repository, () => ({ base: this.#reality.head, state: call(() => engine.transactionPreview(this.inner, true)) }));
    const prepared = call(() => engine.prepareTransaction(this.inner, details, now));
    const commit = this.#repository.finishSigned(prepared, options.sign, now);
    this.rollback();
    return commit;
  }

  /** Forgets everything. A transaction that is over stays over. */
  rollback(): void {
    this.#inner?.free();
    this.#inner = undefined;
  }

  /** The same as `rollback()`. */
  [Symbol.dispose](): void {
    this.rollback();
  }

  /** @internal */
  get inner(): EngineTransaction {
    if (this.#inner === undefined) throw new GovcError('Disposed', 'this transaction is over: begin another');
    return this.#inner;
  }
}
