/** The lock that lets one tab write at a time, or many read. The browser gives it back when a tab ends, however it ends. */
import { throwIfAborted } from '../../progress.js';
import { failure } from './files.js';

/** Runs `work` while the lock is held. */
export type Lock = <T>(mode: 'shared' | 'exclusive', work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** A lock by its name, from the browser's Web Locks. */
export function webLock(name: string): Lock {
  return async (mode, work, signal) => {
    const locks = globalThis.navigator?.locks;
    if (locks !== undefined) {
      try {
        return await locks.request(name, { mode, ...(signal && { signal }) }, work);
      } catch (thrown) {
        // A request that was given up rejects with the signal's reason, whatever that is.
        if (thrown === signal?.reason) throwIfAborted(signal);
        throw thrown;
      }
    }
    // Where there are no locks, nobody writes: so reading needs none.
    if (mode === 'shared') return work();
    throw failure('unsupported', `${name}: this browser has no Web Locks, or the page is not served over HTTPS: nothing is written `
      + 'without them, as two tabs could write at once');
  };
}
