/** Events as an async iterable: its reader sets the pace. */
import type { Dispatcher } from './dispatcher.js';
import { type CommitEvent, type EventCursor, type EventFilter, passes } from './event.js';
import { throwIfAborted } from '../progress.js';

type StreamFilter = EventFilter & { after?: EventCursor; signal?: AbortSignal };

/** @internal The events from now on, or from `after` on; each iteration begins there. */
export function eventStream(dispatcher: Dispatcher, filter: StreamFilter): AsyncIterable<CommitEvent> {
  const start = dispatcher.start(filter.after);
  return { [Symbol.asyncIterator]: () => read(dispatcher, filter, start) };
}

async function* read(dispatcher: Dispatcher, filter: StreamFilter, start: number): AsyncGenerator<CommitEvent, void, undefined> {
  const { signal, paths, realities, kinds } = filter;
  const routed = { ...(paths && { paths }), ...(realities && { realities }), ...(kinds && { kinds }) };
  let offered: { event: CommitEvent; taken: () => void } | undefined;
  let goOn = () => {};
  const offer = (event: CommitEvent) => new Promise<void>((taken) => {
    offered = { event, taken };
    goOn();
  });
  const stop = () => goOn();
  throwIfAborted(signal);
  const subscription = dispatcher.subscribe({ filter: routed, handler: offer, start, retries: 0, concurrency: 1, onEnd: stop });
  signal?.addEventListener('abort', stop);
  try {
    for (;;) {
      throwIfAborted(signal);
      if (offered !== undefined) {
        const { event, taken } = offered;
        offered = undefined;
        taken();
        if (passes(event, filter)) yield event;
      } else if (subscription.isOver) {
        const [failure] = subscription.errors;
        if (failure !== undefined) throw failure;
        return;
      } else {
        await new Promise<void>((resolve) => { goOn = resolve; });
      }
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    subscription.unsubscribe();
  }
}
