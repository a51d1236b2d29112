/** Tells other tabs that there may be something new. What is new they read from the storage: a message says nothing else. */

/** Wakes those who use the same repository, and is woken by them. */
export interface Wake {
  tell(): void;
  watch(onChange: () => void): void;
  close(): void;
}

/** By the browser's BroadcastChannel; and when the page is seen again, as the browser may have stopped it in between. */
export function broadcastWake(name: string): Wake {
  let watching: BroadcastChannel | undefined;
  const listening = new AbortController();
  return {
    tell() {
      const channel = watching ?? new BroadcastChannel(name);
      channel.postMessage(null);
      if (channel !== watching) channel.close();
    },
    watch(onChange) {
      const { signal } = listening;
      watching ??= new BroadcastChannel(name);
      watching.addEventListener('message', onChange, { signal });
      globalThis.document?.addEventListener('visibilitychange', onChange, { signal });
    },
    close() {
      listening.abort();
      watching?.close();
      watching = undefined;
    },
  };
}
