/** A git repository in memory, with its realities. */
import { bisect, Bisector, type BisectOptions, type BisectRange, type BisectResult } from './bisect.js';
import { assign } from './assign.js';
import { call, type EnginePreparedCommit, type EngineRepository } from './binding.js';
import { Commit, commitDetails, commitsOf, identityLine } from './commit.js';
import { Dispatcher, type Explanation } from './events/dispatcher.js';
import { type DiffOptions, type FileDiff, fileDiffs } from './diff.js';
import { GovcError } from './errors.js';
import type { CommitEvent, EventCursor, EventFilter } from './events/event.js';
import type { EvaluateOptions, Evaluation } from './evaluate/options.js';
import type { Effect, EffectOptions } from './events/outbox.js';
import type { Rule, RuleOptions } from './events/rule.js';
import { eventStream } from './events/stream.js';
import type { ImportResult, PackBytes } from './exchange.js';
import type { HandlerOptions } from './handler.js';
import { limitFigures } from './arguments.js';
import type { GrepMatch, GrepOptions } from './grep.js';
import { describe, logOf } from './log.js';
import { allOperations, headAt, headAtDate, momentAt, operationsOf } from './moments.js';
import { decide, mergeMove, mergeResult } from './merge-move.js';
import { type MergeOptions, mergeDrivers, mergeFlags, type MergeResult, resolutions, similarity } from './merge.js';
import { labelOf, lines, nameOf } from './names.js';
import { exportPack } from './pack-export.js';
import { Reality } from './reality.js';
import type { CloneOptions, FetchOptions, FetchResult, PushOptions, PushResult, Remote } from './remote/options.js';
import { Snapshot } from './snapshot.js';
import type { Subscription, WatchOptions } from './events/subscription.js';
import { stashIndex } from './stash.js';
import type { Refreshed, StorageLink } from './storage/link.js';
import type { Storage } from './storage/storage.js';
import type { SyncProvider } from './sync/provider.js';
import type { ConnectOptions, Session } from './sync/session.js';
import { decodeText, encodeText } from './text.js';
import type {
  Change, CommitOptions, DescribeOptions, Glob, LogOptions, Moment, ObjectId, Operation, Path, Problem, Progressive, RepositoryOptions, RepositoryStats, Revision, Signature, Stash, Validator,
} from './types.js';
import { enforce } from './validate.js';
import type { VerifyReport } from './verify.js';

/** A git repository in memory, with its realities, its history and its log of operations. */
export class Repository implements Disposable {
  /** Git hosts by name, in memory. `clone` names one 'origin'. */
  readonly remotes = new Map<string, Remote>();
  #engine: EngineRepository | undefined;
  readonly #now: () => number;
  readonly #author: Signature;
  readonly #onWarning: ((warnings: Problem[]) => void) | undefined;
  #validators: readonly Validator[];
  #storage: StorageLink | undefined;
  #dispatcher: Dispatcher | undefined;

