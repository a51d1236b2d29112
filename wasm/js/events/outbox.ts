/**
 * Effects: what happens outside because of an event, once for each event also where the program dies. Loaded when asked for.
 *
 * Before an effect begins, the storage holds its event, the effects done before it, and that it begins. What it did and what
 * the storage knows of that can only differ for the one that was at work: it is called again, with the same key.
 */
import type { Dispatcher } from './dispatcher.js';
import type { CommitEvent, EventCursor, EventFilter } from './event.js';
import { GovcError } from '../errors.js';
import type { Repository } from '../repository.js';
import { numbersOf, type Subscription } from './subscription.js';

/** What an effect is told beside its event. */
export interface EffectContext {
  /** The same whenever this effect is called for this event, and different for all others: what makes it happen once elsewhere. */
  key: string;
  /** Whether it may have happened already: the program before this one ended while it was at work, or it threw. */
  again: boolean;
}

/** Where an effect begins, and how often it is tried. */
export interface EffectOptions {
  /** Where it begins the first time; default: with the next event. '0' begins with the first that the log holds. */
  after?: EventCursor;
  /** How often it is tried again where it throws, each time after a longer pause; then it is set aside in `errors`. Default 3. */
  retries?: number;
}

/** What happens because of an event. */
export type Effect = (event: CommitEvent, context: EffectContext) => void | Promise<void>;

/** @internal Begins where it was, or where `options` say; done when that is durable. */
export async function startEffect(
  repository: Repository, dispatcher: Dispatcher, name: string, filter: EventFilter, effect: Effect, options: EffectOptions,
): Promise<Subscription> {
  const durable = dispatcher.durable('effect', name);
  const keep = async () => {
    try {
      await repository.flush();
    } catch (thrown) {
      // What cannot be set down must not begin: it goes on when it is started again.
      subscription.fail(thrown instanceof GovcError ? thrown : new GovcError('Storage', String(thrown), {}, { cause: thrown }));
      throw thrown;
    }
  };
  const begun = new Set<EventCursor>(durable.begunBefore === undefined ? [] : [durable.begunBefore]);
  const handler = async (event: CommitEvent) => {
    const { cursor } = event;
    durable.begun = cursor;
    await keep();
    const again = begun.delete(cursor);
    begun.add(cursor);
    await effect(event, { key: `${name}:${cursor}`, again });
    begun.delete(cursor);
  };
  const subscription = dispatcher.subscribe({
    filter, handler, start: dispatcher.startOf(durable, options.after), ...numbersOf({ ...options, concurrency: 1 }), durable,
    onIdle: () => void keep().catch(() => {}),
  });
  await keep();
  return subscription;
}
