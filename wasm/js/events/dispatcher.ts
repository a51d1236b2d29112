/**
 * Brings new events to subscriptions, after the call that made them has returned.
 *
 * While somebody is subscribed, each call of the engine plans one look at the log of operations for when the program's
 * own code has run. User code runs from here alone, never inside a call.
 */
import { call, type EngineRepository, type EngineWatchers, observeCalls } from '../binding.js';
import { DurableCursor } from './durable.js';
import { CommitEvent, dropped, type EventFilter, joinedGlobs, kindBits, positionAfter } from './event.js';
import { GovcError } from '../errors.js';
import type { Repository } from '../repository.js';
import { encodeText } from '../text.js';
import type { Glob, Path } from '../types.js';
import { type Handler, numbersOf, type Settings, Subscription, type WatchOptions } from './subscription.js';

/** Positions of the log that are looked at in one call of the engine. */
export const POSITIONS_A_TIME = 256;
/** Positions looked at and handlers started before the host's event loop gets its turn. */
const TURN_STEPS_MAX = 2048;

/** Those with subscriptions. */
const active = new Set<Dispatcher>();
let planned = false;
let stepsLeft = TURN_STEPS_MAX;

/** Calls of the engine that were made while somebody was subscribed. */
let calls = 0;

/** Plans a look at the logs for when the running code is done. */
function plan(): void {
  calls++;
  if (planned) return;
  planned = true;
  queueMicrotask(deliver);
}

/** Takes steps from this turn, which ends when the host's event loop has come by. */
function spend(count: number): void {
  if (stepsLeft === TURN_STEPS_MAX) setTimeout(() => { stepsLeft = TURN_STEPS_MAX; });
  stepsLeft -= count;
}

/** Delivers what there is. What is too much for one turn goes on in the next. */
function deliver(): void {
  let isDone = true;
  for (const dispatcher of active) isDone = dispatcher.deliver() && isDone;
  if (isDone) {
    planned = false;
    return;
  }
  setTimeout(() => {
    stepsLeft = TURN_STEPS_MAX;
    deliver();
  });
}

/** What a subscription says of a file. */
export interface Explanation {
  /** Whose filter it is. */
  subscription: Subscription;
  /** What it asks for, beside files too. */
  filter: EventFilter;
  /** Whether a change of this file is wanted, where the rest of the filter wants the event. */
  matches: boolean;
  /** The pattern of `filter.paths` that decided. Missing where none speaks of the file. */
  pattern?: Glob;
  /** The place of `pattern` among `filter.paths`, from 1. */
  line?: number;
}