  /** A fresh repository in memory. Never touches disk or network. */
  constructor(options?: RepositoryOptions);
  /** @internal */
  constructor(options: RepositoryOptions, copied: EngineRepository);
  constructor(options: RepositoryOptions = {}, copied?: EngineRepository) {
    const { main = 'main', author = { name: 'govc', email: 'govc@localhost' }, now = Date.now, limits = {}, validators = [] } = options;
    this.#now = now;
    this.#onWarning = options.onWarning;
    this.#validators = [...validators];
    this.#author = author;
    this.#engine = copied ?? call((engine) => {
      return new engine.Repository(encodeText(main), encodeText(identityLine(author, 0)), limitFigures(limits));
    });
    call(() => this.engine.setMergeDrivers(mergeDrivers));
  }

  /** Opens a stored repository: `gitDirectory('.')` on Node, `opfs('name')` or `indexedDb('name')` in a browser. */
  static async open(storage: Storage, options: RepositoryOptions & Progressive = {}): Promise<Repository> {
    const { StorageLink } = await import('./deferred.js');
    const repository = new Repository(options);
    repository.#storage = await StorageLink.open(storage, repository, options);
    return repository;
  }

  /** Clones over git's smart HTTP, version 2, into memory: as `git clone`, with the server's HEAD as main. See www/docs/remotes.md. */
  static async clone(url: string, options: CloneOptions & RepositoryOptions = {}): Promise<Repository> {
    const { clone } = await import('./remote/remote.js');
    return clone(new Repository(options), url, options);
  }

  /**
   * A repository of its own with the same objects, refs, staged changes and validators, in memory and without the log of
   * operations. Takes microseconds: objects are shared.
   */
  copy(): Repository {
    const told = this.#onWarning && { onWarning: this.#onWarning };
    const copy = new Repository({ author: this.#author, now: this.#now, validators: [...this.#validators], ...told }, call(() => this.engine.copy()));
    for (const [name, remote] of this.remotes) copy.remotes.set(name, remote);
    return copy;
  }

  /**
   * What every state has to pass before a reality comes to it: by a commit, an `apply`, a transaction, a merge, a pick, a
   * revert, a rebase, a push or an import, and where `rollback`, `createReality` or `realities` go to commits that are new to main.
   * A refusal throws ValidationFailed and leaves nothing behind. What was there before is not judged.
   */
  get validators(): readonly Validator[] {
    return this.#validators;
  }

  set validators(validators: readonly Validator[]) {
    this.#validators = [...validators];
  }

  /** The reality that counts as the real one. */
  get main(): Reality {
    return new Reality(this, decodeText(call(() => this.engine.mainName())));
  }

  /**
   * Makes `reality` the new main. The old main stays as it is. Throws Stale where main is not `expected`: a reality or its
   * name, or the id of the commit that main shows.
   */
  setMain(reality: Reality | string, { expected }: { expected?: Reality | string } = {}): void {
    call(() => this.engine.setMain(encodeText(nameOf(reality)), expected === undefined ? undefined : encodeText(nameOf(expected)), this.now()));
  }

  /** Throws NotFound where there is none. */
  reality(name: string): Reality {
    call(() => this.engine.checkReality(encodeText(name)));
    return new Reality(this, name);
  }

  /** A new reality at `from`, by default at main. */
  createReality(name: string, from?: Revision): Reality {
    return this.realities([name], from)[0]!;
  }

  /** Forks many at once, as one operation: all or none. */
  realities(names: string[], from?: Revision): Reality[] {
    if (names.length === 0) return [];
    const start = from === undefined ? this.main.head : this.resolve(from);
    if (start !== undefined && from !== undefined) this.enforceNew(start, this.main.head);
    return this.realitiesAt(names, start);
  }

  /** All realities, or those whose name a glob means, by name. */
  listRealities(pattern?: Glob): Reality[] {
    const names = call(() => this.engine.listRealities(pattern === undefined ? undefined : encodeText(pattern)));
    return names.length === 0 ? [] : decodeText(names).split('\n').map((name) => new Reality(this, name));
  }

  /** Deletes a reality and what is staged there; `undo` brings it back. Main cannot be deleted. */
  deleteReality(name: string): void {
    this.deleteRealities([name]);
  }

  /** Tags `target`, by default main: annotated where there is a message. Returns the id that the tag points to. */
  tag(name: string, target?: Revision, message?: string): ObjectId {
    const id = this.resolve(target ?? this.main);
    return call(() => this.engine.tag(encodeText(name), id, message === undefined ? undefined : encodeText(message), this.now()));
  }

  /** Everything a revision expression of git names: 'main', 'main~2', 'v1.0^{tree}', an abbreviated id. */
  resolve(revision: Revision): ObjectId {
    if (typeof revision === 'string') return call(() => this.engine.resolve(encodeText(revision)));
    if (revision instanceof Reality) {
      const { head } = revision;
      if (head === undefined) throw new GovcError('NotFound', `'${revision.name}' has no commit yet`, { reality: revision.name });
      return head;
    }
    return revision.id;
  }

  /**
   * The state at a commit, or what main or the named reality was at a moment: by this repository's own log of operations,
   * and before the log begins by the dates of commits along first parents; or what it was after an operation. Throws NotFound
   * where there was no commit.
   */
  at(when: Revision | Date | { operation: number }, reality?: string): Snapshot {
    const id = when instanceof Date ? headAtDate(this.engine, when, reality)
      : typeof when === 'object' && 'operation' in when ? headAt(this.engine, when.operation, reality) : this.resolve(when);
    const commit = call(() => this.engine.peelToCommit(id));
    return new Snapshot(this, commit ?? id, commit);
  }

  /** Commits, the newest first, read as the loop gets on. */
  log(options: LogOptions = {}): Iterable<Commit> {
    return logOf(this, options);
  }

  /** The lines that a pattern finds in one state or over a range of history, as `git grep -n -I` prints them. */
  async *grep(pattern: string | RegExp, options: GrepOptions = {}): AsyncGenerator<GrepMatch, void, undefined> {
    yield* (await import('./grep.js')).grep(this, pattern, options);
  }

  /** The files that differ between two states. */
  diff(from: Revision, to: Revision, options: DiffOptions = {}): FileDiff[] {
    const { paths = [], renames = true } = options;
    const globs = encodeText(paths.join('\0'));
    const ids = [this.resolve(from), this.resolve(to)] as const;
    return fileDiffs(this.engine, call(() => this.engine.diff(ids[0], ids[1], globs, similarity(renames))));
  }

  /** A name for a commit, by default main's, by the nearest tag that it descends from: what `git describe` prints. */
  describe(revision: Revision = this.main, options: DescribeOptions = {}): string {
    return describe(this, revision, options);
  }

  /** The best common ancestor; undefined where there is none. Of several, the one that git prints first. */
  mergeBase(a: Revision, b: Revision): ObjectId | undefined {
    const ids = [this.resolve(a), this.resolve(b)] as const;
    return call(() => this.engine.mergeBase(ids[0], ids[1]));
  }

  /** Finds the first bad commit with a test of yours, in as few tests as the logarithm of their number, as `git bisect run` does. */
  bisect(options: BisectOptions): Promise<BisectResult> {
    return bisect(this, options);
  }

  /** The same search step by step: test what `next()` gives, say with `mark()` what it is. */
  bisector(range: BisectRange): Bisector {
    return new Bisector(this, range);
  }

  /** Three-way merge without moving anything: what `git merge-tree --write-tree` does. */
  mergeTree(ours: Revision, theirs: Revision, options: MergeOptions = {}): MergeResult {
    const { resolver, attributes = false } = options;
    const flags = mergeFlags({ ...options, attributes });
    const sides = [this.resolve(ours), this.resolve(theirs)] as const;
    const labels = encodeText(`${labelOf(ours)}\0${labelOf(theirs)}`);
    const merged = (decided: Uint8Array, keep: boolean) =>
      mergeResult(this.engine, call(() => this.engine.mergeTree(sides[0], sides[1], flags, labels, decided, keep)));
    const first = merged(new Uint8Array(), resolver === undefined);
    if (resolver === undefined) return first;
    return merged(first.clean ? new Uint8Array() : resolutions(resolver, first.conflicts, this.engine), true);
  }

  /** Merges `from` into `into` and moves it. A conflict throws unless `conflicts: 'record'`. */
  merge(from: Reality | Revision, into: Reality | string, options: MergeOptions & CommitOptions = {}): MergeResult {
    const target = encodeText(nameOf(into));
    const source = this.resolve(from);
    const label = encodeText(labelOf(from));
    const decided = decide(this.engine, target, source, label, options);
    enforce(this, () => mergeMove(this, target, source, label, decided, options));
    const now = this.now();
    const details = commitDetails(options.message ?? '', options, now);
    const outcome = call(() => this.engine.merge(target, source, mergeFlags(options), label, decided, details, now));
    const prepared = call(() => outcome.takeCommit());
    const result = mergeResult(this.engine, call(() => outcome.result()));
    outcome.free();
    if (prepared !== undefined) result.commit = this.finishSigned(prepared, options.sign, now);
    return result;
  }

  /** What was put aside by `Reality.stash`, or by git, the newest first. */
  stashes(): Stash[] {
    return commitsOf(this.engine, call(() => this.engine.stashes()));
  }

  /** Forgets a stash, by default the newest; `undo` brings it back. */
  dropStash(which: number | Stash = 0): void {
    call(() => this.engine.dropStash(stashIndex(this, which), this.now()));
  }

  /** Undoes the last operation of this repository, whatever it was; and the one before, and so on. */
  undo(): Operation | undefined {
    return this.#operation(call(() => this.engine.undo(this.now())));
  }

  /** Does again what `undo` took back last; undefined where there is nothing. */
  redo(): Operation | undefined {
    return this.#operation(call(() => this.engine.redo(this.now())));
  }

  /** The log of operations, the oldest first; with a storage that keeps it, also those before this program began. */
  operations(): Iterable<Operation> {
    return allOperations(this);
  }

  /** What all realities and tags were after an operation; 0 stands for before the first. */
  atOperation(id: number): Moment {
    return momentAt(this.engine, id);
  }

  /** Moves all refs back to what they were after an operation, as one operation that can be undone; what is staged in them goes. */
  restore(operation: Operation | number): Operation | undefined {
    const id = typeof operation === 'number' ? operation : operation.id;
    return this.#operation(call(() => this.engine.restore(id, this.now())));
  }

  /**
   * Hands each event that passes `filter` to `handler`: in order, once, from now on or from `after` on. A handler that takes
   * its time loses nothing: the subscription is behind, at its place in the log of operations.
   */
  watch(filter: EventFilter, handler: (event: CommitEvent) => void | Promise<void>, options: WatchOptions = {}): Subscription {
    return this.#events.watch(filter, handler, options);
  }

  /** Hands each event that changed a file that `pattern` means to `handler`. */
  on(pattern: Glob, handler: (event: CommitEvent) => void | Promise<void>, options: WatchOptions = {}): Subscription {
    return this.watch({ paths: pattern }, handler, options);
  }

  /** The events from now on, or from `after` on, as long as they are asked for and `signal` does not stop it. */
  events(filter: EventFilter & { after?: EventCursor; signal?: AbortSignal } = {}): AsyncIterable<CommitEvent> {
    return eventStream(this.#events, filter);
  }

  /**
   * Has `effect` called once for each event that passes, also where the program dies and begins again: it is told a key of
   * its event, the same whenever it is called for it. Needs a storage, which it flushes. See www/docs/events.md.
   */
  async effect(name: string, filter: EventFilter | Glob, effect: Effect, options: EffectOptions = {}): Promise<Subscription> {
    const { startEffect } = await import('./events/outbox.js');
    return startEffect(this, this.#events, name, typeof filter === 'string' ? { paths: filter } : filter, effect, options);
  }

  /** Takes a reality back at once whenever an event passes: an operation of kind 'rule', with its reason. See www/docs/events.md. */
  async rule(options: RuleOptions): Promise<Rule> {
    const { Rule } = await import('./events/rule.js');
    return new Rule(this, this.#events, options);
  }

  /** Which subscriptions want changes of a file and which leave it out, each with the pattern that decided. */
  explain(path: Path): Explanation[] {
    return this.#events.explain(path);
  }

  /**
   * Tries changes in parallel realities: makes one for each candidate, runs your test there and on the baseline, ranks them,
   * and says with an interval whether one is better. See www/docs/evaluate.md.
   */
  async evaluate<T>(options: EvaluateOptions<T>): Promise<Evaluation<T>> {
    const { evaluate } = await import('./evaluate/evaluate.js');
    return evaluate(this, options);
  }

  /**
   * The reality that serves `key` under these weights: the same on every node, sticky, and moving as few keys as the weights
   * ask. Weight 0 takes no key; `salt` makes choices that have nothing to do with those of another salt.
   */
  assign(key: string, weights: Record<string, number>, salt = ''): Reality {
    return new Reality(this, assign(this, key, weights, salt));
  }

  /** Brings what a remote, by its name or address, has and is not here; `refs/remotes/NAME/` follows its branches, as with git. */
  async fetch(remote: string, options: FetchOptions = {}): Promise<FetchResult> {
    return (await import('./remote/remote.js')).fetch(this, remote, options);
  }

  /** Pushes realities and tags to a remote, by its name or address. What the server refuses is in the result. */
  async push(remote: string, options: PushOptions = {}): Promise<PushResult> {
    return (await import('./remote/remote.js')).push(this, remote, options);
  }

  /** Takes in a pack and moves refs to what it brought, all or nothing. */
  async importPack(pack: PackBytes, refs: Record<string, ObjectId>, options: Progressive = {}): Promise<ImportResult> {
    const { importPack } = await import('./deferred.js');
    return importPack(this, pack, refs, options);
  }

  /** A pack of everything that `wants` (by default all refs) reach and `haves` do not. */
  exportPack(wants?: Revision[], haves: Revision[] = []): Uint8Array {
    return exportPack(this, wants, haves);
  }

  /** A web-standard handler that serves this repository to real git clients over smart HTTP. */
  handler(options: HandlerOptions = {}): (request: Request) => Promise<Response> {
    return async (request) => (await import('./deferred.js')).gitHandler(this, options)(request);
  }

  /** Checks every object, link and ref, as git fsck does. */
  async verify(options: Progressive = {}): Promise<VerifyReport> {
    const { verify } = await import('./deferred.js');
    return verify(this, options);
  }

  /** Joins a world of nodes: realities shared there are the same for all who know the same. See www/docs/worlds.md. */
  async connect(provider: SyncProvider, options: ConnectOptions = {}): Promise<Session> {
    return (await import('./sync/session.js')).Session.open(this, provider, options);
  }

  /** What it holds, and what that takes. */
  stats(): RepositoryStats {
    const [objects = 0, objectBytes = 0, memoryBytes = 0, realities = 0, commits = 0, operations = 0] = call(() => this.engine.stats());
    const [events, subscriptions] = [call(() => this.engine.eventsEnd()), this.#dispatcher?.subscriptions ?? 0];
    return { objects, objectBytes, memoryBytes, realities, commits, operations, events, subscriptions };
  }

  /** Resolves when everything so far is durable in the storage, if there is one. */
  async flush(options: Progressive = {}): Promise<void> {
    await this.#storage?.flush(options);
  }

  /** Takes over what others wrote to the storage since it was read: other tabs, or git. Where both sides moved a ref, it stays. */
  async refresh(options: Progressive = {}): Promise<Refreshed> {
    return await this.#storage?.refresh(options) ?? { moved: [], diverged: [] };
  }

  /** Gives the memory back. Every later call on this repository, its realities and commits throws Disposed. */
  [Symbol.dispose](): void {
    this.#dispatcher?.close();
    this.#storage?.close();
    this.#engine?.free();
    this.#engine = undefined;
  }

  /** @internal */
  get engine(): EngineRepository {
    if (this.#engine === undefined) throw new GovcError('Disposed', 'this repository was disposed: open it again');
    return this.#engine;
  }

  /** @internal Refuses that a reality goes to a state that the validators do not want, unless `from` has it in its history. */
  enforceNew(to: ObjectId, from: ObjectId | undefined): void {
    enforce(this, () => {
      const commit = call(() => this.engine.peelToCommit(to));
      const known = commit === undefined || from !== undefined && this.mergeBase(commit, from) === commit;
      return { base: from, state: known ? undefined : commit };
    });
  }

  /** @internal Tells of what validators only warn of. */
  warn(warnings: Problem[]): void {
    this.#onWarning?.(warnings);
  }

  /** @internal */
  get isStored(): boolean {
    return this.#storage !== undefined;
  }

  /** @internal Who acts where nobody is named. */
  get author(): Signature {
    return this.#author;
  }

  /** @internal The author's identity line at this moment. */
  identity(): string {
    return identityLine({ ...this.#author, time: this.#now() }, 0);
  }

  /** @internal Milliseconds since the epoch by the repository's clock. */
  now(): number {
    return this.#now();
  }

  /** @internal Files that differ, as plain changes. */
  changesFrom(bytes: Uint8Array): Change[] {
    return fileDiffs(this.engine, bytes).map(({ path, kind, from, oldId, newId }) => ({
      path, kind, ...(from && { from }), ...(oldId && { oldId }), ...(newId && { newId }),
    }));
  }

  /** @internal Signs a prepared commit where a signer is given, and moves the reality. */
  finishSigned(prepared: EnginePreparedCommit, sign: CommitOptions['sign'], now: number): Commit {
    const signature = sign === undefined ? undefined : encodeText(sign(call(() => prepared.payload())));
    return new Commit(this.engine, call(() => this.engine.finishCommit(prepared, signature, now)));
  }

  /** @internal */
  hasReality(name: string): boolean {
    try {
      call(() => this.engine.checkReality(encodeText(name)));
      return true;
    } catch {
      return false;
    }
  }

  /** @internal Realities at a state that validators have seen. */
  realitiesAt(names: string[], start: ObjectId | undefined): Reality[] {
    call(() => this.engine.createRealities(lines(names), start, this.now()));
    return names.map((name) => new Reality(this, name));
  }

  /** @internal As one operation: all or none. */
  deleteRealities(names: string[]): void {
    call(() => this.engine.deleteRealities(lines(names), this.now()));
  }

  /** @internal Has the storage keep the log from the next flush on; with `onlyKept`, only where it does already. */
  keepLog(name = 'main', onlyKept = false): void {
    call(() => this.engine.keepLog(encodeText(name), onlyKept, this.now()));
  }

  /** @internal Has the storage keep the log, as what outlives the program asks. */
  needLog(what: string): void {
    if (call(() => this.engine.keepsLog())) return;
    if (this.#storage === undefined) {
      throw new GovcError('Rejected', `${what} needs a storage: get the repository from Repository.open`, { what });
    }
    this.keepLog();
  }

  /** @internal Sets down how far durable subscriptions have come, for the next flush. */
  keepCursors(): void {
    this.#dispatcher?.keepCursors();
  }

  get #events(): Dispatcher {
    return this.#dispatcher ??= new Dispatcher(this);
  }

  #operation(id: number): Operation | undefined {
    return id === 0 ? undefined : operationsOf(this.engine, id, 1)[0];
  }
}
