/** The search for the first bad commit: which one to test next, and the search as a whole with a test of the caller's. */
import { call, type EngineBisect } from './binding.js';
import { Commit } from './commit.js';
import { GovcError } from './errors.js';
import { PackedReader } from './packed.js';
import { inSlices, throwIfAborted } from './progress.js';
import type { Repository } from './repository.js';
import type { Snapshot } from './snapshot.js';
import { encodeText } from './text.js';
import type { ObjectId, Path, Progressive, Revision } from './types.js';

/** What a test says of a commit; 'skip': nothing can be told of this one. */
export type Verdict = 'good' | 'bad' | 'skip';

/** Where the first bad commit is looked for. */
export interface BisectRange {
  /** What is known to be good. */
  good: Revision | Revision[];
  /** What is known to be bad. Default: main. */
  bad?: Revision;
  /** Of merges, look at the first parent alone. */
  firstParent?: boolean;
  /** Only commits that changed one of these files or folders come into question. */
  paths?: Path[];
}

/** A search for the first bad commit that runs by itself. */
export interface BisectOptions extends BisectRange, Progressive {
  /** Looks at a state. What it throws makes the commit bad; returning nothing makes it good. */
  test: (state: Snapshot, options: { signal?: AbortSignal }) => Verdict | void | Promise<Verdict | void>;
}

/** A commit that was tested. */
export interface BisectStep {
  /** What was tested. */
  commit: Commit;
  /** What came of it. */
  verdict: Verdict;
  /** What the test threw. */
  error?: unknown;
}

/** What a search found. */
export interface BisectResult {
  /** The first bad commit; undefined where skipped commits leave more than one possible. */
  culprit?: Commit;
  /** Each commit that may be the first bad one. */
  candidates: Commit[];
  /** What was tested, in order. */
  steps: BisectStep[];
}

/** Commits that are looked at between two looks at the clock. */
const STEP_COMMITS = 20_000;
/** Kinds of an answer, as `step` in `wasm/src/bisect.rs` numbers them. */
const [TEST, TEST_BASE, FOUND, ONE_OF, FIXED] = [0, 1, 2, 3, 4];

/** A search for the first bad commit, step by step: `next()`, test it, `mark()`. Chooses what `git bisect` chooses. */
export class Bisector {
  readonly #repository: Repository;
  readonly #range: BisectRange;
  readonly #good: ObjectId[];
  readonly #skipped: ObjectId[] = [];
  readonly #steps: BisectStep[] = [];
  #bad: ObjectId;
  #basesPassed = false;
  #next: Commit | undefined;
  #result: BisectResult | undefined;
  #remaining = 0;

  /** @internal */
  constructor(repository: Repository, range: BisectRange) {
    const { good, bad = repository.main } = range;
    this.#repository = repository;
    this.#range = range;
    this.#good = (Array.isArray(good) ? good : [good]).map((revision) => this.#commit(revision));
    this.#bad = this.#commit(bad);
  }

  /** The commit to test next: the same until it is marked. Undefined once there is a result. */
  next(): Commit | undefined {
    if (this.#next !== undefined || this.#result !== undefined) return this.#next;
    const search = this.#begin();
    while (!this.#look(search));
    return this.#next;
  }

  /** @internal As `next`, with room for the page to breathe. */
  async nextInSlices(signal: AbortSignal | undefined): Promise<Commit | undefined> {
    if (this.#next !== undefined || this.#result !== undefined) return this.#next;
    const search = this.#begin();
    await inSlices('bisect', signal === undefined ? {} : { signal }, () => ({ done: 0, finished: this.#look(search) }));
    return this.#next;
  }

  /** Says what a commit, by default the one that `next()` gave, is. */
  mark(verdict: Verdict, commit: Revision | undefined = this.next(), error?: unknown): void {
    if (commit === undefined) throw new GovcError('InvalidArgument', 'the search is over: see its result', {});
    const id = this.#commit(commit);
    // As in git: a verdict on another commit than the one asked about opens the question of merge bases again.
    if (id !== this.#next?.id) this.#basesPassed = false;
    if (verdict === 'good') this.#good.push(id);
    else if (verdict === 'skip') this.#skipped.push(id);
    else if (verdict === 'bad') this.#bad = id;
    else throw new GovcError('InvalidArgument', `a verdict is 'good', 'bad' or 'skip', not '${String(verdict)}'`, { verdict });
    const marked = new Commit(this.#repository.engine, id);
    this.#steps.push({ commit: marked, verdict, ...(error !== undefined && { error }) });
    this.#next = this.#result = undefined;
  }

  /** How many commits are left to look at after the next one, at most. */
  get remaining(): number {
    return this.next() === undefined ? 0 : this.#remaining;
  }

  /** What was found; undefined while there is a commit to test. */
  get result(): BisectResult | undefined {
    this.next();
    return this.#result;
  }

  #begin(): EngineBisect {
    const { firstParent = false, paths = [] } = this.#range;
    const flags = (firstParent ? 1 : 0) | (this.#basesPassed ? 2 : 0);
    return call((module) => new module.Bisect(
      this.#repository.engine, this.#bad, this.#good.join(''), this.#skipped.join(''), encodeText(paths.join('\0')), flags,
    ));
  }

  /** Looks at some commits; whether it is known what to do next. */
  #look(search: EngineBisect): boolean {
    const { engine } = this.#repository;
    const answer = call(() => search.step(engine, STEP_COMMITS));
    if (answer.length === 0) return false;
    search.free();
    const packed = new PackedReader(answer);
    const [kind, all, reaches] = [packed.u8(), packed.u32(), packed.u32()];
    const commits = packed.list(() => new Commit(engine, packed.someId()));
    const first = commits[0];
    if (kind === TEST || kind === TEST_BASE) {
      this.#basesPassed = kind === TEST;
      this.#remaining = Math.max(all - reaches, reaches, 1) - 1;
      this.#next = first;
    } else if (kind === FOUND || kind === ONE_OF) {
      this.#result = { ...(kind === FOUND && first && { culprit: first }), candidates: commits, steps: [...this.#steps] };
    } else {
      throw this.#refusal(kind === FIXED);
    }
    return true;
  }

  #refusal(isFixed: boolean): GovcError {
    const details = { bad: this.#bad, good: [...this.#good] };
    if (isFixed) {
      return new GovcError('InvalidArgument', `${this.#bad} is bad and an ancestor of what is good: this was fixed, not broken; swap good and bad to find out where`, details);
    }
    return new GovcError('InvalidArgument', 'no commit between good and bad comes into question: check good, bad and paths', details);
  }

  #commit(revision: Revision): ObjectId {
    const id = this.#repository.resolve(revision);
    return call(() => this.#repository.engine.peelToCommit(id)) ?? id;
  }
}

/** Searches with a test. */
export async function bisect(repository: Repository, options: BisectOptions): Promise<BisectResult> {
  const { signal, onProgress, test } = options;
  const search = new Bisector(repository, options);
  for (let done = 0; ; done++) {
    throwIfAborted(signal);
    const commit = await search.nextInSlices(signal);
    const left = commit === undefined ? 0 : 1 + Math.ceil(Math.log2(search.remaining + 1));
    onProgress?.({ phase: 'bisect', done, total: done + left });
    if (commit === undefined) return search.result!;
    let verdict: Verdict | undefined;
    let error: unknown;
    try {
      verdict = await test(repository.at(commit), signal === undefined ? {} : { signal }) ?? 'good';
    } catch (thrown) {
      throwIfAborted(signal);
      error = thrown;
    }
    search.mark(verdict ?? 'bad', commit, error);
  }
}
