/** One who is told of events: what waits for it, what it is at, what it could not do. */
import { call } from '../binding.js';
import { type Dispatcher, POSITIONS_A_TIME } from './dispatcher.js';
import type { DurableCursor } from './durable.js';
import { type CommitEvent, dropped, type EventCursor, type EventFilter, passes } from './event.js';
import { GovcError } from '../errors.js';

/** Where a subscription begins, and how it works. */
export interface WatchOptions {
  /**
   * A name under which the storage keeps how far the handler has come, with each `flush`: after a restart it goes on there,
   * each event at least once. Letters, digits, '.', '_' and '-'. `after` says where it begins the first time.
   */
  durable?: string;
  /** Go on after this event; '0' begins with the first. Default: from now on. */
  after?: EventCursor;
  /** How often an event is tried again whose handler threw, each time after a longer pause. Default 3. */
  retries?: number;
  /** Handlers that may be at work at once; they start in order. Default 1. */
  concurrency?: number;
}

/** @internal */
export type Handler = (event: CommitEvent) => void | Promise<void>;

/** @internal What a subscription is made of. */
export interface Settings {
  filter: EventFilter;
  handler: Handler;
  /** Earlier events are before its time. */
  start: number;
  retries: number;
  concurrency: number;
  /** Where it goes on after a restart. */
  durable?: DurableCursor;
  /** Told each time that nothing waits. */
  onIdle?: () => void;
  /** Told when it ends from the dispatcher's side. */
  onEnd?: () => void;
}

/** Most positions that wait in memory: what is behind them is looked up in the log when its turn comes. */
const QUEUE_MAX = 1024;
/** Most failures that are kept. */
const ERRORS_MAX = 1000;
/** The pause before the first retry, in milliseconds; each next is twice as long, up to the longest. */
const PAUSE_MS = 10;
const PAUSE_MS_MAX = 10_000;

/** A handler that is told of events, one after the other: how far it has come, and what it could not do. */
export class Subscription implements Disposable {
  readonly #dispatcher: Dispatcher;
  readonly #key: number;
  readonly #settings: Settings;
  readonly #errors: GovcError[] = [];
  readonly #pauses = new Set<ReturnType<typeof setTimeout>>();
  /** Positions of events that wait, from `#first` on. */
  #queue: number[] = [];
  #first = 0;
  /** Where to look further in the log; undefined where the dispatcher tells of everything. */
  #unseen: number | undefined;
  #running = 0;
  /** Positions of events that are being handled, where they have to be known. */
  readonly #atWork = new Set<number>();
  #delivered = 0;
  #isInRun = false;
  #isOver = false;

  /** @internal */
  constructor(dispatcher: Dispatcher, key: number, settings: Settings) {
    this.#dispatcher = dispatcher;
    this.#key = key;
    this.#settings = settings;
    this.#errors.push(...settings.durable?.errors ?? []);
    if (settings.start < dispatcher.position) this.#unseen = settings.start;
  }

