/** Long work in slices: progress between them, a way to stop, and room for the page to breathe. */
import { GovcError } from './errors.js';
import type { Progressive } from './types.js';

/** A slice of work is this long before the host's event loop gets its turn. */
export const SLICE_MS = 40;

/** Runs `step` until it says that it is done. */
export async function inSlices(
  phase: string, options: Progressive, step: () => { done: number; total?: number; finished: boolean },
): Promise<void> {
  let started = performance.now();
  for (;;) {
    throwIfAborted(options.signal);
    const { done, total, finished } = step();
    options.onProgress?.({ phase, done, ...(total !== undefined && { total }) });
    if (finished) return;
    if (performance.now() - started >= SLICE_MS) {
      await breath();
      started = performance.now();
    }
  }
}

/** Throws Aborted, with the signal's reason as its cause. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new GovcError('Aborted', 'stopped on request', {}, { cause: signal.reason });
}

/** Lets timers, input and painting happen. */
export function breath(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