/** @internal The subscriptions of one repository. */
export class Dispatcher {
  readonly #repository: Repository;
  #watchers: EngineWatchers | undefined;
  readonly #subscriptions = new Map<number, Subscription>();
  /** Subscriptions that have something to do. */
  readonly #ready = new Set<Subscription>();
  /** Whoever wants the events before this position has been told. */
  #position = 0;
  #end = 0;
  /** What `calls` was when `#end` was read. */
  #endCalls = -1;
  /** Events that several subscriptions look at. */
  readonly #events = new Map<number, CommitEvent>();

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /** Where a subscription begins. */
  start(after: string | undefined): number {
    return after === undefined ? this.end : positionAfter(this.#repository, after);
  }

  watch(filter: EventFilter, handler: Handler, options: WatchOptions): Subscription {
    const durable = options.durable === undefined ? undefined : this.durable('watch', options.durable);
    return this.subscribe({ filter, handler, start: this.startOf(durable, options.after), ...numbersOf(options), ...(durable && { durable }) });
  }

  /** The place of one who goes on after a restart; one name is one subscription. */
  durable(kind: 'watch' | 'effect', name: string): DurableCursor {
    for (const { durable } of this.#subscriptions.values()) {
      if (durable?.name !== `${kind}.${name}`) continue;
      throw new GovcError('AlreadyExists', `${kind} '${name}' is at work: end it before it begins again`, { name });
    }
    return new DurableCursor(this.#repository, kind, name);
  }

  /** Where one begins: where it was, else after a cursor. */
  startOf(durable: DurableCursor | undefined, after: string | undefined): number {
    const next = durable?.next;
    if (next === undefined) return this.start(after);
    const first = call(() => this.engine.eventsStart());
    if (next >= first) return Math.min(next, this.end);
    if (after === undefined) throw dropped(`${next}`, first);
    return this.start(after);
  }

  /** Sets down how far those have come who go on after a restart. */
  keepCursors(): void {
    for (const subscription of this.#subscriptions.values()) subscription.keepCursor();
  }

  subscribe(settings: Settings): Subscription {
    const { filter } = settings;
    const [paths, realities, kinds] = [joinedGlobs(filter.paths), joinedGlobs(filter.realities), kindBits(filter.kinds)];
    if (this.#watchers === undefined) {
      this.#position = this.end;
      this.#watchers = call((engine) => new engine.Watchers());
    }
    const key = call(() => this.watchers.add(paths, realities, kinds));
    const subscription = new Subscription(this, key, settings);
    this.#subscriptions.set(key, subscription);
    active.add(this);
    observeCalls(plan);
    this.#endCalls = -1;
    this.wake(subscription);
    return subscription;
  }

  /** Has a subscription go on when the running code is done. */
  wake(subscription: Subscription): void {
    this.#ready.add(subscription);
    plan();
  }

  /** Forgets a subscription; the last takes everything along. */
  remove(key: number): void {
    const subscription = this.#subscriptions.get(key);
    if (subscription === undefined) return;
    this.#subscriptions.delete(key);
    this.#ready.delete(subscription);
    call(() => this.watchers.remove(key));
    if (this.#subscriptions.size === 0) this.#rest();
  }

  /** How many there are. */
  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Ends all subscriptions. */
  close(failure?: GovcError): void {
    const all = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    this.#rest();
    for (const subscription of all) subscription.end(failure);
  }

  /** Tells whoever wants new events, and lets subscriptions go on. False where the turn ended before the work. */
  deliver(): boolean {
    try {
      for (;;) {
        for (const subscription of this.#ready) {
          if (stepsLeft <= 0) return false;
          this.#ready.delete(subscription);
          subscription.run();
        }
        if (this.#watchers === undefined || this.#position >= this.end) return true;
        if (stepsLeft <= 0) return false;
        this.#route();
      }
    } catch (thrown) {
      // The engine has stopped, or the repository was disposed.
      this.close(thrown as GovcError);
      return true;
    }
  }

  /** Takes steps from this turn; false where none is left. */
  takeSteps(count: number): boolean {
    if (stepsLeft <= 0) return false;
    spend(count);
    return true;
  }

  /** The event at a position; undefined where the log dropped it. */
  event(position: number): CommitEvent | undefined {
    let event = this.#events.get(position);
    if (event === undefined) {
      const bytes = call(() => this.engine.eventAt(position));
      if (bytes === undefined) return undefined;
      event = new CommitEvent(this.#repository, position, bytes);
      if (this.#events.size >= POSITIONS_A_TIME) this.#events.clear();
      this.#events.set(position, event);
    }
    return event;
  }

  get position(): number {
    return this.#position;
  }

  /** The position behind the newest event. */
  get end(): number {
    if (this.#endCalls === calls && active.has(this)) return this.#end;
    this.#end = call(() => this.engine.eventsEnd());
    this.#endCalls = calls;
    return this.#end;
  }

  /** What subscriptions say of a file; of those that neither mean it nor speak of it, nothing. */
  explain(path: Path): Explanation[] {
    const explanations: Explanation[] = [];
    for (const subscription of this.#subscriptions.values()) {
      const { filter } = subscription;
      if (joinedGlobs(filter.paths) === undefined) explanations.push({ subscription, filter, matches: true });
    }
    const verdicts = this.#watchers === undefined ? [] : call(() => this.watchers.explain(encodeText(path)));
    for (let at = 0; at < verdicts.length; at += 3) {
      const [key, line, matches] = verdicts.slice(at, at + 3);
      const subscription = this.#subscriptions.get(key!);
      if (subscription === undefined) continue;
      const { filter } = subscription;
      const pattern = line === 0 ? undefined : [filter.paths!].flat()[line! - 1]!;
      explanations.push({ subscription, filter, matches: matches === 1, ...(pattern !== undefined && { pattern, line: line! }) });
    }
    return explanations.sort((a, b) => a.subscription.key - b.subscription.key);
  }

  get engine(): EngineRepository {
    return this.#repository.engine;
  }

  get watchers(): EngineWatchers {
    return this.#watchers!;
  }

  /** The position of the first event that the log holds. */
  get first(): number {
    return call(() => this.engine.eventsStart());
  }

  #route(): void {
    const { first } = this;
    if (this.#position < first) {
      for (const subscription of this.#subscriptions.values()) subscription.miss(this.#position);
      this.#position = first;
    }
    const [next = 0, ...wanted] = call(() => this.watchers.route(this.engine, this.#position, POSITIONS_A_TIME));
    spend(next - this.#position);
    for (let at = 0; at < wanted.length; at += 2) {
      const subscription = this.#subscriptions.get(wanted[at + 1]!)!;
      subscription.accept(wanted[at]!);
      this.#ready.add(subscription);
    }
    this.#position = next;
  }

  #rest(): void {
    this.#ready.clear();
    this.#events.clear();
    this.#watchers?.free();
    this.#watchers = undefined;
    active.delete(this);
    if (active.size === 0) observeCalls(undefined);
  }
}