  /** Events that the handler has done. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Events that wait, or are being handled. Parts of the log that were not looked at yet count in full. */
  get behind(): number {
    if (this.#isOver) return this.#running;
    const { end, position } = this.#dispatcher;
    const unseen = this.#unseen === undefined ? 0 : position - this.#unseen;
    return this.#queue.length - this.#first + this.#running + unseen + end - Math.min(end, Math.max(position, this.#settings.start));
  }

  /** The newest 1,000 events that were given up: each says why, `details.cursor` which one, `cause` what was thrown. */
  get errors(): GovcError[] {
    return [...this.#errors];
  }

  /** Ends it: no handler starts any more. */
  unsubscribe(): void {
    if (this.#isOver) return;
    this.keepCursor();
    this.end();
    this.#dispatcher.remove(this.#key);
  }

  /** @internal Ends it because of a failure. */
  fail(failure: GovcError): void {
    if (this.#isOver) return;
    this.end(failure);
    this.#dispatcher.remove(this.#key);
  }

  /** The same as `unsubscribe()`. */
  [Symbol.dispose](): void {
    this.unsubscribe();
  }

  /** @internal */
  get durable(): DurableCursor | undefined {
    return this.#settings.durable;
  }

  /** @internal Sets down how far it has come. */
  keepCursor(): void {
    const { durable, start } = this.#settings;
    if (durable === undefined || this.#isOver) return;
    const waiting = this.#queue[this.#first] ?? this.#unseen ?? Math.max(this.#dispatcher.position, start);
    durable.keep(Math.min(waiting, ...this.#atWork), this.#errors);
  }

  /** @internal Takes in that the log dropped events from a position on which it was not told of. */
  miss(from: number): void {
    if (this.#unseen === undefined) this.#unseen = Math.max(from, this.#settings.start);
  }

  /** @internal Grows with each subscription. */
  get key(): number {
    return this.#key;
  }

  /** @internal */
  get filter(): EventFilter {
    return this.#settings.filter;
  }

  /** @internal */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @internal Ends it from the dispatcher's side. */
  end(failure?: GovcError): void {
    this.#isOver = true;
    this.#queue = [];
    this.#first = 0;
    this.#unseen = undefined;
    // What waits for another try is given up.
    this.#running -= this.#pauses.size;
    for (const pause of this.#pauses) clearTimeout(pause);
    this.#pauses.clear();
    if (failure !== undefined) this.#errors.push(failure);
    this.#settings.onEnd?.();
  }

  /** @internal Takes in that the event at a position passes the engine's part of the filter. */
  accept(position: number): void {
    if (this.#unseen !== undefined || position < this.#settings.start) return;
    if (this.#queue.length - this.#first < QUEUE_MAX) this.#queue.push(position);
    else this.#unseen = position;
  }

  /** @internal Starts as many handlers as may be at work. */
  run(): void {
    this.#isInRun = true;
    while (!this.#isOver && this.#running < this.#settings.concurrency && this.#hasNext()) {
      if (!this.#dispatcher.takeSteps(1)) {
        this.#dispatcher.wake(this);
        break;
      }
      if (this.#first === this.#queue.length) {
        this.#look();
        continue;
      }
      const position = this.#queue[this.#first++]!;
      const event = this.#dispatcher.event(position);
      if (event === undefined) {
        this.#queue = [];
        this.#first = 0;
        this.#unseen = position;
        continue;
      }
      this.#running++;
      if (this.#settings.durable !== undefined) this.#atWork.add(position);
      this.#attempt(event, 0);
    }
    this.#isInRun = false;
  }

  #hasNext(): boolean {
    if (this.#first < this.#queue.length) return true;
    this.#queue = [];
    this.#first = 0;
    return this.#unseen !== undefined;
  }

  /** Looks further in the log. */
  #look(): void {
    const { engine, watchers, position } = this.#dispatcher;
    let from = this.#unseen!;
    const { first } = this.#dispatcher;
    if (from < first) {
      this.#setAside(dropped(`${from}`, first));
      from = first;
    }
    const count = Math.max(0, Math.min(position - from, POSITIONS_A_TIME));
    const [next = position, ...found] = call(() => watchers.scan(engine, this.#key, from, count, QUEUE_MAX));
    this.#dispatcher.takeSteps(count);
    this.#queue = found;
    this.#unseen = next < position ? next : undefined;
  }

  #attempt(event: CommitEvent, failures: number): void {
    try {
      if (!passes(event, this.#settings.filter)) return this.#settle(event);
      const work: unknown = this.#settings.handler(event);
      if (typeof work !== 'object' || work === null || !('then' in work)) {
        this.#delivered++;
        return this.#settle(event);
      }
      Promise.resolve(work).then(() => {
        this.#delivered++;
        this.#settle(event);
      }, (thrown: unknown) => this.#failed(event, failures + 1, thrown));
    } catch (thrown) {
      this.#failed(event, failures + 1, thrown);
    }
  }

  #failed(event: CommitEvent, failures: number, thrown: unknown): void {
    if (failures <= this.#settings.retries && !this.#isOver) {
      const pause = setTimeout(() => {
        this.#pauses.delete(pause);
        this.#attempt(event, failures);
      }, Math.min(PAUSE_MS * 2 ** (failures - 1), PAUSE_MS_MAX));
      this.#pauses.add(pause);
      return;
    }
    this.#setAside(givenUp(event, failures, thrown));
    this.#settle(event);
  }

  #setAside(failure: GovcError): void {
    if (this.#errors.length === ERRORS_MAX) this.#errors.shift();
    this.#errors.push(failure);
  }

  /** The handler is through with an event. */
  #settle(event: CommitEvent): void {
    this.#running--;
    if (this.#settings.durable !== undefined) this.#atWork.delete(Number.parseInt(event.cursor, 10));
    if (this.#running === 0 && this.#first === this.#queue.length && this.#unseen === undefined) this.#settings.onIdle?.();
    if (!this.#isInRun && !this.#isOver) this.#dispatcher.wake(this);
  }
}

function givenUp({ cursor, reality }: CommitEvent, attempts: number, thrown: unknown): GovcError {
  const code = thrown instanceof GovcError ? thrown.code : 'Rejected';
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new GovcError(code, `the handler failed at event ${cursor}: ${reason}`, { cursor, reality, attempts }, { cause: thrown });
}

/** @internal The numbers of a subscription. */
export function numbersOf({ retries = 3, concurrency = 1 }: WatchOptions): { retries: number; concurrency: number } {
  return { retries: wholeNumber(retries, 'retries', 0), concurrency: wholeNumber(concurrency, 'concurrency', 1) };
}

function wholeNumber(value: number, name: string, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new GovcError('InvalidArgument', `${name} is ${value}: give a whole number from ${least} on`, { [name]: value });
}
