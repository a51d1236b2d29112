/**
 * Rules: a commit that is not wanted takes its reality back at once, as an operation with its reason. Loaded when asked for.
 *
 * A rule sees what people and programs do, never what a rule did; and it stops where it has acted too often in a while.
 */
import { call } from '../binding.js';
import type { Dispatcher } from './dispatcher.js';
import type { CommitEvent, EventCursor, EventFilter } from './event.js';
import { GovcError } from '../errors.js';
import type { Repository } from '../repository.js';
import type { Subscription } from './subscription.js';
import { encodeText } from '../text.js';
import type { ObjectId, Revision } from '../types.js';

/** What a rule does, and when. */
export interface RuleOptions {
  /** What its operations are called: they read `rule NAME: ...`. */
  name: string;
  /** Which events it acts on. */
  filter: EventFilter;
  /** Where the reality goes: back to what it was before the event, or to a revision, such as a tag. Default 'rollback'. */
  action?: 'rollback' | { rollbackTo: Revision };
  /**
   * It acts at most `maxPerWindow` times (default 3) in any `windowMs` milliseconds (default 60,000) of the repository's clock,
   * those before a restart included where the log is kept. What it leaves alone for that is in `errors`, code 'Rejected'.
   */
  guard?: { maxPerWindow?: number; windowMs?: number };
  /** Is told each time that the guard kept it from acting. */
  onGuard?: (failure: GovcError) => void;
  /** Where it begins; default: with the next event. */
  after?: EventCursor;
}

/** A rule at work. */
export class Rule implements Disposable {
  /** What its operations are called. */
  readonly name: string;
  readonly #repository: Repository;
  readonly #options: RuleOptions;
  readonly #subscription: Subscription;
  readonly #windowMs: number;
  readonly #maxPerWindow: number;
  readonly #refused: GovcError[] = [];
  /** When it acted, the oldest first. */
  #times: number[];
  #actions = 0;

  /** @internal */
  constructor(repository: Repository, dispatcher: Dispatcher, options: RuleOptions) {
    const { name, filter, after, guard: { maxPerWindow = 3, windowMs = 60_000 } = {} } = options;
    if (!/^[\w.-]{1,100}$/.test(name)) throw new GovcError('InvalidName', `'${name}' is no name for a rule: letters, digits, '.', '_' and '-'`, { name });
    if (!(maxPerWindow >= 1 && windowMs > 0)) {
      throw new GovcError('InvalidArgument', 'a guard lets a rule act at least once in a time of more than 0 ms', { maxPerWindow, windowMs });
    }
    this.name = name;
    this.#repository = repository;
    this.#options = options;
    [this.#maxPerWindow, this.#windowMs] = [maxPerWindow, windowMs];
    this.#times = timesOf(repository, name, windowMs);
    this.#subscription = dispatcher.watch(filter, (event) => this.#react(event), { retries: 0, ...(after !== undefined && { after }) });
  }

  /** How often it acted. */
  get actions(): number {
    return this.#actions;
  }

  /** Whether the guard keeps it from acting at this moment. */
  get isGuarded(): boolean {
    return this.#recent(this.#repository.now()).length >= this.#maxPerWindow;
  }

  /** What the guard kept it from, the newest 1,000, and what it could not do: `details.cursor` says where. */
  get errors(): GovcError[] {
    return [...this.#refused, ...this.#subscription.errors];
  }

  /** Ends it. */
  remove(): void {
    this.#subscription.unsubscribe();
  }

  /** The same as `remove()`. */
  [Symbol.dispose](): void {
    this.remove();
  }

  #react(event: CommitEvent): void {
    const { commit, reality, cursor } = event;
    if (event.byRule || commit === undefined || event.kind === 'conflict') return;
    const repository = this.#repository;
    const { head } = repository.reality(reality);
    // What is no longer in the reality needs no rollback.
    if (head === undefined || head !== commit.id && repository.mergeBase(commit.id, head) !== commit.id) return;
    const { action = 'rollback' } = this.#options;
    const to = action === 'rollback' ? event.before : repository.resolve(action.rollbackTo);
    if (to === undefined) {
      const message = `'${reality}' was without a commit before: rule '${this.name}' has nothing to go back to`;
      throw new GovcError('NotFound', message, { reality, rule: this.name });
    }
    const now = repository.now();
    this.#times = this.#recent(now);
    if (this.#times.length >= this.#maxPerWindow) return this.#refuse(reality, cursor);
    this.#times.push(now);
    this.#actions++;
    const title = event.message.split('\n', 1)[0];
    const reason = `${prefixOf(this.name)}roll ${reality} back to ${to} because of '${title}'`;
    call(() => repository.engine.rollback(encodeText(reality), to satisfies ObjectId, reason, now));
  }

  #refuse(reality: string, cursor: EventCursor): void {
    const message = `rule '${this.name}' acted ${this.#times.length} times in ${this.#windowMs} ms and leaves '${reality}' alone: look at why`;
    const failure = new GovcError('Rejected', message, { rule: this.name, reality, cursor });
    if (this.#refused.push(failure) > 1000) this.#refused.shift();
    this.#options.onGuard?.(failure);
  }

  #recent(now: number): number[] {
    return this.#times.filter((time) => time > now - this.#windowMs);
  }
}

function prefixOf(name: string): string {
  return `rule ${name}: `;
}

/** When a rule of this name acted lately, as the log says. */
function timesOf(repository: Repository, name: string, windowMs: number): number[] {
  const since = repository.now() - windowMs;
  const times: number[] = [];
  for (const { kind, description, time } of repository.operations()) {
    if (kind === 'rule' && time > since && description.startsWith(prefixOf(name))) times.push(time);
  }
  return times;
}
